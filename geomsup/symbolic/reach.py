"""For which probabilities the optimum of a family stays in one chamber."""

from typing import Any

import sympy

from geomsup.symbolic.algebra.splines import Splines
from geomsup.symbolic.stationary import lowest

__all__ = ["reach"]

BESIDE = sympy.Rational(1, 10**6)  # where the two sides of a crossing are looked at


def reach(splines: Splines, chamber: int, at: Any, digits: int) -> tuple[Any, Any]:
    """Return the ends of the interval of p around `at` in which the optimum lies in the chamber.

    On a wall t = -v the stationary polynomial 2 A' B - A B' is a polynomial in p; its roots are where the optimum may
    cross. The optima on both sides tell whether it does.
    """
    A, B = splines.polynomials(chamber)
    slope = 2 * A.diff(splines.t) * B - A * B.diff(splines.t)
    crossings = []
    for v in splines.vertices[chamber - 1 : chamber + 1]:
        on_wall = slope.eval(splines.t, -splines.domain.to_sympy(v)).sqf_part()
        roots = on_wall.nroots(n=digits + 10, maxsteps=500) if on_wall.degree() > 0 else []
        crossings += [root for root in roots if root.is_real and BESIDE < root < 1 - BESIDE]
    crossings = [root for root in crossings if _crosses(splines, chamber, root)]
    low = max((root for root in crossings if root < at), default=sympy.S.Zero)
    high = min((root for root in crossings if root > at), default=sympy.S.One)
    return _rounded(low, digits), _rounded(high, digits)


def _crosses(splines: Splines, chamber: int, root: Any) -> bool:
    middle = sympy.Rational(str(sympy.N(root, 20)))
    sides = [lowest(splines, middle + shift, 15) for shift in (-BESIDE, BESIDE)]
    inside = [side is not None and side.chamber == chamber for side in sides]
    return inside[0] != inside[1]


def _rounded(root: Any, digits: int) -> Any:
    return root if root.is_Integer else sympy.Float(root, digits)
