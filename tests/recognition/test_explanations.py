"""Names are the best explanation of the rows, not only better than random rows."""

from itertools import product

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import geomsup as gs
from geomsup.recognition.names import STRAY
from geomsup.shapes import solids
from tests.recognition.truth import CUBE, ICOSAHEDRON, ngon, rotation

AXES = np.eye(20)


def names(W, **options):
    return [component.name for component in gs.classify(W, **{"orientation": "rows"} | options).components]


def test_a_feature_beside_an_axis_shares_its_dimension():
    found = names(np.vstack([np.eye(50), np.eye(50)[-1] + 0.05]))
    assert found == ["dedicated dimension (2 features on 1 vertex)"] + ["dedicated dimension"] * 49


@pytest.mark.parametrize("extra", [1, 2, 3])
def test_rows_across_a_basis_are_strays(extra, rng):
    W = np.vstack([AXES, rng.normal(size=(extra, 20)) / 20**0.5])
    geometry = gs.classify(W @ rotation(20, rng), orientation="rows")
    assert geometry.name.startswith("20 dedicated dimensions + ")
    assert geometry.hint is None
    assert [c.features[0] for c in geometry.components if c.name == STRAY] == list(range(20, 20 + extra))
    assert all(c.confidence == 0 and c.polytope is None for c in geometry.components if c.name == STRAY)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, pytest.param(4, marks=pytest.mark.slow), pytest.param(9, marks=pytest.mark.slow)])
def test_a_stray_does_not_tear_a_shape_that_is_not_full(seed):
    octagon, simplex = ngon(8)[:-1], gs.polytope("5-simplex").vertices
    rng = np.random.default_rng(seed)
    W = np.zeros((14, 7))
    W[:7, :2], W[7:13, 2:], W[13] = octagon, simplex, rng.normal(size=7) / 7**0.5
    noisy = W @ rotation(7, rng) + 0.01 * rng.normal(size=W.shape)
    assert names(noisy) == ["octagon with 1 vertex empty", "5-simplex", STRAY]


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_basis_with_extra_rows_is_never_a_simplex(data):
    m = data.draw(st.integers(2, 16))
    extra = data.draw(st.integers(1, 5))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    lengths = 10 ** rng.uniform(-2, 2, (extra, 1))
    found = gs.classify(np.vstack([np.eye(m), lengths * rng.normal(size=(extra, m))]), orientation="rows")
    basis = set(range(m))
    simplex = gs.polytope(f"{m}-simplex") if m > 2 else gs.polytope("triangle")
    assert not any(component.polytope == simplex and m > 2 for component in found.components)
    sure = [c for c in found.components if c.confidence >= 0.999 and c.polytope is not None]
    assert not any(len(basis & set(c.features)) > 2 for c in sure)


@pytest.mark.slow
@pytest.mark.parametrize("m", [50, 100])
def test_a_large_basis_with_five_extra_rows(m, rng):
    W = np.vstack([np.eye(m), rng.normal(size=(5, m))])
    assert gs.classify(W @ rotation(m, rng)).name == f"{m} dedicated dimensions + 5 stray features"


@pytest.mark.slow
def test_a_heap_of_weak_rows_is_cut_off_at_the_gap(rng):
    weak = 0.12 * (AXES[0] + 0.05 * rng.normal(size=(30, 20)))
    geometry = gs.classify(np.vstack([AXES[1:], -AXES[1:], weak]))
    assert geometry.name == "19-orthoplex (19 digons)"
    assert geometry.not_represented == tuple(range(38, 68))
    assert 0.12 < geometry.represented < 1
    assert f"shorter than {100 * geometry.represented:.2g} % of the longest row" in geometry.summary()
    kept = gs.classify(np.vstack([AXES[1:], -AXES[1:], weak]), represented=0.05)
    assert kept.components[0].name == "dedicated dimension (30 features on 1 vertex)"


def test_a_few_long_rows_do_not_hide_the_others(rng):
    W = np.vstack([np.eye(30), 100 * rng.normal(size=(2, 30))])
    assert gs.classify(W).name == "30 dedicated dimensions + 2 stray features"


def test_vertices_are_directions():
    assert names(np.repeat([[1, 0], [0.7, 0.7], [0, 1]], 5, 0)) == ["unnamed (15 features on 3 vertices, rank 2)"]


