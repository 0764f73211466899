"""The loss and the penalties of a model of any kind, with slopes, as a function of one vector."""

from collections.abc import Callable

import numpy as np

from geomsup.features import Features
from geomsup.loss.objective import losses_of
from geomsup.optima.conditions.conditions import Conditions

__all__ = ["Objective", "Weights", "joined", "objective_of", "parted"]

Weights = tuple[np.ndarray, np.ndarray, np.ndarray]  # W and the decoder (n, m), the same array if tied; b (n,)
Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]


def joined(weights: Weights, tied: bool) -> np.ndarray:
    """Return the weights as one vector: W, the decoder if it is not tied, b."""
    W, decoder, b = weights
    return np.concatenate([W.ravel(), b] if tied else [W.ravel(), decoder.ravel(), b])


def parted(vector: np.ndarray, n: int, tied: bool) -> Weights:
    """Return the weights in a vector."""
    matrices, b = vector[:-n].reshape(1 if tied else 2, n, -1), vector[-n:]
    return matrices[0], matrices[-1], b


def objective_of(features: Features, conditions: Conditions, rtol: float) -> Objective:
    """Return f(vector) -> (loss and penalties, slopes); series to `rtol`."""
    losses = losses_of(features, conditions.activation, rtol)
    importance, tied, n = features.importance, conditions.tied, features.n

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        W, decoder, b = parted(vector, n, tied)
        value, slope, slope_b = losses(decoder, W, b)
        slope = importance[:, None] * slope
        to_W, to_decoder = slope.T @ decoder, slope @ W
        penalty, push = _coherence(W, conditions.coherence)
        to_W = to_W + push
        gradient = joined((to_W + to_decoder if tied else to_W, to_decoder, importance * slope_b), tied)
        decay = conditions.weight_decay
        total = float(importance @ value) + penalty + decay / 2 * float(vector @ vector)
        return total, gradient + decay * vector

    return objective


def _coherence(W: np.ndarray, factor: float) -> tuple[float, np.ndarray]:
    """Return λ Σ_{i<j} (w_i·w_j)² and its slopes by W."""
    gram = W @ W.T
    np.fill_diagonal(gram, 0.0)
    return factor * float((gram**2).sum()) / 2, 2 * factor * gram @ W  # every pair stands twice in the Gram matrix
