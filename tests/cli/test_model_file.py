"""Model files and the flags that complete them."""

from dataclasses import replace

import numpy as np
import pytest

import geomsup as gs
from tests.cli.common import PENTAGON, strict
from tests.loading.common import trained as weights, truth as true_loss
from tests.loading.test_layouts import LAYOUTS, state


def test_loss_reads_the_papers_orientation(run, pentagon):
    np.savez("columns.npz", W=PENTAGON.T, b=np.full(5, -0.2))
    one, two = (strict(run("loss", path, "--probability", 0.1, "--json")) for path in (pentagon, "columns.npz"))
    assert two.pop("source").startswith("'columns.npz': weights W (2, 5), columns are features; decoder tied; bias b")
    assert one.pop("source").startswith("'pentagon.npz': weights W (5, 2), rows are features; decoder tied; bias b")
    assert one == two


def test_a_trained_file_knows_its_features_and_flags_change_them(run, trained):
    saved = gs.TrainingRun.load(trained)
    truth = saved.expected_loss()
    for index in range(4):
        assert strict(run("loss", trained, "--run", index, "--json"))["value"] == truth[index]
    model = saved.model(2)
    for flags, features in (
        (["--importance", 2], gs.Features(2, 0.3, 2)),
        (["--probability", 0.2], gs.Features(2, 0.2, [1, 0.5])),
        (["--probability", 0.2, 0.1, "--importance", 3], gs.Features(2, [0.2, 0.1], 3)),
    ):
        value = strict(run("loss", trained, "--run", 2, *flags, "--json"))["value"]
        assert value == gs.expected_loss(model, features).value
    linear = gs.ToyModel(model.W, model.b, activation="linear")
    value = strict(run("loss", trained, "--run", 2, "--activation", "linear", "--json"))["value"]
    assert value == gs.expected_loss(linear, gs.Features(2, 0.3, [1, 0.5])).value


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_no_part_of_a_trained_model_is_left_out(run, folder, kind):
    """ReLUs in the hidden layer, its bias, and the decoder count, in either kind of file and with any flag."""
    path, options = f"run.{kind}", ["--hidden-activation", "relu", "--hidden-bias", "--untied", "--models", 1]
    run("train", 4, 2, *options, "--probability", 0.3, "--steps", 30, "-o", path)
    model, features = gs.TrainingRun.load(path).model(0), gs.Features(4, 0.3)
    bare = gs.expected_loss(gs.ToyModel(model.W, model.b), features).value
    for flags, truth in (([], model), (["--activation", "linear"], replace(model, activation="linear"))):
        value = strict(run("loss", path, *flags, "--json"))["value"]
        whole = gs.expected_loss(truth, features)  # sampled, as hidden ReLUs have no exact loss
        assert abs(value - whole.value) < 6 * whole.error < 0.1 * abs(bare - whole.value)


def test_run_out_of_the_range_of_a_trained_file_is_refused(refuse, trained):
    assert (
        refuse("loss", trained, "--run", 4)
        == "`--run` must be below the number of runs in the file, 4; got 4. Count from 0."
    )
    assert refuse("compare", trained, "--run", -1).startswith("`--run` must be at least 0; got -1.")


def test_the_groups_of_a_training_count(run, folder):
    """They were left out once, and the loss was that of independent features."""
    features = gs.Features(4, 0.3, correlated=[(0, 1)], anticorrelated=[(2, 3)])
    gs.train(features, 2, models=1, steps=50, batch=64, threads=1).save("groups.npz")
    saved = gs.TrainingRun.load("groups.npz")
    assert strict(run("loss", "groups.npz", "--json"))["value"] == saved.expected_loss()[0]
    changed = gs.Features(4, 0.1, correlated=[(0, 1)], anticorrelated=[(2, 3)])
    value = strict(run("loss", "groups.npz", "--probability", 0.1, "--json"))["value"]
    assert value == gs.expected_loss(saved.model(0), changed).value


