"""The exact method against exact rationals, and its invariances."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

from geomsup import Discrete, Features, ToyModel, Uniform, expected_loss
from geomsup.loss import exact_kernels
from geomsup.loss.exact import sets_needed
from tests.loss.truth import CASES, problem, problems


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_value_agrees_with_exact_rationals(case):
    result = expected_loss(*problem(case), method="exact")
    truth = Fraction(case["loss"])
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error)
    assert result.value == pytest.approx(float(truth), rel=1e-10, abs=0)
    assert result.method == "exact"


@pytest.mark.parametrize("case", [c for c in CASES if "grad_W" in c], ids=lambda case: case["name"])
def test_gradient_agrees_with_differences_in_extended_precision(case):
    result = expected_loss(*problem(case), method="exact", gradient=True)
    truth = np.array(case["grad_W"], float)
    np.testing.assert_allclose(result.grad_W, truth, rtol=1e-7, atol=1e-7 * np.abs(truth).max() + 1e-50)
    truth = np.array(case["grad_b"], float)
    np.testing.assert_allclose(result.grad_b, truth, rtol=1e-7, atol=1e-7 * np.abs(truth).max() + 1e-50)


@pytest.mark.parametrize("case", [c for c in CASES if "grad_W" in c], ids=lambda case: case["name"])
def test_kernels_stay_within_their_arrays(case, interpreted):
    interpreted(exact_kernels)
    result = expected_loss(*problem(case), method="exact", gradient=True)
    assert result.value == pytest.approx(float(Fraction(case["loss"])), rel=1e-10, abs=0)


@pytest.mark.parametrize("p", [1e-3, 1e-6, 1e-12, 1e-100])
def test_sets_too_improbable_to_matter_are_left_out_within_the_error(p, rng):
    """Features that are 1 or 0: the loss is a sum of 2^n squares, written out in fractions."""
    n = 8
    W, b = rng.normal(size=(n, 2)) / 2, rng.normal(size=n) / 8
    for size in (b, 0 * b):  # of a loss of order 1, and of order p
        model, truth = ToyModel(W, size), Fraction(0)
        rows = [list(map(Fraction, row)) for row in W.tolist()]
        gram = [[sum(x * y for x, y in zip(u, v, strict=True)) for v in rows] for u in rows]
        for present in itertools.product((0, 1), repeat=n):
            weight = math.prod(Fraction(p) if one else 1 - Fraction(p) for one in present)
            reads = zip(gram, map(Fraction, size.tolist()), strict=True)
            outputs = [c + sum(a for a, one in zip(row, present, strict=True) if one) for row, c in reads]
            truth += weight * sum((x - max(u, 0)) ** 2 for x, u in zip(present, outputs, strict=True))
        result = expected_loss(model, Features(n, p, values=Discrete([1.0])), method="exact")
        assert abs(Fraction(result.value) - truth) <= Fraction(result.error)
        assert result.error <= 1e-13 * result.value


@pytest.mark.slow
def test_a_group_of_any_size(interpreted):
    """Of 70 features that come together: one u = Σ x_j / 10 - 1/50 is negative in a part 1/70! of all cases only."""
    interpreted(exact_kernels)
    n, p, a, b = 70, Fraction(1, 4), Fraction(1, 10), Fraction(-1, 50)
    mean = (1 - a) / 2 - a * Fraction(n - 1, 2) - b
    truth = p * (mean**2 + ((1 - a) ** 2 + (n - 1) * a**2) / 12) + (n - 1) * p / 3
    first = np.eye(n)[:, :1]
    model = ToyModel(np.ones((n, 1)), float(b) * first[:, 0], W_out=float(a) * first)
    result = expected_loss(model, Features(n, 0.25, correlated=[range(n)]), gradient=True)
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error)
    assert result.grad_b is not None
    assert result.grad_b[0] == pytest.approx(float(-2 * p * mean), rel=1e-12)


def long_sum_is_covered(n, part):
    """Of n features that come together one output is nearly the mean: its loss is a sum of n squares of widths.

    Each input has the weight a = part/(9n).
    """
    first, a = np.eye(n)[0], part / (9 * n)
    p, weight, mean = Fraction(1, 4), Fraction(a), Fraction(0.5 - n * a / 2)
    residual = Fraction(1, 2) - weight * n / 2 - mean
    truth = p * (residual**2 + ((1 - weight) ** 2 + (n - 1) * weight**2) / 12) + (1 - p) * mean**2
    model = ToyModel(np.ones((n, 1)), float(mean) * first, W_out=a * first[:, None])
    result = expected_loss(model, Features(n, 0.25, first, correlated=[range(n)]), method="exact")
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error)


@pytest.mark.slow
def test_errors_cover_the_rounding_of_long_sums():
    # Of 150 terms, or of larger weights, the bound holds without the part that grows with their number.
    long_sum_is_covered(300, 1)


@pytest.mark.slow
def test_errors_cover_the_rounding_of_sums_without_a_compiler(interpreted):
    interpreted(exact_kernels)
    long_sum_is_covered(70, 2)  # more than a table of reciprocals has


def test_many_cases_are_stored():
    assert len(CASES) >= 200
    assert sum("grad_W" in case for case in CASES) >= 25


@given(problems(), st.integers(0, 2**32 - 1))
def test_rotating_hidden_space_changes_nothing(problem, seed):
    model, features = problem
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(model.n_hidden, model.n_hidden)))
    one = expected_loss(model, features, method="exact")
    two = expected_loss(ToyModel(model.W @ q, model.b, model.activation), features, method="exact")
    # Turning rounds W, so that a loss of 0 is none afterwards.
    size = max(1.0, float(np.abs(model.gram).max()))
    rounded = (8 * np.finfo(float).eps * size) ** 2 * float(features.importance @ features.second_moment)
    assert abs(one.value - two.value) <= one.error + two.error + 1e-13 * one.value + rounded


@given(problems(), st.integers(0, 2**32 - 1))
def test_permuting_features_permutes_the_terms(problem, seed):
    model, features = problem
    order = np.random.default_rng(seed).permutation(features.n)
    place = np.argsort(order)
    shuffled = Features(
        features.n,
        features.probability[order],
        features.importance[order],
        [features.laws[i] for i in order],
        correlated=[tuple(int(place[i]) for i in group) for group in features.correlated],
        anticorrelated=[tuple(int(place[i]) for i in group) for group in features.anticorrelated],
        joint=[table.moved({i: int(place[i]) for i in table.members}) for table in features.joint],
    )
    one = expected_loss(model, features, method="exact")
    two = expected_loss(ToyModel(model.W[order], model.b[order], model.activation), shuffled, method="exact")
    np.testing.assert_allclose(two.per_feature, one.per_feature[order], rtol=1e-9, atol=one.error + two.error)


@given(problems())
def test_no_loss_is_negative(problem):
    result = expected_loss(*problem, method="exact")
    assert (result.per_feature >= 0).all()


def _shifted(groups, by):
    return tuple(tuple(i + by for i in group) for group in groups)


@given(problems(max_features=3), problems(max_features=3))
def test_orthogonal_blocks_add(one, two):
    (model1, features1), (model2, features2) = one, two
    n, m = features1.n, model1.n_hidden
    W = np.zeros((n + features2.n, m + model2.n_hidden))
    W[:n, :m], W[n:, m:] = model1.W, model2.W
    features = Features(
        len(W),
        np.r_[features1.probability, features2.probability],
        np.r_[features1.importance, features2.importance],
        features1.laws + features2.laws,
        correlated=features1.correlated + _shifted(features2.correlated, n),
        anticorrelated=features1.anticorrelated + _shifted(features2.anticorrelated, n),
        joint=features1.joint + tuple(t.moved({i: i + n for i in t.members}) for t in features2.joint),
    )
    parts = [
        expected_loss(ToyModel(m.W, m.b, model1.activation), f, method="exact")
        for m, f in ((model1, features1), (model2, features2))
    ]
    whole = expected_loss(ToyModel(W, np.r_[model1.b, model2.b], model1.activation), features, method="exact")
    total = sum(part.value for part in parts)
    slack = whole.error + sum(part.error for part in parts) + 1e-14 * total
    assert abs(whole.value - total) <= slack


def test_untied_gradient_agrees_with_differences(rng):
    W, W_out, b = rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), rng.normal(size=4) * 0.2
    features = Features(4, 0.3)
    result = expected_loss(ToyModel(W, b, W_out=W_out), features, gradient=True)
    step = 1e-6
    for array, gradient, make in (
        (W, result.grad_W, lambda W_: ToyModel(W_, b, W_out=W_out)),
        (W_out, result.grad_W_out, lambda W_: ToyModel(W, b, W_out=W_)),
    ):
        move = np.zeros_like(array)
        move[1, 1] = step
        slope = (
            float(expected_loss(make(array + move), features)) - float(expected_loss(make(array - move), features))
        ) / (2 * step)
        assert gradient[1, 1] == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("law", [Uniform(0, 1), Uniform(-0.5, 1), Uniform(0.25, 1)], ids=repr)
@pytest.mark.parametrize("own", [0.05, 0.4, 1.3])
@pytest.mark.parametrize("bias", [-0.3, 0.2])
def test_slopes_in_every_coupling_agree_with_differences(own, bias, law):
    """Whichever place an output's own feature takes among those it sees, from the largest coupling to the smallest."""
    n, step = 5, 1e-5
    coupling = np.array([0.9, -0.7, 0.5, -0.3, 0.2])[(np.arange(n)[:, None] + np.arange(n)) % n]
    np.fill_diagonal(coupling, own)
    b, features = np.full(n, bias), Features(n, 0.6, values=law)

    def losses(A, b):
        return expected_loss(ToyModel(np.eye(n), b, W_out=A), features, method="exact").per_feature

    result = expected_loss(ToyModel(np.eye(n), b, W_out=coupling), features, method="exact", gradient=True)
    for j in range(n):  # every output moves in its own j-th coupling
        move = step * np.eye(n)[j]
        slopes = (losses(coupling + move, b) - losses(coupling - move, b)) / (2 * step)
        np.testing.assert_allclose(result.grad_W_out[:, j], slopes, rtol=1e-6, atol=1e-8)
    slopes = (losses(coupling, b + step) - losses(coupling, b - step)) / (2 * step)
    np.testing.assert_allclose(result.grad_b, slopes, rtol=1e-6, atol=1e-8)


