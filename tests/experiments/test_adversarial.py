"""E20 to E22: attacks measured against what is known by hand, and judges that can say no."""

import numpy as np
import pytest

from geomsup.experiments import Lab, experiment
from geomsup.experiments.adversarial.attacks import attacked_bias, mean_norm, plain_gap, vulnerability
from geomsup.features import Features


def test_an_attack_is_a_bias():
    rng = np.random.default_rng(0)
    W, b, x = rng.normal(size=(4, 2)), rng.normal(size=4), rng.random((5, 4))
    for i, bias in enumerate(attacked_bias(W, b, 0.3)):
        towards = W @ W[i]
        moved = x + 0.3 * towards / np.linalg.norm(towards)
        np.testing.assert_allclose(np.maximum(moved @ W @ W.T + b, 0), np.maximum(x @ W @ W.T + bias, 0), atol=1e-12)


def test_attacks_on_features_that_are_not_stored_do_nothing():
    W = np.array([[1.0], [0.0]])
    np.testing.assert_array_equal(attacked_bias(W, np.zeros(2), 0.5), [[0.5, 0.0], [0.0, 0.0]])


def test_without_superposition_an_attack_costs_its_square():
    # The output of the attacked feature is off by the attack's length λ: λ² times its importance, 1 for the first.
    features = Features(4, 0.2, [1.0, 0.5, 0.5, 0.1])
    assert plain_gap(features, 2, 0.1) == pytest.approx((0.1 * mean_norm(features)) ** 2, rel=1e-6)


def test_a_digon_is_twice_as_vulnerable():
    # δ = λ (1, −1)/√2 moves u by ±√2 λ. Of rare features, one output rises by √2 λ: 2 λ².
    features = Features(2, 0.001)
    W, length = np.array([[1.0], [-1.0]]), 0.1 * mean_norm(Features(2, 0.001))
    found = vulnerability(W, np.zeros(2), features, 0.1)
    assert (found["attacked"] - found["clean"]) / length**2 == pytest.approx(2, rel=0.01)


def rising(peak, slope):
    per_dimension = np.linspace(1, 4, 6)[:, None]
    return {
        "p": 1 / np.geomspace(1, 30, 6), "per_dimension": per_dimension,
        "vulnerability": 1 + slope * (per_dimension - 1),
        "attacked": np.full((6, 1), peak), "sampled": np.full((6, 1), peak), "clean": np.zeros((6, 1)),
    }  # fmt: skip


@pytest.mark.parametrize(("slope", "status"), [(1.0, "holds"), (0.3, "holds with other numbers"), (0, "does not hold")])
def test_vulnerability_must_rise(slope, status):
    data = rising(1.0, slope)
    if not slope:
        data["vulnerability"] = 1 + 0.01 * np.array([[0], [1], [0], [1], [0], [1.0]])
    assert experiment("E20").judge(data).status == status


def test_e20_measures():
    data = experiment("E20").measure(Lab(), n=6, m=2, ratio=1.0, densities=3, sparsest=5.0, models=2, steps=200)
    assert data["vulnerability"].shape == data["per_dimension"].shape == (3, 2)
    assert (data["attacked"] > data["clean"]).all()
    np.testing.assert_allclose(data["plain_gap"], data["length"] ** 2, rtol=1e-6)


@pytest.mark.parametrize(
    ("noise", "status"), [(0.01, "holds"), (0.8, "holds with other numbers"), (9, "does not hold")]
)
def test_the_scatter_is_judged_by_correlation(noise, status):
    x = np.linspace(1, 3, 40)
    data = {"p": np.linspace(1, 0.1, 40), "per_dimension": x, "vulnerability": x + noise * np.cos(9 * x)}
    assert experiment("E21").judge(data).status == status


@pytest.mark.parametrize(
    ("stored", "shared", "status"),
    [
        ([8, 6, 4, 4], [1, 0.5, 0.01, 0.01], "holds"),
        ([8, 6, 5, 4], [1, 0.5, 0.4, 0.01], "holds with other numbers"),
        ([8, 6, 0, 0], [1, 0.5, 0, 0], "holds with other numbers"),  # a model that stores nothing shows nothing
        ([8, 8, 8, 8], [1, 1, 1, 1], "does not hold"),
    ],
)
def test_adversarial_training_must_remove_at_80_percent(stored, shared, status):
    shape = (4, 1, 1)
    data = {
        "p": np.array([0.1]), "attack": np.array([0, 0.4, 0.8, 1.2]), "m": np.array(4), "loss": np.ones(shape),
        "stored": np.reshape(stored, shape), "shared": np.reshape(shared, shape),
    }  # fmt: skip
    assert experiment("E22").judge(data).status == status


def test_e22_measures():
    data = experiment("E22").measure(Lab(), n=4, m=2, p=[0.3], attacks=[0.0, 1.0], models=1, steps=200)
    assert data["stored"].shape == data["shared"].shape == (2, 1, 1)
    assert data["loss"][1, 0, 0] > data["loss"][0, 0, 0]
