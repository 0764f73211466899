"""Kernels of the spectral loss: Fourier series of a bounded one-dimensional law, any number of features.

u = b + Σ_j a_j x_j is bounded, |u| <= T, so with y = u/T and the periodic Bernoulli functions

    B̃2(y) = y² - |y| + 1/6       = 4 Σ_k cos(2πky)/(2πk)²
    B̃3(y) = y³ - (3/2)y|y| + y/2 = 12 Σ_k sin(2πky)/(2πk)³          (both valid for |y| <= 1)

E u|u| and E x_i|u| are low moments of u and sums over k of its characteristic function, a product over
features. Sets of none or one present feature are taken out and done exactly (`exact_kernels.set_loss`); what
is left decays two orders faster and is built without subtraction: the recursions below carry "exactly one
present" and "two or more" as separate states, so nothing cancels as p -> 0.

Frequencies run along the inner, contiguous axis in chunks that stay in cache.
"""

import numpy as np
from numba import njit

from geomsup.loss.exact_kernels import set_loss, workspace

__all__ = ["spectral_outputs", "spectral_tails"]

EPS = 2.0**-52
CHUNK = 64
SERIES_BELOW = 0.5  # |z| under which (e^{iz} - 1)/(iz) is summed as a power series instead of cancelling


@njit(cache=True, error_model="numpy")
def _phases(angle, first, cos, sin, count):
    """Fill cos and sin of (first + r) * angle, r < count, doubling from an exact start."""
    cos[0], sin[0] = np.cos(first * angle), np.sin(first * angle)
    done = 1
    while done < count:
        c, s = np.cos(done * angle), np.sin(done * angle)
        step = min(done, count - done)
        for r in range(step):
            cos[done + r] = cos[r] * c - sin[r] * s
            sin[done + r] = sin[r] * c + cos[r] * s
        done += step


@njit(cache=True, error_model="numpy")
def _uniform_transforms(angle, first, count, psi, xi, zeta, second):
    """Fill ψ = E e^{izy}, ξ = E y e^{izy} and (if `second`) ζ = E y² e^{izy}, y ~ U[0, 1], z = (first + r) angle.

    Arrays are (2, CHUNK), real and imaginary parts.
    """
    size = abs(angle)
    near = 0
    if size * (first + count) < SERIES_BELOW:
        near = count
    elif size * first < SERIES_BELOW:
        near = min(count, int(SERIES_BELOW / size) - first + 1)
    for r in range(near):
        z = (first + r) * angle
        p_re, p_im, x_re, x_im, s_re, s_im = 1.0, 0.0, 0.5, 0.0, 1.0 / 3.0, 0.0
        re, im = 1.0, 0.0  # (iz)^n / n!
        for n in range(1, 16):
            re, im = -im * z / n, re * z / n
            p_re += re / (n + 1)
            p_im += im / (n + 1)
            x_re += re / (n + 2)
            x_im += im / (n + 2)
            s_re += re / (n + 3)
            s_im += im / (n + 3)
        psi[0, r], psi[1, r], xi[0, r], xi[1, r] = p_re, p_im, x_re, x_im
        zeta[0, r], zeta[1, r] = s_re, s_im
    if near == count:
        return
    cos, sin = zeta[0], zeta[1]  # scratch until ζ itself is due
    _phases(angle, first + near, cos[near:], sin[near:], count - near)
    for r in range(near, count):
        inverse = 1.0 / ((first + r) * angle)
        c, s = cos[r], sin[r]
        p_re, p_im = s * inverse, (1.0 - c) * inverse
        x_re, x_im = (s - p_im) * inverse, (p_re - c) * inverse
        psi[0, r], psi[1, r], xi[0, r], xi[1, r] = p_re, p_im, x_re, x_im
        if second:
            zeta[0, r], zeta[1, r] = (s - 2.0 * x_im) * inverse, (2.0 * x_re - c) * inverse


