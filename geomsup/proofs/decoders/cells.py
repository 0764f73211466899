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
MARGIN = 1e-11  # of losses: a sum of a hundred numbers up to NEVER loses less by rounding
# What follows decides only how long a proof is. There are ROUNDS in which pieces are halved, if their bound is too far
# below the loss of the best one: by SPARE of the output's share of what is to spare, and at least `fine` of the claim,
# which is FINE, or SHARP of the gap; or if nothing is to spare, by ROUGH of the claim. Pieces narrower than NARROW of
# the cell are not halved.
ROUNDS, SPARE, ROUGH, FINE, SHARP, NARROW = 6, 0.7, 0.02, 0.0005, 0.2, 0.25
CHUNK = 2048  # pieces at a time: the arrays of one pass then fit into a cache
SIDES = 2 * CORNERS[:, :2] - 1


class Cells:
    """Cells, with four or six ends in each row, and pieces of the rows that their planes may still have."""

    def __init__(self, ends: Array, pieces: Pieces) -> None:
        self.ends, self.pieces = ends, pieces

    @classmethod
    def region(cls, tied: bool = False) -> "Cells":
        """Return the region as one cell."""
        return cls(np.array([[*REGION, *(PRODUCTS if tied else ())]]), in_cell(REGION))

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
    """Three features of probability p in the plane lose at least `least`: with any decoder, or with W as it."""

    def __init__(self, p: Fraction, least: Fraction, tied: bool = False, gap: float = 0.0) -> None:
        self.p, self.exact_least, self.least, self.tied = float(p), least, float(least), tied
        self.fine = min(FINE, SHARP * gap) if gap else FINE
        self.moments = Moments(FEATURES, self.p)
        if not (0 < self.p < 1 and 0 < self.least < self.p / 3 - self.p * self.p / 4):
            raise ValueError("the loss must be less than that of a feature that is dropped")
        self.most = largest_square(self.p, self.least) if tied else np.inf
        if tied and not self.most <= LARGEST:
            raise ValueError(f"no row of W may have a square above {LARGEST:g}; got one of {self.most:g}")

    def holds(self, cells: Cells) -> Truths:
        """Whether all models of the cells lose enough. Pieces of cells are halved and dropped for that."""
        pieces = cells.pieces
        done = np.bincount(pieces.cell, minlength=len(cells.ends)) == 0
        found = self._bounds(pieces, cells)
        for turn in range(ROUNDS):
            if not len(pieces.cell):
                break
            pieces, found = self._kept(pieces, found, done)
            wanted = self._wanted(pieces, found, cells.ends, done)
            if turn == ROUNDS - 1 or not wanted.any():
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
        use = pieces.use & ~(least + others[pieces.cell] >= self.least + MARGIN)
        some = np.zeros(best.shape, dtype=bool)
        np.logical_or.at(some, pieces.cell, use)
        done |= ~some.all(axis=1)
        kept = use.any(axis=1) & ~done[pieces.cell]
        return Pieces(*taken(pieces._replace(use=use), kept)), Bounds(*taken(found, kept))

    def _wanted(self, pieces: Pieces, found: Bounds, ends: Array, done: Truths) -> Truths:
        """Return which pieces to halve, after planes have been subtracted from the losses along r and t."""
        cell, use = pieces.cell, pieces.use
        about = np.where(use, found.about, NEVER)
        best = _least(about, pieces, len(ends))
        # The planes may be any. These are those of the pieces that are best in the middle.
        planes = np.zeros((*best.shape, 2))
        for i in range(FEATURES):
            those = about[:, i] <= best[cell, i]
            planes[cell[those], i] = np.clip(found.corners[those, :, i], 0, 1) @ SIDES / len(SIDES)
        steep = abs(planes).sum(axis=2)
        plain = _less_planes(found.corners, planes[cell])
        plain -= steep[cell] * found.tilted
        values = np.where(use, np.maximum(plain, found.least - steep[cell]), NEVER)
        tilt = abs(planes.sum(axis=1)).sum(axis=1)
        done |= _least(values, pieces, len(ends)).sum(axis=1) - tilt >= self.least + MARGIN
        spare = best.sum(axis=1) - tilt - self.least
        short = np.where(spare > 0, np.maximum(SPARE * spare / FEATURES, self.fine * self.least), ROUGH * self.least)
        wanted = use & (np.maximum(values, found.least) < best[cell] - short[cell, None]) & ~done[cell, None]
        width = np.where(np.isinf(pieces.c[:, 1]), 0, pieces.c[:, 1] - pieces.c[:, 0])
        sides = np.maximum(ends[:, 1] - ends[:, 0], ends[:, 3] - ends[:, 2])
        return wanted.any(axis=1) & (np.maximum(width, pieces.s[:, 1] - pieces.s[:, 0]) > NARROW * sides[cell])


def _less_planes(corners: Array, planes: Array) -> Array:
    """Return the least of the losses in corners, less planes along r and t, which four corners in a row share."""
    least = over_corners(np.minimum, np.swapaxes(corners.reshape(len(corners), 4, 4, FEATURES), 1, 2))
    both = [least[:, k] - (planes * side).sum(axis=2) for k, side in enumerate(SIDES[::4])]
    return reduce(np.minimum, both)


def _least(values: Array, pieces: Pieces, number: int) -> Array:
    """Return the least of the values in each cell."""
    least = np.full((number, FEATURES), NEVER)
    np.minimum.at(least, pieces.cell, values)
    return least
