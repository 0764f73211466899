"""What goes beyond the paper's plain form: biases, penalties, dropout, classes, attacks, two hidden layers."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.training.arguments import mean_length
from geomsup.training.measure import cross_entropies
from tests.training import reference
from tests.training.kernels.test_steps import GROUPS, trainee

SIGNED = gs.Features(4, 0.5, [1, 0.5, 2, 1], values=gs.Uniform(-1, 1))
LISTED = gs.Features(40, np.linspace(0.01, 0.08, 40), 2)
CASES = {
    "hidden bias": (SIGNED, 3, 150, {"hidden_bias": True}),
    "hidden bias, ReLU, untied": (SIGNED, 6, 150, {"hidden_bias": True, "hidden_activation": "relu", "tied": False}),
    "hidden bias, lists": (LISTED, 3, 150, {"hidden_bias": True, "hidden_activation": "relu"}),
    "penalty": (SIGNED, 3, 150, {"hidden_l1": 0.1}),
    "penalty, lists": (LISTED, 3, 130, {"hidden_l1": 0.1, "hidden_activation": "relu", "hidden_bias": True}),
    "dropout": (SIGNED, 5, 600, {"dropout": 0.3}),
    "dropout and penalty": (SIGNED, 5, 600, {"dropout": 0.3, "hidden_l1": 0.1, "hidden_activation": "relu"}),
    "classes": (SIGNED, 3, 150, {"criterion": "cross-entropy", "activation": "linear"}),
    "classes, lists": (LISTED, 3, 131, {"criterion": "cross-entropy", "activation": "linear", "tied": False}),
    "classes and groups": (gs.Features(6, 0.3, **GROUPS), 4, 150,
                           {"criterion": "cross-entropy", "activation": "linear"}),
    "attack": (SIGNED, 2, 150, {"attack": 0.5}),
    "attack, lists, untied": (LISTED, 2, 150, {"attack": 0.5, "tied": False, "hidden_activation": "relu"}),
    "attacked classes": (SIGNED, 2, 150, {"attack": 0.5, "criterion": "cross-entropy", "activation": "linear"}),
    "two layers": (SIGNED, [5, 3], 150, {"target": "abs_pairs", "hidden_activation": "relu"}),
    "products and distances": (SIGNED, [5, 3], 150, {"target": "product_pairs", "hidden_activation": "relu"}),
    "two layers, first linear": (SIGNED, [3, 3], 150, {}),
    "two layers, lists": (LISTED, [2, 3], 150, {"hidden_bias": True}),
    "all at once": (SIGNED, [5, 4], 600, {"target": "abs_pairs", "hidden_bias": True, "hidden_l1": 0.05,
                                          "dropout": 0.2, "attack": 0.3, "activation": "gelu"}),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_steps_agree_with_the_reference(name):
    features, _, batch, kind = CASES[name]
    run = trainee(*CASES[name], steps=3)
    known = {key: value for key, value in kind.items() if key not in ("tied", "hidden_bias", "attack")}
    slow = reference.Extended(**known, length=kind.get("attack", 0) * mean_length(features))
    parts = run.split(run.theta)
    weights, losses, slope = slow.train(features, parts, run.key, 3, batch, 0.01)
    run.advance(1)
    assert np.allclose(run.moments[0] / 0.1, slope, atol=3e-5 * max(1, np.abs(slope).max()))
    run.advance(3)
    assert np.allclose(run.losses, losses, rtol=3e-5)
    for name, ours in run.split(run.theta).items():
        assert np.allclose(ours, weights[name], atol=3e-4), name


def test_lists_are_lists():
    assert trainee(LISTED, 3, 10, {"hidden_bias": True}).inputs.gaps.sparse


def test_units_are_dropped_as_often_as_asked():
    words = np.concatenate([reference.words(0xC0000000 + k, (1, 2), 0, 100_000) for k in range(4)])
    assert (words < 0.3).mean() == pytest.approx(0.3, abs=0.004)


@pytest.mark.parametrize("features", [SIGNED, LISTED, gs.Features(6, 0.3, **GROUPS)])
def test_mean_length(features):
    lengths = np.linalg.norm(features.sample(200_000, rng=5), axis=1)
    assert mean_length(features) == pytest.approx(lengths.mean(), rel=0.02)


def test_cross_entropies_by_hand():
    x, logits = np.array([[0.2, 0.5], [0.0, 0.0], [-0.5, 0.0]]), np.log([[1.0, 3.0], [1.0, 1.0], [1.0, 1.0]])
    assert np.allclose(cross_entropies(x, logits, np.array([1.0, 2.0])), [2 * np.log(4 / 3), 0, np.log(2)])


def test_a_classifier_learns_which_input_is_largest():
    features = gs.Features(4, 0.5)
    run = gs.train(
        features, 4, criterion="cross-entropy", activation="linear", steps=1500, learning_rate=1e-2, batch=256
    )
    x = features.sample(10_000, rng=1)
    right = run.model(0)(x).argmax(axis=1) == x.argmax(axis=1)
    assert right[x.any(axis=1)].mean() > 0.97
    chance = np.log(4) * (1 - 0.5**4)
    assert run.expected_loss()[0] == pytest.approx(run.loss[0, -20:].mean(), rel=0.15)
    assert run.expected_loss()[0] < 0.1 * chance


def test_a_hidden_bias_makes_hidden_relus_linear():
    """Elhage et al. on their ReLU hidden model: with biases it makes them positive and becomes linear."""
    features, options = gs.Features(4), {"steps": 3000, "batch": 128, "learning_rate": 1e-2, "schedule": "cosine"}
    run = gs.train(features, 4, hidden_activation="relu", hidden_bias=True, models=2, **options)
    plain = gs.train(features, 4, hidden_activation="relu", models=2, **options)
    assert run.expected_loss().min() < plain.expected_loss().min() + 1e-3
    assert run.b_hidden.shape == (2, 4)


def test_a_penalty_makes_activations_small():
    features, options = gs.Features(6, 0.1), {"steps": 2000, "batch": 256, "learning_rate": 5e-3}
    free, held = (gs.train(features, 3, hidden_l1=penalty, **options).model(0) for penalty in (0.0, 0.03))
    x = features.sample(5000, rng=0)
    assert np.abs(held.hidden(x)).sum() < 0.8 * np.abs(free.hidden(x)).sum()


def test_attacks_that_are_long_remove_superposition():
    """Elhage et al.: adversarial training with attacks of 80 % of the inputs' length."""
    features, options = gs.Features(20, 0.1), {"steps": 2000, "batch": 256, "learning_rate": 5e-3}
    free, attacked = (gs.train(features, 6, attack=attack, **options).W[0] for attack in (0.0, 0.8))
    assert (free**2).sum() > 3 * 6
    assert (attacked**2).sum() < 1.7 * 6


