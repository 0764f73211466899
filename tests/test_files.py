"""Weights from files: what was written comes back, and every broken file is one ValueError."""

import io
import json
import re
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given, strategies as st
from safetensors.numpy import save_file

import geomsup as gs
from geomsup import classify
from geomsup.files import read_arrays, read_model, read_weights, replacing, write_json

W = np.array([[1.0, 0.5], [-1.0, 2.0], [0.25, 0.0]])
B = np.array([0.5, -0.25, 0.125])


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
    model = read_model(save(f"model.{kind}", W=W, b=B), activation="linear")
    np.testing.assert_array_equal(model.W, W)
    np.testing.assert_array_equal(model.b, B)
    assert model.activation == "linear"


def test_a_model_of_a_bare_array_has_no_bias(save):
    model = read_model(save("model.npy", W=W))
    assert (model.b == 0).all()
    assert model.activation == "relu"


def test_run_picks_one_of_a_batch(save):
    path = save("runs.npz", W=np.stack([W, 2 * W]), b=np.stack([B, 3 * B]))
    np.testing.assert_array_equal(read_model(path, run=1).W, 2 * W)
    np.testing.assert_array_equal(read_model(path, run=1).b, 3 * B)
    np.testing.assert_array_equal(read_model(path).W, W)


def test_orientation_is_that_of_as_rows(save):
    path = save("columns.npz", W=W.T, b=B)
    for orientation in ("auto", "columns"):
        np.testing.assert_array_equal(read_weights(path, orientation=orientation), W)
        np.testing.assert_array_equal(read_model(path, orientation=orientation).W, W)
    np.testing.assert_array_equal(read_weights(path, orientation="rows"), W.T)


def test_w_is_taken_by_name_else_the_only_matrix_else_asked_for(save):
    np.testing.assert_array_equal(read_weights(save("a.npz", W=W, other=W + 1)), W)
    np.testing.assert_array_equal(read_weights(save("b.npz", weight=W, b=B)), W)
    two = save("c.npz", one=W, two=W + 1)
    np.testing.assert_array_equal(read_weights(two, name="two"), W + 1)
    np.testing.assert_array_equal(read_model(two, name="two").W, W + 1)
    with pytest.raises(ValueError, match=r"^`name` must say which array of 'c\.npz' is W; it holds one, two\. Pass"):
        read_weights(two)
    with pytest.raises(ValueError, match=r"it holds none\. Pass --name\.$"):
        read_weights(save("empty.npz"))
    with pytest.raises(ValueError, match=r"^`name` must be an array of 'c\.npz'; got 'W'\. Pick one of: one, two\.$"):
        read_weights(two, name="W")


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
    np.testing.assert_array_equal(read_weights(path, name="embed"), W)
    with pytest.raises(ValueError, match=r"it holds layers, f8, embed, norm\. Pass --name\.$"):
        read_weights(path)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    with pytest.raises(ValueError, match=r"'f8' of 'model\.safetensors' is F8_E4M3"):
        read_arrays(path)
    with pytest.raises(ValueError, match=r"^`name` must be an array of 'model\.safetensors'; got 'head'\. Pick one"):
        read_weights(path, name="head")


