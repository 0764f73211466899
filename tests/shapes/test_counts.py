"""How many uniform polytopes there are, and their numbers of faces, against closed forms and published lists."""

from math import ceil

import numpy as np
import pytest

import geomsup as gs
from geomsup.shapes.listing import prisms_of
from geomsup.shapes.products import cube
from geomsup.shapes.uniform import wythoffians
from geomsup.shapes.wythoff import construction as wythoff
from geomsup.shapes.wythoff.coxeter import Coxeter, groups
from geomsup.shapes.wythoff.ringings import canonical, of_rank, of_size

# The 47 convex non-prismatic uniform polychora: Conway and Guy 1965; acronyms and numbers of vertices, edges, faces and
# cells from Wikipedia, "Uniform 4-polytope".
POLYCHORA = """
pen 5 10 10 5; rap 10 30 30 10; tip 20 40 30 10; srip 30 90 80 20; deca 30 60 40 10; grip 60 120 80 20; spid 20 60 70 30
prip 60 150 120 30; gippid 120 240 150 30; tes 16 32 24 8; hex 8 24 32 16; rit 32 96 88 24; tat 64 128 88 24
thex 48 120 96 24; rico 96 288 240 48; grit 192 384 248 56; sidpith 64 192 208 80; proh 192 480 368 80
gidpith 384 768 464 80; srit 96 288 248 56; prit 192 480 368 80; tah 96 192 120 24; ico 24 96 96 24
tico 192 384 240 48; cont 288 576 336 48; srico 288 864 720 144; grico 576 1152 720 144; spic 144 576 672 240
prico 576 1440 1104 240; gippic 1152 2304 1392 240; hi 600 1200 720 120; ex 120 720 1200 600; rahi 1200 3600 3120 720
thi 2400 4800 3120 720; rox 720 3600 3600 720; tex 1440 4320 3600 720; xhi 3600 7200 4320 720
grahi 7200 14400 9120 1920; prix 7200 18000 13440 2640; srahi 3600 10800 9120 1920; srix 3600 10800 8640 1440
sidpixhi 2400 7200 7440 2640; grix 7200 14400 8640 1440; prahi 7200 18000 13440 2640; gidpixhi 14400 28800 17040 2640
gap 100 500 720 320; sadi 96 432 480 144
"""
POLYCHORA_ROWS = [entry.split() for line in POLYCHORA.strip().splitlines() for entry in line.split(";")]


@pytest.mark.parametrize("row", POLYCHORA_ROWS, ids=lambda row: row[0])
def test_polychora(row):
    shape = gs.polytope(row[0])
    assert shape.f_vector == tuple(map(int, row[1:]))
    assert shape.dimension == 4


def test_there_are_47_polychora():
    named = {gs.polytope(row[0]) for row in POLYCHORA_ROWS}
    assert len(named) == len(POLYCHORA_ROWS) == 47
    other = [shape for shape in gs.polytopes(dimension=4) if "prism" not in shape.name or "grand" in shape.name]
    assert named == set(other)


@pytest.mark.parametrize(("rank", "number"), [(5, 58), (6, 153), (7, 357), (8, 709)])
def test_numbers_of_wythoffians(rank, number):
    """docs/theory_notes.md, "Uniform polytopes"; they are all unlike: no two share f-vector and circumradius."""
    shapes = wythoffians(rank)
    assert len(shapes) == number
    assert len({(shape.f_vector, round(shape.circumradius, 6)) for shape in shapes}) == number


def test_numbers_of_solids():
    uniform = [shape for shape in gs.polytopes(dimension=3) if shape.kind in ("uniform", "product")]
    solids = [shape for shape in uniform if "prism" not in shape.name]
    assert len(solids) == 18
    assert len(uniform) == 18 + 9 + 9  # prisms 3 to 12 without the cube, antiprisms 4 to 12
    assert sum(shape.kind == "Johnson" for shape in gs.polytopes(dimension=3)) == 8
    assert len(set(prisms_of(3))) == 18  # with the tesseract
    assert len(set(prisms_of(4))) == 47


@pytest.mark.parametrize("n", range(5, 11))
def test_closed_forms(n):
    by_family = dict.fromkeys("ABDE", 0)
    for group, _ in of_rank(n):
        by_family[group.family] += 1
    assert by_family["A"] == (2**n + 2 ** ceil(n / 2)) // 2 - 1
    assert by_family["B"] == 2**n - 1
    assert by_family["D"] == 2 ** (n - 2)
    assert by_family["E"] == {6: 39, 7: 127, 8: 255}.get(n, 0)


