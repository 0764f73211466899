"""What is proved while one or two features are active: inequalities at random models, integrals, limits."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from geomsup import Features, ToyModel, expected_loss, one_hot_loss, optimum
from geomsup.optima.proved import two_active
from geomsup.optima.proved.one_active import PENTAGON, by_one_active, least_potential
from geomsup.optima.proved.two_active import by_two_active, digon_loss, overlap

GRID = (np.arange(4000) + 0.5) / 4000


def test_rows_beyond_a_digon_or_a_pentagon_cost_a_half_each():
    assert [least_potential(n, 1) for n in range(1, 6)] == [0, 0, 0.5, 1, 1.5]
    assert [least_potential(n, 2) for n in range(4, 8)] == [0, PENTAGON, PENTAGON + 0.5, PENTAGON + 1]
    assert least_potential(50, 3) == 0
    assert by_one_active(5, 2, 0.1) == pytest.approx(0.1 * 0.9**4 * PENTAGON / 3)


@settings(max_examples=200)
@given(st.integers(1, 2), st.integers(3, 9), st.integers(0, 2**32 - 1))
def test_no_rows_have_a_lower_potential(m, n, seed):
    """Regular polygons and their neighbours in the plane, rays on the line."""
    rng = np.random.default_rng(seed)
    turns = 2 * np.pi * np.arange(n) / min(n, rng.integers(4, 8))
    W = np.stack([np.cos(turns), np.sin(turns)], axis=1)[:, :m] * rng.uniform(0.2, 1.4, (n, 1))
    W += 0.05 * rng.normal(size=(n, m))
    b = -0.3 * rng.random() * (W**2).sum(axis=1)
    potential = one_hot_loss(W, b).potential
    assert potential >= least_potential(n, m)


def test_the_line_that_bounds_more_than_five_rows_in_the_plane():
    """1 - R(t, cos ϑ) + 0.45 ϑ >= 0.6 on all of [0, 1] x [0, π/2]: by boxes, in exact rationals.

    R is at most (1 - t)(2 + t)²/(4 + 8 w³/c) with w = (c - t)₊/(1 - t), which falls with t, and R falls when c grows.
    cos ϑ is at least 1 - ϑ²/2, and at least 1 - 2ϑ/π; both are taken at the upper end of a box.
    """
    slope, height, quarter = Fraction(45, 100), Fraction(6, 10), Fraction(157079632, 10**8)
    assert 6 * height - 2 * slope * Fraction(31415927, 10**7) > Fraction(str(PENTAGON)) + Fraction(1, 2)
    assert slope * quarter > height

    def holds(t0, t1, low, high):
        c = max(1 - high**2 / 2 + (high**4 / 24 - high**6 / 720), Fraction(0))
        fraction = 0 if c <= t1 or t1 == 1 else ((c - t1) / (1 - t1)) ** 3 / c
        return 1 - (1 - t0) * (2 + t0) ** 2 / (4 + 8 * fraction) + slope * low > height

    boxes, count = [(Fraction(0), Fraction(1), Fraction(0), Fraction(15708, 10**4))], 0
    while boxes:
        t0, t1, low, high = boxes.pop()
        count += 1
        assert count < 100_000
        if not holds(t0, t1, low, high):
            t, turn = (t0 + t1) / 2, (low + high) / 2
            boxes += [(t0, t, low, turn), (t, t1, low, turn), (t0, t, turn, high), (t, t1, turn, high)]


def test_the_error_of_a_pair_by_a_fine_sum():
    x, y = np.meshgrid(GRID[::8], GRID[::8])
    for s in (0.0, 0.3, 0.8, 1.0):
        assert overlap(np.array(s)) == pytest.approx((np.minimum(x, s * y) ** 2).mean(), abs=2e-3)


@settings(max_examples=100)
@given(st.floats(0, 3), st.floats(-3, 2))
def test_the_error_of_a_feature_alone_by_a_fine_sum(q, b):
    direct = 3 * ((GRID - np.maximum(q * GRID + b, 0)) ** 2).mean()
    assert two_active.alone(np.array(q), np.array(b)) == pytest.approx(direct, abs=2e-3)


@pytest.mark.parametrize("p", [1e-4, 0.01, 0.1, 0.5, 0.9])
def test_the_digon_that_it_is_compared_with_loses_what_the_best_one_does_or_more(p):
    W, features = np.array([[1.0], [-1.0]]), Features(2, p)
    unit = expected_loss(ToyModel(W, np.zeros(2)), features).value
    assert unit == pytest.approx(p**2 / 3)
    assert digon_loss(p) <= unit * (1 + 1e-12)
    scaled = [expected_loss(ToyModel(k * W, [d, d]), features).value for k in (0.9, 1, 1.05) for d in (0, p / 4, p / 2)]
    assert digon_loss(p) <= min(scaled) * (1 + 1e-6)
    assert digon_loss(p) >= optimum(features, 1).loss * (1 - 1e-12)


@settings(max_examples=300)
@given(
    st.integers(1, 4),
    st.floats(1e-4, 0.3),
    st.floats(0, 1),
    st.floats(0.5, 1.5),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_outputs_and_the_rank_of_the_gram_matrix_bound_the_loss_of_any_model(m, p, share, scale, digons, seed):
    """Σ_i F(q_i, b_i) - ν n² Q²/m <= L, for any ν and Q, at random models and near digons."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(m + 1, 2 * m + 1))
    near = np.vstack([np.eye(m), -np.eye(m)])[:n] @ np.linalg.qr(rng.normal(size=(m, m)))[0]
    W = (near if digons else 0) + rng.uniform(0, 1) * rng.normal(size=(n, m))
    model = ToyModel(W, 0.3 * rng.normal(size=n))
    odds = two_active._Odds((1 - p) ** n, p * (1 - p) ** (n - 1) / 3, p**2 * (1 - p) ** (n - 2))
    price = share * odds.two / 6 + 1e-12
    output = two_active._Output(n, m, odds, price, scale)
    bound = output.at((W**2).sum(axis=1), model.b).sum() - price * n**2 * scale**2 / m
    assert bound <= expected_loss(model, Features(n, p)).value + 1e-12


