"""Errors of a hidden ReLU layer, integrated over the values of one active feature and of two.

With one active feature every output is linear between the neurons' breakpoints. With two it is linear in every cell
that the neurons' lines cut out of the square. On segments and triangles powers of linear functions have closed forms.
"""

import numpy as np

from geomsup.compiling import njit

__all__ = ["one_active", "subsets", "two_active"]

ON_LINE = 1e-14  # of a line's coefficients: nearer corners count as on it, so that equal neurons cut once

Layer = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # W (n, m), b_hidden (m,), W_out (n, m), b (n,)


@njit(part=True, error_model="numpy")
def _on_segment(a: float, b: float, power: int) -> float:
    """Return the mean of e^power along a segment, e linear from a to b."""
    if power == 2:
        return (a * a + a * b + b * b) / 3
    return (a**4 + a**3 * b + a * a * b * b + a * b**3 + b**4) / 5


@njit(part=True, error_model="numpy")
def _on_triangle(a: float, b: float, c: float, power: int) -> float:
    """Return the mean of e^power over a triangle, e linear with these values at its corners.

    That is 2 power! / (power + 2)! times the sum of all monomials of this degree.
    """
    of_one, of_two, of_three = 1.0, 1.0, 1.0  # sums of monomials in a, in a and b, in all
    for _ in range(power):
        of_one *= a
        of_two = of_one + b * of_two
        of_three = of_two + c * of_three
    return 2 * of_three / ((power + 1) * (power + 2))


@njit(error_model="numpy")
def one_active(layer: Layer, power: int, stop: np.ndarray) -> np.ndarray:
    """Return the mean of (y_i - ReLU(x_i))^power given that feature j alone is active, ``(n, n)``: row j, output i.

    x_j is uniform on [-1, 1].
    """
    W, bias, W_out, b = layer
    n, m = W.shape
    lost = np.zeros((n, n))
    cuts, last, now = np.empty(m + 3), np.empty(n), np.empty(n)
    for j in range(n):
        if stop[0]:
            break
        cuts[0], cuts[1], cuts[2] = -1.0, 0.0, 1.0
        count = 3
        for k in range(m):
            if abs(bias[k]) < abs(W[j, k]):
                cuts[count] = -bias[k] / W[j, k]
                count += 1
        cuts[:count] = np.sort(cuts[:count])
        for cut in range(count):
            x = cuts[cut]
            for i in range(n):
                now[i] = b[i] - (max(x, 0.0) if i == j else 0.0)
            for k in range(m):
                on = bias[k] + W[j, k] * x
                if on > 0:
                    for i in range(n):
                        now[i] += W_out[i, k] * on
            if cut:
                share = (x - cuts[cut - 1]) / 2  # of the density 1/2
                for i in range(n):
                    lost[j, i] += share * _on_segment(last[i], now[i], power)
            last, now = now, last
    return lost


@njit(error_model="numpy")
def two_active(layer: Layer, first: np.ndarray, second: np.ndarray, power: int, stop: np.ndarray) -> np.ndarray:
    """Return the mean of Σ_i (y_i - ReLU(x_i))^power given that just two features are active, ``(pairs,)``.

    They are first[k] and second[k], their values independent and uniform on [-1, 1].
    """
    n, m = layer[0].shape
    lost = np.zeros(len(first))
    # Polygons that wait to be cut: corners, their number, and the first line that has not cut them.
    corners, sizes, nexts = np.empty((m + 6, m + 6, 2)), np.empty(m + 6, np.int64), np.empty(m + 6, np.int64)
    plane, lines = np.empty((n, 3)), np.empty(m, np.int64)
    for pair in range(len(first)):
        if stop[0]:
            break
        lost[pair] = _of_pair(layer, first[pair], second[pair], power, corners, sizes, nexts, plane, lines)
    return lost


