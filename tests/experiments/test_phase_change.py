"""The judge of E6 on what it measures, and on data that deviate; that of E5 and E7 on borders made by hand."""

import numpy as np
import pytest

from geomsup.experiments import Lab
from geomsup.experiments.phase_change import candidates, planes


@pytest.fixture(scope="module")
def measured():
    return candidates.measure(Lab(), points=4)


def test_three_candidates_meet_with_a_jump_of_the_slope(measured):
    held = candidates.judge(measured)
    assert held.status == "holds"
    assert held.numbers["jump of the slope at p = 4/7"] == pytest.approx(1 / 3)
    # Where all are free, the better one wins by degrees.
    assert held.numbers["jump of the optimum's slope at p = 4/7"] < 0.01


def test_candidates_that_do_not_meet_are_refused(measured):
    assert candidates.judge(measured | {"meeting": np.array(0.6)}).status == "does not hold"
    smooth = measured["near_loss"] * [1, 10, 1]
    assert candidates.judge(measured | {"near_loss": smooth}).status == "does not hold"


def plane(share):
    """A plane of 2 features in 1 dimension: D of the extra one as given; trained models are the optimum."""
    W = np.stack([np.sqrt(1 - share), -np.sqrt(share)], axis=-1)[..., None]
    axis = np.geomspace(0.01, 1, len(share))
    return {
        "p": axis, "importance": axis, "coarse_p": axis, "coarse_importance": axis, "fine": np.array(1), "W": W,
        "loss": np.ones((*share.shape, 1)), "optimum_W": W, "optimum": np.ones(share.shape), "predicted_share": share,
    }  # fmt: skip


def test_borders_must_be_sharp():
    steps = np.repeat([0.0, 0.5, 1.0], 10)
    assert planes.judge(plane(np.tile(steps, (30, 1)))).status == "holds"
    slope = np.linspace(0, 1, 30)
    assert planes.judge(plane(np.tile(slope, (30, 1)))).status == "holds with other numbers"
