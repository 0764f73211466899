"""The exact loss as a sympy expression: small models with symbols for weights, biases, probabilities, importances.

Absent features count as zeros, so output i is the mean of a function of u_i = b_i + Σ_j G_ij x_j over a mixture of
boxes. With T_r(t) = E (t + Σ_j a_j x_j)_+^r / r!, averaging over one feature of probability p and values U[l, h] is

    T_r(t; a_1, a_2, ...) = (1 - p) T_r(t; a_2, ...)
                            + p [T_{r+1}(t + h a_1; a_2, ...) - T_{r+1}(t + l a_1; a_2, ...)] / ((h - l) a_1)

and E x_i T_r is the same with one integration by parts. Where all vertices t + Σ a_j {0, l, h} that are left have one
sign, T_r is 0 or a polynomial (moments), so couplings are divided by only where a kink really crosses the box. The
signs of the vertices are all that enters: a region where they are fixed is a *chamber*, and the loss on it is one
rational function, in most families a polynomial up to powers of the norm (notes/theory.md, section 1).

sympy is imported here, so this module is imported by name only: ``geomsup.symbolic``.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from math import comb
from numbers import Integral, Rational, Real
from typing import Any

import numpy as np
import sympy
from sympy.polys.orderings import lex
from sympy.polys.polyerrors import BasePolynomialError, CoercionFailed
from sympy.polys.polytools import parallel_poly_from_expr
from sympy.polys.rings import PolyRing

from geomsup import checks
from geomsup.features import Uniform

__all__ = ["chamber", "cross_polytope", "digon", "loss", "polygon", "simplex"]

# More values of the vertices of one output than this take minutes.
MOST_VERTICES = 1024
# Larger polynomials stay nested (products of powers), which is faster and shorter than expanding them.
MOST_TERMS = 20_000
# Number fields with more generators than this take minutes to set up.
MOST_RADICALS = 3
DIGITS = 60


def loss(
    W: Any = None,
    b: Any = 0,
    probability: Any = 1,
    *,
    importance: Any = 1,
    values: Uniform | None = None,
    gram: Any = None,
    activation: str = "relu",
    at: Mapping[Any, Any] | None = None,
) -> Any:
    """Return the exact loss L = Σ_i I_i E(x_i - f(b_i + Σ_j G_ij x_j))², G = W Wᵀ, as a sympy expression.

    With f = relu the loss is piecewise rational. `at` names the piece, by any point inside it: the expression is exact
    wherever all vertices b_i + Σ_j G_ij e_j, e_j in {0, low, high}, have the signs they have there (`chamber` lists
    these conditions). Without `at`, vertices whose sign follows from numbers and assumptions alone (such as
    ``Symbol("p", positive=True)``) are resolved and ``Max(t, 0)`` stands for the others, which is valid wherever no
    coupling that is divided by is 0.

    Parameters
    ----------
    W
        Weights, rows are features: a sympy Matrix, an array, or nested lists of numbers and expressions, ``(n, m)``.
    b
        Biases, one expression or ``n`` of them.
    probability
        p_i = P(x_i ≠ 0), one expression or ``n`` of them.
    importance
        I_i, one expression or ``n`` of them.
    values
        `Uniform`, the law of every present feature; U[0, 1] by default.
    gram
        Instead of `W`: the couplings G, ``(n, n)``. `digon`, `polygon`, `simplex` and `cross_polytope` give some;
        for untied weights pass W_out Wᵀ.
    activation
        "relu" or "linear".
    at
        A point inside the chamber: symbols, or their names, and their values. Symbols that occur only in
        `probability` or `importance` need none.

    Returns
    -------
    sympy.Expr
        A number if there are no symbols. Otherwise expanded and collected in the symbols of `probability` where that
        is short and the inputs are polynomials; else sums of products of powers. Symbols are taken to be real.

    Raises
    ------
    TypeError
        If something is not a real number or an expression.
    ValueError
        If shapes differ, a number is out of range, a symbol has no value in `at`, `at` lies on a wall of the chamber,
        or an output has more than 1024 vertices (10 features coupled to it; 6 if values do not start or end at 0;
        more where couplings are equal).

    Notes
    -----
    Floats are read as the decimals they print as, 0.1 as 1/10; pass ``sympy.Rational(x)`` for the dyadic number.

    Examples
    --------
    >>> from sympy import symbols
    >>> r, p = symbols("r p", positive=True)
    >>> pair = loss(gram=digon(r), probability=p)  # norm r, no bias
    >>> pair
    p**2*(-r**4/2 + 5*r**2/6) + 2*p*(r - 1)**2*(r + 1)**2/3
    >>> pair.subs(r, 1), pair.diff(r).subs(r, 1)  # norm 1 is not stationary
    (p**2/3, -p**2/3)
    >>> loss(gram=simplex(2), probability=p)  # the triangle
    p**3/8 + 3*p**2/8
    >>> loss([[0.8], [-0.6]], [0.1, 0.05], 0.3, importance=[1, 0.5]).n(12)
    0.0424628715007
    """
    problem = _Problem(W, b, probability, importance, values, gram, activation, at)
    return problem.loss()


def chamber(
    W: Any = None,
    b: Any = 0,
    probability: Any = 1,
    *,
    importance: Any = 1,
    values: Uniform | None = None,
    gram: Any = None,
    at: Mapping[Any, Any] | None = None,
) -> list[Any]:
    """Return the inequalities on which `loss` with the same arguments is one rational function.

    Parameters
    ----------
    W, b, probability, importance, values, gram, at
        As in `loss`. Features of probability 0 and outputs of importance 0 set no conditions.

    Returns
    -------
    list of sympy relationals
        The signs of all vertices that the symbols' assumptions do not settle, without repetitions and without those
        that follow from another by adding something the assumptions make nonnegative.

    Raises
    ------
    TypeError, ValueError
        As `loss`; also if `at` is needed and missing.

    Examples
    --------
    >>> from sympy import symbols
    >>> r, b = symbols("r b", real=True)
    >>> chamber(gram=digon(r), b=b, at={r: 1, b: -0.1})
    [b + r**2 > 0, b < 0]
    """
    problem = _Problem(W, b, probability, importance, values, gram, "relu", at)
    return problem.chamber()


def digon(norm: Any = 1) -> Any:
    """Return the Gram matrix of two opposite rows of the given norm.

    Raises
    ------
    TypeError
        If `norm` is not a real number or an expression.

    Examples
    --------
    >>> digon().tolist()
    [[1, -1], [-1, 1]]
    """
    return simplex(1, norm)


def polygon(k: int, norm: Any = 1) -> Any:
    """Return the Gram matrix norm² cos(2π(i - j)/k) of a regular k-gon, in exact algebraic numbers.

    Cosines that are not square roots are written as polynomials in cos(2π/k).

    Raises
    ------
    TypeError, ValueError
        If `k` is not an integer of at least 3, or `norm` not a real number or an expression.

    Examples
    --------
    >>> polygon(5)[0, :3]
    Matrix([[1, -1/4 + sqrt(5)/4, -sqrt(5)/4 - 1/4]])
    """
    k = checks.integer("k", k, minimum=3)
    square = _exact("norm", norm) ** 2
    cosines = [_cosine(min(j, k - j), k) for j in range(k)]
    return sympy.Matrix(k, k, lambda i, j: sympy.expand(square * cosines[(i - j) % k]))


def simplex(d: int, norm: Any = 1) -> Any:
    """Return the Gram matrix of d + 1 rows of the given norm with inner products -norm²/d.

    Raises
    ------
    TypeError, ValueError
        If `d` is not an integer of at least 1, or `norm` not a real number or an expression.

    Examples
    --------
    >>> simplex(2).tolist()
    [[1, -1/2, -1/2], [-1/2, 1, -1/2], [-1/2, -1/2, 1]]
    """
    d = checks.integer("d", d, minimum=1)
    square = _exact("norm", norm) ** 2
    return sympy.Matrix(d + 1, d + 1, lambda i, j: square if i == j else -square / d)


def cross_polytope(d: int, norm: Any = 1) -> Any:
    """Return the Gram matrix of d orthogonal pairs of opposite rows: features 2k and 2k + 1 are opposite.

    Raises
    ------
    TypeError, ValueError
        If `d` is not an integer of at least 1, or `norm` not a real number or an expression.

    Examples
    --------
    >>> cross_polytope(2).tolist()
    [[1, -1, 0, 0], [-1, 1, 0, 0], [0, 0, 1, -1], [0, 0, -1, 1]]
    """
    d = checks.integer("d", d, minimum=1)
    return sympy.diag(*[simplex(1, norm)] * d)


def _cosine(j: int, k: int) -> Any:
    """Return cos(2πj/k): in radicals where one square root does, else a reduced polynomial in cos(2π/k)."""
    if k in (3, 4, 5, 6, 8, 10, 12):
        return sympy.expand(sympy.cos(2 * sympy.pi * j / k))
    c = sympy.Dummy("c")
    generator = sympy.cos(2 * sympy.pi / k, evaluate=False)
    minimal = sympy.minimal_polynomial(generator, c)
    return sympy.rem(sympy.chebyshevt(j, c), minimal, c).subs(c, generator)


# What comes in


def _exact(name: str, value: Any) -> Any:
    """Return a real number or an expression as a sympy expression without floats."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, sympy.Expr):
        expression = value.xreplace({number: _decimal(number) for number in value.atoms(sympy.Float)})
        if expression.has(sympy.nan, sympy.oo, -sympy.oo, sympy.zoo) or expression.is_extended_real is False:
            raise ValueError(f"`{name}` must be real and finite; got {value}. Pass real numbers and real symbols.")
        return expression
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(
            f"`{name}` must hold real numbers and sympy expressions; got {value!r} ({type(value).__name__}). "
            "Pass numbers, symbols or expressions."
        )
    if isinstance(value, Integral):
        return sympy.Integer(int(value))
    if isinstance(value, Rational):
        fraction = Fraction(value)
        return sympy.Rational(fraction.numerator, fraction.denominator)
    if not np.isfinite(float(value)):
        raise ValueError(f"`{name}` must be real and finite; got {value!r}. Remove NaN and infinity first.")
    return sympy.Rational(repr(float(value)))


