"""Gram matrices of shapes in exact numbers: digon, polygons, simplices, cross-polytopes."""

from typing import Any

import sympy

from geomsup import checks
from geomsup.symbolic.reading import exact

__all__ = ["cross_polytope", "digon", "polygon", "simplex"]

MOST_VERTICES = 100  # larger exact matrices take minutes


def digon(norm: Any = 1) -> Any:
    """Return the Gram matrix of two opposite rows of the given norm.

    Raises
    ------
    TypeError, ValueError
        If `norm` is negative, or neither a real number nor an expression.

    Examples
    --------
    >>> digon().tolist()
    [[1, -1], [-1, 1]]
    """
    return simplex(1, norm)


def polygon(k: int, norm: Any = 1) -> Any:
    """Return the Gram matrix norm² cos(2π(i - j)/k) of a regular k-gon, in exact algebraic numbers.

    For k = 3, 4, 5, 6, 8, 10 and 12 the cosines need at most one square root. For other k they are written as
    polynomials in cos(2π/k).

    Raises
    ------
    TypeError, ValueError
        If `k` is not an integer of at least 3, or if `norm` is negative or neither a real number nor an expression.

    Examples
    --------
    >>> polygon(5)[0, :3]
    Matrix([[1, -1/4 + sqrt(5)/4, -sqrt(5)/4 - 1/4]])
    """
    k = checks.integer("k", k, minimum=3, maximum=MOST_VERTICES)
    square = _square(norm)
    cosines = [_cosine(min(j, k - j), k) for j in range(k)]
    return sympy.Matrix(k, k, lambda i, j: sympy.expand(square * cosines[(i - j) % k]))


def simplex(d: int, norm: Any = 1) -> Any:
    """Return the Gram matrix of d + 1 rows of the given norm with inner products -norm²/d.

    Raises
    ------
    TypeError, ValueError
        If `d` is not an integer of at least 1, or if `norm` is negative or neither a real number nor an expression.

    Examples
    --------
    >>> simplex(2).tolist()
    [[1, -1/2, -1/2], [-1/2, 1, -1/2], [-1/2, -1/2, 1]]
    """
    d = checks.integer("d", d, minimum=1, maximum=MOST_VERTICES)
    square = _square(norm)
    return sympy.Matrix(d + 1, d + 1, lambda i, j: square if i == j else -square / d)


def cross_polytope(d: int, norm: Any = 1) -> Any:
    """Return the Gram matrix of d orthogonal pairs of opposite rows: features 2k and 2k + 1 are opposite.

    Raises
    ------
    TypeError, ValueError
        If `d` is not an integer of at least 1, or if `norm` is negative or neither a real number nor an expression.

    Examples
    --------
    >>> cross_polytope(2).tolist()
    [[1, -1, 0, 0], [-1, 1, 0, 0], [0, 0, 1, -1], [0, 0, -1, 1]]
    """
    d = checks.integer("d", d, minimum=1, maximum=MOST_VERTICES)
    return sympy.diag(*[simplex(1, norm)] * d)


def _square(norm: Any) -> Any:
    """Return norm²; raise an error if the norm is known to be negative."""
    value = exact("norm", norm)
    if value.is_negative:
        raise ValueError(f"`norm` must be at least 0; got {checks.shown(norm)}. Lengths have no sign.")
    return value**2


def _cosine(j: int, k: int) -> Any:
    """Return cos(2πj/k) with one square root if that is enough, else as a reduced polynomial in cos(2π/k)."""
    if k in (3, 4, 5, 6, 8, 10, 12):
        return sympy.expand(sympy.cos(2 * sympy.pi * j / k))
    c = sympy.Dummy("c")
    generator = sympy.cos(2 * sympy.pi / k, evaluate=False)
    minimal = sympy.minimal_polynomial(generator, c)
    return sympy.rem(sympy.chebyshevt(j, c), minimal, c).subs(c, generator)
