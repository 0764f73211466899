"""Monte Carlo with nonlinear layers: values against the definition, gradients against finite differences."""

import numpy as np
import pytest

from geomsup import Features, ToyModel, expected_loss
from geomsup.loss.sampled import sampled_losses

FEATURES = Features(4, 0.4, [1.0, 0.5, 2.0, 0.1])


def draw(model, size=500, seed=3):
    return sampled_losses(model, FEATURES, size, np.random.default_rng(seed))


def make(rng, tied, **activations):
    W, W_out = rng.normal(size=(2, 4, 2))
    return ToyModel(W, rng.normal(size=4) / 2, W_out=None if tied else W_out, **activations)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("hidden", ["linear", "relu", "gelu", "abs", np.tanh])
@pytest.mark.parametrize("output", ["relu", "gelu", "square", np.tanh])
def test_value_and_gradients_on_the_same_draws(tied, hidden, output, rng):
    activations = {"activation": output, "hidden_activation": hidden}
    model = make(rng, tied, **activations)
    result = draw(model)
    x = FEATURES.sample(500, np.random.default_rng(3))
    each = (x - model(x)) ** 2 * FEATURES.importance
    assert result.per_feature == pytest.approx(each.mean(axis=0), rel=1e-12)
    assert result.standard_error == pytest.approx(each.sum(axis=1).std() / np.sqrt(500), rel=1e-9)

    def total(**moved):
        arrays = {"W": model.W, "b": model.b, "W_out": model.W_out, **moved}
        return draw(ToyModel(**arrays, **activations)).per_feature.sum()

    names = ("W", "b") if tied else ("W", "b", "W_out")
    for name in names:
        point, step = getattr(model, name), np.zeros(getattr(model, name).shape)
        step[1] = 1e-7  # short: kinks between the two sides are rare
        slope = (total(**{name: point + step}) - total(**{name: point - step})) / 2e-7
        grad = getattr(result, f"grad_{name}")
        assert np.sum(grad[1]) == pytest.approx(slope, rel=2e-5, abs=1e-6), name
    assert (result.grad_W_out is None) == tied


@pytest.mark.parametrize("tied", [True, False])
def test_gradients_agree_with_the_exact_ones(tied, rng):
    model = make(rng, tied)
    exact, sampled = expected_loss(model, FEATURES, gradient=True), draw(model, 400_000)
    assert abs(exact.value - sampled.per_feature.sum()) < 5 * sampled.standard_error
    assert sampled.grad_b == pytest.approx(exact.grad_b, abs=0.02)
    assert sampled.grad_W == pytest.approx(exact.grad_W, abs=0.05)
    if not tied:
        assert sampled.grad_W_out == pytest.approx(exact.grad_W_out, abs=0.05)


def test_chunks_do_not_matter(monkeypatch, rng):
    model = make(rng, True, hidden_activation="gelu")
    whole = draw(model)
    monkeypatch.setattr("geomsup.loss.sampled.CHUNK_ENTRIES", 4 * 125)
    parts = draw(model)  # other draws, as chunks take turns with the generator
    assert abs(whole.per_feature.sum() - parts.per_feature.sum()) < 6 * whole.standard_error


def test_no_coupling_without_a_linear_hidden_layer(rng):
    assert np.isnan(draw(make(rng, True, hidden_activation="relu")).slope_coupling).all()
    assert np.isfinite(draw(make(rng, True, activation="gelu")).slope_coupling).all()
