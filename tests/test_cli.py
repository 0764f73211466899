"""The command line: every command, every kind of bad input."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

import geomsup as gs
from geomsup import demo
from geomsup.cli import main

TURNS = 2 * np.pi * np.arange(5) / 5
PENTAGON = np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1)

OPTIONS = {
    "plateaus": [
        "--points",
        "--probability-range",
        "--largest-rank",
        "--n-features",
        "--n-hidden",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
    "phase-diagram": [
        "--points",
        "--probability-range",
        "--importance-range",
        "--starts",
        "--seed",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
    "demo": ["--output", "-o", "--models", "--steps", "--seed", "--json"],
    "train": [
        "--probability",
        "--importance",
        "--models",
        "--steps",
        "--batch",
        "--learning-rate",
        "--seed",
        "--record",
        "--threads",
        "--output",
        "-o",
        "--json",
    ],
    "classify": ["--name", "--orientation", "--noise", "--output", "-o", "--plot", "--json"],
    "loss": [
        "--probability",
        "--importance",
        "--run",
        "--name",
        "--orientation",
        "--activation",
        "--method",
        "--rtol",
        "--output",
        "-o",
        "--json",
    ],
    "optimum": [
        "--probability",
        "--importance",
        "--activation",
        "--starts",
        "--seed",
        "--output",
        "-o",
        "--json",
    ],
    "compare": [
        "--probability",
        "--importance",
        "--run",
        "--name",
        "--orientation",
        "--activation",
        "--starts",
        "--seed",
        "--output",
        "-o",
        "--plot",
        "--json",
    ],
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Run in an empty folder, so that default outputs land there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Return a function that runs a command line which must succeed, and returns what it printed."""

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return out

    return run


