"""Deadlines: every stage of a search looks at them, and what is returned is the best so far."""

import importlib
import itertools

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from geomsup import Features, ToyModel, compare, expected_loss, optimum
from geomsup.loss import objective
from geomsup.optima.blocks import best_block
from geomsup.optima.deadline import Deadline
from geomsup.optima.descent import descend
from geomsup.optima.quasi_newton import lbfgs
from geomsup.optima.searching.losses import losses
from geomsup.optima.starts import dedicated_end
from geomsup.training.from_starts import train_from

MANY = 10**8  # steps: minutes of training, if nothing ends it


def after(looks):
    """Return a deadline that has passed at this look, whatever the time: its clock goes on when it is looked at."""
    return Deadline(looks, clock=itertools.count().__next__)


def test_a_deadline_passes_once_and_for_all():
    clock = iter([0.0, 1.0, 2.0, 0.5])
    deadline = Deadline(2.0, clock=lambda: next(clock))
    assert [deadline.passed() for _ in range(3)] == [False, True, True]
    assert deadline.cut


def test_a_limited_memory_descent_ends_where_it_is():
    start, evaluated = np.array([-1.2, 1.0, 0.3]), []

    def function(x):
        evaluated.append(rosen(x))
        return rosen(x), rosen_der(x)

    whole, _ = lbfgs(function, start, slope=1e-8, accuracy=1e-16, most_steps=500)
    assert whole == pytest.approx(0, abs=1e-12)
    evaluated.clear()
    loss, x = lbfgs(function, start, slope=1e-8, accuracy=1e-16, most_steps=500, deadline=after(9))
    assert len(evaluated) <= 9
    assert loss == rosen(x) <= evaluated[0]
    assert loss > 1e-12


def test_descents_that_have_not_begun_have_no_loss():
    features, rng = Features(12, 0.05), np.random.default_rng(0)
    starts = [(rng.normal(size=(12, 3)) / 2, np.zeros(12)) for _ in range(4)]
    ends = descend(features, starts, deadline=Deadline(0.0))
    assert all(end.loss == np.inf and (start[0] == end.W).all() for end, start in zip(ends, starts, strict=True))
    found = losses(features, starts, Deadline(0.0))
    assert found[0] == pytest.approx(float(expected_loss(ToyModel(*starts[0]), features)), rel=1e-6)
    assert (found[1:] == np.inf).all()


def test_a_training_ends_at_the_deadline():
    features, rng = Features(4, 0.2), np.random.default_rng(0)
    starts = [(rng.normal(size=(4, 2)) / 2, np.zeros(4)) for _ in range(2)]
    ends = train_from(features, starts, steps=MANY, batch=64, learning_rate=0.01, seed=0, deadline=after(2))
    assert len(ends) == 2
    assert all(np.isfinite(W).all() and np.isfinite(b).all() for W, b in ends)


# Whole models that are trained, and that are descended; blocks by a program; plain starts.
PROBLEMS = {
    "trained": (Features(12, 0.05, 0.9 ** np.arange(12)), 3, {}),
    "large": (Features(61, 0.05, 0.97 ** np.arange(61)), 2, {}),
    "descended": (Features(4, 0.1, [1.0, 0.9, 0.8, 0.7]), 2, {}),
    "program": (Features(12, 1e-7), 3, {}),
    "starts": (Features(10, 0.1), 3, {"starts": 6}),
}


@pytest.mark.slow
@pytest.mark.parametrize("looks", [1, 4, 40])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_search_ends_when_the_deadline_has_passed(problem, looks, monkeypatch, tmp_path):
    features, m, how = PROBLEMS[problem]
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    deadline, late = after(looks), []
    monkeypatch.setattr(importlib.import_module("geomsup.optima.optimum"), "Deadline", lambda seconds: deadline)
    series = objective.spectral_losses

    def counted(*arguments):
        if deadline.cut:
            late.append(arguments)
        return series(*arguments)

    monkeypatch.setattr(objective, "spectral_losses", counted)
    best = optimum(features, m, time_limit=1.0, **how)
    assert best.status.endswith(", cut short")
    assert "the search was cut short by `time_limit`" in best.proof
    assert best.loss == pytest.approx(
        float(expected_loss(best.model, features)), rel=1e-5
    )  # of large models, in a hurry
    assert best.loss <= dedicated_end(features, m).loss * (1 + 1e-9)  # a dimension each, for the best features
    assert len(late) <= 6  # one start, what each of two threads had begun, and the model that needs no search


def test_a_search_with_time_enough_is_not_cut_short():
    features = Features(3, 0.1)
    assert "cut short" not in str(optimum(features, 1, time_limit=1e6))
    assert optimum(features, 3, time_limit=1e-9).status == "closed form"


def test_blocks_that_were_cut_short_are_not_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    features = Features(5, 0.1)
    cut = best_block(features, 2, deadline=Deadline(0.0))
    assert cut.loss == pytest.approx(3 * features.variance[0])  # two have a dimension each
    assert not list(tmp_path.rglob("*.json"))
    assert best_block(features, 2).loss < 0.9 * cut.loss
    assert len(list(tmp_path.rglob("*.json"))) == 1


@pytest.mark.slow
def test_compare_hands_its_time_limit_on():
    features = Features(12, 0.05, 0.9 ** np.arange(12))
    model = ToyModel(*dedicated_end(features, 3)[1:])
    result = compare(model, features, time_limit=1e-9)
    assert result.optimum.status.endswith("cut short")
    assert "cut short" in str(result)
    assert result.excess >= 0
