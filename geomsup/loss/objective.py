"""The expected loss as a function of one flat vector, for minimisers."""

from collections.abc import Callable

import numpy as np

from geomsup.activations import LEAKS, resolve_activation
from geomsup.features import Features
from geomsup.loss.exact import FAST, sets_needed
from geomsup.loss.gauss import gauss_losses, is_within_reach, make_nodes
from geomsup.loss.halves.states import Half, halves_of
from geomsup.loss.plan import make_plan
from geomsup.loss.spectral import spectral_losses
from geomsup.loss.targets.descents import losses_to
from geomsup.threads import stop_flag

__all__ = ["SERIES_RTOL", "has_few_sets", "losses_of", "pack", "relu_objective", "sets_of_all", "unpack"]

# Relative accuracy of series in descents: well below the difference of neighbouring minima.
SERIES_RTOL = 1e-7

Slopes = tuple[np.ndarray, np.ndarray, np.ndarray]
Losses = Callable[[np.ndarray, np.ndarray, np.ndarray], Slopes]


def pack(W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return W (n, m) and b (n,) as one vector."""
    return np.concatenate([W.ravel(), b])


def unpack(vector: np.ndarray, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return W and b of a packed vector."""
    return vector[:-n_features].reshape(n_features, -1), vector[-n_features:]


def relu_objective(features: Features, rtol: float = SERIES_RTOL) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Return f(vector) -> (loss, gradient) of the tied ReLU output model on `features`; series to `rtol`."""
    losses, importance = losses_of(features, "relu", rtol), features.importance

    def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
        W, b = unpack(vector, features.n)
        value, slope, slope_b = losses(W, W, b)
        slope = importance[:, None] * slope
        return float(importance @ value), pack((slope + slope.T) @ W, importance * slope_b)

    return objective


def losses_of(features: Features, activation: str, rtol: float, target: str = "identity") -> Losses:
    """Return f(decoder, W, b) -> losses of the outputs ``(n,)``, and their slopes by couplings ``(n, n)`` and by b.

    It goes straight to the kernels, series to an accuracy of about `rtol`: a descent wants neither bounds nor refusals,
    and at small sizes building checked results would cost more than the loss. Other targets than the inputs are summed
    over sets.
    """
    weights = [weight for weight, _ in features.parts]
    if target == "identity":
        parts = [_losses_of_part(part, activation, rtol) for _, part in features.parts]
    else:
        parts = [losses_to(part, activation, target) for _, part in features.parts]
    if len(parts) == 1:
        return parts[0]

    def mean(decoder: np.ndarray, W: np.ndarray, b: np.ndarray) -> Slopes:
        value, slope, slope_b = zip(*(part(decoder, W, b) for part in parts), strict=True)
        return tuple(np.einsum("k,k...->...", weights, np.array(one)) for one in (value, slope, slope_b))  # pyright: ignore[reportReturnType]

    return mean


def has_few_sets(features: Features) -> bool:
    """Whether the sets of present features are few enough for the exact method to be the quick one.

    Sets of features that are given by hidden states are not few.
    """
    return len(features.parts) == 1 and sets_of_all(features) <= FAST


def sets_of_all(features: Features) -> float:
    """Return how many sets of present features there are, given the likeliest hidden states."""
    return sets_needed(np.ones((features.n, features.n)), features)


def _losses_of_part(features: Features, activation: str, rtol: float) -> Losses:
    """Return the same of features that are not given by hidden states."""
    from geomsup.loss.coupling import coupling_matrix

    engine, size = _engine(features, activation, rtol), features.root_mean_square

    def losses(decoder: np.ndarray, W: np.ndarray, b: np.ndarray) -> Slopes:
        coupling, surplus, _ = coupling_matrix(decoder, W, size)
        return engine(coupling, surplus, b)

    return losses


def _engine(features: Features, activation: str, rtol: float) -> Losses:
    """Return what takes couplings, their surplus and biases to losses and slopes, by the quickest method."""
    if activation not in LEAKS:
        return _numeric(features, activation, rtol)
    leak = LEAKS[activation]
    if has_few_sets(features):
        return _exact(features, leak)
    halves = halves_of(features) if leak == 0.0 else None
    return _spectral(features, leak, rtol) if halves is None else _halves(halves)


def _exact(features: Features, leak: float) -> Losses:
    from geomsup.loss.exact_kernels import exact_outputs

    plan, mean = make_plan(features), np.array(features.mean)

    def losses(G: np.ndarray, surplus: np.ndarray, b: np.ndarray) -> Slopes:
        value, _, slope, slope_b = exact_outputs(G, surplus, b, leak, plan, mean, True, stop_flag())
        return value, slope, slope_b

    return losses


def _halves(halves: tuple[Half, Half]) -> Losses:
    from geomsup.loss.halves.kernels import halves_outputs

    def losses(G: np.ndarray, surplus: np.ndarray, b: np.ndarray) -> Slopes:
        return halves_outputs(G, b, halves, stop_flag())

    return losses


def _spectral(features: Features, leak: float, rtol: float) -> Losses:
    def losses(G: np.ndarray, surplus: np.ndarray, b: np.ndarray) -> Slopes:
        found = spectral_losses(G, surplus, b, leak, features, rtol, True)
        return found.value, found.slope_coupling, found.slope_b

    return losses


def _numeric(features: Features, activation: str, rtol: float) -> Losses:
    from geomsup.loss.numeric import numeric_losses

    nodes, output = make_nodes(features), resolve_activation("activation", activation)

    def losses(G: np.ndarray, surplus: np.ndarray, b: np.ndarray) -> Slopes:
        if nodes is not None and is_within_reach(G, nodes):
            return gauss_losses(G, b, output, nodes)
        found = numeric_losses(G, b, activation, features, rtol, True)
        return found.value, found.slope_coupling, found.slope_b

    return losses