@pytest.mark.slow
def test_two_layers_compute_more_than_one():
    features = gs.Features(2, 0.6, values=gs.Uniform(-1, 1))
    options = {"target": "abs_pairs", "hidden_activation": "relu", "tied": False, "models": 6, "steps": 3000}
    options |= {"batch": 256, "learning_rate": 1e-2, "schedule": "cosine"}
    deep = gs.train(features, (6, 4), **options)
    assert deep.best().W_between.shape == (6, 4)
    assert deep.expected_loss().min() < 0.3 * gs.train(features, 4, **options).expected_loss().min()


def test_many_more_hidden_units_than_features():
    run = gs.train(gs.Features(3, 0.3), 50, hidden_activation="relu", tied=False, steps=200, batch=64)
    assert run.W.shape == (1, 3, 50)
    assert run.loss[0, -1] < run.loss[0, 0]


KINDS = [
    {"hidden_bias": True, "hidden_activation": "relu", "hidden_l1": 0.01},
    {"dropout": 0.5, "attack": 0.1},
    {"n_hidden": (3, 2), "hidden_bias": True, "dropout": 0.1},
    {"criterion": "cross-entropy", "activation": "linear"},
]


@pytest.mark.parametrize("kind", KINDS)
def test_resumed_from_a_file_to_the_same_bits(tmp_path, kind):
    options = {"n_hidden": 2, "models": 2, "batch": 600, "record": 7, "learning_rate": 0.01} | kind
    whole = gs.train(SIGNED, steps=30, **options)
    gs.train(SIGNED, steps=14, **options).save(tmp_path / "half.npz")
    longer = gs.TrainingRun.load(tmp_path / "half.npz").resume(30)
    arrays = whole._arrays()
    assert arrays.keys() == longer._arrays().keys()
    for name, array in arrays.items():
        if name not in ("steps", "loss") and "history" not in name:
            assert np.array_equal(array, getattr(longer, name)), name
    assert repr(longer.model(1)) == repr(whole.model(1))
    assert np.array_equal(longer.model(1)(np.eye(4)), whole.model(1)(np.eye(4)))
    early = whole.model(0, record=0)
    assert early.W.shape == (4, whole.W.shape[2])
    again = gs.train(SIGNED, steps=1, model=early, n_hidden=options["n_hidden"], learning_rate=1e-9)
    assert np.allclose(again.model(0)(np.ones(4)), early(np.ones(4)), atol=1e-5)


