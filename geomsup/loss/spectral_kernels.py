"""Kernels of the spectral loss: Fourier series of a one-dimensional law, any number of features.

u = b + Σ_j a_j x_j lives on |u| <= T, all of it or all but a part that a Chernoff bound shows not to matter
(`spectral_periods`: with many sparse features T is a tenth of the range, and so is the number of terms). With
y = u/T and the periodic Bernoulli functions

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

__all__ = ["spectral_outputs", "spectral_periods", "spectral_tails"]

EPS = 2.0**-52
CHUNK = 64
SERIES_BELOW = 0.5  # h under which (sin h - h cos h) / h² is summed as a power series instead of cancelling

# Reordered sums and fused products let the loops over frequencies vectorise; NaN and infinity keep their meaning.
fast = njit(cache=True, error_model="numpy", fastmath={"reassoc", "contract", "nsz"})


@fast
def _phases(angle, first, count, cos, sin):
    """Fill cos and sin of (first + r) * angle, r < count, doubling from an exact start.

    Every entry is a sum of products that do not cancel for small angles: sines keep their relative accuracy.
    """
    cos[0], sin[0] = np.cos(first * angle), np.sin(first * angle)
    c, s = np.cos(angle), np.sin(angle)
    done = 1
    while done < count:
        for r in range(min(done, count - done)):
            cos[done + r] = cos[r] * c - sin[r] * s
            sin[done + r] = sin[r] * c + cos[r] * s
        c, s = c * c - s * s, 2.0 * c * s
        done *= 2


@fast
def _transforms(a, centre, radius, probability, first, count, inverse, moments, scratch, psi, xi, zeta):
    """Fill p E e^{iθax}, and if `moments` >= 1, 2 also p E x e^{iθax} and p E x² e^{iθax}; θ = first + r steps.

    x is uniform on centre ± radius, `a` its coefficient times the step, inverse[r] = 1/(first + r). With
    h = θ a radius, v ~ U[-1, 1]: S = E cos hv = sin h / h, Q = E v sin hv = (S - cos h) / h and
    P = E v² cos hv = S - 2Q/h. Arrays are (2, CHUNK), real and imaginary parts.
    """
    cos, sin, turn_cos, turn_sin, S, Q = scratch
    step = a * radius
    _phases(step, first, count, cos, sin)
    if centre == radius:
        turn_cos[:count], turn_sin[:count] = cos[:count], sin[:count]
    else:
        _phases(a * centre, first, count, turn_cos, turn_sin)
    psi_re, psi_im = psi[0], psi[1]
    still = abs(step) < 1e-290  # x does not spread, or is not coupled: S = 1 and Q = 0
    scale = 0.0 if still else 1.0 / step
    for r in range(count):
        S[r] = 1.0 if still else sin[r] * inverse[r] * scale
        psi_re[r] = probability * S[r] * turn_cos[r]
        psi_im[r] = probability * S[r] * turn_sin[r]
    if moments == 0:
        return
    near = count
    for r in range(count):
        Q[r] = (S[r] - cos[r]) * inverse[r] * scale
    if abs(step) * (first + count) >= SERIES_BELOW:
        near = min(count, max(0, int(SERIES_BELOW / abs(step)) + 1 - first))
    for r in range(near):  # where S - cos h cancels: h Σ_k (-1)^k h^2k 2(k+1)/(2k+3)!
        h = (first + r) * step
        t = -h * h
        Q[r] = h * (1 / 3 + t * (1 / 30 + t * (1 / 840 + t * (1 / 45360 + t * (1 / 3991680 + t / 518918400)))))
    xi_re, xi_im = xi[0], xi[1]
    even, odd = probability * centre, probability * radius
    for r in range(count):
        xi_re[r] = even * S[r] * turn_cos[r] - odd * Q[r] * turn_sin[r]
        xi_im[r] = even * S[r] * turn_sin[r] + odd * Q[r] * turn_cos[r]
    if moments == 1:
        return
    zeta_re, zeta_im = zeta[0], zeta[1]
    even, odd, square = probability * centre**2, 2.0 * probability * centre * radius, probability * radius**2
    for r in range(count):
        P = S[r] - 2.0 * Q[r] * inverse[r] * scale
        zeta_re[r] = (even * S[r] + square * P) * turn_cos[r] - odd * Q[r] * turn_sin[r]
        zeta_im[r] = (even * S[r] + square * P) * turn_sin[r] + odd * Q[r] * turn_cos[r]


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


@fast
def _add_one(q, none, psi, one, more, count):
    """Add a feature, absent with probability q, to the transforms of "one" and "two or more" present."""
    one_re, one_im, more_re, more_im, psi_re, psi_im = one[0], one[1], more[0], more[1], psi[0], psi[1]
    for r in range(count):
        any_re, any_im = one_re[r] + more_re[r], one_im[r] + more_im[r]
        more_re[r] = q * more_re[r] + (any_re * psi_re[r] - any_im * psi_im[r])
        more_im[r] = q * more_im[r] + (any_re * psi_im[r] + any_im * psi_re[r])
        one_re[r] = q * one_re[r] + none * psi_re[r]
        one_im[r] = q * one_im[r] + none * psi_im[r]


@fast
def _slopes_of_one(q, q_target, none, after_none, before, after, psi_target, xi_target, xi, psi, c1, c2, count):
    """Return (Σ c2 Re χ_j, Σ c1 Im χ_zj) of a feature, and add it to the features `after` (one or more present).

    xi comes with the phase e^{iθb}. "some" is one or more of the others present, with the target's transform;
    "all" any number of the others, without the target.
    """
    b_re, b_im, a_re, a_im = before[0], before[1], after[0], after[1]
    f_re, f_im, t_re, t_im = psi_target[0], psi_target[1], xi_target[0], xi_target[1]
    x_re, x_im, p_re, p_im = xi[0], xi[1], psi[0], psi[1]
    both = none * after_none
    sum2, sum1 = 0.0, 0.0
    for r in range(count):
        s_re, s_im = a_re[r] + after_none, a_im[r]
        any_re = b_re[r] * s_re - b_im[r] * s_im + none * a_re[r]
        any_im = b_re[r] * s_im + b_im[r] * s_re + none * a_im[r]
        all_re = any_re + both
        some_re = q_target * any_re + all_re * f_re[r] - any_im * f_im[r]
        some_im = q_target * any_im + all_re * f_im[r] + any_im * f_re[r]
        sum2 += c2[r] * (x_re[r] * some_re - x_im[r] * some_im)
        w_re, w_im = t_re[r] * all_re - t_im[r] * any_im, t_re[r] * any_im + t_im[r] * all_re
        sum1 += c1[r] * (x_re[r] * w_im + x_im[r] * w_re)
        a_re[r], a_im[r] = (
            q * a_re[r] + s_re * p_re[r] - s_im * p_im[r],
            q * a_im[r] + s_re * p_im[r] + s_im * p_re[r],
        )
    return sum2, sum1


@fast
def _sums_of_target(q, one, more, psi, xi, zeta, turn, c1, c2, c3, count, second, sums):
    """Add (Σ c3 Im Φ, Σ c2 Re χ_z, Σ c2 Re Φ, Σ c1 Im χ_z, Σ c1 Im χ_zz) of the target to `sums`."""
    sum0, sum1, sum2, sum3, sum4 = 0.0, 0.0, 0.0, 0.0, 0.0
    for r in range(count):
        c, s = turn[0, r], turn[1, r]
        any_re, any_im = one[0, r] + more[0, r], one[1, r] + more[1, r]
        re = q * more[0, r] + any_re * psi[0, r] - any_im * psi[1, r]
        im = q * more[1, r] + any_re * psi[1, r] + any_im * psi[0, r]
        sum0 += c3[r] * (re * s + im * c)
        sum2 += c2[r] * (re * c - im * s)
        re, im = any_re * xi[0, r] - any_im * xi[1, r], any_re * xi[1, r] + any_im * xi[0, r]
        sum1 += c2[r] * (re * c - im * s)
        sum3 += c1[r] * (re * s + im * c)
        if second:
            re, im = any_re * zeta[0, r] - any_im * zeta[1, r], any_re * zeta[1, r] + any_im * zeta[0, r]
            sum4 += c1[r] * (re * s + im * c)
    sums[0] += sum0
    sums[1] += sum1
    sums[2] += sum2
    sums[3] += sum3
    sums[4] += sum4


@fast
def _add_series(a, b, probability, low, width, period, terms, gradient, sums, slopes, store):
    """Add the Fourier sums over k <= terms of one output; the target is the last feature.

    All transforms are restricted to two or more present: Φ of 1, χ_j of x_j, χ_zj of x_z x_j, z the target.
    `sums` gathers what `_sums_of_target` gives, slopes[j] = (Σ c2 Re χ_j, Σ c1 Im χ_zj), with
    c1 = 2/(2πk), c2 = 4/(2πk)², c3 = 12/(2πk)³.
    """
    psi, xi, before, none = store
    last = len(a) - 1
    omega = 2.0 * np.pi / period
    one, more, after = np.empty((2, CHUNK)), np.empty((2, CHUNK)), np.empty((2, CHUNK))
    zeta, turn = np.empty((2, CHUNK)), np.empty((2, CHUNK))
    turned_re, turned_im = np.empty(CHUNK), np.empty(CHUNK)
    scratch = (
        np.empty(CHUNK),
        np.empty(CHUNK),
        np.empty(CHUNK),
        np.empty(CHUNK),
        np.empty(CHUNK),
        np.empty(CHUNK),
    )
    inverse, c1, c2, c3 = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    for first in range(1, terms + 1, CHUNK):
        count = min(CHUNK, terms + 1 - first)
        for r in range(count):
            inverse[r] = 1.0 / (first + r)
            c1[r] = inverse[r] / np.pi
            c2[r] = c1[r] * c1[r]
            c3[r] = 1.5 * c1[r] * c2[r]
        _phases(omega * b, first, count, turn[0], turn[1])
        one[:], more[:] = 0.0, 0.0
        nobody = 1.0
        for j in range(last + 1):
            slot = j if gradient else 0
            moments = (2 if gradient else 1) if j == last else (1 if gradient else 0)
            radius = 0.5 * width[j]
            _transforms(omega * a[j], low[j] + radius, radius, probability[j], first, count, inverse, moments,
                        scratch, psi[slot], xi[slot], zeta)  # fmt: skip
            if j == last:
                break
            if gradient:
                none[j] = nobody
                before[j, :, :count] = one[:, :count] + more[:, :count]
            _add_one(1.0 - probability[j], nobody, psi[slot], one, more, count)
            nobody *= 1.0 - probability[j]
        target = last if gradient else 0
        q = 1.0 - probability[last]
        _sums_of_target(q, one, more, psi[target], xi[target], zeta, turn, c1, c2, c3, count, gradient, sums)
        if not gradient:
            continue
        after[:] = 0.0
        after_none = 1.0
        for j in range(last - 1, -1, -1):
            x_re, x_im = xi[j, 0], xi[j, 1]
            for r in range(count):
                turned_re[r] = x_re[r] * turn[0, r] - x_im[r] * turn[1, r]
                turned_im[r] = x_re[r] * turn[1, r] + x_im[r] * turn[0, r]
            x_re[:count], x_im[:count] = turned_re[:count], turned_im[:count]
            sum2, sum1 = _slopes_of_one(
                1.0 - probability[j], q, none[j], after_none, before[j], after, psi[last], xi[last], xi[j],
                psi[j], c1, c2, count,
            )  # fmt: skip
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
        value = set_loss(a[j : j + 1], surplus, low[j : j + 1], width[j : j + 1], 1, z, b, work, True, grad, one_error)
        total += weight * value
        error[0] += weight * (one_error[0] + 2.0 * count * EPS * value)
        slope[j] += weight * grad[0]
        slope[count] += weight * grad[1]
    return total


@njit(cache=True, error_model="numpy", nogil=True)
def spectral_outputs(coupling, surplus, b, probability, low, width, periods, terms, gradient):
    """Return per-output losses (n,), rounding bounds (n,), slopes in coupling (n, n) and in b (n,).

    Output i is E (x_i - relu(b_i + Σ_j coupling_ij x_j))², summed over terms[i] frequencies of period
    periods[i]; what that leaves out is bounded by `spectral_periods` and `spectral_tails`; surplus_i = 1 - coupling_ii.
    Every feature must be able to be present: probability > 0 where it matters.
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
        period = periods[i]
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


