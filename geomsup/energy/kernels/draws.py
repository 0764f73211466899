"""Kernels: random numbers from a state of one word, so that every start has its own and threads share none.

SplitMix64 (steele2014). States are arrays of one uint64.
"""

import math

import numpy as np

from geomsup.compiling import njit

__all__ = ["below", "direction", "normal", "uniform"]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@njit(part=True)
def uniform(state):
    """Return a number in [0, 1)."""
    state[0] += GOLDEN
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) * 2.0**-53


@njit(part=True)
def below(state, count):
    """Return one of 0, 1, ..., count - 1."""
    return int(uniform(state) * count)


@njit(part=True)
def normal(state):
    """Return a number of the normal distribution (box1958)."""
    return math.sqrt(-2.0 * math.log(1.0 - uniform(state))) * math.cos(2.0 * math.pi * uniform(state))


@njit(part=True)
def direction(state, d):
    """Return a unit vector of d coordinates."""
    u = np.empty(d)
    for h in range(d):
        u[h] = normal(state)
    return u / math.sqrt(u @ u)
