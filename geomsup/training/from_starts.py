"""Many models trained from given weights at once: how searches get near many minima in little time."""

from collections.abc import Sequence

import numpy as np

from geomsup.features import Features
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.threads import processors
from geomsup.training.settings import Settings
from geomsup.training.trainee import Trainee
from geomsup.training.turns import train_in_turns

__all__ = ["train_from"]


def train_from(
    features: Features,
    starts: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    steps: int,
    batch: int,
    learning_rate: float,
    seed: int,
    deadline: Deadline = ENDLESS,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Train a tied ReLU output model from each start (W, b), with Adam on fresh samples; return where they end.

    The end with the lowest mean loss on the way comes first. The rate falls to 0 as a cosine; when the deadline passes,
    it ends there. The same seed gives the same bits on any number of threads. A run that leaves the range of single
    precision stops where it does.

    Raises
    ------
    KeyboardInterrupt
        If it was interrupted: a search has no use for half of its trainings.
    """
    m = starts[0][0].shape[1]
    settings = Settings(
        n_hidden=m, steps=steps, batch=batch, learning_rate=learning_rate, schedule="cosine", seed=seed, device="cpu"
    )
    marks = np.array([steps])
    runs = [Trainee(k, features, {"W": W, "b": b}, marks, settings) for k, (W, b) in enumerate(starts)]
    watch = _Watch(deadline)
    train_in_turns(runs, steps, processors(), watch)
    if watch.interrupted:
        raise KeyboardInterrupt
    ends = (run.theta.astype(float) for run in sorted(runs, key=_mean_loss))
    return [(end[: -features.n].reshape(-1, m), end[-features.n :]) for end in ends]


def _mean_loss(run: Trainee) -> float:
    """Return the mean loss of all steps; of a run that diverged, infinity."""
    mean = float(run.losses[0]) if run.recorded else run.total / max(run.done, 1)
    return mean if np.isfinite(mean) else np.inf


class _Watch:
    """A `progress` that ends the training when its time is over, and hears of other interruptions."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline, self.interrupted = deadline, False

    def __call__(self, stage: str, fraction: float) -> None:
        if fraction < 1 and self.deadline.passed():
            raise KeyboardInterrupt

    def keep(self, made: object) -> None:
        pass

    def interrupt(self) -> None:
        self.interrupted = not self.deadline.cut  # otherwise it was the end of the time
