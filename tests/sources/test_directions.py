"""Directions that come again, against a slow count of all pairs."""

import numpy as np
import pytest

from geomsup.sources.directions import directions


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("m", [1, 2, 3, 20])
@pytest.mark.parametrize("rounding", [0.0, 1e-7])
def test_every_direction_that_comes_again_is_counted(m, rounding):
    rng = np.random.default_rng(m)
    points = unit(rng.normal(size=(30, m)))
    sizes = rng.integers(2, 200, 30)
    alone = unit(rng.normal(size=(500, m)))
    rows = np.concatenate([np.repeat(points, sizes, axis=0), alone])
    rows = unit(rows + rounding * rng.uniform(-1, 1, rows.shape) / m**0.5)[rng.permutation(len(rows))]
    found = directions(rows, 1e-6)
    near = ((rows[:, None] - rows[None]) ** 2).sum(axis=2) <= 1e-12
    truth = np.unique(near.sum(axis=1)[near.sum(axis=1) > 1])
    assert set(truth) <= set(found.counts.tolist())
    assert (np.diff(found.counts) <= 0).all()
    for point, count in zip(found.points, found.counts, strict=True):
        assert (((rows - point) ** 2).sum(axis=1) <= 1e-12).sum() == count
    left = [((rows - row) ** 2).sum(axis=1) for row in alone] if m > 1 else []
    assert found.rest >= max(((one <= 1e-12).sum() for one in left), default=0)


def test_a_direction_on_a_border_is_whole():
    """Many directions, rounded: a border divides some of them in each grid, none in all."""
    rng = np.random.default_rng(0)
    points = unit(rng.normal(size=(400, 4)))
    rows = np.repeat(points, 50, axis=0)
    rows = unit(rows + 2e-7 * rng.uniform(-1, 1, rows.shape))
    found = directions(rows, 1e-6)
    assert found.counts.tolist() == [50] * 400
    assert found.rest <= 1


def test_what_is_not_looked_at_is_bounded(monkeypatch):
    monkeypatch.setattr("geomsup.sources.directions.MOST", 3)
    points = unit(np.random.default_rng(0).normal(size=(10, 3)))
    found = directions(np.repeat(points, range(5, 15), axis=0), 1e-6)
    assert found.counts.tolist() == [14, 13, 12]
    assert found.rest == 11


def test_no_rows_have_no_directions():
    assert directions(np.zeros((0, 3)), 1e-6).counts.tolist() == []


@pytest.mark.parametrize("sign", [-1, 1])
def test_rows_up_to_the_tolerance_away_are_of_the_direction(sign):
    angles = np.r_[np.zeros(50), np.full(3, 0.95e-6), np.full(4, 1.05e-6)] * sign
    rows = np.column_stack([np.cos(angles + 0.3), np.sin(angles + 0.3)])
    found = directions(rows, 1e-6)
    assert found.counts[0] == 53
    assert found.counts.tolist() == [53, 7] or found.rest >= 4  # looked at, or bounded
