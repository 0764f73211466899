"""Whether all models whose weights are in a cell, times any size, lose at least so much: many cells at once."""

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geomsup.proofs.shared.dropped import lowest
from geomsup.proofs.shared.pieces import Cells, Pieces, first_pieces, halved, joined, sorted_pieces, taken

__all__ = ["FEWER", "PROBABILITIES", "Claim", "Sizes"]

PROBABILITIES = [Fraction(p, 10) for p in (1, 3, 5, 7, 9)]

# What one feature less on one axis loses at least: Theorem 8's certificate for two, and this theorem's for others.
FEWER = {
    3: dict(zip(PROBABILITIES, (0.003319483, 0.029310355, 0.076282446, 0.108106364, 0.097094188), strict=True)),
    4: dict(zip(PROBABILITIES, (0.033918232, 0.106810355, 0.180449112, 0.218939697, 0.194468184), strict=True)),
    5: dict(zip(PROBABILITIES, (0.064394669, 0.184310355, 0.284615779, 0.329773030, 0.291931043), strict=True)),
}
SIZES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)  # ends of the squares of the largest weight, at first
LARGE = 16.0  # the next end, or a power of 2 times it
# Of losses, times (1 + Q)²; of sums of what outputs lose alone, relatively. Doubles are rounded by 2^-53. The absolute
# values of all terms of a bound have a sum below 4000 (1 + Q)², and none passes through more than 100 operations.
MARGIN = 1e-10
# What follows decides only how long a proof is. Pieces are halved if they are lower than the best one by less than
# NEARLY of what is missing, and wider than NARROW of the cell. Then sizes are halved, until they are narrower than
# SHORT of the cell.
NEARLY, NARROW, SHORT = 0.5, 0.2, 0.1
# Where the square of all weights is more than this, losses are not seen from those of no ReLU: if features are often
# present, good models are nearly linear, even if they are large.
MUCH, MUCH_OFTEN, OFTEN = 1.4, 2.5, 0.6
TIE = 1e-12  # of losses of pieces, which may be the same but for rounding
POINTS = 17  # where tangents of V (1 - |w|²)² are tried
MOST = 100_000  # pieces times sizes of a cell, 22,000 in certificates: a checker that never ends checks nothing
FAR = 10.0  # more than any loss that is claimed
CHUNK = 1 << 18  # numbers at a time, in each of about ten arrays

Array = NDArray[np.float64]
Places = NDArray[np.intp]
Truths = NDArray[np.bool_]


class Sizes(NamedTuple):
    """Ends of Q, the square of the largest weight, in cells."""

    cell: Places
    low: Array
    high: Array


