"""Kinds of files: what was written comes back, and every broken file is one ValueError."""

import io
import json
import pickle
import re
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, strategies as st
from safetensors.numpy import save_file

import geomsup as gs
from geomsup import classify
from geomsup.checks import pip_install
from geomsup.loading.formats import read_arrays
from geomsup.loading.load import read_weights as weights_and_source

W = np.array([[1.0, 0.5], [-1.0, 2.0], [0.25, 0.0]])
B = np.array([0.5, -0.25, 0.125])


def read_weights(path, **options):
    return weights_and_source(path, **options)[0]


def raw_safetensors(path, dtype, shape, data, name="W"):
    """Write a .safetensors file by hand, as the format is described: length, JSON header, bytes."""
    header = json.dumps({name: {"dtype": dtype, "shape": shape, "data_offsets": [0, len(data)]}}).encode()
    header += b" " * (-len(header) % 8)
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)


@pytest.fixture
def save(tmp_path):
    """Return a function that writes arrays to a file of the kind its name says."""

    def write(name, **arrays):
        path = tmp_path / name
        if path.suffix == ".npy":
            np.save(path, *arrays.values())
        elif path.suffix == ".npz":
            np.savez(path, **arrays)
        else:
            save_file({key: np.ascontiguousarray(value) for key, value in arrays.items()}, path)
        return path

    return write


@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int8])
def test_weights_come_back(save, kind, dtype):
    stored = (W * 4).astype(dtype)
    path = save(f"weights.{kind}", W=stored)
    for given_path in (path, str(path)):
        np.testing.assert_array_equal(read_weights(given_path), W * 4)
    assert read_arrays(path)["W"].dtype == dtype


@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors"])
def test_batches_come_back(save, kind):
    batch = np.stack([W, 2 * W, 3 * W, 4 * W])
    np.testing.assert_array_equal(read_weights(save(f"weights.{kind}", W=batch)), batch)


@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_a_model_comes_back_with_its_bias(save, kind):
    model = gs.load(save(f"model.{kind}", W=W, b=B), activation="linear")
    np.testing.assert_array_equal(model.W, W)
    np.testing.assert_array_equal(model.b, B)
    assert model.activation == "linear"


def test_a_model_of_a_bare_array_has_no_bias(save):
    model = gs.load(save("model.npy", W=W))
    assert (model.b == 0).all()
    assert model.activation == "relu"


def test_run_picks_one_of_a_batch(save):
    path = save("runs.npz", W=np.stack([W, 2 * W]), b=np.stack([B, 3 * B]))
    np.testing.assert_array_equal(gs.load(path, run=1).W, 2 * W)
    np.testing.assert_array_equal(gs.load(path, run=1).b, 3 * B)
    with pytest.raises(ValueError, match=r"^`run` must be given; 'runs\.npz' holds 2 models\. Count from 0\.$"):
        gs.load(path)


def test_orientation_is_that_of_as_rows(save):
    path = save("columns.npz", W=W.T, b=B)
    for orientation in ("auto", "columns"):
        np.testing.assert_array_equal(read_weights(path, orientation=orientation), W)
        np.testing.assert_array_equal(gs.load(path, orientation=orientation).W, W)
    np.testing.assert_array_equal(read_weights(path, orientation="rows"), W.T)


def test_w_is_taken_by_name_else_the_only_matrix_else_asked_for(save):
    np.testing.assert_array_equal(read_weights(save("a.npz", W=W, other=W + 1)), W)
    np.testing.assert_array_equal(read_weights(save("b.npz", weight=W, b=B)), W)
    two = save("c.npz", one=W, two=W + 1)
    np.testing.assert_array_equal(read_weights(two, weights="two"), W + 1)
    np.testing.assert_array_equal(gs.load(two, weights="two", decoder=False).W, W + 1)
    with pytest.raises(ValueError, match=r"^`weights` must say which array of 'c\.npz' is W; it holds one, two\. Name"):
        read_weights(two)
    with pytest.raises(ValueError, match=r"holds no arrays\. Save the weights in it as W\.$"):
        read_weights(save("empty.npz"))
    with pytest.raises(
        ValueError, match=r"^`weights` must be an array of 'c\.npz'; got 'W'\. Pick one of: one, two\.$"
    ):
        read_weights(two, weights="W")


