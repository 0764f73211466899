"""Hessians against closed forms and second differences; what they say about known critical points."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import geomsup as gs
from geomsup import Features, ToyModel, Uniform, expected_loss
from geomsup.loss.curvature import hessian


def test_digon_optimum_is_a_minimum():
    features = Features(2, 0.1)
    result = hessian(gs.optimum(features, 1).model, features)
    assert (result.kind, result.index, result.n_flat, result.n_symmetries) == ("minimum", 0, 0, 0)
    assert result.error < 1e-8


@pytest.mark.slow
def test_pentagon_optimum_is_flat_under_rotation_alone():
    features = Features(5, 0.1)
    model = gs.optimum(features, 2).model
    result = hessian(model, features)
    assert (result.kind, result.index, result.n_flat, result.n_symmetries) == ("minimum", 0, 1, 1)
    assert result.eigenvalues[1] > 0.01
    turn = np.concatenate([(model.W @ [[0, 1], [-1, 0]]).ravel(), np.zeros(5)])
    assert np.abs(result.matrix @ turn).max() < 1e-7
    # The pentagon has five-fold symmetry: eigenvalues come in pairs, with three (radius, bias, rotation) alone.
    gaps = np.diff(result.eigenvalues[1:])
    assert (gaps < 1e-5).sum() >= 5


def test_nothing_represented_is_a_saddle():
    p, n, m = 0.1, 3, 2
    features = Features(n, p)
    result = hessian(ToyModel(np.zeros((n, m)), [p / 2] * n), features)
    # To second order L = v n - 2 v |W|² + |b - p/2|²: nothing else, as features are independent.
    truth = np.diag([-4 * features.variance[0]] * (n * m) + [2.0] * n)
    assert result.matrix == pytest.approx(truth, abs=1e-9)
    assert (result.kind, result.index) == ("saddle", n * m)


exactly = np.vectorize(lambda x: Fraction(float(x)), otypes=[object])


def linear_truth(W, b, p):
    """Polarise the quadratic form of v |I - WWᵀ|² + |(I - WWᵀ)μ - b|² in directions (V, c), in rationals."""
    n, m = W.shape
    W, b, p = exactly(W), exactly(b), Fraction(p)
    v, mu, rest = p / 3 - p * p / 4, np.full(n, p / 2), exactly(np.eye(n)) - W @ W.T
    residual = rest @ mu - b

    def form(direction):
        V, c = direction[: n * m].reshape(n, m), direction[n * m :]
        first = -(V @ W.T + W @ V.T)
        second = -2 * V @ V.T
        spread = 2 * v * (first**2).sum() + 2 * v * (rest * second).sum()
        moved = first @ mu - c
        return spread + 2 * moved @ moved + 2 * residual @ (second @ mu)

    basis = exactly(np.eye(n * m + n))
    return np.array([[float((form(e + d) - form(e - d)) / 4) for d in basis] for e in basis])


def test_linear_models_have_a_closed_form(rng):
    W, b = rng.normal(size=(3, 2)), rng.normal(size=3)
    result = hessian(ToyModel(W, b, activation="linear"), Features(3, 0.3))
    assert result.matrix == pytest.approx(linear_truth(W, b, 0.3), abs=1e-9)
    assert result.kind == "not a critical point"
    assert np.array_equal(result.matrix, result.matrix.T)


@pytest.mark.slow
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_errors_cover_what_rounding_leaves(scale, rng):
    for _ in range(10):  # polynomials: extrapolation is exact, and says nothing of rounding
        W, b = scale * rng.normal(size=(2, 1)), scale * rng.normal(size=2)
        result = hessian(ToyModel(W, b, activation="linear"), Features(2, 0.3))
        assert (np.abs(result.matrix - linear_truth(W, b, 0.3)) <= result.entry_error).all()
        assert result.error < 1e-8 * np.abs(result.matrix).max()


@pytest.mark.parametrize(("weight", "bias"), [(1.0, -0.25), (0.5, -0.125), (1.25, -0.5), (0.25, -0.03125)])
def test_extrapolation_leaves_no_power_of_the_step(weight, bias):
    # One feature: the output is 0 up to x = -b/w², so that second derivatives are rational functions of w and b.
    w, b, x = sp.symbols("w b x", real=True)
    kink = -b / w**2
    loss = (sp.integrate(x**2, (x, 0, kink)) + sp.integrate((x - w**2 * x - b) ** 2, (x, kink, 1))) / 2
    truth = sp.hessian(loss, (w, b)).subs({w: sp.Rational(weight), b: sp.Rational(bias)})
    result = hessian(ToyModel([[weight]], [bias]), Features(1, 0.5))
    assert result.matrix == pytest.approx(np.array(truth, dtype=float), rel=0, abs=1e-12)


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("activation", ["relu", "abs", "linear"])
def test_against_second_differences_of_the_loss(tied, activation, rng):
    W, W_out, b = rng.normal(size=(3, 1)), rng.normal(size=(3, 1)), 0.3 * rng.normal(size=3)
    features = Features(3, 0.3, [1, 0.5, 2], Uniform(-0.5, 1))
    model = ToyModel(W, b, activation=activation, W_out=None if tied else W_out)
    result = hessian(model, features)
    v = np.concatenate([W.ravel(), b] if tied else [W.ravel(), b, W_out.ravel()])

    def loss(vector):
        out = None if tied else vector[6:, None]
        return expected_loss(ToyModel(vector[:3, None], vector[3:6], activation=activation, W_out=out), features).value

    h, basis = 2e-4, np.eye(len(v))
    for i, j in [(0, 0), (0, 1), (1, 4), (3, 3), (5, 2), (len(v) - 1, 0)]:
        e, d = h * basis[i], h * basis[j]
        truth = (loss(v + e + d) - loss(v + e - d) - loss(v - e + d) + loss(v - e - d)) / (4 * h * h)
        assert result.matrix[i, j] == pytest.approx(truth, abs=2e-5)
    assert result.matrix.shape == (len(v), len(v))


def test_untied_symmetries_are_flat():
    # W_out = W = (1, 0): half of the symmetric orbit (t, 1/t) is flat, and moving it there keeps the loss.
    features = Features(1, 0.5)
    result = hessian(ToyModel([[1.0]], [0.0], activation="linear", W_out=[[1.0]]), features)
    assert (result.kind, result.n_flat, result.n_symmetries) == ("minimum", 1, 1)


def test_flat_beyond_symmetry_is_undecided():
    result = hessian(ToyModel([[0.0]], [-1.0]), Features(1, 0.5))
    assert (result.kind, result.n_flat) == ("undecided", 2)  # dead: the gradient vanishes all around


def test_a_missing_second_derivative_shows_in_the_error():
    result = hessian(ToyModel([[1.0], [-1.0]]), Features(2, 0.1))  # at b = 0 the empty input is at the kink
    assert result.entry_error[2, 2] > 0.5
    assert result.entry_error[0, 0] < 1e-3


def test_a_kink_nearby_is_stepped_around():
    # One output, W = 0: for b > 0 the loss is (b - x)², for b < 0 it is x².
    result = hessian(ToyModel([[0.0]], [1e-3]), Features(1, 0.1))
    assert result.matrix[1, 1] == pytest.approx(2.0, abs=1e-8)
    assert result.error < 1e-8


def test_bad_input_is_named():
    features = Features(100, 0.5)
    with pytest.raises(ValueError, match=r"^`model` must have at most 400 parameters; got 500, .*3000 losses\. Pass"):
        hessian(ToyModel(np.ones((100, 4)), activation="linear"), features)
    with pytest.raises(TypeError, match="`model` must be a ToyModel"):
        hessian(np.eye(2), features)
    with pytest.raises(ValueError, match=r"^`model` must have a linear hidden layer"):
        hessian(ToyModel(np.eye(2), hidden_activation="relu"), Features(2))


def test_repr_is_short():
    assert repr(hessian(ToyModel([[0.0]], [-1.0]), Features(1, 0.5))).startswith(
        "Hessian(2 parameters, undecided, index 0, 2 flat, error "
    )


def test_hidden_biases_are_refused():
    model = ToyModel([[1.0], [-1.0]], b_hidden=[0.1])
    with pytest.raises(ValueError, match=r"`model` must have one hidden layer without a bias; got"):
        hessian(model, Features(2, 0.5))
