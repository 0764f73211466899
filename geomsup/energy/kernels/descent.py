"""Kernels: limited-memory BFGS on a product of spheres, compiled from the first step to the last.

nocedal2006, algorithm 7.5. Gradients are projected on the tangent planes. A step returns to the sphere by
division by the length. Steps and changes of gradients are kept as vectors of the ambient space.
"""

import math

import numpy as np

from geomsup.compiling import njit
from geomsup.energy.kernels.energies import pair_energy

__all__ = ["descend", "normalise", "project", "spacing"]

MEMORY = 6
ARMIJO = 1e-4
MOST_TRIALS = 25  # of one line search
LONGEST = 0.5  # longest step of a point, in units of the mean spacing
FIRST = 0.1  # of the first step
ROUNDING = 1e-14  # relative differences of energies below this say nothing


@njit(part=True)
def spacing(d, n):
    """Return the distance of neighbours among n points, roughly."""
    return math.sqrt(4.0 * math.pi / n) if d == 3 else 2.0 * n ** (-1.0 / (d - 1))


@njit(part=True, error_model="numpy", fastmath=True)
def normalise(X):
    """Divide the points of X ``(d, n)`` by their lengths."""
    d, n = X.shape
    for i in range(n):
        square = 0.0
        for h in range(d):
            square += X[h, i] * X[h, i]
        inverse = 1.0 / math.sqrt(square)
        for h in range(d):
            X[h, i] *= inverse


@njit(part=True, error_model="numpy", fastmath=True)
def project(X, G, work):
    """Subtract from every gradient its component along the point."""
    d, n = X.shape
    along = work
    along[:] = 0.0
    for h in range(d):
        for i in range(n):
            along[i] += X[h, i] * G[h, i]
    for h in range(d):
        for i in range(n):
            G[h, i] -= along[i] * X[h, i]


@njit(part=True, error_model="numpy", fastmath=True)
def _dot(a, b):
    total = 0.0
    for k in range(len(a)):
        total += a[k] * b[k]
    return total


@njit(part=True, error_model="numpy", fastmath=True)
def _add(a, factor, b):
    for k in range(len(a)):
        a[k] += factor * b[k]


@njit(part=True, error_model="numpy", fastmath=True)
def _direction(g, steps, changes, products, newest, stored, scale, weights, out):
    """Two-loop recursion: out becomes minus the inverse Hessian times g."""
    size = len(g)
    for k in range(size):
        out[k] = -g[k]
    for back in range(stored):
        m = (newest - back) % MEMORY
        weights[m] = _dot(steps[m], out) / products[m]
        _add(out, -weights[m], changes[m])
    for k in range(size):
        out[k] *= scale
    for back in range(stored - 1, -1, -1):
        m = (newest - back) % MEMORY
        _add(out, weights[m] - _dot(changes[m], out) / products[m], steps[m])


@njit(part=True, error_model="numpy")
def _longest(direction, d, n):
    most = 0.0
    for i in range(n):
        square = 0.0
        for h in range(d):
            square += direction[h * n + i] ** 2
        most = max(most, square)
    return math.sqrt(most)


@njit(error_model="numpy")
def descend(X, kind, exponent, gain, slope, most_steps, stop):
    """Descend from X in place; return the energy, the rms of the projected gradient, and the evaluations used.

    Stops when the quasi-Newton model promises less than a relative `gain`, twice in a row, or when the gradient's rms
    (over all d n coordinates) is at most `slope`, where rounding hides all progress, or once
    stop[0] is set.
    """
    d, n = X.shape
    size = d * n
    G, trial, new_g, work = np.empty((d, n)), np.empty((d, n)), np.empty((d, n)), np.empty((3, n))
    steps, changes = np.empty((MEMORY, size)), np.empty((MEMORY, size))
    products, weights, direction = np.empty(MEMORY), np.empty(MEMORY), np.empty(size)
    longest = LONGEST * spacing(d, n)
    x, g, tx, tg = X.reshape(size), G.reshape(size), trial.reshape(size), new_g.reshape(size)
    energy = pair_energy(X, kind, exponent, G, work)
    project(X, G, work[0])
    used, stored, newest, scale, small = 1, 0, -1, np.inf, 0
    square = _dot(g, g)
    while used < most_steps and square > slope * slope * size and not stop[0]:
        if stored:
            _direction(g, steps, changes, products, newest, stored, scale, weights, direction)
        else:
            shorter = FIRST * spacing(d, n) / _longest(g, d, n)
            for k in range(size):
                direction[k] = -g[k] * min(shorter, scale)
        along = _dot(g, direction)
        if not along < 0.0:
            if stored == 0:
                break
            stored = 0
            continue
        if stored and -0.5 * along <= gain * max(abs(energy), 1e-3):
            small += 1
            if small >= 2:
                break
        else:
            small = 0
        step = min(1.0, longest / _longest(direction, d, n))
        found = False
        new_energy = energy
        for _ in range(MOST_TRIALS):
            for k in range(size):
                tx[k] = x[k] + step * direction[k]
            normalise(trial)
            new_energy = pair_energy(trial, kind, exponent, new_g, work)
            used += 1
            if new_energy <= energy + ARMIJO * step * along + ROUNDING * abs(energy):
                found = True
                break
            curved = new_energy - energy - step * along  # of the parabola through both energies and the slope
            shrink = -0.5 * step * along / curved if curved > 0.0 else 0.1
            step *= min(0.5, max(0.1, shrink))
        if not found:
            if stored == 0:
                break
            stored = 0
            continue
        project(trial, new_g, work[0])
        slot = (newest + 1) % MEMORY
        s, y = steps[slot], changes[slot]
        for k in range(size):
            s[k] = tx[k] - x[k]
            y[k] = tg[k] - g[k]
        sy, yy = _dot(s, y), _dot(y, y)
        if sy > 0.0 and sy * sy > 1e-16 * yy * _dot(s, s):
            products[slot] = sy
            scale = sy / yy
            newest, stored = slot, min(stored + 1, MEMORY)
        for k in range(size):  # one by one: in an assignment numba would compile the text of an error, for 2 s
            x[k], g[k] = tx[k], tg[k]
        energy = new_energy
        square = _dot(g, g)
    return energy, math.sqrt(square / size), used
