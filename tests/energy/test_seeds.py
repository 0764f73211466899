"""Seeds: orbits of reflection groups."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.energy.orbits import reflection_groups, reflection_seed

# Finite irreducible Coxeter groups up to ten dimensions, of those of polygons the first three: A, B, I5; A, B, H; A, B,
# D, F, H; A, B, D; and E as well from six to eight.
IRREDUCIBLE = {1: 1, 2: 3, 3: 3, 4: 5, 5: 3, 6: 4, 7: 4, 8: 4, 9: 3, 10: 3}


@pytest.mark.parametrize("d", range(4, 17))
def test_groups_are_one_or_two_irreducible_ones(d):
    groups = reflection_groups(d)
    pairs = sum(IRREDUCIBLE.get(r, 0) * IRREDUCIBLE.get(d - r, 0) for r in range(1, d // 2 + 1))
    assert len(groups) == IRREDUCIBLE.get(d, 0) + pairs
    assert len({tuple((group.family, group.rank, group.p) for group in some) for some in groups}) == len(groups)
    assert all(sum(group.rank for group in some) == d for some in groups)


def test_there_are_no_seeds_of_groups_with_too_many_faces():
    assert reflection_seed(34, 17, np.random.default_rng(0)) is None


@pytest.mark.slow
@pytest.mark.parametrize(("n", "d"), [(37, 4), (47, 4), (24, 4)])
def test_seeds_are_orbits_of_one_group(n, d):
    """Orbits of the groups in four dimensions have 2, 3, 4, 5, 6, 8, ... points: 37 and 47 take four of one group's."""
    rng = np.random.default_rng(0)
    found = [seed for seed in (reflection_seed(n, d, rng) for _ in range(200)) if seed is not None]
    assert found
    for points in found[:5]:
        assert points.shape == (n, d)
        assert np.linalg.norm(points, axis=1) == pytest.approx(np.ones(n), abs=1e-12)
        assert gs.symmetry(points).order >= 36  # that of A2 × A2, the least in four dimensions
