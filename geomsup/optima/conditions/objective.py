"""The loss and the penalties of a model of any kind, with slopes, as a function of one vector."""

from collections.abc import Callable

import numpy as np

from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.loss.objective import has_few_sets
from geomsup.loss.plan import make_plan
from geomsup.loss.spectral import spectral_losses
from geomsup.optima.conditions.conditions import Conditions
from geomsup.threads import stop_flag

__all__ = ["Objective", "Weights", "joined", "objective_of", "parted"]

Weights = tuple[np.ndarray, np.ndarray, np.ndarray]  # W and the decoder (n, m), the same array if tied; b (n,)
Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]
Losses = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


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
    from geomsup.loss.coupling import coupling_matrix

    losses = _losses(features, conditions.activation, rtol)
    importance, size, tied, n = features.importance, features.root_mean_square, conditions.tied, features.n

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        W, decoder, b = parted(vector, n, tied)
        coupling, surplus, _ = coupling_matrix(decoder, W, size)
        value, slope, slope_b = losses(coupling, surplus, b)
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


def _losses(features: Features, activation: str, rtol: float) -> Losses:
    """Return the engine for an output activation, from couplings and biases to losses and slopes."""
    if activation not in LEAKS:
        from geomsup.loss.numeric import numeric_losses

        def numeric(G: np.ndarray, surplus: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            found = numeric_losses(G, b, activation, features, rtol, True)
            return found.value, found.slope_coupling, found.slope_b

        return numeric
    leak = LEAKS[activation]
    if not has_few_sets(features):

        def series(G: np.ndarray, surplus: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            found = spectral_losses(G, surplus, b, leak, features, rtol, True)
            return found.value, found.slope_coupling, found.slope_b

        return series
    from geomsup.loss.exact_kernels import exact_outputs

    plan, mean = make_plan(features), np.array(features.mean)

    def exact(G: np.ndarray, surplus: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        value, _, slope, slope_b = exact_outputs(G, surplus, b, leak, plan, mean, True, stop_flag())
        return value, slope, slope_b

    return exact