def _decimal(number: Any) -> Any:
    """Return the rational that a sympy Float prints as; doubles as the shortest decimal."""
    short = repr(float(number))
    return sympy.Rational(short if sympy.Float(short, precision=number._prec) == number else str(number))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes)


def _matrix(name: str, value: Any) -> list[list[Any]]:
    if isinstance(value, sympy.MatrixBase | np.ndarray):
        value = value.tolist()
    if not _is_list(value) or not all(_is_list(row) for row in value) or not value:
        got = type(value).__name__ if not _is_list(value) else f"{value!r}"
        raise TypeError(
            f"`{name}` must be a matrix, rows are features; got {got}. Pass a sympy Matrix, an array or nested lists."
        )
    widths = sorted({len(row) for row in value})
    if len(widths) > 1 or not widths[0]:
        raise ValueError(f"`{name}` must be rectangular and not empty; got rows of length {widths}. Pad or drop rows.")
    return [[_exact(name, entry) for entry in row] for row in value]


def _per_feature(name: str, value: Any, n: int, *, high: float = np.inf, low: float = -np.inf) -> list[Any]:
    if isinstance(value, sympy.MatrixBase):
        value = value.flat()
    elif isinstance(value, np.ndarray):
        value = value.tolist()
    entries = [_exact(name, entry) for entry in (value if _is_list(value) else [value])]
    if _is_list(value) and len(entries) != n:
        raise ValueError(
            f"`{name}` must be one expression or have one entry per feature ({n}); got {len(entries)}. "
            "Pass a single one to share it among all features."
        )
    for entry in entries:
        if entry.is_number and not low <= float(entry) <= high:
            rule = f"in [{low:g}, {high:g}]" if np.isfinite(high) else f"at least {low:g}"
            hint = "Pass P(x_i != 0) = 1 - sparsity." if name == "probability" else "Rescale or clip it."
            raise ValueError(f"`{name}` must be {rule}; got {entry}. {hint}")
    return entries if _is_list(value) else entries * n


