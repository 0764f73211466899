"""Train toy models on sampled inputs."""

import os
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features, Uniform
from geomsup.model import ToyModel
from geomsup.training.run import TrainingRun
from geomsup.training.trainee import Trainee, start_weights
from geomsup.training.turns import Progress, train_in_turns

__all__ = ["train"]


def train(
    features: Features | Sequence[Features],
    n_hidden: int,
    *,
    models: int = 1,
    steps: int = 10_000,
    batch: int = 1024,
    learning_rate: float = 1e-3,
    seed: int = 0,
    record: int = 0,
    model: ToyModel | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> TrainingRun:
    """Train toy models x' = relu(W Wᵀ x + b) with Adam on fresh samples at every step.

    Every step minimises the batch mean of L = Σ_i I_i (x_i − x'_i)², summed over features, by Adam
    (β = 0.9, 0.999, ε = 1e-8, no weight decay) at a constant rate, in single precision. Runs are independent:
    the same seed gives the same bits whatever the number of threads, and a run does not change when others
    are added behind it.

    Parameters
    ----------
    features
        What the models are trained on; or a sequence of these with equal n, one training each.
    n_hidden
        Number of hidden dimensions m.
    models
        Models per entry of `features`; runs = entries × models, those of an entry next to each other.
    steps
        Steps of the optimiser.
    batch
        Samples in a step.
    learning_rate
        Adam's rate.
    seed
        Seed of starts and samples, an integer >= 0.
    record
        Steps between records of loss, W and b; 0 keeps about a hundred records of the loss, and no weights.
        The last step is always recorded.
    model
        Tied model that every run starts from and whose activation is trained; by default a ReLU output,
        Xavier-normal W (standard deviation sqrt(2 / (n + m))) and b = 0.
    threads
        Threads to train in; by default one for each processor this process may use.
    progress
        Called as ``progress(done_steps, total_steps)`` from the calling thread, at most 20 times a second.

    Returns
    -------
    TrainingRun
        W ``(runs, n, m)``, b ``(runs, n)``, losses and histories. Ctrl-C returns the runs as trained so far,
        with a RuntimeWarning and the number of steps in ``config["completed_steps"]``.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range, `features` differ in n, or `model` does not fit them.
    FloatingPointError
        If a run leaves the range of single precision (a rate or an importance far too large).

    References
    ----------
    Elhage et al. 2022, "Toy models of superposition": setup and training. Kingma & Ba 2015: Adam.

    Examples
    --------
    >>> run = train(Features(3, probability=0.1), 2, models=2, steps=300, batch=64, learning_rate=1e-2)
    >>> run
    TrainingRun(2 runs of 3 features in 2 dimensions, 300 steps)
    >>> run.W.shape, run.loss.shape
    ((2, 3, 2), (2, 100))
    >>> bool((run.loss[:, -1] < run.loss[:, 0]).all())
    True
    """
    entries = _entries(features)
    n, m = entries[0].n, checks.integer("n_hidden", n_hidden, minimum=1)
    start = _start(model, n, m)
    config = {
        "n_hidden": m,
        "models": checks.integer("models", models, minimum=1),
        "steps": checks.integer("steps", steps, minimum=1),
        "batch": checks.integer("batch", batch, minimum=1),
        "learning_rate": checks.positive_number("learning_rate", learning_rate),
        "seed": checks.integer("seed", seed, minimum=0),
        "record": checks.integer("record", record, minimum=0),
        "model": None if start is None else start.to_dict(),
        "activation": "relu" if start is None else start.activation,
    }
    if progress is not None and not callable(progress):
        raise TypeError(f"`progress` must be callable; got {progress!r}. Pass a function of (done, total).")
    workers = _processors() if threads is None else checks.integer("threads", threads, minimum=1)

    marks = _marks(config["steps"], config["record"])
    per_run = [entry for entry in entries for _ in range(config["models"])]
    trainees = [
        Trainee(number, entry, *start_weights((n, m), number, config["seed"], start), marks, config)
        for number, entry in enumerate(per_run)
    ]
    completed = train_in_turns(trainees, config["steps"], workers, progress)
    if completed < config["steps"]:
        warnings.warn(
            f"Training was interrupted after {completed} of {config['steps']} steps.",
            RuntimeWarning,
            stacklevel=2,
        )
    return _collect(trainees, per_run, config | {"completed_steps": completed})


def _entries(features: Any) -> list[Features]:
    entries = [features] if isinstance(features, Features) else features
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise TypeError(
            f"`features` must be Features or a sequence of them; got {features!r}. Wrap it in Features(...)."
        )
    if not entries:
        raise ValueError("`features` must hold at least one Features; got none. Pass what to train on.")
    for entry in entries:
        if not isinstance(entry, Features):
            raise TypeError(f"`features` must hold Features only; got {entry!r}. Wrap it in Features(...).")
        if not isinstance(entry.values, Uniform) or entry.correlated or entry.anticorrelated:
            raise ValueError(
                f"`features` must be independent, with one Uniform law, to be trained on; got {entry!r}. "
                "Drop the groups and use Uniform(low, high)."
            )
        if entry.n != entries[0].n:
            raise ValueError(
                f"`features` must all have the same n; got {entries[0].n} and {entry.n}. Train them apart."
            )
    return list(entries)


def _start(model: Any, n: int, m: int) -> ToyModel | None:
    if model is None:
        return None
    if not isinstance(model, ToyModel):
        raise TypeError(f"`model` must be a ToyModel; got {model!r}. Wrap the weights in ToyModel(W, b).")
    if model.activation not in ("relu", "linear") or model.hidden_activation != "linear":
        raise ValueError(
            f"`model` must have a ReLU or linear output and a linear hidden layer to be trained; got {model!r}. "
            "Change its activations."
        )
    if model.W_out is not None:
        raise ValueError("`model` must be tied; got one with `W_out`. Leave `W_out` out.")
    if model.W.shape != (n, m):
        raise ValueError(
            f"`model` must have {n} features and {m} hidden dimensions; got W of shape {model.W.shape}. "
            "Make `features`, `n_hidden` and `model` agree."
        )
    return model


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _marks(steps: int, record: int) -> np.ndarray:
    """Return the steps to record: every so many, and the last."""
    every = record or max(1, steps // 100)
    return np.unique(np.append(np.arange(every, steps + 1, every), steps))


def _collect(trainees: list[Trainee], features: list[Features], config: dict[str, Any]) -> TrainingRun:
    first = trainees[0]
    for trainee in trainees:
        if trainee.done > trainee.last_record:  # interrupted between two records
            trainee.record()
    count = first.recorded
    steps = np.append(first.marks[: count - 1], first.done) if count else first.marks[:0]
    W, b = first.split(np.stack([trainee.theta for trainee in trainees]))
    W_history = b_history = None
    if config["record"]:
        W_history, b_history = first.split(np.stack([trainee.history[:count] for trainee in trainees]))
    loss = np.stack([trainee.losses[:count] for trainee in trainees])
    return TrainingRun(tuple(features), W, b, steps, loss, W_history, b_history, config)
