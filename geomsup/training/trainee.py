"""One run under way: its weights, its optimiser's state, its records, and how to take it further."""

from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.training.kernels import train_steps

__all__ = ["Trainee", "start_weights"]


class Trainee:
    """A run that can be advanced step by step; how its steps are split over calls leaves no trace in it.

    Parameters
    ----------
    number
        Number of the run; with the seed it names the stream of random numbers.
    features
        What the run is trained on.
    W, b
        Weights to start from, ``(n, m)`` and ``(n,)``.
    marks
        Steps at which a record is made, increasing.
    config
        Settings of `train`.
    """

    def __init__(
        self,
        number: int,
        features: Features,
        W: np.ndarray,
        b: np.ndarray,
        marks: np.ndarray,
        config: dict[str, Any],
    ) -> None:
        self.number, self.marks, self.config = number, marks, config
        self.shape = W.shape
        with np.errstate(over="ignore"):  # what single precision cannot hold becomes inf, and is reported
            self.theta = np.concatenate([W.ravel(), b]).astype(np.float32)
            self.law = _law(features)
            self.importance = features.importance.astype(np.float32)
        self.moments = np.zeros((2, self.theta.size), np.float32)
        self.key = np.array([_stream(config["seed"]), number], np.uint32)
        self.done = self.recorded = self.last_record = 0
        self.total = 0.0  # of the losses since the last record
        self.chunk = 1  # steps to take at a time; whoever advances the run tunes it
        self.losses = np.empty(len(marks))
        snapshots = len(marks) if config["record"] else 0
        self.history = np.empty((snapshots, self.theta.size), np.float32)

    def advance(self, until: int) -> None:
        """Take steps, recording on the way, until `until` of them are done."""
        while self.done < until:
            mark = int(self.marks[self.recorded])
            stop = min(until, mark)
            self.total = train_steps(
                self.theta,
                self.moments,
                self.shape,
                self.law,
                self.importance,
                self.key,
                self.done,
                stop,
                self.config["batch"],
                self.config["learning_rate"],
                self.config["activation"] == "relu",
                self.total,
            )
            self.done = stop
            self._check_finite()
            if stop == mark:
                self.record()

    def record(self) -> None:
        """Write down the mean loss since the last record and, if asked for, the weights."""
        self.losses[self.recorded] = self.total / (self.done - self.last_record)
        if len(self.history):
            self.history[self.recorded] = self.theta
        self.recorded += 1
        self.last_record, self.total = self.done, 0.0

    def split(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return W and b of packed weights ``(..., n * m + n)``."""
        n, m = self.shape
        return theta[..., : n * m].reshape(*theta.shape[:-1], n, m), theta[..., n * m :]

    def _check_finite(self) -> None:
        if np.isfinite(self.total) and np.isfinite(self.theta).all() and np.isfinite(self.moments).all():
            return
        raise FloatingPointError(
            f"Training must stay finite in single precision; run {self.number} left it by step {self.done} "
            f"with `learning_rate` {self.config['learning_rate']:g}. Lower `learning_rate`, or rescale "
            "`importance` or `values` of the features or the start `model` if they are very large."
        )


def start_weights(
    shape: tuple[int, int], number: int, seed: int, model: ToyModel | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return W and b that run `number` starts from: the model's, or Xavier-normal W and zero b."""
    if model is not None:
        return model.W, model.b
    rng = np.random.default_rng([seed, number])
    return rng.normal(0.0, np.sqrt(2 / sum(shape)), shape), np.zeros(shape[0])


def _law(features: Features) -> np.ndarray:
    """Return what the kernel draws from: threshold, low end and slope of each feature, ``(3, n)``."""
    p, values = features.probability, features.values
    threshold = np.where(p < 1, p, 2.0)  # a uniform rounded to single precision can be 1
    slope = np.divide(values.high - values.low, p, out=np.zeros_like(p), where=p > 0)
    return np.stack([threshold, np.full_like(p, values.low), slope]).astype(np.float32)


def _stream(seed: int) -> int:
    """Return a word that depends on the whole of `seed`, of any size."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0])
