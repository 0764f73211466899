"""Codes against 30 digits and the literature; dead features; stability against random steps."""

import mpmath
import numpy as np
import pytest

from geomsup import Polytope, polytope
from geomsup.one_hot import one_hot_features, one_hot_loss, one_hot_polygons, one_hot_state, one_hot_states
from tests.one_hot.truth import PUBLISHED, terms_of_the_paper

GOLDEN = (1 + 5**0.5) / 2

# Where the search for 30 digits starts: norm and bias to two digits.
STARTS = {5: (1.17, -0.28), 6: (1.32, -0.62), 7: (1.45, -0.97), 8: (1.55, -1.29), 9: (1.62, -1.54), 10: (1.62, -1.62)}

CODES = [*range(2, 25), "cube", "icosahedron", "cuboctahedron", "dodecahedron", "16-cell", "30-gon", "101-gon"]


def polygon_potential(k, s, b):
    """H of a k-gon with squared norm s: k times that of one vertex, with cosines of 30 digits."""
    cosines = [mpmath.cos(2 * mpmath.pi * j / k) for j in range(1, k)]
    return k * (terms_of_the_paper(s, b, True) + sum(terms_of_the_paper(s * g, b, False) for g in cosines))


@pytest.mark.slow
@pytest.mark.parametrize("k", STARTS)
def test_polygons_to_30_digits(k):
    with mpmath.workdps(40):

        def forces(s, b):
            return [mpmath.diff(lambda *v: polygon_potential(k, *v), (s, b), n) for n in ((1, 0), (0, 1))]

        norm, bias = STARTS[k]
        s, b = mpmath.findroot(forces, (norm**2, bias), tol=1e-50)
        norm, h = float(mpmath.sqrt(s)), float(polygon_potential(k, s, b))
        b = float(b)
    state = one_hot_state(k)
    assert state.norm == pytest.approx(norm, rel=1e-14)
    assert state.bias == pytest.approx(b, rel=2e-14)
    assert state.potential == pytest.approx(h, rel=1e-13)
    assert state.loss == pytest.approx(h / (3 * k), rel=1e-13)
    if k in PUBLISHED:
        assert (state.norm, state.bias) == pytest.approx(PUBLISHED[k][:2], abs=6e-11)
        assert state.potential == pytest.approx(PUBLISHED[k][2], abs=6e-9)


def test_the_decagon_is_golden():
    """With τ = 1/φ: norm φ, bias -φ and potential 5, by φ² = φ + 1 in the closed form."""
    state = one_hot_state(10)
    assert (state.norm, state.bias, state.potential) == pytest.approx((GOLDEN, -GOLDEN, 5), rel=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [2, 3, 4, "tetrahedron", "5-cell", "octahedron", "7-simplex"])
def test_shapes_without_acute_angles_are_perfect(shape):
    state = one_hot_state(shape)
    assert (state.norm, state.bias, state.potential, state.loss) == (1, 0, 0, 0)
    assert state.kind == ("minimum" if shape == 2 else "flat minimum")


@pytest.mark.parametrize("dead", [0, 1, 4])
@pytest.mark.parametrize("shape", CODES)
def test_nothing_is_left_of_the_gradient(shape, dead):
    for state in one_hot_states(shape, dead, silent=dead // 2):
        result = one_hot_loss(state.model.W, state.model.b)
        assert result.value == pytest.approx(state.loss, rel=1e-13, abs=1e-16)
        assert result.potential == pytest.approx(state.potential, rel=1e-13, abs=1e-15)
        assert np.abs(result.grad_W).max() < 1e-14
        assert np.abs(result.grad_b).max() < 1e-14


@pytest.mark.parametrize("dead", [1, 3])
def test_what_dead_features_cost(dead):
    alive, c = one_hot_state(5), 5 + dead
    best, silent = one_hot_state(5, dead), one_hot_state(5, dead, silent=dead)
    assert best.potential == pytest.approx(alive.potential + dead * (1 - 3 / (4 * c)), rel=1e-14)
    assert silent.potential == pytest.approx(alive.potential + dead, rel=1e-14)
    assert (best.norm, best.bias) == (alive.norm, alive.bias)  # biases are negative: dead features are not heard
    assert best.dead_bias == 1 / (2 * c)
    for change in (0.01, -0.01):
        b = best.model.b + change * (np.arange(c) >= 5)
        assert one_hot_loss(best.model.W, b).value > best.loss


def test_names_and_places_of_dead_features():
    state = one_hot_state(5, 3, silent=1)
    assert state.name == "pentagon ++-"
    assert state.model.b.tolist() == pytest.approx([state.bias] * 5 + [1 / 16, 1 / 16, -1 / 16])
    assert np.linalg.norm(state.model.W, axis=1).tolist() == pytest.approx([state.norm] * 5 + [0] * 3)
    assert one_hot_state(5, 9, silent=5).name == "pentagon 4+5-"
    assert one_hot_state(6).name == "hexagon"


def lowest_around(state, size, rng, tries=300):
    """Lowest loss of models at random nearby, minus that of the state."""
    W, b = state.model.W, state.model.b
    steps = (size * rng.normal(size=(W.size + b.size,)) for _ in range(tries))
    return min(one_hot_loss(W + v[: W.size].reshape(W.shape), b + v[W.size :]).value for v in steps) - state.loss


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "dead", "silent", "kind", "index", "flat"),
    [
        (2, 0, 0, "minimum", 0, 0),
        *((k, 0, 0, "minimum", 0, 1) for k in range(5, 10)),
        *((k, 0, 0, "saddle", index, 1) for k, index in [(10, 2), (11, 8), (12, 1), (13, 2), (14, 3)]),
        (5, 1, 0, "minimum", 0, 1),
        (5, 1, 1, "flat minimum", 0, 4),
        (5, 2, 2, "flat minimum", 0, 7),
        (5, 2, 1, "saddle", 2, 2),  # a + feature gains by listening to a silent one
        (7, 3, 0, "minimum", 0, 1),
        ("cube", 0, 0, "saddle", 2, 3),
        ("icosahedron", 0, 0, "minimum", 0, 3),
        ("cuboctahedron", 0, 0, "saddle", 1, 3),
    ],
)
def test_stability(shape, dead, silent, kind, index, flat, rng):
    state = one_hot_state(shape, dead, silent=silent)
    assert (state.kind, state.index, state.n_flat) == (kind, index, flat)
    assert state.n_symmetries == (state.shape.dimension * (state.shape.dimension - 1)) // 2
    if kind == "saddle":
        W, b = state.model.W, state.model.b
        down = np.linalg.eigh(state.curvature.matrix)[1][:, 0]
        sides = [
            one_hot_loss(W + h * down[: W.size].reshape(W.shape), b + h * down[W.size :]).value for h in (0.02, -0.02)
        ]
        assert min(sides) < state.loss - 1e-8
    else:
        assert lowest_around(state, 1e-3, rng) > -1e-15


