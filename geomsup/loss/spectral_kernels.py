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

from geomsup.loss.exact_kernels import gather_set, set_loss, workspace

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
    c, s = np.cos(angle), np.sin(angle)
    cos[0], sin[0] = c, s
    if first != 1:
        cos[0], sin[0] = np.cos(first * angle), np.sin(first * angle)
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


@fast
def _feature(a, j, laws, first, count, inverse, moments, scratch, spare, psi, xi, zeta):
    """Fill the transforms of feature j given that it is present: the mixture of its law's pieces."""
    piece_ptr, weight, low, width = laws
    start, stop = piece_ptr[j], piece_ptr[j + 1]
    for piece in range(start, stop):
        radius = 0.5 * width[piece]
        out_psi, out_xi, out_zeta = (psi, xi, zeta) if piece == start else (spare[0], spare[1], spare[2])
        _transforms(a, low[piece] + radius, radius, weight[piece], first, count, inverse, moments, scratch,
                    out_psi, out_xi, out_zeta)  # fmt: skip
        if piece > start:
            psi[:, :count] += out_psi[:, :count]
            if moments >= 1:
                xi[:, :count] += out_xi[:, :count]
            if moments >= 2:
                zeta[:, :count] += out_zeta[:, :count]


@fast
def _scale(x, factor, count):
    for r in range(count):
        x[0, r] *= factor
        x[1, r] *= factor


@fast
def _multiply(x, y, count):
    """Multiply transforms: x *= y."""
    x_re, x_im, y_re, y_im = x[0], x[1], y[0], y[1]
    for r in range(count):
        x_re[r], x_im[r] = x_re[r] * y_re[r] - x_im[r] * y_im[r], x_re[r] * y_im[r] + x_im[r] * y_re[r]


@fast
def _compose(start, stop, together, p, target, gradient, psi, xi, zeta, pair, total, count):
    """Combine the members start ... stop - 1 of a unit, psi and xi given presence, into those of the unit.

    total becomes E[e^{iθu}; unit present], xi[s] becomes E[x_s e^{iθu}; unit present], and if the unit holds the
    target, zeta becomes E[x_t² e^{iθu}; ...] and pair[s] E[x_t x_s e^{iθu}; ...].
    """
    if stop - start == 1:
        for r in range(count):
            total[0, r], total[1, r] = p[start] * psi[start, 0, r], p[start] * psi[start, 1, r]
        if gradient or target >= 0:
            _scale(xi[start], p[start], count)
        if target >= 0:
            _scale(zeta, p[start], count)
        return
    if not together:
        total[:, :count] = 0.0
        for s in range(start, stop):
            for r in range(count):
                total[0, r] += p[s] * psi[s, 0, r]
                total[1, r] += p[s] * psi[s, 1, r]
            _scale(xi[s], p[s], count)
            if target >= 0:
                pair[s, :, :count] = 0.0
        if target >= 0:
            _scale(zeta, p[target], count)
        return
    total[0, :count], total[1, :count] = p[start], 0.0
    for s in range(start, stop):
        _multiply(total, psi[s], count)
    if target >= 0:
        for s in range(start, stop):
            if s == target:
                continue
            _multiply(zeta, psi[s], count)
            if gradient:
                pair[s, :, :count] = xi[s, :, :count]
                _multiply(pair[s], xi[target], count)
                _scale(pair[s], p[start], count)
                for other in range(start, stop):
                    if other != s and other != target:
                        _multiply(pair[s], psi[other], count)
        _scale(zeta, p[start], count)
    for s in range(start, stop):
        if gradient or s == target:
            _scale(xi[s], p[start], count)
            for other in range(start, stop):
                if other != s:
                    _multiply(xi[s], psi[other], count)


@njit(cache=True, error_model="numpy")
def _mixed_powers(a, j, laws, i, out):
    """Fill out[d] = E[x^i (a x)^d], d <= 3, for x with the law of feature j."""
    piece_ptr, weight, low, width = laws
    out[:] = 0.0
    for piece in range(piece_ptr[j], piece_ptr[j + 1]):
        high = low[piece] + width[piece]
        scale = weight[piece]
        for d in range(4):
            power = 0.0  # E x^{i+d} = Σ_e low^e high^{i+d-e} / (i+d+1)
            term = 1.0
            for _ in range(i + d + 1):
                power = power * high + term
                term *= low[piece]
            out[d] += scale * power / (i + d + 1)
            scale *= a