@pytest.mark.parametrize("version", [2, 3])
def test_files_of_earlier_formats_are_read(tmp_path, version):
    run, path = gs.train(SIGNED, 2, steps=10, batch=8, tied=False), tmp_path / "run.npz"
    run.save(path)
    with np.load(path) as file:
        arrays = dict(file)
    text = str(arrays["description"]).replace('"format": 4', f'"format": {version}')
    younger = ["optimizer", "momentum", "coherence", "init_scale"]
    younger += ["hidden_bias", "hidden_l1", "dropout", "criterion", "attack"] if version == 2 else []
    for name in younger:
        start = text.index(f'"{name}": ')
        text = text[:start] + text[text.index(", ", start) + 2 :]
    np.savez(path, **(arrays | {"description": np.array(text)}))
    back = gs.TrainingRun.load(path)
    assert back.config == run.config
    assert np.array_equal(back.resume(20).W, run.resume(20).W)


F, TWO = gs.Features(3), gs.ToyModel(np.ones((3, 2)), W_out=np.ones((3, 4)), W_between=np.ones((2, 4)))
BAD = {
    "an array without axes": ({"n_hidden": np.array(2.5)}, TypeError, r"`n_hidden` must be an integer; got array"),
    "three layers": ({"n_hidden": (2, 2, 2)}, ValueError, r"`n_hidden` must be a number, or a pair of them"),
    "no units": ({"n_hidden": (2, 0)}, ValueError, r"`n_hidden` must be at least 1; got 0"),
    "tied layers": ({"n_hidden": (2, 2), "tied": True}, ValueError, r"`tied` must be False with two hidden layers"),
    "layers of the model": ({"model": TWO}, ValueError, r"`model` must have as many hidden layers .* \(2, 4\)"),
    "hidden bias": ({"hidden_bias": 1}, TypeError, r"`hidden_bias` must be True or False; got 1"),
    "bias of the model": ({"hidden_bias": True, "model": gs.ToyModel(np.ones((3, 2)))}, ValueError,
                          r"`hidden_bias` must be that of `model`, False, if both are given; got True"),
    "penalty": ({"hidden_l1": -1}, ValueError, r"`hidden_l1` must be at least 0; got -1"),
    "dropout": ({"dropout": 1}, ValueError, r"`dropout` must be at least 0 and below 1; got 1"),
    "criterion": ({"criterion": "hinge"}, ValueError, r"`criterion` must be one of \"squared\", \"cross-entropy\""),
    "classes": ({"criterion": "cross-entropy"}, ValueError, r"\"cross-entropy\" is for activation 'linear'; got"),
    "classes of |x|": ({"criterion": "cross-entropy", "activation": "linear", "target": "abs"}, ValueError,
                       r"\"cross-entropy\" is for target 'identity'; got 'abs'"),
    "attack": ({"attack": -0.1}, ValueError, r"`attack` must be at least 0; got -0.1"),
    "abs_pairs": ({"target": "abs_pairs"}, ValueError, r"`target` \"abs_pairs\" needs an even number of features"),
    **{name: ({"objective": "exact", name: value}, ValueError, rf"`objective` \"exact\" is for {name} .*; got")
       for name, value in {"hidden_bias": True, "hidden_l1": 0.1, "dropout": 0.1, "attack": 0.1}.items()},
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments(case):
    options, kind, message = BAD[case]
    with pytest.raises(kind, match=message):
        gs.train(F, **({"n_hidden": 2} | options))
