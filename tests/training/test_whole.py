"""Trainings that end with all their steps or not at all."""

from types import SimpleNamespace

import numpy as np
import pytest

import geomsup as gs
from geomsup.training import train_whole, turns, whole

FEATURES = [gs.Features(2, 0.1), gs.Features(2, 0.6)]


def stop_after(steps):
    def stop(done, total):
        if done > steps:
            raise KeyboardInterrupt

    return stop


@pytest.fixture(autouse=True)
def _often(monkeypatch):
    """Report after every turn, and take short ones."""
    monkeypatch.setattr(turns, "REPORT_SECONDS", 0.0)


def same(first, second):
    for name in ("W", "b", "steps", "loss", "moments"):
        assert np.array_equal(getattr(first, name), getattr(second, name)), name
    assert first.config == second.config


OPTIONS = [{}, {"schedule": "cosine", "record": 70, "tied": False}]


@pytest.mark.slow
@pytest.mark.parametrize("kind", OPTIONS)
def test_many_sittings_have_the_bits_of_one(tmp_path, monkeypatch, kind):
    options = {"models": 2, "steps": 3000, "batch": 10, "threads": 2} | kind
    seen = []

    class Short(whole._Sitting):
        def __init__(self, progress, *, endless):
            super().__init__(progress, endless=endless)
            seen.append(self)

    monkeypatch.setattr(whole, "_Sitting", Short)
    monkeypatch.setattr(whole, "SITTING_SECONDS", 0.0)  # a sitting for every report
    run = train_whole(FEATURES, 1, part=tmp_path / "part.npz", **options)
    assert len(seen) > 2
    same(run, gs.train(FEATURES, 1, **options))


@pytest.mark.parametrize("kind", OPTIONS)
def test_an_interruption_raises_and_the_next_call_goes_on(tmp_path, kind):
    options = {"models": 2, "steps": 20_000, "batch": 10, "threads": 2} | kind
    part = tmp_path / "part.npz"
    with pytest.raises(KeyboardInterrupt):  # and no warning: nothing is said of a result that there is not
        train_whole(FEATURES, 1, part=part, progress=stop_after(50), **options)
    left = gs.TrainingRun.load(part)
    assert left.interrupted
    assert 50 < left.config["completed_steps"] < 20_000
    begun = []
    run = train_whole(FEATURES, 1, part=part, progress=lambda done, total: begun.append(done), **options)
    assert begun[0] > 50
    same(run, gs.train(FEATURES, 1, **options))


def test_without_a_file_an_interruption_raises_too():
    with pytest.raises(KeyboardInterrupt):
        train_whole(FEATURES, 1, steps=10**6, progress=stop_after(0))


def test_a_damaged_part_is_begun_again(tmp_path):
    part = tmp_path / "part.npz"
    part.write_bytes(b"not a training")
    same(train_whole(FEATURES, 1, part=part, steps=30), gs.train(FEATURES, 1, steps=30))


def test_exact_trainings_raise_too(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train_whole(FEATURES, 1, part=tmp_path / "part.npz", models=50, objective="exact", progress=stop_after(2))
    assert not (tmp_path / "part.npz").exists()
    run = train_whole(FEATURES, 1, objective="exact")
    assert not run.interrupted
    assert np.array_equal(run.W, gs.train(FEATURES, 1, objective="exact").W)


def goes_on(sitting, done):
    """Whether a sitting goes on after that many of two steps."""
    try:
        sitting(done, 2)
    except KeyboardInterrupt:
        assert sitting.is_over
        return False
    assert not sitting.is_over
    return True


def test_a_sitting_lasts_half_a_minute(monkeypatch):
    clock = SimpleNamespace(now=100.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(whole, "time", clock)
    sitting, endless = (whole._Sitting(None, endless=endless) for endless in (False, True))
    clock.now += 29
    assert goes_on(sitting, 1)
    clock.now += 2
    assert goes_on(sitting, 2)  # what is done with all its steps is not broken off
    assert goes_on(endless, 1)
    assert not goes_on(sitting, 1)