@njit(cache=True, error_model="numpy")
def _log_moment_generating(s, a, b, probability, low, width):
    """Return log E e^{su} and log E e^{-su}; products are folded into the logarithm before they overflow."""
    up, down = s * b, -s * b
    product_up, product_down = 1.0, 1.0
    for j in range(len(a)):
        z = s * a[j] * width[j]
        grown = np.exp(z)
        mean_up, mean_down = 1.0, 1.0
        if abs(z) > 1e-6:
            mean_up, mean_down = (grown - 1.0) / z, (1.0 - 1.0 / grown) / z
        if low[j] != 0.0:
            shift = np.exp(s * a[j] * low[j])
            mean_up, mean_down = mean_up * shift, mean_down / shift
        product_up *= 1.0 + probability[j] * (mean_up - 1.0)
        product_down *= 1.0 + probability[j] * (mean_down - 1.0)
        if max(product_up, product_down) > 1e200 or min(product_up, product_down) < 1e-200:
            up, down = up + np.log(product_up), down + np.log(product_down)
            product_up, product_down = 1.0, 1.0
    return up + np.log(product_up), down + np.log(product_down)


@njit(cache=True, error_model="numpy", nogil=True)
def spectral_periods(coupling, b, probability, low, width, budget):
    """Return periods (n,) and bounds (n,) on what values of u beyond them add, at most `budget` (n,) each.

    Beyond |y| = 1 the Bernoulli polynomials leave their periodic continuation, by at most 3.05 |y|³ (B3) and
    2.2 y² (B2), so that the loss moves by E[1.02 |u|³/T + 2.2 |x| u²/T; |u| > T]. For s >= 3/T both powers are
    below e^{s(|u| - T)}: what is left is e^{-sT} E e^{±su} times 1.02 T² + 2.2 |x| T, for the best s of a few.
    """
    n = len(b)
    periods, overflow = np.ones(n), np.zeros(n)
    members = np.empty(n, np.int64)
    for i in range(n):
        count = _gather(coupling[i], probability, i, members)
        chosen = members[:count]
        a, p, lo, wi = coupling[i][chosen], probability[chosen], low[chosen], width[chosen]
        bottom, top = _range(a, b[i], lo, wi)
        whole = max(top, -bottom)
        periods[i] = whole if whole > 0.0 else 1.0
        if not bottom < 0.0 < top or count < 6:
            continue
        size = max(abs(low[i]), abs(low[i] + width[i]))
        mean, spread = b[i], 0.0
        for j in range(count):
            centre = a[j] * (lo[j] + 0.5 * wi[j])
            mean += p[j] * centre
            spread += p[j] * (centre * centre + (a[j] * wi[j]) ** 2 / 12.0) - (p[j] * centre) ** 2
        sigma = spread**0.5
        if sigma == 0.0:
            continue
        best = whole
        for steepness in (3.0, 5.0, 8.0, 12.0, 17.0, 24.0):
            s = steepness / sigma
            # The two sides in one: e^{Λ(s)} + e^{Λ(-s)}.
            up, down = _log_moment_generating(s, a, b[i], p, lo, wi)
            both = max(up, down) + np.log1p(np.exp(-abs(up - down)))
            T = whole
            for _ in range(6):
                T = max((both + np.log((1.02 * T * T + 2.2 * size * T) / budget[i])) / s, 3.0 / s)
            bound = (1.02 * T * T + 2.2 * size * T) * np.exp(both - s * T)
            if best > T and bound <= budget[i] * (1.0 + 1e-6):
                best, overflow[i] = T, bound
        periods[i] = best
    return periods, overflow


@njit(cache=True, error_model="numpy", nogil=True)
def spectral_tails(coupling, b, probability, low, width, periods, grid):
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
        T = periods[i]
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
