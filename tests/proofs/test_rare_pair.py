"""Two features of unequal importance that are rarely present: each step of the proof by hand, against exact losses."""

import numpy as np
import pytest
import sympy
from flint import arb
from hypothesis import assume, given, strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize

import geomsup as gs
from geomsup.proofs.onset import onset

RARE = st.floats(1e-4, 0.02)
PRICE = (2 + np.sqrt(2)) / 8  # I₁
AT = 2 - np.sqrt(2)  # the product of norms where the limit is reached


def model_of(q, s, biases):
    return gs.ToyModel([[np.sqrt(q)], [-s / np.sqrt(q)]], np.array(biases))


def loss(model, p, importance):
    return gs.expected_loss(model, gs.Features(2, p, importance=[1.0, importance])).value


def first_output(q, s, bias, p):
    return loss(model_of(q, s, (bias, 0.0)), p, 0.0)


def least_of_first_output(p, s, zeta, c):
    """The lower bound of F / p² before the least over c is taken."""
    q, v, kappa = 1 + zeta, 1 / 3 - p / 4, 1 - p + p * p
    f = 1 / q + 1 / q**2
    return v * zeta**2 / p + s**2 / 12 + (s - zeta) ** 2 / 4 + c * (zeta - p * s) + kappa * c * c - f * s**3 / 12


def rest(p, s, zeta):
    """Φ, with the least over c."""
    kappa, q_2 = 1 - p + p * p, s * s / (1 + zeta)
    c = (p * s - zeta) / (2 * kappa)
    return least_of_first_output(p, s, zeta, c) - PRICE * (1 / 3 - p / 4) * (2 * q_2 - q_2**2)


def test_the_limit_is_reached_once():
    s = sympy.symbols("s")
    price = (2 + sympy.sqrt(2)) / 8
    gap = s**2 / 3 - s**3 / 6 - price * (2 * s**2 - s**4) / 3
    assert sympy.expand(gap - price / 3 * s**2 * (s - 2 + sympy.sqrt(2)) ** 2) == 0


@given(RARE, st.floats(0.01, 0.95), st.floats(-0.0924, 0.2037), st.floats(0, 3))
def test_the_first_output_loses_what_is_said(p, s, zeta, c):
    exact = first_output(1 + zeta, s, p * c, p)
    assert exact / p**2 >= least_of_first_output(p, s, zeta, c) - 1e-9


@given(RARE, st.floats(0.0, 0.95, exclude_min=True), st.floats(0, 1), st.booleans())
def test_no_digon_with_a_small_product_is_left(p, s, share, near):
    """Near the least ones, which have ζ of the order p s, and anywhere: Φ is what both bullets say, and positive."""
    zeta = (share * 4 - 2) * p * s if near else share * 0.2961 - 0.0924
    assume(s > 1e-6 and -0.0924 <= zeta <= 0.2037)
    x = 1 - s * s / 2
    if zeta >= 0:
        eta = zeta / (p * s)
        least = p * s * s * (0.2133 * x + 0.322 * eta**2 - x * eta / 2 - 0.0052)
        assert 0.2133 * x - 0.1942 * x * x - 0.0052 > 0
    else:
        bracket = 1 / 2 - s * s / 4 - 0.316 * s * (1 - s * s)
        least = 0.2133 * p * s * s * x - zeta * s * bracket + 16 * zeta**2
        least -= 5 / 12 * s**3 * zeta**2 + 0.256 * (p * s - zeta) ** 2
        assert bracket > 0.15
    assert rest(p, s, zeta) >= least > 0


@given(RARE, st.floats(0.9076, 1.2037), st.floats(0, 0.1))
def test_larger_biases_cost_too_much(p, q, bias):
    """With the second feature absent, the first output loses V (1 - q)² + (b - p (1 - q) / 2)²."""
    alone = gs.expected_loss(gs.ToyModel([[np.sqrt(q)]], np.array([bias])), gs.Features(1, p)).value
    assert alone == pytest.approx((p / 3 - p * p / 4) * (1 - q) ** 2 + (bias - p * (1 - q) / 2) ** 2, abs=1e-13)
    if bias >= 0.0086:
        assert (1 - p) * alone > PRICE * p * (p / 3 - p * p / 4)


@given(RARE, st.floats(0.95, 4), st.floats(-0.0924, 0.2037), st.floats(0, 0.0086))
def test_a_large_product_disturbs_the_first_output(p, s, zeta, bias):
    assert 3 * first_output(1 + zeta, s, bias, p) / p**2 > 0.45


def test_means_of_a_large_product():
    def mean(q):
        def g(y):
            return 3 * quad(lambda x: (x - max(q * x - y, 0)) ** 2, 0, 1, points=[min(y / q, 1)])[0]

        return quad(g, 0, 0.9414)[0] / 0.9414

    assert mean(1) == pytest.approx(0.9414**2 - 0.9414**3 / 2, abs=1e-9)
    assert mean(1) > 0.469
    for zeta in (-0.09, -0.04, 0.05, 0.1, 0.2):
        assert mean(1 + zeta) >= 0.469 - 1.42 * max(zeta, 0)


def test_the_model_of_the_upper_end():
    s, q = AT, AT * AT
    C = 4 * s**3 + 6 * s**2 - q * (6 * s**2 + 8 * s) + q * q * (4 * s + 3) - q**3
    X = s * s / 12 + (1 - q + s) ** 2 / 4 - C / (12 * s)
    assert X < 0.2529
    assert 3 / 4 + 3 * 0.2529 / (2 * q - q * q) < 2.1
    p = 0.01
    second = loss(model_of(1, s, (0, 0)), p, 1.0) - loss(model_of(1, s, (0, 0)), p, 0.0)
    assert second == pytest.approx((1 - q) ** 2 * (p / 3 - p * p / 4) + p * p * X, abs=1e-14)


@given(RARE)
def test_a_digon_without_biases_is_better_above_the_upper_end(p):
    importance = PRICE * p / (1 - 2.1 * p)
    assert loss(model_of(1, AT, (0, 0)), p, importance) < importance * (p / 3 - p * p / 4)


@pytest.mark.parametrize("p", [0.02, 0.005, 0.0005])
def test_descents_end_between_both_ends(p):
    """The least of the fraction of step 2, by descents along norms, product and biases."""
    V = p / 3 - p * p / 4

    def fraction(state):
        q, s, *biases = state
        if not (q > 0 and s > 0 and biases[0] >= 0):
            return 1.0
        model = model_of(q, s, np.multiply(biases, p))
        first, both = loss(model, p, 0.0), loss(model, p, 1.0)
        return min(first / (V - both + first), 1.0) if both - first < V else 1.0

    starts = ((1, s, 0.1, 0.3) for s in (0.2, 0.6, 0.9, 1.2))
    best = min(minimize(fraction, one, method="Nelder-Mead", options={"maxfev": 4000}).fun for one in starts)
    assert PRICE * p < best < PRICE * p / (1 - 2.1 * p)


@given(st.floats(1e-6, 0.02))
def test_the_onset_is_above(p):
    assert float(onset(arb(p))[0]) > 0.78 * p > PRICE * p / (1 - 2.1 * p)
