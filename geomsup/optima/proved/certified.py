"""Optima that theorems with certificates name: of two to five features on one axis, and three or five in the plane."""

from dataclasses import replace

import numpy as np

from geomsup.features import Features
from geomsup.loss import hessian
from geomsup.loss.objective import pack, relu_objective
from geomsup.model import ToyModel
from geomsup.optima.alike import common_scale
from geomsup.optima.proved.certificates import is_same
from geomsup.optima.result import Optimum

__all__ = ["certified"]

# Theorem 5: between these probabilities it says from which importance on a second feature is stored. Up to RARE it is
# not stored if its importance is less than RARE_PRICE times the probability.
ONSET_FROM, ONSET_UP_TO, RARE, RARE_PRICE = 0.535, 0.83, 0.02, (2 + 2**0.5) / 8
# Theorem 4: below the first probability the digon has equal norms, above the second it has not; between them nothing is
# decided. Theorem 2: up to this probability five features form a pentagon. Theorems 12 and 13: at these, three form a
# digon and a row of its own, or a triangle.
EQUAL_UP_TO, UNEQUAL_FROM, PENTAGON_UP_TO = 0.706403, 0.706404, 1e-3
OWN_ROW_AT, TRIANGLE_AT = (0.1, 0.3, 0.5, 0.521837), (0.521838, 0.7, 0.9)
DROPPED_AT = {3: (0.3, 0.5, 0.7), 4: (0.3, 0.5, 0.7), 5: (0.3, 0.5)}
SAME = 1e-4  # relative difference of numbers that are equal at the minimum: descents leave 1e-6
# Rounding of a loss, of what storing nothing costs; and how far the loss may be above its minimum, relatively, by its
# slope and curvature: it is certified to nine digits.
ROUNDING, EXCESS = 1e-14, 1e-9
FLAT = 1e-12  # curvature, relative to the largest, that is none: a pentagon may be turned


def certified(found: Optimum) -> Optimum:
    """Return the optimum with the status "certified" and the loss as its bound, if a theorem names its model.

    The model must have converged: the bound is below the loss by what its slope g and curvature λ may hide, g²/λ.
    """
    features, W, b = found.features, found.model.W, found.model.b
    if not _is_named(features, W, b):
        return found
    cost = float(features.importance @ features.variance)
    excess = _excess(features, W, b) + ROUNDING * cost
    if not excess <= EXCESS * found.loss:
        return found
    return replace(found, status="certified", kind="minimum", lower_bound=found.loss - excess, searched=None)


def _excess(features: Features, W: np.ndarray, b: np.ndarray) -> float:
    """Return twice what the loss is above that of the minimum nearby, to second order."""
    _, slope = relu_objective(features)(pack(W, b))
    curvatures, axes = np.linalg.eigh(hessian(ToyModel(W, b), features).matrix)
    bent = curvatures > FLAT * curvatures[-1]
    return float(((axes.T @ slope)[bent] ** 2 / curvatures[bent]).sum())


def _is_named(features: Features, W: np.ndarray, b: np.ndarray) -> bool:
    """Whether there is a theorem about these features, and the model is the one that it calls the best."""
    p, size, equal = float(features.probability[0]), W.shape, len(features.kinds) == 1
    if common_scale(features) is None or not 0 < p < 1:
        return False
    if size == (2, 1):
        return _is_best_pair(p, W, b) if equal else _is_first_alone(features, W[:, 0], b)
    if size[1] == 1:
        return equal and any(is_same(p, at) for at in DROPPED_AT.get(size[0], ())) and _has_dropped(features, W, b)
    if size == (3, 2):
        named = ((OWN_ROW_AT, _has_own_row), (TRIANGLE_AT, _is_triangle))
        return equal and any(is_same(p, at) and fits(W, b) for places, fits in named for at in places)
    return size == (5, 2) and equal and p <= PENTAGON_UP_TO and _is_pentagon(W, b)


def _is_best_pair(p: float, W: np.ndarray, b: np.ndarray) -> bool:
    equal = _same(np.abs(W)) and _same(b)
    opposite = W[0, 0] * W[1, 0] < 0 and b.min() > 0
    return bool(opposite and (equal if p <= EQUAL_UP_TO else p >= UNEQUAL_FROM and not equal))


def _has_dropped(features: Features, W: np.ndarray, b: np.ndarray) -> bool:
    """Whether two features are the best pair, and the others have the weight 0 and their mean as the bias."""
    order = np.argsort(-np.abs(W[:, 0]))
    pair, rest = order[:2], order[2:]
    dropped = np.abs(W[rest]).max() <= SAME and np.abs(b[rest] / features.mean[rest] - 1).max() <= SAME
    return bool(dropped and _is_best_pair(float(features.probability[0]), W[pair], b[pair]))


def _has_own_row(W: np.ndarray, b: np.ndarray) -> bool:
    """Whether two rows are opposite and of one norm, with equal biases, and the third has the norm 1 across them."""
    M = W @ W.T
    alone = int(np.argmin(np.abs(M).sum(axis=0)))
    i, j = (k for k in range(3) if k != alone)
    opposite = M[i, j] < 0 and _same(np.array([M[i, i], M[j, j], -M[i, j]])) and _same(b[[i, j]]) and b[i] > 0
    own = np.abs(np.delete(M[alone], alone)).max() <= SAME and abs(M[alone, alone] - 1) <= SAME
    return bool(opposite and own and abs(b[alone]) <= SAME)


def _is_triangle(W: np.ndarray, b: np.ndarray) -> bool:
    """Whether all rows have one norm and are as far apart as the vertices of a triangle, with one positive bias."""
    M = W @ W.T
    apart = M[np.triu_indices(3, 1)]
    return bool(_same(np.append(np.diag(M), -2 * apart)) and _same(b) and b.min() > 0)


def _is_first_alone(features: Features, w: np.ndarray, b: np.ndarray) -> bool:
    """Whether only the important feature is stored, at its best, and the other one is not worth storing."""
    p, importance = float(features.probability[0]), features.importance / features.importance.max()
    if not importance.min() <= _price(p) - ROUNDING:
        return False
    stored = importance == 1
    biases = np.where(stored, 0.0, features.mean)
    return bool((np.abs(np.abs(w) - stored) <= SAME).all() and (np.abs(b - biases) <= SAME * features.mean).all())


def _price(p: float) -> float:
    """Return an importance up to which theorem 5 says that a second feature is not stored, or 0."""
    if ONSET_FROM <= p <= ONSET_UP_TO:
        return _onset(p)
    return RARE_PRICE * p if p <= RARE else 0.0


def _onset(p: float) -> float:
    """Return I₀ of theorem 5, the importance from which on a second feature is stored, a little at first."""
    k, m, both = 1 - 3 * p / 4, 1 - p / 2, p * (1 - p)
    delta = 2 * k * m / (k + np.sqrt(k * (k - 2 * both * m)))
    return float(1 + (k * (delta - m) ** 2 / p - (1 - p) * delta**3 / 3) / (1 / 3 - p / 4))


def _is_pentagon(W: np.ndarray, b: np.ndarray) -> bool:
    turns = np.sort(np.arctan2(W[:, 1], W[:, 0]))
    gaps = np.diff(turns, append=turns[0] + 2 * np.pi)
    return bool(_same(np.linalg.norm(W, axis=1)) and _same(gaps) and _same(b) and b.max() < 0)


def _same(values: np.ndarray) -> bool:
    return bool(np.ptp(values) <= SAME * np.abs(values).max())
