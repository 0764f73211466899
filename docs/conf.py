"""Sphinx configuration: furo, MyST with executed pages, API from docstrings, literature from references.bib."""

import re
import shutil
import sys
from html import escape
from pathlib import Path

from docutils.nodes import SkipNode
from docutils.utils.math import MathError, latex2mathml
from sphinx.errors import ExtensionError
from sphinx.util import logging

import geomsup

sys.path.insert(0, str(Path(__file__).parent))
from site_faults import faults_of

project = "geomsup"
author = "The geomsup developers"
copyright = "2026, the geomsup developers"
release = geomsup.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinxcontrib.bibtex",
]
html_theme = "furo"
html_title = "geomsup"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
exclude_patterns = ["_build", "jupyter_execute", "**/data"]

bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"

autosummary_generate = True
autosummary_ignore_module_all = False
autodoc_typehints = "none"
napoleon_google_docstring = False

nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_execution_show_tb = True
nb_merge_streams = True  # what one cell prints is one block, however the kernel sends it
myst_enable_extensions = ["attrs_inline", "dollarmath"]
myst_heading_anchors = 2  # links to a section of another page are checked
html_math_renderer = "mathml"


def copy_notebooks():
    """Copy the notebooks beside the pages, for Sphinx reads one folder. The site's root is docs, so paths lose that."""
    here = Path(__file__).parent
    shutil.rmtree(here / "notebooks", ignore_errors=True)
    shutil.copytree(here.parent / "notebooks", here / "notebooks", ignore=shutil.ignore_patterns("*.ipynb", ".*"))
    for page in (here / "notebooks").glob("*.md"):
        page.write_text(page.read_text(encoding="utf-8").replace("../docs/", "../"), encoding="utf-8")


def write_formula(self, node, as_block):
    """Write a formula as MathML, which browsers show by themselves: no script, and no network."""
    text = re.sub(r"\\displaystyle\s*", "", node.astext())  # sympy's first word
    try:
        formula = str(latex2mathml.tex2mathml(text, as_block=as_block))
    except MathError as error:
        logging.getLogger(__name__).warning("formula %r: %s", text, error, location=node)
        formula = f"<code>{escape(text)}</code>"
    self.body.append(f'<div class="math">{formula}</div>' if as_block else formula)
    raise SkipNode


def check_pages(app, failure):
    """Fail if a page of the site has a fault: a dead link, a picture from the network, a raw formula."""
    if failure is None and app.builder.name == "html" and (faults := sorted(set(faults_of(Path(app.outdir))))):
        raise ExtensionError("\n".join(["pages are not whole:", *faults]))


def setup(app):
    copy_notebooks()
    app.connect("build-finished", check_pages)
    app.add_html_math_renderer(
        "mathml",
        (lambda self, node: write_formula(self, node, False), None),
        (lambda self, node: write_formula(self, node, True), None),
    )
