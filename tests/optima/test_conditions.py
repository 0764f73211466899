"""Optima under conditions: closed forms, another program, and trained models of the same kind."""

import re

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import approx_fprime, minimize

from geomsup import Features, Joint, Mixture, ToyModel, Uniform, compare, expected_loss, optimum, train
from geomsup.optima.conditions import search
from geomsup.optima.conditions.capped import with_room
from geomsup.optima.conditions.conditions import Conditions, largest_cosine
from geomsup.optima.conditions.objective import joined, objective_of, parted
from geomsup.optima.result import Optimum

PAIR = Features(2, 0.1)
KINDS = [
    Conditions(activation="abs"),
    Conditions(activation="leaky_relu", tied=False),
    Conditions(activation="gelu", coherence=0.3),
    Conditions(activation="linear", weight_decay=0.2),
    Conditions(tied=False, coherence=0.1, weight_decay=0.05),
]


@pytest.mark.slow
@pytest.mark.parametrize("conditions", KINDS, ids=str)
@pytest.mark.parametrize(
    "features", [Features(3, [0.2, 0.5, 0.3], [1, 2, 0.5]), Features(9, 0.1)], ids=["sets", "series"]
)
def test_the_objective_is_the_checked_loss_with_penalties_and_its_slopes(conditions, features, rng):
    n, tied = features.n, conditions.tied
    W, decoder = rng.normal(size=(2, n, 2)) / 2
    vector = joined((W, W if tied else decoder, 0.2 * rng.normal(size=n)), tied)

    def by_hand(vector):
        W, decoder, b = parted(vector, n, tied)
        loss = expected_loss(
            ToyModel(W, b, activation=conditions.activation, W_out=None if tied else decoder), features
        )
        pairs = sum(float(W[i] @ W[j]) ** 2 for i in range(n) for j in range(i))
        return float(loss) + conditions.coherence * pairs + conditions.weight_decay / 2 * float((vector**2).sum())

    value, slopes = objective_of(features, conditions, 1e-9)(vector)
    assert value == pytest.approx(by_hand(vector), rel=1e-7)
    np.testing.assert_allclose(slopes, approx_fprime(vector, by_hand, 1e-6), atol=1e-5)


@pytest.mark.parametrize("decay", [0.001, 0.01, 0.03, 0.5])
def test_weight_decay_shrinks_a_linear_feature_as_the_closed_form_says(decay):
    """X' = w² x + b: with r = 1 - w², b is r M/(1 + d/2), and r then d/4 over S - M²/(1 + d/2), and at most 1."""
    p = 0.1
    mean, square = p / 2, p / 3
    left = square - mean**2 / (1 + decay / 2)
    r = min(decay / 4 / left, 1.0)
    found = optimum(Features(1, p), 1, activation="linear", weight_decay=decay)
    assert found.total == pytest.approx(r**2 * left + decay / 2 * (1 - r), rel=1e-9)
    assert float(found.model.W[0, 0] ** 2) == pytest.approx(1 - r, abs=1e-5)
    assert found.status.startswith("best of")


def test_linear_models_of_correlated_features_keep_the_principal_components():
    """Two features that come together: the first component has p/3 - p²/4 + p/4 - p²/4, the second is lost."""
    features = Features(2, 0.1, correlated=[(0, 1)])
    found = optimum(features, 1, activation="linear")
    variance, covariance = 0.1 / 3 - 0.0025, 0.1 / 4 - 0.0025
    assert found.loss == pytest.approx(variance - covariance, rel=1e-9)
    assert found.status == "closed form"


