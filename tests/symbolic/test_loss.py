"""Symbolic losses against closed forms, exact rationals, golden values and the numeric engines."""

import json
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings, strategies as st
from sympy import Rational, Symbol, cos, diff, lambdify, sqrt, symbols

from geomsup import Features, ToyModel, Uniform, expected_loss, symbolic
from tests.symbolic.truth import I2, b, numeric, p, polygon_rows, r, two_in_one

QUARTER = Rational(1, 4)


def is_plain(case):
    """Whether all values have one uniform law, features are independent and outputs are ReLUs."""
    uniform = all(law == case["values"][0] and law["law"] == "uniform" for law in case["values"])
    return uniform and not case["correlated"] and not case["anticorrelated"] and case["activation"] == "relu"


CASES = json.loads((Path(__file__).parents[1] / "data" / "exact_losses.json").read_text())["cases"]
CASES = [case for case in CASES if is_plain(case)]


def dyadic(value):
    return [dyadic(entry) for entry in value] if isinstance(value, list) else Rational(value)


# Closed forms


def test_unit_digon_without_bias_is_a_third_of_p_squared():
    assert symbolic.loss(gram=symbolic.digon(), probability=p) == p**2 / 3
    assert symbolic.loss([[1], [-1]], probability=QUARTER) == Rational(1, 48)


def test_antipodal_pair_with_importance():
    result = symbolic.loss([[1], [-1]], probability=p, importance=[1, I2])
    assert sympy.expand(result - (1 + I2) * p**2 / 6) == 0


def test_feature_that_is_not_represented():
    assert sympy.expand(symbolic.loss([[0]], p / 2, p) - (p / 3 - p**2 / 4)) == 0
    assert symbolic.loss([[0]], p / 2, p, at={p: 0.3}) == symbolic.loss([[0]], p / 2, p)


def test_triangle_at_a_quarter():
    assert symbolic.loss(gram=symbolic.polygon(3), probability=QUARTER) == Rational("0.025390625")
    assert symbolic.loss(gram=symbolic.simplex(2), probability=QUARTER) == Rational("0.025390625")


def test_one_feature_by_hand():
    # Always present, u = b + r² x with b > 0: E(x - u)² = ((1 - r²)² / 3 - (1 - r²) b + b²).
    gap = 1 - r**2
    result = symbolic.loss([[r]], b, 1, at={r: 0.5, b: 0.1})
    assert sympy.expand(result - (gap**2 / 3 - gap * b + b**2)) == 0


def test_linear_model_is_bias_squared_plus_variance():
    w = symbols("w", real=True)
    mean, square = p / 2, p / 3
    gap = 1 - w**2
    truth = gap**2 * square - 2 * gap * mean * b + b**2
    assert sympy.expand(symbolic.loss([[w]], b, p, activation="linear") - truth) == 0


@pytest.mark.slow
def test_small_p_optimum_of_the_digon():
    # Stationary in s = norm² and b as power series in p (theory.md, section 3).
    s = symbols("s", positive=True)
    value = symbolic.loss(gram=symbolic.digon(sqrt(s)), b=b, probability=p, at={s: 1.1, b: 0.01})
    s1, s2, b2, b3 = symbols("s1 s2 b2 b3")
    series = {s: 1 + s1 * p + s2 * p**2, b: b2 * p**2 + b3 * p**3}
    slopes = [sympy.series(diff(value, x).subs(series), p, 0, 3).removeO() for x in (s, b)]
    equations = [sympy.expand(slope).coeff(p, order) for slope, order in zip(slopes, (2, 2), strict=True)]
    (found,) = sympy.solve(equations, [s1, b2], dict=True)
    assert found == {s1: Rational(1, 8), b2: Rational(5, 96) * 2}
    expansion = sympy.series(value.subs(series).subs(found), p, 0, 4).removeO()
    assert sympy.expand(expansion - (p**2 / 3 - p**3 / 96)) == 0


# Golden values and exact rationals


def test_golden_values():
    assert float(symbolic.loss([[0.8], [-0.6]], [0.1, 0.05], 0.3, importance=[1, 0.5])) == pytest.approx(
        0.042462871500651, abs=1e-15
    )
    pentagon = symbolic.loss(gram=symbolic.polygon(5, 1.1), b=-0.2, probability=0.1)
    assert float(pentagon) == pytest.approx(0.026361391806322, abs=1e-15)
    tetrahedron = symbolic.loss(gram=symbolic.simplex(3), b=0.05, probability=0.5)
    assert tetrahedron.is_Rational
    assert float(tetrahedron) == pytest.approx(0.107069423169850, abs=1e-15)


