"""How a geometry prints, converts and stays as it is."""

import json
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from scipy.linalg import block_diag

import geomsup as gs
from tests.recognition.truth import ngon, square_antiprism

W = [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -0.5, 0], [0, 0, 2], [0, 0, 0]]
GEOMETRY = gs.classify(W)


def test_name_and_order():
    assert GEOMETRY.name == "2 digons + dedicated dimension"
    assert [component.features for component in GEOMETRY.components] == [(0, 1), (2, 3), (4,)]
    assert (GEOMETRY.n_features, GEOMETRY.n_hidden) == (6, 3)
    np.testing.assert_allclose(GEOMETRY.dimensionality, [0.5, 0.5, 0.8, 0.2, 1, 0])


def test_summary():
    assert GEOMETRY.summary().splitlines() == [
        "2 digons + dedicated dimension: 6 features in 3 dimensions, 1 not represented",
        "",
        "component            features  rank  D        norm   residual  variant  symmetry  confidence",
        "-------------------  --------  ----  -------  -----  --------  -------  --------  ----------",
        "digon                0, 1      1     0.5      1      0.00°     uniform  2         1.0000",
        "digon                2, 3      1     0.2–0.8  0.5–1  0.00°     uniform  2         1.0000",
        "dedicated dimension  4         1     1        2      0.00°     -        -         1.0000",
        "not represented, shorter than 10 % of the longest row: 5",
    ]


def test_str_and_repr():
    geometry = gs.classify(square_antiprism(3**-0.5))
    assert str(geometry) == (
        "square antiprism: 8 features in 3 dimensions\n"
        "  square antiprism: features 0, 1, 2, 3, 4, 5, 6, 7; D 0.375; residual 0.00°; tight frame; "
        "confidence 1.0000"
    )
    assert repr(geometry) == "Geometry('square antiprism', n_features=8, n_hidden=3)"
    assert repr(geometry.components[0]).startswith("Component('square antiprism', features=(0, 1,")
    long = gs.classify(ngon(17))
    assert "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..., 16" in str(long)


def test_html():
    html = GEOMETRY._repr_html_()
    assert html.count("<tr>") == 4
    assert "<td>dedicated dimension</td>" in html


@pytest.mark.slow
def test_to_dict_is_json():
    data = json.loads(json.dumps(GEOMETRY.to_dict()))
    assert data["name"] == GEOMETRY.name
    assert data["not_represented"] == [5]
    assert data["components"][0]["isomorphism"] == list(GEOMETRY.components[0].isomorphism)
    assert data["W"] == np.array(W, dtype=float).tolist()
    json.dumps(gs.classify(np.random.default_rng(0).normal(size=(12, 4))).to_dict(), allow_nan=False)


def test_frozen_and_detached():
    mine = np.array(W, dtype=float)
    geometry = gs.classify(mine)
    mine[:] = 7
    np.testing.assert_array_equal(geometry.W, W)
    with pytest.raises(ValueError, match="read-only"):
        geometry.W[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        geometry.components[0].norms[0] = 0
    with pytest.raises(FrozenInstanceError):
        geometry.W = mine


def test_pickles():
    copy = pickle.loads(pickle.dumps(GEOMETRY))
    assert copy.to_dict() == GEOMETRY.to_dict()


def test_what_has_no_name_has_no_confidence_either():
    """Rows at random beside a digon of their own dimension: one is named and sure, the others are neither."""
    rows = np.random.default_rng(0).normal(size=(40, 6))
    lines = str(gs.classify(block_diag(rows, [[1.0], [-1.0]]))).splitlines()
    assert [line.strip().partition(":")[0] for line in lines[1:]] == ["unnamed (40 vertices, rank 6)", "digon"]
    assert "confidence" not in lines[1]
    assert lines[2].endswith("confidence 1.0000")