@njit(cache=True, error_model="numpy")
def _shift_law(angle, first, count, low, width, psi, xi, zeta, cos, sin):
    """Turn the transforms of U[0, 1] into those of U[low, low + width]; `angle` is that of x, per step."""
    _phases(angle * low, first, cos, sin, count)
    for r in range(count):
        c, s = cos[r], sin[r]
        p_re, p_im = psi[0, r] * c - psi[1, r] * s, psi[1, r] * c + psi[0, r] * s
        x_re, x_im = xi[0, r] * c - xi[1, r] * s, xi[1, r] * c + xi[0, r] * s
        s_re, s_im = zeta[0, r] * c - zeta[1, r] * s, zeta[1, r] * c + zeta[0, r] * s
        psi[0, r], psi[1, r] = p_re, p_im
        xi[0, r], xi[1, r] = low * p_re + width * x_re, low * p_im + width * x_im
        zeta[0, r] = low * low * p_re + 2.0 * low * width * x_re + width * width * s_re
        zeta[1, r] = low * low * p_im + 2.0 * low * width * x_im + width * width * s_im


@njit(cache=True, error_model="numpy")
def _law(angle, first, count, probability, low, width, psi, xi, zeta, cos, sin, second):
    """Fill p ψ, p ξ, p ζ of a feature with law U[low, low + width], present with `probability`."""
    _uniform_transforms(angle * width, first, count, psi, xi, zeta, second)
    if low != 0.0:
        _shift_law(angle, first, count, low, width, psi, xi, zeta, cos, sin)
    elif width != 1.0:
        xi[:, :count] *= width
        zeta[:, :count] *= width * width
    psi[:, :count] *= probability
    xi[:, :count] *= probability
    zeta[:, :count] *= probability


@njit(cache=True, error_model="numpy")
def _mixed_powers(a, low, width, i, out):
    """Fill out[d] = E[x^i (a x)^d], d <= 3, for x ~ U[low, low + width]."""
    high = low + width
    scale = 1.0
    for d in range(4):
        power = 0.0  # E x^{i+d} = Σ_e low^e high^{i+d-e} / (i+d+1)
        term = 1.0
        for _ in range(i + d + 1):
            power = power * high + term
            term *= low
        out[d] = scale * power / (i + d + 1)
        scale *= a


@njit(cache=True, error_model="numpy")
def _choose(d, e):
    return 1.0 if e == 0 or e == d else float(d)  # d <= 3


@njit(cache=True, error_model="numpy")
def _convolve(f, g, degree, out):
    """Fill out[d] = Σ_e C(d, e) f[d - e] g[e]: moments of a sum of independent parts."""
    for d in range(degree + 1):
        out[d] = 0.0
        for e in range(d + 1):
            out[d] += _choose(d, e) * f[d - e] * g[e]


@njit(cache=True, error_model="numpy")
def _recentre(moments, b):
    """Turn moments of u - b into those of u, in place."""
    for d in range(len(moments) - 1, 0, -1):
        total, power = 0.0, 1.0
        for e in range(d + 1):
            total += _choose(d, e) * moments[d - e] * power
            power *= b
        moments[d] = total


@njit(cache=True, error_model="numpy")
def _moments(a, b, probability, low, width, out):
    """Fill out[i, d] = E[x_z^i u^d; two or more present], i <= 2, d <= 3; the target z is the last feature."""
    last = len(a) - 1
    none = 1.0
    one, more, any_, law, shifted = np.zeros(4), np.zeros(4), np.empty(4), np.empty(4), np.empty(4)
    for j in range(last + 1):
        p, q = probability[j], 1.0 - probability[j]
        any_[:] = one + more
        if j == last:
            for i in (1, 2):
                _mixed_powers(a[j], low[j], width[j], i, law)
                _convolve(any_, law, 3, shifted)
                out[i] = p * shifted
        _mixed_powers(a[j], low[j], width[j], 0, law)
        _convolve(any_, law, 3, shifted)
        more[:] = q * more + p * shifted
        one[:] = q * one + p * none * law
        none *= q
    out[0] = more
    for i in range(3):
        _recentre(out[i], b)