@njit(cache=True, error_model="numpy")
def _choose(d, e):
    return 1.0 if e == 0 or e == d else float(d)  # d <= 3


@njit(cache=True, error_model="numpy")
def _convolve(f, g, out):
    """Fill out[d] = Σ_e C(d, e) f[d - e] g[e], d <= 3: moments of a sum of independent parts."""
    for d in range(4):
        total = 0.0
        for e in range(d + 1):
            total += _choose(d, e) * f[d - e] * g[e]
        out[d] = total


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
def _unit_moments(a, members, start, stop, together, p, laws, first, first_power, second, out):
    """Fill out[d] = E[x_first^first_power x_second (Σ a x)^d; unit present], d <= 3; -1 leaves a factor out."""
    law, work = np.empty(4), np.empty(4)
    out[:] = 0.0
    if together:
        out[0] = p[start]
    for s in range(start, stop):
        power = (first_power if s == first else 0) + (1 if s == second else 0)
        _mixed_powers(a[s], members[s], laws, power, law)
        if together:
            _convolve(out, law, work)
            out[:] = work
        elif (first < 0 or s == first) and (second < 0 or s == second):
            out += p[s] * law


@njit(cache=True, error_model="numpy")
def _moments(a, b, members, ustart, together, absent, p, laws, target, out):
    """Fill out[i, d] = E[x_t^i u^d; two or more units present], i <= 2, d <= 3; the target's unit is the last."""
    last = len(ustart) - 2
    none = 1.0
    one, more, any_, unit, shifted = np.zeros(4), np.zeros(4), np.empty(4), np.empty(4), np.empty(4)
    for v in range(last + 1):
        any_[:] = one + more
        if v == last:
            for i in (1, 2):
                _unit_moments(a, members, ustart[v], ustart[v + 1], together[v], p, laws, target, i, -1, unit)
                _convolve(any_, unit, shifted)
                out[i] = shifted
        _unit_moments(a, members, ustart[v], ustart[v + 1], together[v], p, laws, -1, 0, -1, unit)
        _convolve(any_, unit, shifted)
        more[:] = absent[v] * more + shifted
        one[:] = absent[v] * one + none * unit
        none *= absent[v]
    out[0] = more
    for i in range(3):
        _recentre(out[i], b)


