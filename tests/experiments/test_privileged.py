"""E23 to E25: shares of neurons and features by hand, and judges that can say no."""

import numpy as np
import pytest

from geomsup.experiments import Lab, experiment
from geomsup.experiments.definitions import neuron_shares
from geomsup.experiments.privileged.hidden_biases import _look
from geomsup.experiments.privileged.neuron_regimes import CLAIMED
from geomsup.experiments.privileged.neurons import dedicated, feature_shares
from geomsup.features import Features
from geomsup.model import ToyModel

HALF = np.sqrt(0.5)


def test_shares_by_hand():
    W = np.array([[1.0, 0.0], [HALF, HALF], [0.0, 0.1]])
    np.testing.assert_allclose(neuron_shares(W), [1 / 1.5, 0.5 / 0.51])
    np.testing.assert_allclose(feature_shares(W), [1, 0.5, np.nan])
    assert dedicated(W).sum() == 1


def test_a_neuron_that_a_feature_shuts_does_not_hold_it():
    assert dedicated(np.array([[-4.0, 1.0], [0.9, 0.0]])).tolist() == [False, True]


def aligned(linear, relu, single):
    spread = np.linspace(-0.02, 0.02, 11)
    rotated = np.broadcast_to(0.5 + spread, (2, 2, 3, 11))
    kinds = np.array([linear, relu])[:, None, None]
    return {
        "p": np.array([0.5, 0.2]), "share": np.broadcast_to(kinds, (2, 2, 3)), "rotated": rotated,
        "kurtosis": np.broadcast_to(4 * kinds, (2, 2, 3)), "rotated_kurtosis": 4 * rotated,
        "monosemantic": np.full((2, 2, 3), single),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (aligned(0.5, 0.9, 0.8), "holds"),
        (aligned(0.8, 0.9, 0.8), "holds with other numbers"),
        (aligned(0.5, 0.5, 0.0), "does not hold"),
    ],
)
def test_relu_models_must_be_aligned_and_linear_ones_not(data, status):
    assert experiment("E23").judge(data).status == status


def test_e23_measures():
    data = experiment("E23").measure(Lab(), n=4, m=2, ratio=0.8, p=[0.9], models=2, steps=400, rotations=20)
    assert data["share"].shape == (2, 1, 2)
    assert data["rotated"].shape == (2, 1, 2, 20)
    assert data["share"][1].min() > 0.8  # dense features get a neuron each


def regimes(counts):
    """Return data whose best model at each density has the given number of neurons with one feature."""
    W = np.ones((len(counts), 10, 5))
    for k, count in enumerate(counts):
        W[k, :, :count] = np.eye(10)[:, :count]
    W[-1, :, :] = [np.bincount([i % 5, (i + 1 + i // 5) % 5], minlength=5) for i in range(10)]  # pairs of neurons
    losses = np.ones((2, len(counts)))
    return {
        "p": np.array(list(CLAIMED)), "loss": losses, "own": np.ones_like(losses, bool), "counts": np.array([9]),
        "W": W, "b": np.zeros((len(counts), 10)), "many_counts": np.zeros((len(counts), 200)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        (list(CLAIMED.values()), "holds"),
        ([5, 4, 4, 4, 3, 3, 1, 0], "holds with other numbers"),
        ([0, 0, 1, 1, 0, 0, 5, 0], "does not hold"),
    ],
)
def test_regimes_must_be_the_claimed(counts, status):
    # Where counts differ from the claimed, no model here has the claimed count.
    assert experiment("E24").judge(regimes(counts)).status == status


def test_a_model_with_the_claimed_count_of_equal_loss_leaves_the_claim_standing():
    counts = list(CLAIMED.values())
    data = regimes([*counts[:-2], 1, counts[-1]])
    data["counts"] = np.array([0])
    assert experiment("E24").judge(data).status == "holds"


def test_e24_measures():
    data = experiment("E24").measure(Lab(), models=2, steps=5, kept=1, polish=5, samples=256)
    assert data["W"].shape == (8, 10, 5)
    assert data["loss"].shape[1] == 8
    assert data["own"].any(axis=0).all()
    assert np.isfinite(data["loss"]).all()


def biased(worse, opened, averaged, bent=0.0):
    ones = np.ones(2)
    return {
        "p": np.array([0.5, 0.1]), "linear loss": ones, "biases loss": (1 + worse) * ones, "none loss": 1.2 * ones,
        "biases straight": (1 + bent) * (1 + worse) * ones, "biases open": opened * ones, "none open": 0.5 * ones,
        "none averaged": averaged * ones, "none constancy": 0.7 * ones, "none W": np.zeros((2, 20, 4)),
        "b_hidden": np.ones((2, 4)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (biased(0.001, 1.0, 15), "holds"),
        (biased(0.001, 1.0, 1), "holds with other numbers"),
        (biased(0.001, 0.96, 15, bent=6.0), "holds with other numbers"),
        (biased(0.5, 0.6, 1), "does not hold"),
    ],
)
def test_biases_must_make_units_linear(data, status):
    assert experiment("E25").judge(data).status == status


@pytest.mark.parametrize(("weights", "count"), [([0.1] * 8, 8), ([0.1, -0.1] * 4, 0), ([1] + [0] * 7, 1)])
def test_weights_of_both_signs_average_nothing(weights, count):
    model = ToyModel(np.array(weights, float)[:, None], hidden_activation="relu")
    assert _look(model, Features(8, 0.9))["averaged"] == pytest.approx(count)


def test_hidden_relus_that_are_always_open_may_be_taken_away():
    W, features = np.array([[0.8], [-0.6]]), Features(2, 0.9)
    for bias, bent in ((1.0, False), (0.0, True)):
        found = _look(ToyModel(W, -bias * W[:, 0], hidden_activation="relu", b_hidden=[bias]), features)
        assert (abs(found["straight"] / found["loss"] - 1) > 0.02) == bent


def test_e25_measures():
    data = experiment("E25").measure(Lab(), n=6, m=2, ratio=1.0, p=[0.8], models=1, steps=300)
    assert data["b_hidden"].shape == (1, 2)
    assert data["linear open"].shape == (1,)
    assert 0 <= data["none open"][0] <= 1
