"""`subspaces`: planted angles and shares, laws against draws and closed forms, false alarms."""

import numpy as np
import pytest
from scipy.stats import beta, ks_2samp, kstest

import geomsup as gs
from geomsup.weights.angles import angle_law, largest_cosines
from geomsup.weights.rotations import share_law, shares_by_chance, tail
from tests.weights.chance import DRAWS, LEVEL, NULLS, allowed, drawn


def axes_of(m, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(m, m)))[0]


def rows_in(basis, n, seed):
    return np.random.default_rng(seed).normal(size=(n, len(basis))) @ basis


@pytest.mark.parametrize(
    ("m", "degrees"), [(4, [20.0, 70.0]), (12, [0.0, 5.0, 30.0, 90.0]), (80, list(range(0, 90, 6)))]
)
def test_principal_angles_are_those_planted(m, degrees):
    axes, r, t = axes_of(m), len(degrees), np.radians(degrees)
    first = axes[:r]
    second = np.cos(t)[:, None] * axes[:r] + np.sin(t)[:, None] * axes[r : 2 * r]
    found = gs.subspaces({"a": rows_in(first, 3 * r, 1), "b": rows_in(second, 4 * r, 2)}, rank=r, rotations=99)
    np.testing.assert_allclose(found.principal_angles("a", "b"), degrees, atol=1e-6)
    np.testing.assert_allclose(found.principal_angles("b", "a"), degrees, atol=1e-6)


@pytest.mark.parametrize(("n", "m"), [(3, 7), (40, 7), (200, 30)])
def test_shares_are_those_of_the_projection(n, m):
    a, b = rows_in(np.eye(m), n, 0), rows_in(np.eye(m), 9, 1)
    found = gs.subspaces({"a": a, "b": b}, rank={"a": 0.5, "b": 2}, rotations=99)
    for i, j in ((0, 1), (1, 0), (0, 0)):
        X, Y = (a, b)[i], (a, b)[j]
        V = np.linalg.svd(Y)[2][: found.ranks[j]]
        assert found.shares[i, j] == pytest.approx(((X @ V.T) ** 2).sum() / (X**2).sum(), rel=1e-9)
    assert found.by_chance[0].tolist() == [rank / m for rank in found.ranks]


@pytest.mark.parametrize(("m", "n"), [(12, 40), (64, 300), (128, 20)])
def test_a_reader_of_one_writer_is_found(m, n):
    """The reader reads four dimensions of the writer's five, the stranger none of them on purpose."""
    axes = axes_of(m, 3)
    noise = 0.05 * rows_in(np.eye(m), n, 5)
    found = gs.subspaces({
        "writer": rows_in(axes[:5], n, 1),
        "reader": rows_in(axes[1:5], n, 2) + noise,
        "stranger": rows_in(np.eye(m), 3, 4),
    })  # fmt: skip
    assert found.p_shares[0, 1] < LEVEL
    assert found.p_shares[1, 0] < LEVEL
    assert found.p_angles[0, 1] < LEVEL
    assert (found.p_shares[2, :2] >= LEVEL).all()
    assert found.shares[1, 0] > 0.6  # 0.9 of the square leave out a direction or two
    assert "2 larger and 0 smaller than chance" in found.headline


def test_what_is_avoided_is_found_too():
    axes = axes_of(32)
    found = gs.subspaces({"tokens": rows_in(axes[4:], 300, 0), "positions": rows_in(axes[:4], 60, 1)})
    assert found.p_shares[0, 1] < LEVEL
    assert found.shares[0, 1] < 1e-12
    assert found.p_angles[0, 1] == 1


def test_one_direction_that_two_large_subspaces_share_is_seen_by_the_angle():
    axes = axes_of(96)
    mixed = axes_of(96, 9)
    other = np.concatenate([axes[:1], mixed[1:20]])
    found = gs.subspaces({"a": rows_in(axes[:20], 60, 1), "b": rows_in(other, 60, 2)}, rank=20)
    assert found.p_angles[0, 1] < LEVEL
    assert found.angles[0][0] < 1e-5