def test_enough_cases_are_compared():
    assert len(CASES) >= 50


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_agrees_with_exact_rationals(case):
    law = case["values"][0]
    ends = Uniform(law["low"], law["high"])
    importance = dyadic(case["importance"])
    value = symbolic.loss(dyadic(case["W"]), dyadic(case["b"]), dyadic(case["probability"]), importance=importance,
                          values=ends)  # fmt: skip
    truth = Fraction(case["loss"])
    assert value.is_Rational
    assert abs(Fraction(str(value)) - truth) <= abs(truth) * Fraction(1, 10**38)


# Symbols everywhere


@pytest.mark.slow
@settings(max_examples=12)
@given(st.integers(1, 4), st.integers(1, 2), st.integers(0, 2**32 - 1), st.sampled_from([(0, 1), (-1, 2), (0.5, 1)]))
def test_random_chambers_agree_with_the_numeric_engine(n, m, seed, ends):
    rng = np.random.default_rng(seed)
    if ends[0] and n > 3:
        n = 3
    W, bias = rng.normal(size=(n, m)).round(2), rng.normal(size=n).round(3) / 3 + 1e-4
    chance, weight = rng.random(n).round(2), rng.random(n).round(2) + 0.01
    W[rng.random((n, m)) < 0.15] = 0
    rows = sympy.Matrix(n, m, lambda i, j: Symbol(f"w{i}_{j}") if W[i, j] else 0)
    biases, chances, weights = ([Symbol(f"{name}{i}") for i in range(n)] for name in "bpI")
    at = {w: W[divmod(k, m)] for k, w in enumerate(rows.flat()) if w} | dict(zip(biases, bias, strict=True))
    value = symbolic.loss(rows, biases, chances, importance=weights, values=Uniform(*ends), at=at)
    point = at | dict(zip(chances, chance, strict=True)) | dict(zip(weights, weight, strict=True))
    exact = {symbol: Rational(str(number)) for symbol, number in point.items()}
    truth = numeric(W, bias, chance, weight, Uniform(*ends))
    assert abs(float(value.xreplace(exact)) - truth.value) <= truth.error + 1e-10 * truth.value


