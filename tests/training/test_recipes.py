"""Recipes: SGD, hidden GELU, SoLU and LayerNorm, the penalty on coherence, decay of either sign, the initial scale."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.training.kernels import rule
from geomsup.training.layout import layout, start_weights
from geomsup.training.settings import Settings
from tests.training import reference
from tests.training.kernels.test_steps import CASES as PLAIN, trainee
from tests.training.test_extras import LISTED, SIGNED

BENT = {
    "GELU": (SIGNED, 3, 150, {"hidden_activation": "gelu"}),
    "SoLU": (SIGNED, 3, 150, {"hidden_activation": "solu", "hidden_bias": True}),
    "LayerNorm": (SIGNED, 4, 150, {"hidden_activation": "layernorm", "hidden_bias": True}),
    "GELU, lists, untied": (LISTED, 3, 131, {"hidden_activation": "gelu", "tied": False, "hidden_l1": 0.1}),
    "SoLU, lists": (LISTED, 2, 130, {"hidden_activation": "solu"}),
    "SoLU, all at once": (SIGNED, 5, 600, {"hidden_activation": "solu", "hidden_l1": 0.1, "dropout": 0.3,
                                           "hidden_bias": True, "activation": "gelu"}),
    "LayerNorm, two layers": (SIGNED, [4, 3], 150, {"hidden_activation": "layernorm", "dropout": 0.2}),
    "GELU, classes": (SIGNED, 3, 150, {"hidden_activation": "gelu", "criterion": "cross-entropy",
                                       "activation": "linear"}),
    "coherence": (SIGNED, 3, 150, {"coherence": 0.2}),
    "coherence, lists, untied": (LISTED, 3, 150, {"coherence": 0.2, "tied": False, "hidden_activation": "relu"}),
}  # fmt: skip
SGD = {
    "SGD": {},
    "momentum": {"momentum": 0.9},
    "momentum, decay": {"momentum": 0.5, "weight_decay": 3.0},
    "growth": {"weight_decay": -3.0},
    "momentum and coherence": {"momentum": 0.9, "coherence": 0.3},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BENT)
def test_steps_agree_with_the_reference(name):
    features, _, batch, kind = BENT[name]
    run = trainee(*BENT[name], steps=3)
    known = {key: value for key, value in kind.items() if key not in ("tied", "hidden_bias")}
    parts = run.split(run.theta)
    slow = reference.Extended(**known)
    weights, losses, slope = slow.train(features, parts, run.key, 3, batch, 0.01)
    run.advance(1)
    assert np.allclose(run.moments[0] / 0.1, slope, atol=3e-5 * max(1, np.abs(slope).max()))
    run.advance(3)
    assert np.allclose(run.losses, losses, rtol=3e-5)
    for part, ours in run.split(run.theta).items():
        assert np.allclose(ours, weights[part], atol=3e-4), part


@pytest.mark.parametrize("name", SGD)
@pytest.mark.parametrize("model", ["paper", "untied"])
def test_sgd_agrees_with_the_reference(name, model):
    features, m, batch, kind = PLAIN[model]
    options = dict(SGD[name])
    run = trainee(features, m, batch, kind, optimizer="sgd", **options)
    slow = reference.Extended(coherence=options.get("coherence", 0.0))
    weights, losses, _ = slow.train(
        features, run.split(run.theta), run.key, 5, batch, 0.01, options.get("momentum", 0.0),
        options.get("weight_decay", 0.0),
    )  # fmt: skip
    run.advance(5)
    assert np.allclose(run.losses, losses, rtol=2e-5)
    for part, ours in run.split(run.theta).items():
        assert np.allclose(ours, weights[part], atol=2e-6), part
    assert not run.moments[1].any()


def test_momentum_is_that_of_pytorch():
    """Two steps of torch.optim.SGD by hand: the first velocity is the gradient, and the rate multiplies it later."""
    theta, moments = np.array([1.0, 2.0], np.float32), np.zeros((2, 2), np.float32)
    rule.sgd(theta, np.array([2.0, -4.0], np.float32), moments, 0.25, 0.5, 0.0, 0.5)
    assert theta.tolist() == [0.75, 2.5]
    rule.sgd(theta, np.array([2.0, 0.0], np.float32), moments, 0.5, 0.5, 0.0, 0.5)
    assert moments[0].tolist() == [1.5, -1.0]
    assert theta.tolist() == [0.0, 3.0]


def test_coherence_is_the_slope_of_the_sum_over_pairs(rng):
    W = rng.normal(size=(5, 3)).astype(np.float32)
    gradient = np.ones(20, np.float32)
    rule.add_coherence(gradient, np.append(W.ravel(), np.zeros(5, np.float32)), 5, 3, 0.5)

    def penalty(W):
        return sum((W[i] @ W[j]) ** 2 for i in range(5) for j in range(i))

    shifts = np.eye(15).reshape(15, 5, 3) * 1e-4
    slopes = [(penalty(W + shift) - penalty(W - shift)) / 2e-4 for shift in shifts.astype(float)]
    assert np.allclose(gradient[:15] - 1, 0.5 * np.array(slopes), atol=1e-4)
    assert (gradient[15:] == 1).all()


def test_kernels_index_within_bounds(interpreted):
    interpreted(rule)
    gradient = np.zeros(6, np.float32)
    rule.add_coherence(gradient, np.arange(6, dtype=np.float32), 3, 1, 1.0)
    assert gradient[:3].tolist() == [0.0, 8.0, 4.0]


@pytest.mark.parametrize("objective", ["sampled", "exact"])
def test_coherence_makes_rows_orthogonal(objective):
    """Two features in one dimension: the digon gives way to one feature alone when λ is large."""
    features, options = gs.Features(2, 0.1), {"steps": 2000, "batch": 256, "learning_rate": 5e-3, "models": 4}
    found = {}
    for coherence in (0.0, 1.0):
        run = gs.train(features, 1, coherence=coherence, objective=objective, **options)
        losses = [gs.expected_loss(run.model(k), features).value for k in range(4)]
        best = run.W[int(np.argmin(losses))]
        found[coherence] = abs(float(best[0] @ best[1]))
    assert found[0.0] > 0.8
    assert found[1.0] < 0.02


def test_exact_descents_end_where_the_penalised_slope_is_zero():
    features, penalty = gs.Features(4, 0.2, [1, 0.8, 0.6, 0.4]), 0.01
    run = gs.train(features, 2, coherence=penalty, objective="exact", models=2, seed=4)
    for k in range(2):
        loss = gs.expected_loss(run.model(k), features, gradient=True)
        assert run.loss[k, -1] == pytest.approx(loss.value, rel=1e-9)
        W = run.W[k]
        gram = W @ W.T - np.diag((W**2).sum(axis=1))
        assert np.abs(loss.grad_W + 2 * penalty * gram @ W).max() < 1e-7
        assert np.abs(loss.grad_b).max() < 1e-7


def test_exact_descents_do_not_depend_on_units():
    plain = gs.train(gs.Features(3, 0.2), 2, coherence=0.01, objective="exact")
    small = gs.train(gs.Features(3, 0.2, 1e12), 2, coherence=1e10, objective="exact")
    assert np.allclose(plain.W, small.W, atol=1e-6)


@pytest.mark.parametrize("scale", [0.1, 3.0])
def test_the_initial_scale(scale):
    settings = Settings(n_hidden=3, tied=False, hidden_bias=True)
    plain, scaled = (start_weights(layout(7, settings), 5, 1, None, factor) for factor in (1.0, scale))
    for name, part in plain.items():
        assert np.allclose(scaled[name], scale * part)
    options = {"steps": 1, "batch": 8, "learning_rate": 1e-12}
    runs = [gs.train(gs.Features(7, 0.5), 3, init_scale=factor, **options) for factor in (1.0, scale)]
    assert np.allclose(runs[1].W, scale * runs[0].W, rtol=1e-5)


def test_weights_grow_until_they_diverge():
    features, options = gs.Features(3, 0.5), {"steps": 400, "batch": 32, "learning_rate": 0.1}
    shrunk, grown = (gs.train(features, 2, weight_decay=decay, **options).W for decay in (1.0, -0.1))
    assert (grown**2).sum() > (shrunk**2).sum()
    with pytest.raises(FloatingPointError, match="run 0 left it by step"):
        gs.train(features, 2, weight_decay=-100.0, **options)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [
    {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.1}, {"hidden_activation": "solu", "coherence": 0.1},
    {"hidden_activation": "layernorm"}, {"hidden_activation": "gelu", "weight_decay": -0.1, "init_scale": 2.0},
])  # fmt: skip
def test_resumed_from_a_file_to_the_same_bits(tmp_path, kind):
    options = {"n_hidden": 2, "models": 2, "batch": 600, "record": 7, "learning_rate": 0.01} | kind
    whole = gs.train(SIGNED, steps=30, **options, threads=1)
    gs.train(SIGNED, steps=14, **options, threads=4).save(tmp_path / "half.npz")
    longer = gs.TrainingRun.load(tmp_path / "half.npz").resume(30, threads=2)
    for name in ("W", "b", "moments"):
        assert np.array_equal(getattr(whole, name), getattr(longer, name)), name
    assert repr(longer.model(1)) == repr(whole.model(1))
    assert np.isfinite(longer.expected_loss()).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["solu", "layernorm", "gelu"])
def test_a_model_has_the_loss_of_its_training(name):
    features = gs.Features(5, 0.4)
    run = gs.train(features, 3, hidden_activation=name, steps=500, batch=256, learning_rate=3e-3)
    assert run.model(0).hidden_activation == name
    assert run.expected_loss()[0] == pytest.approx(run.loss[0, -10:].mean(), rel=0.1)
    found = gs.expected_loss(run.model(0), features, rng=1)
    assert found.method == "sampled"
    assert run.expected_loss()[0] == pytest.approx(float(found), rel=0.02)
    for method in ("exact", "spectral", "numeric"):
        with pytest.raises(ValueError, match=r'`method` must be "sampled" or "auto" for a model with a nonlinear'):
            gs.expected_loss(run.model(0), features, method=method)


F = gs.Features(3)
BAD = {
    "optimizer": ({"optimizer": "rmsprop"}, r"`optimizer` must be one of \"adam\", \"sgd\"; got 'rmsprop'"),
    "momentum": ({"optimizer": "sgd", "momentum": 1.0}, r"`momentum` must be at least 0 and below 1; got 1\. Pass 0.9"),
    "NaN": ({"optimizer": "sgd", "momentum": np.nan}, r"`momentum` must be finite; got nan"),
    "momentum of Adam": ({"momentum": 0.9}, r"`momentum` is for optimizer \"sgd\", .* got 0\.9\. Pass optimizer"),
    "decay": ({"weight_decay": -1e31}, r"`weight_decay` must be between -1e30 and 1e30; got -1e\+31"),
    "coherence": ({"coherence": -0.1}, r"`coherence` must be at least 0; got -0\.1"),
    "scale": ({"init_scale": 0.0}, r"`init_scale` must be positive and finite; got 0"),
    "scale of a model": ({"init_scale": 2.0, "model": gs.ToyModel(np.ones((3, 2)))},
                         r"`init_scale` is for random starts, .* got 2\. Leave it out"),
    "LayerNorm of one": ({"hidden_activation": "layernorm", "n_hidden": 1}, r"needs at least 2 hidden dimensions"),
    "hidden": ({"hidden_activation": "tanh"}, r"`hidden_activation` must be one of .*\"solu\", \"layernorm\""),
    "output": ({"activation": "solu"}, r"`activation` must be one of .*; got 'solu'"),
    "exact": ({"objective": "exact", "hidden_activation": "solu"}, r"`objective` \"exact\" is for hidden_activation"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments(case):
    options, message = BAD[case]
    with pytest.raises(ValueError, match=message) as caught:
        gs.train(F, **({"n_hidden": 2} | options))
    assert "\n" not in str(caught.value)