@pytest.mark.parametrize(("m", "rank", "decay"), [(3, 1, 0.5), (8, 3, 0.7), (24, 6, 0.9)])
def test_mean_and_variance_of_a_share(m, rank, decay):
    weights = decay ** np.arange(m)
    weights /= weights.sum()
    drawn = np.array([weights, weights]), np.array([rank, rank])
    x = shares_by_chance(*drawn, 4000, np.random.default_rng(0), None)[:, 0, 1]
    variance = 2 * rank * (m - rank) / (m**2 * (m + 2)) * (m * (weights**2).sum() - 1) / (m - 1)
    assert x.mean() == pytest.approx(rank / m, abs=4 * (variance / 4000) ** 0.5)
    assert x.var() == pytest.approx(variance, rel=0.12)
    above, below = share_law(weights, rank)
    assert kstest(x, np.vectorize(below)).statistic < 0.04
    assert above(x[0]) + below(x[0]) == pytest.approx(1)


@pytest.mark.parametrize(("m", "rank"), [(3, 1), (3, 2), (20, 7)])
def test_the_share_of_one_direction_is_a_beta_variable(m, rank):
    above, below = share_law(np.eye(m)[0], rank)
    exact = beta(rank / 2, (m - rank) / 2)
    for share in (0.01, 0.3, 0.9):
        assert above(share) == pytest.approx(exact.sf(share))
        assert below(share) == pytest.approx(exact.cdf(share))


