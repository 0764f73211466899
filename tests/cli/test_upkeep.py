"""What is installed, and what is compiled beforehand."""

import sys
from pathlib import Path

import numpy
import pytest

import geomsup as gs
from geomsup.installation.facts import EXTRAS
from tests.cli.common import strict


def test_doctor(run, folder, monkeypatch):
    monkeypatch.setenv("GEOMSUP_CACHE", str(folder / "kept"))
    (folder / "kept").mkdir()
    (folder / "kept" / "one.json").write_text("1234")
    found = strict(run("doctor", "--json", "-o", "doctor.json"))
    assert found["versions"]["geomsup"] == gs.__version__
    assert found["versions"]["numpy"] == numpy.__version__
    assert found["versions"]["python"] == sys.version.split()[0]
    assert found["package"] == str(Path(gs.__file__).parent)
    blocks = found["caches"][1]
    assert (blocks["folder"], blocks["files"], blocks["bytes"]) == (str(folder / "kept"), 1, 4)
    assert blocks["writable"]
    assert strict((folder / "doctor.json").read_text()) == found
    text = run("doctor")
    assert gs.__version__ in text
    for extra in EXTRAS:
        assert extra in text


def test_doctor_says_what_to_type_for_what_is_missing(run, monkeypatch):
    monkeypatch.setitem(EXTRAS, "cuda", ("no_such_module", "trainings"))
    assert 'pip install "geomsup[cuda]"' in run("doctor")


@pytest.mark.slow
def test_warm_says_how_many_kernels_are_kept(run):
    assert strict(run("warm", "--json"))["kernels"] > 0
    assert "compiled kernels are kept in" in run("warm")
