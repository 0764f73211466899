"""Kernels for low moments of an output, over the inputs in which two or more units are present.

The moments are sums over these inputs. They are not differences of other moments, which would lose digits. Members
start ... stop - 1 form a unit (`Features.units`). `laws` lists the pieces of every feature's distribution
(`geomsup.loss.plan.Laws`).
"""

import numpy as np

from geomsup.compiling import njit
from geomsup.loss.plan import TOGETHER

__all__ = ["moment_slopes", "moments", "unit_moments"]


@njit(part=True, error_model="numpy")
def _mixed_powers(a, j, laws, i, out):
    """Fill out[d] = E[x^i (a x)^d], d <= 3, for x with the distribution of feature j."""
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


# Rows of moments are copied and added in loops: in an assignment numba would compile the text of an error, for 0.6 s.


@njit(part=True, error_model="numpy")
def _copy(row, out):
    for d in range(len(out)):
        out[d] = row[d]


@njit(part=True, error_model="numpy")
def _add(factor, row, out):
    for d in range(len(out)):
        out[d] += factor * row[d]


@njit(part=True, error_model="numpy")
def _choose(d, e):
    return 1.0 if e == 0 or e == d else float(d)  # d <= 3


@njit(part=True, error_model="numpy")
def _convolve(f, g, out):
    """Fill out[d] = Σ_e C(d, e) f[d - e] g[e], d <= 3: the moments of a sum of two independent terms."""
    for d in range(4):
        total = 0.0
        for e in range(d + 1):
            total += _choose(d, e) * f[d - e] * g[e]
        out[d] = total


@njit(part=True, error_model="numpy")
def _recentre(moments, b):
    """Turn moments of u - b into those of u, in place."""
    for d in range(len(moments) - 1, 0, -1):
        total, power = 0.0, 1.0
        for e in range(d + 1):
            total += _choose(d, e) * moments[d - e] * power
            power *= b
        moments[d] = total


@njit(part=True, error_model="numpy")
def unit_moments(a, members, start, stop, kind, p, laws, sets, first, first_power, second, out):
    """Fill out[d] = E[x_first^first_power x_second (Σ a x)^d; unit present], d <= 3.

    If `first` or `second` is -1, its factor is left out.
    """
    law, work = np.empty(4), np.empty(4)
    out[:] = 0.0
    if kind >= 0:
        _moments_of_sets(a, members, start, laws, sets, kind, first, first_power, second, out)
        return
    if kind == TOGETHER:
        out[0] = p[start]
    for s in range(start, stop):
        power = (first_power if s == first else 0) + (1 if s == second else 0)
        _mixed_powers(a[s], members[s], laws, power, law)
        if kind == TOGETHER:
            _convolve(out, law, work)
            _copy(work, out)
        elif (first < 0 or s == first) and (second < 0 or s == second):
            _add(p[s], law, out)


@njit(part=True, error_model="numpy")
def _moments_of_sets(a, members, start, laws, sets, table, first, first_power, second, out):
    """Add to out[d] what `unit_moments` says, for a unit with a table of sets."""
    set_ptr, probability, place_ptr, place = sets
    law, work, product = np.empty(4), np.empty(4), np.empty(4)
    for k in range(set_ptr[table], set_ptr[table + 1]):
        has_first, has_second = first < 0, second < 0
        product[:] = 0.0
        product[0] = probability[k]
        for q in range(place_ptr[k], place_ptr[k + 1]):
            s = start + place[q]
            has_first, has_second = has_first or s == first, has_second or s == second
            power = (first_power if s == first else 0) + (1 if s == second else 0)
            _mixed_powers(a[s], members[s], laws, power, law)
            _convolve(product, law, work)
            _copy(work, product)
        if has_first and has_second:
            _add(1.0, product, out)


