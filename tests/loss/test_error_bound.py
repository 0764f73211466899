"""The promise of `.error`, against rationals, on whatever hypothesis finds.

HYPOTHESIS_PROFILE=deep runs the ten thousand cases of the claim (about a quarter of an hour).
"""

from fractions import Fraction

import numpy as np
from hypothesis import given

from geomsup import Features, expected_loss, optimum
from geomsup.activations import LEAKS
from tests.data.make_exact_losses import loss as rational_loss
from tests.loss.truth import problems


def in_rationals(model, features):
    """Return the loss of the model as stored, every double taken as the dyadic rational it is."""
    rows = [[Fraction(v) for v in row] for row in model.W.tolist()]
    b, p, importance = (
        [Fraction(v) for v in array.tolist()] for array in (model.b, features.probability, features.importance)
    )
    laws = [
        [tuple(Fraction(float(v)) for v in piece) for piece in zip(*law.pieces(), strict=True)] for law in features.laws
    ]
    laws = [[(w / sum(piece[0] for piece in law), low, width) for w, low, width in law] for law in laws]
    return rational_loss(rows, b, p, importance, laws, features.units, Fraction(LEAKS[model.activation]))


@given(problems(max_features=4))
def test_the_error_bound_holds(problem):
    model, features = problem
    truth = in_rationals(model, features)
    result = expected_loss(model, features, method="exact")
    # Weights of a law are doubles that add to 1 only to an ulp or two.
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


def test_no_artefact_fools_an_optimiser():
    best = optimum(Features(5, 0.1), 2, starts=100, rng=7)
    assert best.starts.min() >= 0.026305131 - 5e-10
    assert best.starts.min() <= 0.026305131 + 5e-10
