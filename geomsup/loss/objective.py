"""The expected loss as a function of one flat vector, for minimisers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.loss.exact import FAST, sets_needed
from geomsup.loss.plan import make_plan
from geomsup.loss.spectral import spectral_losses
from geomsup.threads import stop_flag

__all__ = ["SERIES_RTOL", "has_few_sets", "pack", "relu_objective", "unpack"]

# Relative accuracy of series in descents: well below the difference of neighbouring minima.
SERIES_RTOL = 1e-7


def pack(W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return W (n, m) and b (n,) as one vector."""
    return np.concatenate([W.ravel(), b])


def unpack(vector: np.ndarray, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return W and b of a packed vector."""
    return vector[:-n_features].reshape(n_features, -1), vector[-n_features:]


def relu_objective(features: Features, rtol: float = SERIES_RTOL) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Return f(vector) -> (loss, gradient) of the tied ReLU output model on `features`; series to `rtol`."""
    weights = [weight for weight, _ in features.parts]
    parts = [_exact(part) if has_few_sets(part) else _spectral(part, rtol) for _, part in features.parts]
    if len(parts) == 1:
        return parts[0]

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        losses, gradients = zip(*(part(vector) for part in parts), strict=True)
        return float(np.dot(weights, losses)), np.einsum("k,k...->...", weights, np.array(gradients))

    return objective


def has_few_sets(features: Features) -> bool:
    """Whether the sets of present features are few enough for the exact method to be the quick one.

    Sets of features that are given by hidden states are not few.
    """
    return len(features.parts) == 1 and sets_needed(np.ones((features.n, features.n)), features) <= FAST


def _exact(features: Features) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Go straight to the kernels: at this size building checked results would cost more than the loss."""
    from geomsup.loss.exact_kernels import exact_outputs

    plan, mean = make_plan(features), np.array(features.mean)

    def losses(G: np.ndarray, surplus: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        return exact_outputs(G, surplus, b, 0.0, plan, mean, True, stop_flag())

    return _objective(features, losses)


def _spectral(features: Features, rtol: float) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Go straight to the series, to an accuracy of about `rtol`: a descent wants neither bounds nor refusals."""

    def losses(G: np.ndarray, surplus: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, ...]:
        result = spectral_losses(G, surplus, b, 0.0, features, rtol, True)
        return result.value, result.error, result.slope_coupling, result.slope_b

    return _objective(features, losses)


def _objective(features: Features, losses: Callable[..., tuple[np.ndarray, ...]]) -> Any:
    from geomsup.loss.coupling import coupling_matrix

    importance, size = features.importance, features.root_mean_square

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        W, b = unpack(vector, features.n)
        coupling, surplus, _ = coupling_matrix(W, W, size)
        value, _, slope, slope_b = losses(coupling, surplus, b)
        slope *= importance[:, None]
        return float(importance @ value), pack((slope + slope.T) @ W, importance * slope_b)

    return objective
