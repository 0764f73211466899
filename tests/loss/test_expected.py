"""The public function: choice of method, Monte Carlo, linear models, messages."""

import numpy as np
import pytest
from hypothesis import given

from geomsup import Features, ToyModel, Uniform, expected_loss
from tests.loss.truth import problems


def test_auto_takes_exact_for_few_and_spectral_for_many():
    rng = np.random.default_rng(0)
    few, many = ToyModel(rng.normal(size=(5, 2))), ToyModel(rng.normal(size=(12, 3)))
    assert expected_loss(few, Features(5, 0.1)).method == "exact"
    assert expected_loss(many, Features(12, 0.1)).method == "spectral"


def test_auto_counts_coupled_features_not_all():
    digons = np.kron(np.eye(20), [[1.0], [-1.0]])
    result = expected_loss(ToyModel(digons), Features(40, 0.25))
    assert result.method == "exact"
    assert result.value == pytest.approx(20 / 48, rel=1e-13)


def test_auto_falls_back_to_exact_where_series_do_not_reach():
    # Nearly perfect: the loss is some 1e-17 of what its terms are.
    model, features = ToyModel(np.eye(9) + 1e-9), Features(9, 0.1)
    with pytest.raises(ValueError, match=r"`rtol` must be reachable"):
        expected_loss(model, features, method="spectral")
    assert expected_loss(model, features).method == "exact"


@pytest.mark.slow
def test_each_activation_has_its_method():
    W, features = [[1.0], [-0.8]], Features(2, 0.3)
    methods = {
        "relu": "exact",
        "linear": "exact",
        "abs": "exact",
        "leaky_relu": "exact",
        "gelu": "numeric",
        "square": "numeric",
    }
    for activation, method in methods.items():
        model = ToyModel(W, activation=activation)
        result, sampled = (expected_loss(model, features, method=m, rng=0, gradient=True) for m in ("auto", "sampled"))
        assert result.method == method
        assert abs(result.value - sampled.value) < 5 * sampled.error + result.error
        np.testing.assert_allclose(result.grad_W, sampled.grad_W, atol=0.01)
    assert expected_loss(ToyModel(W, activation=np.tanh), features).method == "numeric"
    assert expected_loss(ToyModel(W, hidden_activation="gelu"), features, rng=0, samples=1000).method == "sampled"
    with pytest.raises(ValueError, match=r'`method` must be "sampled" or "auto" for a model with a nonlinear hidden'):
        expected_loss(ToyModel(W, hidden_activation="gelu"), features, method="exact")
    with pytest.raises(
        ValueError, match=r'`method` must be "numeric", "sampled" or "auto" for outputs other than relu'
    ):
        expected_loss(ToyModel(W, activation="gelu"), features, method="spectral")


def test_standard_error_of_sampling_is_honest():
    model, features = ToyModel([[0.8], [-0.6]], [0.1, 0.05]), Features(2, 0.3, [1, 0.5])
    truth = float(expected_loss(model, features))
    results = [expected_loss(model, features, method="sampled", samples=2000, rng=s) for s in range(200)]
    scores = np.array([(float(r) - truth) / r.error for r in results])
    assert abs(scores.mean()) < 0.3
    assert 0.8 < scores.std() < 1.2


def test_sampling_is_reproducible():
    model, features = ToyModel([[0.8], [-0.6]]), Features(2, 0.3)
    first, second = (expected_loss(model, features, method="sampled", samples=1000, rng=3) for _ in "ab")
    assert first.value == second.value


def test_sampled_gradient_agrees_with_exact():
    model, features = ToyModel([[0.8], [-0.6]], [0.1, 0.05]), Features(2, 0.3, [1, 0.5])
    exact = expected_loss(model, features, gradient=True)
    sampled = expected_loss(model, features, method="sampled", gradient=True, rng=0)
    np.testing.assert_allclose(sampled.grad_W, exact.grad_W, atol=3e-3)
    np.testing.assert_allclose(sampled.grad_b, exact.grad_b, atol=3e-3)


