"""Kernels of the spectral loss: Fourier series of a one-dimensional distribution, any number of features.

u = b + Σ_j a_j x_j lies in |u| <= T, or does so except for a part that is negligible by a Chernoff bound
(`spectral_periods`: with many sparse features T is a tenth of the range, and so is the number of terms). With
y = u/T and the periodic Bernoulli functions

    B̃2(y) = y² - |y| + 1/6       = 4 Σ_k cos(2πky)/(2πk)²
    B̃3(y) = y³ - (3/2)y|y| + y/2 = 12 Σ_k sin(2πky)/(2πk)³          (both valid for |y| <= 1)

E u|u| and E x_i|u| are low moments of u and sums over k of its characteristic function, a product over
features. Sets of no or one present feature are taken out and computed exactly (`exact_kernels.set_loss`). The rest
decays two orders faster. It is computed without subtraction: the recursions below carry "exactly one present" and "two
or more" as separate states, so nothing cancels as p -> 0.

Frequencies run along the inner, contiguous axis in chunks that stay in cache.
"""

import numpy as np

from geomsup.compiling import njit
from geomsup.loss.exact_kernels import gather_set, set_loss, set_weight, workspace
from geomsup.loss.spectral.moments import moment_slopes, moments
from geomsup.loss.spectral.transforms import CHUNK, compose, fast, feature_transforms, phases
from geomsup.loss.spectral.units import collect, ends

__all__ = ["spectral_outputs"]

EPS = 2.0**-52


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
def _others(q_target, none, after_none, before, after, psi_target, xi_target, turn, some, crossed, count):
    """Prepare the slopes of a unit's members: everything but the unit, with the phase e^{iθb}.

    some: one or more of the other units present, the target's among them; crossed: any number of the other units
    but the target's, times the target's transform of x.
    """
    b_re, b_im, a_re, a_im = before[0], before[1], after[0], after[1]
    f_re, f_im, t_re, t_im = psi_target[0], psi_target[1], xi_target[0], xi_target[1]
    both = none * after_none
    for r in range(count):
        s_re, s_im = a_re[r] + after_none, a_im[r]
        any_re = b_re[r] * s_re - b_im[r] * s_im + none * a_re[r]
        any_im = b_re[r] * s_im + b_im[r] * s_re + none * a_im[r]
        all_re = any_re + both
        re = q_target * any_re + all_re * f_re[r] - any_im * f_im[r]
        im = q_target * any_im + all_re * f_im[r] + any_im * f_re[r]
        c, s = turn[0, r], turn[1, r]
        some[0, r], some[1, r] = re * c - im * s, re * s + im * c
        re, im = t_re[r] * all_re - t_im[r] * any_im, t_re[r] * any_im + t_im[r] * all_re
        crossed[0, r], crossed[1, r] = re * c - im * s, re * s + im * c


@fast
def _slopes_of_member(some, crossed, xi, xi_crossed, c1, c2, count):
    """Return (Σ c2 Re χ_s, Σ c1 Im χ_ts) of a member with transforms xi (in χ_s) and xi_crossed (in χ_ts)."""
    sum2, sum1 = 0.0, 0.0
    x_re, x_im, y_re, y_im = xi[0], xi[1], xi_crossed[0], xi_crossed[1]
    for r in range(count):
        sum2 += c2[r] * (x_re[r] * some[0, r] - x_im[r] * some[1, r])
        sum1 += c1[r] * (y_re[r] * crossed[1, r] + y_im[r] * crossed[0, r])
    return sum2, sum1


