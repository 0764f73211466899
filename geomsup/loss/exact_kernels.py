"""Kernels of the exact loss: cube-vertex sums walked largest coefficient first.

For one output u = b + Σ_j a_j x_j and one set A of present features, u is a linear form of uniforms. Write
T_r(t) = E (t + Σ_j c_j y_j)_+^r / r!  with c_j > 0 and y_j ~ U[0, 1]. Averaging over one y integrates once,

    T_r(t; c_1, c_2, ...) = [T_{r+1}(t + c_1; c_2, ...) - T_{r+1}(t; c_2, ...)] / c_1,

and T_r(t; ...) is a polynomial in t (moments of the rest, all terms positive) when t >= 0, and 0 when
t + Σ c <= 0. Taking the largest c first is what keeps the differences harmless: wherever the sign of the
form is still open |t| is below a few times c_1, so rounding stays relative to the scale of that level and
never meets a division by a small coefficient. The plain inclusion-exclusion sum over cube vertices has the
same terms, unsorted, and gives negative losses once some a_j is small (notes/theory.md, section 1).

The loss of a set uses the part of u on the side of zero its mean is *not* on: u is log-concave, so that side
never holds more than 1 - 1/e of the mass and subtracting it cannot cancel the whole.
"""

import numpy as np
from numba import njit

__all__ = ["exact_outputs", "set_loss", "workspace"]

EPS = 2.0**-52
# Below this fraction of the largest coefficient a feature's spread cannot move a double: its kink is ignored
# (its moments are not). It also keeps products of 1/c_j representable.
NEGLIGIBLE = 1e-20


@njit(cache=True, error_model="numpy")
def _suffix_moments(c, k, z, m, x):
    """Fill m[l, d] = E s^d / d! and x[l, d] = E[y_z s^d / d!] for s = Σ_{j >= l} c_j y_j, d <= l + 2."""
    for d in range(k + 3):
        m[k, d] = 1.0 if d == 0 else 0.0
        x[k, d] = 0.0
    for level in range(k - 1, -1, -1):
        a = c[level]
        for d in range(level + 3):
            total, weighted = 0.0, 0.0
            power = 1.0  # a^e / e!
            for e in range(d + 1):
                total += m[level + 1, d - e] * power / (e + 1)
                if level == z:
                    weighted += m[level + 1, d - e] * power / (e + 2)
                elif level < z:
                    weighted += x[level + 1, d - e] * power / (e + 1)
                power *= a / (e + 1)
            m[level, d] = total
            x[level, d] = weighted


@njit(cache=True, error_model="numpy")
def _suffix_moments_adjoint(c, k, z, m, x, bar_m, bar_x, bar_c):
    """Push the adjoints of `_suffix_moments`' results back to the coefficients."""
    for level in range(k):
        a = c[level]
        for d in range(level + 3):
            power, slope = 1.0, 0.0  # a^e / e! and its derivative
            for e in range(d + 1):
                up = bar_m[level, d] / (e + 1)
                at_z = bar_x[level, d] / (e + 2) if level == z else 0.0
                bar_m[level + 1, d - e] += (up + at_z) * power
                bar_c[level] += (up + at_z) * slope * m[level + 1, d - e]
                if level < z:
                    weighted = bar_x[level, d] / (e + 1)
                    bar_x[level + 1, d - e] += weighted * power
                    bar_c[level] += weighted * slope * x[level + 1, d - e]
                slope = power
                power *= a / (e + 1)


