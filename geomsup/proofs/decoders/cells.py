"""Whether all models of a cell lose enough: pieces of rows and biases are halved for that, in many cells at once.

A cell is a box of r and t, and if decoders are W, also of u: the planes orthogonal to (1, r, r t), and M12 = r u.
"""

from fractions import Fraction
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from geomsup.proofs.decoders.moments import Moments
from geomsup.proofs.decoders.pieces import (
    CORNERS,
    FEATURES,
    NEVER,
    Bounds,
    Pieces,
    bounds,
    halved,
    in_cell,
    joined,
    over_corners,
    taken,
)
from geomsup.proofs.decoders.scales import largest_square

__all__ = ["PRODUCTS", "REGION", "Cells", "Claim"]

Array = NDArray[np.float64]
Truths = NDArray[np.bool_]

REGION = -1.0, 1.0, -1.0, 1.0  # of r and t: the entries of the vector orthogonal to the plane are in order
LARGEST = 8.0  # square of a row of W
PRODUCTS = -2 * LARGEST, 2 * LARGEST  # of u, if the decoder is W
MARGIN = 2e-12  # of losses: what bounds of three outputs and their planes lose by rounding is less
# What follows decides only how long a proof is. There are ROUNDS in which pieces are halved, if their bound is too far
# below the loss of the best one: by SPARE of the output's share of what is to spare; or if nothing is to spare, by
# ROUGH of the claim. Pieces narrower than NARROW of the cell are not halved; or than half of that, if less than NEARLY
# times what is to spare is missing.
ROUNDS, SPARE, ROUGH, NARROW, NEARLY = 6, 0.7, 0.02, 0.5, 2
TIE = 1e-12  # of losses of pieces, which are the same in mirrored ones but for rounding
CHUNK = 2048  # pieces at a time: the arrays of one pass then fit into a cache
SIDES = 2 * CORNERS[:, :2] - 1


class Cells:
    """Cells, with four or six ends in each row, and pieces of the rows that their planes may still have."""

    def __init__(self, ends: Array, pieces: Pieces) -> None:
        self.ends, self.pieces = ends, pieces

    @classmethod
    def region(cls, tied: bool = False, axis: bool = False) -> "Cells":
        """Return the region as one cell."""
        return cls(np.array([[*REGION, *(PRODUCTS if tied else ())]]), in_cell(REGION, axis))

    def ask(self, which: Truths) -> None:
        """Drop the pieces of all other cells, of which nothing is asked then."""
        self.pieces = Pieces(*taken(self.pieces, which[self.pieces.cell]))

    def halves(self, which: Truths, axes: NDArray[np.intp]) -> "Cells":
        """Return both halves of some cells, one after the other, along r, t or u (0 to 2), with their pieces."""
        number, kept = np.cumsum(which) - 1, Pieces(*taken(self.pieces, which[self.pieces.cell]))
        ends = np.repeat(self.ends[which], 2, axis=0)
        at = 2 * np.repeat(axes[which], 2)
        places = np.arange(len(ends))
        ends[places, at + (places % 2 == 0)] = (ends[places, at] + ends[places, at + 1]) / 2
        both = (kept._replace(cell=2 * number[kept.cell] + half) for half in (0, 1))
        return Cells(ends, Pieces(*joined(*both)))


