"""Probes against leverage, least squares on samples, and closed forms."""

import numpy as np
import pytest

import geomsup as gs


def model_of(n, m, seed=0):
    return gs.ToyModel(np.random.default_rng(seed).normal(size=(n, m)))


@pytest.mark.parametrize("law", [gs.Uniform(0, 1), gs.Uniform(-1, 2), gs.Discrete((1, 2)), gs.Exponential(1, cells=64)])
def test_r2_is_the_leverage_of_scaled_rows(law):
    features = gs.Features(7, np.linspace(0.05, 0.9, 7), values=law)
    model = model_of(7, 3)
    found = gs.probes(model, features)
    scaled = np.sqrt(features.variance)[:, None] * model.W
    assert found.probe_r2 == pytest.approx(gs.leverage(scaled), abs=1e-12)
    assert found.probe_r2.sum() == pytest.approx(found.rank)
    cosines = scaled / np.linalg.norm(scaled, axis=0)
    assert found.neuron_r2 == pytest.approx((cosines**2).max(axis=1))


def test_least_squares_on_the_samples_of_a_data_set():
    X = gs.Features(6, 0.3, correlated=[(0, 1)]).sample(500, rng=0)
    model = model_of(6, 2)
    found = gs.probes(model, gs.SampledFeatures(X))
    hidden = np.column_stack([X @ model.W, np.ones(len(X))])
    for i in range(6):
        for columns, error in ((hidden, found.probe[i]), (hidden[:, [found.best[i], 2]], found.neuron[i])):
            fit = columns @ np.linalg.lstsq(columns, X[:, i], rcond=None)[0]
            assert error == pytest.approx(((X[:, i] - fit) ** 2).mean())


def test_features_that_come_together_are_read_from_one_neuron():
    """x_0 and x_1 share presence: Cov = p/4 - p²/4, and h = x_0 reads x_1 by Cov² / Var."""
    p = 0.3
    found = gs.probes(gs.ToyModel([[1.0], [0.0]]), gs.Features(2, p, correlated=[(0, 1)]))
    variance, covariance = p / 3 - p**2 / 4, p / 4 - p**2 / 4
    assert found.probe == pytest.approx([0, variance - covariance**2 / variance], abs=1e-15)
    assert found.neuron == pytest.approx(found.probe, abs=1e-15)


def test_neurons_of_any_size_and_none():
    W = np.array([[1e200, 0.0, 1e-200], [0.0, 0.0, 1e-200], [0.0, 0.0, -1e-200]])
    found = gs.probes(gs.ToyModel(W), gs.Features(3, 0.1))
    assert found.rank == 2
    assert found.probe_r2 == pytest.approx([1, 0.5, 0.5])
    empty = gs.probes(gs.ToyModel(np.zeros((2, 1))), gs.Features(2, [0.0, 1.0], values=gs.Discrete((1,))))
    assert (empty.rank, empty.probe_r2.tolist(), empty.neuron_r2.tolist()) == (0, [0, 0], [0, 0])


def test_on_three_nulls_a_random_model_gives_what_it_promises():
    """Σ R² is the rank for every law, probability and W of uncorrelated features: 100 draws of each."""
    rng = np.random.default_rng(5)
    for law in (gs.Uniform(0, 1), gs.Discrete((1, 5)), gs.Uniform(-1, 1)):
        for seed in range(100):
            n, m = 6, int(rng.integers(1, 6))
            found = gs.probes(model_of(n, m, seed), gs.Features(n, rng.uniform(0.01, 0.99, n), values=law))
            assert found.probe_r2.sum() == pytest.approx(m)
            assert (found.neuron >= found.probe - 1e-12).all()


def test_the_headline_is_short():
    assert len(str(gs.probes(model_of(5, 2), gs.Features(5, 0.1))).split()) <= 40


@pytest.mark.parametrize(
    ("model", "features", "words"),
    [
        (None, gs.Features(2), "`model` must be a ToyModel; got NoneType"),
        (gs.ToyModel([[1.0], [1.0]]), "a", "`features` must be"),
        (gs.ToyModel([[1.0], [1.0]]), gs.Features(3), "`features` must have as many features"),
        (gs.ToyModel([[1.0], [1.0]]), gs.Features(2, 0.1, normalised=True), "`features` must not be normalised"),
        (gs.ToyModel([[1.0], [1.0]], hidden_activation="relu"), gs.Features(2), "`model` must have one linear hidden"),
    ],
)
def test_refusals(model, features, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        gs.probes(model, features)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
