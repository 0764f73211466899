"""The engine: files, resumption, failures and the summary, with experiments that cost nothing."""

import importlib.util
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from geomsup.experiments import Experiment, Lab, Verdict, engine, experiment, experiments, reproduce
from geomsup.experiments.registry import GROUPS
from geomsup.experiments.report import run_experiment
from geomsup.experiments.summary import TITLES, write_summary
from geomsup.features import Features

CALLS: list[str] = []


def measure(lab, points, fail=""):
    def squares():
        CALLS.append("squares")
        return {"y": np.arange(points) ** 2}

    kept = lab.keep("the squares", squares)
    if fail:
        raise ArithmeticError(fail)
    return {"y": kept["y"], "name": np.array(["a", "b"])}


def draw(data):
    return SimpleNamespace(savefig=lambda path, dpi: path.write_bytes(b"picture"))


def judge(data):
    return Verdict("holds", f"{len(data['y'])} points", {"points": len(data["y"]), "odd": np.nan})


def declared(id="X1", **changed):
    functions = {"measure": measure, "draw": draw, "judge": judge} | changed
    return Experiment(id=id, title="t", claim="c", source="s", module=SimpleNamespace(**functions))


@pytest.fixture(autouse=True)
def _no_calls():
    CALLS.clear()


def test_an_experiment_leaves_data_figure_and_report(tmp_path):
    done = run_experiment(declared(), "quick", {"points": 3}, tmp_path, 1)
    assert (done.id, done.status, done.error) == ("X1", "holds", "")
    assert done.data["y"].tolist() == [0, 1, 4]
    assert done.data["name"].tolist() == ["a", "b"]
    assert (tmp_path / "figure.png").read_bytes() == b"picture"
    written = json.loads((tmp_path / "report.json").read_text())
    assert written["verdict"]["numbers"] == {"points": 3.0, "odd": None}
    assert np.isnan(done.verdict.numbers["odd"]) or done.verdict.numbers["odd"] is None
    assert done.to_dict()["verdict"]["summary"] == "3 points"


def test_what_is_finished_is_not_done_again(tmp_path):
    run_experiment(declared(), "quick", {"points": 3}, tmp_path, 1)
    again = run_experiment(declared(measure=measure), "quick", {"points": 3}, tmp_path, 1)
    assert CALLS == ["squares"]
    assert again.verdict.summary == "3 points"


MODULE = """
import numpy as np
from geomsup.experiments import Verdict

CALLS = []

def measure(lab, points):
    def squares():
        CALLS.append("squares")
        return {{"y": np.arange(points) ** 2}}
    return lab.keep("squares", squares)

def draw(data):
    class Figure:
        def savefig(self, path, dpi):
            path.write_bytes(b"picture")
    return Figure()

def judge(data):
    {judge}
"""


def from_file(folder, name, judge):
    """Return an experiment from a file of its own, and the list of what it computed."""
    path = folder / f"{name}.py"
    path.write_text(MODULE.format(judge=judge))
    spec = importlib.util.spec_from_file_location(f"bench.{name}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"bench.{name}"] = module
    spec.loader.exec_module(module)
    return declared(measure=module.measure, draw=module.draw, judge=module.judge), module.CALLS


def test_a_change_of_the_verdict_alone_measures_nothing_again(tmp_path):
    first, _ = from_file(tmp_path, "first", "return Verdict('holds', 's', {'a': 1})")
    second, calls = from_file(tmp_path, "second", "return Verdict('holds with other numbers', 's', {'a': 2})")
    assert run_experiment(first, "quick", {"points": 3}, tmp_path / "X1", 1).status == "holds"
    assert run_experiment(second, "quick", {"points": 3}, tmp_path / "X1", 1).status == "holds with other numbers"
    assert calls == []


def test_a_run_that_failed_goes_on_from_its_parts(tmp_path):
    broken, _ = from_file(tmp_path, "broken", "return 1 / 0")
    mended, calls = from_file(tmp_path, "mended", "return Verdict('holds', 's', {'a': 1})")
    done = run_experiment(broken, "quick", {"points": 3}, tmp_path / "X1", 1)
    assert (done.status, done.error) == ("failed", "ZeroDivisionError: division by zero")
    assert "ZeroDivisionError" in (tmp_path / "X1" / "error.txt").read_text()
    (tmp_path / "X1" / "data.npz").unlink()  # as if it had failed while measuring
    assert run_experiment(mended, "quick", {"points": 3}, tmp_path / "X1", 1).status == "holds"
    assert calls == []


def test_data_that_another_experiment_reads_are_made_if_they_are_missing(tmp_path):
    """The chapters of the docs keep reports and figures, but no data."""
    before = run_experiment(declared(), "quick", {"points": 3}, tmp_path, 1)
    (tmp_path / "data.npz").unlink()
    (tmp_path / "parts" / "the_squares.npz").unlink()
    assert run_experiment(declared(), "quick", {"points": 3}, tmp_path, 1).to_dict() == before.to_dict()
    assert CALLS == ["squares"]
    assert run_experiment(declared(), "quick", {"points": 3}, tmp_path, 1, read=True).data["y"].tolist() == [0, 1, 4]
    assert CALLS == ["squares", "squares"]


def test_the_engine_says_whose_data_are_read(tmp_path, monkeypatch):
    asked = []

    def run(entry, size, arguments, folder, threads, read):
        asked.append((entry.id, read))
        return run_experiment(declared(id=entry.id), size, {"points": 2}, folder, threads, read)

    monkeypatch.setattr(engine, "run_experiment", run)
    reproduce(["E9", "E6", "E10"], size="quick", output=tmp_path, jobs=1)
    assert sorted(asked) == [("E10", False), ("E6", False), ("E8", True), ("E9", True)]


def test_parts_of_other_sizes_are_not_used(tmp_path):
    run_experiment(declared(), "quick", {"points": 3}, tmp_path, 1)
    other = run_experiment(declared(), "paper", {"points": 4}, tmp_path, 1)
    assert CALLS == ["squares", "squares"]
    assert other.verdict.summary == "4 points"


def test_data_must_be_plain_arrays(tmp_path):
    odd = declared(measure=lambda lab: {"y": np.array([{}])})
    done = run_experiment(odd, "quick", {}, tmp_path, 1)
    assert done.error == "TypeError: `measure` must return plain arrays; X1's 'y' holds objects. Split it."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("perhaps", "s", {"a": 1}),
            '`status` must be one of "holds", "holds with other numbers", "does not hold"; got',
        ),
        (("holds", "s", {}), "`numbers` must hold what the verdict rests on; got none."),
        (("does not hold", "s", {"a": 1}, ("one",)), "`checks` must name two independent methods .* got 1."),
    ],
)
def test_a_verdict_rests_on_numbers_and_a_refusal_on_two_checks(arguments, message):
    with pytest.raises(ValueError, match=message):
        Verdict(*arguments)


