"""Losses that are approached as rows grow without end, and that no model has."""

import numpy as np
import pytest

from geomsup import Discrete, Features, ToyModel, expected_loss, optimum
from geomsup.optima.descent import End
from geomsup.optima.searching.endless import lengthened

P = 0.01
TWO_PAIRS = Features(5, P, values=Discrete([1.0]), anticorrelated=[(0, 1), (2, 3)])
LIMIT = 8 * P**2 - 2 * P**3  # of `family`, as its rows grow


def family(t):
    """Five binary features in the plane, of which the second pair shares a direction: docs/theory_notes.md."""
    interference = 1 / (np.sqrt(2 * t**2 + 1) - 1)
    short, single = np.sqrt((1 + interference) / (1 + 1 / (2 * t**2))), np.sqrt(1 + interference)
    half = 0.5**0.5
    W = [[-half * short / t, short], [-half * short / t, -short], [t, half], [t, -half], [-single, 0.0]]
    b = [-interference, -interference, 0.5 - t**2, 0.5 - t**2, -interference]
    return ToyModel(W, b), LIMIT + (4 * P**2 - 6 * P**3) * interference**2


@pytest.mark.parametrize("t", [2.0, 4.0, 8.0, 64.0])
def test_the_family_has_the_loss_that_was_worked_out_by_hand(t):
    model, loss = family(t)
    assert float(expected_loss(model, TWO_PAIRS)) == pytest.approx(loss, rel=1e-12)
    assert loss > family(2 * t)[1] > LIMIT


def test_rows_are_lengthened_until_hardly_anything_is_gained():
    model, loss = family(8.0)
    end, grows = lengthened(TWO_PAIRS, End(loss, model.W, model.b))
    assert grows
    assert LIMIT < end.loss < LIMIT * (1 + 1e-6)
    assert float(expected_loss(ToyModel(end.W, end.b), TWO_PAIRS, rtol=1e-6)) == pytest.approx(end.loss, rel=1e-8)
    assert np.linalg.norm(end.W, axis=1).max() > 100


def test_long_rows_that_gain_nothing_are_left():
    """A binary feature alone is stored without loss by a row of any length, if others are not heard."""
    features = Features(3, [0.1, 0.1, 0.2], values=Discrete([1.0]))
    for W in (np.diag([5.0, 1.0, 0.0])[:, :2], np.diag([1.0, 1.0, 0.0])[:, :2]):
        b = np.append(1 - (W**2).sum(axis=1)[:2], 0.2)
        end = End(float(expected_loss(ToyModel(W, b), features)), W, b)
        same, grows = lengthened(features, end)
        assert same is end
        assert not grows


def test_an_optimum_that_no_model_has_says_so():
    best = optimum(TWO_PAIRS, 2)
    assert best.kind == "unreached"
    assert "not a minimum: ever longer rows lose ever so little less" in str(best)
    assert LIMIT < best.loss < LIMIT * (1 + 1e-6)
    assert best.hits == len(best.starts) == 3
    assert best.geometry.not_represented == ()  # all five are stored, however long two rows are
    assert optimum(Features(4, P, values=Discrete([1.0]), anticorrelated=[(0, 1)]), 2).kind != "unreached"


@pytest.mark.slow
def test_three_exclusive_pairs_and_a_single_feature():
    """Six searches without lengthening took 70 CPU seconds, differed by 1e-4, and found 5.0838288e-4 at the lowest."""
    pairs = [(0, 1), (2, 3), (4, 5)]
    best = optimum(Features(7, P, 0.9 ** np.arange(7), values=Discrete([1.0]), anticorrelated=pairs), 3)
    assert best.loss < 5.0838288e-4
    assert best.hits >= 3
    assert best.kind == "unreached"
