"""The optimum of a family as power series in p, along the branch of 2 A' B = A B' that it follows as p → 0."""

from dataclasses import dataclass
from typing import Any

import mpmath
import sympy

from geomsup.symbolic.algebra.power_series import branch, composed, quotient, times
from geomsup.symbolic.algebra.splines import Splines
from geomsup.symbolic.stationary import lowest

__all__ = ["OptimumSeries", "expand_optimum"]

# So small that only the leading terms count: the optima there name the chamber and the leading power of b/s.
SMALL: tuple[Any, Any] = sympy.Rational(1, 10**5), sympy.Rational(1, 10**6)
VANISHING = 1e-3  # a ratio b/s below this at the smaller of them tends to 0
GUARD = 30


@dataclass(frozen=True)
class OptimumSeries:
    """Norm², bias and loss of an optimum as sympy power series in p, with their order terms.

    Examples
    --------
    >>> from geomsup.symbolic import optimum
    >>> optimum("digon").series(2).loss
    p**2/3 - p**3/96 + O(p**4)
    """

    norm_squared: Any
    bias: Any
    loss: Any


def expand_optimum(splines: Splines, n: int, symbol: Any, n_terms: int, digits: int) -> OptimumSeries:
    """Return `n_terms` terms of each series; coefficients that are not exact to some digits."""
    larger, smaller = (lowest(splines, p, GUARD) for p in SMALL)
    if larger is None or smaller is None or larger.chamber != smaller.chamber:
        raise ValueError("`shape` must have an optimum that stays in one chamber as p -> 0; this one leaves it.")
    A, B = splines.polynomials(smaller.chamber)
    slope = 2 * A.diff(splines.t) * B - A * B.diff(splines.t)
    power = 0
    if abs(smaller.ratio) < VANISHING:
        power = round(float(mpmath.log(larger.ratio / smaller.ratio, 10)))
    length = n_terms + power + 3  # the loss starts at p or p², and a power is lost in A/B
    with mpmath.workdps(digits + GUARD):
        near = smaller.ratio / (mpmath.mpf(SMALL[1].p) / SMALL[1].q) ** power
        a, b, f = (dict(part.rep.to_dict()) for part in (A, B, slope))
        u = branch(f, power, near, length, splines.number)
        if isinstance(u[0], mpmath.mpf):
            a, b = ({key: splines.number(c) for key, c in part.items()} for part in (a, b))
        t = ([u[0] * 0] * power + u)[:length]
        at, bt = composed(a, t), composed(b, t)
        s = quotient(at, bt)
        gain = times(s, at)
        third = [(c, sympy.Rational(1, 3) if k == 1 else 0) for k, c in enumerate(gain)]
        loss = [n * (constant - _expression(c, splines)) for c, constant in third]
        rows = [[_expression(c, splines) for c in part] for part in (s, times(s, t))]
        return OptimumSeries(*(_printed(part, symbol, n_terms, digits) for part in (*rows, loss)))


def _expression(value: Any, splines: Splines) -> Any:
    return sympy.Float(value, mpmath.mp.dps) if isinstance(value, mpmath.mpf) else splines.domain.to_sympy(value)


def _printed(coefficients: list[Any], symbol: Any, n_terms: int, digits: int) -> Any:
    """Return the first terms that are not zero, and the order of what follows."""
    zero = sympy.Float(10) ** -(digits + GUARD // 2)
    first = next(k for k, c in enumerate(coefficients) if c != 0 and not (c.is_Float and abs(c) < zero))
    kept = coefficients[first : first + n_terms]
    kept = [sympy.Float(c, digits) if c.is_Float else c for c in kept]
    total = sympy.Add(*(c * symbol ** (first + k) for k, c in enumerate(kept)))
    return total + sympy.Order(symbol ** (first + n_terms))
