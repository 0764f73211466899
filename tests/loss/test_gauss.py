"""Losses of smooth outputs by rules of Gauss and Legendre: the checked series, and where the rule is not taken."""

import numpy as np
import pytest

from geomsup import Discrete, Features, ToyModel, Uniform, expected_loss
from geomsup.loss import objective
from geomsup.loss.gauss import is_within_reach, make_nodes
from geomsup.loss.objective import losses_of


@pytest.mark.parametrize(
    "features",
    [
        Features(2, [0.3, 1.0], [1, 2]),
        Features(3, 0.2, values=Uniform(-1, 2)),
        Features(2, 0.5, values=[Discrete([1, 2], [0.5, 0.5]), Uniform(0, 1)]),
        Features(3, 0.2, correlated=[(0, 2)]),
    ],
    ids=["uniform", "signed", "points", "groups"],
)
def test_the_rule_agrees_with_the_checked_series(features, rng):
    W, b = rng.normal(size=(features.n, 2)) / 2, 0.3 * rng.normal(size=features.n)
    value, slope, slope_b = losses_of(features, "gelu", 1e-9)(W, W, b)
    checked = expected_loss(ToyModel(W, b, activation="gelu"), features, method="numeric", rtol=1e-9, gradient=True)
    np.testing.assert_allclose(features.importance * value, checked.per_feature, rtol=1e-9)
    slope = features.importance[:, None] * slope
    np.testing.assert_allclose((slope + slope.T) @ W, checked.grad_W, atol=1e-8)
    np.testing.assert_allclose(features.importance * slope_b, checked.grad_b, atol=1e-8)


def test_outputs_that_vary_by_too_much_are_left_to_series(monkeypatch):
    nodes = make_nodes(Features(2, 0.3))
    assert nodes is not None
    assert [is_within_reach(factor * np.eye(2), nodes) for factor in (1, 6, 7, np.nan)] == [True, True, False, False]
    assert make_nodes(Features(4, 0.3)) is None
    taken = []
    gauss = objective.gauss_losses
    monkeypatch.setattr(objective, "gauss_losses", lambda *given: taken.append(1) or gauss(*given))
    for norm, times in ((1.0, 1), (3.0, 1)):
        value, _, _ = losses_of(Features(1, 0.3), "gelu", 1e-9)(*2 * [np.array([[norm]])], np.zeros(1))
        model = ToyModel([[norm]], activation="gelu")
        assert value[0] == pytest.approx(float(expected_loss(model, Features(1, 0.3))), rel=1e-8)
        assert len(taken) == times
