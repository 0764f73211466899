"""Kernels of the exact loss: cube-vertex sums walked largest coefficient first.

For one output u = b + Σ_j a_j x_j and one set A of present features, u is a linear form of uniforms. Write
T_r(t) = E (t + Σ_j c_j y_j)_+^r / r!  with c_j > 0 and y_j ~ U[0, 1]. Averaging over one y integrates once,

    T_r(t; c_1, c_2, ...) = [T_{r+1}(t + c_1; c_2, ...) - T_{r+1}(t; c_2, ...)] / c_1,

and T_r(t; ...) is a polynomial in t (moments of the rest, all terms positive) if t >= 0, and 0 if t + Σ c <= 0.
Because the largest c comes first, the differences are harmless. Wherever the sign of the form is still open, |t| is
below a few times c_1. So rounding errors are relative to the scale of that level, and are never divided by a small
coefficient. The plain inclusion-exclusion sum over cube vertices has the
same terms, unsorted, and gives negative losses once some a_j is small
(docs/theory_notes.md, "The exact loss by cube vertices").

The loss of a set uses the part of u on the side of zero on which its mean is *not*. u is log-concave, so that side
never holds more than 1 - 1/e of the mass, and subtracting it cannot cancel the whole.
"""

import numpy as np

from geomsup.compiling import njit

__all__ = [
    "count_sets", "exact_outputs", "first_set", "gather_set", "independent_slopes", "next_set", "relevant", "set_loss",
    "set_weight", "workspace",
]  # fmt: skip

EPS = 2.0**-52
# Fused products are never less exact; nothing else is reordered.
exactly = njit(error_model="numpy", fastmath={"contract"})
part = njit(part=True, error_model="numpy", fastmath={"contract"})
# For functions that are called once per set or node: passing tuples of arrays would take as long as the work.
inlined = njit(forceinline=True, error_model="numpy", fastmath={"contract"})

# If a coefficient is below this fraction of the largest, the feature's spread cannot change a double. Its kink is
# ignored (its moments are not). It also keeps products of 1/c_j representable.
NEGLIGIBLE = 1e-20

# What sets that are left out could add to a loss, relative to it: a tenth of its last bit.
LEAST = 0.1 * EPS

SMALL = 2.0**-20  # sets of features that move an output less than this are in units of their own


@inlined
def _suffix_moments(c, k, z, m, x, plain, weighted, parts):
    """Fill m[l, d] = E s^d / d! and x[l, d] = E[y_z s^d / d!] for s = Σ_{j >= l} c_j y_j, d <= l + 2.

    parts[i] is 1/i.
    """
    for d in range(k + 3):
        m[k, d] = 1.0 if d == 0 else 0.0
        x[k, d] = 0.0
    for level in range(k - 1, -1, -1):
        power = 1.0  # c^e / e!
        for e in range(level + 3):
            plain[e], weighted[e] = power * parts[e + 1], power * parts[e + 2]
            power *= c[level] * parts[e + 1]
        for d in range(level + 3):
            total = 0.0
            for e in range(d + 1):
                total += m[level + 1, d - e] * plain[e]
            m[level, d] = total
            total = 0.0
            if level == z:
                for e in range(d + 1):
                    total += m[level + 1, d - e] * weighted[e]
            elif level < z:
                for e in range(d + 1):
                    total += x[level + 1, d - e] * plain[e]
            x[level, d] = total


@part
def _suffix_moments_adjoint(c, k, z, m, x, bar_m, bar_x, bar_c, parts):
    """Push the adjoints of `_suffix_moments`' results back to the coefficients."""
    for level in range(k):
        a = c[level]
        for d in range(level + 3):
            power, slope = 1.0, 0.0  # a^e / e! and its derivative
            for e in range(d + 1):
                up = bar_m[level, d] * parts[e + 1]
                at_z = bar_x[level, d] * parts[e + 2] if level == z else 0.0
                bar_m[level + 1, d - e] += (up + at_z) * power
                bar_c[level] += (up + at_z) * slope * m[level + 1, d - e]
                if level < z:
                    weighted = bar_x[level, d] * parts[e + 1]
                    bar_x[level + 1, d - e] += weighted * power
                    bar_c[level] += weighted * slope * x[level + 1, d - e]
                slope = power
                power *= a * parts[e + 1]


