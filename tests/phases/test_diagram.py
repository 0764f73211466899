"""Phase diagrams: brute force, thresholds on paper, symmetries, and what the names mean."""

import itertools
import json
import re
from functools import cache as once_only

import numpy as np
import pytest
from scipy.optimize import brentq, minimize, minimize_scalar

from geomsup import Features, ToyModel, dimensionality, expected_loss, optimum
from geomsup.compiling import COMPILING
from geomsup.optima import cache
from geomsup.optima.descent import FINE, MOST_STEPS
from geomsup.phases import search
from geomsup.phases.cells import Setting
from geomsup.phases.diagram import phase_diagram
from geomsup.phases.names import invariants, phase_name
from geomsup.phases.prediction import paper_prediction
from geomsup.phases.search import best_states
from geomsup.phases.transitions import locate
from geomsup.threads import stop_flag

DROPPED, PAIR, DEDICATED = (
    "extra not represented, others: 1 dedicated",
    "extra in a digon",
    "extra dedicated, others: 1 not represented",
)
WEAK, STRONG = "extra weakly in a digon", "extra strongly in a digon"


@once_only
def small():
    """Return (2, 1) with importances symmetric about 1."""
    return phase_diagram(2, 1, np.geomspace(0.05, 1, 14), np.geomspace(0.2, 5, 12))


# --- the optimum -----------------------------------------------------------------------------------------------


def output_loss(a, c, b, p):
    """Return E (x - relu(a x + c y + b))² for x, y ~ U[0, 1] with probability p each, a > 0; arrays broadcast.

    Inner integrals in closed form; the outer one by Gauss, exact between the kinks of a cubic.
    """
    nodes, weights = np.polynomial.legendre.leggauss(4)

    def alone(z):  # integral over x of (x - relu(a x + z))²
        edge = np.clip(-z / a, 0, 1)
        rest = [((1 - a) ** 2, 3), (-2 * (1 - a) * z, 2), (z**2, 1)]
        return edge**3 / 3 + sum(k * (1 - edge**power) / power for k, power in rest)

    with np.errstate(divide="ignore", invalid="ignore"):
        kinks = [np.clip(np.nan_to_num(t), 0, 1) for t in (-b / c, (-a - b) / c)]
    ends = np.sort(np.stack([np.zeros_like(a + c + b), *np.broadcast_arrays(*kinks), np.ones_like(a + c + b)]), axis=0)
    other = both = 0.0
    for low, high in itertools.pairwise(ends):
        for node, weight in zip(nodes, weights, strict=True):
            y = (low + high + (high - low) * node) / 2
            other = other + weight * (high - low) / 2 * np.maximum(c * y + b, 0) ** 2
            both = both + weight * (high - low) / 2 * alone(c * y + b)
    return (1 - p) ** 2 * np.maximum(b, 0) ** 2 + p * (1 - p) * (alone(b) + other) + p**2 * both


def best_output(a, c, p):
    """Return the loss of an output with its best bias: a grid, then golden section; arrays broadcast."""
    a, c = np.broadcast_arrays(a, c)
    grid = np.linspace(-1, 1, 21).reshape(-1, *[1] * a.ndim)
    middle = np.take_along_axis(grid + 0 * a, output_loss(a, c, grid, p).argmin(axis=0)[None], 0)[0]
    low, high = middle - 0.1, middle + 0.1
    ratio = (5**0.5 - 1) / 2
    for _ in range(30):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        lower = output_loss(a, c, left, p) < output_loss(a, c, right, p)
        low, high = np.where(lower, low, left), np.where(lower, right, high)
    return output_loss(a, c, (low + high) / 2, p)


def polished(w, v, p, importance):
    """Return the local minimum of the loss of (2, 1) near W = (w, v)."""

    def loss(z):
        w, v, b, c = z
        own = max(w * w, 1e-18), max(v * v, 1e-18)
        return float(output_loss(own[0], w * v, b, p) + importance * output_loss(own[1], w * v, c, p))

    biases = [minimize_scalar(lambda b, own=own: float(output_loss(max(own, 1e-18), w * v, b, p)), bounds=(-1, 1)).x
              for own in (w * w, v * v)]  # fmt: skip
    return minimize(loss, [w, v, *biases], tol=1e-9).fun


