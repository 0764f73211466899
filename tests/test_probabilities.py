"""Zipf's law: ratios, ends and refusals."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from geomsup import Features, zipf


@given(st.integers(1, 50), st.floats(0, 5), st.floats(1e-9, 1))
def test_ratios_are_powers_of_ratios_of_ranks(n, exponent, largest):
    p = zipf(n, exponent, largest=largest)
    assert p.shape == (n,)
    assert p[0] == largest
    assert Features(n, p).probability[-1] == p[-1]
    for i in range(n):
        assert p[i] == pytest.approx(math.exp(math.log(largest) - exponent * math.log(i + 1)), rel=1e-12)


def test_words_have_exponent_one():
    np.testing.assert_allclose(zipf(4, largest=0.6), [0.6, 0.3, 0.2, 0.15], rtol=1e-15)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "`n` must be at least 1"),
        ({"n": 3, "exponent": -1}, r"`exponent` must be in \[0, 100\]; got -1"),
        ({"n": 3, "exponent": math.nan}, "`exponent` must be finite"),
        ({"n": 3, "largest": 2}, r"`largest` must be in \(0, 1\]; got 2"),
        ({"n": 3, "largest": 0}, "`largest` must be positive"),
    ],
)
def test_bad_input_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        zipf(**arguments)
