import numpy as np
import pytest
from scipy.stats import kstest

from geomsup import Features, Uniform
from geomsup.training import kernels
from geomsup.training.trainee import Trainee
from tests.training import reference

CASES = {
    "paper": (Features(5, probability=0.3), 2, 200, True),
    "linear": (Features(4, probability=0.5, importance=[1, 0.5, 0, 2]), 3, 128, False),
    "uneven": (Features(7, probability=[0, 1, 0.2, 0.9, 0.5, 0.01, 1], importance=3), 6, 131, True),
    "shifted values": (Features(6, probability=0.4, values=Uniform(-1, 2)), 1, 30, True),
    "one sample": (Features(2, probability=1), 5, 1, True),
}


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return CASES[request.param]


def trainee(features, m, batch, relu, steps=5, seed=3):
    rng = np.random.default_rng(seed)
    W = (rng.normal(size=(features.n, m)) * 0.5).astype(np.float32)
    b = (rng.normal(size=features.n) * 0.1).astype(np.float32)
    config = {
        "seed": seed,
        "record": 1,
        "batch": batch,
        "learning_rate": 0.01,
        "activation": "relu" if relu else "linear",
    }
    return Trainee(2, features, W, b, np.arange(1, steps + 1), config)


def draw(features, batch, step):
    run = trainee(features, 1, batch, True)
    x = np.empty((features.n, kernels.BLOCK), np.float32)
    blocks = []
    for first in range(0, batch, kernels.BLOCK):
        size = min(kernels.BLOCK, batch - first)
        kernels.draw(x, size, first, step, run.law, run.key)
        blocks.append(x[:, :size].T.copy())
    return np.concatenate(blocks), run.key


def test_samples_are_those_of_the_reference(case):
    features, _, batch, _ = case
    for step in (0, 1, 2**32 + 5):
        x, key = draw(features, batch, step)
        assert np.allclose(x, reference.samples(features, key, step, batch), atol=1e-6)


def test_steps_agree_with_the_reference(case):
    run = trainee(*case)
    features, _, batch, relu = case
    W, b, losses = reference.train(features, *run.split(run.theta), run.key, 5, batch, 0.01, relu)
    run.advance(5)
    assert np.allclose(run.losses, losses, rtol=2e-5)
    # Adam divides by the size of the gradient: where that is close to 0, rounding moves a weight further.
    assert np.allclose(run.split(run.theta)[0], W, atol=2e-4)
    assert np.allclose(run.split(run.theta)[1], b, atol=2e-4)


def test_gradient_is_the_slope_of_the_batch_loss(case):
    features, _, batch, relu = case
    run = trainee(*case)
    x = reference.samples(features, run.key, 0, batch)
    start = run.theta.astype(float)

    def loss(theta):
        return reference.batch_loss(*run.split(theta), x, features.importance, relu)

    shifts = np.eye(start.size) * 1e-6
    slopes = np.array([(loss(start + shift) - loss(start - shift)) / 2e-6 for shift in shifts])
    assert np.allclose(np.concatenate([part.ravel() for part in run.split(start)]), start)
    run.advance(1)
    gradient = run.moments[0] / 0.1  # Adam's first moment after the first step
    assert np.allclose(gradient, slopes, atol=2e-5 * max(1, np.abs(slopes).max()))


def test_draws_follow_the_law():
    features = Features(4, probability=[0.03, 0.5, 1, 0], values=Uniform(0.5, 2))
    x = np.concatenate([draw(features, 4096, step)[0] for step in range(20)])
    present = x != 0
    size = len(x)
    spread = np.sqrt(features.probability * (1 - features.probability) / size)
    assert (np.abs(present.mean(axis=0) - features.probability) <= 4 * spread).all()
    for i in range(3):
        assert kstest(x[present[:, i], i], "uniform", (0.5, 1.5)).pvalue > 1e-3
    together = (present[:, 0] & present[:, 1]).mean()
    assert abs(together - 0.015) < 4 * np.sqrt(0.015 / size)


@pytest.mark.parametrize("size", [1, 7, 128])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 4), (9, 6)])
def test_products(rng, size, rows, columns):
    left = rng.normal(size=(rows, columns)).astype(np.float32)
    right = rng.normal(size=(columns, 128)).astype(np.float32)
    out = np.empty((rows, 128), np.float32)
    kernels.combine(left, right, out, size)
    assert np.allclose(out[:, :size], left @ right[:, :size], atol=1e-5)
    sums = np.ones((rows, columns), np.float32)
    kernels.correlate(out, right, sums, size)
    assert np.allclose(sums, 1 + out[:, :size] @ right[:, :size].T, rtol=1e-4, atol=1e-3)


def test_not_a_number_is_not_lost():
    run = trainee(*CASES["paper"])
    run.theta[0] = np.nan
    with pytest.raises(FloatingPointError, match="run 2 left it by step 1"):
        run.advance(1)
