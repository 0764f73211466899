"""The setting of a phase diagram: n features alike but for the importance of the last, and descents in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.loss.objective import pack, unpack
from geomsup.loss.plan import Inputs, make_inputs
from geomsup.optima.conditions.conditions import squared_products
from geomsup.optima.descent import COARSE, FINE, MOST_STEPS, End
from geomsup.threads import check_stop, stop_flag

__all__ = ["Cell", "Setting"]

# A row shorter than this (relative to the longest) may be a feature that the descent has not quite dropped. So the
# dropped feature itself is tried, and kept if it loses no more than a rounding error. At a second-order transition rows
# above some 2e-3 then stay.
VANISHING = 0.1
TIE = 1e-12

Cell = tuple[float, float]  # probability and importance of the last feature


@dataclass(frozen=True)
class Setting:
    """n features with one probability p and importances (1, ..., 1, I), stored in m dimensions; outputs, and a penalty.

    The penalty is that of `optimum`. The loss of a state is what is minimised: the expected loss with it.
    """

    n: int
    m: int
    activation: str = "relu"
    coherence: float = 0.0

    def features(self, cell: Cell) -> Features:
        """Return the features at (p, I)."""
        return Features(self.n, cell[0], np.append(np.ones(self.n - 1), cell[1]))

    def descend_all(
        self, p: float, importance: np.ndarray, starts: np.ndarray, slope: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Descend from packed starts (k, n m + n), each with its own importance (k,); return losses and ends.

        Features whose rows are 0 are dropped for good: they predict their mean, and only the others descend. (Their
        slopes vanish but for rounding, which long descents near a transition would let grow.)
        """
        from geomsup.phases.kernels import descend_all

        n, m = self.n, self.m
        inputs, variance = _inputs(n, p, self.activation)
        weights = np.ones((len(starts), n))
        weights[:, -1] = importance
        cost = variance * weights.sum(axis=1)
        W, b = starts[:, : n * m].reshape(-1, n, m), starts[:, n * m :]
        stored = W.any(axis=2)
        losses = np.zeros(len(starts))
        new_W, new_b = np.zeros_like(W), np.tile(inputs.mean, (len(starts), 1))
        for pattern in np.unique(stored, axis=0):
            which, kept = (stored == pattern).all(axis=1), np.flatnonzero(pattern)
            losses[which] = variance * weights[np.ix_(which, ~pattern)].sum(axis=1)
            if len(kept):
                cells = np.ix_(which, kept)
                reduced = np.concatenate([W[cells].reshape(int(which.sum()), -1), b[cells]], axis=1)
                of_kept, _ = _inputs(len(kept), p, self.activation)
                own = weights[cells] / cost[which, None]
                loss, ends = descend_all(
                    reduced, own, self.coherence / cost[which], len(kept), m, of_kept, slope, MOST_STEPS, stop_flag()
                )
                check_stop()
                losses[which] += cost[which] * loss
                new_W[cells] = ends[:, : len(kept) * m].reshape(-1, len(kept), m)
                new_b[cells] = ends[:, len(kept) * m :]
        return losses, np.concatenate([new_W.reshape(len(starts), -1), new_b], axis=1)

    def penalty(self, W: np.ndarray) -> np.ndarray:
        """Return what is added to the losses of models ``(..., n, m)``."""
        return self.coherence * squared_products(W)

    def descend(self, cell: Cell, starts: Sequence[np.ndarray], slope: float = COARSE) -> list[End]:
        """Descend from packed starts at one cell."""
        losses, ends = self.descend_all(cell[0], np.full(len(starts), cell[1]), np.array(starts), slope)
        return [End(float(loss), *unpack(end, self.n)) for loss, end in zip(losses, ends, strict=True)]

    def follow(self, cell: Cell, state: End, slope: float = FINE) -> End:
        """Descend from a state found elsewhere, to full accuracy, and drop the rows that vanished."""
        return self.tidy(cell, self.descend(cell, [pack(state.W, state.b)], slope)[0], slope)

    def tidy(self, cell: Cell, state: End, slope: float = FINE) -> End:
        """Return the state with its vanishing rows at exactly 0, if the loss does not rise."""
        norms = np.linalg.norm(state.W, axis=1)
        gone = norms < VANISHING * norms.max()
        if not gone.any() or not norms[gone].any():
            return state
        W = np.where(gone[:, None], 0.0, state.W)
        b = np.where(gone, cell[0] / 2, state.b)
        simpler = self.descend(cell, [pack(W, b)], slope)[0]
        return simpler if simpler.loss <= state.loss * (1 + TIE) else state


@lru_cache(maxsize=512, typed=True)
def _inputs(n: int, probability: float, activation: str) -> tuple[Inputs, float]:
    """Return what the kernel needs and does not depend on the importance, and the variance of a feature."""
    features = Features(n, probability)
    return make_inputs(features, LEAKS[activation]), float(features.variance[0])
