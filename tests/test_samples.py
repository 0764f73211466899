"""The user's samples: what they are, their loss, and who takes them."""

import json

import numpy as np
import pytest

import geomsup as gs

X = gs.Features(3, 0.4, values=gs.Uniform(-1, 2)).sample(200, rng=0)
DATA = gs.SampledFeatures(X, [1, 2, 0.5])


def test_moments_are_those_of_numpy():
    assert (DATA.n, len(DATA)) == (3, 200)
    assert np.allclose(DATA.probability, np.count_nonzero(X, axis=0) / 200)
    assert np.allclose(DATA.mean, X.mean(axis=0))
    assert np.allclose(DATA.second_moment, (X**2).mean(axis=0))
    assert np.allclose(DATA.covariance, np.cov(X, rowvar=False, bias=True))
    assert np.allclose(DATA.variance, np.diag(DATA.covariance))


def test_the_callers_array_is_copied():
    own = X.copy()
    data = gs.SampledFeatures(own)
    own[:] = 7
    assert np.array_equal(data.X, X)
    for array in (data.X, data.importance, data.mean):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_equal_data_are_equal():
    other = gs.SampledFeatures(X.tolist(), np.array([1, 2, 0.5]))
    assert other == DATA
    assert hash(other) == hash(DATA)
    assert gs.SampledFeatures(X) != DATA
    assert gs.SampledFeatures(X[::-1], [1, 2, 0.5]) != DATA
    assert gs.SampledFeatures(X.reshape(100, 6)) != gs.SampledFeatures(X.reshape(200, 3))
    assert gs.SampledFeatures.from_dict(json.loads(json.dumps(DATA.to_dict()))) == DATA


def test_samples_of_samples_are_rows():
    drawn = DATA.sample(500, rng=1)
    assert drawn.shape == (500, 3)
    assert {tuple(row) for row in drawn} <= {tuple(row) for row in X}
    assert np.array_equal(drawn, DATA.sample(500, rng=1))


@pytest.mark.parametrize("hidden", ["linear", "relu", "solu", "layernorm", "gelu"])
def test_the_loss_is_the_mean_over_the_data(hidden, rng):
    model = gs.ToyModel(rng.normal(size=(3, 2)), rng.normal(size=3), hidden_activation=hidden)
    found = gs.expected_loss(model, DATA, gradient=True)
    each = (model(X) - X) ** 2 * DATA.importance
    assert found.method == "sampled"
    assert np.allclose(found.per_feature, each.mean(axis=0), rtol=1e-12)
    assert found.error == pytest.approx(each.sum(axis=1).std() / np.sqrt(200), rel=1e-9)
    assert float(gs.expected_loss(model, DATA, method="sampled", samples=5, rng=9)) == float(found)
    for name in ("W", "b"):
        point, shift = getattr(model, name), np.zeros(getattr(model, name).shape)
        shift[1] = 1e-6
        moved = [
            float(gs.expected_loss(gs.ToyModel(**({"W": model.W, "b": model.b} | {name: point + sign * shift}),
                                               hidden_activation=hidden), DATA))
            for sign in (1, -1)
        ]  # fmt: skip
        assert np.sum(getattr(found, f"grad_{name}")[1]) == pytest.approx((moved[0] - moved[1]) / 2e-6, rel=1e-4)


def test_the_standard_error_is_that_of_data_sets():
    """Over many data sets, the losses scatter about the exact loss by the standard error that each says."""
    features, model = gs.Features(3, 0.3), gs.ToyModel([[1.0], [-1.0], [0.3]])
    truth = float(gs.expected_loss(model, features))
    found = [gs.expected_loss(model, gs.SampledFeatures(features.sample(400, rng=k))) for k in range(400)]
    scores = np.array([(float(one) - truth) / one.error for one in found])
    assert abs(scores.mean()) < 0.25
    assert scores.std() == pytest.approx(1, abs=0.12)


@pytest.mark.parametrize(("X", "kind", "message"), [
    ([1.0, 2.0], ValueError, r"`X` must have the shape \(samples, n\), with at least two samples; got shape \(2,\)"),
    ([[1.0, 2.0]], ValueError, r"at least two samples; got shape \(1, 2\)"),
    (np.zeros((3, 0)), ValueError, r"got shape \(3, 0\)"),
    ([[1.0], [np.nan]], ValueError, r"`X` must be finite; got nan at index \(1, 0\)"),
    ([["a"], ["b"]], TypeError, r"`X` must hold real numbers; got text"),
    ([[1e200], [1.0]], ValueError, r"`X` must hold numbers up to 1e\+150; got 1e\+200. Take another unit of x"),
    (gs.Features(2), TypeError, r"`X` must hold real numbers"),
])  # fmt: skip
def test_bad_samples(X, kind, message):
    with pytest.raises(kind, match=message):
        gs.SampledFeatures(X)


def test_bad_importance():
    with pytest.raises(ValueError, match=r"`importance` must be a number or have one entry per feature \(3\)"):
        gs.SampledFeatures(X, [1, 2])
    with pytest.raises(ValueError, match=r"`importance` must be at least 0; got -1"):
        gs.SampledFeatures(X, -1)


MODEL = gs.ToyModel([[1.0], [-1.0], [0.1]])


@pytest.mark.parametrize("call", [
    lambda: gs.optimum(DATA, 1),
    lambda: gs.compare(MODEL, DATA),
    lambda: gs.compare([MODEL, MODEL], [gs.Features(3, 0.1), DATA]),
    lambda: gs.hessian(MODEL, DATA),
])  # fmt: skip
def test_what_needs_a_distribution_says_so(call):
    with pytest.raises(
        TypeError, match=r"^`features` must be Features here, .*; got SampledFeatures\(200.*\. Desc"
    ) as e:
        call()
    assert "\n" not in str(e.value)


def test_what_else_is_refused():
    with pytest.raises(TypeError, match=r"`features` must return Features; got SampledFeatures"):
        gs.crossing(MODEL, MODEL, lambda p: DATA, (0.1, 0.2))
    for method in ("exact", "spectral", "numeric"):
        with pytest.raises(ValueError, match=r'`method` must be "sampled" or "auto" for SampledFeatures'):
            gs.expected_loss(MODEL, DATA, method=method)
    with pytest.raises(ValueError, match=r"`features` must have as many features as `model` \(1\); got 3"):
        gs.expected_loss(gs.ToyModel([[1.0]]), DATA)
