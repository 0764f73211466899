"""Checked arguments of a loss, the outputs that differ, and the signs of their vertices."""

from fractions import Fraction
from functools import cached_property
from math import comb
from typing import Any

import sympy
from sympy.polys.polyerrors import BasePolynomialError, CoercionFailed

from geomsup import checks
from geomsup.features import Uniform
from geomsup.symbolic.algebra.conditions import implied, monomials
from geomsup.symbolic.algebra.expanded import Expanded, radicals
from geomsup.symbolic.algebra.nested import Nested
from geomsup.symbolic.output import Output
from geomsup.symbolic.reading import couplings, exact, per_feature, point_of

__all__ = ["Problem"]

# More values of the vertices of one output than this take minutes.
MOST_VERTICES = 1024
# Larger polynomials stay nested (products of powers), which is faster and shorter than expanding them.
MOST_TERMS = 20_000
# Number fields with more generators than this take minutes to set up.
MOST_RADICALS = 3
DIGITS = 60


class Problem:
    """Checked arguments, the outputs that differ, and the signs of their vertices."""

    def __init__(
        self, W: Any, b: Any, probability: Any, importance: Any, values: Any, gram: Any, activation: str, at: Any
    ):
        checks.one_of("activation", activation, ("relu", "linear"))
        if values is not None and not isinstance(values, Uniform):
            raise TypeError(f"`values` must be a Uniform; got {checks.shown(values)}. The vertices come from its ends.")
        self.name = "W" if gram is None else "gram"
        self.couplings = couplings(W, gram)
        n = len(self.couplings)
        self.b = per_feature("b", b, n)
        self.probability = per_feature("probability", probability, n, low=0, high=1)
        self.importance = per_feature("importance", importance, n, low=0)
        self.values = values or Uniform()
        self.activation = activation
        self.outputs = [i for i in range(n) if self.importance[i] != 0]
        self.present = [j for j in range(n) if self.probability[j] != 0]
        symbols = set().union(*(e.free_symbols for e in self._all()))
        self.point = point_of(at, symbols)
        self._check_point()

    def _all(self) -> list[Any]:
        rows = [self.couplings[i][j] for i in self.outputs for j in self.present]
        return [*rows, *(self.b[i] for i in self.outputs), *self.probability, *self.importance]

    def _shaping(self) -> list[Any]:
        """Return what vertices are made of."""
        rows = [self.couplings[i][j] for i in self.outputs for j in self.present]
        return [*rows, *(self.b[i] for i in self.outputs)]

    def _check_point(self) -> None:
        if self.point is None:
            return
        needed = set().union(*(e.free_symbols for e in self._shaping()))
        missing = sorted(str(symbol) for symbol in needed - set(self.point))
        if missing:
            raise ValueError(
                f"`at` must give every symbol in `{self.name}` and `b` a value; it has none for {', '.join(missing)}. "
                "Add them: any point inside the chamber will do."
            )

    @cached_property
    def numbers(self) -> dict[Any, Fraction | None]:
        """Return the value of each coupling and bias at the point; None where a symbol has none."""
        result: dict[Any, Fraction | None] = {}
        self.rounded = False
        for expression in self._shaping():
            value = expression.xreplace(self.point or {})
            if value.free_symbols:
                result[expression] = None
                continue
            if not value.is_Rational:
                self.rounded = True
                value = value.evalf(DIGITS)
                if not (value.is_Float or value.is_Rational):
                    raise ValueError(
                        f"`at` must make all couplings and biases real and finite; {expression} is {value} there. "
                        "Move the point."
                    )
                value = sympy.Rational(value)
            result[expression] = Fraction(str(value))
        return result

    def expanded(self) -> Expanded | None:
        """Return polynomial arithmetic if all inputs are polynomials and the result is not too long."""
        shaping = set().union(*(e.free_symbols for e in self._shaping()))
        weights = set().union(*(e.free_symbols for e in [*self.probability, *self.importance])) - shaping
        chances = set().union(*(e.free_symbols for e in self.probability)) - shaping
        if radicals(self._all()) > MOST_RADICALS:
            return None
        try:
            arithmetic = Expanded(self._all(), chances)
        except (BasePolynomialError, CoercionFailed, NotImplementedError):  # the last is sympy's: it finds no field
            return None
        terms = 0
        for row in {(*(self.couplings[i][j] for j in self.present), self.b[i]) for i in self.outputs}:
            monomials = {m for e in row for m in arithmetic.element(e).monoms()}
            coupled = sum(e != 0 for e in row[:-1])
            terms += comb(len(monomials) + coupled + 1, coupled + 2)
        return arithmetic if terms * 2 ** len(weights) <= MOST_TERMS else None

    def build(self, arithmetic: Any) -> list[tuple[Any, Any, Output]]:
        """Return (summed importance, p_i, output) for outputs that differ."""
        groups: dict[Any, list[Any]] = {}
        for i in self.outputs:
            row = []
            for j in self.present:
                a = arithmetic.element(self.couplings[i][j])
                if a != 0 and not self._vanishes(arithmetic, a, self.couplings[i][j]):
                    row.append((j != i, self._order(self.couplings[i][j]), a, arithmetic.element(self.probability[j])))
            row.sort(key=lambda term: (term[1], str(term[2]), str(term[3]), term[0]))
            own = next((level for level, term in enumerate(row) if not term[0]), None)
            b, p = arithmetic.element(self.b[i]), arithmetic.element(self.probability[i])
            key = b, p, tuple(term[2:] for term in row), own
            weight = arithmetic.element(self.importance[i])
            if key in groups:
                groups[key][0] = groups[key][0] + weight
                continue
            output = Output(arithmetic, b, [term[2:] for term in row], own, self.values)
            groups[key] = [weight, p, output]
            if self.activation == "relu":
                self._attach_signs(arithmetic, output, i)
        return [tuple(group) for group in groups.values()]

    def _order(self, coupling: Any) -> Fraction:
        value = self.numbers[coupling]
        return Fraction(0) if value is None else -abs(value)

    def _vanishes(self, arithmetic: Any, element: Any, expression: Any) -> bool:
        """Whether an expression that is 0 at the point is identically 0 (polynomials know already)."""
        return isinstance(arithmetic, Nested) and self.numbers[expression] == 0 and element.equals(0) is True

    def _attach_signs(self, arithmetic: Any, output: Output, i: int) -> None:
        vertices = output.vertices(MOST_VERTICES)
        if vertices is None:
            raise ValueError(
                f"`{self.name}` must leave each output at most {MOST_VERTICES} vertices, 2^k for k coupled features "
                f"(3^k if values do not start or end at 0); output {i} has {len(output.features)} coupled features. "
                "Drop features, or use expected_loss for numbers."
            )
        heights = self._heights(output, i)
        scale = max((abs(v) for v in heights.values() if v is not None), default=Fraction(1))
        output.signs = {v: self._sign(arithmetic, v, heights[v], scale, i) for v in vertices}

    def _heights(self, output: Output, i: int) -> dict[Any, Fraction | None]:
        """Return the numerical values of the vertices at the point."""
        known: dict[Any, Any] = {}
        for j in self.present:
            known[output.arithmetic.element(self.couplings[i][j])] = self.numbers[self.couplings[i][j]]
        low, high = (Fraction(int(end.p), int(end.q)) for end in output.ends)
        found = {output.b: self.numbers[self.b[i]]}
        for level, (a, _) in enumerate(output.features):
            below: dict[Any, Fraction | None] = {}
            for t, height in found.items():
                for step, end in zip(output.steps(level, t), (low, high, Fraction(0)), strict=False):
                    move = known[a]
                    below[step] = None if height is None or (move is None and end) else height + (move or 0) * end
            found = below
        return found

    def _sign(self, arithmetic: Any, vertex: Any, height: Fraction | None, scale: Fraction, i: int) -> int | None:
        if vertex == 0:
            return 0
        if height is None:
            expression = arithmetic.expression(vertex)
            if expression.is_nonnegative:
                return 1
            return -1 if expression.is_nonpositive else None
        if abs(height) > (scale / 10 ** (DIGITS - 20) if self.rounded else 0):
            return 1 if height > 0 else -1
        expression = arithmetic.expression(vertex)
        if not expression.free_symbols or expression.equals(0):
            return 1 if expression.is_positive else -1 if expression.is_negative else 0
        raise ValueError(
            f"`at` must be inside a chamber; the vertex {expression} of output {i} is 0 there, and the loss has "
            "different expressions on both sides. Move the point to one side."
        )

    def loss(self) -> Any:
        """Return the loss on the chamber."""
        arithmetic: Any = self.expanded() or Nested()
        outputs = self.build(arithmetic)
        if isinstance(arithmetic, Expanded) and any(None in output.signs.values() for _, _, output in outputs):
            arithmetic = Nested()
            outputs = self.build(arithmetic)
        low, high = exact("values", self.values.low), exact("values", self.values.high)
        second_moment = arithmetic.number((low**2 + low * high + high**2) / 3)
        mean, two = arithmetic.number((low + high) / 2), arithmetic.number(sympy.Integer(2))
        total = arithmetic.wrap(arithmetic.one - arithmetic.one)
        for weight, p, output in outputs:
            square, product = output.relu() if self.activation == "relu" else output.linear()
            if output.own is None:
                product = product * (mean * p)
            total = total + (arithmetic.wrap(p * second_moment) + (square - product) * two) * weight
        return arithmetic.finish(total)

    def chamber(self) -> list[Any]:
        """Return the signs of the vertices that are not settled or implied."""
        arithmetic: Any = self.expanded() or Nested()
        above: dict[Any, None] = {}
        below: dict[Any, None] = {}
        for _, _, output in self.build(arithmetic):
            for vertex, sign in output.signs.items():
                expression = monomials(arithmetic.expression(vertex))
                if sign is None:
                    raise ValueError(
                        f"`at` must be given: the sign of {expression} is open. Pass a point inside the chamber, "
                        "such as at={b: -0.1}."
                    )
                if sign and expression.free_symbols:
                    (above if sign > 0 else below)[expression] = None
        conditions = [sympy.Gt(t, 0) for t in above if not implied(t, above, 1)]
        conditions += [sympy.Lt(t, 0) for t in below if not implied(t, below, -1)]
        return sorted((c for c in conditions if c not in (True, False)), key=sympy.default_sort_key)
