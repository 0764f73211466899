"""`local_bases`: planted bases, the law of volumes against draws and closed forms, false alarms."""

from math import comb, factorial

import numpy as np
import pytest
from scipy.stats import beta

import geomsup as gs
from geomsup.weights.kernels import grow
from geomsup.weights.volumes import EXPONENTS, Volumes
from tests.weights.chance import DRAWS, NULLS, allowed, drawn


def planted(n, m, sizes, noise, seed=0):
    """Random rows of unequal norms, of which some sets are nearly orthogonal; noise is relative to chance, 1/√m."""
    rng = np.random.default_rng(seed)
    W, places, truth = rng.normal(size=(n, m)) / m**0.5, rng.permutation(n), set()
    for size in sizes:
        members, places = places[:size], places[size:]
        W[members] = np.linalg.qr(rng.normal(size=(m, m)))[0][:size] + noise * rng.normal(size=(size, m)) / m**0.5
        truth.add(tuple(sorted(members.tolist())))
    return W * rng.uniform(0.5, 2, (n, 1)), truth


@pytest.mark.parametrize(
    ("n", "m", "sizes", "noise"),
    [(20, 10, (10, 10), 0.1), (40, 10, (10,) * 4, 0.1), (60, 16, (12,), 0.1), (200, 40, (30,), 0.15),
     (640, 64, (64,) * 10, 0.2)],
)  # fmt: skip
def test_planted_bases_are_found(n, m, sizes, noise):
    W, truth = planted(n, m, sizes, noise)
    found = gs.local_bases(W)
    assert set(found.bases) == truth
    assert (found.p_values < 1e-10).all()
    assert (found.rms_cosines < 0.5 / m**0.5).all()


@pytest.mark.slow
def test_bases_among_many_more_random_rows():
    W, truth = planted(2000, 64, (50,) * 4, 0.2)
    assert set(gs.local_bases(W).bases) == truth


def test_a_trained_model_of_correlated_sets_has_them():
    """E16: 20 features in two sets that come together, in 10 dimensions."""
    sets = (range(10), range(10, 20))
    features = gs.Features(20, 0.03, correlated=sets)
    model = gs.train(features, 10, models=2, steps=4000, seed=0, device="cpu").best()
    found = gs.local_bases(model.W)
    assert {tuple(one) for one in map(tuple, sets)} == set(found.bases)


def test_sizes_are_as_stated():
    W, _ = planted(60, 16, (12,), 0.1)
    found = gs.local_bases(W)
    (basis,) = found.bases
    X = W[list(basis)] / np.linalg.norm(W[list(basis)], axis=1)[:, None]
    G = X @ X.T
    off = np.abs(G[~np.eye(len(G), dtype=bool)])
    assert found.volumes[0] == pytest.approx(np.linalg.det(G))
    assert found.coherences[0] == pytest.approx(off.max())
    assert found.rms_cosines[0] == pytest.approx((off**2).mean() ** 0.5)


@pytest.mark.parametrize(("k", "m"), [(2, 3), (3, 3), (5, 9), (10, 10)])
def test_the_first_moment_of_a_squared_volume(k, m):
    """E det G = m!/((m − k)! m^k), for k random unit rows."""
    one = int(np.argmin(np.abs(np.log(EXPONENTS))))
    assert EXPONENTS[one] == pytest.approx(1)
    exact = factorial(m) / factorial(m - k) / m**k
    assert np.exp(Volumes.of(k, m).moments[k, one]) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("m", [2, 3, 10, 384])
def test_the_bound_of_a_pair_holds_and_is_near(m):
    """cos² of a pair is a Beta variable; Markov's bound is above its tail, by a factor of a few."""
    bounds = Volumes.of(2, m)
    for p in (0.3, 1e-2, 1e-4, 1e-6):
        square = beta(0.5, (m - 1) / 2).ppf(p)
        assert np.log(p) <= bounds.log_p(2, np.log1p(-square)) <= np.log(10 * p)


def test_the_bound_holds_for_all_sets_at_once():
    """Of 8 rows in 5 dimensions: the least probable of all their sets, in each of 300 draws."""
    bounds, rng, least = Volumes.of(8, 5), np.random.default_rng(0), []
    for _ in range(300):
        X = rng.normal(size=(8, 5))
        X /= np.linalg.norm(X, axis=1)[:, None]
        best = 0.0
        for mask in range(1, 2**8):
            rows = X[[bool(mask >> i & 1) for i in range(8)]]
            if 2 <= len(rows) <= 5:
                best = min(best, bounds.log_p(len(rows), np.linalg.slogdet(rows @ rows.T)[1]))
        least.append(np.exp(best))
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(least) < level) <= level


def test_places_are_all_sets_of_all_sizes():
    bounds = Volumes.of(30, 6)
    np.testing.assert_allclose(np.exp(bounds.places[2:]), [5 * comb(30, k) for k in range(2, 7)])


