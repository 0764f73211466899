"""Kernels of the loss of the tied ReLU output model, to second order in the probabilities of features.

For one output u = b + Σ_j a_j x_j, means over one present feature are closed forms, piece by piece, in which nothing
cancels. As functions of a second feature they are cubics between those of its values at which an end of the piece comes
to u = 0. There it is cut, and two Gauss-Legendre nodes make the mean over each part exact.
"""

import numpy as np

from geomsup.compiling import njit
from geomsup.loss.sparse.points import output_of_points, pair_weights

__all__ = ["sparse_curvature", "sparse_loss"]

NODE = 3.0**-0.5  # of two Gauss-Legendre nodes, which are exact for cubics
STEP = 1e-5  # of differences of slopes: their error is then about 1e-10, relative to slopes near 1

# Sums may be reordered: a search asks for no more than ten digits.
quick = njit(error_model="numpy", fastmath=True)
part = njit(part=True, error_model="numpy", fastmath=True)
inlined = njit(forceinline=True, error_model="numpy", fastmath=True)


@inlined
def _positive(c, a, low, width):
    """Return E u₊², E u₊ and E x u₊ for u = c + a x, x ~ U[low, low + width]."""
    first, rise = c + a * low, a * width
    last = first + rise
    if first >= 0.0 and last >= 0.0:
        mean = first + 0.5 * rise
        return first * first + first * rise + rise * rise / 3.0, mean, low * mean + width * (0.5 * first + rise / 3.0)
    if first <= 0.0 and last <= 0.0:
        return 0.0, 0.0, 0.0
    if rise > 0.0:
        share = last / rise  # of the piece, on which u > 0
        mean = 0.5 * last * share
        return last * last * share / 3.0, mean, (low + width) * mean - width * last * share * share / 6.0
    share = -first / rise
    mean = 0.5 * first * share
    return first * first * share / 3.0, mean, low * mean + width * first * share * share / 6.0


@inlined
def _own(c, a, low, width):
    """Return E (x - u₊)² and half its slopes in c and in a, for u = c + a x, x ~ U[low, low + width]."""
    first, last = c + a * low, c + a * (low + width)
    start, end = 0.0, 1.0  # of the part of the piece on which u > 0
    if first <= 0.0 and last <= 0.0:
        end = 0.0
    elif first < 0.0:
        start = first / (first - last)
    elif last < 0.0:
        end = first / (first - last)
    length, mean = end - start, 0.5 * (end * end - start * start)
    square = (end * end * end - start * start * start) / 3.0
    x = low * length + width * mean
    x_squared = low * low * length + 2.0 * low * width * mean + width * width * square
    total = low * low + low * width + width * width / 3.0
    u_squared, u, xu = _positive(c, a, low, width)
    return total - 2.0 * xu + u_squared, u - x, xu - x_squared


@inlined
def _mean_of_one(c, a, j, own, inputs):
    """Return E (x_i - u₊)² and half its slopes in c and a, for u = c + a x_j; x_i is x_j if `own`, else 0."""
    value, by_c, by_a = 0.0, 0.0, 0.0
    for q in range(inputs.piece_ptr[j], inputs.piece_ptr[j + 1]):
        low, width = inputs.low[q], inputs.width[q]
        one, slope_c, slope_a = _own(c, a, low, width) if own else _positive(c, a, low, width)
        value += inputs.weight[q] * one
        by_c += inputs.weight[q] * slope_c
        by_a += inputs.weight[q] * slope_a
    return value, by_c, by_a


