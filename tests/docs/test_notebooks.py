"""The notebooks: listed in the site, opened by Jupyter, and stored without what running them prints."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.md"))
HEADER = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---
"""
LARGEST = 20_000  # bytes of a file that notebooks read: a few thousand numbers
PRINTED_IN_A_LOOP = re.compile(r"^( *)(?:for|while) .*\n(?:\1 +.*\n|\n)*?\1 +print\(", re.MULTILINE)

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path):
    return re.findall(r"^```\{code-cell\} ipython3\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 6


@each
def test_every_notebook_is_in_the_index_of_the_site(path):
    assert re.search(rf"^notebooks/{path.stem}$", (ROOT / "docs" / "index.md").read_text(), re.MULTILINE)


@each
def test_jupytext_knows_the_format(path):
    assert path.read_text().startswith(HEADER)


@each
def test_no_outputs_are_stored(path):
    text = path.read_text()
    assert "data:image" not in text
    assert not re.search(r"^```\{?(?:output|code-output)", text, re.MULTILINE)


def test_no_file_of_jupyter_is_in_the_folder_of_the_sources():
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert "notebooks/*.ipynb" in ignored
    assert all(path.stat().st_size <= LARGEST for path in (ROOT / "notebooks" / "data").iterdir())


@pytest.mark.slow
@each
def test_loops_fill_tables_and_do_not_print_a_line_each(path):
    assert not [cell for cell in cells(path) if PRINTED_IN_A_LOOP.search(cell)]


@each
def test_no_private_names_are_used(path):
    assert not re.findall(r"\._[a-z]\w*", "\n".join(cells(path)))


@each
def test_links_lead_to_pages_that_are_there(path):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text()):
        assert (path.parent / target).exists(), target
