"""Losses to a target with their slopes, for descents."""

from collections.abc import Callable

import numpy as np

from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.laws import misfit_of
from geomsup.loss.coupling import coupling_matrix
from geomsup.loss.plan import has_plan, make_plan
from geomsup.loss.targets.losses import cut_at_zero
from geomsup.loss.targets.pairs import pair_losses
from geomsup.loss.targets.target import PAIRS, TARGETS, Wanted, moments
from geomsup.model import ToyModel
from geomsup.threads import stop_flag

__all__ = ["has_pieces", "losses_to"]

Losses = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def has_pieces(features: Features) -> bool:
    """Whether pieces are the distributions of values, and do not only stand for them, and can be listed."""
    return not any(any(misfit_of(law)) for law in features.laws) and not features.normalised and has_plan(features)


def losses_to(features: Features, activation: str, target: str) -> Losses:
    """Return f(decoder, W, b) -> losses of the outputs ``(n,)``, and their slopes by couplings ``(n, n)`` and by b.

    Like `losses_of` it goes straight to the kernels, which want features of ordinary size.
    """
    return _of_pairs(features, activation, target) if target in PAIRS else _of_each(features, activation, target)


def _of_each(features: Features, activation: str, target: str) -> Losses:
    from geomsup.loss.targets.kernels import output_moments

    n, mean, leak, wanted = features.n, np.array(features.mean), LEAKS[activation], TARGETS[target]
    size = moments(features, 2) ** 0.5
    plans = [make_plan(features, i if cut else -1) for i, cut in enumerate(cut_at_zero(features, wanted, 2))]

    def losses(decoder: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        coupling, surplus, _ = coupling_matrix(decoder, W, size)
        value, slopes = np.empty(n), np.empty((n, n + 1))
        for i, plan in enumerate(plans):
            tally = output_moments(
                coupling[i], surplus[i], b[i], leak, i, wanted, 1.0, 2, plan, mean, True, False, slopes[i], stop_flag()
            )
            value[i] = tally[0].sum()
        return value, slopes[:, :n], slopes[:, n]

    return losses


def _of_pairs(features: Features, activation: str, target: str) -> Losses:
    wanted, exactly = Wanted(target, 2, False), np.zeros(features.n)

    def losses(decoder: np.ndarray, W: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = pair_losses(ToyModel(W, b, activation, W_out=decoder), b, exactly, features, 0, wanted, True)
        return found.value, found.slope_coupling, found.slope_b

    return losses
