"""Moments of v₊ for many v = c + Σ a_j x_j at once, in doubles, each with a bound of its error.

The x_j are present independently with one probability, and then uniform on [0, 1]. Where a set of features is present,
a moment is a signed sum of powers of v₊ at the vertices of a cube, divided by the product of its coefficients. So small
coefficients make terms cancel. That is why errors are bounded one by one, and why coefficients have a least size.
"""

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST", "Moments", "raised"]

Array = NDArray[np.float64]

LEAST = 2.0**-12  # of coefficients: half the digits of a double are left if two are so small
# Error of a signed sum of powers, relative to that of the absolute values: no term has more than 50 roundings of 2^-53.
# That leaves 78 of them to the entries of rows, which are not rounded more than four times.
ROUNDING = 2.0**-46
CHUNK = 8192  # values at a time: the arrays of one pass then fit into a cache


def raised(a: Array) -> Array:
    """Return coefficients where those near 0 are LEAST. Moments of x_j v₊ only grow by that."""
    return np.where(abs(a) < LEAST, LEAST, a)


class Moments:
    """Moments of n features that are present with probability p."""

    def __init__(self, n: int, p: float) -> None:
        sets = range(1 << n)
        self.n, self.sizes = n, [A.bit_count() for A in sets]
        self.probable = np.array([p**size * (1 - p) ** (n - size) for size in self.sizes])[:, None]
        self.vertices = np.array([[float(A >> j & 1) for j in range(n)] for A in sets])
        # Row A: signs of the vertices e within A in the difference over the cube of A.
        self.signs = np.array(
            [[(-1.0) ** (self.sizes[A] - self.sizes[e]) if e & A == e else 0.0 for e in sets] for A in sets]
        )

    def first(self, c: Array, a: Array) -> tuple[Array, Array]:
        """Return E v₊ and the E x_j v₊ as columns, and bounds of their errors."""
        values, errors = self._in_chunks(self._first, c, a)
        return values, errors

    def above(self, c: Array, a: Array) -> Array:
        """Return upper bounds of E x_j² where v > 0, a column for each j."""
        (values,) = self._in_chunks(self._above, c, a)
        return values

    def _in_chunks(self, function: Callable[[Array, Array], tuple[Array, ...]], c: Array, a: Array) -> list[Array]:
        parts = [function(c[k : k + CHUNK], a[k : k + CHUNK]) for k in range(0, max(len(c), 1), CHUNK)]
        return [np.concatenate(part, axis=1).T for part in zip(*parts, strict=True)]

    def _shared(self, c: Array, a: Array) -> tuple[Array, list[Array], Array, list[Array]]:
        """Return probabilities divided by volumes; differences of the powers of v₊; the largest v₊; what powers lose.

        One of the factors of a power has the error of v itself, which is relative to the size of its terms.
        """
        volumes = np.ones((len(self.sizes), len(c)))
        for A in range(1, len(volumes)):
            j = A.bit_length() - 1
            volumes[A] = volumes[A ^ 1 << j] * a[:, j]
        v = np.maximum(self.vertices @ a.T + c, 0)
        size = sum(abs(a.T), abs(c))
        powers = [v]
        for _ in range(self.n + 1):
            powers.append(powers[-1] * v)
        top = v.max(axis=0) + ROUNDING * size
        lost = [ROUNDING * size]
        for d in range(1, self.n + 1):
            lost.append(2 * top * lost[-1] / d)
        return self.probable / volumes, [v, *(self.signs @ one for one in powers)], top, lost

    def _first(self, c: Array, a: Array) -> tuple[Array, Array]:
        weights, differences, top, lost = self._shared(c, a)
        values, errors = np.zeros((2, self.n + 1, len(c)))
        inverse = 1 / a.T
        for A, d in enumerate(self.sizes):
            share, lower = weights[A] / factorial(d + 1), differences[d + 1]
            once = share * lower[A]
            values[0] += once
            error = abs(weights[A]) * lost[d]
            errors[0] += error
            if d:
                twice = share * differences[d + 2][A] / (d + 2)
                for j in range(self.n):
                    if A >> j & 1:
                        # Twice the integral of x v₊ is that of v₊² where x = 1, less its mean, divided by a.
                        values[j + 1] += once + share * lower[A ^ 1 << j] - twice * inverse[j]
                        errors[j + 1] += error
        errors[1:] *= 2 + top * abs(inverse)
        return values, errors

    def _above(self, c: Array, a: Array) -> tuple[Array]:
        weights, differences, top, lost = self._shared(c, a)
        values = np.zeros((self.n, len(c)))
        for A, d in enumerate(self.sizes):
            for j in range(self.n):
                if A >> j & 1:
                    # By parts: the integrals of 1, once, twice and three times, are v₊, v₊² / 2 and v₊³ / 6.
                    own, faces = a[:, j], [differences[k][A] + differences[k][A ^ 1 << j] for k in (d, d + 1)]
                    last = 2 * differences[d + 2][A] / (factorial(d + 2) * own * own)
                    terms = faces[0] / factorial(d) - 2 * faces[1] / (factorial(d + 1) * own) + last
                    ratio = top / abs(own)
                    error = abs(weights[A]) * lost[d - 1] * (3 + 6 * ratio + 4 * ratio * ratio)
                    values[j] += weights[A] * terms + error
        return (values,)
