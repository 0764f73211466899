"""The kernels for GPUs, against the CPU's: in numba's simulator, as machines that test seldom have a GPU."""

import dataclasses
import json
import os
import subprocess
import sys
import weakref
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import geomsup as gs
from geomsup.training.arguments import make_rule
from geomsup.training.cuda import available, device, launch
from geomsup.training.kernels.codes import OUTPUTS, TARGETS
from geomsup.training.settings import Settings

ROOT = Path(gs.__file__).parents[1]
SETTINGS = Settings(n_hidden=2)


def chosen(device, n=5, **change):
    """Return the device that a training of small models goes to, with a few settings changed."""
    return available.choose_device(n, dataclasses.replace(SETTINGS, device=device, **change))


@pytest.mark.slow
def test_the_simulated_device_agrees_with_the_cpu():
    """Both draw the same samples: after a few steps all arrays agree to the rounding of single precision."""
    command = [sys.executable, "-W", "error", "-m", "tests.training.cuda.simulated"]
    surroundings = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = {name: (devices, errors) for name, devices, errors, _ in map(json.loads, done.stdout.splitlines())}
    assert len(found) == 29
    for name, (devices, errors) in found.items():
        assert devices[0] == "cuda", name
        assert all(error < 1e-5 for error in errors.values()), (name, errors)


def test_auto_is_the_gpu_where_there_is_one(monkeypatch):
    monkeypatch.setattr(available, "obstacle", lambda: "a GPU.")
    assert chosen("auto") == "cpu"
    assert available.choose_again("cuda") == "cpu"
    monkeypatch.setattr(available, "obstacle", lambda: None)
    assert chosen("auto") == "cuda"
    assert chosen("cuda") == "cuda"
    assert chosen("cpu") == "cpu"
    assert available.choose_again("cuda") == "cuda"
    assert available.choose_again("cpu") == "cpu"


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(available, "find_spec", lambda name: None)
    with pytest.raises(
        ValueError, match=r'`device` "cuda" needs the package numba-cuda.*"geomsup\[cuda\]".*device="cpu"'
    ):
        gs.train(gs.Features(2, 0.5), 1, steps=1, device="cuda")
    with pytest.raises(ValueError, match='`device` must be one of "auto", "cpu", "cuda"; got \'gpu\''):
        gs.train(gs.Features(2, 0.5), 1, steps=1, device="gpu")


def test_a_gpu_that_cannot_be_used_is_an_obstacle(monkeypatch):
    """A driver that lists a GPU does not say that this process may use it."""

    def refuse():
        raise RuntimeError("CUDA initialized before forking")

    stub = SimpleNamespace(
        is_available=lambda: True, current_context=refuse,
        device_array=lambda shape, dtype: FakeArray([0]), jit=lambda kernel: {(1, 1): kernel},
    )  # fmt: skip
    available._unfit.cache_clear()
    monkeypatch.setattr(device, "cuda", stub)
    monkeypatch.setattr(available, "find_spec", lambda name: name)
    assert chosen("auto") == "cpu"
    assert available.choose_again("cuda") == "cpu"
    with pytest.raises(ValueError, match=r'"cuda" needs a GPU that.*says: CUDA initialized before forking\. .*"cpu"'):
        chosen("cuda")
    stub.current_context = lambda: None
    assert chosen("auto") == "cuda"

    def break_off(kernel):
        raise AttributeError("module 'numpy' has no attribute 'row_stack'")

    available._unfit.cache_clear()
    stub.jit = break_off
    assert chosen("auto") == "cpu"
    with pytest.raises(ValueError, match=r"\"cuda\" needs packages that go together; .*AttributeError: .*row_stack"):
        chosen("cuda")
    available._unfit.cache_clear()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 70, "n_hidden": 65}, "at most 64 hidden dimensions; got 65"),
        ({"n": 4097}, "at most 4096 features; got 4097"),
        ({"n_hidden": (2, 3)}, "of one hidden layer; got 2"),
        ({"objective": "exact"}, "whose objective is 'sampled'; got 'exact'"),
        ({"activation": "square"}, "whose activation is 'relu' or .*; got 'square'"),
        ({"dropout": 0.5}, "does not know the setting dropout; got 0.5"),
        ({"coherence": 0.5}, "does not know the setting coherence; got 0.5"),
        ({"hidden_activation": "solu"}, "whose hidden_activation is 'linear' or 'relu'; got 'solu'"),
    ],
)
def test_what_the_kernels_do_not_train_is_refused(change, message, monkeypatch):
    monkeypatch.setitem(OUTPUTS, "square", 0.0)  # a new one
    with pytest.raises(ValueError, match=f'`device` "cuda" .*{message}.*Pass device="cpu"'):
        chosen("cuda", **change)
    assert chosen("auto", **change) == "cpu"


