"""``geomsup sweep``: a description in, a journal and words out."""

import json
import sys

import pytest

from geomsup.cli import main
from geomsup.cli.experiments import _duration
from geomsup.sweeps.journal import Journal
from geomsup.sweeps.outcome import attempt
from geomsup.sweeps.specification import read_plan

STUDY = """
def half(x):
    if x == 3:
        raise ValueError("no half of 3")
    return x / 2
"""


@pytest.fixture
def spec(tmp_path, monkeypatch):
    """Return a description whose function is in a file beside it, and go elsewhere."""
    (tmp_path / "study_of_halves.py").write_text(STUDY)
    path = tmp_path / "spec.toml"
    path.write_text('what = "study_of_halves:half"\n[axes]\nx = {from = 0, to = 4}\n')
    monkeypatch.setattr("sys.path", sys.path.copy())
    monkeypatch.delitem(sys.modules, "study_of_halves", raising=False)
    monkeypatch.chdir(tmp_path.parent)
    return path


@pytest.mark.slow
def test_a_sweep_ends_with_what_failed_and_tries_it_again_if_asked(spec, capsys):
    path = spec.with_name("run.sqlite")
    words = [
        f"{path}: 5 of 5 points done, 1 of them failed", "  {'x': 3}: ValueError: no half of 3",
    ]  # fmt: skip
    assert main(["sweep", str(spec), "-o", str(path), "--workers", "1"]) == 2
    said = capsys.readouterr()
    assert said.out.splitlines() == words
    assert said.err == "geomsup: 1 of 5 points failed; --again tries them again\n"
    assert main(["sweep", "--status", "-o", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == words
    assert main(["sweep", str(spec), "-o", str(path), "--workers", "1", "--again", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    assert (told["points"], told["done"], told["failed"], told["process"]) == (5, 5, 1, None)
    assert told["first_failed"] == [{"point": {"x": 3}, "error": "ValueError: no half of 3"}]


def test_the_status_of_a_sweep_that_was_stopped(spec, capsys, monkeypatch):
    path = spec.with_name("run.sqlite")
    monkeypatch.syspath_prepend(str(spec.parent))
    with Journal.begun(path, read_plan(spec)) as journal:
        for position, now in enumerate((0.0, 100.0)):
            monkeypatch.setattr("time.time", lambda now=now: now)
            journal.write({position: attempt(lambda: 1)})
        main(["sweep", "--status", "-o", str(path)])
        assert ", about 5.0 min left, running in process " in capsys.readouterr().out
    main(["sweep", "--status", "-o", str(path)])
    assert capsys.readouterr().out == f"{path}: 2 of 5 points done, about 5.0 min left, stopped\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sweep"], "geomsup: `SPEC` must be given, unless --status asks for a journal. See: geomsup sweep --help"),
        (["sweep", "nothing.toml"], "`SPEC` must be an existing .toml file; got 'nothing.toml'. Check the name."),
        (["sweep", "--status", "-o", "nothing"], "there is no file 'nothing'. Check it."),
        (["sweep", "x.toml", "--plot", "x.txt"], "`--plot` must end in .png, .pdf, .svg; got 'x.txt'. Rename it."),
    ],
)
def test_bad_input_is_one_line(arguments, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_times_are_in_the_unit_that_suits_them():
    assert [_duration(seconds) for seconds in (0.4, 119, 120, 7200, 200_000)] == [
        "0 s", "119 s", "2.0 min", "2.0 h", "2.3 days",
    ]  # fmt: skip
