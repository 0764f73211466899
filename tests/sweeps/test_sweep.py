"""Sweeps from end to end: what is called, what is kept, what is lost and tried again, and what a resumed one does."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

import geomsup as gs
from geomsup.sweeps.executors import Crowd, carried_out
from geomsup.sweeps.journal import Journal
from tests.processes import is_gone
from tests.sweeps import functions

TWO = {"n_features": 2, "n_hidden": 1}
FEW = {"steps": 20, "batch": 32, "learning_rate": 1e-2}


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as pool:
        yield pool


def same(one, other):
    return json.dumps(one.to_dict()) == json.dumps(other.to_dict())


def test_a_function_is_called_at_every_point(threads):
    found = gs.sweep(functions.named, {"x": [1, 2, 3], "factor": [10, 20]}, executor=threads)
    assert found["sum"].tolist() == [[11, 21], [12, 22], [13, 23]]
    assert found["word"][:, 0].tolist() == ["odd", "even", "odd"]
    assert found["row"].shape == (3, 2, 3)
    assert found["row"][0, 0].tolist()[0] == 0
    assert np.isnan(found["row"][0, 0, 1:]).all()
    assert found.complete
    assert found.failed == ()


def test_progress_goes_up_to_one(threads):
    told = []
    gs.sweep(functions.square, {"x": range(40)}, executor=threads, progress=lambda *one: told.append(one))
    assert {stage for stage, _ in told} == {"sweeping"}
    assert [fraction for _, fraction in told] == sorted(fraction for _, fraction in told)
    assert told[-1][1] == 1


def test_units_grow_to_the_time_asked_for(threads):
    told = []

    def progress(stage, fraction):
        told.append(fraction)

    gs.sweep(functions.square, {"x": range(5000)}, executor=threads, progress=progress)
    assert len(told) < 100
    told.clear()
    gs.sweep(functions.square, {"x": range(100)}, executor=threads, progress=progress, unit_seconds=0)
    assert len(told) == 100


def test_an_error_of_a_point_is_its_own(threads, tmp_path):
    axes, path = {"x": range(4)}, tmp_path / "run.sqlite"
    found = gs.sweep(functions.fails_at, axes, bad=2, executor=threads, output=path)
    assert found.failed == (({"x": 2}, "ValueError: no value at 2"),)
    assert found["value"].tolist()[:2] == [0, 1]
    assert np.isnan(found["value"][2])
    assert "failed at x = 2: ValueError: no value at 2" in str(found)
    assert found.to_rows()[2] == {"x": 2, "value": None, "error": "ValueError: no value at 2"}
    assert same(found, gs.sweep(functions.fails_at, axes, bad=2, executor=threads, output=path))


def test_what_failed_is_tried_again_if_asked(threads, tmp_path, monkeypatch):
    axes, path = {"x": range(4)}, tmp_path / "run.sqlite"
    gs.sweep(functions.fails_at, axes, bad=2, executor=threads, output=path)
    monkeypatch.setattr("geomsup.sweeps.running.evaluate", lambda what, function, points: [_seven() for _ in points])
    found = gs.sweep(functions.fails_at, axes, bad=2, executor=threads, output=path, again=True)
    assert found["value"].tolist() == [0, 1, 7, 3]
    assert found.failed == ()


def _seven():
    from geomsup.sweeps.outcome import attempt

    return attempt(lambda: 7)


def test_what_is_no_number_is_an_error_of_the_point(threads):
    ((_, error),) = gs.sweep(functions.returns_an_object, {"x": [1]}, executor=threads).failed
    assert error == "TypeError: a swept function must return numbers or texts; `loss` is object"


def test_numbers_beyond_the_finite_are_kept(threads, tmp_path):
    found = gs.sweep("tests.sweeps.test_sweep:odd_numbers", {"x": [0, 1]}, executor=threads, output=tmp_path / "a")
    assert found["a"][0] == np.inf
    assert np.isnan(found["b"][1])
    assert found.failed == ()


def odd_numbers(x):
    return {"a": float("inf"), "b": float("nan"), "c": np.float32(0.1), "d": True}


def test_trained_models_are_those_that_train_makes_alone(threads):
    """A stack changes nothing: each model is what a call for it alone returns, bit by bit."""
    axes = {"probability": [0.1, 0.3], "importance": [0.5, 2.0], "seed": [3, 4], "n_hidden": [1, 2]}
    found = gs.sweep("train", axes, n_features=3, executor=threads, **FEW)
    for p, importance, seed, m in ((0.1, 2.0, 4, 1), (0.3, 0.5, 3, 2)):
        run = gs.train(gs.Features(3, p, [1, 1, importance]), m, seed=seed, **FEW)
        cell = found.sel(probability=p, importance=importance, seed=seed, n_hidden=m)
        assert (cell["W"][:, :m] == run.W[0]).all()
        assert (cell["b"] == run.b[0]).all()
        assert float(cell["loss"]) == run.expected_loss()[0]
        assert cell["geometry"] == gs.classify(run.W[0], orientation="rows").name
    assert np.isnan(found.sel(n_hidden=1)["W"][..., 1]).all()


def test_a_model_that_diverges_leaves_the_others_alone(threads):
    axes = {"learning_rate": [1e-2, 1e30], "seed": [0, 1]}
    found = gs.sweep("train", axes, probability=0.3, executor=threads, steps=20, batch=32, optimizer="sgd", **TWO)
    assert np.isfinite(found["loss"]).tolist() == [[True, True], [False, False]]
    assert {error for _, error in found.failed} == {
        "FloatingPointError: the training left the range of single precision; lower `learning_rate`"
    }


def test_arguments_that_are_wrong_at_some_points_fail_there(threads):
    found = gs.sweep("train", {"probability": [0.1, 2.0]}, executor=threads, **TWO, **FEW)
    assert np.isfinite(found["loss"]).tolist() == [True, False]
    assert "`probability` must be in [0, 1]; got 2" in found.failed[0][1]


def test_correlation_is_that_of_the_presences(threads):
    from geomsup.sweeps.kinds import features_of

    features = features_of({"n_features": 3, "probability": 0.2, "correlation": 0.5, "n_hidden": 1})
    ((_, joint),) = [(None, one) for one in features.joint]
    assert (joint.both(0, 2) - 0.04) / 0.16 == pytest.approx(0.5)


@pytest.mark.slow
def test_optima_energies_and_files_of_weights_are_swept(threads, tmp_path):
    best = gs.sweep("optimum", {"probability": [0.1, 0.9]}, importance=0.3, executor=threads, **TWO)
    assert best["phase"].tolist() == ["extra in a digon", "extra not represented, others: 1 dedicated"]
    assert best["loss"][0] == pytest.approx(gs.optimum(gs.Features(2, 0.1, [1, 0.3]), 1).loss)
    points = gs.sweep("energy", {"n": [4, 6]}, executor=threads, starts=3)
    assert points["geometry"].tolist() == ["tetrahedron", "octahedron (3 digons)"]
    assert points["energy"] == pytest.approx([3.674234614, 9.985281374])  # Thomson's problem, published
    for name in ("pentagon", "triangle"):
        np.save(tmp_path / f"{name}.npy", gs.polytope(name).vertices)
    paths = [str(tmp_path / f"{name}.npy") for name in ("pentagon", "triangle", "nothing")]
    named = gs.sweep("classify", {"path": paths}, executor=threads)
    assert named["geometry"].tolist() == ["pentagon", "triangle", ""]
    assert "nothing.npy" in named.failed[0][1]


def test_wrong_arguments_are_named_and_leave_no_lock(tmp_path):
    path = tmp_path / "run.sqlite"
    for wrong, message in (
        ({"executor": 3}, "`executor` must be a concurrent.futures.Executor"),
        ({"workers": 0}, "`workers` must be at least 1"),
        ({"unit_seconds": -1}, "`unit_seconds` must be at least 0"),
        ({"unit_seconds": float("nan")}, "`unit_seconds` must be finite"),
        ({"retries": -1}, "`retries` must be at least 0"),
        ({"again": 1}, "`again` must be True or False"),
        ({"progress": 1}, "`progress` must be callable"),
        ({"output": 3}, "`output` must be a path"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            gs.sweep(functions.square, {"x": [1]}, **({"output": path} | wrong))
    assert not list(tmp_path.glob("*-lock"))


def test_functions_that_processes_cannot_import_are_refused():
    with pytest.raises(TypeError, match=r"`what` must be a function that other processes can import; .*lambda"):
        gs.sweep(lambda x: x, {"x": [1]})


@pytest.mark.slow
def test_processes_give_what_threads_give(threads, tmp_path):
    axes = {"x": range(30)}
    found = gs.sweep(functions.named, axes, workers=2, output=tmp_path / "a.sqlite")
    assert same(found, gs.sweep(functions.named, axes, executor=threads))
    assert sorted(os.listdir(tmp_path)) == ["a.sqlite"]


@pytest.mark.slow
def test_a_point_that_kills_its_worker_is_recorded_and_the_others_are_done_once(tmp_path):
    found = gs.sweep(
        functions.kills_its_worker_at, {"x": range(12)}, bad=7, folder=str(tmp_path), workers=2, unit_seconds=0
    )
    ((point, error),) = found.failed
    assert point == {"x": 7}
    assert error.startswith("lost 3 workers: BrokenProcessPool")
    assert np.isfinite(found["value"]).sum() == 11
    calls = [path.name.split("-")[0] for path in tmp_path.iterdir()]
    assert {x: calls.count(x) for x in set(calls)} == {str(x): 3 if x == 7 else 1 for x in range(12)}


@pytest.mark.slow
def test_a_worker_that_is_lost_once_costs_nothing_but_a_try(tmp_path):
    found = gs.sweep(functions.kills_its_worker_once, {"x": range(6)}, folder=str(tmp_path), workers=2)
    assert found["value"].tolist() == [0, 1, 2, 3, 4, 5]
    assert found.failed == ()


class Losing(Executor):
    """Works at once, and loses the worker of whatever holds a bad item."""

    def __init__(self, bad, times=10**9):
        self.bad, self.times, self.sent = bad, times, []

    def submit(self, function, items):
        self.sent.append(list(items))
        future = Future()
        if self.bad in items and self.times:
            self.times -= 1
            future.set_exception(BrokenProcessPool("gone"))
        else:
            future.set_result(function(items))
        return future


class Shared(Executor):
    """One worker for everything: what is under way with a bad item is lost with it."""

    def __init__(self, bad, width):
        self.bad, self.width, self.under_way = bad, width, []

    def submit(self, function, items):
        self.under_way.append((Future(), function, items))
        futures = [future for future, *_ in self.under_way]
        if self.bad in items or len(self.under_way) == self.width:
            self.end()
        return futures[-1]

    def end(self):
        lost = any(self.bad in items for *_, items in self.under_way)
        for future, function, items in self.under_way:
            if lost:
                future.set_exception(BrokenProcessPool("gone"))
            else:
                future.set_result(function(items))
        self.under_way.clear()


@pytest.mark.parametrize("retries", [1, 2])
def test_nothing_is_given_up_for_the_worker_that_another_item_loses(retries):
    """Of three items on a worker the last one loses it, each time they meet there."""
    shared = Shared(bad=2, width=3)
    crowd = Crowd(shared, lambda: 3 if len(shared.under_way) < 3 else 0)
    ended = []
    for done in carried_out(crowd, sum, [[0], [1], [2], [3], [4], [5]], retries=retries):
        ended.append(done)
        shared.end()  # who is alone on the worker gets done
    assert [done.items for done in ended if done.lost] == [[2]]
    assert sorted(done.result for done in ended if not done.lost) == [0, 1, 3, 4, 5]


def test_what_was_lost_together_is_tried_again_apart():
    losing = Losing(bad=2)
    units = [[0, 1], [2, 3, 4], [5]]
    ended = list(carried_out(Crowd(losing, lambda: 1), sum, units, retries=2))
    assert [(done.items, done.result) for done in ended if not done.lost] == [([0, 1], 1), ([3], 3), ([4], 4), ([5], 5)]
    assert [done.items for done in ended if done.lost] == [[2]]
    assert losing.sent.count([2]) == 2
    assert losing.sent.count([2, 3, 4]) == 1


def test_retries_are_counted():
    for retries, lost in ((0, True), (1, True), (2, False)):
        (done,) = carried_out(Crowd(Losing(bad=2, times=2), lambda: 1), sum, [[2]], retries=retries)
        assert bool(done.lost) is lost


def test_an_executor_that_is_closed_is_one_line(tmp_path):
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(OSError, match=r"`executor` takes no more work: .* What is done is kept; run the same again"):
        gs.sweep(functions.square, {"x": [1]}, executor=pool)


SCRIPT = """
import os, sys
import geomsup as gs
from tests.sweeps import functions
{guard}gs.sweep(functions.{name}, {{"x": range({count})}}, output=sys.argv[1], workers=2, unit_seconds=0, **{fixed!r})
"""


def script(name, count, fixed, guard='if __name__ == "__main__": '):
    return SCRIPT.format(name=name, count=count, fixed=fixed, guard=guard)


def begin(folder, text):
    path = folder / "script.py"
    path.write_text(text)
    return subprocess.Popen(
        [sys.executable, str(path), str(folder / "run.sqlite")], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def done_in(path):
    with Journal.read(path) as journal:
        return [position for position, _, _ in journal.results()]


def await_points(path, child, fewest):
    while child.poll() is None:
        try:
            if len(done_in(path)) >= fewest:
                return
        except (OSError, ValueError):  # not made yet
            pass
        time.sleep(0.02)
    raise AssertionError(child.communicate())


@pytest.mark.slow
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_a_sweep_that_is_ended_keeps_what_is_finished_and_leaves_no_process(tmp_path, kind):
    path = tmp_path / "run.sqlite"
    child = begin(tmp_path, script("waits", 200, {"seconds": 0.05}))
    await_points(path, child, 4)
    child.send_signal(kind)
    _, said = child.communicate(timeout=600)  # ends when nobody holds the pipes any more
    assert child.returncode == -kind, said
    assert said.count("Traceback") == (1 if kind == signal.SIGINT else 0), said
    while not is_gone(child.pid):
        time.sleep(0.02)
    before = done_in(path)
    assert 4 <= len(before) < 200
    assert len(set(before)) == len(before)


@pytest.mark.slow
def test_ctrl_c_does_not_wait_for_a_call_that_hears_nothing(tmp_path):
    """Workers have nothing to save: they end at once, whatever they do."""
    child = begin(tmp_path, script("waits_deaf", 2, {"seconds": 3600, "folder": str(tmp_path)}))
    while not list(tmp_path.glob("begun-*")) and child.poll() is None:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=600)  # an hour, if it waited
    assert "KeyboardInterrupt" in said


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_so(tmp_path):
    """Its processes import it; they must not sweep, nor count as lost at every point."""
    child = begin(tmp_path, script("square", 4, {}, guard=""))
    _, said = child.communicate(timeout=600)
    assert '`sweep` must be called under `if __name__ == "__main__":`' in said
    assert "OSError: `executor` has no workers" in said
    assert done_in(tmp_path / "run.sqlite") == []


@pytest.mark.slow
def test_workers_take_one_thread_each(monkeypatch):
    for name in ("GEOMSUP_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    found = gs.sweep("tests.sweeps.functions:threads", {"x": [1]}, workers=1)
    assert (found["geomsup"].tolist(), found["blas"].tolist()) == ([1], ["1"])
    assert "GEOMSUP_THREADS" not in os.environ
