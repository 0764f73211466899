"""Kernels: starts from a seed to a minimum, and basin hopping from minimum to minimum."""

import math

import numpy as np

from geomsup.compiling import njit
from geomsup.energy.kernels.descent import descend, normalise, spacing
from geomsup.energy.kernels.draws import below, direction, normal, uniform
from geomsup.energy.kernels.energies import SEPARATION

__all__ = ["anneal", "hop", "relax", "run_starts"]

LOOSE = 1e-6  # relative gain at which the relaxation of a symmetric seed may stop
JIGGLE = 0.01  # displacement after it, in units of the spacing
MOST_STEPS = 5000  # evaluations of one descent
FLOOR = 1e-13  # rms of the gradient below which no descent goes on
TEMPERATURE = 0.02  # of basin hopping, in units of energy
ANNEALED = 1e-9  # gain at which a stage of an annealing ends
MOST_STAGE = 400  # evaluations of one stage
STAGE = 4.0  # ratio of the exponents of two stages
SHARPEST = 1e5  # last exponent
HOLES = 4  # random places tried per point, when one is moved into a hole


@njit(part=True)
def _jiggle(X, size, state):
    d, n = X.shape
    for h in range(d):
        for i in range(n):
            X[h, i] += size * normal(state)
    normalise(X)


@njit(part=True)
def _twist(X, state):
    """Turn a cap of random height by a random angle: in 3-D about its axis, in more dimensions in a plane across it."""
    d, n = X.shape
    u, v, w = direction(state, d), direction(state, d), direction(state, d)
    v -= (v @ u) * u
    v /= math.sqrt(v @ v)
    w -= (w @ u) * u + (w @ v) * v
    w /= math.sqrt(w @ w)
    height, angle = uniform(state) - 0.2, 2.0 * math.pi * uniform(state)
    c, s = math.cos(angle), math.sin(angle)
    for i in range(n):
        above = a = b = 0.0
        for h in range(d):
            above += u[h] * X[h, i]
            a += v[h] * X[h, i]
            b += w[h] * X[h, i]
        if above > height:
            for h in range(d):
                X[h, i] += (c * a - s * b - a) * v[h] + (s * a + c * b - b) * w[h]


@njit(part=True)
def _scramble(X, apart, state):
    """Displace the points of a small cap by about a spacing."""
    d, n = X.shape
    u = direction(state, d)
    reach = math.cos(min(math.pi, apart * (1.0 + 1.5 * uniform(state))))
    for i in range(n):
        above = 0.0
        for h in range(d):
            above += u[h] * X[h, i]
        if above > reach:
            for h in range(d):
                X[h, i] += 0.6 * apart * normal(state)
    normalise(X)


@njit(part=True, error_model="numpy", fastmath=True)
def _crowding(X, u, skip):
    """Σ 1/r² of a place from all points but one, whatever the potential."""
    d, n = X.shape
    total = 0.0
    for i in range(n):
        t = 0.0
        for h in range(d):
            t += u[h] * X[h, i]
        if i != skip:
            total += 1.0 / max(2.0 - 2.0 * t, 1e-12)
    return total


@njit(part=True)
def _refill(X, state):
    """Move one to three of the most crowded points into holes."""
    d, n = X.shape
    crowd = np.empty(n)
    for i in range(n):
        crowd[i] = _crowding(X, X[:, i].copy(), i)
    worst = np.argsort(crowd)[::-1]
    for _ in range(1 + below(state, 3)):
        i = worst[below(state, max(1, n // 4))]
        best, least = X[:, i].copy(), np.inf
        for _ in range(HOLES * n):
            u = direction(state, d)
            here = _crowding(X, u, i)
            if here < least:
                least = here
                best = u
        for h in range(d):  # one by one: in an assignment numba would compile the text of an error, for 2 s
            X[h, i] = best[h]


@njit(part=True)
def _move(X, state):
    d, n = X.shape
    apart = spacing(d, n)
    kind = below(state, 4)
    if kind == 0 or n < 4 or d < 3:
        _jiggle(X, apart * (0.1 + 0.3 * uniform(state)), state)
    elif kind == 1:
        _twist(X, state)
    elif kind == 2:
        _scramble(X, apart, state)
    else:
        _refill(X, state)
    normalise(X)


@njit(part=True)
def relax(X, symmetric, state, kind, exponent, gain, stop):
    """Descend from a seed in place and return the energy.

    A symmetric seed is relaxed loosely (gradients keep its symmetry), jiggled, and relaxed fully.
    """
    if symmetric:
        descend(X, kind, exponent, LOOSE, 0.0, MOST_STEPS, stop)
        _jiggle(X, JIGGLE * spacing(X.shape[0], X.shape[1]), state)
    return descend(X, kind, exponent, gain, FLOOR, MOST_STEPS, stop)[0]


@njit(part=True)
def hop(X, energy, hops, state, kind, exponent, gain, target, stop):
    """Walk from minimum to minimum (wales1997); X ends as the best. Return its energy.

    Ends early at an energy of at most `target`, or where stop[0] is set.
    """
    best, here, least = X.copy(), X.copy(), energy
    trial = np.empty_like(X)
    for _ in range(hops):
        if least <= target or stop[0]:
            break
        _copy(here, trial)
        _move(trial, state)
        new = descend(trial, kind, exponent, gain, FLOOR, MOST_STEPS, stop)[0]
        if new <= energy or uniform(state) < math.exp(-(new - energy) / TEMPERATURE):
            energy = new
            _copy(trial, here)
            if new < least:
                least = new
                _copy(trial, best)
    _copy(best, X)
    return least


@njit(part=True)
def _copy(X, out):
    for h in range(X.shape[0]):
        for i in range(X.shape[1]):
            out[h, i] = X[h, i]


@njit(part=True)
def anneal(X, kind, exponent, stop):
    """Descend smoothed maxima of a rising exponent, from a given one to SHARPEST, in place.

    What comes first decides on the basin, so callers draw it at random: starting softly every time would lead
    all starts to the same few (at d = 4, n = 16 all 200 of 200 to a poorer one).
    """
    while not stop[0]:
        descend(X, kind, exponent, ANNEALED, 0.0, MOST_STAGE, stop)
        if exponent >= SHARPEST:
            break
        exponent = min(exponent * STAGE, SHARPEST)


@njit
def run_starts(starts, symmetric, hops, seeds, kind, exponents, gain, target, energies, stop):
    """Run starts ``(k, d, n)`` to their minima, in place, writing energies; return how many were run.

    Ends after the first whose energy is at most `target`, or where stop[0] is set: the last one may then not have
    arrived. Every start has its own state of random numbers, so that nothing depends on what ran before it.
    """
    for k in range(len(starts)):
        state = seeds[k : k + 1]
        X = starts[k]
        if kind >= SEPARATION:
            anneal(X, kind, exponents[k], stop)
            continue
        energies[k] = relax(X, symmetric[k], state, kind, exponents[k], gain, stop)
        energies[k] = hop(X, energies[k], hops[k], state, kind, exponents[k], gain, target, stop)
        if energies[k] <= target or stop[0]:
            return k + 1
    return len(starts)