def _couplings(W: Any, gram: Any) -> list[list[Any]]:
    if (W is None) == (gram is None):
        got = "neither" if W is None else "both"
        raise ValueError(f"`W` or `gram` must be given, and not both; got {got}. Pass one of them.")
    if gram is None:
        rows = _matrix("W", W)
        return [[sum((x * y for x, y in zip(u, v, strict=True)), sympy.S.Zero) for v in rows] for u in rows]
    matrix = _matrix("gram", gram)
    if len(matrix) != len(matrix[0]):
        raise ValueError(
            f"`gram` must be square; got shape ({len(matrix)}, {len(matrix[0])}). Pass W Wᵀ, or the weights as `W`."
        )
    return matrix


def _point(at: Any, symbols: set[Any]) -> dict[Any, Any] | None:
    """Return values for symbols, from a mapping of symbols or names."""
    if at is None:
        return None
    if not isinstance(at, Mapping):
        raise TypeError(f"`at` must map symbols, or their names, to numbers; got {at!r}. Write at={{b: -0.1}}.")
    point = {}
    for key, value in at.items():
        named = {symbol for symbol in symbols if symbol == key or (isinstance(key, str) and symbol.name == key)}
        if not isinstance(key, str | sympy.Symbol):
            raise TypeError(f"`at` must have symbols or their names as keys; got {key!r}. Write at={{b: -0.1}}.")
        number = _exact("at", value)
        if not number.is_number:
            raise ValueError(f"`at` must give numbers; got {value} for {key}. It is a point, not a substitution.")
        point.update(dict.fromkeys(named, number))
    return point


