"""Arithmetic with expanded polynomials over products of couplings."""

from collections.abc import Iterable
from typing import Any

import sympy
from sympy.polys.orderings import lex
from sympy.polys.polyerrors import CoercionFailed
from sympy.polys.polytools import parallel_poly_from_expr
from sympy.polys.rings import PolyRing

__all__ = ["Expanded", "Terms", "radicals"]


class Terms:
    """Σ polynomial / denominator; a denominator is exponents of symbols and of monic polynomials."""

    __slots__ = ("parts",)

    def __init__(self, parts: dict[Any, Any]):
        self.parts = parts

    def __add__(self, other: "Terms") -> "Terms":
        parts = dict(self.parts)
        for key, polynomial in other.parts.items():
            parts[key] = parts[key] + polynomial if key in parts else polynomial
        return Terms(parts)

    def __sub__(self, other: "Terms") -> "Terms":
        return self + Terms({key: -polynomial for key, polynomial in other.parts.items()})

    def __mul__(self, factor: Any) -> "Terms":
        return Terms({key: polynomial * factor for key, polynomial in self.parts.items()})


class Expanded:
    """Elements are polynomials in all symbols over the rationals or an algebraic number field."""

    def __init__(self, expressions: Iterable[Any], collected: set[Any]):
        listed = list(expressions)
        symbols = sorted(set().union(*(e.free_symbols for e in listed)), key=lambda s: (s not in collected, str(s)))
        self.symbols = symbols or [sympy.Dummy("none")]
        self.collected = [symbol in collected for symbol in self.symbols]
        polynomials, options = parallel_poly_from_expr([*listed, sympy.S.One], *self.symbols, extension=True)
        domain = options.domain
        if not (domain.is_ZZ or domain.is_QQ or domain.is_Algebraic):
            raise CoercionFailed
        self.ring = PolyRing(self.symbols, domain.get_field(), lex)
        get = self.ring.domain.convert_from
        self._elements = {
            expression: self.ring.from_dict({m: get(c, domain) for m, c in polynomial.rep.to_dict().items()})
            for expression, polynomial in zip(listed, polynomials, strict=False)
        }
        self.one = self.ring.one
        self.factors: list[Any] = []
        self._splits: dict[Any, Any] = {}

    def element(self, expression: Any) -> Any:
        """Return an input as a polynomial."""
        return self._elements[expression]

    def number(self, rational: Any) -> Any:
        """Return a rational as a polynomial."""
        return self.ring.ground_new(self.ring.domain.from_sympy(rational))

    def expression(self, element: Any) -> Any:
        """Return a polynomial as a sympy expression."""
        return element.as_expr()

    def wrap(self, element: Any) -> Terms:
        """Return a polynomial over nothing."""
        return Terms({((0,) * len(self.symbols), ()): element})

    def power(self, element: Any, exponent: int) -> Any:
        """Return a polynomial to a power of at least 0."""
        return element**exponent if exponent else self.one  # sympy's polynomials refuse 0**0

    def over(self, terms: Terms, coupling: Any) -> Terms:
        """Return terms divided by a coupling."""
        scale, monomial, rest = self._split(coupling)
        parts = {}
        for (monomials, rests), polynomial in terms.parts.items():
            powers = dict(rests)
            if rest is not None:
                powers[rest] = powers.get(rest, 0) + 1
            key = tuple(m + n for m, n in zip(monomials, monomial, strict=True)), tuple(sorted(powers.items()))
            parts[key] = polynomial * scale
        return Terms(parts)

    def _split(self, coupling: Any) -> tuple[Any, tuple[int, ...], int | None]:
        """Return 1/leading coefficient, the largest monomial, and the index of the monic factor left, if any."""
        if coupling not in self._splits:
            monomial = tuple(min(powers) for powers in zip(*coupling.monoms(), strict=True))
            rest = self.ring.from_dict(
                {tuple(m - n for m, n in zip(powers, monomial, strict=True)): c for powers, c in coupling.terms()}
            ).monic()
            index = None
            if rest != self.one:
                if rest not in self.factors:
                    self.factors.append(rest)
                index = self.factors.index(rest)
            self._splits[coupling] = self.ring.domain.one / coupling.LC, monomial, index
        return self._splits[coupling]

    def finish(self, terms: Terms) -> Any:
        """Bring what shares a denominator together, cancel, collect and print."""
        by_rest: dict[Any, dict[Any, Any]] = {}
        for (monomials, rests), polynomial in terms.parts.items():
            laurent = by_rest.setdefault(rests, {})
            for powers, coefficient in polynomial.terms():
                key = tuple(m - n for m, n in zip(powers, monomials, strict=True))
                laurent[key] = laurent.get(key, self.ring.domain.zero) + coefficient
        cancelled: dict[Any, dict[Any, Any]] = {}
        for rests, laurent in by_rest.items():
            key, result = self._cancel(dict(rests), {m: c for m, c in laurent.items() if c})
            merged = cancelled.setdefault(key, {})
            for powers, coefficient in result.items():
                merged[powers] = merged.get(powers, self.ring.domain.zero) + coefficient
        total = sympy.S.Zero
        for rests, laurent in cancelled.items():
            below = sympy.Mul(*(self.factors[index].as_expr() ** power for index, power in rests))
            total += self._collect(laurent, below)
        return total

    def _cancel(self, rests: dict[int, int], laurent: dict[Any, Any]) -> tuple[Any, dict[Any, Any]]:
        if not rests or not laurent:
            return (), laurent
        lowest = tuple(min(powers) for powers in zip(*laurent, strict=True))
        polynomial = self.ring.from_dict(
            {tuple(m - n for m, n in zip(powers, lowest, strict=True)): c for powers, c in laurent.items()}
        )
        for index in list(rests):
            while rests[index]:
                quotient, remainder = polynomial.div(self.factors[index])
                if remainder:
                    break
                polynomial, rests[index] = quotient, rests[index] - 1
        key = tuple(sorted((index, power) for index, power in rests.items() if power))
        result = {tuple(m + n for m, n in zip(powers, lowest, strict=True)): c for powers, c in polynomial.terms()}
        return key, result

    def _collect(self, laurent: dict[Any, Any], below: Any) -> Any:
        groups: dict[Any, list[Any]] = {}
        for powers, coefficient in laurent.items():
            if not coefficient:
                continue
            outer = tuple(m if c else 0 for m, c in zip(powers, self.collected, strict=True))
            inner: list[Any] = [s**m for s, m, c in zip(self.symbols, powers, self.collected, strict=True) if not c]
            value = self.ring.domain.to_sympy(coefficient)
            groups.setdefault(outer, []).append(sympy.Mul(sympy.expand(value), *inner))
        total = []
        for outer, terms in groups.items():
            sum_: Any = sympy.Add(*terms) / below
            if self.ring.domain.is_QQ and 1 < len(terms) <= 24:
                factored = sympy.factor(sum_)
                if _is_product(factored) and sympy.count_ops(factored) < sympy.count_ops(sum_):
                    sum_ = factored
            total.append(sympy.Mul(*(s**m for s, m in zip(self.symbols, outer, strict=True)), sum_))
        return sympy.Add(*total)


def _is_product(expression: Any) -> bool:
    """Whether a factored expression has more than one sum among its factors."""
    powers = [factor.as_base_exp() for factor in sympy.Mul.make_args(expression)]
    return sum(abs(exponent) for base, exponent in powers if base.is_Add) > 1


def radicals(expressions: Iterable[Any]) -> int:
    """Return how many different irrational numbers occur; of square roots of integers, how many primes."""
    found: set[Any] = set()
    for expression in expressions:
        for atom in expression.atoms(sympy.Pow, sympy.Function):
            if not atom.is_number or atom.is_rational:
                continue
            if atom.is_Pow and atom.base.is_Rational and atom.exp in (sympy.S.Half, -sympy.S.Half):
                found.update(sympy.factorint(atom.base.p * atom.base.q))
            elif not (atom.is_Pow and atom.exp.is_Integer):
                found.add(atom)
    return len(found)
