"""The promise of `.error`, against rationals, on whatever hypothesis finds.

HYPOTHESIS_PROFILE=deep runs the ten thousand cases of the claim (about a quarter of an hour).
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

from geomsup import Discrete, Features, ToyModel, expected_loss, optimum
from geomsup.activations import LEAKS
from geomsup.loss.coupling import coupling_matrix
from geomsup.loss.linear import linear_losses
from tests.data.make_exact_losses import loss as rational_loss
from tests.data.make_target_losses import TARGETS, loss as rational_target_loss
from tests.loss.truth import problems


def in_rationals(model, features, *kind):
    """Return the loss of the model as stored, every double taken as the dyadic rational it is.

    `kind` is a target and a power, if they are not the usual ones.
    """
    rows = [[Fraction(v) for v in row] for row in model.W.tolist()]
    b, p, importance = (
        [Fraction(v) for v in array.tolist()] for array in (model.b, features.probability, features.importance)
    )
    laws = [
        [tuple(Fraction(float(v)) for v in piece) for piece in zip(*law.pieces(), strict=True)] for law in features.laws
    ]
    laws = [[(w / sum(piece[0] for piece in law), low, width) for w, low, width in law] for law in laws]
    tables = {table.members: [(present, Fraction(q)) for present, q in table.table] for table in features.joint}
    units = [(kind, tables.get(group, group) if kind == "joint" else group) for kind, group in features.units]
    loss = rational_target_loss if kind else rational_loss
    return loss(rows, b, p, importance, laws, units, Fraction(LEAKS[model.activation]), *kind)


@pytest.mark.slow
@given(problems(max_features=4))
def test_the_error_bound_holds(problem):
    model, features = problem
    truth = in_rationals(model, features)
    result = expected_loss(model, features, method="exact")
    # Weights of a law are doubles that add to 1 only to an ulp or two.
    weights = Fraction(4 * np.finfo(float).eps) * truth
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error) + weights


@given(problems(max_features=3), st.sampled_from(list(TARGETS)), st.sampled_from([2, 4]))
def test_the_error_bound_of_targets_holds(problem, target, power):
    model, features = problem
    truth = in_rationals(model, features, target, power)
    result = expected_loss(model, features, target=target, power=power, rtol=1e-6)
    assert result.method == "exact"
    weights = Fraction(4 * np.finfo(float).eps) * truth
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error) + weights


@given(problems(max_features=4, discrete=False))
def test_the_error_bound_of_series_holds(problem):
    model, features = problem
    truth = in_rationals(model, features)
    try:
        result = expected_loss(model, features, method="spectral", rtol=1e-3)
    except ValueError as error:
        if "`rtol` must be reachable" in str(error):
            return
        raise
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error)


@given(problems(max_features=4))
def test_the_error_bound_of_linear_models_holds(problem):
    model, features = problem
    linear = ToyModel(model.W, model.b, activation="linear")
    truth = in_rationals(linear, features)
    result = expected_loss(linear, features)
    weights = Fraction(4 * np.finfo(float).eps) * truth
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error) + weights


def test_the_error_bound_of_linear_models_knows_of_groups_that_cancel(rng):
    # Features 1 and 2 are 1 and 1/3 together, and feature 0 never comes: its output, W_0 (W_1 x_1 + W_2 x_2) + b, is
    # next to nothing, of terms of size 1 that round each in their own way.
    # Feature 3 costs nothing; it is what the accuracy is relative to.
    laws = [Discrete((1,)), Discrete((1,)), Discrete((1 / 3,)), Discrete((1,))]
    features = Features(4, [0.0, 0.3, 0.3, 0.3], [1.0, 0.0, 0.0, 1.0], laws, correlated=[(1, 2)])
    for _ in range(20):
        W = np.zeros((4, 2))
        W[:2, 0], W[3, 1] = rng.normal(size=2), 1.0
        W[2] = -3 * W[1]
        model = ToyModel(W, activation="linear")
        result = expected_loss(model, features, rtol=1e-6)
        assert abs(Fraction(result.value) - in_rationals(model, features)) <= Fraction(result.error)


def exact_product(one, other):
    return sum(Fraction(x) * Fraction(y) for x, y in zip(one.tolist(), other.tolist(), strict=True))


@pytest.mark.parametrize("m", [3, 5, 20])
def test_couplings_that_cancel_are_within_their_bound(m, rng):
    for _ in range(50):
        row, column = rng.normal(size=(2, m))
        for _ in range(2):  # entries that leave 1e-16, then 1e-32 of what cancels
            row, column = np.append(row, 1.0), np.append(column, -float(exact_product(row, column)))
        order = rng.permutation(m + 2)
        row, column = row[order], column[order]
        coupling, surplus, moved = coupling_matrix(row[None], column[None], np.ones(1))
        truth = exact_product(row, column)
        assert abs(Fraction(float(coupling[0, 0])) - truth) <= Fraction(float(moved[0]))
        assert surplus == pytest.approx(1 - float(truth), rel=1e-15, abs=0)


def test_rounded_couplings_move_a_loss_by_no_more_than_is_charged():
    # Feature 1 is always 1 and feature 0 never comes: the first loss is W_01², of a product that rounds by half an ulp.
    features = Features(2, [0.0, 1.0], [1.0, 0.0], Discrete((1,)))
    model = ToyModel([[1 + 2.0**-26], [1 + 2.0**-27]], activation="linear")
    coupling, surplus, _ = coupling_matrix(model.W, model.W, features.root_mean_square)
    own = linear_losses(coupling, surplus, model.b, features).error[0]
    moved = Fraction(float(coupling[0, 1])) ** 2 - exact_product(model.W[0], model.W[1]) ** 2
    charged = expected_loss(model, features).error - own
    assert float(abs(moved)) == pytest.approx(charged, rel=1e-6, abs=0)


@pytest.mark.slow
def test_no_artefact_fools_an_optimiser():
    best = optimum(Features(5, 0.1), 2, starts=100, rng=7)
    assert best.starts.min() >= 0.026305131 - 5e-10
    assert best.starts.min() <= 0.026305131 + 5e-10
