"""E x u_+ and E u_+² as splines in one variable, for a shape with a common norm and bias.

With norm² = s and bias b = s t each preactivation is s (t + x_i + Σ_j c_ij x_j), c the couplings at norm 1, so that

    L = n (p/3 - 2 s A(t) + s² B(t)),   A = E x_i (t + x_i + Σ_j c_ij x_j)_+,   B = E (t + x_i + Σ_j c_ij x_j)_+²

with A and B sums of coefficient(p) (t + v)_+^m / m! over the vertices v: polynomials in t and p between breakpoints
t = -v. These intervals of t = b/s are the chambers.
"""

from collections.abc import Sequence
from math import factorial
from typing import Any

import mpmath
import sympy
from sympy import construct_domain
from sympy.polys.rings import PolyRing

__all__ = ["Splines", "local"]

Terms = dict[tuple[Any, int], Any]

# The heptagon has 53 and takes 4 s; 17-gons were still being set up after 25 s.
MOST_VERTICES = 128


class Splines:
    """A and B of a row of couplings, the first of which is the output's own."""

    def __init__(self, couplings: Sequence[Any]):
        domain: Any
        elements: Any
        domain, elements = construct_domain(list(couplings), field=True, extension=True)
        if not (domain.is_QQ or domain.is_Algebraic):
            raise ValueError(
                f"`shape` must have algebraic couplings; got {list(couplings)}. Pass rationals and radicals."
            )
        _check_vertices(domain, elements)
        self.domain = domain
        self._generators: dict[int, Any] = {}
        self.p = sympy.Dummy("p", positive=True)
        self.t = sympy.Dummy("t", real=True)
        self._ring = PolyRing([self.p], domain)
        self.A = self._mean(elements, 1, True)
        self.B = self._mean(elements, 2, False)
        heights = {v: self.number(v) for v, _ in self.B}
        self.vertices = sorted(heights, key=lambda v: -heights[v])
        self.breakpoints = [-heights[v] for v in self.vertices]

    def number(self, element: Any) -> Any:
        """Return an element of the field with mpmath's current precision."""
        rational = [element] if self.domain.is_QQ else element.to_list()
        parts = [mpmath.mpf(int(c.numerator)) / int(c.denominator) for c in rational]
        return parts[0] if self.domain.is_QQ else mpmath.polyval(parts, self._generator())

    def _generator(self) -> Any:
        """Return the field's generator as a number; evaluated once per precision."""
        digits = mpmath.mp.dps
        if digits not in self._generators:
            root = sympy.N(self.domain.ext.as_expr(), digits + 10)
            self._generators[digits] = mpmath.mpf(str(root))
        return self._generators[digits]

    def _mean(self, couplings: Sequence[Any], power: int, weighted: bool) -> Terms:
        """Return E (t + Σ c x)_+^power / power! (times x of the first) as coefficients of (t + v)_+^m / m!."""
        p = self._ring.gens[0]
        terms: Terms = {(self.domain.zero, power): self._ring.one}
        for level, c in enumerate(couplings):
            inverse, after = self.domain.one / c, {}
            for (v, m), factor in terms.items():
                once = factor * p * inverse
                if weighted and level == 0:  # one integration by parts
                    twice = once * inverse
                    new = [((v + c, m + 1), once), ((v + c, m + 2), -twice), ((v, m + 2), twice)]
                else:
                    new = [((v, m), factor * (1 - p)), ((v + c, m + 1), once), ((v, m + 1), -once)]
                for key, value in new:
                    after[key] = after.get(key, self._ring.zero) + value
            terms = {key: value for key, value in after.items() if value}
        return terms

    def chamber_of(self, ratio: Any) -> int:
        """Return how many vertices are positive at t."""
        return sum(ratio > point for point in self.breakpoints)

    def polynomials(self, chamber: int) -> tuple[Any, Any]:
        """Return A and B on the chamber where that many vertices are positive, as Poly in (t, p)."""
        return self._on(self.A, chamber, 1), self._on(self.B, chamber, 2)

    def _on(self, terms: Terms, chamber: int, factor: int) -> Any:
        positive = set(self.vertices[:chamber])
        total = sympy.Poly(0, self.t, self.p, domain=self.domain)
        for (v, m), coefficient in terms.items():
            if v in positive:
                scaled = coefficient * self.domain.from_sympy(sympy.Rational(factor) / sympy.factorial(m))
                weight = sympy.Poly.from_dict(
                    {(0, *powers): c for powers, c in scaled.terms()}, self.t, self.p, domain=self.domain
                )
                line = sympy.Poly.from_dict({(1, 0): self.domain.one, (0, 0): v}, self.t, self.p, domain=self.domain)
                total += line**m * weight
        return total

    def at(self, probability: Any) -> tuple[list[Any], list[Any]]:
        """Return A and B at a probability: (position of the vertex, vertex, m, coefficient) as mpmath numbers."""
        position = {v: k for k, v in enumerate(self.vertices)}
        numbers = {v: self.number(v) for v in self.vertices}

        def valued(terms: Terms, factor: int) -> list[Any]:
            return [
                (
                    position[v],
                    numbers[v],
                    m,
                    factor * sum(self.number(c) * probability ** powers[0] for powers, c in weight.terms()),
                )
                for (v, m), weight in terms.items()
            ]

        return valued(self.A, 1), valued(self.B, 2)


def _check_vertices(domain: Any, couplings: Sequence[Any]) -> None:
    found = {domain.zero}
    for c in couplings:
        found |= {v + c for v in found}
        if len(found) > MOST_VERTICES:
            raise ValueError(
                f"`shape` must leave an output at most {MOST_VERTICES} vertices; got more for {len(couplings)} coupled "
                "features. Use geomsup.optimum for numbers."
            )


def local(terms: list[Any], chamber: int, center: Any) -> list[Any]:
    """Return the coefficients in t - center, lowest first, of what `Splines.at` returned."""
    result = [mpmath.mpf(0)] * (1 + max(m for *_, m, _ in terms))
    for position, v, m, weight in terms:
        if position < chamber:
            shift = center + v
            for k in range(m + 1):
                result[k] += weight * shift ** (m - k) / (factorial(k) * factorial(m - k))
    return result
