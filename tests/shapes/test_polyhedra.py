"""Johnson and Catalan solids against the coxeter package (Glotzer lab), and against what defines them."""

import hashlib
import json
import pickle
from collections import Counter

import numpy as np
import pytest
from coxeter.families import CatalanFamily, JohnsonFamily

import geomsup as gs
from geomsup.isometries import find_isometries
from geomsup.shapes import candidates, solids
from geomsup.shapes.duals import catalan_solids
from geomsup.shapes.hull import hull_edges, hull_facets
from geomsup.shapes.johnson.solids import johnson_solids

JOHNSON_TABLE = {int(entry["short_name"][1:]): name for name, entry in JohnsonFamily.data.items()}
NUMBERS = range(1, 93)

# Older versions of coxeter give a few solids to six digits.
SAME = 1e-5


def profile(points):
    """Distances of each point from all, ascending, points in order of these: equal for congruent solids."""
    centred = points - points.mean(axis=0)
    scaled = centred / np.sqrt((centred**2).sum(axis=1).mean())
    rows = np.sort(np.linalg.norm(scaled[:, None] - scaled[None], axis=-1), axis=1)
    return rows[np.lexsort(rows.round(4).T[::-1])]


def assert_congruent(shape, solid):
    assert shape.f_vector == (solid.num_vertices, solid.num_edges, solid.num_faces)
    np.testing.assert_allclose(profile(shape.points), profile(np.array(solid.vertices)), atol=SAME)
    assert sorted(map(len, hull_facets(shape.points))) == sorted(map(len, solid.faces))


def assert_told_truly(shape):
    """Euler; counts, edges, centre, norms and symmetries are those of the points."""
    n, e, f = shape.f_vector
    assert n - e + f == 2
    assert shape.points.shape == (n, 3)
    np.testing.assert_allclose(shape.points.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(shape.points, shape.norms[:, None] * shape.vertices)
    assert (shape.norms**2).mean() == pytest.approx(1, rel=1e-13)
    assert len(shape.edges) == e
    assert shape.edges == hull_edges(shape.points)
    assert len(hull_facets(shape.points)) == f
    distances = np.linalg.norm(shape.points[:, None] - shape.points[None], axis=-1)
    assert shape.shortest_chord == pytest.approx(distances[distances > 0].min(), rel=1e-12)
    assert find_isometries(shape.points, 1e-6).order == shape.symmetry_order
    assert shape.vertex_transitive is False


@pytest.mark.slow
@pytest.mark.parametrize("number", NUMBERS)
def test_johnson_solids(number):
    shape = gs.polytope(f"J{number}")
    assert shape is johnson_solids()[number - 1]
    name = JOHNSON_TABLE[number]
    assert shape.name.removeprefix("regular-faced ") == name.lower().replace("dipyramid", "bipyramid")
    assert_congruent(shape, JohnsonFamily.get_shape(name))
    assert_told_truly(shape)


@pytest.mark.parametrize("number", NUMBERS)
def test_faces_are_regular(number):
    """Edges of one length, and as many in each face as it has vertices, which are on a circle."""
    shape = gs.polytope(f"J{number}")
    points = shape.points * shape.circumradius
    edges = np.array(shape.edges)
    np.testing.assert_allclose(np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1), 1, rtol=1e-12)
    for face in hull_facets(shape.points):
        corners = points[sorted(face)]
        radii = np.linalg.norm(corners - corners.mean(axis=0), axis=1)
        np.testing.assert_allclose(radii, 1 / (2 * np.sin(np.pi / len(face))), rtol=1e-11)
        assert sum(first in face and second in face for first, second in shape.edges) == len(face)


@pytest.mark.parametrize("shape", catalan_solids(), ids=lambda shape: shape.name)
def test_catalan_solids(shape):
    assert gs.polytope(shape.name) is shape
    assert_congruent(shape, CatalanFamily.get_shape(shape.name.title()))
    assert_told_truly(shape)
    archimedean = gs.polytope(shape.aliases[-1].removeprefix("dual of "))
    assert shape.f_vector == archimedean.f_vector[::-1]
    facets = hull_facets(shape.points)
    assert len(set(map(len, facets))) == 1  # all faces are alike, as all vertices of the Archimedean solid are
    planes = [np.linalg.lstsq(shape.points[sorted(facet)], np.ones(len(facet)), rcond=None)[0] for facet in facets]
    assert np.ptp(np.linalg.norm(planes, axis=1)) < 1e-12


