"""Kernels against plain Python, finite differences and mpmath."""

import math

import mpmath
import numpy as np
import pytest

from geomsup.energy.kernels import descent, energies
from geomsup.energy.kernels.descent import descend, normalise, project, spacing
from geomsup.energy.kernels.draws import below, direction, normal, uniform
from geomsup.energy.kernels.energies import (
    COHERENCE,
    COULOMB,
    FRAME,
    LOG,
    RELU,
    RIESZ,
    SEPARATION,
    coulomb_3d,
    pair_energy,
)
from geomsup.energy.kernels.hopping import hop, relax
from geomsup.energy.max_min import largest_product, linear_program
from geomsup.energy.newton import gradient
from geomsup.energy.potentials import Potential
from tests.energy.reference import energy, random_rows, slopes

GO = np.zeros(1, dtype=np.int64)
CASES = [
    ("coulomb", COULOMB, None),
    ("riesz", RIESZ, 2.0),
    ("riesz", RIESZ, 5.0),
    ("riesz", RIESZ, 0.5),
    ("log", LOG, None),
    ("frame", FRAME, None),
    ("relu", RELU, None),
]


def evaluate(rows, kind, exponent):
    X = np.ascontiguousarray(rows.T)
    G, work = np.empty_like(X), np.empty((3, len(rows)))
    value = pair_energy(X, kind, exponent or 1.0, G, work)
    project(X, G, work[0])
    return value, G.T


@pytest.mark.parametrize(("n", "d"), [(2, 2), (5, 3), (8, 3), (9, 4)])
@pytest.mark.parametrize(("name", "kind", "exponent"), CASES)
def test_energies_and_slopes_are_those_of_plain_python(name, kind, exponent, n, d):
    rows = random_rows(n, d, seed=n)
    value, slope = evaluate(rows, kind, exponent)
    assert value == pytest.approx(energy(rows, name, exponent), rel=1e-12)
    expected = slopes(rows, name, exponent)
    assert slope == pytest.approx(expected, abs=2e-7 * max(1, np.abs(expected).max()))
    assert slope == pytest.approx(gradient(rows, Potential(name, exponent)), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("n", range(2, 14))
def test_coulomb_in_space_takes_every_pair_once(n):
    """Two rows go at a time: even and odd n end differently."""
    rows = random_rows(n, 3, seed=n)
    G = np.empty((3, n))
    assert coulomb_3d(np.ascontiguousarray(rows.T), G) == pytest.approx(energy(rows, "coulomb"), rel=1e-13)
    tangential = G.T - (G.T * rows).sum(axis=1, keepdims=True) * rows
    assert tangential == pytest.approx(gradient(rows, Potential("coulomb")), rel=1e-11, abs=1e-11)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("apart", np.arange(1.0, 5.0, 0.1))
def test_linear_programs_keep_their_promise(apart, sign):
    """Three points on a circle; the third may go either way as long as its product lies below the largest."""
    radius = 1e-3
    angles = sign * np.array([0.0, 1.4, 1.4 + np.arccos(np.cos(1.4) - apart * radius)])
    points, potential = np.stack([np.cos(angles), np.sin(angles)], axis=1), Potential("tammes")
    worst = largest_product(points, potential)
    moved, promised = linear_program(points, potential, worst, radius)
    assert promised > radius
    assert largest_product(moved, potential) == pytest.approx(worst - promised, abs=4 * radius**2)


def test_coulomb_digits_are_those_of_mpmath():
    rows = random_rows(20, 3)
    with mpmath.workdps(40):
        exact = mpmath.fsum(
            1 / mpmath.sqrt(mpmath.fsum((mpmath.mpf(a) - mpmath.mpf(b)) ** 2 for a, b in zip(x, y, strict=True)))
            for k, x in enumerate(rows.tolist())
            for y in rows[:k].tolist()
        )
    assert evaluate(rows, COULOMB, None)[0] == pytest.approx(float(exact), rel=1e-15)
    assert Potential("coulomb").energy(rows) == pytest.approx(float(exact), rel=1e-15)


@pytest.mark.parametrize(("kind", "extreme"), [(SEPARATION, "r2"), (COHERENCE, "t2")])
def test_smoothed_maxima_tend_to_maxima(kind, extreme):
    rows = random_rows(12, 3)
    t = (rows @ rows.T)[np.triu_indices(12, 1)]
    exact = -math.log((2 - 2 * t).min()) if extreme == "r2" else math.log((t**2).max())
    for exponent, near in ((10.0, 1.0), (1e4, 1e-3), (1e6, 1e-5)):
        value, _ = evaluate(rows, kind, exponent)
        assert exact - 1e-12 <= value <= exact + near
    value, slope = evaluate(rows, kind, 5.0)
    along = np.random.default_rng(1).standard_normal(rows.shape)
    ends = []
    for sign in (1, -1):
        moved = rows + sign * 1e-6 * along
        ends.append(evaluate(moved / np.linalg.norm(moved, axis=1, keepdims=True), kind, 5.0)[0])
    assert (slope * along).sum() == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)


