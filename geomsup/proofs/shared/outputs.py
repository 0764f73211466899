"""One output of three features on one axis, for all weights of a cell and all biases.

The largest weight is scaled to 1, the others have the sizes r and t. An output is Y v₊ with v = c + Σ a_j x_j. Its loss
is p/3 - 2 Y T + Y² S with T = E x_i v₊ and S = E v₊², which are convex functions of r, t and c. So T is at most what it
is in the corners, and S is at least its tangent. The page ``docs/theorems.md`` says why this is enough.

Moments are quotients of integers, as cells end at multiples of 1 / UNIT. Each is rounded once to a double. All that
follows is in doubles too, and the checker asks for a margin that is far above all roundings.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import factorial

import numpy as np
from numpy.typing import NDArray

__all__ = ["UNIT", "Cell", "Output", "moments", "of_sets"]

UNIT = 1 << 24  # cells that are halved 20 times along both sides still have middles among the multiples of 1 / UNIT
PIECES = 8  # of biases, at first: they are halved where they matter
ROW = 0, 1, 2  # features
SIZES = [one.bit_count() for one in range(8)]
# Pairs of vertices of a cube along the axes of a set: the value at the first one less that at the second one.
PAIRS = [[(e, e ^ 1 << j) for j in range(3) if A >> j & 1 for e in range(8) if e >> j & 1] for A in range(8)]
FACTORIALS = [factorial(n) for n in range(6)]

Cell = tuple[Fraction, Fraction, Fraction, Fraction]  # ends of r and of t
Array = NDArray[np.float64]


def of_sets(p: Fraction) -> list[Fraction]:
    """Return how probable it is that just these features are present, for each set."""
    return [p**size * (1 - p) ** (3 - size) for size in SIZES]


def moments(c: int, a: Sequence[int], probable: Sequence[float], which: Sequence[int]) -> tuple[float, list[float]]:
    """Return E v₊ and E x_k v₊ of some features k, for v = (c + Σ a_j x_j) / UNIT.

    Each term is a mean over a cube, which is not negative: an integer divided by another one.
    """
    x, y, z = a
    at = [c, c + x, c + y, c + x + y, c + z, c + x + z, c + y + z, c + x + y + z]
    if max(at) <= 0:
        return 0.0, [0.0] * len(which)
    moving = (x != 0) + 2 * (y != 0) + 4 * (z != 0)
    first = [one if one > 0 else 0 for one in at]
    powers, tables = first, [first]
    for _ in range(4):
        powers = [one * other for one, other in zip(powers, first, strict=True)]
        tables.append(powers.copy())
    for table in tables:  # then entry A is the difference over the vertices of the face of A, with signs
        for e, other in PAIRS[moving]:
            table[e] -= table[other]
    volumes = [1, x, y, x * y, z, x * z, y * z, x * y * z]
    mean, found = 0.0, [0.0] * len(which)
    for A, weight in enumerate(probable):
        within = A & moving
        d, volume, lower = SIZES[within], volumes[within], tables[SIZES[within]]
        here = weight * (lower[within] / (FACTORIALS[d + 1] * volume))
        mean += here
        for place, k in enumerate(which):
            if within >> k & 1:
                face = lower[within] + lower[within ^ 1 << k]  # over the vertices where x_k = 1
                number = face * (d + 2) * a[k] - tables[d + 1][within]
                found[place] += weight * (number / (FACTORIALS[d + 2] * a[k] * volume))
            elif A >> k & 1:  # v does not depend on this feature
                found[place] += here / 2
    return mean / UNIT, [one / UNIT for one in found]


class Output:
    """Lower bounds of the loss of output i on a cell, less p/3: pieces of c, each with T and S in its eight corners.

    Before them are all c where no input is clipped, with the best of them, and all c where the output is always 0.
    """

    def __init__(self, i: int, signs: Sequence[int], cell: Sequence[int], p: float, probable: Sequence[float]) -> None:
        self.i, self.probable = i, probable
        first, second, third = (signs[i] * sign for sign in signs)
        (low_r, high_r), (low_t, high_t) = cell[:2], cell[2:]
        self.middle = [first * UNIT, second * (low_r + high_r) // 2, third * (low_t + high_t) // 2]
        self.corners = [[first * UNIT, second * r, third * t] for r in (low_r, high_r) for t in (low_t, high_t)]
        self.ways = [[(x - y) / UNIT for x, y in zip(row, self.middle, strict=True)] for row in self.corners]
        self.known = dict[int, list[float]]()
        start = -max(sum(x for x in row if x > 0) for row in self.corners)
        end = -min(sum(x for x in row if x < 0) for row in self.corners)
        V, at = p / 3 - p * p / 4, [x / UNIT for x in self.middle]
        whole = [V * abs(row[i]) / UNIT for row in self.corners]
        square = sum(x * x for x in at)
        spread = [V * (square + 2 * sum(x * d for x, d in zip(at, way, strict=True))) for way in self.ways]
        self.pieces = [(0, 0), (0, 0)]
        self.T, self.S, self.least = [whole * 2, [0.0] * 8], [spread * 2, [0.0] * 8], [-p * p / 4, 0.0]
        ends = [start + (end - start) * k // PIECES for k in range(PIECES + 1)]
        for piece in pairwise(ends):
            self._add(*piece)
        self._gather()

    def _node(self, c: int) -> list[float]:
        """Return T at the four corners."""
        if c not in self.known:
            self.known[c] = [moments(c, row, self.probable, [self.i])[1][0] for row in self.corners]
        return self.known[c]

    def _add(self, low: int, high: int) -> None:
        """Add a piece of c, with the tangent of S in its middle: S = E v v₊ has the slopes 2 E v₊ and 2 E x_j v₊."""
        c = (low + high) // 2
        mean, first = moments(c, self.middle, self.probable, ROW)
        S = c / UNIT * mean + sum(x / UNIT * one for x, one in zip(self.middle, first, strict=True))
        along = [2 * sum(d * one for d, one in zip(way, first, strict=True)) for way in self.ways]
        self.S.append([S + 2 * ((end - c) / UNIT) * mean + one for end in (low, high) for one in along])
        self.T.append(self._node(low) + self._node(high))
        self.least.append(0.0)
        self.pieces.append((low, high))

    def _gather(self) -> None:
        self.at_T, self.at_S, self.at_least = np.array(self.T), np.array(self.S), np.array(self.least)[:, None]
        self.widths = np.array([high - low for low, high in self.pieces]) / UNIT

    def halve(self, which: Sequence[int]) -> None:
        """Halve some pieces of c."""
        for place in which:
            low, high = self.pieces[place]
            self._add(low, (low + high) // 2)
            self._add((low + high) // 2, high)
        kept = sorted(set(range(len(self.pieces))) - set(which))
        self.T, self.S = [self.T[k] for k in kept], [self.S[k] for k in kept]
        self.least, self.pieces = [self.least[k] for k in kept], [self.pieces[k] for k in kept]
        self._gather()