@njit(cache=True, error_model="numpy")
def _moment_slopes(a, b, probability, low, width, single, pair):
    """Fill single[j, d] = E[x_j u^d; two or more present], d <= 2, and pair[j, d] = E[x_z x_j u^d], d <= 1.

    For every j before the target z, which is last; others' laws come from prefix and suffix products.
    """
    last = len(a) - 1
    before_none, before_any = np.ones(last + 1), np.zeros((last + 1, 3))
    law, work = np.empty(4), np.empty(3)
    for j in range(last):
        p, q = probability[j], 1.0 - probability[j]
        _mixed_powers(a[j], low[j], width[j], 0, law)
        _convolve(before_any[j], law, 2, work)
        before_any[j + 1] = q * before_any[j] + p * (work + before_none[j] * law[:3])
        before_none[j + 1] = before_none[j] * q
    target, target1, own = np.empty(4), np.empty(4), np.empty(4)
    _mixed_powers(a[last], low[last], width[last], 0, target)
    _mixed_powers(a[last], low[last], width[last], 1, target1)
    p_target = probability[last]
    after_none, after_any, full, rest, some = 1.0, np.zeros(3), np.empty(3), np.empty(3), np.empty(3)
    for j in range(last - 1, -1, -1):
        p, q = probability[j], 1.0 - probability[j]
        full[:] = after_any
        full[0] += after_none
        _convolve(before_any[j], full, 2, rest)
        rest += before_none[j] * after_any  # one or more of the others
        full[:] = rest
        full[0] += before_none[j] * after_none  # any number of the others
        _convolve(full, target, 2, some)
        some[:] = (1.0 - p_target) * rest + p_target * some
        _mixed_powers(a[j], low[j], width[j], 1, own)
        _convolve(some, own, 2, work)
        single[j] = p * work
        _convolve(full, target1, 1, some)
        _convolve(some, own, 1, work)
        pair[j] = p * p_target * work[:2]
        _recentre(single[j], b)
        _recentre(pair[j], b)
        _mixed_powers(a[j], low[j], width[j], 0, law)
        _convolve(after_any, law, 2, work)
        after_any[:] = q * after_any + p * (work + after_none * law[:3])
        after_none *= q


