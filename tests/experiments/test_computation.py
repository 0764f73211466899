"""E26 to E28: structures of absolute-value models made by hand, and judges that can say no."""

import numpy as np
import pytest

from geomsup.experiments import Lab, experiment
from geomsup.experiments.computation.absolute_sweep import PROBABILITIES, _passed_on
from geomsup.experiments.computation.motif import Motif, find_motifs
from geomsup.experiments.computation.neurons import ABS, dedicated_start, normalised, open_start, signed
from geomsup.experiments.computation.two_neurons_each import outputs, pairs
from geomsup.experiments.definitions import neuron_shares
from geomsup.training import train
from geomsup.training.measure import measured_loss

TWO_EACH = np.kron(np.eye(3), [[1.0, -1.0]])  # W of ReLU(x_i), ReLU(−x_i); W_out is its absolute value
MOTIF = np.array([[2.0, 1.0], [-0.5, 0.0]]), np.array([[0.5, 0.0], [2.0, -4.5]])


def test_two_neurons_each_compute_absolute_values():
    np.testing.assert_array_equal(outputs(TWO_EACH, np.zeros(3), abs(TWO_EACH)), [np.eye(3)] * 2)
    b = np.array([0.1, -0.1, -0.1])
    np.testing.assert_allclose(outputs(TWO_EACH, b, abs(TWO_EACH))[0], [[1.1, 0, 0], [0.1, 0.9, 0], [0.1, 0, 0.9]])
    scale = np.array([2, 0.5, 3, 1, 0.1, 7])
    assert pairs(TWO_EACH * scale, abs(TWO_EACH) / scale) == 3


def test_a_feature_that_shares_a_neuron_has_not_two_of_its_own():
    W = TWO_EACH.copy()
    W[1, 0] = 0.5
    assert pairs(W, abs(TWO_EACH)) == 2


def solved(loss, W):
    return {
        "p": np.array([0.2]), "loss": np.full((1, 4), loss), "linear": np.full((1, 4), 0.1), "W": W[None],
        "W_out": abs(TWO_EACH)[None], "b": np.zeros((1, 3)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (solved(1e-9, TWO_EACH), "holds"),
        (solved(1e-9, TWO_EACH[::-1]), "holds with other numbers"),
        (solved(0.05, TWO_EACH), "does not hold"),
    ],
)
def test_absolute_values_need_small_losses_and_the_structure(data, status):
    assert experiment("E26").judge(data).status == status


@pytest.mark.slow
def test_e26_measures():
    data = experiment("E26").measure(Lab(), p=[0.5], models=2, steps=100)
    assert data["W"].shape == data["W_out"].shape == (1, 3, 6)
    assert data["loss"].shape == (1, 2)


def test_scaling_a_neuron_changes_nothing_once_normalised():
    rng = np.random.default_rng(0)
    W, W_out, scale = rng.normal(size=(5, 3)), rng.normal(size=(5, 3)), np.array([2, 0.1, 30])
    for one, other in zip(normalised(W, W_out), normalised(W * scale, W_out / scale), strict=True):
        np.testing.assert_allclose(one, other)
    assert np.abs(normalised(W, W_out)[0]).max(axis=0) == pytest.approx(1)
    np.testing.assert_allclose(neuron_shares(W), neuron_shares(W * scale))


def test_an_open_start_answers_to_both_signs_of_every_feature():
    model = open_start(30, 12, 0)
    assert all((np.diag(model(sign * np.eye(30))) > 0).all() for sign in (1, -1))


def test_a_dedicated_start_computes_absolute_values_of_the_first_features():
    model, x = dedicated_start(5, 4, 0.0, 0), np.array([0.5, -0.3, 0.2, 0.1, -1.0])
    np.testing.assert_allclose(model(x), [0.5, 0.3, 0, 0, 0])