@inlined
def _leaf(level, t, f2, f1, fx, s2, s1, z, m, x, bar_m, bar_x, parts, blur, gradient, error):
    """Evaluate (T_{l+2}, T_{l+1}, T_l, X_{l+1}, X_l) at t >= 0, where all are polynomials."""
    t2, t1, t0, x1, x0 = 0.0, 0.0, 0.0, 0.0, 0.0
    row, weighted = m[level], x[level]
    power, before, before2 = 1.0, 0.0, 0.0  # t^r / r! and the ones before it
    for d in range(level + 2, -1, -1):  # r = level + 2 - d
        t2 += row[d] * power
        t1 += row[d] * before
        t0 += row[d] * before2
        if gradient:
            bar_m[level, d] += f2 * power + f1 * before
        if level <= z:
            x1 += weighted[d] * before
            x0 += weighted[d] * before2
            if gradient:
                bar_x[level, d] += fx * before
        before2, before = before, power
        power *= t * parts[level + 3 - d]
    # Rounding of the terms themselves, and of t (by `blur`), where the derivative of each T is the next one.
    steps = (8 * level + 32) * EPS
    error[0] += s2 * (steps * t2 + blur * (t1 + blur * t0)) + (s1 + abs(fx)) * (steps * t1 + blur * t0)
    return t2, t1, t0, x1, x0


@inlined
def _split(level, down, z, f):
    """Pass the functional f[level] on to the child with y = 1 (f[level + 1, 0]) and with y = 0 (f[level + 1, 1]).

    A functional holds the weights of T_{l+2}, T_{l+1}, X_{l+1}, then bounds on how large the first two were
    before they cancelled. X becomes plain T's at the target's own level z.
    """
    f2, f1, fx, s2, s1 = f[level]
    if level == z:
        top = f2 * down - fx * down * down
        children = (top, (f1 + fx) * down, 0.0), (-top, -f1 * down, 0.0)
        s2, s1 = s2 * down + abs(fx) * down * down, (s1 + abs(fx)) * down
    else:
        children = (f2 * down, f1 * down, fx * down), (-f2 * down, -f1 * down, -fx * down)
        s2, s1 = s2 * down, s1 * down
    return children[0], children[1], s2, s1


@inlined
def _keep(row, a, b, c, d, e):
    """Write five numbers to a row. In one assignment numba would compile the text of an error, for 2 s."""
    row[0], row[1], row[2], row[3], row[4] = a, b, c, d, e


@inlined
def _walk(t, f, c, tail, k, z, m, x, bar_c, bar_m, bar_x, stack, parts, blur, gradient, error):
    """Return (T_2, T_1, T_0, X_1, X_0) of all coefficients at t, X = E[y_z T(...)]; f[0] is the functional.

    Depth first with a stack of our own (numba cannot cache a function that calls itself). Slopes of the
    functional gather in the `bar` arrays, its rounding bound in error[0].
    """
    stage, ts, up, inverse = stack
    for level in range(k):
        inverse[level] = 1.0 / c[level]
    level = 0
    stage[0], ts[0] = 0, t
    t2, t1, t0, x1, x0 = 0.0, 0.0, 0.0, 0.0, 0.0
    while level >= 0:
        t = ts[level]
        if stage[level] == 0:
            if t >= 0.0:
                f2, f1, fx, s2, s1 = f[level]
                t2, t1, t0, x1, x0 = _leaf(
                    level, t, f2, f1, fx, s2, s1, z, m, x, bar_m, bar_x, parts, blur, gradient, error
                )
                level -= 1
            elif level == k or t + tail[level] <= 0.0:
                t2, t1, t0, x1, x0 = 0.0, 0.0, 0.0, 0.0, 0.0
                level -= 1
            else:
                stage[level] = 1
                high, _, s2, s1 = _split(level, inverse[level], z, f)
                level += 1
                _keep(f[level], high[0], high[1], high[2], s2, s1)
                stage[level], ts[level] = 0, t + c[level - 1]
        elif stage[level] == 1:
            stage[level] = 2
            _keep(up[level], t2, t1, t0, x1, x0)
            _, low, s2, s1 = _split(level, inverse[level], z, f)
            level += 1
            _keep(f[level], low[0], low[1], low[2], s2, s1)
            stage[level], ts[level] = 0, t
        else:
            p2, p1, p0, px1, px0 = up[level]
            down = inverse[level]
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


@inlined
def _unit_of(size):
    """Return a power of two like `size` where products of 1 / size would overflow, else 1."""
    return 2.0 ** np.floor(np.log2(size)) if size < SMALL else 1.0


@inlined
def _gap(a, surplus, kept, is_target):
    """Coefficient of a feature in x_z - kept * u; `surplus` is 1 - a_z, known better than rounded a_z tells."""
    if not is_target:
        return -kept * a
    return surplus if kept == 1.0 else 1.0 - kept * a


