"""Whether models near a digon and a row of its own lose as much as the best digon: many cells at once.

If the third row leaves its own direction, it hears the two others, and they hear it. What that costs must be more than
what the two others gain, as they need no longer be on one axis. The names are those of Theorem 12 in the docs.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geomsup.proofs.decoders.outputs import Box, above_best, best_biases, gain, one_minimum
from geomsup.proofs.decoders.scales import lost_by_weight

__all__ = ["NEAR", "spare_near_digons"]

Array = NDArray[np.float64]
Output = tuple[Box, tuple[Array, Array]]  # the box of an output that hears one other, and what its best bias is between

# Where it is asked: r at least, u between two numbers, the largest |t| between two, the sides of a cell at most.
LEAST_R, LEAST_U, MOST_U, LEAST_T, MOST_T, WIDEST = 0.8, -1.3, -0.75, 2.0**-16, 0.15, 1 / 32
LOPSIDED = 1 / 8  # the least |t| of a cell must be more than this times the largest for a bound that divides by it
NEAR = 1e-9  # to spare at least: a thousand operations on numbers below 1,000 lose less
# Ends of pieces of |M13| + |M23|, and of the third own weight from 1, both times the largest |t| of the cell.
HEARD = 1.06, 1.14, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.5, 9.0, np.inf
WEIGHTS = np.arange(-64, 65) / 16
PARTS = 8  # of the first of these pieces, for M13
LEAST_Q, MOST_Q = 0.7, 1.3  # of own weights: what is said of formulas outside of their range holds up to here


def spare_near_digons(cells: Array, p: float) -> Array:
    """Return a lower bound of what models of cells of r, t and u lose more than the best digon, up to a factor.

    It is the least over pieces of what is unknown, divided by t² or r t² q, and minus infinity where nothing is said.
    Rows of W must have squares up to 8, as those of models have that lose no more than the claim.
    """
    r, t, u = cells[:, 0:2], cells[:, 2:4], cells[:, 4:6]
    near = (r[:, 0] >= LEAST_R) & (u[:, 0] >= LEAST_U) & (u[:, 1] <= MOST_U)
    near &= (abs(t).max(axis=1) >= LEAST_T) & (abs(t).max(axis=1) <= MOST_T)
    near &= (cells[:, 1::2] - cells[:, ::2]).max(axis=1) <= WIDEST
    spare = np.full(len(cells), -np.inf)
    if near.any():
        spare[near] = _Near(cells[near], p).spare()
    return spare


class _Near:
    """Cells near the plane of a digon and a row of its own."""

    def __init__(self, cells: Array, p: float) -> None:
        self.p, self.V, self.ends = p, p / 3 - p * p / 4, cells
        self.r, r, t, most_t, u, most_u = cells.T
        self.tau = np.maximum(abs(t), abs(most_t))
        nearest = np.where(t * most_t > 0, np.minimum(abs(t), abs(most_t)), 0)
        self.nearest = np.where(nearest > LOPSIDED * self.tau, nearest, np.inf)
        self.s, self.most_s = -self.r * most_u, -r * u
        self.others = (self.r * self.s, r * self.most_s), (self.s / r, self.most_s / self.r)  # own weights if M13 = 0
        # Pieces x to X of the third own weight, what it costs by itself, and minus the least best bias.
        ends = 1 + self.tau[:, None] * WEIGHTS
        lost = lost_by_weight(ends, p) / self.tau[:, None] ** 2
        self.x, self.X = ends[:, :-1], ends[:, 1:]
        self.own = np.where((WEIGHTS[:-1] < 0) & (WEIGHTS[1:] > 0), 0, np.minimum(lost[:, :-1], lost[:, 1:]))
        self.below = np.maximum(self.X * (self.X - 1) / (self.X + 1), 0)
        # All that the two others can gain is p² t² X. Beyond the pieces the weight costs more.
        self.most_gain = p * p * self.X
        self.dear = self.own > self.most_gain + NEAR
        self.covered = self.dear[:, 0] & self.dear[:, -1]
        self.largest = np.where(self.dear, 0, self.X).max(axis=1)

    def spare(self) -> Array:
        """Return the least of what is to spare over all pieces."""
        least, below = np.where(self.covered, np.inf, -np.inf), 0.0
        for most in HEARD:
            outputs = self._outputs(most * self.tau)
            gained, valid = self._gained(outputs)
            found = self._little(most, outputs, gained) if not below else self._much(below, most, outputs, gained)
            found = np.where(self.dear, np.inf, found).min(axis=1)
            least, below = np.minimum(least, np.where(valid, found, -np.inf)), most
        return np.where(np.isnan(least), -np.inf, least)

    def _outputs(self, heard: Array) -> list[Output]:
        """Return the boxes of the first two outputs, and their biases, if |M13| and |M23| are at most so large."""
        found = list[Output]()
        for low, high in self.others:
            root = (self.tau * np.sqrt(self.largest) + np.sqrt(self.tau**2 * self.largest + 4 * high)) / 2
            off = self.tau * np.minimum(root * np.sqrt(self.largest), heard)
            box = Box(np.maximum(low - off, LEAST_Q / 2), high + off, self.s, self.most_s)
            found.append((box, best_biases(box, self.p)))
        return found

    def _gained(self, outputs: Sequence[Output]) -> tuple[Array, NDArray[np.bool_]]:
        """Return C, which bounds what is gained, in a column; and whether the boxes are such that bounds hold."""
        most_s = np.maximum(np.sqrt(outputs[0][0].most_q * outputs[1][0].most_q), self.most_s)
        gained, valid = np.zeros_like(self.s), most_s < MOST_Q
        for box, biases in outputs:
            valid &= (box.q > LEAST_Q) & (box.most_q < MOST_Q) & one_minimum(box, biases, self.p)
            gained += gain(box, biases, most_s, self.p)
        return gained[:, None], valid

    def _kappa(self, outputs: Sequence[Output], heard: Array) -> Array:
        """Return κ of the first two outputs, if what they hear of the third is at most so large."""
        most = heard * (1 + np.sqrt(self.V / (1 - self.p)))
        return np.minimum(*(above_best(box, biases[0], most, self.p) for box, biases in outputs))

    def _third(self, heard: Array, more: Array | float = 0.0) -> Array:
        """Return κ₃ of the third output in each piece, if what it hears is at most so large."""
        most = (heard * (1 + np.sqrt(self.V + more) / (1 - self.p)))[:, None]
        kappa = self.p * (1 - (most / 3 + self.below) * (1 / self.x + 1 / self.x**2))
        return np.where(most + self.below < self.x, np.maximum(kappa, 0), 0)

    def _little(self, most: float, outputs: Sequence[Output], gained: Array) -> Array:
        """Return what is to spare if |M13| + |M23| is at most so large: it is then nearly what t asks for."""
        heard, r = most * self.tau, self.r[:, None]
        kappas = [self._kappa(outputs, heard * part / PARTS) for part in range(1, PARTS + 1)]
        # r times this grows with r for the pairs of κ with the larger one last. Each pair occurs in both orders, so the
        # least end of r will do.
        with np.errstate(divide="ignore"):  # a κ of 0 leaves nothing
            both = np.min([1 / (1 / x + self.r**2 / y) for x, y in zip(kappas, kappas[::-1], strict=True)], axis=0)
        sides = [
            self.V * r * self.x * (both[:, None] + third / (1 + r**2)) + (self.own + lopsided) / self.X
            for third, lopsided in ((self._third(heard), 0.0), self._lopsided(heard))
        ]
        return np.maximum(*sides) - gained / 2 * (1 + (heard**2 / (4 * self.s))[:, None] / self.x)

    def _lopsided(self, heard: Array) -> tuple[Array, Array]:
        """Return κ₃, and what biases above the best one cost the third output besides, divided by t²."""
        up = self.ends[:, 2] > 0
        share = np.where(up, self.p, 1 - self.p)
        often = np.where(up, (1 - self.p) ** 2, self.p**2) * (1 - self.p)
        third = self._third(heard, share**2 / 4)
        nearest = self.nearest[:, None]
        mean = np.maximum(self.r[:, None] * self.x - ((1 - self.r) * heard)[:, None] / nearest, 0) / 2
        moved = np.maximum(share[:, None] * mean - self.below / nearest, 0)
        cost = third * often[:, None] / (third + often[:, None]) * moved**2
        return third, np.where(np.isinf(nearest), 0, cost)

    def _much(self, least: float, most: float, outputs: Sequence[Output], gained: Array) -> Array:
        """Return what is to spare if |M13| + |M23| is between two ends: part of it is enough, or the third output."""
        parts = [part for part in HEARD if part <= least]
        thirds = [self._third(part * self.tau) for part in parts]
        alone = np.max([self.V * third * part**2 / 2 for part, third in zip(parts, thirds, strict=True)], axis=0)
        costs = [
            self.V * (self._kappa(outputs, part * self.tau)[:, None] + third) * part**2 / 2
            for part, third in zip(parts, thirds, strict=True)
        ]
        share = self.X
        if np.isfinite(most):
            heard = most * self.tau
            costs.append(self.V * (self._kappa(outputs, heard)[:, None] + self._third(heard)) * least**2 / 2)
            share = (self.X + (heard**2 / (4 * self.s))[:, None]) / 2
        return np.maximum(np.max(costs, axis=0) + self.own - gained * share, alone + self.own - self.most_gain)