@pytest.mark.parametrize(("name", "kind"), [("frame", FRAME), ("relu", RELU)])
def test_coincident_points_are_finite_where_the_potential_allows(name, kind):
    rows = np.repeat(random_rows(3, 3), 2, axis=0)
    value, slope = evaluate(rows, kind, None)
    assert value == pytest.approx(energy(rows, name), rel=1e-12)
    assert np.isfinite(slope).all()


@pytest.mark.parametrize(("n", "d"), [(4, 2), (4, 3), (5, 3), (6, 4)])
@pytest.mark.parametrize(("name", "kind", "exponent"), CASES)
def test_kernels_stay_within_their_arrays(name, kind, exponent, n, d, interpreted):
    """As plain Python, which looks at every index, a descent goes down to where forces balance."""
    interpreted(descent, energies)
    rows = random_rows(n, d, seed=n)
    X = np.ascontiguousarray(rows.T)
    value, rms, _ = descent.descend(X, kind, exponent or 1.0, 0.0, 1e-6, 300, GO)
    assert value == pytest.approx(energy(X.T, name, exponent), rel=1e-12, abs=1e-15)
    assert value < energy(rows, name, exponent)
    assert np.sqrt((gradient(X.T, Potential(name, exponent)) ** 2).mean()) == pytest.approx(rms, abs=1e-12)


def test_descents_end_where_forces_balance_and_stay_on_the_sphere():
    X = np.ascontiguousarray(random_rows(12, 3).T)
    value, rms, used = descend(X, COULOMB, 1.0, 0.0, 1e-11, 1000, GO)
    assert value == pytest.approx(49.16525305762853, rel=1e-12)
    assert rms < 1e-9
    assert used < 200
    assert np.linalg.norm(X, axis=0) == pytest.approx(np.ones(12), rel=1e-14)


def test_steps_are_at_most_half_the_distance_of_neighbours():
    """The first is a tenth of it; each ends a little shorter than it set out, on the sphere."""
    n = 200
    start = random_rows(n, 3, seed=1).T  # whose longest steps are limited
    ends = [start]
    for evaluations in range(2, 40):
        ends.append(start.copy())
        descend(ends[-1], COULOMB, 1.0, 0.0, 1e-11, evaluations, GO)
    moves = np.linalg.norm(np.diff(ends, axis=0), axis=1).max(axis=1) / math.sqrt(4 * math.pi / n)
    assert moves[0] == pytest.approx(0.1, rel=0.01)
    assert 0.4 < moves.max() <= 0.5


def test_neighbours_are_as_far_apart_as_the_sphere_has_room():
    """Those of n squares in space; roughly (area / n)^(1 / (d - 1)) in other dimensions, with just that power of n."""
    for n in (7, 56):
        assert n * spacing(3, n) ** 2 == pytest.approx(4 * math.pi)
        assert spacing(2, n) == pytest.approx(2 * math.pi / n, rel=0.7)
        assert spacing(4, n) == pytest.approx((2 * math.pi**2 / n) ** (1 / 3), rel=0.3)
    assert spacing(2, 7) / spacing(2, 56) == pytest.approx(8)
    assert spacing(4, 7) / spacing(4, 56) == pytest.approx(2)


def test_a_stopped_descent_returns_at_once():
    X = np.ascontiguousarray(random_rows(50, 3).T)
    assert descend(X, COULOMB, 1.0, 0.0, 0.0, 1000, np.ones(1, dtype=np.int64))[2] == 1


def test_normalise_divides_by_lengths():
    X = np.array([[3.0, 0.0], [4.0, 2.0]])
    normalise(X)
    assert pytest.approx(np.array([[0.6, 0.0], [0.8, 1.0]])) == X


def test_hops_never_end_higher_than_they_began():
    for seed in range(4):
        X = np.ascontiguousarray(random_rows(30, 3, seed).T)
        state = np.array([seed], dtype=np.uint64)
        start = relax(X, False, state, COULOMB, 1.0, 1e-9, GO)
        end = hop(X, start, 5, state, COULOMB, 1.0, 1e-9, -np.inf, GO)
        assert end <= start
        assert end == pytest.approx(energy(X.T, "coulomb"), rel=1e-12)


def test_random_numbers_are_those_of_splitmix64():
    """First words from the seed 1234567, published with the reference implementation."""
    state = np.array([1234567], dtype=np.uint64)
    for word in (6457827717110365317, 3203168211198807973, 9817491932198370423):
        assert uniform(state) == (word >> 11) * 2.0**-53


def test_random_numbers_are_spread_as_they_should():
    state = np.array([1], dtype=np.uint64)
    normals = np.array([normal(state) for _ in range(4000)])
    assert abs(normals.mean()) < 0.06
    assert abs(normals.std() - 1) < 0.04
    assert sorted({below(state, 5) for _ in range(200)}) == [0, 1, 2, 3, 4]
    assert np.linalg.norm(direction(state, 6)) == pytest.approx(1)