@pytest.mark.slow
def test_copies_and_opposites_are_listed(rng):
    U = rng.normal(size=(400, 64))
    U[1], U[3], U[7] = -U[0], U[2], 2 * U[2]
    geometry = gs.classify(U)
    assert (geometry.coincident, geometry.antipodal) == (((2, 3, 7),), ((0, 1),))
    assert "coincident: features 2, 3, 7" in str(geometry)
    assert "antipodal: features 0, 1" in geometry.summary()
    assert gs.classify(rng.normal(size=(300, 60))).coincident == ()


@pytest.mark.slow
def test_copies_are_those_of_the_whole_matrix(rng):
    W = rng.normal(size=(60, 5))
    W[40:50] = W[:10] * rng.uniform(0.5, 2, (10, 1))
    W[50:] = -W[20:30]
    cosines = np.corrcoef(np.hstack([W, -W]))  # any two rows of opposite mean zero: the cosine of the rows
    found = gs.classify(W, represented=0.0)
    same = nx.Graph([(i, j) for i in range(60) for j in range(i) if cosines[i, j] > np.cos(np.radians(1))])
    assert found.coincident == tuple(sorted(tuple(sorted(group)) for group in nx.connected_components(same)))
    assert found.antipodal == tuple((i, i + 30) for i in range(20, 30))


CORNERS = (np.sign(CUBE) + 1) / 2


def test_shapes_about_the_mean():
    assert names(CORNERS, center="mean") == ["cube"]
    assert names(CORNERS + 10, center=[10.5, 10.5, 10.5]) == ["cube"]
    assert gs.classify(CORNERS).hint == 'center="mean" names more: cube'
    assert 'hint: center="mean" names more: cube' in str(gs.classify(CORNERS + 10))
    week = np.c_[ngon(7), np.full(7, 0.8)]
    geometry = gs.classify(week, center="mean")
    assert (geometry.name, geometry.hint) == ("heptagon", None)
    np.testing.assert_allclose(geometry.center, [0, 0, 0.8], atol=1e-12)
    np.testing.assert_allclose(geometry.W, week - geometry.center)


LINES = {"icosahedron": 6, "6-demicube": 16, "3_21": 28, "birectified 5-simplex": 10, "cube": 4, "hexagon": 3}


@pytest.mark.slow
@pytest.mark.parametrize("name", LINES)
def test_lines_are_named_whatever_their_signs(name, rng):
    vertices = gs.polytope(name).vertices
    first = [i for i in range(len(vertices)) if not any(np.allclose(vertices[i], -vertices[j]) for j in range(i))]
    signs = rng.choice([-1, 1], (len(first), 1))
    W = rng.permutation(signs * vertices[first]) @ rotation(vertices.shape[1], rng)
    W = W + 0.002 * rng.normal(size=W.shape)
    (component,) = gs.classify(W, signs="free", orientation="rows").components
    assert component.name == f"{LINES[name]} diagonals of the {gs.polytope(name).name}"
    assert component.features == tuple(range(LINES[name]))
    assert component.confidence > 0.99
    assert 'signs="free" names more' in str(gs.classify(W, orientation="rows")) or name in ("cube", "hexagon")
    shape, order = component.polytope, list(component.isomorphism)
    np.testing.assert_allclose(abs(shape.gram[np.ix_(order, order)]), abs(W @ W.T), atol=0.05)


def test_lines_of_a_basis(rng):
    assert gs.classify(rotation(5, rng), signs="free", orientation="rows").name == "5 dedicated dimensions"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["icosahedron", "24-cell", "2_21", "cuboctahedron", "square antiprism", "4_21"])
def test_empty_vertices_are_listed(name, rng):
    shape = gs.polytope(name)
    gone = rng.choice(shape.n_vertices, 1 if shape.n_vertices < 10 else 2, replace=False)
    W = np.delete(shape.vertices, gone, axis=0)
    W = W @ rotation(shape.dimension, rng) + 0.01 * shape.shortest_chord * rng.normal(size=W.shape)
    (component,) = gs.classify(W).components
    assert component.polytope == shape
    assert len(component.empty) == len(gone)
    assert component.name == f"{name} with {len(gone)} {'vertex' if len(gone) == 1 else 'vertices'} empty"
    assert sorted({*component.isomorphism, *component.empty}) == list(range(shape.n_vertices))
    assert shape.gram[component.empty[0], component.empty[-1]] == pytest.approx(shape.gram[gone[0], gone[-1]])
    assert component.to_dict()["empty"] == list(component.empty)


