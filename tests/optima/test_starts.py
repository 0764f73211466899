"""Where descents begin."""

import numpy as np
import pytest

from geomsup import Features, Uniform
from geomsup.optima.starts import catalogue_starts, random_start


@pytest.mark.parametrize("size", [0.01, 100.0])
def test_starts_do_not_depend_on_what_values_are_measured_in(size):
    """Values s times as large leave the directions as they are and make every bias s times as large."""
    probability = [0.1, 0.2, 0.3, 0.4]
    one, other = (Features(4, probability, values=Uniform(0, high)) for high in (1.0, size))
    pairs = [[random_start(law, 2, index, np.random.default_rng(index)) for law in (one, other)] for index in range(6)]
    pairs += zip(*(catalogue_starts(law, 2, np.random.default_rng(0)) for law in (one, other)), strict=True)
    assert len(pairs) > 6
    for (W, b), (V, c) in pairs:
        np.testing.assert_allclose(V, W, rtol=1e-12)
        np.testing.assert_allclose(c, size * b, rtol=1e-12)
