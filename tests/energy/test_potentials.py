"""Energies of given points: closed forms, invariances, errors."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import geomsup as gs
from geomsup.energy.newton import curvature, polish
from tests.energy.reference import energy, random_rows

PENTAGON = [[np.cos(a), np.sin(a)] for a in 2 * np.pi * np.arange(5) / 5]


@pytest.mark.parametrize(
    ("shape", "name", "exact"),
    [
        ("tetrahedron", "coulomb", 6 / (8 / 3) ** 0.5),
        ("octahedron", "coulomb", 12 / 2**0.5 + 3 / 2),
        ("icosahedron", "coulomb", 49.16525305762853),
        ("tetrahedron", ("riesz", 2), 6 * 3 / 8),
        ("octahedron", ("riesz", 2), 6.75),
        ("icosahedron", ("riesz", 2), 39.0),
        ("octahedron", "log", -12 * np.log(2) / 2 - 3 * np.log(2)),
        ("octahedron", "frame", 12.0),
        ("icosahedron", "tammes", 5**-0.5),
        ("icosahedron", "coherence", 1.0),
        ("octahedron", "relu", 0.0),
        (PENTAGON, "relu", 5 * (3 - 5**0.5) / 4),
    ],
)
def test_energies_in_closed_form(shape, name, exact):
    points = gs.polytope(shape).vertices if isinstance(shape, str) else shape
    potential = gs.Potential(*name) if isinstance(name, tuple) else gs.Potential(name)
    assert potential.energy(points) == pytest.approx(exact, rel=1e-12, abs=1e-14)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coulomb", "log", "tammes", "frame", "coherence", "relu"])
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 9), d=st.integers(2, 5))
def test_rotation_and_permutation_change_nothing(name, seed, n, d):
    rng = np.random.default_rng(seed)
    rows = random_rows(n, d, seed)
    turned = rows[rng.permutation(n)] @ np.linalg.qr(rng.standard_normal((d, d)))[0]
    potential = gs.Potential(name)
    assert potential.energy(turned) == pytest.approx(potential.energy(rows), rel=1e-9, abs=1e-12)


def test_a_function_of_ones_own_is_summed_over_unordered_pairs():
    mine = gs.Potential("custom", None, lambda t: t**4, lambda t: 4 * t**3)
    rows = random_rows(6, 3)
    t = (rows @ rows.T)[np.triu_indices(6, 1)]
    assert mine.energy(rows) == pytest.approx((t**4).sum())


def test_coincident_points_cost_infinity_or_what_the_sum_says():
    pair = [[1.0, 0.0], [1.0, 0.0]]
    assert gs.Potential("coulomb").energy(pair) == np.inf
    assert gs.Potential("log").energy(pair) == np.inf
    assert gs.Potential("relu").energy(pair) == energy(np.array(pair), "relu") == 2.0


def test_saddles_are_told_from_minima():
    cube = gs.polytope("cube").vertices  # turned halves gain: an antiprism
    assert curvature(cube, gs.Potential("coulomb")).index > 0
    found = curvature(gs.polytope("octahedron").vertices, gs.Potential("coulomb"))
    assert (found.index, found.zero_modes) == (0, 0)
    tight = gs.minimize_energy(5, 3, "frame", starts=1)
    assert tight.index == 0
    assert tight.zero_modes > 0
    assert tight.is_minimum is None  # a continuum of tight frames


def directions(degrees):
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def test_relu_contacts_count_with_both_second_derivatives():
    # relu(t)² has second derivatives 0 and 2 where points are at right angles. Two such points: to move apart is free.
    relu = gs.Potential("relu")
    found = curvature(directions([0, 90]), relu)
    assert (found.index, found.zero_modes) == (0, 1)
    # Nothing overlaps in an octahedron: 12 directions less 3 rotations are flat, however it lies.
    octahedron = gs.polytope("octahedron").vertices @ np.linalg.qr(random_rows(3, 3))[0]
    assert (curvature(octahedron, relu).index, curvature(octahedron, relu).zero_modes) == (0, 9)
    # A square of doubled points: x² for every pair in contact, -(x - y)² for the two that coincide. With all contacts
    # nothing is negative, with none the doubles part.
    assert curvature(directions([0, 0, 90, 90, 180, 180, 270, 270]), relu) is None
    # A square with one point tripled: -3 Σx² for the three (Σx = 0) outweighs their contacts' 2 Σx².
    assert curvature(directions([0, 0, 0, 90, 180, 270]), relu).index == 2


def test_polishing_is_newtons():
    rough = gs.polytope("icosahedron").vertices + 1e-3 * random_rows(12, 3)
    points, rms = polish(rough / np.linalg.norm(rough, axis=1, keepdims=True), gs.Potential("coulomb"))
    assert rms < 1e-14
    assert gs.Potential("coulomb").energy(points) == pytest.approx(49.16525305762853, rel=1e-14)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gs.Potential("coulom"), ValueError, "`energy` must be one of .*got 'coulom'"),
        (lambda: gs.Potential("riesz"), ValueError, "`exponent` is that of"),
        (lambda: gs.Potential("coulomb", 2), ValueError, "`exponent` is that of"),
        (lambda: gs.Potential("riesz", -1), ValueError, "`exponent` must be positive"),
        (lambda: gs.Potential("custom"), TypeError, "`function` must be callable"),
        (lambda: gs.Potential("coulomb").energy([[2.0, 0.0], [1.0, 0.0]]), ValueError, "row 0 has length 2"),
        (lambda: gs.Potential("coulomb").energy([1.0, 2.0]), ValueError, r"`points` must be \(n, d\)"),
        (lambda: gs.Potential("coulomb").energy([[1.0, 0.0]]), ValueError, "must be at least 2"),
        (lambda: gs.Potential("tammes").terms(np.zeros(1), np.zeros(1)), ValueError, "is a maximum"),
    ],
)
def test_errors_say_what_to_do(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_callers_arrays_are_left_alone(read_only):
    rows = read_only(random_rows(5, 3))
    before = rows.copy()
    for name in ("coulomb", "tammes", "relu"):
        assert np.isfinite(gs.Potential(name).energy(rows))
    assert np.array_equal(rows, before)
