import math

import numpy as np
import pytest

from geomsup import Discrete, Features, Uniform
from geomsup.training.kernels import compiled, outputs, products, rule, sparse
from geomsup.training.layout import layout
from geomsup.training.settings import Settings
from geomsup.training.trainee import Trainee
from tests.training import reference

GROUPS = {
    "values": [Uniform(-1, 1), Uniform(0, 2), *[Discrete((1, 2, -1), (1, 2, 1))] * 4],
    "correlated": [(1, 3)],
    "anticorrelated": [(0, 2, 5)],
}
CASES = {
    "paper": (Features(5, probability=0.3), 2, 200, {}),
    "linear": (Features(4, 0.5, [1, 0.5, 0, 2]), 3, 128, {"activation": "linear"}),
    "uneven": (Features(7, [0, 1, 0.2, 0.9, 0.5, 0.01, 1], 3), 6, 131, {}),
    "shifted values": (Features(6, 0.4, values=Uniform(-1, 2)), 1, 30, {}),
    "lists": (Features(40, np.linspace(0, 0.08, 40), 2), 6, 300, {}),
    "lists, untied": (Features(64, 0.05, values=Uniform(-1, 1)), 10, 200,
                      {"hidden_activation": "relu", "tied": False, "target": "abs"}),
    "one sample": (Features(2, probability=1), 5, 1, {}),
    "groups": (Features(6, 0.3, **GROUPS), 4, 150, {}),
    "untied": (Features(5, 0.5), 3, 100, {"tied": False}),
    "hidden ReLU": (Features(6, 0.5), 3, 140, {"hidden_activation": "relu"}),
    "absolute output": (Features(5, 0.5, values=Uniform(-1, 1)), 3, 90, {"activation": "abs"}),
    "leaky output": (Features(5, 0.5, values=Uniform(-1, 1)), 3, 90, {"activation": "leaky_relu"}),
    "GELU output": (Features(5, 0.5, values=Uniform(-1, 1)), 3, 90, {"activation": "gelu"}),
    "|x|": (Features(3, 0.4, values=Uniform(-1, 1)), 6, 200,
            {"hidden_activation": "relu", "tied": False, "target": "abs"}),
    "x²": (Features(3, 0.4, values=Uniform(-1, 1)), 4, 200, {"hidden_activation": "relu", "target": "square"}),
    "OR and AND": (Features(4, 0.4, values=Discrete((1,))), 5, 200,
                   {"hidden_activation": "relu", "tied": False, "target": "pairs"}),
}  # fmt: skip


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return CASES[request.param]


def trainee(features, m, batch, kind, steps=5, seed=3, **options):
    rng = np.random.default_rng(seed)
    kind = {"tied": isinstance(m, int)} | kind
    settings = Settings(
        n_hidden=m, steps=steps, batch=batch, learning_rate=0.01, seed=seed, record=1, **(kind | options)
    )
    shapes = layout(features.n, settings)
    weights = {name: (rng.normal(size=shape) * 0.4).astype(np.float32) for name, shape in shapes.items()}
    return Trainee(2, features, weights, np.arange(1, steps + 1), settings)


def parts(run, theta):
    return list(run.split(theta).values())


def model_of(kind):
    return reference.Model(**kind)


def test_steps_agree_with_the_reference(case):
    features, _, batch, kind = case
    run = trainee(*case)
    weights, losses = model_of(kind).train(features, parts(run, run.theta), run.key, 5, batch, 0.01)
    run.advance(5)
    assert np.allclose(run.losses, losses, rtol=2e-5)
    for ours, theirs in zip(parts(run, run.theta), weights, strict=True):
        # Adam divides by the size of the gradient: where that is close to 0, rounding moves a weight further.
        assert np.allclose(ours, theirs, atol=2e-4)


@pytest.mark.slow
def test_gradient_is_the_slope_of_the_batch_loss(case):
    features, _, batch, kind = case
    run = trainee(*case)
    x = reference.samples(features, run.key, 0, batch)
    start = run.theta.astype(float)

    def loss(theta):
        return model_of(kind).batch_loss(parts(run, theta), x, features.importance)

    shifts = np.eye(start.size) * 1e-6
    slopes = np.array([(loss(start + shift) - loss(start - shift)) / 2e-6 for shift in shifts])
    run.advance(1)
    gradient = run.moments[0] / 0.1  # Adam's first moment after the first step
    assert np.allclose(gradient, slopes, atol=2e-5 * max(1, np.abs(slopes).max()))


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_schedules_decay_and_clipping(schedule):
    features, m, batch, kind = CASES["paper"]
    run = trainee(features, m, batch, kind, steps=8, schedule=schedule, weight_decay=0.5, clip=0.05)
    t = np.arange(8) / 8
    rates = {"constant": np.ones(8), "linear": 1 - t, "cosine": np.cos(np.pi * t / 2)}[schedule]
    weights, losses = model_of(kind).train(features, parts(run, run.theta), run.key, 8, batch, 0.01, rates, 0.5, 0.05)
    run.advance(8)
    assert np.allclose(run.losses, losses, rtol=2e-5)
    assert np.allclose(run.split(run.theta)["W"], weights[0], atol=2e-4)


