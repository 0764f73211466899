"""Certificates: stored ones prove what they say, changed ones are refused, and errors say what to do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import geomsup as gs
from benchmarks.certificates import CHANGES, changed
from geomsup.proofs import certificate as module, checker, sparse_checker

STORED = Path(__file__).parents[2] / "docs" / "certificates" / "pentagon_limit.json"
MADE = gs.certify(5, 2, limit=True)
EVIDENCE = MADE.evidence
NUMBERS = EVIDENCE["numbers"]


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
    ({"tree": EVIDENCE["tree"] + "f"}, "must end where its boxes do"),
    ({"tree": "t" * 40}, "boxes are missing"),
    ({"tree": None}, "the tree as a text"),
    ({"more": ""}, "evidence must be numbers, core and tree"),
    ({"numbers": {}}, "decimals in quotes"),
    ({"numbers": {**NUMBERS, "ratio": 0.206}}, "decimals in quotes"),
    ({"numbers": {**NUMBERS, "ratio": "1e999999999"}}, "decimals in quotes"),
    ({"numbers": {**NUMBERS, "ratio": "-0.2"}}, "the slope of R changes its sign"),
    ({"numbers": {**NUMBERS, "ratio": "0.5"}}, "the slope of R changes its sign"),
    ({"numbers": {**NUMBERS, "minimum": "0.2373844061174129650473221"}}, "minimum must hold 0.23738440611741296"),
    ({"numbers": {**NUMBERS, "more": "1.0"}}, "the numbers must be ratio"),
    ({"core": ["0.0", "1.0", "0.0", "1.5"]}, "must have the reason"),
    ({"core": ["0.0", "0.1", "0.0", "0.1"]}, "hold the pentagon inside"),
    ({"core": ["0.0"]}, "four ends of the core"),
    ({"core": "0.0"}, "four ends of the core"),
])  # fmt: skip
def test_errors_say_where_a_certificate_fails(change, words):
    with pytest.raises(ValueError, match=words):
        checker.check(MADE.to_dict() | {"evidence": EVIDENCE | change})


def test_what_is_no_certificate(tmp_path):
    others = (
        {"theorem": "hexagon"},
        {"theorem": []},
        {"n_features": 6},
        {"n_hidden": None},
        {"more": 1},
        {"evidence": []},
    )
    for data in (None, [], {}, {"theorem": "pentagon at the limit"}, *(MADE.to_dict() | other for other in others)):
        with pytest.raises(ValueError, match="must be of the pentagon at the limit, 5 features"):
            checker.check(data)
    path = tmp_path / "words.json"
    path.write_text("no JSON")
    with pytest.raises(ValueError, match=r"`certificate` must be a file of JSON; got 'words\.json'"):
        gs.verify(path)
    path.write_text(json.dumps(MADE.to_dict() | {"evidence": EVIDENCE | {"tree": "f"}}))
    with pytest.raises(ValueError, match=r"`certificate` must prove its theorem; it does not: box 0"):
        gs.verify(path)
    with pytest.raises(ValueError, match=r"`certificate` must be an existing file; got .*nothing\.json"):
        gs.verify(tmp_path / "nothing.json")
    with pytest.raises(ValueError, match="`certificate` must be an existing file; got the folder"):
        gs.verify(tmp_path)
    with pytest.raises(TypeError, match="`certificate` must be a path"):
        gs.verify(5)  # pyright: ignore[reportArgumentType]


def test_long_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BYTES", 10)
    with pytest.raises(ValueError, match="at most 10 bytes"):
        gs.verify(STORED)


@pytest.mark.parametrize(("arguments", "words"), [
    ((6, 2, True), "`n_features` and `n_hidden` must be 5 and 2, 3 and 2, or 2, 3, 4 or 5 and 1.*got 6 and 2"),
    ((2, 1, True), "`limit` must be False for 2 features in 1 dimension, as"),
    ((3, 2, True), "`limit` must be False for 3 features in 2 dimensions, as"),
    ((0, 2, True), "`n_features` must be at least 1"),
])  # fmt: skip
def test_what_is_not_proved_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        gs.certify(*arguments[:2], limit=arguments[2])


def test_a_wrong_number_of_processes_is_no_fault_of_the_certificate(monkeypatch):
    monkeypatch.setenv("GEOMSUP_THREADS", "many")
    with pytest.raises(ValueError, match=r"^`GEOMSUP_THREADS` must be a whole number"):
        gs.verify(MADE)


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


SMALL = json.loads(STORED.with_name("pentagon_small_probability.json").read_text())


@pytest.mark.slow
def test_the_second_stored_certificate_proves_its_theorem(small):
    """It is not compared with what is made: that depends on the last bits of numpy."""
    theorem = gs.verify(small)
    assert theorem.name == "pentagon of small probability"
    assert set(theorem.facts) == {"norm from", "norm to", "bias from", "bias to"}
    state = gs.one_hot_state(5)
    assert theorem.facts["norm from"] < state.norm < theorem.facts["norm to"]
    assert theorem.facts["bias from"] < state.bias < theorem.facts["bias to"]


@pytest.mark.slow
def test_the_second_certificate_is_made_anew():
    made = gs.certify(5, 2)
    assert made.theorem == SMALL["theorem"]
    assert len(made.evidence["stages"]) == len(SMALL["evidence"]["stages"])
    assert made.evidence["ratio"] == SMALL["evidence"]["ratio"]


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changes_of_the_second_are_refused(change):
    certificate = gs.Certificate.from_dict(SMALL)
    seeds = (seed for seed in range(1000) if changed(certificate, seed)[0] == change.__name__)
    for seed, _ in zip(seeds, range(2), strict=False):
        with pytest.raises(ValueError):  # noqa: PT011  (any place in it may be the first that fails)
            sparse_checker.check_sparse(changed(certificate, seed)[1])


def with_first_stage(**change):
    first, *others = SMALL["evidence"]["stages"]
    return SMALL | {"evidence": SMALL["evidence"] | {"stages": [first | change, *others]}}


@pytest.mark.parametrize(("data", "words"), [
    (None, "about 5 features"),
    (SMALL | {"n_features": 6}, "about 5 features"),
    (SMALL | {"evidence": {}}, "about 5 features"),
    (SMALL | {"evidence": SMALL["evidence"] | {"stages": []}}, "four ends, and stages"),
    (SMALL | {"evidence": SMALL["evidence"] | {"stages": [{}]}}, "a stage must have range"),
    (SMALL | {"evidence": SMALL["evidence"] | {"ratio": "0.3"}}, "the slope of R changes its sign"),
    (with_first_stage(tree="f"), "must have the reason"),
    (with_first_stage(tilted="c"), "without weights must have no tilted boxes"),
    (with_first_stage(weights=["1.0"]), "three weights with a core or none"),
    (with_first_stage(range=["1.0"] * 6), "a range must have q > 1"),
])  # fmt: skip
def test_errors_of_the_second_say_where_it_fails(data, words):
    with pytest.raises(ValueError, match=words):
        sparse_checker.check_sparse(data)


def test_a_range_that_is_too_large_proves_nothing(monkeypatch):
    """The first stage alone."""
    monkeypatch.setattr(sparse_checker, "MOST_PIECES", 1000)
    data = SMALL | {"evidence": SMALL["evidence"] | {"stages": SMALL["evidence"]["stages"][:1]}}
    with pytest.raises(ValueError, match="one active feature must bend more"):
        sparse_checker.check_sparse(data)
