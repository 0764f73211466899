"""Kernels of what a series leaves out: how long its period must be, and what its tail can hold."""

import numpy as np

from geomsup.compiling import njit
from geomsup.loss.plan import ONE_OF, TOGETHER
from geomsup.loss.spectral.moments import unit_moments
from geomsup.loss.spectral.units import collect, ends, over_sets, over_sets_with

__all__ = ["spectral_periods", "spectral_tails"]


@njit(part=True, error_model="numpy")
def _log_moment_generating(s, a, b, members, ustart, kind, absent, p, laws, sets):
    """Return log E e^{su} and log E e^{-su}; products are folded into the logarithm before they overflow."""
    piece_ptr, weight, low, width = laws
    up, down = s * b, -s * b
    product_up, product_down = 1.0, 1.0
    ups, downs = np.empty(len(a)), np.empty(len(a))
    for v in range(len(absent)):
        present_up, present_down = 0.0, 0.0
        if kind[v] == TOGETHER:
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
            if kind[v] == TOGETHER:
                present_up, present_down = present_up * mean_up, present_down * mean_down
            elif kind[v] == ONE_OF:
                present_up, present_down = present_up + p[m] * mean_up, present_down + p[m] * mean_down
            else:
                ups[m - ustart[v]], downs[m - ustart[v]] = mean_up, mean_down
        if kind[v] >= 0:
            present_up, present_down = over_sets(sets, kind[v], ups), over_sets(sets, kind[v], downs)
        product_up *= absent[v] + present_up
        product_down *= absent[v] + present_down
        if max(product_up, product_down) > 1e100 or min(product_up, product_down) < 1e-100:
            up, down = up + np.log(product_up), down + np.log(product_down)
            product_up, product_down = 1.0, 1.0
    return up + np.log(product_up), down + np.log(product_down)


@njit(error_model="numpy")
def spectral_periods(coupling, b, units, laws, wanted, most, budget, stop):
    """Return periods (n,) and bounds (n,) on what values of u beyond them add, at most `budget` (n,) each.

    Beyond |y| = 1 the Bernoulli polynomials leave their periodic continuation, by at most 3.05 |y|³ (B3) and
    2.2 y² (B2), so that the loss moves by E[1.02 |u|³/T + 2.2 |x| u²/T; |u| > T] (times at most 2 for outputs
    other than relu). For s >= 3/T both powers are below e^{s(|u| - T)}: what is left is e^{-sT} E e^{±su} times
    1.02 T² + 2.2 |x| T, for the best s of a few. `most` (n,) is the greatest |x|.
    """
    sets, n = units.sets, len(b)
    periods, overflow = np.ones(n), np.zeros(n)
    members, ids = np.empty(n, np.int64), np.empty(n, np.int64)
    all_a, all_p, all_absent = np.empty(n), np.empty(n), np.empty(n)
    all_ustart, all_kind = np.empty(n + 1, np.int64), np.empty(n, np.int64)
    law = np.empty(4)
    for i in range(n):
        if stop[0] != 0:
            break
        if not wanted[i]:
            continue
        count, _ = collect(coupling[i], i, units, members, all_a, all_p, all_ustart, all_kind, all_absent, ids)
        ustart, kind, absent = all_ustart[: count + 1], all_kind[:count], all_absent[:count]
        a, p = all_a[: ustart[count]], all_p[: ustart[count]]
        bottom, top = ends(a, members, laws)
        bottom, top = bottom + b[i], top + b[i]
        whole = max(top, -bottom)
        periods[i] = whole if whole > 0.0 else 1.0
        if bottom >= 0.0 or top <= 0.0 or count < 6:
            continue
        spread = 0.0
        for v in range(count):
            unit_moments(a, members, ustart[v], ustart[v + 1], kind[v], p, laws, sets, -1, 0, -1, law)
            spread += law[2] - law[1] ** 2
        if spread <= 0.0:
            continue
        best = whole
        for steepness in (3.0, 5.0, 8.0, 12.0, 17.0, 24.0):
            s = steepness / spread**0.5
            up, down = _log_moment_generating(s, a, b[i], members, ustart, kind, absent, p, laws, sets)
            both = max(up, down) + np.log1p(np.exp(-abs(up - down)))  # the two sides in one
            T = whole
            for _ in range(6):
                T = max((both + np.log(2.0 * (1.02 * T * T + 2.2 * most[i] * T) / budget[i])) / s, 3.0 / s)
            bound = 2.0 * (1.02 * T * T + 2.2 * most[i] * T) * np.exp(both - s * T)
            if best > T and bound <= budget[i] * (1.0 + 1e-6):
                best, overflow[i] = T, bound
        periods[i] = best
    return periods, overflow


@njit(error_model="numpy")
def spectral_tails(coupling, b, leak, units, laws, falls, wanted, periods, grid, stop):
    """Return (n, len(grid)): bounds on what output i leaves out when its series stops after grid[g] terms.

    `falls` bounds the characteristic functions (`geomsup.loss.spectral.falls`) by what falls with the frequency:
    between grid points the left end bounds every term, and sums of 1/k² and 1/k³ are integrals.
    """
    atoms, variation, own_size, own_atoms, own_variation = falls
    sets, n = units.sets, len(b)
    tails, falls = np.zeros((n, len(grid))), np.empty(n)
    members, ids = np.empty(n, np.int64), np.empty(n, np.int64)
    all_a, all_p, all_absent = np.empty(n), np.empty(n), np.empty(n)
    all_ustart, all_kind = np.empty(n + 1, np.int64), np.empty(n, np.int64)
    for i in range(n):
        if stop[0] != 0:
            break
        if not wanted[i]:
            continue
        count, target = collect(coupling[i], i, units, members, all_a, all_p, all_ustart, all_kind, all_absent, ids)
        ustart, kind, absent = all_ustart[: count + 1], all_kind[:count], all_absent[:count]
        a, p = all_a[: ustart[count]], all_p[: ustart[count]]
        bottom, top = ends(a, members, laws)
        if bottom + b[i] >= 0.0 or top + b[i] <= 0.0:
            continue
        T = periods[i]
        beyond = 0.0
        for g in range(len(grid) - 1, -1, -1):
            theta = 2.0 * np.pi * grid[g] / T
            none, one, more = 1.0, 0.0, 0.0
            of_target, of_x = 0.0, 0.0
            for v in range(count):
                present, with_target = (p[ustart[v]], p[ustart[v]]) if kind[v] == TOGETHER else (0.0, 0.0)
                for s in range(ustart[v], ustart[v + 1]):
                    j, z = members[s], abs(a[s]) * theta
                    fall, fall1 = 1.0, own_size[j]
                    if z > 0.0:
                        fall, fall1 = (
                            min(fall, atoms[j] + variation[j] / z),
                            min(fall1, own_atoms[j] + own_variation[j] / z),
                        )
                    if kind[v] == TOGETHER:
                        present *= fall
                        with_target *= fall1 if s == target else fall
                    elif kind[v] == ONE_OF:
                        present += p[s] * fall
                        with_target += p[s] * fall1 if s == target else 0.0
                    else:
                        falls[s - ustart[v]] = fall
                        if s == target:
                            of_x = fall1
                if kind[v] >= 0:
                    present = over_sets(sets, kind[v], falls)
                    if v == count - 1:
                        with_target = over_sets_with(sets, kind[v], falls, target - ustart[v], of_x)
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
