"""Seeds: orbits of reflection groups."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.energy.orbits import reflection_seed


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
