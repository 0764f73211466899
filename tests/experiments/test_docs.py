"""The chapters in docs/experiments are those of the experiments there are."""

import json
from pathlib import Path

import pytest

from geomsup.experiments import experiments
from geomsup.experiments.summary import OUTDATED, write_summary

BOTH = [Path(__file__).parents[2] / "docs" / name for name in ("experiments", "experiments_paper")]
DOCS = BOTH[0]
MOST_WORDS = 40  # of a verdict's sentences: figures are for the table below them


@pytest.mark.parametrize("id", [entry.id for entry in experiments()])
def test_every_experiment_has_a_verdict_in_the_docs(id):
    report = json.loads((DOCS / id / "report.json").read_text())
    assert report["verdict"], report["error"]
    assert (DOCS / id / "figure.png").stat().st_size > 5000


def copy_reports(docs, folder):
    for report in docs.glob("*/report.json"):
        (folder / report.parent.name).mkdir()
        (folder / report.parent.name / "report.json").write_text(report.read_text())


@pytest.mark.slow
@pytest.mark.parametrize("docs", BOTH, ids=lambda folder: folder.name)
def test_the_chapters_are_what_the_reports_say(docs, tmp_path):
    """Nobody edits by hand what a run writes."""
    copy_reports(docs, tmp_path)
    write_summary(tmp_path)
    for page in tmp_path.glob("*.md"):
        assert (docs / page.name).read_text() == page.read_text()


@pytest.mark.slow
def test_a_chapter_says_what_other_code_measured_or_judged(tmp_path):
    copy_reports(DOCS, tmp_path)
    write_summary(tmp_path)
    assert not any(OUTDATED in page.read_text() for page in tmp_path.glob("*.md"))
    for id, key in (("E1", "measured"), ("E4", "shown")):
        path = tmp_path / id / "report.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {key: "of other code"}))
    write_summary(tmp_path)
    assert (tmp_path / "superposition.md").read_text().count(OUTDATED) == 2


@pytest.mark.parametrize("folder", BOTH, ids=lambda folder: folder.name)
def test_verdicts_are_short(folder):
    for path in folder.glob("*/report.json"):
        summary = json.loads(path.read_text())["verdict"]["summary"]
        assert len(summary.split()) <= MOST_WORDS, f"{path.parent.name}: {summary}"