@pytest.mark.parametrize("compared", [{"a": "It is."}, {"a": ("It is.",)}, {"a": ("It is.", 1)}, [("It is.", "is")], 3])
def test_a_comparison_is_of_two_sentences(compared):
    with pytest.raises(TypeError, match=r"^`compared` must be pairs of sentences, .*; got "):
        Verdict("holds", "s", {"a": 1}, compared=compared)


def test_a_comparison_is_written_and_read_back():
    verdict = Verdict("holds", "s", {"a": 1}, compared={"loss": ("It is low.", "It is 0.")})
    written = json.loads(json.dumps(verdict.to_dict()))
    assert Verdict.from_dict(written) == verdict
    assert written["compared"] == {"loss": ["It is low.", "It is 0."]}
    del written["compared"]  # as in reports of before
    assert Verdict.from_dict(written).compared == {}


def test_a_chapter_shows_the_published_beside_the_measured(tmp_path):
    compared = {"loss | of ReLU": ("It is low.", "It is 0.")}
    entry = declared(id="E6", judge=lambda data: Verdict("holds", "s", {"a": 1}, compared=compared))
    run_experiment(entry, "quick", {"points": 1}, tmp_path / "E6", 1)
    write_summary(tmp_path)
    table = (
        "| statement | published | measured |\n|---|---|---|\n| loss \\| of ReLU | It is low. | It is 0. |\n\n| figure"
    )
    assert table in (tmp_path / "phase_change.md").read_text()


def test_a_training_is_kept_and_loaded(tmp_path):
    lab, told = Lab(tmp_path, 1, lambda name: CALLS.append(name)), CALLS
    options = {"steps": 5, "batch": 32}
    first = lab.train("some models / p=0.1", Features(2, 0.5), 1, **options)
    second = lab.train("some models / p=0.1", Features(2, 0.5), 1, **options)
    assert told == ["some models / p=0.1"]
    assert (first.W == second.W).all()
    assert (first.b == second.b).all()


def test_every_experiment_is_declared_in_full():
    found = experiments()
    assert len({entry.id for entry in found}) == len(found)
    assert set(TITLES) == set(GROUPS)
    for entry in found:
        assert experiment(entry.id.lower()) is entry
        assert entry.group.replace(" ", "_") in GROUPS
        assert min(len(entry.title), len(entry.claim), len(entry.source)) > 8
        assert set(entry.quick) == set(entry.paper)
        assert entry.quick != entry.paper or not entry.quick


def test_unknown_experiments_and_sizes_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"^`id` must be one of E1, .*; got 'E999'. List them with: geomsup reproduce"):
        reproduce("E999", output=tmp_path)
    with pytest.raises(ValueError, match="`size` must be one of"):
        reproduce("E6", size="tiny", output=tmp_path)
    with pytest.raises(ValueError, match="`jobs` must be"):
        reproduce("E6", size="quick", output=tmp_path, jobs=0)


def test_a_run_writes_the_table_and_the_chapters(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "run_experiment", lambda entry, *rest: run_experiment(stand_in(entry), *rest))

    def stand_in(entry):
        return declared(id=entry.id, measure=lambda lab, **size: {"y": np.arange(2)})

    told: list[tuple[str, float]] = []
    done = reproduce(
        ["E2", "E1", "E6"], size="quick", output=tmp_path, jobs=1, progress=lambda *news: told.append(news)
    )
    assert [one.id for one in done] == ["E1", "E2", "E6"]
    assert told == [("E1", 1 / 3), ("E2", 2 / 3), ("E6", 1.0)]
    index = (tmp_path / "index.md").read_text()
    assert "3 experiments: 3 holds;" in index
    title = "E1: Five features in two dimensions"
    assert f"| ![E1](E1/figure.png) | [**{title}**](superposition.md#e1-five-features-in-two-dimensions)<br>" in index
    assert "| **holds**<br>2 points. |" in index
    assert "geomsup reproduce --all --quick" in index
    chapter = (tmp_path / "superposition.md").read_text()
    assert "## E1: Five features in two dimensions" in chapter
    assert "**Verdict: holds.**" in chapter
    assert "**Criterion.** Holds if the linear model stores the m most" in chapter
    assert "- `STORED` = 0.5: norm above which a feature is stored" in chapter
    assert "![Linear and ReLU model of the same features](E2/figure.png)" in chapter
    assert not (tmp_path / "uniform.md").exists()


@pytest.mark.slow
def test_two_processes_do_the_same(tmp_path):
    done = reproduce(["E6"], size="quick", output=tmp_path, jobs=2)
    assert [one.status for one in done] == ["holds"]
