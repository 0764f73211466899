"""Kernels of the loss of the tied ReLU output model, to second order in the probabilities of features.

For one output u = b + Σ_j a_j x_j, means over one present feature are closed forms, piece by piece, in which nothing
cancels. So are means over two, where u has the same sign on both whole pieces. Else, if both features move u enough,
means are differences of powers of u at the corners. If one hardly moves it, these would cancel; but means over the
other are cubics of its values between those at which an end of the piece comes to u = 0. There it is cut, and two
Gauss-Legendre nodes make the mean over each part exact.
"""

import numpy as np

from geomsup.compiling import njit
from geomsup.loss.sparse.points import output_of_points, pair_weights

__all__ = ["of_two", "sparse_curvature", "sparse_loss"]

NODE = 3.0**-0.5  # of two Gauss-Legendre nodes, which are exact for cubics
# Of the largest |u| that there could be: if both features move u by more, differences at corners lose one digit.
STEEP = 0.1
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
def of_two(c, a, low, width, a_less, low_less, width_less, own):
    """Return E (x - u₊)² and half its slopes in c, in a and in a_less, for u = c + a x + a_less y; E u₊², if not `own`.

    x ~ U[low, low + width], and y likewise.
    """
    rise, rise_less = a * width, a_less * width_less
    first = c + a * low + a_less * low_less
    if first + max(rise, 0.0) + max(rise_less, 0.0) <= 0.0:
        return _moments(low, width)[2] if own else 0.0, 0.0, 0.0, 0.0
    if first + min(rise, 0.0) + min(rise_less, 0.0) >= 0.0:
        return _unbent(c, a - own, low, width, a_less, low_less, width_less)
    if min(abs(rise), abs(rise_less)) > STEEP * (abs(first) + abs(rise) + abs(rise_less)):
        return _by_corners(first, rise, low, width, rise_less, low_less, width_less, own)
    return _by_parts(c, a, low, width, a_less, low_less, width_less, own)


@inlined
def _moments(low, width):
    """Return mean, variance and E x² of x ~ U[low, low + width]."""
    return low + 0.5 * width, width * width / 12.0, low * low + low * width + width * width / 3.0


@inlined
def _unbent(c, a, low, width, a_less, low_less, width_less):
    """Return E v² and half its slopes in c, in a and in a_less, for v = c + a x + a_less y, each uniform on a piece."""
    x, x_variance, _ = _moments(low, width)
    y, y_variance, _ = _moments(low_less, width_less)
    mean = c + a * x + a_less * y
    value = mean * mean + a * a * x_variance + a_less * a_less * y_variance
    return value, mean, mean * x + a * x_variance, mean * y + a_less * y_variance


@inlined
def _by_corners(first, rise, low, width, rise_less, low_less, width_less, own):
    """Return what `of_two` does, from u at the corners: the means are differences of powers of its positive part.

    s and t are x and y as fractions of their pieces, so that u = first + rise s + rise_less t.
    """
    none, both = max(first, 0.0), max(first + rise + rise_less, 0.0)
    one, other = max(first + rise, 0.0), max(first + rise_less, 0.0)
    scale = 1.0 / (rise * rise_less)
    by_s, by_t = rise_less * scale, rise * scale  # 1 / rise, 1 / rise_less
    none2, one2, other2, both2 = none * none, one * one, other * other, both * both
    along_s, along_t = both2 * both - one2 * one, both2 * both - other2 * other
    square = (both2 * both2 - one2 * one2 - other2 * other2 + none2 * none2) * scale / 12.0  # E u₊²
    mean = (along_s - other2 * other + none2 * none) * scale / 6.0  # E u₊
    s_mean = along_s * scale / 6.0 - 0.5 * square * by_s  # E s u₊
    t_mean = along_t * scale / 6.0 - 0.5 * square * by_t
    x_mean, y_mean = low * mean + width * s_mean, low_less * mean + width_less * t_mean
    if not own:
        return square, mean, x_mean, y_mean
    share = (both2 - one2 - other2 + none2) * scale / 2.0  # P(u > 0)
    s_share = (both2 - one2) * scale / 2.0 - mean * by_s  # E s 1(u > 0)
    t_share = (both2 - other2) * scale / 2.0 - mean * by_t
    s2_share = s_share + (mean - 2.0 * s_mean) * by_s
    st_share = (0.5 * both2 - along_s * by_t / 6.0) * scale - t_mean * by_s
    x_share = low * share + width * s_share
    x2_share = low * (x_share + width * s_share) + width * width * s2_share
    xy_share = low_less * x_share + width_less * (low * t_share + width * st_share)
    return _moments(low, width)[2] - 2.0 * x_mean + square, mean - x_share, x_mean - x2_share, y_mean - xy_share


@inlined
def _by_parts(c, a, low, width, a_less, low_less, width_less, own):
    """Return what `of_two` does: y is cut where an end of the piece of x comes to u = 0."""
    value, by_c, by_a, by_less = 0.0, 0.0, 0.0, 0.0
    last, point = low_less + width_less, width_less == 0.0
    first, second = _cuts(c + a * low, c + a * (low + width), a_less, low_less, last)
    for number in range(3):  # the parts of the piece
        below = low_less if number == 0 else (first if number == 1 else second)
        above = first if number == 0 else (second if number == 1 else last)
        if not (above > below or (point and number == 0)):
            continue
        share = 1.0 if point else 0.5 * (above - below) / width_less
        for side in range(1 if point else 2):
            y = 0.5 * (below + above) + (side - 0.5) * NODE * (above - below)
            u = c + a_less * y
            one, slope_c, slope_a = _own(u, a, low, width) if own else _positive(u, a, low, width)
            value += share * one
            by_c += share * slope_c
            by_a += share * slope_a
            by_less += share * slope_c * y
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
    n, piece_ptr, weight, low, width = len(a), inputs.piece_ptr, inputs.weight, inputs.low, inputs.width
    single, pair = inputs.single, inputs.pair
    value = inputs.none * max(b, 0.0) ** 2
    by_b = inputs.none * max(b, 0.0)
    for j in range(n):
        slope[j] = 0.0
        for q in range(piece_ptr[j], piece_ptr[j + 1]):
            share = single[j] * weight[q]
            one, by_c, by_a = _own(b, a[j], low[q], width[q]) if j == i else _positive(b, a[j], low[q], width[q])
            value += share * one
            by_b += share * by_c
            slope[j] += share * by_a
    for j in range(n):
        for k in range(j):
            if pair[j, k] == 0.0:
                continue
            more, less = (k, j) if k == i or (j != i and abs(a[k]) > abs(a[j])) else (j, k)
            for q in range(piece_ptr[more], piece_ptr[more + 1]):
                for r in range(piece_ptr[less], piece_ptr[less + 1]):
                    share = pair[j, k] * weight[q] * weight[r]
                    one, by_c, by_a, by_less = of_two(
                        b, a[more], low[q], width[q], a[less], low[r], width[r], more == i
                    )
                    value += share * one
                    by_b += share * by_c
                    slope[more] += share * by_a
                    slope[less] += share * by_less
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
