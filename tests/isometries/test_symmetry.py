"""The public function: point groups of known solids, rows that coincide, planes and lines, messages."""

import json

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import geomsup as gs


def ring(k, z, turn=0.0):
    angles = 2 * np.pi * np.arange(k) / k + turn
    return np.stack([np.cos(angles), np.sin(angles), np.full(k, z)], axis=1)


def improper(x, y, z):
    """Images of a point under quarter turns with reflection."""
    return np.array([[x, y, z], [-y, x, -z], [-x, -y, z], [y, -x, -z]])


# Textbook point groups (Cotton, "Chemical Applications of Group Theory", chapter 3).
SOLIDS = {
    "tetrahedron": "Td",
    "cube": "Oh",
    "octahedron": "Oh",
    "icosahedron": "Ih",
    "dodecahedron": "Ih",
    "cuboctahedron": "Oh",
    "truncated tetrahedron": "Td",
    "snub cube": "O",
    "snub dodecahedron": "I",
    "triangular prism": "D3h",
    "pentagonal prism": "D5h",
    "hexagonal prism": "D6h",
    "square antiprism": "D4d",
    "pentagonal antiprism": "D5d",
    "J27": "D3h",
    "J34": "D5h",
    "J37": "D4d",
    "capped octahedron": "C3v",
    "tricapped trigonal prism": "D3h",
    "gyroelongated square bipyramid": "D4d",
    "edge-contracted icosahedron": "C2v",
}


@pytest.mark.parametrize("name", SOLIDS)
def test_point_groups_of_solids(name):
    found = gs.symmetry(gs.polytope(name).vertices)
    assert found.schoenflies == SOLIDS[name]
    assert found.order == gs.polytope(name).symmetry_order


@pytest.mark.parametrize(
    ("points", "symbol", "order"),
    [
        ([[1, 2, 3], [-1, -2, -3], [3, -1, 0.5], [-3, 1, -0.5], [0.2, 1, 1], [-0.2, -1, -1]], "Ci", 2),
        ([[1, 2, 0], [3, -1, 0], [0, 1, 2], [0, 1, -2], [0.4, -2, 0]], "Cs", 2),
        (np.concatenate([ring(3, 0.2), 1.3 * ring(3, -0.7, 0.4)]), "C3", 3),
        (np.concatenate([ring(4, 0.2), 1.3 * ring(4, -0.7)]), "C4v", 8),
        (np.concatenate([ring(3, 0.6), ring(3, -0.6), 1.2 * ring(3, 0.0, 0.4)]), "C3h", 6),
        (np.concatenate([ring(3, 0.6), ring(3, -0.6, 0.5)]), "D3", 6),
        (np.concatenate([ring(2, 0.6), ring(2, -0.6, np.pi / 2)]), "D2d", 8),
        (np.concatenate([1.5 * ring(2, 0.6), ring(2, -0.4, 0.7)]), "C2", 2),
        (np.concatenate([improper(1, 0.4, 0.7), improper(0.3, -1.2, 0.5)]), "S4", 4),
        (np.eye(3) * [1, 2, 3], "C1", 1),
        (np.concatenate([np.diag([1, 2, 3]), -np.diag([1, 2, 3])]), "D2h", 8),
    ],
)  # fmt: skip
def test_small_groups(points, symbol, order):
    found = gs.symmetry(np.asarray(points, float))
    assert (found.schoenflies, found.order) == (symbol, order)


def test_pyritohedral_and_chiral_tetrahedral():
    cyclic = [np.roll(np.eye(3), k, axis=1) for k in range(3)]
    signs = [np.diag(s) for s in np.array(np.meshgrid([1, -1], [1, -1], [1, -1])).T.reshape(-1, 3)]
    flips = [s for s in signs if np.linalg.det(s) > 0]
    start = np.array([1.0, 0.3, 0.0])
    assert gs.symmetry(np.unique([start @ c @ s for c in cyclic for s in signs], axis=0)).schoenflies == "Th"
    start = np.array([1.0, 0.3, 0.6])
    assert gs.symmetry([start @ c @ s for c in cyclic for s in flips]).schoenflies == "T"


@pytest.mark.parametrize(
    ("points", "symbol", "order"),
    [([[0, 0, 1], [0, 0, -1]], "D∞h", 2), ([[0, 0, 1]], "C∞v", 1), (ring(3, 0), "D3h", 6), (ring(5, 0), "D5h", 10)],
)
def test_points_in_a_plane_or_on_a_line(points, symbol, order):
    found = gs.symmetry(points)
    assert (found.schoenflies, found.order) == (symbol, order)


