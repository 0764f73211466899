"""Model files and the flags that complete them."""

from dataclasses import replace

import numpy as np
import pytest

import geomsup as gs
from tests.cli.common import PENTAGON, strict


def test_loss_reads_the_papers_orientation(run, pentagon):
    np.savez("columns.npz", W=PENTAGON.T, b=np.full(5, -0.2))
    one, two = (run("loss", path, "--probability", 0.1, "--json") for path in (pentagon, "columns.npz"))
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
    assert refuse("loss", trained, "--run", 4) == "`--run` must be in 0 ... 3; got 4. The file holds no such run."
    assert refuse("compare", trained, "--run", -1).startswith("`--run` must be in 0 ... 3; got -1.")
