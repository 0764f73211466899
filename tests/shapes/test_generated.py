"""Generated vertices: on the sphere, as many as counted, edges at the shortest distance, all vertices alike."""

import itertools

import numpy as np
import pytest
from scipy.spatial import ConvexHull

import geomsup as gs
from geomsup.isometries import symmetry

LISTED = gs.polytopes()
SMALL = [shape for shape in LISTED if shape.n_vertices <= 400]


@pytest.mark.slow
@pytest.mark.parametrize("dimension", range(1, 9))
def test_every_small_shape(dimension):
    shapes = [shape for shape in SMALL if shape.dimension == dimension]
    assert len(shapes) >= (1, 10, 48, 110, 60, 29, 22, 15)[dimension - 1]
    for shape in shapes:
        X = shape.vertices
        n, d = X.shape
        assert (n, d) == (shape.n_vertices, shape.dimension) == (shape.f_vector[0], len(shape.f_vector))
        np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, rtol=1e-13)
        if shape.kind != "family":
            np.testing.assert_allclose(shape.points.sum(axis=0), 0, atol=1e-11)
        assert np.linalg.matrix_rank(X) == d
        assert sum((-1) ** i * f for i, f in enumerate(shape.f_vector)) == 1 - (-1) ** d
        assert not X.flags.writeable
        if d > 1:
            assert len(shape.edges) == shape.f_vector[1], shape
            assert shape.edges == tuple(sorted(shape.edges))
        if shape.kind not in ("family", "solid"):  # of solids: test_polyhedra.py
            ends = shape.vertices[np.array(shape.edges)]
            lengths = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1) * shape.circumradius
            np.testing.assert_allclose(lengths, 1, rtol=1e-9)
        rows = np.sort(X @ X.T, axis=1)
        alike = np.ptp(rows, axis=0).max() < 1e-9
        assert alike == shape.vertex_transitive or shape.kind in ("Johnson", "solid"), shape
        assert set(shape.variants) >= ({"uniform"} if shape.kind != "family" else set())
        for T in shape.variants.values():
            np.testing.assert_allclose(np.linalg.norm(T, axis=1), 1, rtol=1e-13)


@pytest.mark.parametrize("dimension", range(2, 9))
def test_tight_frames(dimension):
    for shape in SMALL:
        if shape.dimension == dimension and shape.kind in ("uniform", "product"):
            tight = shape.variants.get("tight frame", shape.vertices)
            np.testing.assert_allclose(gs.frame_spectrum(tight), len(tight) / dimension, rtol=1e-9, err_msg=shape.name)
            np.testing.assert_allclose(shape.dimensionality, gs.dimensionality(shape.vertices), rtol=1e-9)


HULLED = [shape for shape in SMALL if shape.dimension in (3, 4) and shape.n_vertices <= 60]


@pytest.mark.slow
@pytest.mark.parametrize("dimension", [3, 4])
def test_facets_against_qhull(dimension):
    """Qhull cuts facets into simplices; those in one hyperplane are one facet."""
    for shape in HULLED:
        if shape.dimension == dimension:
            hull = ConvexHull(shape.points)
            planes = hull.equations[np.lexsort(hull.equations.T)]
            different = []
            for plane in planes:
                if not any(np.abs(plane - other).max() < 1e-7 for other in different):
                    different.append(plane)
            assert len(hull.vertices) == shape.n_vertices, shape
            assert len(different) == shape.f_vector[-1], shape


