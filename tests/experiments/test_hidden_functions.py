"""A41 and A42: hidden SoLU, LayerNorm and GELU: exact sums against loops, slopes against differences, and judges."""

from math import erf

import numpy as np
import pytest

from geomsup.experiments.privileged import gelu_neurons, solu
from geomsup.model import ToyModel

HOLDS, VARIES, FAILS = "holds", "holds with other numbers", "does not hold"
KINDS = [("gelu",), *solu.KINDS.values()]


def model(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(solu.N, solu.M)), np.array(0.8), rng.normal(size=solu.N) / 10


@pytest.mark.parametrize("layers", KINDS)
def test_the_loss_is_the_sum_over_all_states(layers):
    W, gain, b = model()
    total = 0.0
    for code in range(2**solu.N):
        x = np.array([code >> i & 1 for i in range(solu.N)], float)
        z = x @ W
        functions = {
            "relu": np.maximum(z, 0), "solu": z * np.exp(z) / np.exp(z).sum(),
            "gelu": z * np.array([(1 + erf(one / 2**0.5)) / 2 for one in z]),
        }  # fmt: skip
        a = functions[layers[0]]
        if "layernorm" in layers:
            a = (a - a.mean()) / np.sqrt(a.var() + 1e-5)
        out = np.maximum(gain * W @ a + b, 0)
        chance = np.prod(np.where(x > 0, 0.2, 0.8))
        total += chance * sum(0.75**i * (out[i] - x[i]) ** 2 for i in range(solu.N))
    # States of less than 1e-9 are left out: at p = 0.2 there are some 10 of them, whose errors are of order 10.
    assert solu.loss_and_gradient(model(), layers, 0.2)[0] == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("layers", KINDS)
def test_slopes_are_differences(layers):
    parts, h = model(1), 1e-6
    _, slopes = solu.loss_and_gradient(parts, layers, 0.3)
    for k, place in ((0, (3, 2)), (0, (9, 4)), (1, ()), (2, (5,))):
        ends = []
        for sign in (1, -1):
            moved = [np.array(part) for part in parts]
            moved[k][place] += sign * h
            ends.append(solu.loss_and_gradient((moved[0], moved[1], moved[2]), layers, 0.3)[0])
        assert slopes[k][place] == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-4, abs=1e-7)


def test_descents_go_down():
    start = solu.loss_and_gradient(model(), ("solu",), 0.1)[0]
    assert solu.descend(model(), ("solu",), 0.1, 100)[0] < start / 2


def test_a_constant_in_place_of_the_root_is_the_best_one():
    parts, layers, p = model(2), ("solu", "layernorm"), 0.2
    loss, explained = solu.refitted(parts, layers, p)
    assert loss == pytest.approx(float(solu.IMPORTANCE @ (1 - explained)) * p * (1 - p))
    a = solu.hidden(parts[0], solu.STATES, ("solu",))[1]
    seen = (a - a.mean(axis=1, keepdims=True)) @ parts[0].T
    rng = np.random.default_rng(0)
    for gain in np.geomspace(0.01, 10, 20):
        out = np.maximum(gain * seen + rng.uniform(-0.5, 0.5, solu.N), 0)
        assert loss < solu.probabilities(p) @ ((out - solu.STATES) ** 2 @ solu.IMPORTANCE)


def test_activations_by_features_alone():
    W = np.zeros((solu.N, solu.M))
    W[0, 0] = 2.0
    expected = 2 * np.exp(2) / (np.exp(2) + solu.M - 1)
    response = solu.responses((W, np.array(1.0), np.zeros(solu.N)), ("solu", "layernorm"))
    assert response[0] == pytest.approx([expected, 0, 0, 0, 0])
    assert not response[1:].any()


def solu_data(relu, plain, normed, constant):
    """Return data in which so many neurons of each kind have one feature, the others two of equal activation."""
    count = len(solu.DENSITIES)
    response = np.zeros((3, count, solu.N, solu.M))
    for k, single in enumerate((relu, plain, normed)):
        response[k, :, : solu.M] = np.eye(solu.M)
        for j in range(single, solu.M):
            response[k, :, solu.M + j, j] = 1
    ones = np.ones((3, count))
    return {
        "response": response, "W": response, "own_response": response, "loss": ones, "own_loss": ones,
        "constant_loss": 2 * ones, "explained": np.ones((3, count, solu.N)),
        "constant_explained": np.full((3, count, solu.N), constant),
    }  # fmt: skip


