"""The conditions a symbolic loss holds under."""

import pytest
import sympy

from geomsup import symbolic
from tests.symbolic.truth import b, r, two_in_one


def test_chamber_of_the_digon():
    assert set(symbolic.chamber(gram=symbolic.digon(r), b=b, at={r: 1, b: -0.1})) == {b + r**2 > 0, b < 0}
    assert set(symbolic.chamber(gram=symbolic.digon(r), b=b, at={r: 1, b: 0.1})) == {b > 0, b - r**2 < 0}


def test_chamber_holds_at_its_point_and_fails_past_a_wall():
    w, bias, at = two_in_one()
    conditions = symbolic.chamber([[w[0]], [w[1]]], bias, 0.3, at=at)
    assert all(condition.subs(at) == sympy.true for condition in conditions)
    past = at | {bias[0]: 0.7}
    assert not all(condition.subs(past) == sympy.true for condition in conditions)


def test_impossible_features_and_unimportant_outputs_set_no_conditions():
    w, bias, at = two_in_one()
    free = symbolic.chamber([[w[0]], [w[1]]], bias, [0.3, 0], importance=[1, 0], at=at)
    assert set(free) == {bias[0] > 0, bias[0] + w[0] ** 2 > 0}


def test_chamber_without_a_point_is_refused_where_signs_are_open():
    with pytest.raises(ValueError, match="`at` must be given: the sign of b"):
        symbolic.chamber(gram=symbolic.digon(r), b=b)