@inlined
def set_loss(a, surplus, low, width, k, z, b, leak, work, gradient, grad, error):
    """Return E (x_z - f(u))² for u = b + Σ_{j<k} a_j x_j, x_j ~ U[low_j, low_j + width_j], all present.

    f(u) is u for u > 0 and leak * u below: 0 for relu, -1 for the absolute value. Width 0 is a fixed value.

    `z` is the position of the target among the k features, or -1 when it is absent (then x_z = 0); `surplus` is
    1 - a_z, known better than a subtraction here would know it. Features come in descending order of
    |a_j| width_j. grad[:k] and grad[k] receive the slopes in a and b; error[0] grows by a bound on the rounding error.
    """
    c, tail, bar_c, m, x, bar_m, bar_x, f, stack, plain, weighted, parts = work
    mean, size = b, abs(b)
    for j in range(k):
        mean += a[j] * (low[j] + 0.5 * width[j])
        size += abs(a[j]) * (abs(low[j]) + width[j])
    side = -1.0 if mean > 0.0 else 1.0  # the minority side is that of side * u > 0

    # As if all of u were on the majority side, where f(u) = kept * u.
    kept = 1.0 if mean > 0.0 else leak
    residual, spread, terms = -kept * b, 0.0, abs(kept * b)
    for j in range(k):
        gap = _gap(a[j], surplus, kept, j == z)
        terms += abs(gap) * (abs(low[j]) + width[j])
        residual += gap * (low[j] + 0.5 * width[j])
        spread += (gap * width[j]) ** 2 / 12.0
    value = residual * residual + spread
    slack = (k + 4) * EPS
    error[0] += slack * (2.0 * abs(residual) * terms + slack * terms * terms + 2.0 * value)
    if gradient:
        grad[k] = -2.0 * kept * residual
        for j in range(k):
            gap = _gap(a[j], surplus, kept, j == z)
            grad[j] = -kept * (2.0 * residual * (low[j] + 0.5 * width[j]) + gap * width[j] ** 2 / 6.0)

    # Reflect features so that every coefficient of the minority side is positive.
    t = side * b
    for j in range(k):
        s = side * a[j] * width[j]
        t += side * a[j] * low[j] + min(s, 0.0)
        c[j] = abs(s)
    tail[k] = 0.0
    for j in range(k - 1, -1, -1):
        tail[j] = tail[j + 1] + c[j]
    moved = abs(1.0 - leak) * slack * size  # what f(u) is off by if rounding hides on which side of zero u is
    if t + tail[0] <= 0.0:
        if t + tail[0] > -slack * size:
            error[0] += moved * (2.0 * value**0.5 + moved)
        return value
    live = k
    while live > 0 and c[live - 1] <= NEGLIGIBLE * c[0]:
        live -= 1

    # What the minority side, v = side * u > 0, adds to that: -2 (1 - leak) x v + side (1 - leak²) v².
    f2, f1, fx = 2.0 * side * (1.0 - leak * leak), 0.0, 0.0
    if z >= 0:
        reflected = side * a[z] < 0.0
        f1 = -2.0 * (1.0 - leak) * (low[z] + width[z] if reflected else low[z])
        fx = 2.0 * (1.0 - leak) * (width[z] if reflected else -width[z])
    if gradient:
        bar_c[:k] = 0.0
        bar_m[: k + 1, : k + 3] = 0.0
        bar_x[: k + 1, : k + 3] = 0.0
    blur = 2.0 * (k + 2) * EPS * size
    unit = _unit_of(max(tail[0], abs(t), blur))
    if unit != 1.0:  # T_r and X_r are in proportion to unit^r: all that follows is the derivative in unit
        f2, t, blur = f2 * unit, t / unit, blur / unit
        for j in range(k):
            c[j], tail[j] = c[j] / unit, tail[j] / unit
    _suffix_moments(c, k, z, m, x, plain, weighted, parts)
    _keep(f[0], f2, f1, fx, abs(f2), abs(f1))
    before, error[0] = error[0], 0.0
    t2, t1, t0, x1, x0 = _walk(t, f, c, tail, live, z, m, x, bar_c, bar_m, bar_x, stack, parts, blur, gradient, error)
    value += unit * (f2 * t2 + f1 * t1 + fx * x1)
    error[0] = before + unit * error[0]
    if gradient:
        _suffix_moments_adjoint(c, k, z, m, x, bar_m, bar_x, bar_c, parts)
        slope_t = f2 * t1 + f1 * t0 + fx * x0
        grad[k] += side * slope_t
        for j in range(k):
            reflected = side * a[j] < 0.0
            slope_s = slope_t - bar_c[j] if reflected else bar_c[j]
            grad[j] += side * (width[j] * slope_s + low[j] * slope_t)
    return value


