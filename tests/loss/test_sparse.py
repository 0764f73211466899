"""The loss to second order in the probabilities, against sums over sets, the exact loss, and finite differences."""

from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import example, given, strategies as st
from scipy.optimize import approx_fprime

from geomsup import Discrete, Features, Normal, ToyModel, Uniform, expected_loss
from geomsup.loss.objective import pack
from geomsup.loss.sparse.inputs import SPARSE, sparse_inputs
from geomsup.loss.sparse.kernels import sparse_curvature, sparse_loss

MIXED = Features(
    5, [0.1, 0.2, 0.05, 0.1, 0.15], [1.0, 0.8, 0.5, 1.0, 0.7],
    [Uniform(), Uniform(-1, 1), Discrete([1.0, 2.0]), Uniform(0.5, 1), Uniform(-2, -1)],
)  # fmt: skip
ONE_OF = Features(4, 0.15, 0.9 ** np.arange(4), Uniform(), anticorrelated=[(0, 1), (2, 3)])
POINTS = replace(ONE_OF, values=Discrete([1.0, -0.5, 3.0], weights=[1, 2, 3]))
THREE = Features(6, 0.1, 0.9 ** np.arange(6), Uniform(-1, 2), anticorrelated=[(0, 1), (2, 3), (4, 5)])
number = st.floats(-2, 2, allow_nan=False)


def random_model(features, m, seed=0):
    rng = np.random.default_rng(seed)
    return pack(0.7 * rng.normal(size=(features.n, m)), 0.3 * rng.normal(size=features.n))


def loss_and_slopes(vector, features, m):
    gradient = np.empty(len(vector))
    return sparse_loss(vector, features.n, m, features.importance, sparse_inputs(features), gradient), gradient


def model_of(vector, n):
    return ToyModel(vector[:-n].reshape(n, -1), vector[-n:])


def series(vector, features):
    """The series that `sparse_inputs` cuts, term by term, for features of discrete values."""
    model, n = model_of(vector, features.n), features.n

    def mean(present):
        """E of the loss if just these are present."""
        total = 0.0
        for values in product(*(zip(*features.laws[i].pieces()[:2], strict=True) for i in present)):
            x = np.zeros(n)
            for i, (_, value) in zip(present, values, strict=True):
                x[i] = value
            total += np.prod([weight for weight, _ in values]) * float(features.importance @ (x - model(x)) ** 2)
        return total

    q, none = features.probability, mean(())
    total = none + sum(q[i] * (mean((i,)) - none) for i in range(n))
    pairs = (q[i] * q[j] * (mean((i, j)) - mean((i,)) - mean((j,)) + none) for i, j in combinations(range(n), 2))
    return total + sum(pairs)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_series_term_by_term(seed, interpreted):
    from geomsup.loss.sparse import kernels

    features = Features(4, [0.1, 0.2, 0.05, 0.1], [1, 0.5, 2, 1], Discrete([1.0, -0.5, 3.0], weights=[1, 2, 3]))
    vector = random_model(features, 2, seed)
    interpreted(kernels)
    gradient = np.empty(len(vector))
    found = kernels.sparse_loss(vector, 4, 2, features.importance, sparse_inputs(features), gradient)
    assert found == pytest.approx(series(vector, features), rel=1e-12)


def means_of_two(c, a, x_piece, a_less, y_piece, own):
    """E (own x - u₊)² and half its slopes, u = c + a x + a_less y: polynomials in x, then Simpson's rule, in rationals.

    Between the values of y at which an end of the piece of x comes to u = 0, means over x are cubics in y.
    """

    def of_one(y):
        ends = list(x_piece)
        if a != 0:
            zero = -(c + a_less * y) / a
            inside = min(max(zero, x_piece[0]), x_piece[1])
            ends = [inside, x_piece[1]] if a > 0 else [x_piece[0], inside]
        elif c + a_less * y <= 0:
            ends[1] = ends[0]
        power = [(ends[1] ** (k + 1) - ends[0] ** (k + 1)) / (k + 1) / (x_piece[1] - x_piece[0]) for k in range(3)]
        all_x2 = (x_piece[1] ** 3 - x_piece[0] ** 3) / 3 / (x_piece[1] - x_piece[0])
        start, slope = c + a_less * y, a - own  # what is missed where u > 0
        by_c = start * power[0] + slope * power[1]
        by_a = start * power[1] + slope * power[2]
        missed = start**2 * power[0] + 2 * start * slope * power[1] + slope**2 * power[2]
        return np.array([missed + own * (all_x2 - power[2]), by_c, by_a, by_c * y])

    cuts = [-(c + a * x) / a_less for x in x_piece] if a_less != 0 else []
    places = sorted([*y_piece, *(y for y in cuts if y_piece[0] < y < y_piece[1])])
    parts = [(v - u) * (of_one(u) + 4 * of_one((u + v) / 2) + of_one(v)) / 6 for u, v in pairwise(places)]
    return sum(parts) / (y_piece[1] - y_piece[0])


