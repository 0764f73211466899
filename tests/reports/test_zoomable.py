"""Diagrams as pages: what they hold is what the results say."""

import json
import re

import numpy as np
import pytest

import geomsup as gs
from geomsup.reports import page as page_module


@pytest.fixture(scope="module")
def diagram():
    return gs.phase_diagram(2, 1, np.geomspace(0.1, 1, 4), np.geomspace(0.5, 2, 3))


@pytest.fixture(scope="module")
def plateaus():
    return gs.plateaus([0.8, 0.3, 0.15], largest_rank=2)


def drawn(page):
    """Return what plotly is given: the traces of the only figure."""
    text = re.search(r"Plotly\.newPlot\(\s*\"[^\"]+\",\s*(\[.*?\]),\s*\{\"", page.html, re.DOTALL)
    return json.loads(text[1])


def test_every_cell_says_its_phase(diagram):
    page = diagram.page()
    cells, first, second = drawn(page)
    said = [[cell[0] for cell in row] for row in cells["customdata"]]
    assert said == [[diagram.names[k] for k in row] for row in diagram.phase.T]
    assert len(first["text"]) + len(second["text"]) == len(diagram.transitions) > 0
    assert page.headlines == diagram.names


def test_every_kind_of_block_is_a_line_with_gaps_where_it_was_not_found(plateaus):
    lines = drawn(plateaus.page())
    assert [line["name"] for line in lines] == list(plateaus.names)
    for line in lines:
        gains = np.array(line["y"], dtype=float)
        np.testing.assert_allclose(gains, plateaus.gains(line["name"]), equal_nan=True)


def test_the_pages_forbid_themselves_the_network(diagram, plateaus):
    for page in (diagram.page(), plateaus.page()):
        assert "default-src 'none'" in page.html
        assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=.https?:", page.html)
        assert page.size < 10_000_000


def test_a_single_cell_can_be_shown():
    cells = drawn(gs.phase_diagram(2, 1, [0.5], [1.0]).page())[0]
    assert "customdata" in cells


def test_without_the_extra_one_line_says_what_to_install(diagram, monkeypatch):
    monkeypatch.setattr(page_module, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"plotly and jinja2.*pip install \"geomsup\[report\]\""):
        diagram.page()
