"""Limits against SciPy's binomial law, exact rationals, and draws of many outcomes at once."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from geomsup.sources.limits import is_more_frequent, lower_limit, upper_limit


@pytest.mark.parametrize(("count", "samples"), [(0, 10), (1, 10), (7, 10), (10, 10), (3, 10**5)])
def test_the_lower_limit_is_that_of_clopper_and_pearson(count, samples):
    test = binomtest(count, samples, alternative="greater").proportion_ci(0.95)
    assert lower_limit(count, samples, 0.05) == pytest.approx(test.low)


@pytest.mark.parametrize(("count", "samples"), [(0, 10), (1, 10), (7, 10), (9, 10), (3, 10**5), (0, 10**6)])
@pytest.mark.parametrize("level", [0.5, 0.003, 1e-20])
def test_the_upper_limit_is_where_the_tail_is_the_share(count, samples, level):
    p = float(upper_limit(count, samples, level))
    assert binom.cdf(count, samples, p) == pytest.approx(level * p, rel=1e-6)


def test_all_samples_allow_every_probability():
    assert upper_limit(10, 10, 0.05) == 1


@pytest.mark.parametrize(("count", "samples", "bound"), [(1, 20, 0.001), (2, 20, 0.001), (5, 20, 0.05), (20, 20, 0.5)])
def test_a_tail_in_exact_rationals(count, samples, bound):
    p = Fraction(bound)
    tail = sum(comb(samples, k) * p**k * (1 - p) ** (samples - k) for k in range(count, samples + 1))
    for level, expected in ((float(tail / p) * 1.001, True), (float(tail / p) * 0.999, False)):
        assert bool(is_more_frequent(count, samples, bound, level)) == expected


def test_no_count_is_more_frequent_than_certain_and_none_is_never():
    assert not is_more_frequent(10, 10, 1.0, 0.5)
    assert not is_more_frequent(0, 10, 1e-9, 1.0)


def test_limits_of_a_thousand_outcomes_hold_at_once():
    """Outcomes of a draw, all of them: in at most a level of draws is any beyond its limit."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(1000, 0.1))
    wrong = np.zeros(2)
    for _ in range(200):
        counts = rng.multinomial(300, p)
        wrong += [(upper_limit(counts, 300, 0.1) < p).any(), is_more_frequent(counts, 300, p, 0.1).any()]
    assert (wrong <= binom.isf(1e-3, 200, 0.1)).all()
    assert wrong.max() > 0  # they are not much too wide