@pytest.mark.parametrize("rank", range(3, 11))
def test_f_vectors(rank):
    """Euler; and the facets and vertices of the regular ones follow from the orders of subgroups alone."""
    for ringing in of_rank(rank):
        counts = wythoff.f_vector(*ringing)
        assert sum((-1) ** i * f for i, f in enumerate(counts)) == 1 - (-1) ** rank
        assert counts[0] == wythoff.n_vertices(*ringing)
        degrees = 2 * counts[1] / counts[0]
        assert degrees == int(degrees) >= rank


@pytest.mark.parametrize("rank", [3, 4])
def test_equal_ringings_are_equal(rank):
    """Every ringing has the vertices, edges and circumradius of the one that stands for it."""
    for ringing, equals in of_rank(rank).items():
        for other in equals:
            assert canonical(*other) == ringing
            assert wythoff.f_vector(*other) == wythoff.f_vector(*ringing)
            assert wythoff.radius(*other) == pytest.approx(wythoff.radius(*ringing), rel=1e-12)
            products = [np.sort(points @ points[0]) for points in (wythoff.vertices(*r) for r in (other, ringing))]
            np.testing.assert_allclose(products[0], products[1], atol=1e-12)


@pytest.mark.parametrize(
    ("family", "rank", "p", "order"),
    [("A", 7, 0, 40320), ("B", 6, 0, 46080), ("D", 7, 0, 322560), ("E", 6, 0, 51840), ("E", 7, 0, 2903040),
     ("E", 8, 0, 696729600), ("F", 4, 0, 1152), ("H", 3, 0, 120), ("H", 4, 0, 14400), ("I", 2, 7, 14)],
)  # fmt: skip
def test_orders(family, rank, p, order):
    """Coxeter 1973, table IV."""
    assert Coxeter(family, rank, p).order == order


@pytest.mark.parametrize("group", [Coxeter("I", 2, 5), *groups(3), *groups(4), *groups(5)], ids=str)
def test_mirrors(group):
    """Orders counted by generating the group: a point off all mirrors has one image per element."""
    np.testing.assert_allclose(group.mirrors @ group.mirrors.T, group.products, atol=1e-15)
    points = wythoff.vertices(group, range(group.rank))
    assert len(points) == group.order
    from scipy.spatial import cKDTree

    assert not cKDTree(points).query_pairs(1e-6)
    for normal in group.mirrors:  # every mirror maps the points to themselves
        moved = points - 2 * np.outer(points @ normal, normal)
        assert cKDTree(points).query(moved)[0].max() < 1e-9


@pytest.mark.parametrize(
    ("family", "rank", "rings", "h", "circles"),
    [("E", 8, [0], 30, 8), ("E", 6, [0], 12, 2), ("F", 4, [0], 12, 2), ("H", 4, [3], 30, 4), ("B", 5, [4], 10, 1)],
)
def test_coxeter_planes(family, rank, rings, h, circles):
    """4_21 is 8 circles of 30 points, the 600-cell 4 of 30, 2_21 2 of 12 and 3 in the middle (Coxeter 1973, 13.8)."""
    group = Coxeter(family, rank)
    np.testing.assert_allclose(group.plane @ group.plane.T, np.eye(2), atol=1e-12)
    radii = np.linalg.norm(wythoff.vertices(group, rings) @ group.plane.T, axis=1)
    different, counts = np.unique(radii[radii > 1e-9].round(9), return_counts=True)
    assert len(different) == circles
    assert (counts == h).all()


@pytest.mark.parametrize("rank", [3, 5, 8])
def test_by_size_is_the_listing(rank):
    for n in (27, 40, 128, 240, rank + 1, 2 * rank):
        listed = {ringing for ringing in of_rank(rank) if wythoff.n_vertices(*ringing) == n}
        assert set(of_size(rank, n)) == listed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("E", 9), "`family` and `rank` must be those of a finite group up to rank 10; got 'E', 9"),
        (("Z", 3), "`family` and `rank` must be those of a finite group"),
        (("I", 2), "`p` must be at least 3 for family I, and 0 elsewhere; got 0"),
        (("A", 3, 5), "`p` must be at least 3 for family I, and 0 elsewhere; got 5"),
    ],
)
def test_no_such_group(arguments, message):
    with pytest.raises(ValueError, match=message):
        Coxeter(*arguments)


def test_cubes_end_where_groups_end():
    assert cube(10).n_vertices == 1024
    with pytest.raises(ValueError, match="`d` must be at most 10; got 11"):
        cube(11)


def test_what_is_too_large_to_list():
    shape = gs.polytope("omnitruncated 4_21")
    assert shape.n_vertices == 696729600
    with pytest.raises(ValueError, match="must leave at most 2000000 vertices to list; got 696729600"):
        _ = shape.vertices