@given(
    number, number, number.flatmap(lambda x: st.sampled_from([x, x * 1e-3, x * 1e-9, 0.0])),
    st.sampled_from([(0.0, 1.0), (0.5, 0.5), (-1.0, 2.0), (-2.0, 0.25)]), st.sampled_from([(0.0, 1.0), (-1.0, 1.5)]),
    st.booleans(),
)  # fmt: skip
@example(-0.25, 1.0, 0.25, (0.0, 1.0), (0.0, 1.0), True)  # hardly steep
@example(-0.25, 1.0, 0.125, (0.0, 1.0), (0.0, 1.0), True)  # steep by so little that differences lose most
@example(0.0, -1.0, -1.0, (0.0, 1.0), (0.0, 1.0), False)  # never above zero, but at one corner
@example(0.0, 1.0, 1.0, (0.0, 1.0), (0.0, 1.0), True)
def test_means_over_two_features_are_those_of_exact_rationals(c, a, a_less, x_piece, y_piece, own):
    from geomsup.loss.sparse import kernels

    found = kernels.of_two(c, a, *x_piece, a_less, *y_piece, own)
    c, a, a_less, *ends = map(Fraction, (c, a, a_less, *x_piece, *y_piece))
    pieces = (ends[0], ends[0] + ends[1]), (ends[2], ends[2] + ends[3])
    expected = means_of_two(c, a, pieces[0], a_less, pieces[1], int(own))
    reach = float(1 + abs(c) + 2 * abs(a) + 2 * abs(a_less))
    np.testing.assert_allclose(np.array(found, float), expected.astype(float), rtol=1e-12, atol=3e-13 * reach**2)


@pytest.mark.parametrize("features", [ONE_OF, POINTS])
@pytest.mark.parametrize("seed", range(4))
def test_of_two_groups_nothing_is_cut(features, seed):
    vector = random_model(features, 2, seed)
    exact = float(expected_loss(model_of(vector, 4), features))
    assert loss_and_slopes(vector, features, 2)[0] == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize("features", [MIXED, THREE])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_cut_is_of_third_order(features, seed):
    """(exact - series) / ε³ for probabilities ε p tends to a number; of second order, it would double."""
    vector = random_model(features, 2, seed)
    model, scale, left = model_of(vector, features.n), 2.0 ** -np.arange(4), []
    for factor in scale:
        sparser = replace(features, probability=factor * features.probability)
        found, _ = loss_and_slopes(vector, sparser, 2)
        left.append((float(expected_loss(model, sparser)) - found) / factor**3)
    assert (np.abs(np.diff(left)) <= 0.6 * abs(left[-1]) * scale[:-1]).all()


@pytest.mark.parametrize("features", [MIXED, ONE_OF, POINTS])
def test_losses_of_which_nothing_is_bent_are_exact(features):
    """Where every output is linear on all inputs the loss is a sum over pairs, and nothing is cut."""
    vector = random_model(features, 2)
    W = model_of(vector, features.n).W
    reach = np.array([max(map(abs, law.support)) for law in features.laws])
    vector[-features.n :] = np.abs(W @ W.T) @ reach + 0.1  # every output is above zero
    found, _ = loss_and_slopes(vector, features, 2)
    assert found == pytest.approx(float(expected_loss(model_of(vector, features.n), features)), rel=1e-12)


@pytest.mark.parametrize("features", [MIXED, ONE_OF, POINTS])
@pytest.mark.parametrize("seed", range(3))
def test_slopes_are_those_of_the_loss(features, seed):
    vector = random_model(features, 2, seed)
    _, gradient = loss_and_slopes(vector, features, 2)
    expected = approx_fprime(vector, lambda x: loss_and_slopes(x, features, 2)[0], 1e-7)
    np.testing.assert_allclose(gradient, expected, atol=3e-6)


def test_slopes_hold_where_rows_tie_or_vanish():
    """At equal couplings, zero rows and zero biases the loss is smooth, or has the slope of one side."""
    features = Features(4, 0.1)
    W, b = np.array([[1.0], [-1.0], [1.0], [0.0]]), np.array([-0.1, -0.1, -0.2, 0.02])
    _, gradient = loss_and_slopes(pack(W, b), features, 1)
    for step in (1e-5, -1e-5):
        expected = [
            (loss_and_slopes(pack(W, b) + step * axis, features, 1)[0] - loss_and_slopes(pack(W, b), features, 1)[0])
            / step
            for axis in np.eye(8)
        ]
        np.testing.assert_allclose(gradient, expected, atol=1e-4)


def test_curvature_is_the_change_of_slopes():
    vector = random_model(MIXED, 2)
    found = sparse_curvature(vector, 5, 2, MIXED.importance, sparse_inputs(MIXED))
    for k in range(len(vector)):
        step = 1e-4 * np.eye(len(vector))[k]
        up, down = (loss_and_slopes(vector + sign * step, MIXED, 2)[1] for sign in (1, -1))
        np.testing.assert_allclose(found[k], (up - down) / 2e-4, atol=2e-3)
    np.testing.assert_allclose(found, found.T, atol=1e-6)


@pytest.mark.parametrize(
    "features",
    [
        Features(8, 0.1),
        Features(4, 0.1, correlated=[(0, 1)]),
        Features(4, 0.01, values=Normal()),
        Features(3, 0.01, values=Discrete([1.0, 2.0, 3.0, 4.0, 5.0])),
    ],
)
def test_features_that_it_is_not_for(features):
    assert sparse_inputs(features) is None


def test_weights_of_sets_add_to_one_and_are_positive():
    for features in (MIXED, ONE_OF, Features(7, 0.99 * SPARSE / 7)):
        inputs = sparse_inputs(features)
        assert inputs.none + inputs.single.sum() + inputs.pair.sum() / 2 == pytest.approx(1)
        assert inputs.none > 0
        assert (inputs.single > 0).all()
        assert (inputs.pair >= 0).all()
    assert sparse_inputs(ONE_OF).pair[0, 1] == 0.0  # they never come together
