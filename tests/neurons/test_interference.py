"""Interference at outputs: closed forms, and samples with a z-test."""

import numpy as np
import pytest

import geomsup as gs

DIGON = gs.ToyModel([[1.0], [-1.0]])
STRAY = 4.5  # standard errors: one in 150,000 samples of this many strays further, and seeds are fixed


def test_a_digon():
    """x'_0 = ReLU(x_0 - x_1): nothing is heard while x_0 is 0, and a larger x_1 hides it."""
    p = 0.3
    found = gs.interference(DIGON, gs.Features(2, p))
    assert found.false_positive == pytest.approx([0, 0], abs=1e-11)
    assert found.miss == pytest.approx([p / 2, p / 2], abs=1e-9)
    assert found.mean == pytest.approx([-p / 2, -p / 2])
    assert found.variance == pytest.approx([p / 3 - p**2 / 4] * 2)
    assert found.loss[:2] == pytest.approx([p**2 / 3, p**2 / 3])  # E min(x, y)² = 1/6, at two outputs
    assert found.alone[:2] == pytest.approx([0, 0], abs=1e-12)
    assert found.by_active == pytest.approx([0, 0, p**2 / 3])


def test_the_threshold_and_the_bias():
    """One dimension, rows 1 and 1/2, b = -1/4: output 0 is ReLU(x_0 + x_1 / 2 - 1/4)."""
    found = gs.interference(gs.ToyModel([[1.0], [0.5]], [-0.25, 0.0]), gs.Features(2, 0.4), threshold=0.125)
    assert found.false_positive[0] == pytest.approx(0.4 * (1 - 0.75))  # x_1 > 3/4
    # x_0 <= 3/8 alone; with x_1 the area under the line x_0 + x_1 / 2 = 3/8 within the square.
    assert found.miss[0] == pytest.approx(0.6 * 3 / 8 + 0.4 * (3 / 8 * 3 / 4 / 2), abs=1e-8)


def test_what_is_lost_alone():
    """ReLU(g x + b) for one feature of norm² g: the integral of (x - g x - b)² above -b / g, and of x² below."""
    g, b, p = 0.8, -0.2, 0.3
    cut = -b / g
    above = _square_integral(1 - g, -b, cut, 1)
    model = gs.ToyModel([[g**0.5, 0], [0, g**0.5]], [b, b])
    found = gs.interference(model, gs.Features(2, p))
    assert found.alone[0] == pytest.approx(2 * p * (above + cut**3 / 3))
    assert found.added[0] == pytest.approx(0, abs=1e-12)


def _square_integral(slope, offset, low, high):
    return ((slope * high + offset) ** 3 - (slope * low + offset) ** 3) / (3 * slope)


@pytest.mark.slow
def test_progress_rises_to_the_end_of_each_stage():
    calls = []
    gs.interference(gs.ToyModel(np.eye(3)), gs.Features(3, 0.1), progress=lambda *told: calls.append(told))
    for stage in ("rates", "best biases"):
        fractions = [fraction for name, fraction in calls if name == stage]
        assert fractions == sorted(fractions)
        assert fractions[-1] == 1
    assert {name for name, _ in calls} == {"rates", "best biases"}


def test_the_best_bias_is_that_of_the_optimum():
    features = gs.Features(5, 0.05)
    best = gs.optimum(features, 2).model
    found = gs.interference(gs.ToyModel(best.W), features)
    assert found.best_b == pytest.approx(best.b, abs=1e-3)
    assert found.loss[2] == pytest.approx(float(gs.expected_loss(best, features)), rel=1e-8)
    assert found.loss[0] == found.loss[1] > found.loss[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    "features",
    [
        gs.Features(6, 0.2),
        gs.Features(6, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], values=gs.Uniform(-1, 2)),
        gs.Features(6, 0.3, values=gs.Discrete((1, 3))),
    ],
    ids=["uniform", "signed", "points"],
)
def test_exact_rates_are_those_of_samples(features):
    model = gs.ToyModel(np.random.default_rng(3).normal(size=(6, 3)), np.linspace(-0.3, 0.2, 6))
    exact = gs.interference(model, features, threshold=0.1)
    sampled = gs.interference(model, gs.SampledFeatures(features.sample(50_000, rng=1)), threshold=0.1)
    assert (exact.method, sampled.method) == ("exact", "sampled")
    for name in ("false_positive", "miss"):
        off = (getattr(sampled, name) - getattr(exact, name)) / getattr(sampled, f"{name}_error")
        assert np.abs(off).max() < STRAY
    tails = exact.tail(0.2), sampled.tail(0.2)
    assert np.abs(tails[0] - tails[1]).max() < STRAY * 0.5 / 50_000**0.5


