"""The setting of a phase diagram: n features alike but for the importance of the last, and descents in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.loss.objective import pack, unpack
from geomsup.model import ToyModel
from geomsup.optima.conditions.conditions import Conditions, squared_products
from geomsup.optima.descent import COARSE, FINE, End
from geomsup.phases.descents import compiled, is_compiled, one_by_one
from geomsup.phases.dropped import dropped
from geomsup.phases.gauges import balanced, middle, rotated, with_columns_in_order
from geomsup.phases.names import apart, distance, phase_name

__all__ = ["Cell", "Setting"]

# A row shorter than this (relative to the longest) may be a feature that the descent has not quite dropped. So the
# dropped feature itself is tried, and kept if it loses no more than a rounding error. At a second-order transition rows
# above some 2e-3 then stay.
VANISHING = 0.1
TIE = 1e-12

Cell = tuple[float, float]  # probability and importance of the last feature


@dataclass(frozen=True)
class Setting:
    """n features with one probability p and importances (1, ..., 1, I), stored in m dimensions by models of one kind.

    The loss of a state is what is minimised: the expected loss with its penalty, as in `optimum`. The rows of a state
    are those of W. Of an untied model each holds the row of the encoder and then that of the decoder, `balanced`, as
    (A M, B M⁻ᵀ) is the same model for every M.
    """

    n: int
    m: int
    conditions: Conditions = field(default=Conditions())

    def features(self, cell: Cell) -> Features:
        """Return the features at (p, I)."""
        return Features(self.n, cell[0], np.append(np.ones(self.n - 1), cell[1]))

    def model(self, W: np.ndarray, b: np.ndarray) -> ToyModel:
        """Return the model of a state."""
        return self.conditions.model(W[:, : self.m], W[:, -self.m :], b)

    def loss(self, cell: Cell, model: ToyModel) -> float:
        """Return what is minimised of a model at one cell."""
        return float(expected_loss(model, self.features(cell), target=self.conditions.target)) + float(
            self.penalty(model.W)
        )

    def penalty(self, W: np.ndarray) -> np.ndarray:
        """Return what is added to the losses of models ``(..., n, m)``."""
        return self.conditions.coherence * squared_products(W)

    def rows(self, W: np.ndarray) -> np.ndarray:
        """Return the rows that phases are named by, ``(..., n, m)``: W, or the middle of encoder and decoder."""
        return W if self.conditions.tied else middle(W)

    def name(self, W: np.ndarray) -> str:
        """Return the name of a state's structure."""
        return phase_name(self.rows(W))

    def distance(self, a: np.ndarray, b: np.ndarray) -> float:
        """Return how far two states are apart, encoders and decoders together."""
        return distance(self._whole(a), self._whole(b))

    def apart(self, a: np.ndarray, b: np.ndarray) -> bool:
        """Tell whether two states differ by more than what neighbouring cells of one phase usually do."""
        return apart(self._whole(a), self._whole(b))

    def differ(self, a: np.ndarray, b: np.ndarray) -> bool:
        """Tell whether two states are not one that moved a little."""
        return self.apart(a, b) or self.name(a) != self.name(b)

    def standing(self, W: np.ndarray) -> np.ndarray:
        """Return the weights of the same model as they are shown: of those that only differ by a rotation, one.

        Hidden ReLUs cannot be rotated, only be put in another order.
        """
        if self.conditions.hidden_activation == "relu":
            return with_columns_in_order(W)
        return rotated(W, self.rows(W))

    def _whole(self, W: np.ndarray) -> np.ndarray:
        """Return rows whose products are those of W, or the mean of those of encoder and decoder."""
        return W if self.conditions.tied else W / 2**0.5

    def descend_all(
        self, p: float, importance: np.ndarray, starts: np.ndarray, slope: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Descend from packed starts (k, ...), each with its own importance (k,); return losses and ends.

        Features whose rows are 0 are dropped for good: they predict their mean, and only the others descend. (Their
        slopes vanish but for rounding, which long descents near a transition would let grow.)
        """
        n, conditions = self.n, self.conditions
        bias, lost = dropped(p, conditions)
        weights = np.ones((len(starts), n))
        weights[:, -1] = importance
        cost = lost * weights.sum(axis=1)
        W, b = starts[:, :-n].reshape(len(starts), n, -1), starts[:, -n:]
        stored = W.any(axis=2)
        losses = np.zeros(len(starts))
        new_W, new_b = np.zeros_like(W), np.full((len(starts), n), bias)
        descents = compiled if is_compiled(conditions) else one_by_one
        for pattern in np.unique(stored, axis=0):
            which, kept = (stored == pattern).all(axis=1), np.flatnonzero(pattern)
            losses[which] = lost * weights[np.ix_(which, ~pattern)].sum(axis=1)
            if len(kept):
                cells = np.ix_(which, kept)
                loss, new_W[cells], new_b[cells] = descents(
                    conditions, p, W[cells], b[cells], weights[cells], cost[which], slope
                )
                losses[which] += loss
        if not conditions.tied:
            new_W = balanced(new_W)
        return losses, np.concatenate([new_W.reshape(len(starts), -1), new_b], axis=1)

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
        b = np.where(gone, dropped(cell[0], self.conditions).bias, state.b)
        simpler = self.descend(cell, [pack(W, b)], slope)[0]
        return simpler if simpler.loss <= state.loss * (1 + TIE) else state
