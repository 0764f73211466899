"""The catalogue against a table of uniform polytopes, qhull, and the coxeter package."""

import csv
import pickle
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import ConvexHull

import geomsup as gs
from geomsup.shapes import candidates
from geomsup.shapes.families import antiprism

LINES = (Path(__file__).parents[1] / "data" / "uniform_polytopes.csv").read_text().splitlines()
TABLE = list(csv.DictReader(line for line in LINES if not line.startswith("#")))
EVERY = gs.polytopes()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_against_the_table(row):
    shape = gs.polytope(row["name"])
    assert shape.dimension == int(row["dimension"])
    assert shape.f_vector == tuple(map(int, row["f_vector"].split()))
    assert shape.symmetry_order == int(row["symmetry_order"])
    assert len(shape.edges) == int(row["edges"])
    assert 1 / shape.shortest_chord == pytest.approx(float(row["circumradius_unit_edge"]), abs=1e-9)
    degrees = np.bincount(np.ravel(shape.edges))
    assert (degrees == int(row["vertex_figure_degree"])).all()
    if row["bowers_acronym"]:
        assert gs.polytope(row["bowers_acronym"]) is shape
    symbol = row["schlafli_or_coxeter"].split()[0]
    if symbol.startswith("{"):
        assert gs.polytope(symbol) is shape
        assert shape.symbol == symbol


@pytest.mark.parametrize("shape", EVERY, ids=lambda shape: shape.name)
def test_every_shape(shape):
    np.testing.assert_allclose(np.linalg.norm(shape.vertices, axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(shape.vertices.sum(axis=0), 0, atol=1e-13)
    assert np.linalg.matrix_rank(shape.vertices) == shape.dimension
    assert len(shape.f_vector) == shape.dimension
    assert shape.f_vector[0] == shape.n_vertices
    euler = sum((-1) ** i * f for i, f in enumerate(shape.f_vector))
    assert euler == 1 - (-1) ** shape.dimension
    assert gs.polytope(shape.name) is shape
    for alias in (*shape.aliases, shape.symbol, shape.name.upper()):
        assert gs.polytope(alias) is shape
    with pytest.raises(ValueError, match="read-only"):
        shape.vertices[0, 0] = 0


@pytest.mark.parametrize("name", ["tet", "cube", "oct", "doe", "ike", "co", "squap", "pen", "hex"])
def test_f_vector_against_qhull(name):
    shape = gs.polytope(name)
    hull = ConvexHull(shape.vertices)
    facets = np.unique(hull.equations.round(9), axis=0)  # qhull splits facets that are not simplices
    assert (len(hull.vertices), len(facets)) == (shape.f_vector[0], shape.f_vector[-1])
    if shape.dimension == 3:
        assert shape.f_vector[1] == shape.f_vector[0] + shape.f_vector[2] - 2


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("tetrahedron", "Tetrahedron"),
        ("cube", "Cube"),
        ("octahedron", "Octahedron"),
        ("dodecahedron", "Dodecahedron"),
        ("icosahedron", "Icosahedron"),
    ],
)
def test_solids_against_coxeter(name, theirs):
    from coxeter.families import PlatonicFamily

    solid = PlatonicFamily.get_shape(theirs)
    vertices = solid.vertices / np.linalg.norm(solid.vertices, axis=1, keepdims=True)
    assert_same_products(gs.polytope(name).vertices, vertices)
    assert gs.polytope(name).f_vector == (len(solid.vertices), solid.num_edges, solid.num_faces)


@pytest.mark.parametrize("k", [4, 5, 6, 8, 10])
def test_antiprisms_against_coxeter(k):
    from coxeter.families import UniformAntiprismFamily

    solid = UniformAntiprismFamily.get_shape(k)
    vertices = solid.vertices / np.linalg.norm(solid.vertices, axis=1, keepdims=True)
    assert_same_products(antiprism(k).vertices, vertices)
    assert antiprism(k).f_vector == (len(solid.vertices), solid.num_edges, solid.num_faces)


