"""Layouts that people save, single and batched, tied and untied: the true loss, or one line that names what decides."""

import numpy as np
import pytest
from safetensors.numpy import save_file

import geomsup as gs
from tests.loading.common import RUNS, loss, trained, truth

# Names of encoder, decoder (of untied models), bias; and whether encoder and decoder are stored as (out, in).
LAYOUTS = {
    "W b": ("W", "W_out", "b", (False, False)),
    "W b_final": ("W", "W_out", "b_final", (False, False)),
    "W_in W_out b": ("W_in", "W_out", "b", (False, True)),
    "embedding": ("embedding.weight", "unembedding.weight", "unembedding.bias", (True, False)),
    "Embedding": ("embedding.weight", "unembedding.weight", "unembedding.bias", (False, False)),
    "linear": ("linear1.weight", "linear2.weight", "linear2.bias", (True, False)),
    "Sequential": ("0.weight", "1.weight", "1.bias", (True, False)),
    "module": ("module.encoder.weight", "module.decoder.weight", "module.decoder.bias", (True, False)),
    "compiled": ("_orig_mod.fc1.weight", "_orig_mod.fc2.weight", "_orig_mod.fc2.bias", (True, False)),
    "autoencoder": ("W_enc", "W_dec", "b_dec", (False, True)),
    "prefixed": ("toy.W", "toy.W_out", "toy.b_final", (False, False)),
    "weight bias": ("weight", "decoder.weight", "bias", (False, False)),
    "numbered": ("W1", "W2", "b2", (True, False)),
    "checkpoint": ("model_state_dict.W", "model_state_dict.W_out", "model_state_dict.b", (False, False)),
}

BARE = ("W", "weight", "W_in")


def swapped(matrix):
    return np.swapaxes(matrix, -1, -2)


def state(layout, tied, batch, transposed):
    encoder, decoder, bias, (flip_encoder, flip_decoder) = LAYOUTS[layout]
    W, W_out, b = trained(tied)
    arrays = {encoder: swapped(W) if flip_encoder != transposed else W, bias: b}
    if not tied:
        arrays[decoder] = swapped(W_out) if flip_decoder != transposed else W_out
    if batch == "single":
        return {name: array[1] for name, array in arrays.items()}
    if batch == "last":
        return {name: np.moveaxis(array, 0, -1) for name, array in arrays.items()}
    return arrays


def loaded(path, options):
    """Return the model and no complaint, or no model and the complaint."""
    try:
        return gs.load(path, **options), ""
    except ValueError as error:
        return None, str(error)


@pytest.mark.parametrize("transposed", [False, True], ids=["as usual", "transposed"])
@pytest.mark.parametrize("batch", ["single", "first", "last"])
@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_true_loss_or_a_line(tmp_path, layout, tied, batch, transposed):
    arrays = state(layout, tied, batch, transposed)
    path = tmp_path / "model.npz"
    np.savez(path, **arrays)
    options = {"run": None if batch == "single" else 1}
    for _ in range(3):
        model, complaint = loaded(path, options)
        if model is not None:
            break
        assert "\n" not in complaint
        asked = complaint.split("`")[1]
        # (runs, m, n) and (n, m, runs) have the same shapes, of weights and of biases.
        # Bare names have no convention: an untied pair may be transposed, or have a wide hidden layer.
        bare = LAYOUTS[layout][0].endswith(BARE) and (not tied or layout == "W_in W_out b")
        assert batch != "single" if asked == "instances" else bare
        columns = transposed != LAYOUTS[layout][3][0]
        options[asked] = {"instances": batch, "orientation": "columns" if columns else "rows"}[asked]
    assert loss(model) == pytest.approx(truth(tied, 1), rel=1e-12)
    assert all(name in model.source for name in arrays)
    assert ("tied" in model.source) == tied
    assert loss(gs.ToyModel.from_state(arrays, **options)) == loss(model)


def test_what_batches_usually_look_like_needs_no_flag():
    """Runs first and rows of features, as here and in the paper's code."""
    for layout in ("W b_final", "embedding", "linear", "Sequential"):
        encoder, _, bias, _ = LAYOUTS[layout]
        W, _, b = trained(False)
        model = gs.ToyModel.from_state({encoder: W, bias: b}, run=2)
        assert loss(model) == loss(gs.ToyModel(W[2], b[2]))


@pytest.mark.parametrize("batch", ["first", "last"])
def test_every_run_of_a_batch_is_found(tmp_path, batch):
    path = tmp_path / "model.safetensors"
    save_file({k: np.ascontiguousarray(v) for k, v in state("W b_final", True, batch, False).items()}, path)
    for run in range(RUNS):
        assert loss(gs.load(path, run=run, instances=batch)) == pytest.approx(truth(True, run), rel=1e-12)
    with pytest.raises(
        ValueError, match=r"^`run` must be given; 'model\.safetensors' holds 3 models\. Count from 0\.$"
    ):
        gs.load(path, instances=batch)
    with pytest.raises(ValueError, match=r"^`run` must be below the number of runs in the file, 3; got 3\."):
        gs.load(path, run=3, instances=batch)
    assert gs.load(path, run=1, instances=batch).source.startswith(
        f"'model.safetensors': run 1 of 3 ({batch} axis); weights W"
    )


