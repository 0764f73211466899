"""What outputs lose at least if their rows and biases are in boxes: many boxes at once.

A plane is that of all rows orthogonal to (1, r, r t). Its rows are multiples of (r (1 + t s), -1, -s) or
(r (t + s), -s, -1) with -1 <= s <= 1. An axis has the multiples of (1, r, r t). A piece is a box of r, t, s and c, for
one of these forms and one sign. Its rows are affine in each of r, t and s. So they, and c, are averages over 16
corners, with the weights by which r and t are averages too. The row of an output is that of its piece times its scale.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import pairwise, product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geomsup.proofs.decoders.moments import Moments, raised
from geomsup.proofs.decoders.scales import by_own_weights, scales_between

__all__ = [
    "CORNERS",
    "FEATURES",
    "NEVER",
    "ON_AXIS",
    "Bounds",
    "Pieces",
    "bounds",
    "halved",
    "in_cell",
    "joined",
    "over_corners",
    "row_ends",
    "taken",
]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Truths = NDArray[np.bool_]

FEATURES = 3
FORMS, PARTS_OF_S, PARTS_OF_C = 4, 4, 8  # of pieces, at first
ON_AXIS = range(FORMS, FORMS + 2)  # the forms of rows on an axis
CORNERS = np.array(list(product((0.0, 1.0), repeat=4)))  # of r, t, s and c: 0 is the lower end
NEVER = 9.0  # loss that stands for that of no model
# What sums of five products of points and moments lose by rounding, relatively to the points: moments are at most N by
# Cauchy's inequality, and N <= 6. A square N² with N > 1.6 may lose more, but relatively less than 1e-14.
LOST = 1e-14
SAFE = 1e2  # sums of a few terms up to this lose less than 2e-13 by rounding
TINY = 1e-12  # a square below is replaced by this: the tangent only falls by that


class Pieces(NamedTuple):
    """Pieces, one in each row. An infinite end of c stands for all outputs that are nowhere clipped."""

    cell: Places  # which cell of r and t
    form: Places  # 0 and 1, and the same with the other sign; or on an axis, with both signs
    s: Array  # ends
    c: Array  # ends
    use: Truths  # of each output: whether it must still be considered

    def rows(self, r: Array, t: Array, s: Array) -> Array:
        """Return the rows of pieces at corners: r, t and s have a row for each piece."""
        sign = np.where(np.isin(self.form, (0, 1, ON_AXIS[0])), 1.0, -1.0)[:, None, None]
        if np.isin(self.form, ON_AXIS).any():  # then all are
            return np.stack([np.ones_like(r), r, r * t], axis=2) * sign
        first = (self.form % 2 == 0)[:, None]
        x, y = np.where(first, 1.0, s), np.where(first, s, 1.0)
        return np.stack([r * (x + t * y), -x, -y], axis=2) * sign


class Bounds(NamedTuple):
    """Of each piece and each output."""

    corners: Array  # losses in the corners; where they say nothing, -NEVER
    tilted: Array  # how much the average over the corners is off, relatively to slopes along r and t
    least: Array  # lower bounds of the loss
    about: Array  # losses in the middle, nearly


def joined(*parts: Iterable[NDArray[Any]]) -> list[Any]:
    """Return the fields of tuples of arrays, one after the other."""
    return [np.concatenate(fields) for fields in zip(*parts, strict=True)]


def taken(fields: Iterable[NDArray[Any]], which: Truths | slice) -> list[Any]:
    """Return some rows of all fields."""
    return [field[which] for field in fields]


def over_corners(function: Callable[[Array, Array], Array], values: Array) -> Array:
    """Return the least or the largest over axis 1, of a power of 2 corners: both halves at a time, as that is fast."""
    while (half := values.shape[1] // 2) > 0:
        values = function(values[:, :half], values[:, half:])
    return values[:, 0]


def in_cell(cell: Sequence[float], axis: bool = False) -> Pieces:
    """Return pieces of a cell that hold all of its rows, and all c where v is clipped somewhere, but not everywhere."""
    found = list[tuple[int, float, float, float, float]]()
    ends = np.zeros(2) if axis else np.linspace(-1, 1, PARTS_OF_S + 1)
    r, t = np.array(cell)[None, [0, 0, 1, 1]], np.array(cell)[None, [2, 3, 2, 3]]
    for form in ON_AXIS if axis else range(FORMS):
        one = Pieces(np.array([0]), np.array([form]), np.zeros((1, 2)), np.zeros((1, 2)), np.ones((1, 3), dtype=bool))
        for low, high in pairwise(ends):
            rows = np.concatenate([one.rows(r, t, np.full_like(r, s))[0] for s in (low, high)])
            start, end = -np.maximum(rows, 0).sum(axis=1).max(), np.maximum(-rows, 0).sum(axis=1).max()
            parts = [float(start + (end - start) * k / PARTS_OF_C) for k in range(PARTS_OF_C + 1)]
            found += [(form, low, high, *part) for part in zip(parts, [*parts[1:], np.inf], strict=True)]
    table = np.array(found)
    forms, use = table[:, 0].astype(np.intp), np.ones((len(table), FEATURES), dtype=bool)
    return Pieces(np.zeros_like(forms), forms, table[:, 1:3], table[:, 3:], use)


def halved(pieces: Pieces) -> Pieces:
    """Return both halves of pieces: along s or c, whatever is longer."""
    halves = list[Pieces]()
    width = np.where(np.isinf(pieces.c[:, 1]), 0, pieces.c[:, 1] - pieces.c[:, 0])
    along_s = pieces.s[:, 1] - pieces.s[:, 0] > width
    for end in (1, 0):
        s, c = pieces.s.copy(), pieces.c.copy()
        s[along_s, end] = pieces.s[along_s].mean(axis=1)
        c[~along_s, end] = pieces.c[~along_s].mean(axis=1)
        halves.append(pieces._replace(s=s, c=c))
    return Pieces(*joined(*halves))


def bounds(pieces: Pieces, cells: Array, p: float, moments: Moments, most: float = np.inf) -> Bounds:
    """Return what outputs lose in pieces: p/3 - 2 Y T + Y² N², with the scale Y, T = E x v₊ and N² = E v₊².

    With a largest square of rows of W, its decoder is W, and cells have ends of r, t and u. Else any decoder is meant.
    """
    rows, middle = _rows(pieces, cells)
    V, whole = p / 3 - p * p / 4, np.isinf(pieces.c[:, 1])
    T, N, about = np.empty_like(rows), np.empty(rows.shape[:2]), np.empty_like(middle)
    # Nowhere clipped: as if v were a · x without a mean, and without the p²/4 that a constant saves.
    size = np.sqrt((middle * middle).sum(axis=1))
    T[whole] = V * np.maximum(rows[whole], 0)
    N[whole] = _dot(rows[whole], middle[whole]) * np.sqrt(V) / size[whole, None]
    about[whole] = V * (1 - (middle / size[:, None])[whole] ** 2)
    some = ~whole
    T[some], N[some], about[some] = _clipped(pieces.c[some], rows[some], middle[some], p, moments)
    low, high = np.zeros_like(middle), np.full_like(middle, np.inf)
    least_rows, most_rows = over_corners(np.minimum, rows), over_corners(np.maximum, rows)
    if np.isfinite(most):
        low, high = scales_between(cells[pieces.cell], pieces.form, pieces.s, (least_rows, most_rows), most)
    none = low > high
    low[none], high[none] = 0, np.inf
    base, useful = np.where(whole, V, p / 3)[:, None], over_corners(np.minimum, N) > 0
    corners, tilted, least = np.full_like(T, -NEVER), np.zeros_like(middle), np.full_like(middle, -NEVER)
    given = (one[useful] for one in (T, N, low, high, base))
    corners[useful], tilted[useful], least[useful] = _at_scales(*given)
    poor = np.nonzero(some & (least.min(axis=1) < 0))[0]
    if len(poor):  # by Cauchy's inequality T² <= N² E x² where v > 0
        within = moments.above(pieces.c[poor, 1], raised(most_rows[poor]))
        least[poor] = np.maximum(least[poor], p / 3 - within)
    least = np.maximum(least, by_own_weights(low, high, (least_rows, most_rows), p))
    least = np.where(most_rows <= 0, np.maximum(least, V), np.maximum(least, 0))
    least[none] = NEVER
    # These outputs are nowhere clipped: other pieces hold them.
    lowest = np.maximum(-rows, 0)
    unclipped = over_corners(np.maximum, lowest[:, :, 0] + lowest[:, :, 1] + lowest[:, :, 2])
    least[some & (pieces.c[:, 0] >= unclipped)] = NEVER
    return Bounds(corners, tilted, least, about)


def row_ends(pieces: Pieces, cells: Array) -> tuple[Array, Array]:
    """Return the least and the largest entries of the rows of pieces."""
    rows, _ = _rows(pieces, cells)
    return over_corners(np.minimum, rows), over_corners(np.maximum, rows)


def _rows(pieces: Pieces, cells: Array) -> tuple[Array, Array]:
    """Return the rows of pieces at their corners, and in the middle."""
    ends = np.concatenate([cells[pieces.cell, :4], pieces.s], axis=1)
    r, t, s = (ends[:, 2 * k, None] * (1 - CORNERS[:, k]) + ends[:, 2 * k + 1, None] * CORNERS[:, k] for k in range(3))
    middle = pieces.rows(*(ends[:, 2 * k : 2 * k + 2].mean(axis=1, keepdims=True) for k in range(3)))[:, 0]
    return pieces.rows(r, t, s), middle


def _dot(points: Array, vector: Array) -> Array:
    """Return the product of each point, in the last axis, with the vector of its row."""
    return reduce(np.add, (points[:, :, k] * vector[:, k, None] for k in range(points.shape[2])))


def _at_scales(T: Array, N: Array, low: Array, high: Array, base: Array) -> tuple[Array, Array, Array]:
    """Return losses in corners, how much their averages are off, and the least losses, for scales between two ends.

    For the best scale the loss is base - (T / N)². Else the loss base - 2 Y T + Y² N² is at least the average of that
    in the corners, less Y² times the variance of N over them, which is at most a quarter of its range squared.
    """
    top, least_N = over_corners(np.maximum, T), over_corners(np.minimum, N)[:, None]
    span, N = over_corners(np.maximum, N)[:, None] - least_N, N[:, :, None]
    free = base[:, None] - np.minimum((T / N) ** 2, 2 * NEVER)
    high = np.clip(high, low, np.maximum(low, top / least_N**2))  # beyond this the loss grows
    Y = np.clip(T / N**2, low[:, None], high[:, None])
    size, lost = (Y * N) ** 2, (high * span / 2) ** 2
    given = base[:, None] + Y * (Y * N**2 - 2 * T) - lost[:, None]
    sizes = over_corners(np.maximum, size + 2 * Y * T + lost[:, None])
    Y = np.clip(top / least_N**2, low, high)
    plain = base + Y * (Y * least_N**2 - 2 * top)
    far = Y * least_N**2 >= 4 * top  # then half of the square is left
    plain = np.where((Y * least_N) ** 2 < SAFE, plain, np.where(far, NEVER, -NEVER))
    least_given = np.where(sizes < SAFE, over_corners(np.minimum, given), -NEVER)
    better = least_given > over_corners(np.minimum, free)
    corners = np.minimum(np.where(better[:, None], given, free), NEVER)
    least = np.minimum(np.maximum(over_corners(np.minimum, corners), plain), NEVER)
    return corners, np.where(better, 0, span / (2 * least_N)), least


def _clipped(c: Array, rows: Array, middle: Array, p: float, moments: Moments) -> tuple[Array, Array, Array]:
    """Return upper bounds of T in the corners, values there of a tangent of N from below, and losses in the middle."""
    at = np.where(CORNERS[:, 3] > 0, c[:, 1:], c[:, :1])
    T, errors = moments.first(at.ravel(), raised(rows).reshape(-1, FEATURES))
    T = np.maximum(T + errors, 0)[:, 1:].reshape(rows.shape)
    near = np.concatenate([c.mean(axis=1, keepdims=True), raised(middle)], axis=1)  # where the tangent touches
    first, errors = moments.first(near[:, 0], near[:, 1:])
    S, lost = (near * first).sum(axis=1), (abs(near) * errors).sum(axis=1)
    points = np.concatenate([at[:, :, None], rows], axis=2)
    products = _dot(points, first) - _dot(abs(points), errors + LOST)
    S = np.maximum(S, TINY)
    return T, products / np.sqrt(S + lost + LOST)[:, None], p / 3 - np.minimum(first[:, 1:] ** 2 / S[:, None], p / 3)