def test_too_many_coupled_features_are_refused():
    model = ToyModel(np.ones((17, 1)))
    with pytest.raises(
        ValueError,
        match=r'`method` "exact" must not meet more than 65536 sets .* got 1\.31e\+05\. Use method="spectral"',
    ):
        expected_loss(model, Features(17, 0.1), method="exact")


@pytest.mark.parametrize("n", [20, 40])
def test_features_that_are_always_present_are_a_sum_of_corners(n):
    """One set of n continuous features is a box of 2^n corners: the series is what ends."""
    model, features = ToyModel(np.random.default_rng(0).normal(size=(n, 5))), Features(n, 1.0)
    assert sets_needed(np.ones((n, n)), features) == 2.0**n
    assert expected_loss(model, features).method == "spectral"
    with pytest.raises(ValueError, match=r"`method` \"exact\" must not meet more than 65536 sets"):
        expected_loss(model, features, method="exact")


def test_points_that_are_always_present_are_one_set():
    """Values that are points have no corners: 20 features that are always 1 are one set, and u_i = 19 + 1."""
    features = Features(20, 1.0, values=Discrete((1,)))
    loss = expected_loss(ToyModel(np.ones((20, 1))), features)
    assert sets_needed(np.ones((20, 20)), features) == 1
    assert loss.method == "exact"
    assert loss.value == pytest.approx(20 * (1 - 20) ** 2, rel=1e-12)