def test_bfloat16_is_read_exactly(tmp_path):
    path = tmp_path / "bf16.safetensors"
    upper_halves = (W.astype("<f4").view("<u4") >> 16).astype("<u2")  # W has few enough bits to lose none
    raw_safetensors(path, "BF16", [3, 2], upper_halves.tobytes())
    np.testing.assert_array_equal(read_weights(path), W)


def test_only_the_tensor_asked_for_is_read(tmp_path):
    # 8 MB that nobody asks for, numbers NumPy lacks, and a planted W between them.
    path = tmp_path / "model.safetensors"
    kinds = {"layers": ("F32", [2000, 1000], bytes(8_000_000)), "f8": ("F8_E4M3", [2, 3], bytes(6))}
    kinds["embed"] = ("F16", [3, 2], W.astype("<f2").tobytes())
    kinds["norm"] = ("F64", [0, 4], b"")
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, (dtype, shape, content) in kinds.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    tracemalloc.start()
    np.testing.assert_array_equal(read_weights(path, weights="embed"), W)
    with pytest.raises(ValueError, match=r"it holds layers, f8, embed, norm\. Name one with `weights`\.$"):
        read_weights(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    with pytest.raises(ValueError, match=r"'f8' of 'model\.safetensors' is F8_E4M3"):
        read_arrays(path)
    with pytest.raises(ValueError, match=r"^`weights` must be an array of 'model\.safetensors'; got 'head'\. Pick one"):
        read_weights(path, weights="head")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["F32", "BF16"])
def test_planted_structure_in_a_file_is_found(tmp_path, kind):
    rng = np.random.default_rng(0)
    angles = 2 * np.pi * np.arange(5) / 5
    pentagon = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rows = np.vstack([pentagon @ np.linalg.qr(rng.normal(size=(300, 2)))[0].T for _ in range(120)]).astype("<f4")
    path = tmp_path / "model.safetensors"
    bits = (rows.view("<u4") >> 16).astype("<u2") if kind == "BF16" else rows
    raw_safetensors(path, kind, list(rows.shape), bits.tobytes(), name="embed")
    assert classify(read_weights(path, weights="embed", orientation="rows"), orientation="rows").name == "120 pentagons"


def test_numbers_numpy_lacks_are_named(tmp_path):
    path = tmp_path / "f8.safetensors"
    raw_safetensors(path, "F8_E4M3", [3, 2], bytes(6))
    message = r"^`path` must hold numbers that NumPy knows; 'W' of 'f8\.safetensors' is F8_E4M3\. Save it"
    with pytest.raises(ValueError, match=message):
        read_weights(path)


def test_without_safetensors_the_way_to_install_it_is_named(save, monkeypatch):
    path = save("weights.safetensors", W=W)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    message = (
        r"^`path` must be readable here; 'weights\.safetensors' needs the package safetensors\. "
        r'Run: .*python\S* -m pip install "geomsup\[weights\]"$'
    )
    with pytest.raises(ValueError, match=message):
        read_arrays(path)


def test_other_members_of_an_archive_are_passed_over(save):
    path = save("weights.npz", W=W)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("README.txt", "trained on a Monday")
    assert list(read_arrays(path)) == ["W"]
    np.testing.assert_array_equal(read_weights(path), W)


def test_files_that_are_not_there_or_of_another_kind_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^`path` must be an existing file; got '.*nothing\.npy'\. Check the sp"):
        read_arrays(tmp_path / "nothing.npy")
    (tmp_path / "folder.npy").mkdir()
    with pytest.raises(ValueError, match=r"^`path` must be a file; got the folder '.*folder\.npy'\. Name"):
        read_arrays(tmp_path / "folder.npy")
    for name in ("weights.pkl", "weights", "weights.h5"):
        (tmp_path / name).write_bytes(b"x")
        message = rf"^`path` must end in \.npy, .* \.txt or \.json; got '{name}'\. Save the weights as one of"
        with pytest.raises(ValueError, match=message):
            read_arrays(tmp_path / name)


def test_pickles_are_refused(tmp_path):
    ragged = np.array([[1, 2], [3]], dtype=object)
    np.save(tmp_path / "pickle.npy", ragged, allow_pickle=True)
    np.savez(tmp_path / "pickle.npz", W=ragged)
    for path in tmp_path.iterdir():
        message = rf"^`path` must hold plain arrays; got '{path.name}' with pickled objects\. Save it"
        with pytest.raises(ValueError, match=message):
            read_arrays(path)


