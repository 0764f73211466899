"""Descents: the compiled kernel against scipy and the checked loss, the limited-memory one where ends are known."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize, rosen, rosen_der

from geomsup import Discrete, Features, ToyModel, Uniform, expected_loss
from geomsup.loss import exact_kernels
from geomsup.loss.objective import pack, relu_objective, unpack
from geomsup.loss.plan import make_inputs
from geomsup.optima import descent_kernels
from geomsup.optima.conditions.conditions import Conditions
from geomsup.optima.conditions.objective import objective_of
from geomsup.optima.descent import FINE, descend
from geomsup.optima.descent_kernels import _update, bfgs, tied_loss
from geomsup.optima.quasi_newton import _direction, _search_line, lbfgs
from geomsup.threads import stop_flag

LAWS = [
    Features(4, 0.2),
    Features(4, [0.1, 0.3, 0.5, 1.0], [1, 0.5, 2, 0]),
    Features(4, 0.3, values=[Uniform(), Uniform(-1, 1), Discrete((1, 2)), Uniform(0.5, 1)]),
    Features(4, 0.25, correlated=[(0, 1)], anticorrelated=[(2, 3)]),
]


def law_of(features):
    return features.importance, make_inputs(features), 0.0


@pytest.mark.parametrize("features", LAWS, ids=["alike", "unlike", "values", "groups"])
def test_the_kernel_is_the_checked_loss_and_gradient(features, rng):
    for _ in range(10):
        W, b = rng.normal(size=(4, 2)), 0.3 * rng.normal(size=4)
        gradient = np.empty(12)
        value = tied_loss(pack(W, b), 4, 2, *law_of(features), gradient, stop_flag())
        truth = expected_loss(ToyModel(W, b), features, method="exact", gradient=True)
        assert value == pytest.approx(truth.value, rel=1e-13)
        np.testing.assert_allclose(gradient, pack(truth.grad_W, truth.grad_b), rtol=1e-10, atol=1e-13)


def test_the_kernels_penalty_is_that_of_optimum(rng):
    features = Features(4, 0.2, importance=[1, 0.8, 0.6, 0.4])
    objective = objective_of(features, Conditions(coherence=0.3), 1e-9)
    for _ in range(5):
        vector, gradient = rng.normal(size=12), np.empty(12)
        value = tied_loss(vector, 4, 2, features.importance, make_inputs(features), 0.3, gradient, stop_flag())
        expected, slopes = objective(vector)
        assert value == pytest.approx(expected, rel=1e-12)
        np.testing.assert_allclose(gradient, slopes, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("features", LAWS, ids=["alike", "unlike", "values", "groups"])
def test_bfgs_ends_where_scipy_ends_from_nearby(features, rng):
    start = 0.7 * rng.normal(size=(4, 2)), np.zeros(4)
    (end,) = descend(features, [start], slope=FINE)
    near = pack(end.W, end.b) + 1e-3 * rng.normal(size=12)
    found = minimize(relu_objective(features), near, jac=True, method="BFGS", options={"gtol": 1e-9})
    assert end.loss <= found.fun * (1 + 1e-9)
    assert end.loss == pytest.approx(float(expected_loss(ToyModel(end.W, end.b), features)), rel=1e-12)


def test_kernels_stay_within_their_arrays(interpreted):
    """As plain Python, which looks at every index, a digon ends with the loss published for p = 0.1."""
    interpreted(exact_kernels, descent_kernels)
    start = pack(np.array([[0.9], [-0.7]]), np.zeros(2))
    loss, _, _ = descent_kernels.bfgs(start, 2, 1, *law_of(Features(2, 0.1)), 1e-8, 200, stop_flag())
    assert loss == pytest.approx(0.003319484, abs=5e-10)


def test_slopes_at_the_end_are_as_small_as_asked(rng):
    features = Features(5, 0.1)
    law = law_of(features)
    for slope in (1e-4, 1e-8):
        loss, end, steps = bfgs(pack(rng.normal(size=(5, 2)), np.zeros(5)), 5, 2, *law, slope, 5000, stop_flag())
        gradient = np.empty(15)
        assert tied_loss(end, 5, 2, *law, gradient, stop_flag()) == loss
        assert np.abs(gradient).max() <= slope
        assert 0 < steps < 500


def test_steps_are_limited(rng):
    features = Features(5, 0.1)
    start = rng.normal(size=(5, 2)), np.zeros(5)
    (before,) = descend(features, [start], most_steps=0)
    (after,) = descend(features, [start], most_steps=3)
    np.testing.assert_array_equal(before.W, start[0])
    assert after.loss < before.loss


@pytest.mark.slow
@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from([4, 10]))
def test_losses_fall_and_starts_are_not_written_to(seed, n):
    rng = np.random.default_rng(seed)
    features = Features(n, 0.2)
    W, b = rng.normal(size=(n, 2)), np.zeros(n)
    for array in (W, b):
        array.flags.writeable = False
    (end,) = descend(features, [(W, b)], most_steps=10)
    assert end.loss < float(expected_loss(ToyModel(W, b), features))
    assert end.loss == pytest.approx(float(expected_loss(ToyModel(end.W, end.b), features)), rel=1e-6)


def test_many_starts_give_what_each_gives_alone(rng):
    features = Features(5, 0.2)
    starts = [(rng.normal(size=(5, 2)), np.zeros(5)) for _ in range(6)]
    together = descend(features, starts)
    for start, end in zip(starts, together, strict=True):
        (alone,) = descend(features, [start])
        assert alone.loss == end.loss
        assert alone.W.tobytes() == end.W.tobytes()
    assert descend(features, []) == []


def test_series_and_sets_lead_to_the_same_minimum(rng):
    """Nine independent features go by series; the same nine with one absent are eight for the exact method."""
    many, few = Features(9, [0.1] * 8 + [0.0]), Features(8, 0.1)
    W = rng.normal(size=(8, 3)) / 3**0.5
    (by_sets,) = descend(few, [(W, np.zeros(8))], slope=FINE)
    (by_series,) = descend(many, [(np.vstack([by_sets.W + 1e-3, np.zeros((1, 3))]), np.r_[by_sets.b, 0.0])])
    assert by_series.loss == pytest.approx(by_sets.loss, rel=1e-6)


@pytest.mark.parametrize("n", [2, 5, 20])
def test_limited_memory_reaches_the_end_of_rosenbrocks_valley(n):
    loss, x = lbfgs(lambda x: (rosen(x) + 1.0, rosen_der(x)), np.full(n, -1.2), slope=1e-7, accuracy=1e-16,
                    most_steps=2000)  # fmt: skip
    assert loss == pytest.approx(1.0, abs=1e-10)
    np.testing.assert_allclose(x, 1.0, atol=1e-5)


def test_limited_memory_stops_where_the_loss_is_noise(rng):
    """A parabola known to 1e-6: the descent must stop within a reasonable number of looks, near the bottom."""
    looks = []

    def noisy(x):
        looks.append(x)
        return 1 + x @ x + 1e-6 * np.sin(1e9 * x.sum()), 2 * x

    loss, x = lbfgs(noisy, rng.normal(size=30), slope=1e-12, accuracy=1e-6, most_steps=1000)
    assert loss == pytest.approx(1.0, abs=3e-6)
    assert np.abs(x).max() < 1e-2
    assert len(looks) < 200


def test_steps_on_a_parabola_are_newtons(rng):
    """As many pairs as dimensions, conjugate to each other, tell the whole Hessian (Nocedal and Wright 2006, 6.1)."""
    square = rng.normal(size=(4, 4))
    hessian = square @ square.T + np.eye(4)
    ways = np.ascontiguousarray(np.linalg.eigh(hessian)[1].T * rng.uniform(0.5, 2, (4, 1)))
    g = rng.normal(size=4)
    pairs = deque((s, hessian @ s, float(s @ hessian @ s)) for s in ways)
    newton = -np.linalg.solve(hessian, g)
    np.testing.assert_allclose(_direction(g, pairs, None), newton, rtol=1e-9)
    np.testing.assert_allclose(_direction(g, deque(), np.linalg.inv(hessian)), newton, rtol=1e-9)
    np.testing.assert_allclose(_direction(g, pairs, np.eye(4)), newton, rtol=1e-9)
    inverse = np.eye(4)
    for s in ways:
        _update(inverse, s, hessian @ s)
        np.testing.assert_allclose(inverse @ hessian @ s, s, rtol=1e-9)
    np.testing.assert_allclose(inverse, np.linalg.inv(hessian), rtol=1e-9, atol=1e-12)
    before = inverse.copy()
    _update(inverse, ways[0], -ways[0])  # curved the other way: nothing is learnt
    np.testing.assert_array_equal(inverse, before)


@pytest.mark.parametrize("scale", [1e-3, 0.3, 1.0, 30.0])
def test_line_searches_end_with_the_weak_wolfe_conditions(scale):
    def objective(x):
        return float(np.sin(3 * x[0]) + 0.5 * x[0] ** 2) + 2.0, np.array([3 * np.cos(3 * x[0]) + x[0]])

    x = np.array([2.5])
    loss, g = objective(x)
    direction = -scale * g
    end, new_loss, new_g = _search_line(objective, x, loss, g, direction, 1e-15)
    assert (new_loss, new_g[0]) == (objective(end)[0], objective(end)[1][0])
    step = float((end - x)[0] / direction[0])
    assert step > 0
    assert new_loss <= loss + 1e-4 * step * float(g @ direction)
    assert float(new_g @ direction) >= 0.5 * float(g @ direction)
    assert _search_line(objective, x, loss, g, -direction, 1e-15) is None


def test_packing_is_undone_by_unpacking(rng):
    W, b = rng.normal(size=(5, 3)), rng.normal(size=5)
    again = unpack(pack(W, b), 5)
    np.testing.assert_array_equal(again[0], W)
    np.testing.assert_array_equal(again[1], b)


def test_features_that_are_never_present_cost_nothing():
    (end,) = descend(Features(2, 0.0), [(np.array([[0.9], [-0.7]]), np.zeros(2))])
    assert end.loss == 0.0