@settings(max_examples=100)
@given(st.floats(0.05, 2), st.floats(-1, 0.5), st.floats(1e-3, 0.5), st.floats(-1, 1), st.floats(-1, 1))
def test_the_bound_of_a_box_holds_within_the_box(q, b, size, x, y):
    odds = two_active._Odds(0.95**4, 0.05 * 0.95**3 / 3, 0.05**2 * 0.95**2)
    output = two_active._Output(4, 2, odds, odds.two / 8, 1.1)
    dq, db = min(size, q), size
    inside = output.at(np.array([q + x * dq]), np.array([b + y * db]))
    assert output.within(np.array([q]), np.array([b]), np.array([dq]), np.array([db])) <= inside + 1e-9


@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 2), (4, 2), (6, 3), (10, 5)])
def test_few_features_that_are_rare_lose_what_the_rank_demands(n, m):
    """p² n (n/m - 1)/6 for p to 0; with n = 2m these are the digons, whose loss is m p²/3."""
    p = 1e-6
    limit = p**2 * n * (n / m - 1) / 6
    assert 0.9 * limit < by_two_active(n, m, p) < limit
    assert by_two_active(n, m, p) <= (n - m) * digon_loss(p)


def test_other_sizes_and_dense_features_get_nothing():
    assert by_two_active(5, 2, 0.01) == by_two_active(2, 2, 0.01) == 0
    assert by_two_active(4, 2, 1e-200) == by_two_active(2, 1, 5e-324) == 0
    assert by_two_active(4, 2, 0.9) == by_two_active(4, 2, 1.0) == by_two_active(4, 2, 0.0) == 0
