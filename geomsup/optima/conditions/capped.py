"""Descents whose rows may not come nearer to each other, or to each other's antipodes, than an angle."""

from itertools import combinations

import numpy as np

from geomsup.optima.conditions.conditions import largest_cosine
from geomsup.optima.conditions.objective import Objective, joined, parted
from geomsup.optima.deadline import Deadline

__all__ = ["capped_descent"]

MOST_STEPS = 500
TOLERANCE = 1e-12  # of the loss, where steps end
ALLOWED = 1e-6  # cosines above the cap, by rounding of the programs
TINY = 1e-9  # rows of this norm have no direction
SHORT = 1e-3  # rows of this norm, relative to the longest, have nearly vanished


class _OverError(Exception):
    """The deadline has passed."""


def capped_descent(
    objective: Objective, start: np.ndarray, n: int, tied: bool, cap: float, deadline: Deadline
) -> tuple[float, np.ndarray]:
    """Return the lowest loss found and where, under abs(w_i·w_j) <= cap |w_i| |w_j| for all pairs of rows of W.

    Sequential quadratic programs (nocedal2006, chapter 18); where the end does not keep the cap, the loss is infinite.
    """
    from scipy.optimize import minimize

    first, second = (np.array(part) for part in zip(*combinations(range(n), 2), strict=True))
    size = len(start)
    best = np.inf, start

    def room(vector: np.ndarray) -> np.ndarray:
        W, _, _ = parted(vector, n, tied)
        norms = np.linalg.norm(W, axis=1)
        most, product = cap * norms[first] * norms[second], (W[first] * W[second]).sum(axis=1)
        return np.concatenate([most - product, most + product])

    def slopes(vector: np.ndarray) -> np.ndarray:
        W, _, _ = parted(vector, n, tied)
        norms = np.linalg.norm(W, axis=1)
        unit = W / np.maximum(norms, TINY)[:, None]
        pairs, m = np.arange(len(first)), W.shape[1]
        of_most, of_product = (np.zeros((len(first), n, m)) for _ in range(2))
        for one, other in ((first, second), (second, first)):
            of_most[pairs, one] = cap * norms[other][:, None] * unit[one]
            of_product[pairs, one] = W[other]
        both = np.concatenate([of_most - of_product, of_most + of_product]).reshape(2 * len(first), -1)
        return np.hstack([both, np.zeros((len(both), size - both.shape[1]))])

    def counted(vector: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal best
        if deadline.passed() and best[0] < np.inf:
            raise _OverError
        loss, gradient = objective(vector)
        if loss < best[0] and largest_cosine(parted(vector, n, tied)[0]) <= cap + ALLOWED:
            best = loss, vector.copy()
        return loss, gradient

    cons = [{"type": "ineq", "fun": room, "jac": slopes}] if n > 1 else []
    try:
        end = minimize(
            counted, start, jac=True, method="SLSQP", constraints=cons,
            options={"maxiter": MOST_STEPS, "ftol": TOLERANCE},
        )  # fmt: skip
        counted(_without_short_rows(end.x, n, tied))
    except _OverError:
        pass
    return best


def _without_short_rows(vector: np.ndarray, n: int, tied: bool) -> np.ndarray:
    """Return the weights without the rows that have nearly vanished, whose directions are left to rounding."""
    W, decoder, b = parted(vector.copy(), n, tied)
    norms = np.linalg.norm(W, axis=1)
    return joined((np.where((norms < SHORT * norms.max())[:, None], 0.0, W), decoder, b), tied)
