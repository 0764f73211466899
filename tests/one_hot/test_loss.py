"""The one-hot loss against rationals, quadrature and `expected_loss`."""

import json
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from geomsup import Features, ToyModel, expected_loss, optimum
from geomsup.one_hot import one_hot_loss, one_hot_state
from tests.one_hot.truth import PUBLISHED, terms_of_the_paper


def potentials_of_the_paper(W, b):
    """H_i for every feature, from rows and biases of any field of numbers."""
    gram = [[sum(x * y for x, y in zip(v, w, strict=True)) for w in W] for v in W]
    return [sum(terms_of_the_paper(gram[i][j], b[i], i == j) for j in range(len(W))) for i in range(len(W))]


def models(least=-1.0):
    """Rows of W, and biases from `least` to 0.5 (or to 0)."""
    sizes = st.tuples(st.integers(2, 7), st.integers(1, 3), st.integers(0, 2**32 - 1))

    def build(size):
        n, m, seed = size
        rng = np.random.default_rng(seed)
        return rng.normal(size=(n, m)), rng.uniform(least, 0.5, n), rng

    return sizes.map(build)


@pytest.mark.parametrize("seed", range(8))
def test_the_loss_is_the_exact_rational(seed):
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(2, 7)), int(rng.integers(1, 4))
    W = [[Fraction(int(x), 64) for x in row] for row in rng.integers(-96, 97, (n, m))]
    b = [Fraction(int(x), 64) for x in rng.integers(-64, 33, n)]
    importance = [Fraction(int(x), 8) for x in rng.integers(0, 17, n)]
    truth = [i * h / (3 * n) for i, h in zip(importance, potentials_of_the_paper(W, b), strict=True)]
    floats = (np.array(part, dtype=float) for part in (W, b, importance))
    W, b, weights = floats
    result = one_hot_loss(W, b, importance=weights)
    assert result.value == pytest.approx(float(sum(truth)), rel=1e-14)
    assert result.per_feature == pytest.approx([float(t) for t in truth], rel=1e-13, abs=1e-16)
    assert result.potential == pytest.approx(float(3 * n * sum(truth)), rel=1e-14)


def test_the_loss_is_the_integral():
    W = [[0.9, 0.2], [-0.3, 0.8], [-0.5, -0.7], [0.6, -0.4]]
    b = [-0.1, 0.07, 0.0, -0.2]
    total = mpmath.mpf(0)
    for active in range(4):
        for i in range(4):
            a = sum(mpmath.mpf(x) * y for x, y in zip(W[i], W[active], strict=True))
            kink = [-b[i] / a] if 0 < -b[i] / a < 1 else []
            total += mpmath.quad(
                lambda x, a=a, i=i, own=(active == i): (own * x - max(a * x + b[i], 0)) ** 2, [0, *kink, 1]
            )
    assert one_hot_loss(W, b).value == pytest.approx(float(total / 4), rel=1e-14)
    assert one_hot_loss(W, np.minimum(b, 0), independent=True).potential == one_hot_loss(W, np.minimum(b, 0)).potential


@pytest.mark.slow
@settings(max_examples=60)
@given(models())
def test_it_is_the_expected_loss_of_one_anticorrelated_group(model):
    W, b, rng = model
    importance = rng.uniform(0, 2, len(b))
    features = Features(len(b), 1 / len(b), importance, anticorrelated=[tuple(range(len(b)))])
    truth = expected_loss(ToyModel(W, b), features, gradient=True)
    result = one_hot_loss(W, b, importance=importance)
    assert abs(result.value - truth.value) <= 2 * truth.error + 1e-15
    assert result.per_feature == pytest.approx(truth.per_feature, rel=1e-9, abs=1e-12)
    assert result.grad_W == pytest.approx(truth.grad_W, rel=1e-8, abs=1e-10)
    assert result.grad_b == pytest.approx(truth.grad_b, rel=1e-8, abs=1e-10)


@given(models())
def test_rotations_change_nothing_and_permutations_permute(model):
    W, b, rng = model
    turn, _ = np.linalg.qr(rng.normal(size=(W.shape[1],) * 2))
    order = rng.permutation(len(b))
    one, turned, shuffled = one_hot_loss(W, b), one_hot_loss(W @ turn, b), one_hot_loss(W[order], b[order])
    assert turned.value == pytest.approx(one.value, rel=1e-12)
    assert turned.grad_W == pytest.approx(one.grad_W @ turn, abs=1e-11)
    assert shuffled.per_feature == pytest.approx(one.per_feature[order], rel=1e-12)
    assert shuffled.grad_b == pytest.approx(one.grad_b[order], abs=1e-12)


@given(models(), st.floats(0, 10))
def test_importance_weighs_outputs(model, factor):
    W, b, _ = model
    one, many = one_hot_loss(W, b), one_hot_loss(W, b, importance=factor)
    assert many.value == pytest.approx(factor * one.value, rel=1e-12)
    assert one.value == pytest.approx(one.per_feature.sum(), rel=1e-12)
    assert many.potential == pytest.approx(3 * len(b) * many.value, rel=1e-12)
    only = one_hot_loss(W, b, importance=np.eye(len(b))[0])
    assert only.value == pytest.approx(one.per_feature[0], rel=1e-12)


