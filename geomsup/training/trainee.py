"""One run under way: its weights, its optimiser's state, its records, and how to take it further."""

from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.training.inputs import make_inputs
from geomsup.training.kernels import train_steps
from geomsup.training.settings import SCHEDULES, make_form

__all__ = ["Trainee", "start_weights"]


class Trainee:
    """A run that can be advanced step by step; how its steps are split over calls leaves no trace in it.

    Parameters
    ----------
    number
        Number of the run; with the seed it names the stream of random numbers.
    features
        What the run is trained on.
    weights
        W ``(n, m)``, b ``(n,)`` and, if untied, W_out ``(n, m)`` to start from.
    marks
        Steps at which a record is made, increasing.
    config
        Settings of `train`.

    Attributes
    ----------
    diverged
        The step that left a weight or a loss that is not finite; None while all are. Such a run stands still.
    """

    def __init__(
        self, number: int, features: Features, weights: list[np.ndarray], marks: np.ndarray, config: dict[str, Any]
    ) -> None:
        self.number, self.marks, self.config = number, marks, config
        self.shape = weights[0].shape
        with np.errstate(over="ignore"):  # what single precision cannot hold becomes inf, and is reported
            self.theta = np.concatenate([part.ravel() for part in weights]).astype(np.float32)
            self.importance = features.importance.astype(np.float32)
        self.inputs = make_inputs(features)
        self.moments = np.zeros((2, self.theta.size), np.float32)
        self.key = np.array([_stream(config["seed"]), number], np.uint32)
        self.done = self.recorded = self.last_record = 0
        self.total = 0.0  # of the losses since the last record
        self.diverged: int | None = None
        self.chunk = 1  # steps to take at a time; whoever advances the run tunes it
        self.losses = np.empty(len(marks))
        snapshots = len(marks) if config["record"] else 0
        self.history = np.empty((snapshots, self.theta.size), np.float32)

    def advance(self, until: int) -> None:
        """Take steps, recording on the way, until `until` of them are done."""
        while self.done < until:
            mark = int(self.marks[self.recorded])
            stop = min(until, mark)
            if self.diverged is None:
                self._step(stop)
            self.done = stop
            if stop == mark:
                self.record()

    def _step(self, stop: int) -> None:
        config = self.config
        clip = 0.0 if config["clip"] is None else config["clip"]
        reached, self.total = train_steps(
            self.theta,
            self.moments,
            self.shape,
            make_form(config),
            self.inputs.law,
            self.inputs.gaps_law,
            self.importance,
            self.key,
            self.done,
            stop,
            config["batch"],
            (SCHEDULES[config["schedule"]], config["learning_rate"], config["steps"], config["weight_decay"], clip),
            self.total,
        )
        if not (np.isfinite(self.total) and np.isfinite(self.theta).all() and np.isfinite(self.moments).all()):
            self.diverged = reached
            self.total = np.nan

    def record(self) -> None:
        """Write down the mean loss since the last record and, if asked for, the weights."""
        self.losses[self.recorded] = self.total / (self.done - self.last_record)
        if len(self.history):
            self.history[self.recorded] = self.theta
        self.recorded += 1
        self.last_record = self.done
        self.total = 0.0 if self.diverged is None else np.nan

    def split(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Return W, b and W_out (None if tied) of packed weights ``(..., theta.size)``."""
        n, m = self.shape
        W, b = theta[..., : n * m].reshape(*theta.shape[:-1], n, m), theta[..., n * m : n * m + n]
        decoder = theta[..., n * m + n :]
        return W, b, decoder.reshape(W.shape) if decoder.size else None


def start_weights(
    shape: tuple[int, int], number: int, config: dict[str, Any], model: ToyModel | None
) -> list[np.ndarray]:
    """Return W, b and, if untied, W_out that run `number` starts from: the model's, or Xavier-normal and zero b."""
    if model is not None:
        return [model.W, model.b] if model.W_out is None else [model.W, model.b, model.W_out]
    rng = np.random.default_rng([config["seed"], number])
    spread = np.sqrt(2 / sum(shape))
    weights = [rng.normal(0.0, spread, shape), np.zeros(shape[0])]
    return weights if config["tied"] else [*weights, rng.normal(0.0, spread, shape)]


def _stream(seed: int) -> int:
    """Return a word that depends on the whole of `seed`, of any size."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0])
