"""Where the digon gives way to unequal rows, against Hessians and descents of the numeric loss."""

import numpy as np
import pytest
import sympy

from geomsup import Features, ToyModel, expected_loss, hessian, optimum, symbolic


@pytest.fixture(scope="module")
def found():
    return symbolic.symmetry_breaking(digits=30)


def digon_at(probability):
    point = symbolic.optimum("digon").evaluate(probability)
    norm, bias = float(point.norm), float(point.bias)
    return ToyModel([[norm], [-norm]], [bias, bias]), Features(2, probability)


@pytest.mark.slow
def test_thirty_digits(found):
    assert str(found.appearance) == "0.702247374914295352101086156621"
    assert str(found.transition) == "0.706403692673217597071653867763"
    assert str(found.instability) == "0.713013019543036163745258550426"


@pytest.mark.slow
def test_polynomial_vanishes_at_the_instability(found):
    polynomial = found.polynomial()
    assert polynomial.degree() == 36
    assert all(c.is_Integer for c in polynomial.coeffs())
    low, high = (sympy.Rational(str(found.instability)) + sign * sympy.Rational(1, 10**28) for sign in (-1, 1))
    assert polynomial.count_roots(low, high) == 1


@pytest.mark.slow
def test_eigenvalue_changes_sign_at_the_instability(found):
    smallest = [hessian(*digon_at(float(found.instability) + step)).eigenvalues[0] for step in (-1e-3, 0, 1e-3)]
    assert smallest[0] > 1e-4
    assert abs(smallest[1]) < 1e-8
    assert smallest[2] < -1e-4


@pytest.mark.slow
def test_its_direction_is_antisymmetric(found):
    _, vectors = np.linalg.eigh(hessian(*digon_at(float(found.instability))).matrix)
    w1, w2, b1, b2 = vectors[:, 0]
    assert [w1, b1] == pytest.approx([w2, -b2], abs=1e-8)  # rows have opposite signs


def test_optimum_jumps_at_the_transition(found):
    p = float(found.transition)
    below, above = (optimum(Features(2, p + step), 1, starts=6).model for step in (-2e-4, 2e-4))
    assert np.ptp(np.abs(below.W)) < 1e-5
    assert np.sort(np.abs(above.W.ravel())) == pytest.approx([float(x) for x in found.pair[1::-1]], abs=5e-3)


def test_both_states_have_the_loss_at_the_transition(found):
    features = Features(2, float(found.transition))
    a, c, b1, b2 = (float(x) for x in found.pair)
    pair = ToyModel([[a], [-c]], [b1, b2])
    assert float(expected_loss(pair, features)) == pytest.approx(float(found.loss), rel=1e-12)
    assert float(expected_loss(*digon_at(features.probability[0]))) == pytest.approx(float(found.loss), rel=1e-12)
    assert hessian(pair, features).kind == "minimum"


@pytest.mark.parametrize(("step", "stays"), [(1e-3, True), (-1e-3, False)])
def test_pair_exists_from_its_appearance_on(found, step, stays):
    from scipy.optimize import minimize

    features = Features(2, float(found.appearance) + step)

    def loss(v):
        value = expected_loss(ToyModel(v[:2, None], v[2:]), features, gradient=True)
        return float(value), np.concatenate([value.grad_W.ravel(), value.grad_b])

    start = np.array([0.9070, -0.5355, 0.2070, 0.4201])  # on the pair's side of the saddle between the two
    end = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-10})
    assert bool(np.ptp(np.abs(end.x[:2])) > 0.1) is stays


@pytest.mark.parametrize(("digits", "error", "text"), [
    (0, ValueError, "`digits` must be at least 1; got 0"),
    (201, ValueError, "`digits` must be at most 200; got 201"),
    (1.5, TypeError, "`digits` must be an integer"),
])  # fmt: skip
def test_refused(digits, error, text):
    with pytest.raises(error, match=text):
        symbolic.symmetry_breaking(digits=digits)