def test_empty_vertices_and_shared_ones(rng):
    W = ICOSAHEDRON[[*range(2, 12), 5, 5]] + 0.003 * rng.normal(size=(12, 3))
    assert names(W) == ["icosahedron with 2 vertices empty (12 features on 10 vertices)"]


@pytest.mark.slow
def test_distorted_shapes_say_so(rng):
    W = gs.polytope("snub cube").vertices + 0.09 * rng.normal(size=(24, 3))
    geometry = gs.classify(W)
    (component,) = geometry.components
    assert component.variant == "distorted"
    assert geometry.name == "snub cube"
    assert geometry.summary().startswith("distorted snub cube: 24 features")
    assert component.confidence < 0.99


@pytest.mark.parametrize("name", ["J45", "J86", "J87", "triakis tetrahedron", "rhombic dodecahedron", "J91"])
def test_solids_have_their_own_names(name, rng):
    shape = gs.polytope(name)
    W = 3 * shape.points @ rotation(3, rng)
    (component,) = gs.classify(W[rng.permutation(len(W))]).components
    assert component.polytope == shape
    assert component.residual < 1e-6
    order = list(component.isomorphism)
    np.testing.assert_allclose(component.norms, 3 * shape.norms[order], rtol=1e-9)
    np.testing.assert_allclose(component.template, shape.vertices[order], atol=1e-12)


def test_norms_decide_between_solids_of_the_same_directions():
    tetrahedron = gs.polytope("tetrahedron").vertices
    assert names(np.vstack([tetrahedron, -0.6 * tetrahedron])) == ["triakis tetrahedron"]
    assert names(np.vstack([tetrahedron, -tetrahedron])) == ["cube"]
    # Both have the directions of an icosahedron's vertices and faces, as the Thomson minimum of 32 points has.
    for name in ("pentakis dodecahedron", "rhombic triacontahedron"):
        assert names(gs.polytope(name).points) == [name]
    assert names(gs.polytope("rhombic triacontahedron").vertices) == ["pentakis dodecahedron"]


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_every_solid_gets_its_own_name_or_none(noise, rng):
    """Names of solids with free parameters are those of J49 to J51 too."""
    capped = {"J49": "capped triangular prism", "J50": "bicapped triangular prism", "J51": "tricapped trigonal prism"}
    wrong = []
    for shape in solids():
        chord = min(
            np.linalg.norm(shape.points[i] - shape.points[:i], axis=1).min() for i in range(1, shape.n_vertices)
        )
        W = shape.points @ rotation(3, rng) + noise * chord * rng.normal(size=shape.points.shape)
        found = gs.classify(W, orientation="rows")
        own = {shape.name, shape.name.removeprefix("regular-faced "), *(capped.get(one) for one in shape.aliases)}
        if not any(name and name in found.name for name in own) and "unnamed" not in found.name:
            wrong.append((shape.name, found.name))
    assert wrong == []


def test_a_batch_counts_its_names(rng):
    batch = np.array([ngon(5) @ rotation(2, rng) for _ in range(3)] + [np.array([[1, 0], [-1, 0]] * 2 + [[0, 0]])])
    found = gs.classify(batch)
    assert isinstance(found, gs.Geometries)
    assert found.tally == {"pentagon": 3, "digon (4 features on 2 vertices)": 1}
    assert str(found) == "3 of 4: pentagon\n1 of 4: digon (4 features on 2 vertices)"
    assert (len(found), found[0].name, found[-1].name) == (4, "pentagon", "digon (4 features on 2 vertices)")
    assert isinstance(found[:2], gs.Geometries)
    assert repr(found[:2]) == "Geometries(2 × 'pentagon')"
    assert "<td>3</td><td>pentagon</td>" in found._repr_html_()
    assert [bar.get_width() for bar in found.plot().patches] == [3, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"represented": "gap"}, r'^`represented` must be "auto" or a number; got \'gap\''),
        ({"represented": float("nan")}, r"^`represented` must be "),
        ({"center": "middle"}, r'^`center` must be one of "origin", "mean"; got \'middle\''),
        ({"center": [0.0]}, r'^`center` must be "origin", "mean" or a point of 3 coordinates; got shape \(1,\)'),
        ({"center": [0.0, np.nan, 0.0]}, r"^`center` must be finite"),
        ({"signs": "any"}, r'^`signs` must be one of "fixed", "free"; got \'any\''),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        gs.classify(CUBE, **options)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(2, 5), (3, 30), (6, 60), (10, 100), (12, 768), (6, 2000)])
