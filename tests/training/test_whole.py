"""Trainings that end with all their steps or not at all."""

from types import SimpleNamespace

import numpy as np
import pytest

import geomsup as gs
from geomsup.training import train_whole, turns, whole

FEATURES = [gs.Features(2, 0.1), gs.Features(2, 0.6)]


def stop_after(steps, total):
    def stop(stage, fraction):
        if fraction * total > steps + 0.5:
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
    options = {"models": 2, "steps": 500, "batch": 10, "threads": 2} | kind
    seen = []

    class Short(whole._Sitting):
        def __init__(self, progress, part, *, endless):
            super().__init__(progress, part, endless=endless)
            seen.append(self)

    monkeypatch.setattr(whole, "_Sitting", Short)
    monkeypatch.setattr(whole, "SITTING_SECONDS", 0.0)  # a sitting for every report
    run = train_whole(FEATURES, 1, part=tmp_path / "part.npz", **options)
    assert len(seen) > 2
    same(run, gs.train(FEATURES, 1, **options))


@pytest.mark.slow
@pytest.mark.parametrize("kind", OPTIONS)
def test_an_interruption_raises_and_the_next_call_goes_on(tmp_path, kind):
    options = {"models": 2, "steps": 20_000, "batch": 10, "threads": 2} | kind
    part = tmp_path / "part.npz"
    with pytest.raises(KeyboardInterrupt):  # and no warning: nothing is said of a result that there is not
        train_whole(FEATURES, 1, part=part, progress=stop_after(50, 20_000), **options)
    left = gs.TrainingRun.load(part)
    assert left.interrupted
    assert 50 < left.config["completed_steps"] < 20_000
    begun = []
    run = train_whole(
        FEATURES, 1, part=part, progress=lambda stage, fraction: begun.append(fraction * 20_000), **options
    )
    assert begun[0] > 50
    same(run, gs.train(FEATURES, 1, **options))


def test_without_a_file_an_interruption_raises_too():
    with pytest.raises(KeyboardInterrupt):
        train_whole(FEATURES, 1, steps=10**6, progress=stop_after(0, 10**6))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [{"steps": 40}, {"models": 3, "objective": "exact", "threads": 2}])
def test_an_interruption_of_the_last_steps_raises_too(tmp_path, kind):
    """What has begun is finished: all steps are then done, and are kept, but nobody takes Ctrl-C for unheard."""
    part, total = tmp_path / "part.npz", 1.0
    for kept in (None, part):
        with pytest.raises(KeyboardInterrupt):
            train_whole(FEATURES, 1, part=kept, progress=stop_after(0.4, total), **kind)
    left = gs.TrainingRun.load(part)
    assert not left.interrupted
    same(train_whole(FEATURES, 1, part=part, **kind), gs.train(FEATURES, 1, **kind))


def test_a_damaged_part_is_begun_again(tmp_path):
    part = tmp_path / "part.npz"
    part.write_bytes(b"not a training")
    same(train_whole(FEATURES, 1, part=part, steps=30), gs.train(FEATURES, 1, steps=30))


EXACT = {"models": 3, "objective": "exact", "threads": 2}


@pytest.mark.slow
@pytest.mark.parametrize("record", [0, 1])
@pytest.mark.parametrize("ended", [1, 3, 5])
@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_exact_trainings_go_on_to_the_same_bits(tmp_path, ended, record, suffix):
    part = tmp_path / f"part{suffix}"
    with pytest.raises(KeyboardInterrupt):
        train_whole(FEATURES, 1, part=part, progress=stop_after(ended - 1, 6), record=record, **EXACT)
    left = gs.TrainingRun.load(part)
    assert np.isfinite(left.loss[:, -1]).sum() == ended
    begun = []
    run = train_whole(FEATURES, 1, part=part, progress=lambda *way: begun.append(way), record=record, **EXACT)
    assert begun == [("training", k / 6) for k in range(ended + 1, 7)]
    assert not run.interrupted
    whole_run = gs.train(FEATURES, 1, record=record, **EXACT)
    assert run.config == whole_run.config
    for name in ("W", "b", "steps", "loss", *(("W_history", "b_history") if record else ())):
        assert np.array_equal(getattr(run, name), getattr(whole_run, name)), name


@pytest.mark.slow
def test_exact_trainings_write_what_has_ended_while_they_go_on(tmp_path, monkeypatch):
    """What a kill leaves: it asks nobody."""
    part, found = tmp_path / "part.npz", []

    def look(stage, fraction):
        found.append(int(np.isfinite(gs.TrainingRun.load(part).loss).sum()) if part.exists() else 0)

    monkeypatch.setattr(whole, "SITTING_SECONDS", 0.0)
    run = train_whole(FEATURES, 1, part=part, progress=look, **EXACT)
    assert found == list(range(6))
    assert np.array_equal(run.W, gs.train(FEATURES, 1, **EXACT).W)
    monkeypatch.setattr(whole, "SITTING_SECONDS", 1e9)
    part.unlink()
    train_whole(FEATURES, 1, part=part, **EXACT)
    assert not part.exists()


def test_exact_trainings_without_a_file_raise_too():
    with pytest.raises(KeyboardInterrupt):
        train_whole(FEATURES, 1, progress=stop_after(0, 6), **EXACT)


@pytest.mark.slow
def test_exact_trainings_take_no_more_steps(recwarn):
    run = gs.train(FEATURES, 1, progress=stop_after(1, 6), **EXACT)
    assert "after 2 of 6 runs" in str(recwarn.pop(RuntimeWarning).message)
    with pytest.raises(ValueError, match=r"^`steps` must be left out for an exact training.*; got 20\."):
        run.resume(20)
    again = run.resume(progress=stop_after(3, 6))
    assert "after 4 of 6 runs" in str(recwarn.pop(RuntimeWarning).message)
    assert again.interrupted
    whole_run = again.resume()
    assert np.array_equal(whole_run.W, gs.train(FEATURES, 1, **EXACT).W)
    assert np.array_equal(whole_run.resume().W, whole_run.W)


def goes_on(sitting, done):
    """Whether a sitting goes on after that many of two steps."""
    try:
        sitting("training", done / 2)
    except KeyboardInterrupt:
        assert sitting.is_over
        return False
    assert not sitting.is_over
    return True


def test_a_sitting_lasts_half_a_minute(monkeypatch):
    clock = SimpleNamespace(now=100.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(whole, "time", clock)
    sitting, endless = (whole._Sitting(None, None, endless=endless) for endless in (False, True))
    clock.now += 29
    assert goes_on(sitting, 1)
    clock.now += 2
    assert goes_on(sitting, 2)  # what is done with all its steps is not broken off
    assert goes_on(endless, 1)
    assert not goes_on(sitting, 1)