def test_clipping_shortens_long_gradients_only():
    gradient = np.array([3, 4], np.float32)
    assert rule.clipped(gradient, 0.5, 1.0) == pytest.approx(0.2)
    assert rule.clipped(gradient, 0.5, 2.6) == 0.5


@pytest.mark.parametrize("width", [8, 16, 24, 128])
@pytest.mark.parametrize(("rows", "inner"), [(1, 1), (2, 3), (3, 4), (9, 6), (13, 128)])
def test_products(rng, rows, inner, width):
    left = rng.normal(size=(rows, inner)).astype(np.float32)
    right = rng.normal(size=(inner, width)).astype(np.float32)
    out = np.full((rows, width), np.nan, np.float32)
    products.multiply(left, right, out, False)
    assert np.allclose(out, left @ right, atol=1e-4)
    products.multiply(left, right, out, True)
    assert np.allclose(out, 2 * left @ right, atol=1e-4)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 3), (3, 4), (9, 6), (8, 13)])
def test_products_of_few_columns(rng, rows, columns):
    left, right = (rng.normal(size=(count, compiled.BLOCK)).astype(np.float32) for count in (rows, columns))
    out = np.ones((rows, columns + 2), np.float32)
    products.correlate(left, right, out)
    assert np.allclose(out[:, :columns], 1 + left @ right.T, rtol=1e-4, atol=1e-3)
    assert (out[:, columns:] == 1).all()


@pytest.mark.parametrize("m", [1, 8, 11])
def test_products_with_lists(rng, m):
    n, padded = 6, 16 if m > 8 else 8
    x = np.where(rng.random((n, compiled.BLOCK)) < 0.1, rng.normal(size=(n, compiled.BLOCK)), 0).astype(np.float32)
    W = rng.normal(size=(n, m)).astype(np.float32)
    present = np.flatnonzero(x).astype(np.uint32)
    values, rows, scratch = x.ravel()[present], np.zeros((n, padded), np.float32), np.zeros((128, padded), np.float32)
    sparse.pad_rows(W, rows)
    h = np.empty((m, compiled.BLOCK), np.float32)
    sparse.combine_present(rows, present, values, len(present), scratch, h)
    assert np.allclose(h, W.T @ x, atol=1e-5)
    sums, out = np.zeros((n, padded), np.float32), np.ones((n, m), np.float32)
    sparse.to_samples(h, scratch)
    sparse.correlate_present(present, values, len(present), scratch, sums)
    sparse.unpad_rows(sums, out)
    assert np.allclose(out, 1 + x @ h.T, atol=1e-3)


def test_gelu_is_that_of_mpmath(rng):
    mpmath = pytest.importorskip("mpmath")
    u = rng.normal(size=(1, compiled.BLOCK)).astype(np.float32) * 3
    g, y, one = u.copy(), np.zeros_like(u), np.ones(1, np.float32)
    slope, squares = np.zeros(1, np.float32), np.empty(compiled.BLOCK, np.float32)
    outputs.errors(g, y, np.zeros(1, np.float32), one, True, np.float32(0), slope, compiled.BLOCK, squares)
    square = [mpmath.diff(lambda t: (t * mpmath.ncdf(t)) ** 2, mpmath.mpf(float(v))) for v in u[0]]
    assert np.allclose(g[0], np.array(square, float), atol=1e-5)
    assert slope[0] == pytest.approx(math.fsum(map(float, square)), rel=1e-5)


def test_not_a_number_is_not_lost():
    run = trainee(*CASES["paper"])
    run.theta[0] = np.nan
    run.advance(5)
    assert run.diverged == 1
    assert run.done == 5
    assert np.isnan(run.losses).all()


def test_open_outputs_are_listed_if_few(rng):
    g = np.where(rng.random((5, compiled.BLOCK)) < 0.05, rng.normal(size=(5, compiled.BLOCK)), 0).astype(np.float32)
    places, pulls = np.empty(300, np.uint32), np.empty(300, np.float32)
    count = sparse.list_open(g, 300, places, pulls)
    assert places[:count].tolist() == np.flatnonzero(g).tolist()
    assert np.array_equal(pulls[:count], g[g != 0])
    assert sparse.list_open(np.ones_like(g), 300, places, pulls) == -1


def test_lists_are_used_once_few_outputs_are_open():
    """Biases below what any input reaches close every output: the gradient is exactly 0, by lists too."""
    features, m, batch, kind = CASES["lists"]
    run = trainee(features, m, batch, kind)
    run.theta[-features.n :] = -100
    run.advance(1)
    assert not run.moments.any()