def sweep(fractions):
    """Return seven models of which the given part of ten neurons read one feature; the others two, less important."""
    W = np.zeros((len(fractions), 40, 10))
    for k, fraction in enumerate(fractions):
        for neuron in range(10):
            W[k, neuron, neuron] = 1.0
            if neuron >= round(10 * fraction):
                W[k, neuron + 20, neuron] = 0.9
    ones = np.ones(len(fractions))
    return {
        "p": np.array(PROBABILITIES), "W": W, "W_out": np.abs(W), "loss": ones, "drawn": 2 * ones, "exact": ones,
        "dedicated W": W, "dedicated W_out": np.abs(W), "dedicated loss": ones,
        "at once": ones,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fractions", "status"),
    [
        ((1, 1, 0.8, 0.5, 0.3, 0.1, 0), "holds"),
        ((1, 0.8, 0.5, 0.3, 0.1, 0, 0), "holds with other numbers"),
        ((0, 0, 0.5, 0.5, 1, 1, 1), "does not hold"),
    ],
)
def test_monosemantic_neurons_must_go_with_sparsity(fractions, status):
    assert experiment("E27").judge(sweep(fractions)).status == status


@pytest.mark.slow
def test_models_are_passed_on_where_that_is_better():
    features = [signed(100, 1.0), signed(100, 0.3)]
    run = train(features, 40, steps=1, batch=16, **ABS)
    recipe = ABS | {"steps": 60, "batch": 64, "learning_rate": 1e-2}
    models, losses = _passed_on(Lab(), features, run, recipe)
    assert losses[0] == run.expected_loss()[0]
    assert losses[1] < 0.9 * run.expected_loss()[1]
    assert measured_loss(models[1], features[1], "abs") == pytest.approx(losses[1])


def test_polysemantic_models_that_are_worse_than_dedicated_ones_are_told():
    data = sweep((1, 1, 0.8, 0.5, 0.3, 0.1, 0))
    verdict = experiment("E27").judge(data | {"loss": 2 * data["loss"], "dedicated loss": 1.5 * data["loss"]})
    assert verdict.status == "holds with other numbers"
    assert verdict.numbers["densities at which no model reaches the loss of dedicated neurons"] == 7


def test_the_motif_is_found_whatever_its_signs_scales_and_order():
    W, W_out = MOTIF
    assert find_motifs(W, W_out) == [Motif(shared=0, strong=0, weak=1, inhibitor=1)]
    assert find_motifs(-W * [3, 0.2], W_out / [3, 0.2]) == [Motif(0, 0, 1, 1)]
    assert find_motifs(W[::-1, ::-1], W_out[::-1, ::-1]) == [Motif(shared=1, strong=1, weak=0, inhibitor=0)]


def test_no_motif_without_inhibition_or_without_sharing():
    W, W_out = MOTIF
    assert find_motifs(W, W_out * [[1, 1], [1, 0]]) == []
    assert find_motifs(W * [[1, -1], [1, 1]], W_out) == []  # B open for the other sign
    assert find_motifs(TWO_EACH, np.abs(TWO_EACH)) == []
    assert find_motifs(np.ones((2, 2)), np.array([[1.0, -1.0], [1.0, -1.0]])) == []  # equal weights


def counted(share, chance, harm, others=1.05):
    data = {}
    for name in ("6 in 10", "20 in 10"):
        data |= {
            f"{name} motifs": np.array([2] * share + [0] * (10 - share)), f"{name} harm": np.full(10, harm),
            f"{name} harm of others": np.full(10, others),
            f"{name} by chance": np.array([1] * chance + [0] * (10 - chance)), f"{name} monosemantic": np.ones(10),
        }  # fmt: skip
    return data


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (counted(6, 1, 2.0), "holds"),
        (counted(6, 6, 2.0), "holds with other numbers"),
        (counted(6, 1, 1.0), "holds with other numbers"),
        (counted(6, 1, 2.0, others=3.0), "holds with other numbers"),
        (counted(0, 0, np.nan), "does not hold"),
    ],
)
def test_the_motif_must_be_more_than_chance_and_matter(data, status):
    assert experiment("E28").judge(data).status == status


def test_e28_measures():
    data = experiment("E28").measure(Lab(), models=2, steps=50)
    assert data["6 in 10 motifs"].shape == (2,)
    assert data["20 in 10 W"].shape == (20, 10)
