"""What an output loses that hears one other feature, as a function of its bias: many boxes at once.

It is (q x - s y + b)₊, and the target is x. F is its loss. All bounds hold for all q and s of a box.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Box", "above_best", "best_biases", "gain", "one_minimum"]

Array = NDArray[np.float64]

LOWEST, HIGHEST, HALVINGS = -0.25, 0.4, 40  # between them biases are looked for; if they are not there, nothing is said
# Where F has its minimum, it must bend by so much. Biases are moved outwards by more than slopes lose by rounding, over
# this.
LEAST_BEND, SHIFT = 1e-3, 1e-9
BEYOND = 2  # times the square of what s y - b exceeds q by, which is more than formulas of h are off then


class Box(NamedTuple):
    """The least and the largest q, and the least and the largest s."""

    q: Array
    most_q: Array
    s: Array
    most_s: Array


def best_biases(box: Box, p: float) -> tuple[Array, Array]:
    """Return two numbers that the best bias is between, if F has one minimum."""
    ends = list[Array]()
    for low in (False, True):
        start, end = np.full_like(box.q, LOWEST), np.full_like(box.q, HIGHEST)
        for _ in range(HALVINGS):
            middle = (start + end) / 2
            rises = _slope(box, middle, p, low) >= 0
            start, end = np.where(rises, start, middle), np.where(rises, middle, end)
        ends.append(end + SHIFT if low else start - SHIFT)
    return ends[0], ends[1]


def one_minimum(box: Box, biases: tuple[Array, Array], p: float) -> NDArray[np.bool_]:
    """Whether F falls up to its best bias, which is between the two, and rises behind it."""
    return (biases[0] > LOWEST) & (biases[1] < HIGHEST) & (_bend(box, -np.maximum(box.most_q - 1, 0), p) > LEAST_BEND)


def above_best(box: Box, least_bias: Array, most: Array, p: float) -> Array:
    """Return κ with F at least its minimum plus κ z², z being the distance from the best bias, up to `most`."""
    jump = np.where(least_bias > 0, 1 - np.maximum(1 - least_bias / most, 0) ** 2, 0)
    kappa = (2 * _bend(box, least_bias, p) + _bend(box, least_bias - most, p)) / 3 + (1 - p) ** 2 * jump
    return np.where(2 * _k(box.most_q) * box.s > 1, np.maximum(kappa, 0), 0)  # else the bend is not concave


def gain(box: Box, biases: tuple[Array, Array], most_s: Array, p: float) -> Array:
    """Return an upper bound of ∂F/∂s for s up to `most_s` and for biases between two numbers."""
    q, off_q = (box.q + box.most_q) / 2, (box.most_q - box.q) / 2
    s, off_s = (box.s + most_s) / 2, (most_s - box.s) / 2
    b, off_b = (biases[0] + biases[1]) / 2, (biases[1] - biases[0]) / 2
    k, (_, first, second, _, square) = _k(q), _powers(s, b)
    value = (1 - q) / 4 + s / 3 - b / 2 - k * square
    value = value + abs(1 / 3 - 2 * k * second) * off_s + abs(2 * k * first - 0.5) * off_b
    least, largest = _powers(box.s, biases[1])[4], _powers(most_s, biases[0])[4]
    along = [abs((1 / (2 * w * w) + 1 / w**3) * x - 0.25) for w, x in ((box.q, largest), (box.most_q, least))]
    value = value + np.maximum(*along) * off_q
    return 2 * p * p * (value + BEYOND * np.maximum(most_s - biases[0] - box.q, 0) ** 2)


def _k(q: Array) -> Array:
    return (1 + q) / (2 * q * q)


def _powers(s: Array, b: Array) -> tuple[Array, ...]:
    """Return the means of c, y c, y² c, c² and y c² with c = (s y - b)₊, b < s."""
    low, high = np.maximum(-b, 0), s - b
    one, two, three = ((high**n - low**n) / n for n in (2, 3, 4))
    first = (two + b * one) / s**2, (three + 2 * b * two + b * b * one) / s**3
    return one / s, *first, two / s, (three + b * two) / s**2


def _slope(box: Box, b: Array, p: float, low: bool) -> Array:
    """Return a bound of half the slope of F along its bias: from below, or from above."""
    q, other, s, other_s = (box.q, box.most_q, box.s, box.most_s) if low else (box.most_q, box.q, box.most_s, box.s)
    k, above = _k(other), np.maximum(b, 0)

    def h(at: Array) -> tuple[Array, Array]:
        """Return the mean of h over the other feature, and its slope along s."""
        _, first, _, square, _ = _powers(at, b)
        return (1 - q) / 2 + at / 2 - b - k * square, 0.5 - 2 * k * first

    if low:  # h is concave in s
        value, slope = h((s + other_s) / 2)
        both = value + abs(slope) * (other_s - s) / 2 + BEYOND * np.maximum(box.most_s - b - box.q, 0) ** 2
    else:
        both = np.minimum(h(s)[0], h(other_s)[0])
    alone = (1 - q) / 2 - b - k * (above - b) ** 2
    absent = (1 - p) * above + p * above**2 / (2 * other_s)
    return (1 - p) * absent - p * (1 - p) * alone - p * p * both


def _bend(box: Box, b: Array, p: float) -> Array:
    """Return a lower bound of half of F'' at b and beyond, without the jump at 0."""
    k, above = _k(box.q), np.maximum(b, 0)
    alone = 1 - 2 * k * (above - b)
    return p * (1 - p) * (above / box.most_s + alone) + p * p * (1 - 2 * k * _powers(box.most_s, b)[0])