@njit(cache=True, error_model="numpy")
def _leaf(level, t, f2, f1, fx, s2, s1, z, m, x, bar_m, bar_x, blur, gradient, error):
    """Evaluate (T_{l+2}, T_{l+1}, T_l, X_{l+1}, X_l) at t >= 0, where all are polynomials."""
    t2, t1, t0, x1, x0 = 0.0, 0.0, 0.0, 0.0, 0.0
    power = 1.0  # t^r / r!
    for r in range(level + 3):
        d = level + 2 - r
        t2 += m[level, d] * power
        if gradient:
            bar_m[level, d] += f2 * power
        if d >= 1:
            t1 += m[level, d - 1] * power
            if gradient:
                bar_m[level, d - 1] += f1 * power
            if level <= z:
                x1 += x[level, d - 1] * power
                if gradient:
                    bar_x[level, d - 1] += fx * power
        if d >= 2:
            t0 += m[level, d - 2] * power
            if level <= z:
                x0 += x[level, d - 2] * power
        power *= t / (r + 1)
    # Rounding of the terms themselves, and of t (by `blur`), where the derivative of each T is the next one.
    steps = (5 * level + 24) * EPS
    error[0] += s2 * (steps * t2 + blur * t1) + (s1 + abs(fx)) * (steps * t1 + blur * t0)
    return t2, t1, t0, x1, x0


@njit(cache=True, error_model="numpy")
def _split(level, a, z, f):
    """Pass the functional f[level] on to the child with y = 1 (f[level + 1, 0]) and with y = 0 (f[level + 1, 1]).

    A functional holds the weights of T_{l+2}, T_{l+1}, X_{l+1}, then bounds on how large the first two were
    before they cancelled. X becomes plain T's at the target's own level z.
    """
    f2, f1, fx, s2, s1 = f[level]
    down = 1.0 / a
    if level == z:
        top = f2 * down - fx * down * down
        children = (top, (f1 + fx) * down, 0.0), (-top, -f1 * down, 0.0)
        s2, s1 = s2 * down + abs(fx) * down * down, (s1 + abs(fx)) * down
    else:
        children = (f2 * down, f1 * down, fx * down), (-f2 * down, -f1 * down, -fx * down)
        s2, s1 = s2 * down, s1 * down
    return children[0], children[1], s2, s1


@njit(cache=True, error_model="numpy")
def _walk(t, f, c, tail, k, z, m, x, bar_c, bar_m, bar_x, stack, blur, gradient, error):
    """Return (T_2, T_1, T_0, X_1, X_0) of all coefficients at t, X = E[y_z T(...)]; f[0] is the functional.

    Depth first with a stack of our own (numba cannot cache a function that calls itself). Slopes of the
    functional gather in the `bar` arrays, its rounding bound in error[0].
    """
    stage, ts, up = stack
    level = 0
    stage[0], ts[0] = 0, t
    t2, t1, t0, x1, x0 = 0.0, 0.0, 0.0, 0.0, 0.0
    while level >= 0:
        t = ts[level]
        if stage[level] == 0:
            if t >= 0.0:
                f2, f1, fx, s2, s1 = f[level]
                t2, t1, t0, x1, x0 = _leaf(level, t, f2, f1, fx, s2, s1, z, m, x, bar_m, bar_x, blur, gradient, error)
                level -= 1
            elif level == k or t + tail[level] <= 0.0:
                t2, t1, t0, x1, x0 = 0.0, 0.0, 0.0, 0.0, 0.0
                level -= 1
            else:
                stage[level] = 1
                high, _, s2, s1 = _split(level, c[level], z, f)
                level += 1
                f[level] = (high[0], high[1], high[2], s2, s1)
                stage[level], ts[level] = 0, t + c[level - 1]
        elif stage[level] == 1:
            stage[level] = 2
            up[level] = (t2, t1, t0, x1, x0)
            _, low, s2, s1 = _split(level, c[level], z, f)
            level += 1
            f[level] = (low[0], low[1], low[2], s2, s1)
            stage[level], ts[level] = 0, t
        else:
            p2, p1, p0, px1, px0 = up[level]
            down = 1.0 / c[level]
            t2, t1, t0 = (p2 - t2) * down, (p1 - t1) * down, (p0 - t0) * down
            slope = 0.0
            if level == z:
                x1, x0 = (p1 - t2) * down, (p0 - t1) * down
                slope = (p0 - 2.0 * x1) * down
            elif level < z:
                x1, x0 = (px1 - x1) * down, (px0 - x0) * down
                slope = (px0 - x1) * down
            else:
                x1, x0 = 0.0, 0.0
            if gradient:
                bar_c[level] += (f[level, 0] * (p1 - t2) + f[level, 1] * (p0 - t1)) * down + f[level, 2] * slope
            level -= 1
    return t2, t1, t0, x1, x0