def test_nearly_perfect_codes_lose_no_digits():
    # Two silent outputs 1 - s and b away from perfect: H = 2 (N + b³ (1/s² + 1/s)), all terms tiny.
    s, b = Fraction(2**20 + 1, 2**20), Fraction(-1, 2**20)
    truth = 2 * terms_of_the_paper(s, b, own=True)
    norm = mpmath.sqrt(mpmath.mpf(s.numerator) / s.denominator)
    assert one_hot_loss([[float(norm)], [-float(norm)]], [float(b)] * 2).potential == pytest.approx(
        float(truth), rel=1e-9
    )


def test_edges_of_the_pieces():
    assert one_hot_loss([[0.0]], [0.0]).potential == 1  # never on
    assert one_hot_loss([[1.0]], [-1.0]).potential == 1  # on at x = 1 alone
    assert one_hot_loss([[0.0], [0.0]], [0.25, -0.5]).per_feature == pytest.approx([(1 - 0.75 + 6 / 16) / 6, 1 / 6])
    assert one_hot_loss([[1.0, 0.0], [0.0, 1.0]]).value == 0
    assert one_hot_loss([[1.0], [-1.0]]).grad_W.tolist() == [[0.0], [0.0]]
    assert float(one_hot_loss([[1e-200], [1.0]], [-1e-220, 0])) == pytest.approx(1 / 6)


def test_callers_arrays_stay(read_only):
    W, b = read_only([[0.5], [-0.7]]), read_only([0.1, -0.1])
    result = one_hot_loss(W, b, importance=read_only([1, 2]))
    assert float(result) == result.value
    assert json.loads(json.dumps(result.to_dict()))["per_feature"] == result.per_feature.tolist()


def test_independent_features_have_the_same_limit():
    """L(p) of independent features is p H / 3 + O(p²) where no bias is positive."""
    rng = np.random.default_rng(3)
    W, b = rng.normal(size=(5, 2)), -rng.uniform(0, 0.4, 5)
    slopes = [expected_loss(ToyModel(W, b), Features(5, p)).value / p for p in (1e-4, 5e-5)]
    limit = one_hot_loss(W, b, independent=True)
    assert limit.value == pytest.approx(2 * slopes[1] - slopes[0], rel=1e-6)
    assert limit.value == pytest.approx(limit.potential / 3, rel=1e-14)
    assert limit.grad_W == pytest.approx(5 * one_hot_loss(W, b).grad_W, rel=1e-12)


@pytest.mark.slow
def test_the_best_pentagon_of_independent_features_tends_to_the_one_hot_pentagon():
    best = {p: optimum(Features(5, p), 2, starts=8) for p in (1e-3, 1e-4)}
    state = one_hot_state(5)

    def limit(of):  # Richardson, for an error proportional to p
        return (10 * of(best[1e-4]) - of(best[1e-3])) / 9

    assert limit(lambda o: 3 * o.loss / o.features.probability[0]) == pytest.approx(state.potential, rel=3e-5)
    assert limit(lambda o: np.linalg.norm(o.model.W, axis=1).mean()) == pytest.approx(PUBLISHED[5][0], abs=2e-6)
    assert limit(lambda o: o.model.b.mean()) == pytest.approx(PUBLISHED[5][1], abs=2e-6)
    at_limit = one_hot_loss(state.model.W, state.model.b, independent=True)
    assert at_limit.potential == pytest.approx(state.potential, rel=1e-13)


@pytest.mark.parametrize(
    ("function", "arguments", "options", "error", "message"),
    [
        (
            one_hot_loss,
            ([[1.0], [1.0]], [0.1]),
            {},
            ValueError,
            r"^`b` must have one entry per feature \(2,\); got shape",
        ),
        (
            one_hot_loss,
            ([1.0],),
            {},
            ValueError,
            r"^`W` must have the shape \(n_features, n_hidden\); got shape \(1,\)",
        ),
        (
            one_hot_loss,
            ([[1.0]], [0.1]),
            {"independent": True},
            ValueError,
            r"^`b` must be at most 0 in the limit of independent features; got 0\.1\. Clip it",
        ),
        (
            one_hot_loss,
            ([[1.0]],),
            {"importance": -1},
            ValueError,
            r"^`importance` must be at least 0; got -1\. Rescale",
        ),
    ],
)
def test_bad_input_is_named(function, arguments, options, error, message):
    with pytest.raises(error, match=message):
        function(*arguments, **options)


@pytest.mark.parametrize("size", [1e80, 1e200])
def test_losses_beyond_doubles_are_refused(size):
    with pytest.raises(
        ValueError, match=r"`W` must have a loss and slopes that a double can hold; got weights up to 1e"
    ):
        one_hot_loss([[size], [-size]])
    assert np.isfinite(one_hot_loss([[1e60], [-1e60]]).potential)
