"""The losses of outputs to a target, of a power, by the number of present features: sums over sets."""

from dataclasses import replace

import numpy as np

from geomsup.activations import LEAKS, activation_name
from geomsup.features import Features
from geomsup.laws import misfit_of
from geomsup.loss.exact import AFFORDABLE, sets_needed
from geomsup.loss.ordinary import FARTHEST, scaled_coupling, times_power
from geomsup.loss.outputs import OutputLosses
from geomsup.loss.plan import has_plan, make_laws, make_plan
from geomsup.loss.targets.pairs import inputs_needed, pair_losses
from geomsup.loss.targets.target import PAIRS, TARGETS, Target, Wanted, moments, moved_power
from geomsup.model import ToyModel
from geomsup.threads import check_stop, stop_flag

__all__ = ["count_distribution", "cut_at_zero", "method_for", "target_losses"]


def method_for(model: ToyModel, features: Features, wanted: Wanted, method: str) -> str:
    """Return "exact" or "sampled", or refuse what is asked for."""
    if method not in ("auto", "exact"):
        raise ValueError(
            f'`method` must be "exact", "sampled" or "auto" for other targets and powers, and by the number of active '
            f"features; got {method!r}. No series is known for them."
        )
    linear = model.hidden_activation == "linear" and model.W_between is None
    if not (linear and isinstance(model.activation, str) and model.activation in LEAKS):
        if method == "auto":
            return "sampled"
        raise ValueError(
            f'`method` must be "sampled" or "auto" for models with a nonlinear hidden layer, or outputs other than '
            f"{', '.join(LEAKS)}; got {method!r}. Only piecewise linear outputs have closed forms."
        )
    if wanted.target in PAIRS:
        if inputs_needed(features) <= AFFORDABLE:
            return "exact"
        if method == "auto":
            return "sampled"
        raise ValueError(
            f'`method` must be "sampled" or "auto" for targets of pairs, unless all values are points, and at most '
            f"{AFFORDABLE} inputs come of them; got {method!r}. No formula is known for others."
        )
    if not wanted.usual and any(any(misfit_of(law)) for law in features.laws):
        if method == "auto":
            return "sampled"
        raise ValueError(
            '`method` must be "sampled" or "auto" for other targets and powers where pieces stand for smooth '
            f"distributions of values; got {method!r}. What these change in such losses has no bound."
        )
    if method == "auto" and not has_plan(features):
        return "sampled"
    sets = sets_needed(scaled_coupling(model.decoder, model.W, model.b, features)[0], features)
    if sets <= AFFORDABLE:
        return "exact"
    if method == "auto":
        return "sampled"
    raise ValueError(
        f'`method` "exact" must not meet more than {AFFORDABLE} sets of features coupled to one output '
        f'(16 independent ones); got {sets:.3g}. Use method="sampled" or "auto".'
    )


def target_losses(
    model: ToyModel,
    b: np.ndarray,
    b_error: np.ndarray,
    features: Features,
    value_unit: int,
    wanted: Wanted,
    gradient: bool,
) -> OutputLosses:
    """Return the losses E (τ(x_i) - f(u_i))^power of a model with a linear hidden layer and piecewise linear outputs.

    Features are in units of 2^value_unit, and of ordinary size. So are b, and the bound `b_error` of its rounding. An
    output far larger or smaller, u = t û, is treated as û with the target τ/t.
    """
    if wanted.target in PAIRS:
        return pair_losses(model, b, b_error, features, value_unit, wanted, gradient)
    from geomsup.loss.targets.kernels import output_moments

    target, power, by_active = TARGETS[wanted.target], wanted.power, wanted.by_active
    n, size = features.n, moments(features, power) ** (1 / power)
    coupling, surplus, moved, exponent = scaled_coupling(model.decoder, model.W, b, features, size)
    b, moved = np.ldexp(b, -exponent), moved + np.ldexp(b_error, -exponent)
    # τ(x) is 2^own τ(y) in units of x. If it is far larger or smaller than u, it is as good as infinitely so.
    own = value_unit * (target.degree - 1)
    scale = 2.0 ** np.clip(own - exponent, -FARTHEST, FARTHEST)
    unit = times_power(1.0, np.maximum(exponent, own - FARTHEST))
    leak = LEAKS[activation_name(model.activation)]
    tallies, slopes = np.empty((2, n, n + 1)), np.empty((n, n + 1))
    cut = cut_at_zero(features, target, power)
    for i in range(n):
        plan = make_plan(features, i if cut[i] else -1)
        tallies[:, i] = output_moments(
            coupling[i], surplus[i], b[i], leak, i, target, scale[i], power, plan, features.mean, gradient, by_active,
            slopes[i], stop_flag(),
        )  # fmt: skip
        check_stop()
    with np.errstate(over="ignore", invalid="ignore"):  # what is beyond doubles is refused later
        parts, error = tallies * (unit**power)[:, None], moved_power(tallies[0].sum(axis=1), moved, power)
        losses = OutputLosses(
            parts[0].sum(axis=1),
            parts[1].sum(axis=1) + error * unit**power,
            slopes[:, :n] * unit[:, None] ** (power - 1),
            slopes[:, n] * unit ** (power - 1),
        )
        if not by_active:
            return losses
        error = parts[1] + moved_power(tallies[0], moved[:, None], power) * unit[:, None] ** power
        return replace(losses, by_active=parts[0], by_active_error=error)


def cut_at_zero(features: Features, target: Target, power: int) -> np.ndarray:
    """Return of which features pieces with both signs are cut in two, ``(n,)``.

    Kinks must be at ends of pieces, and high powers of an x of either sign would cancel.
    """
    return _hold_zero(features) & (target.below != target.above or target.degree * (power - 1) > 1)


def _hold_zero(features: Features) -> np.ndarray:
    """Return which features have a piece with values on both sides of 0, ``(n,)``."""
    laws = make_laws(features)
    return np.logical_or.reduceat((laws.low < 0) & (laws.low + laws.width > 0), laws.piece_ptr[:-1])


def count_distribution(features: Features) -> np.ndarray:
    """Return P(k features are not 0), ``(n + 1,)``."""
    return sum(weight * _count_distribution(part) for weight, part in features.parts)  # pyright: ignore[reportReturnType]


def _count_distribution(features: Features) -> np.ndarray:
    from geomsup.loss.targets.kernels import count_present

    plan, tally = make_plan(features), np.eye(1, features.n + 1)
    for unit in range(len(plan.unit_ptr) - 1):
        count_present(plan, unit, tally)
    return tally[0]
