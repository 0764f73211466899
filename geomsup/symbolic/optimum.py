"""Optimal losses in closed form, for shapes whose features share one norm and one bias."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import mpmath
import sympy

from geomsup import checks
from geomsup.symbolic.algebra.conditions import monomials
from geomsup.symbolic.algebra.elimination import KINDS, eliminated
from geomsup.symbolic.algebra.splines import Splines
from geomsup.symbolic.expansion import OptimumSeries, expand_optimum
from geomsup.symbolic.family import Family, family
from geomsup.symbolic.loss import loss
from geomsup.symbolic.reach import reach
from geomsup.symbolic.reading import chance
from geomsup.symbolic.stationary import Stationary, lowest

__all__ = ["OptimumPoint", "SymbolicOptimum", "optimum"]

S = sympy.Symbol("s", positive=True)
B = sympy.Symbol("b", real=True)
T = sympy.Symbol("t", real=True)
P = sympy.Symbol("p", positive=True)
SMALLEST = sympy.Rational(1, 10**6)  # where doubles still separate the roots of neighbouring chambers
MOST_DIGITS = 1000
MOST_TERMS = 30


@dataclass(frozen=True)
class OptimumPoint:
    """The optimum of a family at one probability, as sympy numbers.

    Attributes
    ----------
    probability
        As asked.
    norm_squared, norm, bias, loss
        To as many digits as asked; the loss is summed over the features.
    conditions
        The chamber it lies in, in s = norm² and b.

    Examples
    --------
    >>> from geomsup.symbolic import optimum
    >>> point = optimum("digon").evaluate(0.5, digits=10)
    >>> point.loss
    0.07628244699
    """

    probability: Any
    norm_squared: Any
    norm: Any
    bias: Any
    loss: Any
    conditions: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class SymbolicOptimum:
    """The loss of a family on one chamber, and the equations of its optimum; made by `optimum`.

    Attributes
    ----------
    shape
        Name of the family.
    gram
        W Wᵀ at norm 1.
    probability
        The symbol, or the number.
    at
        The probability whose optimum lies in the chamber.
    norm_squared, bias, ratio
        The symbols s = norm², b and t = b/s.

    Examples
    --------
    >>> from geomsup.symbolic import optimum
    >>> best = optimum("digon")
    >>> best.conditions
    (b > 0, b - s < 0)
    >>> best.interval(digits=5)
    (0, 1)
    """

    shape: str
    gram: Any = field(repr=False)
    probability: Any
    at: Any
    norm_squared: Any = field(repr=False)
    bias: Any = field(repr=False)
    ratio: Any = field(repr=False)
    _splines: Splines = field(repr=False)
    _stationary: Stationary = field(repr=False)

    @cached_property
    def loss(self) -> Any:
        """The loss in s, b and p on the chamber."""
        return loss(gram=self.norm_squared * self.gram, b=self.bias, probability=self.probability, at=self._inside)

    @cached_property
    def conditions(self) -> tuple[Any, ...]:
        """The chamber: inequalities in s and b."""
        return _conditions(self._splines, self._stationary.chamber)

    @property
    def equations(self) -> tuple[Any, Any]:
        """The numerators of dL/ds and dL/db, polynomials in s, b and p that vanish at the optimum."""
        slopes = (sympy.together(self.loss.diff(x)) for x in (self.norm_squared, self.bias))
        first, second = (sympy.expand(sympy.numer(slope)) for slope in slopes)
        return first, second

    @property
    def _inside(self) -> dict[Any, Any]:
        return {self.norm_squared: 1, self.bias: _middle(self._splines, self._stationary.chamber)}

    def polynomial(self, of: str = "ratio") -> Any:
        """Return the polynomial in one unknown whose root the optimum is, by elimination of the others.

        For t = b/s it is 2 A' B - A B' with L = n (p/3 - 2 s A(t) + s² B(t)); for s and b a resultant. With p symbolic
        the ratio takes well below a second; s takes 1 s for the digon, 4 s for the triangle, 20 s for the tetrahedron,
        b twice that. For polygons give `optimum` a number, 3 s for the
        pentagon: with p symbolic the resultants of pentagon and hexagon were not done after 4 minutes.

        Parameters
        ----------
        of
            "ratio", "norm_squared" or "bias".

        Returns
        -------
        sympy.Poly
            In t, s or b, with coefficients in p.

        Raises
        ------
        ValueError
            If `of` is none of the three.

        Examples
        --------
        >>> optimum("digon").polynomial().degree()
        7
        """
        checks.one_of("of", of, KINDS)
        variable = {"ratio": self.ratio, "norm_squared": self.norm_squared, "bias": self.bias}[of]
        A, B = self._splines.polynomials(self._stationary.chamber)
        if self.probability.is_Symbol:
            A, B = (part.replace(self._splines.p, self.probability) for part in (A, B))
        else:
            A, B = (part.eval(self._splines.p, self.probability) for part in (A, B))
        with mpmath.workdps(60):
            found = self._stationary
            s = found.A / found.B
            value = {"ratio": found.ratio, "norm_squared": s, "bias": s * found.ratio}[of]
            p = mpmath.mpf(self.at.p) / self.at.q
        return eliminated(A, B, of, variable, {variable: value, self.probability: p})

    def evaluate(self, probability: Any = None, *, digits: int = 30) -> OptimumPoint:
        """Return the lowest loss of the family at a probability, whichever chamber it lies in.

        Parameters
        ----------
        probability
            A number from 1e-6 to 1; the optimum's own by default.
        digits
            Significant digits.

        Raises
        ------
        TypeError, ValueError
            If an argument has the wrong kind or range, or `probability` is missing and still a symbol.

        Examples
        --------
        >>> optimum("tetrahedron").evaluate(0.5, digits=10).loss
        0.07593765040
        """
        if probability is None and self.probability.is_Symbol:
            raise ValueError(
                f"`probability` must be a number; got none, and it is the symbol {self.probability} here. "
                "Write .evaluate(0.1)."
            )
        p = self.probability if probability is None else _number("probability", probability)
        digits = _digits(digits)
        found = _lowest(self._splines, p, digits, self.shape)
        with mpmath.workdps(digits + 10):
            s = found.A / found.B
            n = self.gram.rows
            value = n * (mpmath.mpf(p.p) / p.q / 3 - found.gain)
            return OptimumPoint(
                probability=p,
                norm_squared=sympy.Float(s, digits),
                norm=sympy.Float(mpmath.sqrt(s), digits),
                bias=sympy.Float(s * found.ratio, digits),
                loss=sympy.Float(value, digits),
                conditions=_conditions(self._splines, found.chamber),
            )

    def series(self, n_terms: int = 3, *, digits: int = 30) -> OptimumSeries:
        """Return norm², bias and loss as power series in p, at small p.

        They are those of the chamber the optimum lies in as p → 0, wherever `at` is. Coefficients are exact where
        b/s → 0, as for simplices. Where b/s tends to an algebraic number, as for pentagons and up, they are numbers.

        Parameters
        ----------
        n_terms
            Number of terms of each, from its leading power on.
        digits
            Significant digits of coefficients that are not exact.

        Raises
        ------
        TypeError, ValueError
            If an argument has the wrong kind or range.

        Examples
        --------
        >>> optimum("digon").series(2).loss
        p**2/3 - p**3/96 + O(p**4)
        """
        n_terms = checks.integer("n_terms", n_terms, minimum=1, maximum=MOST_TERMS)
        symbol = self.probability if self.probability.is_Symbol else P
        return expand_optimum(self._splines, self.gram.rows, symbol, n_terms, _digits(digits))

    def interval(self, *, digits: int = 30) -> tuple[Any, Any]:
        """Return the probabilities around `at` between which the optimum stays in this chamber.

        Raises
        ------
        TypeError, ValueError
            If `digits` is not an integer from 1 to 1000.

        Examples
        --------
        >>> optimum("triangle").interval(digits=10)
        (0, 0.7714878009)
        """
        return reach(self._splines, self._stationary.chamber, self.at, _digits(digits))

    def __str__(self) -> str:
        conditions = ", ".join(map(str, self.conditions))
        return f"{self.shape}: L = {self.loss}\non the chamber {conditions}"


def optimum(shape: Any, probability: Any = P, *, at: Any = None) -> SymbolicOptimum:
    """Return the optimum of a shape whose rows have one common norm, and one common bias, as formulas.

    The inputs are independent, U[0, 1] where present, with probability p each; x' = ReLU(W Wᵀ x + b). With norm² = s
    and b = s t the loss is n (p/3 - 2 s A(t) + s² B(t)), A and B polynomials in t and p between breakpoints of t, so
    the optimum has s = A/B and t a root of 2 A' B - A B'. The chamber changes with p, and with it the polynomials:
    `at` says for which p they are wanted. The chamber is found by comparing the roots in all of them.

    Parameters
    ----------
    shape
        "digon", "triangle", "square", "pentagon", "hexagon", "heptagon", "octagon", "tetrahedron", "octahedron";
        ``("simplex", d)``, ``("polygon", k)``, ``("cross_polytope", d)``; or the Gram matrix of a shape whose rows
        have equal norms and equal couplings up to order.
    probability
        A symbol or a number from 1e-6 to 1.
    at
        With a symbol: the probability whose optimum lies in the chamber, 1/100 by default.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range, or rows differ.

    Notes
    -----
    It is the lowest loss within the family, not among all models: `geomsup.optimum` searches those. Above p = 0.7064
    a pair of unequal rows beats the digon, see `symmetry_breaking`.

    Examples
    --------
    >>> best = optimum("digon")
    >>> best.loss.subs({best.norm_squared: 1, best.bias: 0})
    p**2/3
    >>> best.conditions
    (b > 0, b - s < 0)
    >>> best.evaluate(0.1, digits=10).loss
    0.003319483990
    """
    kind: Family = family(shape)
    if isinstance(probability, sympy.Symbol):
        if probability.name in ("s", "b", "t"):
            raise ValueError(f"`probability` must not be called s, b or t; got {probability}. Call it p.")
        p, inside = probability, sympy.Rational(1, 100) if at is None else _number("at", at)
    else:
        p = inside = _number("probability", probability)
        if at is not None:
            raise ValueError(
                f"`at` must be left out where `probability` is a number; got {checks.shown(at)}. Pass one of them."
            )
    splines = Splines(kind.couplings)
    found = _lowest(splines, inside, 60, kind.name)
    return SymbolicOptimum(kind.name, kind.gram, p, inside, S, B, T, splines, found)


def _number(name: str, value: Any) -> Any:
    """Return a probability as a rational."""
    if isinstance(value, sympy.Symbol):
        raise TypeError(f"`{name}` must be a number; got the symbol {value}. Write {name}=0.1.")
    number = chance(name, value, low=SMALLEST)
    return number if number.is_Rational else sympy.Rational(str(sympy.N(number, 60)))


def _digits(digits: Any) -> int:
    digits = checks.integer("digits", digits, minimum=1)
    if digits > MOST_DIGITS:
        raise ValueError(f"`digits` must be at most {MOST_DIGITS}; got {digits}. Use the polynomials for more.")
    return digits


def _lowest(splines: Splines, p: Any, digits: int, name: str) -> Stationary:
    found = lowest(splines, p, digits)
    if found is None:
        raise ValueError(
            f"`shape` must have an optimum at a finite norm and bias; {name} has none at p = {p}. "
            "Use geomsup.optimum, which may leave features out."
        )
    return found


def _middle(splines: Splines, number: int) -> Any:
    """Return a rational value of t inside a chamber."""
    low = -splines.domain.to_sympy(splines.vertices[number - 1])
    if number == len(splines.vertices):
        return sympy.Integer(sympy.ceiling(low) + 1)
    high = -splines.domain.to_sympy(splines.vertices[number])
    return sympy.Rational(str(sympy.N((low + high) / 2, 30)))


def _conditions(splines: Splines, number: int) -> tuple[Any, ...]:
    lines = [monomials(B + S * splines.domain.to_sympy(v)) for v in splines.vertices[number - 1 : number + 1]]
    return sympy.Gt(lines[0], 0), *(sympy.Lt(line, 0) for line in lines[1:])
