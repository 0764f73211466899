"""Certificates: stored ones prove what they say, changed ones are refused, and errors say what to do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import geomsup as gs
from benchmarks.certificates import CHANGES, changed
from geomsup.proofs import certificate as module, checker

STORED = Path(__file__).parents[2] / "docs" / "certificates" / "pentagon_limit.json"
MADE = gs.certify(5, 2, limit=True)


def test_the_stored_certificate_is_what_is_made():
    assert json.loads(STORED.read_text()) == MADE.to_dict()


def test_the_checker_runs_by_itself(tmp_path):
    """In a folder where nothing of geomsup can be imported."""
    alone = tmp_path / "checker.py"
    alone.write_text(Path(checker.__file__).read_text())
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-I", str(alone), str(STORED)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "minimum: 0.2373844061" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_certificates_are_refused(change):
    """`python -m benchmarks.certificates` tries 1,000."""
    seeds = (seed for seed in range(1000) if changed(MADE, seed)[0] == change.__name__)
    for seed, _ in zip(seeds, range(8), strict=False):
        with pytest.raises(ValueError):  # noqa: PT011  (any place in it may be the first that fails)
            checker.check(changed(MADE, seed)[1])


@pytest.mark.parametrize(("change", "words"), [
    ({"tree": "f"}, "must have the reason"),
    ({"tree": ""}, "1 boxes are missing"),
    ({"tree": MADE.tree + "f"}, "must end where its boxes do"),
    ({"tree": "t" * 40}, "boxes are missing"),
    ({"tree": None}, "the tree a text"),
    ({"theorem": "hexagon"}, "theorem must be one of"),
    ({"theorem": []}, "theorem must be one of"),
    ({"n_features": 6}, "about 5 features"),
    ({"numbers": {}}, "decimals in quotes"),
    ({"numbers": {**MADE.numbers, "ratio": 0.206}}, "decimals in quotes"),
    ({"numbers": {**MADE.numbers, "ratio": "1e999999999"}}, "decimals in quotes"),
    ({"numbers": {**MADE.numbers, "ratio": "-0.2"}}, "the slope of R changes its sign"),
    ({"numbers": {**MADE.numbers, "ratio": "0.5"}}, "the slope of R changes its sign"),
    ({"numbers": {**MADE.numbers, "minimum": "0.2373844061174129650473221"}}, "minimum must hold 0.23738440611741296"),
    ({"numbers": {**MADE.numbers, "more": "1.0"}}, "the numbers must be ratio"),
    ({"core": ["0.0", "1.0", "0.0", "1.5"]}, "must have the reason"),
    ({"core": ["0.0", "0.1", "0.0", "0.1"]}, "hold the pentagon inside"),
    ({"core": ["0.0"]}, "four ends of the core"),
    ({"core": "0.0"}, "four ends of the core"),
])  # fmt: skip
def test_errors_say_where_a_certificate_fails(change, words):
    with pytest.raises(ValueError, match=words):
        checker.check(MADE.to_dict() | change)


def test_what_is_no_certificate(tmp_path):
    for data in (None, [], {}, {"theorem": "pentagon at the limit"}, MADE.to_dict() | {"more": 1}):
        with pytest.raises(ValueError, match="must have the keys"):
            checker.check(data)
    path = tmp_path / "words.json"
    path.write_text("no JSON")
    with pytest.raises(ValueError, match=r"`certificate` must be a file of JSON; got 'words\.json'"):
        gs.verify(path)
    path.write_text(json.dumps(MADE.to_dict() | {"tree": "f"}))
    with pytest.raises(ValueError, match=r"`certificate` must prove its theorem; it does not: box 0"):
        gs.verify(path)
    with pytest.raises(FileNotFoundError):
        gs.verify(tmp_path / "nothing.json")
    with pytest.raises(TypeError, match="`certificate` must be a path"):
        gs.verify(5)  # pyright: ignore[reportArgumentType]


def test_long_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    with pytest.raises(ValueError, match="at most 10 bytes"):
        gs.verify(STORED)


@pytest.mark.parametrize(("arguments", "words"), [
    ((6, 2, True), "`n_features` and `n_hidden` must be 5 and 2.*got 6 and 2"),
    ((5, 2, False), "`limit` must be True"),
    ((0, 2, True), "`n_features` must be at least 1"),
])  # fmt: skip
def test_what_is_not_proved_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        gs.certify(*arguments[:2], limit=arguments[2])


def test_without_python_flint_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    for call in (lambda: gs.certify(5, 2, limit=True), lambda: gs.verify(MADE)):
        with pytest.raises(ValueError, match=r"needs python-flint.*pip install \"geomsup\[certify\]\""):
            call()


def test_progress_ends_at_one():
    for stage, call in (
        ("bisecting", lambda told: gs.certify(5, 2, limit=True, progress=told)),
        ("checking", lambda told: gs.verify(MADE, progress=told)),
    ):
        seen = []
        call(lambda *report, seen=seen: seen.append(report))
        assert {name for name, _ in seen} == {stage}
        assert [share for _, share in seen] == sorted(share for _, share in seen)
        assert seen[-1][1] > 0.99


def test_an_interruption_goes_through():
    def interrupted(stage, fraction):
        raise KeyboardInterrupt

    for call in (
        lambda: gs.certify(5, 2, limit=True, progress=interrupted),
        lambda: gs.verify(MADE, progress=interrupted),
    ):
        with pytest.raises(KeyboardInterrupt):
            call()
