"""Components that no shape fits: symmetry, inner products, the type of the hull."""

import json

import numpy as np
import pytest

import geomsup as gs
from geomsup.recognition.outline import outline
from geomsup.shapes.families import ring
from tests.recognition.truth import ICOSAHEDRON, rotation


def test_type_and_symmetry_make_a_name(rng):
    # Three orbits off every template, but of a hull with a name: too far for the fit, near enough for a type.
    X = np.concatenate([ring(3, 0.9), ring(3, 0.1, np.pi / 3), [[0.0, 0.0, -1.0]]])
    found = outline(X @ rotation(3, rng))
    assert found.symmetry.schoenflies == "C3v"
    assert found.hull == "capped octahedron"
    assert found.name == "capped octahedron, C3v"
    assert str(found).startswith("symmetry C3v, order 6, 3 orbits; ")


def test_without_symmetry_there_is_no_name(rng):
    found = outline(np.linalg.qr(rng.normal(size=(9, 3)))[0] * 3)
    assert found.symmetry.order == 1
    assert found.name is None


def test_component_says_what_it_is_like(rng):
    rest = np.delete(ICOSAHEDRON, [0, 1, 11], axis=0) @ rotation(3, rng)
    geometry = gs.classify(rest)
    (component,) = geometry.components
    assert isinstance(component.description, gs.Outline)
    assert component.symmetry_order == 2
    # An icosahedron has three: 1/√5, its negative, -1.
    np.testing.assert_allclose(component.description.inner_products, [-1, -(5**-0.5), 5**-0.5], atol=1e-12)
    data = json.loads(json.dumps(geometry.to_dict()))
    assert data["components"][0]["description"]["symmetry"]["order"] == component.symmetry_order
    assert "different inner products" in geometry.summary()


def test_noise_does_not_hide_the_symmetry(rng):
    X = np.concatenate([ring(4, 0.75), ring(4, 0.1, np.pi / 4), [[0.0, 0.0, -1.0]]])
    for _ in range(10):
        noisy = X + 0.02 * rng.normal(size=X.shape)
        found = outline(noisy / np.linalg.norm(noisy, axis=1, keepdims=True))
        assert (found.symmetry.schoenflies, found.hull) == ("C4v", "gyroelongated square pyramid")


def test_surviving_symmetry(rng):
    """One corner of a cube pushed aside: the cube's 48, of which 1 is left; along its axis, 6."""
    cube = np.array(gs.polytope("cube").vertices)
    cube[0] += [0.05, 0.02, -0.04]
    geometry = gs.classify(cube)
    assert geometry.components[0].symmetry_order == 48
    assert geometry.symmetry(0).order == 1
    assert geometry.symmetry(0, tolerance=0.1).order == 48
    assert geometry.symmetry(0, tolerance=0.1).schoenflies == "Oh"


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (1, ValueError, "`component` must be less than 1, the number of components; got 1"),
        (-1, ValueError, "`component` must be at least 0"),
        ("cube", TypeError, "`component` must be an integer"),
    ],
)
def test_messages(index, error, message):
    with pytest.raises(error, match=message):
        gs.classify(gs.polytope("cube").vertices).symmetry(index)


def test_types_in_more_dimensions(rng):
    """A tetrahedron with two apexes off the perpendicular: no tegum product, but of the same type."""
    base = gs.polytope("tetrahedron").vertices
    X = np.block([[base * 0.91**0.5, np.full((4, 1), 0.3)], [np.zeros((2, 3)), np.array([[1.0], [-1.0]])]])
    found = outline(X @ rotation(4, rng))
    assert (found.hull, found.f_vector) == ("tetrahedral bipyramid", (6, 14, 16, 8))
    assert found.name == "tetrahedral bipyramid, symmetry of order 24"
    assert json.loads(json.dumps(found.to_dict()))["f_vector"] == [6, 14, 16, 8]


def test_numbers_of_faces_where_there_is_no_name(rng):
    X = rng.normal(size=(9, 4))
    found = outline(X / np.linalg.norm(X, axis=1, keepdims=True))
    n, edges, faces, cells = found.f_vector
    assert (n, n - edges + faces - cells, 2 * cells) == (9, 0, faces)  # Euler; every cell is a tetrahedron
    assert str(found).endswith(f"; hull: 9 vertices, {edges} edges, {faces} faces, {cells} cells")


@pytest.mark.parametrize("X", [ring(5, 0.0)[:, :2], np.eye(7), np.repeat(ICOSAHEDRON, 2, axis=0)])
def test_hulls_that_nobody_counts(X):
    """Of polygons, in more than six dimensions, and of rows that coincide."""
    found = outline(X)
    assert found.hull is None
    assert found.f_vector is None


@pytest.mark.slow
def test_a_large_mean_does_not_hide_the_other_directions():
    """Beside the longest direction of rows with positive entries all others are short, and still no noise."""
    W = abs(np.random.default_rng(0).normal(size=(40, 20)))
    (component,) = gs.classify(W).components
    assert component.polytope is None
    assert component.rank >= 16
    assert f"rank {component.rank}" in component.name
    shape = gs.polytope("26-simplex")
    (row,) = gs.classify(shape.vertices + 0.9 * shape.vertices[0]).components
    assert row.rank == 26


@pytest.mark.slow
def test_noise_adds_no_rank(rng):
    flat = np.hstack([rng.normal(size=(12, 2)), np.zeros((12, 8))])
    for noise in (0.0, 0.03):
        (component,) = gs.classify(flat + noise * rng.normal(size=flat.shape), orientation="rows").components
        assert component.rank == 2
