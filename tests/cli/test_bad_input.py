"""Every kind of bad input: one line, exit code 2, and no output left behind."""

import pickle

import numpy as np
import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("frobnicate", 'Unknown command "frobnicate".'),
        ("classify", "`PATH` must be given. See: geomsup classify --help"),
        ("optimum 5", "`N-HIDDEN` must be given. See: geomsup optimum --help"),
        ("classify good.npy --colour red", "Unknown option: --colour."),
        ("optimum five 2", "`N-FEATURES` must be a whole number; got 'five'. Write"),
        ("optimum 5 2 --probability often", 'unable to convert "often" into float'),
        (
            "optimum 5 2 --probability 1.5",
            "`--probability` must be in [0, 1]; got 1.5. Write P(feature is present), or give --sparsity.",
        ),
        ("phase-diagram 2 2", "`N-HIDDEN` must be less than `N-FEATURES`; got 2 and 2."),
        ("phase-diagram 2 1 --points 0", "`--points` must be at least 1"),
        ("phase-diagram 2 1 --plot here.txt", "`--plot` must end in .png, .pdf, .svg"),
        ("optimum 5 2 --probability nan", "`--probability` must be finite; got nan"),
        (
            "optimum 5 2 --probability 0.1 0.2",
            "`--probability` must be a number or have one entry per feature (5)",
        ),
        ("optimum 5 2 --probability", "`--probability` must be a number or have one entry per feature (5)"),
        ("optimum 5 2 --importance -1", "`--importance` must be at least 0; got -1."),
        ("optimum 0 2", "`N-FEATURES` must be at least 1; got 0."),
        ("optimum 5 0", "`N-HIDDEN` must be at least 1; got 0."),
        ("optimum 5 2 --starts 0", "`--starts` must be at least 1; got 0."),
        (
            "optimum 5 2 --activation tanh",
            '`--activation` must be one of "relu", "linear", "abs", "leaky_relu", "gelu"; got \'tanh\'.',
        ),
        ("classify nothing.npy", "`PATH` must be an existing file; got 'nothing.npy'. Check the spelling."),
        ("verify nothing.json", "`PATH` must be an existing file; got 'nothing.json'. Check the spelling."),
        ("classify .", "`PATH` must be a file; got the folder '.'. Name a file in it; only `report` takes a folder."),
        ("classify none.npz", "`--weights` must be an array; 'none.npz' holds no arrays. Save the weights in it"),
        ("report folder", "`PATH` must hold a file with weights"),
        ("polytope foo", "They are listed by: geomsup polytope"),
        ("classify text.txt", "`PATH` must hold numbers only; got 'nothing' in 'text.txt'. Leave out headings"),
        ("classify text.md", "`PATH` must end in .npy, .npz, .safetensors, .pt, .pth, .csv, .txt or .json; got"),
        ("classify text.npy", "`PATH` must be a valid .npy file; 'text.npy' is broken"),
        ("classify text.npz", "`PATH` must be a valid .npz file; 'text.npz' is broken"),
        (
            "classify text.safetensors",
            "`PATH` must be a valid .safetensors file; 'text.safetensors' is broken",
        ),
        ("classify part.npy", "`PATH` must be a valid .npy file; 'part.npy' is broken"),
        ("classify objects.npy", "`PATH` must hold plain arrays; got 'objects.npy' with pickled objects."),
        (
            "loss objects.npy --probability 0.1",
            "`PATH` must hold plain arrays; got 'objects.npy' with pickled",
        ),
        ("classify pickle.npy", "`PATH` must be a valid .npy file; 'pickle.npy' is broken"),
        ("classify nan.npy", "`W` of 'nan.npy' must be finite; got nan at index (1, 0). Remove NaN"),
        ("loss nan.npy --probability 0.1", "`W` of 'nan.npy' must be finite; got nan at index (1, 0)."),
        ("compare nan.npy --probability 0.1", "`W` of 'nan.npy' must be finite; got nan at index (1, 0)."),
        ("classify complex.npy", "`W` of 'complex.npy' must hold real numbers; got complex numbers."),
        (
            "classify vector.npy",
            "`W` of 'vector.npy' must have the shape (n_features, n_hidden), or a batch of these; got shape (3,).",
        ),
        (
            "classify four.npy",
            "`W` of 'four.npy' must have the shape (n_features, n_hidden) or one batch axis more; got shape (1, 2",
        ),
        (
            "loss four.npy --probability 0.1",
            "`W` must be one model or a batch (runs, n_features, n_hidden); got shape",
        ),
        (
            "classify square.npy",
            "`W` of 'square.npy' must have more rows (features) than columns (hidden units) when orientation is "
            '"auto"; '
            "got shape (5, 5). Pass --orientation rows or columns.",
        ),
        (
            "loss square.npy --probability 0.1",
            "`W` must have more rows (features) than columns (hidden units)",
        ),
        (
            "classify good.npy --orientation up",
            '`--orientation` must be one of "auto", "rows", "columns"; got \'up\'.',
        ),
        ("classify good.npy --noise -1", "`--noise` must be positive and finite; got -1."),
        ("classify good.npy --name V", "`--weights` must be an array of 'good.npy'; got 'V'. Pick one of: W."),
        ("classify batch.npy --plot a.png", "`--plot` must be given one model; the file holds a batch."),
        ("classify good.npy --plot a.xyz", "`--plot` must end in .png, .pdf, .svg; got 'a.xyz'. Rename it."),
        (
            "compare good.npy --probability 0.1 --plot no/a.png",
            "`--plot` must be in an existing folder; got 'no/a.png'",
        ),
        ("classify good.npy -o no/a.json", "`--output` must be in an existing folder"),
        ("optimum 5 2 -o no/a.json", "`--output` must be in an existing folder"),
        ("optimum 5 2 -o .", "`--output` must be a file"),
        ("thomson 5.9", "`N` must be a whole number; got '5.9'. Write"),
        ("energy --n 4 --d 3e0", "`--d` must be a whole number; got '3e0'. Write"),
        ("thomson 5 --seed=", "`--seed` must be a whole number; got ''. Write"),
        ("train 5.9 2", "`N-FEATURES` must be a whole number; got '5.9'. Write"),
        ("plateaus --points 2.5", "`--points` must be a whole number; got '2.5'. Write"),
        ("plateaus --probability-range 0 1", "`--probability-range` must be positive"),
        (
            "loss good.npy",
            "`--probability` must be given; 'good.npy' does not say what its model was trained on.",
        ),
        ("loss good.npy --probability 2", "`--probability` must be in [0, 1]; got 2."),
        (
            "loss good.npy --probability 0.1 --run 1",
            "`--run` must be below the number of runs in the file, 1; got 1.",
        ),
        (
            "loss batch.npy --probability 0.1 --run 2",
            "`--run` must be below the number of runs in the file, 2; got 2.",
        ),
        ("loss batch.npy --probability 0.1 --run -1", "`--run` must be at least 0; got -1."),
        ("loss batch.npy --probability 0.1", "`--instances` must say which axis of 'W' (2, 3, 2) counts the models"),
        ("loss bias.npz --probability 0.1 --bias b --no-bias", "`--no-bias` must not come with `--bias`; got both."),
        ("loss bias.npz --probability 0.1 --no-bias --ignore c", "`--ignore` must be an array of 'bias.npz'; got 'c'."),
        (
            "loss good.npy --probability 0.1 --method guess",
            '`--method` must be one of "auto", "exact", "spectral"',
        ),
        ("loss good.npy --probability 0.1 --rtol 2", "`--rtol` must be in (0, 1); got 2."),
        (
            "loss bias.npz --probability 0.1",
            "`--bias` must have one entry per feature of 'W' (3, 2); got 'b' of shape (2,) in 'bias.npz'.",
        ),
        (
            "loss described.npz",
            "`PATH` must be a file written by TrainingRun.save; 'described.npz' is not one.",
        ),
        ("train 3 0", "`N-HIDDEN` must be at least 1; got 0."),
        ("train 3 1 --models 0", "`--models` must be at least 1; got 0."),
        ("train 3 1 --probability", "`--features` must hold at least one Features; got none."),
        ("train 3 1 --learning-rate 1e30 --steps 50", "Training must stay finite in single precision"),
        ("train 3 1 -o no/run.npz", "`--output` must be in an existing folder; got 'no/run.npz'."),
        ("train 3 1 -o run.txt", "`--output` must end in .npz, .safetensors; got 'run.txt'. Rename it."),
        ("demo -o demo.txt", "`--output` must end in .png, .pdf, .svg; got 'demo.txt'. Rename it."),
        ("demo --models 0", "`--models` must be at least 1; got 0."),
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
    np.savez("none.npz")
    (folder / "folder").mkdir()
    np.savez("bias.npz", W=good, b=np.zeros(2))
    np.savez("described.npz", W=good, description=np.array("mine"))
    (folder / "pickle.npy").write_bytes(pickle.dumps(good))
    (folder / "part.npy").write_bytes((folder / "good.npy").read_bytes()[:-5])
    for kind in ("txt", "md", "npy", "npz", "safetensors"):
        (folder / f"text.{kind}").write_text("nothing but text " * 9)
    assert message in refuse(*arguments.split())


def test_a_failed_command_leaves_no_output(refuse, folder):
    np.save("nan.npy", [[np.nan], [1]])
    refuse("classify", "nan.npy", "-o", "result.json", "--plot", "figure.png")
    assert [path.name for path in folder.iterdir()] == ["nan.npy"]