class Claim:
    """Three features of probability p in the plane lose at least `least`: with any decoder, or with W as it.

    On an axis it is any decoder.
    """

    def __init__(
        self, p: Fraction, least: Fraction, tied: bool = False, axis: bool = False, spare: float = 0.0
    ) -> None:
        self.p, self.exact_least, self.least, self.tied, self.axis = float(p), least, float(least), tied, axis
        self.enough = self.least + MARGIN
        self.clearly = self.enough + spare  # for cells of a maker, so that a checker needn't round as it did
        self.moments = Moments(FEATURES, self.p)
        dropped, number = ("three features that are dropped", 3) if axis else ("a feature that is dropped", 1)
        if not (0 < self.p < 1 and 0 < self.least < number * (self.p / 3 - self.p * self.p / 4)):
            raise ValueError(f"the loss must be less than that of {dropped}")
        self.most = largest_square(self.p, self.least) if tied else np.inf
        if tied and not self.most <= LARGEST:
            raise ValueError(f"no row of W may have a square above {LARGEST:g}; got one of {self.most:g}")

    def holds(self, cells: Cells) -> Truths:
        """Whether all models of the cells lose enough. Pieces of cells are halved and dropped for that.

        A cell without pieces has no models that are left, so it is True.
        """
        pieces = cells.pieces
        done = np.bincount(pieces.cell, minlength=len(cells.ends)) == 0
        found = self._bounds(pieces, cells)
        for turn in range(ROUNDS):
            if not len(pieces.cell):
                break
            pieces, found = self._kept(pieces, found, done)
            wanted, changed = self._wanted(pieces, found, cells.ends, done)
            if turn == ROUNDS - 1 or not changed:  # else a cell would depend on others, which are still changed
                break
            new = halved(Pieces(*taken(pieces, wanted)))
            more = self._bounds(new, cells)
            pieces = Pieces(*joined(taken(pieces, ~wanted), new))
            found = Bounds(*joined(taken(found, ~wanted), more))
        cells.pieces = Pieces(*taken(pieces, ~done[pieces.cell]))
        return done

    def _bounds(self, pieces: Pieces, cells: Cells) -> Bounds:
        slices = [slice(k, k + CHUNK) for k in range(0, max(len(pieces.cell), 1), CHUNK)]
        parts = (Pieces(*taken(pieces, some)) for some in slices)
        return Bounds(*joined(*(bounds(part, cells.ends, self.p, self.moments, self.most) for part in parts)))

    def _kept(self, pieces: Pieces, found: Bounds, done: Truths) -> tuple[Pieces, Bounds]:
        """Return pieces without those with which all three outputs lose enough, the two others at their best."""
        least = np.where(pieces.use, found.least, NEVER)
        best = _least(least, pieces, len(done))
        others = best.sum(axis=1, keepdims=True) - best
        use = pieces.use & ~(least + others[pieces.cell] >= self.enough)
        some = np.zeros(best.shape, dtype=bool)
        np.logical_or.at(some, pieces.cell, use)
        done |= ~some.all(axis=1)
        kept = use.any(axis=1) & ~done[pieces.cell]
        return Pieces(*taken(pieces._replace(use=use), kept)), Bounds(*taken(found, kept))

    def _wanted(self, pieces: Pieces, found: Bounds, ends: Array, done: Truths) -> tuple[Truths, bool]:
        """Return which pieces to halve, after planes have been subtracted from the losses along r and t.

        Pieces with which all lose enough then are no longer used. Also return whether anything is changed by all this.
        """
        cell, use = pieces.cell, pieces.use
        about = np.where(use, found.about, NEVER)
        best = _least(about, pieces, len(ends))
        # The planes may be any. These are those of the pieces that are best in the middle.
        planes = np.zeros((*best.shape, 2))
        for i in range(FEATURES):
            those = about[:, i] <= best[cell, i] + TIE  # the last of them, whatever their last digits are
            planes[cell[those], i] = np.clip(found.corners[those, :, i], 0, 1) @ SIDES / len(SIDES)
        steep = abs(planes).sum(axis=2)
        plain = _less_planes(found.corners, planes, cell)
        plain -= steep[cell] * found.tilted
        values = np.where(use, np.maximum(plain, found.least - steep[cell]), NEVER)
        tilt = abs(planes.sum(axis=1)).sum(axis=1)
        least = _least(values, pieces, len(ends))
        whole = least.sum(axis=1) - tilt
        done |= whole >= self.clearly
        # With such a piece all three outputs lose enough, too.
        enough = use & (values + (whole[:, None] - least)[cell] >= self.enough)
        use &= ~enough
        spare = best.sum(axis=1) - tilt - self.least
        short = np.where(spare > 0, SPARE * spare / FEATURES, ROUGH * self.least)
        wanted = use & (np.maximum(values, found.least) < best[cell] - short[cell, None]) & ~done[cell, None]
        width = np.where(np.isinf(pieces.c[:, 1]), 0, pieces.c[:, 1] - pieces.c[:, 0])
        sides = np.maximum(ends[:, 1] - ends[:, 0], ends[:, 3] - ends[:, 2])
        narrow = NARROW * sides * np.where(whole + NEARLY * spare > self.least, 0.5, 1)
        halve = wanted.any(axis=1) & (np.maximum(width, pieces.s[:, 1] - pieces.s[:, 0]) > narrow[cell])
        return halve, bool(halve.any() or (enough.any(axis=1) & ~done[cell]).any())


def _less_planes(corners: Array, planes: Array, cell: NDArray[np.intp]) -> Array:
    """Return the least of the losses in corners, less the planes of cells along r and t, which four corners share."""
    least = over_corners(np.minimum, np.swapaxes(corners.reshape(len(corners), 4, 4, FEATURES), 1, 2))
    return reduce(np.minimum, [least[:, k] - (planes @ side)[cell] for k, side in enumerate(SIDES[::4])])


def _least(values: Array, pieces: Pieces, number: int) -> Array:
    """Return the least of the values in each cell."""
    least = np.full(number * FEATURES, NEVER)
    places = FEATURES * pieces.cell[:, None] + np.arange(FEATURES)
    np.minimum.at(least, places.ravel(), values.ravel())  # NumPy is slow where places are rows
    return least.reshape(number, FEATURES)