@njit(part=True, error_model="numpy")
def moments(a, b, members, ustart, kind, absent, p, laws, sets, target, out):
    """Fill out[i, d] = E[x_t^i u^d; two or more units present], i <= 2, d <= 3.

    The last unit is that of the target t.
    """
    last = len(ustart) - 2
    none = 1.0
    one, more, any_, unit, shifted = np.zeros(4), np.zeros(4), np.empty(4), np.empty(4), np.empty(4)
    for v in range(last + 1):
        _copy(one, any_)
        _add(1.0, more, any_)
        if v == last:
            for i in (1, 2):
                unit_moments(a, members, ustart[v], ustart[v + 1], kind[v], p, laws, sets, target, i, -1, unit)
                _convolve(any_, unit, shifted)
                _copy(shifted, out[i])
        unit_moments(a, members, ustart[v], ustart[v + 1], kind[v], p, laws, sets, -1, 0, -1, unit)
        _convolve(any_, unit, shifted)
        for d in range(4):
            more[d] = absent[v] * more[d] + shifted[d]
            one[d] = absent[v] * one[d] + none * unit[d]
        none *= absent[v]
    _copy(more, out[0])
    for i in range(3):
        _recentre(out[i], b)


@njit(part=True, error_model="numpy")
def moment_slopes(a, b, members, ustart, kind, absent, p, laws, sets, target, single, pair):
    """Fill single[s, d] = E[x_s u^d; C] and pair[s, d] = E[x_t x_s u^d; C], d <= 3, where C: two or more units present.

    This is done for every member s except the target t. The moments of the other units come from prefix and suffix
    products.
    """
    last = len(ustart) - 2
    before_none, before_any = np.ones(last + 1), np.zeros((last + 1, 4))
    unit, work = np.empty(4), np.empty(4)
    for v in range(last):
        unit_moments(a, members, ustart[v], ustart[v + 1], kind[v], p, laws, sets, -1, 0, -1, unit)
        _convolve(before_any[v], unit, work)
        for d in range(4):
            before_any[v + 1, d] = absent[v] * before_any[v, d] + work[d] + before_none[v] * unit[d]
        before_none[v + 1] = before_none[v] * absent[v]
    for s in range(ustart[last], ustart[last + 1]):  # s in the target's unit, one or more other units present
        if s != target:
            unit_moments(a, members, ustart[last], ustart[last + 1], kind[last], p, laws, sets, -1, 0, s, unit)
            _convolve(before_any[last], unit, single[s])
            unit_moments(a, members, ustart[last], ustart[last + 1], kind[last], p, laws, sets, target, 1, s, unit)
            _convolve(before_any[last], unit, pair[s])
            _recentre(single[s], b)
            _recentre(pair[s], b)
    of_target, of_target1 = np.empty(4), np.empty(4)
    unit_moments(a, members, ustart[last], ustart[last + 1], kind[last], p, laws, sets, -1, 0, -1, of_target)
    unit_moments(a, members, ustart[last], ustart[last + 1], kind[last], p, laws, sets, target, 1, -1, of_target1)
    after_none, after_any, full, rest, some = 1.0, np.zeros(4), np.empty(4), np.empty(4), np.empty(4)
    for v in range(last - 1, -1, -1):
        _copy(after_any, full)
        full[0] += after_none
        _convolve(before_any[v], full, rest)
        _add(before_none[v], after_any, rest)  # one or more of the other units
        _copy(rest, full)
        full[0] += before_none[v] * after_none  # any number of the other units
        _convolve(full, of_target, some)
        _add(absent[last], rest, some)
        _convolve(full, of_target1, work)
        _copy(work, full)
        for s in range(ustart[v], ustart[v + 1]):
            unit_moments(a, members, ustart[v], ustart[v + 1], kind[v], p, laws, sets, -1, 0, s, unit)
            _convolve(some, unit, single[s])
            _convolve(full, unit, pair[s])
            _recentre(single[s], b)
            _recentre(pair[s], b)
        unit_moments(a, members, ustart[v], ustart[v + 1], kind[v], p, laws, sets, -1, 0, -1, unit)
        _convolve(after_any, unit, work)
        for d in range(4):
            after_any[d] = absent[v] * after_any[d] + work[d] + after_none * unit[d]
        after_none *= absent[v]