@pytest.mark.slow
@pytest.mark.parametrize("coherence", [1e-3, 0.01, 1.0])
def test_a_penalty_on_coherence_is_minimised_as_scipy_does(coherence):
    """Of two features on a line the penalty is (w_1 w_2)²; a large one leaves one of them."""

    def total(vector):
        w, b = vector[:2], vector[2:]
        return float(expected_loss(ToyModel(w[:, None], b), PAIR)) + coherence * (w[0] * w[1]) ** 2

    rng = np.random.default_rng(0)
    starts = [np.append(rng.normal(size=2), rng.uniform(-0.2, 0.2, 2)) for _ in range(12)]
    best = min(minimize(total, start, method="BFGS").fun for start in [*starts, np.array([1.0, 0.0, 0.0, 0.05])])
    found = optimum(PAIR, 1, coherence=coherence)
    assert found.total == pytest.approx(best, rel=1e-6)
    assert found.loss <= PAIR.variance[0] * (1 + 1e-9)
    if coherence == 1.0:
        assert found.total == pytest.approx(PAIR.variance[0], rel=1e-6)


@pytest.mark.slow
def test_a_cap_of_nothing_makes_stored_features_orthonormal():
    """Features that share nothing are stored without loss, and the others lose their variance."""
    features = Features(5, 0.1)
    found = optimum(features, 2, max_cosine=0)
    assert found.loss == pytest.approx(3 * features.variance[0], rel=1e-6)
    kept = found.model.W[np.linalg.norm(found.model.W, axis=1) > 0.5]
    np.testing.assert_allclose(kept @ kept.T, np.eye(2), atol=1e-4)


@pytest.mark.slow
def test_a_cap_lies_between_an_orthonormal_basis_and_no_cap():
    features = Features(5, 0.1)
    losses = []
    for cap in (0.0, 0.5, 0.9, 1.0):
        found = optimum(features, 2, max_cosine=cap, starts=12)
        assert largest_cosine(found.model.W) <= cap + 2e-6
        losses.append(found.loss)
    assert losses == sorted(losses, reverse=True)
    assert losses[2] == pytest.approx(optimum(features, 2).loss, rel=1e-6)  # a pentagon, of cosine 0.81


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_cap_of_half_stores_a_triangle(seed):
    """Three lines have room in the plane. The best triangle on the first three features, by SciPy, is the optimum.

    Rows could not vanish during descents: two of five seeds ended 20 and 36 % higher.
    """
    features = Features(5, 0.1, 0.7 ** np.arange(5))
    angles = 2 * np.pi * np.arange(3) / 3
    directions = np.vstack([np.stack([np.cos(angles), np.sin(angles)], axis=1), np.zeros((2, 2))])

    def loss(state):
        model = ToyModel(directions * np.append(state[:3], [0, 0])[:, None], state[3:])
        return expected_loss(model, features).value

    triangle = minimize(loss, [1, 1, 1, *[-0.05] * 3, *features.mean[3:]], method="BFGS", options={"gtol": 1e-7})
    assert optimum(features, 2, max_cosine=0.5, rng=seed).loss == pytest.approx(triangle.fun, rel=1e-5)


@given(st.integers(2, 6), st.integers(1, 3), st.floats(0, 0.99), st.integers(0, 2**32 - 1))
def test_starts_keep_a_cap_and_the_rows_that_have_room(n, m, cap, seed):
    rng, features = np.random.default_rng(seed), Features(n, 0.1, 0.8 ** np.arange(n))
    W = rng.normal(size=(n, m))
    kept = with_room(W, cap, features.importance, rng)
    stored = kept.any(axis=1)
    assert largest_cosine(kept) <= cap + 2e-6
    assert stored.sum() >= 1
    np.testing.assert_allclose(np.linalg.norm(kept[stored], axis=1), np.linalg.norm(W[stored], axis=1))


