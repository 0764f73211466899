"""Two equally important features in one dimension: where the digon gives way to a pair of unequal rows."""

from dataclasses import dataclass
from typing import Any

import mpmath
import sympy

from geomsup import checks
from geomsup.symbolic.algebra.splines import Splines
from geomsup.symbolic.family import family
from geomsup.symbolic.loss import loss

__all__ = ["SymmetryBreaking", "symmetry_breaking"]

A, C, B1, B2 = PAIR = sympy.symbols("a c b1 b2", positive=True)  # w = (a, -c)
R, B, P = sympy.symbols("r b p", positive=True)
ALIKE = {A: R, C: R, B1: B, B2: B}
POINT = {A: 0.92, C: 0.51, B1: 0.2, B2: 0.42}
# Where Newton's iteration starts: a, c, b1, b2, then what else is unknown, from optima of geomsup.optimum.
AT_APPEARANCE = (0.897, 0.5557, 0.2167, 0.4149, 0.70225, -0.412, 0.784, 0.426, -0.184)
AT_TRANSITION = (0.9158, 0.5161, 0.1978, 0.4252, 0.70640, 0.75504, 0.33374)
AT_INSTABILITY = (0.7512, 0.3388, 0.7130)


@dataclass(frozen=True)
class SymmetryBreaking:
    """Three probabilities at which the optimum of two equally important features in one dimension changes.

    Attributes
    ----------
    appearance
        The pair of unequal rows exists as a local minimum from here on.
    transition
        Its loss is that of the digon: the optimum jumps here.
    instability
        The digon ceases to be a local minimum: an eigenvalue of its Hessian, exchanging norm and bias between the
        features, is 0. Root of `polynomial`.
    pair
        Norms and biases (a, c, b1, b2) of the pair at the transition, w = (a, -c).
    loss
        The loss of both at the transition.

    Examples
    --------
    >>> from geomsup.symbolic import symmetry_breaking
    >>> found = symmetry_breaking(digits=6)
    >>> found.transition, found.polynomial().degree()
    (0.706404, 36)
    """

    appearance: Any
    transition: Any
    instability: Any
    pair: tuple[Any, Any, Any, Any]
    loss: Any

    def polynomial(self) -> Any:
        """Return the irreducible polynomial in p, with integer coefficients, that vanishes at `instability`.

        The determinant of the Hessian among antisymmetric changes is zero and the digon is stationary: with norm² = s
        and b = s t both are polynomials in s, t and p. s is eliminated by the stationarity of the bias, t by a
        resultant. Takes a few seconds.
        """
        splines = Splines(family("digon").couplings)
        t, p = splines.t, splines.p
        first, second = splines.polynomials(splines.chamber_of(0.5))
        slope = 2 * first.diff(t) * second - first * second.diff(t)
        norm_squared = (2 * first.diff(t)).as_expr() / second.diff(t).as_expr()
        singular = _antisymmetric(sympy.hessian(_pair_loss(), PAIR)).subs(B, t * R**2).subs(P, p)
        singular = sympy.Poly(
            sympy.numer(sympy.together(singular)), R
        )  # in even powers of r only, but for a common one
        lowest = min(powers for (powers,) in singular.monoms())
        reduced = sum(c * norm_squared ** ((m - lowest) // 2) for (m,), c in singular.terms())
        over_t = sympy.Poly(sympy.numer(sympy.together(reduced)), t, p)
        found = sympy.Poly(slope.resultant(over_t), p).factor_list()[1]
        value = self.instability
        return min(
            (sympy.Poly(factor.as_expr().subs(p, P), P) for factor, _ in found),
            key=lambda each: abs(each.eval(value)) / sum(abs(c) * value**m for (m,), c in each.terms()),
        )


def symmetry_breaking(*, digits: int = 30) -> SymmetryBreaking:
    """Return where two equally important features in one dimension cease to be a digon, as p grows.

    Independent features, values U[0, 1], x' = ReLU(W Wᵀ x + b), W = (a, -c). The equations are polynomial, from the
    exact loss on the chamber that holds all these states; they are solved by Newton's method to any precision.

    Parameters
    ----------
    digits
        Significant digits.

    Raises
    ------
    TypeError, ValueError
        If `digits` is not an integer from 1 to 200.

    Notes
    -----
    The transition is of first order: a pair of unequal rows appears at p = 0.7022, its loss falls below the digon's at
    0.7064, and the digon stays a local minimum up to 0.7130. Derivation: this package.

    Examples
    --------
    >>> found = symmetry_breaking(digits=10)
    >>> found.appearance, found.transition, found.instability
    (0.7022473749, 0.7064036927, 0.7130130195)
    """
    digits = checks.integer("digits", digits, minimum=1)
    if digits > 200:
        raise ValueError(f"`digits` must be at most 200; got {digits}. Use .polynomial() for more.")
    value = _pair_loss()
    slopes = [value.diff(x) for x in PAIR]
    hessian = sympy.hessian(value, PAIR)
    digon = value.subs(ALIKE)
    digon_slopes = [digon.diff(R), digon.diff(B)]
    kernel = sympy.symbols("v1:5")
    singular = list(hessian * sympy.Matrix(kernel))
    unit = sum(v**2 for v in kernel) - 1
    appearance = _solved([*slopes, *singular, unit], (*PAIR, P, *kernel), AT_APPEARANCE, digits)
    transition = _solved([*slopes, *digon_slopes, value - digon], (*PAIR, P, R, B), AT_TRANSITION, digits)
    instability = _solved([*digon_slopes, _antisymmetric(hessian)], (R, B, P), AT_INSTABILITY, digits)
    there = dict(zip((R, B, P), (transition[5], transition[6], transition[4]), strict=True))
    a, c, b1, b2 = (sympy.Float(x, digits) for x in transition[:4])
    return SymmetryBreaking(
        sympy.Float(appearance[4], digits),
        sympy.Float(transition[4], digits),
        sympy.Float(instability[2], digits),
        (a, c, b1, b2),
        sympy.Float(digon.subs(there), digits),
    )


def _pair_loss() -> Any:
    return sympy.expand(loss([[A], [-C]], [B1, B2], P, at=POINT))


def _antisymmetric(hessian: Any) -> Any:
    """Return the determinant of the digon's Hessian among changes (e, -e) of the norms and (f, -f) of the biases."""
    h = hessian.subs(ALIKE)
    norms = h[0, 0] - 2 * h[0, 1] + h[1, 1]
    biases = h[2, 2] - 2 * h[2, 3] + h[3, 3]
    mixed = h[0, 2] - h[0, 3] - h[1, 2] + h[1, 3]
    return sympy.expand(norms * biases - mixed**2)


def _solved(equations: list[Any], unknowns: tuple[Any, ...], start: tuple[float, ...], digits: int) -> list[Any]:
    """Return the solution as mpmath numbers, by Newton's method."""
    with mpmath.workdps(digits + 20):
        function = sympy.lambdify(unknowns, equations, "mpmath", cse=True)
        root = mpmath.findroot(lambda *x: function(*x), start, tol=mpmath.mpf(10) ** (-2 * digits - 10))
        return [sympy.Float(x, digits + 10) for x in root]
