"""The spectral method against the exact one, exact rationals, and its own promises."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings

from geomsup import Features, ToyModel, Uniform, expected_loss
from geomsup.loss.spectral_kernels import spectral_outputs, spectral_periods, spectral_tails
from tests.loss.truth import CASES, problem, problems

NEARLY_PERFECT = [case for case in CASES if "coupling" in case["name"] and len(case["b"]) == 2]
ORDINARY = [case for case in CASES if case not in NEARLY_PERFECT]


@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case["name"])
def test_value_agrees_with_exact_rationals(case):
    result = expected_loss(*problem(case), method="spectral")
    assert abs(Fraction(result.value) - Fraction(case["loss"])) <= Fraction(result.error)
    assert result.value == pytest.approx(float(Fraction(case["loss"])), rel=1e-9, abs=0)


@pytest.mark.parametrize("case", NEARLY_PERFECT, ids=lambda case: case["name"])
def test_losses_lost_in_rounding_are_refused_and_auto_has_them(case):
    with pytest.raises(ValueError, match=r'`rtol` must be reachable.* larger rtol or method="exact"'):
        expected_loss(*problem(case), method="spectral")
    assert float(expected_loss(*problem(case))) == pytest.approx(float(Fraction(case["loss"])), rel=1e-10)


@settings(max_examples=40)
@given(problems(max_features=7))
def test_truncation_never_exceeds_its_bound(problem):
    model, features = problem
    exact = expected_loss(model, features, method="exact", gradient=True)
    n, law = features.n, features.values
    arguments = (
        np.array(model.b), np.array(features.probability),
        np.full(n, law.low), np.full(n, law.high - law.low),
    )  # fmt: skip
    periods, overflow = spectral_periods(model.coupling, *arguments, np.full(n, 1e-4 * features.variance.max()))
    for terms in (32, 512):
        value, rounding, _, _ = spectral_outputs(
            model.coupling, 1 - np.diag(model.gram), *arguments, periods, np.full(n, terms), False
        )
        tails = spectral_tails(model.coupling, *arguments, periods, np.array([float(terms), 1e3, 1e5]))[:, 0]
        bound = features.importance @ (tails + overflow + rounding) + exact.error
        assert abs(features.importance @ value - exact.value) <= bound


@settings(max_examples=25)
@given(problems(max_features=6))
def test_gradient_agrees_with_the_exact_method(problem):
    model, features = problem
    try:
        spectral = expected_loss(model, features, method="spectral", gradient=True)
    except ValueError as error:
        assume("`rtol` must be reachable" not in str(error))
        raise
    exact = expected_loss(model, features, method="exact", gradient=True)
    for name in ("grad_W", "grad_b"):
        truth = getattr(exact, name)
        np.testing.assert_allclose(getattr(spectral, name), truth, rtol=1e-4, atol=1e-5 * (1e-6 + np.abs(truth).max()))


def test_many_features_agree_with_sampling():
    rng = np.random.default_rng(5)
    W = rng.normal(size=(60, 12)) / np.sqrt(12)
    features = Features(60, 0.04, importance=rng.random(60), values=Uniform(0.2, 1))
    model = ToyModel(W, -0.1 * rng.random(60))
    spectral = expected_loss(model, features, rtol=1e-6, gradient=True)
    sampled = expected_loss(model, features, method="sampled", samples=200_000, rng=1, gradient=True)
    assert spectral.method == "spectral"
    assert abs(spectral.value - sampled.value) < 5 * sampled.error
    assert np.abs(spectral.grad_W - sampled.grad_W).max() < 0.02
    assert np.abs(spectral.grad_b - sampled.grad_b).max() < 0.02


def test_gradient_of_many_features_agrees_with_differences():
    rng = np.random.default_rng(6)
    W, b = rng.normal(size=(20, 4)) / 2, rng.normal(size=20) * 0.1
    features = Features(20, rng.random(20) * 0.3)
    gradient = expected_loss(ToyModel(W, b), features, gradient=True).grad_W
    move = rng.normal(size=W.shape) * 1e-5
    ahead, behind = (float(expected_loss(ToyModel(W + s * move, b), features)) for s in (1, -1))
    assert (gradient * move).sum() == pytest.approx((ahead - behind) / 2, rel=1e-5)


def test_unreachable_accuracy_is_refused():
    rng = np.random.default_rng(0)
    model = ToyModel(rng.normal(size=(20, 3)))
    with pytest.raises(ValueError, match=r"`rtol` must be reachable; asked for 1e-16, but the spectral method only"):
        expected_loss(model, Features(20, 0.3), rtol=1e-16)
