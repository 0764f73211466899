"""Descents whose rows may not come nearer to each other, or to each other's antipodes, than an angle."""

from itertools import combinations
from typing import Any

import numpy as np

from geomsup.optima.conditions.conditions import largest_cosine
from geomsup.optima.conditions.objective import Objective, joined, parted
from geomsup.optima.deadline import Deadline

__all__ = ["capped_descent", "with_room"]

MOST_STEPS = 500
TOLERANCE = 1e-12  # of the loss, where steps end
AGAIN, GAINED = 5, 1e-7  # most programs one after the other, and the relative gain that is worth another
ALLOWED = 1e-6  # cosines above the cap, by rounding of the programs
TINY = 1e-9  # rows of this norm have no direction
SHORT = 1e-3  # rows of this norm, relative to the longest, have nearly vanished

Ended = tuple[float, np.ndarray]  # a loss, and where, or its slopes


def with_room(W: np.ndarray, cap: float, worth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return rows that keep the cap: they are turned away from each other, and those without room are zeros.

    A row with a direction of its own can hardly vanish during a descent, as its constraints have a kink there. So it is
    decided here which features are stored: of two that are too near, the one of less worth is likelier to go.
    """
    W = W.copy()
    while len(stored := np.flatnonzero(W.any(axis=1))) > 1:
        W[stored] = _turned_away(W[stored], cap)
        units = W[stored] / np.linalg.norm(W[stored], axis=1, keepdims=True)
        near = np.triu(abs(units @ units.T), 1)
        if near.max() <= cap + ALLOWED:
            break
        pair = stored[list(np.unravel_index(near.argmax(), near.shape))]
        first, total = worth[pair[0]], worth[pair].sum()
        W[pair[int(rng.random() * total <= first)]] = 0.0
    return W * _opposed(W)[:, None] if rng.random() < 0.5 else W


def _opposed(W: np.ndarray) -> np.ndarray:
    """Return signs of rows such that no flip of one makes their sum shorter: most are at obtuse angles then.

    A cap lets a direction and its antipode be near to others alike. But ReLUs cut off what is negative, and descents
    hardly ever turn a row to its antipode.
    """
    signs = np.ones(len(W))
    for _ in W:
        gains = signs * (W @ (signs @ W)) - (W * W).sum(axis=1)
        if gains.max() <= 0:
            break
        signs[gains.argmax()] *= -1
    return signs


def _turned_away(W: np.ndarray, cap: float) -> np.ndarray:
    """Return rows of the same norms, at directions nearby with the least sum of (abs(cos) - cap)₊² over all pairs."""
    from scipy.optimize import minimize

    def overlap(vector: np.ndarray) -> tuple[float, np.ndarray]:
        rows = vector.reshape(W.shape)
        norms = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), TINY)
        units = rows / norms
        cosines = units @ units.T
        np.fill_diagonal(cosines, 0.0)
        over = np.sign(cosines) * np.maximum(abs(cosines) - cap, 0.0)
        slopes = 2 * over @ units
        slopes -= (slopes * units).sum(axis=1, keepdims=True) * units
        return float((over**2).sum() / 2), (slopes / norms).ravel()

    norms = np.linalg.norm(W, axis=1, keepdims=True)
    found = minimize(
        overlap, (W / norms).ravel(), jac=True, method="L-BFGS-B", options={"ftol": 0.0, "gtol": TOLERANCE}
    )
    rows = found.x.reshape(W.shape)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), TINY) * norms


class _OverError(Exception):
    """The deadline has passed."""


def capped_descent(
    objective: Objective, start: np.ndarray, n: int, tied: bool, cap: float, deadline: Deadline
) -> Ended:
    """Return the lowest loss found and where, under abs(w_i·w_j) <= cap |w_i| |w_j| for all pairs of rows of W.

    Sequential quadratic programs (nocedal2006, chapter 18). Rows of zeros at the start stay zeros. Where the end does
    not keep the cap, the loss is infinite.
    """
    best, vector = (np.inf, start), start.copy()

    def counted(vector: np.ndarray) -> Ended:
        nonlocal best
        if deadline.passed() and best[0] < np.inf:
            raise _OverError
        loss, gradient = objective(vector)
        if loss < best[0] and largest_cosine(parted(vector, n, tied)[0]) <= cap + ALLOWED:
            best = loss, vector.copy()
        return loss, gradient

    try:
        for _ in range(n + AGAIN):  # as long as rows vanish, or much is gained: the curvature is learnt anew
            before, stored = best[0], np.asarray(parted(vector, n, tied)[0].any(axis=1))
            vector = _without_short_rows(_program(counted, vector, stored, tied, cap), n, tied)
            counted(vector)
            same = np.array_equal(parted(vector, n, tied)[0].any(axis=1), stored)
            if same and not best[0] < before * (1 - GAINED):
                break
    except _OverError:
        pass
    return best


def _program(objective: Objective, vector: np.ndarray, stored: np.ndarray, tied: bool, cap: float) -> np.ndarray:
    """Return where a program ends in which only the stored rows of W move, with all other weights."""
    from scipy.optimize import minimize

    n, k, at = len(stored), int(stored.sum()), vector.copy()
    m = parted(vector, n, tied)[0].shape[1]
    free = np.ones(len(at), dtype=bool)
    free[: n * m] = np.repeat(stored, m)  # W comes first

    def of_free(some: np.ndarray) -> Ended:
        at[free] = some
        loss, gradient = objective(at)
        return loss, gradient[free]

    end = minimize(
        of_free, vector[free], jac=True, method="SLSQP", options={"maxiter": MOST_STEPS, "ftol": TOLERANCE},
        constraints=_constraints(k, m, int(free.sum()), cap) if k > 1 else [],
    )  # fmt: skip
    at[free] = end.x
    return at


def _constraints(k: int, m: int, size: int, cap: float) -> list[dict[str, Any]]:
    """Return what k rows of W, the first of so many numbers, must keep: cap |w_i| |w_j| -+ w_i·w_j is not negative."""
    first, second = (np.array(part) for part in zip(*combinations(range(k), 2), strict=True))

    def room(vector: np.ndarray) -> np.ndarray:
        W = vector[: k * m].reshape(k, m)
        norms = np.linalg.norm(W, axis=1)
        most, product = cap * norms[first] * norms[second], (W[first] * W[second]).sum(axis=1)
        return np.concatenate([most - product, most + product])

    def slopes(vector: np.ndarray) -> np.ndarray:
        W = vector[: k * m].reshape(k, m)
        norms = np.linalg.norm(W, axis=1)
        unit = W / np.maximum(norms, TINY)[:, None]
        pairs = np.arange(len(first))
        of_most, of_product = (np.zeros((len(first), k, m)) for _ in range(2))
        for one, other in ((first, second), (second, first)):
            of_most[pairs, one] = cap * norms[other][:, None] * unit[one]
            of_product[pairs, one] = W[other]
        both = np.concatenate([of_most - of_product, of_most + of_product]).reshape(2 * len(first), -1)
        return np.hstack([both, np.zeros((len(both), size - both.shape[1]))])

    return [{"type": "ineq", "fun": room, "jac": slopes}]


def _without_short_rows(vector: np.ndarray, n: int, tied: bool) -> np.ndarray:
    """Return the weights without the rows that have nearly vanished, whose directions are left to rounding."""
    W, decoder, b = parted(vector.copy(), n, tied)
    norms = np.linalg.norm(W, axis=1)
    return joined((np.where((norms < SHORT * norms.max())[:, None], 0.0, W), decoder, b), tied)
