"""Optima in closed form against the numeric optima, the general symbolic loss and each other."""

import numpy as np
import pytest
import sympy
from scipy.optimize import minimize
from sympy import Rational, Symbol

from geomsup import Features, optimum, symbolic
from geomsup.loss.objective import pack, relu_objective
from tests.symbolic.truth import numeric, p, polygon_rows

TENTH, HALF = Rational(1, 10), Rational(1, 2)


def simplex_rows(d, norm):
    gram = np.array(symbolic.simplex(d).tolist(), float)
    values, vectors = np.linalg.eigh(gram)
    return norm * vectors[:, 1:] * np.sqrt(values[1:])


def rows_of(shape, norm):
    return simplex_rows(shape[1], norm) if shape[0] == "simplex" else polygon_rows(shape[1], norm)


def relative(polynomial, value):
    """Return the polynomial at a value beside the sum of its terms' sizes."""
    terms = [sympy.N(c, 60) * value**m for (m,), c in polynomial.terms()]
    return abs(sum(terms)) / sum(map(abs, terms))


# Known numbers


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "probability", "loss", "tolerance"), [
    ("digon", "0.5", 0.076282447, 1e-9),
    ("digon", "0.1", 0.003319484, 1e-9),
    ("tetrahedron", "0.5", 0.075937650, 1e-9),
    ("pentagon", "0.1", 0.026305131, 1e-9),
    ("pentagon", "0.05", 0.00890359372, 1e-11),
])  # fmt: skip
def test_published_losses(shape, probability, loss, tolerance):
    found = symbolic.optimum(shape, Rational(probability)).evaluate()
    assert float(found.loss) == pytest.approx(loss, abs=tolerance)


def test_published_pentagon():
    found = symbolic.optimum("pentagon", TENTH).evaluate()
    assert (round(float(found.norm), 3), round(float(found.bias), 3)) == (1.100, -0.210)


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "n", "m", "probability"), [
    ("digon", 2, 1, 0.3), ("tetrahedron", 4, 3, 0.5), ("pentagon", 5, 2, 0.05),
])  # fmt: skip
def test_is_the_optimum_of_all_models(shape, n, m, probability):
    truth = optimum(Features(n, probability), m, starts=6)
    assert float(symbolic.optimum(shape).evaluate(probability).loss) == pytest.approx(truth.loss, rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [("simplex", 2), ("simplex", 5), ("polygon", 5), ("polygon", 6), ("polygon", 8)])
@pytest.mark.parametrize("probability", [0.02, 0.4, 0.9])
def test_is_the_optimum_of_its_family(shape, probability):
    found = symbolic.optimum(shape).evaluate(probability)
    features = Features(len(rows_of(shape, 1)), probability)

    objective = relu_objective(features)

    def loss(point):
        rows = rows_of(shape, point[0])
        return objective(pack(rows, np.full(len(rows), point[1])))[0]

    norm, bias = float(found.norm), float(found.bias)
    assert loss((norm, bias)) == pytest.approx(float(found.loss), rel=1e-10)
    starts = [(norm, bias), (1.0, 0.0), (1.2, -0.3), (0.7, 0.3)]
    ends = [minimize(loss, start, method="Nelder-Mead", options={"fatol": 1e-12, "xatol": 1e-9}) for start in starts]
    assert min(end.fun for end in ends) == pytest.approx(float(found.loss), rel=1e-9)


def test_always_present_features_are_principal_components():
    found = symbolic.optimum("digon", 1).evaluate(digits=20)
    assert abs(found.norm_squared - HALF) + abs(found.bias - HALF) < 1e-18
    assert float(found.loss) == pytest.approx(1 / 12, abs=1e-16)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["digon", "tetrahedron", ("simplex", 6), "square", "pentagon", "octagon"])
def test_smallest_probability(shape):
    best, smallest = symbolic.optimum(shape, p), Rational(1, 10**6)
    leading = best.series(1).loss.removeO().subs(p, smallest)
    assert float(best.evaluate(smallest).loss / leading) == pytest.approx(1, abs=5e-5)


# Formulas


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "at"), [("digon", 0.1), ("triangle", 0.9), ("pentagon", 0.1), ("hexagon", 0.5)])
def test_loss_and_equations_hold_at_the_optimum(shape, at):
    best = symbolic.optimum(shape, at=at)
    found = best.evaluate(at, digits=40)
    point = {best.norm_squared: found.norm_squared, best.bias: found.bias, best.probability: found.probability}
    assert abs(sympy.N(best.loss.subs(point), 40) - found.loss) < 1e-35
    assert all(abs(sympy.N(equation.subs(point), 40)) < 1e-33 for equation in best.equations)
    assert all(condition.subs(point) == sympy.true for condition in best.conditions)
    assert found.conditions == best.conditions


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "at"), [("digon", 0.1), ("pentagon", 0.1), ("hexagon", 0.3), ("tetrahedron", 0.9)])
def test_conditions_are_those_of_chamber(shape, at):
    best = symbolic.optimum(shape, at=at)
    gram = best.norm_squared * best.gram
    point = best.evaluate(at)
    inside = {best.norm_squared: point.norm_squared, best.bias: point.bias}
    assert set(best.conditions) == set(symbolic.chamber(gram=gram, b=best.bias, at=inside))


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "degree"), [("digon", 7), ("triangle", 9)])
def test_polynomials_with_symbolic_probability(shape, degree):
    best = symbolic.optimum(shape, p)
    found = best.evaluate(HALF, digits=50)
    values = {"ratio": found.bias / found.norm_squared, "norm_squared": found.norm_squared, "bias": found.bias}
    for of in ("ratio", "norm_squared"):  # the bias takes 10 s for the triangle
        polynomial, value = best.polynomial(of), values[of]
        assert polynomial.degree() == degree
        assert polynomial.free_symbols == {polynomial.gen, p}
        assert relative(polynomial.inject().eval(p, HALF), value) < 1e-45


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "degree", "of"), [
    ("tetrahedron", 11, "norm_squared"), ("tetrahedron", 11, "bias"), ("digon", 7, "bias"),
    ("pentagon", 13, "ratio"), ("pentagon", 13, "norm_squared"), ("hexagon", 15, "bias"),
])  # fmt: skip
def test_polynomials_at_a_rational_probability(shape, degree, of):
    best = symbolic.optimum(shape, TENTH)
    found = best.evaluate(digits=50)
    value = {"ratio": found.bias / found.norm_squared, "norm_squared": found.norm_squared, "bias": found.bias}[of]
    polynomial = best.polynomial(of)
    assert polynomial.degree() == degree
    assert relative(polynomial, value) < 1e-45


