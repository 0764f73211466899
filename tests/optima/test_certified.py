"""Optima that a theorem names, and those that none does."""

from dataclasses import replace

import numpy as np
import pytest

from geomsup import Features, ToyModel, Uniform, expected_loss, optimum
from geomsup.optima.proved.certified import certified
from geomsup.proofs.certificate import STATEMENTS


@pytest.mark.parametrize("p", [1e-4, 0.1, 0.5, 0.706403, 0.706404, 0.9, 0.999])
def test_two_features_on_one_axis_are_certified(p):
    best = optimum(Features(2, p), 1)
    assert (best.status, best.kind) == ("certified", "minimum")
    assert "a theorem" in best.proof
    assert str(best).splitlines()[1] == best.proof
    assert 0 < best.loss - best.lower_bound < 1e-12 * best.loss / p
    assert best.loss == pytest.approx(expected_loss(best.model, best.features).value, rel=1e-12)
    norms = np.abs(best.model.W)
    assert (np.ptp(norms) < 1e-4) == (p < 0.7064035)


@pytest.mark.parametrize(("n", "p"), [(3, 0.3), (3, 0.7), (4, 0.5), (4, 0.7), (5, 0.3), (5, 0.5)])
def test_a_digon_and_dropped_features_are_certified(n, p):
    """Theorem 9, in any units; the loss is that of the digon of Theorem 4 and of what is dropped."""
    pair = optimum(Features(2, p), 1).loss
    for features, unit in ((Features(n, p), 1), (Features(n, p, 2.0, values=Uniform(0, 3)), 18)):
        best = optimum(features, 1)
        assert (best.status, best.geometry.name) == ("certified", "digon")
        assert best.loss == pytest.approx(unit * (pair + (n - 2) * (p / 3 - p**2 / 4)), rel=1e-9)
        assert 0 < best.loss - best.lower_bound < 1e-9 * best.loss


def test_a_pentagon_of_small_probability_is_certified_in_any_units():
    for features in (Features(5, 1e-3), Features(5, 1e-4, [3.0] * 5, values=Uniform(0, 5))):
        best = optimum(features, 2)
        assert (best.status, best.geometry.name) == ("certified", "pentagon")


@pytest.mark.parametrize("p", [0.535, 0.6, 0.83])
def test_an_important_feature_alone_is_certified_up_to_the_onset(p):
    from flint import arb

    from geomsup.proofs.onset import onset

    begins = float(onset(arb(p))[0].mid())
    for features in (Features(2, p, [1, begins - 1e-3]), Features(2, p, [2 * begins - 0.1, 2], values=Uniform(0, 3))):
        best = optimum(features, 1)
        assert best.status == "certified"
        assert best.loss == pytest.approx(float((features.importance * features.variance).min()), rel=1e-9)
    assert optimum(Features(2, p, [1, begins + 1e-2]), 1).status.startswith("best of")


@pytest.mark.parametrize("p", [0.001, 0.02])
def test_an_important_feature_alone_is_certified_where_features_are_rare(p):
    """Theorem 5, step 8: up to (2 + √2)/8 p the other one is not stored, and beyond a little more it is."""
    price = (2 + 2**0.5) / 8 * p
    best = optimum(Features(2, p, [1, 0.999 * price]), 1)
    assert best.status == "certified"
    assert best.loss == pytest.approx(0.999 * price * (p / 3 - p * p / 4), rel=1e-9)
    beyond = optimum(Features(2, p, [1, price / (1 - 2.1 * p)]), 1)
    assert beyond.status.startswith("best of")
    assert beyond.loss < price / (1 - 2.1 * p) * (p / 3 - p * p / 4)


@pytest.mark.parametrize(
    ("features", "m"),
    [
        (Features(2, 0.7064035), 1),  # between the two probabilities
        (Features(2, 0.1, [1, 0.9]), 1),
        (Features(2, [0.1, 0.2]), 1),
        (Features(2, 0.1, values=Uniform(0.5, 1)), 1),
        (Features(2, 0.1, anticorrelated=[(0, 1)]), 1),
        (Features(3, 0.1), 1),
        (Features(5, 0.7), 1),
        (Features(6, 0.5), 1),
        (Features(3, 0.5, [1, 1, 0.9]), 1),
        (Features(5, 2e-3), 2),
    ],
)
def test_nothing_else_is(features, m):
    assert optimum(features, m, starts=4).status.startswith("best of")


def test_a_model_that_the_theorem_does_not_name_is_not_certified():
    """Digons of two norms below the crossing, of one norm above it, rows of one direction; and a bent pentagon."""
    wrong = [
        (0.1, [[1.0], [-0.9]], [0.01, 0.01]),
        (0.9, [[0.7], [-0.7]], [0.2, 0.2]),
        (0.1, [[1.0], [1.0]], [0.01, 0.01]),
        (0.1, [[1.0], [-1.0]], [0.01, 0.02]),
        (0.1, [[1.0], [0.0]], [0.0, 0.05]),
    ]
    for p, W, b in wrong:
        claimed = replace(optimum(Features(2, p), 1), status="best of 1 start", model=ToyModel(W, b))
        assert certified(claimed) is claimed
    alone = optimum(Features(2, 0.6, [1, 0.5]), 1)
    for b in ([0.0, 0.0], [0.1, 0.3], [0.3, 0.0]):  # a dead output has no slope at b = 0, where it loses twice as much
        claimed = replace(alone, status="best of 1 start", model=ToyModel([[1.0], [0.0]], b))
        assert certified(claimed) is claimed
    dropped = optimum(Features(3, 0.5), 1)
    w, b = dropped.model.W, dropped.model.b.copy()
    small = int(np.argmin(np.abs(w)))
    for weight, bias in ((0.01, 0.25), (0.0, 0.24), (0.0, -0.1)):  # a little stored; a bias that is not the mean
        other = w.copy()
        other[small], b[small] = weight, bias
        claimed = replace(dropped, status="best of 1 start", model=ToyModel(other, b))
        assert certified(claimed) is claimed
    best = optimum(Features(5, 1e-3), 2)
    W = best.model.W.copy()
    W[0] *= 1.01
    bent = replace(best, status="best of 1 start", model=ToyModel(W, best.model.b))
    assert certified(bent) is bent


def test_conditions_are_not_what_the_theorem_is_about():
    assert optimum(Features(2, 0.1), 1, coherence=0.01, starts=4).status.startswith("best of")


def test_the_probabilities_are_those_of_the_statements():
    assert "between {crossing from} and {crossing to}" in STATEMENTS["two features on one axis"]
    assert "0 < p <= 0.001" in STATEMENTS["pentagon of small probability"]