def test_p_values_of_one_direction_are_uniform():
    """Before the correction for three tests: the smaller tail, doubled."""
    rng = np.random.default_rng(0)
    p = []
    for _ in range(40):
        line, plane = rng.normal(size=(1, 6)), rng.normal(size=(2, 6))
        found = gs.subspaces({"line": line, "plane": plane}, rank={"line": 1, "plane": 2}, rotations=999, rng=rng)
        share = found.shares[0, 1]
        exact = beta(1, 2)
        assert found.p_shares[0, 1] == pytest.approx(min(6 * min(exact.cdf(share), exact.sf(share)), 1), abs=0.35)
        p.append(exact.cdf(share))
    assert kstest(p, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(("m", "r", "s"), [(2, 1, 1), (10, 1, 3), (8, 2, 2), (12, 10, 2), (10, 5, 5), (30, 6, 9)])
def test_smallest_angles_have_the_law_of_those_of_random_subspaces(m, r, s):
    """Against corners of random orthogonal matrices; for a line also against the exact law."""
    rng = np.random.default_rng(0)
    found = largest_cosines(r, s, m, 4000, rng)
    corners = (np.linalg.qr(rng.normal(size=(m, s)))[0][:r] for _ in range(4000))
    assert ks_2samp(found, [np.linalg.norm(corner, 2) ** 2 for corner in corners]).pvalue > 1e-3
    if r == 1:
        assert kstest(found, beta(s / 2, (m - s) / 2).cdf).pvalue > 1e-3


@pytest.mark.parametrize(("m", "r", "s"), [(8, 2, 2), (30, 6, 9)])
def test_the_law_of_the_smallest_angle_goes_on_where_draws_end(m, r, s):
    """The tail from 500 draws, against 20,000."""
    many = largest_cosines(r, s, m, 20_000, np.random.default_rng(1))
    few = many[:500]
    law = angle_law(few)
    for p in (0.1, 0.01, 0.001):
        value = float(np.quantile(many[500:], 1 - p))
        assert np.log(tail(value, few, law) / p) == pytest.approx(0, abs=1.0)


@pytest.mark.parametrize("null", NULLS)
def test_false_alarms_are_as_rare_as_promised(null):
    alarms = 0
    for seed in range(DRAWS):
        made = {str(n): drawn(n, 16, null, 3 * seed + place) for place, n in enumerate((60, 40, 5))}
        found = gs.subspaces(made, rotations=299, rng=seed)
        alarms += min((found.p_shares + np.eye(3)).min(), found.p_angles.min()) < LEVEL
    assert 0 < alarms <= allowed()


def test_scale_turns_and_rows_in_another_order_change_nothing():
    a, b = rows_in(np.eye(9), 20, 0), rows_in(np.eye(9), 5, 1)
    first = gs.subspaces({"a": a, "b": b}, rank=3, rotations=99)
    turn = axes_of(9, 4)
    for x, y in ((a * 1e300, b * 1e-300), (a @ turn, b @ turn), (a[::-1], b)):
        other = gs.subspaces({"a": x, "b": y}, rank=3, rotations=99)
        np.testing.assert_allclose(other.shares, first.shares, atol=1e-9)
        np.testing.assert_allclose(other.angles, first.angles, atol=1e-6)
        np.testing.assert_allclose(other.p_shares, first.p_shares, rtol=1e-6)


def test_the_rank_is_the_fewest_directions_with_the_part_asked_for():
    a = np.diag([3.0, 2.0, 1.0, 0.0])  # squares 9, 4, 1
    ranks = {
        part: gs.subspaces({"a": a, "b": a}, rank=part, rotations=99).ranks[0] for part in (0.5, 9 / 14, 0.7, 0.99)
    }
    assert ranks == {0.5: 1, 9 / 14: 1, 0.7: 2, 0.99: 3}
    assert gs.subspaces({"a": a, "b": a}, rank=2, rotations=99).ranks == (2, 2)


def test_the_whole_space_has_every_share():
    found = gs.subspaces({"a": np.eye(4), "b": np.eye(4)[:2]}, rank={"a": 4, "b": 1}, rotations=99)
    assert found.shares[1, 0] == 1
    assert found.p_shares[1, 0] == 1  # a subspace of all dimensions says nothing
    assert found.p_shares[0, 1] == 1  # nor does a matrix that is as strong in all directions
    assert found.p_angles[0, 1] == 1


def test_one_dimension():
    found = gs.subspaces({"a": [[1.0]], "b": [[2.0]]}, rotations=99)
    assert found.shares.tolist() == [[1, 1], [1, 1]]
    assert found.p_shares.tolist() == [[1, 1], [1, 1]]


def test_it_prints_a_headline_and_a_row_per_pair():
    found = gs.subspaces({name: rows_in(np.eye(20), 5, seed) for seed, name in enumerate("abcdef")}, rotations=99)
    lines = str(found).split("\n")
    assert lines[0] == found.headline
    assert len(found.headline.split()) <= 40
    assert lines[-1] == "  and 10 more"
    assert found.to_rows()[0]["square_of"] == "a"


NAN = float("nan")


@pytest.mark.parametrize(
    "bad", [None, NAN, "text", [], [[]], [[NAN, 1.0]], np.zeros((2, 3)), np.zeros((0, 3)), np.ones((2, 2, 3)),
            [1.0, 2.0], [["x"]], np.ones((2, 4))],
)  # fmt: skip
def test_what_is_refused(bad):
    with pytest.raises((TypeError, ValueError), match=r"^`matrices\['b'\]` must") as caught:
        gs.subspaces({"a": np.eye(3), "b": bad})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"matrices": [np.eye(3), np.eye(3)]}, "`matrices` must be a dictionary of names and matrices"),
        ({"matrices": {"a": np.eye(3)}}, "`matrices` must have at least two entries; got 1"),
        ({"matrices": {}}, "`matrices` must have at least two entries; got 0"),
        ({"matrices": {1: np.eye(3), 2: np.eye(3)}}, "`matrices` must have names as keys; got 1"),
        ({"rank": 0}, "`rank` must be at least 1"),
        ({"rank": 4}, "`rank` must be at most the rank of matrices['a'], 3; got 4"),
        ({"rank": 1.0}, "`rank` must be a whole number, or a part less than 1; got 1"),
        ({"rank": NAN}, "`rank` must be positive and finite"),
        ({"rank": True}, "`rank` must be a number"),
        ({"rank": "all"}, "`rank` must be a number"),
        ({"rank": {"a": 1}}, "`rank` must have an entry for each matrix"),
        ({"rotations": 98}, "`rotations` must be at least 99"),
        ({"rng": -1}, "`rng` must be what numpy.random.default_rng takes"),
        ({"progress": 3}, "`progress` must be callable"),
    ],
)
def test_what_else_is_refused(arguments, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        gs.subspaces(**{"matrices": {"a": np.eye(3), "b": np.eye(3)}} | arguments)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_names_that_are_not_there_are_refused():
    found = gs.subspaces({"a": np.eye(3), "b": np.eye(3)}, rotations=99)
    with pytest.raises(ValueError, match='`first` must be one of "a", "b"'):
        found.principal_angles("c", "b")
    with pytest.raises(ValueError, match='`second` must be one of "b"'):
        found.principal_angles("a", "a")
    with pytest.raises(TypeError, match="`found` must be a Subspaces"):
        gs.plot.plot_subspaces(3)


def test_it_says_how_far_it_is():
    told = []
    gs.subspaces({"a": np.eye(3), "b": np.eye(3)}, rotations=99, progress=lambda *one: told.append(one))
    assert told[-1] == ("rotations", 1.0)
