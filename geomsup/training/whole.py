"""Training that ends with all its steps or not at all, for commands, experiments and searches."""

import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from geomsup.features import Features
from geomsup.samples import SampledFeatures
from geomsup.threads import Progress
from geomsup.training.run import TrainingRun
from geomsup.training.trainer import train

__all__ = ["train_whole"]

# A sitting is the training between two writings of the part. If the process is killed, no more than this is lost.
SITTING_SECONDS = 30.0


def train_whole(
    features: Features | SampledFeatures | Sequence[Features | SampledFeatures],
    n_hidden: int | Sequence[int],
    *,
    part: Path | None = None,
    threads: int | None = None,
    progress: Progress = None,
    **options: Any,
) -> TrainingRun:
    """Train as `train` does, to the last step; an interruption raises KeyboardInterrupt and gives no result.

    Every half minute, and when it is interrupted, the training so far is written to the file `part`. If the file
    exists, the training in it is continued, and ends with the same bits as if it had never stopped. The caller removes
    the file after saving the result.

    Parameters
    ----------
    features, n_hidden, threads, progress, options
        As for `train`.
    part
        File for the training so far; None keeps nothing. Of an exact training it holds the descents that have ended.

    Raises
    ------
    KeyboardInterrupt
        If the training was interrupted.
    """
    exact = options.get("objective") == "exact"
    run = None if part is None else _left_in(part)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Training was interrupted", RuntimeWarning)
        while run is None or run.interrupted:
            sitting = _Sitting(progress, part, endless=exact or part is None)
            if run is None:
                run = train(features, n_hidden, threads=threads, progress=sitting, **options)
            else:
                run = run.resume(threads=threads, progress=sitting)
            if part is not None and (run.interrupted or sitting.is_interrupted):
                run.save(part)
            if sitting.is_interrupted:  # even if its last steps were done all the same
                raise KeyboardInterrupt
    return run


def _left_in(part: Path) -> TrainingRun | None:
    """Return the training that an earlier call left in the file; None if there is none that can be read."""
    try:
        return TrainingRun.load(part)
    except (OSError, ValueError):
        return None


class _Sitting:
    """A `progress` that ends the sitting by an interruption when its time is over.

    An exact training is not interrupted, as its descents cannot be continued: the part is written meanwhile.
    """

    def __init__(self, progress: Progress, part: Path | None, *, endless: bool) -> None:
        self.progress, self.part, self.endless = progress, part, endless
        self.is_over = self.is_interrupted = False
        self.end = time.monotonic() + SITTING_SECONDS

    def __call__(self, stage: str, fraction: float) -> None:
        if self.progress is not None:
            self.progress(stage, fraction)
        if not self.endless and fraction < 1 and time.monotonic() >= self.end:
            self.is_over = True
            raise KeyboardInterrupt

    def interrupt(self) -> None:
        """Hear of an interruption: one by the end of the sitting, or one from outside."""
        self.is_interrupted = not self.is_over

    def keep(self, made: Callable[[], TrainingRun]) -> None:
        """Write the part when it is time; an exact training asks for it after every descent."""
        if self.part is not None and time.monotonic() >= self.end:
            made().save(self.part)
            self.end = time.monotonic() + SITTING_SECONDS
