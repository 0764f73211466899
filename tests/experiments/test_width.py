"""A43: an explicit model without error, neurons that never open, and a judge that can say no."""

import numpy as np
import pytest

from geomsup.experiments import Lab, experiment
from geomsup.experiments.definitions import in_use
from geomsup.experiments.privileged import width
from geomsup.model import ToyModel


def test_any_rotated_basis_can_be_read_without_error():
    model = width.rotated(np.random.default_rng(3))
    x = np.random.default_rng(4).random((50, width.N))
    assert model.n_hidden == 2 * width.N
    assert model(x) == pytest.approx(x, abs=1e-12)
    told = width._explicit(20)
    assert told["explicit_error"] < width.NONE_LOST
    assert told["explicit_single"] == 0


def test_neurons_that_are_never_open_are_not_in_use():
    W = np.array([[1.0, -1.0, 0.5, 0.01], [0.0, -1.0, 0.5, 0.0]])
    model = ToyModel(W, hidden_activation="relu")
    x = np.random.default_rng(0).random((100, 2))
    assert width.working(model, x).tolist() == [True, False, True, False]
    assert in_use(W, W)[1]  # by norms it would be


def width_data(single, explicit=0.0):
    """Return data of x 1, x 2 and x 4 in which such parts of the neurons hold one feature, without a penalty."""
    shape = 3, len(width.P), 3
    parts = np.ones(shape)
    parts[:2] = single
    loss = np.ones(shape) * np.array([1, 0.02, 1e-4])
    return {
        "factors": np.array([1, 2, 4]), "single": parts, "used": np.full(shape, 10), "share": parts, "loss": loss,
        "explicit_error": np.array(explicit), "explicit_single": np.array(0.0), "explicit_share": np.array(0.3),
    }  # fmt: skip


def test_polysemanticity_must_vanish_from_a_neuron_for_each_feature_on():
    assert width.judge(width_data([0.1, 0.95, 1.0])).status == "holds"
    assert width.judge(width_data([0.1, 0.5, 1.0])).status == "holds with other numbers"
    told = width.judge(width_data([0.1, 0.95, 0.5]))
    assert told.status == "does not hold"
    assert told.numbers["width from which no interference is left"] == 4
    assert "is exact" in told.summary
    one_density = width_data([0.1, 0.95, 1.0])
    one_density["single"][1, 1] = 0
    assert width.judge(one_density).status == "does not hold"


@pytest.mark.slow
def test_a_small_run_measures_and_draws():
    data = experiment("A43").run(Lab(), {"models": 1, "steps": 10, "samples": 100, "factors": (1, 4)})
    assert data["single"].shape == (3, 2, 2)
    assert data["widened"].shape == (width.N, 4 * width.NARROW)
    assert len(experiment("A43").draw(data).axes) == 6