@part
def workspace(k):
    """Allocate what `set_loss` works in for up to k features."""
    shape = (k + 1, k + 3)
    stack = (np.empty(k + 1, np.int64), np.empty(k + 1), np.empty((k, 5)), np.empty(k))
    parts = 1.0 / np.maximum(np.arange(k + 4), 1)  # of whole numbers: divisions were half of the time
    return (
        np.empty(k), np.empty(k + 1), np.empty(k),
        np.empty(shape), np.empty(shape), np.empty(shape), np.empty(shape), np.empty((k + 1, 5)),
        stack, np.empty(k + 2), np.empty(k + 2), parts,
    )  # fmt: skip


@part
def _first_outcome(plan, unit):
    """Return the unit's first outcome that can happen: the one that nobody is present in comes first, if it does."""
    unit_ptr, probability = plan[0], plan[1]
    first = unit_ptr[unit]
    return first + 1 if probability[first] == 0.0 and unit_ptr[unit + 1] - first > 1 else first


@part
def first_set(plan, units, digits):
    """Make `digits` name the first outcome of each unit."""
    for u in range(len(digits)):
        digits[u] = _first_outcome(plan, units[u]) - plan[0][units[u]]


@part
def next_set(plan, units, digits):
    """Make `digits` name the next outcomes, like an odometer."""
    for u in range(len(digits)):
        digits[u] += 1
        if digits[u] < plan[0][units[u] + 1] - plan[0][units[u]]:
            break
        digits[u] = _first_outcome(plan, units[u]) - plan[0][units[u]]


@part
def relevant(coupling, i, plan, units):
    """List the units with a feature that output i depends on, itself included; return units, features, sets."""
    unit_ptr, _, outcome_ptr, feature, _, _ = plan
    count, members, sets = 0, 0, 1
    sizes = np.empty(len(unit_ptr))
    for unit in range(len(unit_ptr) - 1):
        coupled, most, size = False, 0, 0.0
        for outcome in range(unit_ptr[unit], unit_ptr[unit + 1]):
            most = max(most, outcome_ptr[outcome + 1] - outcome_ptr[outcome])
            for q in range(outcome_ptr[outcome], outcome_ptr[outcome + 1]):
                size = max(size, abs(coupling[feature[q]]))
                if feature[q] == i or coupling[feature[q]] != 0.0:
                    coupled = True
        if coupled:
            place = count
            while place > 0 and sizes[place - 1] < size:  # the most coupled first: sets then come nearly sorted
                sizes[place], units[place] = sizes[place - 1], units[place - 1]
                place -= 1
            sizes[place], units[place] = size, unit
            count += 1
            members += most
            sets *= unit_ptr[unit + 1] - _first_outcome(plan, unit)
    return count, members, sets


@inlined
def set_weight(plan, units, digits, count):
    """Return the probability of the set that `digits` name."""
    unit_ptr, probability = plan[0], plan[1]
    weight = 1.0
    for u in range(count):
        weight *= probability[unit_ptr[units[u]] + digits[u]]
    return weight


@part
def _most(coupling, b, leak, i, plan):
    """Return a bound on (x_i - f(u))², whatever is present."""
    _, _, _, feature, low, width = plan
    farthest = np.zeros(len(coupling))
    for q in range(len(feature)):
        farthest[feature[q]] = max(farthest[feature[q]], abs(low[q]), abs(low[q] + width[q]))
    reach = abs(b)
    for j in range(len(coupling)):
        reach += abs(coupling[j]) * farthest[j]
    return (farthest[i] + max(1.0, abs(leak)) * reach) ** 2


@inlined
def gather_set(coupling, i, plan, units, digits, count, chosen, a, low, width):
    """Collect the features of the outcome that `digits` name, by falling |a| width; return k, z."""
    unit_ptr, _, outcome_ptr, feature, piece_low, piece_width = plan
    k = 0
    for u in range(count):
        outcome = unit_ptr[units[u]] + digits[u]
        for q in range(outcome_ptr[outcome], outcome_ptr[outcome + 1]):
            j = feature[q]
            size = abs(coupling[j]) * piece_width[q]
            place = k
            while place > 0 and abs(a[place - 1]) * width[place - 1] < size:
                chosen[place], a[place] = chosen[place - 1], a[place - 1]
                low[place], width[place] = low[place - 1], width[place - 1]
                place -= 1
            chosen[place], a[place], low[place], width[place] = j, coupling[j], piece_low[q], piece_width[q]
            k += 1
    z = -1
    for place in range(k):
        if chosen[place] == i:
            z = place
    return k, z