class Claim:
    """Some features of probability p on one axis lose at least `least`, or no less than a digon and dropped features.

    `claimed` is `least`, and `proved` the smaller one of the two.
    """

    def __init__(self, n: int, p: Fraction, least: Fraction, spare: float = 0.0) -> None:
        self.n, self.p, self.claimed, self.least = n, float(p), least, float(least)
        self.variance = self.p / 3 - self.p * self.p / 4
        if not (n in FEWER and p in FEWER[n] and 0 < self.least < n * self.variance):
            known = ", ".join(str(float(one)) for one in PROBABILITIES)
            raise ValueError(f"the probability must be one of {known}, and the loss less than that of weights 0")
        self.proved = min(least, Fraction(str(FEWER[3][p])) + (n - 2) * (p / 3 - p * p / 4))
        self.fewer = FEWER[n][p]
        self.much = MUCH_OFTEN if p > OFTEN else MUCH
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
            work = np.bincount(pieces.cell, minlength=number) * np.bincount(sizes.cell, minlength=number)
            left[work > MOST] = False
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
        low, high = _squares(cells, sizes)
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
        middle = (sizes.low + sizes.high) / 2
        much = middle * (cells.middle[sizes.cell] ** 2).sum(axis=1) > self.much
        group = size * self.n + pieces.output[piece]
        lines = _Lines(cells, pieces, piece, much[size], group)
        low, Y, high = (end[:, None] * row[sizes.cell] for end, row in (
            (sizes.low, cells.low), (middle, cells.middle), (sizes.high, cells.high)
        ))  # fmt: skip
        along = lines.slopes(Y.ravel())
        values = lines.least(along, low.ravel(), high.ravel())
        least = np.minimum.reduceat(values, lines.starts)
        along, outputs = along.reshape(-1, self.n), least.reshape(len(sizes.cell), self.n, -1)
        lower, total = self._together(cells, sizes, along, outputs.sum(axis=1), much)
        needed = self.least + MARGIN * (1 + sizes.high) ** 2 + self.spare
        bound = np.maximum(lower, self._apart(cells, sizes, along, outputs, much))
        enough = (bound >= needed) & np.isfinite(bound)
        rest = Sizes(*taken(sizes, ~enough))
        limits = np.full((len(enough), self.n), -np.inf)
        limits[~enough, :2] = lowest(cells, rest.cell, rest.low, rest.high)
        if (asked := ~enough & np.isfinite(limits[:, 0])).any():
            below = np.where((pieces.z[piece, 0] < limits.ravel()[group])[:, None], values, FAR)
            clipped = np.minimum.reduceat(below, lines.starts).reshape(outputs.shape)
            bounds = along[asked], outputs[asked], clipped[asked]
            some = Sizes(*taken(sizes, asked))
            enough[asked] = self._dropping(cells, some, *bounds, much[asked], needed[asked])
        # A bound is the least of `total` less what it may fall between corners.
        short = np.repeat((needed - lower + total.min(axis=1))[:, None] - total, self.n, axis=0)
        widths = pieces.z[piece, 1] - pieces.z[piece, 0]
        known = np.minimum.reduceat(np.where((widths == 0)[:, None], values, np.inf), lines.starts)
        below = np.where((least < known) & (short > 0), np.minimum(known, least + NEARLY * short), -np.inf)
        wide = widths > NARROW * width[pieces.cell[piece]]
        return enough, (values <= below[group]).any(axis=1) & wide & ~enough[size]

    def _together(self, cells: Cells, sizes: Sizes, along: Array, outputs: Array, much: Truths) -> tuple[Array, Array]:
        """Return the least of V (n - 1 + (1 - |w|²)²), or of 0 if that is much, and of all outputs with their planes.

        Also the least in each corner of the cell alone.
        """
        row, Q = np.arange(len(sizes.cell)), np.stack([sizes.low, sizes.high], axis=1)
        least, most = (one.sum(axis=1) for one in _squares(cells, sizes))
        at, share = np.linspace(least, most, POINTS, axis=1), np.where(much, 0, self.variance)[:, None]
        # The tangent in |w|² is V (n - at² - 2 (1 - at) |w|²).
        flat, steep = share * (self.n - at**2), -2 * share * (1 - at)
        planes = (along[:, None] * cells.corners[sizes.cell]).sum(axis=2)
        slopes = steep[:, :, None] * cells.squares[sizes.cell, 0][:, None] + planes[:, None]
        total = flat[:, :, None, None] + slopes[:, :, None] * Q[:, None, :, None] + outputs[:, None, None]
        bend = np.maximum(steep, 0)[:, :, None] * Q[:, None]
        left = total.reshape(*total.shape[:3], *(2,) * (self.n - 1))
        for j in range(1, self.n):  # the first ratio is the last axis
            bent = bend * (2 * cells.half[sizes.cell, j])[:, None, None] ** 2
            left = _between(left[..., 0], left[..., 1], bent.reshape(*bent.shape, *(1,) * (self.n - 1 - j)))
        lower = left.min(axis=2)
        best = lower.argmax(axis=1)
        return lower[row, best], total[row, best].min(axis=1)

    def _dropping(
        self, cells: Cells, sizes: Sizes, along: Array, outputs: Array, clipped: Array, much: Truths, needed: Array
    ) -> Truths:
        """Return where models lose enough if the first output, or the second one, is one of its `clipped` pieces.

        All other models lose no less if all features but these two are dropped.
        """
        enough = np.ones(len(sizes.cell), dtype=bool)
        for i in (0, 1):
            changed = outputs.sum(axis=1) - outputs[:, i] + clipped[:, i]
            lower, _ = self._together(cells, sizes, along, changed, much)
            enough &= (lower >= needed) & np.isfinite(lower)
        return enough

    def _apart(self, cells: Cells, sizes: Sizes, along: Array, outputs: Array, much: Truths) -> Array:
        """Return the least of one output, the one that loses most, and of the others as one feature less."""
        low, high = _squares(cells, sizes)
        own = cells.corners[sizes.cell].swapaxes(1, 2) * along[:, :, None]
        planes = np.minimum(sizes.low[:, None, None] * own, sizes.high[:, None, None] * own)
        # Without ReLU an output loses V (1 - 2 w² + w² |w|²).
        linear = np.where(much[:, None], 0, self.variance) * (1 - 2 * high + low * low.sum(axis=1, keepdims=True))
        return self.fewer + ((outputs + planes).min(axis=2) + linear).max(axis=1)


