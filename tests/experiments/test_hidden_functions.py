"""A41 and A42: hidden SoLU, LayerNorm and GELU: exact sums against loops, slopes against differences, and judges."""

import numpy as np
import pytest

from geomsup.experiments.privileged import solu

HOLDS, VARIES, FAILS = "holds", "holds with other numbers", "does not hold"
KINDS = list(solu.KINDS.values())


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
        a = np.maximum(z, 0) if layers == ("relu",) else z * np.exp(z) / np.exp(z).sum()
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