@inlined
def _mean_of_two(c, a, j, a_less, k, own, inputs):
    """Return E (x_i - u₊)² and half its slopes in c, in a and in a_less, for u = c + a x_j + a_less x_k."""
    value, by_c, by_a, by_less = 0.0, 0.0, 0.0, 0.0
    for q in range(inputs.piece_ptr[j], inputs.piece_ptr[j + 1]):
        low, width = inputs.low[q], inputs.width[q]
        for r in range(inputs.piece_ptr[k], inputs.piece_ptr[k + 1]):
            start, end = inputs.low[r], inputs.low[r] + inputs.width[r]
            weight = inputs.weight[q] * inputs.weight[r]
            scale = weight / inputs.width[r] if end > start else 0.0
            first, second = _cuts(c + a * low, c + a * (low + width), a_less, start, end)
            for number in range(3):  # the parts of the piece
                below = start if number == 0 else (first if number == 1 else second)
                above = first if number == 0 else (second if number == 1 else end)
                point = end == start and number == 0
                if not (above > below or point):
                    continue
                share = weight if point else 0.5 * scale * (above - below)
                for side in range(1 if point else 2):
                    x = 0.5 * (below + above) + (side - 0.5) * NODE * (above - below)
                    u = c + a_less * x
                    one, slope_c, slope_a = _own(u, a, low, width) if own else _positive(u, a, low, width)
                    value += share * one
                    by_c += share * slope_c
                    by_a += share * slope_a
                    by_less += share * slope_c * x
    return value, by_c, by_a, by_less


@inlined
def _cuts(one, other, slope, start, end):
    """Return where one + slope x and other + slope x are 0, the smaller first, within the ends of the piece of x."""
    if slope == 0.0:
        return end, end
    first, second = -one / slope, -other / slope
    if second < first:
        first, second = second, first
    return min(max(first, start), end), min(max(second, start), end)


@part
def _output_loss(a, b, i, inputs, slope):
    """Return the loss of output i and half its slope in b; write half its slopes in the couplings `a` to `slope`."""
    n = len(a)
    value = inputs.none * max(b, 0.0) ** 2
    by_b = inputs.none * max(b, 0.0)
    for j in range(n):
        one, by_c, by_a = _mean_of_one(b, a[j], j, j == i, inputs)
        value += inputs.single[j] * one
        by_b += inputs.single[j] * by_c
        slope[j] = inputs.single[j] * by_a
    for j in range(n):
        for k in range(j):
            weight = inputs.pair[j, k]
            if weight == 0.0:
                continue
            more, less = (k, j) if k == i or (j != i and abs(a[k]) > abs(a[j])) else (j, k)
            one, by_c, by_a, by_less = _mean_of_two(b, a[more], more, a[less], less, more == i, inputs)
            value += weight * one
            by_b += weight * by_c
            slope[more] += weight * by_a
            slope[less] += weight * by_less
    return value, by_b


@quick
def sparse_loss(vector, n, m, importance, inputs, gradient):
    """Return Σ_i I_i E(x_i - f(W Wᵀ x + b)_i)² to second order, and write its slopes in (W, b) to `gradient`.

    `inputs` are `SparseInputs`; `vector` is W row by row, then b.
    """
    W, b = vector[: n * m].reshape(n, m), vector[n * m :]
    a, slopes = np.empty(n), np.empty((n, n))
    points = inputs.width.max() == 0.0
    weights, room = np.empty((n, len(inputs.low))), np.empty((3, len(inputs.low)))
    if points:
        pair_weights(inputs, weights)
    total = 0.0
    for i in range(n):
        for j in range(n):
            a[j] = 0.0
            for h in range(m):
                a[j] += W[i, h] * W[j, h]
        if points:
            value, by_b = output_of_points(a, b[i], i, inputs, weights, slopes[i], room)
        else:
            value, by_b = _output_loss(a, b[i], i, inputs, slopes[i])
        total += importance[i] * value
        gradient[n * m + i] = 2.0 * importance[i] * by_b
        for j in range(n):
            slopes[i, j] *= 2.0 * importance[i]
    for i in range(n):
        for h in range(m):
            push = 0.0
            for j in range(n):
                push += (slopes[i, j] + slopes[j, i]) * W[j, h]
            gradient[i * m + h] = push
    return total


@quick
def sparse_curvature(vector, n, m, importance, inputs):
    """Return the second derivatives of `sparse_loss` in (W, b), by central differences of its slopes."""
    size = len(vector)
    x, result = vector.copy(), np.empty((size, size))
    up, down = np.empty(size), np.empty(size)
    for k in range(size):
        x[k] = vector[k] + STEP
        sparse_loss(x, n, m, importance, inputs, up)
        x[k] = vector[k] - STEP
        sparse_loss(x, n, m, importance, inputs, down)
        x[k] = vector[k]
        for j in range(size):
            result[k, j] = (up[j] - down[j]) / (2.0 * STEP)
    return result
