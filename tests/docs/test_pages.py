"""What the pages promise: every public name is in the table of choices, and nothing else is imported."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import geomsup as gs
from geomsup import symbolic

DOCS = Path(__file__).parents[2] / "docs"
README = DOCS.parent / "README.md"
NOTEBOOKS = sorted((DOCS.parent / "notebooks").glob("*.md"))
PAGES = sorted([*DOCS.glob("*.md"), *NOTEBOOKS, README])
CHAPTERS = sorted(DOCS.glob("experiments*/*.md"))


def code(page):
    """Return the Python of a page: its cells, without their options, and blocks marked python."""
    blocks = re.findall(r"^```(?:\{code-cell\} ipython3|python)\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    return re.sub(r"^:.*$", "", "\n".join(blocks), flags=re.MULTILINE)


def listed():
    """Return what the index lists, under all its captions."""
    trees = re.findall(r"```\{toctree\}\n(.*?)```", (DOCS / "index.md").read_text(), re.DOTALL)
    return "\n".join(trees).split()


def test_every_public_name_stands_once_in_the_table_of_choices():
    named = re.findall(r"\{py:obj\}`~geomsup\.(\w+)`", (DOCS / "choose.md").read_text())
    assert Counter(named) == Counter(gs.__all__)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_use_public_names_only(page):
    for node in ast.walk(ast.parse(code(page))):
        if isinstance(node, ast.Import):
            assert not [name.name for name in node.names if name.name.startswith("geomsup.")]
        if isinstance(node, ast.ImportFrom) and node.module == "geomsup":
            assert {name.name for name in node.names} <= set(gs.__all__)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("geomsup."):
            assert node.module == "geomsup.symbolic"
            assert {name.name for name in node.names} <= set(symbolic.__all__)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            public = {"gs": gs, "geomsup": gs, "symbolic": symbolic}.get(node.value.id)
            assert public is None or node.attr in public.__all__


def test_every_page_is_in_the_index():
    for page in DOCS.glob("*.md"):
        assert page.stem == "index" or page.stem in listed()


def test_terms_that_are_linked_are_in_the_glossary():
    glossary = (DOCS / "glossary.md").read_text()
    entries = set(
        re.findall(r"^([A-Za-z][\w -]*)$", "\n".join(re.findall(r"\{glossary\}\n(.*?)```", glossary, re.DOTALL)), re.M)
    )
    linked = {
        re.sub(r".*<(.+)>", r"\1", term)
        for page in PAGES
        for term in re.findall(r"\{term\}`([^`]+)`", page.read_text())
    }
    assert linked <= entries
    assert len(entries) >= 40


def tables(page):
    """Return the tables of a page, as lists of lines."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return [table.splitlines() for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]


@pytest.mark.parametrize("page", [*PAGES, *CHAPTERS], ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_signs_of_an_absolute_value_do_not_divide_cells(page):
    """A sign | ends a cell, also in code and in formulas; what is beyond the last heading is not shown."""
    for table in tables(page):
        for line in table:
            assert len(re.findall(r"(?<!\\)\|", line)) == table[0].count("|"), line


def test_the_index_of_experiments_shows_a_picture_of_each():
    for folder in ("experiments", "experiments_paper"):
        index = (DOCS / folder / "index.md").read_text()
        for report in (DOCS / folder).glob("*/report.json"):
            assert f"![{report.parent.name}]({report.parent.name}/figure.png)" in index
