"""Pieces of the biases of outputs, for all weights whose ratios are in a cell, with what bounds their losses need.

The largest weight is scaled to 1. The others have the sizes r_1 >= r_2 >= ..., with signs. Output i is Y v₊ with
v = z + Σ a_j (x_j - m), where m = p/2, and a has the ratios, with the sign that makes a_i positive. A piece is an
interval of z. With the variance V of a feature and u = -v its loss is m² + V - 2 Y (T + V a_i) + Y² S, where
T = m z + E x_i u₊ and S = E v₊² = z² + V |a|² - N with N = E u₊². The page ``docs/theorems.md`` says what is concave
in this.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geomsup.proofs.shared.moments import clipped, tangent

__all__ = ["Cells", "Pieces", "first_pieces", "halved", "joined", "sorted_pieces", "taken"]

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Truths = NDArray[np.bool_]

PARTS = 8  # of the z of an output, at first


class Cells:
    """Ends of ratios, the largest first, which is 1; and signs, a row for each cell."""

    def __init__(self, signs: Array, low: Array, high: Array, p: float) -> None:
        self.signs, self.low, self.high, self.p = signs, low, high, p
        self.mean, self.variance = p / 2, p / 3 - p * p / 4
        self.n = signs.shape[1]
        upper = np.arange(1 << self.n - 1)[:, None] >> np.arange(self.n - 1) & 1
        self.sides = np.concatenate([np.zeros((len(upper), 1)), 2.0 * upper - 1], axis=1)  # a row for each corner

    @cached_property
    def middle(self) -> Array:
        """The middles of the cells."""
        return (self.low + self.high) / 2

    @cached_property
    def half(self) -> Array:
        """Half of their sides."""
        return (self.high - self.low) / 2

    @cached_property
    def corners(self) -> Array:
        """The ratios in all corners: cells, corners, features."""
        return np.where(self.sides > 0, self.high[:, None], self.low[:, None])

    @cached_property
    def squares(self) -> Array:
        """The sums of their squares, and these less the tangent in the middle from below: cells, two, corners."""
        squares = (self.corners**2).sum(axis=2)
        return np.stack([squares, squares - ((self.corners - self.middle[:, None]) ** 2).sum(axis=2)], axis=1)


class Pieces(NamedTuple):
    """Pieces, one in each row, in the order of cells and outputs. The last axis has the corners."""

    cell: Places
    output: Places
    z: Array  # both ends
    T: Array  # at both ends of z
    N: Array  # at both ends of z
    S: Array  # lower bounds of S - V |a|², and of S, at both ends of z
    base: Array  # what the loss is without terms with Y, less m² + V


def joined(*parts: Iterable[NDArray[Any]]) -> list[Any]:
    """Return the fields of tuples of arrays, one after the other."""
    return [np.concatenate(fields) for fields in zip(*parts, strict=True)]


def taken(fields: Iterable[NDArray[Any]], which: Truths | Places) -> list[Any]:
    """Return some rows of all fields."""
    return [field[which] for field in fields]


def sorted_pieces(*parts: Pieces) -> Pieces:
    """Return pieces in the order of cells and outputs."""
    whole = Pieces(*joined(*parts))
    return Pieces(*taken(whole, np.lexsort((whole.z[:, 0], whole.output, whole.cell))))


def _signed(cells: Cells, cell: Places, output: Places) -> Array:
    """Return signs with which the ratio of the output itself is positive."""
    return cells.signs[cell] * cells.signs[cell, output][:, None]


def first_pieces(cells: Cells, which: Places) -> Pieces:
    """Return pieces that hold all z of some cells, with one for all z where nothing is clipped, and all is."""
    cell, output = np.repeat(which, cells.n), np.tile(np.arange(cells.n), len(which))
    rows = cells.corners[cell] * _signed(cells, cell, output)[:, None]
    means = cells.mean * rows.sum(axis=2)
    # v is negative everywhere below the first end, and nowhere above the second one.
    start = (means - np.maximum(rows, 0).sum(axis=2)).min(axis=1)
    end = (means + np.maximum(-rows, 0).sum(axis=2)).max(axis=1)
    ends = start[:, None] + (end - start)[:, None] * (np.arange(PARTS + 1) / PARTS)
    at = np.repeat(np.arange(len(cell)), PARTS)
    z = np.stack([ends[:, :-1].ravel(), ends[:, 1:].ravel()], axis=1)
    nodes = _nodes(cells, np.repeat(cell, PARTS + 1), np.repeat(output, PARTS + 1), ends.ravel())
    T, N = (one.reshape(len(cell), PARTS + 1, -1) for one in nodes)
    both = (np.stack([one[:, :-1], one[:, 1:]], axis=2).reshape(len(at), 2, -1) for one in (T, N))
    return sorted_pieces(_pieces(cells, cell[at], output[at], z, *both), *_without_z(cells, cell, output, start, end))


def _without_z(cells: Cells, cell: Places, output: Places, start: Array, end: Array) -> tuple[Pieces, Pieces]:
    """Return pieces where all is clipped, which lose m² + V, and where nothing is, at the best z."""
    zero = np.zeros((len(cell), 2, len(cells.sides)))
    own = np.take_along_axis(cells.corners[cell], output[:, None, None], axis=2)[:, None, :, 0]
    squares = cells.variance * cells.squares[cell]
    less, S = np.stack([zero - squares[:, :1], zero], axis=1), np.stack([zero, zero + squares[:, 1:]], axis=1)
    never, whole = np.stack([start, start], axis=1), np.stack([end, end], axis=1)
    return (
        Pieces(cell, output, never, zero - cells.variance * own, zero, less, zero[:, 0, 0]),
        Pieces(cell, output, whole, zero, zero, S, zero[:, 0, 0] - cells.mean**2),
    )


def halved(cells: Cells, pieces: Pieces) -> tuple[Pieces, Pieces]:
    """Return both halves of pieces."""
    middle = pieces.z.mean(axis=1)
    nodes = _nodes(cells, pieces.cell, pieces.output, middle)
    halves = list[Pieces]()
    for end in (1, 0):
        z, T, N = pieces.z.copy(), pieces.T.copy(), pieces.N.copy()
        z[:, end], T[:, end], N[:, end] = middle, *nodes
        halves.append(_pieces(cells, pieces.cell, pieces.output, z, T, N))
    return halves[0], halves[1]


def _nodes(cells: Cells, cell: Places, output: Places, z: Array) -> tuple[Array, Array]:
    """Return T and N of outputs at some z, in all corners."""
    rows = cells.corners[cell] * -_signed(cells, cell, output)[:, None]
    order = (output[:, None] + np.arange(cells.n)) % cells.n  # the output's own feature comes first
    rows = np.take_along_axis(rows, order[:, None], axis=2)
    found = clipped(np.repeat(-z, rows.shape[1]), rows.reshape(-1, cells.n), cells.p)
    return found.first.reshape(rows.shape[:2]) + cells.mean * z[:, None], found.square.reshape(rows.shape[:2])


def _pieces(cells: Cells, cell: Places, output: Places, z: Array, T: Array, N: Array) -> Pieces:
    """Return pieces with bounds of S: by N, where z² is at least its tangent; or by the tangent of S itself."""
    squares, at = cells.variance * cells.squares[cell], z.mean(axis=1, keepdims=True)
    by_N, by_S = ((2 * z - at) * at)[:, :, None] - N, _tangents(cells, cell, output, z)
    kinds = (by_N, by_S - squares[:, :1]), (by_N + squares[:, 1:], by_S)
    better = [np.where((x.mean(axis=(1, 2)) >= y.mean(axis=(1, 2)))[:, None, None], x, y) for x, y in kinds]
    return Pieces(cell, output, z, T, N, np.stack(better, axis=1), np.zeros(len(cell)))


def _tangents(cells: Cells, cell: Places, output: Places, z: Array) -> Array:
    """Return tangents of S from below, in the middle of pieces, at both ends of z in all corners.

    The slope of S along z is 2 E v₊, and that along the ratio of feature j is 2 E (x_j - m) v₊ times its sign.
    """
    signs, middle, half = _signed(cells, cell, output), cells.middle[cell], cells.half[cell]
    at, width = z.mean(axis=1), (z[:, 1] - z[:, 0]) / 2
    found = tangent(at, signs * middle, cells.p)
    along = signs * (found.first - cells.mean * found.mean[:, None])
    S = at * found.mean + (along * middle).sum(axis=1)
    lost = (abs(at) + 2 * width) * found.mean_error
    lost += ((found.first_errors + found.mean_error[:, None]) * (middle + 2 * half)).sum(axis=1)
    rise = 2 * (width * found.mean)[:, None] * np.array([-1.0, 1.0])
    return (S - lost)[:, None, None] + rise[:, :, None] + 2 * ((along * half) @ cells.sides.T)[:, None]
