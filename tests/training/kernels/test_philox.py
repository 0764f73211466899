import numpy as np
import pytest
from hypothesis import given, strategies as st

from geomsup.training.kernels.philox import philox
from tests.training import reference

# Random123's file of known answers, philox4x32-7: counter, key, words.
KNOWN = {
    "zeros": (
        "00000000 00000000 00000000 00000000",
        "00000000 00000000",
        "5f6fb709 0d893f64 4f121f81 4f730a48",
    ),
    "ones": (
        "ffffffff ffffffff ffffffff ffffffff",
        "ffffffff ffffffff",
        "5207ddc2 45165e59 4d8ee751 8c52f662",
    ),
    "pi": (
        "243f6a88 85a308d3 13198a2e 03707344",
        "a4093822 299f31d0",
        "4dfccaba 190a87f0 c47362ba b6b5242a",
    ),
}
word = st.integers(0, 2**32 - 1)


def words(text):
    return [np.uint32(int(item, 16)) for item in text.split()]


@pytest.mark.parametrize("case", KNOWN)
def test_known_answers(case):
    counter, key, expected = map(words, KNOWN[case])
    assert list(philox(*counter, *key)) == expected
    assert list(reference.philox(counter, key)) == expected


@given(st.lists(st.tuples(*[word] * 4), min_size=1, max_size=5), word, word)
def test_runs_on_arrays(counters, k0, k1):
    columns = np.array(counters, np.uint32).T
    got = philox(*columns, np.uint32(k0), np.uint32(k1))
    assert np.array_equal(np.array(got), reference.philox(columns, (k0, k1)))
