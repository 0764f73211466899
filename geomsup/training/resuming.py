"""Taking a training further."""

from typing import Any

import numpy as np

from geomsup import checks
from geomsup.training.cuda.available import choose_again
from geomsup.training.finish import check_workers, finish
from geomsup.training.layout import layout, pack
from geomsup.training.run import TrainingRun
from geomsup.training.settings import make_marks
from geomsup.training.trainee import Trainee
from geomsup.training.turns import Progress

__all__ = ["resume"]


def resume(
    run: TrainingRun, steps: int | None = None, threads: int | None = None, progress: Progress | None = None
) -> TrainingRun:
    """Take `run` to `steps` steps in all; see `TrainingRun.resume`."""
    workers = check_workers(threads, progress)
    if run.config.get("objective") == "exact":
        from geomsup.training.exact import descend_further

        if steps not in (None, run.config["steps"]):
            raise ValueError(
                f"`steps` must be left out for an exact training, whose runs end by themselves; got {steps!r}. "
                "Train anew with more."
            )
        return descend_further(run, workers, progress)
    if run.moments is None or run.pending is None:
        raise ValueError("`run` must hold the optimiser's state to be resumed; this one has none. Train it again.")
    done = run.config["completed_steps"]
    total = run.config["steps"] if steps is None else checks.integer("steps", steps, minimum=max(done, 1))
    config = {key: value for key, value in run.config.items() if key not in ("completed_steps", "recorded_steps")}
    config["steps"] = total
    config["device"] = choose_again(config.get("device", "cpu"))
    kept = run.steps[run.steps <= run.config["recorded_steps"]]  # without the record of an interruption
    record = [step for step in config["record"] if step <= total] if isinstance(config["record"], list) else None
    marks, _ = make_marks(total, record or config["record"])
    # A longer run has its records elsewhere: those that the interrupted one has passed without stopping are left out.
    marks = np.concatenate([kept, marks[marks > done]])
    trainees = [_restored(run, number, marks, len(kept), config) for number in range(len(run))]
    return finish(trainees, list(run.features), config, workers, progress)


def _restored(run: TrainingRun, number: int, marks: np.ndarray, kept: int, config: dict[str, Any]) -> Trainee:
    shapes = layout(run.features[number].n, config)
    parts = {name: getattr(run, name)[number] for name in shapes}
    trainee = Trainee(number, run.features[number], parts, marks, config)
    assert run.moments is not None
    assert run.pending is not None
    trainee.moments[:] = run.moments[number]
    trainee.done, trainee.last_record, trainee.recorded = (
        run.config["completed_steps"],
        run.config["recorded_steps"],
        kept,
    )
    trainee.total = float(run.pending[number])
    trainee.diverged = int(run.diverged_at[number]) or None
    trainee.losses[:kept] = run.loss[number, :kept]
    if config["record"]:
        histories = {name: getattr(run, f"{name}_history")[number, :kept] for name in shapes}
        trainee.history[:kept] = pack(histories, shapes, axes=1)
    return trainee