@njit(cache=True, error_model="numpy")
def _moment_slopes(a, b, members, ustart, together, absent, p, laws, target, single, pair):
    """Fill single[s, d] = E[x_s u^d; two or more units present] and pair[s, d] = E[x_t x_s u^d; same], d <= 3.

    For every member s but the target; the laws of other units come from prefix and suffix products.
    """
    last = len(ustart) - 2
    before_none, before_any = np.ones(last + 1), np.zeros((last + 1, 4))
    unit, work = np.empty(4), np.empty(4)
    for v in range(last):
        _unit_moments(a, members, ustart[v], ustart[v + 1], together[v], p, laws, -1, 0, -1, unit)
        _convolve(before_any[v], unit, work)
        before_any[v + 1] = absent[v] * before_any[v] + work + before_none[v] * unit
        before_none[v + 1] = before_none[v] * absent[v]
    for s in range(ustart[last], ustart[last + 1]):  # in the target's own unit: any of the others
        if s != target:
            _unit_moments(a, members, ustart[last], ustart[last + 1], together[last], p, laws, -1, 0, s, unit)
            _convolve(before_any[last], unit, single[s])
            _unit_moments(a, members, ustart[last], ustart[last + 1], together[last], p, laws, target, 1, s, unit)
            _convolve(before_any[last], unit, pair[s])
            _recentre(single[s], b)
            _recentre(pair[s], b)
    of_target, of_target1 = np.empty(4), np.empty(4)
    _unit_moments(a, members, ustart[last], ustart[last + 1], together[last], p, laws, -1, 0, -1, of_target)
    _unit_moments(a, members, ustart[last], ustart[last + 1], together[last], p, laws, target, 1, -1, of_target1)
    after_none, after_any, full, rest, some = 1.0, np.zeros(4), np.empty(4), np.empty(4), np.empty(4)
    for v in range(last - 1, -1, -1):
        full[:] = after_any
        full[0] += after_none
        _convolve(before_any[v], full, rest)
        rest += before_none[v] * after_any  # one or more of the other units
        full[:] = rest
        full[0] += before_none[v] * after_none  # any number of the other units
        _convolve(full, of_target, some)
        some += absent[last] * rest
        _convolve(full, of_target1, work)
        full[:] = work
        for s in range(ustart[v], ustart[v + 1]):
            _unit_moments(a, members, ustart[v], ustart[v + 1], together[v], p, laws, -1, 0, s, unit)
            _convolve(some, unit, single[s])
            _convolve(full, unit, pair[s])
            _recentre(single[s], b)
            _recentre(pair[s], b)
        _unit_moments(a, members, ustart[v], ustart[v + 1], together[v], p, laws, -1, 0, -1, unit)
        _convolve(after_any, unit, work)
        after_any[:] = absent[v] * after_any + work + after_none * unit
        after_none *= absent[v]


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
def _add_series(a, b, members, ustart, together, absent, p, laws, target, period, terms, gradient, sums, slopes, store):
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
        _phases(omega * b, first, count, turn[0], turn[1])
        one[:], more[:] = 0.0, 0.0
        nobody = 1.0
        for v in range(last + 1):
            # Without slopes nothing of a unit is needed once it is added: all use the first places of the store.
            base, slot = (0, v) if gradient else (ustart[v], 0)
            for s in range(ustart[v], ustart[v + 1]):
                degree = 2 if s == target else (1 if gradient else 0)
                _feature(omega * a[s], members[s], laws, first, count, inverse, degree, scratch, spare,
                         psi[s - base], xi[s - base], zeta)  # fmt: skip
            _compose(ustart[v] - base, ustart[v + 1] - base, together[v], p[base:], target - base if v == last else -1,
                     gradient, psi, xi, zeta, pair, whole[slot], count)  # fmt: skip
            if v == last:
                _sums_of_target(absent[v], one, more, whole[slot], xi[target - base], zeta, turn, c1, c2, c3, count,
                                gradient, sums)  # fmt: skip
                break
            if gradient:
                none[v] = nobody
                before[v, :, :count] = one[:, :count] + more[:, :count]
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


@njit(cache=True, error_model="numpy")
def _collect(coupling, i, units, members, a, p, ustart, together, absent, ids):
    """List the units that output i depends on, the target's last; return their number and the target's place."""
    start, member, is_together, q, probability = units
    count, size, own = 0, 0, 0
    for unit in range(len(q)):
        coupled, holds_target = False, False
        for s in range(start[unit], start[unit + 1]):
            if member[s] == i:
                holds_target = True
            elif coupling[member[s]] != 0.0 and probability[member[s]] > 0.0:
                coupled = True
        if holds_target:
            own = unit
        elif coupled:
            ids[count] = unit
            count += 1
    ids[count] = own
    count += 1
    target = 0
    for v in range(count):
        unit = ids[v]
        ustart[v], together[v], absent[v] = size, is_together[unit], q[unit]
        for s in range(start[unit], start[unit + 1]):
            j = member[s]
            if j == i:
                target = size
            members[size], a[size], p[size] = j, coupling[j], probability[j]
            size += 1
    ustart[count] = size
    return count, target


@njit(cache=True, error_model="numpy")
def _ends(a, members, laws):
    """Return the ends of the interval that u - b lives on."""
    piece_ptr, _, low, width = laws
    bottom, top = 0.0, 0.0
    for s in range(len(a)):
        least, most = 0.0, 0.0
        for piece in range(piece_ptr[members[s]], piece_ptr[members[s] + 1]):
            for end in (a[s] * low[piece], a[s] * (low[piece] + width[piece])):
                least, most = min(least, end), max(most, end)
        bottom += least
        top += most
    return bottom, top


