"""Trains runs that are about to start, or to continue, and makes a `TrainingRun` of them."""

import warnings
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.samples import SampledFeatures
from geomsup.threads import Progress, processors
from geomsup.training.run import TrainingRun
from geomsup.training.settings import Settings
from geomsup.training.trainee import Trainee
from geomsup.training.turns import train_in_turns

__all__ = ["check_workers", "finish"]

MOST_LISTED = 10  # diverged runs that a warning names


def check_workers(threads: Any, progress: Any) -> int:
    """Return the number of threads to train in."""
    checks.callback("progress", progress)
    if threads is not None:
        return checks.integer("threads", threads, minimum=1)
    return processors()


def finish(
    trainees: list[Trainee],
    features: list[Features | SampledFeatures],
    settings: Settings,
    workers: int,
    progress: Progress,
) -> TrainingRun:
    """Train to the end, or until Ctrl-C; warn of an interruption and of runs that diverged; return all runs."""
    if settings.device == "cuda":
        from geomsup.training.cuda.launch import train_on_device

        completed = train_on_device(trainees, settings.steps, progress)
    else:
        completed = train_in_turns(trainees, settings.steps, workers, progress)
    if completed < settings.steps:
        warnings.warn(
            f"Training was interrupted after {completed} of {settings.steps} steps.", RuntimeWarning, stacklevel=3
        )
    _report_diverged(trainees, settings.learning_rate)
    return _collect(trainees, features, settings, completed)


def _report_diverged(trainees: list[Trainee], learning_rate: float) -> None:
    lost = [trainee for trainee in trainees if trainee.diverged is not None]
    if not lost:
        return
    listed = ", ".join(f"run {trainee.number} left it by step {trainee.diverged}" for trainee in lost[:MOST_LISTED])
    more = f" and {len(lost) - MOST_LISTED} more" if len(lost) > MOST_LISTED else ""
    message = (
        f"Training must stay finite in single precision; {listed}{more} with `learning_rate` {learning_rate:g}. "
        "Lower `learning_rate`, or rescale `importance` or `values` of the features or the start `model` if they are "
        "very large."
    )
    if len(lost) == len(trainees):
        raise FloatingPointError(message)
    warnings.warn(message, RuntimeWarning, stacklevel=4)


def _collect(
    trainees: list[Trainee], features: list[Features | SampledFeatures], settings: Settings, completed: int
) -> TrainingRun:
    first = trainees[0]
    since, pending = first.last_record, np.array([trainee.total for trainee in trainees])
    for trainee in trainees:
        if trainee.done > trainee.last_record:  # interrupted between two records
            trainee.record()
    count = first.recorded
    steps = np.append(first.marks[: count - 1], first.done) if count else first.marks[:0]
    weights: dict[str, Any] = {"W_history": None, "b_history": None}
    weights |= first.split(np.stack([trainee.theta for trainee in trainees]))
    if settings.record:
        histories = first.split(np.stack([trainee.history[:count] for trainee in trainees]))
        weights |= {f"{name}_history": history for name, history in histories.items()}
    return TrainingRun(
        features=tuple(features),
        steps=steps,
        loss=np.stack([trainee.losses[:count] for trainee in trainees]),
        config=settings.to_dict() | {"completed_steps": completed, "recorded_steps": since},
        **weights,
        diverged_at=np.array([trainee.diverged or 0 for trainee in trainees]),
        moments=np.stack([trainee.moments for trainee in trainees]),
        pending=pending,
    )
