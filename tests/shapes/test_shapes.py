"""The catalogue against a table of uniform polytopes; names, listings, candidates."""

import csv
import pickle
from pathlib import Path

import numpy as np
import pytest

import geomsup as gs
from geomsup.shapes import Polytope, candidates
from geomsup.shapes.wythoff.acronyms import ACRONYMS

LINES = (Path(__file__).parents[1] / "data" / "uniform_polytopes.csv").read_text().splitlines()
TABLE = list(csv.DictReader(line for line in LINES if not line.startswith("#")))
SMALL = [shape for shape in gs.polytopes() if shape.n_vertices <= 60]


@pytest.mark.slow
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_against_the_table(row):
    shape = gs.polytope(row["name"])
    assert shape.dimension == int(row["dimension"])
    assert shape.f_vector == tuple(map(int, row["f_vector"].split()))
    assert shape.symmetry_order == int(row["symmetry_order"])
    assert shape.circumradius == pytest.approx(float(row["circumradius_unit_edge"]), abs=1e-9)
    if shape.n_vertices > 3000:  # 1_42 has half a million edges
        assert shape.vertices.shape == (shape.n_vertices, shape.dimension)
        return
    assert shape.f_vector[1] == len(shape.edges) == int(row["edges"])
    assert 1 / shape.shortest_chord == pytest.approx(float(row["circumradius_unit_edge"]), abs=1e-9)
    degrees = np.bincount(np.ravel(shape.edges))
    assert (degrees == int(row["vertex_figure_degree"])).all()
    if row["bowers_acronym"]:
        assert gs.polytope(row["bowers_acronym"]) == shape
    symbol, *diagram = row["schlafli_or_coxeter"].split(" ", 1)
    for text in (symbol, *diagram) if "{" in symbol else (row["schlafli_or_coxeter"],):
        assert gs.polytope(text) == shape, text
    if "{" in symbol:
        assert shape.symbol == symbol


@pytest.mark.parametrize("shape", SMALL, ids=lambda shape: shape.name)
def test_every_small_shape(shape):
    assert gs.polytope(shape.name) == shape
    for alias in (*shape.aliases, shape.symbol or shape.name, shape.name.upper()):
        assert gs.polytope(alias) == shape, alias
    with pytest.raises(ValueError, match="read-only"):
        shape.vertices[0, 0] = 0


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
        ("hexahedron", "cube"),
        ("Pentachoron", "5-cell"),
        ("truncated 4-orthoplex", "truncated 16-cell"),
        ("rectified tetrahedron", "octahedron"),
        ("cantellated 16-cell", "rectified 24-cell"),
        ("small rhombicosidodecahedron", "rhombicosidodecahedron"),
        ("omnitruncated 600-cell", "omnitruncated 120-cell"),
        ("runcitruncated 120-cell", "runcitruncated 120-cell"),
        ("x5x3o3x", "runcitruncated 120-cell"),
        ("prahi", "runcitruncated 600-cell"),
        ("x5o3x3x", "runcitruncated 600-cell"),
        ("prico", "runcitruncated 24-cell"),
        ("proh", "runcitruncated tesseract"),
        ("cantic 5-cube", "truncated 5-demicube"),
        ("demipenteract", "5-demicube"),
        ("h{4,3,3,3}", "5-demicube"),
        ("t0,2{3,3,4}", "rectified 24-cell"),
        ("tr{5,3}", "truncated icosidodecahedron"),
        ("0_21", "rectified 5-cell"),
        ("1_21", "5-demicube"),
        ("-1_21", "triangular prism"),
        ("{3,3,3^{2,1}}", "2_21"),
        ("rectified 4_21", "rectified 4_21"),
        ("t1(4_21)", "rectified 4_21"),
        ("x3o3o", "tetrahedron"),
        ("X3O3X", "cuboctahedron"),
        ("x3o3o *b3o", "16-cell"),
        ("o3x3o *b3o", "24-cell"),
        ("x3o3o3o *b3o", "5-demicube"),
        ("o3o3o *b3o3x", "5-orthoplex"),
        ("x3o3o *b3o3o", "5-demicube"),
        ("o3o3o *b3o3o3o3x", "7-orthoplex"),
        ("x3o3o3o *c3o3o3o", "2_31"),
        ("x x x", "cube"),
        ("x2x2x", "cube"),
        ("x4o x", "cube"),
        ("x3o x", "triangular prism"),
        ("x3x x", "hexagonal prism"),
        ("x5o x3o", "3,5-duoprism"),
        ("x4o x7o", "4,7-duoprism"),
        ("7,4-duoprism", "4,7-duoprism"),
        ("heptagonal prism prism", "4,7-duoprism"),
        ("{5}x{7}", "5,7-duoprism"),
        ("{ 7 } x { }", "heptagonal prism"),
        ("4,4-duoprism", "tesseract"),
        ("square prism", "cube"),
        ("4-prism", "cube"),
        ("3-antiprism", "octahedron"),
        ("23-gonal prism", "23-gonal prism"),
        ("23-antiprism", "23-gonal antiprism"),
        ("enneagonal prism", "nonagonal prism"),
        ("truncated cubic prism", "truncated cubic prism"),
        ("tic prism", "truncated cubic prism"),
        ("x4x3o x", "truncated cubic prism"),
        ("{3,4}x{}", "octahedral prism"),
        ("square antiprism prism", "square antiprismatic prism"),
        ("24-cell prism", "24-cell prism"),
        ("x3o4o3o x", "24-cell prism"),
        ("x3o3o x3o3o", "tetrahedron x tetrahedron"),
        ("x3o3o x3o x x", "tetrahedron x triangle x square"),
        ("pseudorhombicuboctahedron", "elongated square gyrobicupola"),
        ("j72", "gyrate rhombicosidodecahedron"),
        ("bicapped square antiprism", "gyroelongated square bipyramid"),
        ("trirectified 10-cube", "trirectified 10-cube"),
    ],
)
def test_names(key, name):
    assert gs.polytope(key).name == name


