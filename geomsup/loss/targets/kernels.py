"""Kernels of E (τ(x_i) - x'_i)^q for q = 2 or 4: sums over sets, by the number of present features.

As in `exact_kernels`, the loss of a set is that of all of u as if it were on the side of zero on which its mean is,
and what the other side, v = side * u > 0, adds to that. The first part is a mean over x_i of moments of the sum of the
others. Five Gauss-Legendre nodes make that mean exact, and all its terms are positive. The second part is

    Σ_{1 <= r <= q} C(q, r) (-side)^r (other^r - kept^r) E[τ^(q-r) v_+^r],  f(u) = kept u or other u on either side,

for `walk`. The target is τ(x) = scale * slope * x^degree, and x is counted from that end of its piece which is nearer
to 0: where both u and x are small, nothing then cancels.
"""

from math import comb

import numpy as np

from geomsup.compiling import njit
from geomsup.loss.exact_kernels import first_set, gather_set, independent_slopes, next_set, relevant, set_weight
from geomsup.loss.targets.nodes import NODES, WEIGHTS
from geomsup.loss.targets.walk import make_room, start, tabulate, walk

__all__ = ["count_present", "output_moments", "set_moment", "target_room"]

EPS = 2.0**-52
exactly = njit(error_model="numpy", fastmath={"contract"})
part = njit(part=True, error_model="numpy", fastmath={"contract"})

# Binomial coefficients of powers of x, of which there are up to (x²)³ x.
CHOOSE = np.array([[float(comb(n, k)) for k in range(8)] for n in range(8)])


@part
def target_room(k, target, power):
    """Allocate what `set_moment` works in for up to k features."""
    degree = target[2]
    return make_room(k, degree * (power - 1) + 2, max(power, degree * (power - 1) + 1) + 1)


@part
def set_moment(a, surplus, low, width, k, z, b, leak, target, scale, power, room, gradient, grad, error):
    """Return E (τ(x_z) - f(u))^power for u = b + Σ_{j<k} a_j x_j, x_j ~ U[low_j, low_j + width_j], all present.

    Arguments are those of `set_loss`; `target` holds the slope of τ below and above 0 and its degree, `scale` another
    factor. The piece of x_z lies on one side of 0 if the slopes differ. grad[:k] and grad[k] receive the slopes in a
    and b; error[0] grows by a bound on the rounding error.
    """
    mean, size = b, abs(b)
    for j in range(k):
        mean += a[j] * (low[j] + 0.5 * width[j])
        size += abs(a[j]) * (abs(low[j]) + width[j])
    side = -1.0 if mean > 0.0 else 1.0
    kept, other = (1.0, leak) if mean > 0.0 else (leak, 1.0)
    slope = 0.0
    if z >= 0:
        slope = target[0] if low[z] + 0.5 * width[z] < 0.0 else target[1]
    value = _majority(a, surplus, low, width, k, z, b, kept, slope, target[2], scale, power, gradient, grad, error)

    t = side * b
    for j in range(k):
        s = side * a[j] * width[j]
        t += side * a[j] * low[j] + min(s, 0.0)
        room.c[j] = abs(s)
    live = start(t, k, room)
    if t + room.tail[0] <= 0.0 or kept == other:
        return value
    for j in range(k):
        first, last = _ends(side * a[j], low[j], width[j])
        room.mirrored[j] = abs(first) > abs(last)
    blur = 2.0 * (k + 2) * EPS * size
    degree = target[2] * (power - 1) if z >= 0 else 0
    origin, step = _origin(z, side, a, low, width, room) if z >= 0 else (0.0, 0.0)
    ignored, plain = np.zeros(1), 0.0
    for task in range(k + 2 if gradient else 1):  # the value, the slope in b, those in the couplings
        j = task - 2
        own = task > 1 and j == z
        marked, top = (j if task > 1 and not own else -1), (degree + 1 if own else degree)
        if task != 1:
            tabulate(k, z, top, marked, room)
        _functional(room, side, kept, other, slope * scale, target[2], power, origin, step, z, min(task, 1), own)
        found = walk(t, k, live, z, top, marked, blur, room, error if task == 0 else ignored)
        if task == 0:
            value += found
        elif task == 1:
            plain = side * found
            grad[k] += plain
        elif own:
            grad[z] += side * found
        else:
            first, along = _origin(j, side, a, low, width, room)
            grad[j] += first * plain + along * side * found
    return value


