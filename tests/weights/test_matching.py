"""`match`: planted permutations, brute force, closed forms, false alarms."""

from itertools import permutations
from math import lgamma

import numpy as np
import pytest
from scipy.stats import beta, kstest

import geomsup as gs
from geomsup.weights import pairing
from geomsup.weights.cosines import expected_largest, log_tail
from geomsup.weights.pairing import assigned, nearest
from tests.weights.chance import DRAWS, LEVEL, NULLS, allowed, drawn


def planted(n, m, others, noise, seed=0):
    """a, and b with noisy copies of a in another order and other norms, and strangers."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(n, m))
    order = rng.permutation(n)
    copies = (a + noise * rng.normal(size=(n, m)))[order] * rng.uniform(0.1, 10, (n, 1))
    return a, np.concatenate([copies, rng.normal(size=(others, m))]), np.argsort(order)


@pytest.mark.parametrize(("n", "m", "others"), [(1, 6, 0), (5, 12, 0), (40, 24, 10), (300, 48, 200), (1500, 64, 0)])
def test_planted_pairs_are_found(n, m, others):
    a, b, truth = planted(n, m, others, 0.2)
    found = gs.match(a, b)
    assert found.beyond_chance == n
    assert {tuple(pair) for pair in found.pairs[:n].tolist()} == set(enumerate(truth.tolist()))
    assert found.mmcs == pytest.approx(np.cos(np.arctan(0.2)), abs=0.1 / n**0.5)
    assert [found.partner(row) for row in range(n)] == truth.tolist()


def test_the_sum_is_the_largest_of_all_assignments():
    rng = np.random.default_rng(1)
    for _ in range(20):
        a, b = rng.normal(size=(5, 3)), rng.normal(size=(6, 3))
        G = (a / np.linalg.norm(a, axis=1)[:, None]) @ (b / np.linalg.norm(b, axis=1)[:, None]).T
        best = max(sum(max(G[i, j], 0) for i, j in enumerate(chosen)) for chosen in permutations(range(6), 5))
        assert gs.match(a, b).cosines.sum() == pytest.approx(best, abs=1e-6)


def test_many_rows_are_paired_among_the_nearest(monkeypatch):
    a, b, _ = planted(300, 32, 80, 1.0)
    whole = gs.match(a, b)
    monkeypatch.setattr(pairing, "MOST_COSINES", 0)
    few = gs.match(a, b)
    assert few.cosines.sum() == pytest.approx(whole.cosines.sum(), rel=1e-3)
    assert few.cosines.sum() <= whole.cosines.sum() + 1e-6
    assert len(set(few.pairs[:, 0])) == len(set(few.pairs[:, 1])) == len(few.pairs)
    assert few.beyond_chance == whole.beyond_chance


def test_candidates_only_of_an_assignment_that_leaves_rows_alone():
    A, B = np.array([[1.0, 0.0], [0.8, 0.6]], np.float32), np.array([[0.8, 0.6], [0.0, -1.0]], np.float32)
    ahead, back = nearest(A, B), nearest(B, A)
    assert [x.tolist() for x in pairing._sparsely(2, 2, ahead, back)] == [[1], [0]]
    assert [x.tolist() for x in assigned(A, B, ahead, back)] == [[1], [0]]


def test_nearest_rows_are_those_of_a_full_sort():
    rng = np.random.default_rng(2)
    A, B = rng.normal(size=(600, 5)).astype(np.float32), rng.normal(size=(40, 5)).astype(np.float32)
    near, cosines = nearest(A, B)
    order = np.argsort(-(A @ B.T), axis=1)[:, :16]
    np.testing.assert_array_equal(near, order)
    np.testing.assert_allclose(cosines, np.take_along_axis(A @ B.T, order, 1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("d", [2, 3, 7, 384])
def test_the_law_of_cosines(d):
    """(1 + cos)/2 has the law Beta((d−1)/2, (d−1)/2); at d = 2 the angle is uniform."""
    rng = np.random.default_rng(d)
    x, y = rng.normal(size=(2, 4000, d))
    cosine = (x * y).sum(axis=1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    chord = np.sqrt(2 - 2 * cosine)
    p = np.exp(log_tail(chord, d))
    assert kstest(p, "uniform").pvalue > 1e-3
    np.testing.assert_allclose(p, beta((d - 1) / 2, (d - 1) / 2).sf((1 + cosine) / 2), rtol=1e-8)


def test_the_law_of_cosines_where_it_underflows():
    assert log_tail(np.array([1e-9]), 2) == pytest.approx(np.log(1e-9 / np.pi), rel=1e-9)  # the angle, of π
    half = 100 * np.log(1e-9) - np.log(100) - (np.log(np.pi) / 2 + lgamma(50) - lgamma(50.5))  # 1/(2 a B(a, 1/2))
    assert log_tail(np.array([1e-9]), 101) == pytest.approx(half, rel=1e-9)
    assert log_tail(np.array([0.0]), 5) == -np.inf
    assert np.exp(log_tail(np.array([0.0, 2.0]), 1)).tolist() == [0.5, 1.0]


@pytest.mark.parametrize(("n", "d"), [(1, 2), (7, 2), (20, 10), (300, 50)])
def test_the_mean_of_the_largest_cosine(n, d):
    rng = np.random.default_rng(n)
    x = rng.normal(size=(2000, n, d)) if n * d < 5000 else rng.normal(size=(200, n, d))
    largest = (x[..., 0] / np.linalg.norm(x, axis=2)).max(axis=1)
    assert expected_largest(n, d) == pytest.approx(largest.mean(), abs=4 * largest.std() / len(largest) ** 0.5)


def test_scores_are_those_of_their_definitions():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(9, 4)), 3 * rng.normal(size=(11, 4))
    norms = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    G = (a / norms[0][:, None]) @ (b / norms[1][:, None]).T
    found = gs.match(a, b)
    assert found.mmcs == pytest.approx(G.max(axis=1).mean(), abs=1e-6)
    assert found.mmcs_back == pytest.approx(G.max(axis=0).mean(), abs=1e-6)
    assert found.ml2r == pytest.approx((norms[1][G.argmax(axis=1)] / norms[0]).mean())


@pytest.mark.parametrize("null", NULLS)
def test_false_alarms_are_as_rare_as_promised(null):
    """Both matrices are draws of null models of rows with the same covariance."""
    alarms = 0
    for seed in range(DRAWS):
        a, b = drawn(60, 16, null, seed), drawn(40, 16, null, seed, twin=1)
        found = gs.match(a, b, null=null)
        alarms += bool((found.p_values < LEVEL).any())
    assert alarms <= allowed()


def test_chance_of_one_pair_is_uniform():
    """Of one row and one row, p is exact: half of the draws make no pair, and the others have p below 1/2."""
    rng = np.random.default_rng(0)
    p = [found.p_values[0] for found in (gs.match(*rng.normal(size=(2, 1, 5))) for _ in range(600)) if len(found.pairs)]
    assert 240 < len(p) < 360
    assert kstest(p, "uniform", args=(0, 0.5)).pvalue > 1e-3


def test_scale_turns_and_order_change_nothing():
    a, b, _ = planted(30, 12, 5, 0.5)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(12, 12)))[0]
    first = gs.match(a, b)
    for x, y in ((a * 1e300, b * 1e300), (a * 1e-300, b * 1e-300), (a @ turn, b @ turn)):
        other = gs.match(x, y)
        np.testing.assert_array_equal(other.pairs, first.pairs)
        np.testing.assert_allclose(other.cosines, first.cosines, atol=1e-6)
    swapped = gs.match(b, a)
    assert {tuple(pair) for pair in swapped.pairs[:, ::-1].tolist()} == {tuple(pair) for pair in first.pairs.tolist()}


def test_rows_of_zeros_have_no_partner():
    found = gs.match([[0.0, 0.0], [1.0, 0.0]], [[2.0, 0.0], [0.0, 0.0]])
    assert found.pairs.tolist() == [[1, 0]]
    assert found.partner(0) is None
    assert found.mmcs == 1.0


def test_a_matching_without_pairs_is_written_and_read():
    found = gs.match([[1.0, 0.0]], [[-1.0, 0.0]])
    assert str(found) == found.headline
    assert found.partner(0) is None
    assert gs.Matching.from_dict(found.to_dict()).beyond_chance == 0
    assert found.plot().get_title() == "MMCS -1.000"


def test_it_prints_a_headline_and_the_nearest_pairs():
    a, b, _ = planted(40, 12, 0, 0.1)
    found = gs.match(a, b)
    lines = str(found).split("\n")
    assert lines[0] == found.headline
    assert len(found.headline.split()) <= 40
    assert len(lines) == 23
    assert lines[-1] == "  and 20 more"
    assert lines[1].split() == ["a", "b", "cosine", "p-value"]


NAN = float("nan")


@pytest.mark.parametrize("name", ["a", "b"])
@pytest.mark.parametrize(
    "bad", [None, NAN, "text", [], [[]], [[NAN, 1.0]], np.zeros((2, 3)), np.zeros((0, 3)), np.ones((2, 2, 3)),
            [1.0, 2.0], [["x"]], [[1.0, 2.0, 3.0, 4.0]], {"a": 1}],
)  # fmt: skip
def test_what_is_refused(name, bad):
    good = np.eye(3)
    with pytest.raises((TypeError, ValueError), match=r"`[ab]\b") as caught:
        gs.match(**{"a": good, "b": good} | {name: bad})
    assert "\n" not in str(caught.value)


def test_what_else_is_refused():
    with pytest.raises(ValueError, match="`b` must have as many columns as `a`, 3; got shape"):
        gs.match(np.eye(3), np.eye(4))
    with pytest.raises(ValueError, match="`null` must be one of"):
        gs.match(np.eye(3), np.eye(3), null="none")
    with pytest.raises(ValueError, match="`b` must have norms comparable"):
        gs.match(np.eye(3) * 1e-300, np.eye(3) * 1e300)
    with pytest.raises(ValueError, match="`row` must be at most 2"):
        gs.match(np.eye(3), np.eye(3)).partner(3)
    with pytest.raises(TypeError, match="`matching` must be a Matching"):
        gs.plot.plot_matching(3)


def test_it_says_how_far_it_is():
    told = []
    gs.match(np.eye(3), np.eye(3), progress=lambda stage, done: told.append((stage, done)))
    assert told[-1] == ("cosines", 1.0)
