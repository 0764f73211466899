"""Activations against scipy, mpmath and their own derivatives; what users bring is checked."""

import json

import mpmath
import numpy as np
import pytest

from geomsup import ToyModel
from geomsup.activations import LEAKS, resolve_activation

U = np.linspace(-7, 7, 141)


@pytest.mark.parametrize("name", LEAKS)
def test_piecewise_linear(name):
    f = resolve_activation("activation", name)
    assert np.array_equal(f(U), np.where(U > 0, U, LEAKS[name] * U))
    assert np.array_equal(f.slope(U[U != 0]), np.where(U[U != 0] > 0, 1, LEAKS[name]))


def test_gelu_is_the_erf_form():
    f = resolve_activation("activation", "gelu")
    gelu = [float(u * mpmath.ncdf(u)) for u in U]
    slope = [float(mpmath.ncdf(u) + u * mpmath.npdf(u)) for u in U]
    assert f(U) == pytest.approx(gelu, rel=1e-14)
    assert f.slope(U) == pytest.approx(slope, rel=1e-13, abs=1e-16)


def test_square():
    f = resolve_activation("activation", "square")
    assert np.array_equal(f(U), U**2)
    assert np.array_equal(f.slope(U), 2 * U)


def test_derivatives_are_given_attached_or_taken_numerically():
    def softplus(u):
        return np.logaddexp(0, u)

    def sigmoid(u):
        return 1 / (1 + np.exp(-u))

    truth = sigmoid(U)
    assert resolve_activation("activation", softplus).slope(U) == pytest.approx(truth, abs=1e-11)
    assert np.array_equal(resolve_activation("activation", (softplus, sigmoid)).slope(U), truth)
    softplus.derivative = sigmoid
    assert np.array_equal(resolve_activation("activation", softplus).slope(U), truth)


@pytest.mark.parametrize("hidden", ["linear", "relu", "abs", "leaky_relu", "gelu", "square", np.tanh])
@pytest.mark.parametrize("output", ["relu", "gelu", "square", np.sin])
def test_models_apply_both(hidden, output, rng):
    W, W_out, b, x = rng.normal(size=(4, 2)), rng.normal(size=(4, 2)), rng.normal(size=4), rng.random((3, 4))
    model = ToyModel(W, b, activation=output, hidden_activation=hidden, W_out=W_out)
    inner, outer = resolve_activation("hidden_activation", hidden), resolve_activation("activation", output)
    truth = [outer(W_out @ inner(W.T @ one) + b) for one in x]
    assert model(x) == pytest.approx(np.array(truth), rel=1e-12)


def test_functions_are_written_by_name_and_refused_when_read():
    model = ToyModel(np.eye(2), activation=np.tanh, hidden_activation="gelu")
    written = json.loads(json.dumps(model.to_dict()))
    assert written["activation"] == "callable tanh"
    assert written["hidden_activation"] == "gelu"
    with pytest.raises(ValueError, match=r"^`activation` must be given as a function again.*Pass tanh itself"):
        ToyModel(**written)
    assert repr(model) == "ToyModel(2 features in 2 dimensions, gelu hidden, tanh)"


def test_names_can_be_written_and_read():
    model = ToyModel(np.eye(2), activation="gelu", hidden_activation="relu")
    assert ToyModel(**model.to_dict()).to_dict() == model.to_dict()


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("tanh", ValueError, r'must be one of "relu", .*"square".*; got \'tanh\'\. Pick one'),
        (3, TypeError, r"must be a name, a function of an array, or a pair \(f, f'\); got 3\. Pick"),
        ((np.tanh, 3), TypeError, r"must be a name, a function"),
        ((np.tanh,), TypeError, r"must be a name, a function"),
        (lambda u: u.sum(), ValueError, r"must return an array of the shape .* turned \(2, 3\) into \(\)\. Make"),
        (lambda u: u[:1], ValueError, r"must return an array of the shape"),
        (lambda u: u + np.nan, ValueError, r"must return finite values; .* returned nan at u = -1\. Define"),
        (np.log, ValueError, r"must return finite values"),
        (lambda u: u * 1j, TypeError, r"must return real numbers; .* dtype complex128\. Return"),
        ((np.tanh, lambda u: 0.0), ValueError, r"must return an array of the shape"),
    ],
)
@pytest.mark.parametrize("argument", ["activation", "hidden_activation"])
def test_bad_activations_are_named(argument, value, error, message):
    with pytest.raises(error, match=f"^`{argument}` {message}"):
        ToyModel(np.eye(2), **{argument: value})


def test_values_are_checked_where_the_model_reaches():
    model = ToyModel(np.eye(1), activation=lambda u: 1 / (u - 2))
    assert model([0.0]) == pytest.approx([-0.5])
    with pytest.raises(ValueError, match=r"`activation` must return finite values.* at u = 2"):
        model([2.0])
