"""Published bests: exact values, sources, faults of the tables."""

import csv
from importlib.resources import files
from itertools import combinations, permutations, product

import numpy as np
import pytest

import geomsup as gs
from geomsup.energy.orbits import reflection_groups, reflection_seed
from geomsup.energy.potentials import as_potential
from geomsup.energy.rotations import ROTATION_GROUPS, orbit_plans, rotation_group


def rows(name):
    return list(csv.DictReader(files("geomsup.energy").joinpath("data", name).read_text().splitlines()))


def test_every_table_names_its_sources():
    for name in ("thomson.csv", "tammes.csv", "lines.csv"):
        assert all(row["source"] for row in rows(name))
    assert len(rows("thomson.csv")) == 234


@pytest.mark.parametrize(
    ("n", "d", "energy", "exact"),
    [
        (2, 3, "coulomb", 0.5),
        (3, 3, "coulomb", 3**0.5),
        (4, 3, "coulomb", 6 / (8 / 3) ** 0.5),
        (6, 3, "coulomb", 12 / 2**0.5 + 1.5),
        (12, 3, "coulomb", 49.16525305762853),
        (3, 5, "coulomb", 3**0.5),
        (240, 8, ("riesz", 2), 16550.0),
        (56, 7, ("riesz", 2), 857.5),
        (120, 4, "coulomb", 5796.576455702),
        (24, 4, "coulomb", 208.3373140876),
        (9, 4, "frame", 81 / 4),
        (3, 4, "frame", 3.0),
        (7, 5, "tammes", 0.0),
        (24, 3, "tammes", 0.7230784683336),
        (7, 3, "relu", 5 * (3 - 5**0.5) / 4),
        (6, 3, "relu", 0.0),
        (3, 2, "coherence", 0.5),
        (28, 7, "coherence", None),
        (11, 4, "coulomb", None),
        (205, 3, "coulomb", None),
        (24, 4, ("riesz", 7), None),
    ],
)
def test_best_known(n, d, energy, exact):
    record = gs.best_known(n, d, energy)
    if exact is None:
        assert record is None
    else:
        assert record.value == pytest.approx(exact, rel=1e-12, abs=1e-12)
        assert record.source
        assert record.status in ("proved", "best known")


def test_proofs_are_told_from_records():
    assert gs.best_known(12).status == "proved"
    assert gs.best_known(8).status == "best known"
    assert gs.best_known(40, 10).status == "best known"
    assert gs.best_known(24, 4).status == "best known"
    assert gs.best_known(32).point_group == "Ih"
    assert "misprint" in gs.best_known(139).note


@pytest.mark.parametrize(
    ("energy", "exact"),
    [
        ("coulomb", 1 / 2 + 3 / 3**0.5 + 6 / 2**0.5),
        (("riesz", 2), 1 / 4 + 3 / 3 + 6 / 2),
        (("riesz", 15), 2.0**-15 + 3 * 3**-7.5 + 6 * 2**-7.5),
        ("log", -(np.log(4) + 3 * np.log(3) + 6 * np.log(2)) / 2),
    ],
)
def test_five_points_are_proved_to_be_a_bipyramid(energy, exact):
    """The two poles are 2 apart, three pairs of the equator sqrt 3, and six pairs sqrt 2."""
    record = gs.best_known(5, 3, energy)
    assert record.value == pytest.approx(exact, rel=1e-15)
    assert record.status == "proved"
    assert gs.best_known(5, 3, ("riesz", 16)) is None  # beyond 15.048 a pyramid is better


def roots(d):
    """±e_i ± e_j, and in eight dimensions also half of (±1, ..., ±1) with an even number of minus signs: D_d, E8."""
    pairs = [(i, j, a, b) for i, j in combinations(range(d), 2) for a in (1, -1) for b in (1, -1)]
    rows = np.array([a * np.eye(d)[i] + b * np.eye(d)[j] for i, j, a, b in pairs])
    if d == 8:
        signs = np.array(list(product((1, -1), repeat=8)))
        rows = np.concatenate([rows, signs[signs.prod(axis=1) == 1] / 2])
    return rows / 2**0.5


def beside(rows):
    """The derived code: those nearest to the first, without their part along it."""
    t = (rows @ rows[0]).round(9)
    near = rows[t == t[t < 1].max()]
    near = near - np.outer(near @ rows[0], rows[0])
    return near / np.linalg.norm(near, axis=1, keepdims=True)


def icosians():
    """The 120 vertices of the 600-cell: even permutations of (±φ, ±1, ±1/φ, 0)/2, and what the 24-cell has."""
    golden = (1 + 5**0.5) / 2
    even = [p for p in permutations(range(4)) if np.linalg.det(np.eye(4)[list(p)]) > 0]
    signed = [np.array([a * golden, b, c / golden, 0]) / 2 for a, b, c in product((1, -1), repeat=3)]
    halves = np.array(list(product((0.5, -0.5), repeat=4)))
    return np.concatenate([np.eye(4), -np.eye(4), halves, [row[list(p)] for row in signed for p in even]])