# Arithmetic: expanded polynomials over couplings where possible, nested expressions elsewhere


class _Terms:
    """Σ polynomial / denominator; a denominator is exponents of symbols and of monic polynomials."""

    __slots__ = ("parts",)

    def __init__(self, parts: dict[Any, Any]):
        self.parts = parts

    def __add__(self, other: "_Terms") -> "_Terms":
        parts = dict(self.parts)
        for key, polynomial in other.parts.items():
            parts[key] = parts[key] + polynomial if key in parts else polynomial
        return _Terms(parts)

    def __sub__(self, other: "_Terms") -> "_Terms":
        return self + _Terms({key: -polynomial for key, polynomial in other.parts.items()})

    def __mul__(self, factor: Any) -> "_Terms":
        return _Terms({key: polynomial * factor for key, polynomial in self.parts.items()})


class _Expanded:
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
        return self._elements[expression]

    def number(self, rational: Any) -> Any:
        return self.ring.ground_new(self.ring.domain.from_sympy(rational))

    def expression(self, element: Any) -> Any:
        return element.as_expr()

    def wrap(self, element: Any) -> _Terms:
        return _Terms({((0,) * len(self.symbols), ()): element})

    def power(self, element: Any, exponent: int) -> Any:
        return element**exponent if exponent else self.one  # sympy's polynomials refuse 0**0

    def over(self, terms: _Terms, coupling: Any) -> _Terms:
        scale, monomial, rest = self._split(coupling)
        parts = {}
        for (monomials, rests), polynomial in terms.parts.items():
            powers = dict(rests)
            if rest is not None:
                powers[rest] = powers.get(rest, 0) + 1
            key = tuple(m + n for m, n in zip(monomials, monomial, strict=True)), tuple(sorted(powers.items()))
            parts[key] = polynomial * scale
        return _Terms(parts)

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

    def finish(self, terms: _Terms) -> Any:
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
            inner = [s**m for s, m, c in zip(self.symbols, powers, self.collected, strict=True) if not c]
            value = self.ring.domain.to_sympy(coefficient)
            groups.setdefault(outer, []).append(sympy.Mul(sympy.expand(value), *inner))
        total = []
        for outer, terms in groups.items():
            sum_ = sympy.Add(*terms) / below
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


