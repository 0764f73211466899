"""Residuals that are no noise: a row out of place, two kinds of distances, a stretch, residuals all alike."""

from itertools import permutations, product

import numpy as np
import pytest

import geomsup as gs
from geomsup.recognition.matching.alignment import procrustes
from geomsup.recognition.matching.residuals import all_alike, stretched, two_distances, worst_row
from tests.recognition.truth import DIGON, rotation


def turned(W, degrees, rng):
    """Turn the first row by an angle, in a direction that is drawn."""
    across = rng.normal(size=W.shape[1])
    across -= (across @ W[0]) * W[0]
    W = W.copy()
    W[0] = np.cos(np.radians(degrees)) * W[0] + np.sin(np.radians(degrees)) * across / np.linalg.norm(across)
    return W


def only(W, **options):
    """Return the one component of rows."""
    (component,) = gs.classify(W, orientation="rows", **options).components
    return component


@pytest.mark.slow
@pytest.mark.parametrize("name", ["5-simplex", "12-simplex", "20-simplex", "2_21", "3_21", "icosahedron"])
def test_a_row_far_out_of_place_is_doubt_in_shapes_of_any_size(name, rng):
    """The further it is, the more; far out of place the shape is distorted."""
    vertices = gs.polytope(name).vertices
    W = vertices + 0.002 * rng.normal(size=vertices.shape)
    sure = [only(turned(W, degrees, rng)).confidence for degrees in (0, 10, 20, 30)]
    assert sure[0] > 0.999
    assert sure == sorted(sure, reverse=True)
    assert sure[1] < 0.99
    assert sure[3] < 0.7
    assert only(turned(W, 30, rng)).variant == "distorted"
    assert only(turned(W, 30, rng)).full_name == f"distorted {name}"


@pytest.mark.slow
@pytest.mark.parametrize("row", [0, 7])
@pytest.mark.parametrize("name", ["9-cube", "10-demicube", "120-cell"])
def test_a_row_on_another_vertex_is_doubt_in_more_than_500_rows(name, row, rng):
    vertices = gs.polytope(name).vertices.copy()
    assert only(vertices + 0.003 * rng.normal(size=vertices.shape)).confidence > 0.999
    vertices[row] *= -1  # where another row is already
    shape = only(vertices)
    assert (shape.variant, shape.name) == ("distorted", name)
    assert shape.confidence < 0.1


def paley(q):
    """Adjacency of the Paley graph: differences that are squares modulo the prime q."""
    squares = {i * i % q for i in range(1, q)}
    return np.array([[float((i - j) % q in squares) for j in range(q)] for i in range(q)])


@pytest.mark.parametrize("q", [29, 37, 53])
def test_graphs_are_no_simplices_for_sure(q):
    """Rows of a strongly regular graph about their mean have two distances; a simplex has one."""
    shape = only(paley(q), center="mean")
    assert shape.variant == "distorted"
    assert shape.confidence < 0.9


def test_two_kinds_of_inner_products_are_told_from_one(rng):
    """Of 300 simplices under noise none is doubted; one is whose products are 0.05 above or below, by lot."""
    T = gs.polytope("15-simplex").vertices
    for _ in range(300):
        X = T + 0.01 * rng.normal(size=T.shape)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        assert two_distances(X, T, 15, 0, 0.35) < 0.01
    signs = np.triu(rng.choice([-1, 1], (16, 16)), 1)
    gram = T @ T.T + 0.05 * (signs + signs.T)
    values, axes = np.linalg.eigh(gram)
    X = axes * np.sqrt(np.maximum(values, 0))
    fitted = T @ procrustes(T, X)
    assert two_distances(X, fitted, 15, 0, 0.35) > 0.03


def test_the_worst_of_noisy_rows_is_explained_by_the_noise_of_the_others(rng):
    """In nearly all draws better than the odds, before the rows are looked at, that it is out of place."""
    T = gs.polytope("icosahedron").vertices
    drawn = []
    for _ in range(400):
        X = T + 0.02 * rng.normal(size=T.shape)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        worst = worst_row(X, X, T, 0, 3)
        assert worst is not None
        drawn.append(worst.log_even - worst.log_uneven)
    assert np.median(drawn) > 0  # noise explains it
    assert np.quantile(drawn, 0.01) > np.log(0.01)


