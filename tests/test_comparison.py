"""A model next to the optimum: exact numbers by hand, and what must hold for every model."""

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize
from sympy import Symbol

from geomsup import Features, ToyModel, compare, expected_loss, optimum, train

DIGON = ToyModel([[1.0], [-1.0]])


def test_the_plain_digon_costs_what_integration_says():
    """Norm 1, bias 0: wrong only where both features are present, by min(x, y) in both outputs: p² · 2/6."""
    result = compare(DIGON, Features(2, 0.1))
    assert result.loss == pytest.approx(0.1**2 / 3, rel=1e-14)
    assert result.optimum.loss == pytest.approx(0.003319484, abs=1e-9)
    assert 100 * result.excess == pytest.approx(0.41721, abs=2e-5)
    assert result.geometry.name == "digon"
    assert result.model is DIGON


@pytest.mark.slow
@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 1), st.integers(1, 2))
def test_no_tied_model_is_below_the_optimum(seed, p, m):
    rng = np.random.default_rng(seed)
    features = Features(4, p, rng.uniform(0.5, 1, 4))
    model = ToyModel(rng.normal(size=(4, m)), rng.normal(size=4) * 0.1)
    assert compare(model, features, starts=1, rng=seed).excess >= 0


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.05, 0.3])
def test_trained_models_are_a_little_above_the_optimum(p):
    features = Features(3, p)
    run = train(features, 2, models=2, steps=2000, batch=256, learning_rate=5e-3)
    for index in range(2):
        result = compare(run.model(index), features, starts=8)
        assert 0 <= result.excess < 1.0


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m", "p"), [(5, 2, 0.05), (5, 2, 0.3), (9, 2, 0.1)])
def test_the_optimum_has_no_excess(n, m, p):
    features = Features(n, p)
    best = optimum(features, m, starts=3)
    again = compare(best.model, features, starts=1, rng=9)
    assert again.excess == pytest.approx(0, abs=1e-6)
    assert again.excess > -1e-9


@pytest.mark.slow
def test_components_add_up_to_the_loss():
    W = [[1, 0], [-1, 0.05], [0, 1], [0, -0.9], [0, 0]]
    features = Features(5, 0.2, [1, 0.9, 0.8, 0.7, 0.6])
    result = compare(ToyModel(W, [0, 0, 0, 0, 0.1]), features, starts=6)
    assert [part.name for part in result.per_component] == ["digon", "digon", "not represented"]
    assert [part.features for part in result.per_component] == [(0, 1), (2, 3), (4,)]
    assert [part.rank for part in result.per_component] == [1, 1, 0]
    assert sum(part.loss for part in result.per_component) == pytest.approx(result.loss, rel=1e-12)
    truth = expected_loss(result.model, features)
    assert result.loss == truth.value
    assert result.per_component[0].loss == pytest.approx(truth.per_feature[:2].sum(), rel=1e-12)


def test_a_model_of_nothing_is_all_dropped():
    features = Features(3, 0.1)
    result = compare(ToyModel(np.zeros((3, 1)), features.mean), features, starts=4)
    assert [(part.name, part.rank) for part in result.per_component] == [("not represented", 0), ("unused", 1)]
    assert result.loss == pytest.approx(3 * (0.1 / 3 - 0.01 / 4), rel=1e-12)


def test_linear_models_are_held_against_the_linear_optimum():
    features = Features(3, 0.5, [3, 2, 1])
    variance = 0.5 / 3 - 0.25 / 4
    good = ToyModel([[1], [0], [0]], [0, 0.25, 0.25], activation="linear")
    result = compare(good, features)
    assert result.optimum.status == "closed form"
    assert result.optimum.loss == pytest.approx(3 * variance, rel=1e-12)
    assert result.excess == pytest.approx(0, abs=1e-12)
    worse = ToyModel([[0], [1], [0]], [0.25, 0, 0.25], activation="linear")
    assert compare(worse, features).excess == pytest.approx(1 / 3, rel=1e-12)


@pytest.mark.slow
def test_untied_models_are_compared_too():
    features = Features(2, 0.1)
    model = ToyModel([[2.0], [-2.0]], W_out=[[0.5], [-0.5]])
    result = compare(model, features)
    assert result.loss == pytest.approx(0.1**2 / 3, rel=1e-12)

    def untied(vector):
        return float(expected_loss(ToyModel(vector[:2, None], vector[4:], W_out=vector[2:4, None]), features))

    noise = np.random.default_rng(0).normal(size=(8, 6)) * [0.4, 0.4, 0.4, 0.4, 0.05, 0.05]
    starts = np.array([1.0, -1.0, 1.0, -1.0, 0.0, 0.0]) + noise
    best = min(minimize(untied, start, method="BFGS").fun for start in starts)
    assert result.optimum.loss == pytest.approx(best, rel=1e-6)  # less than the digon of tied models
    assert result.excess == pytest.approx(0.1**2 / 3 / best - 1, abs=1e-5)


