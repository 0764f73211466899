"""Files to run commands on, and two ways to run them: `run` must succeed, `refuse` must fail."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.cli import main
from geomsup.cli.console import SAID_OF_COMPILING
from tests.cli.common import PENTAGON


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Run in an empty folder, so that default outputs land there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def without_compiling(err):
    """Return what standard error got, but for the line about kernels, which depends on what ran before."""
    return err.replace(f"{SAID_OF_COMPILING}\n", "", 1)


@pytest.fixture
def run(capsys):
    """Return a function that runs a command line which must succeed, and returns what it printed."""

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert (code, without_compiling(err)) == (0, "")
        return out

    return run


@pytest.fixture
def refuse(capsys):
    """Return a function that runs a command line which must fail, and returns the one line it printed."""

    def refuse(*arguments):
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        err = without_compiling(err)
        assert code == 2
        assert out == ""
        assert err.startswith("geomsup: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        return err.removeprefix("geomsup: ").rstrip("\n")

    return refuse


@pytest.fixture
def pentagon(folder):
    np.savez(folder / "pentagon.npz", W=PENTAGON, b=np.full(5, -0.2))
    return "pentagon.npz"


@pytest.fixture
def trained(folder):
    features = [gs.Features(2, 0.1, [1, 0.5]), gs.Features(2, 0.3, [1, 0.5])]
    model = gs.ToyModel([[1.0], [-1.0]])
    gs.train(features, 1, models=2, steps=3, batch=8, model=model, threads=1).save("run.npz")
    return "run.npz"
