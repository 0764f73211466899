"""The expected loss as a function of one flat vector, for minimisers."""

from collections.abc import Callable

import numpy as np

from geomsup.features import Features
from geomsup.loss.exact import FAST, sets_needed
from geomsup.loss.expected import expected_loss
from geomsup.loss.plan import make_plan
from geomsup.model import ToyModel

__all__ = ["pack", "relu_objective", "unpack"]

# Relative accuracy of spectral losses while descending: well below what separates neighbouring minima.
DESCENT_RTOL = 1e-7


def pack(W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return W (n, m) and b (n,) as one vector."""
    return np.concatenate([W.ravel(), b])


def unpack(vector: np.ndarray, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return W and b of a packed vector."""
    return vector[:-n_features].reshape(n_features, -1), vector[-n_features:]


def relu_objective(features: Features) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Return f(vector) -> (loss, gradient) of the tied ReLU output model on `features`."""
    everything = np.ones((features.n, features.n))
    return _exact(features) if sets_needed(everything, features) <= FAST else _spectral(features)


def _exact(features: Features) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Go straight to the kernels: at this size building checked results would cost more than the loss."""
    from geomsup.loss.coupling import coupling_matrix
    from geomsup.loss.exact_kernels import exact_outputs

    importance, mean, plan = features.importance, features.mean, make_plan(features)
    size = features.root_mean_square

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        W, b = unpack(vector, features.n)
        coupling, surplus, _ = coupling_matrix(W, W, size)
        value, _, slope, slope_b = exact_outputs(coupling, surplus, b, 0.0, plan, mean, True)
        slope *= importance[:, None]
        return importance @ value, pack((slope + slope.T) @ W, importance * slope_b)

    return objective


def _spectral(features: Features) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        W, b = unpack(vector, features.n)
        result = expected_loss(ToyModel(W, b), features, gradient=True, rtol=DESCENT_RTOL)
        assert result.grad_W is not None
        assert result.grad_b is not None
        return result.value, pack(result.grad_W, result.grad_b)

    return objective