@njit(cache=True, error_model="numpy")
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
            weight, k, z = gather_set(coupling, i, plan, unit, digit, 1, chosen, a, low, width)
            weight *= nobody * after[v + 1]
            if weight == 0.0:
                continue
            one_error[0] = 0.0
            value = set_loss(a, surplus, low, width, k, z, b, leak, work, True, grad, one_error)
            total += weight * value
            error[0] += weight * (one_error[0] + 2.0 * count * EPS * value)
            for q in range(k):
                slope[place[chosen[q]]] += weight * grad[q]
            slope[-1] += weight * grad[k]
        nobody *= absent[v]
    return total


@njit(cache=True, error_model="numpy")
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


@njit(cache=True, error_model="numpy", nogil=True)
def spectral_outputs(coupling, surplus, b, leak, units, laws, plan, mean, widest, wanted, periods, terms, gradient):
    """Return per-output losses (n,), rounding bounds (n,), slopes in coupling (n, n) and in b (n,).

    Output i is E (x_i - f(b_i + Σ_j coupling_ij x_j))², f(u) = u above 0 and leak * u below, summed over terms[i]
    frequencies of period periods[i]; what that leaves out is bounded by `spectral_periods` and `spectral_tails`.
    surplus_i = 1 - coupling_ii; `units`, `laws` and `plan` say what the inputs are (`geomsup.loss.plan`), `mean` is
    E x, `widest` the most features of one unit, and `wanted` (n,) says which outputs to do.
    """
    n = len(b)
    value, bound = np.zeros(n), np.zeros(n)
    grad_coupling, grad_b = np.zeros((n, n)), np.zeros(n)
    members, ids, place = np.empty(n, np.int64), np.empty(n, np.int64), np.zeros(n, np.int64)
    all_a, all_p, all_absent = np.empty(n), np.empty(n), np.empty(n)
    all_ustart, all_together = np.empty(n + 1, np.int64), np.empty(n, np.bool_)
    depth = (n, 2, CHUNK)
    store = (np.empty(depth), np.empty(depth), np.empty(depth), np.empty(depth), np.empty(depth), np.empty(n))
    moment, sums = np.empty((3, 4)), np.empty(5)
    spare = (workspace(widest), np.empty(widest, np.int64), np.empty(widest), np.empty(widest), np.empty(widest),
             np.empty(widest + 1))  # fmt: skip
    error = np.zeros(1)
    for i in range(n):
        if not wanted[i]:
            continue
        count, target = _collect(
            coupling[i], i, units, members, all_a, all_p, all_ustart, all_together, all_absent, ids
        )
        ustart, together, absent = all_ustart[: count + 1], all_together[:count], all_absent[:count]
        size = ustart[count]
        a, p = all_a[:size], all_p[:size]
        for s in range(size):
            place[members[s]] = s
        slope = np.zeros(size + 1)
        error[0] = 0.0
        few = _few_present(
            coupling[i], i, surplus[i], b[i], leak, ids[:count], absent, place, plan, slope, spare, error
        )
        _moments(a, b[i], members, ustart, together, absent, p, laws, target, moment)
        bottom, top = _ends(a, members, laws)
        bottom, top, T = bottom + b[i], top + b[i], periods[i]
        single, pair, slopes = np.zeros((size, 4)), np.zeros((size, 4)), np.zeros((size, 2))
        if gradient:
            _moment_slopes(a, b[i], members, ustart, together, absent, p, laws, target, single, pair)
        two = -1 if top <= 0.0 else (1 if bottom >= 0.0 else 0)
        sums[:] = 0.0
        if two == 0:
            _add_series(a, b[i], members, ustart, together, absent, p, laws, target, T, terms[i], gradient, sums,
                        slopes, store)  # fmt: skip
            size_u = moment[0, 2] ** 0.5
            error[0] += EPS * (
                (3.0 * size + 40.0) * (0.02 * T * T * moment[0, 0] + 0.17 * T * moment[2, 0] ** 0.5)
                + (2.0 * size + 20.0) * (T * size_u + moment[0, 2] + moment[2, 0])
            )
        else:
            error[0] += (4.0 * size + 20.0) * EPS * (moment[2, 0] + moment[0, 2])
        rest = _combine(leak, two, T, moment, single, pair, sums, slopes, target, gradient, slope)
        value[i] = max(few + rest, 0.0)  # what the truth cannot be is no improvement
        bound[i] = error[0]
        grad_b[i] = slope[size]
        grad_coupling[i] = slope[size] * mean  # of features that x_i and u do not depend on
        for s in range(size):
            grad_coupling[i, members[s]] = slope[s]
    return value, bound, grad_coupling, grad_b


