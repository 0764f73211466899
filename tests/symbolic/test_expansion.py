"""Optima as power series against known terms and high-precision roots."""

import mpmath
import pytest
import sympy
from sympy import O, Rational

from geomsup import symbolic
from geomsup.symbolic.algebra.power_series import branch, composed, quotient, times
from tests.symbolic.truth import p

SMALL = Rational(1, 1000)


def test_digon():
    # The leading terms are those of docs/theory_notes.md, "Blocks".
    found = symbolic.optimum("digon", p).series(2)
    assert found.norm_squared == 1 + p / 8 + O(p**2)
    assert found.bias == 5 * p**2 / 48 + 17 * p**3 / 96 + O(p**4)
    assert found.loss == p**2 / 3 - p**3 / 96 + O(p**4)


def test_triangle_and_tetrahedron():
    triangle = symbolic.optimum("triangle", p).series(2)
    assert triangle.norm_squared == 1 + 11 * p / 32 + O(p**2)
    assert triangle.loss == 3 * p**2 / 8 + 7 * p**3 / 1024 + O(p**4)
    tetrahedron = symbolic.optimum("tetrahedron", p).series(2)
    assert tetrahedron.norm_squared == 1 + 11 * p / 24 + O(p**2)
    assert tetrahedron.loss == 10 * p**2 / 27 + 13 * p**3 / 144 + O(p**4)


def test_leading_loss_of_simplices():
    # Norm 1, no bias: a feature sees its present neighbour at -1/d. Absent, it is cut off at 0; present, the error
    # has second moment p²/d² E(x_i - relu(x_i - x_j/d))², d of them: (d+1) d p² (1/(3 d²) - 1/(6 d³)).
    for d in (1, 2, 3, 4):
        leading = symbolic.optimum(("simplex", d), p).series(1).loss.removeO()
        assert leading == p**2 * (d + 1) * d * (Rational(1, 3 * d**2) - Rational(1, 6 * d**3))


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["digon", "triangle", "tetrahedron", ("simplex", 4), "square", "pentagon", "hexagon"])
def test_series_approach_the_roots(shape):
    best = symbolic.optimum(shape, p)
    found, truth = best.series(6), best.evaluate(SMALL, digits=40)
    for name in ("norm_squared", "bias", "loss"):
        series = getattr(found, name).removeO()
        first = min(term.as_coeff_exponent(p)[1] for term in sympy.Add.make_args(series))
        error = abs(sympy.N(series.subs(p, SMALL), 40) / getattr(truth, name) - 1)
        # Six terms leave p⁶; the coefficients of polygons grow tenfold with each, those of simplices threefold.
        assert error < (2e-11 if shape in ("pentagon", "hexagon") else 1e-15), (name, first)


@pytest.mark.slow
def test_pentagon_starts_at_the_one_of_chen_et_al():
    # chen2023: norm 1.1704596391, bias -0.2822972831, H = 0.23738441 = 3 L/p.
    found = symbolic.optimum("pentagon", p).series(1, digits=30)
    assert float(sympy.sqrt(found.norm_squared.removeO())) == pytest.approx(1.1704596391, abs=1e-10)
    assert float(found.bias.removeO()) == pytest.approx(-0.2822972831, abs=1e-10)
    assert float(3 * found.loss.removeO() / p) == pytest.approx(0.23738441, abs=1e-8)


def test_hexagon_starts_at_the_one_of_chen_et_al():
    found = symbolic.optimum("hexagon", p).series(1)
    assert float(sympy.sqrt(found.norm_squared.removeO())) == pytest.approx(1.3205263308, abs=1e-10)
    assert float(3 * found.loss.removeO() / p) == pytest.approx(0.86746277, abs=1e-8)


def test_power_series_arithmetic():
    geometric = [Rational(1)] * 6
    ones = [Rational(1), Rational(-1)] + [Rational(0)] * 4
    assert times(geometric, ones) == [1, 0, 0, 0, 0, 0]
    assert quotient([Rational(0), *ones[:5]], [Rational(0), *ones[:5]]) == [1, 0, 0, 0, 0]
    assert quotient([Rational(1), *[Rational(0)] * 5], ones) == geometric
    square = composed({(2, 0): Rational(1), (0, 1): Rational(-1)}, geometric)
    assert square == [1, 1, 3, 4, 5, 6]


def test_branches_linear_and_not():
    # u = p + u²: Catalan numbers, from the linear edge; t² = 1 + p from the other.
    catalan = branch({(1, 0): Rational(1), (2, 0): Rational(-1), (0, 1): Rational(-1)}, 1, 1, 5, float)
    assert catalan == [1, 1, 2, 5, 14]
    root = branch({(2, 0): 1, (0, 0): -1, (0, 1): -1}, 0, 0.9, 4, mpmath.mpf)
    assert [float(c) for c in root] == pytest.approx([1, 1 / 2, -1 / 8, 1 / 16])
