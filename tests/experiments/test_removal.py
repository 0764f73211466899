"""E29 to E31 and A12: thresholds and integrals against other ways to them, and judges that can say no."""

import numpy as np
import pytest

from geomsup.experiments import Lab, experiment
from geomsup.experiments.removal import dictionary
from geomsup.experiments.removal.hidden_penalty import threshold, worth
from geomsup.experiments.removal.staircase_code import LINEAR, mean_squared_error, sampled_error
from geomsup.features import Features


def test_the_threshold_of_rare_features_in_closed_form():
    # (2/3)(2 w − w³) is largest at w² = 2/3.
    w = np.sqrt(2 / 3)
    assert threshold(0.1, 0.0) == pytest.approx(0.1 / (2 / 3 * (2 * w - w**3)), rel=1e-6)
    assert threshold(0.2, 0.3) == pytest.approx(2 * threshold(0.1, 0.3), rel=1e-6)


def test_at_the_threshold_the_best_neuron_costs_what_dropping_the_feature_does():
    p, penalty, x = 0.3, 0.1, (np.arange(4000) + 0.5) / 4000
    importance = threshold(penalty, p)

    def cost(w, b):
        error = p * ((w**2 * x + b - x) ** 2).mean() + (1 - p) * b**2
        return importance * error + penalty * p * w / 2

    paid = np.array([[cost(w, b) for b in np.linspace(0, 0.2, 41)] for w in np.linspace(0.5, 1, 101)])
    assert paid.min() == pytest.approx(importance * (p / 3 - p**2 / 4), rel=1e-3)


def test_no_more_features_are_worth_a_neuron_than_there_are():
    data = {"importance": np.array([0.2, 1.0, 0.5]), "threshold": np.array([0.1, 0.3]), "m": np.array(2)}
    np.testing.assert_array_equal(worth(data), [[False, True, True]] * 2)


def penalised(shared, stored, loss):
    data = {"penalty": np.array([0, 0.1, 0.2]), "importance": np.array([1, 0.5, 0.1]), "threshold": [0, 0.2, 0.6]}
    data["threshold"], data["m"] = np.array(data["threshold"]), np.array(2)
    for kind in ("linear", "relu"):
        data |= {
            f"{kind} shared": np.array(shared), f"{kind} stored": np.array(stored, bool),
            f"{kind} loss": np.array(loss), f"{kind} all shared": np.array(shared)[:, None],
        }  # fmt: skip
    return data


ALL, TWO, ONE = [1, 1, 1], [1, 1, 0], [1, 0, 0]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (penalised([1, 0, 0], [ALL, TWO, ONE], [1, 2, 3]), "holds"),
        (penalised([1, 0, 0], [ALL, [0, 1, 1], ONE], [1, 2, 3]), "holds with other numbers"),
        (penalised([1, 1, 1], [ALL, ALL, ALL], [1, 2, 3]), "does not hold"),
    ],
)
def test_a_penalty_must_remove_superposition_at_a_price(data, status):
    assert experiment("E29").judge(data).status == status


@pytest.mark.slow
def test_e29_measures():
    data = experiment("E29").measure(Lab(), n=4, m=2, ratio=0.5, p=0.5, penalties=[0.0, 5.0], models=2, steps=300)
    assert data["linear stored"].shape == (2, 4)
    assert not data["linear stored"][1].any()  # no feature is worth that much


def bounded(power, apart=1.0):
    p = np.array([0.3, 0.1, 0.03, 0.01])
    per_dimension = (1 / (-p * np.log(p))) ** power
    squares = np.stack([per_dimension, apart * per_dimension])[:, :, None]
    return {"n": np.array(1000), "m": np.array([5, 10]), "p": p, "squares": squares, "stored": squares}


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (bounded(0.8), "holds"),
        (bounded(0.8, apart=1.5), "holds with other numbers"),
        (bounded(1.3), "does not hold"),
    ],
)
def test_features_must_not_outgrow_the_bound(data, status):
    assert experiment("E30").judge(data).status == status


def test_e30_measures():
    data = experiment("E30").measure(Lab(), n=12, m=[2, 3], p=[0.3, 0.1], models=1, steps=100)
    assert data["squares"].shape == data["stored"].shape == (2, 2, 1)


@pytest.mark.parametrize("Z", [2, 3, 7])
def test_the_code_without_ramps_has_the_error_of_a_grid(Z):
    assert mean_squared_error(Z, 0.0) == pytest.approx(1 / (12 * Z**2), rel=1e-12)


@pytest.mark.parametrize("width", [1e-6, 0.1, 0.5, 0.7, 1.0])
def test_the_integral_agrees_with_samples(width):
    assert mean_squared_error(4, width) == pytest.approx(sampled_error(4, width, 400_000), rel=0.01)


def test_one_step_keeps_y_only():
    assert mean_squared_error(1, 0.3) == pytest.approx(LINEAR, rel=1e-12)  # the best linear code: 1/12


def test_e31_measures_and_holds_or_not():
    data = dict(experiment("E31").run(Lab(), {"Z": [2, 3], "widths": 6, "samples": 100_000}))
    judge = experiment("E31").judge
    assert judge(data).status == "holds"
    assert judge(data | {"claimed": data["claimed"] + LINEAR}).status == "holds with other numbers"
    assert judge(data | {"error": data["error"] + LINEAR}).status == "does not hold"
    crossing = data["crossing"]
    assert [mean_squared_error(Z, w) for Z, w in zip((2, 3), crossing, strict=True)] == pytest.approx([LINEAR] * 2)


def dictionary_data(sparse, sparsest):
    cosines = np.full((6, 20), 0.5)
    cosines[3:5], cosines[5] = sparse, sparsest
    ones = np.ones(6)
    return {"cosines": cosines, "chance": 0.5 * ones, "objective": ones, "truth": ones}


@pytest.mark.parametrize(
    ("sparse", "sparsest", "status"), [(1, 1, "holds"), (0.8, 1, "holds with other numbers"), (1, 0.7, "does not hold")]
)
def test_dictionary_is_judged_where_features_are_sparse(sparse, sparsest, status):
    assert dictionary.judge(dictionary_data(sparse, sparsest)).status == status


@pytest.mark.slow
def test_dictionary_recovers_a_pentagon():
    turns = 2 * np.pi * np.arange(5) / 5
    W = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    h = dictionary._activations(W, Features(5, 0.05), 500)
    assert np.sqrt((h**2).sum(axis=1).mean()) == pytest.approx(1)
    atoms, _ = dictionary.learn_dictionary(h, 5, sweeps=60, starts=8)
    assert dictionary.matched_cosines(W, atoms).min() > 0.99
