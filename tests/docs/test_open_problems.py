"""The page on open problems has every one of them, cites what there is, and says what the reports say."""

import json
import re
from operator import attrgetter
from pathlib import Path

import pytest

import geomsup as gs
from benchmarks import open_problems
from geomsup.experiments import experiments
from geomsup.experiments.summary import sentences

DOCS = Path(__file__).parents[2] / "docs"
TABLES = open_problems.answers()
PAGES = TABLES.pop("pages")
ROWS = [row for rows in TABLES.values() for row in rows]
KEYS = {"id", "asks", "experiments", "quote", "tools", "atlas", "says", "when", "left"}
IDS = {entry.id for entry in experiments()}


def cited(row):
    return set(row.get("experiments", ()))


def named(source):
    """Return the numbers of the list that an experiment's source names: "Open problems 4.7 to 4.9" are three."""
    found = re.search(r"[Oo]pen problems? 4\.(\d+)(?: (to|and) 4\.(\d+))?", source)
    if not found:
        return set()
    first, word, last = int(found[1]), found[2], int(found[3] or found[1])
    return {f"4.{number}" for number in (range(first, last + 1) if word == "to" else (first, last))}


def test_every_problem_of_the_list_stands_there_once():
    listed = [row["id"] for name in open_problems.LIST for row in TABLES[name]]
    assert listed == [f"4.{number}" for number in range(1, 46)]


def test_every_question_of_the_readers_and_of_the_paper_stands_there():
    assert [row["id"][0] for row in TABLES["note"]] == [*"ABCDEF", *"GGGGGGGG", *"HIJ"]
    assert len(TABLES["reader"]) == 5
    assert len(TABLES["paper"]) == 14 + 2


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_a_row_cites_what_there_is(row):
    assert set(row) <= KEYS
    assert cited(row) <= IDS
    for name in row.get("tools", ()):
        assert name.partition(".")[0] in gs.__all__
        assert attrgetter(name)(gs) is not None
        assert name in PAGES


def test_an_unknown_experiment_is_no_source():
    with pytest.raises(ValueError, match="`id` must be one of"):
        open_problems.sources({"id": "4.1", "experiments": ["A999"]}, PAGES)


def test_every_experiment_about_a_problem_is_cited_there():
    """The experiments say themselves which problems they are about."""
    rows = {row["id"]: cited(row) for name in open_problems.LIST for row in TABLES[name]}
    about = {(number, entry.id) for entry in experiments() for number in named(entry.source)}
    assert len(about) > 20
    assert not [pair for pair in sorted(about) if pair[1] not in rows[pair[0]]]


def test_every_experiment_about_a_reader_is_cited():
    for words, table in (("replicator", "note"), ("reader's comment", "reader")):
        about = {entry.id for entry in experiments() if words in entry.source}
        assert about
        assert about <= set().union(*map(cited, TABLES[table]))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_answers_are_short(row):
    assert 1 <= len(sentences(open_problems.answer(row))) <= 2
    assert len(sentences(row["asks"])) == 1


def test_a_row_that_is_declined_says_why():
    for row in ROWS:
        assert row.get("left") in (None, "in toys", "declined")
        if row.get("left") == "declined":
            assert re.match(r"Declined|Not |`classify` finds \[none", row["says"]), row


def test_problems_are_counted():
    rows = [{}, {"left": "in toys"}, {"left": "declined"}, {"left": "declined"}, {}, {}]
    words = " ".join(open_problems.counted(rows).split())
    assert (
        words
        == "Of the 6 problems 3 are answered, 1 are about language models and answered in toys, and 2 are declined."
    )


def test_the_page_is_what_the_reports_say():
    """Nobody edits by hand what a run writes: python -m benchmarks.open_problems."""
    text = open_problems.PAGE.read_text()
    assert open_problems.page(text) == text


def headings(page):
    """Return what links call the headings of a page; the site knows those of the second level."""
    lines = re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in lines}


def test_links_lead_to_pages_and_to_headings_of_theirs():
    links = set(re.findall(r"\]\(([^)\s]+)\)", open_problems.PAGE.read_text()))
    assert len(links) > 70
    for link in links:
        name, _, heading = link.partition("#")
        page = DOCS / name if name else open_problems.PAGE
        assert not heading or heading in headings(page), link
        assert page.is_file()


@pytest.fixture
def reports(monkeypatch, tmp_path):
    """Reports of one experiment, A1."""
    monkeypatch.setattr(open_problems, "DOCS", tmp_path)
    verdict = {
        "status": "holds", "summary": "At p = 0.5 all are a|b. Elsewhere 3 are. None else.",
        "numbers": {"share, {1, 2} of U[0, 1]": 0.25, "loss": 0.00123},
    }  # fmt: skip
    (tmp_path / "experiments" / "A1").mkdir(parents=True)
    (tmp_path / "experiments" / "A1" / "report.json").write_text(json.dumps({"verdict": verdict}))


@pytest.mark.usefixtures("reports")
def test_an_answer_has_our_words_with_numbers_and_then_the_sentences_asked_for():
    row = {"id": "x", "experiments": ["A1"], "when": "holds"}
    says = "[[A1: share, {1, 2} of U[0, 1] | %]] at [[A1: loss | .1e]]."
    assert open_problems.answer(row) == "At p = 0.5 all are a|b."
    assert open_problems.answer(row | {"quote": [2, 3]}) == "Elsewhere 3 are. None else."
    assert open_problems.answer(row | {"says": says, "quote": []}) == "25 % at 1.2e-03."
    assert r"| At p = 0.5 all are a\|b. | [A1](experiments/" in open_problems.table([row | {"asks": "?"}], {})


@pytest.mark.usefixtures("reports")
def test_words_that_were_written_for_another_verdict_are_refused():
    row = {"id": "4.7", "experiments": ["A1"], "says": "No.", "when": "does not hold"}
    with pytest.raises(ValueError, match="verdict 'does not hold' of A1; it is now 'holds'"):
        open_problems.answer(row)


def test_numbers_of_the_atlas_are_found_by_their_keys(monkeypatch, tmp_path):
    monkeypatch.setattr(open_problems, "DOCS", tmp_path)
    (tmp_path / "atlas.json").write_text(json.dumps({"rows": [{"share": 0.0016}, {"share": 0.5}]}))
    assert open_problems.filled("[[atlas: rows.0.share | .2%]], [[atlas: rows.1.share | %]]") == "0.16 %, 50 %"
    assert open_problems.sources({"id": "x", "atlas": ["neurons"]}, {}) == "[atlas](atlas.md#neurons)"


@pytest.mark.usefixtures("reports")
def test_a_number_that_the_report_has_not_is_refused():
    with pytest.raises(KeyError, match="nothing"):
        open_problems.filled("[[A1: nothing | .2f]]")


def test_a_page_without_the_place_of_a_table_is_refused():
    with pytest.raises(ValueError, match="must have the lines <!-- toys -->"):
        open_problems.page("# A page\n")