def test_dependent_features_are_sampled_and_say_so():
    """Two features that come together: output 0 of rows 1, -1 hears x_1 only while x_0 is there."""
    features = gs.Features(2, 0.3, correlated=[(0, 1)])
    found = gs.interference(gs.ToyModel([[1.0], [-1.0]], [0.1, 0.1]), features, rng=0, threshold=0.2)
    assert found.method == "sampled"
    assert found.false_positive.tolist() == [0, 0]
    # x_0 - x_1 + 0.1 <= 0.2 for two uniform values: 1 - 0.9² / 2.
    assert np.abs(found.miss - (1 - 0.9**2 / 2)).max() < STRAY * found.miss_error.max()
    assert found.variance[0] == pytest.approx(0.3 / 3 - 0.15**2)


def test_untied_weights_and_a_hidden_bias():
    model = gs.ToyModel([[1.0], [2.0]], [0.0, 0.0], W_out=[[3.0], [0.5]], b_hidden=[-0.1])
    found = gs.interference(model, gs.Features(2, 0.5))
    assert found.mean == pytest.approx([3 * 2 * 0.25, 0.5 * 0.25])
    assert found.loss[0] == pytest.approx(float(gs.expected_loss(model, gs.Features(2, 0.5))), rel=1e-6)
    assert found.false_positive[0] == pytest.approx(0.5 * 0.95)  # 6 x_1 > 0.3


def test_the_headline_is_short():
    assert len(str(gs.interference(DIGON, gs.Features(2, 0.3))).split()) <= 40


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": None}, "`model` must be a ToyModel; got NoneType"),
        ({"model": "W"}, "`model` must be a ToyModel; got str"),
        ({"features": None}, "`features` must be"),
        ({"features": gs.Features(3)}, "`features` must have as many features"),
        ({"features": gs.Features(2, 0.1, normalised=True)}, "`features` must not be normalised"),
        ({"threshold": float("nan")}, "`threshold` must be finite"),
        ({"threshold": -0.1}, "`threshold` must be at least 0; got -0.1"),
        ({"threshold": "a"}, "`threshold` must hold real numbers"),
        ({"samples": 1}, "`samples` must be at least 100"),
        ({"model": gs.ToyModel([[1e300], [-1e300]])}, "`model` must have products of weights, and biases, up to 1e"),
        ({"model": gs.ToyModel([[1.0], [1.0]], hidden_activation="relu")}, "`model` must have one linear hidden layer"),
        ({"model": gs.ToyModel([[1.0], [1.0]], activation="gelu")}, "`model` must have one of the output activations"),
    ],
)
def test_refusals(changes, words):
    arguments = {"model": DIGON, "features": gs.Features(2, 0.1)} | changes
    with pytest.raises((TypeError, ValueError)) as caught:
        gs.interference(**arguments)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_tails_refuse_what_is_no_number():
    with pytest.raises(ValueError, match="`t` must be finite"):
        gs.interference(DIGON, gs.Features(2, 0.1)).tail(float("nan"))


def test_sums_that_rounding_moves_off_a_threshold_are_at_it_in_samples_too():
    """Output 1 is 0.3 - 0.1 - 0.2 off its threshold: at it, as what is exact says."""
    features = gs.Features(2, 0.3, values=gs.Discrete((1,)))
    model = gs.ToyModel(np.zeros((2, 1)), [0.1 + 0.2, 0.3])
    for one in (features, gs.SampledFeatures(features.sample(100, rng=0))):
        assert gs.interference(model, one, threshold=0.3).false_positive.tolist() == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("law", [gs.Uniform(0, 1), gs.Uniform(-1, 2), gs.Discrete((1, 3))], ids=str)
def test_standard_errors_are_of_the_size_of_the_errors(law):
    """Of 100 data sets with three rates of each kind, one in 20 rates is to be off by more than 1.96 errors.

    Rates of one data set depend on each other; were they all the same, 5 of 100 would be off, and more than 15 of 100
    only once in 10,000 times.
    """
    features = gs.Features(3, 0.4, values=law)
    model = gs.ToyModel([[1.0, 0.2], [-0.5, 0.7], [0.3, -0.8]], [0.05, -0.1, 0.0])
    exact = gs.interference(model, features, threshold=0.12)
    far = []
    for seed in range(100):
        sampled = gs.interference(model, gs.SampledFeatures(features.sample(400, rng=seed)), threshold=0.12)
        for name in ("false_positive", "miss"):
            off = np.abs(getattr(sampled, name) - getattr(exact, name)) / getattr(sampled, f"{name}_error")
            far.append(off > 1.96)
    assert 0.01 < np.mean(far) < 0.15