@pytest.mark.slow
def test_a_digon_is_doubted_if_the_others_are_straighter(rng):
    """Six degrees from straight among 29 digons without noise; under noise of that size it is one of them."""
    bent = turned(np.kron(np.eye(30), DIGON), 12, rng)
    sure = {}
    for noise in (1e-3, 0.04):
        geometry = gs.classify((bent + noise * rng.normal(size=bent.shape)) @ rotation(30, rng))
        first = next(one for one in geometry.components if 0 in one.features)
        sure[noise] = first.confidence if first.name == "digon" else 0.0
    assert sure[1e-3] < 0.992 < 0.995 < sure[0.04]


def test_noise_of_all_rows_is_no_doubt():
    noisy = gs.polytope("2_21").vertices + 0.05 * np.random.default_rng(0).normal(size=(27, 6))
    assert only(noisy).confidence > 0.99


def test_columns_that_no_row_uses_hold_no_noise_of_others(rng):
    W = np.kron(np.eye(4), DIGON) + 0.03 * rng.normal(size=(8, 4))
    sure = [
        [one.confidence for one in gs.classify(np.hstack([W, np.zeros((8, extra))])).components] for extra in (0, 3)
    ]
    np.testing.assert_allclose(sure[0], sure[1], atol=1e-3)
    wide = gs.classify(np.hstack([W, np.zeros((8, 100))]), orientation="rows").components
    np.testing.assert_allclose(sure[0], [one.confidence for one in wide], atol=1e-3)


def about_its_mean(rows):
    W = np.array(sorted(set(rows)), float)
    return W - W.mean(axis=0)


def turned_about_z(rows, degrees):
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return rows @ np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


CORNERS = np.array(list(product((-1.0, 1.0), repeat=3)))


@pytest.mark.parametrize(
    ("W", "name"),
    [
        (about_its_mean(permutations((2.1, 1, 1, 0))), "cuboctahedron"),
        (
            about_its_mean(permutations((1.12, 1, 1, 0, 0, 0))),
            "birectified 5-simplex (60 features on 20 vertices)",
        ),
        (np.vstack([CORNERS, turned_about_z(CORNERS, 5)]), "cube (16 features on 8 vertices)"),
    ],
    ids=["a truncated tetrahedron nearly rectified", "three features around each vertex", "a cube turned"],
)
def test_another_orbit_of_the_symmetries_is_distorted(W, name):
    """All rows are equally far from the nearest shape of the catalogue, without any noise."""
    shape = only(W)
    assert (shape.name, shape.variant) == (name, "distorted")
    assert shape.confidence < 0.999


@pytest.mark.parametrize("name", ["icosahedron", "dodecahedron", "24-cell", "5-demicube", "2_21"])
def test_a_stretched_shape_is_distorted(name):
    W = gs.polytope(name).vertices * np.append(1.1, np.ones(gs.polytope(name).dimension - 1))
    shape = only(W)
    assert (shape.name, shape.variant) == (name, "distorted")
    assert shape.confidence < 0.999


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cube", "icosahedron", "24-cell", "5-demicube", "octagon", "7-simplex"])
@pytest.mark.parametrize("more", [0, 5])
def test_noise_is_no_stretch_and_not_all_alike(name, more, rng):
    T = gs.polytope(name).vertices
    k, r = T.shape
    for _ in range(50):
        X = np.hstack([T, np.zeros((k, more))])
        X += 0.02 * rng.normal(size=X.shape)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        flat = X[:, :r] / np.linalg.norm(X[:, :r], axis=1, keepdims=True)
        assert stretched(flat, T) < 0.99
        assert all_alike(X, T) < 0.99


def test_a_triangle_is_a_linear_image_of_any_three_rows():
    """Nothing is left to tell a stretch from noise: as many coefficients as values."""
    T = gs.polytope("triangle").vertices
    assert stretched(turned(T, 10, np.random.default_rng(0)), T) == 0