@pytest.mark.slow
def test_a_group_too_large_to_write_out_has_no_name():
    found = gs.symmetry(ring(2600, 0.0))
    assert (found.order, found.schoenflies, found.vertex_transitive) == (5200, None, True)


def test_rows_that_coincide_are_one_point():
    found = gs.symmetry([[1, 0], [1, 0], [-1, 0], [0, 2], [0, -2]])
    assert found.order == 4
    assert found.orbits == ((0, 1, 2), (3, 4))
    assert found.generators.shape[1] == 5


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 100), padding=st.integers(0, 3))
def test_rotation_permutation_scale_and_padding_change_nothing(seed, scale, padding):
    rng = np.random.default_rng(seed)
    shape = gs.polytope(["tricapped trigonal prism", "24-cell", "J27", "hexagon"][seed % 4])
    d = shape.dimension + padding
    points = np.zeros((shape.n_vertices, d))
    points[:, : shape.dimension] = shape.vertices
    order = rng.permutation(len(points))
    moved = scale * points[order] @ np.linalg.qr(rng.normal(size=(d, d)))[0]
    found = gs.symmetry(moved)
    assert found.order == shape.symmetry_order
    assert found.rank == shape.dimension
    assert sorted(map(len, found.orbits)) == sorted(map(len, shape.orbits))


def test_repr_and_json():
    found = gs.symmetry(gs.polytope("tricapped trigonal prism").vertices)
    assert repr(found) == "Symmetry(D3h, order 12: orbits of 6, 3 points)"
    assert not found.vertex_transitive
    assert json.loads(json.dumps(found.to_dict()))["order"] == 12
    assert gs.symmetry(gs.polytope("24-cell").vertices).vertex_transitive


@pytest.mark.parametrize(
    ("points", "options", "message"),
    [
        (np.zeros((3, 2)), {}, "`points` must not all be 0"),
        (np.ones((2, 3, 4)), {}, r"`points` must have the shape \(n, d\); got shape \(2, 3, 4\)"),
        (np.eye(2), {"tolerance": 0}, "`tolerance` must be positive and finite; got 0"),
        (np.eye(2), {"tolerance": 0.6}, "`tolerance` must be less than half of the largest norm, 0.5; got 0.6"),
        ([[1.0, np.nan]], {}, "must be finite"),
    ],
)
def test_messages(points, options, message):
    with pytest.raises(ValueError, match=message):
        gs.symmetry(points, **options)


def test_the_callers_array_stays():
    points = np.array(gs.polytope("cube").vertices)
    before = points.copy()
    gs.symmetry(points)
    assert (points == before).all()


@pytest.mark.parametrize("decimals", [5, 4, 3])
def test_coordinates_of_few_decimals_get_a_hint(decimals):
    found = gs.symmetry(gs.polytope("icosahedron").vertices.round(decimals))
    assert found.order < 120
    assert found.hint == f"tolerance={10.0**-decimals:.2g} gives Ih, order 120"
    assert found.hint in repr(found)
    wider = gs.symmetry(gs.polytope("icosahedron").vertices.round(decimals), tolerance=10.0**-decimals)
    assert (wider.schoenflies, wider.hint) == ("Ih", None)


def test_hints_are_in_the_units_of_the_points():
    found = gs.symmetry(1000 * gs.polytope("icosahedron").vertices.round(5))
    assert found.hint == "tolerance=0.01 gives Ih, order 120"


def test_no_hint_where_nothing_is_gained(rng):
    assert gs.symmetry(gs.polytope("square pyramid").vertices).hint is None
    assert gs.symmetry(rng.normal(size=(30, 3))).hint is None


def test_many_orbits_are_counted(rng):
    assert repr(gs.symmetry(rng.normal(size=(30, 3)))) == "Symmetry(C1, order 1: 30 orbits of 1 point)"


@pytest.mark.parametrize("noise", [2e-3, 1e-2])
def test_rows_of_a_trained_pentagon_get_a_hint(noise):
    turns = 2 * np.pi * np.arange(5) / 5
    points = np.stack([np.cos(turns), np.sin(turns)], 1) + noise * np.random.default_rng(0).normal(size=(5, 2)) / 2
    found = gs.symmetry(points)
    assert found.order < 10
    assert found.hint is not None
    assert found.hint.endswith("order 10")