@pytest.mark.slow
def test_a_decoder_of_its_own_never_loses_more():
    features = Features(3, 0.2)
    tied, untied = optimum(features, 1), optimum(features, 1, tied=False)
    assert untied.loss <= tied.loss * (1 + 1e-9)
    assert untied.model.W_out is not None
    linear = optimum(features, 2, activation="linear", tied=False)
    assert (linear.status, linear.loss) == ("closed form", pytest.approx(features.variance[0]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "features", "m"),
    [
        ({"activation": "abs"}, Features(4, 0.2), 2),
        ({"activation": "gelu"}, Features(3, 0.3), 1),
        ({"activation": "leaky_relu"}, Features(4, 0.1, [1, 0.8, 0.6, 0.4]), 2),
        ({"tied": False}, Features(4, 0.2), 2),
    ],
    ids=str,
)
def test_no_trained_model_is_below_the_optimum_of_its_kind(how, features, m):
    """The optimum is found without the models, and the comparison is with models of the same kind."""
    best = optimum(features, m, **how)
    run = train(features, m, models=4, steps=3000, learning_rate=1e-2, schedule="cosine", batch=512, seed=3, **how)
    models = [run.model(k) for k in range(len(run))]
    assert min(float(expected_loss(model, features)) for model in models) >= best.loss * (1 - 1e-6)
    result = compare(run.best(), features, starts=4)
    assert result.excess >= -1e-9
    assert (result.optimum.conditions.activation, result.optimum.conditions.tied) == (
        how.get("activation", "relu"), how.get("tied", True)
    )  # fmt: skip
    assert f"of models with {result.optimum.conditions}" in str(result)


def test_the_best_of_negative_values_has_no_bound_that_only_a_relu_keeps():
    features = Features(2, 1.0, values=Uniform(-1, 1))
    found = optimum(features, 1, activation="leaky_relu", starts=4)
    assert found.lower_bound <= found.loss


def test_penalties_count_in_comparisons():
    digon = ToyModel([[1.0], [-1.0]])
    result = compare(digon, PAIR, coherence=0.01)
    assert result.total == pytest.approx(float(expected_loss(digon, PAIR)) + 0.01)
    assert result.excess == pytest.approx(result.total / result.optimum.total - 1)
    assert result.excess > 0


def test_conditions_survive_being_written():
    found = optimum(PAIR, 1, tied=False, coherence=0.01, starts=2)
    again = Optimum.from_dict(found.to_dict())
    assert again.conditions == found.conditions
    assert again.total == pytest.approx(found.total)
    assert "decoders of their own, coherence 0.01" in str(found)
    assert found.prices is None


@pytest.mark.slow
def test_a_guess_that_leads_lower_under_conditions_is_told(monkeypatch):
    """A search that begins with a dimension each for the best features alone stays there: zero rows have no slope."""
    features = Features(4, 0.1)
    good = optimum(features, 2, activation="leaky_relu")
    monkeypatch.setattr(search, "catalogue_starts", lambda *_: [])
    monkeypatch.setattr(search, "random_start", lambda features, m, *_: search.dedicated(features, m))
    found = optimum(features, 2, activation="leaky_relu", guesses=[good.model])
    assert found.loss == pytest.approx(good.loss, rel=1e-9)
    assert found.status == "from a given model"
    assert found.searched == pytest.approx(2 * features.variance[0])
    assert "the search had missed it" in found.proof


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"activation": "square"}, ValueError, "`activation` must be one of"),
        ({"tied": "no"}, TypeError, "`tied` must be True or False"),
        ({"coherence": -1.0}, ValueError, "`coherence` must be from 0 to 1e+30; got -1"),
        ({"coherence": float("nan")}, ValueError, "`coherence` must be"),
        ({"weight_decay": -1.0}, ValueError, "`weight_decay` must be from 0 to 1e+30; got -1"),
        ({"max_cosine": 1.5}, ValueError, "`max_cosine` must be from 0 to 1; got 1.5"),
        ({"max_cosine": float("nan")}, ValueError, "`max_cosine` must be"),
    ],
)
def test_conditions_that_are_refused(how, error, message):
    with pytest.raises(error, match=re.escape(message)):
        optimum(PAIR, 1, **how)