def test_gradient_is_the_numeric_gradient():
    w, bias, at = two_in_one()
    value = symbolic.loss([[w[0]], [w[1]]], bias, 0.3, importance=[1, 0.5], at=at)
    truth = numeric([[0.8], [-0.6]], [0.1, 0.05], 0.3, [1, 0.5], gradient=True)
    slopes = [float(diff(value, x).subs(at)) for x in (*w, *bias)]
    np.testing.assert_allclose(slopes, [*truth.grad_W.ravel(), *truth.grad_b], rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("k", [4, 5, 6])
def test_polygons_and_their_gradient(k):
    norm, bias, chance = 1.12, -0.23, 0.15
    value = symbolic.loss(gram=symbolic.polygon(k, r), b=b, probability=p, at={r: norm, b: bias})
    point = {r: Rational(str(norm)), b: Rational(str(bias)), p: Rational(str(chance))}
    rows = polygon_rows(k, norm)
    truth = numeric(rows, bias, chance, gradient=True)
    assert float(value.subs(point)) == pytest.approx(truth.value, rel=1e-10)
    assert float(diff(value, b).subs(point)) == pytest.approx(truth.grad_b.sum(), rel=1e-9)
    assert float(diff(value, r).subs(point)) == pytest.approx((truth.grad_W * rows).sum() / norm, rel=1e-9)


@pytest.mark.slow
def test_high_sparsity_pentagon_is_the_one_of_chen_et_al():
    # chen2023: norm 1.1704596391, bias -0.2822972831 is critical when one feature is active.
    value = symbolic.loss(gram=symbolic.polygon(5, r), b=b, probability=p, at={r: 1.17, b: -0.28})
    first = sympy.expand(value).coeff(p, 1)
    slope = [diff(first, x) for x in (r, b)]
    norm, bias = sympy.nsolve(slope, (r, b), (1.17, -0.28))
    assert float(norm) == pytest.approx(1.1704596391, abs=1e-9)
    assert float(bias) == pytest.approx(-0.2822972831, abs=1e-9)


def test_simplex_polynomials_lambdify():
    value = symbolic.loss(gram=symbolic.simplex(3, r), b=b, probability=p, at={r: 1, b: 0.05})
    function = lambdify((r, b, p), value)
    s = 1 / np.sqrt(3)
    rows = np.array([[s, s, s], [s, -s, -s], [-s, s, -s], [-s, -s, s]])
    for norm, bias, chance in ((1.0, 0.05, 0.5), (0.95, 0.02, 0.1), (1.05, 0.1, 1.0)):
        assert function(norm, bias, chance) == pytest.approx(numeric(norm * rows, bias, chance).value, rel=1e-10)
    assert value.as_poly(r, b, p, 1 / r) is not None  # a polynomial up to powers of the norm


def test_large_simplex_is_quick_because_vertices_coincide():
    value = symbolic.loss(gram=symbolic.simplex(12), b=-0.1, probability=0.1)
    rows = np.linalg.cholesky(np.array(symbolic.simplex(12).tolist(), float) + 1e-15 * np.eye(13))
    assert float(value) == pytest.approx(numeric(rows, -0.1, 0.1, method="exact").value, rel=1e-7)


def test_blocks_add():
    two = symbolic.loss(gram=symbolic.cross_polytope(2, r), b=b, probability=p, at={r: 1, b: -0.1})
    one = symbolic.loss(gram=symbolic.digon(r), b=b, probability=p, at={r: 1, b: -0.1})
    assert sympy.expand(two - 2 * one) == 0


def test_couplings_need_not_be_symmetric():
    encoder, decoder = np.array([[0.8], [-0.6]]), np.array([[0.9], [-0.5]])
    value = symbolic.loss(gram=decoder @ encoder.T, b=[0.1, 0.05], probability=0.3)
    truth = expected_loss(ToyModel(encoder, [0.1, 0.05], W_out=decoder), Features(2, 0.3))
    assert float(value) == pytest.approx(truth.value, rel=1e-12)


# The general expression


def test_without_a_point_the_expression_holds_everywhere():
    w, bias, _ = two_in_one()
    value = symbolic.loss([[w[0]], [w[1]]], bias, p)
    assert value.has(sympy.Max)
    doubles = lambdify((*w, *bias, p), value)
    digits = lambdify((*w, *bias, p), value, "mpmath")  # small couplings cancel in doubles
    rng = np.random.default_rng(1)
    for _ in range(20):
        weights, biases = rng.normal(size=(2, 1)), rng.normal(size=2) / 3
        expected = numeric(weights, biases, 0.3).value
        point = (*weights[:, 0].tolist(), *biases.tolist(), 0.3)
        with mpmath.workdps(40):
            assert float(digits(*map(mpmath.mpf, point))) == pytest.approx(expected, rel=1e-10)
        assert doubles(*point) == pytest.approx(expected, rel=1e-4)


def test_general_and_chamber_expressions_agree_on_the_chamber():
    everywhere = symbolic.loss(gram=symbolic.digon(r), b=b, probability=p)
    for bias in (Rational(-1, 10), Rational(1, 10), Rational(-3, 2), Rational(3, 2)):
        here = symbolic.loss(gram=symbolic.digon(r), b=b, probability=p, at={r: 1, b: bias})
        point = {r: Rational(9, 10), b: bias, p: Rational(2, 7)}
        assert everywhere.subs(point) == here.subs(point)


def test_assumptions_settle_signs():
    positive = Symbol("c", positive=True)
    value = symbolic.loss([[r], [1]], positive, p)
    assert not value.has(sympy.Max)
    assert value.equals(symbolic.loss([[r], [1]], positive, p, at={r: 1, positive: 1}))


@pytest.mark.slow
def test_neighbouring_chambers_meet_on_their_wall():
    one = symbolic.loss(gram=symbolic.digon(r), b=b, probability=p, at={r: 1, b: -0.1})
    two = symbolic.loss(gram=symbolic.digon(r), b=b, probability=p, at={r: 1, b: 0.1})
    for order in (0, 1):
        assert sympy.simplify((diff(one, b, order) - diff(two, b, order)).subs(b, 0)) == 0
    assert sympy.simplify((diff(one, b, 2) - diff(two, b, 2)).subs(b, 0)) != 0


def test_coupling_that_vanishes_at_the_point_is_no_wall():
    w = Symbol("w", real=True)
    value = symbolic.loss([[1, 0], [w, 1]], 0.5, p, at={w: 0})
    assert float(value.subs({w: Rational(-1, 10), p: Rational(1, 5)})) == pytest.approx(
        numeric([[1, 0], [-0.1, 1]], 0.5, 0.2).value, rel=1e-12
    )


def test_expressions_that_are_not_polynomials():
    t = Symbol("t", real=True)
    rows = [[cos(t), sympy.sin(t)], [-1, 1]]
    value = symbolic.loss(rows, -0.2, 0.1, at={t: 1})
    truth = numeric([[np.cos(0.95), np.sin(0.95)], [-1, 1]], -0.2, 0.1).value
    assert float(value.subs(t, Rational(95, 100))) == pytest.approx(truth, rel=1e-10)


@pytest.mark.parametrize("rows", [
    [[sqrt(2), sqrt(3)], [sqrt(5), -sqrt(7)], [sqrt(11), 1]],
    [[sqrt(2), 1], [1, -sqrt(2)], [-1, -1]],
    [[sympy.pi, 1], [1, -sympy.E], [-1, -1]],
])  # fmt: skip
def test_irrational_numbers(rows):
    value = symbolic.loss(rows, -0.2, 0.1)
    assert not value.free_symbols
    assert float(value) == pytest.approx(numeric(rows, -0.2, 0.1).value, rel=1e-10)