@njit(cache=True, error_model="numpy")
def set_loss(a, surplus, low, width, k, z, b, work, gradient, grad, error):
    """Return E (x_z - relu(u))² for u = b + Σ_{j<k} a_j x_j, x_j ~ U[low_j, low_j + width_j], all present.

    `z` is the position of the target among the k features, or -1 when it is absent (then x_z = 0); `surplus` is
    1 - a_z, known better than a subtraction here would know it. Features come in descending order of
    |a_j| width_j. grad[:k] and grad[k] receive the slopes in a and b; error[0] grows by a bound on the rounding error.
    """
    c, tail, bar_c, m, x, bar_m, bar_x, f, stack = work
    mean, size, residual, spread = b, abs(b), -b, 0.0
    for j in range(k):
        centre = low[j] + 0.5 * width[j]
        gap = surplus if j == z else -a[j]
        mean += a[j] * centre
        size += abs(a[j]) * (abs(low[j]) + width[j])
        residual += gap * centre
        spread += (gap * width[j]) ** 2 / 12.0
    if z >= 0:
        size += abs(low[z]) + width[z]
    side = -1.0 if mean > 0.0 else 1.0  # the minority side is that of side * u > 0

    value = 0.0
    if gradient:
        grad[: k + 1] = 0.0
    if side < 0.0:
        value = residual * residual + spread
        slack = (k + 4) * EPS
        error[0] += slack * (2.0 * abs(residual) * size + slack * size * size + 2.0 * value)
        if gradient:
            grad[k] = -2.0 * residual
            for j in range(k):
                gap = surplus if j == z else -a[j]
                centre = low[j] + 0.5 * width[j]
                grad[j] = -2.0 * residual * centre - gap * width[j] ** 2 / 6.0
    elif z >= 0:
        value = (low[z] + 0.5 * width[z]) ** 2 + width[z] ** 2 / 12.0
        error[0] += 4.0 * EPS * value

    # Reflect features so that every coefficient of the minority side is positive.
    t = side * b
    for j in range(k):
        s = side * a[j] * width[j]
        t += side * a[j] * low[j] + min(s, 0.0)
        c[j] = abs(s)
    tail[k] = 0.0
    for j in range(k - 1, -1, -1):
        tail[j] = tail[j + 1] + c[j]
    if t + tail[0] <= 0.0:
        return value
    live = k
    while live > 0 and c[live - 1] <= NEGLIGIBLE * c[0]:
        live -= 1

    f2, f1, fx = 2.0 * side, 0.0, 0.0
    if z >= 0:
        reflected = side * a[z] < 0.0
        f1 = -2.0 * (low[z] + width[z]) if reflected else -2.0 * low[z]
        fx = 2.0 * width[z] if reflected else -2.0 * width[z]
    _suffix_moments(c, k, z, m, x)
    if gradient:
        bar_c[:k] = 0.0
        bar_m[: k + 1, : k + 3] = 0.0
        bar_x[: k + 1, : k + 3] = 0.0
    f[0] = (f2, f1, fx, abs(f2), abs(f1))
    blur = 2.0 * (k + 2) * EPS * size
    t2, t1, t0, x1, x0 = _walk(t, f, c, tail, live, z, m, x, bar_c, bar_m, bar_x, stack, blur, gradient, error)
    value += f2 * t2 + f1 * t1 + fx * x1
    if gradient:
        _suffix_moments_adjoint(c, k, z, m, x, bar_m, bar_x, bar_c)
        slope_t = f2 * t1 + f1 * t0 + fx * x0
        grad[k] += side * slope_t
        for j in range(k):
            reflected = side * a[j] < 0.0
            slope_s = slope_t - bar_c[j] if reflected else bar_c[j]
            grad[j] += side * (width[j] * slope_s + low[j] * slope_t)
    return value


