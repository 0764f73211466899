"""Losses to a target with their slopes, for descents."""

from collections.abc import Callable

import numpy as np

from geomsup.features import Features
from geomsup.laws import misfit_of
from geomsup.loss.plan import has_plan
from geomsup.loss.targets.losses import target_losses
from geomsup.loss.targets.target import Wanted
from geomsup.model import ToyModel

__all__ = ["has_pieces", "losses_to"]

Losses = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def has_pieces(features: Features) -> bool:
    """Whether pieces are the distributions of values, and do not only stand for them, and can be listed."""
    return not any(any(misfit_of(law)) for law in features.laws) and not features.normalised and has_plan(features)


def losses_to(features: Features, activation: str, target: str) -> Losses:
    """Return f(decoder, W, b) -> losses of the outputs ``(n,)``, and their slopes by couplings ``(n, n)`` and by b."""
    wanted, exactly = Wanted(target, 2, False), np.zeros(features.n)

    def losses(decoder: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        model = ToyModel(W, b, activation, W_out=decoder)
        found = target_losses(model, b, exactly, features, 0, wanted, True)
        return found.value, found.slope_coupling, found.slope_b

    return losses
