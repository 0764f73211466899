"""What a feature does that is not stored: its output is the best constant."""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from geomsup.activations import LEAKS, resolve_activation
from geomsup.features import Features
from geomsup.optima.conditions.conditions import Conditions

__all__ = ["Dropped", "dropped"]


class Dropped(NamedTuple):
    """The bias of the output, and the loss for importance 1."""

    bias: float
    loss: float


@lru_cache(maxsize=512, typed=True)
def dropped(p: float, conditions: Conditions) -> Dropped:
    """Return what a feature of values U[0, 1] does where only a constant is left: E τ, or what the output makes of it.

    Examples
    --------
    >>> bias, loss = dropped(0.5, Conditions())
    >>> bias, round(loss, 6)
    (0.25, 0.104167)
    """
    feature = Features(1, p)
    mean, loss = float(feature.mean[0]), float(feature.variance[0])
    if conditions.target == "square":
        mean = p / 3
        loss = p / 5 - mean**2
    return Dropped(_bias_for(mean, conditions.activation), loss)


def _bias_for(mean: float, activation: str) -> float:
    """Return the bias at which a constant output has its value, which is above 0."""
    if activation in LEAKS:
        return mean
    from scipy.optimize import brentq

    output = resolve_activation("activation", activation)
    root: Any = brentq(lambda b: float(output(np.array([b]))[0]) - mean, 0.0, 1.0 + mean, xtol=1e-15)  # above u - 0.2
    return float(root)
