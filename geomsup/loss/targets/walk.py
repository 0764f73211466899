"""Kernels for means E[η_z^q η_j^e v_+^r] of a form v of uniforms, walked largest coefficient first.

This is the recursion of `exact_kernels`, with powers of one or two uniforms as factors. Write v = t + Σ_j c_j y_j with
c_j > 0 and y_j ~ U[0, 1], and R_r for the mean of v_+^r / r! over the uniforms that come after the one in question.
That one may have a factor η^e, where η is y or 1 - y. With m_k = e! / (e - k)! / c^(k+1), integration by parts says

    E[y^e R_r(t + c y)]       = Σ_{k <= e} (-1)^k m_k R_{r+k+1}(t + c) - (-1)^e m_e R_{r+e+1}(t),
    E[(1 - y)^e R_r(t + c y)] = m_e R_{r+e+1}(t + c) - Σ_{k <= e} m_k R_{r+k+1}(t).

A functional Σ f[q, r] E[η_z^q v_+^r / r!] goes down the tree, and its values at the leaves add up to that of the root.
Each level is measured in a power of two of the size of its own c, so that no power of a small one overflows.
"""

from typing import NamedTuple

import numpy as np

from geomsup.compiling import njit

__all__ = ["Room", "make_room", "start", "tabulate", "walk"]

EPS = 2.0**-52
part = njit(part=True, error_model="numpy", fastmath={"contract"})
inlined = njit(forceinline=True, error_model="numpy", fastmath={"contract"})

# A coefficient below this fraction of the largest moves v by less than its rounding; its kink is ignored.
NEGLIGIBLE = 1e-20


class Room(NamedTuple):
    """What a set of up to k features is worked on in; rows are levels, the largest coefficient first.

    `f` (k + 1, q, r) is the functional of a level, of v_+^(level + r), and `size` bounds its terms before they cancel.
    `moments` (k + 1, q, d) are E[η_z^q η_j^e s^d / d!] of the sum s = Σ c y of the level and those after it. A leaf of
    level l is measured in `unit[l]`, an inner node in `unit[l + 1]`, in which the inverse coefficient is `inverse[l]`;
    `change[l, r]` is the r-th power of the ratio of the two. `mirrored` says where η is 1 - y. The others are scratch.
    """

    c: np.ndarray
    tail: np.ndarray
    unit: np.ndarray
    inverse: np.ndarray
    change: np.ndarray
    moments: np.ndarray
    weights: np.ndarray
    f: np.ndarray
    size: np.ndarray
    place: np.ndarray
    stage: np.ndarray
    powers: np.ndarray
    mirrored: np.ndarray


@part
def make_room(k, degrees, orders):
    """Allocate room for k features, powers of η_z below `degrees`, and orders r below `orders`."""
    shape = (k + 1, degrees, orders)
    return Room(
        np.empty(k), np.empty(k + 1), np.empty(k + 2), np.empty(k), np.empty((k + 1, k + orders)),
        np.empty((k + 1, degrees, k + orders + 1)), np.empty(k + orders + 1), np.empty(shape), np.empty(shape),
        np.empty(k + 1), np.empty(k + 1, np.int64), np.empty(k + orders), np.zeros(k, np.bool_),
    )  # fmt: skip


@part
def start(t, k, room):
    """Measure the coefficients `c[:k]`, which fall; return how many of them have a kink."""
    c, tail, unit, orders = room.c, room.tail, room.unit, room.change.shape[1]
    tail[k] = 0.0
    for level in range(k - 1, -1, -1):
        tail[level] = tail[level + 1] + c[level]
    live = k
    while live > 0 and c[live - 1] <= NEGLIGIBLE * c[0]:
        live -= 1
    unit[0] = _power_of_two(c[0] if live > 0 else abs(t))
    for level in range(k):
        unit[level + 1] = _power_of_two(c[level]) if level < live else unit[level]
        ratio, power = unit[level + 1] / unit[level], 1.0
        if level < live:
            room.inverse[level] = unit[level + 1] / c[level]
        for r in range(orders):
            room.change[level, r] = power
            power *= ratio
    return live


@inlined
def _power_of_two(size):
    return 2.0 ** np.floor(np.log2(size)) if size > 0.0 else 1.0


