"""Losses of a layer of piecewise linear units, integrated exactly over simplices that its planes cut.

A box is filled with simplices. Each is cut along an edge, as long as a hidden unit has both signs at its vertices: then
all hidden units are linear within it. For each output it is cut further, until the output has one sign, and its input
too if the target is bent at 0. There, errors are linear, and the mean of a product of two linear functions over a
simplex has a closed form in its vertices.
"""

from typing import NamedTuple

import numpy as np

from geomsup.compiling import njit

__all__ = ["Goal", "Layer", "cell_losses"]

ON_PLANE = 1e-14  # of the larger end of an edge: nearer vertices count as on the plane, so that equal units cut once
EPS = 2.0**-52

part = njit(part=True, error_model="numpy")


class Layer(NamedTuple):
    """y = f(W_out g(Wᵀ x + b_hidden) + b); the slopes of g and f below 0; importances of the outputs."""

    W: np.ndarray
    b_hidden: np.ndarray
    W_out: np.ndarray
    b: np.ndarray
    hidden_leak: float
    leak: float
    importance: np.ndarray


class Goal(NamedTuple):
    """What outputs are compared with: multiples of inputs that vary, and numbers where they do not."""

    below: float  # of x < 0
    above: float  # of x > 0
    fixed: np.ndarray  # ``(boxes, n)``, for outputs whose input has one value in the box


@part
def _cut(simplex, other, column):
    """Cut at the plane where `column` is 0: keep one part, write the other one; return its share, 0 if there is none.

    Rows are vertices. The edge from the highest to the lowest one is cut, and the two parts share what is in between.
    """
    high, low = 0, 0
    for v in range(1, len(simplex)):
        if simplex[v, column] > simplex[high, column]:
            high = v
        if simplex[v, column] < simplex[low, column]:
            low = v
    above, below = simplex[high, column], -simplex[low, column]
    if not min(above, below) > ON_PLANE * max(above, below):
        return 0.0
    share = above / (above + below)
    other[:] = simplex
    for c in range(simplex.shape[1]):
        between = simplex[high, c] + share * (simplex[low, c] - simplex[high, c])
        simplex[high, c] = between
        other[low, c] = between
    simplex[high, column] = 0.0
    other[low, column] = 0.0
    return share


@part
def _is_above(simplex, column):
    """Whether a column is above 0 within a simplex that its plane does not cut."""
    largest = 0.0
    for v in range(len(simplex)):
        if abs(simplex[v, column]) > abs(largest):
            largest = simplex[v, column]
    return largest > 0


@part
def _mean_product(first, second, k):
    """Return the mean of a product of two linear functions over a simplex, from their values at its k + 1 vertices."""
    product, total, other = 0.0, 0.0, 0.0
    for v in range(k + 1):
        product += first[v] * second[v]
        total += first[v]
        other += second[v]
    return (product + total * other) / ((k + 1) * (k + 2))


@part
def _add_slopes(layer, i, simplex, error, weight, x, varying, hidden_slope, slope, grads):
    """Add what a simplex gives to the gradients by W, b_hidden, W_out and b; scale errors by what they push with."""
    to_W, to_b_hidden, to_W_out, to_b = grads
    k, m = len(varying), len(hidden_slope)
    push = 2 * weight * layer.importance[i] * slope
    mean = 0.0
    for v in range(k + 1):
        mean += error[v] / (k + 1)
    to_b[i] += push * mean
    for j in range(m):
        to_W_out[i, j] += push * _mean_product(error, simplex[:, k + j], k)
        to_b_hidden[j] += push * mean * layer.W_out[i, j] * hidden_slope[j]
    for f in range(len(x)):
        if x[f] != 0.0:  # of features that vary, x is 0 here
            for j in range(m):
                to_W[f, j] += push * mean * x[f] * layer.W_out[i, j] * hidden_slope[j]
    for place in range(k):
        heard = push * _mean_product(error, simplex[:, place], k)
        for j in range(m):
            to_W[varying[place], j] += heard * layer.W_out[i, j] * hidden_slope[j]


@part
def _output(layer, goal, box, i, stack, weights, x, own, varying, hidden_slope, gradient, error, grads, rounding):
    """Return the mean of output i's squared error over the simplex stack[0], times weights[0].

    `rounding` has three parts: a bound on the rounding of the output before its activation, in units of EPS; the sum of
    what that changes in the loss; and the number of pieces.
    """
    k, m = len(varying), len(hidden_slope)
    total, top = 0.0, 0
    bent = own >= 0 and goal.below != goal.above
    while top >= 0:
        simplex = stack[top]
        share = _cut(simplex, stack[top + 1], own) if bent else 0.0
        if share == 0.0:
            share = _cut(simplex, stack[top + 1], k + m)
        if share > 0.0:
            weights[top + 1] = weights[top] * share
            weights[top] *= 1.0 - share
            top += 1
            continue
        slope, largest = 1.0 if _is_above(simplex, k + m) else layer.leak, 0.0
        multiple = goal.above
        if bent and not _is_above(simplex, own):
            multiple = goal.below
        for v in range(k + 1):
            target = multiple * simplex[v, own] if own >= 0 else goal.fixed[box, i]
            error[v] = slope * simplex[v, k + m] - target
            largest = max(largest, abs(error[v]))
        total += weights[top] * _mean_product(error, error, k)
        if gradient:
            _add_slopes(layer, i, simplex, error, weights[top], x, varying, hidden_slope, slope, grads)
        blur = abs(slope) * rounding[0] + largest
        rounding[1] += weights[top] * blur * (2 * largest + EPS * blur)
        rounding[2] += 1
        top -= 1
    return total


