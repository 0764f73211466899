"""Whether models near a regular triangle lose as much as the best one: the names are those of Theorem 13 in the docs.

An output with the row (1, -y, -z), its own weight first, and with c as its bias, both times its best scale, loses
φ = p/3 - T²/N. N is the N² of the docs. φ is expanded around the triangle, where y = z = 1/2, in σ = y + z - 1,
d = y - z and c. Everything is in balls.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import combinations

import numpy as np
from flint import arb, arb_series, ctx
from numpy.typing import NDArray

from geomsup.proofs.checker import DIGITS, between, exact
from geomsup.proofs.decoders.cells import Cells
from geomsup.proofs.decoders.pieces import FEATURES, Pieces, row_ends, taken

__all__ = ["CORNER", "Triangle", "in_corner"]

Truths = NDArray[np.bool_]
Direction = tuple[int, int, int]

CORNER = Fraction(1, 2**12)  # how far from 1 r and t are at most in cells that this is about
RADIUS = Fraction(1, 1500)  # how far y and z are from 1/2, and c from that of the triangle, at most
SEEN = float(RADIUS) - 1e-9  # of what is compared with it, by 1e-14 off at most
ENDS = Fraction(1, 30), Fraction(967, 1000)  # between them the best c is looked for
HALVINGS = 60
PRECISION, TERMS = 128, 4  # bits of a ball, and of series: up to third derivatives
BEND = Fraction(63, 64)  # of the least second derivative along d is used; the rest is left to mixed ones
AXES: tuple[Direction, ...] = (1, 0, 0), (0, 1, 0), (0, 0, 1)


def in_corner(cells: NDArray[np.float64]) -> Truths:
    """Return which cells are so close to the plane of a triangle that their other bounds aren't asked for."""
    return np.minimum(cells[:, 0], cells[:, 2]) >= 1 - float(CORNER)


