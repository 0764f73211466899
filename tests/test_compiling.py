"""Compiled kernels are kept, used again, and never used after something that they call has changed."""

import importlib
import os
import shutil
import signal
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

import geomsup as gs
from geomsup import compiling

PACKAGE = Path(gs.__file__).parent
RULE = "rule.Rule(1, 8.0, 4, 0.0, 0.0, True)"  # of SGD, whose first factor is the rate: 8 (1 - 1/4) = 6
PROBLEM = f"from geomsup.training.kernels import rule; print(rule.factors_of_steps(1, 2, {RULE})[0, 0])"


def run(folder, text=PROBLEM, **surroundings):
    """Return what a program prints, and what it says, where `folder` holds the package."""
    inherited = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    environment = inherited | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"} | surroundings
    done = subprocess.run([sys.executable, "-c", text], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(PACKAGE, tmp_path / "geomsup", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def kept(folder):
    return {path.name for path in (folder / "geomsup/__pycache__/kernels").iterdir()}


@pytest.mark.slow
def test_a_change_of_what_a_kernel_calls_is_seen(copy):
    """Numba's own cache looks at the file of a function only."""
    assert run(copy)[0] == "6.0"
    first = kept(copy)
    assert any(name.startswith("rule.factors_of_steps-geomsup.training.kernels.rule-") for name in first)
    assert run(copy)[0] == "6.0"
    assert kept(copy) == first  # used again
    codes = copy / "geomsup/training/kernels/codes.py"
    codes.write_text(
        codes.read_text().replace("CONSTANT, LINEAR, COSINE = 0, 1, 2", "CONSTANT, LINEAR, COSINE = 1, 0, 2")
    )
    assert run(copy)[0] == "8.0"
    assert not kept(copy) & first  # what is stale is gone


def test_digests_follow_imports():
    """Those of the trainer's kernels change with the constants that they take from elsewhere, and with nothing else."""
    texts = {compiling._module_of(path): path.read_text() for path in PACKAGE.rglob("*.py")}
    imports = {module: compiling._imported(text) for module, text in texts.items()}
    rooms = {f"geomsup.training.kernels.{name}" for name in ("draws", "compiled", "philox")}
    assert compiling._with_imports("geomsup.training.kernels.draws", imports) == rooms | {
        "geomsup.compiling",
        "geomsup.folders",
    }
    assert {"geomsup.energy.kernels.energies", "geomsup.loss.exact_kernels", "geomsup.training.kernels.steps"} <= set(
        compiling.digests()
    )


@pytest.mark.slow
def test_another_folder_is_used_where_the_package_cannot_be_written(copy, tmp_path):
    (copy / "geomsup/__pycache__").touch()  # no folder can be made here
    assert run(copy, XDG_CACHE_HOME=str(tmp_path / "cache"), LOCALAPPDATA="") == ("6.0", "")
    assert list((tmp_path / "cache/geomsup").glob("kernels-*/rule.factors_of_steps-geomsup.training.kernels.rule-*"))


@pytest.mark.slow
def test_nowhere_to_write_costs_time_and_is_said_once(copy):
    (copy / "geomsup/__pycache__").touch()
    for nowhere in ({"XDG_CACHE_HOME": os.devnull, "LOCALAPPDATA": ""}, {"NUMBA_CACHE_DIR": os.devnull}):
        printed, said = run(copy, **nowhere)
        assert printed == "6.0"
        assert said.count("RuntimeWarning: Compiled kernels cannot be kept, as no folder can be written of ") == 1
        assert "Set NUMBA_CACHE_DIR" in said


@pytest.mark.slow
def test_what_is_kept_is_announced_when_it_is_compiled_and_not_when_it_is_read(copy):
    text = f"from geomsup import compiling\nwith compiling.announced(lambda: print('compiling')):\n    {PROBLEM}"
    said = run(copy, text)[0].splitlines()
    assert (set(said[:-1]), said[-1]) == ({"compiling"}, "6.0")
    assert run(copy, text)[0] == "6.0"


def test_parts_are_kept_in_their_callers_only(copy):
    assert run(copy)[0] == "6.0"
    assert {name.split("-")[0] for name in kept(copy)} == {"rule.factors_of_steps"}


def test_parts_become_machine_code_in_their_callers_only():
    def double(x):
        for _ in range(3):
            x = x + x
        return x

    alone, part = compiling.njit(double), compiling.njit(double, part=True)
    caller = compiling.njit(lambda x: part(x) + 1.0)
    assert caller(1.0) == alone(1.0) + 1.0 == part(1.0) + 1.0 == 9.0
    assert is_machine_code(alone)
    assert not is_machine_code(part)
    assert len(part.signatures) == 1


def is_machine_code(kernel):
    """Whether numba's engine holds what was compiled for the first types."""
    compiled = next(iter(kernel.overloads.values()))
    return compiled.library.codegen._engine.is_symbol_defined(compiled.fndesc.mangled_name)


def test_a_part_that_python_calls_is_the_same_function():
    def twice(x, add=1.0):
        return 2.0 * x + add

    part = compiling.njit(twice, part=True)
    caller = compiling.njit(lambda x: part(x) + part(x, add=3.0))
    assert part(1.0) == 3.0
    assert part(1, add=0.5) == 2.5
    assert caller(1.0) == 8.0
    assert part.py_func is twice


def test_constants_make_no_kernel_of_their_own():
    chosen = compiling.njit(lambda x, first: x if first else -x)
    caller = compiling.njit(lambda x, first: chosen(x, first) + chosen(x, True) + chosen(x, False))
    assert caller(2.0, False) == -2.0
    assert len(chosen.signatures) == len(caller.signatures) == 1


def test_functions_of_a_user_are_not_kept():
    half = compiling.njit(lambda x: x / 2)
    assert half(3.0) == 1.5
    assert half.stats.cache_path is None


def test_the_folder_is_not_the_user_s_working_folder():
    folder = compiling.kernel_folder()
    assert folder is not None
    assert folder.name.startswith("kernels")


INTERRUPTED = """
import os, signal, threading
import numpy as np
from geomsup.compiling import njit

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where this was started in the background

@njit
def busy(count):
    values = np.zeros(100)
    for k in range(count):
        values[k % 100] += np.sqrt(k)
    return values, values[::2]

busy(1)
ends = []
for _ in range(20):
    entered = threading.Event()
    threading.Thread(target=lambda: (entered.wait(), os.kill(os.getpid(), signal.SIGINT))).start()
    try:
        entered.set()
        while True:
            busy(10_000_000)
    except BaseException as error:
        ends.append(type(error).__name__)
print(set(ends))
"""


@pytest.mark.slow
def test_ctrl_c_during_a_kernel_is_a_keyboard_interrupt():
    """Else numba returns arrays "with an exception set", which Python makes a SystemError."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("{'KeyboardInterrupt'}\n", "")


def test_other_system_errors_of_kernels_come_through(monkeypatch):
    def broken(self, *arguments):
        raise SystemError("of another kind")

    half = compiling.njit(lambda x: x / 2)
    monkeypatch.setattr(compiling.CPUDispatcher, "__call__", broken, raising=False)
    with pytest.raises(SystemError, match="of another kind"):
        half(3.0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_where_exceptions_are_forgotten_is_not_lost(number):
    """In LLVM's calls of Python and at the end of objects; numba then finds its code missing, or goes on."""

    def interrupt(*_):
        raise KeyboardInterrupt

    def _raw_object_cache_notify():  # as LLVM's callback is called
        signal.raise_signal(number)

    class Ending:
        def __del__(self):
            signal.raise_signal(number)

    def watched():
        weakref.finalize(set_of_nothing := frozenset([number]), signal.raise_signal, number)
        del set_of_nothing

    def during(work):
        with compiling._nothing_lost():
            work()
            ends.append("to its end")

    before, ends = signal.signal(number, interrupt), []
    try:
        for forgetful in (_raw_object_cache_notify, Ending, watched):
            with pytest.raises(KeyboardInterrupt):
                during(forgetful)
        assert ends == ["to its end"] * 3
        with pytest.raises(KeyboardInterrupt):
            during(lambda: signal.raise_signal(number))
        assert ends == ["to its end"] * 3  # elsewhere it is heard at once
        assert signal.getsignal(number) is interrupt
    finally:
        signal.signal(number, before)


def test_progress_is_told_once_before_something_is_compiled():
    told = []
    with compiling.telling(lambda *event: told.append(event)):
        for _ in range(2):
            assert compiling.njit(lambda x: x + 1)(1) == 2
    assert told == [("compiling, once", 0.0)]
    with compiling.telling(None):
        assert compiling.njit(lambda x: x + 2)(1) == 3
    assert not compiling._LISTENERS


class _CompiledError(Exception):
    """Raised in the place of the work that would follow."""


def _compiles(*_, **__):
    compiling.njit(lambda x: x + 3)(1)
    raise _CompiledError


@pytest.mark.parametrize("work", ["train", "train exactly", "resume", "resume exactly", "minimize_energy", "thomson"])
def test_long_work_says_that_it_compiles(work, monkeypatch):
    features, told = gs.Features(2, 0.1), []
    listener = {"progress": lambda *event: told.append(event)}
    objective = "exact" if work.endswith("exactly") else "sampled"
    run = gs.train(features, 1, steps=2, objective=objective, record=0) if work.startswith("resume") else None
    calls = {
        "train": lambda: gs.train(features, 1, steps=2, **listener),
        "train exactly": lambda: gs.train(features, 1, objective="exact", **listener),
        "resume": lambda: run.resume(4, **listener),
        "resume exactly": lambda: run.resume(**listener),
        "minimize_energy": lambda: gs.minimize_energy(3, 2, **listener),
        "thomson": lambda: gs.thomson(3, **listener),
    }
    places = (
        "training.finish.finish", "training.exact.train_exactly", "training.resuming.finish",
        "training.exact.descend_further", "energy.minimize.search",
    )  # fmt: skip
    for place in places:  # all before one is changed: a module that is imported meanwhile would keep the change
        importlib.import_module(f"geomsup.{place.rpartition('.')[0]}")
    for place in places:
        monkeypatch.setattr(f"geomsup.{place}", _compiles)
    with pytest.raises(_CompiledError):
        calls[work]()
    assert told == [("compiling, once", 0.0)]
