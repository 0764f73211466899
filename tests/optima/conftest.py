"""What several tests of optima share."""

import importlib
from dataclasses import replace

import pytest

from geomsup.optima.searching.chains import effort_for


@pytest.fixture
def one_search(monkeypatch):
    """End after the first search: where it alone finds what is looked for, a second one that agrees tells no more."""
    module = importlib.import_module("geomsup.optima.optimum")
    monkeypatch.setattr(module, "effort_for", lambda *size: replace(effort_for(*size), chains=1))