@njit(cache=True, error_model="numpy")
def _add_series(a, b, probability, low, width, period, terms, gradient, sums, slopes, store):
    """Add the Fourier sums over k <= terms of one output; the target is the last feature.

    With χ the transforms restricted to two or more present: sums = (Σ c3 Im Φ, Σ c2 Re χ_z, Σ c2 Re Φ,
    Σ c1 Im χ_z, Σ c1 Im χ_zz), slopes[j] = (Σ c2 Re χ_j, Σ c1 Im χ_zj), c1 = 2/(2πk), c2 = 4/(2πk)²,
    c3 = 12/(2πk)³.
    """
    psi, xi, before, none = store
    last = len(a) - 1
    omega = 2.0 * np.pi / period
    one, more, after = np.empty((2, CHUNK)), np.empty((2, CHUNK)), np.empty((2, CHUNK))
    cos, sin, zeta = np.empty(CHUNK), np.empty(CHUNK), np.empty((2, CHUNK))
    turn = np.empty((2, CHUNK))
    c1, c2, c3 = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    for first in range(1, terms + 1, CHUNK):
        count = min(CHUNK, terms + 1 - first)
        for r in range(count):
            c1[r] = 1.0 / (np.pi * (first + r))
            c2[r] = c1[r] * c1[r]
            c3[r] = 1.5 * c1[r] * c2[r]
        for j in range(last + 1):
            _law(omega * a[j], first, count, probability[j], low[j], width[j], psi[j], xi[j], zeta, cos, sin,
                 gradient and j == last)  # fmt: skip
        one[:], more[:] = 0.0, 0.0
        nobody = 1.0
        for j in range(last):
            q = 1.0 - probability[j]
            f, g, e = psi[j], before[j], nobody
            none[j] = nobody
            for r in range(count):
                g0, g1 = one[0, r] + more[0, r], one[1, r] + more[1, r]
                g[0, r], g[1, r] = g0, g1
                more[0, r] = q * more[0, r] + (g0 * f[0, r] - g1 * f[1, r])
                more[1, r] = q * more[1, r] + (g0 * f[1, r] + g1 * f[0, r])
                one[0, r] = q * one[0, r] + e * f[0, r]
                one[1, r] = q * one[1, r] + e * f[1, r]
            nobody *= q
        _phases(omega * b, first, turn[0], turn[1], count)
        q, f, x = 1.0 - probability[last], psi[last], xi[last]
        for r in range(count):
            c, s = turn[0, r], turn[1, r]
            g0, g1 = one[0, r] + more[0, r], one[1, r] + more[1, r]
            re, im = (
                q * more[0, r] + g0 * f[0, r] - g1 * f[1, r],
                q * more[1, r] + g0 * f[1, r] + g1 * f[0, r],
            )
            sums[0] += c3[r] * (re * s + im * c)
            sums[2] += c2[r] * (re * c - im * s)
            re, im = g0 * x[0, r] - g1 * x[1, r], g0 * x[1, r] + g1 * x[0, r]
            sums[1] += c2[r] * (re * c - im * s)
            sums[3] += c1[r] * (re * s + im * c)
            if gradient:
                re, im = g0 * zeta[0, r] - g1 * zeta[1, r], g0 * zeta[1, r] + g1 * zeta[0, r]
                sums[4] += c1[r] * (re * s + im * c)
        if not gradient:
            continue
        after[:] = 0.0
        after_none = 1.0
        for j in range(last - 1, -1, -1):
            h, g, y = psi[j], before[j], xi[j]
            e, both = none[j], none[j] * after_none
            sum2, sum1 = 0.0, 0.0
            for r in range(count):
                # any: one or more of the others; all_: any number of them; some: the same with the target
                s0, s1 = after[0, r] + after_none, after[1, r]
                any0 = g[0, r] * s0 - g[1, r] * s1 + e * after[0, r]
                any1 = g[0, r] * s1 + g[1, r] * s0 + e * after[1, r]
                all0, all1 = any0 + both, any1
                some0 = q * any0 + all0 * f[0, r] - all1 * f[1, r]
                some1 = q * any1 + all0 * f[1, r] + all1 * f[0, r]
                c, s = turn[0, r], turn[1, r]
                y0, y1 = y[0, r] * c - y[1, r] * s, y[0, r] * s + y[1, r] * c
                sum2 += c2[r] * (y0 * some0 - y1 * some1)
                w0, w1 = x[0, r] * all0 - x[1, r] * all1, x[0, r] * all1 + x[1, r] * all0
                sum1 += c1[r] * (y0 * w1 + y1 * w0)
                a0, a1 = after[0, r], after[1, r]
                qj = 1.0 - probability[j]
                after[0, r] = qj * a0 + s0 * h[0, r] - s1 * h[1, r]
                after[1, r] = qj * a1 + s0 * h[1, r] + s1 * h[0, r]
            slopes[j, 0] += sum2
            slopes[j, 1] += sum1
            after_none *= 1.0 - probability[j]


@njit(cache=True, error_model="numpy")
def _gather(coupling, probability, i, members):
    """List the features that output i depends on, the target i last; return how many."""
    count = 0
    for j in range(len(coupling)):
        if j != i and probability[j] > 0.0 and coupling[j] != 0.0:
            members[count] = j
            count += 1
    if probability[i] > 0.0:
        members[count] = i
        count += 1
    return count


@njit(cache=True, error_model="numpy")
def _range(a, b, low, width):
    """Return the ends of the interval that u = b + Σ a_j x_j lives on."""
    bottom, top = b, b
    for j in range(len(a)):
        ends = (a[j] * low[j], a[j] * (low[j] + width[j]))
        bottom += min(0.0, min(ends))
        top += max(0.0, max(ends))
    return bottom, top


