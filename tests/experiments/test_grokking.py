"""A46: late falls and named changes in curves made by hand, and a judge that can say no."""

import numpy as np
import pytest

from geomsup.experiments import Lab, experiment
from geomsup.experiments.questions import grokking

FALLS = np.array([0.9, 0.5, 0.1, 0.0, 0.0]), np.array([0.8, 0.6, 0.5, 0.48, 0.2])
STAYS = np.array([0.9, 0.5, 0.1, 0.0, 0.0]), np.array([0.8, 0.4, 0.2, 0.2, 0.2])


def test_data_are_fitted_when_little_is_left_whatever_the_start():
    assert grokking.fitted(FALLS[0], 1.0) == 2
    assert grokking.fitted(np.array([90.0, 0.5, 0.1, 0.0, 0.0]), 1.0) == 2


def test_a_late_fall_begins_after_the_data_are_fitted_and_lasts():
    assert grokking.late(*FALLS, 1.0, 1.0) == (2, 4)
    assert grokking.late(*STAYS, 1.0, 1.0) is None
    assert grokking.late(*FALLS, 0.1, 1.0) is None  # it ends above the loss of no model
    back = FALLS[1].copy()
    back[-1] = 0.49
    assert grokking.late(FALLS[0], back, 1.0, 1.0) is None


@pytest.mark.parametrize(
    ("before", "after", "is_named"),
    [
        ("unnamed (9 vertices, rank 2)", "pentagon", True),
        ("pentagon", "pentagon", False),
        ("pentagon", "unnamed (9 vertices, rank 2)", False),
        ("pentagon", "hexagon", True),
        ("unnamed (9 vertices, rank 2)", "stray feature", False),
    ],
)
def test_a_change_is_named_if_it_ends_in_a_name(before, after, is_named):
    assert grokking.named(np.array([before, after]), (0, 1)) is is_named


def made(curves, end):
    shape = (len(grokking.COUNTS), len(grokking.DECAYS), len(grokking.SCALES), 2)
    names = np.full((*shape, 5), "unnamed (9 vertices, rank 2)")
    names[..., -1] = end
    seen, new = (np.broadcast_to(curve, (*shape, 5)) for curve in curves)
    return {"steps": np.arange(5) + 1, "seen": seen, "new": new.copy(), "name": names, "nothing": 1.0}


def test_falls_must_come_with_names():
    assert grokking.judge(made(FALLS, "pentagon")).status == "holds"
    assert grokking.judge(made(FALLS, "unnamed (8 vertices, rank 2)")).status == "does not hold"
    some = made(FALLS, "pentagon")
    some["name"][0, ..., -1] = "stray feature"
    assert grokking.judge(some).status == "holds with other numbers"
    nowhere = grokking.judge(made(STAYS, "pentagon"))
    assert nowhere.status == "does not hold"
    assert nowhere.numbers["runs that fall late"] == 0
    assert nowhere.summary.startswith("None of 36 runs falls late")
    high = made(FALLS, "pentagon")
    high["seen"] = high["seen"] * np.array([90, 5, 1, 1, 1])  # the whole fall is large, and 0.1 is left of it early
    assert grokking._falls(high)[0][1] == (2, 4)
    assert grokking._falls(high, early=True)[0][1] == (1, 4)
    without = made(FALLS, "pentagon")
    without["new"][:, 1:] = STAYS[1]  # only without decay
    assert grokking.judge(without).status == "does not hold"


@pytest.mark.slow
def test_a_small_run_measures_and_draws():
    data = experiment("A46").run(Lab(), {"seeds": 1, "steps": 20, "records": 3})
    assert data["seen"].shape[:4] == (3, 3, 2, 1)
    assert data["name"].shape == data["seen"].shape
    assert len(experiment("A46").draw(data).axes) == 6