@given(problems())
def test_linear_model_agrees_with_moments_written_out(problem):
    model, features = problem
    linear = ToyModel(model.W, model.b, activation="linear")
    second = features.covariance + np.outer(features.mean, features.mean)
    gap = np.eye(features.n) - model.W @ model.W.T
    truth = np.einsum("i,ij,jk,ik->", features.importance, gap, second, gap)
    truth += features.importance @ (model.b**2 - 2 * model.b * (gap @ features.mean))
    scale = features.importance @ (np.abs(gap) @ np.sqrt(np.diag(second)) + np.abs(model.b)) ** 2
    assert float(expected_loss(linear, features)) == pytest.approx(truth, rel=1e-12, abs=1e-13 * scale + 1e-300)


@given(problems())
def test_covariance_is_that_of_the_samples(problem):
    _, features = problem
    x = features.sample(20_000, rng=0)
    second = features.covariance + np.outer(features.mean, features.mean)
    spread = np.sqrt(np.outer(*[(x**4).mean(axis=0) + 1e-4] * 2) ** 0.5 / len(x))
    assert (np.abs(x.T @ x / len(x) - second) < 7 * spread + 1e-3).all()


def test_linear_gradient_agrees_with_differences(rng):
    W, b = rng.normal(size=(5, 2)), rng.normal(size=5)
    features = Features(5, rng.random(5), rng.random(5), Uniform(-0.5, 1))

    def loss(W, b):
        return float(expected_loss(ToyModel(W, b, activation="linear"), features))

    result = expected_loss(ToyModel(W, b, activation="linear"), features, gradient=True)
    dW, db = rng.normal(size=W.shape) * 1e-6, rng.normal(size=5) * 1e-6
    slope = (loss(W + dW, b + db) - loss(W - dW, b - db)) / 2
    assert (result.grad_W * dW).sum() + (result.grad_b * db).sum() == pytest.approx(slope, rel=1e-6)


def test_unrepresented_feature_costs_its_variance():
    features = Features(3, [0.1, 0.5, 1.0])
    model = ToyModel(np.zeros((3, 1)), features.mean)
    np.testing.assert_allclose(expected_loss(model, features).per_feature, features.variance, rtol=1e-14)


def test_perfect_model_has_no_loss():
    assert float(expected_loss(ToyModel(np.eye(4)), Features(4, 0.3))) == 0


def test_inputs_are_not_written_to(read_only):
    model = ToyModel(read_only([[0.8], [-0.6]]), read_only([0.1, 0.05]))
    features = Features(2, read_only([0.3, 0.2]), read_only([1, 0.5]))
    for method in ("exact", "spectral", "sampled"):
        expected_loss(model, features, method=method, gradient=True, samples=100, rtol=1e-6)


@pytest.mark.parametrize("unit", [1e-60, 1.0, 1e40])
def test_a_loss_of_zero_is_reached_in_any_unit(unit):
    """The feature never comes. The error of values far from 1 is at least the smallest double."""
    result = expected_loss(ToyModel([[0.3]]), Features(1, 0.0, values=Uniform(0, unit)), rtol=1e-6)
    assert result.value == 0
    assert result.error <= 5e-324


def test_result_converts():
    result = expected_loss(ToyModel([[1.0], [-1.0]]), Features(2, 0.25))
    assert result.to_dict()["value"] == float(result) == result.per_feature.sum()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([[1.0]], Features(1)), {}, TypeError, r"`model` must be a ToyModel; got list\. Wrap the weights"),
        ((ToyModel([[1.0]]), 0.1), {}, TypeError, r"`features` must be a Features; got float\. Build one"),
        ((ToyModel([[1.0]]), [[0.5]]), {}, TypeError, r"got list\. .*\(n, p\), or of samples: SampledFeatures\(X\)\.$"),
        ((ToyModel([[1.0]]), Features(2)), {}, ValueError, r"`features` must have as many .*\(1\); got 2"),
        ((ToyModel([[1.0]]), Features(1)), {"method": "guess"}, ValueError, r'`method` must be one of "auto"'),
        ((ToyModel([[1.0]]), Features(1)), {"rtol": 2}, ValueError, r"`rtol` must be in \(0, 1\); got 2"),
        ((ToyModel([[1.0]]), Features(1)), {"rtol": -1}, ValueError, r"`rtol` must be positive"),
        ((ToyModel([[1.0]]), Features(1)), {"method": "sampled", "samples": 1}, ValueError, r"`samples` must be .* 2"),
    ],
)  # fmt: skip
def test_bad_input_is_named(arguments, options, error, message):
    with pytest.raises(error, match=message):
        expected_loss(*arguments, **options)