def brute_force(p, importance):
    """Return the lowest loss of (2, 1): over a grid of all W = (w, v), w >= 0, and near its three lowest minima.

    Outputs of the grid have their best biases. Where one feature is dropped, the loss is the variance of that feature.
    """
    w, v = np.meshgrid(np.linspace(0, 1.4, 41), np.linspace(-1.4, 1.4, 41))
    w = np.maximum(w, 1e-9)
    grid = best_output(w**2, w * v, p) + importance * best_output(np.maximum(v**2, 1e-18), w * v, p)
    framed = np.pad(grid, 1, constant_values=np.inf)
    around = [framed[1 + i : 42 + i, 1 + j : 42 + j] for i in (-1, 0, 1) for j in (-1, 0, 1)]
    least = np.flatnonzero(grid.ravel() <= np.min(around, axis=0).ravel())
    lowest = [polished(w.flat[at], v.flat[at], p, importance) for at in least[np.argsort(grid.ravel()[least])][:3]]
    return min(*lowest, min(1, importance) * (p / 3 - p**2 / 4))


@pytest.mark.slow
@pytest.mark.parametrize(("p", "importance"), [(0.1, 1.0), (0.3, 0.4), (0.6, 0.75), (0.9, 1.0)])
def test_two_features_in_one_dimension_by_brute_force(p, importance):
    loss = phase_diagram(2, 1, [p], [importance], starts=8).loss[0, 0]
    assert loss == pytest.approx(brute_force(p, importance), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "m"), [(2, 1), (3, 2), (3, 1), (4, 2)])
def test_no_cell_is_beaten_by_random_starts(n, m):
    size = 8 if n < 4 else 4
    diagram = phase_diagram(n, m, np.geomspace(0.02, 0.98, size), np.geomspace(0.15, 8, size))
    for i, j in np.random.default_rng(n + m).integers(0, size, size=(6, 2)):
        other = optimum(diagram.features(i, j), m, starts=32, rng=int(i + size * j))
        assert diagram.loss[i, j] <= other.loss * (1 + 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.1, 0.05, 0.3])
def test_known_optima(p):
    known = {0.1: 0.026305131, 0.05: 0.008903594, 0.3: 0.136120711}  # (5, 2), the best of 24 starts of a prototype
    diagram = phase_diagram(5, 2, [p], [1.0], starts=40)
    assert diagram.loss[0, 0] == pytest.approx(known[p], abs=1e-9)


def test_losses_are_those_of_the_models():
    diagram = phase_diagram(3, 2, [0.05, 0.4, 0.8], [0.3, 1.7])
    for i, j in np.ndindex(3, 2):
        expected = expected_loss(diagram.model(i, j), diagram.features(i, j))
        assert diagram.loss[i, j] == pytest.approx(expected.value, rel=1e-12)
        np.testing.assert_allclose(diagram.features(i, j).importance, [1, 1, diagram.importances[j]])
    np.testing.assert_allclose(diagram.dimensionality, dimensionality(diagram.W)[..., 2])
    norms = np.linalg.norm(diagram.W[:, :, :2], axis=-1)
    assert (norms[..., 0] >= norms[..., 1] - 1e-6).all()


@pytest.mark.slow
def test_exchanging_the_two_features_is_a_symmetry():
    """L(p, I) = I L(p, 1 / I): the roles of the two features of (2, 1) change places."""
    diagram = small()
    np.testing.assert_allclose(diagram.loss, diagram.importances * diagram.loss[:, ::-1], rtol=1e-9)
    mirrored = {DROPPED: DEDICATED, DEDICATED: DROPPED, PAIR: PAIR, WEAK: STRONG, STRONG: WEAK}
    names = np.array(diagram.names)[diagram.phase[:-1]]  # at p = 1 names are a matter of convention
    assert (np.vectorize(mirrored.get)(names)[:, ::-1] == names).all()


