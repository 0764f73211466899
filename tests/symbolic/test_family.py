"""Which shapes optima are given for, and how the rest is refused."""

import pytest
import sympy
from sympy import Rational

from geomsup import symbolic
from geomsup.symbolic.family import family


def test_names_and_pairs_are_the_same_shapes():
    assert family("digon") == family(("simplex", 1))
    assert family("pentagon") == family(("polygon", 5))
    assert family(("simplex", 5)).name == "simplex(5)"
    assert family("tetrahedron").couplings == [1, *[Rational(-1, 3)] * 3]


def test_gram_matrices_are_scaled_to_norm_one():
    found = family(2 * symbolic.polygon(5))
    assert found.n == 5
    assert sympy.simplify(found.gram - symbolic.polygon(5)).is_zero_matrix


def test_blocks_leave_zero_couplings_out():
    assert family("octahedron").n == 6
    assert family("octahedron").couplings == [1, -1]


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "error", "text"), [
    ("cube", ValueError, '`shape` must be one of "digon"'),
    (("star", 5), ValueError, '`shape` must start with one of "simplex"'),
    (("polygon", 2), ValueError, "`k` must be at least 3; got 2"),
    (("simplex", 1.5), TypeError, "`d` must be an integer"),
    (5, TypeError, "`shape` must be a name, a pair or a sympy Matrix; got 5"),
    ([[1]], TypeError, "`shape` must be a name, a pair or a sympy Matrix"),
    (symbolic.digon(sympy.Symbol("r")), ValueError, "`shape` must be a symmetric Gram matrix of numbers"),
    (sympy.Matrix([[1, -1], [0, 1]]), ValueError, "`shape` must be a symmetric Gram matrix of numbers"),
    (sympy.Matrix([[-1]]), ValueError, "`shape` must have a positive diagonal; got -1"),
    (sympy.Matrix([[1, 0], [0, 2]]), ValueError, "`shape` must have rows of equal norms .* got 2 kinds of rows"),
    (sympy.diag(symbolic.digon(), symbolic.simplex(2)), ValueError, "got 2 kinds of rows"),
    (sympy.Matrix([[1, -1 / sympy.pi], [-1 / sympy.pi, 1]]), ValueError, "`shape` must have algebraic couplings"),
    (("polygon", 11), ValueError, "`shape` must leave an output at most 128 vertices; got more for 11"),
])  # fmt: skip
def test_refused(shape, error, text):
    with pytest.raises(error, match=text):
        symbolic.optimum(shape)
