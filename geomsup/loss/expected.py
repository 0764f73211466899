"""Expected loss of a toy model: the public face of the three methods."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.loss.exact import AFFORDABLE, FAST, coupled, exact_losses
from geomsup.loss.linear import linear_losses
from geomsup.loss.outputs import OutputLosses
from geomsup.loss.sampled import sampled_losses
from geomsup.loss.spectral import spectral_losses
from geomsup.model import ToyModel

__all__ = ["ExpectedLoss", "expected_loss"]

METHODS = ("auto", "exact", "spectral", "sampled")


@dataclass(frozen=True, eq=False)
class ExpectedLoss:
    """An expected loss with its error; ``float(result)`` is the value.

    Attributes
    ----------
    value
        L = Σ_i I_i E(x_i - x'_i)².
    error
        A bound on ``abs(value - truth)`` (rounding, truncation, and the rounding of W Wᵀ); for "sampled" one
        standard error.
    per_feature
        ``(n,)``, the terms of the sum.
    method
        "exact", "spectral" or "sampled".
    grad_W, grad_b, grad_W_out
        ∂L/∂W ``(n, m)``, ∂L/∂b ``(n,)``, ∂L/∂W_out (untied models only); None unless asked for.
    model, features
        What was evaluated.
    """

    value: float
    error: float
    per_feature: np.ndarray
    method: str
    model: ToyModel = field(repr=False)
    features: Features = field(repr=False)
    grad_W: np.ndarray | None = field(default=None, repr=False)
    grad_b: np.ndarray | None = field(default=None, repr=False)
    grad_W_out: np.ndarray | None = field(default=None, repr=False)

    def __str__(self) -> str:
        sign = "standard error" if self.method == "sampled" else "error at most"
        return f"expected loss {self.value:.12g} ({self.method}, {sign} {self.error:.1e})"

    def __float__(self) -> float:
        return self.value

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as plain values, ready for JSON."""
        return {
            "value": self.value,
            "error": self.error,
            "per_feature": self.per_feature.tolist(),
            "method": self.method,
        }


def expected_loss(
    model: ToyModel,
    features: Features,
    *,
    method: str = "auto",
    rtol: float = 1e-9,
    gradient: bool = False,
    samples: int = 1_000_000,
    rng: Any = None,
) -> ExpectedLoss:
    """Return the expected loss L = Σ_i I_i E(x_i - x'_i)² of `model` on `features`.

    Given the set of present features every output sees a linear form of uniforms, so the expectation is a
    piecewise polynomial ("exact"); or it is a functional of the one-dimensional law of each output, whose
    characteristic function is a product ("spectral", any number of features).

    Parameters
    ----------
    model
        A `ToyModel`.
    features
        The inputs' law, with the model's number of features.
    method
        "exact" (up to 16 features coupled to one output), "spectral", "sampled", or "auto": exact for at most
        8 coupled features and linear models, else spectral.
    rtol
        Relative accuracy to reach, in (0, 1). The absolute accuracy asked for never goes below
        ``rtol² Σ_i I_i Var x_i``, so that a loss of zero is allowed.
    gradient
        Also return ∂L/∂W and ∂L/∂b.
    samples, rng
        For "sampled": number of samples, and anything ``np.random.default_rng`` takes.

    Raises
    ------
    TypeError
        If `model` or `features` has the wrong type.
    ValueError
        If sizes differ, an option is out of range, or `rtol` cannot be met.

    References
    ----------
    Elhage et al. 2022, "Demonstrating superposition" (the loss).

    Examples
    --------
    >>> digon = ToyModel([[1.0], [-1.0]])
    >>> loss = expected_loss(digon, Features(2, probability=0.25))
    >>> float(loss), loss.error < 1e-14  # exactly 1/48
    (0.02083333, True)
    """
    _check(model, features, method, rtol)
    if method == "sampled":
        return _sampled(model, features, gradient, checks.integer("samples", samples, minimum=2), rng)
    losses, used = _evaluate(model, features, method, rtol, gradient)
    importance = features.importance
    value = float(importance @ losses.value)
    error = float(importance @ (losses.error + _coupling_rounding(model, features, losses.value)))
    floor = rtol**2 * float(importance @ features.variance)
    if error > max(rtol * value, floor):
        raise ValueError(
            f"`rtol` must be reachable; asked for {rtol:g}, but the {used} method only bounds the error by "
            f"{error:.2g} on a loss of {value:.3g}. Pass a larger rtol" + _other_method(used, model, features)
        )
    return ExpectedLoss(
        value, error, importance * losses.value, used, model, features,
        *(_chain(model, importance, losses.slope_coupling, losses.slope_b) if gradient else ()),
    )  # fmt: skip


def _check(model: Any, features: Any, method: str, rtol: float) -> None:
    if not isinstance(model, ToyModel):
        raise TypeError(f"`model` must be a ToyModel; got {type(model).__name__}. Wrap the weights: ToyModel(W, b).")
    if not isinstance(features, Features):
        raise TypeError(f"`features` must be a Features; got {type(features).__name__}. Build one: Features(n, p).")
    if features.n != model.n_features:
        raise ValueError(
            f"`features` must have as many features as `model` ({model.n_features}); got {features.n}. "
            "Rows of W are features."
        )
    checks.one_of("method", method, METHODS)
    if not 0 < checks.positive_number("rtol", rtol) < 1:
        raise ValueError(f"`rtol` must be in (0, 1); got {rtol:g}. Pass a relative accuracy such as 1e-9.")


def _evaluate(
    model: ToyModel, features: Features, method: str, rtol: float, gradient: bool
) -> tuple[OutputLosses, str]:
    from geomsup.loss.coupling import coupling_matrix

    decoder = model.W if model.W_out is None else model.W_out
    coupling, surplus = coupling_matrix(decoder, model.W)
    if model.activation == "linear":
        return linear_losses(coupling, surplus, model.b, features), "exact"
    if method == "exact" or (method == "auto" and coupled(coupling, features.probability) <= FAST):
        return exact_losses(coupling, surplus, model.b, features, gradient), "exact"
    return spectral_losses(coupling, surplus, model.b, features, rtol, gradient), "spectral"


def _coupling_rounding(model: ToyModel, features: Features, value: np.ndarray) -> np.ndarray:
    """Bound what rounding the entries of W_out Wᵀ to doubles does to each output's loss.

    ReLU is 1-Lipschitz, so in L² the output moves by at most η = Σ_j |δ_j| sqrt(E x_j²), and its loss (the
    square of an L² norm) by at most 2 η sqrt(loss) + η².
    """
    eps = np.finfo(float).eps
    decoder = np.abs(model.W if model.W_out is None else model.W_out)
    root_second_moment = np.sqrt(features.probability * features.values.second_moment)
    cancelled = (model.n_hidden * eps) ** 2 * decoder @ (np.abs(model.W).T @ root_second_moment)
    moved = eps * np.abs(model.coupling) @ root_second_moment + cancelled
    return 2 * moved * np.sqrt(np.maximum(value, 0)) + moved**2


def _other_method(used: str, model: ToyModel, features: Features) -> str:
    reachable = coupled(model.coupling, features.probability) <= AFFORDABLE
    return ' or method="exact".' if used == "spectral" and reachable else "."


def _chain(
    model: ToyModel, importance: np.ndarray, slope_coupling: np.ndarray, slope_b: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return gradients in W, b and (untied) W_out from the slopes in coupling = W_out Wᵀ."""
    slope = importance[:, None] * slope_coupling
    if model.W_out is None:
        return (slope + slope.T) @ model.W, importance * slope_b, None
    return slope.T @ model.W_out, importance * slope_b, slope @ model.W


def _sampled(model: ToyModel, features: Features, gradient: bool, samples: int, rng: Any) -> ExpectedLoss:
    result = sampled_losses(model, features, samples, np.random.default_rng(rng))
    grads = _chain(model, features.importance, result.slope_coupling, result.slope_b) if gradient else ()
    value = float(result.per_feature.sum())
    return ExpectedLoss(value, result.standard_error, result.per_feature, "sampled", model, features, *grads)