def test_data_sets_are_trained_on_the_cpu(monkeypatch):
    monkeypatch.setattr(available, "obstacle", lambda: None)
    assert available.choose_device(5, SETTINGS, fresh=False) == "cpu"
    on_the_device = dataclasses.replace(SETTINGS, device="cuda")
    with pytest.raises(ValueError, match=r'`device` "cuda" trains on fresh samples; got SampledFeatures.*device="cpu"'):
        available.choose_device(5, on_the_device, fresh=False)


def test_kernels_know_every_target_and_output():
    assert set(available.KNOWN_VALUES["target"]) == set(TARGETS)
    assert set(available.KNOWN_VALUES["activation"]) == set(OUTPUTS)


class FakeArray(list):
    """A device's array of nothing but a list."""

    def copy_to_host(self):
        return self


def make_fleet(train_steps):
    """Return a fleet of one run that launches nothing, on no device."""
    fleet = launch.Fleet.__new__(launch.Fleet)
    fleet.recorded, fleet.marks, fleet.done = 0, np.array([9]), 0
    fleet.rule = make_rule(SETTINGS)
    fleet.launcher = SimpleNamespace(train_steps=train_steps)
    return fleet


def test_launches_go_to_the_device_of_the_arrays(monkeypatch):
    """A thread begins on the first device, whichever the caller had chosen when the arrays were made."""
    entered = []

    @contextmanager
    def second():
        entered.append("second")
        yield
        entered.pop()

    monkeypatch.setattr(launch, "cuda", SimpleNamespace(to_device=np.array, synchronize=lambda: None))
    launched = []
    fleet = make_fleet(lambda start, stop, each: launched.append((start, stop, *entered)))
    fleet.device = second()
    fleet.advance(5)
    assert launched == [(0, 5, "second")]


def test_what_launches_read_is_kept_until_they_end(monkeypatch):
    """Launches return at once; memory that nothing on the host refers to may be freed below them."""
    read, kept = [], []
    stub = SimpleNamespace(to_device=np.array, synchronize=lambda: kept.extend(one() is not None for one in read))
    monkeypatch.setattr(launch, "cuda", stub)
    fleet = make_fleet(lambda start, stop, each: read.append(weakref.ref(each)))
    fleet.device = nullcontext()
    fleet.advance(5)
    assert kept == [True]


def test_no_launch_has_more_rows_of_blocks_than_a_device_takes(monkeypatch):
    grids = []
    monkeypatch.setattr(launch, "cuda", SimpleNamespace(device_array=lambda shape, dtype: shape))
    monkeypatch.setattr(launch, "_configured", lambda kernel, grid, warps: grids.append(grid))
    runs = 100_000
    fleet = SimpleNamespace(
        form=launch.make_form(1, dataclasses.replace(SETTINGS, n_hidden=13)), trainees=[None] * runs, batch=1
    )
    large = launch.Large(fleet)
    rows = [grid[1] for grid in grids]
    assert len(rows) == 2
    assert max(rows) <= 65535
    assert large.firsts == range(0, runs, rows[1])