@pytest.mark.slow
def test_the_result_says_if_the_optimum_is_of_another_kind():
    features = Features(2, 0.1)
    plain, untied = ToyModel([[1.0], [-1.0]]), ToyModel([[1.0], [-1.0]], W_out=[[1.0], [-1.0]])
    for own in (plain, untied, ToyModel([[1.0], [-1.0]], b_hidden=[0.1])):
        assert "may be below" not in str(compare(own, features, starts=2))
    for other in (ToyModel([[1.0], [-1.0]], hidden_activation="relu", b_hidden=[0.1]),):
        assert "the optimum is that of models with linear hidden units" in str(compare(other, features, starts=2))


def test_above_an_optimum_of_zero_the_excess_is_infinite_but_json_stays_json():
    result = compare(ToyModel(0.9 * np.eye(2)), Features(2, 0.1))
    assert result.optimum.loss == 0
    assert result.excess == float("inf")
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["excess"] is None
    perfect = compare(ToyModel(np.eye(2)), Features(2, 0.1))
    assert perfect.excess == 0
    assert perfect.to_dict()["excess"] == 0


def test_to_dict_is_json():
    result = compare(DIGON, Features(2, 0.1), starts=4)
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert data["loss"] == result.loss
    assert data["excess"] == result.excess
    assert data["geometry"] == "digon"
    (part,) = data["per_component"]
    assert (part["name"], part["features"], part["rank"]) == ("digon", [0, 1], 1)
    assert part["loss"] == pytest.approx(0.1**2 / 3, rel=1e-14)
    assert part["noise"] == pytest.approx(0.1**2 / 3 - 0.0033194839904525635, rel=1e-6)
    assert part["structure"] == pytest.approx(0, abs=1e-12)
    assert data["optimum"] == json.loads(json.dumps(result.optimum.to_dict()))


def test_it_reads_well():
    lines = str(compare(DIGON, Features(2, 0.1), starts=4)).splitlines()
    assert lines[0].split() == ["loss", "geometry"]
    assert lines[1].split() == ["model", "0.00333333333", "digon"]
    assert lines[2].split()[:3] == ["optimum", "0.00331948399", "digon"]
    assert lines[3].split() == ["excess", "0.417", "%"]
    assert lines[5].split() == ["loss", "noise", "structure"]
    assert lines[6].split()[0] == "0.00333333"
    assert lines[6].endswith("digon: 2 features")
    assert lines[-1] == "  digon: features 0, 1, loss 0.00331948"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("W", "p", "importance"),
    [
        ([[1, 0], [-1, 0.1], [0, 1], [0.05, -0.9], [0, 0]], 0.1, 1.0),
        ([[1, 0], [-1, 0.1], [0, 1], [0.05, -0.9], [0, 0]], 0.5, [1, 0.9, 0.8, 0.7, 0.6]),
        ([[1, 0], [0, 0], [0, 0], [0, 0], [0, 0]], 0.1, 1.0),
        ([[0, 0]] * 5, 0.3, 1.0),
    ],
)
def test_what_components_cost_adds_up_to_the_excess(W, p, importance):
    """The prices are dual variables: excesses above them sum to the whole, whatever the components are."""
    result = compare(ToyModel(W), Features(5, p, importance), starts=8)
    total = sum(part.excess for part in result.per_component)
    assert total == pytest.approx(result.loss - result.optimum.loss + result.gap, abs=1e-12)
    assert result.gap >= -1e-12
    assert all(part.structure > -1e-9 for part in result.per_component)
    assert sum(part.rank for part in result.per_component) == 2


