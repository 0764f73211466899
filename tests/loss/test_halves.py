"""The loss by two halves of the features, against the sum over all inputs."""

from itertools import product

import numpy as np
import pytest

from geomsup import Discrete, Features, ToyModel, Uniform, expected_loss, optimum
from geomsup.loss.halves.states import MOST_STATES, halves_of
from geomsup.loss.objective import pack, relu_objective, unpack

SCIPY = 0.39872707  # see the last test
THREE = Discrete([1.0, 2.0, 3.0])


def every_input(features, values):
    """Return all inputs of independent features, and their probabilities."""
    inputs = np.array(list(product([0.0, *values], repeat=features.n)))
    p = features.probability
    return inputs, np.where(inputs == 0.0, 1 - p, p / len(values)).prod(axis=1)


def summed(vector, features, inputs, chances):
    """Return loss and gradient of the model in `vector`, by the sum over all inputs."""
    W, b = unpack(vector, features.n)
    seen = np.maximum(inputs @ W @ W.T + b, 0.0)
    miss = features.importance * (seen - inputs)
    push = 2.0 * chances[:, None] * miss * (seen > 0)
    pulled = push.T @ inputs
    return float(chances @ (miss * (seen - inputs)).sum(axis=1)), pack((pulled + pulled.T) @ W, push.sum(axis=0))


def random_model(features, m, seed=0):
    rng = np.random.default_rng(seed)
    return pack(rng.normal(size=(features.n, m)), rng.normal(size=features.n))


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0, 3.0], [-1.0, 0.5]])
@pytest.mark.parametrize("n", [5, 6])
def test_it_is_the_sum_over_all_inputs(values, n, interpreted):
    from geomsup.loss.halves.kernels import halves_outputs
    from geomsup.threads import stop_flag

    features = Features(n, np.linspace(0.05, 0.6, n), 0.8 ** np.arange(n), Discrete(values))
    vector = random_model(features, 2)
    W, b = unpack(vector, n)
    W[2] = 0.0  # an output that sees nothing
    value, slope, slope_b = halves_outputs(W @ W.T, b, halves_of(features), stop_flag())
    loss, gradient = summed(vector, features, *every_input(features, values))
    assert features.importance @ value == pytest.approx(loss, rel=1e-12)
    slope = features.importance[:, None] * slope
    np.testing.assert_allclose(pack((slope + slope.T) @ W, features.importance * slope_b), gradient, atol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 1e-150, 1e30])
@pytest.mark.parametrize("values", [[1.0, 2.0, 3.0], [-1.0, 0.5]])
def test_expected_losses_of_points_are_exact(values, scale):
    """Ten features of three values have 4^10 sets: the sum over all inputs tells the loss, and its bound holds.

    Series said 0.004880230 with 1e-3 for a model of (10, 3), p = 0.02 whose loss is 0.004880645.
    """
    n = 7
    features = Features(n, 0.02 * 0.9 ** np.arange(n), 0.7 ** np.arange(n), Discrete([scale * v for v in values]))
    vector = random_model(features, 3)
    W, b = unpack(vector, n)
    model = ToyModel(0.6 * W, 0.1 * scale * b)
    found = expected_loss(model, features, gradient=True)
    inputs, chances = every_input(Features(n, features.probability, 1.0, Discrete(values)), values)
    exact, gradient = summed(pack(0.6 * W, 0.1 * b), features, inputs, chances)
    assert found.method == "exact"
    assert found.value / scale**2 == pytest.approx(exact, rel=1e-13, abs=0)
    assert abs(found.value / scale**2 - exact) <= max(found.error / scale**2, 1e-15 * exact) <= 1e-9 * exact
    np.testing.assert_allclose(found.grad_W / scale**2, unpack(gradient, n)[0], rtol=1e-9, atol=1e-12)


def test_descents_of_many_points_take_it():
    features = Features(7, 0.2, 0.7 ** np.arange(7), THREE)
    vector = random_model(features, 3)
    found, gradient = relu_objective(features)(vector)
    loss, expected = summed(vector, features, *every_input(features, [1.0, 2.0, 3.0]))
    assert found == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(gradient, expected, atol=1e-11)


def test_members_of_a_group_are_in_one_half():
    features = Features(5, 0.2, values=Discrete([1.0, 2.0]), correlated=[(0, 3)], anticorrelated=[(1, 4)])
    one, two = halves_of(features)
    of = {int(i): half for half in (one, two) for i in half.members}
    assert of[0] is of[3]
    assert of[1] is of[4]
    for half in (one, two):
        assert half.probability.sum() == pytest.approx(1.0, abs=1e-11)
        means = dict(zip(half.members.tolist(), half.probability @ half.values, strict=True))
        assert means == pytest.approx(dict.fromkeys(means, 0.2 * 1.5))


def test_what_is_no_point_or_too_much_has_no_halves():
    assert halves_of(Features(4, 0.1)) is None
    assert halves_of(Features(4, 0.1, values=[THREE, THREE, THREE, Uniform()])) is None
    assert halves_of(Features(1, 0.1, values=THREE)) is None
    assert MOST_STATES == 4**6
    assert halves_of(Features(12, 0.5, values=THREE)) is not None
    assert halves_of(Features(13, 0.5, values=THREE)) is None


def test_the_optimum_of_many_points_is_that_of_a_multistart_of_scipy():
    # The least of 300 descents (scipy.optimize.minimize, BFGS) of `summed`, over all 512 inputs.
    features = Features(9, 0.2, 0.9 ** np.arange(9), Discrete([1.0]))
    best = optimum(features, 3)
    assert best.loss == pytest.approx(SCIPY, rel=1e-6)
    assert best.status.startswith("best of")
