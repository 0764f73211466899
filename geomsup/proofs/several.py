"""Bounds of M, the part of the loss where several features are active: its values, its slopes and its curvature.

Part of the checker of the second theorem; names are those of ``docs/theorems.md``.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product
from math import comb, factorial

from flint import arb, arb_series

from geomsup.proofs.checker import between, exact

__all__ = [
    "CELLS",
    "HARM",
    "Curvature",
    "Form",
    "Range",
    "at_the_pentagon",
    "curvature",
    "edges",
    "least_of_pairs",
    "moments",
]

CELLS = 64  # per side of [0, 1]², in sums that bound integrals
HARM = Fraction(1, 999)  # r = p / (1 - p) at p = 1/1000
GRID = [between(Fraction(k, CELLS), Fraction(k + 1, CELLS)) for k in range(CELLS)]
Form = tuple[arb, arb, arb]  # sums of the coefficients of abs(Δq), abs(Δt), abs(Δθ)
Kind = tuple[arb, arb, arb, int]  # of two rows: ρ = a / q; bounds of abs(cos) and abs(sin) of their angle; gaps in it
NORM: Form = (arb(1), arb(0), arb(0))
RATIO: Form = (arb(0), arb(1), arb(0))


class Range:
    """Ends of q, t and the angles of all rows, and what they imply for neighbours, for other pairs, and for both."""

    def __init__(self, ends: Sequence[Fraction]) -> None:
        self.ends = tuple(ends)
        self.q, self.t, self.angle = (between(*ends[k : k + 2]) for k in (0, 2, 4))
        self.low_q, self.high_q, low_t, high_t, first, last = map(exact, ends)
        if not (self.low_q > 1 and low_t > 0 and high_t < 1 and first > arb.pi() / 4 and last < arb.pi() / 2):
            raise ValueError("a range must have q > 1, 0 < t < 1 and angles between 45 and 90 degrees")
        self.stretch = (self.high_q / self.low_q).sqrt()
        twice, stretch = 2 * self.angle, self.stretch.union(1 / self.stretch)
        self.near: Kind = (self.angle.cos() * stretch, self.angle.cos(), self.angle.sin(), 1)
        self.far: Kind = (twice.cos() * stretch, arb(1), abs(twice.sin()), 2)
        self.any: Kind = (self.near[0].union(self.far[0]), arb(1), arb(1), 2)
        if not self.far[0] < 0 < self.near[0]:
            raise ValueError("a range must have positive products of neighbours, and negative ones of others")


def moments(kinds: Sequence[Kind], own: bool, at: Range) -> tuple[arb, list[arb]]:
    """Return bounds of E abs(e) 1[u > 0] and of E abs(e) x_j 1[u > 0], for the error e of an output.

    `kinds` are those of its pairs with other active features; `own` says whether the output's feature is active.
    """
    total, with_x = arb(0), [arb(0)] * len(kinds)
    for cell in product(GRID, repeat=own + len(kinds)):
        x, y = cell[own:], cell[0] if own else arb(0)
        pull = sum((kind[0] * value for kind, value in zip(kinds, x, strict=True)), arb(0))
        z = y - at.t + pull
        if z < 0:
            continue
        e = (1 - at.q) * y + at.q * (at.t - pull) if own else at.q * z.max(arb(0))
        size = (-e).upper().max(e.upper().min(y.upper())) if own else e.upper()  # e <= y where u > 0
        size = size.max(arb(0)) / CELLS ** len(cell)
        total += size
        with_x = [old + size * value.upper() for old, value in zip(with_x, x, strict=True)]
    return total, with_x


def edges(kind: Kind, at: Range) -> list[arb]:
    """Return bounds of ∫ y xᵏ dx, k = 0, 1, 2, over the x in [0, 1] whose y = t - ρ x, where u = 0, is in [0, 1]."""
    found = [arb(0)] * 3
    for x in GRID:
        y = at.t - kind[0] * x
        if not (y > 1 or y < 0):
            found = [old + y.upper().min(arb(1)) * x.upper() ** k / CELLS for k, old in enumerate(found)]
    return found


class Curvature:
    """Bounds of second derivatives: sums of products of linear forms in the absolute values of changes.

    2 abs(v w) <= v² + w², so a sum is at most its sums of rows, times squares. The five rows have equal shares.
    """

    def __init__(self, at: Range) -> None:
        self.at, self.sums = at, [arb(0)] * 3

    def add(self, factor: arb, one: Form, other: Form) -> None:
        """Add the product of two forms."""
        for kind in range(3):
            self.sums[kind] += factor * (one[kind] * sum(other) + other[kind] * sum(one)) / 2

    def slope(self, kind: Kind) -> Form:
        """Return the form that bounds abs(ρ')."""
        _, cosine, sine, gaps = kind
        return self.at.stretch * cosine / self.at.low_q, arb(0), self.at.stretch * sine * gaps

    def add_bend(self, factor: arb, kind: Kind) -> None:
        """Add the bound of abs(ρ'')."""
        _, cosine, sine, gaps = kind
        norm, gap, factor = (1 / self.at.low_q, arb(0), arb(0)), (arb(0), arb(0), arb(gaps)), factor * self.at.stretch
        self.sums[0] += factor * cosine / self.at.low_q**2  # from the second derivatives of the logarithms of two q
        self.add(factor * cosine, norm, norm)
        self.add(2 * factor * sine, norm, gap)
        self.add(factor * cosine, gap, gap)

    def add_outputs(self, count: arb, kinds: Sequence[Kind], mean: arb, with_x: Sequence[arb]) -> None:
        """Add 2 E abs(e u'') 1[u > 0] of some outputs."""
        self.add(4 * count * mean, NORM, RATIO)
        for kind, moment in zip(kinds, with_x, strict=True):
            self.add(4 * count * moment, NORM, self.slope(kind))
            self.add_bend(2 * count * self.at.high_q * moment, kind)


def curvature(at: Range) -> Form:
    """Return C: on the range, second derivatives of M are at least -Σ (C_q Δq² + C_t Δt² + C_θ Δθ²)."""
    bounds = Curvature(at)
    for kinds, own, number in (
        ((at.near,), True, 10), ((at.far,), True, 10), ((at.near, at.near), False, 5), ((at.near, at.far), False, 20),
    ):  # fmt: skip
        count = arb(number)
        bounds.add_outputs(count, kinds, *moments(kinds, own, at))
        if own:
            flat, first, second = edges(kinds[0], at)
            factor, slope = 2 * count * at.high_q, bounds.slope(kinds[0])
            bounds.add(factor * flat, RATIO, RATIO)
            bounds.add(2 * factor * first, RATIO, slope)
            bounds.add(factor * second, slope, slope)
    largest = at.high_q * (1 + 2 * at.near[0])  # of abs(e), as y - u <= y <= 1 and u <= q (y + Σ ρ x) with ρ > 0
    for active in range(3, 6):
        for own in (True, False):
            others = active - own
            count = exact(HARM) ** (active - 2) * 5 * comb(4, others)
            bounds.add_outputs(count, [at.any] * others, largest, [largest] * others)
            if own:
                slope = bounds.slope(at.any)
                whole = (others * slope[0], arb(1), others * slope[2])
                bounds.add(2 * count * at.high_q, whole, whole)
    q, t, angle = ((share / 5).upper() for share in bounds.sums)
    return q, t, angle


def least_of_pairs(at: Range) -> arb:
    """Return a bound below M_2 on a range: errors of outputs in pairs of active features."""
    total = arb(0)
    for kinds, own, count in (((at.near,), True, 10), ((at.far,), True, 10), ((at.near, at.near), False, 5)):
        for cell in product(GRID, GRID):
            x, y = cell[own:], cell[0] if own else arb(0)
            u = at.q * (y - at.t + sum(kind[0] * value for kind, value in zip(kinds, x, strict=True))).max(arb(0))
            total += count * (y - u).abs_lower() ** 2 / CELLS**2
    return total


def _squares(c: arb_series, a: Sequence[arb_series]) -> arb_series:
    """Return E (c + a · x)₊², x uniform on the cube: the sum over its vertices."""
    total, k = arb_series([0, 0]), len(a)
    for vertex in product((0, 1), repeat=k):
        value = c + sum((one for one, there in zip(a, vertex, strict=True) if there), arb_series([0, 0]))
        if not value[0] < 0:
            if not value[0] > 0:
                raise ValueError("no vertex may have u = 0")
            total += (-1) ** (k - sum(vertex)) * value ** (k + 2)
    scale = arb_series([arb(2) / factorial(k + 2), 0])
    for one in a:
        scale = scale / one
    return total * scale


def at_the_pentagon(q: arb, t: arb) -> tuple[arb, arb, arb]:
    """Return M at the pentagon, and bounds of abs ∂M/∂q_i and abs ∂M/∂t_i there, for all r up to HARM.

    Slopes are added without their signs: they may cancel at HARM, and less so at a smaller r.
    """
    value, slopes = arb(0), [arb(0), arb(0)]
    for active in range(2, 6):
        share = exact(HARM) ** (active - 2)
        for kind in range(2):
            outputs = _output(arb_series([q, 1 - kind]), arb_series([t, kind]), active)
            slopes[kind] += share * abs(outputs[1])
        value += 5 * share * outputs[0]
    return value, slopes[0], slopes[1]


def _output(q: arb_series, t: arb_series, active: int) -> arb_series:
    """Return a fifth of M_k, the share of one output, at a regular pentagon."""
    b, total = -t * q, arb_series([0, 0])
    for features in combinations(range(5), active):
        others = [q * (2 * arb.pi() * j / 5).cos() for j in features if j]
        if 0 in features:
            squares = _squares(b, [q, *others])
            with_x = (_squares(b + q, others) - squares) / (2 * q)
            total += arb_series([arb(1) / 3, 0]) - 2 * with_x + squares
        else:
            total += _squares(b, others)
    return total