@pytest.mark.slow
def test_ratio_of_the_pentagon_with_symbolic_probability():
    best = symbolic.optimum("pentagon", p, at=TENTH)
    found = best.evaluate(TENTH, digits=50)
    polynomial = best.polynomial()
    assert polynomial.degree() == 13
    assert relative(polynomial.inject().eval(p, TENTH), found.bias / found.norm_squared) < 1e-45


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "at", "low", "high"), [
    ("digon", 0.01, 0, 1),
    ("triangle", 0.01, 0, 0.7714878),
    ("pentagon", 0.1, 0.0511031, 0.3430508),
])  # fmt: skip
def test_interval_of_a_chamber(shape, at, low, high):
    best = symbolic.optimum(shape, at=at)
    ends = best.interval(digits=15)
    assert [float(end) for end in ends] == pytest.approx([low, high], abs=1e-7)
    for end in ends:
        if 0 < end < 1:
            inside, outside = (best.evaluate(end * (1 + step)) for step in (1e-6, -1e-6))
            assert (inside.conditions == best.conditions) != (outside.conditions == best.conditions)
    middle = best.evaluate((ends[0] + ends[1]) / 2)
    assert middle.conditions == best.conditions


def test_blocks_and_gram_matrices():
    one = symbolic.optimum("digon").evaluate(TENTH)
    two = symbolic.optimum(symbolic.cross_polytope(2)).evaluate(TENTH)
    assert abs(two.loss - 2 * one.loss) < 1e-30
    assert symbolic.optimum("square").evaluate(TENTH).loss == two.loss
    assert float(numeric([[one.norm], [-one.norm]], float(one.bias), 0.1)) == pytest.approx(float(one.loss), rel=1e-12)


def test_digits_agree():
    best = symbolic.optimum("pentagon", TENTH)
    few, many = best.evaluate(digits=10), best.evaluate(digits=80)
    assert abs(few.loss - many.loss) < 1e-11
    assert str(many.loss).startswith("0.02630513112393230614779923652749")


def test_prints():
    assert str(symbolic.optimum("digon", HALF)).endswith("on the chamber b > 0, b - s < 0")
    assert repr(symbolic.optimum("digon", p)) == "SymbolicOptimum(shape='digon', probability=p, at=1/100)"


# What is refused


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: symbolic.optimum("digon", 0), ValueError, r"`probability` must be in \[1e-06, 1\]; got 0"),
    (lambda: symbolic.optimum("digon", 1.5), ValueError, r"`probability` must be in \[1e-06, 1\]; got 1.5"),
    (lambda: symbolic.optimum("digon", "p"), TypeError, "`probability` must hold real numbers"),
    (lambda: symbolic.optimum("digon", p**2), TypeError, "`probability` must be a symbol or a number; got p"),
    (lambda: symbolic.optimum("digon", Symbol("s")), ValueError, "`probability` must not be called s, b or t"),
    (lambda: symbolic.optimum("digon", 0.1, at=0.2), ValueError, "`at` must be left out where `probability` is a num"),
    (lambda: symbolic.optimum("digon", at=p), TypeError, "`at` must be a number; got the symbol p"),
    (lambda: symbolic.optimum("digon", at=2), ValueError, r"`at` must be in \[1e-06, 1\]"),
    (lambda: symbolic.optimum("digon").evaluate(), ValueError, "`probability` must be a number; got none"),
    (lambda: symbolic.optimum("digon").evaluate(p), TypeError, "`probability` must be a number; got the symbol p"),
    (lambda: symbolic.optimum("digon").evaluate(0.1, digits=0), ValueError, "`digits` must be at least 1"),
    (lambda: symbolic.optimum("digon").evaluate(0.1, digits=9999), ValueError, "`digits` must be at most 1000"),
    (lambda: symbolic.optimum("digon").polynomial("norm"), ValueError, '`of` must be one of "ratio"'),
    (lambda: symbolic.optimum("digon").series(0), ValueError, "`n_terms` must be at least 1"),
    (lambda: symbolic.optimum("digon").interval(digits=True), TypeError, "`digits` must be an integer"),
])  # fmt: skip
def test_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