def test_rows_join_by_volume():
    """The kernel, as plain linear algebra: each time the row farthest from the span."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(12, 7))
    X /= np.linalg.norm(X, axis=1)[:, None]
    members = [0, 1]
    while len(members) < 7:
        basis = np.linalg.qr(X[members].T)[0]
        left = 1 - ((X @ basis) ** 2).sum(axis=1)
        left[members] = -1
        members.append(int(left.argmax()))
    order, bounds = np.arange(12), Volumes.of(12, 7)
    size, evidence = grow(X @ X.T, 2, bounds.moments, EXPONENTS, bounds.places, order, 99, np.zeros(1, np.int64))
    assert order[:7].tolist() == members
    logs = [bounds.log_p(k, np.linalg.slogdet(X[members[:k]] @ X[members[:k]].T)[1]) for k in range(2, 8)]
    exceeding = [bounds.places[k] for k in range(2, 8)]  # a bound of 1, times the number of places, says nothing
    assert (size, evidence) == (1, 1.0) or evidence == pytest.approx(min(logs))
    assert min(logs) <= max(exceeding)


@pytest.mark.parametrize("null", NULLS)
def test_false_alarms_are_as_rare_as_promised(null):
    """Proved bounds over all sets promise more than is needed: there are none at all."""
    alarms = sum(len(gs.local_bases(drawn(60, 12, null, seed)).bases) > 0 for seed in range(DRAWS))
    assert alarms <= allowed()


def test_orthogonal_rows_of_any_number_are_one_set():
    assert gs.local_bases(np.eye(7)[:5]).bases == ((0, 1, 2, 3, 4),)
    digons = np.concatenate([np.eye(5), -np.eye(5)])
    found = gs.local_bases(digons)
    assert sorted(map(len, found.bases)) == [5, 5]
    assert found.volumes.tolist() == [1, 1]


def test_scale_turns_and_order_change_nothing():
    W, truth = planted(60, 16, (12,), 0.1)
    turn = np.linalg.qr(np.random.default_rng(7).normal(size=(16, 16)))[0]
    for other in (W * 1e300, W * 1e-300, W @ turn, W * np.random.default_rng(8).uniform(-2, 2, (60, 1))):
        assert set(gs.local_bases(other).bases) == truth
    order = np.random.default_rng(9).permutation(60)
    moved = gs.local_bases(W[order]).bases
    assert {tuple(sorted(order[list(basis)].tolist())) for basis in moved} == truth


def test_few_seeds_are_said_and_rows_of_zeros_left_out():
    W, _ = planted(60, 16, (12,), 0.1)
    found = gs.local_bases(np.concatenate([np.zeros((3, 16)), W]), seeds=5)
    assert "the search from 5 seeds may miss sets" in found.headline
    assert all(min(basis) >= 3 for basis in found.bases)
    assert gs.local_bases([[0.0, 0.0], [1.0, 1.0]]).bases == ()
    assert gs.local_bases([[1.0], [2.0]]).bases == ()  # one dimension has no two orthogonal rows


def test_it_prints_a_headline_and_a_row_per_set():
    W, _ = planted(640, 64, (64,) * 10, 0.2)
    found = gs.local_bases(W)
    lines = str(found).split("\n")
    assert lines[0] == found.headline
    assert len(found.headline.split()) <= 40
    assert len(lines) == 12
    none = gs.local_bases(np.random.default_rng(0).normal(size=(9, 4)))
    assert str(none) == none.headline
    assert none.headline.startswith("0 nearly orthogonal sets among 9 rows in 4 dimensions, beyond chance")
    assert none.plot().get_ylim() == (0, 1)
    assert gs.LocalBases.from_dict(none.to_dict()).bases == ()


NAN = float("nan")


@pytest.mark.parametrize(
    "bad", [None, NAN, "text", [], [[]], [[NAN, 1.0]], np.zeros((2, 3)), np.zeros((0, 3)), np.ones((2, 2, 3)),
            [1.0, 2.0], [["x"]], [[1.0, 2.0]], {"W": 1}, [[1.0, 2.0], [1.0]]],
)  # fmt: skip
def test_what_is_refused(bad):
    with pytest.raises((TypeError, ValueError), match=r"^`W` must") as caught:
        gs.local_bases(bad)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"level": 1.0}, "`level` must be less than 1"),
        ({"level": 0}, "`level` must be positive"),
        ({"level": NAN}, "`level` must be positive"),
        ({"seeds": 0}, "`seeds` must be at least 1"),
        ({"rng": "x"}, "`rng` must be what"),
        ({"progress": 1}, "`progress` must be callable"),
    ],
)
def test_what_else_is_refused(arguments, message):
    with pytest.raises((TypeError, ValueError), match=f"^{message}"):
        gs.local_bases(np.eye(3), **arguments)
    with pytest.raises(TypeError, match="`found` must be a LocalBases"):
        gs.plot.plot_bases(3)


def test_it_says_how_far_it_is():
    told = []
    gs.local_bases(np.eye(3), progress=lambda *one: told.append(one))
    assert told[-1] == ("seeds", 1.0)