@part
def _ends(a, low, width):
    """Values of x where a * x is least and greatest."""
    return (low + width, low) if a < 0.0 else (low, low + width)


@part
def _origin(j, side, a, low, width, room):
    """Return x_j = origin + step * η as (origin, step)."""
    first, last = _ends(side * a[j], low[j], width[j])
    return (last, first - last) if room.mirrored[j] else (first, last - first)


@part
def _functional(room, side, kept, other, slope, degree, power, origin, step, z, lower, own):
    """Fill f[0] with what the minority side adds, or if `lower` is 1 with the derivative in v, times x_z if `own`."""
    f, size, unit = room.f[0], room.size[0], room.unit[0]
    f[:] = 0.0
    factorial, measure = 1.0, 1.0
    for r in range(1, power + 1):
        factorial *= r
        measure *= unit if r > lower else 1.0
        if z < 0 and r < power:
            continue
        factor = CHOOSE[power, r] * (-side) ** r * (other**r - kept**r) * slope ** (power - r) * factorial * measure
        top = degree * (power - r) + int(own)
        for q in range(top + 1 if factor != 0.0 else 0):
            f[q, r - lower] += factor * CHOOSE[top, q] * origin ** (top - q) * step**q
    for q in range(f.shape[0]):  # one by one: in an assignment numba would compile the text of an error, for 5 s
        for r in range(f.shape[1]):
            size[q, r] = abs(f[q, r])


@part
def _majority(a, surplus, low, width, k, z, b, kept, slope, degree, scale, power, gradient, grad, error):
    """Return E (τ(x_z) - kept * u)^power, and fill in its slopes."""
    middle, terms, spread, fourth = -kept * b, abs(kept * b), 0.0, 0.0
    for j in range(k):
        if j != z:
            middle -= kept * a[j] * (low[j] + 0.5 * width[j])
            terms += abs(kept * a[j]) * (abs(low[j]) + width[j])
            own = (kept * a[j] * width[j]) ** 2
            spread += own / 12.0
            fourth -= own * own / 120.0
    fourth += 3.0 * spread * spread
    linear, bent = 0.0, 0.0
    if z >= 0:
        largest = abs(low[z]) + width[z]
        linear = -kept * a[z]
        if degree == 1:
            near = scale == 1.0 and slope == kept and abs(slope) == 1.0  # then the difference is known better
            linear = slope * surplus if near else slope * scale - kept * a[z]
        else:
            bent = slope * scale
        terms += abs(linear) * largest + abs(bent) * largest * largest
    first, second, third, power4, with_x = 0.0, 0.0, 0.0, 0.0, 0.0  # moments of g, and x g or x g³
    for node in range(len(NODES) if z >= 0 else 1):
        weight = WEIGHTS[node] if z >= 0 else 1.0
        x = low[z] + width[z] * NODES[node] if z >= 0 else 0.0
        g = middle + (linear + bent * x) * x
        first += weight * g
        second += weight * g * g
        third += weight * g * g * g
        power4 += weight * g * g * g * g
        with_x += weight * x * (g if power == 2 else g * (g * g + 3.0 * spread))
    value = second + spread if power == 2 else power4 + 6.0 * second * spread + fourth
    slack = (k + 12) * EPS
    error[0] += _moved(value, slack * terms, power) + 4.0 * slack * value
    if gradient:
        odd = first if power == 2 else third + 3.0 * first * spread  # E D^(power - 1)
        for j in range(k):
            if j == z:
                grad[j] = -power * kept * with_x
                continue
            square = width[j] * width[j]
            along = square / 12.0  # E h² for h = x_j - its mean, and E h D^(power - 1) is -kept a_j times
            if power == 4:
                along = square / 4.0 * (second + spread - (kept * a[j]) ** 2 * square / 30.0)
            grad[j] = -power * kept * ((low[j] + 0.5 * width[j]) * odd - kept * a[j] * along)
        grad[k] = -power * kept * odd
    return value


