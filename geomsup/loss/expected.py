"""Expected loss of a toy model: the public face of the three methods."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.activations import LEAKS, activation_name
from geomsup.features import Discrete, Features
from geomsup.laws import misfit_of
from geomsup.loss.cells.losses import cell_losses_of, has_cells, has_linear_target
from geomsup.loss.exact import AFFORDABLE, FAST, exact_losses, sets_needed
from geomsup.loss.halves.losses import halves_losses
from geomsup.loss.halves.states import halves_of
from geomsup.loss.linear import linear_losses
from geomsup.loss.misfit import coarser, misfit_errors
from geomsup.loss.numeric import numeric_losses
from geomsup.loss.ordinary import ordinary_for, row_losses, scaled_coupling, times_power
from geomsup.loss.outputs import OutputLosses, mean_losses
from geomsup.loss.plan import has_plan
from geomsup.loss.sampled import sampled_losses
from geomsup.loss.spectral import spectral_losses
from geomsup.loss.targets import USUAL, Wanted, checked, count_distribution, method_for, target_losses, targets_of
from geomsup.model import ToyModel, checked_model
from geomsup.samples import SampledFeatures, checked_features
from geomsup.tables import Readable, Tabular, html_table
from geomsup.threads import patiently

__all__ = ["ExpectedLoss", "Unreachable", "check_problem", "expected_loss", "loss_of_pieces"]

SMALLER = 8  # features; the same of other losses than the usual one
SMALL = 12  # features; with more, a loss can take so long that handing it to a thread does not matter
GRADIENTS = ("grad_W", "grad_b", "grad_W_out", "grad_b_hidden", "grad_W_between", "grad_b_between")
BY_ACTIVE = ("active", "by_active", "by_active_error")
RTOL = 1e-9  # relative accuracy of the methods, unless pieces for smooth distributions give less
SHARE = 0.05  # fraction of what such pieces may change that methods may add
UNDERFLOW = 5e-324  # rounding error of the loss of a feature that is scaled into the range of small doubles
MOST_SAMPLES = 10**10
METHODS = ("auto", "exact", "spectral", "numeric", "sampled")


@dataclass(frozen=True, eq=False)
class ExpectedLoss(Readable, Tabular):
    """An expected loss with its error; ``float(result)`` is the value.

    Attributes
    ----------
    value
        L = Σ_i I_i E(τ(x_i) - x'_i)^power, τ(x) = x and power 2 unless asked otherwise.
    error
        A bound on ``abs(value - truth)``: rounding, truncation, the rounding of W Wᵀ, and what changes if pieces stand
        for a smooth distribution of values. For "numeric" it is an estimate of such a bound, and for "sampled" one
        standard error. On a data set the value is exact, and the standard error is that with which it estimates the
        loss of the distribution that the samples come from, of a model that was not trained on them.
    per_feature
        ``(n,)``, the terms of the sum.
    method
        "exact", "spectral", "numeric" or "sampled".
    grad_W, grad_b, grad_W_out, grad_b_hidden, grad_W_between, grad_b_between
        ∂L/∂W ``(n, m)``, ∂L/∂b ``(n,)``, and the derivatives by whatever else the model has; None unless asked for.
    active
        P(k features are active, i.e. not 0), ``(n + 1,)``; for "sampled" the shares of the samples. Like the next two,
        None unless asked for.
    by_active, by_active_error
        P(k active) L_k, ``(n + 1,)``: the terms of L = Σ_k P(k active) L_k, and their errors.
    model, features, target, power
        What was evaluated: a `ToyModel`, `Features` or `SampledFeatures`, and as what.

    Examples
    --------
    >>> import geomsup as gs
    >>> loss = gs.expected_loss(gs.ToyModel([[1.0], [-1.0]]), gs.Features(2, 0.1))
    >>> print(f"{loss.value:.6f}", loss.per_feature.round(6))
    0.003333 [0.001667 0.001667]
    >>> len(loss.to_rows()), loss.to_dict()["method"]
    (2, 'exact')
    """

    value: float
    error: float
    per_feature: np.ndarray = field(repr=False)
    method: str
    model: ToyModel = field(repr=False)
    features: Features | SampledFeatures = field(repr=False)
    grad_W: np.ndarray | None = field(default=None, repr=False)
    grad_b: np.ndarray | None = field(default=None, repr=False)
    grad_W_out: np.ndarray | None = field(default=None, repr=False)
    grad_b_hidden: np.ndarray | None = field(default=None, repr=False)
    grad_W_between: np.ndarray | None = field(default=None, repr=False)
    grad_b_between: np.ndarray | None = field(default=None, repr=False)
    active: np.ndarray | None = field(default=None, repr=False)
    by_active: np.ndarray | None = field(default=None, repr=False)
    by_active_error: np.ndarray | None = field(default=None, repr=False)
    target: str = "identity"
    power: int = 2

    @property
    def given_active(self) -> np.ndarray | None:
        """L_k, the loss given that k features are active, ``(n + 1,)``; 0 where that never happens."""
        if self.active is None or self.by_active is None:
            return None
        return np.divide(self.by_active, self.active, out=np.zeros(len(self.active)), where=self.active > 0)

    def __str__(self) -> str:
        sign = "standard error" if self.method == "sampled" else "error at most"
        named = "" if self.target == "identity" else f" to {self.target}(x)"
        named += "" if self.power == 2 else f" of power {self.power}"
        return f"expected loss{named}{':' if named else ''} {self.value:.12g} ({self.method}, {sign} {self.error:.1e})"

    def __float__(self) -> float:
        return self.value

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per feature: what it adds to the loss."""
        return [{"feature": i, "loss": float(loss)} for i, loss in enumerate(self.per_feature)]

    def _repr_html_(self) -> str:
        return html_table(str(self), self.to_rows())

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        shares = (*BY_ACTIVE, "given_active") if self.by_active is not None else ()
        arrays = (*(name for name in GRADIENTS if getattr(self, name) is not None), *shares)
        return {
            "value": self.value,
            "error": self.error,
            "per_feature": self.per_feature.tolist(),
            "method": self.method,
            "target": self.target,
            "power": self.power,
            "model": self.model.to_dict(),
            "features": self.features.to_dict(),
        } | {name: getattr(self, name).tolist() for name in arrays}


class Unreachable(ValueError):
    """An `rtol` that rounding errors do not let any method keep."""


@checks.hinted
def expected_loss(
    model: ToyModel,
    features: Features | SampledFeatures,
    *,
    method: str = "auto",
    rtol: float | None = None,
    gradient: bool = False,
    target: str = "identity",
    power: int = 2,
    by_active: bool = False,
    samples: int = 1_000_000,
    rng: Any = None,
) -> ExpectedLoss:
    """Return the expected loss L = Σ_i I_i E(τ(x_i) - x'_i)^power of `model` on `features`, by default E(x_i - x'_i)².

    For a given set of present features each output is a function of a linear form of uniform values. The method
    "exact" sums the expectations over all sets. The method "spectral" takes any number of features: each output has a
    one-dimensional distribution, whose characteristic function is a product over features.

    Parameters
    ----------
    model
        A `ToyModel`.
    features
        The distribution of the inputs, with the model's number of features; or `SampledFeatures`, a data set, over
        which the loss is the mean.
    method
        "exact" takes up to 16 independent features coupled to one output, or 65,536 sets of present features in
        general; with hidden units that are piecewise linear but not linear, up to 5 features of uniform values: it cuts
        the inputs into cells in which the model is linear. "spectral" takes any number. "numeric" is quadrature, for
        any output activation. "sampled" draws samples. "auto", the default, is exact for linear models and up to 256
        sets, and spectral beyond; exact wherever that is possible if values are discrete (for ReLU outputs of 24 binary
        features, or 12 of three values, by two halves of these), or if series do not reach `rtol`; numeric for outputs
        that are not piecewise linear; and sampled for other nonlinear hidden layers, normalised features, data sets,
        and groups of features whose values have more than 65,536 combinations of pieces: three or more with smooth
        distributions.
    rtol
        Relative accuracy to reach, in (0, 1). The absolute accuracy asked for never goes below
        ``rtol² Σ_i I_i E x_i²``, so that a loss of zero is allowed. None, the default, is 1e-9; for smooth
        distributions of values it is what their pieces give, about 1e-5: their `cells` make it better.
    gradient
        Also return ∂L/∂W and ∂L/∂b.
    target
        τ(x), what an output is to be: "identity", "abs", "relu" or "square" of its input. Or what outputs 2k and 2k + 1
        are to be, of inputs 2k and 2k + 1: "pairs", the larger and the smaller (OR and AND of binary inputs);
        "abs_pairs", those of their absolute values; "product_pairs", their product and ``|x_2k − x_2k+1|`` (AND and
        XOR). Targets of pairs are exact if all values are points and there are at most 65,536 inputs, else sampled.
    power
        2, or 4 for the mean fourth power, which weighs rare large errors more.
    by_active
        Also return what each number of active features adds to the loss. For this, for other targets and for power 4,
        "auto" is exact if there are at most 65,536 sets, and sampled otherwise. Other targets and power 4 are sampled
        for smooth distributions of values too. With hidden ReLUs targets are exact that are linear on either side of 0,
        and all targets if values are points.
    samples, rng
        For "sampled": number of samples, and anything ``np.random.default_rng`` takes. Not used for a data set.

    Raises
    ------
    TypeError
        If `model` or `features` has the wrong type.
    ValueError
        If sizes differ, an option is out of range, or `rtol` cannot be met.

    References
    ----------
    :cite:t:`elhage2022`, "Demonstrating superposition" (the loss).

    Examples
    --------
    >>> digon = ToyModel([[1.0], [-1.0]])
    >>> loss = expected_loss(digon, Features(2, probability=0.25))
    >>> float(loss), loss.error < 1e-14  # exactly 1/48
    (0.02083333, True)
    >>> expected_loss(digon, Features(2, probability=0.25), by_active=True).by_active  # all of it when both are present
    array([0.        , 0.        , 0.02083333])
    >>> print(expected_loss(digon, SampledFeatures([[0.5, 0.0], [0.2, 0.4]])))
    expected loss 0.04 (sampled, standard error 2.8e-02)
    """
    check_problem(model, features, method, rtol)
    checks.boolean("gradient", gradient)
    wanted = checked(target, power, by_active, features.n)
    checks.room("model", features.n**2)
    method = _for_inputs(features, method)
    if method != "sampled" and not isinstance(features, SampledFeatures):
        if method in ("auto", "exact") and _has_cells(model, features, wanted):
            return _within_reach(_of_cells(model, features, gradient, wanted), rtol, wanted)
        usual = wanted == USUAL
        method = _method_for(model, features, method) if usual else method_for(model, features, wanted, method)
    if method == "sampled" or isinstance(features, SampledFeatures):
        samples = checks.integer("samples", samples, minimum=2, maximum=MOST_SAMPLES)
        return _sampled(model, features, gradient, wanted, samples, rng)
    return _within_reach(loss_of_pieces(model, features, method, rtol, gradient, wanted), rtol, wanted)


def _within_reach(result: ExpectedLoss, rtol: float | None, wanted: Wanted) -> ExpectedLoss:
    """Refuse an `rtol` that the loss does not keep."""
    features = result.features
    assert isinstance(features, Features)
    least = UNDERFLOW * features.n  # what no double can tell, of values far from 1
    if rtol is not None and not result.error <= max(rtol * result.value, rtol**2 * wanted.cost(features), least):
        smooth = any(any(misfit_of(law)) for law in features.laws)
        what = "the pieces that stand for the distributions of values" if smooth else "rounding"
        verb = "bound" if smooth else "bounds"
        other = ", or distributions with more cells=" if smooth else ""
        raise Unreachable(
            f"`rtol` must be reachable; asked for {rtol:g}, but {what} only {verb} the error by {result.error:.2g} on "
            f"a loss of {result.value:.3g}. Pass a larger rtol{other}."
        )
    return result


def _has_cells(model: ToyModel, features: Features, wanted: Wanted) -> bool:
    """Whether the hidden layer is not linear, and the loss is a sum over few cells in which it is."""
    if wanted.power != 2 or model.hidden_activation == "linear" or not has_cells(model, features):
        return False
    return has_linear_target(features, wanted.target)


def _of_cells(model: ToyModel, features: Features, gradient: bool, wanted: Wanted) -> ExpectedLoss:
    losses = patiently(partial(cell_losses_of, model, features, gradient, wanted.target))
    importance = features.importance
    to_W, to_b_hidden, to_W_out, to_b = losses.grads
    grads: dict[str, Any] = {"grad_W": to_W + to_W_out if model.W_out is None else to_W, "grad_b": to_b}
    grads |= {} if model.W_out is None else {"grad_W_out": to_W_out}
    grads |= {} if model.b_hidden is None else {"grad_b_hidden": to_b_hidden}
    per_feature = importance * losses.by_active.sum(axis=1)
    shares: dict[str, Any] = {
        "active": count_distribution(features),
        "by_active": importance @ losses.by_active,
        "by_active_error": importance @ losses.error,
    }
    return _finite(
        ExpectedLoss(
            float(per_feature.sum()), float((importance @ losses.error).sum()), per_feature, "exact", model, features,
            **(grads if gradient else {}), **(shares if wanted.by_active else {}), target=wanted.target,
        )
    )  # fmt: skip


def loss_of_pieces(
    model: ToyModel,
    features: Features,
    method: str,
    rtol: float | None,
    gradient: bool,
    wanted: Wanted = USUAL,
) -> ExpectedLoss:
    """Return the loss by any method but "sampled"; the method keeps `rtol`, whatever the pieces add to the error."""
    method = _method_for(model, features, _for_inputs(features, method)) if wanted == USUAL else method
    law, value_unit, loss_unit = ordinary_for(model, features)
    loss_unit += (wanted.power - 2) * value_unit
    cost = wanted.cost(law, value_unit)
    misfit = _misfit(model, law)
    drowned = SHARE * misfit if rtol is None else 0.0  # an error that does not matter beside the pieces'
    if rtol is None:
        rtol = min(max(RTOL, drowned / cost), 0.5) if misfit else RTOL
    evaluate = partial(_evaluate, model, law, value_unit, wanted, method, rtol, gradient)
    losses, used = patiently(evaluate) if features.n > (SMALL if wanted == USUAL else SMALLER) else evaluate()
    with np.errstate(over="ignore", invalid="ignore"):  # what is beyond doubles is refused below
        value, error = (float(law.importance @ part) for part in (losses.value, losses.error))
        grads = _chain(model, law.importance, losses.slope_coupling, losses.slope_b, value_unit) if gradient else {}
        if misfit and method == "numeric":
            rough, _ = _evaluate(model, coarser(law), value_unit, wanted, method, rtol, False)  # too far off: 64 times
            misfit = max(misfit, float(law.importance @ np.abs(losses.value - rough.value)))
    if value < np.inf and not error <= max(rtol * value, rtol**2 * cost, drowned):  # `_finite` refuses other values
        if method == "auto" and used == "spectral" and _sets(model, law) <= AFFORDABLE:
            return loss_of_pieces(model, features, "exact", rtol, gradient)
        raise Unreachable(
            f"`rtol` must be reachable; asked for {rtol:g}, but the {used} method only bounds the error by "
            f"{times_power(error, loss_unit):.2g} on a loss of {times_power(value, loss_unit):.3g}. Pass a larger rtol"
            + _other_method(used, model, law)
        )
    result = ExpectedLoss(
        float(times_power(value, loss_unit)),
        float(times_power(error + misfit, loss_unit)) + (UNDERFLOW * features.n if loss_unit else 0.0),
        times_power(law.importance * losses.value, loss_unit), used, model, features,
        **{name: times_power(grad, loss_unit) for name, grad in grads.items()},
        target=wanted.target, power=wanted.power,
        **_by_active(losses, law.importance, features, misfit, loss_unit),
    )  # fmt: skip
    return _finite(result)


def _by_active(
    losses: OutputLosses, importance: np.ndarray, features: Features, misfit: float, unit: int
) -> dict[str, np.ndarray]:
    """Return the parts of the loss by the number of active features, where they were asked for."""
    if losses.by_active is None or losses.by_active_error is None:
        return {}
    return {
        "active": count_distribution(features),
        "by_active": times_power(importance @ losses.by_active, unit),
        # The bound on what pieces change adds up over sets: it bounds every part.
        "by_active_error": times_power(importance @ losses.by_active_error + misfit, unit),
    }


def _misfit(model: ToyModel, features: Features) -> float:
    """Return a bound on what the pieces change; for outputs that are not piecewise linear, that of a ReLU.

    The latter only says how large such changes are.
    """
    leak = LEAKS[activation_name(model.activation)] if _is_bent(model) else float(model.activation == "linear")
    with np.errstate(over="ignore", invalid="ignore"):
        return float(features.importance @ misfit_errors(model.decoder @ model.W.T, leak, features))


def _is_bent(model: ToyModel) -> bool:
    return isinstance(model.activation, str) and model.activation in LEAKS


def _finite(result: ExpectedLoss) -> ExpectedLoss:
    """Refuse a loss that is no double."""
    grads = [getattr(result, name) for name in GRADIENTS]
    numbers = [result.value, result.error, *(grad for grad in grads if grad is not None)]
    if not all(np.isfinite(part).all() for part in numbers):
        raise _too_large(result.model, result.features)
    return result


def _too_large(model: ToyModel, features: Features | SampledFeatures) -> ValueError:
    largest = np.abs(features.X).max() if isinstance(features, SampledFeatures) else features.reach.max()
    return ValueError(
        f"`model` must have a loss, an error and slopes that a double can hold, below 1e308; got weights up to "
        f"{np.abs(model.W).max():.3g}, biases up to {np.abs(model.b).max():.3g} and values up to {largest:.3g}. "
        "Rescale them."
    )


def check_problem(model: Any, features: Any, method: str, rtol: float | None) -> None:
    """Refuse what has no expected loss."""
    checked_model("model", model)
    if not isinstance(features, SampledFeatures):
        checked_features("features", features, or_samples=True)
    if features.n != model.n_features:
        raise ValueError(
            f"`features` must have as many features as `model` ({model.n_features}); got {features.n}. "
            "Rows of W are features."
        )
    checks.one_of("method", method, METHODS)
    if rtol is not None and not 0 < checks.positive_number("rtol", rtol) < 1:
        raise ValueError(f"`rtol` must be in (0, 1); got {rtol:g}. Pass a relative accuracy such as 1e-9.")


@np.errstate(over="ignore", invalid="ignore")  # what is beyond doubles is refused later
def _evaluate(
    model: ToyModel, features: Features, value_unit: int, wanted: Wanted, method: str, rtol: float, gradient: bool
) -> tuple[OutputLosses, str]:
    """Return the outputs' losses on features in units of 2^value_unit, and the method used.

    Of a mixture they are means of those of its parts. Where the loss of a part is small beside its `rtol`, errors of
    both kinds that `rtol` allows may come together: half of it leaves room for both.
    """
    weights = [weight for weight, _ in features.parts]
    rtol = rtol if len(weights) == 1 else rtol / 2
    found = [
        _evaluate_part(model, part, value_unit, wanted, method, rtol, gradient)
        for _, part in features.parts
    ]  # fmt: skip
    if len(found) == 1:
        return found[0]
    used = "spectral" if any(used == "spectral" for _, used in found) else found[0][1]
    return mean_losses(weights, [losses for losses, _ in found]), used


def _evaluate_part(
    model: ToyModel, features: Features, value_unit: int, wanted: Wanted, method: str, rtol: float, gradient: bool
) -> tuple[OutputLosses, str]:
    """Do what `_evaluate` says, of features that are not given by hidden states."""
    b, b_error = (np.ldexp(part, -value_unit) for part in _whole_bias(model))
    if wanted != USUAL:
        return target_losses(model, b, b_error, features, value_unit, wanted, gradient), method
    if method == "numeric":
        from geomsup.loss.coupling import coupling_matrix

        coupling, _, _ = coupling_matrix(model.decoder, model.W, features.root_mean_square)
        return numeric_losses(coupling, b, model.activation, features, rtol, gradient), method
    if model.activation == "linear":
        return row_losses(model.decoder, model.W, b, b_error, features, linear_losses), "exact"
    leak = LEAKS[activation_name(model.activation)]
    exact = method == "exact" or (method == "auto" and _exact_is_best(_sets(model, features), features))
    # Where sets are too many, two halves of them serve: exact too, of values that are points.
    halved = method == "auto" and leak == 0.0 and not exact and halves_of(features, 0.0) is not None

    def engine(coupling: np.ndarray, surplus: np.ndarray, b: np.ndarray, features: Features) -> OutputLosses:
        if exact:
            return exact_losses(coupling, surplus, b, leak, features, gradient)
        halves = halves_of(features, 0.0) if halved else None
        if halves is not None:
            return halves_losses(coupling, b, features, halves)
        return spectral_losses(coupling, surplus, b, leak, features, rtol, gradient)

    return row_losses(model.decoder, model.W, b, b_error, features, engine), "exact" if exact or halved else "spectral"


def _sets(model: ToyModel, features: Features) -> float:
    """Return how many sets of present features the loss of one output is a sum over, at most."""
    return sets_needed(scaled_coupling(model.decoder, model.W, model.b, features)[0], features)


def _whole_bias(model: ToyModel) -> tuple[np.ndarray, np.ndarray]:
    """Return b + W_out b_hidden, the bias that a linear hidden layer's comes to, and a bound on its rounding."""
    if model.b_hidden is None:
        return model.b, np.zeros(model.n_features)
    size = np.abs(model.decoder) @ np.abs(model.b_hidden) + np.abs(model.b)
    return model.b + model.decoder @ model.b_hidden, (model.n_hidden + 1) * np.finfo(float).eps * size


def _for_inputs(features: Features | SampledFeatures, method: str) -> str:
    """Narrow "auto" down to what the inputs allow, and refuse what they do not."""
    given = isinstance(features, SampledFeatures)
    if not given and not features.normalised:
        return method
    if method not in ("auto", "sampled"):
        name, why = (
            ("SampledFeatures", "The loss is then the mean over the data set.") if given
            else ("normalised features", "Other methods need features whose values are independent.")
        )  # fmt: skip
        raise ValueError(f'`method` must be "sampled" or "auto" for {name}; got {method!r}. {why}')
    return "sampled"


def _method_for(model: ToyModel, features: Features, method: str) -> str:
    """Narrow "auto" down to what activations, and groups of features, allow; refuse what activations do not."""
    bent = _is_bent(model)
    if not (model.hidden_activation == "linear" and model.W_between is None) and method != "sampled":
        if method == "auto":
            return "sampled"
        raise ValueError(
            f'`method` must be "sampled" or "auto" for a model with a nonlinear hidden layer; got {method!r}. "exact" '
            "needs units that are piecewise linear, and up to 5 features of uniform values."
        )
    if not bent and method in ("exact", "spectral"):
        raise ValueError(
            f'`method` must be "numeric", "sampled" or "auto" for outputs other than {", ".join(LEAKS)}; '
            f"got {method!r}. Only piecewise linear outputs have closed forms."
        )
    if method != "auto":
        return method
    if not bent:
        return "numeric"
    return "auto" if model.activation == "linear" or has_plan(features) else "sampled"


def _exact_is_best(sets: float, features: Features) -> bool:
    """Whether sets are few, or at least faster than series, which fall slowly for discrete values."""
    return sets <= FAST or (sets <= AFFORDABLE and any(isinstance(law, Discrete) for law in features.laws))


def _other_method(used: str, model: ToyModel, features: Features) -> str:
    reachable = used == "spectral" and _sets(model, features) <= AFFORDABLE
    return ' or method="exact".' if reachable else "."


def _chain(
    model: ToyModel, importance: np.ndarray, slope_coupling: np.ndarray, slope_b: np.ndarray, value_unit: int
) -> dict[str, np.ndarray]:
    """Return gradients in W, b, W_out and b_hidden from the slopes in W_out Wᵀ and in b + W_out b_hidden.

    The latter is in units of 2^value_unit, biases are not.
    """
    slope, grad_b = importance[:, None] * slope_coupling, np.ldexp(importance * slope_b, -value_unit)
    encoder, decoder = slope.T @ model.decoder, slope @ model.W
    grads = {"grad_b": grad_b}
    if model.b_hidden is not None:
        decoder += np.outer(grad_b, model.b_hidden)
        grads["grad_b_hidden"] = grad_b @ model.decoder
    if model.W_out is None:
        return grads | {"grad_W": encoder + decoder}
    return grads | {"grad_W": encoder, "grad_W_out": decoder}


def _sampled(
    model: ToyModel,
    features: Features | SampledFeatures,
    gradient: bool,
    wanted: Wanted,
    samples: int,
    rng: Any,
) -> ExpectedLoss:
    generator = checks.random_generator("rng", rng)
    try:
        with np.errstate(over="ignore", invalid="ignore"):
            target = partial(targets_of, target=wanted.target)
            result = sampled_losses(model, features, samples, generator, target, wanted.power)
    except OverflowError:
        raise _too_large(model, features) from None
    grads = {name: getattr(result, name) for name in GRADIENTS} if gradient else {}
    shares = {name: getattr(result, name) for name in BY_ACTIVE} if wanted.by_active else {}
    value = float(result.per_feature.sum())
    return _finite(
        ExpectedLoss(
            value, result.standard_error, result.per_feature, "sampled", model, features, **grads, **shares,
            target=wanted.target, power=wanted.power,
        )
    )  # fmt: skip
