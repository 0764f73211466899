"""Confidence limits of probabilities that hold for all outcomes of a draw at once, however many there are.

An outcome of probability p gets the share p of the level. The probabilities of all outcomes add up to 1 at most, and so
do the shares: nobody needs to know how many outcomes there are, or which.
"""

from typing import Any

import numpy as np

__all__ = ["SMALLEST", "is_more_frequent", "lower_limit", "upper_limit"]

# Levels below this are not told apart: probabilities underflow.
SMALLEST = 1e-300

# Halvings of log p: from 1e-18, which no count of samples resolves, to 1, to the last digits of a double.
HALVINGS = 60
LEAST = 1e-18


def lower_limit(count: Any, samples: Any, level: Any) -> np.ndarray:
    """Return the least probability of one outcome that goes with a count, after Clopper and Pearson.

    Examples
    --------
    >>> round(float(lower_limit(10, 10, 0.05)), 4)  # 0.05 ** (1 / 10)
    0.7411
    """
    from scipy.special import betaincinv

    count = np.asarray(count, dtype=float)
    found = betaincinv(np.maximum(count, 1.0), samples - count + 1.0, level)
    return np.where(count >= 1, found, 0.0)


def upper_limit(count: Any, samples: Any, level: Any) -> np.ndarray:
    """Return the largest p with P(Bin(samples, p) <= count) >= level·p: that of each of all outcomes.

    Examples
    --------
    >>> p = float(upper_limit(0, 100, 0.03))
    >>> bool(np.isclose((1 - p) ** 100, 0.03 * p))
    True
    """
    from scipy.special import betainc

    count, level = np.broadcast_arrays(np.asarray(count, dtype=float), np.asarray(level, dtype=float))
    low, high = np.full(count.shape, np.log(LEAST)), np.zeros(count.shape)
    left = np.maximum(samples - count, 0.5)  # of all samples, the limit is 1 in any case
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        p = np.exp(middle)
        likely = betainc(left, count + 1.0, -np.expm1(middle)) >= level * p
        low, high = np.where(likely, middle, low), np.where(likely, high, middle)
    return np.where(count >= samples, 1.0, np.exp(high))


def is_more_frequent(count: Any, samples: Any, bound: Any, level: Any) -> np.ndarray:
    """Whether an outcome of this count is surely more probable than a bound p: P(Bin(samples, p) >= count) < level·p.

    Then it is so for every smaller p too, because the tail divided by p first rises, and then falls to 1.

    Examples
    --------
    >>> [bool(is_more_frequent(k, 1000, 0.001, 0.05)) for k in (1, 8)]
    [False, True]
    """
    from scipy.special import betainc

    count, bound = np.asarray(count, dtype=float), np.asarray(bound, dtype=float)
    inside = (bound < 1) & (count >= 1)
    p = np.where(inside, bound, 0.5)
    return inside & (betainc(np.maximum(count, 1.0), samples - np.minimum(count, samples) + 1.0, p) < level * p)
