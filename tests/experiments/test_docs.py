"""The chapters in docs/experiments are those of the experiments there are."""

import json
from pathlib import Path

import pytest

from geomsup.experiments import experiments
from geomsup.experiments.summary import write_summary

BOTH = [Path(__file__).parents[2] / "docs" / name for name in ("experiments", "experiments_paper")]
DOCS = BOTH[0]
MOST_WORDS = 40  # of a verdict's sentences: figures are for the table below them


@pytest.mark.parametrize("id", [entry.id for entry in experiments()])
def test_every_experiment_has_a_verdict_in_the_docs(id):
    report = json.loads((DOCS / id / "report.json").read_text())
    assert report["verdict"], report["error"]
    assert (DOCS / id / "figure.png").stat().st_size > 5000


def test_the_chapters_are_what_the_reports_say(tmp_path):
    """Nobody edits by hand what a run writes."""
    for folder in DOCS.iterdir():
        if folder.is_dir():
            (tmp_path / folder.name).mkdir()
            (tmp_path / folder.name / "report.json").write_text((folder / "report.json").read_text())
    write_summary(tmp_path)
    for page in tmp_path.glob("*.md"):
        assert (DOCS / page.name).read_text() == page.read_text()


@pytest.mark.parametrize("folder", BOTH, ids=lambda folder: folder.name)
def test_verdicts_are_short(folder):
    for path in folder.glob("*/report.json"):
        summary = json.loads(path.read_text())["verdict"]["summary"]
        assert len(summary.split()) <= MOST_WORDS, f"{path.parent.name}: {summary}"