@pytest.mark.slow
def test_a_wrong_shape_is_told_from_a_noisy_one():
    features = Features(5, 0.1)
    angles = 2 * np.pi * np.arange(5) / 5
    pentagon = ToyModel(np.stack([np.cos(angles), np.sin(angles)], 1), -0.2 * np.ones(5))
    (part,) = compare(pentagon, features).per_component
    assert part.name == "pentagon"
    assert part.noise == pytest.approx(float(expected_loss(pentagon, features)) - 0.026305131124, rel=1e-6)
    assert part.structure == pytest.approx(0, abs=1e-9)
    square = ToyModel([[1, 0], [-1, 0], [0, 1], [0, -1], [0, 0]], [0, 0, 0, 0, 0.05])
    result = compare(square, features)
    digon, variance = 0.0033194839904525635, 0.1 / 3 - 0.01 / 4
    for part in result.per_component[:2]:
        assert part.noise == pytest.approx(0.1**2 / 3 - digon, rel=1e-6)
    assert result.per_component[2].noise == pytest.approx(0, abs=1e-15)
    # What structure costs is what the pentagon would save over two digons and a dropped feature.
    lost = sum(part.structure for part in result.per_component)
    assert lost == pytest.approx(2 * digon + variance - 0.026305131124, rel=1e-6)


def test_grouped_features_have_no_prices_but_are_compared():
    features = Features(4, 0.2, correlated=[(0, 1), (2, 3)])
    result = compare(ToyModel([[1, 0], [0, 1], [-1, 0], [0, -1]]), features, starts=4)
    assert result.gap is None
    assert all(part.excess is None for part in result.per_component)
    assert "square" in str(result)
    json.dumps(result.to_dict(), allow_nan=False)


def test_many_models_are_compared_at_once():
    features = [Features(2, 0.1), Features(2, 0.1), Features(2, 0.5)]
    models = [DIGON, ToyModel([[1.0], [0.0]]), DIGON]
    results = compare(models, features, starts=4)
    assert len(results) == 3
    assert results[0].optimum is results[1].optimum
    assert results[2].optimum.loss == pytest.approx(0.076282447, abs=1e-9)
    assert results.best is results[0]
    np.testing.assert_allclose(results.excess, [item.excess for item in results])
    assert [item.loss for item in results[1:]] == [results[1].loss, results[2].loss]
    lines = str(results).splitlines()
    assert lines[0].split() == ["model", "sparsity", "loss", "optimum", "excess", "geometry", "(optimum's)"]
    assert lines[1].split() == ["0", "0.9", "0.003333333", "0.003319484", "0.42", "%", "digon", "(digon)"]
    assert json.loads(json.dumps(results.to_dict(), allow_nan=False))["items"][0]["loss"] == results[0].loss
    with pytest.raises(ValueError, match=r"^`features` must be one Features, or one per model \(3\); got 2\. Repeat"):
        compare(models, features[:2])


def test_a_training_run_is_compared_with_its_own_features():
    run = train([Features(2, 0.1), Features(2, 0.5)], 1, models=2, steps=300, batch=64, learning_rate=1e-2)
    results = compare(run, starts=4)
    assert len(results) == 4
    assert [item.optimum.features.probability[0] for item in results] == [0.1, 0.1, 0.5, 0.5]
    assert results[0].loss == float(expected_loss(run.model(0), run.features[0]))
    assert (results.excess >= 0).all()


def test_a_run_is_held_against_the_optimum_with_the_penalty_it_was_trained_with():
    features, factor = Features(2, 0.1), 0.02
    run = train(features, 1, models=4, steps=2000, batch=256, learning_rate=1e-2, coherence=factor)
    best = optimum(features, 1, coherence=factor)
    for results in (compare(run), run.compare()):
        assert results.best.optimum.total == pytest.approx(best.total, rel=1e-9)
        assert 0 <= results.best.excess < 0.02
    plain = run.compare(coherence=0.0, starts=4)
    assert plain.best.optimum.conditions.plain
    assert plain.best.excess > 0.1  # the penalty keeps the digon short


def test_the_same_seed_gives_the_same_bits():
    one, two = (compare(DIGON, Features(2, 0.1), starts=3, rng=5) for _ in range(2))
    assert one.to_dict() == two.to_dict()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([[1.0]], Features(1)), {}, TypeError, r"^`model` must be a ToyModel; got list\. Wrap the weights"),
        ((DIGON, 0.1), {}, TypeError, r"^`features` must be a Features; got float\. Build one"),
        ((DIGON, Symbol("x")), {}, TypeError, r"^`features` must be a Features; got Symbol\. Build one"),
        (
            (DIGON, Features(3)),
            {},
            ValueError,
            r"^`features` must have as many features as `model` \(2\); got 3\.",
        ),
        ((DIGON, Features(2)), {"starts": 0}, ValueError, r"^`starts` must be at least 1; got 0\. Pass"),
    ],
)
def test_bad_input_is_named(arguments, options, error, message):
    with pytest.raises(error, match=message):
        compare(*arguments, **options)