@njit(cache=True, error_model="numpy")
def _log_moment_generating(s, a, b, members, ustart, together, absent, p, laws):
    """Return log E e^{su} and log E e^{-su}; products are folded into the logarithm before they overflow."""
    piece_ptr, weight, low, width = laws
    up, down = s * b, -s * b
    product_up, product_down = 1.0, 1.0
    for v in range(len(absent)):
        present_up, present_down = 0.0, 0.0
        if together[v]:
            present_up, present_down = p[ustart[v]], p[ustart[v]]
        for m in range(ustart[v], ustart[v + 1]):
            mean_up, mean_down = 0.0, 0.0
            for piece in range(piece_ptr[members[m]], piece_ptr[members[m] + 1]):
                z = s * a[m] * width[piece]
                grown_up, grown_down = 1.0, 1.0
                if abs(z) > 1e-6:
                    grown = np.exp(z)
                    grown_up, grown_down = (grown - 1.0) / z, (1.0 - 1.0 / grown) / z
                shift = np.exp(s * a[m] * low[piece]) if low[piece] != 0.0 else 1.0
                mean_up += weight[piece] * grown_up * shift
                mean_down += weight[piece] * grown_down / shift
            if together[v]:
                present_up, present_down = present_up * mean_up, present_down * mean_down
            else:
                present_up, present_down = present_up + p[m] * mean_up, present_down + p[m] * mean_down
        product_up *= absent[v] + present_up
        product_down *= absent[v] + present_down
        if max(product_up, product_down) > 1e100 or min(product_up, product_down) < 1e-100:
            up, down = up + np.log(product_up), down + np.log(product_down)
            product_up, product_down = 1.0, 1.0
    return up + np.log(product_up), down + np.log(product_down)


@njit(cache=True, error_model="numpy", nogil=True)
def spectral_periods(coupling, b, units, laws, wanted, most, budget):
    """Return periods (n,) and bounds (n,) on what values of u beyond them add, at most `budget` (n,) each.

    Beyond |y| = 1 the Bernoulli polynomials leave their periodic continuation, by at most 3.05 |y|³ (B3) and
    2.2 y² (B2), so that the loss moves by E[1.02 |u|³/T + 2.2 |x| u²/T; |u| > T] (times at most 2 for outputs
    other than relu). For s >= 3/T both powers are below e^{s(|u| - T)}: what is left is e^{-sT} E e^{±su} times
    1.02 T² + 2.2 |x| T, for the best s of a few. `most` (n,) is the greatest |x|.
    """
    n = len(b)
    periods, overflow = np.ones(n), np.zeros(n)
    members, ids = np.empty(n, np.int64), np.empty(n, np.int64)
    all_a, all_p, all_absent = np.empty(n), np.empty(n), np.empty(n)
    all_ustart, all_together = np.empty(n + 1, np.int64), np.empty(n, np.bool_)
    law = np.empty(4)
    for i in range(n):
        if not wanted[i]:
            continue
        count, _ = _collect(coupling[i], i, units, members, all_a, all_p, all_ustart, all_together, all_absent, ids)
        ustart, together, absent = all_ustart[: count + 1], all_together[:count], all_absent[:count]
        a, p = all_a[: ustart[count]], all_p[: ustart[count]]
        bottom, top = _ends(a, members, laws)
        bottom, top = bottom + b[i], top + b[i]
        whole = max(top, -bottom)
        periods[i] = whole if whole > 0.0 else 1.0
        if bottom >= 0.0 or top <= 0.0 or count < 6:
            continue
        spread = 0.0
        for v in range(count):
            _unit_moments(a, members, ustart[v], ustart[v + 1], together[v], p, laws, -1, 0, -1, law)
            spread += law[2] - law[1] ** 2
        if spread <= 0.0:
            continue
        best = whole
        for steepness in (3.0, 5.0, 8.0, 12.0, 17.0, 24.0):
            s = steepness / spread**0.5
            up, down = _log_moment_generating(s, a, b[i], members, ustart, together, absent, p, laws)
            both = max(up, down) + np.log1p(np.exp(-abs(up - down)))  # the two sides in one
            T = whole
            for _ in range(6):
                T = max((both + np.log(2.0 * (1.02 * T * T + 2.2 * most[i] * T) / budget[i])) / s, 3.0 / s)
            bound = 2.0 * (1.02 * T * T + 2.2 * most[i] * T) * np.exp(both - s * T)
            if best > T and bound <= budget[i] * (1.0 + 1e-6):
                best, overflow[i] = T, bound
        periods[i] = best
    return periods, overflow


