"""Moves of whole models: rows anew, exchanges, circles, riders, dead outputs."""

import numpy as np
from hypothesis import given, strategies as st

from geomsup import Features, Uniform
from geomsup.optima.descent import End
from geomsup.optima.searching.moves import (
    changed,
    exchanged,
    exchanged_with_riders,
    exchanges,
    has_riders,
    pairs_to_exchange,
    rotations,
    unlike_pairs,
    without_riders,
)  # fmt: skip
from geomsup.optima.starts import revived


@given(st.integers(0, 2**32), st.integers(2, 9), st.integers(1, 4))
def test_moves_change_some_rows_and_leave_the_others(seed, n, m):
    rng = np.random.default_rng(seed)
    features = Features(n, 0.1, rng.uniform(0.1, 1, n), values=Uniform(0, 2))
    end = End(1.0, rng.normal(size=(n, m)), rng.normal(size=n))
    before = end.W.copy(), end.b.copy()
    W, b = changed(features, end, rng)
    assert (W.shape, b.shape) == ((n, m), (n,))
    assert np.isfinite(W).all()
    assert np.isfinite(b).all()
    assert (before[0] == end.W).all()
    assert (end.b == before[1]).all()
    anew = np.linalg.norm(W, axis=1) < 0.1  # short rows, now and then
    assert (np.abs(W - end.W).max(axis=1) > 0)[~anew].sum() <= 3


def test_exchanges_keep_norms_biases_and_directions():
    rng = np.random.default_rng(0)
    W, b = rng.normal(size=(5, 3)), rng.normal(size=5)
    new, biases = exchanged(W, b, 1, 3)
    assert (biases == b).all()
    np.testing.assert_allclose(np.linalg.norm(new, axis=1), np.linalg.norm(W, axis=1))
    np.testing.assert_allclose(np.cross(new[1], W[3]), 0, atol=1e-12)
    np.testing.assert_allclose(np.cross(new[3], W[1]), 0, atol=1e-12)
    assert (new[[0, 2, 4]] == W[[0, 2, 4]]).all()
    W[1] = 0.0  # dropped: it takes the other's place, with its bias
    new, biases = exchanged(W, b, 1, 3)
    assert (new[[1, 3]] == W[[3, 1]]).all()
    assert (biases[[1, 3]] == b[[3, 1]]).all()


def test_riders_follow_the_rows_that_are_exchanged():
    W = np.array([[1.0, 0.0], [0.0, 1.2], [-1.0, 0.0], [0.3, 0.0], [0.0, 0.2], [0.1, 0.1]])
    b = np.arange(6.0)
    moved, biases = exchanged_with_riders(W, b, 0, 1)
    expected = [[0.0, 1.0], [1.2, 0.0], [-1.0, 0.0], [0.0, 0.3], [0.2, 0.0], [0.1, 0.1]]
    np.testing.assert_allclose(moved, expected, atol=1e-15)
    assert biases.tolist() == b.tolist()
    assert exchanged_with_riders(W, b, 0, 3) is None  # a rider itself
    assert exchanged_with_riders(W[:3], b[:3], 0, 1) is None  # none has a rider


def test_models_without_short_rows_have_no_riders():
    assert not has_riders(np.array([[1.0, 0.0], [0.0, 0.6]]))
    assert has_riders(np.array([[1.0, 0.0], [0.0, 0.4]]))


def test_several_exchanges_at_once_are_disjoint():
    end = End(0.0, np.eye(6), np.zeros(6))
    found = exchanges(end, [(0, 1), (1, 2), (3, 2), (4, 5)], (2, 3, 5))
    assert len(found) == 4 + 2  # there are three disjoint pairs, not five
    assert found[-1][0].argmax(axis=1).tolist() == [1, 0, 3, 2, 5, 4]
    assert found[-2][0].argmax(axis=1).tolist() == [1, 0, 3, 2, 4, 5]


def test_pairs_are_of_features_that_differ():
    assert unlike_pairs(Features(4, 0.1)) == []
    assert unlike_pairs(Features(3, 0.1, [1, 1, 2])) == [(2, 0), (2, 1)]
    assert Features(4, [0.1, 0.2, 0.1, 0.1], [1, 1, 2, 1]).kinds == ((0, 3), (1,), (2,))
    assert len(pairs_to_exchange(Features(4, 0.1, correlated=[(0, 1), (2, 3)]))) == 6  # who comes with whom matters


def test_three_features_pass_their_directions_on_in_a_circle():
    end = End(0.0, np.diag([1.0, 2.0, 3.0, 4.0]), np.arange(4.0))
    found = rotations(Features(4, 0.1, [1, 2, 3, 3]), end, 99, np.random.default_rng(0))
    assert len(found) == 2 * 2  # two of the four triples hold three kinds
    ways = {tuple(W.argmax(axis=1).tolist()) for W, _ in found}
    assert ways == {(1, 2, 0, 3), (2, 0, 1, 3), (1, 3, 2, 0), (3, 0, 2, 1)}
    for W, b in found:
        np.testing.assert_allclose(np.linalg.norm(W, axis=1), [1, 2, 3, 4])
        assert (b == end.b).all()
    assert rotations(Features(4, 0.1), end, 99, np.random.default_rng(0)) == []
    assert (
        len(
            rotations(
                Features(6, 0.1, np.arange(1.0, 7)), End(0.0, np.eye(6), np.zeros(6)), 7, np.random.default_rng(0)
            )
        )
        == 7
    )


def test_dead_outputs_are_revived():
    """An output that is 0 whatever comes in, and stores nothing, loses what its bias could gain."""
    features = Features(3, [0.1, 0.1, 0.2])
    W, b = np.array([[1.0], [-1.0], [1e-4]]), np.array([0.0, 0.0, -0.1])
    new, bias = revived(features, (W, b), np.random.default_rng(0))
    assert bias[2] == features.mean[2]
    assert 0 < abs(new[2, 0]) < 0.1
    assert (new[:2] == W[:2]).all()
    assert (bias[:2] == b[:2]).all()
    for alive in ((W, np.array([0.0, 0.0, 0.1])), (np.array([[1.0], [-1.0], [0.5]]), b)):
        assert revived(features, alive, np.random.default_rng(0)) is None


def test_riders_are_begun_anew():
    features = Features(3, 0.1, values=[Uniform(), Uniform(), Uniform(-2, 0)])
    start = np.array([[1.0, 0.0], [0.4, 0.0], [0.3, 0.0]]), np.array([-0.2, 0.1, 0.3])
    W, b = without_riders(features, start, np.random.default_rng(0))
    assert (W[0] == start[0][0]).all()
    assert np.abs(W[1:]).max() < 0.1
    assert b.tolist() == [-0.2, features.mean[1], 0.0]  # no output above 0 is good for values that are never above
