"""Joint distributions of presence: against definitions by enumeration, closed forms and samples."""

import json
from fractions import Fraction
from itertools import combinations, product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import geomsup as gs
from geomsup import Features, Joint, ToyModel, expected_loss
from geomsup.loss.plan import make_plan


def probabilities(table):
    return {present: pytest.approx(p) for present, p in table.table}


def test_independent_members_are_as_without_a_table(rng):
    model = ToyModel(rng.normal(size=(4, 2)), 0.1 * rng.normal(size=4))
    p = [0.1, 0.4, 0.3, 0.2]
    features = Features(4, p, joint=[Joint.independent((0, 2, 3), [0.1, 0.3, 0.2])])
    one, two = expected_loss(model, features), expected_loss(model, Features(4, p))
    assert one.value == pytest.approx(two.value, rel=1e-12)


@given(st.floats(0, 1), st.floats(0, 1), st.integers(2, 4))
def test_the_loss_is_linear_in_the_correlation(p, rho, k):
    """A mixture of "together" and "independent": so is every expectation."""
    rng = np.random.default_rng(k)
    model = ToyModel(rng.normal(size=(5, 2)), 0.1 * rng.normal(size=5))
    members = tuple(range(k))
    mixed = expected_loss(model, Features(5, p, joint=[Joint.correlated(members, p, correlation=rho)]))
    together = expected_loss(model, Features(5, p, correlated=[members]))
    independent = expected_loss(model, Features(5, p))
    expected = rho * together.value + (1 - rho) * independent.value
    assert abs(mixed.value - expected) <= 1e-13 + mixed.error + together.error + independent.error


@given(st.floats(0.01, 0.99), st.floats(0, 1), st.integers(2, 5))
def test_correlation_is_that_of_any_two(p, rho, k):
    table = Joint.correlated(range(k), p, correlation=rho)
    assert table.probability == pytest.approx([p] * k)
    for i, j in combinations(range(k), 2):
        assert (table.both(i, j) - p * p) / (p * (1 - p)) == pytest.approx(rho, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=4), st.floats(0, 1))
def test_correlation_keeps_unequal_probabilities(p, rho):
    table = Joint.correlated(range(len(p)), p, correlation=rho)
    assert table.probability == pytest.approx(p, abs=1e-9)
    for i, j in combinations(range(len(p)), 2):
        assert table.both(i, j) == pytest.approx(rho * min(p[i], p[j]) + (1 - rho) * p[i] * p[j], abs=1e-9)


@pytest.mark.parametrize("weights", [None, (3, 1, 2)])
def test_mixtures_are_sums_over_their_states(weights):
    p = [
        [Fraction(1, 2), Fraction(0), Fraction(1)],
        [Fraction(1, 4), Fraction(3, 4), Fraction(1, 8)],
        [Fraction(0)] * 3,
    ]
    share = [Fraction(w, sum(weights)) if weights else Fraction(1, 3) for w in weights or (1, 1, 1)]
    truth = {}
    for state in product((0, 1), repeat=3):
        weight = sum(
            w * prod(q if here else 1 - q for q, here in zip(row, state, strict=True))
            for w, row in zip(share, p, strict=True)
        )
        if any(state) and weight:
            truth[tuple(i for i in range(3) if state[i])] = float(weight)
    assert probabilities(Joint.mixture(range(3), np.array(p, float), weights=weights)) == truth


def test_a_mixture_of_one_state_is_independent():
    p = (0.5, 0.2, 0.7)
    one, other = Joint.mixture((3, 0, 1), [p]), Joint.independent((3, 0, 1), p)
    assert probabilities(one) == dict(other.table)


def test_a_narrow_window_on_a_circle_is_an_arc():
    """A member is present for the angles within half the width of it: the mixture over a fine grid is `ring`."""
    angles = (np.arange(6000) + 0.5) / 1000
    here = np.abs((angles[:, None] - np.arange(6) + 3) % 6 - 3) < 0.75
    one, other = Joint.mixture(range(6), here.astype(float)), Joint.ring(range(6), 1.5)
    assert probabilities(one) == dict(other.table)