def test_no_two_shapes_share_a_name():
    owners = {}
    for d in range(1, 11):
        for shape in gs.polytopes(dimension=d):
            for name in (shape.name, shape.symbol, *shape.aliases):
                if name:
                    assert owners.setdefault(name.lower(), shape) is shape, name
    assert len({shape.name for shape in owners.values()}) == 4225 + 97


def test_every_acronym_finds_its_shape():
    assert {gs.polytope(acronym).name: acronym for acronym in ACRONYMS.values()} == ACRONYMS


def test_unknown_name():
    with pytest.raises(ValueError, match=r"`name` must be a known shape; got 'icosahedro'.*icosahedron"):
        gs.polytope("icosahedro")
    with pytest.raises(ValueError, match=r"Did you mean .*runcinated 24-cell"):
        gs.polytope("runcinatd 24-cell")
    for name in (
        "", "{}3", "{2}", "{5,5}", "0-simplex", "2-gon", "blob", "o3o3o", "x7o3o", "x3", "x3o3o *z3o", "x1o", "x3o o",
        "*a3x", "x3*a", "x3o3o3*a", "x5o3o3o3o", "2,3-duoprism", "2-prism", "x" * 11, "{2}x{3}",
    ):  # fmt: skip
        with pytest.raises(ValueError, match="`name` must be a known shape"):
            gs.polytope(name)
    with pytest.raises(TypeError, match="`name` must be a string; got 5"):
        gs.polytope(5)


def test_listing():
    assert [shape.name for shape in gs.polytopes(dimension=2)][:3] == ["triangle", "square", "pentagon"]
    assert {shape.name for shape in gs.polytopes(n_vertices=8)} == {
        "octagon", "cube", "square antiprism", "16-cell", "tetrahedral prism", "7-simplex", "heptagonal pyramid",
        "snub disphenoid", "elongated triangular bipyramid", "bicapped triangular prism",
        "regular-faced snub disphenoid", "regular-faced elongated triangular bipyramid", "biaugmented triangular prism",
        "gyrobifastigium", "triakis tetrahedron", "square cuboid", "cuboid",
    }  # fmt: skip
    sizes = [(shape.dimension, shape.n_vertices) for shape in gs.polytopes()]
    assert sizes == sorted(sizes)
    assert {d for d, _ in sizes} == set(range(1, 9))
    assert len(gs.polytopes(dimension=10)) == 1806
    assert [shape.name for shape in gs.polytopes(dimension=30)] == ["30-simplex", "30-orthoplex"]
    assert [shape.name for shape in gs.polytopes(2, 17)] == ["17-gon"]
    assert gs.polytopes(n_vertices=1) == []


def test_shapes_of_more_vertices_than_fit_are_refused_unless_the_dimension_is_small():
    """Of so many vertices there are a simplex and an orthoplex, of nearly as many dimensions."""
    with pytest.raises(ValueError, match=r"`n_vertices` must leave arrays of at most 2\^27 numbers; got"):
        gs.polytopes(n_vertices=2**31)
    assert [shape.n_vertices for shape in gs.polytopes(8, n_vertices=696729600)] == [696729600]
    with pytest.raises(ValueError, match="`dimension` must be at least 1; got 0"):
        gs.polytopes(dimension=0)


