"""Adam for the small networks of experiments that `geomsup.train` does not train: numpy, with slopes by hand."""

from collections.abc import Callable, Sequence

import numpy as np

__all__ = ["adam", "falling"]

FIRST, SECOND = 0.1, 0.001  # what a new slope weighs in the mean of slopes, and in that of their squares: as usual
SMALL = 1e-8  # keeps steps finite


def adam(
    parts: Sequence[np.ndarray],
    slopes_of: Callable[[list[np.ndarray]], Sequence[np.ndarray]],
    steps: int,
    rate_at: Callable[[int], float],
    small: float = SMALL,
) -> list[np.ndarray]:
    """Return the parts of a model after so many steps of Adam.

    Parameters
    ----------
    parts
        Where it starts; they are not written to.
    slopes_of
        Takes the parts to the slopes of the loss by each.
    steps
        Number of steps, from 1 on.
    rate_at
        Takes the number of a step to its learning rate.
    small
        Added to the root of the mean square of slopes.

    References
    ----------
    :cite:t:`kingma2015`.

    Examples
    --------
    >>> (x,) = adam([np.array(3.0)], lambda parts: [2 * parts[0]], 400, lambda step: falling(step, 400, 0.1))
    >>> abs(float(x)) < 1e-3
    True
    """
    now = [np.array(part) for part in parts]
    means, squares = ([np.zeros_like(part) for part in now] for _ in range(2))
    for step in range(1, steps + 1):
        rate = rate_at(step)
        for part, slope, mean, square in zip(now, slopes_of(now), means, squares, strict=True):
            mean += FIRST * (slope - mean)
            square += SECOND * (slope**2 - square)
            part -= rate * mean / (1 - (1 - FIRST) ** step) / (np.sqrt(square / (1 - (1 - SECOND) ** step)) + small)
    return now


def falling(step: int, steps: int, rate: float) -> float:
    """Return a rate that falls to 0 along half a cosine."""
    return rate * (1 + np.cos(np.pi * step / steps)) / 2
