"""Small shapes among more than 500 rows: read as carefully as few rows are."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.recognition.reading.closer import FEWEST_COLUMNS
from tests.recognition.truth import CUBE, DIGON, ngon, rotation, tegum

ICOSAHEDRON = gs.polytope("icosahedron").vertices
PYRAMID = gs.polytope("16-cell pyramid").vertices


def among_digons(vertices, rng, noise=2e-4):
    """Return rows on `vertices` among 260 digons in dimensions of their own, rotated; the rows come first."""
    k, d = vertices.shape
    W = np.zeros((k + 520, d + 260))
    W[:k, :d] = vertices
    W[k::2, d:], W[k + 1 :: 2, d:] = np.eye(260), -np.eye(260)
    return (W + noise * rng.normal(size=W.shape)) @ rotation(d + 260, rng)


def holding(geometry, rows):
    """Return the components that hold some of these rows."""
    return [one for one in geometry.components if set(one.features) & set(rows)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("filled", "name"), [(11, "icosahedron with 1 vertex empty"), (10, "icosahedron with 2 vertices empty")]
)
def test_empty_vertices_among_many_rows(filled, name, rng):
    geometry = gs.classify(among_digons(ICOSAHEDRON[-filled:], rng))
    (shape,) = holding(geometry, range(filled))
    assert (shape.full_name, len(shape.empty)) == (name, 12 - filled)
    assert shape.confidence > 0.99
    assert geometry.name.endswith("260 digons")


@pytest.mark.slow
def test_features_that_share_vertices_beside_empty_ones(rng):
    rows = np.vstack([ICOSAHEDRON[1:], ICOSAHEDRON[3:5]])
    (shape,) = holding(gs.classify(among_digons(rows, rng)), range(13))
    assert shape.full_name == "icosahedron with 1 vertex empty (13 features on 11 vertices)"


@pytest.mark.slow
def test_a_row_out_of_place_is_a_stray_or_doubt(rng):
    """A cube with one vertex 40 degrees away is no distorted cube for sure."""
    rows = CUBE / np.linalg.norm(CUBE, axis=1, keepdims=True)
    tangent = np.cross(rows[0], [1.0, 0.3, -0.2])
    rows[0] = np.cos(0.7) * rows[0] + np.sin(0.7) * tangent / np.linalg.norm(tangent)
    for shape in holding(gs.classify(among_digons(rows, rng)), range(8)):
        assert shape.polytope is None or shape.empty or shape.confidence < 0.99


@pytest.mark.slow
def test_a_pyramid_is_not_its_digons_and_an_apex(rng):
    """A cut that is right for 300 noisy digons divides it: its rows lean on each other less than these."""
    k, d = PYRAMID.shape
    others, _ = tegum([DIGON] * 300, 240, 1e-3, rng)  # they share dimensions
    W = np.zeros((k + 600, d + 240))
    W[:k, :d], W[k:, d:] = PYRAMID, others
    geometry = gs.classify(W @ rotation(d + 240, rng))
    (shape,) = holding(geometry, range(k))
    assert shape.name == "16-cell pyramid"
    assert len(geometry.components) == 301


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["pentagon", "cube", "icosahedron", "square antiprism"])
@pytest.mark.parametrize("unused", [1, 9, 200])
def test_columns_that_no_row_uses_change_no_confidence(shape, unused, rng):
    vertices = gs.polytope(shape).vertices
    noisy = vertices + 0.02 * rng.normal(size=vertices.shape)
    wide = np.hstack([noisy, np.zeros((len(noisy), unused))])
    (narrow,), (wide_one,) = (gs.classify(W, orientation="rows").components for W in (noisy, wide))
    assert wide_one.name == narrow.name == shape
    assert 1 - wide_one.confidence == pytest.approx(1 - narrow.confidence, rel=0.1)


@pytest.mark.parametrize("m", [FEWEST_COLUMNS, 2 * FEWEST_COLUMNS])
def test_noise_beyond_the_span_does_not_look_like_a_stray(m, rng):
    """Three rows leave one degree of freedom in their plane: the noise there alone would say nothing."""
    doubts = []
    for _ in range(8):
        W = np.zeros((3, m))
        W[:, :2] = ngon(3)
        W += 0.02 * rng.normal(size=W.shape)
        (triangle,) = gs.classify(W, orientation="rows").components
        doubts.append(1 - triangle.confidence)
    assert np.mean(doubts) < 0.05


@pytest.mark.slow
@pytest.mark.parametrize("others", [3, 20, 260])
def test_two_rows_of_a_plane_of_their_own_are_opposite_by_chance(others, rng):
    """8 degrees from opposite: one time in 22 in a plane, next to never in all dimensions."""
    bent, m = np.radians(8), others + 2
    axes, tilt = np.eye(m)[:others], rng.normal(size=others) @ np.eye(m)[:others]
    tilt *= np.tan(bent) / np.linalg.norm(tilt)
    sure = {}
    for where, second in (("plane", np.cos(bent) * np.eye(m)[-2] + np.sin(bent) * np.eye(m)[-1]),
                          ("anywhere", np.eye(m)[-2] + tilt)):  # fmt: skip
        W = np.vstack([np.eye(m)[-2], -second, axes, -axes])
        W[2:] += bent / (2 * m) ** 0.5 * rng.normal(size=W[2:].shape)  # noise that explains 8 degrees
        W = W @ rotation(m, rng)
        sure[where] = max(one.confidence for one in holding(gs.classify(W), range(2)) if one.name == "digon")
    assert sure["plane"] < 0.999 < sure["anywhere"]
