"""Groups found against orders known from the theory of Coxeter groups, and networkx's automorphisms."""

import math

import networkx as nx
import numpy as np
import pytest

import geomsup as gs
from geomsup.isometries import find_isometries
from geomsup.isometries.point_groups import elements
from geomsup.isometries.search import TooWide, orbit_of, orbits

EXACT = 1e-6

SMALL = [shape for d in range(1, 9) for shape in gs.polytopes(dimension=d) if shape.n_vertices <= 130]


def random_orthogonal(d, rng):
    q, r = np.linalg.qr(rng.normal(size=(d, d)))
    return q * np.sign(np.diag(r))


@pytest.mark.slow
@pytest.mark.parametrize("d", range(1, 9))
def test_orders_of_the_catalogue(d, rng):
    """The catalogue's orders come from |W| and the diagram's own symmetry, not from coordinates."""
    wrong = {}
    for shape in (shape for shape in SMALL if shape.dimension == d):
        points = rng.permutation(shape.points) @ random_orthogonal(d, rng)
        order = find_isometries(points, EXACT).order
        if order != shape.symmetry_order:
            wrong[shape.name] = (order, shape.symmetry_order)
    assert not wrong


@pytest.mark.parametrize(("name", "order"), [("2_21", 51840), ("3_21", 2903040), ("4_21", 696729600)])
def test_orders_of_the_weyl_groups_of_E(name, order):
    assert find_isometries(gs.polytope(name).vertices, EXACT).order == order


@pytest.mark.parametrize("name", ["24-cell", "600-cell", "5-demicube", "rectified 5-cell", "J37", "snub cube"])
def test_generators_are_isometries_and_generate_the_orbits(name):
    points = gs.polytope(name).vertices
    order, generators = find_isometries(points, EXACT)
    for g in generators:
        assert sorted(g) == list(range(len(points)))
        assert np.allclose((points @ points.T)[np.ix_(g, g)], points @ points.T, atol=1e-9)
    assert all(order % len(orbit) == 0 for orbit in orbits(len(points), generators))
    if order < 2000:
        assert len(elements(generators, order + 1)) == order


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cube", "icosahedron", "truncated tetrahedron", "tesseract", "J27"])
def test_against_automorphisms_of_the_skeleton(name):
    """For these the skeleton's automorphisms are the isometries; networkx counts those of small graphs."""
    shape = gs.polytope(name)
    graph = nx.Graph(shape.edges)
    count = sum(1 for _ in nx.isomorphism.GraphMatcher(graph, graph).isomorphisms_iter())
    assert find_isometries(shape.vertices, EXACT).order == count


@pytest.mark.parametrize("n", [1, 2, 3, 7, 12])
def test_simplices_have_all_permutations(n):
    assert find_isometries(gs.polytope(f"{n}-simplex").vertices, EXACT).order == math.factorial(n + 1)


def test_random_points_have_none(rng):
    for d in range(2, 6):
        for n in (d + 1, 10, 30):
            found = find_isometries(rng.normal(size=(n, d)), EXACT)
            assert found.order == 1
            assert found.generators.shape == (0, n)


@pytest.mark.parametrize("name", ["pentagon", "square antiprism", "icosahedron", "24-cell", "2_21"])
def test_noise_within_the_tolerance(name, rng):
    shape = gs.polytope(name)
    noise = 0.02 * shape.shortest_chord
    for _ in range(5):
        points = shape.vertices + noise * rng.normal(size=shape.vertices.shape)
        assert find_isometries(points, 10 * noise).order == shape.symmetry_order
        assert find_isometries(points, noise / 1000).order == 1


def test_a_subgroup_survives_when_a_vertex_moves():
    """A cube with one corner moved along its axis keeps the threefold axis and its mirrors: 6 of 48."""
    points = np.array(gs.polytope("cube").vertices)
    points[0] *= 1.1
    order, generators = find_isometries(points, EXACT)
    assert order == 6
    assert sorted(len(orbit) for orbit in orbits(8, generators)) == [1, 1, 3, 3]


def test_orbits_by_first_point():
    g = np.array([[0, 2, 1, 4, 3]])
    assert orbits(5, g) == ((0,), (1, 2), (3, 4))
    assert orbits(3, np.empty((0, 3), int)) == ((0,), (1,), (2,))
    assert orbit_of(1, list(g)) == {1, 2}


@pytest.mark.slow
def test_a_tolerance_as_wide_as_the_distances_ends_soon():
    """Rows of a trained model, 60 in 18 dimensions, took minutes: nothing was ruled out."""
    points = np.random.default_rng(0).normal(size=(60, 18))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    with pytest.raises(TooWide, match=r"^the tolerance 0.3 lets more than 1000 partial maps pass$"):
        find_isometries(points, 0.3)
    found = gs.symmetry(points, tolerance=0.3)
    assert found.order == 1
    assert found.tolerance < 0.3
