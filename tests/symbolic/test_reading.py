"""What symbolic losses take, and how they refuse the rest."""

from fractions import Fraction

import numpy as np
import pytest
import sympy
from sympy import Rational

from geomsup import symbolic
from tests.symbolic.truth import b, p, r


@pytest.mark.parametrize(("at", "text"), [
    ({r: 1}, "`at` must give every symbol in `gram` and `b` a value; it has none for b"),
    ({r: 1, b: 0}, "`at` must be inside a chamber; the vertex b of output 0"),
    ({r: 1, b: -1}, "`at` must be inside a chamber; the vertex b"),
    ({r: 1, b: p}, "`at` must give numbers; got p for b"),
    ({r: sympy.I, b: 1}, "`at` must be real"),
])  # fmt: skip
def test_bad_points(at, text):
    with pytest.raises(ValueError, match=text.replace("*", r"\*")):
        symbolic.loss(gram=symbolic.digon(r), b=b, probability=p, at=at)


def test_points_may_use_names():
    named = symbolic.loss(gram=symbolic.digon(r), b=b, probability=p, at={"r": 1, "b": -0.1})
    assert named == symbolic.loss(gram=symbolic.digon(r), b=b, probability=p, at={r: 1, b: -0.1})


@pytest.mark.parametrize(("arguments", "error", "text"), [
    ({}, ValueError, "`W` or `gram` must be given, and not both; got neither"),
    ({"W": [[1]], "gram": [[1]]}, ValueError, "got both"),
    ({"W": [1, 2]}, TypeError, "`W` must be a matrix"),
    ({"W": [[1], [1, 2]]}, ValueError, "`W` must be rectangular"),
    ({"gram": [[1, 2]]}, ValueError, "`gram` must be square"),
    ({"W": [["a"]]}, TypeError, "`W` must hold real numbers"),
    ({"W": [[1j]]}, TypeError, "`W` must hold real numbers"),
    ({"W": [[np.nan]]}, ValueError, "`W` must be real and finite"),
    ({"W": [[sympy.oo]]}, ValueError, "`W` must be real and finite"),
    ({"W": [[1]], "b": [1, 2]}, ValueError, "`b` must be one expression or have one entry per feature"),
    ({"W": [[1]], "probability": 1.5}, ValueError, r"`probability` must be in \[0, 1\]"),
    ({"W": [[1]], "importance": -1}, ValueError, "`importance` must be at least 0"),
    ({"W": [[1]], "values": (0, 1)}, TypeError, "`values` must be a Uniform"),
    ({"W": [[1]], "activation": "abs"}, ValueError, "`activation` must be one of"),
    ({"W": [[1]], "at": 3}, TypeError, "`at` must map symbols"),
    ({"W": [[1]], "at": {3: 1}}, TypeError, "`at` must have symbols or their names as keys"),
    ({"W": [[3**k] for k in range(11)]}, ValueError, "`W` must leave each output at most 1024 vertices"),
])  # fmt: skip
def test_bad_arguments(arguments, error, text):
    with pytest.raises(error, match=text):
        symbolic.loss(**arguments)


def test_floats_are_read_as_decimals():
    assert symbolic.digon(0.1) == symbolic.digon(Rational(1, 10)) == symbolic.digon(sympy.Float(0.1))
    assert symbolic.loss([[np.float64(0.1)]], 0, 1) == symbolic.loss([[Fraction(1, 10)]], 0, 1)


def test_numbers_of_more_digits_than_python_prints():
    with pytest.raises(ValueError, match=r"^`importance` must be at least 0; got an integer of 16610 bits\. Rescale"):
        symbolic.loss(gram=symbolic.digon(r), b=b, probability=p, importance=-(10**5000))
