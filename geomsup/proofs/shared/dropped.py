"""Cells where all weights but two are small: models there lose no less than a digon and dropped features.

The page ``docs/theorems.md`` says why (Theorem 9, step 5).
"""

import numpy as np
from numpy.typing import NDArray

from geomsup.proofs.shared.pieces import Cells

__all__ = ["lowest"]

TRIED = np.arange(-80, 61) / 80  # v where no feature is present, for the z that are looked at: any step would do
LEAST_RATIO = 0.1  # of the first two weights: quotients by it stay below 100
SPARE = 1e-9  # of inequalities: terms are below 1000 where they are close, and pass through fewer than 100 operations

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Truths = NDArray[np.bool_]


def lowest(cells: Cells, cell: Places, low: Array, high: Array) -> Array:
    """Return the z of the first two outputs from which on nothing is lost if all other features are dropped.

    There is a row for each interval of Q, from `low` to `high`, in a cell. It is infinite if there are no such z.
    """
    found = np.full((len(cell), 2), np.inf)
    gained = 2 * (low * (1 + cells.low[cell, 1] ** 2) - 1)
    asked = np.flatnonzero(_unclipped(cells, cell, high) & (gained > SPARE))
    cell, high, gained = cell[asked], high[asked], gained[asked]
    start, end, m = cells.low[cell], cells.high[cell], cells.mean
    middle, half = cells.middle[cell, 1], cells.half[cell, 1]
    # Without the small features v is at least z + rest + own x - other y, of each output.
    first = m * middle - m - half * (1 - m), np.ones_like(middle), middle
    second = m - m * end[:, 1], start[:, 1], np.ones_like(middle)
    moved = (1 - m) * end[:, 2:].sum(axis=1)
    lost = np.zeros((len(cell), len(TRIED)))
    for (_, own, other), square in zip((first, second), (high, high * end[:, 1] ** 2), strict=True):
        present, always = _clipped(own[:, None], other[:, None], moved[:, None], cells.p)
        lost += cells.p * present + square[:, None] * always
    enough = gained[:, None] - lost > SPARE
    v = np.where(enough.any(axis=1), TRIED[enough.argmax(axis=1)], np.inf)  # what is lost falls as v rises
    found[asked] = np.stack([v - rest for rest, _, _ in (first, second)], axis=1)
    return found


def _unclipped(cells: Cells, cell: Places, high: Array) -> Truths:
    """Whether the first two weights are opposite, and the outputs of small ones lose no less where they are clipped."""
    end, positive, m = cells.high[cell], cells.signs[cell] > 0, cells.mean
    up, down = np.where(positive, end, 0).sum(axis=1), np.where(positive, 0, end).sum(axis=1)
    most = np.maximum(up * (1 - m) + down * m, up * m + down * (1 - m))
    length = np.sqrt(cells.variance * (end**2).sum(axis=1))
    digon = ~positive[:, 1] & (cells.low[cell, 1] >= LEAST_RATIO)
    return digon & (high * end[:, 2:].max(axis=1) * (most + 1.5 * length) < m - SPARE)


def _clipped(own: Array, other: Array, moved: Array, p: float) -> tuple[Array, Array]:
    """Return how probable it is that an output is clipped, if its feature is present, and always.

    These are upper bounds, averaged over shifts of v up to `moved`, with a weight that falls linearly to 0.
    """
    ends = zip(_shifted(0 * moved, own, other, p), _shifted(moved, own, other, p), strict=True)
    convex = moved <= TRIED
    present, always = (np.where(convex, (2 * least + most) / 3, most) for least, most in ends)
    return present, always


def _shifted(moved: Array, own: Array, other: Array, p: float) -> tuple[Array, Array]:
    """Return the probability that v + own x - other y is at most `moved`: if x is present, and always."""
    own, other, less = np.maximum(own, LEAST_RATIO), np.maximum(other, LEAST_RATIO), moved - TRIED
    alone = np.clip(less / own, 0, 1)
    present = (1 - p) * alone + p * own / other * (_ramp((less + other) / own) - _ramp(less / own))
    absent = np.where(less >= 0, 1.0, p * np.clip(1 + less / other, 0, 1))
    return present, (1 - p) * absent + p * present


def _ramp(t: Array) -> Array:
    """Return the integral from 0 to t of what is s, but at least 0 and at most 1."""
    return np.where(t > 1, t - 0.5, np.maximum(t, 0) ** 2 / 2)