class _Nested:
    """Elements are sympy expressions; nothing is expanded but the vertices."""

    def __init__(self) -> None:
        self.one = sympy.S.One

    def element(self, expression: Any) -> Any:
        return sympy.expand(expression)

    def number(self, rational: Any) -> Any:
        return rational

    def expression(self, element: Any) -> Any:
        return sympy.expand(element)

    def wrap(self, element: Any) -> Any:
        return element

    def power(self, element: Any, exponent: int) -> Any:
        return element**exponent

    def over(self, terms: Any, coupling: Any) -> Any:
        return terms / coupling

    def finish(self, terms: Any) -> Any:
        return sympy.S(terms)


_Arithmetic = _Expanded | _Nested


# The recursion


class _Output:
    """Mean of (u)_+^r / r! for one output, u = b + Σ_j a_j x_j; `own` is the index of the feature it should return."""

    def __init__(self, arithmetic: Any, b: Any, features: list[tuple[Any, Any]], own: int | None, values: Uniform):
        self.arithmetic, self.b, self.features, self.own, self.values = arithmetic, b, features, own, values
        self.ends = _exact("values", values.low), _exact("values", values.high)
        self.low, self.high, self.inverse_width = (
            arithmetic.number(number) for number in (*self.ends, 1 / (self.ends[1] - self.ends[0]))
        )
        self._zero = arithmetic.one - arithmetic.one
        self._moments: tuple[list[Any], list[Any]] | None = None
        self._known: dict[Any, frozenset[int | None]] = {}
        self._memo: dict[Any, Any] = {}
        self.signs: dict[Any, int | None] = {}

    def steps(self, level: int, t: Any) -> list[Any]:
        """Return the vertices one level down: present at both ends, then absent unless always present."""
        a, p = self.features[level]
        ends = [t + a * self.low if self.ends[0] else t, t + a * self.high if self.ends[1] else t]
        return ends if p == self.arithmetic.one else [*ends, t]

    def vertices(self, most: int) -> list[Any] | None:
        """Return the distinct vertices in a fixed order; None if there are more than `most`."""
        found = [self.b]
        for level in range(len(self.features)):
            found = list(dict.fromkeys(step for t in found for step in self.steps(level, t)))
            if len(found) > most:
                return None
        return found

    def negated(self) -> "_Output":
        other = _Output(self.arithmetic, -self.b, [(-a, p) for a, p in self.features], self.own, self.values)
        other.signs = {-vertex: None if sign is None else -sign for vertex, sign in self.signs.items()}
        return other

    def linear(self) -> tuple[Any, Any]:
        """Return E u²/2 and E x u (E u if the feature's own value does not matter)."""
        return self.wrap(self._leaf(0, self.b, 2, False)), self.wrap(self._leaf(0, self.b, 1, self.own is not None))

    def relu(self) -> tuple[Any, Any]:
        """Return E u_+²/2 and E x u_+ (or E u_+), from the side of zero with fewer vertices."""
        signs, weighted = list(self.signs.values()), self.own is not None
        if None in signs or signs.count(1) <= signs.count(-1):
            return self._mean(0, self.b, 2, False), self._mean(0, self.b, 1, weighted)
        square, product = self.linear()
        below = self.negated()
        return square - below._mean(0, below.b, 2, False), product + below._mean(0, below.b, 1, weighted)

    def wrap(self, element: Any) -> Any:
        return self.arithmetic.wrap(element)

    def _signs(self, level: int, t: Any) -> frozenset[int | None]:
        """Return the signs of all vertices that can be reached; None among them is an unknown one."""
        if (level, t) not in self._known:
            if level == len(self.features):
                found = frozenset([self.signs[t]])
            else:
                found = frozenset().union(*(self._signs(level + 1, step) for step in self.steps(level, t)))
            self._known[level, t] = found
        return self._known[level, t]

    def _mean(self, level: int, t: Any, r: int, weighted: bool) -> Any:
        """Return E (t + Σ_{j >= level} a_j x_j)_+^r / r!, with x_own as a further factor if `weighted`."""
        key = level, t, r, weighted
        if key not in self._memo:
            self._memo[key] = self._mean_of(*key)
        return self._memo[key]

    def _mean_of(self, level: int, t: Any, r: int, weighted: bool) -> Any:
        signs = self._signs(level, t)
        if signs <= {-1, 0}:
            return self.wrap(self._zero)
        if signs <= {0, 1}:
            return self.wrap(self._leaf(level, t, r, weighted))
        if level == len(self.features):
            return sympy.Max(t, 0) ** r / sympy.factorial(r)
        a, p = self.features[level]
        low, high, *absent = self.steps(level, t)
        over = self.arithmetic.over
        here = weighted and level == self.own

        def difference(power: int) -> Any:
            carried = weighted and not here
            return self._mean(level + 1, high, power, carried) - self._mean(level + 1, low, power, carried)

        if here:
            first = self._mean(level + 1, high, r + 1, False) * self.high
            first = first - self._mean(level + 1, low, r + 1, False) * self.low
            present = over(first - over(difference(r + 2), a), a)
        else:
            present = over(difference(r + 1), a)
        total = present * (p * self.inverse_width)
        if absent and not here:
            total = total + self._mean(level + 1, t, r, weighted) * (self.arithmetic.one - p)
        return total

    def _leaf(self, level: int, t: Any, r: int, weighted: bool) -> Any:
        """Return E (t + s)^r x_own / r! (or without x_own) from the moments of what is left."""
        if self._moments is None:
            self._moments = self._fill()
        moments = self._moments[weighted][level]
        total = self._zero
        for d in range(r + 1):
            inverse = self.arithmetic.number(1 / sympy.factorial(r - d))
            total = total + moments[d] * self.arithmetic.power(t, r - d) * inverse
        return total

    def _fill(self) -> tuple[list[Any], list[Any]]:
        """Return E s^d / d! and E x_own s^d / d! at [level][d], d <= level + 2, for s = Σ_{j >= level} a_j x_j."""
        n, one, zero = len(self.features), self.arithmetic.one, self._zero
        low, high = self.ends
        plain = [[one] + [zero] * (n + 2)]
        heavy = [[zero] * (n + 3)]
        raw = [(high ** (d + 1) - low ** (d + 1)) / ((d + 1) * (high - low)) for d in range(n + 5)]
        for level in range(n - 1, -1, -1):
            a, p = self.features[level]
            after, after_heavy = plain[0], heavy[0]
            up_to = level + 3  # what the walk can ask for
            terms = [self.arithmetic.power(a, e) * p for e in range(up_to)]
            simple = [one, *(terms[e] * self.arithmetic.number(raw[e] / sympy.factorial(e)) for e in range(1, up_to))]
            own = [terms[e] * self.arithmetic.number(raw[e + 1] / sympy.factorial(e)) for e in range(up_to)]

            def convolve(left: list[Any], right: list[Any], size: int = up_to) -> list[Any]:
                return [sum((left[e] * right[d - e] for e in range(d + 1)), zero) for d in range(size)]

            plain.insert(0, convolve(simple, after))
            heavy.insert(0, convolve(own, after) if level == self.own else convolve(simple, after_heavy))
        return plain, heavy