def test_norms_in_closed_form():
    """Coxeter 1973, 2.7: the rhombic dodecahedron is a cube of edge 2 and six points at the distance 2."""
    assert gs.polytope("rhombic dodecahedron").norms.max() ** 2 == pytest.approx(4 / ((8 * 3 + 6 * 4) / 14), rel=1e-13)
    assert sorted(Counter(gs.polytope("rhombic triacontahedron").norms.round(9)).values()) == [12, 20]
    height = 2 / 3**0.5  # two tetrahedra of edge 1 on a triangle of circumradius 1/√3, each (2/3)^½ high
    norms = gs.polytope("J12").norms
    assert norms.max() / norms.min() == pytest.approx(height * 3**0.5 / 2**0.5, rel=1e-13)


def test_the_snub_disphenoid_by_its_cubic():
    """J84 at edge length 2: 2q³ + 11q² + 4q − 1 = 0, vertices (±t, r, 0), (0, −r, ±t), (±1, −s, 0), (0, s, ±1)."""
    q = next(root.real for root in np.roots([2, 11, 4, -1]) if root.real > 0)
    r, s = q**0.5, ((1 - q) / (2 * q)) ** 0.5
    t = 2 * r * s
    known = [[x * t, r, 0] for x in (1, -1)] + [[0, -r, x * t] for x in (1, -1)]
    known += [[x, -s, 0] for x in (1, -1)] + [[0, s, x] for x in (1, -1)]
    np.testing.assert_allclose(profile(gs.polytope("J84").points), profile(np.array(known)), atol=1e-13)


def test_numbers_of_solids():
    assert len(solids()) == len({shape.name for shape in solids()}) == 18 + 92 + 13
    assert all(gs.polytope(shape.name) is shape for shape in solids())
    assert all(gs.polytope(alias) is shape for shape in solids() for alias in shape.aliases)
    assert set(solids()) <= set(gs.polytopes(dimension=3))
    assert {shape for shape in gs.polytopes(n_vertices=62) if shape.kind == "solid"} == {
        gs.polytope(name) for name in ("deltoidal hexecontahedron", "disdyakis triacontahedron")
    }


def test_a_name_means_what_it_meant():
    """Shapes with free parameters keep their names; the number is that of the solid with regular faces."""
    for number in (1, 2, 7, 8, 9, 10, 11, 14, 15, 16, 17, 51, 84):
        solid = gs.polytope(f"J{number}")
        other = gs.polytope(solid.name.removeprefix("regular-faced "))
        assert (solid.kind, other.kind) == ("solid", "family")
        assert solid.f_vector == other.f_vector
        assert solid.symmetry_order == other.symmetry_order


def test_candidates_are_those_that_were():
    """Names of all candidates in 3 dimensions with 3 to 120 vertices, made before there were solids of this kind.

    Cuboids came later.
    """
    later = ("square cuboid", "cuboid")
    found = {n: [candidates(3, n, flexible=flexible) for flexible in (False, True)] for n in range(3, 121)}
    names = {
        n: [[shape.name for shape in shapes if shape.name not in later] for shapes in both] for n, both in found.items()
    }
    assert sum(len(flexible) for _, flexible in names.values()) == 168
    digest = hashlib.sha256(json.dumps(names, sort_keys=True).encode()).hexdigest()
    assert digest == "a837e440090af6a172070ca82adaa32ad9cf6c3f00954802543bf027fdf9fbe8"
    assert all(shape.kind != "solid" for n in range(3, 121) for shape in candidates(3, n, flexible=True))


def test_solids_are_values():
    shape = gs.polytope("J84")
    copy = pickle.loads(pickle.dumps(shape))
    assert copy == shape
    assert copy.kind == "solid"
    np.testing.assert_array_equal(copy.norms, shape.norms)
    assert copy != gs.polytope("snub disphenoid")
    for array in (shape.norms, shape.points, copy.norms, gs.polytope("cube").norms):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 2
    assert gs.polytope("cube").points is gs.polytope("cube").vertices
    assert (gs.polytope("J27").norms == 1).all()
    np.testing.assert_allclose(shape.dimensionality, gs.dimensionality(shape.points))
    assert len(shape.orbits) == 2
