"""Activations: piecewise linear ones with exact losses, smooth ones, those of whole layers, and the user's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from geomsup import checks

__all__ = ["LEAKS", "LEAST_VARIANCE", "Activation", "ActivationLike", "activation_name", "resolve_activation"]

# f(u) = u above 0 and leak * u below.
LEAKS = {"relu": 0.0, "linear": 1.0, "abs": -1.0, "leaky_relu": 0.01}

Function = Callable[[np.ndarray], np.ndarray]
Pull = Callable[[np.ndarray, np.ndarray], np.ndarray]
# What a user may pass: a name, a function of an array, or a pair (f, f').
ActivationLike = str | Callable[[Any], Any] | tuple[Callable[[Any], Any], Callable[[Any], Any]]

LEAST_VARIANCE = 1e-5  # that LayerNorm adds to the variance, as PyTorch's does

RECORD = "callable "  # how a written model names a function that it cannot hold
PROBE = np.linspace(-1.0, 1.0, 6).reshape(2, 3)


@dataclass(frozen=True)
class Activation:
    """A function with its derivative, elementwise or of a whole layer; calling it checks the values.

    Attributes
    ----------
    name
        A name of the registry, or "callable " and the function's own name.
    function, derivative
        f and f', from arrays to arrays of the same shape.
    pull
        Of a function of a whole layer, the last axis: (u, g) -> Jᵀ g, with J its Jacobian at u. Such a function has no
        f'. None for elementwise ones.
    argument
        The argument that errors blame, "activation" or "hidden_activation".

    Examples
    --------
    >>> square = resolve_activation("activation", "square")
    >>> square(np.array([1.0, -3.0]))
    array([1., 9.])
    >>> square.slope(np.array([1.0, -3.0]))
    array([ 2., -6.])
    """

    name: str
    function: Function
    derivative: Function
    argument: str = "activation"
    pull: Pull | None = None

    def __call__(self, u: np.ndarray) -> np.ndarray:
        """Return f(u); raise if it is not finite or has another shape than `u`."""
        return self._checked(self.function, u)

    def slope(self, u: np.ndarray) -> np.ndarray:
        """Return f'(u); raise if it is not finite or has another shape than `u`."""
        return self._checked(self.derivative, u)

    def pulled(self, u: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the gradient by u of a loss whose gradient by f(u) is given."""
        return self.slope(u) * gradient if self.pull is None else self.pull(u, gradient)

    def unchecked(self, u: np.ndarray) -> np.ndarray:
        """Return f(u) with the shape of `u` but possibly NaN or infinite entries."""
        with np.errstate(all="ignore"):
            values = np.asarray(self.function(u))
        if values.dtype.kind not in "biuf":
            raise TypeError(
                f"`{self.argument}` must return real numbers; {self.name!r} returned dtype {values.dtype}. "
                "Return a float array."
            )
        if values.shape != u.shape:
            raise ValueError(
                f"`{self.argument}` must return an array of the shape it is given; {self.name!r} turned {u.shape} "
                f"into {values.shape}. Make it act elementwise."
            )
        return values.astype(np.float64, copy=False)

    def _checked(self, function: Function, u: np.ndarray) -> np.ndarray:
        values = Activation(self.name, function, function, self.argument).unchecked(u)
        if not np.isfinite(values).all():
            where = np.argmax(~np.isfinite(values))
            raise ValueError(
                f"`{self.argument}` must return finite values; {self.name!r} returned {values.flat[where]} "
                f"at u = {u.flat[where]:.6g}. Define it for every u the model reaches."
            )
        return values


def resolve_activation(argument: str, value: Any) -> Activation:
    """Return the activation that `value` names or is.

    Parameters
    ----------
    argument
        What errors call it, "activation" or "hidden_activation".
    value
        A name: "relu", "linear", "abs", "leaky_relu" (slope 0.01), "gelu" (u Φ(u), exact) or "square"; or a function
        f from arrays to arrays of the same shape, elementwise; or a pair (f, f'). A function's attribute
        ``derivative`` counts as its f'. Without one, f' is a five-point difference: right to some 1e-11 where f is
        smooth, and smeared over 0.002 at its kinks. A hidden layer may also have "solu" or "layernorm", functions of
        the whole layer.

    Raises
    ------
    TypeError
        If `value` is neither a name nor a function nor a pair of functions.
    ValueError
        If the name is unknown, or the function returns another shape or values that are not finite.

    Examples
    --------
    >>> softplus = resolve_activation("activation", (lambda u: np.log1p(np.exp(u)), lambda u: 1 / (1 + np.exp(-u))))
    >>> float(softplus.slope(np.zeros(1))[0])
    0.5
    """
    if isinstance(value, str):
        return _by_name(argument, value)
    pair: tuple[Any, Any] = value if isinstance(value, tuple) and len(value) == 2 else (value, None)
    function, derivative = pair
    if not callable(function) or not (derivative is None or callable(derivative)):
        raise TypeError(
            f"`{argument}` must be a name, a function of an array, or a pair (f, f'); got {checks.shown(value)}. "
            f"Pick one of {', '.join(_names(argument))}, or pass a function."
        )
    derivative = derivative or getattr(function, "derivative", None)
    name, f_prime = RECORD + activation_name(function), derivative or _differences(cast("Function", function))
    found = Activation(name, cast("Function", function), cast("Function", f_prime), argument)
    found(PROBE)
    if derivative:
        found.slope(PROBE)
    return found


def activation_name(value: Any) -> str:
    """Return the name of an activation: itself if it is a name, else that of the function."""
    if isinstance(value, str):
        return value
    function = value[0] if isinstance(value, tuple) else value
    for name in ("__qualname__", "__name__"):  # ufuncs had the second first
        if hasattr(function, name):
            return getattr(function, name)
    return type(function).__qualname__


def _by_name(argument: str, name: str) -> Activation:
    if name.startswith(RECORD):
        raise ValueError(
            f"`{argument}` must be given as a function again: files keep only the name of one; "
            f"got {checks.shown(name)}. "
            f"Pass {name.removeprefix(RECORD)} itself."
        )
    checks.one_of(argument, name, _names(argument))
    if name in _OF_A_LAYER:
        function, pull = _OF_A_LAYER[name]
        return Activation(name, function, _no_slope, argument, pull)
    return Activation(name, *_REGISTRY[name], argument)


def _names(argument: str) -> tuple[str, ...]:
    """Return the names that an argument may be; outputs are compared one by one, so theirs are elementwise."""
    return (*_REGISTRY, *_OF_A_LAYER) if argument == "hidden_activation" else tuple(_REGISTRY)


def _leaky(leak: float) -> tuple[Function, Function]:
    return (lambda u: np.where(u > 0, u, leak * u + 0.0)), (lambda u: np.where(u > 0, 1.0, leak))


def _gelu(u: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return u * ndtr(u)


def _gelu_slope(u: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr

    return ndtr(u) + u * np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi)


def _solu(z: np.ndarray) -> np.ndarray:
    """Return z softmax(z) over the last axis."""
    return z * _softmax(z)


def _softmax(z: np.ndarray) -> np.ndarray:
    weights = np.exp(z - z.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def _pull_solu(z: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return s_j (g_j (1 + z_j) - Σ_k g_k z_k s_k), s the softmax."""
    weights = _softmax(z)
    total = (gradient * z * weights).sum(axis=-1, keepdims=True)
    return weights * (gradient * (1 + z) - total)


def _layernorm(z: np.ndarray) -> np.ndarray:
    """Return z less its mean, over the root of its variance and LEAST_VARIANCE, over the last axis."""
    return _normalised(z)[0]


def _normalised(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centred = z - z.mean(axis=-1, keepdims=True)
    root = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + LEAST_VARIANCE)
    return centred / root, root


def _pull_layernorm(z: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return (g - mean g - y mean(g y)) / root, y the normalised layer."""
    y, root = _normalised(z)
    means = gradient.mean(axis=-1, keepdims=True), (gradient * y).mean(axis=-1, keepdims=True)
    return (gradient - means[0] - y * means[1]) / root


def _no_slope(u: np.ndarray) -> np.ndarray:
    raise AssertionError("a function of a whole layer has no f'; see `Activation.pulled`")


def _differences(function: Function) -> Function:
    """Return f' by (8 (f(u+h) - f(u-h)) - (f(u+2h) - f(u-2h))) / 12h, off by h⁴ f⁽⁵⁾/30 and rounding over h."""

    def derivative(u: np.ndarray) -> np.ndarray:
        h = 1e-3 * np.maximum(1.0, np.abs(u))
        near, far = (np.asarray(function(u + k * h)) - np.asarray(function(u - k * h)) for k in (1, 2))
        return (8 * near - far) / (12 * h)

    return derivative


_REGISTRY: dict[str, tuple[Function, Function]] = {
    **{name: _leaky(leak) for name, leak in LEAKS.items()},
    "gelu": (_gelu, _gelu_slope),
    "square": (np.square, lambda u: 2 * u),
}
# Of a whole hidden layer: the function, and (z, g) -> Jᵀ g.
_OF_A_LAYER: dict[str, tuple[Function, Pull]] = {
    "solu": (_solu, _pull_solu),
    "layernorm": (_layernorm, _pull_layernorm),
}
