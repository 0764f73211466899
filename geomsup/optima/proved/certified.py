"""Optima that theorems with certificates name: two features on one axis, five of small probability in the plane."""

from dataclasses import replace

import numpy as np

from geomsup.features import Features, Uniform
from geomsup.optima.result import Optimum

__all__ = ["certified"]

# Theorem 4: below the first probability the digon has equal norms, above the second it has not; between them nothing is
# decided. Theorem 2: up to this probability five features form a pentagon.
EQUAL_UP_TO, UNEQUAL_FROM, PENTAGON_UP_TO = 0.706403, 0.706404, 1e-3
SAME = 1e-4  # relative difference of numbers that are equal at the minimum: descents leave 1e-6
# Descents leave a slope of 1e-10 of what storing nothing costs, and so 1e-19 of that in the loss. Rounding leaves more.
ROUNDING = 1e-14


def certified(found: Optimum) -> Optimum:
    """Return the optimum with the status "certified" and the loss as its bound, if a theorem names its model."""
    if not _is_named(found.features, found.model.W, found.model.b):
        return found
    cost = float(found.features.importance @ found.features.variance)
    return replace(found, status="certified", kind="minimum", lower_bound=found.loss - ROUNDING * cost, searched=None)


def _is_named(features: Features, W: np.ndarray, b: np.ndarray) -> bool:
    """Whether there is a theorem about these features, and the model is the one that it calls the best."""
    law = features.laws[0]
    if len(features.kinds) > 1 or features.grouped or not isinstance(law, Uniform) or law.support[0] != 0:
        return False
    p, size = float(features.probability[0]), W.shape
    if size == (2, 1):
        equal = _same(np.abs(W)) and _same(b)
        opposite = W[0, 0] * W[1, 0] < 0 and b.min() > 0
        return bool(opposite and (equal if 0 < p <= EQUAL_UP_TO else UNEQUAL_FROM <= p < 1 and not equal))
    if size == (5, 2) and 0 < p <= PENTAGON_UP_TO:
        turns = np.sort(np.arctan2(W[:, 1], W[:, 0]))
        gaps = np.diff(turns, append=turns[0] + 2 * np.pi)
        return _same(np.linalg.norm(W, axis=1)) and _same(gaps) and _same(b) and b.max() < 0
    return False


def _same(values: np.ndarray) -> bool:
    return bool(np.ptp(values) <= SAME * np.abs(values).max())