@njit(cache=True, error_model="numpy")
def workspace(k):
    """Allocate what `set_loss` works in for up to k features."""
    shape = (k + 1, k + 4)
    stack = (np.empty(k + 2, np.int64), np.empty(k + 2), np.empty((k + 2, 5)))
    return (
        np.empty(k), np.empty(k + 1), np.empty(k),
        np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape), np.empty((k + 2, 5)), stack,
    )  # fmt: skip


@njit(cache=True, error_model="numpy")
def _output_loss(coupling, surplus, b, probability, low, width, i, gradient, row, error):
    """Sum `set_loss` of output i over the sets of present features, times their probability.

    Features without coupling to the output drop out; row[:n] and row[n] receive the slopes in coupling and b.
    """
    n = len(coupling)
    scale = np.abs(coupling) * width
    order = np.argsort(-scale)
    members = np.empty(n, np.int64)
    count = 0
    for j in order:
        if probability[j] > 0.0 and (coupling[j] != 0.0 or j == i):
            members[count] = j
            count += 1
    work = workspace(count)
    a, lo, wi = np.empty(count), np.empty(count), np.empty(count)
    chosen = np.empty(count, np.int64)
    grad = np.empty(count + 1)
    one_error = np.zeros(1)
    total = 0.0
    row[:] = 0.0
    for subset in range(1 << count):
        weight, k, z = 1.0, 0, -1
        for q in range(count):
            j = members[q]
            if (subset >> q) & 1:
                weight *= probability[j]
                if j == i:
                    z = k
                chosen[k], a[k], lo[k], wi[k] = j, coupling[j], low[j], width[j]
                k += 1
            else:
                weight *= 1.0 - probability[j]
        if weight == 0.0:
            continue
        one_error[0] = 0.0
        value = set_loss(a, surplus, lo, wi, k, z, b, work, gradient, grad, one_error)
        total += weight * value
        error[0] += weight * (one_error[0] + 2.0 * count * EPS * abs(value))
        if gradient:
            for q in range(k):
                row[chosen[q]] += weight * grad[q]
            row[n] += weight * grad[k]
    error[0] += (1 << count) * EPS * total  # of the sum over sets, whose terms are all positive
    if gradient:
        for j in range(n):
            if coupling[j] == 0.0 and j != i:  # x_j is independent of u: the slope is E x_j times that in b
                row[j] = row[n] * probability[j] * (low[j] + 0.5 * width[j])
    return total


@njit(cache=True, error_model="numpy", nogil=True)
def exact_outputs(coupling, surplus, b, probability, low, width, gradient):
    """Return per-output losses (n,), rounding bounds (n,), slopes in coupling (n, n) and in b (n,).

    Output i is E (x_i - relu(b_i + Σ_j coupling_ij x_j))², x_j present with probability_j and then uniform on
    [low_j, low_j + width_j]; surplus_i = 1 - coupling_ii.
    """
    n = len(b)
    value, bound = np.empty(n), np.empty(n)
    grad_coupling, grad_b = np.zeros((n, n)), np.zeros(n)
    row, error = np.empty(n + 1), np.zeros(1)
    for i in range(n):
        error[0] = 0.0
        value[i] = _output_loss(coupling[i], surplus[i], b[i], probability, low, width, i, gradient, row, error)
        bound[i] = error[0]
        if gradient:
            grad_coupling[i], grad_b[i] = row[:n], row[n]
    return value, bound, grad_coupling, grad_b