def test_states_at_bias_zero_are_not_called_more_than_they_are():
    assert one_hot_state(4, 1).kind == "undecided"  # dead features are heard on one side only
    assert one_hot_state(4).kind == "flat minimum"


def test_large_models_have_no_stability():
    state = one_hot_state("134-gon")  # 3 · 134 parameters
    assert (state.kind, state.index, state.n_flat, state.n_symmetries) == ("not computed", None, None, None)
    assert str(one_hot_polygons([134])).splitlines()[1].split()[-4:] == ["computed", "-", "-", "-"]


def test_shapes_come_as_polytopes_names_and_numbers():
    states = [one_hot_state(shape) for shape in (polytope("pentagon"), "pentagon", "{5}", 5, np.int64(5))]
    assert {state.potential for state in states} == {states[0].potential}
    assert str(states[0]) == ("pentagon: norm 1.1704596391, bias -0.2822972831, potential 0.23738441, loss 0.01582563")


EQUATOR = [[1, 0, 0], [-0.5, 0.75**0.5, 0], [-0.5, -(0.75**0.5), 0]]
BIPYRAMID = Polytope("bipyramid", [*EQUATOR, [0, 0, 1], [0, 0, -1]], "", (5, 9, 6), 12)  # at rest, but unlike
UNLIKE = Polytope("kite", [[1, 0], [0, 1], [-1, 0], [0.6, 0.8]], "", (4, 4), 1)


@pytest.mark.parametrize(
    ("function", "arguments", "options", "error", "message"),
    [
        (one_hot_state, (1,), {}, ValueError, r"^`shape` must be at least 2; got 1\. Pass"),
        (
            one_hot_state,
            (5.0,),
            {},
            TypeError,
            r"^`shape` must be a Polytope, a name, .*; got 5\.0 \(float\)\. Pass 5 or",
        ),
        (one_hot_state, (True,), {}, TypeError, r"^`shape` must be a Polytope, .*; got True \(bool\)"),
        (one_hot_state, ("pentagram",), {}, ValueError, r"^`shape` must be a known shape; got 'pentagram'"),
        (
            one_hot_state,
            (UNLIKE,),
            {},
            ValueError,
            r"^`shape` must have vertices that all see .* got kite, critical for no",
        ),
        (
            one_hot_states,
            ("square antiprism",),
            {},
            ValueError,
            r"^`shape` must .* holds in place; got square antiprism, ",
        ),
        (one_hot_state, (BIPYRAMID,), {}, ValueError, r"^`shape` must have vertices that all see the same angles"),
        (one_hot_state, (5, -1), {}, ValueError, r"^`dead` must be at least 0; got -1\. Pass"),
        (one_hot_state, (5, 1), {"silent": 2}, ValueError, r"^`silent` must be at most `dead` \(1\); got 2\. Silent"),
        (one_hot_features, (1,), {}, ValueError, r"^`n` must be at least 2; got 1\. Pass"),
    ],
)
def test_bad_input_is_named(function, arguments, options, error, message):
    with pytest.raises(error, match=message):
        function(*arguments, **options)
