"""Losses of smooth distributions of values: against quadrature, samples, invariances and differences."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import integrate

from geomsup import Discrete, Features, ToyModel, Uniform, expected_loss, hessian
from geomsup.loss.spectral.falls import make_falls
from tests.laws.test_smooth import LAWS, NAMES, PAIRS, laws


def of_one(law, truth, w, b, p):
    """E (x - relu(w² x + b))² of one feature, by quadrature with the kink as an end."""

    def error(x):
        return (x - max(w**2 * x + b, 0.0)) ** 2 * truth.pdf(x)

    low, high = truth.ppf(1e-15), truth.ppf(1 - 1e-15)
    inner = np.clip([-b / w**2, law.mean, law.mean + 5 * law.variance**0.5], low, high)
    parts = pairwise(sorted({low, *inner, high}))
    present = sum(integrate.quad(error, *ends, epsabs=1e-13, limit=300)[0] for ends in parts)
    return (1 - p) * max(b, 0.0) ** 2 + p * present


@pytest.mark.slow
@pytest.mark.parametrize("b", [-0.4, 0.0, 0.3])
@pytest.mark.parametrize(("law", "truth"), PAIRS, ids=NAMES)
def test_losses_of_one_feature_are_those_of_quadrature(law, truth, b):
    for w, method in ((0.8, "exact"), (0.8, "spectral"), (1.1, "auto")):
        result = expected_loss(ToyModel([[w]], [b]), Features(1, 0.3, values=law), method=method)
        assert abs(result.value - of_one(law, truth, w, b, 0.3)) <= result.error + 1e-9 * result.value
        assert result.error <= 1e-4 * law.second_moment


@pytest.mark.slow
@pytest.mark.parametrize(("law", "truth"), PAIRS, ids=NAMES)
def test_losses_of_two_features_are_those_of_quadrature(law, truth):
    """The digon with a bias, for both present; those with one present are checked above."""
    model, b = ToyModel([[0.9], [-0.7]], [-0.1, 0.2]), (-0.1, 0.2)
    G = model.gram
    low, high = truth.ppf(1e-12), truth.ppf(1 - 1e-12)
    # Gauss-Legendre on pieces in each variable; kinks in the other variable are ends.
    edges = np.unique(
        truth.ppf(np.concatenate([np.logspace(-12, -1, 23), np.linspace(0.1, 0.9, 33), 1 - np.logspace(-12, -1, 23)]))
    )
    nodes, weights = np.polynomial.legendre.leggauss(12)

    def on(ends):
        half, middle = np.diff(ends) / 2, (ends[1:] + ends[:-1]) / 2
        return (middle[:, None] + half[:, None] * nodes).ravel(), (half[:, None] * weights).ravel()

    total = 0.0
    for i in (0, 1):
        x, wx = on(edges)
        for own, weight in zip(x, wx, strict=True):
            kink = np.clip(-(b[i] + G[i, i] * own) / G[i, 1 - i], low, high)
            y, wy = on(np.unique(np.append(edges, kink)))
            error = (own - np.maximum(b[i] + G[i, i] * own + G[i, 1 - i] * y, 0)) ** 2
            total += weight * float(truth.pdf(own)) * float(wy @ (error * truth.pdf(y)))
    result = expected_loss(model, Features(2, 1.0, values=law))
    assert abs(result.value - total) <= result.error + 1e-7 * total


@pytest.mark.slow
@given(laws(), st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_the_loss_scales_with_the_units_of_x(law, seed):
    rng = np.random.default_rng(seed)
    W, b, size = rng.normal(size=(3, 2)), rng.normal(size=3), law.second_moment**0.5
    one = expected_loss(ToyModel(W, b * size), Features(3, 0.3, values=law))
    other = expected_loss(ToyModel(W, 8 * b * size), Features(3, 0.3, values=law.times(8)))
    assert other.value == pytest.approx(64 * one.value, rel=1e-6)
    assert abs(other.value - 64 * one.value) <= other.error + 64 * one.error


@pytest.mark.parametrize("activation", ["relu", "abs", "leaky_relu"])
@pytest.mark.parametrize("law", LAWS, ids=NAMES)
def test_methods_agree_and_more_cells_stay_within_the_error_of_fewer(law, activation, rng):
    model = ToyModel(rng.normal(size=(2, 2)), rng.normal(size=2) * 0.3, activation=activation)
    few, many = (Features(2, 0.4, values=replace(law, cells=cells)) for cells in (16, 128))
    exact, spectral = (expected_loss(model, few, method=method) for method in ("exact", "spectral"))
    assert abs(exact.value - spectral.value) <= 1e-6 * exact.value + 0.1 * spectral.error
    better = expected_loss(model, many, method="spectral")
    assert abs(exact.value - better.value) <= exact.error + better.error
    assert better.error < exact.error / 50


@pytest.mark.parametrize("law", LAWS[:4], ids=NAMES[:4])
def test_groups_of_smooth_features_are_within_the_error(law, rng):
    model = ToyModel(rng.normal(size=(4, 2)), rng.normal(size=4) * 0.3)
    losses = [
        expected_loss(model, Features(4, 0.3, values=replace(law, cells=cells), correlated=[(0, 1)],
                                      anticorrelated=[(2, 3)]))
        for cells in (16, 64)
    ]  # fmt: skip
    assert abs(losses[0].value - losses[1].value) <= losses[0].error + losses[1].error


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS, ids=NAMES)
def test_gradients_are_differences(law, rng):
    W, b, features = rng.normal(size=(3, 2)), rng.normal(size=3) * 0.3, Features(3, 0.3, values=law)
    found = expected_loss(ToyModel(W, b), features, gradient=True)
    scale = law.second_moment
    for k in range(3):
        step = np.zeros(3)
        step[k] = 1e-3 * scale**0.5
        ends = [float(expected_loss(ToyModel(W, b + sign * step), features)) for sign in (1, -1)]
        assert found.grad_b[k] == pytest.approx((ends[0] - ends[1]) / (2 * step[k]), rel=5e-3, abs=2e-3 * scale**0.5)
        move = np.zeros((3, 2))
        move[k, 0] = 1e-3
        ends = [float(expected_loss(ToyModel(W + sign * move, b), features)) for sign in (1, -1)]
        assert found.grad_W[k, 0] == pytest.approx((ends[0] - ends[1]) / 2e-3, rel=5e-3, abs=2e-3 * scale)


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS, ids=NAMES)
def test_losses_are_within_four_standard_errors_of_a_million_samples(law):
    rng = np.random.default_rng(5)
    model = ToyModel(rng.normal(size=(5, 2)) / 2**0.5, rng.normal(size=5) * 0.1)
    features = Features(5, 0.2, values=law)
    truth, estimate = (
        expected_loss(model, features),
        expected_loss(model, features, method="sampled", samples=1_000_000, rng=7),
    )
    assert abs(truth.value - estimate.value) <= 4 * estimate.error + truth.error


@pytest.mark.parametrize("activation", ["gelu", "square", np.tanh], ids=["gelu", "square", "tanh"])
def test_numeric_errors_hold_what_the_pieces_change(activation):
    model, law = ToyModel([[0.8], [-0.6]], [0.1, 0.0], activation=activation), LAWS[1]
    few, many = (expected_loss(model, Features(2, 0.4, values=replace(law, cells=cells))) for cells in (32, 256))
    assert few.method == "numeric"
    assert abs(few.value - many.value) <= few.error


def test_the_linear_loss_needs_no_pieces():
    result = expected_loss(ToyModel([[0.5]], activation="linear"), Features(1, values=LAWS[0]))
    assert result.value == pytest.approx(0.75**2, rel=1e-14)
    assert result.error < 1e-14


def test_an_accuracy_that_the_pieces_cannot_give_is_refused_and_cells_are_named():
    model, features = ToyModel([[0.8], [-0.6]]), Features(2, 0.3, values=LAWS[3])
    reached = expected_loss(model, features)
    assert 1e-9 * reached.value < reached.error < 1e-4 * reached.value
    with pytest.raises(
        ValueError, match=r"pieces that stand for the distributions .* or distributions with more cells="
    ):
        expected_loss(model, features, rtol=1e-9)
    assert expected_loss(model, features, rtol=1e-4).error <= 1e-4 * reached.value


def test_too_many_combinations_in_a_group_are_refused():
    features = Features(3, 0.3, values=LAWS[0], correlated=[(0, 1, 2)])
    with pytest.raises(ValueError, match="`correlated` must not hold groups with more than 65536 combinations"):
        expected_loss(ToyModel(np.eye(3)), features, method="spectral")
    assert expected_loss(ToyModel(np.eye(3)), features, samples=100).method == "sampled"


def test_hessians_say_how_far_pieces_can_be_off():
    model = ToyModel([[0.8], [-0.6]], [0.1, -0.1])
    smooth, plain = (hessian(model, Features(2, 0.3, values=law)) for law in (LAWS[3], Uniform()))
    assert plain.error < 1e-6 < smooth.error < 0.1


@pytest.mark.parametrize("law", LAWS, ids=NAMES)
def test_characteristic_functions_are_below_their_falls(law):
    falls = make_falls(Features(1, values=law))
    weight, low, width = law.pieces()
    for z in np.geomspace(1e-2, 1e4, 50) / law.second_moment**0.5:
        ends = [np.exp(1j * z * end) for end in (low, low + width)]
        plain = (weight * (ends[1] - ends[0]) / (1j * z * width)).sum()
        assert abs(plain) <= min(1, falls.atoms[0] + falls.variation[0] / z) + 1e-9
        own = (
            weight / width * (((low + width) * ends[1] - low * ends[0]) / (1j * z) + (ends[1] - ends[0]) / z**2)
        ).sum()
        assert abs(own) <= min(falls.own_size[0], falls.own_atoms[0] + falls.own_variation[0] / z) * (1 + 1e-6)


def test_falls_of_mixtures_are_those_of_their_parts():
    falls = make_falls(Features(2, values=[Discrete((1, -3), (1, 3)), Uniform(-1, 1)]))
    np.testing.assert_allclose(falls.atoms, [1, 0])
    np.testing.assert_allclose(falls.variation, [0, 1])
    np.testing.assert_allclose(falls.own_size, [2.5, 0.5])
    np.testing.assert_allclose(falls.own_atoms, [2.5, 0])
    np.testing.assert_allclose(falls.own_variation, [0, 2])