def test_exactly_so_many():
    table = Joint.exactly((4, 1, 2, 7), 2)
    assert len(table.table) == 6
    assert {len(present) for present, _ in table.table} == {2}
    assert table.absent == pytest.approx(0, abs=1e-12)
    assert table.probability == pytest.approx([0.5] * 4)
    assert table.both(4, 7) == pytest.approx(1 / 6)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("p", [0.0, 0.2, 1.0])
def test_one_at_least(k, p):
    """Marginal p + (1 - p)^k/k: the empty set is shared out."""
    table = Joint.one_at_least(range(k), p)
    assert table.absent == pytest.approx(0, abs=1e-12)
    assert table.probability == pytest.approx([p + (1 - p) ** k / k] * k)


@pytest.mark.parametrize("need", ["all", "any"])
def test_hierarchies_are_products_of_conditional_probabilities(need):
    parents = {0: [], 1: [], 2: [0, 1], 3: [2]}
    p = [Fraction(1, 2), Fraction(1, 4), Fraction(3, 4), Fraction(1, 8)]
    table = Joint.hierarchy(parents, [float(q) for q in p], need=need)
    truth = {}
    for state in product((0, 1), repeat=4):
        weight = Fraction(1)
        for i, here in enumerate(state):
            above = [state[j] for j in parents[i]]
            may = not above or (all(above) if need == "all" else any(above))
            chance = p[i] if may else Fraction(0)
            weight *= chance if here else 1 - chance
        if any(state) and weight:
            truth[tuple(i for i in range(4) if state[i])] = float(weight)
    assert probabilities(table) == truth


def test_a_child_may_be_named_before_its_parent():
    assert Joint.hierarchy({5: [2], 2: []}, [0.5, 0.2]).probability == pytest.approx([0.1, 0.2])


@pytest.mark.slow
@pytest.mark.parametrize(("k", "width"), [(6, 1.5), (6, 1.0), (5, 0.3), (7, 4.25), (3, 2.9)])
def test_arcs_of_a_ring(k, width):
    """By a fine grid of angles: a member is present if it is within half the width of the angle."""
    table = Joint.ring(range(k), width, probability=0.5)
    angles = (np.arange(200_000) + 0.5) / 200_000 * k
    away = np.abs((angles[:, None] - np.arange(k) + k / 2) % k - k / 2)
    states, counts = np.unique(away < width / 2, axis=0, return_counts=True)
    truth = {
        tuple(np.flatnonzero(state).tolist()): 0.5 * count / len(angles)
        for state, count in zip(states, counts, strict=True)
        if state.any()
    }
    assert {present: pytest.approx(p, abs=1e-4) for present, p in table.table} == truth


def test_samples_follow_the_table(rng):
    table = Joint.hierarchy({5: [], 0: [5], 3: [5]}, (0.5, 0.4, 0.7))
    features = Features(7, 0.2, values=gs.Uniform(1, 2), joint=[table])
    x = features.sample(200_000, rng)
    for present, p in table.table:
        here = ((x[:, [0, 3, 5]] != 0) == np.isin([0, 3, 5], present)).all(axis=1)
        assert here.mean() == pytest.approx(p, abs=5 * np.sqrt(p / len(x)))
    np.testing.assert_allclose(np.cov(x.T), features.covariance, atol=0.01)
    np.testing.assert_allclose(x.mean(axis=0), features.mean, atol=0.01)


def test_probabilities_of_members_follow_from_the_table():
    table = Joint((1, 3), {(1, 3): 0.25, (1,): 0.5})
    features = Features(4, 0.1, joint=[table])
    assert features.probability.tolist() == [0.1, 0.75, 0.1, 0.25]
    assert Features(4, features.probability, joint=[table]) == features
    with pytest.raises(ValueError, match=r"`probability` must agree with `joint`; got 0.1 for feature 1.*gives 0.75"):
        Features(4, [0.1] * 4, joint=[table])


