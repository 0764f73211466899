"""Judges of E8 to E10 on data made by hand."""

import numpy as np
import pytest

from geomsup.experiments.uniform import plateau, tegum


def digons(D_star):
    count = len(D_star)
    return {
        "p": 1.2 ** -np.arange(float(count)), "D_star": np.array(D_star), "predicted": np.array(D_star),
        "loss": np.ones(count), "predicted_loss": np.ones(count), "part_run": np.arange(count),
        "part_size": np.full(count, 2), "part_name": np.full(count, "digon"),
    }  # fmt: skip


def test_plateaus_are_of_densities_that_were_measured():
    held = plateau.judge(digons([1.0, 0.97, 0.7, 0.51, 0.5, 0.49, 0.4]))
    assert held.status == "holds"
    assert held.numbers["factor of 1/(1 - S) with D* on 1/2"] == np.float64(1.2) ** 5 / np.float64(1.2) ** 3
    # One model at 1, and a slope: a line between points would be within 0.06 of 1 for a while.
    assert plateau.judge(digons([1.0, 0.9, 0.7, 0.51, 0.5, 0.49, 0.4])).status == "holds with other numbers"
    # D* that comes back is no plateau over the way between.
    apart = plateau.judge(digons([1.0, 0.97, 0.5, 0.7, 0.7, 0.7, 0.5]))
    assert apart.numbers["factor of 1/(1 - S) with D* on 1/2"] == 1
    assert plateau.judge(digons([0.8] * 7)).status == "does not hold"


def test_models_with_a_large_part_are_named_at_both_ends():
    data = {
        "p": np.array([1.0, 0.5, 0.1]), "shares": np.concatenate([np.sort(one) for one in tegum.JOINED.values()]),
        "parts": np.array(["a", "b", "c"]), "largest_rank": np.array([20, 1, 20]), "m": np.array(20),
        "total_rank": np.array([12, 19, 13]), "small_rank": np.array([0, 19, 3]),
    }  # fmt: skip
    judged = tegum.judge(data)
    assert judged.status == "holds with other numbers"
    assert "most of them at 1 of 3 densities" in judged.summary
    assert judged.numbers["most dimensions left to short rows in these"] == 1
    assert judged.numbers["part of the dimensions held by parts of rank at most 4"] == pytest.approx(22 / 60)
