"""Lower bounds: by hand, against optima, and against what any decoder can do."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from geomsup import Discrete, Features, ToyModel, Uniform, expected_loss, optimum
from geomsup.optima.proved.bounds import lower_bound
from geomsup.optima.proved.entropy import by_entropy

ENTROPY = 2 * math.pi * math.e


@pytest.mark.parametrize("p", [1.0, 0.5, 0.01])
def test_two_features_in_one_dimension_by_hand(p):
    """Both present (p²): one dimension is left, of entropy at least -½ log(2πe/12)."""
    assert by_entropy(Features(2, p), 1) == pytest.approx(p**2 * (12 / ENTROPY) / ENTROPY, rel=1e-12)


def test_enough_dimensions_leave_nothing():
    assert lower_bound(Features(3, 0.5), 3) == 0
    assert lower_bound(Features(5, 0.5, [1, 1, 0, 0, 0]), 2) == 0


@pytest.mark.slow
@settings(max_examples=30)
@given(st.integers(2, 5), st.integers(1, 3), st.floats(0.05, 1), st.integers(0, 2**32 - 1))
def test_no_optimum_is_below_the_bound(n, m, p, seed):
    features = Features(n, p, np.random.default_rng(seed).uniform(0.2, 1, n))
    best = optimum(features, m, starts=2)
    assert 0 <= lower_bound(features, m) <= best.loss
    assert best.lower_bound == pytest.approx(lower_bound(features, m)) or best.status in ("certified", "closed form")


def test_alike_features_are_no_special_case():
    for p in (0.3, 0.01):
        nearly = Features(6, p, [1, 1, 1, 1, 1, 1 - 1e-12])
        assert lower_bound(Features(6, p), 2) == pytest.approx(lower_bound(nearly, 2), rel=1e-9)


@pytest.mark.slow
@settings(max_examples=200)
@given(
    st.integers(1, 4),
    st.integers(1, 6),
    st.floats(1e-3, 0.3),
    st.floats(0, 1),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_no_model_of_alike_or_unlike_sparse_features_is_below_the_bound(m, more, p, decay, large, seed):
    """Models of orthogonal digons and others that are dropped, a little changed: the best of many sizes."""
    rng = np.random.default_rng(seed)
    n = m + more
    W = np.zeros((n, m))
    for i in range(min(n, 2 * m)):
        W[i, i % m] = 1 if i < m else -1
    model = ToyModel(W + p * rng.normal(size=(n, m)), p * rng.random(n))
    features = Features(n, p, decay ** np.arange(n), values=Uniform(0, 3 if large else 1))
    scaled = ToyModel(model.W, model.b * (3 if large else 1))
    assert lower_bound(features, m) <= expected_loss(scaled, features).value


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(1, 3), st.floats(0.1, 10))
def test_it_scales_with_importance(n, m, factor):
    one, many = (lower_bound(Features(n, 0.4, importance), m) for importance in (1.0, factor))
    assert many == pytest.approx(factor * one, rel=1e-9)


def test_the_argument_holds_for_the_best_decoder_of_one_sum():
    """X and y uniform, seen through s = x + y: given s, both are uniform on an interval of length h = 1 - |s - 1|.

    So 2 h²/12 is left, and as s has density h, no decoder of that sum loses less than ∫ h · h²/6 ds = 1/12.
    """
    assert 0.49 / 12 < lower_bound(Features(2, 1.0), 1) < 1 / 12


def test_more_features_or_fewer_dimensions_never_lower_it():
    bounds = [lower_bound(Features(n, 0.5), 2) for n in range(2, 30)]
    assert (np.diff(bounds) >= 0).all()
    bounds = [lower_bound(Features(20, 0.5), m) for m in range(1, 21)]
    assert (np.diff(bounds) <= 0).all()


def test_large_numbers_of_features_do_not_overflow():
    bound = lower_bound(Features(4000, 0.5), 30)
    assert 0 < bound < 4000 * (0.5 / 3 - 0.25 / 4)


def test_negative_values_cost_their_square():
    assert lower_bound(Features(2, 0.3, values=Uniform(-1, 1)), 2) == pytest.approx(2 * 0.3 * (1 / 3) / 2)
    assert lower_bound(Features(1, 0.5, values=Discrete((-2, 1), (1, 3))), 1) == pytest.approx(0.5 * 0.25 * 4)
    assert lower_bound(Features(1, 0.5, values=Uniform(-2, -1)), 1) == pytest.approx(0.5 * 7 / 3)


def test_groups_and_discrete_values_have_no_bound_but_zero():
    assert lower_bound(Features(4, 0.5, values=Discrete((1,))), 1) == 0
    assert lower_bound(Features(4, 0.5, correlated=[(0, 1)]), 1) == 0