@part
def _moved(value, distance, power):
    """How far a power of an L^power norm can move if the norm moves by `distance`."""
    norm, total = value ** (1.0 / power), 0.0
    for j in range(1, power + 1):
        total += CHOOSE[power, j] * distance**j * norm ** (power - j)
    return total


@exactly
def output_moments(coupling, surplus, b, leak, i, target, scale, power, plan, mean, gradient, by_active, row, stop):
    """Sum `set_moment` of output i over all outcomes of the units it depends on, times their probability.

    Returns the loss and its error by the number of present features, (2, n + 1): of those of the units alone that i
    depends on, or of all of them if `by_active`. row[:n] and row[n] receive the slopes in coupling and b. `mean` is
    E x. Nothing more is done once stop[0] is not 0.
    """
    n = len(coupling)
    units = np.empty(len(plan[0]), np.int64)
    count, members, sets = relevant(coupling, i, plan, units)
    room = target_room(members, target, power)
    a, low, width = np.empty(members), np.empty(members), np.empty(members)
    chosen = np.empty(members, np.int64)
    grad, one_error = np.empty(members + 1), np.zeros(1)
    digits = np.empty(count, np.int64)
    first_set(plan, units, digits)
    tally = np.zeros((2, n + 1))
    row[:] = 0.0
    for _ in range(sets):
        if stop[0] != 0:
            break
        weight = set_weight(plan, units, digits, count)
        if weight > 0.0:
            k, z = gather_set(coupling, i, plan, units, digits, count, chosen, a, low, width)
            one_error[0] = 0.0
            value = set_moment(
                a, surplus, low, width, k, z, b, leak, target, scale, power, room, gradient, grad, one_error
            )
            present = _nonzero(low, width, k)
            tally[0, present] += weight * value
            # The probability is a product, and the sum over sets has positive terms.
            tally[1, present] += weight * (one_error[0] + (2.0 * count + sets) * EPS * abs(value))
            if gradient:
                for place in range(k):
                    row[chosen[place]] += weight * grad[place]
                row[n] += weight * grad[k]
        next_set(plan, units, digits)
    if gradient:
        independent_slopes(plan, units[:count], mean, row)
    if by_active:
        for present in range(n + 1):
            tally[1, present] += 4.0 * len(plan[0]) * EPS * tally[0, present]
        for unit in range(len(plan[0]) - 1):
            if not _holds(units, count, unit):
                count_present(plan, unit, tally)
    return tally


@part
def _holds(units, count, unit):
    """Whether a unit is one of the first `count` units."""
    found = False
    for u in range(count):
        found = found or units[u] == unit
    return found


@part
def _nonzero(low, width, k):
    """Count the features that are not 0: a discrete value may be."""
    total = 0
    for j in range(k):
        if low[j] != 0.0 or width[j] != 0.0:
            total += 1
    return total


@exactly
def count_present(plan, unit, tally):
    """Convolve each row of `tally`, over numbers of present features, with the number of those of one more unit."""
    unit_ptr, probability, outcome_ptr, _, low, width = plan
    first, last = unit_ptr[unit], unit_ptr[unit + 1]
    most = 0
    for outcome in range(first, last):
        most = max(most, outcome_ptr[outcome + 1] - outcome_ptr[outcome])
    share = np.zeros(most + 1)
    for outcome in range(first, last):
        begin, end = outcome_ptr[outcome], outcome_ptr[outcome + 1]
        share[_nonzero(low[begin:end], width[begin:end], end - begin)] += probability[outcome]
    for row in tally:
        for k in range(len(row) - 1, -1, -1):
            total = 0.0
            for extra in range(min(most, k) + 1):
                total += share[extra] * row[k - extra]
            row[k] = total
