"""The command line states whatever `Features` can."""

import json

import numpy as np
import pytest

import geomsup as gs
from tests.cli.common import PENTAGON, strict

MODEL = gs.ToyModel(PENTAGON, [-0.1] * 5)


@pytest.fixture
def loss(run, folder):
    """Return a function that computes the loss of one model with some flags."""
    np.savez(folder / "model.npz", W=MODEL.W, b=MODEL.b)
    return lambda *flags: strict(run("loss", "model.npz", *flags, "--json"))["value"]


def true(*arguments, **options):
    return gs.expected_loss(MODEL, gs.Features(5, *arguments, **options)).value


@pytest.mark.slow
def test_values(loss):
    both = ["--probability", 0.1, "--values"]
    assert loss(*both, "uniform:-1,1") == true(0.1, values=gs.Uniform(-1, 1))
    assert loss(*both, "discrete:1") == true(0.1, values=gs.Discrete((1,)))
    assert loss(*both, "discrete:1,2,3:0.5,0.3,0.2") == true(0.1, values=gs.Discrete((1, 2, 3), (0.5, 0.3, 0.2)))
    laws = [gs.Uniform(0, 1), gs.Uniform(0, 2), gs.Discrete((1,)), gs.Uniform(0.5, 1), gs.Discrete((1, 2))]
    texts = ["uniform:0,1", "uniform:0,2", "discrete:1", "uniform:0.5,1", "discrete:1,2"]
    assert loss(*both, *texts) == true(0.1, values=laws)
    assert loss(*both, "normal:0.5,0.2") == true(0.1, values=gs.Normal(0.5, 0.2))
    laws = [gs.HalfNormal(1), gs.Exponential(2, cells=32), gs.LogNormal(1, 0.5), gs.PowerLaw(2, 1, 10), gs.Uniform()]
    texts = ["half-normal:1", "exponential:2:32", "log-normal:1,0.5", "power-law:2,1,10", "uniform:0,1"]
    assert loss(*both, *texts) == true(0.1, values=laws)


def test_groups(loss):
    flags = ["--probability", 0.1, "--groups", "correlated:0,1", "anticorrelated:2,3,4"]
    assert loss(*flags) == true(0.1, correlated=[(0, 1)], anticorrelated=[(2, 3, 4)])


def test_a_file_of_features_and_flags_over_it(loss, folder):
    features = gs.Features(5, 0.1, [1, 0.9, 0.8, 0.7, 0.6], gs.Uniform(0, 2), [(0, 1)], [(2, 3)])
    (folder / "features.json").write_text(json.dumps(features.to_dict()))
    (folder / "features.toml").write_text(
        'probability = 0.1\nimportance = [1, 0.9, 0.8, 0.7, 0.6]\nvalues = {law = "uniform", low = 0, high = 2}\n'
        "correlated = [[0, 1]]\nanticorrelated = [[2, 3]]\n"
    )
    for name in ("features.json", "features.toml"):
        assert loss("--features", name) == gs.expected_loss(MODEL, features).value
        changed = gs.Features(5, 0.2, features.importance, gs.Discrete((1,)), [(0, 1)], [(2, 3)])
        flags = ["--features", name, "--probability", 0.2, "--values", "discrete:1"]
        assert loss(*flags) == gs.expected_loss(MODEL, changed).value


@pytest.mark.slow
def test_files_state_hidden_states(loss, folder):
    """As many features as there are, of which a table would be too large with smooth values."""
    (folder / "topics.toml").write_text(
        'values = {law = "half-normal", scale = 1, cells = 16}\n'
        "joint = [{members = [4, 0, 1, 3], given = [[0.1, 0.2, 0, 0.4], [0.5, 0, 0.3, 0]], weights = [1, 3]}]\n"
        "probability = 0.1\n"
    )
    mixture = gs.Mixture((4, 0, 1, 3), [[0.1, 0.2, 0, 0.4], [0.5, 0, 0.3, 0]], [1, 3])
    assert loss("--features", "topics.toml") == true(0.1, values=gs.HalfNormal(1, cells=16), joint=[mixture])


def test_optimum_and_train_take_them_too(run, folder):
    flags = ["--probability", 0.2, "--values", "discrete:1", "--groups", "anticorrelated:0,1"]
    features = gs.Features(3, 0.2, values=gs.Discrete((1,)), anticorrelated=[(0, 1)])
    result = strict(run("optimum", 3, 1, *flags, "--starts", 3, "--json"))
    assert result["loss"] == gs.optimum(features, 1, starts=3).loss
    run("train", 3, 1, *flags, "--models", 1, "--steps", 3, "--threads", 1, "-o", "run.npz")
    assert gs.TrainingRun.load("run.npz").features == (features,)
    run("train", 3, 1, "--probability", 0.1, 0.2, "--models", 1, "--steps", 3, "--threads", 1, "-o", "two.npz")
    assert gs.TrainingRun.load("two.npz").features == (gs.Features(3, 0.1), gs.Features(3, 0.2))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            "--values uniform:0",
            "another of uniform, discrete, normal, half-normal, exponential, log-normal, power-law; got 'uniform:0'.",
        ),
        ("--values gauss:0,1", "`--values` must be like uniform:0,1"),
        ("--values discrete:1,a", "`--values` must be like uniform:0,1"),
        ("--values normal:0", "`--values` must be like uniform:0,1"),
        ("--values normal:0,1:16,32", "`--values` must be like uniform:0,1"),
        ("--values normal:0,1:4", "`cells` must be at least 16; got 4"),
        ("--values log-normal:1,9", "`sigma` must be in"),
        ("--values uniform:1,0", "`high` must be greater than `low`"),
        ("--values uniform:0,1 uniform:0,2", "`--values` must be one distribution, or one per feature (5); got 2."),
        ("--groups 0,1", "`--groups` must be like correlated:0,1 or anticorrelated:2,3; got '0,1'."),
        ("--groups correlated:a,b", "`--groups` must be like correlated:0,1"),
        ("--groups correlated:0,7", "`correlated` must hold groups of two or more indices below 5; got (0, 7)."),
        ("--features no.toml", "`--features` must be an existing .toml or .json file; got 'no.toml'."),
        ("--features bad.toml", "`--features` must be valid; 'bad.toml' is broken: "),
        ("--features bad.json", "`--features` must be valid; 'bad.json' is broken: "),
        ("--features list.json", "`--features` must hold names and values; 'list.json' holds none."),
        ("--features typo.json", "`--features` must hold arguments of Features; 'typo.json' has 'probabilty'."),
        ("--features seven.json", "`--features` must be about 5 features, as W is; 'seven.json' has n = 7."),
        ("--features law.json", '`law` must be one of "uniform", "discrete", "normal",'),
    ],
)
def test_what_features_cannot_be_is_refused(refuse, folder, flags, message):
    np.save("model.npy", PENTAGON)
    texts = {"bad.toml": "n = ", "bad.json": "{", "list.json": "[1]", "typo.json": '{"probabilty": 0.1}'}
    texts |= {"seven.json": '{"n": 7, "probability": 0.1}', "law.json": '{"values": {"law": "cauchy"}}'}
    for name, text in texts.items():
        (folder / name).write_text(text)
    assert message in refuse("loss", "model.npy", "--probability", 0.1, *flags.split())


def test_a_file_without_a_probability_leaves_it_to_a_flag(refuse, folder):
    np.save("model.npy", PENTAGON)
    (folder / "features.json").write_text('{"importance": 1}')
    message = "`--probability` must be given; 'model.npy' does not say what its model was trained on."
    assert refuse("loss", "model.npy", "--features", "features.json").startswith(message)