def assert_same_products(ours, theirs):
    np.testing.assert_allclose(np.sort(ours @ ours.T, axis=None), np.sort(theirs @ theirs.T, axis=None), atol=1e-7)


def test_square_antiprism_variants():
    variants = gs.polytope("square antiprism").variants
    cosines = {name: np.abs(T[:, 2]).mean() for name, T in variants.items()}
    assert cosines == pytest.approx({"uniform": 0.5111, "Thomson": 0.56044, "tight frame": 3**-0.5}, abs=2e-5)
    np.testing.assert_allclose(gs.frame_spectrum(variants["tight frame"]), 8 / 3)
    # Thomson energy of 8 points, Wales and Ulker 2006; and it is the least among heights.
    assert coulomb(variants["Thomson"]) == pytest.approx(19.675287861, abs=1e-9)
    assert coulomb(variants["Thomson"]) < min(coulomb(variants["uniform"]), coulomb(variants["tight frame"]))


def coulomb(points):
    distances = np.linalg.norm(points[:, None] - points[None], axis=-1)
    return (1 / distances[np.triu_indices(len(points), 1)]).sum()


@pytest.mark.parametrize(
    ("name", "share"),
    [
        ("digon", 1 / 2),
        ("pentagon", 2 / 5),
        ("7-simplex", 7 / 8),
        ("oct", 1 / 2),
        ("ike", 1 / 4),
        ("squap", 0.36642),
    ],
)
def test_dimensionality(name, share):
    assert gs.polytope(name).dimensionality == pytest.approx(share, abs=5e-6)


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("{5}", "pentagon"),
        ("{ 3, 3 }", "tetrahedron"),
        ("{3,3,3,3,3,4}", "7-orthoplex"),
        ("{}", "digon"),
        ("s{2,8}", "square antiprism"),
        ("17-gon", "17-gon"),
        ("{17}", "17-gon"),
        ("7-gon", "heptagon"),
        ("30-orthoplex", "30-orthoplex"),
        ("40-simplex", "40-simplex"),
        ("4-simplex", "5-cell"),
        ("  Square   Antiprism ", "square antiprism"),
    ],
)
def test_names(key, name):
    assert gs.polytope(key).name == name


def test_unknown_name():
    with pytest.raises(ValueError, match=r"`name` must be a known shape; got 'icosahedro'.*icosahedron"):
        gs.polytope("icosahedro")
    for name in ("", "{}3", "{2}", "{5,5}", "0-simplex", "2-gon", "blob"):
        with pytest.raises(ValueError, match="`name` must be a known shape"):
            gs.polytope(name)
    with pytest.raises(TypeError, match="`name` must be a string; got 5"):
        gs.polytope(5)  # type: ignore[arg-type]


def test_listing():
    assert [shape.name for shape in gs.polytopes(dimension=2)][:3] == ["triangle", "square", "pentagon"]
    assert {shape.name for shape in gs.polytopes(n_vertices=8)} == {
        "octagon", "cube", "square antiprism", "16-cell", "7-simplex",
    }  # fmt: skip
    assert [shape.name for shape in gs.polytopes(dimension=30)] == ["30-simplex", "30-orthoplex"]
    assert [shape.name for shape in gs.polytopes(2, 17)] == ["17-gon"]
    assert gs.polytopes(n_vertices=1) == []
    with pytest.raises(ValueError, match="`dimension` must be at least 1; got 0"):
        gs.polytopes(dimension=0)


def test_candidates_leave_out_what_falls_apart():
    assert candidates(3, 6) == candidates(2, 4) == ()
    assert [shape.name for shape in candidates(1, 2)] == ["digon"]
    assert [shape.name for shape in candidates(2, 3)] == ["triangle"]


@pytest.mark.parametrize("name", ["digon", "icosahedron", "square antiprism"])
def test_pickles(name):
    shape = gs.polytope(name)
    copy = pickle.loads(pickle.dumps(shape))
    assert copy == shape
    assert hash(copy) == hash(shape)
    assert set(copy.variants) == set(shape.variants)
    assert not copy.vertices.flags.writeable
