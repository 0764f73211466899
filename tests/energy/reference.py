"""Slow, obvious references of the kernels: one pair at a time, in plain Python."""

import math

import numpy as np


def term(name, exponent, t):
    """The summand of a pair at inner product t."""
    if name in ("coulomb", "riesz"):
        return (2 - 2 * t) ** (-(exponent or 1.0) / 2)
    if name == "log":
        return -0.5 * math.log(2 - 2 * t)
    return {"frame": t * t, "relu": max(t, 0.0) ** 2}[name]


def energy(rows, name, exponent=None):
    """Sum over the pairs the documentation names."""
    n = len(rows)
    pairs = [(i, j) for i in range(n) for j in range(i)]
    total = math.fsum(term(name, exponent, float(rows[i] @ rows[j])) for i, j in pairs)
    if name in ("frame", "relu"):
        total *= 2
    return total + (float(((rows**2).sum(axis=1) ** 2).sum()) if name == "frame" else 0.0)


def slopes(rows, name, exponent=None, step=1e-6):
    """Central differences of the energy along the tangents, as vectors of the ambient space, ``(n, d)``."""
    found = np.zeros_like(rows)
    for i, h in np.ndindex(*rows.shape):
        ends = []
        for sign in (1, -1):
            moved = rows.copy()
            moved[i, h] += sign * step
            moved[i] /= np.linalg.norm(moved[i])
            ends.append(energy(moved, name, exponent))
        found[i, h] = (ends[0] - ends[1]) / (2 * step)
    return found


def random_rows(n, d, seed=0):
    rows = np.random.default_rng(seed).standard_normal((n, d))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
