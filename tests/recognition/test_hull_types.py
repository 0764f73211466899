"""Facets, edges, faces of all dimensions and types of convex hulls."""

from itertools import combinations
from math import comb

import numpy as np
import pytest

import geomsup as gs
from geomsup.recognition.hull_types import hull_type
from geomsup.shapes.faces import dimension_of, face_numbers
from geomsup.shapes.families import ring
from geomsup.shapes.hull import hull_edges, hull_facets
from geomsup.shapes.listing import flexible_of, of_dimension_and_size

LARGEST = 40


@pytest.mark.slow
@pytest.mark.parametrize("d", [3, 4, 5, 6])
def test_faces_of_the_catalogue(d):
    """What Coxeter groups count, qhull finds: hulls, from coordinates, know nothing of the groups."""
    shapes = [shape for n in range(d + 1, LARGEST + 1) for shape in (*of_dimension_and_size(d, n), *flexible_of(d, n))]
    assert len(shapes) >= 8
    for shape in shapes:
        facets = hull_facets(shape.vertices)
        assert (face_numbers(facets, d), dimension_of(facets)) == (shape.f_vector, d), shape.name


@pytest.mark.parametrize(("n", "d"), [(7, 4), (8, 4), (9, 4), (9, 6), (8, 5)])
def test_cyclic_polytopes_have_most_faces(n, d):
    """McMullen 1970: any d/2 vertices are a face; and the facets are those of Gale's evenness condition."""
    moments = np.linspace(-1, 1, n)[:, None] ** np.arange(1, d + 1)
    facets = hull_facets(moments, tolerance=1e-12)
    numbers = face_numbers(facets, d)
    assert numbers[: d // 2] == tuple(comb(n, k) for k in range(1, d // 2 + 1))
    assert sum((-1) ** i * count for i, count in enumerate(numbers)) == 1 - (-1) ** d
    assert facets == {frozenset(chosen) for chosen in combinations(range(n), d) if _even(chosen, n)}


def _even(chosen, n):
    others = [i for i in range(n) if i not in chosen]
    return all(sum(i < k < j for k in chosen) % 2 == 0 for i, j in combinations(others, 2))


@pytest.mark.parametrize(
    "name",
    ["cube", "cuboctahedron", "J27", "square antiprism", "hexagonal prism", "tricapped trigonal prism",
     "edge-contracted icosahedron", "snub disphenoid", "square pyramid", "elongated triangular pyramid",
     "bicapped triangular prism", "gyroelongated square bipyramid", "snub cube", "24-cell", "rectified 5-cell",
     "3,4-duoprism", "cubic pyramid", "5-demicube", "2_21"],
)  # fmt: skip
def test_types_of_the_catalogue(name, rng):
    """Whatever an affine map does to them."""
    shape = gs.polytope(name)
    d = shape.dimension
    stretched = (shape.vertices * rng.uniform(0.8, 1.3, size=d))[rng.permutation(shape.n_vertices)]
    turned = stretched @ np.linalg.qr(rng.normal(size=(d, d)))[0]
    assert hull_type(hull_facets(turned, tolerance=1e-6), d) == shape.name
    assert len(hull_edges(turned, tolerance=1e-6)) == shape.f_vector[1]


def test_polyhedra_of_five_and_six_vertices():
    poles = [[0, 0, 1], [0, 0, -1]]
    assert _type(np.concatenate([ring(3, 0.0), poles])) == "triangular bipyramid"
    assert _type(np.concatenate([ring(4, 0.0), poles[:1]])) == "square pyramid"
    assert _type(np.concatenate([ring(4, 0.0), poles])) == "octahedron"
    assert _type(np.concatenate([ring(7, 0.0), poles])) == "heptagonal bipyramid"


def test_the_four_types_of_six_vertices_in_four_dimensions():
    """Gruenbaum 1967, "Convex Polytopes", 6.1: d-polytopes with d + 2 vertices; floor(d²/4) = 4 types."""
    simplex, triangle, digon = gs.polytope("tetrahedron").vertices, ring(3, 0.0)[:, :2], np.array([[1.0], [-1.0]])
    pyramids = [np.concatenate([ring(3, 0.0), [[0, 0, 1], [0, 0, -1]]]), np.concatenate([ring(4, 0.0), [[0, 0, 1]]])]
    assert [_type(_direct_sum(simplex, digon)), _type(_direct_sum(triangle, triangle))] == [
        "tetrahedral bipyramid",
        "tegum product of triangle and triangle",
    ]
    assert [_type(_direct_sum(base - base.mean(axis=0), [[1.0]])) for base in pyramids] == [
        "triangular bipyramidal pyramid",
        "square pyramidal pyramid",
    ]


def test_a_product_of_three(rng):
    parts = [ring(5, 0.0)[:, :2], ring(3, 0.0)[:, :2], ring(3, 0.0)[:, :2]]
    X = _direct_sum(_direct_sum(parts[0], parts[1]), parts[2])[rng.permutation(11)]
    assert _type(X) == "tegum product of pentagon and triangle and triangle"


def test_no_name_where_there_is_none(rng):
    moments = np.linspace(-1, 1, 7)[:, None] ** np.arange(1, 5)
    assert hull_type(hull_facets(moments, tolerance=1e-12), 4) is None
    X = rng.normal(size=(11, 3))
    assert _type(X / np.linalg.norm(X, axis=1, keepdims=True)) is None


def _type(X):
    return hull_type(hull_facets(X), X.shape[1])


def _direct_sum(one, other):
    one, other = np.array(one), np.array(other)
    X = np.zeros((len(one) + len(other), one.shape[1] + other.shape[1]))
    X[: len(one), : one.shape[1]], X[len(one) :, one.shape[1] :] = one, other
    return X
