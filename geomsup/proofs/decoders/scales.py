"""How much longer rows of W Wᵀ can be than those of their pieces, and what that costs.

A decoder of its own can scale each output as it likes. If W is the decoder, the product of two rows of W is the same in
both outputs: M12 = M21 = r u, for the u of the cell. And no product is larger than the norms of its rows allow.
"""

from functools import reduce

import numpy as np
from numpy.typing import NDArray

__all__ = ["by_own_weights", "largest_square", "lost_by_weight", "scales_between"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]

OFF = 1e-15  # more than entries of rows and their denominators are off by rounding: they are at most 2
OUTWARD = 1e-14  # more than quotients are off, relatively
SIXTEENTH = 1 / 16
MOST_WEIGHT = 100.0  # what outputs lose grows with their own weight from 1 on


def lost_by_weight(q: Array, p: float) -> Array:
    """Return what an output loses at least whose own feature has the weight q: it grows with the distance from 1."""
    V = p / 3 - p * p / 4
    above = np.maximum(q, 1)
    clipped = p / 3 * ((above - 1) / (above + 1)) ** 2
    return np.where(q <= 1, (1 - np.maximum(q, 0)) ** 2 * V, np.minimum((q - 1) ** 2 * V, clipped))


def largest_square(p: float, least: float) -> float:
    """Return a square of a row of W from which on its output alone loses so much."""
    q = 1.0
    while not lost_by_weight(np.array(q), p) > least * (1 + OUTWARD):
        q += SIXTEENTH
    return q


def by_own_weights(low: Array, high: Array, rows: tuple[Array, Array], p: float) -> Array:
    """Return what outputs lose at least if the scales of their rows are between two ends; rows are those, too."""
    least = np.minimum(low * np.maximum(rows[0] - OFF, 0), MOST_WEIGHT) * (1 - OUTWARD)
    most = high * (np.maximum(rows[1], 0) + OFF) * (1 + OUTWARD)
    near = lost_by_weight(np.minimum(most, 1), p)  # 0 where the weight may be 1
    return np.where(least > 1, lost_by_weight(least, p), near)


def scales_between(
    cells: Array, forms: Places, s: Array, rows: tuple[Array, Array], most: float
) -> tuple[Array, Array]:
    """Return the least and the largest scales of the three outputs, if no row of W has a square above `most`.

    If the largest is below the least, there is no such output. Forms are 0 and 1, and 2 and 3 with the other sign.
    """
    r, t, u = cells[:, 0:2], cells[:, 2:4], cells[:, 4:6]
    first, sign = (forms % 2 == 0)[:, None], np.where(forms < 2, 1.0, -1.0)[:, None]
    # M12 is Y times -1 or -s in the first output, and Y r (1 + t s) or Y r (t + s) in the second one.
    products = _quotients(_products(r, u) * -sign, np.where(first, 1.0, s))
    same = _quotients(u * sign, np.where(first, 1 + _products(t, s), t + s))
    free = np.zeros(len(forms)), np.full(len(forms), np.inf)
    low, high = (np.stack([products[k], same[k], free[k]], axis=1) for k in (0, 1))
    # M_ij² <= M_ii M_jj, so that Y ρ_j² is at most ρ_i times the largest square.
    apart = np.maximum(np.maximum(rows[0], -rows[1]) - OFF, 0)  # from 0
    others = np.stack([np.maximum(apart[:, i - 1], apart[:, i - 2]) for i in range(3)], axis=1) ** 2
    own = np.maximum(rows[1], 0) + OFF
    with np.errstate(divide="ignore"):
        return low, np.minimum(high, np.where(others > 0, most * own / others * (1 + OUTWARD), np.inf))


def _products(x: Array, y: Array) -> Array:
    """Return the ends of the products of numbers between two ends each."""
    four = x[:, 0] * y[:, 0], x[:, 0] * y[:, 1], x[:, 1] * y[:, 0], x[:, 1] * y[:, 1]
    return np.stack([reduce(np.minimum, four), reduce(np.maximum, four)], axis=1)


def _quotients(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the ends of the quotients x / y that are not negative, y not 0; infinity and -1 if there are none."""
    x, y = np.sort(x, axis=1), y + np.array([-OFF, OFF])
    (least, most), (other, another) = _positive(x, y), _positive(-x[:, ::-1], -y[:, ::-1])
    return np.minimum(least, other), np.maximum(most, another)


def _positive(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the ends of the quotients that are not negative, of positive y alone."""
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.where(x[:, 0] > 0, x[:, 0] / y[:, 1] * (1 - OUTWARD), 0)
        most = np.where(y[:, 0] > 0, x[:, 1] / y[:, 0] * (1 + OUTWARD), np.inf)
    none = (y[:, 1] <= 0) | (x[:, 1] < 0)
    return np.where(none, np.inf, least), np.where(none, -1.0, most)
