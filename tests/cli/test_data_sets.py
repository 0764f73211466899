"""Files of trainings on a data set: commands take the data, unless a distribution is described."""

import numpy as np
import pytest

import geomsup as gs
from tests.cli.common import strict

DATA = gs.SampledFeatures(gs.Features(3, 0.4).sample(40, rng=0))


@pytest.fixture
def trained(folder):
    trained = gs.train(DATA, 1, steps=20)
    trained.save("data.npz")
    return trained


def test_the_loss_is_that_on_the_data(run, trained):
    found = strict(run("loss", "data.npz", "--json"))
    assert found["value"] == pytest.approx(trained.expected_loss()[0], rel=1e-12)
    assert found["method"] == "sampled"
    assert found["features"] == {"samples": [40, 3], "fingerprint": DATA.fingerprint, "importance": [1.0, 1.0, 1.0]}
    doubled = strict(run("loss", "data.npz", "--importance", 2, "--json"))
    assert doubled["value"] == pytest.approx(2 * found["value"])


def test_a_distribution_takes_its_place(run, trained):
    found = strict(run("loss", "data.npz", "--probability", 0.4, "--json"))
    assert found["value"] == pytest.approx(float(gs.expected_loss(trained.model(0), gs.Features(3, 0.4))))


def test_what_needs_a_distribution_says_so(refuse, trained):
    assert refuse("compare", "data.npz").startswith("`--features` must be Features here")


@pytest.mark.parametrize("name", ["X.npy", "X.csv", "X.txt"])
def test_training_on_a_file_of_samples(run, folder, name):
    if name.endswith("npy"):
        np.save(name, DATA.X)
    else:
        np.savetxt(name, DATA.X, delimiter="," if name.endswith("csv") else " ")
    arguments = ("train", 3, 1, "--samples", name, "--models", 2, "--steps", 20, "--importance", 1, 2, 3)
    found = strict(run(*arguments, "--json"))
    saved = gs.TrainingRun.load("geomsup-run.npz")
    truth = gs.train(gs.SampledFeatures(DATA.X, [1, 2, 3]), 1, models=2, steps=20)
    np.testing.assert_array_equal(saved.W, truth.W)
    assert saved.features == truth.features
    assert [row["loss"] for row in found["runs"]] == saved.expected_loss().tolist()
    loss = strict(run("loss", "geomsup-run.npz", "--samples", name, "--json"))
    assert loss["value"] == pytest.approx(float(gs.expected_loss(saved.model(0), gs.SampledFeatures(DATA.X))))


def test_files_that_hold_no_samples_are_refused(refuse, folder):
    np.save("X.npy", DATA.X)
    (folder / "words.csv").write_text("a,b,c\n1,2,3\n", encoding="utf-8")
    (folder / "empty.txt").write_text("", encoding="utf-8")
    assert refuse("train", 3, 1, "--samples", "no.npy") == (
        "`--samples` must be an existing .npy, .csv or .txt file; got 'no.npy'. Check the name."
    )
    assert refuse("train", 4, 1, "--samples", "X.npy").startswith("`--samples` must have 4 columns")
    assert refuse("train", 3, 1, "--samples", "words.csv").startswith("`--samples` must hold numbers; 'words.csv'")
    assert refuse("train", 3, 1, "--samples", "empty.txt").startswith("`--samples` must have 3 columns")
    assert refuse("train", 3, 1, "--samples", "X.npy", "--probability", 0.1).startswith(
        "`--samples` must not come with"
    )
    assert refuse("optimum", 3, 1, "--samples", "X.npy").startswith("`--features` must be Features here")
