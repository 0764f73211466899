"""The spectral method against the exact one, exact rationals, and its own promises."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings

from geomsup import Features, ToyModel, Uniform, expected_loss
from geomsup.activations import LEAKS
from geomsup.loss import exact_kernels
from geomsup.loss.plan import make_laws, make_plan, make_sizes, make_units
from geomsup.loss.spectral import bounds, kernels, moments, transforms, units
from geomsup.loss.spectral.bounds import spectral_periods, spectral_tails
from geomsup.loss.spectral.falls import make_falls
from geomsup.loss.spectral.kernels import spectral_outputs
from geomsup.threads import stop_flag
from tests.loss.truth import CASES, problem, problems

KERNELS = [
    exact_kernels, bounds, kernels, moments, transforms, units
]  # fmt: skip
NEARLY_PERFECT = [case for case in CASES if "coupling" in case["name"] and len(case["b"]) == 2]
ORDINARY = [case for case in CASES if case not in NEARLY_PERFECT]


@pytest.mark.parametrize("case", ORDINARY, ids=lambda case: case["name"])
def test_value_agrees_with_exact_rationals(case):
    # Atoms and couplings of 1e-8 fall off too slowly for nine digits: those of the mixed cases are asked for four.
    rtol = 1e-4 if case["name"].startswith(("mixed ", "joint ")) and "couplings" not in case["name"] else 1e-9
    result = expected_loss(*problem(case), method="spectral", rtol=rtol)
    assert abs(Fraction(result.value) - Fraction(case["loss"])) <= Fraction(result.error)
    assert result.value == pytest.approx(float(Fraction(case["loss"])), rel=rtol, abs=0)


@pytest.mark.parametrize("case", NEARLY_PERFECT, ids=lambda case: case["name"])
def test_losses_lost_in_rounding_are_refused_and_auto_has_them(case):
    with pytest.raises(ValueError, match=r'`rtol` must be reachable.* larger rtol or method="exact"'):
        expected_loss(*problem(case), method="spectral")
    assert float(expected_loss(*problem(case))) == pytest.approx(float(Fraction(case["loss"])), rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("gradient", [False, True])
@pytest.mark.parametrize("case", [c for c in ORDINARY if "grad_W" in c], ids=lambda case: case["name"])
def test_kernels_stay_within_their_arrays(case, gradient, interpreted):
    interpreted(*KERNELS)
    result = expected_loss(*problem(case), method="spectral", rtol=1e-2, gradient=gradient)
    assert abs(Fraction(result.value) - Fraction(case["loss"])) <= Fraction(result.error)


@settings(max_examples=40)
@given(problems(max_features=7))
def test_truncation_never_exceeds_its_bound(problem):
    model, features = problem
    exact = expected_loss(model, features, method="exact")
    n, coupling, b = features.n, model.coupling, np.array(model.b)
    units, laws, plan = make_units(features), make_laws(features), make_plan(features)
    sizes = make_sizes(features)
    falls = make_falls(features)
    leak, widest = LEAKS[model.activation], int(np.diff(units.start).max())
    most = np.array([max(map(abs, law.support)) for law in features.laws])
    everyone = np.ones(n, bool)
    periods, overflow = spectral_periods(
        coupling, b, units, laws, everyone, most, np.full(n, 1e-4 * features.variance.max()), stop_flag()
    )
    for terms in (32, 512):
        value, rounding, _, _ = spectral_outputs(
            coupling, 1 - np.diag(coupling), b, leak, units, laws, sizes, plan, features.mean, widest, everyone,
            periods, np.full(n, terms), False, stop_flag(),
        )  # fmt: skip
        grid = np.array([float(terms), 1e3, 1e5])
        tails = spectral_tails(coupling, b, leak, units, laws, falls, everyone, periods, grid, stop_flag())[:, 0]
        bound = features.importance @ (tails + overflow + rounding) + exact.error
        assert abs(features.importance @ value - exact.value) <= bound


@settings(max_examples=25)
@given(problems(max_features=6, discrete=False))
def test_gradient_agrees_with_the_exact_method(problem):
    model, features = problem
    # Outputs of a short row bend so near to 0 that losses to 1e-9 hardly see it: slopes are then between both sides'.
    norms = np.linalg.norm(model.W, axis=1)
    assume(not ((norms > 0) & (norms * min(norms.max(), 1.0) < 0.02 * norms.max())).any())
    try:
        spectral = expected_loss(model, features, method="spectral", gradient=True)
    except ValueError as error:
        assume("`rtol` must be reachable" not in str(error))
        raise
    exact = expected_loss(model, features, method="exact", gradient=True)
    # By Cauchy and Schwarz a slope in a coupling is at most 2 sqrt(loss E x²) per unit of importance.
    scale = 2 * np.sqrt(exact.value * (features.importance @ features.second_moment)) * max(1, np.abs(model.W).max())
    np.testing.assert_allclose(spectral.grad_W, exact.grad_W, rtol=1e-4, atol=3e-5 * scale + 1e-12)
    scale = 2 * np.sqrt(exact.value * features.importance.max())
    np.testing.assert_allclose(spectral.grad_b, exact.grad_b, rtol=1e-4, atol=3e-5 * scale + 1e-12)


@pytest.mark.slow
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


def test_slopes_in_couplings_of_zero():
    """An output that its own feature does not reach: E x² of that feature then counts in the slope."""
    W = np.array([[1.0, 0.0], [0.5, 0.8], [-0.7, -0.4]])
    decoder = np.array([[0.0, 1.0], [0.6, 0.3], [-0.2, 0.9]])  # the first output is 0·x_0 + ...
    features = Features(3, 0.3)
    exact, spectral = (
        expected_loss(ToyModel(W, [0.1, -0.1, 0.05], W_out=decoder), features, method=method, gradient=True)
        for method in ("exact", "spectral")
    )
    np.testing.assert_allclose(spectral.grad_W_out, exact.grad_W_out, rtol=1e-3)
    np.testing.assert_allclose(spectral.grad_W, exact.grad_W, rtol=1e-3)