@fast
def _add_any(q, none, psi, any_, count):
    """Add a unit, absent with probability q, to the transform of "one or more" present."""
    a_re, a_im, p_re, p_im = any_[0], any_[1], psi[0], psi[1]
    for r in range(count):
        s_re, s_im = a_re[r] + none, a_im[r]
        a_re[r], a_im[r] = (
            q * a_re[r] + s_re * p_re[r] - s_im * p_im[r],
            q * a_im[r] + s_re * p_im[r] + s_im * p_re[r],
        )


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
def _add_series(
    a, b, members, ustart, kind, absent, p, laws, sets, target, period, terms, gradient, sums, slopes, store
):
    """Add the Fourier sums over k <= terms of one output; the target's unit is the last.

    All transforms are restricted to two or more units present: Φ of 1, χ_s of x_s, χ_ts of x_t x_s, t the target.
    `sums` gathers what `_sums_of_target` gives, slopes[s] = (Σ c2 Re χ_s, Σ c1 Im χ_ts), with c1 = 2/(2πk),
    c2 = 4/(2πk)², c3 = 12/(2πk)³.
    """
    psi, xi, pair, whole, before, none = store
    last = len(ustart) - 2
    omega = 2.0 * np.pi / period
    one, more, after = np.empty((2, CHUNK)), np.empty((2, CHUNK)), np.empty((2, CHUNK))
    zeta, turn, some, crossed = np.empty((2, CHUNK)), np.empty((2, CHUNK)), np.empty((2, CHUNK)), np.empty((2, CHUNK))
    scratch = (np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK))
    spare = (np.empty((2, CHUNK)), np.empty((2, CHUNK)), np.empty((2, CHUNK)))
    inverse, c1, c2, c3 = np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK), np.empty(CHUNK)
    for first in range(1, terms + 1, CHUNK):
        count = min(CHUNK, terms + 1 - first)
        for r in range(count):
            inverse[r] = 1.0 / (first + r)
            c1[r] = inverse[r] / np.pi
            c2[r] = c1[r] * c1[r]
            c3[r] = 1.5 * c1[r] * c2[r]
        phases(omega * b, first, count, turn[0], turn[1])
        one[:], more[:] = 0.0, 0.0
        nobody = 1.0
        for v in range(last + 1):
            # Without slopes nothing of a unit is needed once it is added: all use the first places of the store.
            base, slot = (0, v) if gradient else (ustart[v], 0)
            for s in range(ustart[v], ustart[v + 1]):
                degree = 2 if s == target else (1 if gradient else 0)
                feature_transforms(omega * a[s], members[s], laws, first, count, inverse, degree, scratch, spare,
                         psi[s - base], xi[s - base], zeta)  # fmt: skip
            compose(ustart[v] - base, ustart[v + 1] - base, kind[v], sets, p[base:], target - base if v == last else -1,
                     gradient, psi, xi, zeta, pair, whole[slot], count)  # fmt: skip
            if v == last:
                _sums_of_target(absent[v], one, more, whole[slot], xi[target - base], zeta, turn, c1, c2, c3, count,
                                gradient, sums)  # fmt: skip
                break
            if gradient:
                none[v] = nobody
                for r in range(count):
                    before[v, 0, r], before[v, 1, r] = one[0, r] + more[0, r], one[1, r] + more[1, r]
            _add_one(absent[v], nobody, whole[slot], one, more, count)
            nobody *= absent[v]
        if not gradient:
            continue
        for r in range(count):  # members of the target's own unit: one or more of the other units
            re, im = one[0, r] + more[0, r], one[1, r] + more[1, r]
            some[0, r], some[1, r] = re * turn[0, r] - im * turn[1, r], re * turn[1, r] + im * turn[0, r]
        for s in range(ustart[last], ustart[last + 1]):
            if s != target:
                sum2, sum1 = _slopes_of_member(some, some, xi[s], pair[s], c1, c2, count)
                slopes[s, 0] += sum2
                slopes[s, 1] += sum1
        after[:] = 0.0
        after_none = 1.0
        for v in range(last - 1, -1, -1):
            _others(absent[last], none[v], after_none, before[v], after, whole[last], xi[target], turn, some, crossed,
                    count)  # fmt: skip
            for s in range(ustart[v], ustart[v + 1]):
                sum2, sum1 = _slopes_of_member(some, crossed, xi[s], xi[s], c1, c2, count)
                slopes[s, 0] += sum2
                slopes[s, 1] += sum1
            _add_any(absent[v], after_none, whole[v], after, count)
            after_none *= absent[v]