@part
def tabulate(k, z, degree, marked, room):
    """Fill the moments, with the factor η_j of the level j = `marked` (-1: none), for q <= degree (0 without z)."""
    c, unit, change, moments, weights = room.c, room.unit, room.change, room.moments, room.weights
    orders = room.f.shape[2]
    moments[k] = 0.0
    moments[k, :, 0] = 1.0
    for level in range(k - 1, -1, -1):
        own, count = c[level] / unit[level], level + orders
        for q in range(degree + 1 if level <= z else 1):
            if q == 0 or level == z:
                _own_moments(own, q if level == z else int(level == marked), room.mirrored[level], count, weights)
            rest = moments[level + 1, 0 if level == z else q]
            for d in range(count):
                total = 0.0
                for e in range(d + 1):
                    total += weights[e] * rest[d - e] * change[level, d - e]
                moments[level, q, d] = total


@inlined
def _own_moments(c, power, mirrored, count, weights):
    """Fill weights[e] = E[η^power (c y)^e / e!]."""
    term = 1.0  # c^e / e!, or c^e power! / (e + power + 1)!
    if mirrored:
        term = 1.0 / (power + 1)
    for e in range(count):
        if mirrored:
            weights[e] = term
            term *= c / (e + power + 2)
        else:
            weights[e] = term / (e + power + 1)
            term *= c / (e + 1)


@part
def walk(t, k, live, z, degree, marked, blur, room, error):
    """Return the value of the functional f[0] at t.

    error[0] grows by a bound on its rounding, and on what an error of t by `blur` does.
    """
    tail, place, stage, change = room.tail, room.place, room.stage, room.change
    orders = room.f.shape[2]
    level, total = 0, 0.0
    stage[0], place[0] = 0, t
    while level >= 0:
        t = place[level]
        rows = degree + 1 if level <= z else 1
        if stage[level] == 0:
            if t >= 0.0:
                total += _leaf(level, t, rows, blur, room, error)
                level -= 1
            elif level == live or t + tail[level] <= 0.0:
                level -= 1
            else:
                f, size = room.f[level], room.size[level]
                for q in range(rows):
                    for r in range(orders):
                        f[q, r] *= change[level, level + r]
                        size[q, r] *= change[level, level + r]
                stage[level] = 1
                _descend(level, True, z, rows, marked, room)
                level += 1
                stage[level], place[level] = 0, t + room.c[level - 1]
        elif stage[level] == 1:
            stage[level] = 2
            _descend(level, False, z, rows, marked, room)
            level += 1
            stage[level], place[level] = 0, t
        else:
            level -= 1
    return total


@inlined
def _leaf(level, t, rows, blur, room, error):
    """Return the functional at t >= 0, where v is positive and its powers are polynomials."""
    f, size, powers = room.f[level], room.size[level], room.powers
    orders = f.shape[1]
    t, blur = t / room.unit[level], blur / room.unit[level]
    powers[0] = 1.0
    for r in range(1, level + orders):
        powers[r] = powers[r - 1] * t / r
    steps = (8 * level + 8 * orders + 32) * EPS
    total = 0.0
    for q in range(rows):
        moments = room.moments[level, q]
        for r in range(orders):
            if size[q, r] == 0.0:
                continue
            mean, slope, full = 0.0, 0.0, level + r
            for d in range(full):
                mean += moments[d] * powers[full - d]
                slope += moments[d] * powers[full - d - 1]
            mean += moments[full]
            total += f[q, r] * mean
            error[0] += size[q, r] * (steps * mean + blur * slope)
    return total


@inlined
def _descend(level, up, z, rows, marked, room):
    """Pass the functional of a level on to the one below, for y = 1 (`up`) or y = 0."""
    f, size, below, below_size = room.f[level], room.size[level], room.f[level + 1], room.size[level + 1]
    inverse, mirrored = room.inverse[level], room.mirrored[level]
    orders = f.shape[1]
    below[: 1 if level >= z else rows] = 0.0
    below_size[: 1 if level >= z else rows] = 0.0
    for q in range(rows):
        power, to = (q, 0) if level == z else (int(level == marked), q)
        factor = inverse if up else -inverse
        for k in range(power + 1):
            if k == power or up != mirrored:  # else the other end has the sum, and this one its last term
                sign = -1.0 if not mirrored and k % 2 == 1 else 1.0
                for r in range(orders - k):
                    below[to, r + k] += sign * factor * f[q, r]
                    below_size[to, r + k] += abs(factor) * size[q, r]
            factor *= (power - k) * inverse
