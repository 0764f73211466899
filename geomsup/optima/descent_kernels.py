"""Kernels: descent of a loss of the tied ReLU output model, many times faster than scipy's at these sizes.

A loss of a few features takes 10 to 100 us; `scipy.optimize.minimize` spends some 300 us around each. Here the whole
BFGS descent is one compiled call (25 times faster at (2, 1), twice at (5, 2)) and frees the interpreter, so that starts
run on all cores. First steps are short, so that more starts end in the best basin (16 of 16 at (8, 3), scipy's 13; see
benchmarks/bench_optimum.py). Which loss it is, the inputs tell: `Inputs` that of `exact_kernels`, `SparseInputs` that
of `loss.sparse`.
"""

import numpy as np
from numba.extending import overload

from geomsup.compiling import njit
from geomsup.loss.coupling import coupling_matrix
from geomsup.loss.exact_kernels import exact_outputs
from geomsup.loss.sparse.inputs import SparseInputs
from geomsup.loss.sparse.kernels import sparse_loss

__all__ = ["bfgs", "tied_loss"]

ARMIJO = 1e-4  # weak Wolfe conditions: decrease of the loss
CURVATURE = 0.5  # weak Wolfe conditions: decrease of the slope
MOST_TRIALS = 40  # of one line search
RESOLUTION = 1e-15  # relative differences of losses below this are rounding


@njit(part=True)
def tied_loss(vector, n, m, importance, inputs, coherence, gradient, stop):
    """Return Σ_i I_i E(x_i - f(W Wᵀ x + b)_i)² with a penalty, and write the slopes in (W, b) to
    `gradient`.

    `inputs` are `Inputs`; `vector` is W row by row, then b. The penalty is λ Σ_{i<j} (w_i·w_j)², λ being
    `coherence`.
    """
    W, b = vector[: n * m].reshape(n, m), vector[n * m :]
    coupling, surplus, _ = coupling_matrix(W, W, inputs.size)
    value, _, slope, slope_b = exact_outputs(coupling, surplus, b, inputs.leak, inputs.plan, inputs.mean, True, stop)
    total = 0.0
    for i in range(n):
        total += importance[i] * value[i]
        gradient[n * m + i] = importance[i] * slope_b[i]
        for h in range(m):
            push = 0.0
            for j in range(n):
                push += (importance[i] * slope[i, j] + importance[j] * slope[j, i]) * W[j, h]
            gradient[i * m + h] = push
    if coherence > 0.0:
        total += coherence * _add_coherence(W, coherence, gradient)
    return total


@njit(part=True)
def _add_coherence(W, factor, gradient):
    """Return Σ_{i<j} (w_i·w_j)², and add `factor` times its slopes by W."""
    n, m = W.shape
    total = 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                product = W[i] @ W[j]
                total += 0.5 * product**2
                for h in range(m):
                    gradient[i * m + h] += 2.0 * factor * product * W[j, h]
    return total


def _loss(vector, n, m, importance, inputs, coherence, gradient, stop):
    """Return the loss that goes with these inputs, and write its slopes to `gradient`: one is chosen when compiled."""
    if isinstance(inputs, SparseInputs):
        return sparse_loss(vector, n, m, importance, inputs, gradient)
    return tied_loss(vector, n, m, importance, inputs, coherence, gradient, stop)


@overload(_loss)
def _loss_of_inputs(vector, n, m, importance, inputs, coherence, gradient, stop):
    if inputs.instance_class is SparseInputs:
        return lambda vector, n, m, importance, inputs, coherence, gradient, stop: sparse_loss(
            vector, n, m, importance, inputs, gradient
        )
    return lambda vector, n, m, importance, inputs, coherence, gradient, stop: tied_loss(
        vector, n, m, importance, inputs, coherence, gradient, stop
    )


@njit(part=True)
def _largest(vector):
    most = 0.0
    for x in vector:
        most = max(most, abs(x))
    return most


@njit(part=True)
def _search_line(x, loss, g, direction, n, m, importance, inputs, coherence, new_x, new_g, stop):
    """Find a step with the weak Wolfe conditions by bisection (lewis2013); return it and its loss.

    Where losses differ by rounding only, slopes decide. new_x and new_g receive the point; a step of 0 is a failure.
    `quasi_newton` has the same search over any Python function; this one is compiled together with its loss.
    """
    slope = g @ direction
    low, high, step = 0.0, np.inf, 1.0
    for _ in range(MOST_TRIALS):
        for k in range(len(x)):
            new_x[k] = x[k] + step * direction[k]
        new_loss = _loss(new_x, n, m, importance, inputs, coherence, new_g, stop)
        new_slope = new_g @ direction
        close = abs(new_loss - loss) <= RESOLUTION * abs(loss)
        if not (new_loss <= loss + ARMIJO * step * slope or (close and new_slope <= -0.5 * slope)):
            high = step
        elif new_slope < CURVATURE * slope:
            low = step
        else:
            return step, new_loss
        step = 2.0 * low if high == np.inf else 0.5 * (low + high)
    return 0.0, loss


@njit(part=True)
def _update(inverse, s, y):
    """BFGS update of the inverse Hessian in place, s the step and y the change of slopes; skipped if s·y <= 0."""
    size = len(s)
    sy = s @ y
    if sy <= 1e-14 * np.sqrt((s @ s) * (y @ y)):
        return
    hy = inverse @ y
    factor = (1.0 + (y @ hy) / sy) / sy
    for i in range(size):
        along, across = factor * s[i] - hy[i] / sy, s[i] / sy  # no division within
        for j in range(size):
            inverse[i, j] += along * s[j] - across * hy[j]


@njit
def bfgs(start, n, m, importance, inputs, coherence, slope, most_steps, stop):
    """Descend until no slope is above `slope`; return loss and penalty, the end point and the number of steps taken.

    The penalty is that of `tied_loss`. nocedal2006, algorithm 6.1. If the line search fails along a quasi-Newton
    direction, the steepest is tried; if that fails too, rounding has been reached. Ends early once stop[0] is not 0.
    """
    size = len(start)
    x, g = start.copy(), np.empty(size)
    new_x, new_g = np.empty(size), np.empty(size)
    inverse = np.eye(size)
    loss = _loss(x, n, m, importance, inputs, coherence, g, stop)
    fresh = True
    taken = 0
    while taken < most_steps and _largest(g) > slope and stop[0] == 0:
        if fresh:
            for i in range(size):  # not row by row: numba would compile the text of an error, for 3 s
                for j in range(size):
                    inverse[i, j] = 1.0 if i == j else 0.0
        direction = -(inverse @ g)
        if fresh:  # a short step: beyond are other basins
            direction *= min(1.0, 0.1 / np.sqrt(g @ g))
        step, new_loss = _search_line(x, loss, g, direction, n, m, importance, inputs, coherence, new_x, new_g, stop)
        if step == 0.0:
            if fresh:
                break
            fresh = True
            continue
        s, y = new_x - x, new_g - g
        fresh = False
        _update(inverse, s, y)
        for i in range(size):
            x[i], g[i] = new_x[i], new_g[i]
        loss = new_loss
        taken += 1
    return loss, x, taken
