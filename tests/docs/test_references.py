"""What code and docs refer to is there: the literature's keys and the sections of the theory notes."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTES = (ROOT / "docs" / "theory_notes.md").read_text()
KEYS = set(re.findall(r"^@\w+\{([\w-]+),", (ROOT / "docs" / "references.bib").read_text(), re.MULTILINE))
HEADINGS = set(re.findall(r"^## (.+)$", NOTES, re.MULTILINE))
TEXTS = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for folder, pattern in [("geomsup", "**/*.py"), ("tests", "**/*.py"), ("docs", "*.md")]
    for path in sorted((ROOT / folder).glob(pattern))
    if path != Path(__file__)
}


def joined(text):
    """Return the text with wrapped lines, of comments too, put together."""
    return re.sub(r"\s*\n\s*(?:# )?", " ", text)


def cited(text):
    """Return the keys in roles of Sphinx (geomsup) and MyST (docs), and bare ones, an author's name and a year."""
    roles = re.findall(r"(?:\{cite:[tp]\}|:cite:[tp]:)`([^`]+)`", text)
    return {key.strip() for role in roles for key in role.split(",")}


def bare(text):
    return set(re.findall(r"\b[a-z]+(?:19|20)\d\d\b", text))


@pytest.mark.parametrize("name", sorted(name for name, text in TEXTS.items() if cited(text)))
def test_keys_that_are_cited_are_in_the_bibliography(name):
    assert cited(TEXTS[name]) <= KEYS


def test_words_that_look_like_keys_are_keys():
    assert {word for text in TEXTS.values() for word in bare(text)} <= KEYS


def test_every_entry_of_the_bibliography_is_used():
    used = {key for text in TEXTS.values() for key in cited(text) | bare(text)}
    assert used >= KEYS


def test_sections_that_are_named_exist():
    named = {
        section
        for name, text in TEXTS.items()
        if not name.startswith("docs/")
        for reference in re.findall(r'theory_notes\.md, ("[^"]+"(?: and "[^"]+")*)', joined(text))
        for section in re.findall(r'"([^"]+)"', reference)
    }
    assert named <= HEADINGS
    assert len(named) > 5


@pytest.mark.slow
def test_nothing_refers_to_notes_that_are_not_in_the_repository():
    missing = re.compile(r"notes on (?:polytopes|theory|energy)|notes/theory|\(notes, \d", re.IGNORECASE)
    assert not [name for name, text in TEXTS.items() if missing.search(joined(text))]
