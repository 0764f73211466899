"""Limited-memory BFGS for losses that are only known to a relative accuracy, such as truncated series.

scipy's routine spends milliseconds per step in threaded linear algebra on vectors of a hundred numbers, as much as the
loss itself. And its line search goes on where differences of losses are only errors.
"""

from collections import deque
from collections.abc import Callable

import numpy as np

from geomsup.optima.deadline import ENDLESS, Deadline

__all__ = ["lbfgs"]

MEMORY = 30
ARMIJO = 1e-4  # weak Wolfe conditions: decrease of the loss
CURVATURE = 0.5  # weak Wolfe conditions: decrease of the slope
FIRST = 0.1  # length of the first step: beyond are other basins
MOST_TRIALS = 20
WINDOW = 10  # steps that together must lower the loss by more than its accuracy

Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]


def lbfgs(
    objective: Objective, start: np.ndarray, *, slope: float, accuracy: float, most_steps: int,
    inverse: np.ndarray | None = None, deadline: Deadline = ENDLESS,
) -> tuple[float, np.ndarray]:  # fmt: skip
    """Return the lowest loss found and where, descending until slopes or gains are small, or the deadline has passed.

    nocedal2006, algorithm 7.5, with the bisecting line search of lewis2013. `inverse` is about the inverse of the
    second derivatives, where it is known; it has no negative eigenvalues.
    """
    x, (loss, g) = start, objective(start)
    pairs: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=MEMORY)
    past: deque[float] = deque([loss], maxlen=WINDOW + 1)
    for _ in range(most_steps):
        if np.abs(g).max() <= slope or (len(past) > WINDOW and past[0] - loss <= accuracy * loss):
            break
        if deadline.passed():
            break
        known = pairs or inverse is not None
        direction = _direction(g, pairs, inverse) if known else -g * min(1.0, FIRST / np.linalg.norm(g))
        found = _search_line(objective, x, loss, g, direction, accuracy, deadline)
        if found is None:
            if not pairs:
                break
            pairs.clear()
            continue
        new_x, new_loss, new_g = found
        s, y = new_x - x, new_g - g
        if s @ y > 0:
            pairs.append((s, y, float(s @ y)))
        x, loss, g = new_x, new_loss, new_g
        past.append(loss)
    return loss, x


def _direction(
    g: np.ndarray, pairs: deque[tuple[np.ndarray, np.ndarray, float]], inverse: np.ndarray | None
) -> np.ndarray:
    """Two-loop recursion: minus the inverse Hessian times the slope."""
    q, weights = -g, []
    for s, y, sy in reversed(pairs):
        weights.append((s @ q) / sy)
        q = q - weights[-1] * y
    if inverse is None:
        s, y, sy = pairs[-1]
        q = q * (sy / (y @ y))
    else:
        q = inverse @ q
    for (s, y, sy), weight in zip(pairs, reversed(weights), strict=True):
        q = q + (weight - (y @ q) / sy) * s
    return q


def _search_line(
    objective: Objective, x: np.ndarray, loss: float, g: np.ndarray, direction: np.ndarray, accuracy: float,
    deadline: Deadline = ENDLESS,
) -> tuple[np.ndarray, float, np.ndarray] | None:  # fmt: skip
    """Return a point that meets the weak Wolfe conditions, with losses equal within `accuracy`; None if there is none,
    or if the deadline passes on the way.

    `descent_kernels` has the same search compiled together with one loss; this one calls any Python function.
    """
    along = float(g @ direction)
    if along >= 0:
        return None
    low, high, step = 0.0, np.inf, 1.0
    for _ in range(MOST_TRIALS):
        if deadline.passed():
            break
        new_x = x + step * direction
        new_loss, new_g = objective(new_x)
        new_along = float(new_g @ direction)
        close = abs(new_loss - loss) <= accuracy * abs(loss)
        if not (new_loss <= loss + ARMIJO * step * along or (close and new_along <= -0.5 * along)):
            high = step
        elif new_along < CURVATURE * along:
            low = step
        else:
            return new_x, new_loss, new_g
        step = 2.0 * low if high == np.inf else 0.5 * (low + high)
    return None
