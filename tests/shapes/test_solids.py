"""Solids against the coxeter package (Glotzer lab), and the Johnson twins against their uniform neighbours."""

import numpy as np
import pytest

import geomsup as gs

# Ours -> the name in coxeter's tables.
ARCHIMEDEAN = {
    "cuboctahedron": "Cuboctahedron", "icosidodecahedron": "Icosidodecahedron",
    "rhombicosidodecahedron": "Rhombicosidodecahedron", "rhombicuboctahedron": "Rhombicuboctahedron",
    "snub cube": "Snub Cuboctahedron", "snub dodecahedron": "Snub Icosidodecahedron",
    "truncated cube": "Truncated Cube", "truncated cuboctahedron": "Truncated Cuboctahedron",
    "truncated dodecahedron": "Truncated Dodecahedron", "truncated icosahedron": "Truncated Icosahedron",
    "truncated icosidodecahedron": "Truncated Icosidodecahedron", "truncated octahedron": "Truncated Octahedron",
    "truncated tetrahedron": "Truncated Tetrahedron",
}  # fmt: skip
PLATONIC = ("tetrahedron", "cube", "octahedron", "dodecahedron", "icosahedron")
JOHNSON = (
    "triangular orthobicupola", "pentagonal orthobirotunda", "elongated square gyrobicupola",
    "gyrate rhombicosidodecahedron", "parabigyrate rhombicosidodecahedron", "metabigyrate rhombicosidodecahedron",
    "trigyrate rhombicosidodecahedron", "parabidiminished rhombicosidodecahedron",
)  # fmt: skip
TWINS = (
    ("J27", "cuboctahedron"), ("J34", "icosidodecahedron"), ("J37", "rhombicuboctahedron"),
    *((f"J{k}", "rhombicosidodecahedron") for k in (72, 73, 74, 75)),
)  # fmt: skip


def theirs(solid):
    points = solid.vertices - solid.vertices.mean(axis=0)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def aligned(ours, other):
    """Least of the largest distances of vertices over the isometries that fit three of them; inf if none does."""
    first, second = ours[0], int(np.argsort(-(ours @ ours[0]))[1])
    heights = np.abs(ours @ np.cross(first, ours[second]))
    gram, base = other @ other.T, [0, second, int(np.argmax(heights))]  # a basis, whatever else
    wanted = (ours @ ours.T)[np.ix_(base, base)]
    best = np.inf
    for i in range(len(other)):
        for j in np.flatnonzero(np.abs(gram[i] - wanted[0, 1]) < 1e-5):
            for k in np.flatnonzero((np.abs(gram[i] - wanted[0, 2]) + np.abs(gram[j] - wanted[1, 2])) < 1e-5):
                moved = ours @ np.linalg.solve(ours[base], other[[i, j, k]])
                farthest = np.sqrt(np.maximum(2 - 2 * (moved @ other.T).max(axis=1), 0)).max()
                best = min(best, farthest)
    return best


def assert_same_solid(shape, solid):
    other = theirs(solid)
    assert shape.f_vector == (len(other), solid.num_edges, solid.num_faces)
    ours = np.sort(shape.gram, axis=None)
    np.testing.assert_allclose(ours, np.sort(other @ other.T, axis=None), atol=1e-6)
    assert aligned(shape.vertices, other) < 1e-3  # square root of the tables' last digits


@pytest.mark.parametrize("name", PLATONIC)
def test_platonic(name):
    from coxeter.families import PlatonicFamily

    assert_same_solid(gs.polytope(name), PlatonicFamily.get_shape(name.title()))


@pytest.mark.parametrize("name", ARCHIMEDEAN)
def test_archimedean(name):
    from coxeter.families import ArchimedeanFamily

    assert_same_solid(gs.polytope(name), ArchimedeanFamily.get_shape(ARCHIMEDEAN[name]))


@pytest.mark.parametrize("name", JOHNSON)
def test_johnson(name):
    from coxeter.families import JohnsonFamily

    assert_same_solid(gs.polytope(name), JohnsonFamily.get_shape(name.title()))


@pytest.mark.parametrize("k", [3, 5, 6, 8, 10])
def test_prisms_and_antiprisms(k):
    from coxeter.families import UniformAntiprismFamily, UniformPrismFamily

    assert_same_solid(gs.polytope(f"{k}-prism"), UniformPrismFamily.get_shape(k))
    assert_same_solid(gs.polytope(f"{k}-antiprism"), UniformAntiprismFamily.get_shape(k))


@pytest.mark.parametrize(("johnson", "uniform"), TWINS)
def test_twins_are_not_their_uniform_neighbours(johnson, uniform):
    """Same numbers, circumradius and degrees, nearly the same products, and no isometry (theory_notes.md, "Twins")."""
    one, other = gs.polytope(johnson), gs.polytope(uniform)
    assert one.f_vector == other.f_vector
    assert one.circumradius == pytest.approx(other.circumradius, rel=1e-12)
    spread = np.abs(np.sort(one.gram, axis=None) - np.sort(other.gram, axis=None)).mean()
    assert 0.005 < spread < 0.04
    assert aligned(one.vertices, other.vertices) > 0.1
    assert one.vertex_transitive is False
    assert other.vertex_transitive is True
    assert one.kind == "Johnson"
