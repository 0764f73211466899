"""The loss and the penalties of a model of any kind, with slopes, as a function of one vector."""

from collections.abc import Callable

import numpy as np

from geomsup.features import Features
from geomsup.loss.cells.losses import layer_losses
from geomsup.loss.objective import losses_of
from geomsup.optima.conditions.conditions import Conditions

__all__ = ["Objective", "Weights", "joined", "objective_of", "parted"]

Weights = tuple[np.ndarray, np.ndarray, np.ndarray]  # W and the decoder (n, m), the same array if tied; b (n,)
Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]
Slopes = tuple[float, np.ndarray, np.ndarray, np.ndarray]  # the loss, and its slopes by W, decoder and b
Losses = Callable[[np.ndarray, np.ndarray, np.ndarray], Slopes]


def joined(weights: Weights, tied: bool) -> np.ndarray:
    """Return the weights as one vector: W, the decoder if it is not tied, b."""
    W, decoder, b = weights
    return np.concatenate([W.ravel(), b] if tied else [W.ravel(), decoder.ravel(), b])


def parted(vector: np.ndarray, n: int, tied: bool) -> Weights:
    """Return the weights in a vector."""
    matrices, b = vector[:-n].reshape(1 if tied else 2, n, -1), vector[-n:]
    return matrices[0], matrices[-1], b


def objective_of(features: Features, conditions: Conditions, rtol: float, most_active: int | None = None) -> Objective:
    """Return f(vector) -> (loss and penalties, slopes); series to `rtol`.

    Of models with hidden ReLUs, `most_active` leaves out the inputs with more features present.
    """
    if conditions.hidden_activation == "relu":
        losses = _of_cells(features, conditions, most_active)
    else:
        losses = _of_outputs(features, conditions, rtol)
    tied, n = conditions.tied, features.n

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        W, decoder, b = parted(vector, n, tied)
        value, to_W, to_decoder, to_b = losses(W, decoder, b)
        penalty, push = _coherence(W, conditions.coherence)
        to_W = to_W + push
        gradient = joined((to_W + to_decoder if tied else to_W, to_decoder, to_b), tied)
        decay = conditions.weight_decay
        total = value + penalty + decay / 2 * float(vector @ vector)
        return total, gradient + decay * vector

    return objective


def _of_outputs(features: Features, conditions: Conditions, rtol: float) -> Losses:
    """Return the loss and its slopes of models whose hidden units are linear."""
    losses, importance = losses_of(features, conditions.activation, rtol, conditions.target), features.importance

    def found(W: np.ndarray, decoder: np.ndarray, b: np.ndarray) -> Slopes:
        value, slope, slope_b = losses(decoder, W, b)
        slope = importance[:, None] * slope
        return float(importance @ value), slope.T @ decoder, slope @ W, importance * slope_b

    return found


def _of_cells(features: Features, conditions: Conditions, most_active: int | None) -> Losses:
    """Return the same of models with hidden ReLUs, without biases of their own."""
    activations = conditions.hidden_activation, conditions.activation

    def found(W: np.ndarray, decoder: np.ndarray, b: np.ndarray) -> Slopes:
        weights = W, np.zeros(W.shape[1]), decoder, b
        losses = layer_losses(weights, activations, features, True, most_active, conditions.target)
        to_W, _, to_decoder, to_b = losses.grads
        return float(features.importance @ losses.by_active.sum(axis=1)), to_W, to_decoder, to_b

    return found


def _coherence(W: np.ndarray, factor: float) -> tuple[float, np.ndarray]:
    """Return λ Σ_{i<j} (w_i·w_j)² and its slopes by W."""
    gram = W @ W.T
    np.fill_diagonal(gram, 0.0)
    return factor * float((gram**2).sum()) / 2, 2 * factor * gram @ W  # every pair stands twice in the Gram matrix
