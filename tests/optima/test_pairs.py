"""Lower bounds from outputs that hear one other feature: shares of pairs, boxes, and the bound itself."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from geomsup import Features, ToyModel, expected_loss, optimum
from geomsup.optima.proved.heard import Boxes, Case, lower, value
from geomsup.optima.proved.pairs import by_pairs
from geomsup.optima.proved.shares import Shares
from geomsup.optima.tabulated.entries import entries

coefficients = st.floats(0, 3)
some_shares = st.builds(Shares, coefficients, coefficients, coefficients, st.floats(0, 0.5))


def polynomial(shares, c):
    return shares.square * c**2 + shares.odd * c + shares.cubic * c**3 - shares.constant


@given(some_shares, st.floats(1e-3, 100), st.floats(0, 1), st.sampled_from([1, -1]))
@settings(max_examples=400)
def test_two_shares_are_at_least_what_the_cosine_asks_for(shares, x, cosine, sign):
    ratios = np.array([x, cosine**2 / x])
    given_ = shares.given(ratios, sign).sum()
    assert given_ >= 2 * polynomial(shares, sign * cosine) - 1e-12


@given(some_shares, st.integers(0, 10**6), st.integers(2, 12), st.integers(1, 4))
def test_sums_over_pairs_are_below_those_of_random_rows(shares, seed, n, m):
    rows = np.random.default_rng(seed).normal(size=(n, m))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = (rows @ rows.T)[~np.eye(n, dtype=bool)]
    assert polynomial(shares, cosines).sum() >= shares.sum_over_pairs(n, m) - 1e-9


@pytest.mark.parametrize(("p", "q", "b", "a"), [
    (0.1, 1.0, 0.0, -1.0), (0.3, 0.7, 0.2, 0.4), (0.5, 1.2, -0.3, 0.9), (0.9, 0.4, 0.1, -2.0), (0.2, 1.1, -0.2, 0.0),
])  # fmt: skip
def test_values_at_points_are_losses_of_an_output(p, q, b, a):
    """The exact loss of a model whose first output is (q x + a y + b)₊, y being never, or always, present."""
    found = [float(value(Case(p, 1 - heard, heard, Shares(0.0)), q, b, a)) for heard in (0, 1)]
    model = ToyModel(np.eye(2), [b, 0.0], W_out=[[q, a], [0.0, 1.0]])
    losses = [expected_loss(model, Features(2, [p, present])).per_feature[0] for present in (0.0, 1.0)]
    np.testing.assert_allclose(found, losses, rtol=1e-9, atol=1e-15)


@given(some_shares, st.floats(0.01, 0.99), st.integers(0, 10**6))
@settings(max_examples=200)
def test_bounds_on_boxes_are_below_the_values_in_them(shares, p, seed):
    rng = np.random.default_rng(seed)
    case, size = Case(p, *rng.random(2), shares), 10.0 ** rng.uniform(-3, 0.5)
    dq, db, da = size * rng.random(3)
    q, b, a = dq + rng.uniform(0, 2), rng.normal(), (da + rng.exponential()) * rng.choice([-1, 1])
    box = Boxes(*(np.array([one]) for one in (q, b, a, dq, db, da)))
    inside = [middle + half * rng.uniform(-1, 1, 50) for middle, half in ((q, dq), (b, db), (a, da))]
    assert lower(case, box)[0] <= value(case, *inside).min() + 1e-7


@pytest.mark.parametrize(("scale", "far"), [(1e3, 0), (1e3, 1), (1e3, 2)])
def test_bounds_hold_far_away(scale, far):
    """Where sums of powers lose all digits, sampled: very large norms, biases and products."""
    rng = np.random.default_rng(far)
    middle, half = np.array([1.0, 0.1, 0.5]), np.array([0.1, 0.1, 0.1])
    middle[far], half[far] = scale, scale / 4
    x, y = rng.random((2, 4000))
    for sign in (1, -1):
        case = Case(0.3, 0.5, 0.5, Shares(0.1))
        q, b, a = middle[0], middle[1] * sign, middle[2] * sign
        box = Boxes(*(np.array([one]) for one in (q, b, a, *half)))
        own, both = np.maximum(q * x + b, 0), np.maximum(q * x + a * y + b, 0)
        silent = max(b, 0) ** 2, (np.maximum(a * y + b, 0) ** 2).mean()
        losses = [0.3 * ((x - v) ** 2).mean() + 0.7 * zero for v, zero in zip((own, both), silent, strict=True)]
        share = float(case.shares.given(np.array(abs(a) / q), int(np.sign(a))))
        assert lower(case, box)[0] <= 0.5 * losses[0] + 0.5 * (losses[1] - share)


@pytest.mark.parametrize("p", [1e-4, 0.01, 0.05, 0.2, 0.5, 0.9])
def test_no_model_is_below(p):
    """The best models known of all sizes of the table, and random ones."""
    rng = np.random.default_rng(0)
    for n, m in ((2, 1), (5, 1), (4, 2), (9, 2), (4, 3), (7, 3), (12, 3), (6, 4), (11, 4)):
        bound = by_pairs(n, m, p)
        if bound is None:
            continue
        least = bound.total(n, m)
        known = entries().get((n, m, p))
        assert known is None or least <= known.loss
        for _ in range(5):
            model = ToyModel(rng.normal(size=(n, m)) / m**0.5, rng.normal(size=n) / 5)
            assert least <= float(expected_loss(model, Features(n, p)))


@pytest.mark.parametrize(("n", "m", "p", "share"), [
    (2, 1, 0.1, 0.9), (2, 1, 0.5, 0.95), (4, 2, 0.05, 0.81), (6, 3, 0.05, 0.73), (8, 4, 0.05, 0.66), (4, 3, 0.05, 0.5),
    (12, 3, 0.01, 0.07), (5, 1, 0.5, 0.45),
])  # fmt: skip
def test_bounds_come_near_the_best_models(n, m, p, share):
    best = entries()[n, m, p].loss if n > 2 or m > 1 else optimum(Features(n, p), m).loss
    assert share * best <= by_pairs(n, m, p).total(n, m) <= best


def test_nothing_is_said_of_what_is_not_covered():
    assert by_pairs(3, 3, 0.1) is None
    assert by_pairs(3, 2, 1e-9) is None
    assert by_pairs(3, 2, 1.0) is None
