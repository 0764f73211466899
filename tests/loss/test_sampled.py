"""Monte Carlo with nonlinear layers: values against the definition, gradients against finite differences."""

import numpy as np
import pytest

from geomsup import Features, SampledFeatures, ToyModel, expected_loss
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


def layers(rng, hidden):
    W, between, W_out = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    weights = {"W": W, "b": rng.normal(size=4), "W_out": W_out, "b_hidden": rng.normal(size=3), "W_between": between}
    return weights | {"b_between": rng.normal(size=2), "hidden_activation": hidden}


@pytest.mark.parametrize("kind", ["two layers, linear", "two layers, relu", "relu", "linear"])
def test_gradients_of_hidden_biases_and_second_layers(kind, rng):
    arrays = layers(rng, kind.split()[-1])
    if "two" not in kind:
        arrays = {name: arrays[name] for name in ("W", "b", "b_hidden", "hidden_activation")}
    result = draw(ToyModel(**arrays))
    for name, point in arrays.items():
        if name == "hidden_activation":
            continue
        step = rng.normal(size=point.shape) * 1e-7
        ahead, behind = (draw(ToyModel(**(arrays | {name: point + sign * step}))) for sign in (1, -1))
        slope = (ahead.per_feature.sum() - behind.per_feature.sum()) / 2
        assert np.sum(getattr(result, f"grad_{name}") * step) == pytest.approx(slope, rel=2e-4, abs=1e-12), name
    value = expected_loss(ToyModel(**arrays), FEATURES, method="sampled", samples=500, rng=3, gradient=True)
    assert np.array_equal(value.grad_b_hidden, result.grad_b_hidden)
    assert value.value == result.per_feature.sum()


@pytest.mark.slow
@pytest.mark.parametrize("output", ["relu", "linear", "gelu"])
@pytest.mark.parametrize("tied", [True, False])
def test_a_linear_hidden_layers_bias_is_a_bias_of_the_outputs(output, tied, rng):
    W, W_out = rng.normal(size=(2, 4, 2))
    b, b_hidden, decoder = rng.normal(size=4), rng.normal(size=2), W if tied else W_out
    kind = {"activation": output, "W_out": None if tied else W_out}
    ours = expected_loss(ToyModel(W, b, b_hidden=b_hidden, **kind), FEATURES, gradient=True)
    folded = ToyModel(W, b + decoder @ b_hidden, **kind)
    theirs = expected_loss(folded, FEATURES)
    assert ours.method == theirs.method != "sampled"
    assert ours.value == pytest.approx(theirs.value, rel=1e-12)
    sampled = draw(ToyModel(W, b, b_hidden=b_hidden, **kind), 400_000)
    for name in ("grad_W", "grad_b", "grad_b_hidden", *(() if tied else ("grad_W_out",))):
        assert getattr(ours, name) == pytest.approx(getattr(sampled, name), abs=0.1), name
    step, e = np.zeros((4, 2)), 1e-5
    step[1, 0] = e
    ahead, behind = (
        float(expected_loss(ToyModel(W + sign * step, b, b_hidden=b_hidden, **kind), FEATURES, rtol=1e-11))
        if output != "gelu"
        else float(expected_loss(ToyModel(W + sign * step, b, b_hidden=b_hidden, **kind), FEATURES))
        for sign in (1, -1)
    )
    assert ours.grad_W[1, 0] == pytest.approx((ahead - behind) / (2 * e), rel=1e-4)


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


@pytest.mark.parametrize("unit", [-490, -300, 300, 490])
def test_standard_errors_scale_with_the_unit_of_values(unit):
    """Squares of losses of x = 2^±300 are no doubles; in powers of two nothing is rounded."""
    model, x = ToyModel([[1.0], [-0.7], [0.2]]), Features(3, 0.3).sample(500, rng=0)
    found, plain = (
        expected_loss(model, SampledFeatures(np.ldexp(x, power)), by_active=True, gradient=True) for power in (unit, 0)
    )
    assert found.value == np.ldexp(plain.value, 2 * unit)
    assert found.error == np.ldexp(plain.error, 2 * unit)
    assert np.array_equal(found.by_active_error, np.ldexp(plain.by_active_error, 2 * unit))


def test_what_is_beyond_doubles_says_how_large_values_are():
    with pytest.raises(ValueError, match=r"below 1e308; .*biases up to 0 and values up to 1e\+140\. Rescale them"):
        expected_loss(ToyModel([[1.0]]), SampledFeatures([[1e140], [2.0]]), target="square", power=4)