COUNTED = [
    shape for shape in SMALL
    if shape.dimension > 1 and shape.n_vertices <= 24 and shape.n_vertices * shape.symmetry_order <= 2000
    and shape.kind != "solid"
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("shape", COUNTED, ids=lambda shape: shape.name)
def test_symmetry_order_by_graph_automorphisms(shape):
    """Isometries are the automorphisms of the complete graph whose edges have the inner products for colours.

    Bremner, Dutour Sikirić, Pasechnik, Rehn, Schürmann 2014.
    """
    from networkx import Graph
    from networkx.algorithms.isomorphism import GraphMatcher, categorical_edge_match

    graph = Graph()
    for i, j in itertools.combinations(range(shape.n_vertices), 2):
        graph.add_edge(i, j, colour=int(np.argmin(np.abs(shape.products - shape.gram[i, j]))))
    for i in range(shape.n_vertices):
        graph.nodes[i]["colour"] = 0
    matcher = GraphMatcher(graph, graph, edge_match=categorical_edge_match("colour", -1))
    automorphisms = list(matcher.isomorphisms_iter())
    assert len(automorphisms) == shape.symmetry_order
    least = [min(map_[i] for map_ in automorphisms) for i in range(shape.n_vertices)]
    assert len(set(least)) == len(shape.orbits)
    assert shape.vertex_transitive == (len(set(least)) == 1)


@pytest.mark.parametrize(
    ("name", "order", "orbits"),
    [
        ("24-cell", 1152, 1), ("snub cube", 24, 1), ("snub dodecahedron", 60, 1), ("snub 24-cell", 576, 1),
        ("grand antiprism", 400, 1), ("rectified 5-cell", 120, 1), ("bitruncated 5-cell", 240, 1),
        ("5-demicube", 1920, 1), ("3,3-duoprism", 72, 1), ("3,4-duoprism", 48, 1), ("runcinated 5-cell", 240, 1),
        ("J27", 12, 2), ("J34", 20, 3), ("J37", 16, 2), ("J72", 10, 8), ("J73", 20, 4), ("J74", 4, 17), ("J75", 6, 12),
        ("J80", 20, 3), ("capped octahedron", 6, 3), ("tricapped trigonal prism", 12, 2),
        ("gyroelongated square bipyramid", 16, 2), ("edge-contracted icosahedron", 4, 5),
    ],
)  # fmt: skip
def test_symmetry_order_by_isometries(name, order, orbits):
    """Groups of uniform polytopes, of Johnson's solids (D3h, D5h, D4d, C5v, D5d, C2v, C3v, D5d), of OEIS A133491."""
    shape = gs.polytope(name)
    assert symmetry(shape.vertices).order == shape.symmetry_order == order
    assert len(shape.orbits) == orbits


def test_tight_frames_of_products():
    shape = gs.polytope("triangular prism")
    assert np.ptp(gs.frame_spectrum(shape.vertices)) > 0.5
    np.testing.assert_allclose(gs.frame_spectrum(shape.variants["tight frame"]), 2)
    assert set(gs.polytope("5,5-duoprism").variants) == {"uniform"}
    assert set(gs.polytope("3,5-duoprism").variants) == {"uniform", "tight frame"}


@pytest.mark.parametrize(
    ("name", "energy"),
    [("tricapped trigonal prism", 25.759986531), ("gyroelongated square bipyramid", 32.716949460),
     ("edge-contracted icosahedron", 40.596450510)],
)  # fmt: skip
def test_thomson_members(name, energy):
    """Energies of 9, 10 and 11 points: Wales and Ulker 2006. 11 points have a mean that is not 0 (norm 1.2e-3)."""
    points = gs.polytope(name).variants["Thomson"]
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    assert (1 / distances[np.triu_indices(len(points), 1)]).sum() == pytest.approx(energy, abs=2e-9)
    assert np.linalg.norm(points.mean(axis=0)) == pytest.approx(1.2e-3 if len(points) == 11 else 0, abs=5e-5)


def test_the_best_packing_of_seven_points():
    """Schütte and van der Waerden 1951: the greatest least angle of 7 points is 77.8695 degrees."""
    shape = gs.polytope("capped octahedron")
    assert np.degrees(np.arccos(shape.products[-1])) == pytest.approx(77.8695421554, abs=1e-8)