@njit(part=True, error_model="numpy")
def _of_pair(
    layer: Layer, j: int, other: int, power: int, corners: np.ndarray, sizes: np.ndarray, nexts: np.ndarray,
    plane: np.ndarray, lines: np.ndarray,
) -> float:  # fmt: skip
    W, bias = layer[0], layer[1]
    crossing = 0
    for k in range(len(bias)):
        if abs(bias[k]) < abs(W[j, k]) + abs(W[other, k]):  # else the neuron is on, or off, in all of the square
            lines[crossing] = k
            crossing += 1
    total = 0.0
    for quadrant in range(4):  # where the targets are linear
        right, up = (1.0 if quadrant % 2 else -1.0), (1.0 if quadrant // 2 else -1.0)
        _rectangle(corners[0], right, up)
        sizes[0], nexts[0] = 4, 0
        waiting = 1
        while waiting:
            top = waiting - 1
            if nexts[top] == crossing:
                _plane(layer, j, other, corners[top], sizes[top], right, up, plane)
                total += _integral(corners[top], sizes[top], plane, power)
                waiting -= 1
                continue
            k = lines[nexts[top]]
            nexts[top] += 1
            waiting += _cut(corners, sizes, nexts, top, W[j, k], W[other, k], bias[k])
    return total / 4  # the density


@njit(part=True, error_model="numpy")
def _rectangle(polygon: np.ndarray, right: float, up: float) -> None:
    polygon[0, 0], polygon[0, 1] = 0.0, 0.0
    polygon[1, 0], polygon[1, 1] = right, 0.0
    polygon[2, 0], polygon[2, 1] = right, up
    polygon[3, 0], polygon[3, 1] = 0.0, up


@njit(part=True, error_model="numpy")
def _cut(
    corners: np.ndarray, sizes: np.ndarray, nexts: np.ndarray, top: int, slope_x: float, slope_z: float, offset: float
) -> int:
    """Cut a convex polygon by a line: one side takes its place, the other the next; return 1, or 0 if all is on one."""
    whole, size, values = corners[top].copy(), sizes[top], np.empty(sizes[top])
    above = below = False
    for v in range(size):
        values[v] = slope_x * whole[v, 0] + slope_z * whole[v, 1] + offset
        if abs(values[v]) <= ON_LINE * (abs(slope_x) + abs(slope_z) + abs(offset)):
            values[v] = 0.0
        above |= values[v] > 0
        below |= values[v] < 0
    if not (above and below):
        return 0
    upper = lower = crossed = 0
    for v in range(size):
        x, z = whole[v]
        value, after = values[v], values[(v + 1) % size]
        if value >= 0:
            corners[top, upper, 0], corners[top, upper, 1] = x, z
            upper += 1
        if value <= 0:
            corners[top + 1, lower, 0], corners[top + 1, lower, 1] = x, z
            lower += 1
        if value * after < 0 and crossed < 2:  # a third crossing would be rounding, and a corner too many
            part, to = value / (value - after), whole[(v + 1) % size]
            x, z = x + part * (to[0] - x), z + part * (to[1] - z)
            corners[top, upper, 0], corners[top, upper, 1] = x, z
            corners[top + 1, lower, 0], corners[top + 1, lower, 1] = x, z
            upper += 1
            lower += 1
            crossed += 1
    sizes[top], sizes[top + 1], nexts[top + 1] = upper, lower, nexts[top]
    return 1


@njit(part=True, error_model="numpy")
def _plane(
    layer: Layer, j: int, other: int, polygon: np.ndarray, size: int, right: float, up: float, plane: np.ndarray
) -> None:
    """Write the errors of the outputs as linear functions on a cell: constant, slope in x_j, slope in x_l."""
    W, bias, W_out, b = layer
    x = z = 0.0
    for v in range(size):
        x += polygon[v, 0] / size
        z += polygon[v, 1] / size
    for i in range(len(b)):
        plane[i, 0], plane[i, 1], plane[i, 2] = b[i], 0.0, 0.0
    plane[j, 1] -= max(right, 0.0)
    plane[other, 2] -= max(up, 0.0)
    for k in range(len(bias)):
        if bias[k] + W[j, k] * x + W[other, k] * z > 0:
            for i in range(len(b)):
                plane[i, 0] += W_out[i, k] * bias[k]
                plane[i, 1] += W_out[i, k] * W[j, k]
                plane[i, 2] += W_out[i, k] * W[other, k]


@njit(part=True, error_model="numpy")
def _integral(polygon: np.ndarray, size: int, plane: np.ndarray, power: int) -> float:
    """Return ∫ Σ_i e_i^power over a convex polygon: it is a fan of triangles."""
    total = 0.0
    x, z = polygon[0]
    for v in range(1, size - 1):
        ax, az, bx, bz = polygon[v, 0], polygon[v, 1], polygon[v + 1, 0], polygon[v + 1, 1]
        area = abs((ax - x) * (bz - z) - (az - z) * (bx - x)) / 2
        inside = 0.0
        for i in range(len(plane)):
            constant, slope_x, slope_z = plane[i]
            inside += _on_triangle(
                constant + slope_x * x + slope_z * z,
                constant + slope_x * ax + slope_z * az,
                constant + slope_x * bx + slope_z * bz,
                power,
            )
        total += area * inside
    return total


@njit(error_model="numpy")
def subsets(sizes: np.ndarray, n: int, uniform: np.ndarray) -> np.ndarray:
    """Return random subsets of {0 ... n - 1} of these sizes, one behind the other, from as many numbers in [0, 1)."""
    order, chosen, done = np.arange(n), np.empty(len(uniform), np.int64), 0
    for size in sizes:
        for k in range(size):  # the first steps of a shuffle; any order may go before it
            other = k + int(uniform[done] * (n - k))
            order[k], order[other] = order[other], order[k]
            chosen[done] = order[k]
            done += 1
    return chosen