# The middles of the ten edges of a simplex of five points: e_i + e_j, less their mean.
PETERSEN = np.array([np.eye(5)[i] + np.eye(5)[j] - 0.4 for i, j in combinations(range(5), 2)]) / 1.2**0.5
E8 = roots(8)
E7 = E8[np.abs(E8 @ E8[0]) < 1e-9]
E6 = E8[np.abs(E8 @ E8[[0, int(np.argmin(np.abs(E8 @ E8[0] + 0.5)))]].T).max(axis=1) < 1e-9]


@pytest.mark.parametrize(
    ("points", "n", "d"),
    [
        (icosians(), 120, 4), (E8, 240, 8), (beside(E8), 56, 7), (beside(beside(E8)), 27, 6),
        (beside(beside(beside(E8))), 16, 5),
    ],
)  # fmt: skip
@pytest.mark.parametrize("energy", ["coulomb", ("riesz", 5), "log"])
def test_universal_optima_have_the_energies_of_their_coordinates(points, n, d, energy):
    record = gs.best_known(n, d, energy)
    assert (len(points), np.linalg.matrix_rank(points)) == (n, d)
    assert record.value == pytest.approx(as_potential(energy).energy(points), rel=1e-12)
    assert record.status == "proved"


@pytest.mark.parametrize(
    ("points", "n", "d", "status"),
    [
        (roots(4), 24, 4, "proved"), (roots(5), 40, 5, "best known"), (E6, 72, 6, "best known"),
        (E7, 126, 7, "best known"),
        (PETERSEN, 10, 4, "proved"),
    ],
)  # fmt: skip
def test_codes_have_the_cosines_of_their_coordinates(points, n, d, status):
    record = gs.best_known(n, d, "tammes")
    assert (len(points), np.linalg.matrix_rank(points)) == (n, d)
    assert np.linalg.norm(points, axis=1) == pytest.approx(np.ones(n))
    assert (points @ points.T)[np.triu_indices(n, 1)].max() == pytest.approx(record.value, abs=1e-12)
    assert record.status == status


def test_riesz_1_is_coulomb():
    assert gs.best_known(50, 3, ("riesz", 1)) == gs.best_known(50)


@pytest.mark.slow
@pytest.mark.parametrize("n", range(2, 51))
def test_point_groups_are_those_published(n):
    published = gs.best_known(n).point_group
    found = gs.thomson(n).symmetry.schoenflies
    expected = {2: "D∞h", 3: "D3h", 4: "Td", 6: "Oh", 12: "Ih"}.get(n, published)
    assert found == expected


@pytest.mark.parametrize("name", ROTATION_GROUPS)
def test_rotation_groups_are_groups(name):
    group = rotation_group(name)
    order = {"C2": 2, "C3": 3, "T": 12, "O": 24, "I": 60}.get(name) or 2 * int(name[1:])
    assert len(group.matrices) == order
    assert np.linalg.det(group.matrices) == pytest.approx(np.ones(order))
    products = (group.matrices[:, None] @ group.matrices).reshape(-1, 9)
    assert len(np.unique(products.round(6) + 0.0, axis=0)) == order
    for orbit in group.special:
        assert len(np.unique((group.matrices @ orbit[0]).round(6) + 0.0, axis=0)) == len(orbit) < order


@pytest.mark.parametrize("n", [2, 5, 12, 33, 72, 122])
def test_plans_have_the_right_number_of_points(n):
    for plans in orbit_plans(n):
        for plan in plans:
            assert len(plan.fixed) + plan.free * len(plan.group.matrices) == n


@pytest.mark.parametrize("n", [2, 7, 14, 26, 62, 72, 122])
def test_plans_are_all_choices_of_special_orbits(n):
    # Klein 1884: the orbits of fewer points than the group has rotations.
    special = {"T": (4, 4, 6), "O": (6, 8, 12), "I": (12, 20, 30)}
    special |= {"C2": (1, 1), "C3": (1, 1)} | {f"D{k}": (2, k, k) for k in range(2, 7)}
    order = {"C2": 2, "C3": 3, "T": 12, "O": 24, "I": 60} | {f"D{k}": 2 * k for k in range(2, 7)}
    expected = {
        name: sorted(
            n - rest
            for count in range(len(sizes) + 1)
            for chosen in combinations(sizes, count)
            if (rest := n - sum(chosen)) >= 0 and rest % order[name] == 0
        )
        for name, sizes in special.items()
    }
    found = {plans[0].group.name: sorted(len(plan.fixed) for plan in plans) for plans in orbit_plans(n)}
    assert found == {name: fixed for name, fixed in expected.items() if fixed}


def test_reflection_seeds_are_orbits(rng):
    made = [reflection_seed(24, 4, rng) for _ in range(200)]
    made = [points for points in made if points is not None]
    assert len(made) > 20
    for points in made:
        assert points.shape == (24, 4)
        assert np.linalg.norm(points, axis=1) == pytest.approx(np.ones(24))
    assert reflection_groups(8)[0][0].order > 0
