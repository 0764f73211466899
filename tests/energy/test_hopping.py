"""Moves between minima: what they keep, what they move, and by how much."""

import math

import numpy as np
import pytest

from geomsup.energy.kernels.energies import COULOMB, SEPARATION
from geomsup.energy.kernels.hopping import _crowding, _jiggle, _move, _refill, _scramble, _twist, anneal, relax
from tests.energy.reference import energy, random_rows

GO = np.zeros(1, dtype=np.int64)
SEEDS = range(12)


def moved_by(move, rows, seed):
    """Return where a move takes rows, and which it moves."""
    X = np.ascontiguousarray(rows.T)
    move(X, np.array([seed], dtype=np.uint64))
    return X.T, (np.abs(X.T - rows) > 1e-12).any(axis=1)


def cosines(rows):
    return rows @ rows.T


@pytest.mark.slow
@pytest.mark.parametrize("d", [3, 5])
def test_twists_turn_caps_as_they_are(d):
    """Distances within the cap and within the rest stay; in space it turns about the axis of the plane that ends it."""
    rows, sizes = random_rows(60, d, seed=d), []
    for seed in SEEDS:
        turned, cap = moved_by(_twist, rows, seed)
        sizes.append(cap.sum())
        assert np.linalg.norm(turned, axis=1) == pytest.approx(np.ones(60), abs=1e-12)
        for part in (cap, ~cap):
            assert cosines(turned[part]) == pytest.approx(cosines(rows[part]), abs=1e-12)
        if d == 3 and cap.any():
            # What a rotation does not move is its axis: the cap lies on one side of a plane across it.
            turn = np.linalg.lstsq(rows[cap], turned[cap], rcond=None)[0]
            if np.linalg.matrix_rank(rows[cap], tol=1e-6) == 3:
                assert np.linalg.det(turn) == pytest.approx(1, abs=1e-9)
                heights = rows @ np.linalg.svd(turn.T - np.eye(3))[2][-1]
                inside, outside = heights[cap], heights[~cap]
                assert inside.min() > outside.max() or inside.max() < outside.min()
    assert min(sizes) < 15 < 25 < max(sizes)  # caps from a height of -0.2 up


def test_scrambles_move_a_small_cap_by_about_a_spacing():
    rows, spacing = random_rows(500, 3, seed=1), math.sqrt(4 * math.pi / 500)
    widths, moves = [], []
    for seed in SEEDS:
        moved, cap = moved_by(lambda X, state: _scramble(X, spacing, state), rows, seed)
        assert np.linalg.norm(moved, axis=1) == pytest.approx(np.ones(500), abs=1e-12)
        widths.append(np.arccos(np.clip(cosines(rows[cap]), -1, 1)).max() / spacing)
        moves += list(np.linalg.norm(moved - rows, axis=1)[cap] / spacing)
    assert max(widths) <= 5  # twice the largest radius, 2.5
    assert max(widths) > 3
    # A normal number of 0.6 spacings along each of two tangents, and a little less where lengths go back to 1.
    assert np.sqrt(np.square(moves).mean()) == pytest.approx(0.6 * math.sqrt(2), rel=0.15)


def test_jiggles_are_normal_and_stay_on_the_sphere():
    rows = random_rows(4000, 3)
    moved, all_of_them = moved_by(lambda X, state: _jiggle(X, 1e-3, state), rows, 3)
    assert all_of_them.all()
    assert np.linalg.norm(moved, axis=1) == pytest.approx(np.ones(4000), abs=1e-12)
    assert np.sqrt(((moved - rows) ** 2).sum(axis=1).mean()) == pytest.approx(1e-3 * math.sqrt(2), rel=0.05)


def test_crowding_is_the_sum_of_inverse_squares():
    rows = random_rows(9, 4)
    place = random_rows(1, 4, seed=7)[0]
    others = np.delete(rows, 2, axis=0)
    assert _crowding(np.ascontiguousarray(rows.T), place, 2) == pytest.approx(
        (1 / ((others - place) ** 2).sum(axis=1)).sum(), rel=1e-12
    )


def test_refills_take_one_to_three_crowded_points_into_holes():
    rows = random_rows(60, 3, seed=2)

    def crowding(points, i):
        others = np.delete(points, i, axis=0)
        return (1 / ((others - points[i]) ** 2).sum(axis=1)).sum()

    before = np.array([crowding(rows, i) for i in range(60)])
    counts = set()
    for seed in range(30):
        moved, which = moved_by(_refill, rows, seed)
        counts.add(int(which.sum()))
        for i in np.flatnonzero(which):
            assert before[i] >= np.sort(before)[-15]  # a quarter of 60
            assert crowding(moved, i) < np.median(before)
    assert counts == {1, 2, 3}


def test_moves_are_of_all_kinds_and_stay_on_the_sphere():
    """Jiggles move all, twists about half, scrambles a few, refills three at most."""
    rows, sizes = random_rows(200, 3, seed=3), []
    for seed in range(60):
        moved, which = moved_by(_move, rows, seed)
        assert np.linalg.norm(moved, axis=1) == pytest.approx(np.ones(200), abs=1e-12)
        sizes.append(int(which.sum()))
    assert 5 < sum(size == 200 for size in sizes) < 30
    assert 5 < sum(size <= 3 for size in sizes) < 30
    assert 5 < sum(3 < size <= 40 for size in sizes) < 30
    for n, d in ((3, 3), (30, 2)):  # where only jiggles make sense
        assert all(moved_by(_move, random_rows(n, d), seed)[1].all() for seed in SEEDS)


def test_symmetric_seeds_end_in_the_minimum_too():
    """A cube is a saddle of eight charges: relaxed as it is, it stays one; jiggled, it goes on to the antiprism."""
    cube = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) / 3**0.5
    ends = []
    for symmetric in (False, True):
        X = np.ascontiguousarray(cube.T)
        ends.append(relax(X, symmetric, np.array([1], dtype=np.uint64), COULOMB, 1.0, 1e-10, GO))
        assert ends[-1] == pytest.approx(energy(X.T, "coulomb"), rel=1e-12)
    assert ends[0] == pytest.approx(energy(cube, "coulomb"), rel=1e-12)
    assert ends[1] == pytest.approx(19.675287861, abs=1e-6)  # Wales and Ulker 2006


def test_annealing_ends_near_the_largest_distance():
    """Six points are at right angles, eight on an antiprism with cosine (2 √2 - 1)/7 (Schütte, van der Waerden)."""
    for n, cosine in ((6, 0.0), (8, (2 * 2**0.5 - 1) / 7)):
        X = np.ascontiguousarray(random_rows(n, 3, seed=n).T)
        anneal(X, SEPARATION, 10.0, GO)
        largest = (X.T @ X)[np.triu_indices(n, 1)].max()
        assert cosine - 1e-12 <= largest <= cosine + 1e-4
