"""Whether all models whose weights are in a cell, times any size, lose at least so much: many cells at once."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geomsup.proofs.shared.pieces import Cells, Pieces, first_pieces, halved, joined, sorted_pieces, taken

__all__ = ["FEWER", "PROBABILITIES", "Claim", "Sizes"]

PROBABILITIES = [Fraction(p, 10) for p in (1, 3, 5, 7, 9)]

# What one feature less on one axis loses at least: Theorem 8's certificate for two, and this theorem's for others.
FEWER = {
    3: dict(zip(PROBABILITIES, (0.003319, 0.0293, 0.0762, 0.1081, 0.09709), strict=True)),
    4: dict(zip(PROBABILITIES, (0.033918, 0.10681, 0.180448, 0.2189, 0.19446), strict=True)),
    5: dict(zip(PROBABILITIES, (0.06407, 0.1841, 0.2843, 0.3287, 0.2913), strict=True)),
}
SIZES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)  # ends of the squares of the largest weight, at first
LARGE = 16.0  # the next end, or a power of 2 times it
# Of losses, times (1 + Q)²; of sums of what outputs lose alone, relatively. Doubles are rounded by 2^-53. The absolute
# values of all terms of a bound have a sum below 4000 (1 + Q)², and none passes through more than 100 operations.
MARGIN = 1e-10
# What follows decides only how long a proof is. Pieces are halved if they are lower than the best one by less than
# NEARLY of what is missing, and wider than NARROW of the cell. Then sizes are halved, until they are narrower than
# SHORT of the cell. Where the square of all weights is more than MUCH, losses are not seen from those of no ReLU.
NEARLY, NARROW, SHORT, MUCH = 0.5, 0.25, 0.1, 1.4
TIE = 1e-12  # of losses of pieces, which may be the same but for rounding
POINTS = 17  # where tangents of V (1 - |w|²)² are tried
MOST = 20_000  # pieces or sizes of a cell: a checker that never ends checks nothing
CHUNK = 1 << 19  # numbers at a time, in each of about ten arrays

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Truths = NDArray[np.bool_]


class Sizes(NamedTuple):
    """Ends of Q, the square of the largest weight, in cells."""

    cell: Places
    low: Array
    high: Array


class Claim:
    """Some features of probability p on one axis lose at least `least`, whatever the weights and biases are."""

    def __init__(self, n: int, p: Fraction, least: Fraction, spare: float = 0.0) -> None:
        self.n, self.p, self.exact_least, self.least = n, float(p), least, float(least)
        self.variance = self.p / 3 - self.p * self.p / 4
        if not (n in FEWER and p in FEWER[n] and 0 < self.least < n * self.variance):
            known = ", ".join(str(float(one)) for one in PROBABILITIES)
            raise ValueError(f"the probability must be one of {known}, and the loss less than that of weights 0")
        self.fewer = FEWER[n][p]
        self.spare = spare  # for cells of a maker, so that a checker needn't round as it did
        large = LARGE
        while not self.alone(np.array(large), np.array(large)) + self.fewer > self.least * (1 + MARGIN):
            large *= 2
            if large > 1e6:
                raise ValueError("the loss must be less than that of large weights")
        self.sizes = np.array(list(pairwise((*SIZES, large))))

    def alone(self, low: Array, high: Array) -> Array:
        """Return what an output loses at least, whatever the other weights are, if its own q is between two ends."""
        small = (1 - np.minimum(high, 1)) ** 2 * self.variance
        return np.where(low > 1, self.p / 3 * ((low - 1) / (low + 1)) ** 2, small)

    def holds(self, cells: Cells) -> Truths:
        """Whether models with these signs of weights, and their ratios in a cell, lose enough."""
        if not (cells.half[:, 1:] > 0).all():
            raise ValueError("cells must be wider than nothing")
        number, left = len(cells.low), np.ones(len(cells.low), dtype=bool)
        cell = np.repeat(np.arange(number), len(self.sizes))
        sizes = self._unknown(cells, Sizes(cell, *np.tile(self.sizes, (number, 1)).T))
        if not len(sizes.cell):
            return left
        pieces = first_pieces(cells, np.unique(sizes.cell))
        width = (cells.high - cells.low).max(axis=1)
        while len(sizes.cell):
            enough, halve, waits = self._seen(cells, sizes, pieces, width)
            narrow = sizes.high - sizes.low <= SHORT * width[sizes.cell] * np.maximum(0.5, 2 * sizes.low)
            left[sizes.cell[~enough & ~waits & narrow]] = False
            for many in (pieces.cell, sizes.cell):
                left[np.bincount(many, minlength=number) > MOST] = False
            still = ~enough & left[sizes.cell]
            waiting, new = taken(sizes, still & waits), _halves(Sizes(*taken(sizes, still & ~waits)))
            sizes = Sizes(*joined(waiting, self._unknown(cells, new)))
            used = np.zeros(number, dtype=bool)
            used[sizes.cell] = True
            kept = used[pieces.cell]
            new = halved(cells, Pieces(*taken(pieces, kept & halve)))
            pieces = sorted_pieces(Pieces(*taken(pieces, kept & ~halve)), *new)
        return left

    def _unknown(self, cells: Cells, sizes: Sizes) -> Sizes:
        """Return sizes without those where outputs lose enough alone, or one alone and the others as one axis."""
        both = (sizes.low, cells.low), (sizes.high, cells.high)
        low, high = (end[:, None] * row[sizes.cell] ** 2 for end, row in both)
        alone = self.alone(low, high)
        most = np.maximum(alone.sum(axis=1), self.fewer + alone.max(axis=1))
        return Sizes(*taken(sizes, ~(most > self.least * (1 + MARGIN))))

    def _seen(self, cells: Cells, sizes: Sizes, pieces: Pieces, width: Array) -> tuple[Truths, Truths, Truths]:
        """Return which sizes lose enough, which pieces to halve, and which sizes wait for that."""
        counts = np.bincount(pieces.cell, minlength=len(width))
        starts = np.cumsum(counts) - counts
        needed = np.cumsum(counts[sizes.cell]) * pieces.T[0].size
        cuts = np.unique(np.searchsorted(needed, np.arange(CHUNK, needed[-1], CHUNK)))
        cuts = cuts[cuts > 0]  # one size alone may need more
        halve, found = np.zeros(len(pieces.cell), dtype=bool), list[tuple[Truths, Truths]]()
        for part in np.split(np.arange(len(sizes.cell)), cuts):
            some = Sizes(*taken(sizes, part))
            many = counts[some.cell]
            size = np.repeat(np.arange(len(part)), many)
            piece = np.arange(len(size)) + np.repeat(starts[some.cell] + many - np.cumsum(many), many)
            enough, wanted = self._bounded(cells, some, size, pieces, piece, width)
            halve[piece[wanted]] = True
            found.append((enough, np.bincount(size[wanted], minlength=len(part)) > 0))
        enough, waits = joined(*found)
        return enough, halve, waits

    def _bounded(
        self, cells: Cells, sizes: Sizes, size: Places, pieces: Pieces, piece: Places, width: Array
    ) -> tuple[Truths, Truths]:
        """Return which sizes lose enough, and which pieces to halve for the others. Each piece is for a size."""
        n, middle = self.n, cells.middle[sizes.cell]
        Q = (sizes.low + sizes.high) / 2
        much = Q * (middle**2).sum(axis=1) > MUCH
        lines = _Lines(cells, pieces, piece, much[size])
        group = size * n + pieces.output[piece]
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        ends = [(end[:, None] * row[sizes.cell]).ravel() for end, row in (
            (sizes.low, cells.low), (Q, cells.middle), (sizes.high, cells.high)
        )]  # fmt: skip
        about = lines.about(ends[1][group])
        best = np.flatnonzero(about <= np.minimum.reduceat(about, starts)[group] + TIE)
        best = best[np.unique(group[best], return_index=True)[1]]
        along, slopes = lines.slopes(best, ends[1])
        values = lines.least(group, along, slopes, ends)
        least = np.minimum.reduceat(values, starts)
        planes = self._planes(cells, sizes, along.reshape(-1, n), slopes.reshape(-1, n, n - 1).sum(axis=1), much)
        total = least.reshape(-1, n).sum(axis=1) + planes
        short = self.least + MARGIN * (1 + sizes.high) ** 2 + self.spare - total
        widths = pieces.z[piece, 1] - pieces.z[piece, 0]
        known = widths == 0
        rest = np.minimum.reduceat(np.where(known, values, np.inf), starts)
        below = np.where(least < rest, np.minimum(rest, least + NEARLY * np.repeat(short, n)), -np.inf)
        wide = widths > NARROW * width[pieces.cell[piece]]
        enough = (short <= 0) & np.isfinite(total)
        return enough, (values <= below[group]) & wide & ~enough[size]

    def _planes(self, cells: Cells, sizes: Sizes, along: Array, slopes: Array, much: Truths) -> Array:
        """Return the least of V (n - 1 + (1 - |w|²)²), or of 0 where that is much, and of all planes."""
        low, half, high = (one[sizes.cell, None, None, 1:] for one in (cells.low, cells.half, cells.high))
        both = (sizes.low, cells.low), (sizes.high, cells.high)
        least, most = (end * (row[sizes.cell] ** 2).sum(axis=1) for end, row in both)
        at = np.linspace(least, most, POINTS, axis=1)[:, :, None]
        Q = np.stack([sizes.low, sizes.high], axis=1)[:, None, :]
        # The tangent in |w|² is V (1 - at² - 2 (1 - at) |w|²).
        bent = np.where(much[:, None, None], 0, -2 * self.variance * (1 - at)) * Q
        start = np.where(much[:, None, None], 0, self.variance * (self.n - at**2))
        steep = along[:, None, None, 1:] * Q[..., None] + slopes[:, None, None, :] / half
        square = bent[..., None]
        place = np.divide(-steep, 2 * square, out=np.zeros_like(steep + square), where=square > 0)
        place = np.clip(place, low, high)
        values = [one * (square * one + steep) for one in (low, high, place)]
        lower = np.minimum(values[0], np.minimum(values[1], np.where(square > 0, values[2], np.inf))).sum(axis=3)
        whole = start + bent + along[:, None, None, 0] * Q + lower
        middle = (slopes * (cells.middle[:, 1:] / cells.half[:, 1:])[sizes.cell]).sum(axis=1)
        return whole.min(axis=2).max(axis=1) - middle


class _Lines:
    """Losses of pieces: base + Y (Y S - 2 T), as a function of Y, in all corners."""

    def __init__(self, cells: Cells, pieces: Pieces, piece: Places, much: Truths) -> None:
        self.sides = cells.sides[:, 1:]
        more, place = np.where(much, cells.variance, 0), np.arange(len(cells.sides))
        own = cells.corners[pieces.cell[piece][:, None], place, pieces.output[piece][:, None]]
        self.T = pieces.T[piece] + (more[:, None] * own)[:, None]
        self.S = pieces.S[piece, much.astype(np.intp)]
        self.base = pieces.base[piece] + cells.mean**2 + more
        self.means = [(one[:, 0] + one[:, 1]) / 2 for one in (self.T, self.S)]

    def about(self, Y: Array) -> Array:
        """Return the average over corners."""
        T, S = (one.mean(axis=1) for one in self.means)
        return self.base + Y * (Y * S - 2 * T)

    def slopes(self, which: Places, Y: Array) -> tuple[Array, Array]:
        """Return slopes along Y, and along ratios for half a side of the cell, of some pieces."""
        T, S = (one[which] for one in self.means)
        along = 2 * (Y * S.mean(axis=1) - T.mean(axis=1))
        return along, (Y[:, None] * (Y[:, None] * S - 2 * T)) @ self.sides / len(self.sides)

    def least(self, group: Places, along: Array, slopes: Array, ends: Sequence[Array]) -> Array:
        """Return the least over corners and Y, less the planes of their groups, which are 0 where Y is 0."""
        low, _, high = (end[group, None, None] for end in ends)
        linear = -2 * self.T - along[group, None, None]
        Y = np.divide(-linear, 2 * self.S, out=np.zeros_like(linear), where=self.S > 0)
        Y = np.clip(Y, low, high)
        outer = np.minimum(low * (low * self.S + linear), high * (high * self.S + linear))
        values = np.where(self.S > 0, Y * (Y * self.S + linear), outer).min(axis=1)
        return self.base + (values - (slopes @ self.sides.T)[group]).min(axis=1)


def _halves(sizes: Sizes) -> Sizes:
    middle = (sizes.low + sizes.high) / 2
    return Sizes(*joined(sizes._replace(high=middle), sizes._replace(low=middle)))