def test_a_bare_pickle_is_not_loaded(tmp_path):
    path = tmp_path / "bare.npy"
    ragged = np.array([[1, 2], [3]], dtype=object)
    path.write_bytes(ragged.dumps())
    with pytest.raises(ValueError, match=r"^`path` must be a valid \.npy file; 'bare\.npy' is broken: it does not"):
        read_arrays(path)


@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors"])
def test_truncated_files_are_refused_wherever_they_end(save, tmp_path, kind):
    whole = save(f"whole.{kind}", W=W).read_bytes()
    path = tmp_path / f"part.{kind}"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=rf"^`path` must be a valid \.{kind} file; 'part\.{kind}' is broken: .*\."):
            read_arrays(path)


@pytest.mark.parametrize("kind", ["npy", "npz", "safetensors"])
def test_files_of_anything_else_are_refused(tmp_path, kind):
    path = tmp_path / f"text.{kind}"
    path.write_text("just some text, long enough to look at, " * 3)
    with pytest.raises(ValueError, match=rf"^`path` must be a valid \.{kind} file; .* Save it again\.$"):
        read_arrays(path)


def written(kind):
    buffer = io.BytesIO()
    if kind == "npy":
        np.save(buffer, W)
    else:
        (np.savez_compressed if kind == "compressed" else np.savez)(buffer, W=W, b=B)
    return buffer.getvalue()


WHOLE = {kind: written(kind) for kind in ("npy", "npz", "compressed")}


@given(st.sampled_from(sorted(WHOLE)), st.data())
def test_a_damaged_file_is_read_or_refused_but_never_breaks(tmp_path_factory, kind, data):
    damaged = bytearray(WHOLE[kind])
    places = st.integers(0, len(damaged) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), min_size=1, max_size=4)):
        damaged[place] = value
    path = tmp_path_factory.getbasetemp() / f"damaged.{'npy' if kind == 'npy' else 'npz'}"
    path.write_bytes(damaged)
    complaint = ""
    arrays = {}
    try:
        arrays = read_arrays(path)
    except ValueError as error:
        complaint = str(error)
    assert re.match(r"$|`path` must (be a valid|hold plain|hold arrays of plausible size)", complaint)
    assert all(isinstance(array, np.ndarray) for array in arrays.values())


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        (
            {"W": np.zeros((2, 2, 3, 2))},
            {},
            r"^`W` must be one model or a batch .*; got shape \(2, 2, 3, 2\)\. Save",
        ),
        ({"W": W[:, 0]}, {}, r"^`W` must have the shape .* got shape \(3,\)\. Pass a row per feature"),
        (
            {"W": np.eye(5)},
            {},
            r'^`W` must have more rows .* is "auto"; got shape \(5, 5\)\. Pass orientation="rows"',
        ),
        ({"W": W * np.nan}, {}, r"^`W` of 'model\.npz' must be finite; got nan at index \(0, 0\)\. Remove"),
        (
            {"W": W, "b": B[:2]},
            {},
            r"^`bias` must have one entry per feature of 'W' \(3, 2\); got 'b' of shape \(2,\) in",
        ),
        (
            {"W": W[None], "b": B},
            {},
            r"^`bias` must have one entry per feature of 'W' \(1, 3, 2\); got 'b' of shape \(3,\) in",
        ),
        (
            {"W": np.stack([W, W]), "b": B[None]},
            {"run": 1},
            r"^`bias` must have .* of 'W' \(2, 3, 2\); got 'b' of shape \(1, 3\) in",
        ),
        (
            {"W": np.stack([W, W])},
            {"run": 2},
            r"^`run` must be below the number of runs in the file, 2; got 2\.",
        ),
        (
            {"W": W},
            {"run": 1},
            r"^`run` must be below the number of runs in the file, 1; got 1\. Count from 0\.$",
        ),
        ({"W": W}, {"run": -1}, r"^`run` must be at least 0; got -1\. Pass"),
        ({"W": W}, {"activation": "tanh"}, r'^`activation` must be one of "relu", .*; got \'tanh\''),
    ],
)
def test_models_that_do_not_fit_are_refused(save, arrays, options, message):
    with pytest.raises(ValueError, match=message):
        gs.load(save("model.npz", **arrays), **options)


