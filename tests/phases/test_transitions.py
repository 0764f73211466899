"""Transitions between phases: thresholds on paper, jumps, and phases thinner than a cell."""

import itertools

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from geomsup import Features, ToyModel, expected_loss, optimum
from geomsup.optima.descent import FINE, MOST_STEPS
from geomsup.phases.cells import Setting
from geomsup.phases.diagram import phase_diagram
from geomsup.phases.names import invariants
from geomsup.phases.search import best_states
from geomsup.phases.transitions import locate
from geomsup.threads import stop_flag
from tests.phases.truth import DEDICATED, DROPPED, PAIR, STRONG, WEAK, brute_force, polished, small, threshold


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.55, 0.7, 0.8])
def test_the_second_order_line_is_where_the_dropped_feature_becomes_unstable(p):
    found = [t for t in small().transitions_at(probability=p, between=(0.4, 1)) if t.from_ == DROPPED]
    (transition,) = found
    assert transition.order == "second"
    assert transition.slope_jump == 0
    assert transition.importance == pytest.approx(threshold(p), rel=1e-6)
    assert transition.error < 1e-6
    assert abs(transition.importance - threshold(p)) < 10 * transition.error + 1e-7
    assert transition.loss == pytest.approx(transition.importance * (p / 3 - p**2 / 4), rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.2, 0.45])
def test_the_first_order_line_is_where_the_pair_costs_what_dropping_costs(p):
    low, high = small().transitions_at(probability=p, between=(0.05, 20))
    for transition in (low, high):
        assert transition.order == "first"
        assert transition.error < 1e-9
        assert transition.along == "importance"
    assert (low.from_, low.to, high.from_, high.to) == (DROPPED, PAIR, PAIR, DEDICATED)
    assert low.importance * high.importance == pytest.approx(1, rel=1e-8)
    pair = low.models[1]

    def gap(importance):
        features = Features(2, p, [1, importance])
        return optimum(features, 1, starts=1, guesses=[pair]).loss - importance * (p / 3 - p**2 / 4)

    def followed(importance):  # without the choice of the lower one
        def loss(z):
            return expected_loss(ToyModel(z[:2, None], z[2:]), Features(2, p, [1, importance])).value

        start = np.concatenate([pair.W[:, 0], pair.b])
        return minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-15}).fun

    assert gap(low.importance * 0.98) >= -1e-12
    assert gap(low.importance * 1.02) < -1e-5
    near = (low.importance * 0.999, low.importance * 1.001)
    root = brentq(lambda t: followed(t) - t * (p / 3 - p**2 / 4), *near, xtol=1e-9)
    assert low.importance == pytest.approx(root, rel=1e-7)


@pytest.mark.slow
def test_the_weak_dense_end_is_first_order():
    """At p = 0.9 the extra feature appears with a small jump, before dropping it becomes unstable."""
    transition = small().transitions_at(probability=0.9, between=(0.9, 1))[0]
    assert transition.order == "first"
    assert transition.importance < threshold(0.9) - 5e-4
    assert 0.04 < abs(transition.models[1].W[1, 0]) < 0.06


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.3, 0.6])
def test_jumps_of_slopes_are_those_of_the_lowest_loss(p):
    for transition in small().transitions_at(probability=p, between=(0.15, 0.99), points=40):
        step = 1e-4 * transition.importance
        before, after = transition.importance - 2 * step, transition.importance + step
        at = [phase_diagram(2, 1, [p], [t, t + step], starts=24).loss[0] for t in (before, after)]
        jump = (at[1][1] - at[1][0] - at[0][1] + at[0][0]) / step
        assert transition.slope_jump == pytest.approx(jump, abs=3e-4)


@pytest.mark.slow
def test_the_equal_pair_breaks_at_one_density_wherever_it_stands():
    """The others of (3, 2) and of (3, 1), and both features of (2, 1), are the same pair."""
    (alone,) = small().transitions_at(importance=1.0, between=(0.1, 1))
    beside = phase_diagram(3, 2, [0.6, 0.8], [3.0]).transitions[0]
    without = phase_diagram(3, 1, [0.6, 0.8], [0.1]).transitions[0]
    assert (beside.from_, beside.to) == (
        "extra dedicated, others: digon",
        "extra dedicated, others: lopsided digon",
    )
    for transition in (alone, beside, without):
        assert transition.probability == pytest.approx(0.706403693, abs=1e-8)
        assert transition.order == "first"
        assert transition.along == "probability"
    assert beside.slope_jump == pytest.approx(without.slope_jump, rel=1e-4)
    norms = [np.sort(np.linalg.norm(t.models[1].W[:2], axis=1)) for t in (beside, without)]
    np.testing.assert_allclose(norms, [[0.51611, 0.91578]] * 2, atol=1e-4)


@pytest.mark.slow
def test_at_equal_importance_exchanging_features_is_no_transition():
    """Along I = 1 any feature of (3, 2) can be called the extra one; norms of pair and single cross at p = 0.41."""
    diagram = phase_diagram(3, 2, [0.2, 0.6], [1.0])
    (transition,) = diagram.transitions_at(importance=1.0, between=(0.3, 0.65), points=30)
    assert transition.probability == pytest.approx(0.5218376591, abs=1e-8)  # as `crossing` finds
    assert (transition.from_, transition.to) == (
        "extra in a digon, others: 1 dedicated",
        "extra in a triangle",
    )


def test_where_nothing_happens_there_is_a_crossover():
    """Weak or strong coupling at p = 0.2: norms change by a third between I = 0.13 and 1, without a transition."""
    setting, cells = Setting(2, 1), ((0.2, 0.14), (0.2, 1.0))
    best = best_states(setting, np.array([0.2]), np.array([0.14, 1.0]), 8, np.random.default_rng(0), None)
    states = best[0, 0], best[0, 1]
    assert np.abs(invariants(states[0].W) - invariants(states[1].W)).max() > 0.3
    assert locate(setting, *cells, *states) == ()