@part
def _output_loss(coupling, surplus, b, leak, i, plan, mean, gradient, row, error):
    """Sum `set_loss` of output i over all outcomes of the units it depends on, times their probability.

    Sets that are too improbable to change the sum's last bit, all of them together, are left out; what they could add
    is in the error. row[:n] and row[n] receive the slopes in coupling and b.
    """
    n = len(coupling)
    units = np.empty(len(plan[0]), np.int64)
    count, members, sets = relevant(coupling, i, plan, units)
    work = workspace(members)
    a, low, width = np.empty(members), np.empty(members), np.empty(members)
    chosen = np.empty(members, np.int64)
    grad, one_error = np.empty(members + 1), np.zeros(1)
    digits = np.empty(count, np.int64)
    first_set(plan, units, digits)
    total, most = 0.0, _most(coupling, b, leak, i, plan)
    row[:] = 0.0
    for _ in range(sets):
        weight = set_weight(plan, units, digits, count)
        if weight * most * sets <= LEAST * total:
            error[0] += weight * most
        elif weight > 0.0:
            k, z = gather_set(coupling, i, plan, units, digits, count, chosen, a, low, width)
            one_error[0] = 0.0
            value = set_loss(a, surplus, low, width, k, z, b, leak, work, gradient, grad, one_error)
            total += weight * value
            error[0] += weight * (one_error[0] + 2.0 * count * EPS * abs(value))
            if gradient:
                for place in range(k):
                    row[chosen[place]] += weight * grad[place]
                row[n] += weight * grad[k]
        next_set(plan, units, digits)
    error[0] += sets * EPS * total  # of the sum over sets, whose terms are all positive
    if gradient:
        independent_slopes(plan, units[:count], mean, row)
    return total


@part
def independent_slopes(plan, relevant, mean, row):
    """Fill the slopes in couplings of features that u and x_i do not depend on: E x_j times the slope in b."""
    unit_ptr, _, outcome_ptr, feature, _, _ = plan
    n = len(mean)
    depends = np.zeros(n, np.bool_)
    for unit in relevant:
        for q in range(outcome_ptr[unit_ptr[unit]], outcome_ptr[unit_ptr[unit + 1]]):
            depends[feature[q]] = True
    for j in range(n):
        if not depends[j]:
            row[j] = row[n] * mean[j]


@exactly
def count_sets(coupling, plan):
    """Return the largest number of outcomes that one output's loss is a sum over (a float: it overflows).

    It stands for the work. The box of a set of k features has 2^k corners, unless values are points: so a feature that
    is always present counts as two outcomes, although one never comes.
    """
    unit_ptr, _, outcome_ptr, feature, _, width = plan
    most = 1.0
    for i in range(len(coupling)):
        sets = 1.0
        for unit in range(len(unit_ptr) - 1):
            coupled, points = False, True
            for q in range(outcome_ptr[unit_ptr[unit]], outcome_ptr[unit_ptr[unit + 1]]):
                coupled = coupled or feature[q] == i or coupling[i, feature[q]] != 0.0
                points = points and width[q] == 0.0
            if coupled:
                sets *= unit_ptr[unit + 1] - (_first_outcome(plan, unit) if points else unit_ptr[unit])
        most = max(most, sets)
    return most


@exactly
def exact_outputs(coupling, surplus, b, leak, plan, mean, gradient, stop):
    """Return per-output losses (n,), rounding bounds (n,), slopes in coupling (n, n) and in b (n,).

    Output i is E (x_i - f(b_i + Σ_j coupling_ij x_j))², f(u) = u above 0 and leak * u below;
    surplus_i = 1 - coupling_ii. `plan` lists what can happen (`geomsup.loss.plan`), `mean` is E x.
    Nothing more is done once stop[0] is not 0.
    """
    n = len(b)
    value, bound = np.empty(n), np.empty(n)
    grad_coupling, grad_b = np.zeros((n, n)), np.zeros(n)
    row, error = np.empty(n + 1), np.zeros(1)
    for i in range(n):
        if stop[0] != 0:
            break
        error[0] = 0.0
        value[i] = _output_loss(coupling[i], surplus[i], b[i], leak, i, plan, mean, gradient, row, error)
        bound[i] = error[0]
        if gradient:
            grad_b[i] = row[n]
            for j in range(n):  # as `_keep` does, and for the same reason
                grad_coupling[i, j] = row[j]
    return value, bound, grad_coupling, grad_b