@njit(error_model="numpy")
def cell_losses(layer, goal, weight, low, width, active, orders, gradient, stop):
    """Return E (τ_i - y_i)² by the number of active features ``(n, n + 1)``, a bound on its rounding, and gradients.

    `orders[k]` are all orders of k axes. The gradients, of the loss with its importances, are those by W, b_hidden,
    W_out and b.
    """
    n, m = layer.W.shape
    loss, rounding = np.zeros((n, n + 1)), np.zeros((n, n + 1))
    grads = np.zeros((n, m)), np.zeros(m), np.zeros((n, m)), np.zeros(n)
    hidden_slope, x, sizes, rounded = np.empty(m), np.empty(n), np.empty(m), np.zeros(3)
    for box in range(len(weight)):
        if stop[0]:
            break
        varying = np.nonzero(width[box] > 0)[0]
        k = len(varying)
        for f in range(n):
            x[f] = low[box, f] if width[box, f] == 0 else 0.0
        stack, weights = np.empty((m * k + 2, k + 1, k + m)), np.empty(m * k + 2)
        levels = np.zeros(m * k + 2, np.int64)  # hidden units whose planes do not cut the simplex any more
        inner, inner_weights = np.empty((2 * k + 2, k + 1, k + m + 1)), np.empty(2 * k + 2)
        error = np.empty(k + 1)
        for j in range(m):
            sizes[j] = _largest(layer, j, low[box], width[box])
        steps = 4.0 * (m + 2) * (n + k + 2)  # roundings of a vertex, after all cuts
        for order in orders[k]:
            _fill(layer, stack[0], x, low[box], width[box], varying, order)
            weights[0], levels[0], top = weight[box] / len(orders[k]), 0, 0
            while top >= 0:
                simplex = stack[top]
                if levels[top] < m:
                    share = _cut(simplex, stack[top + 1], k + levels[top])
                    if share > 0.0:
                        weights[top + 1] = weights[top] * share
                        weights[top] *= 1.0 - share
                        levels[top + 1] = levels[top]
                        top += 1
                    else:
                        levels[top] += 1
                    continue
                for j in range(m):
                    hidden_slope[j] = 1.0 if _is_above(simplex, k + j) else layer.hidden_leak
                for i in range(n):
                    own = -1
                    for place in range(k):
                        if varying[place] == i:
                            own = place
                    _open(layer, i, simplex, inner[0], k, hidden_slope)
                    inner_weights[0] = weights[top]
                    size = abs(layer.b[i])
                    for j in range(m):
                        size += abs(layer.W_out[i, j] * hidden_slope[j]) * sizes[j]
                    rounded[0], rounded[1] = steps * size, 0.0
                    loss[i, active[box]] += _output(
                        layer, goal, box, i, inner, inner_weights, x, own, varying, hidden_slope, gradient, error,
                        grads, rounded,
                    )  # fmt: skip
                    rounding[i, active[box]] += EPS * rounded[1]
                top -= 1
    return loss, rounding + EPS * (rounded[2] + len(weight)) * loss, grads


@part
def _fill(layer, simplex, x, low, width, varying, order):
    """Write the vertices of a simplex of the box, the values of features and of hidden units there."""
    k, m = len(varying), layer.W.shape[1]
    for v in range(k + 1):
        for place in range(k):
            simplex[v, place] = low[varying[place]]
        for step in range(v):
            simplex[v, order[step]] += width[varying[order[step]]]
        for j in range(m):
            unit = layer.b_hidden[j]
            for f in range(len(x)):
                unit += layer.W[f, j] * x[f]
            for place in range(k):
                unit += layer.W[varying[place], j] * simplex[v, place]
            simplex[v, k + j] = unit


@part
def _open(layer, i, simplex, inner, k, hidden_slope):
    """Write the same simplex with what hidden units give, and with output i before its activation."""
    m = len(hidden_slope)
    for v in range(k + 1):
        for place in range(k):
            inner[v, place] = simplex[v, place]
        output = layer.b[i]
        for j in range(m):
            inner[v, k + j] = hidden_slope[j] * simplex[v, k + j]
            output += layer.W_out[i, j] * inner[v, k + j]
        inner[v, k + m] = output


@part
def _largest(layer, j, low, width):
    """Bound the sizes of all terms that hidden unit j is a sum of."""
    size = abs(layer.b_hidden[j])
    for f in range(len(low)):
        size += abs(layer.W[f, j]) * max(abs(low[f]), abs(low[f] + width[f]))
    return size
