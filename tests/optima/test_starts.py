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


def test_shapes_begin_between_dense_and_sparse_optima():
    """Norms between 1 and 1.2, biases between 0 and -0.3 of a present feature's root mean square, (1/3)^(1/2)."""
    for W, b in catalogue_starts(Features(5, 0.2), 2, np.random.default_rng(0)):
        norms = np.linalg.norm(W, axis=1)
        kept = norms > 0
        assert (norms[kept].min() > 1) & (norms[kept].max() < 1.2)
        assert (b[kept] > -0.3 / 3**0.5).all()
        assert (b[kept] < 0).all()
        np.testing.assert_array_equal(b[~kept], 0.1)