def test_random_rows_about_their_mean_are_no_simplex(n, m):
    """Their sum is 0 whatever they are, and in many dimensions they are nearly a simplex."""
    rng = np.random.default_rng(n)
    for _ in range(5):
        W = rng.normal(size=(n, m))
        geometry = gs.classify(W, orientation="rows", center="mean")
        assert all(component.confidence < 0.99 for component in geometry.components if component.polytope)


@pytest.mark.parametrize("m", [100, 768])
def test_a_simplex_about_its_mean_is_one_in_any_number_of_dimensions(m):
    rng = np.random.default_rng(m)
    simplex = np.linalg.svd(np.eye(8) - 1 / 8)[0][:, :7] + 0.003 * rng.normal(size=(8, 7))
    W = simplex @ np.linalg.qr(rng.normal(size=(m, 7)))[0].T + rng.normal(size=m)
    (component,) = gs.classify(W, orientation="rows", center="mean").components
    assert component.name == "7-simplex"
    assert component.confidence > 0.999


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(1, 3), (2, 50), (5, 200), (12, 768), (30, 600)])
def test_random_lines_are_no_dedicated_dimensions_for_sure(n, m):
    """Few random rows of many dimensions are nearly orthogonal, with either sign."""
    W = np.random.default_rng(m).normal(size=(n, m))
    assert max(one.confidence for one in gs.classify(W, orientation="rows", signs="free").components) < 0.9


@pytest.mark.parametrize("m", [12, 700])
def test_orthogonal_lines_are_dedicated_dimensions(m):
    W = np.random.default_rng(0).choice([-1.0, 1.0], size=(12, 1)) * np.eye(12, m)
    geometry = gs.classify(W + 1e-3 / m * np.sin(np.arange(m)), orientation="rows", signs="free")
    assert geometry.name == "12 dedicated dimensions"
    assert min(one.confidence for one in geometry.components) > 0.999


def test_a_hint_leads_to_a_name_that_is_certain():
    rng = np.random.default_rng(0)
    assert gs.classify(rng.normal(size=(10, 100)), orientation="rows").hint is None
    assert gs.classify(np.repeat([[1, 0], [0.7, 0.7], [0, 1]], 5, 0)).hint is None


CUBE = np.array([[a, b, c] for a in (1, -1) for b in (1, -1) for c in (1, -1)])


@pytest.mark.parametrize(
    ("lengths", "name"),
    [((1, 1, 0.5), "square cuboid"), ((1, 1, 1.05), "square cuboid"), ((1, 1, 1.5), "square cuboid"),
     ((1, 1.1, 1.21), "cuboid"), ((1, 1.3, 1.6), "cuboid"), ((1, 1, 1), "cube")],
)  # fmt: skip
def test_bricks_are_no_snub_disphenoids(lengths, name):
    assert gs.classify(CUBE * lengths, orientation="rows").name == name


@pytest.mark.slow
def test_a_noisy_cube_is_no_brick(rng):
    cube = gs.polytope("cube")
    for _ in range(20):
        W = cube.vertices + 0.03 * cube.shortest_chord * rng.normal(size=(8, 3))
        assert gs.classify(W, orientation="rows").name == "cube"


@pytest.mark.parametrize("name", ["cube", "square antiprism", "icosahedron", "rectified 5-cell"])
def test_a_rigid_shape_without_a_vertex_is_not_fitted_by_a_family(name):
    assert gs.classify(gs.polytope(name).vertices[1:], orientation="rows").name == f"{name} with 1 vertex empty"


@pytest.mark.slow
def test_a_cuboid_is_no_square_cuboid_if_that_is_clearly_worse():
    cuboid = np.array(list(product((-1.0, 1.0), repeat=3))) * [1.0, 1.3, 1.7]
    cuboid /= np.linalg.norm(cuboid, axis=1, keepdims=True)
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        W = cuboid @ rotation(3, rng) + 0.03 * rng.normal(size=(8, 3))
        found.append(gs.classify(W, orientation="rows").components[0])
    assert [one.name for one in found] == ["cuboid"] * 20
