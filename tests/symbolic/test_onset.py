"""Where a dropped feature starts to be stored, against numeric optima and expansions of the exact loss."""

import numpy as np
import pytest
import sympy
from sympy import Rational

from geomsup import Features, ToyModel, expected_loss, optimum, symbolic
from tests.symbolic.truth import p

ONSET = symbolic.superposition_onset(p)


def stored(probability, importance):
    """Return |w| of the less important feature in the optimum, and how much its storing saves."""
    features = Features(2, probability, [1, importance])
    best = optimum(features, 1, starts=12)
    return float(np.abs(best.model.W).min()), importance * features.variance[0] - best.loss


@pytest.mark.parametrize("probability", [0.6, 0.7, 0.8])
def test_continuous_between_the_tricritical_points(probability):
    importance = float(ONSET.importance.subs(p, probability))
    assert stored(probability, importance * 0.999)[0] < 1e-6
    small, large = stored(probability, importance * 1.001), stored(probability, importance * 1.002)
    # L = -v ΔI g² + cubic g³ has its minimum at g = 2 v ΔI / (3 cubic); a positive fourth-order term slows growth.
    push = (probability / 3 - probability**2 / 4) * importance * 0.001
    cubic = float(ONSET.cubic.subs(p, probability))
    assert small[0] == pytest.approx(2 * push / (3 * cubic), rel=0.5)
    assert 1.5 < large[0] / small[0] < 2.1
    assert 0 < small[1] < 1e-7


@pytest.mark.parametrize("probability", [0.1, 0.3, 0.5])
def test_first_order_below(probability):
    importance = float(ONSET.importance.subs(p, probability))
    assert float(ONSET.cubic.subs(p, probability)) < 0
    norm, saved = stored(probability, importance * 0.99)
    assert norm > 0.5
    assert saved > 0


@pytest.mark.parametrize(("probability", "importance"), [(0.1, 0.07), (0.1, 0.15), (0.5, 0.5), (0.7, 0.8)])
def test_loss_to_third_order_in_the_coupling(probability, importance):
    onset = symbolic.superposition_onset(probability)
    h, k = float(onset.norm_slope), float(onset.bias_slope)
    features = Features(2, probability, [1, importance])
    variance = features.variance[0]
    critical = float(onset.importance)
    slope = (variance * (critical - importance), float(onset.cubic) + 2 * h * variance * (importance - critical))
    for g in (1e-2, 5e-3):
        w1 = np.sqrt(1 + h * g)
        w2 = -g / w1
        b2 = probability / 2 * (1 + g - g**2 / w1**2)  # the mean of what the second output misses
        loss = float(expected_loss(ToyModel([[w1], [w2]], [k * g, b2]), features, rtol=1e-13))
        assert loss - importance * variance == pytest.approx(slope[0] * g**2 + slope[1] * g**3, abs=2 * g**4)


def test_tricritical_points():
    low, high = ONSET.tricritical()
    assert str(low) == "0.520247736799398484144055640425"
    assert str(high) == "0.837319580135033943381135147792"
    polynomial = ONSET.polynomial()
    assert polynomial.degree() == 9
    for value in (low, high):
        around = [sympy.Rational(str(value)) + sign * Rational(1, 10**28) for sign in (-1, 1)]
        assert polynomial.count_roots(*around) == 1


def test_ends():
    assert symbolic.superposition_onset(1).importance == 1
    assert ONSET.importance.series(p, n=3) == p + 3 * p**2 / 16 + sympy.O(p**3)


@pytest.mark.parametrize(("probability", "error", "text"), [
    (0, ValueError, r"`probability` must be in \(0, 1\]; got 0"),
    (1.5, ValueError, r"`probability` must be in \(0, 1\]; got 1.5"),
    (p + 1, TypeError, "`probability` must be a symbol or a number; got p \\+ 1"),
    ("p", TypeError, "`probability` must hold real numbers"),
])  # fmt: skip
def test_refused(probability, error, text):
    with pytest.raises(error, match=text):
        symbolic.superposition_onset(probability)


def test_digits_are_checked():
    with pytest.raises(ValueError, match="`digits` must be at least 1; got 0"):
        ONSET.tricritical(digits=0)