def test_candidates_leave_out_what_falls_apart():
    assert candidates(3, 6) == candidates(2, 4) == candidates(2, 4, flexible=True) == ()
    assert [shape.name for shape in candidates(3, 6, flexible=True)] == ["triangular prism", "pentagonal pyramid"]
    assert candidates(4, 8) == candidates(20, 40) == ()
    assert [shape.name for shape in candidates(20, 21)] == ["20-simplex"]
    assert [shape.name for shape in candidates(1, 2)] == ["digon"]
    assert [shape.name for shape in candidates(2, 3)] == ["triangle"]


@pytest.mark.parametrize(
    ("rank", "n", "names"),
    [
        (4, 10, {"rectified 5-cell"}), (5, 16, {"5-demicube", "16-cell prism"}), (6, 27, {"2_21"}), (8, 240, {"4_21"}),
        (3, 12, {"icosahedron", "cuboctahedron", "triangular orthobicupola", "truncated tetrahedron",
                 "hexagonal prism", "hexagonal antiprism", "hendecagonal pyramid", "elongated pentagonal bipyramid"}),
        (4, 12, {"3,4-duoprism", "octahedral prism"}),
        (3, 9, {"tricapped trigonal prism", "octagonal pyramid", "elongated square pyramid",
                "gyroelongated square pyramid"}),
        (3, 7, {"capped octahedron", "hexagonal pyramid", "capped triangular prism", "elongated triangular pyramid"}),
        (3, 62, {"31-gonal prism", "31-gonal antiprism"}), (4, 2001, set()), (3, 4002, set()),
    ],
)  # fmt: skip
def test_candidates(rank, n, names):
    found = candidates(rank, n, flexible=True)
    assert {shape.name for shape in found} == names
    assert candidates(rank, n) == tuple(shape for shape in found if shape.kind in ("uniform", "Johnson"))


def test_variants_of_candidates():
    named = {shape.name: list(shape.variants) for shape in candidates(3, 9, flexible=True)}
    assert named["tricapped trigonal prism"] == ["Thomson"]
    assert named["octagonal pyramid"] == ["balanced"]
    assert named["elongated square pyramid"] == ["typical"]
    assert all("uniform" in shape.variants for n in range(2, 40) for shape in candidates(3, n))


@pytest.mark.parametrize("rank", [2, 3, 4, 5, 6])
def test_candidates_are_the_listed_shapes(rank):
    for n in range(2, 65):
        listed = {shape for shape in gs.polytopes(rank, n) if shape.kind != "solid"}
        found = set(candidates(rank, n, flexible=True))
        assert found <= listed
        assert {shape.name for shape in listed - found} <= {"square", "octahedron", "16-cell", f"{rank}-orthoplex"}
        of_rank = {shape for shape in gs.polytopes(rank) if shape.n_vertices == n}
        assert of_rank <= set(gs.polytopes(rank, n))


def test_nothing_is_generated_by_listing():
    assert "vertices" not in vars(gs.polytope("runcitruncated 7-cube"))
    shape = next(shape for shape in gs.polytopes(dimension=8) if shape.n_vertices == 241920)
    assert shape.shortest_chord * shape.circumradius == 1
    assert shape.symmetry_order == 696729600
    assert "vertices" not in vars(shape)
    assert shape.vertex_transitive


def test_values_do_not_change():
    shape = gs.polytope("cube")
    with pytest.raises(AttributeError):
        shape.name = "die"
    with pytest.raises(AttributeError):
        shape.vertices = np.eye(3)
    with pytest.raises(TypeError):
        shape.variants["other"] = np.eye(3)
    points = np.array([[1.0], [-1.0]])
    mine = Polytope("mine", points, "", (2,), 2)
    points[0] = 5
    assert mine.vertices[0, 0] == 1
    assert mine.orbits == ((0, 1),)
    assert mine.vertex_transitive
    assert mine.circumradius == 0.5
    assert repr(mine) == "Polytope(mine: 2 vertices in 1 dimension)"


@pytest.mark.parametrize(
    "name", ["digon", "icosahedron", "square antiprism", "J37", "capped octahedron", "24-cell", "3,5-duoprism"]
)
def test_pickles(name):
    shape = gs.polytope(name)
    copy = pickle.loads(pickle.dumps(shape))
    assert copy == shape
    assert hash(copy) == hash(shape)
    assert set(copy.variants) == set(shape.variants)
    assert not copy.vertices.flags.writeable
    assert copy.kind == shape.kind
    assert copy.circumradius == shape.circumradius
    assert copy.vertex_transitive == shape.vertex_transitive