@pytest.mark.slow
def test_at_equal_importance_superposition_beats_dropping_at_every_density():
    """Even at p = 1, where nothing is ever absent: relu then still beats the linear optimum."""
    p = np.linspace(0.01, 1, 100)
    diagram = phase_diagram(2, 1, p, [1.0])
    assert set(np.array(diagram.names)[diagram.phase[:, 0]]) <= {PAIR, WEAK, STRONG}
    gain = 1 - diagram.loss[:, 0] / (p / 3 - p**2 / 4)
    assert gain.min() > 9e-4
    last = expected_loss(diagram.model(99, 0), diagram.features(99, 0), method="spectral")
    assert last.value + last.error < 1 / 12


# --- names -----------------------------------------------------------------------------------------------------

TURNS = 2 * np.pi / 3 * np.arange(3)
TRIANGLE = np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1)
PENTAGON = np.stack([np.cos(0.4 * np.pi * np.arange(5)), np.sin(0.4 * np.pi * np.arange(5))], axis=1)


@pytest.mark.parametrize(
    ("W", "name"),
    [
        ([[1], [0]], DROPPED),
        ([[0], [1]], DEDICATED),
        ([[1], [-0.2]], PAIR),
        ([[1], [0.5]], "extra in an aligned pair"),
        ([[0], [0]], "extra not represented, others: 1 not represented"),
        ([[1], [-1], [0.5]], "extra on a line, beside 1 against 1"),
        ([[1], [1], [-1]], "extra on a line, alone against 2"),
        ([[1], [0.5], [-1]], "extra on a lopsided line, alone against 2"),
        ([[1], [-1], [0]], "extra not represented, others: digon"),
        ([[1], [-0.9], [0]], "extra not represented, others: lopsided digon"),
        ([[1], [-0.9], [0.8], [0]], "extra not represented, others: lopsided line of 2 against 1"),
        (TRIANGLE, "extra in a triangle"),
        (TRIANGLE * [[1], [1], [2]], "extra in a triangle"),
        (TRIANGLE * [[1], [2], [1]], "extra in a lopsided triangle"),
        (np.eye(3)[[0, 1, 0]] * [[1], [1], [-1]], "extra in a digon, others: 1 dedicated"),
        (np.eye(4)[:, :3], "extra not represented, others: 3 dedicated"),
        (np.vstack([np.eye(3), -np.ones(3)]), "extra in a tetrahedron"),
        (np.vstack([np.eye(4), -np.ones(4)]), "extra in a 5-cell"),
        (PENTAGON, "extra in a pentagon"),
        (np.vstack([[1, 1], [1, -1], [-1, 0.5], [-1, -1]]), "extra in an unnamed (4 vertices, rank 2)"),
        (np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [0, 0]]), "extra not represented, others: 2 digons"),
    ],
)
def test_names_say_what_is_stored(W, name, rng):
    W = np.array(W, float)
    assert phase_name(W) == name
    turn, _ = np.linalg.qr(rng.normal(size=(W.shape[1],) * 2))
    other = np.vstack([rng.permutation(W[:-1]), W[-1:]]) @ turn
    assert phase_name(other) == name
    np.testing.assert_allclose(invariants(other), invariants(W), atol=1e-12)


def test_regions_of_one_structure_are_told_apart():
    diagram = small()
    share = {name: diagram.dimensionality[diagram.phase == k] for k, name in enumerate(diagram.names)}
    assert set(share) == {DROPPED, WEAK, PAIR, STRONG, DEDICATED}
    assert (share[DROPPED] == 0).all()
    assert 0 < share[WEAK].min() <= share[WEAK].max() < 0.25
    assert 0.25 < share[PAIR].min() < 0.5 < share[PAIR].max() < 0.75
    assert 0.75 < share[STRONG].min() <= share[STRONG].max() < 1
    assert (share[DEDICATED] == 1).all()
    assert list(diagram.names) == sorted(share, key=lambda name: share[name].mean())


# --- transitions -----------------------------------------------------------------------------------------------


