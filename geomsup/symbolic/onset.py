"""Two features in one dimension: the importance at which a dropped feature starts to be stored."""

from dataclasses import dataclass, field
from typing import Any

import mpmath
import sympy

from geomsup import checks
from geomsup.symbolic.reading import chance

__all__ = ["SuperpositionOnset", "superposition_onset"]

P = sympy.Symbol("p", positive=True)
MOST_DIGITS = 1000
K = sympy.Symbol("k", positive=True)


@dataclass(frozen=True)
class SuperpositionOnset:
    """How the loss of two features in one dimension changes as the second, dropped one begins to be stored.

    With coupling -g between the features, L = L_dropped + v (importance - I) g² + cubic g³ + O(g⁴) near I = importance;
    v = p/3 - p²/4.

    Attributes
    ----------
    probability
        The symbol or the number.
    importance
        I(p): below it the state with the second feature dropped is a local minimum, above it a saddle.
    cubic
        The coefficient of g³ at I(p). Where it is negative the transition is of first order, and happens below I(p).
    norm_slope, bias_slope
        How the first feature gives way: w1² = 1 + norm_slope g, b1 = bias_slope g.

    Examples
    --------
    >>> from geomsup.symbolic import superposition_onset
    >>> superposition_onset().polynomial().degree()
    9
    """

    probability: Any
    importance: Any
    cubic: Any = field(repr=False)
    norm_slope: Any = field(repr=False)
    bias_slope: Any = field(repr=False)

    def polynomial(self) -> Any:
        """Return the polynomial in p two of whose roots are `tricritical`, by a resultant over the bias slope.

        Examples
        --------
        >>> superposition_onset().polynomial().degree()
        9
        """
        found = sympy.resultant(_stationarity(P, K), 48 * _cubic(P, K), K)
        return max((factor for factor, _ in sympy.Poly(found, P).factor_list()[1]), key=lambda each: each.degree())

    def tricritical(self, *, digits: int = 30) -> tuple[Any, Any]:
        """Return the two probabilities between which the transition is of second order, where `cubic` is 0.

        Raises
        ------
        TypeError, ValueError
            If `digits` is not an integer of at least 1.

        Examples
        --------
        >>> superposition_onset().tricritical(digits=10)
        (0.5202477368, 0.8373195801)
        """
        digits = checks.integer("digits", digits, minimum=1, maximum=MOST_DIGITS)
        with mpmath.workdps(digits + 10):
            cubic = sympy.lambdify(P, _cubic(P, _bias_slope(P)), "mpmath")
            low, high = (sympy.Float(mpmath.findroot(cubic, start), digits) for start in (0.52, 0.837))
        return low, high


def superposition_onset(probability: Any = P) -> SuperpositionOnset:
    """Return the importance I(p) above which a dropped feature cannot stay dropped, two features in one dimension.

    Importances 1 and I, equal probability p, values U[0, 1]. The state w = (1, 0), b = (0, p/2) is left along opposite
    weights of coupling -g, with w1² = 1 + h g, b1 = k g. To order g² the second output gains I v, v = p/3 - p²/4, and
    the first loses

        Q = p (1-p) E(h x1 + k)² + p² E(h x1 + k - x2)² + (1-p)² k² + p (1-p) E(k - x2)_+²,

    which is lowest at h = 3p/4 - 3k/2 and 4p (1-p) k² + 2q k = p², q = 4 - 7p + 4p². So

        k = p² / (q + √(q² + 4p³ (1-p))),   I = Q/v = (16p² - 9p³ - 8p² k + 4q k²) / (4p (4 - 3p)).

    Parameters
    ----------
    probability
        A symbol or a number in (0, 1].

    Raises
    ------
    TypeError, ValueError
        If `probability` is neither, or out of range.

    Notes
    -----
    Outputs that are cut off at 0 add a term in g³, so g grows in proportion to I - I(p), where the transition is
    continuous: only where that term is positive, 0.5203 < p < 0.8373 (`SuperpositionOnset.tricritical`). Elsewhere it
    is of first order: the second feature is stored with a finite norm already below I(p), and between the two
    importances the dropped state is a local minimum but not the optimum. Derivation: this package.

    Examples
    --------
    >>> superposition_onset().importance.series(n=4)
    p + 3*p**2/16 + 3*p**3/32 + O(p**4)
    >>> superposition_onset(0.7).importance.n(12)
    0.772579530482
    """
    p = chance("probability", probability)
    k = _bias_slope(p)
    importance = (16 * p**2 - 9 * p**3 - 8 * p**2 * k + 4 * _q(p) * k**2) / (4 * p * (4 - 3 * p))
    return SuperpositionOnset(p, importance, _cubic(p, k), _norm_slope(p, k), k)


def _q(p: Any) -> Any:
    return 4 - 7 * p + 4 * p**2


def _stationarity(p: Any, k: Any) -> Any:
    return sympy.expand(4 * p * (1 - p) * k**2 + 2 * _q(p) * k - p**2)


def _bias_slope(p: Any) -> Any:
    return p**2 / (_q(p) + sympy.sqrt(_q(p) ** 2 + 4 * p**3 * (1 - p)))


def _norm_slope(p: Any, k: Any) -> Any:
    return sympy.Rational(3, 4) * (p - 2 * k)


def _cubic(p: Any, k: Any) -> Any:
    """Return the coefficient of g³ at the boundary.

    2 Q h comes from w2² = g²/w1² in the second output; the rest from x1 < g (x2 - k), where the first is cut off:
    ∫ (x1² - g² (x2 - k)²) dx1 = -2/3 g³ (x2 - k)_+³, both features present.
    """
    square = (16 * p**2 - 9 * p**3 - 8 * p**2 * k + 4 * _q(p) * k**2) / 48
    return 2 * square * _norm_slope(p, k) - p**2 * (1 - k) ** 4 / 6