def test_solu_is_judged_by_its_neurons_and_what_the_root_carries():
    assert solu.judge(solu_data(2, 5, 3, 0.1)).status == HOLDS
    assert solu.judge(solu_data(2, 4, 3, 0.1)).status == VARIES
    assert solu.judge(solu_data(2, 5, 3, 0.9)).status == VARIES
    assert solu.judge(solu_data(2, 1, 0, 0.1)).status == FAILS
    assert solu.judge(solu_data(2, 4, 5, 0.1)).status == FAILS


@pytest.mark.slow
def test_a_small_run_of_solu_measures_and_draws():
    from geomsup.experiments import Lab, experiment

    data = experiment("A41").run(Lab(), {"starts": 1, "steps": 5})
    assert data["response"].shape == (3, len(solu.DENSITIES), solu.N, solu.M)
    assert len(experiment("A41").draw(data).axes) == 6


def test_the_linear_part_of_a_relu_on_normal_inputs():
    # cov(z, ReLU z) = 1/2, var ReLU z = 1/2 − 1/(2π)
    z = np.random.default_rng(0).normal(size=(400_000, 1))
    half = gelu_neurons.linear_part(ToyModel([[1.0]], hidden_activation="relu"), z)
    assert half == pytest.approx(0.25 / (0.5 - 1 / (2 * np.pi)), abs=0.003)
    assert gelu_neurons.linear_part(ToyModel([[1.0]], hidden_activation="relu"), np.abs(z)) == pytest.approx(1)
    assert gelu_neurons.linear_part(ToyModel([[1e-4]], hidden_activation="gelu"), z) == pytest.approx(1, abs=1e-6)


def gelu_data(relu, gelu, ratio, binary_ratio=1.0):
    """Return data with so many neurons of one feature at each density, and losses of GELU over those of ReLU."""
    W = np.zeros((2, len(gelu_neurons.P), gelu_neurons.N, gelu_neurons.M))
    W[..., :5, :] = np.eye(5)
    for k, counts in enumerate((relu, gelu)):
        for j, count in enumerate(counts):
            for neuron in range(count, 5):
                W[k, j, 5 + neuron, neuron] = 1
    binary = np.ones((2, len(solu.DENSITIES), gelu_neurons.N, gelu_neurons.M))
    both = np.array([1.0, ratio])[:, None] * np.ones((2, len(gelu_neurons.P)))
    losses = np.array([1.0, binary_ratio])[:, None] * np.ones((2, len(solu.DENSITIES)))
    return {
        "W": W, "loss": both, "second": both, "linear": both, "binary_response": binary, "binary_loss": losses,
    }  # fmt: skip


FALL = [5, 5, 3, 3, 2, 0, 0]


def test_gelu_is_judged_by_counts_and_losses():
    near = [5, 4, 3, 2, 1, 0, 0]
    assert gelu_neurons.judge(gelu_data(FALL, near, 1.05)).status == HOLDS
    assert gelu_neurons.judge(gelu_data(FALL, near, 0.8)).status == VARIES
    assert gelu_neurons.judge(gelu_data(FALL, near, 1.0, 0.5)).status == VARIES
    assert gelu_neurons.judge(gelu_data(FALL, [0] * 7, 1.0)).status == FAILS
    assert gelu_neurons.judge(gelu_data(FALL, [5, 5, 1, 3, 2, 0, 0], 1.0)).status == FAILS


@pytest.mark.slow
def test_a_small_run_of_gelu_measures_and_draws():
    from geomsup.experiments import Lab, experiment

    size = {"models": 2, "steps": 20, "polish": 20, "samples": 64, "starts": 1, "descents": 5}
    data = experiment("A42").run(Lab(), size)
    assert data["W"].shape == (2, len(gelu_neurons.P), gelu_neurons.N, gelu_neurons.M)
    assert len(experiment("A42").draw(data).axes) == 13