def test_the_table_is_kept_in_one_order():
    one = Joint((2, 0), {(0, 2): 0.25, (2,): 0.5, (0,): 0.0})
    two = Joint((2, 0), [((2,), 0.25), (2, 0.25), ((2, 0), 0.25)])
    assert one == two
    assert hash(one) == hash(two)
    assert one.table == (((2,), 0.5), ((2, 0), 0.25))


def test_features_with_tables_are_written_and_read(rng):
    features = Features(5, 0.1, joint=[Joint.ring((0, 2, 4), 1.5), Joint.exactly((1, 3), 1)])
    again = Features.from_dict(json.loads(json.dumps(features.to_dict())))
    assert again == features
    assert hash(again) == hash(features)
    assert "Joint((1, 3), 2 sets, probability 0.5)" in repr(features)


@pytest.mark.slow
@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_every_method_agrees(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 5))
    sets = [s for size in range(1, k + 1) for s in combinations(range(k), size)]
    table = Joint(range(k), dict(zip(sets, rng.dirichlet(np.ones(len(sets))) * rng.random(), strict=True)))
    features = Features(6, 0.2, values=gs.Uniform(-0.5, 1), joint=[table])
    model = ToyModel(0.7 * rng.normal(size=(6, 2)), 0.1 * rng.normal(size=6))
    exact = expected_loss(model, features, method="exact", gradient=True)
    spectral = expected_loss(model, features, method="spectral", gradient=True)
    sampled = expected_loss(model, features, method="sampled", samples=100_000, rng=rng)
    assert abs(exact.value - spectral.value) <= exact.error + spectral.error
    assert abs(exact.value - sampled.value) <= 6 * sampled.error
    np.testing.assert_allclose(spectral.grad_W, exact.grad_W, atol=1e-4)
    np.testing.assert_allclose(spectral.grad_b, exact.grad_b, atol=1e-4)


@pytest.mark.slow
def test_many_features_with_many_tables_agree_with_sampling():
    rng = np.random.default_rng(5)
    W = rng.normal(size=(60, 12)) / np.sqrt(12)
    tables = [Joint.correlated((i, i + 1, i + 2), 0.05, correlation=0.3) for i in range(0, 30, 3)]
    features = Features(60, 0.04, joint=tables)
    model = ToyModel(W, -0.1 * rng.random(60))
    spectral = expected_loss(model, features, rtol=1e-6)
    sampled = expected_loss(model, features, method="sampled", samples=200_000, rng=1)
    assert spectral.method == "spectral"
    assert abs(spectral.value - sampled.value) <= 4 * sampled.error