def test_a_name_tells_less_than_the_content(save, tmp_path):
    """A checkpoint that was renamed is still what it is."""
    for kind in ("npy", "npz", "safetensors"):
        content = save(f"model.{kind}", W=W).read_bytes()
        for name in ("weights", "weights.pt", "weights.csv", "weights.NPZ"):
            path = tmp_path / name
            path.write_bytes(content)
            np.testing.assert_array_equal(read_weights(path), W)


def test_tables_of_numbers(tmp_path):
    path = tmp_path / "W.csv"
    for separator in (",", ";", "\t", " "):
        for name in ("W.csv", "W.txt"):
            np.savetxt(tmp_path / name, W, delimiter=separator, header="one row per feature")
            np.testing.assert_array_equal(gs.load(tmp_path / name).W, W)
    path.write_text("\ufeff1, -2\r\n\r\n0.5, 3\r\n1e-3, 4  # the last\r\n", encoding="utf-8")
    np.testing.assert_array_equal(gs.load(path).W, [[1, -2], [0.5, 3], [1e-3, 4]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,y\n1,2\n3,4\n5,6\n", "`path` must hold numbers only; got 'x' in 'W.csv'. Leave out headings"),
        (",0,1\n0,1,2\n1,3,4\n", "`path` must hold numbers only; got '' in 'W.csv'"),
        ("0,1\n0.5,2\n3,4\n5,6\n", "`path` must hold weights only; the first line of 'W.csv' counts 0, 1, ..."),
        ("0,0.5,2\n1,3,4\n2,1,1\n3,1,1\n", "`path` must hold weights only; the first column of 'W.csv' counts"),
        ("1,2\n3\n", "`path` must hold a table of numbers, as many in each line; got 'W.csv'."),
        ("", "`path` must hold a table of numbers"),
        ("0,5;1,5\n0,2;3,5\n0,1;2,2\n", "`path` must hold numbers only; got '0,5'"),
        ("1,nan\n3,4\n5,6\n", "`W` of 'W.csv' must be finite; got nan at index (0, 1)."),
    ],
)
def test_tables_of_more_than_weights_are_refused(tmp_path, text, message):
    (tmp_path / "W.csv").write_text(text)
    with pytest.raises(ValueError, match="^" + re.escape(message)):
        gs.load(tmp_path / "W.csv")


def test_json(tmp_path):
    path = tmp_path / "model.json"
    model = gs.ToyModel(W, B, "abs", "relu", b_hidden=[0.1, 0.2])
    for content in (W.tolist(), {"W": W.tolist()}, {"model": {"W": W.T.tolist(), "b": [0, 0, 0]}, "notes": ["a", "b"]}):
        path.write_text(json.dumps(content))
        np.testing.assert_array_equal(gs.load(path).W, W)
    path.write_text(json.dumps(model.to_dict()))
    assert gs.load(path).to_dict() == model.to_dict()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "`path` must be a valid .json file; 'model.json' is broken: "),
        (
            '{"W": [[1], [2]], "b": [0, 0], "b": [1, 1]}',
            "`path` must be a valid .json file; 'model.json' is broken: it has",
        ),
        ('{"W": [[1, 2], [3]]}', "`W` of 'model.json' must be rectangular; its rows have different lengths."),
        ('{"W": "one"}', "`weights` must be an array; 'model.json' holds no arrays."),
        ("3", "`W` must have the shape (n_features, n_hidden)"),
        ('{"W": [[1], [-1]], "b": null, "c": [1, 2]}', "`path` must leave no doubt: 'c' (2,) of 'model.json' may be"),
        ("[" * 100_000, "`path` must be a valid .json file; 'model.json' is broken: "),
    ],
)
def test_json_without_a_certain_model_is_refused(tmp_path, text, message):
    (tmp_path / "model.json").write_text(text)
    with pytest.raises((ValueError, TypeError), match="^" + re.escape(message)) as caught:
        gs.load(tmp_path / "model.json")
    assert "\n" not in str(caught.value)