def test_models_trained_for_something_else_are_refused(refuse, folder):
    gs.train(gs.Features(3, 0.3), 2, models=1, steps=3, batch=8, target="abs", threads=1).save("abs.npz")
    assert refuse("loss", "abs.npz").startswith("`PATH` must hold models trained for the squared error of x; those of")


def test_models_are_compared_with_the_optimum_of_what_the_file_says_they_compute(run, folder):
    features = gs.Features(2, 0.3, values=gs.Uniform(-1, 1))
    gs.train(features, 2, models=1, steps=50, batch=64, target="abs", activation="abs", threads=1).save("made.npz")
    found = strict(run("compare", "made.npz", "--json"))
    assert (found["optimum"]["conditions"]["target"], found["optimum"]["loss"]) == ("abs", 0.0)
    other = strict(run("compare", "made.npz", "--target", "square", "--starts", 2, "--json"))
    assert other["optimum"]["conditions"]["target"] == "square"


@pytest.mark.slow
@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_true_loss_and_says_what_it_read(run, folder, layout, tied):
    arrays = state(layout, tied, "single", False)
    np.savez("model.npz", **arrays)
    # Bare names have no convention: the columns of an untied pair may be features.
    flags = ["--orientation", "rows"] if layout == "weight bias" and not tied else []
    result = strict(run("loss", "model.npz", *flags, "--probability", 0.05, "--json"))
    assert result["value"] == pytest.approx(true_loss(tied, 1), rel=1e-12)
    assert all(name in result["source"] for name in arrays)
    last = run("loss", "model.npz", *flags, "--probability", 0.05).splitlines()[-1]
    assert last == f"read from {result['source']}"


@pytest.mark.slow
def test_a_bias_of_another_name_is_not_taken_for_zero(run, refuse, folder):
    W, _, b = (part[0] for part in weights(True))
    np.savez("nb.npz", W=W, b_final=b)
    np.savez("c.npz", W=W, c=b)
    arguments = ("--probability", 0.05, "--starts", 3, "--json")
    true = gs.compare(gs.ToyModel(W, b), gs.Features(5, 0.05), starts=3, rng=0)
    assert strict(run("compare", "nb.npz", *arguments))["excess"] == pytest.approx(true.excess, rel=1e-9)
    assert refuse("compare", "c.npz", *arguments) == (
        "`PATH` must leave no doubt: 'c' (5,) of 'c.npz' may be a bias, and was not used. "
        "Name it as `--bias` or `--ignore`, or give --no-bias."
    )
    assert strict(run("compare", "c.npz", "--bias", "c", *arguments))["excess"] == pytest.approx(true.excess, rel=1e-9)
    without = gs.compare(gs.ToyModel(W), gs.Features(5, 0.05), starts=3, rng=0)
    for flags in (["--no-bias"], ["--ignore", "c"]):
        assert strict(run("compare", "c.npz", *flags, *arguments))["excess"] == pytest.approx(without.excess, rel=1e-9)


def test_flags_decide_what_the_file_leaves_open(run, folder):
    W, D, b = (part[0] for part in weights(False))
    hidden = np.array([0.1, 0.2])
    np.savez("odd.npz", U=W, V=D.T, c=b, h=hidden, X=np.ones((9, 5)))
    flags = ["--weights", "U", "--decoder", "V", "--bias", "c", "--hidden-bias", "h", "--ignore", "X"]
    flags += ["--hidden-activation", "linear", "--orientation", "rows", "--probability", 0.05]
    true = gs.expected_loss(gs.ToyModel(W, b, W_out=D, b_hidden=hidden), gs.Features(5, 0.05)).value
    assert strict(run("loss", "odd.npz", *flags, "--json"))["value"] == pytest.approx(true, rel=1e-12)
    np.savez("last.npz", W=np.stack([W, 2 * W], -1), b=np.stack([b, b], -1))
    more = ["--instances", "last", "--run", 1, "--probability", 0.05, "--json"]
    true = gs.expected_loss(gs.ToyModel(2 * W, b), gs.Features(5, 0.05)).value
    assert strict(run("loss", "last.npz", *more))["value"] == pytest.approx(true, rel=1e-12)