def threshold(p):
    """Return the importance above which a dropped extra feature starts to grow, for (2, 1).

    With a row -ε beside a norm² of 1 + δ ε and a bias β ε, output 1 loses, to order ε²,
    p E (δ x + β - y)² + (1 - p) E relu(β - y)², y the extra feature, and the extra feature gains I Var(y): the
    importance at which the two are equal.
    """

    def cost(z):
        delta, beta = z
        active = delta**2 / 3 + delta * (beta - p / 2) + beta**2 - beta * p + p / 3
        silent = (1 - p) * max(beta, 0) ** 2 + p * (beta**3 / 3 if beta > 0 else 0)
        return p * active + (1 - p) * silent

    return minimize(cost, (0.1, 0.3), tol=1e-14).fun / (p / 3 - p**2 / 4)


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
    from geomsup.phases.cells import _inputs
    from geomsup.phases.kernels import descend_all

    inputs, _ = _inputs(3, 0.2, "relu")
    starts, importance = rng.normal(size=(5, 9)), rng.uniform(0.5, 2, size=(5, 3))
    losses, ends = descend_all(starts, importance, 3, 2, inputs, FINE, MOST_STEPS, stop_flag())
    for k in range(5):
        loss, end, _ = bfgs(starts[k], 3, 2, importance[k], inputs, FINE, MOST_STEPS, stop_flag())
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


# --- the paper's prediction -------------------------------------------------------------------------------------


def test_the_prediction_is_the_best_of_fixed_configurations():
    p, importances = np.array([0.05, 0.3, 0.55, 0.6, 0.9]), np.array([0.1, 0.6, 1.3, 4.0])
    pair = [[1, 0], [-1, 0], [0, 1]]
    fixed = {
        (2, 1): [([[1], [0]], [1]), ([[1], [-1]], []), ([[0], [1]], [0])],
        (3, 2): [(np.eye(3)[:, :2], [2]), (np.eye(2)[[0, 1, 0]] * [[1], [1], [-1]], []), (pair, []),
                 (np.eye(3)[:, [0, 2]], [1])],
    }  # fmt: skip
    for (n, m), shapes in fixed.items():
        guess = paper_prediction(n, m, p, importances)
        for i, j in np.ndindex(guess.loss.shape):
            features = Features(n, p[i], [1.0] * (n - 1) + [importances[j]])
            losses = []
            for W, dropped in shapes:
                b = np.where(np.isin(np.arange(n), dropped), p[i] / 2, 0.0)
                losses.append(expected_loss(ToyModel(W, b), features).value)
            assert guess.loss[i, j] == pytest.approx(min(losses), rel=1e-12)
            best = np.array(shapes[int(np.argmin(losses))][0], float)
            assert guess.names[guess.phase[i, j]] == phase_name(best)
            assert guess.dimensionality[i, j] == pytest.approx(dimensionality(best)[-1])


def test_the_prediction_has_the_papers_boundaries():
    for p in (0.1, 0.3, 0.5):
        edge = 2 * p / (4 - 5 * p)
        guess = paper_prediction(2, 1, [p], [edge * 0.999, edge * 1.001, 0.999 / edge, 1.001 / edge])
        assert [guess.names[k] for k in guess.phase[0]] == [DROPPED, PAIR, PAIR, DEDICATED]
    dense = paper_prediction(2, 1, [4 / 7 - 1e-3, 4 / 7 + 1e-3], [0.999, 1.001])
    assert [[dense.names[k] for k in row] for row in dense.phase] == [[PAIR, PAIR], [DROPPED, DEDICATED]]


def test_the_optimum_costs_less_than_the_prediction_and_its_pair_reaches_further():
    diagram = small()
    guess = paper_prediction(2, 1, diagram.probabilities, diagram.importances)
    assert (diagram.loss <= guess.loss * (1 + 1e-12)).all()
    point = phase_diagram(2, 1, [0.175], [0.1]), paper_prediction(2, 1, [0.175], [0.1])
    assert [diagram.names[diagram.phase[0, 0]] for diagram in point] == [PAIR, DROPPED]


# --- promises ---------------------------------------------------------------------------------------------------


