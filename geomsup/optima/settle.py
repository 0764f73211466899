"""Minima distinguished from saddles: where the Hessian has a way down, it is taken."""

import numpy as np

from geomsup.features import Features
from geomsup.loss import hessian
from geomsup.loss.exact import sets_needed
from geomsup.loss.halves.states import halves_of
from geomsup.model import ToyModel
from geomsup.optima.descent import FINE, End, descend

__all__ = ["UNCHECKED", "settle"]

MOST_PARAMETERS = 40  # beyond, the Hessian takes seconds
MOST_SETS = 4096  # of present points, of 12 binary features: beyond, the Hessian takes ten seconds
KICK = 0.02  # length of the step off a saddle
MOST_KICKS = 4
UNCHECKED = "not checked"


def settle(features: Features, end: End) -> tuple[End, str]:
    """Return the end point, or a lower one that its Hessian points to, and what it is to second order.

    That is "minimum", "undecided" (more is flat than symmetry explains, or there is no second derivative, as at biases
    of 0), "saddle" (a way down that no descent from it could follow), or "not checked" beyond 40 parameters, and
    of discrete values beyond 4096 sets.
    """
    if end.W.size + end.b.size > MOST_PARAMETERS or _many_points(features):
        return end, UNCHECKED
    for _ in range(MOST_KICKS):
        curvature = hessian(ToyModel(end.W, end.b), features)
        if not curvature.index:
            break
        below = min(descend(features, _kicked(end, curvature.matrix), slope=FINE), key=lambda e: e.loss)
        if below.loss >= end.loss * (1 - 1e-9):
            break
        end = below
    return end, curvature.kind


def _many_points(features: Features) -> bool:
    everything = np.ones((features.n, features.n))
    return halves_of(features) is not None and sets_needed(everything, features) > MOST_SETS


def _kicked(end: End, matrix: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Step off to both sides along the eigenvector of the lowest eigenvalue."""
    way = np.linalg.eigh(matrix)[1][:, 0]
    steps = [(way[: end.W.size].reshape(end.W.shape), way[end.W.size :])]
    return [(end.W + s * KICK * dW, end.b + s * KICK * db) for dW, db in steps for s in (1.0, -1.0)]
