"""Tails of sums of sparse features, against exact rationals."""

from fractions import Fraction
from itertools import combinations, product
from math import factorial, prod

import numpy as np
import pytest

import geomsup as gs
from geomsup.neurons.tails import chance_above, terms_of

COEFFICIENTS = [Fraction(1, 2), Fraction(-3, 4), Fraction(5, 4), Fraction(-1, 8)]


def above(coefficients, p, t):
    """P(Σ a_j x_j > t), x_j in U[0, 1] with probability p: inclusion and exclusion over corners, set by set."""
    total = Fraction(0)
    n = len(coefficients)
    for size in range(n + 1):
        for chosen in combinations(coefficients, size):
            total += p**size * (1 - p) ** (n - size) * uniforms_above(chosen, t)
    return total


def uniforms_above(coefficients, t):
    if not coefficients:
        return Fraction(t < 0)
    t -= sum(min(a, 0) for a in coefficients)  # a x is a + |a| (1 - x) for a < 0, and 1 - x is uniform too
    sizes = [abs(a) for a in coefficients]
    k = len(sizes)
    below = sum(
        (-1) ** len(corner) * max(t - sum(corner), Fraction(0)) ** k
        for size in range(k + 1)
        for corner in combinations(sizes, size)
    )
    return 1 - below / (factorial(k) * prod(sizes))


@pytest.mark.parametrize("p", [Fraction(1, 20), Fraction(1, 2), Fraction(1)])
@pytest.mark.parametrize("t", [Fraction(k, 4) for k in range(-4, 8)])
def test_sums_of_uniform_values(p, t):
    terms = terms_of(gs.Features(4, float(p)), np.array([float(a) for a in COEFFICIENTS]))
    assert terms is not None
    chance, error = chance_above(terms, float(t))
    assert abs(chance - float(above(COEFFICIENTS, p, t))) <= error < 1e-6


def test_the_bound_is_of_the_size_of_the_error():
    """A bound a thousand times too large would hold as well, and say little."""
    terms = terms_of(gs.Features(4, 1.0), np.array([float(a) for a in COEFFICIENTS]))
    assert terms is not None
    assert chance_above(terms, 0.5)[1] < 1e-9


@pytest.mark.parametrize("t", [-3, -1, 0, 1, 2, 5])
def test_sums_of_points(t):
    values, coefficients, p = (1, 2), (1, -1, 2), Fraction(1, 4)
    truth = Fraction(0)
    for drawn in product((0, *values), repeat=3):
        chance = prod((1 - p) if x == 0 else p / len(values) for x in drawn)
        truth += chance * (sum(a * x for a, x in zip(coefficients, drawn, strict=True)) > t)
    terms = terms_of(gs.Features(3, 0.25, values=gs.Discrete(values)), np.array(coefficients, float))
    assert terms is not None
    assert chance_above(terms, t)[0] == pytest.approx(float(truth), abs=1e-14)


def test_sums_that_rounding_moves_off_a_threshold_are_at_it():
    terms = terms_of(gs.Features(3, 1.0, values=gs.Discrete((1,))), np.array([0.1, 0.1, 0.1]))
    assert terms is not None
    assert 0.1 + 0.1 + 0.1 > 0.3
    assert chance_above(terms, 0.3)[0] == 0.0


def test_intervals_too_narrow_for_the_series_are_bracketed():
    terms = terms_of(gs.Features(3, 0.5), np.array([1.0, 1e-8, 0.5]))
    assert terms is not None
    chance, error = chance_above(terms, 0.3)
    truth = above([Fraction(1), Fraction(1, 10**8), Fraction(1, 2)], Fraction(1, 2), Fraction(3, 10))
    assert abs(chance - float(truth)) <= error < 1e-7
    chance, error = chance_above(terms, 0.0)  # what is wide says nothing about the sign of what is narrow
    assert abs(chance - 7 / 8) <= error


def test_what_has_no_exact_law_is_left_to_samples():
    three = np.ones(3)
    assert terms_of(gs.Features(3, 0.1, correlated=[(0, 1)]), three) is None
    assert terms_of(gs.Features(3, 0.1, values=gs.Normal(0, 1, cells=16)), three) is None
    assert terms_of(gs.Features(3, 0.1, values=[gs.Uniform(), gs.Uniform(), gs.Discrete((1,))]), three) is None
    assert terms_of(gs.Features(20, 0.1, values=gs.Discrete((1, 2))), np.ones(20)) is None