class Triangle:
    """The best regular triangle at a probability: no other model near it loses as little, with any decoder."""

    def __init__(self, p: Fraction) -> None:
        with _series():
            self.p, self.scale = exact(p), arb(0)
            self.best = self._best()
            self.c = float(self.best[0])
            c = between(*self.best)
            T, N = self._moments([arb_series([one]) for one in (arb(0), arb(0), c)])
            self.scale = (T[0] / N[0]).mid()
            if not self._excess(c) > 0:
                raise ValueError(f"the triangle must be the best model nearby; at p = {float(p)} it may not be")
            lost = 3 * self._along(AXES[2], [arb(0), arb(0), c])[0]
            self.least = Fraction(int((lost.lower() * 10**DIGITS).floor().unique_fmpz() or 0), 10**DIGITS)

    def holds(self, cells: Cells) -> Truths:
        """Whether all rows and biases that a cell may still have are those of models near the triangle."""
        near = in_corner(cells.ends)
        pieces = Pieces(*taken(cells.pieces, near[cells.pieces.cell]))
        low, high = row_ends(pieces, cells.ends)
        for i in range(FEATURES):
            own, most_own = low[:, i, None], high[:, i, None]
            others, most_others = (np.delete(ends, i, axis=1) for ends in (low, high))
            with np.errstate(divide="ignore", invalid="ignore"):
                inside = (own > 0) & (-most_others / most_own >= 0.5 - SEEN) & (-others / own <= 0.5 + SEEN)
                inside &= (pieces.c[:, :1] / most_own >= self.c - SEEN) & (pieces.c[:, 1:] / own <= self.c + SEEN)
            near[pieces.cell[pieces.use[:, i] & ~inside.all(axis=1)]] = False
        return near

    def _best(self) -> tuple[Fraction, Fraction]:
        """Return two numbers between which φ of y = z = 1/2 is stationary along c."""
        low, high = ENDS
        if not (self._rises(high) and not self._rises(low)):
            raise ValueError("the best bias of the triangle must be between the two where it is looked for")
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._rises(middle) else (middle, high)
        return low, high

    def _rises(self, c: Fraction) -> bool:
        """Whether φ of y = z = 1/2 rises along c, and does not fall."""
        slope = self._along(AXES[2], [arb(0), arb(0), exact(c)])[1]
        if not (slope < 0 or slope > 0):
            raise ValueError("the best bias of the triangle must be where its slope changes its sign")
        return bool(slope > 0)

    def _excess(self, c: arb) -> arb:
        """Return a lower bound of what models in the corner lose more, divided by the square of their distance."""
        away = exact(CORNER * Fraction(101, 100))  # of the entries of λ from 1; two of them differ by twice as much
        across = 2 * exact(RADIUS)
        radii = [(3 * away + 2 * away * across) / (2 - away), across, exact(RADIUS)]
        slope, second = self._expanded(c, radii)
        # Without c, by its best value.
        left, right, mixed = (
            second[i][j] - second[i][2] * second[j][2] / second[2][2] for i, j in ((0, 0), (1, 1), (0, 1))
        )
        beta = right.lower() * exact(BEND)
        alpha = (left - mixed * mixed / (right - beta)).lower().min(arb(0))
        if not (second[2][2] > 0 and beta > 0 and slope > 0):
            return arb(-1)
        far, ratio = 2 - away, (3 + 2 * across) / (2 - away)
        return slope * (3 - 3 * away / 2) / 4 + alpha / 2 * ratio * ratio - 3 * slope * slope / (2 * beta * far * far)

    def _expanded(self, c: arb, radii: Sequence[arb]) -> tuple[arb, list[list[arb]]]:
        """Return the slope of φ along σ, and second derivatives with what third ones can change in Taylor's formula."""
        point = [arb(0), arb(0), c]
        box = [centre + _both(radius) for centre, radius in zip(point, radii, strict=True)]
        second, third = dict[tuple[int, ...], arb](), dict[tuple[int, ...], arb]()
        for i in range(FEATURES):
            second[i, i] = 2 * self._along(AXES[i], point)[2]
            third[i, i, i] = 6 * self._along(AXES[i], box)[3]
        for i, j in combinations(range(FEATURES), 2):
            second[i, j] = self._along(_sum(AXES[i], AXES[j]), point)[2] - (second[i, i] + second[j, j]) / 2
            plus, minus = (6 * self._along(_sum(AXES[i], AXES[j], sign), box)[3] for sign in (1, -1))
            third[i, i, j] = (plus - minus - 2 * third[j, j, j]) / 6
            third[i, j, j] = (plus + minus - 2 * third[i, i, i]) / 6
        known = sum((number * (1 if len(set(key)) == 1 else 3) for key, number in third.items()), arb(0))
        third[0, 1, 2] = (6 * self._along((1, 1, 1), box)[3] - known) / 6
        changed = [
            [
                second[min(i, j), max(i, j)]
                + _both(sum((abs(third[_sorted(i, j, k)]) * radii[k] for k in range(FEATURES)), arb(0)) / 3)
                for j in range(FEATURES)
            ]
            for i in range(FEATURES)
        ]
        return self._along(AXES[0], point)[1], changed

    def _along(self, direction: Direction, point: Sequence[arb]) -> arb_series:
        """Return the series of φ from a point, or from all points of a box, along a direction.

        With any number as `scale` it is φ. With the best scale of the triangle, balls are small.
        """
        line = [arb_series([at, arb(step)]) for at, step in zip(point, direction, strict=True)]
        T, N = self._moments(line)
        rest = T - self.scale * N
        return self.p / 3 + self.scale * (self.scale * N - 2 * T) - rest * rest / N

    def _moments(self, line: Sequence[arb_series]) -> tuple[arb_series, arb_series]:
        """Return T and N along a line, of σ, d and c: those without clipping, less the parts that are clipped."""
        sigma, d, c = line
        p, absent, both = self.p, 1 - self.p, 1 + sigma
        y, z, deepest = (both + d) / 2, (both - d) / 2, both - c
        if not (c[0] > 0 and 0 < deepest[0] < 1 and y[0] > 0 and z[0] > 0):
            raise ValueError("the bias of the triangle must be such that its two other features clip it together")
        product = (both * both - d * d) / 4

        # Not x / y: python-flint 0.7 doesn't divide a series of zeros.
        def alone(k: int) -> arb_series:
            return _above(y - c, k) * (1 / y) + _above(z - c, k) * (1 / z)

        def together(k: int) -> arb_series:
            return (_above(deepest, k) - _above(y - c, k) - _above(z - c, k)) * (1 / product)

        four, five, mean = alone(4), together(5), c - p / 2 * sigma
        variance = (p / 3 - p * p / 4) * (1 + (both * both + d * d) / 2)
        one, two, three = p * absent * absent, p * p * absent, p * p * p
        clipped = alone(3) * (one / 3) + (four + together(4)) * (two / 12) + five * (three / 60)
        product_of_own = c * (p / 2) + p / 3 - both * (p * p / 4)
        return product_of_own + four * (two / 24) + five * (three / 120), variance + mean * mean - clipped


@contextmanager
def _series() -> Iterator[None]:
    """Balls of PRECISION bits, and series of TERMS terms."""
    terms = ctx.cap
    with ctx.workprec(PRECISION):
        ctx.cap = TERMS
        try:
            yield
        finally:
            ctx.cap = terms


def _above(x: arb_series, k: int) -> arb_series:
    """Return the series of x₊ to the power k >= 3, which has a third derivative but for k = 3 at 0."""
    positive, step = x[0].max(arb(0)), x[1]
    powers = [arb(1)]
    for _ in range(k):
        powers.append(powers[-1] * positive)
    if k == 3 and not x[0] > 0:
        powers[0] = arb(0) if x[0] < 0 else between(Fraction(0), Fraction(1))
    terms = [powers[k], k * powers[k - 1], k * (k - 1) * powers[k - 2] / 2, k * (k - 1) * (k - 2) * powers[k - 3] / 6]
    return arb_series([term * step**n for n, term in enumerate(terms)])


def _both(radius: arb) -> arb:
    """Return a ball around 0 that holds a radius with both signs."""
    return radius.union(-radius)


def _sum(one: Direction, other: Direction, sign: int = 1) -> Direction:
    a, b, c = (x + sign * y for x, y in zip(one, other, strict=True))
    return a, b, c


def _sorted(*places: int) -> tuple[int, ...]:
    return tuple(sorted(places))