@pytest.mark.slow
def test_boundaries_separate_phases_and_have_transitions():
    diagram = small()
    for a, b in diagram.boundaries:
        assert abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1
    assert {edge for edge, _ in diagram.located} == set(diagram.boundaries)
    assert [transition for _, transition in diagram.located] == list(diagram.transitions)
    for (a, b), transition in diagram.located:
        assert diagram.probabilities[a[0]] <= transition.probability * (1 + 1e-9)
        assert transition.probability <= diagram.probabilities[b[0]] * (1 + 1e-9)
        assert diagram.importances[a[1]] <= transition.importance * (1 + 1e-9)
        assert transition.importance <= diagram.importances[b[1]] * (1 + 1e-9)
    orders = {frozenset((t.from_, t.to)): set() for t in diagram.transitions}
    for t in diagram.transitions:
        orders[frozenset((t.from_, t.to))].add(t.order)
    assert "first" in orders[frozenset((DROPPED, PAIR))]
    assert orders[frozenset((WEAK, PAIR))] == {"first"}
    assert "second" in orders[frozenset((DROPPED, WEAK))]


def test_a_kernel_of_many_descents_is_many_descents(rng):
    from geomsup.optima.descent_kernels import bfgs
    from geomsup.phases.descents import _inputs
    from geomsup.phases.kernels import descend_all

    inputs = _inputs(3, 0.2, "relu")
    starts, importance = rng.normal(size=(5, 9)), rng.uniform(0.5, 2, size=(5, 3))
    coherence = rng.uniform(0, 0.1, size=5)
    losses, ends = descend_all(starts, importance, coherence, 3, 2, inputs, FINE, MOST_STEPS, stop_flag())
    for k in range(5):
        loss, end, _ = bfgs(starts[k], 3, 2, importance[k], inputs, coherence[k], FINE, MOST_STEPS, stop_flag())
        assert losses[k] == loss
        np.testing.assert_array_equal(ends[k], end)


def test_dropped_features_stay_dropped_and_cost_their_variance():
    p, importance = 0.3, 0.7
    start = np.array([1.1, 0.0, 0.0, 0.1, 0.2, 0.3])  # W, then b
    (end,) = Setting(3, 1).descend((p, importance), [start], FINE)
    np.testing.assert_allclose(end.W[:, 0], [1, 0, 0], atol=1e-9)
    np.testing.assert_allclose(end.b, [0, p / 2, p / 2], atol=1e-9)
    assert end.loss == pytest.approx((1 + importance) * (p / 3 - p**2 / 4), rel=1e-12)
    (nothing,) = Setting(3, 1).descend((p, importance), [np.zeros(6)], FINE)
    assert nothing.loss == pytest.approx((2 + importance) * (p / 3 - p**2 / 4), rel=1e-12)


# --- phases thinner than a cell ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_cells_of_thin_phases_hold_the_optimum():
    """Four cells of a plane of 40 x 40, and what is around them; two of them were once 0.17 % too high."""
    p, importance = np.geomspace(0.01, 1, 40)[30:], np.geomspace(0.1, 10, 40)
    diagram = phase_diagram(2, 1, p, importance)
    for i, j in itertools.product((3, 4, 5), (15, 16, 17, 23)):
        assert diagram.loss[i, j] == pytest.approx(brute_force(p[i], importance[j]), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.519, 0.5201, 0.5204])
def test_a_phase_thinner_than_a_cell_is_between_its_two_transitions(p):
    """A row grows at the threshold, and jumps a little later; once both were missed, and a third one reported."""
    found = phase_diagram(2, 1, [p], np.geomspace(0.1, 10, 100)).transitions
    jump = brentq(lambda t: polished(1.01, -0.12, p, t) - polished(1.02, -0.75, p, t), 0.58, 0.588, xtol=1e-9)
    places = [threshold(p), jump, 1 / jump, 1 / threshold(p)]
    assert [t.importance for t in found] == pytest.approx(places, rel=1e-6)
    assert [t.order for t in found] == ["second", "first", "first", "second"]
    assert [(t.from_, t.to) for t in found] == list(itertools.pairwise((DROPPED, WEAK, PAIR, STRONG, DEDICATED)))


def test_a_transition_to_a_state_that_is_never_the_lowest_is_not_reported():
    """At p = 0.5204 the pair takes over at I = 0.5858. Before, the weak pair is lower, all along."""
    setting, cells = Setting(2, 1), ((0.5204, 0.577), (0.5204, 0.585))
    weak, pair = (setting.descend(cell, [np.array([1.0, v, 0.0, 0.2])], FINE)[0]
                  for cell, v in zip(cells, (-0.1, -0.75), strict=True))  # fmt: skip
    assert weak.W[1, 0] > -0.2
    assert pair.W[1, 0] < -0.7
    assert locate(setting, *cells, weak, pair) == ()


def test_two_transitions_between_two_cells_are_both_located():
    setting, cells = Setting(2, 1), ((0.5204, 0.56), (0.5204, 0.6))
    dropped, pair = (setting.descend(cell, [np.array([1.0, v, 0.0, 0.2])], FINE)[0]
                     for cell, v in zip(cells, (0.0, -0.75), strict=True))  # fmt: skip
    growth, jump = locate(setting, *cells, dropped, pair)
    assert (growth.order, jump.order) == ("second", "first")
    assert growth.importance == pytest.approx(threshold(0.5204), rel=1e-6)
    assert jump.importance == pytest.approx(0.585836, abs=1e-6)
