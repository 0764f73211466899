"""One polynomial for the ratio, the norm or the bias at a stationary point, by resultants."""

from typing import Any

import mpmath
import sympy

__all__ = ["KINDS", "eliminated"]

KINDS = ("ratio", "norm_squared", "bias")
DIGITS = 60


def eliminated(A: Any, B: Any, kind: str, variable: Any, point: dict[Any, Any]) -> Any:
    """Return a polynomial in `variable` that vanishes at the stationary point of n (p/3 - 2 s A + s² B).

    Stationary are s B = A and s B' = 2 A'; from them follow 2 A' B = A B' for t, and by a resultant over t, with
    b = s t, the others. Of its factors it is the one that vanishes at `point`. Polynomials in t and p over number
    fields are not factored, only powers of p are split off: factoring takes minutes.

    Parameters
    ----------
    A, B
        Poly in (t, p) or in t alone.
    kind
        "ratio" (t), "norm_squared" (s) or "bias" (b).
    variable
        The symbol to write the polynomial in.
    point
        Numerical values of `variable`, and of p if it is a generator, at the stationary point, to 60 digits.
    """
    t, *rest = A.gens
    if kind == "ratio":
        slope = 2 * A.diff(t) * B - A * B.diff(t)
        return _relevant(slope.replace(t, variable), point)
    parts = (A, B, A.diff(t), B.diff(t), variable, t if kind == "bias" else sympy.S.One)
    # With s = b/t the equations are b B = t A and b B' = 2 t A'.
    a, b, da, db, x, other = (sympy.Poly(part, t, variable, *rest, domain=A.domain) for part in map(_plain, parts))
    result = (x * b - other * a).resultant(x * db - 2 * other * da)
    return _relevant(sympy.Poly(result, variable, *rest, domain=A.domain), point)


def _plain(part: Any) -> Any:
    return part.as_expr() if isinstance(part, sympy.Poly) else part


def _relevant(polynomial: Any, point: dict[Any, Any]) -> Any:
    """Return the factor that vanishes at the point, as Poly in the first generator alone."""
    variable = polynomial.gens[0]
    if polynomial.domain.is_Algebraic and len(polynomial.gens) > 1:
        _, factor = polynomial.terms_gcd()
    else:
        factors = [factor for factor, _ in polynomial.factor_list()[1] if factor.degree(variable) > 0]
        factor = min(factors, key=lambda each: _size(each, point))
    return factor.eject(*factor.gens[1:]) if len(factor.gens) > 1 else factor


def _size(polynomial: Any, point: dict[Any, Any]) -> Any:
    """Return the polynomial's value at the point beside the sum of its terms' sizes."""
    with mpmath.workdps(DIGITS):
        values = [point[generator] for generator in polynomial.gens]
        terms = [
            mpmath.mpf(str(sympy.N(c, DIGITS))) * mpmath.fprod(v**m for v, m in zip(values, powers, strict=True))
            for powers, c in polynomial.terms()
        ]
        return abs(mpmath.fsum(terms)) / mpmath.fsum(map(abs, terms))