@pytest.mark.parametrize("kind", ["F32", "BF16"])
def test_planted_structure_in_a_file_is_found(tmp_path, kind):
    rng = np.random.default_rng(0)
    angles = 2 * np.pi * np.arange(5) / 5
    pentagon = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    rows = np.vstack([pentagon @ np.linalg.qr(rng.normal(size=(300, 2)))[0].T for _ in range(120)]).astype("<f4")
    path = tmp_path / "model.safetensors"
    bits = (rows.view("<u4") >> 16).astype("<u2") if kind == "BF16" else rows
    raw_safetensors(path, kind, list(rows.shape), bits.tobytes(), name="embed")
    assert classify(read_weights(path, name="embed", orientation="rows"), orientation="rows").name == "120 pentagons"


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
        r'Run: pip install "geomsup\[weights\]"$'
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
    with pytest.raises(ValueError, match=r"^`path` must be an existing file; got '.*folder\.npy'\."):
        read_arrays(tmp_path / "folder.npy")
    for name in ("weights.pt", "weights.pkl", "weights", "weights.NPY"):
        (tmp_path / name).write_bytes(b"x")
        message = rf"^`path` must end in \.npy, \.npz or \.safetensors; got '{name}'\. Save the weights as one of"
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
        ({"W": W * np.nan}, {}, r"^`W` must be finite; got nan at index \(0, 0\)\. Remove"),
        (
            {"W": W, "b": B[:2]},
            {},
            r"^`b` must have one entry per feature, shape \(3,\); got shape \(2,\)\. Trans",
        ),
        (
            {"W": W[None], "b": B},
            {},
            r"^`b` must have one entry per feature, shape \(1, 3\); got shape \(3,\)",
        ),
        (
            {"W": np.stack([W, W]), "b": B[None]},
            {"run": 1},
            r"^`b` must have .* shape \(2, 3\); got shape \(1, 3\)",
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
        read_model(save("model.npz", **arrays), **options)


def test_json_is_written_whole(tmp_path):
    path = tmp_path / "result.json"
    write_json(path, {"loss": 0.1, "W": [[1.0]]})
    assert json.loads(path.read_text()) == {"loss": 0.1, "W": [[1.0]]}
    write_json(str(path), [1])
    assert json.loads(path.read_text()) == [1]
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("bad", [{"loss": float("nan")}, {"loss": float("inf")}, {"loss": object()}])
def test_what_json_lacks_leaves_the_old_file(tmp_path, bad):
    path = tmp_path / "result.json"
    write_json(path, 1)
    with pytest.raises((ValueError, TypeError), match="JSON"):
        write_json(path, bad)
    assert path.read_text() == "1\n"
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    write_json(path, 1)

    def full(self, text, **_):
        self.touch()
        raise OSError("disk full")

    monkeypatch.setattr(type(path), "write_text", full)
    with pytest.raises(OSError, match="disk full"):
        write_json(path, 2)
    assert path.read_text() == "1\n"
    assert [file.name for file in tmp_path.iterdir()] == ["result.json"]


def test_a_failure_of_any_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "figure.png"
    path.write_text("old")

    def draw():
        with replacing(path) as temporary:
            assert (temporary.parent, temporary.suffix) == (tmp_path, ".png")  # writers look at the suffix
            temporary.write_text("half of the new")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        draw()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


WRITER = """
import sys
import numpy as np
from pathlib import Path
from geomsup.experiments.lab import write_data
from geomsup.files import write_json

folder, mark = Path(sys.argv[1]), sys.argv[2]
for k in range(200):
    write_json(folder / "one.json", [mark] * 2000)
    write_data(folder / "one.npz", {"a": np.full(2000, int(mark))})
"""


@pytest.mark.slow
def test_two_processes_may_write_one_file_while_others_read_it(tmp_path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), mark]) for mark in "12"]
    reads = 0
    while any(writer.poll() is None for writer in writers):
        if (tmp_path / "one.npz").exists():
            whole = json.loads((tmp_path / "one.json").read_text())
            assert (len(whole), len(set(whole))) == (2000, 1)
            assert len(set(read_arrays(tmp_path / "one.npz")["a"].tolist())) == 1
            reads += 1
    assert [writer.returncode for writer in writers] == [0, 0]
    assert reads > 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["one.json", "one.npz"]


def test_every_part_of_a_training_is_read(tmp_path):
    run = gs.train(gs.Features(3, 0.5), (2, 5), models=2, steps=3, batch=4, hidden_bias=True)
    run.save(tmp_path / "run.npz")
    back = read_model(tmp_path / "run.npz", run=1)
    assert np.array_equal(back(np.eye(3)), run.model(1)(np.eye(3)))
