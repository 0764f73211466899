"""Whether all planes of a cell lose enough: pieces of rows and biases are halved for that, in many cells at once."""

from fractions import Fraction

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
    taken,
)

__all__ = ["REGION", "Cells", "Claim"]

Array = NDArray[np.float64]
Truths = NDArray[np.bool_]

REGION = -1.0, 1.0, -1.0, 1.0  # of r and t: the first entry of the vector orthogonal to the plane is the largest
MARGIN = 1e-11  # of losses: a sum of a hundred numbers up to NEVER loses less by rounding
# What follows decides only how long a proof is. There are ROUNDS in which pieces are halved, if their bound is too far
# below the loss of the best one: by SPARE of the output's share of what is to spare, and at least FINE of the claim; or
# if nothing is to spare, by ROUGH of the claim. Pieces narrower than NARROW of the cell are not halved.
ROUNDS, SPARE, ROUGH, FINE, NARROW = 6, 0.7, 0.05, 0.002, 0.25
SIDES = 2 * CORNERS[:, :2] - 1


class Cells:
    """Cells of r and t, four ends in each row, with pieces of the rows that their planes may still have."""

    def __init__(self, ends: Array, pieces: Pieces) -> None:
        self.ends, self.pieces = ends, pieces

    @classmethod
    def region(cls) -> "Cells":
        """Return the region as one cell."""
        return cls(np.array([REGION]), in_cell(REGION))

    def far(self) -> Truths:
        """Whether |t| >= |r| in the whole cell, so that features can change places."""
        least = np.where(self.ends[:, 2] * self.ends[:, 3] > 0, abs(self.ends[:, 2:]).min(axis=1), 0)
        return abs(self.ends[:, :2]).max(axis=1) <= least

    def halves(self, which: Truths, along_t: Truths) -> "Cells":
        """Return both halves of some cells, one after the other, along r or t, with their pieces."""
        number, kept = np.cumsum(which) - 1, Pieces(*taken(self.pieces, which[self.pieces.cell]))
        ends = np.repeat(self.ends[which], 2, axis=0)
        at = 2 * np.repeat(along_t[which], 2)
        places = np.arange(len(ends))
        ends[places, at + (places % 2 == 0)] = (ends[places, at] + ends[places, at + 1]) / 2
        both = (kept._replace(cell=2 * number[kept.cell] + half) for half in (0, 1))
        return Cells(ends, Pieces(*joined(*both)))


class Claim:
    """Three features of probability p in the plane lose at least `least`, whatever the decoder is."""

    def __init__(self, p: Fraction, least: Fraction) -> None:
        self.p, self.exact_least, self.least = float(p), least, float(least)
        self.moments = Moments(FEATURES, self.p)
        if not (0 < self.p < 1 and 0 < self.least < self.p / 3 - self.p * self.p / 4):
            raise ValueError("the loss must be less than that of a feature that is dropped")

    def holds(self, cells: Cells) -> Truths:
        """Whether all planes lose enough, or cells are far. Pieces of cells are halved and dropped for that."""
        done = cells.far()
        pieces = Pieces(*taken(cells.pieces, ~done[cells.pieces.cell]))
        found = bounds(pieces, cells.ends, self.p, self.moments)
        for turn in range(ROUNDS):
            if not len(pieces.cell):
                break
            pieces, found = self._kept(pieces, found, done)
            wanted = self._wanted(pieces, found, cells.ends, done)
            if turn == ROUNDS - 1 or not wanted.any():
                break
            new = halved(Pieces(*taken(pieces, wanted)))
            more = bounds(new, cells.ends, self.p, self.moments)
            pieces = Pieces(*joined(taken(pieces, ~wanted), new))
            found = Bounds(*joined(taken(found, ~wanted), more))
        cells.pieces = Pieces(*taken(pieces, ~done[pieces.cell]))
        return done

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
        slopes = np.einsum("pki,kd->pid", np.clip(found.corners, 0, 1), SIDES) / len(SIDES)
        planes = np.zeros((*best.shape, 2))
        for i in range(FEATURES):
            those = about[:, i] <= best[cell, i]
            planes[cell[those], i] = slopes[those, i]
        steep = abs(planes).sum(axis=2)
        plain = (found.corners - np.einsum("pid,kd->pki", planes[cell], SIDES)).min(axis=1)
        plain -= steep[cell] * found.tilted[:, None]
        values = np.where(use, np.maximum(plain, found.least - steep[cell]), NEVER)
        tilt = abs(planes.sum(axis=1)).sum(axis=1)
        done |= _least(values, pieces, len(ends)).sum(axis=1) - tilt >= self.least + MARGIN
        spare = best.sum(axis=1) - tilt - self.least
        short = np.where(spare > 0, np.maximum(SPARE * spare / FEATURES, FINE * self.least), ROUGH * self.least)
        wanted = use & (np.maximum(values, found.least) < best[cell] - short[cell, None]) & ~done[cell, None]
        width = np.where(np.isinf(pieces.c[:, 1]), 0, pieces.c[:, 1] - pieces.c[:, 0])
        sides = np.maximum(ends[:, 1] - ends[:, 0], ends[:, 3] - ends[:, 2])
        return wanted.any(axis=1) & (np.maximum(width, pieces.s[:, 1] - pieces.s[:, 0]) > NARROW * sides[cell])


def _least(values: Array, pieces: Pieces, number: int) -> Array:
    """Return the least of the values in each cell."""
    least = np.full((number, FEATURES), NEVER)
    np.minimum.at(least, pieces.cell, values)
    return least