def test_same_seed_same_bits_and_progress_counts_up():
    seen = []
    once = phase_diagram(
        3, 1, [0.1, 0.6], [0.5, 1, 2], rng=3, progress=lambda *told: told[0] == COMPILING or seen.append(told)
    )
    again = phase_diagram(3, 1, [0.1, 0.6], [0.5, 1, 2], rng=3)
    np.testing.assert_array_equal(once.W, again.W)
    np.testing.assert_array_equal(once.loss, again.loss)
    assert once.names == again.names
    assert [fraction for _, fraction in seen] == sorted(fraction for _, fraction in seen)
    assert seen[-1] == ("searching", 1.0)


def test_an_interrupted_diagram_goes_on_where_it_was(monkeypatch, tmp_path):
    """The same bits as without the interruption, and no row of cells is searched twice."""
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    arguments = 3, 1, [0.1, 0.3, 0.6], [0.5, 2]
    whole = phase_diagram(*arguments, rng=3)
    assert not list(tmp_path.glob("*/*.json"))  # what is done needs no file

    def once(stage, fraction):
        if stage == "searching":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as interruption:
        phase_diagram(*arguments, rng=3, progress=once)
    (note,) = interruption.value.__notes__
    assert re.fullmatch("[1-3] of 3 rows of cells are kept; the same search goes on from there", note)
    (file,) = tmp_path.glob("*/*.json")
    kept = json.loads(file.read_text())["result"]
    assert len(kept) == int(note[0])
    rows = []
    begun = search._part
    monkeypatch.setattr(search, "_part", lambda *setting: rows.append(dict((part := begun(*setting)).items())) or part)
    again = phase_diagram(*arguments, rng=3)
    assert sorted(rows[0]) == [i for i, _ in kept]
    for name in ("loss", "phase", "W", "b"):
        np.testing.assert_array_equal(getattr(again, name), getattr(whole, name))
    assert not file.exists()


def test_another_search_or_a_damaged_file_begins_anew(monkeypatch, tmp_path):
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    part = cache.Part("rows", {"n": 1}, int)
    assert part.keep([1, 2])
    assert part.items() == [1, 2]
    assert cache.Part("rows", {"n": 2}, int).items() == []
    (file,) = tmp_path.glob("rows/*.json")
    for text in ("", "{", '{"inputs": {"n": 2}, "result": [1]}', '{"inputs": {"n": 1}, "result": ["x"]}'):
        file.write_text(text)
        assert part.items() == []
    part.drop()
    part.drop()
    assert not file.exists()
    monkeypatch.setenv("GEOMSUP_CACHE", "")
    assert not cache.Part("rows", {"n": 1}, int).keep([1])


def test_arrays_are_nobodys_to_write(read_only):
    p, values = read_only([0.2, 0.5]), read_only([0.5, 2])
    diagram = phase_diagram(2, 1, p, values)
    for name in ("probabilities", "importances", "loss", "phase", "W", "b"):
        assert not getattr(diagram, name).flags.writeable
    assert diagram.loss.shape == diagram.phase.shape == (2, 2)
    assert diagram.W.shape == (2, 2, 2, 1)
    assert diagram.b.shape == (2, 2, 2)