@njit(cache=True, error_model="numpy")
def _few_present(a, surplus, b, probability, low, width, grad, slope, work, error):
    """Return the exact loss of "nobody or one present" (the target is the last feature); add its slopes."""
    count = len(a)
    last = count - 1
    nobody = 1.0
    after = np.ones(count + 1)
    for j in range(last, -1, -1):
        after[j] = after[j + 1] * (1.0 - probability[j])
    total = after[0] * max(b, 0.0) ** 2
    slope[count] += after[0] * 2.0 * max(b, 0.0)
    error[0] += 4.0 * EPS * total
    one_error = np.zeros(1)
    for j in range(count):
        weight = nobody * probability[j] * after[j + 1]
        nobody *= 1.0 - probability[j]
        if weight == 0.0:
            continue
        one_error[0] = 0.0
        z = 0 if j == last else -1
        value = set_loss(
            a[j : j + 1], surplus, low[j : j + 1], width[j : j + 1], 1, z, b, work, True, grad, one_error
        )
        total += weight * value
        error[0] += weight * (one_error[0] + 2.0 * count * EPS * value)
        slope[j] += weight * grad[0]
        slope[count] += weight * grad[1]
    return total


@njit(cache=True, error_model="numpy", nogil=True)
def spectral_outputs(coupling, surplus, b, probability, low, width, terms, gradient):
    """Return per-output losses (n,), rounding bounds (n,), slopes in coupling (n, n) and in b (n,).

    Output i is E (x_i - relu(b_i + Σ_j coupling_ij x_j))², summed over terms[i] frequencies; truncation is
    bounded by `spectral_tails`; surplus_i = 1 - coupling_ii. Every feature must be able to be present: probability > 0 where it matters.
    """
    n = len(b)
    value, bound = np.empty(n), np.empty(n)
    grad_coupling, grad_b = np.zeros((n, n)), np.zeros(n)
    members = np.empty(n, np.int64)
    store = (np.empty((n, 2, CHUNK)), np.empty((n, 2, CHUNK)), np.empty((n, 2, CHUNK)), np.empty(n))
    moment, sums = np.empty((3, 4)), np.empty(5)
    work, one_grad, error = workspace(1), np.empty(2), np.zeros(1)
    for i in range(n):
        count = _gather(coupling[i], probability, i, members)
        absent = probability[i] == 0.0  # then x_i = 0 never matters: a target of width 0 stands in
        size = count + 1 if absent else count
        a, p, lo, wi = np.zeros(size), np.zeros(size), np.zeros(size), np.zeros(size)
        for j in range(count):
            a[j], p[j] = coupling[i, members[j]], probability[members[j]]
            lo[j], wi[j] = low[members[j]], width[members[j]]
        last = size - 1
        slope = np.zeros(size + 1)
        error[0] = 0.0
        few = _few_present(a, surplus[i], b[i], p, lo, wi, one_grad, slope, work, error)
        _moments(a, b[i], p, lo, wi, moment)
        bottom, top = _range(a, b[i], lo, wi)
        period = max(top, -bottom)
        single, pair = np.empty((last, 3)), np.empty((last, 2))
        if gradient:
            _moment_slopes(a, b[i], p, lo, wi, single, pair)
        if top <= 0.0:
            rest = moment[2, 0]
        else:
            rest = moment[2, 0] - 2.0 * moment[1, 1] + moment[0, 2]
            slope[last] += 2.0 * (moment[1, 1] - moment[2, 0])
            slope[size] += 2.0 * (moment[0, 1] - moment[1, 0])
            for j in range(last):
                if gradient:
                    slope[j] += 2.0 * (single[j, 1] - pair[j, 0])
        if bottom < 0.0 < top:
            sums[:] = 0.0
            slopes = np.zeros((last, 2))
            _add_series(a, b[i], p, lo, wi, period, terms[i], gradient, sums, slopes, store)
            T = period
            # halves: relu(u)² = (u² + u|u|)/2 and x relu(u) = (xu + x|u|)/2, |u| and u|u| from the series
            square = moment[0, 3] / (3.0 * T) + T * moment[0, 1] / 6.0 - T * T * sums[0] / 3.0
            cross = moment[1, 2] / T + T * moment[1, 0] / 6.0 - T * sums[1]
            rest = moment[2, 0] - moment[1, 1] + moment[0, 2] / 2.0 + square - cross
            size_u = moment[0, 2] ** 0.5
            error[0] += EPS * (
                (3.0 * size + 40.0) * (0.02 * T * T * moment[0, 0] + 0.17 * T * abs(moment[1, 0]))
                + (2.0 * size + 20.0) * (T * size_u + moment[0, 2] + moment[2, 0])
            )
            if gradient:
                sign = 2.0 * moment[2, 1] / T + 2.0 * sums[4]
                slope[last] += -(moment[1, 1] - moment[2, 0]) + cross - sign
                sign = 2.0 * moment[1, 1] / T + 2.0 * sums[3]
                modulus = moment[0, 2] / T + T * moment[0, 0] / 6.0 - T * sums[2]
                slope[size] += -(moment[0, 1] - moment[1, 0]) + modulus - sign
                for j in range(last):
                    modulus = single[j, 2] / T + T * single[j, 0] / 6.0 - T * slopes[j, 0]
                    sign = 2.0 * pair[j, 1] / T + 2.0 * slopes[j, 1]
                    slope[j] += -(single[j, 1] - pair[j, 0]) + modulus - sign
        else:
            error[0] += (4.0 * size + 20.0) * EPS * (moment[2, 0] + moment[0, 2])
        value[i] = max(few + rest, 0.0)  # what the truth cannot be is no improvement
        bound[i] = error[0]
        grad_b[i] = slope[size]
        for j in range(n):
            if coupling[i, j] == 0.0:
                grad_coupling[i, j] = slope[size] * probability[j] * (low[j] + 0.5 * width[j])
        for j in range(count):
            grad_coupling[i, members[j]] = slope[j]
    return value, bound, grad_coupling, grad_b


