"""Losses to targets of two inputs, where the values of all features are points: means over all inputs there are."""

from math import prod

import numpy as np

from geomsup.activations import resolve_activation
from geomsup.features import Features
from geomsup.loss.outputs import OutputLosses
from geomsup.loss.plan import make_laws, make_plan
from geomsup.loss.targets.target import Wanted, moved_power, targets_of
from geomsup.model import ToyModel

__all__ = ["inputs_needed", "pair_losses"]

MOST_ENTRIES = 2**24  # of all inputs together: 128 MB


def inputs_needed(features: Features) -> float:
    """Return how many inputs there are, given the likeliest hidden states; infinity where they cannot be listed."""
    if (make_laws(features).width > 0).any():
        return np.inf
    most = max(prod(float(count) for count in np.diff(make_plan(part).unit_ptr)) for _, part in features.parts)
    return most if most * features.n <= MOST_ENTRIES else np.inf


def pair_losses(
    model: ToyModel,
    b: np.ndarray,
    b_error: np.ndarray,
    features: Features,
    value_unit: int,
    wanted: Wanted,
    gradient: bool,
) -> OutputLosses:
    """Return E (τ(x) - f(u))^power of every output; arguments are those of `target_losses`."""
    x, weight = _all_inputs(features)
    coupling, power, output = (
        model.decoder @ model.W.T,
        wanted.power,
        resolve_activation("activation", model.activation),
    )
    u = x @ coupling.T + b
    target = np.ldexp(targets_of(np.ldexp(x, value_unit), wanted.target), -value_unit)
    residual = output(u) - target
    losses = residual**power
    value = weight @ losses
    eps = np.finfo(float).eps
    sizes = np.abs(x) @ (np.abs(model.decoder) @ np.abs(model.W).T).T + np.abs(b)
    moved = (features.n + model.n_hidden + 4) * eps * sizes + b_error + 4 * eps * (np.abs(target) + np.abs(u))
    # Weights are products of a probability for each unit, added up over all inputs.
    rounding = (2 * features.n + len(weight).bit_length() + 8) * eps
    per_input = moved_power(np.abs(losses), moved, power) + rounding * losses
    slope_coupling, slope_b = np.zeros((features.n, features.n)), np.zeros(features.n)
    if gradient:
        slope = weight[:, None] * power * residual ** (power - 1) * output.slope(u)
        slope_coupling, slope_b = slope.T @ x, slope.sum(axis=0)
    found = value, weight @ per_input, slope_coupling, slope_b
    if not wanted.by_active:
        return OutputLosses(*found)
    has_count = np.count_nonzero(x, axis=1)[:, None] == np.arange(features.n + 1)
    return OutputLosses(*found, (weight[:, None] * losses).T @ has_count, (weight[:, None] * per_input).T @ has_count)


def _all_inputs(features: Features) -> tuple[np.ndarray, np.ndarray]:
    """List all inputs ``(inputs, n)`` and their probabilities: every choice of an outcome for each unit."""
    plan = make_plan(features)
    outcomes = np.zeros((len(plan.probability), features.n))
    owner = np.repeat(np.arange(len(plan.probability)), np.diff(plan.outcome_ptr))
    outcomes[owner, plan.feature] = plan.low
    x, weight = np.zeros((1, features.n)), np.ones(1)
    for first, last in zip(plan.unit_ptr[:-1], plan.unit_ptr[1:], strict=True):
        x = (x[:, None] + outcomes[first:last]).reshape(-1, features.n)
        weight = np.outer(weight, plan.probability[first:last]).ravel()
    return x, weight