@njit(cache=True, error_model="numpy", nogil=True)
def spectral_tails(coupling, b, leak, units, laws, wanted, periods, grid):
    """Return (n, len(grid)): bounds on what output i leaves out when its series stops after grid[g] terms.

    For a uniform piece |E e^{izy}| and 2 |E y e^{izy}| are at most min(1, 2/|z|) (the second: min(1, 4/|z|)), which
    falls with the frequency: between grid points the left end bounds every term, and sums of 1/k² and 1/k³ are
    integrals. Atoms do not fall.
    """
    piece_ptr, weight, low, width = laws
    n = len(b)
    tails = np.zeros((n, len(grid)))
    members, ids = np.empty(n, np.int64), np.empty(n, np.int64)
    all_a, all_p, all_absent = np.empty(n), np.empty(n), np.empty(n)
    all_ustart, all_together = np.empty(n + 1, np.int64), np.empty(n, np.bool_)
    for i in range(n):
        if not wanted[i]:
            continue
        count, target = _collect(
            coupling[i], i, units, members, all_a, all_p, all_ustart, all_together, all_absent, ids
        )
        ustart, together, absent = all_ustart[: count + 1], all_together[:count], all_absent[:count]
        a, p = all_a[: ustart[count]], all_p[: ustart[count]]
        bottom, top = _ends(a, members, laws)
        if bottom + b[i] >= 0.0 or top + b[i] <= 0.0:
            continue
        T = periods[i]
        beyond = 0.0
        for g in range(len(grid) - 1, -1, -1):
            theta = 2.0 * np.pi * grid[g] / T
            none, one, more = 1.0, 0.0, 0.0
            of_target = 0.0
            for v in range(count):
                present, with_target = (p[ustart[v]], p[ustart[v]]) if together[v] else (0.0, 0.0)
                for s in range(ustart[v], ustart[v + 1]):
                    fall, fall1 = 0.0, 0.0
                    for piece in range(piece_ptr[members[s]], piece_ptr[members[s] + 1]):
                        z = abs(a[s]) * width[piece] * theta
                        decay = 2.0 / z if z > 2.0 else 1.0
                        fall += weight[piece] * decay
                        fall1 += weight[piece] * (
                            abs(low[piece]) * decay + width[piece] * (2.0 / z if z > 4.0 else 0.5)
                        )
                    if together[v]:
                        present *= fall
                        with_target *= fall1 if s == target else fall
                    else:
                        present += p[s] * fall
                        with_target += p[s] * fall1 if s == target else 0.0
                if v == count - 1:
                    of_target = with_target * (one + more)
                more = absent[v] * more + (one + more) * present
                one = absent[v] * one + none * present
                none *= absent[v]
            k0 = grid[g]
            k1 = grid[g + 1] if g + 1 < len(grid) else np.inf
            cubes, squares = 0.5 * (1.0 / k0**2 - 1.0 / k1**2), 1.0 / k0 - 1.0 / k1
            beyond += (1.0 - leak * leak) * T * T / 3.0 * 12.0 / (2.0 * np.pi) ** 3 * cubes * more
            beyond += (1.0 - leak) * T * 4.0 / (2.0 * np.pi) ** 2 * squares * of_target
            tails[i, g] = beyond
    return tails
