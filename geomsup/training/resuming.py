"""Continues a training, after an interruption or beyond its end."""

from dataclasses import replace

import numpy as np

from geomsup import checks
from geomsup.threads import Progress
from geomsup.training.choosing import make_marks
from geomsup.training.cuda.available import choose_again
from geomsup.training.finish import check_workers, finish
from geomsup.training.layout import layout, pack
from geomsup.training.run import TrainingRun
from geomsup.training.settings import Settings
from geomsup.training.trainee import Trainee

__all__ = ["resume"]


def resume(
    run: TrainingRun, steps: int | None = None, threads: int | None = None, progress: Progress = None
) -> TrainingRun:
    """Return `run`, trained up to `steps` steps in all; see `TrainingRun.resume`."""
    workers = check_workers(threads, progress)
    from geomsup.compiling import telling  # with numba, which checks of arguments do not wait for

    if run.config.get("objective") == "exact":
        from geomsup.training.exact import descend_further

        if steps not in (None, run.config["steps"]):
            raise ValueError(
                f"`steps` must be left out for an exact training, whose runs end by themselves; got {steps!r}. "
                "Train anew with more."
            )
        with telling(progress):
            return descend_further(run, workers, progress)
    if run.moments is None or run.pending is None:
        raise ValueError("`run` must hold the optimiser's state to be resumed; this one has none. Train it again.")
    planned, done = run.settings, run.config["completed_steps"]
    total = planned.steps if steps is None else checks.integer("steps", steps, minimum=max(done, 1))
    kept = run.steps[run.steps <= run.config["recorded_steps"]]  # leaves out the record made at an interruption
    marks = make_marks(total, _up_to(total, planned.record))
    # A longer run has records at other steps: those that the interrupted run has passed already are left out.
    marks = np.concatenate([kept, marks[marks > done]])
    settings = replace(planned, steps=total, device=choose_again(planned.device))
    trainees = [_restored(run, number, marks, len(kept), settings) for number in range(len(run))]
    with telling(progress):
        return finish(trainees, list(run.features), settings, workers, progress)


def _up_to(total: int, record: int | tuple[int, ...]) -> int | tuple[int, ...]:
    """Return the listed steps up to `total`; all of them if every one is beyond."""
    listed = tuple(step for step in record if step <= total) if isinstance(record, tuple) else ()
    return listed or record


def _restored(run: TrainingRun, number: int, marks: np.ndarray, kept: int, settings: Settings) -> Trainee:
    shapes = layout(run.features[number].n, settings)
    parts = {name: getattr(run, name)[number] for name in shapes}
    trainee = Trainee(number, run.features[number], parts, marks, settings)
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
    if settings.record:
        histories = {name: getattr(run, f"{name}_history")[number, :kept] for name in shapes}
        trainee.history[:kept] = pack(histories, shapes, axes=1)
    return trainee
