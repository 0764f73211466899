"""Outputs that next to nothing is left of: weights that are nearly equal, nearly opposite, or differ by an ulp.

The truth is a sum over all sets of present features, in rational numbers.
"""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, strategies as st

from geomsup import Discrete, Features, ToyModel, expected_loss
from geomsup.activations import LEAKS
from geomsup.loss.expected import Unreachable

ONE = Discrete((1,))


def truth(model, features, values):
    """Σ_i I_i E (x_i - f(u_i))² of independent features, each 0 or one of `values`, equally often."""
    n = features.n
    W, b, p, importance = ([Fraction(v) for v in part.ravel().tolist()]
                           for part in (model.W, model.b, features.probability, features.importance))  # fmt: skip
    m = model.n_hidden
    gram = [[sum(W[i * m + h] * W[j * m + h] for h in range(m)) for j in range(n)] for i in range(n)]
    leak, total = Fraction(LEAKS[model.activation]), Fraction(0)
    choices = [Fraction(0), *map(Fraction, values)]
    for x in product(choices, repeat=n):
        weight = Fraction(1)
        for x_i, p_i in zip(x, p, strict=True):
            weight *= p_i / len(values) if x_i else 1 - p_i
        if weight:
            outputs = [sum((g * x_j for g, x_j in zip(row, x, strict=True) if x_j), b[i]) for i, row in enumerate(gram)]
            total += weight * sum(
                importance[i] * (x[i] - (u if u > 0 else leak * u)) ** 2 for i, u in enumerate(outputs)
            )
    return total


@st.composite
def nearly_cancelling(draw):
    """Draw few different weights, moved by ulps, and probabilities that are nearly 0 or 1."""
    values = draw(st.sampled_from([(1.0,), (1.0,), (-1.0, 1.0), (1.0, 2.0)]))
    n, m = draw(st.integers(2, 8 if len(values) == 1 else 5)), draw(st.integers(1, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    W = rng.choice([-1.0, 0.0, 1.0, 0.5], size=(n, m)) * draw(st.sampled_from([1.0, 1.0, 30.0, 1e-4]))
    moved = rng.random((n, m)) < draw(st.sampled_from([0.0, 0.2, 0.6]))
    W = np.where(moved, W * (1 + draw(st.sampled_from([2.0**-52, -(2.0**-53), 1e-12]))) + 1e-17, W)
    tiny = draw(st.sampled_from([0.0, 1.2e-16, 1e-9]))
    W = W + tiny * (rng.random((n, m)) < 0.2)
    b = rng.choice([0.0, 0.0, -1.0, 1.0, 1e-16], size=n)
    p = draw(st.sampled_from([1e-12, 1e-3, 0.5, 0.997209935789211, 1 - 2.0**-53, 1.0]))
    importance = rng.choice([0.0, 1.0, 0.3], size=n)
    activation = draw(st.sampled_from(["relu", "relu", "abs", "leaky_relu", "linear"]))
    return ToyModel(W, b, activation), Features(n, p, importance, Discrete(values)), values


@pytest.mark.slow
@pytest.mark.parametrize("method", ["exact", "spectral", "auto"])
@given(problem=nearly_cancelling())
def test_the_error_bound_holds_where_outputs_cancel(method, problem):
    model, features, _ = problem
    try:
        result = expected_loss(model, features, method=method, rtol=0.5 if method == "spectral" else None)
    except Unreachable:
        assert method == "spectral"
        return
    assert abs(Fraction(result.value) - truth(*problem)) <= Fraction(result.error)


def test_a_series_whose_bound_was_no_number_is_not_believed():
    """Output 2 is a difference of 1 and 1 - 2^-53, nearly always: the series gave 2.98829 ± nan."""
    W = [[-0.9999999999999999, -0.9999999999999999], [-1, 0], [0, 1]]
    model, features = ToyModel(W), Features(3, 0.997209935789211, values=ONE)
    exact = truth(model, features, (1.0,))
    assert float(exact) == pytest.approx(2.9944043, rel=1e-7)
    assert abs(Fraction(expected_loss(model, features).value) - exact) <= Fraction(1e-12)
    with pytest.raises(Unreachable, match=r"^`rtol` must be reachable; asked for 1e-09, but the spectral method only "):
        expected_loss(model, features, method="spectral")
    rough = expected_loss(model, features, method="spectral", rtol=0.1)
    assert abs(Fraction(rough.value) - exact) <= Fraction(rough.error) < Fraction(0.3)


def test_features_that_always_come_leave_one_set():
    """Twenty features that are always 1: the truth is a sum of squares; series gave 171.80 ± nan."""
    r = np.random.default_rng(2)
    W = r.choice([-1.0, 0, 1], size=(20, 3)) + (r.random((20, 3)) < 0.2) * 1.2e-16
    rows = [[Fraction(v) for v in row] for row in W.tolist()]
    total = [sum(column) for column in zip(*rows, strict=True)]
    outputs = [sum(w * t for w, t in zip(row, total, strict=True)) for row in rows]
    exact = sum((1 - max(u, Fraction(0))) ** 2 for u in outputs)
    assert float(exact) == pytest.approx(172, rel=1e-12)
    result = expected_loss(ToyModel(W), Features(20, 1.0, values=ONE))
    assert abs(Fraction(result.value) - exact) <= Fraction(result.error)
    assert result.error < 1e-9
