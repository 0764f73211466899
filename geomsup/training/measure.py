"""The loss of a trained model, for any target and criterion."""

import numpy as np

from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.loss.expected import Unreachable
from geomsup.loss.objective import has_few_sets
from geomsup.loss.plan import has_plan
from geomsup.loss.sampled import batches
from geomsup.loss.targets import targets_of
from geomsup.model import ToyModel
from geomsup.samples import SampledFeatures

__all__ = ["cross_entropies", "measured_loss"]

SAMPLES = 2**18  # where the exact loss is not known
RTOLS = (None, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)  # accuracies of the exact loss, tried in this order
CHUNK = 2**22  # entries of x held at a time


def measured_loss(
    model: ToyModel, features: Features | SampledFeatures, target: str = "identity", criterion: str = "squared"
) -> float:
    """Return E Σ_i I_i (y_i − x'_i)², or the cross-entropy: exact, or the mean over the same 2¹⁸ samples each time.

    Of a data set it is the mean over all its samples.
    """
    linear = model.hidden_activation == "linear" and model.W_between is None
    if target == "identity" and criterion == "squared" and linear and _is_known(model, features):
        return _exact(model, features)
    known = _by_formula(model, features, target) if criterion == "squared" else None
    if known is not None:
        return known
    size, rng = max(1, min(SAMPLES, CHUNK // features.n)), np.random.default_rng(0)
    total, count = 0.0, 0
    for x in batches(features, SAMPLES, size, rng):
        if criterion == "cross-entropy":
            losses = cross_entropies(x, model(x), features.importance)
        else:
            losses = (targets_of(x, target) - model(x)) ** 2 @ features.importance
        total, count = total + float(losses.sum()), count + len(x)
    return total / count


def _is_known(model: ToyModel, features: Features | SampledFeatures) -> bool:
    """Whether the loss of a model with a linear hidden layer needs no samples, or is a mean over a data set."""
    if isinstance(features, SampledFeatures):
        return True
    return not features.normalised and (model.activation == "linear" or has_plan(features))


def _by_formula(model: ToyModel, features: Features | SampledFeatures, target: str) -> float | None:
    """Return the exact loss to any target, also with hidden ReLUs; None where there is no formula, or no quick one."""
    if isinstance(features, SampledFeatures) or features.normalised or not has_plan(features):
        return None
    if not has_few_sets(features):
        return None
    try:
        return float(expected_loss(model, features, target=target, method="exact"))
    except ValueError:  # which says why there is no formula
        return None


def _exact(model: ToyModel, features: Features | SampledFeatures) -> float:
    """Return the exact expected loss, as accurate as rounding allows: for rare, well stored features not very."""
    for rtol in RTOLS[:-1]:
        try:
            return float(expected_loss(model, features, rtol=rtol))
        except Unreachable:
            continue
    return float(expected_loss(model, features, rtol=RTOLS[-1]))


def cross_entropies(x: np.ndarray, logits: np.ndarray, importance: np.ndarray) -> np.ndarray:
    """Return I_c (log Σ_j exp u_j - u_c) of each sample, c the largest input present; 0 where none is, ``(samples,)``.

    Parameters
    ----------
    x, logits
        Inputs and outputs u, ``(samples, n)``.
    importance
        ``(n,)``.
    """
    classes, each = np.where(x != 0, x, -np.inf).argmax(axis=1), np.arange(len(x))
    shifted = logits - logits.max(axis=1, keepdims=True)
    losses = importance[classes] * (np.log(np.exp(shifted).sum(axis=1)) - shifted[each, classes])
    return np.where((x != 0).any(axis=1), losses, 0.0)