def test_a_batch_of_which_nothing_tells_the_axis_is_refused(tmp_path):
    W = trained(True)[0]
    np.save(tmp_path / "W.npy", W)
    with pytest.raises(ValueError, match=r"^`instances` must say which axis of 'W' \(3, 5, 2\) counts the models of"):
        gs.load(tmp_path / "W.npy", run=1)
    model = gs.load(tmp_path / "W.npy", run=1, instances="first")
    assert loss(model) == loss(gs.ToyModel(W[1]))


@pytest.mark.parametrize("untied", [False, True])
def test_square_weights_need_an_orientation_or_names_of_ours(untied):
    W = np.array([[1.0, 0.2], [-0.3, 0.5]])
    arrays = {"W": W, "b": [0.1, 0.2]} | ({"W_out": W + 1} if untied else {})
    with pytest.raises(ValueError, match=r'^`W` must have more rows .*Pass orientation="rows" or "columns"\.$'):
        gs.ToyModel.from_state(arrays)
    for orientation, turned in (("rows", W), ("columns", W.T)):
        model = gs.ToyModel.from_state(arrays, orientation=orientation)
        np.testing.assert_array_equal(model.W, turned)
        assert model.W_out is None or (model.W_out == turned + 1).all()


def test_a_square_decoder_of_another_name_is_refused():
    W = np.array([[1.0, 0.2], [-0.3, 0.5]])
    arrays = {"linear1.weight": W, "linear2.weight": W, "linear2.bias": [0.1, 0.2]}
    with pytest.raises(ValueError, match=r"^`decoder` must not be square, or nobody can tell its rows from its col"):
        gs.ToyModel.from_state(arrays, orientation="columns")


def test_hidden_biases_are_used_once_the_hidden_layer_is_stated():
    W, W_out, b = (part[0] for part in trained(False))
    hidden = np.array([0.3, -0.2])
    for names in (("W_enc", "b_enc", "W_dec", "b_dec"), ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias")):
        linear = "." in names[0]
        arrays = dict(zip(names, (W.T if linear else W, hidden, W_out if linear else W_out.T, b), strict=True))
        with pytest.raises(ValueError, match=r"^`hidden_activation` must be given: `state` has the hidden bias '"):
            gs.ToyModel.from_state(arrays)
        model = gs.ToyModel.from_state(arrays, hidden_activation="linear")
        whole = gs.ToyModel(W, b, W_out=W_out, b_hidden=hidden)
        assert loss(model) == pytest.approx(loss(whole), rel=1e-12)
        relu = gs.ToyModel.from_state(arrays, hidden_activation="relu")
        x = np.eye(5)
        np.testing.assert_allclose(relu(x), gs.ToyModel(W, b, "relu", "relu", W_out, hidden)(x))


def test_a_sparse_autoencoder_is_refused_as_a_model_and_its_dictionary_classified(tmp_path):
    rng = np.random.default_rng(0)
    sizes = {"W_enc": (4, 16), "b_enc": (16,), "W_dec": (16, 4), "b_dec": (4,)}
    arrays = {name: rng.normal(size=size) for name, size in sizes.items()}
    with pytest.raises(ValueError, match=r"A sparse autoencoder, with more units than inputs, is no toy model of its"):
        gs.ToyModel.from_state(arrays, hidden_activation="relu")
    with pytest.raises(ValueError, match=r"^`path` must not hold a sparse autoencoder"):
        gs.ToyModel.from_state(arrays, hidden_activation="relu", orientation="rows")
    for fewer in (("W_enc",), ("W_enc", "W_dec"), ("W_enc", "b_dec"), ("W_enc", "W_dec", "b_enc")):
        with pytest.raises(ValueError, match="`orientation`"):
            gs.ToyModel.from_state({name: arrays[name] for name in fewer}, hidden_activation="relu")


def test_what_our_own_values_write_comes_back():
    W, W_out, b = (part[0] for part in trained(False))
    for model in (
        gs.ToyModel(W, b),
        gs.ToyModel(W.T, np.zeros(2), "abs", "relu", W_out.T, np.ones(5)),
        gs.ToyModel(W, b, "linear", "relu", np.ones((5, 4)), None, np.ones((2, 4)), np.ones(4)),
    ):
        back = gs.ToyModel.from_state(model.to_dict())
        assert back.to_dict() == model.to_dict()