@pytest.mark.parametrize("options", [{"activation": "abs"}, {"coherence": 0.1}], ids=str)
def test_hidden_states_are_taken_as_their_table_is(options):
    """The same world as a mixture of six features, too many for a table of its own, and as a table of all sets."""
    members, given = range(6), [[0.1] * 6, [0.02, 0.02, 0.02, 0.2, 0.2, 0.2]]
    mixture, table = Features(6, joint=[Mixture(members, given)]), Features(6, joint=[Joint.mixture(members, given)])
    model = ToyModel(np.random.default_rng(0).normal(size=(6, 2)) / 2)
    vector = joined((model.W, model.W, model.b), tied=True)
    ends = [objective_of(one, Conditions(**options), 1e-9)(vector) for one in (mixture, table)]
    assert ends[0][0] == pytest.approx(ends[1][0], rel=1e-8)
    np.testing.assert_allclose(ends[0][1], ends[1][1], rtol=1e-6, atol=1e-9)


HIDDEN = Conditions(hidden_activation="relu", tied=False, coherence=0.1, weight_decay=0.05)


def test_the_objective_of_hidden_relus_is_the_checked_loss_with_penalties_and_its_slopes(rng):
    features = Features(3, [0.2, 0.5, 0.3], [1, 2, 0.5])
    W, decoder = rng.normal(size=(2, 3, 2))
    vector = joined((W, decoder, 0.2 * rng.normal(size=3)), False)

    def by_hand(vector):
        model = HIDDEN.model(*parted(vector, 3, False))
        assert model.hidden_activation == "relu"
        return float(expected_loss(model, features)) + HIDDEN.penalty(model)

    value, slopes = objective_of(features, HIDDEN, 1e-9)(vector)
    assert value == pytest.approx(by_hand(vector), rel=1e-12)
    np.testing.assert_allclose(slopes, approx_fprime(vector, by_hand, 1e-6), atol=1e-5)


def quadrature_of_hidden_relus(p, points=60):
    """Return the loss of two features and one hidden ReLU as a function of a vector: Gauss and Legendre's rule."""
    nodes, weights = np.polynomial.legendre.leggauss(points)
    u, w = (nodes + 1) / 2, weights / 2
    x = [np.zeros((1, 2)), np.c_[u, 0 * u], np.c_[0 * u, u], np.c_[np.repeat(u, points), np.tile(u, points)]]
    weight = [(1 - p) ** 2 * np.ones(1), p * (1 - p) * w, p * (1 - p) * w, p * p * np.outer(w, w).ravel()]
    x, weight = np.concatenate(x), np.concatenate(weight)

    def loss(vector):
        hidden = np.maximum(x @ vector[:2], 0.0)
        y = np.maximum(np.outer(hidden, vector[:2]) + vector[2:], 0.0)
        return float(weight @ ((x - y) ** 2).sum(axis=1))

    return loss


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_the_best_hidden_relu_of_two_features_against_scipy(p, rng):
    loss = quadrature_of_hidden_relus(p)
    best = min(minimize(loss, start).fun for start in rng.normal(size=(20, 4)))
    found = optimum(Features(2, p), 1, hidden_activation="relu")
    assert found.model.hidden_activation == "relu"
    assert found.loss == pytest.approx(best, rel=1e-4)  # quadrature across kinks is good to this
    assert found.lower_bound == 0
    assert "hidden ReLUs" in str(found)


@pytest.mark.parametrize("features", [Features(3, 0.1), Features(4, 0.4), Features(3, 1.0, [1, 1, 1.39])])
def test_no_trained_model_with_hidden_relus_is_below_the_optimum(features):
    """Of three features that are always present, two share a dimension and lose 0.1 % less than one of them alone."""
    best = optimum(features, 2, hidden_activation="relu")
    run = train(features, 2, models=10, steps=3000, seed=1, hidden_activation="relu", learning_rate=1e-2)
    losses = [float(expected_loss(run.model(k), features)) for k in range(10)]
    assert best.loss * (1 - 1e-6) < min(losses) < 1.02 * best.loss


