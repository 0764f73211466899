"""A44: cosines and neurons of known frames, slopes against differences, and a judge that can say no."""

import numpy as np
import pytest
from scipy.linalg import hadamard

from geomsup.experiments import Lab, experiment
from geomsup.experiments.many_dimensions import sparse_rows


def test_two_unbiased_bases_are_a_tight_frame():
    # The axes and the rows of a Hadamard matrix: cosines 0 within each and 1/√d between; the least mean square.
    told = sparse_rows.tell(np.vstack([np.eye(16), hadamard(16) / 4]))
    assert told["stored"] == 32
    assert told["over"] == pytest.approx(1)
    assert told["zero"] == pytest.approx(15 / 31)
    assert told["neurons"] == pytest.approx((1 + 16) / 2)


def test_random_rows_have_the_neurons_and_cosines_that_the_reasons_say():
    rows = np.random.default_rng(0).normal(size=(2000, 400)) / 20
    assert sparse_rows.neurons_of_a_row(rows).mean() == pytest.approx(400 / 3, rel=0.02)
    few = np.random.default_rng(1).normal(size=(100, 20)) / 20**0.5
    assert sparse_rows.tell(few)["over"] == pytest.approx(1.12, abs=0.02)


def test_no_more_rows_than_dimensions_have_no_least_cosine():
    told = sparse_rows.tell(np.eye(4))
    assert (told["stored"], told["neurons"]) == (4, 1)
    assert np.isnan(told["over"])


def test_slopes_are_differences():
    rng = np.random.default_rng(2)
    W, b, x = rng.normal(size=(6, 3)), rng.normal(size=6) / 10, rng.random((20, 6))
    _, by_W, by_b = sparse_rows.loss_and_gradient(W, b, x, 0.01)
    h = 1e-6
    for i, k in ((0, 0), (5, 2)):
        step = np.zeros_like(W)
        step[i, k] = h
        ends = [sparse_rows.loss_and_gradient(W + sign * step, b, x, 0.01)[0] for sign in (1, -1)]
        assert by_W[i, k] == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-5)
    step = h * np.eye(6)[3]
    ends = [sparse_rows.loss_and_gradient(W, b + sign * step, x, 0.01)[0] for sign in (1, -1)]
    assert by_b[3] == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-5)


def made(**changed):
    """Return data of 20 and 40 dimensions whose penalties, from the third on, give sparse rows of low interference."""
    d = np.array([20, 40])
    shape = 2, 2, 5
    data = {
        "d": d, "neurons": np.array([8, 8, 2, 2, 2]) * np.ones(shape), "over": np.ones(shape), "loss": np.ones(shape),
        "stored": np.full(shape, 100.0), "zero": np.ones(shape), "turned": np.full(shape, 8.0),
    }  # fmt: skip
    for name, (place, value) in changed.items():
        data[name][place] = value
    return data


def test_both_penalties_must_give_sparse_rows_of_low_interference():
    weights = np.s_[:, 1]
    assert sparse_rows.judge(made()).status == "holds"
    for name, value in {"neurons": 15, "over": 1.1, "stored": 30, "loss": 3}.items():
        place = np.s_[:, 1, 1:]  # without penalty losses stay
        assert sparse_rows.judge(made(**{name: (place, value)})).status == "holds with other numbers"
    assert sparse_rows.judge(made(over=(weights, 1.1), neurons=(np.s_[:, 0], 15))).status == "does not hold"


def test_one_factor_must_do_in_all_dimensions():
    # Sparse at one factor in 20 dimensions, at another in 40: no single factor.
    data = made(neurons=(np.s_[:], 15))
    data["neurons"][0, :, 2] = data["neurons"][1, :, 3] = 2
    assert sparse_rows.judge(data).status == "does not hold"


@pytest.mark.slow
def test_a_small_run_measures_and_draws():
    data = experiment("A44").run(Lab(), {"dimensions": (4, 6), "steps": 30})
    assert data["neurons"].shape == (2, 2, 5)
    assert data["weights 3"].shape == (20, 4)
    assert len(experiment("A44").draw(data).axes) == 9