@njit(part=True, error_model="numpy")
def _few_present(coupling, i, surplus, b, leak, ids, absent, place, plan, slope, spare, error):
    """Return the exact loss of "no unit or one present"; add its slopes (slope[place[j]], in b the last)."""
    work, chosen, a, low, width, grad = spare
    count = len(absent)
    nobody = 1.0
    after = np.ones(count + 1)
    for v in range(count - 1, -1, -1):
        after[v] = after[v + 1] * absent[v]
    bent = 1.0 if b > 0.0 else leak * leak
    total = after[0] * bent * b * b
    slope[-1] += after[0] * 2.0 * bent * b
    error[0] += 4.0 * EPS * total
    one_error, digit = np.zeros(1), np.zeros(1, np.int64)
    for v in range(count):
        unit = ids[v : v + 1]
        for outcome in range(1, plan[0][ids[v] + 1] - plan[0][ids[v]]):
            digit[0] = outcome
            weight = set_weight(plan, unit, digit, 1) * (nobody * after[v + 1])
            if weight == 0.0:
                continue
            k, z = gather_set(coupling, i, plan, unit, digit, 1, chosen, a, low, width)
            one_error[0] = 0.0
            value = set_loss(a, surplus, low, width, k, z, b, leak, work, True, grad, one_error)
            total += weight * value
            error[0] += weight * (one_error[0] + 2.0 * count * EPS * value)
            for q in range(k):
                slope[place[chosen[q]]] += weight * grad[q]
            slope[-1] += weight * grad[k]
        nobody *= absent[v]
    return total


@njit(part=True, error_model="numpy")
def _combine(leak, two, T, moment, single, pair, sums, slopes, target, gradient, slope):
    """Return E (x - f(u))² of two or more units present, f = leak u + (1 - leak) relu, and add its slopes.

    `two` says on which sides of zero u can be: -1 below only, 1 above only, 0 both, where relu(u)² = (u² + u|u|)/2
    and x relu(u) = (xu + x|u|)/2 with |u| and u|u| from the series.
    """
    last = len(slope) - 1
    flat, bend, bend2 = leak, 1.0 - leak, 1.0 - leak * leak
    if two != 0:
        kept = 1.0 if two > 0 else leak
        slope[target] += 2.0 * kept * (kept * moment[1, 1] - moment[2, 0])
        slope[last] += 2.0 * kept * (kept * moment[0, 1] - moment[1, 0])
        if gradient:
            for s in range(last):
                if s != target:
                    slope[s] += 2.0 * kept * (kept * single[s, 1] - pair[s, 0])
        return moment[2, 0] - 2.0 * kept * moment[1, 1] + kept * kept * moment[0, 2]
    square = moment[0, 3] / (3.0 * T) + T * moment[0, 1] / 6.0 - T * T * sums[0] / 3.0  # E u|u| / 2
    cross = moment[1, 2] / T + T * moment[1, 0] / 6.0 - T * sums[1]  # E x|u|
    value = (
        moment[2, 0] - 2.0 * flat * moment[1, 1] + flat * flat * moment[0, 2]
        - bend * (moment[1, 1] + cross) + bend2 * (moment[0, 2] / 2.0 + square)
    )  # fmt: skip
    if not gradient:
        return value
    # 2 E x_s [leak² u + (1 - leak²) relu(u)] - 2 E x x_s [leak + (1 - leak) (1 + sgn u)/2], and so for b
    sign = 2.0 * moment[2, 1] / T + 2.0 * sums[4]
    slope[target] += 2.0 * flat * flat * moment[1, 1] + bend2 * (moment[1, 1] + cross)
    slope[target] -= 2.0 * flat * moment[2, 0] + bend * (moment[2, 0] + sign)
    sign = 2.0 * moment[1, 1] / T + 2.0 * sums[3]
    modulus = moment[0, 2] / T + T * moment[0, 0] / 6.0 - T * sums[2]
    slope[last] += 2.0 * flat * flat * moment[0, 1] + bend2 * (moment[0, 1] + modulus)
    slope[last] -= 2.0 * flat * moment[1, 0] + bend * (moment[1, 0] + sign)
    for s in range(last):
        if s != target:
            modulus = single[s, 2] / T + T * single[s, 0] / 6.0 - T * slopes[s, 0]
            sign = 2.0 * pair[s, 1] / T + 2.0 * slopes[s, 1]
            slope[s] += 2.0 * flat * flat * single[s, 1] + bend2 * (single[s, 1] + modulus)
            slope[s] -= 2.0 * flat * pair[s, 0] + bend * (pair[s, 0] + sign)
    return value


