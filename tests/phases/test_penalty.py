"""Phase diagrams with a penalty, and lines of other outputs: brute force, transitions, a published question."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from geomsup import ToyModel, expected_loss, optimum, phase_diagram
from geomsup.optima.conditions.conditions import largest_cosine

COHERENCE = 0.03


def minimised(vector, features, n, coherence):
    """Return the loss with the penalty, written out pair by pair."""
    W, b = vector[:-n].reshape(n, -1), vector[-n:]
    pairs = sum(float(W[i] @ W[j]) ** 2 for i, j in itertools.combinations(range(n), 2))
    return float(expected_loss(ToyModel(W, b), features)) + coherence * pairs


def own_of(model, features, coherence):
    return minimised(np.append(model.W, model.b), features, len(model.W), coherence)


def brute_force(features):
    """Minimise from dedicated features, and from pairs of opposite signs."""
    rng = np.random.default_rng(5)
    pairs = [np.append([1, -1] * rng.uniform(0.4, 1.2, 2), rng.uniform(-0.1, 0.1, 2)) for _ in range(4)]
    begin = [np.array([1.0, 0, 0, features.mean[1]]), np.array([0, 1.0, features.mean[0], 0]), *pairs]
    return min(
        minimize(minimised, start, args=(features, 2, COHERENCE), method="BFGS", options={"gtol": 1e-7}).fun
        for start in begin
    )


@pytest.mark.slow
def test_cells_hold_what_scipy_finds():
    diagram = phase_diagram(2, 1, [0.1, 0.6], [0.4, 1.0], coherence=COHERENCE)
    for i, j in np.ndindex(2, 2):
        features, model = diagram.features(i, j), diagram.model(i, j)
        own = own_of(model, features, COHERENCE)
        assert own == pytest.approx(brute_force(features), rel=1e-8)
        assert diagram.total[i, j] == pytest.approx(own, rel=1e-9)
        assert diagram.loss[i, j] == pytest.approx(float(expected_loss(model, features)), rel=1e-9)
    assert type(diagram).from_dict(diagram.to_dict()).total.tolist() == diagram.total.tolist()


@pytest.mark.slow
def test_a_transition_is_where_the_best_of_both_sides_cost_the_same():
    bound, free = (phase_diagram(2, 1, [0.2], [0.05, 1.0], coherence=factor) for factor in (COHERENCE, 0.0))
    (transition,), (plain,) = bound.transitions, free.transitions
    assert transition.order == plain.order == "first"
    assert transition.importance > plain.importance + 0.1  # the penalty is on the digon
    features = phase_diagram(2, 1, [0.2], [transition.importance]).features(0, 0)
    totals = [own_of(model, features, COHERENCE) for model in transition.models]
    assert totals[0] == pytest.approx(totals[1], rel=1e-8)
    assert transition.loss == pytest.approx(totals[0], rel=1e-8)
    assert totals[0] == pytest.approx(brute_force(features), rel=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"activation": "abs"}, {"coherence": COHERENCE}])
def test_lines_have_the_output_and_the_penalty_of_the_diagram(options):
    diagram = phase_diagram(2, 1, [0.2], [0.05, 1.0], **options)
    (own,), (on_line,) = diagram.transitions, diagram.transitions_at(probability=0.2, points=6)
    assert on_line.importance == pytest.approx(own.importance, rel=1e-7)
    (plain,) = phase_diagram(2, 1, [0.2], [0.05, 1.0]).transitions
    assert abs(plain.importance - own.importance) > 0.01


@pytest.mark.slow
def test_a_small_penalty_halves_the_coherence_of_three_features():
    """(3, 2) at p = 0.5: a digon beside a dedicated feature becomes a triangle, as the digon's product costs more."""
    factor = 2 * 0.0045  # of pairs i < j; published are factors of both orders
    free, bound = (phase_diagram(3, 2, [0.5], [1.0], coherence=one).model(0, 0) for one in (0.0, factor))
    assert largest_cosine(free.W) == pytest.approx(1.0, abs=1e-6)
    assert largest_cosine(bound.W) == pytest.approx(0.5, abs=1e-3)
    features = phase_diagram(3, 2, [0.5], [1.0]).features(0, 0)
    searched = optimum(features, 2, coherence=factor)
    assert own_of(bound, features, factor) == pytest.approx(searched.total, rel=1e-8)


def test_pictures_say_what_is_minimised():
    diagram = phase_diagram(2, 1, [0.1, 0.5], [0.5, 1.0], coherence=COHERENCE)
    assert [ax.get_title() for ax in diagram.plot()] == ["optimum, coherence 0.03"]


@pytest.mark.parametrize("factor", [-1, float("nan")])
def test_the_penalty_is_checked(factor):
    with pytest.raises(ValueError, match=r"^`coherence` must be .*got (-1|nan)"):
        phase_diagram(2, 1, [0.1], [1.0], coherence=factor)