class _Lines:
    """Losses of pieces: base + Y (Y S - 2 T), as a function of Y, in all corners. A group has those of an output."""

    def __init__(self, cells: Cells, pieces: Pieces, piece: Places, much: Truths, group: Places) -> None:
        self.group, self.starts = group, np.flatnonzero(np.diff(group, prepend=-1))
        more, place = np.where(much, cells.variance, 0), np.arange(len(cells.sides))
        own = cells.corners[pieces.cell[piece][:, None], place, pieces.output[piece][:, None]]
        self.T = pieces.T[piece] + (more[:, None] * own)[:, None]
        self.S = pieces.S[piece, much.astype(np.intp)]
        self.base = pieces.base[piece] + cells.mean**2 + more

    def slopes(self, Y: Array) -> Array:
        """Return the average over corners of the slopes along Y of the pieces that lose the least there."""
        T, S = ((one[:, 0] + one[:, 1]) / 2 for one in (self.T, self.S))  # faster than means along a short axis
        at = Y[self.group, None]
        values = self.base[:, None] + at * (at * S - 2 * T)
        best = values <= np.minimum.reduceat(values, self.starts)[self.group] + TIE
        return np.maximum.reduceat(np.where(best, 2 * (at * S - T), -np.inf), self.starts).mean(axis=1)

    def least(self, along: Array, low: Array, high: Array) -> Array:
        """Return the least over Y and z in each corner, less `along` times Y."""
        slope, low, high = (one[self.group, None, None] for one in (along, low, high))
        linear = -2 * self.T - slope
        Y = np.divide(-linear, 2 * self.S, out=np.zeros_like(linear), where=self.S > 0)
        Y = np.clip(Y, low, high)
        outer = np.minimum(low * (low * self.S + linear), high * (high * self.S + linear))
        values = np.where(self.S > 0, Y * (Y * self.S + linear), outer)
        return self.base[:, None] + np.minimum(values[:, 0], values[:, 1])


def _squares(cells: Cells, sizes: Sizes) -> tuple[Array, Array]:
    """Return both ends of the squares of weights."""
    low, high = (end[:, None] * row[sizes.cell] ** 2 for end, row in (
        (sizes.low, cells.low), (sizes.high, cells.high)
    ))  # fmt: skip
    return low, high


def _between(one: Array, other: Array, bent: Array) -> Array:
    """Return the least on [0, 1] of parabolas with these values at the ends, and the second derivative 2 `bent`."""
    apart = abs(one - other)
    inner = (one + other) / 2 - bent / 4 - np.divide(apart**2, 4 * bent, out=np.zeros_like(apart), where=apart < bent)
    return np.where(apart < bent, inner, np.minimum(one, other))


def _halves(sizes: Sizes) -> Sizes:
    middle = (sizes.low + sizes.high) / 2
    return Sizes(*joined(sizes._replace(high=middle), sizes._replace(low=middle)))