@pytest.mark.slow
def test_optimum_training_and_comparison_take_tables():
    """A pair that always comes together is at right angles; one that never does is opposite (the paper's rule)."""
    features = Features(4, 0.05, joint=[Joint.correlated((0, 1), 0.05, correlation=0.9)])
    best = gs.optimum(features, 2, starts=8)
    run = gs.train(features, 2, models=4, steps=3000, seed=0)
    assert run.expected_loss().min() == pytest.approx(best.loss, rel=0.05)
    cosines = best.model.W @ best.model.W.T
    assert abs(cosines[0, 1]) < 0.2 * cosines[0, 0]
    assert gs.compare(best.model, features).excess == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Joint((0, 0), {}), "`members` must be 1 to 16 different indices"),
        (lambda: Joint(range(17), {}), "`members` must be 1 to 16 different indices"),
        (lambda: Joint.ring(range(10**9), 2.0), "`members` must be 1 to 16 different indices"),
        (lambda: Joint((0, 1), {(0, 2): 0.1}), r"`table` must have sets of members \(0, 1\), each once; got \(0, 2\)"),
        (lambda: Joint((0, 1), {(0, 0): 0.1}), r"`table` must have sets of members"),
        (lambda: Joint((0, 1), {(0,): 0.6, (1,): 0.5}), "`table` must hold probabilities that add to at most 1"),
        (lambda: Joint((0, 1), {(0,): -0.1}), "`table` must be from 0 to 1; got -0.1"),
        (lambda: Joint((0, 1), {(0,): float("nan")}), "`table` must be"),
        (lambda: Joint.correlated((0, 1), 0.1, correlation=1.5), "`correlation` must be from 0 to 1; got 1.5"),
        (lambda: Joint.correlated((0, 1), (0.1,) * 3, correlation=0.5), "`probability` must"),
        (lambda: Joint.mixture((0, 1), [0.1, 0.2]), r"`probability` must have the shape \(states, 2\)"),
        (lambda: Joint.mixture((0, 1), [[0.1, 1.2]]), "with entries from 0 to 1"),
        (lambda: Joint.mixture((0, 1), [[0.1, np.nan]]), "`probability` must"),
        (lambda: Joint.mixture((0, 1), np.zeros((0, 2))), "`probability` must"),
        (
            lambda: Joint.mixture((0, 1), [[0.1, 0.2]], weights=(1, 2)),
            r"`weights` must be at least 0, one per state \(1\)",
        ),
        (lambda: Joint.mixture((0, 1), [[0.1, 0.2]], weights=[0]), "`weights` must be at least 0"),
        (lambda: Joint.exactly((0, 1), 3), "`count` must be"),
        (lambda: Joint.hierarchy({0: [1], 1: [0]}, 0.5), "`parents` must not go in circles"),
        (lambda: Joint.hierarchy({0: [7]}, 0.5), "`parents` must be members themselves; got 7 for 0"),
        (lambda: Joint.hierarchy({0: []}, 0.5, need="most"), '`need` must be one of "all", "any"'),
        (lambda: Joint.ring((0, 1, 2), 3), "`width` must be less than the number of members"),
        (lambda: Features(2, joint=[Joint((1, 2), {})]), r"`joint` must have members below 2; got \(1, 2\)"),
        (lambda: Features(3, correlated=[(0, 1)], joint=[Joint((1, 2), {})]), "must name every feature once at most"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Joint(3, {}), "`members` must be a list of indices; got 3"),
        (lambda: Joint((0, 1), 0.5), "`table` must map sets of members to probabilities; got 0.5"),
        (lambda: Joint((0, 1.5), {}), "`members` must be"),
        (lambda: Features(3, joint=Joint((1, 2), {})), "`joint` must be a list of Joint or Mixture distributions"),
        (lambda: Joint((0, 1), [(0, 1, 0.5)]), "`table` must map sets of members to probabilities"),
        (lambda: Joint.hierarchy([0, 1], 0.5), "`parents` must map each member to a list of its parents"),
        (lambda: Features.from_dict({"n": 2, "probability": 1, "importance": 1, "joint": 5}), "`joint` must be a list"),
        (lambda: Features.from_dict({"n": 2, "probability": 1, "importance": 1, "joint": [5]}), "`joint` must be"),
    ],
)
def test_wrong_kinds(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.slow
def test_values_of_features_that_exclude_each_other_do_not_multiply():
    """700 features of 100 values each have 70,000 cases; two that come together and have 300 values, 90,000."""
    values = gs.Discrete(tuple(range(1, 101)))
    assert len(make_plan(Features(700, 1 / 700, values=values, anticorrelated=[range(700)])).probability) == 70_001
    many = gs.Discrete(tuple(range(1, 301)))
    for features, name in (
        (Features(2, 0.1, values=many, correlated=[(0, 1)]), "correlated"),
        (Features(2, 0.1, values=many, joint=[Joint.correlated((0, 1), 0.1, correlation=0.5)]), "joint"),
    ):
        with pytest.raises(ValueError, match=f"`{name}` must not hold groups with more than 65536 combinations"):
            make_plan(features)


@pytest.mark.slow
def test_a_mixture_of_very_many_states_needs_little_memory():
    """Of 40,000 states and 2^12 sets all at once it would take 1.3 GB."""
    here = np.random.default_rng(0).random((40_000, 12))
    one = Joint.mixture(range(12), here, weights=np.full(40_000, 1e308))
    assert one.probability == pytest.approx(here.mean(axis=0), rel=1e-9)
    assert one.both(3, 7) == pytest.approx((here[:, 3] * here[:, 7]).mean(), rel=1e-9)
