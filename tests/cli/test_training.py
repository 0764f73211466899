"""Commands that train."""

from contextlib import contextmanager

import numpy as np
import pytest

import geomsup as gs
from geomsup import demo
from geomsup.cli import main, training
from geomsup.training import turns
from tests.cli.common import strict


def test_train_writes_a_file_the_other_commands_read(run, folder):
    arguments = (
        "train",
        3,
        1,
        "--probability",
        0.1,
        0.4,
        "--models",
        2,
        "--steps",
        20,
        "--batch",
        16,
        "--threads",
        1,
    )
    result = strict(run(*arguments, "--importance", 1, 0.9, 0.8, "--seed", 3, "-o", "mine.npz", "--json"))
    assert result["file"] == "mine.npz"
    saved = gs.TrainingRun.load("mine.npz")
    truth = gs.train([gs.Features(3, p, [1, 0.9, 0.8]) for p in (0.1, 0.4)], 1, models=2, steps=20, batch=16, seed=3)
    np.testing.assert_array_equal(saved.W, truth.W)
    assert [row["run"] for row in result["runs"]] == [0, 1, 2, 3]
    assert [row["sparsity"] for row in result["runs"]] == [0.9, 0.9, 0.6, 0.6]
    assert [row["loss"] for row in result["runs"]] == saved.expected_loss().tolist()
    assert [row["geometry"] for row in result["runs"]] == [g.name for g in gs.classify(saved.W, orientation="rows")]
    assert strict(run("loss", "mine.npz", "--run", 3, "--json"))["value"] == result["runs"][3]["loss"]
    table = run(*arguments)
    assert "models: geomsup-run.npz" in table
    assert (folder / "geomsup-run.npz").is_file()
    assert len([line for line in table.splitlines() if "0.9" in line or "0.6" in line]) == 4


def test_train_records_on_demand(run, folder):
    run("train", 2, 1, "--models", 1, "--steps", 6, "--record", 2, "--batch", 8, "--learning-rate", 0.01)
    saved = gs.TrainingRun.load("geomsup-run.npz")
    assert saved.W_history.shape == (1, 3, 2, 1)
    assert saved.config["learning_rate"] == 0.01


@pytest.mark.slow
def test_train_takes_the_options_of_train(run, folder):
    options = {"schedule": "cosine", "weight_decay": 0.1, "clip": 1.0, "target": "abs", "hidden_activation": "relu"}
    arguments = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
    run("train", 4, 2, "--models", 1, "--preset", "grimes-replication", "--steps", 6, "--untied", *arguments)
    saved = gs.TrainingRun.load("geomsup-run.npz")
    truth = gs.train(gs.Features(4, 0.05), 2, preset="grimes-replication", steps=6, tied=False, **options)
    np.testing.assert_array_equal(saved.W_out, truth.W_out)
    assert saved.config == truth.config
    options = {"dropout": 0.1, "attack": 0.2, "hidden_l1": 0.01, "criterion": "cross-entropy", "activation": "linear"}
    arguments = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
    (folder / "geomsup-run.npz").unlink()
    run("train", 4, 2, "--second-layer", 3, "--hidden-bias", "--models", 1, "--steps", 3, *arguments)
    saved = gs.TrainingRun.load("geomsup-run.npz")
    assert saved.config == gs.train(gs.Features(4, 0.05), (2, 3), hidden_bias=True, steps=3, **options).config
    options = {"optimizer": "sgd", "momentum": 0.9, "coherence": 0.1, "init_scale": 0.5, "weight_decay": -0.1}
    options |= {"hidden_activation": "solu"}
    arguments = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
    (folder / "geomsup-run.npz").unlink()
    run("train", 4, 2, "--models", 1, "--steps", 3, *arguments)
    saved = gs.TrainingRun.load("geomsup-run.npz")
    truth = gs.train(gs.Features(4, 0.05), 2, steps=3, **options)
    assert saved.config == truth.config
    np.testing.assert_array_equal(saved.W, truth.W)
    run("train", 2, 1, "--models", 2, "--objective", "exact", "-o", "exact.safetensors")
    assert gs.TrainingRun.load("exact.safetensors").config["objective"] == "exact"


def test_the_device_of_a_training(run, refuse, folder):
    run("train", 2, 1, "--models", 1, "--steps", 2, "--device", "cpu")
    assert gs.TrainingRun.load("geomsup-run.npz").config["device"] == "cpu"
    assert refuse("train", 2, 1, "--device", "tpu") == (
        '`--device` must be one of "auto", "cpu", "cuda"; got \'tpu\'. Pick one of them.'
    )


