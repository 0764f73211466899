"""Counterexamples: each judge on data made by hand, and what they compute against truth from outside."""

import numpy as np
import pytest

from geomsup.experiments.counterexamples import sets_of_features
from geomsup.features import Features

HOLDS, VARIES, FAILS = "holds", "holds with other numbers", "does not hold"


def sets_data(trained, losses=(0.08, 0.08), minima=(True, True)):
    names = list(sets_of_features.RIVALS)
    data: dict = {"tie": 0.52, "losses": losses, "minima": minima, "slopes": (0.2, 0.1)}
    data |= {"trained": np.array([names[k] for k in trained]), "trained_loss": np.full(len(trained), 0.08)}
    for k in range(len(sets_of_features.OTHERS) + 1):
        data |= {f"name {k}": np.array(names), f"loss {k}": np.array([0.08, 0.08]), f"count {k}": np.array([3, 1])}
        data |= {f"minimum {k}": np.array([True, k < 2])}
    return data


def test_two_sets_of_features_need_a_tie_of_minima_that_are_both_trained():
    told = sets_of_features.judge(sets_data([0] * 9 + [1]))
    assert told.status == HOLDS
    assert told.numbers["share of trainings, triangle"] == pytest.approx(0.1)
    assert told.numbers["unlike minima found, 3 in 2, p = 0.45"] == 2
    assert told.numbers["unlike minima found, 6 in 3, p = 0.1"] == 1
    assert sets_of_features.judge(sets_data([0] * 10)).status == VARIES
    assert sets_of_features.judge(sets_data([0] * 9 + [1], losses=(0.08, 0.0801))).status == FAILS
    assert sets_of_features.judge(sets_data([0] * 9 + [1], minima=(True, False))).status == FAILS


def test_minima_of_two_features_in_one_dimension_are_known():
    # A digon below p = 0.7064 (theorem of docs/theorems.md); a dropped second feature grows again on the other side.
    features = Features(2, 0.1)
    digon = np.array([[1.0062], [-1.0062]])
    found = sets_of_features.kinds(features, 1, 12)
    assert found["name"][0] == "digon"
    assert found["minimum"][0]
    assert np.abs(found["loss"][0] / 0.1**2 * 3 - 1) < 0.05  # p²/3 to leading order
    assert not sets_of_features.is_minimum(np.array([[1.0], [0.0]]), np.array([0.0, 0.05]), features)
    assert not sets_of_features.is_minimum(digon + 0.2, np.zeros(2), features)


def test_ends_are_counted_by_kind():
    found = sets_of_features.kinds(Features(3, 0.5218376590714249), 2, 40)
    assert found["count"].sum() == 40
    names = found["name"][found["minimum"]]
    assert set(names) == {"triangle", "digon + dedicated dimension"}
    assert found["loss"][found["minimum"]] == pytest.approx(0.0818277742, abs=1e-9)
