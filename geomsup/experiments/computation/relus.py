"""Layers of hidden ReLUs trained to compute ReLU(x_i) of each feature, by squares or fourth powers of errors."""

from collections.abc import Sequence

import numpy as np

from geomsup.experiments.adam import adam, falling
from geomsup.model import ToyModel

__all__ = ["KIND", "drawn", "slopes", "trained"]

KIND = {"activation": "linear", "hidden_activation": "relu"}
BATCH, RATE = 256, 3e-3
NEAR = 0.1  # size of the noise of a start near dedicated neurons, as a part of that of random starts
OUT = 0.3  # size of random W_out: outputs of many features start below 1


def trained(
    sizes: tuple[int, int], p: float, power: int, steps: int, seed: int, *, dedicated: bool = False
) -> ToyModel:
    """Return a model of n features and m neurons after so many steps of Adam on fresh batches.

    Parameters
    ----------
    sizes
        n and m.
    p
        Probability of each feature; its values are uniform on [-1, 1].
    power
        2 or 4: of the errors.
    steps, seed
        Steps, and the seed of the start and of the batches.
    dedicated
        Whether it starts near m neurons that serve one feature each, rather than from noise.
    """
    n, m = sizes
    rng = np.random.default_rng([n, m, seed])
    W, W_out = rng.normal(size=(2, n, m)) / np.sqrt(m) * np.array([1.0, OUT])[:, None, None]
    if dedicated:
        W, W_out = np.eye(n, m) + NEAR * W, np.eye(n, m) + NEAR * W_out
    parts = [part.astype(np.float32) for part in (W, np.zeros(m), W_out)]  # twice as fast
    found = adam(
        parts,
        lambda now: slopes(now, drawn(n, p, rng), power),
        steps,
        lambda step: float(falling(step, steps, RATE)),
    )
    W, b_hidden, W_out = (part.astype(float) for part in found)
    return ToyModel(W, b_hidden=b_hidden, W_out=W_out, **KIND)


def drawn(n: int, p: float, rng: np.random.Generator, size: int = BATCH) -> np.ndarray:
    """Return inputs ``(size, n)`` in single precision."""
    x = np.zeros((size, n), np.float32)
    active = rng.random((size, n), np.float32) < p
    x[active] = rng.uniform(-1, 1, int(active.sum()))
    return x


def slopes(parts: Sequence[np.ndarray], x: np.ndarray, power: int) -> list[np.ndarray]:
    """Return the slopes by W, b_hidden and W_out of the mean over inputs of Σ_i (y_i - ReLU(x_i))^power."""
    W, b_hidden, W_out = parts
    before = x @ W + b_hidden
    hidden = np.maximum(before, 0)
    error = hidden @ W_out.T - np.maximum(x, 0)
    pull = error if power == 2 else error * error * error
    pull *= pull.dtype.type(power / len(x))
    back = (pull @ W_out) * (before > 0)
    return [x.T @ back, back.sum(axis=0), pull.T @ hidden]