class _Problem:
    """Checked arguments, the outputs that differ, and the signs of their vertices."""

    def __init__(
        self, W: Any, b: Any, probability: Any, importance: Any, values: Any, gram: Any, activation: str, at: Any
    ):
        checks.one_of("activation", activation, ("relu", "linear"))
        if values is not None and not isinstance(values, Uniform):
            raise TypeError(f"`values` must be a Uniform; got {values!r}. The vertices come from its ends.")
        self.name = "W" if gram is None else "gram"
        self.couplings = _couplings(W, gram)
        n = len(self.couplings)
        self.b = _per_feature("b", b, n)
        self.probability = _per_feature("probability", probability, n, low=0, high=1)
        self.importance = _per_feature("importance", importance, n, low=0)
        self.values = values or Uniform()
        self.activation = activation
        self.outputs = [i for i in range(n) if self.importance[i] != 0]
        self.present = [j for j in range(n) if self.probability[j] != 0]
        symbols = set().union(*(e.free_symbols for e in self._all()))
        self.point = _point(at, symbols)
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

    def expanded(self) -> _Expanded | None:
        """Return polynomial arithmetic if all inputs are polynomials and the result is not too long."""
        shaping = set().union(*(e.free_symbols for e in self._shaping()))
        weights = set().union(*(e.free_symbols for e in [*self.probability, *self.importance])) - shaping
        chances = set().union(*(e.free_symbols for e in self.probability)) - shaping
        if _radicals(self._all()) > MOST_RADICALS:
            return None
        try:
            arithmetic = _Expanded(self._all(), chances)
        except (BasePolynomialError, CoercionFailed, NotImplementedError):
            return None
        terms = 0
        for row in {(*(self.couplings[i][j] for j in self.present), self.b[i]) for i in self.outputs}:
            monomials = {m for e in row for m in arithmetic.element(e).monoms()}
            coupled = sum(e != 0 for e in row[:-1])
            terms += comb(len(monomials) + coupled + 1, coupled + 2)
        return arithmetic if terms * 2 ** len(weights) <= MOST_TERMS else None

    def build(self, arithmetic: Any) -> list[tuple[Any, Any, _Output]]:
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
            output = _Output(arithmetic, b, [term[2:] for term in row], own, self.values)
            groups[key] = [weight, p, output]
            if self.activation == "relu":
                self._attach_signs(arithmetic, output, i)
        return [tuple(group) for group in groups.values()]

    def _order(self, coupling: Any) -> Fraction:
        value = self.numbers[coupling]
        return Fraction(0) if value is None else -abs(value)

    def _vanishes(self, arithmetic: Any, element: Any, expression: Any) -> bool:
        """Whether an expression that is 0 at the point is identically 0 (polynomials know already)."""
        return isinstance(arithmetic, _Nested) and self.numbers[expression] == 0 and element.equals(0) is True

    def _attach_signs(self, arithmetic: Any, output: _Output, i: int) -> None:
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

    def _heights(self, output: _Output, i: int) -> dict[Any, Fraction | None]:
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
        arithmetic: Any = self.expanded() or _Nested()
        outputs = self.build(arithmetic)
        if isinstance(arithmetic, _Expanded) and any(None in output.signs.values() for _, _, output in outputs):
            arithmetic = _Nested()
            outputs = self.build(arithmetic)
        low, high = _exact("values", self.values.low), _exact("values", self.values.high)
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
        arithmetic: Any = self.expanded() or _Nested()
        above: dict[Any, None] = {}
        below: dict[Any, None] = {}
        for _, _, output in self.build(arithmetic):
            for vertex, sign in output.signs.items():
                expression = _monomials(arithmetic.expression(vertex))
                if sign is None:
                    raise ValueError(
                        f"`at` must be given: the sign of {expression} is open. Pass a point inside the chamber, "
                        "such as at={b: -0.1}."
                    )
                if sign and expression.free_symbols:
                    (above if sign > 0 else below)[expression] = None
        conditions = [sympy.Gt(t, 0) for t in above if not _implied(t, above, 1)]
        conditions += [sympy.Lt(t, 0) for t in below if not _implied(t, below, -1)]
        return sorted((c for c in conditions if c not in (True, False)), key=sympy.default_sort_key)


def _radicals(expressions: Iterable[Any]) -> int:
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


def _monomials(expression: Any) -> Any:
    """Return a polynomial with one term for each monomial; other expressions expanded."""
    polynomial = expression.as_poly(*sorted(expression.free_symbols, key=str))
    if polynomial is None:
        return sympy.expand(expression)
    return sympy.Add(
        *(
            sympy.Mul(*(s**m for s, m in zip(polynomial.gens, powers, strict=True)), coefficient)
            for powers, coefficient in polynomial.terms()
        )
    )


def _implied(vertex: Any, others: Iterable[Any], sign: int) -> bool:
    """Whether another vertex of that sign, plus something of that sign by assumption, is this one."""
    return any(other != vertex and _monomials(sign * (vertex - other)).is_nonnegative for other in others)
