"""Rotation groups and their orbits: orders and axes are those of the books."""

import numpy as np
import pytest

from geomsup.energy.rotations import ROTATION_GROUPS, orbit_plans, rotation_group

ORDERS = {"C2": 2, "C3": 3, "D2": 4, "D3": 6, "D4": 8, "D5": 10, "D6": 12, "T": 12, "O": 24, "I": 60}
# Sizes of the orbits of points on axes: both poles of a cyclic group are alone.
SPECIAL = {
    "C2": [1, 1], "C3": [1, 1], "D2": [2, 2, 2], "D3": [2, 3, 3], "D4": [2, 4, 4], "D5": [2, 5, 5], "D6": [2, 6, 6],
    "T": [4, 4, 6], "O": [6, 8, 12], "I": [12, 20, 30],
}  # fmt: skip


@pytest.mark.parametrize("name", ROTATION_GROUPS)
def test_groups_have_the_orders_and_axes_of_the_books(name):
    group = rotation_group(name)
    assert len(group.matrices) == ORDERS[name]
    np.testing.assert_allclose(
        group.matrices @ np.swapaxes(group.matrices, 1, 2), [np.eye(3)] * ORDERS[name], atol=1e-12
    )
    np.testing.assert_allclose(np.linalg.det(group.matrices), 1)
    assert sorted(map(len, group.special)) == SPECIAL[name]
    for orbit in group.special:
        np.testing.assert_allclose(np.linalg.norm(orbit, axis=1), 1)
        for matrix in group.matrices:
            images = orbit @ matrix.T
            assert np.abs(images[:, None] - orbit).max(axis=2).min(axis=1).max() < 1e-8


@pytest.mark.parametrize("n", [2, 3, 7, 12, 24, 32, 61, 72])
def test_plans_are_all_sums_of_orbits(n):
    """Each orbit of points on axes at most once, and any number of free ones."""
    found = {plans[0].group.name: plans for plans in orbit_plans(n)}
    for name, sizes in SPECIAL.items():
        chosen = [[size for k, size in enumerate(sizes) if bits >> k & 1] for bits in range(1 << len(sizes))]
        sums = sorted(n - sum(some) for some in chosen if sum(some) <= n and (n - sum(some)) % ORDERS[name] == 0)
        plans = found.get(name, ())
        assert sorted(plan.free * ORDERS[name] for plan in plans) == sums
        assert all(len(plan.fixed) + plan.free * ORDERS[name] == n for plan in plans)
