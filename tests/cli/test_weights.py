"""Commands on the weights in a file."""

import csv
import json

import numpy as np
import pytest

import geomsup as gs
from tests.cli.common import PENTAGON, strict


def test_classify_prints_a_summary(run, pentagon):
    summary = gs.classify(PENTAGON).summary()
    assert run("classify", pentagon) == f"{summary}\nread from 'pentagon.npz': weights W (5, 2), rows are features\n"


@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors"])
def test_classify_reads_every_kind_of_file(run, folder, kind):
    from safetensors.numpy import save_file

    path = folder / f"weights.{kind}"
    {"npy": lambda: np.save(path, PENTAGON), "npz": lambda: np.savez(path, W=PENTAGON),
     "safetensors": lambda: save_file({"W": PENTAGON}, path)}[kind]()  # fmt: skip
    assert strict(run("classify", path, "--json"))["name"] == "pentagon"


def test_classify_writes_json_and_a_figure(run, pentagon, folder):
    out = run("classify", pentagon, "--json", "-o", "result.json", "--plot", "figure.png")
    truth = json.loads(json.dumps(gs.classify(PENTAGON).to_dict()))
    del truth["W"]  # which the file has: of a dictionary of 4000 rows it would be 58 MB of text
    truth["source"] = "'pentagon.npz': weights W (5, 2), rows are features"
    assert strict(out) == truth
    assert strict((folder / "result.json").read_text()) == truth
    assert (folder / "figure.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_figure_of_a_mixture_beyond_three_dimensions_shows_each_kind(run, folder, monkeypatch):
    from geomsup.cli import weights

    drawn = []
    monkeypatch.setattr(weights, "save_figure", lambda figure, path: drawn.append(figure))
    W = np.zeros((7, 4))
    W[:5, :2], W[5:, 2] = PENTAGON, [1, -1]
    np.save("mixture.npy", W)
    run("classify", "mixture.npy", "--plot", "figure.png")
    assert [ax.get_title() for ax in drawn[0].axes] == ["pentagon", "digon"]


def test_classify_takes_a_batch(run, folder):
    np.save("batch.npy", np.stack([PENTAGON, 2 * PENTAGON]))
    assert [line[:11] for line in run("classify", "batch.npy").splitlines() if line[0] != " "] == [
        "0: pentagon",
        "1: pentagon",
        "2 of 2: pen",
        "read from '",
    ]
    assert [entry["name"] for entry in strict(run("classify", "batch.npy", "--json"))] == ["pentagon"] * 2


def test_classify_options_reach_the_library(run, folder):
    np.savez("two.npz", one=PENTAGON, two=np.eye(2))
    assert strict(run("classify", "two.npz", "--name", "one", "--json"))["name"] == "pentagon"
    result = strict(run("classify", "two.npz", "--name", "two", "--orientation", "rows", "--json"))
    assert result["name"] == "2 dedicated dimensions"
    rough = PENTAGON + np.random.default_rng(0).normal(size=(5, 2)) * 0.02
    np.save("rough.npy", rough)
    for noise in (1e-4, 0.02):
        truth = gs.classify(rough, noise=noise).to_dict() | {
            "source": "'rough.npy': weights W (5, 2), rows are features"
        }
        del truth["W"]
        assert strict(run("classify", "rough.npy", "--noise", noise, "--json")) == json.loads(json.dumps(truth))


def test_classify_finds_the_models_of_a_batch(run, folder):
    """Instances are on the first axis, unless a bias fits only the last one, or a flag says so."""
    both = np.stack([PENTAGON, PENTAGON[:, ::-1]], -1)
    np.savez("last.npz", W=np.repeat(both, 4, axis=1)[..., :1], b=np.zeros((5, 1)))  # (5, 8, 1), of rank 2
    np.save("flag.npy", both)
    assert "1 model along the last axis" in run("classify", "last.npz", "--orientation", "rows")
    assert [one["name"] for one in strict(run("classify", "flag.npy", "--instances", "last", "--json"))] == [
        "pentagon"
    ] * 2


def test_loss_is_that_of_the_library(run, pentagon, folder):
    truth = gs.expected_loss(gs.ToyModel(PENTAGON, [-0.2] * 5), gs.Features(5, 0.1))
    result = strict(run("loss", pentagon, "--probability", 0.1, "--json", "-o", "loss.json"))
    source = "'pentagon.npz': weights W (5, 2), rows are features; decoder tied; bias b (5,); activation relu (assumed)"
    assert result == truth.to_dict() | {"source": source}
    assert strict((folder / "loss.json").read_text()) == result
    lines = run("loss", pentagon, "--probability", 0.1).splitlines()
    assert lines[0].startswith(f"expected loss {truth.value:.12g} (exact, error at most ")
    assert len(lines) == 7
    assert lines[-1] == f"read from {source}"
    spectral = strict(run("loss", pentagon, "--probability", 0.1, "--method", "spectral", "--rtol", 1e-6, "--json"))
    assert spectral["method"] == "spectral"
    assert spectral["value"] == pytest.approx(truth.value, rel=1e-6)


def test_loss_takes_a_number_per_feature(run, pentagon):
    p, importance = [0.1, 0.2, 0.3, 0.4, 0.5], [1, 0.9, 0.8, 0.7, 0.6]
    truth = gs.expected_loss(gs.ToyModel(PENTAGON, [-0.2] * 5, activation="linear"), gs.Features(5, p, importance))
    out = run("loss", pentagon, "--probability", *p, "--importance", *importance, "--activation", "linear", "--json")
    assert strict(out)["value"] == truth.value


@pytest.mark.slow
def test_compare(run, folder):
    np.save("digon.npy", [[1.0], [-1.0]])
    arguments = ("compare", "digon.npy", "--probability", 0.1, "--starts", 4)
    result = strict(run(*arguments, "--json", "-o", "both.json", "--plot", "both.svg"))
    assert 100 * result["excess"] == pytest.approx(0.41721, abs=2e-5)
    assert strict((folder / "both.json").read_text()) == result
    assert b"<svg" in (folder / "both.svg").read_bytes()
    assert "excess          0.417 %" in run(*arguments)


def test_compare_above_an_optimum_of_zero_is_still_json(run, folder):
    np.save("square.npy", 0.9 * np.eye(2))
    arguments = ("compare", "square.npy", "--orientation", "rows", "--probability", 0.1)
    assert strict(run(*arguments, "--json", "-o", "both.json"))["excess"] is None
    assert "inf %" in run(*arguments)


def test_loss_to_another_target_by_active_features(run, refuse, pentagon):
    flags = ("loss", pentagon, "--probability", 0.1, "--target", "abs", "--power", 4, "--by-active")
    model, features = gs.ToyModel(PENTAGON, np.full(5, -0.2)), gs.Features(5, 0.1)
    truth = gs.expected_loss(model, features, target="abs", power=4, by_active=True)
    found = strict(run(*flags, "--json"))
    assert {name: found[name] for name in truth.to_dict()} == truth.to_dict()
    lines = run(*flags).splitlines()
    assert lines[0] == str(truth)
    assert sum(" active: " in line for line in lines) == 5
    assert refuse("loss", pentagon, "--probability", 0.1, "--power", 3).startswith("`--power` must be 2 or 4; got 3.")


@pytest.mark.parametrize(("command", "rows"), [("classify", 1), ("symmetry", 1), ("dimensionality", 5)])
def test_a_table_is_written_as_csv(run, pentagon, folder, command, rows):
    run(command, pentagon, "-o", "table.csv")
    lines = list(csv.DictReader((folder / "table.csv").read_text().splitlines()))
    assert len(lines) == rows
    assert all(lines[0].values())


def test_files_of_other_kinds_are_refused_before_the_work(refuse, pentagon, folder):
    for arguments in (("classify", pentagon), ("loss", pentagon, "--sparsity", 0.9), ("thomson", 4), ("optimum", 2, 1)):
        assert refuse(*arguments, "-o", "r.txt").startswith("`--output` must end in .json, .csv; got 'r.txt'")
    assert not (folder / "r.txt").exists()


def test_symmetry_and_dimensionality(run, pentagon):
    assert strict(run("symmetry", pentagon, "--json"))["order"] == 10
    found = strict(run("dimensionality", pentagon, "--json"))
    assert found["dimensionality"] == pytest.approx([0.4] * 5)
    assert found["dimensions_per_feature"] == pytest.approx(0.4)


def test_one_model_of_a_batch_is_picked(run, refuse):
    W = np.stack([PENTAGON, PENTAGON[[0, 0, 0, 0, 0]]])
    np.save("two.npy", W)
    assert strict(run("symmetry", "two.npy", "--run", 0, "--json"))["order"] == 10
    found = strict(run("dimensionality", "two.npy", "--run", 1, "--json"))
    assert found["dimensionality"] == pytest.approx([0.2] * 5)
    assert "pentagon" not in run("classify", "two.npy", "--run", 1)
    assert "2 models along the first axis, run 1" in run("classify", "two.npy", "--run", 1)
    assert refuse("symmetry", "two.npy") == (
        "`PATH` must hold one model; got 2 in 'two.npy'. Pick one: --run 0 or --run 1."
    )
    assert "got 2" in refuse("symmetry", "two.npy", "--run", 2)


def test_compare_takes_all_runs_of_a_file(run, folder):
    gs.train(gs.Features(2, 0.1), 1, models=3, steps=3, batch=8).save("three.npz")
    assert len(strict(run("compare", "three.npz", "--json"))["items"]) == 3
    assert "items" not in strict(run("compare", "three.npz", "--run", 1, "--json"))


@pytest.mark.parametrize("flags", [("--probability", 0.1), ("--sparsity", 0.9)])
def test_sparsity_is_one_less_probability(run, refuse, pentagon, flags):
    truth = gs.expected_loss(gs.ToyModel(PENTAGON, np.full(5, -0.2)), gs.Features(5, 0.1))
    assert strict(run("loss", pentagon, *flags, "--json"))["value"] == truth.value
    both = refuse("loss", pentagon, "--probability", 0.1, "--sparsity", 0.9)
    assert both.startswith("`--sparsity` must not come with `--probability`")


@pytest.mark.parametrize("command", ["classify", "symmetry", "dimensionality"])
def test_four_axes_are_no_batch(refuse, command):
    np.save("four.npy", np.zeros((2, 3, 5, 2)))
    assert refuse(command, "four.npy") == (
        "`W` of 'four.npy' must have the shape (n_features, n_hidden) or one batch axis more; got shape (2, 3, 5, 2). "
        "Save one batch."
    )


def test_files_that_are_written_are_named(run, pentagon):
    said = run("classify", pentagon, "-o", "names.csv", "--plot", "p.png").splitlines()
    assert said[-2:] == ["result: names.csv", "figure: p.png"]
    strict(run("classify", pentagon, "-o", "names.csv", "--plot", "p.png", "--json"))


@pytest.mark.parametrize("size", [1e-305, 1e-200, 1e200, 1e300])
@pytest.mark.parametrize("command", ["classify", "symmetry", "dimensionality"])
@pytest.mark.filterwarnings("error")
def test_weights_of_any_size_are_read_without_warnings(run, command, size):
    np.save("sized.npy", size * PENTAGON)
    wanted = {"classify": "pentagon: 5 features", "symmetry": "order 10;", "dimensionality": "D* = "}
    assert run(command, "sized.npy").startswith(wanted[command])


def test_hints_are_in_words_of_the_shell(run):
    np.save("rough.npy", np.round(gs.polytope("icosahedron").vertices, 2))
    assert "hint: --tolerance 0.01 gives " in run("symmetry", "rough.npy") or "hint: --tolerance" in run(
        "symmetry", "rough.npy"
    )


def test_a_count_beyond_doubles_is_no_number_of_json(run):
    np.save("short.npy", 1e-200 * PENTAGON)
    assert strict(run("dimensionality", "short.npy", "--json"))["dimensions_per_feature"] is None