def test_without_torch_a_line_says_how_to_save(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "model.pt").write_bytes(pickle.dumps({"W": W}))
    message = (
        f"`path` must be readable here; 'model.pt' needs PyTorch, which is not installed. "
        f"Run: {pip_install('torch')}; or, where it is, save the weights with "
        'numpy.savez("model.npz", **{name: x.float().cpu().numpy() for name, x in model.state_dict().items()})'
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        gs.load(tmp_path / "model.pt")


class OldTorch:
    """What a PyTorch says of itself that runs code from files."""

    __version__ = "2.5.1+cpu"


def test_an_old_torch_opens_nothing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", OldTorch)
    (tmp_path / "model.pt").write_bytes(pickle.dumps({"W": W}))
    with pytest.raises(
        ValueError,
        match=r"^`path` must be opened by PyTorch 2\.6 or later, .*; got 2\.5\.1\+cpu\. Run: .* torch --upgrade; or",
    ):
        gs.load(tmp_path / "model.pt")


class Malicious:
    """Writes a file when a pickle of it is executed."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


@pytest.mark.parametrize("suffix", ["npy", "npz", "pt", "pth", "json", "csv", "txt", "safetensors", "pkl", "bin"])
def test_no_pickle_is_executed(tmp_path, suffix):
    path, mark = tmp_path / f"model.{suffix}", tmp_path / "executed"
    evil = np.array([Malicious(str(mark))], dtype=object)
    kinds = {"npy": lambda: np.save(path, evil, allow_pickle=True), "npz": lambda: np.savez(path, W=evil)}
    kinds.get(suffix, lambda: path.write_bytes(pickle.dumps(evil)))()
    with pytest.raises(ValueError, match=r"^`path` must .*[^\n]$"):
        gs.load(path)
    assert not mark.exists()


def test_files_of_torch(tmp_path):
    """Runs only where PyTorch is."""
    torch = pytest.importorskip("torch")
    path = tmp_path / "model.pt"
    layer = torch.nn.Linear(3, 2, bias=False, dtype=torch.float64)
    state = {"embedding.weight": layer.weight, "unembedding.bias": torch.tensor(B)}
    for content in (state, {"epoch": 3, "model_state_dict": state}):
        for old in (True, False):
            torch.save(content, path, _use_new_zipfile_serialization=not old)
            np.testing.assert_array_equal(gs.load(path).W, layer.weight.detach().numpy().T)
            np.testing.assert_array_equal(gs.load(path).b, B)
    torch.save(layer, path)
    with pytest.raises(ValueError, match=r"^`path` must hold tensors only; 'model\.pt' holds other objects, or is br"):
        gs.load(path)


def test_a_training_gives_its_run_or_one_of_its_models(tmp_path):
    run = gs.train(gs.Features(3, 0.5), (2, 5), models=2, steps=3, batch=4, hidden_bias=True)
    for name in ("run.npz", "run.safetensors"):
        run.save(tmp_path / name)
        back = gs.load(tmp_path / name)
        assert isinstance(back, gs.TrainingRun)
        assert (back.W == run.W).all()
        assert back.source == f"'{name}': a training of 2 runs"
        model = gs.load(tmp_path / name, run=1)
        assert model.to_dict() == run.model(1).to_dict()
        assert model.source == f"'{name}': run 1 of 2 of a training"
        with pytest.raises(ValueError, match=r"^`run` must be below the number of runs in the file, 2; got 2\."):
            gs.load(tmp_path / name, run=2)
        with pytest.raises(ValueError, match=r"^`path` must not be a file of `geomsup train`, which says what is what"):
            gs.load(tmp_path / name, bias=False)
        with pytest.raises(ValueError, match=r"^`activation` must come with `run`"):
            gs.load(tmp_path / name, activation="linear")
    (tmp_path / "renamed.pt").write_bytes((tmp_path / "run.safetensors").read_bytes())
    with pytest.raises(ValueError, match=r"^`path` must end in \.safetensors if `geomsup train` or .* got 'renamed"):
        gs.load(tmp_path / "renamed.pt", run=0)


@pytest.mark.parametrize(
    "text",
    [
        "1,0.5\n2,0.25\n3,0.75\n",
        "0.0,0.5\n1.0,0.25\n",
        "1,2,3\n0.5,0.1,0.2\n0.3,0.2,0.1\n",
        "2 3\n0.5 0.1 0.2\n0.3 0.2 0.1\n",
    ],
)
def test_numbers_and_sizes_beside_a_table_are_refused(text, tmp_path):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(ValueError, match="`path` must hold"):
        gs.load(tmp_path / "t.csv", bias=False)


def test_pythons_signs_in_numbers_are_no_numbers(tmp_path):
    (tmp_path / "t.csv").write_text("1_000,0.5\n0.1,0.2\n0.3,0.4\n")
    with pytest.raises(ValueError, match="`path` must hold numbers only; got '1_000'"):
        gs.load(tmp_path / "t.csv", bias=False)