def test_a_hidden_relu_that_is_turned_off_by_ever_larger_weights_has_no_minimum():
    """In this valley found by descents, a larger weight of feature 1 always lowers the loss."""
    W = [[1.159, 0.56], [-240.0, 0.78], [0.849, -1.762], [0.0, 1.276]]
    guess = ToyModel(W, [-0.625, 0.02, 0.016, -0.648], hidden_activation="relu")
    features = Features(4, 0.1)
    found = optimum(features, 2, hidden_activation="relu", starts=1, guesses=[guess])
    assert found.kind == "unreached"
    assert "not a minimum: ever longer rows lose ever so little less" in found.proof
    W = np.array(found.model.W)
    W[1, 0], W[3, 0] = 2 * W[1, 0], W[3, 0] / 2  # what feature 3 sends to turn output 1 off stays the same
    longer = expected_loss(ToyModel(W, found.model.b, hidden_activation="relu"), features)
    assert longer.value + longer.error < found.loss
    assert optimum(Features(3, 0.1), 2, hidden_activation="relu", starts=10).kind == "not checked"


def test_hidden_relus_with_a_dimension_for_each_feature_lose_nothing():
    best = optimum(Features(3, 0.2), 3, hidden_activation="relu", tied=False)
    assert (best.loss, best.status, best.model.hidden_activation) == (0.0, "closed form", "relu")


def test_models_with_hidden_relus_are_compared_with_their_own_kind():
    features = Features(3, 0.1)
    model = ToyModel([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], [0, 0, 0.05], hidden_activation="relu")
    result = compare(model, features, starts=20)
    assert result.optimum.conditions == Conditions(hidden_activation="relu")
    assert "of models with hidden ReLUs" in str(result)
    assert "may be below" not in str(result)
    assert result.excess > 0
    several = compare([model, ToyModel(model.W, model.b)], features, starts=2)
    assert [one.optimum.conditions.hidden_activation for one in several] == ["relu", "linear"]
    with_biases = ToyModel(model.W, model.b, hidden_activation="relu", b_hidden=[0.1, 0.1])
    assert "may be below" in str(compare(with_biases, features, starts=2))


def test_what_hidden_relus_are_not_searched_for():
    with pytest.raises(ValueError, match=r"^`hidden_activation` must be \"linear\" unless there are few .*; got 6"):
        optimum(Features(6, 0.1), 2, hidden_activation="relu")
    with pytest.raises(
        ValueError, match=r"^`activation` must be piecewise linear if hidden units are ReLUs; got 'gelu'"
    ):
        optimum(Features(3, 0.1), 2, activation="gelu", hidden_activation="relu")
    with pytest.raises(ValueError, match=r"^`hidden_activation` must be one of"):
        optimum(Features(3, 0.1), 2, hidden_activation="gelu")


def test_decoders_of_their_own_may_have_no_minimum():
    """Rows of five sparse features grow without end; those of four do not."""
    assert optimum(Features(5, 0.05), 2, tied=False, starts=2).kind == "unreached"
    assert optimum(Features(4, 0.01), 2, tied=False, starts=2).kind != "unreached"


def test_what_the_search_found_without_a_guess():
    """It is what the same search finds alone, descended to the end: seed 1 misses what seed 0 finds."""
    features = Features(5, 0.1)
    alone, best = (optimum(features, 2, tied=False, starts=1, rng=seed) for seed in (1, 0))
    given = optimum(features, 2, tied=False, starts=1, rng=1, guesses=[best.model])
    assert best.loss < 0.999 * alone.loss
    assert given.loss <= best.loss
    assert given.searched == pytest.approx(alone.loss, rel=1e-12)
    assert f"found {alone.loss:.6g}" in given.proof
