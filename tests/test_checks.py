"""The checks that every public function shares."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from geomsup import checks


@given(
    arrays.arrays(
        st.sampled_from([np.float32, np.float64, np.int16, np.uint8, np.bool_]),
        arrays.array_shapes(max_dims=3),
        elements=st.integers(0, 1),
    )
)
def test_real_arrays_keep_their_numbers(array):
    result = checks.real_array("W", array)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, array)


def test_double_arrays_are_not_copied_nor_written_to(read_only):
    array = read_only([[1.0, 2.0]])
    assert np.shares_memory(checks.real_array("W", array), array)


@given(arrays.array_shapes(max_dims=3, max_side=4), st.data())
def test_the_first_bad_entry_is_pointed_at(shape, data):
    array = np.zeros(shape)
    where = tuple(data.draw(st.integers(0, side - 1)) for side in shape)
    array[where] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    message = f"`W` must be finite; got {array[where]} at index {where}. Remove NaN and infinity first."
    if not where:
        message = f"`W` must be finite; got {array[()]}. Pass a finite number."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        checks.real_array("W", array)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("text", "text"),
        (b"bytes", "bytes"),
        (1j, "complex numbers"),
        (None, "objects"),
        ([1, None], "objects"),
        ({"a": 1}, "objects"),
        (np.datetime64("2024-01-01"), "dates"),
        (np.timedelta64(1, "s"), "durations"),
        (np.zeros(2, [("a", float)]), r"dtype \[\('a', '<f8'\)\]"),
    ],
)
def test_what_is_not_a_real_number_is_refused(value, kind):
    with pytest.raises(TypeError, match=rf"^`x` must hold real numbers; got {kind}\. Convert it to a float"):
        checks.real_array("x", value)


def test_ragged_lists_are_refused():
    with pytest.raises(ValueError, match=r"^`W` must be rectangular; its rows have different lengths\. Pad"):
        checks.real_array("W", [[1, 2], [3]])


@given(st.integers(1, 5), st.floats(0, 1))
def test_a_scalar_is_shared_by_all_features(n, value):
    result = checks.per_feature("p", value, n, low=0, high=1)
    assert result.tolist() == [value] * n
    result[0] = 2  # a fresh array, not a broadcast view of the input


def test_entries_per_feature_are_copied(read_only):
    array = read_only([0.1, 0.2])
    result = checks.per_feature("p", array, 2, low=0)
    assert not np.shares_memory(result, array)


@pytest.mark.parametrize(
    ("value", "bounds", "message"),
    [
        ([0.5, 3.0, -1.0], (0, 2), r"^`p` must be in \[0, 2\]; got 3\. Rescale or clip it\.$"),
        ([0.5, -2.0, 7.0], (0, np.inf), r"^`p` must be at least 0; got -2\. Rescale or clip it\.$"),
        ([], (0, 1), r"^`p` must be a number or have one entry per feature \(3\); got shape \(0,\)\. Pass"),
        (
            [1, 1],
            (0, 1),
            r"^`p` must be a number or have one entry per feature \(3\); got shape \(2,\)\. Pass",
        ),
    ],
)
def test_per_feature_names_the_first_entry_out_of_range(value, bounds, message):
    with pytest.raises(ValueError, match=message):
        checks.per_feature("p", value, 3, low=bounds[0], high=bounds[1])


@given(st.integers(-(2**40), 2**40))
def test_integers_of_python_and_numpy_pass(value):
    for same in (value, np.int64(value)):
        result = checks.integer("n", same, minimum=-(2**40))
        assert type(result) is int
        assert result == value


@pytest.mark.parametrize("value", [1.0, "1", None, True, np.True_, [1], np.array(1.0), 1j])
def test_what_is_no_integer_is_refused(value):
    message = f"`n` must be an integer; got {value!r} ({type(value).__name__}). Pass a whole number."
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        checks.integer("n", value, minimum=0)


def test_small_integers_are_refused():
    with pytest.raises(ValueError, match=r"^`n` must be at least 2; got 1\. Pass a larger number\.$"):
        checks.integer("n", 1, minimum=2)


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int8(3), 1e-300])
def test_positive_numbers_pass(value):
    result = checks.positive_number("rate", value)
    assert type(result) is float
    assert result == value


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, np.float64(-0.0)])
def test_numbers_that_are_not_positive_are_refused(value):
    with pytest.raises(ValueError, match=r"^`rate` must be positive and finite; got .*\. Pass a positive"):
        checks.positive_number("rate", value)


@pytest.mark.parametrize("value", [True, "1", None, 1j, [1.0]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(TypeError, match=r"^`rate` must be a number; got .* \(\w+\)\. Pass a positive float"):
        checks.positive_number("rate", value)


@pytest.mark.parametrize("value", [0, -1.5, np.float32(0.5), np.array(2.0)])
def test_any_one_number_passes(value):
    assert checks.number("low", value) == float(value)


def test_a_list_is_not_one_number():
    with pytest.raises(TypeError, match=r"^`low` must be one number; got shape \(1,\)\. Pass a float\.$"):
        checks.number("low", [1.0])


def test_choices_are_listed():
    assert checks.one_of("method", "a", ("a", "b")) == "a"
    with pytest.raises(ValueError, match=r'^`method` must be one of "a", "b"; got \'c\'\. Pick one of them\.$'):
        checks.one_of("method", "c", ("a", "b"))


@pytest.mark.slow
@pytest.mark.parametrize("activated", [True, False])
def test_what_to_type_installs_for_this_python(activated, monkeypatch):
    """Also where its environment is not activated, and the shell's pip is that of another one."""
    bin_folder = str(Path(sys.executable).parent)
    others = [part for part in os.environ["PATH"].split(os.pathsep) if part != bin_folder]
    monkeypatch.setenv("PATH", os.pathsep.join([bin_folder, *others] if activated else others))
    command = checks.pip_install("geomsup[report]")
    assert command.endswith(' -m pip install "geomsup[report]"')
    assert command.startswith("python") == activated
    pip, _, _ = command.partition(" install ")
    said = subprocess.run(f"{pip} --version", shell=True, capture_output=True, text=True, check=True).stdout
    assert f" from {sys.prefix}" in said