@njit(error_model="numpy")
def spectral_outputs(
    coupling, surplus, b, leak, units, laws, sizes, plan, mean, widest, wanted, periods, terms, gradient, stop
):
    """Return per-output losses (n,), rounding bounds (n,), slopes in coupling (n, n) and in b (n,).

    Output i is E (x_i - f(b_i + Σ_j coupling_ij x_j))², f(u) = u above 0 and leak * u below, summed over terms[i]
    frequencies of period periods[i]; what that leaves out is bounded by `spectral_periods` and `spectral_tails`.
    surplus_i = 1 - coupling_ii; `units`, `laws`, `sizes` and `plan` say what the inputs are
    (`geomsup.loss.plan`), `mean` is E x, `widest` the most features of one unit, and `wanted` (n,) says which outputs
    to do. Nothing more is done once stop[0] is not 0.
    """
    sets, n = units.sets, len(b)
    value, bound = np.zeros(n), np.zeros(n)
    grad_coupling, grad_b = np.zeros((n, n)), np.zeros(n)
    members, ids, place = np.empty(n, np.int64), np.empty(n, np.int64), np.zeros(n, np.int64)
    all_a, all_p, all_absent = np.empty(n), np.empty(n), np.empty(n)
    all_ustart, all_kind = np.empty(n + 1, np.int64), np.empty(n, np.int64)
    depth = (n, 2, CHUNK)
    store = (np.empty(depth), np.empty(depth), np.empty(depth), np.empty(depth), np.empty(depth), np.empty(n))
    moment, terms_of, sums = np.empty((3, 4)), np.empty((3, 4)), np.empty(5)
    spare = (workspace(widest), np.empty(widest, np.int64), np.empty(widest), np.empty(widest), np.empty(widest),
             np.empty(widest + 1))  # fmt: skip
    error = np.zeros(1)
    for i in range(n):
        if stop[0] != 0:
            break
        if not wanted[i]:
            continue
        count, target = collect(coupling[i], i, units, members, all_a, all_p, all_ustart, all_kind, all_absent, ids)
        ustart, kind, absent = all_ustart[: count + 1], all_kind[:count], all_absent[:count]
        size = ustart[count]
        a, p = all_a[:size], all_p[:size]
        for s in range(size):
            place[members[s]] = s
        slope = np.zeros(size + 1)
        error[0] = 0.0
        few = _few_present(
            coupling[i], i, surplus[i], b[i], leak, ids[:count], absent, place, plan, slope, spare, error
        )
        moments(a, b[i], members, ustart, kind, absent, p, laws, sets, target, moment)
        # The terms that these sums were of, before they cancelled: rounding is in proportion to them.
        moments(np.abs(a), abs(b[i]), members, ustart, kind, absent, p, sizes, sets, target, terms_of)
        bottom, top = ends(a, members, laws)
        bottom, top, T = bottom + b[i], top + b[i], periods[i]
        single, pair, slopes = np.zeros((size, 4)), np.zeros((size, 4)), np.zeros((size, 2))
        if gradient:
            moment_slopes(a, b[i], members, ustart, kind, absent, p, laws, sets, target, single, pair)
        two = -1 if top <= 0.0 else (1 if bottom >= 0.0 else 0)
        sums[:] = 0.0
        if two == 0:
            _add_series(a, b[i], members, ustart, kind, absent, p, laws, sets, target, T, terms[i], gradient, sums,
                        slopes, store)  # fmt: skip
            error[0] += EPS * (
                (3.0 * size + 40.0) * (0.02 * T * T * moment[0, 0] + 0.17 * T * moment[2, 0] ** 0.5)
                + (3.0 * size + 40.0) * (T * (terms_of[0, 1] + terms_of[1, 0]) + (terms_of[0, 3] + terms_of[1, 2]) / T)
            )
        error[0] += (3.0 * size + 40.0) * EPS * (terms_of[2, 0] + 2.0 * terms_of[1, 1] + terms_of[0, 2])
        rest = _combine(leak, two, T, moment, single, pair, sums, slopes, target, gradient, slope)
        value[i] = max(few + rest, 0.0)  # an estimate that cannot be true is no improvement
        bound[i] = error[0]
        grad_b[i] = slope[size]
        for j in range(n):
            grad_coupling[i, j] = slope[size] * mean[j]  # of features that x_i and u do not depend on
        for s in range(size):
            grad_coupling[i, members[s]] = slope[s]
    return value, bound, grad_coupling, grad_b
