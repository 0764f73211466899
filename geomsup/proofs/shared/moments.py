"""Moments of v₊ for many v = c + Σ a_j x_j at once, in doubles, each with a bound of its error.

The x_j are present independently with probability p, and then uniform on [0, 1]. With G_s = v₊^s / s!, the mean of G_s
over x_j is (1 - p) G_s(v) + p (G_{s+1}(v + a_j) - G_{s+1}(v)) / a_j. So one feature after the other is averaged, from
the values at the vertices of a cube on; if a_j = 0, then G_s stays as it is. Where a_j is small, terms cancel. That is
why a bound of the error is averaged in the same way.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Clipped", "Tangent", "clipped", "tangent"]

Array = NDArray[np.float64]

# Of each step, relatively to the absolute values of its terms: none has more than 16 roundings of 2^-53.
ROUNDING = 2.0**-49
CHUNK = 16384  # values at a time, in each of about a hundred arrays


class Clipped(NamedTuple):
    """Upper bounds for each v."""

    first: Array  # E x_0 v₊
    square: Array  # E v₊²


class Tangent(NamedTuple):
    """Values for each v, and how far they are off at most."""

    mean: Array  # E v₊
    mean_error: Array
    first: Array  # E x_j v₊, a column for each j
    first_errors: Array


class _Table:
    """Means of G_1 to G_m over the features that are averaged already, at the vertices of the others."""

    def __init__(self, c: Array, a: Array, p: float, size: Array) -> None:
        self.a, self.p = a, p
        v = c[None]
        for j in range(a.shape[1]):
            v = np.concatenate([v, v + a[:, j]])
        v = np.maximum(v, 0)
        self.G = [v]
        for s in range(2, a.shape[1] + 3):
            self.G.append(self.G[-1] * (v / s))
        # Means of G_s are at most those of the largest v₊. One factor of G_s has the error of v, and s more roundings.
        top = v.max(axis=0) + ROUNDING * size
        self.most = [top]
        for s in range(2, len(self.G) + 1):
            self.most.append(self.most[-1] * (top / s))
        lower = [np.ones_like(top), *self.most[:-1]]
        self.errors = [ROUNDING * (size * one + most) for one, most in zip(lower, self.most, strict=True)]

    def average(self, j: int) -> None:
        """Average over feature j, which must be the last one of those that are left."""
        stays, inverse = self._shares(j)
        half, share, size = len(self.G[0]) // 2, self.p * inverse, abs(inverse)
        self.G = [_mean(one[:half], more[:half], more[half:], stays, share) for one, more in pairwise(self.G)]
        self.errors = [
            one * stays + 2 * self.p * more * size + ROUNDING * (most + 2 * above * size)
            for (one, more), (most, above) in zip(pairwise(self.errors), pairwise(self.most), strict=False)
        ]

    def first(self) -> tuple[Array, Array]:
        """Return E x_0 v₊ where only feature 0 is left, and how far it is off at most."""
        _, inverse = self._shares(0)
        one, two, three = self.G[:3]
        still, size = np.where(inverse == 0, self.p / 2, 0), abs(inverse)
        value = still * one[0] + self.p * inverse * (two[1] - (three[1] - three[0]) * inverse)
        lost, terms = (
            still * each[0] + self.p * size * (each[1] + 2 * each[2] * size) for each in (self.errors, self.most)
        )
        return value, lost + ROUNDING * terms

    def _shares(self, j: int) -> tuple[Array, Array]:
        """Return what stays of G_s, and 1 / a_j, or 0 if a_j is 0."""
        a = self.a[:, j]
        inverse = np.divide(1, a, out=np.zeros_like(a), where=a != 0)
        return np.where(inverse == 0, 1.0, 1 - self.p), inverse


def _mean(value: Array, lower: Array, upper: Array, stays: Array, share: Array) -> Array:
    """Return value * stays + (upper - lower) * share, in few arrays."""
    mean = upper - lower
    mean *= share
    mean += value * stays
    return mean


def clipped(z: Array, a: Array, p: float) -> Clipped:
    """Return upper bounds of moments of v = z + Σ a_j (x_j - p/2), with a row of a for each z."""
    return Clipped(*_in_chunks(partial(_clipped, p=p), z, a))


def tangent(z: Array, a: Array, p: float) -> Tangent:
    """Return means of v₊ and x_j v₊ for v = z + Σ a_j (x_j - p/2), with a row of a for each z."""
    return Tangent(*_in_chunks(partial(_tangent, p=p), z, a))


def _in_chunks(function: Callable[[Array, Array], tuple[Array, ...]], z: Array, a: Array) -> Iterator[Array]:
    parts = [function(z[k : k + CHUNK], a[k : k + CHUNK]) for k in range(0, max(len(z), 1), CHUNK)]
    return (np.concatenate(part) for part in zip(*parts, strict=True))


def _table(z: Array, a: Array, p: float) -> _Table:
    """Return a table with feature 0 left."""
    table = _Table(z - p / 2 * a.sum(axis=1), a, p, abs(z) + abs(a).sum(axis=1))
    for j in range(a.shape[1] - 1, 0, -1):
        table.average(j)
    return table


def _clipped(z: Array, a: Array, p: float) -> tuple[Array, Array]:
    table = _table(z, a, p)
    first, error = table.first()
    table.average(0)
    return np.maximum(first, 0) + error, 2 * (np.maximum(table.G[1][0], 0) + table.errors[1])


def _tangent(z: Array, a: Array, p: float) -> tuple[Array, ...]:
    columns, mean = list[tuple[Array, Array]](), (z, z)
    for j in range(a.shape[1]):
        table = _table(z, np.roll(a, -j, axis=1), p)
        columns.append(table.first())
        if not j:
            table.average(0)
            mean = table.G[0][0], table.errors[0]
    first, errors = (np.stack(one, axis=1) for one in zip(*columns, strict=True))
    return *mean, first, errors
