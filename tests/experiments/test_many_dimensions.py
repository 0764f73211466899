"""Many features in many dimensions: judges on data made by hand, and chances against closed forms."""

import numpy as np
import pytest

from geomsup.experiments import Lab
from geomsup.experiments.many_dimensions import packing, symbols

HOLDS, VARIES, FAILS = "holds", "holds with other numbers", "does not hold"


def packing_data(**changed):
    arrays = {"d": [8, 48], "distance": [0.2, 0.01], "coherence": [0.9, 0.5], "random_coherence": [0.9, 0.5]}
    arrays |= {
        "random_D": [0.09, 0.09],
        "kurtosis": [0, 0],
        "welch": [0.3, 0.1],
        "D": [0.1, 0.1],
        "spread": [0.01, 0.01],
        "components": [1, 1],
    }
    numbers = dict.fromkeys(
        ("loss_trained", "loss_random", "loss_random_own", "nothing", "sampled", "sampled_random"), 1
    )
    return {key: np.array(v) for key, v in (arrays | numbers | {"rms": 1, "mean": 0} | changed).items()}


def test_packing_holds_if_cosines_and_loss_are_random():
    assert packing.judge(packing_data()).status == HOLDS
    assert packing.judge(packing_data(loss_trained=0.9)).status == VARIES
    assert packing.judge(packing_data(loss_trained=0.5)).status == FAILS
    assert packing.judge(packing_data(components=[1, 7])).status == FAILS


def test_random_rows_are_random_rows():
    cosines = packing._cosines(packing._random(300, 100))
    assert np.sqrt((cosines**2).mean()) == pytest.approx(0.1, rel=0.02)
    assert packing._distance(cosines * 10, np.random.default_rng(2).normal(size=50_000)) < 0.02


def test_kurtosis_of_entries():
    assert packing._kurtosis(packing._random(4000, 20)) == pytest.approx(-6 / 22, abs=0.04)
    assert packing._kurtosis(np.eye(10)) == pytest.approx(10 - 3)


@pytest.mark.slow
def test_packing_measures():
    data = packing.measure(Lab(), dimensions=(3,), p=0.1, steps=5)
    assert data["W"].shape == (30, 3)
    assert float(data["loss_trained"]) == pytest.approx(float(data["sampled"]), rel=0.05)
    assert packing.judge(data).numbers["Welch bound"] == pytest.approx(np.sqrt(27 / (3 * 29)))


def symbols_data(off):
    predicted = np.linspace(1, 0.5, 6) * np.ones((4, 1))
    accuracy = predicted - off
    return {
        "accuracy": accuracy,
        "random": predicted,
        "predicted": predicted,
        "product": np.ones((3, 2)),
        "size": np.array([400, 40]),
    }


@pytest.mark.parametrize(("off", "status"), [(0.01, HOLDS), (0.08, VARIES), (0.4, FAILS)])
def test_symbols_are_judged_against_random_items(off, status):
    assert symbols.judge(symbols_data(off)).status == status


def test_symbols_are_judged_against_random_items_rather_than_the_prediction():
    data = symbols_data(0.4)
    assert symbols.judge(data | {"random": data["accuracy"]}).status == HOLDS


def test_recall_is_that_of_independent_normals():
    rng = np.random.default_rng(0)
    right, rivals = 1 + 0.4 * rng.normal(size=40_000), 0.5 * rng.normal(size=(40_000, 9))
    assert symbols.recall(0.4, 0.5, 9) == pytest.approx((right > rivals.max(axis=1)).mean(), abs=0.01)


def test_products_by_gelus_have_the_error_of_the_series():
    error, series = symbols._product_error(0.03)
    assert error == pytest.approx(series, rel=1e-2)


def test_operations_on_orthogonal_items_are_free_of_error():
    rng = np.random.default_rng(0)
    assert all(symbols._try(name, np.eye(30), 1, 20, rng) == 1 for name in symbols.OPERATIONS)