def test_a_diagram_prints_and_converts():
    diagram = small()
    text = str(diagram)
    assert text.startswith("2 features in 1 dimensions, 14 probabilities x 12 importances")
    for name in diagram.names:
        assert f"%  {name}" in text
    data = json.loads(json.dumps(diagram.to_dict(), allow_nan=False))
    np.testing.assert_array_equal(data["loss"], diagram.loss)
    assert data["names"] == list(diagram.names)
    assert len(data["transitions"]) == len(diagram.transitions)
    assert data["transitions"][0]["from_"] == diagram.transitions[0].from_
    assert str(diagram.transitions[0]).startswith(f"{diagram.transitions[0].order} order at p = ")


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((1, 1, [0.1], [1]), {}, ValueError, r"^`n_features` must be at least 2; got 1\. Pass"),
        ((9, 1, [0.1], [1]), {}, ValueError, r"^`n_features` must be at most 8; got 9\. Ask for single points"),
        ((2, 2, [0.1], [1]), {}, ValueError, r"^`n_hidden` must be less than `n_features`; got 2 and 2\. With"),
        ((2, 1.5, [0.1], [1]), {}, TypeError, r"^`n_hidden` must be an integer; got 1\.5"),
        ((2, 1, 0.1, [1]), {}, ValueError, r"^`probabilities` must be a list of numbers; got shape \(\)\. Pass np"),
        ((2, 1, [], [1]), {}, ValueError, r"^`probabilities` must be a list of numbers; got shape \(0,\)\."),
        ((2, 1, [0.0, 0.1], [1]), {}, ValueError, r"^`probabilities` must be in \(0, 1\]; got 0\. Leave out"),
        ((2, 1, [0.1, 1.1], [1]), {}, ValueError, r"^`probabilities` must be in \(0, 1\]; got 1\.1\. Leave"),
        ((2, 1, [0.1], [-1]), {}, ValueError, r"^`importances` must be positive; got -1\. Leave out"),
        ((2, 1, [0.2, 0.1], [1]), {}, ValueError, r"^`probabilities` must rise; got 0\.2 before a value no larger\."),
        ((2, 1, [0.2], [1, 1]), {}, ValueError, r"^`importances` must rise; got 1 before .* Sort"),
        ((2, 1, [0.2], ["a"]), {}, TypeError, r"^`importances` must hold real numbers; got text\."),
        ((2, 1, [0.2], [1]), {"starts": 0}, ValueError, r"^`starts` must be at least 1; got 0\."),
    ],
)
def test_bad_input_is_named(arguments, options, error, message):
    with pytest.raises(error, match=message):
        phase_diagram(*arguments, **options)


def test_other_bad_input_is_named():
    with pytest.raises(ValueError, match=r"^`probability` or `importance` must be given, and not both; got None and"):
        small().transitions_at()
    with pytest.raises(ValueError, match=r"^`between` must rise; got 2 before"):
        small().transitions_at(probability=0.5, between=(2, 1))
    with pytest.raises(ValueError, match=r"^`probabilities` must be in \(0, 1\]; got 2\."):
        small().transitions_at(probability=2)
    with pytest.raises(ValueError, match=r"^`n_features` and `n_hidden` must be 2, 1 or 3, 2, .*; got 4, 2\. Call"):
        paper_prediction(4, 2, [0.1], [1])


# --- other outputs ---------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["abs", "leaky_relu", "linear"])
def test_diagrams_of_other_outputs_hold_what_scipy_finds(activation):
    diagram = phase_diagram(2, 1, [0.1, 0.7], [0.5, 1.0], activation=activation)
    rng = np.random.default_rng(0)
    for i, j in np.ndindex(2, 2):
        features = diagram.features(i, j)

        def loss(vector, features=features):
            return float(expected_loss(ToyModel(vector[:2, None], vector[2:], activation=activation), features))

        dropped = [np.array([0.0, 1.0, features.mean[0], 0.0]), np.array([1.0, 0.0, 0.0, features.mean[1]])]
        starts = [np.append(rng.normal(size=2), rng.uniform(-0.3, 0.3, 2)) for _ in range(10)]
        best = min(minimize(loss, start, method="BFGS").fun for start in [*starts, *dropped])
        assert diagram.loss[i, j] == pytest.approx(best, rel=1e-7)
        assert diagram.model(i, j).activation == activation
        assert float(expected_loss(diagram.model(i, j), features)) == pytest.approx(diagram.loss[i, j], rel=1e-9)
    assert [ax.get_title() for ax in diagram.plot()] == [f"optimum, {activation} outputs"]
    assert diagram.to_dict()["activation"] == activation


def test_linear_models_drop_the_less_important_feature_at_every_density():
    """They keep the m of largest I Var x (baldi1989): the extra one, where its importance is above 1."""
    diagram = phase_diagram(2, 1, [0.1, 0.5, 1.0], [0.5, 2.0], activation="linear")
    assert diagram.dimensionality.round(6).tolist() == [[0.0, 1.0]] * 3


def test_a_diagram_refuses_outputs_without_closed_forms():
    message = '`activation` must be one of "relu", "linear", "abs", "leaky_relu"; got \'gelu\''
    with pytest.raises(ValueError, match=re.escape(message)):
        phase_diagram(2, 1, [0.1], [1.0], activation="gelu")
