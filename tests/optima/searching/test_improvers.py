"""How starts are improved: descents, trainings, series of few present features."""

import numpy as np
import pytest

from geomsup import Discrete, Features, ToyModel, expected_loss, optimum
from geomsup.loss.objective import pack, relu_objective
from geomsup.loss.sparse.inputs import sparse_inputs
from geomsup.optima.deadline import ENDLESS
from geomsup.optima.searching import improvers
from geomsup.optima.searching.improvers import LARGEST_BATCH, LEAST_ACTIVE, make_improver
from geomsup.optima.searching.losses import losses
from geomsup.optima.searching.sparse import SparseDescents
from geomsup.optima.starts import random_start
from geomsup.training.from_starts import train_from
from geomsup.training.turns import Keeper


def test_trainings_from_starts_approach_the_minimum_that_a_descent_reaches():
    features = Features(5, 0.1)
    rng = np.random.default_rng(1)
    starts = [(rng.normal(size=(5, 2)) / 2, np.zeros(5)) for _ in range(3)]
    ends = train_from(features, starts, steps=2000, batch=512, learning_rate=0.02, seed=0)
    best = optimum(features, 2, starts=8)
    assert 0 < min(losses(features, ends)) / best.loss - 1 < 0.01
    again = train_from(features, starts, steps=2000, batch=512, learning_rate=0.02, seed=0)
    assert all((one[0] == other[0]).all() for one, other in zip(ends, again, strict=True))


def test_an_interrupted_training_gives_no_starts(monkeypatch):
    def interrupted(runs, steps, workers, watch):
        assert isinstance(watch, Keeper)
        watch.interrupt()
        return steps

    monkeypatch.setattr("geomsup.training.from_starts.train_in_turns", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_from(Features(2, 0.1), [(np.eye(2), np.zeros(2))], steps=5, batch=4, learning_rate=0.1, seed=0)


def test_known_minima_are_not_returned_again():
    features = Features(6, 0.05, 0.8 ** np.arange(6))
    improver = SparseDescents(features, sparse_inputs(features), ENDLESS)
    rng = np.random.default_rng(0)
    starts = [random_start(features, 2, k, rng) for k in range(12)]
    found = improver.first(starts, 0)
    again = improver.again(starts, 0, found[:2], 0)
    assert [end.loss for end in found] == sorted(end.loss for end in found)
    assert all(abs(end.loss / other.loss - 1) > 1e-6 for end in again for other in found[:2])
    one = improver.last(found[0])
    gradient = relu_objective(features)(pack(one.W, one.b))[1]
    assert one.loss <= found[0].loss
    assert np.abs(gradient).max() < 1e-6 * float(features.importance @ features.variance)


def test_losses_that_are_not_finite_are_infinite():
    features = Features(2, 0.1)
    found = losses(features, [(np.array([[1.0], [-1.0]]), np.zeros(2)), (np.array([[np.nan], [1.0]]), np.zeros(2))])
    assert found[0] == pytest.approx(float(expected_loss(ToyModel([[1.0], [-1.0]]), features)))
    assert found[1] == np.inf


def test_features_too_sparse_to_be_sampled_are_descended():
    sparse, unlike = LEAST_ACTIVE / LARGEST_BATCH / 11, 0.9 ** np.arange(10)
    assert make_improver(Features(10, sparse)) is None  # blocks serve them
    assert isinstance(make_improver(Features(10, 2 * sparse, unlike)), SparseDescents)
    assert isinstance(make_improver(Features(10, sparse, unlike)), SparseDescents)
    pairs = [(0, 1)]  # they come together: no series to second order
    assert isinstance(make_improver(Features(10, 2 * sparse, unlike, correlated=pairs)), improvers._Trainings)
    assert isinstance(make_improver(Features(10, sparse, unlike, correlated=pairs)), improvers._Descents)
    assert make_improver(Features(15, sparse / 2, 0.9 ** np.arange(15))) is None
    three = Discrete([1.0, 2.0, 3.0])
    assert isinstance(make_improver(Features(9, 0.1, values=three)), improvers._Trainings)
    assert isinstance(make_improver(Features(9, 0.1, values=Discrete([1.0]))), improvers._Descents)
    pairs = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]  # as many sets as of six features, but each is larger
    assert isinstance(make_improver(Features(10, 0.1, correlated=pairs)), improvers._Descents)
    assert isinstance(make_improver(Features(11, 0.1, correlated=pairs)), improvers._Trainings)
    assert make_improver(Features(13, 0.1, values=three)) is None
    assert make_improver(Features(3, 0.1, values=Discrete([1.0, 2.0]))) is not None
    assert optimum(Features(7, 1e-6), 1).status == "tegum program"
