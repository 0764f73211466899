"""Judges of E18 and E19 on data made by hand, and their measurements where those are quick."""

import numpy as np
import pytest

from geomsup.experiments import Lab
from geomsup.experiments.dynamics import energy_levels, transformations


def staircase(seeds=3, jumps=14, apart=40, follow=True):
    """One feature after the other jumps from 0 to 1/2; the loss falls as they do, or goes its own way."""
    rng = np.random.default_rng(0)
    records = 60 + apart * (jumps + 1)
    paths = []
    for _ in range(seeds):
        when = 60 + apart * np.arange(1, jumps + 1) + rng.integers(-3, 3, jumps)
        D = np.where(np.arange(records)[:, None] >= when, 0.5, 0.0)
        fall = np.zeros(records)
        fall[when if follow else when - apart // 2] = 0.01
        start = np.exp(-((np.arange(records) / 5.0) ** 4))
        paths.append((D, 10 + start - np.cumsum(fall)))
    D, loss = (np.stack(one) for one in zip(*paths, strict=True))
    return {
        "D": D,
        "loss": loss,
        "steps": np.tile(np.arange(records), (seeds, 1)),
        "name": np.full((seeds, 4), "digons"),
    }


def test_jumps_with_drops_of_the_loss():
    assert energy_levels.judge(staircase()).status == "holds"
    assert energy_levels.judge(staircase(apart=5)).status == "holds with other numbers"
    assert energy_levels.judge(staircase(follow=False)).status == "does not hold"


def test_a_still_run_has_no_jumps():
    data = staircase() | {"D": np.zeros_like(staircase()["D"])}
    assert energy_levels.judge(data).status == "does not hold"


def test_jumps_while_the_loss_falls_steadily_are_no_drops():
    """All jumps come where the loss falls, and none in the rest after it; but it falls no faster at them."""
    data = staircase()
    records = data["loss"].shape[1]
    ramp = np.interp(np.arange(3 * records), [0, 5, 55, records, 3 * records], [12.0, 10.001, 10.0, 9.0, 9.0])
    longer = {
        "D": np.concatenate([data["D"], np.repeat(data["D"][:, -1:], 2 * records, axis=1)], axis=1),
        "loss": np.tile(ramp, (3, 1)),
    }
    assert energy_levels.judge(data | longer).status == "does not hold"


def test_small_start_is_small():
    W = energy_levels.make_small_start(100, 10, 0.1, 0).W
    assert W.std() == pytest.approx(0.1 * (2 / 110) ** 0.5, rel=0.1)


def transformed(end=transformations.END, across=True):
    """Two sets of three: small, one direction each, then an octahedron."""
    eye = np.eye(3)
    last = np.vstack([eye, -eye]) if across else np.vstack([eye[0], -eye[0], eye[1], -eye[1], eye[2], -eye[2]])
    stages = [0.01 * last, 0.4 * np.repeat(eye[:2], 3, axis=0), last]
    part = np.repeat([0, 1, 2], [5, 20, 25])
    steps = np.geomspace(10, 1e4, 50)
    loss = np.interp(np.log(steps), np.log([10, 60, 70, 700, 900, 1e4]), [1.0, 0.9, 0.168, 0.16, 0.0051, 0.005])
    return {
        "steps": steps, "W": np.stack([np.stack([stages[k] for k in part])] * 4), "loss": np.stack([loss] * 4),
        "name": np.tile(np.where(part == 2, end, "x"), (4, 1)), "optimum": np.array(0.005),
        "collapsed": np.array(0.168), "optimal_name": np.array(transformations.END),
    }  # fmt: skip


def test_transformations_end_across_the_sets():
    held = transformations.judge(transformed())
    assert held.status == "holds"
    assert held.numbers["regimes of fast fall, median"] == 2
    assert transformations.judge(transformed(across=False)).status == "does not hold"
    assert transformations.judge(transformed(end="triangular prism")).status == "does not hold"


@pytest.mark.slow
def test_transformations_measured():
    data = transformations.measure(Lab(), seeds=1, steps=40, records=4)
    assert data["W"].shape == (1, len(data["steps"]), 6, 3)
    assert str(data["optimal_name"]) == transformations.END
    # A set is on or off together: of three values, uniform, the mean leaves 2/3 of the variance 1/12 each, so 1/6 of
    # the loss where nothing is stored, as p goes to 0.
    assert float(data["collapsed"]) == pytest.approx(1 / 6, rel=0.02)
