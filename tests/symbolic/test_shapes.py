"""Exact couplings of shapes."""

import numpy as np
import pytest

from geomsup import symbolic
from tests.symbolic.truth import polygon_rows


@pytest.mark.parametrize("call", [lambda: symbolic.polygon(2), lambda: symbolic.simplex(0)])
def test_families_refuse_too_few(call):
    with pytest.raises(ValueError, match="must be at least"):
        call()


@pytest.mark.parametrize("k", [3, 5, 7, 9, 12])
def test_polygon_gram(k):
    rows = polygon_rows(k, 1.3)
    np.testing.assert_allclose(np.array(symbolic.polygon(k, 1.3).evalf(), float), rows @ rows.T, atol=1e-12)
