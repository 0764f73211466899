"""Sphinx configuration: furo, MyST with executed pages, API from docstrings, literature from references.bib."""

import geomsup

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
exclude_patterns = ["_build", "jupyter_execute"]

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
myst_enable_extensions = ["dollarmath"]
