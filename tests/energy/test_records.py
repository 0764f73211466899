"""Published bests: exact values, sources, faults of the tables."""

import csv
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

import geomsup as gs
from geomsup.energy.orbits import reflection_groups, reflection_seed
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
    assert gs.best_known(5).status == "best known"  # proved by Schwartz 2013, but the table's value is of nine digits
    assert gs.best_known(40, 10).status == "best known"
    assert gs.best_known(24, 4).status == "best known"
    assert gs.best_known(32).point_group == "Ih"
    assert "misprint" in gs.best_known(139).note


def test_riesz_1_is_coulomb():
    assert gs.best_known(50, 3, ("riesz", 1)) == gs.best_known(50)


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
