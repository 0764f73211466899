"""The expected loss as a formula, and the chamber it holds on."""

from collections.abc import Mapping
from typing import Any

from geomsup.features import Uniform
from geomsup.symbolic.problem import Problem

__all__ = ["chamber", "loss"]


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
        `Uniform`, the distribution of every present feature's value; U[0, 1] by default.
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
    >>> from geomsup.symbolic import digon, simplex
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
    problem = Problem(W, b, probability, importance, values, gram, activation, at)
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
    >>> from geomsup.symbolic import digon
    >>> r, b = symbols("r b", real=True)
    >>> chamber(gram=digon(r), b=b, at={r: 1, b: -0.1})
    [b + r**2 > 0, b < 0]
    """
    problem = Problem(W, b, probability, importance, values, gram, "relu", at)
    return problem.chamber()
