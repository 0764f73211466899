"""Critical points: every one is found, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from geomsup.one_hot.kernels import critical_ratios


def ground(cosines, ratios):
    """1 - H_vertex = 3 A²/B with the best norm for each τ, by Gauss quadrature between kinks."""
    nodes, weights = np.polynomial.legendre.leggauss(4)

    def integral(f, low, high):
        x = low + (high - low) * (nodes + 1) / 2
        return (high - low) / 2 * (weights @ f(x)) if high > low else 0.0

    def one(t):
        A = integral(lambda x: x * (x - t), max(t, 0), 1)
        B = 0.0
        for g, times in zip(*np.unique(cosines, return_counts=True), strict=True):
            kink = t / g if g else np.inf
            low, high = (max(kink, 0), 1) if g > 0 else (0, min(kink, 1) if t < 0 else 0)
            B += times * integral(lambda x, g=g: (g * x - t) ** 2, low, high)
        return 3 * A * A / B

    return np.array([one(t) for t in ratios])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_no_critical_point_is_missed(seed):
    """Turning points of 3 A²/B on a grid, for cosines nobody chose: as many as are found, at the same places."""
    rng = np.random.default_rng(seed)
    cosines = np.append(1.0, rng.choice([rng.uniform(-1, 0.9), rng.uniform(0.3, 0.99), 0.0], rng.integers(1, 12)))
    grid = np.linspace(-6, 0.999, 4000) + 1e-5
    values = ground(cosines, grid)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(values)))) + 1
    found = [t for t in critical_ratios(cosines) if -6 < t < 0.998]
    assert len(found) == len(turns)
    assert found == pytest.approx(list(grid[turns]), abs=2 * (grid[1] - grid[0]))
    assert len(found) >= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cosines", "count"),
    [([1] + 6 * [0.9898] + 7 * [0.0214], 3), ([1] + 312 * [0.9624], 3), ([1] + 25 * [0.99] + 67 * [0.9297], 5)],
)
def test_several_critical_points_are_all_found(cosines, count):
    """Crowds of companions: no shape of the catalogue has more than one critical point."""
    found = critical_ratios(np.array(cosines, dtype=float))
    grid = np.linspace(0, 0.9995, 6001) + 1e-6
    values = ground(np.array(cosines, dtype=float), grid)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(values)))) + 1
    assert len(found) == len(turns) == count
    assert found == pytest.approx(list(grid[turns]), abs=4e-4)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.dictionaries(st.integers(-999, 998), st.integers(1, 60), max_size=4))
def test_critical_points_come_in_odd_numbers(companions):
    """3 A²/B rises from τ = -∞ and falls to 0 at τ = 1, so its turning points alternate and there is one at least."""
    cosines = np.concatenate([[1.0], *(np.full(times, g / 1000) for g, times in companions.items())])
    found = critical_ratios(cosines)
    assert len(found) % 2 == 1
    assert found == sorted(found)