@njit(cache=True, error_model="numpy", nogil=True)
def spectral_tails(coupling, b, probability, low, width, grid):
    """Return (n, len(grid)): bounds on what output i leaves out when its series stops after grid[g] terms.

    |E e^{izy}| and 2|E y e^{izy}| are at most min(1, 2/|z|) (the second: min(1, 4/|z|)), which falls with the
    frequency: between grid points the left end bounds every term, and sums of 1/k² and 1/k³ are integrals.
    """
    n = len(b)
    tails = np.zeros((n, len(grid)))
    members = np.empty(n, np.int64)
    for i in range(n):
        count = _gather(coupling[i], probability, i, members)
        chosen = members[:count]
        a, lo, wi = coupling[i][chosen], low[chosen], width[chosen]
        bottom, top = _range(a, b[i], lo, wi)
        if not bottom < 0.0 < top:
            continue
        T = max(top, -bottom)
        beyond = 0.0
        for g in range(len(grid) - 1, -1, -1):
            theta = 2.0 * np.pi * grid[g] / T
            none, one, more = 1.0, 0.0, 0.0
            target = 0.0
            for j in range(count):
                p, q = probability[chosen[j]], 1.0 - probability[chosen[j]]
                z = abs(a[j]) * wi[j] * theta
                decay = 2.0 / z if z > 2.0 else 1.0
                if chosen[j] == i:
                    decay1 = 2.0 / z if z > 4.0 else 0.5
                    target = p * (abs(lo[j]) * decay + wi[j] * decay1) * (one + more)
                more = q * more + (one + more) * p * decay
                one = q * one + none * p * decay
                none *= q
            k0 = grid[g]
            k1 = grid[g + 1] if g + 1 < len(grid) else np.inf
            cubes, squares = 0.5 * (1.0 / k0**2 - 1.0 / k1**2), 1.0 / k0 - 1.0 / k1
            beyond += T * T / 3.0 * 12.0 / (2.0 * np.pi) ** 3 * cubes * more
            beyond += T * 4.0 / (2.0 * np.pi) ** 2 * squares * target
            tails[i, g] = beyond
    return tails