@pytest.fixture
def refuse(capsys):
    """Return a function that runs a command line which must fail, and returns the one line it printed."""

    def refuse(*arguments):
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert code == 2
        assert out == ""
        assert err.startswith("geomsup: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        return err.removeprefix("geomsup: ").rstrip("\n")

    return refuse


def strict(text):
    """Parse JSON that has no NaN or infinity."""

    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def pentagon(folder):
    np.savez(folder / "pentagon.npz", W=PENTAGON, b=np.full(5, -0.2))
    return "pentagon.npz"


@pytest.fixture
def trained(folder):
    features = [gs.Features(2, 0.1, [1, 0.5]), gs.Features(2, 0.3, [1, 0.5])]
    model = gs.ToyModel([[1.0], [-1.0]])
    gs.train(features, 1, models=2, steps=3, batch=8, model=model, threads=1).save("run.npz")
    return "run.npz"


def test_version(run):
    assert run("--version").strip() == gs.__version__


def test_help_lists_every_command(run):
    text = run("--help")
    assert run() == text
    for command in OPTIONS:
        assert command in text


@pytest.mark.parametrize("command", OPTIONS)
def test_help_describes_every_option(run, command):
    text = run(command, "--help")
    words = text.replace("|", " ").split()
    for option in OPTIONS[command]:
        assert option in words
    found = {word for word in words if word.startswith("-") and word.strip("-")}
    positional = {"--path", "--n-features", "--n-hidden"}
    assert found - positional == set(OPTIONS[command]) - positional


def test_python_m_geomsup_is_the_same_program():
    command = [sys.executable, "-m", "geomsup"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, gs.__version__, "")
    done = subprocess.run([*command, "classify", "nothing.npy"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_classify_prints_a_summary(run, pentagon):
    assert run("classify", pentagon) == gs.classify(PENTAGON).summary() + "\n"


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
    assert strict(out) == truth
    assert strict((folder / "result.json").read_text()) == truth
    assert (folder / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_classify_takes_a_batch(run, folder):
    np.save("batch.npy", np.stack([PENTAGON, 2 * PENTAGON]))
    assert [line[:11] for line in run("classify", "batch.npy").splitlines() if line[0] != " "] == [
        "0: pentagon",
        "1: pentagon",
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
        truth = gs.classify(rough, noise=noise).to_dict()
        assert strict(run("classify", "rough.npy", "--noise", noise, "--json")) == json.loads(json.dumps(truth))


def test_loss_is_that_of_the_library(run, pentagon, folder):
    truth = gs.expected_loss(gs.ToyModel(PENTAGON, [-0.2] * 5), gs.Features(5, 0.1))
    result = strict(run("loss", pentagon, "--probability", 0.1, "--json", "-o", "loss.json"))
    assert result == truth.to_dict()
    assert strict((folder / "loss.json").read_text()) == result
    lines = run("loss", pentagon, "--probability", 0.1).splitlines()
    assert lines[0].startswith(f"expected loss {truth.value:.12g} (exact, error at most ")
    assert len(lines) == 6
    spectral = strict(run("loss", pentagon, "--probability", 0.1, "--method", "spectral", "--rtol", 1e-6, "--json"))
    assert spectral["method"] == "spectral"
    assert spectral["value"] == pytest.approx(truth.value, rel=1e-6)


def test_loss_takes_a_number_per_feature(run, pentagon):
    p, importance = [0.1, 0.2, 0.3, 0.4, 0.5], [1, 0.9, 0.8, 0.7, 0.6]
    truth = gs.expected_loss(gs.ToyModel(PENTAGON, [-0.2] * 5, activation="linear"), gs.Features(5, p, importance))
    out = run("loss", pentagon, "--probability", *p, "--importance", *importance, "--activation", "linear", "--json")
    assert strict(out)["value"] == truth.value


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


def test_optimum(run, folder):
    result = strict(run("optimum", 2, 1, "--probability", 0.1, "--starts", 4, "--json", "-o", "best.json"))
    assert result["loss"] == pytest.approx(0.003319484, abs=1e-9)
    assert result["geometry"] == "digon"
    assert strict((folder / "best.json").read_text()) == result
    assert run("optimum", 2, 1, "--probability", 0.1).startswith("optimum 0.00331948399: digon\nbest of 3")
    linear = strict(run("optimum", 3, 1, "--activation", "linear", "--importance", 3, 2, 1, "--json"))
    assert linear["loss"] == pytest.approx(3 * (0.05 / 3 - 0.05**2 / 4), rel=1e-12)  # default probability 0.05
    other = strict(run("optimum", 3, 1, "--probability", 0.1, 0.2, 0.3, "--seed", 1, "--starts", 4, "--json"))
    truth = gs.optimum(gs.Features(3, [0.1, 0.2, 0.3]), 1, starts=4, rng=1)
    assert other["loss"] == truth.loss


def test_plateaus(run, folder):
    arguments = ("plateaus", "--points", 3, "--probability-range", 0.2, 0.5, "--largest-rank", 2)
    result = strict(run(*arguments, "--json", "-o", "plateaus.json", "--plot", "plateaus.svg"))
    assert strict((folder / "plateaus.json").read_text()) == result
    assert b"<svg" in (folder / "plateaus.svg").read_bytes()
    text = run(*arguments)
    assert "digon -> pentagon" in text
    assert "0.22487545" in text


def test_phase_diagram(run, folder):
    arguments = ("phase-diagram", 2, 1, "--points", 5, "--probability-range", 0.05, 1)
    result = strict(run(*arguments, "--json", "-o", "phases.json", "--plot", "phases.svg"))
    assert np.array(result["loss"]).shape == (5, 5)
    assert result["probabilities"][-1] == 1.0
    assert strict((folder / "phases.json").read_text()) == result
    assert b"<svg" in (folder / "phases.svg").read_bytes()
    text = run(*arguments)
    assert text.startswith("2 features in 1 dimensions, 5 probabilities x 5 importances")
    assert "of first order: extra in an antipodal pair | extra not represented" in text


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("frobnicate", 'Unknown command "frobnicate".'),
        ("classify", 'Command "classify" parameter --path requires an argument.'),
        ("optimum 5", 'Command "optimum" parameter --n-hidden requires an argument.'),
        ("classify good.npy --colour red", "Unknown option: --colour."),
        ("optimum five 2", 'unable to convert "five" into int'),
        ("optimum 5 2 --probability often", 'unable to convert "often" into float'),
        (
            "optimum 5 2 --probability 1.5",
            "`probability` must be in [0, 1]; got 1.5. Pass P(x_i != 0) = 1 - sparsity.",
        ),
        ("phase-diagram 2 2", "`n_hidden` must be less than `n_features`; got 2 and 2."),
        ("phase-diagram 2 1 --points 0", "`probabilities` must"),
        ("phase-diagram 2 1 --plot here.txt", "`--plot` must end in .png, .pdf, .svg"),
        ("optimum 5 2 --probability nan", "`probability` must be finite; got nan"),
        (
            "optimum 5 2 --probability 0.1 0.2",
            "`probability` must be a number or have one entry per feature (5)",
        ),
        ("optimum 5 2 --probability", "`probability` must be a number or have one entry per feature (5)"),
        ("optimum 5 2 --importance -1", "`importance` must be at least 0; got -1."),
        ("optimum 0 2", "`n` must be at least 1; got 0."),
        ("optimum 5 0", "`n_hidden` must be at least 1; got 0."),
        ("optimum 5 2 --starts 0", "`starts` must be at least 1; got 0."),
        ("optimum 5 2 --activation gelu", '`activation` must be one of "relu", "linear"; got \'gelu\'.'),
        ("classify nothing.npy", "`path` must be an existing file; got 'nothing.npy'. Check the spelling."),
        ("classify text.txt", "`path` must end in .npy, .npz or .safetensors; got 'text.txt'."),
        ("classify text.npy", "`path` must be a valid .npy file; 'text.npy' is broken"),
        ("classify text.npz", "`path` must be a valid .npz file; 'text.npz' is broken"),
        (
            "classify text.safetensors",
            "`path` must be a valid .safetensors file; 'text.safetensors' is broken",
        ),
        ("classify part.npy", "`path` must be a valid .npy file; 'part.npy' is broken"),
        ("classify objects.npy", "`path` must hold plain arrays; got 'objects.npy' with pickled objects."),
        (
            "loss objects.npy --probability 0.1",
            "`path` must hold plain arrays; got 'objects.npy' with pickled",
        ),
        ("classify pickle.npy", "`path` must be a valid .npy file; 'pickle.npy' is broken"),
        ("classify nan.npy", "`W` must be finite; got nan at index (1, 0). Remove NaN and infinity first."),
        ("loss nan.npy --probability 0.1", "`W` must be finite; got nan at index (1, 0)."),
        ("compare nan.npy --probability 0.1", "`W` must be finite; got nan at index (1, 0)."),
        ("classify complex.npy", "`W` must hold real numbers; got complex numbers."),
        (
            "classify vector.npy",
            "`W` must have the shape (n_features, n_hidden), or a batch of these; got shape (3,).",
        ),
        (
            "classify four.npy",
            "`W` must have the shape (n_features, n_hidden) or one batch axis more; got shape (1, 2",
        ),
        (
            "loss four.npy --probability 0.1",
            "`W` must be one model or a batch (runs, n_features, n_hidden); got shape",
        ),
        (
            "classify square.npy",
            "`W` must have more rows (features) than columns (hidden units) when orientation is "
            '"auto"; got shape (5, 5). Pass orientation="rows" or "columns".',
        ),
        (
            "loss square.npy --probability 0.1",
            "`W` must have more rows (features) than columns (hidden units)",
        ),
        (
            "classify good.npy --orientation up",
            '`orientation` must be one of "auto", "rows", "columns"; got \'up\'.',
        ),
        ("classify good.npy --noise -1", "`noise` must be positive and finite; got -1."),
        ("classify good.npy --name V", "`name` must be an array of 'good.npy'; got 'V'. Pick one of: W."),
        ("classify batch.npy --plot a.png", "`--plot` must be given one model; the file holds a batch."),
        ("classify good.npy --plot a.xyz", "`--plot` must end in .png, .pdf, .svg; got 'a.xyz'. Rename it."),
        (
            "compare good.npy --probability 0.1 --plot no/a.png",
            "`--plot` must be in an existing folder; got 'no/a.png'",
        ),
        ("classify good.npy -o no/a.json", "No such file or directory"),
        (
            "loss good.npy",
            "`--probability` must be given; 'good.npy' does not say what its model was trained on.",
        ),
        ("loss good.npy --probability 2", "`probability` must be in [0, 1]; got 2."),
        (
            "loss good.npy --probability 0.1 --run 1",
            "`run` must be below the number of runs in the file, 1; got 1.",
        ),
        (
            "loss batch.npy --probability 0.1 --run 2",
            "`run` must be below the number of runs in the file, 2; got 2.",
        ),
        ("loss batch.npy --probability 0.1 --run -1", "`run` must be at least 0; got -1."),
        (
            "loss good.npy --probability 0.1 --method guess",
            '`method` must be one of "auto", "exact", "spectral"',
        ),
        ("loss good.npy --probability 0.1 --rtol 2", "`rtol` must be in (0, 1); got 2."),
        (
            "loss bias.npz --probability 0.1",
            "`b` must have one entry per feature, shape (3,); got shape (2,).",
        ),
        (
            "loss described.npz",
            "`path` must be a file written by TrainingRun.save; 'described.npz' is not one.",
        ),
        ("train 3 0", "`n_hidden` must be at least 1; got 0."),
        ("train 3 1 --models 0", "`models` must be at least 1; got 0."),
        ("train 3 1 --probability", "`features` must hold at least one Features; got none."),
        ("train 3 1 --learning-rate 1e30 --steps 50", "Training must stay finite in single precision"),
        ("train 3 1 -o no/run.npz", "`--output` must be in an existing folder; got 'no/run.npz'."),
        ("train 3 1 -o run.txt", "`--output` must end in .npz; got 'run.txt'. Rename it."),
        ("demo -o demo.txt", "`--output` must end in .png, .pdf, .svg; got 'demo.txt'. Rename it."),
        ("demo --models 0", "`models` must be at least 1; got 0."),
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(refuse, folder, arguments, message):
    good = np.array([[1.0, 0.0], [-0.5, 0.8], [-0.5, -0.9]])
    objects = np.array([[1, 2], [3]], dtype=object)
    np.save("good.npy", good)
    np.save("batch.npy", np.stack([good, good]))
    np.save("nan.npy", [[1.0, 0], [np.nan, 1], [0, np.inf]])
    np.save("complex.npy", good * 1j)
    np.save("vector.npy", good[:, 0])
    np.save("four.npy", np.zeros((1, 2, 3, 2)))
    np.save("square.npy", np.eye(5))
    np.save("objects.npy", objects, allow_pickle=True)
    np.savez("bias.npz", W=good, b=np.zeros(2))
    np.savez("described.npz", W=good, description=np.array("mine"))
    (folder / "pickle.npy").write_bytes(pickle.dumps(good))
    (folder / "part.npy").write_bytes((folder / "good.npy").read_bytes()[:-5])
    for kind in ("txt", "npy", "npz", "safetensors"):
        (folder / f"text.{kind}").write_text("nothing but text " * 9)
    assert message in refuse(*arguments.split())


def test_run_out_of_the_range_of_a_trained_file_is_refused(refuse, trained):
    assert refuse("loss", trained, "--run", 4) == "`--run` must be in 0 ... 3; got 4. The file holds no such run."
    assert refuse("compare", trained, "--run", -1).startswith("`--run` must be in 0 ... 3; got -1.")


def test_a_failed_command_leaves_no_output(refuse, folder):
    np.save("nan.npy", [[np.nan], [1]])
    refuse("classify", "nan.npy", "-o", "result.json", "--plot", "figure.png")
    assert [path.name for path in folder.iterdir()] == ["nan.npy"]


def test_interruption_is_exit_code_130(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(gs, "optimum", interrupted)
    assert main(["optimum", "2", "1"]) == 130
    assert capsys.readouterr().err == "geomsup: interrupted\n"