@pytest.mark.slow
def test_demo_prints_a_table_and_draws_a_figure(run, folder, monkeypatch):
    few = demo.PROBABILITIES[[0, 4, 9]]
    monkeypatch.setattr(demo, "PROBABILITIES", few)
    table = run("demo", "--models", 1, "--steps", 50)
    assert (folder / "geomsup-demo.png").read_bytes().startswith(b"\x89PNG")
    assert "figure: geomsup-demo.png" in table
    rows = [line for line in table.splitlines() if line.rstrip().endswith("%")]
    assert [row.split()[0] for row in rows] == [f"{1 - p:.2f}" for p in few]
    result = strict(run("demo", "--models", 1, "--steps", 50, "--seed", 1, "--json", "-o", "small.pdf"))
    assert (folder / "small.pdf").read_bytes().startswith(b"%PDF")
    assert result["figure"] == "small.pdf"
    assert len(result["rows"]) == 3
    assert all(row["excess"] >= 0 for row in result["rows"])


def test_what_an_interrupted_training_left_is_for_the_same_command_only(run, folder, monkeypatch, capsys):
    monkeypatch.setattr(turns, "REPORT_SECONDS", 0.0)
    arguments = ["train", "2", "1", "--models", "1", "--batch", "10", "--threads", "1", "-o", "mine.npz", "--steps"]

    def stop(fraction):
        if fraction > 0.01:
            raise KeyboardInterrupt

    @contextmanager
    def bars():
        yield lambda stage, fraction: stop(fraction)

    with monkeypatch.context() as patched:
        patched.setattr(training, "progress_bars", bars)
        assert main([*arguments, "9000"]) == 130
    (part,) = folder.iterdir()
    assert part.name.startswith("mine.part-")
    left = part.read_bytes()
    _, said = capsys.readouterr()
    assert said == (
        f"geomsup: what is done is in {part.name}; the same command goes on from there\ngeomsup: interrupted\n"
    )
    run(*arguments, "8000")  # another training
    assert part.read_bytes() == left
    run(*arguments, "9000")
    assert [file.name for file in folder.iterdir()] == ["mine.npz"]
    saved = gs.TrainingRun.load("mine.npz")
    whole = gs.train(gs.Features(2, 0.05), 1, steps=9000, batch=10, threads=1)
    np.testing.assert_array_equal(saved.W, whole.W)
    assert saved.config == whole.config


def test_without_a_name_nothing_is_replaced(run, folder, monkeypatch, capsys):
    arguments = ("train", 2, 1, "--models", 1, "--batch", 10, "--threads", 1, "--steps")
    assert "models: geomsup-run.npz" in run(*arguments, 3)
    first = (folder / "geomsup-run.npz").read_bytes()
    monkeypatch.setattr(turns, "REPORT_SECONDS", 0.0)

    @contextmanager
    def bars():
        def stop(stage, fraction):
            if fraction > 0.01:
                raise KeyboardInterrupt

        yield stop

    with monkeypatch.context() as patched:
        patched.setattr(training, "progress_bars", bars)
        assert main([str(word) for word in (*arguments, 9000)]) == 130
    capsys.readouterr()
    (part,) = folder.glob("*.part-*")
    assert "models: geomsup-run-2.npz" in run(*arguments, 9000)  # it goes on from the part
    assert not part.exists()
    assert "models: geomsup-run-3.npz" in run(*arguments, 3)
    assert (folder / "geomsup-run.npz").read_bytes() == first
    whole = gs.train(gs.Features(2, 0.05), 1, steps=9000, batch=10, threads=1)
    np.testing.assert_array_equal(gs.TrainingRun.load("geomsup-run-2.npz").W, whole.W)


def test_what_is_assumed_is_said(run, folder):
    arguments = ("train", 2, 1, "--models", 1, "--steps", 2, "--threads", 1)
    said = "inputs: 2 features, probability 0.05 (assumed; --probability changes it)"
    assert said in run(*arguments).splitlines()
    (folder / "features.toml").write_text("probability = [0.1, 0.3]")
    for flags in (("--probability", 0.1), ("--sparsity", 0.9), ("--features", "features.toml")):
        assert "assumed" not in run(*arguments, *flags)
    (folder / "importance.toml").write_text("importance = [1, 0.5]")
    assert said in run(*arguments, "--features", "importance.toml").splitlines()


def test_several_probabilities_are_several_trainings_and_a_file_states_one_per_feature(run, folder):
    """As help says."""
    arguments = ("train", 3, 1, "--models", 1, "--steps", 2, "--threads", 1)
    run(*arguments, "--probability", 0.1, 0.2, 0.3, "-o", "three.npz")
    assert gs.TrainingRun.load("three.npz").features == tuple(gs.Features(3, p) for p in (0.1, 0.2, 0.3))
    (folder / "features.toml").write_text("probability = [0.1, 0.2, 0.3]")
    run(*arguments, "--features", "features.toml", "-o", "one.npz")
    assert gs.TrainingRun.load("one.npz").features == (gs.Features(3, [0.1, 0.2, 0.3]),)
    words = " ".join(run("train", "--help").replace("│", " ").split())
    assert "Several: the models are trained for each" in words
    assert "one value or one per feature." in " ".join(run("loss", "--help").replace("│", " ").split())


def test_features_that_are_never_present_are_refused(refuse, folder):
    assert refuse("train", 5, 2, "--probability", 0) == (
        "`--features` must have a feature that is present at times; got a probability of 0 for all. "
        "Pass a positive probability."
    )
    assert not list(folder.iterdir())
