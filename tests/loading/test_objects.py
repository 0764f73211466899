"""Objects that hold a model are taken, and others refused in words that say what to pass."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file

import geomsup as gs
from tests.loading.common import FEATURES, loss, trained

W, D, B = (part[0] for part in trained(False))


class Tensor:
    """What a PyTorch tensor shows of itself here; the rest of PyTorch is not needed."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, "torch.float64"

    def detach(self):
        return self

    cpu = double = detach

    def is_complex(self):
        return False

    def numpy(self):
        return self.array


class Module:
    """What a PyTorch module shows of itself."""

    def __init__(self, **arrays):
        self.arrays = {name.replace("__", "."): Tensor(array) for name, array in arrays.items()}

    def state_dict(self):
        return self.arrays


class Linear(Module):
    """A layer."""

    weight = Tensor(W)


class Embedding(Linear):
    """Another layer."""


TAKEN = {
    "module": Module(linear1__weight=W.T, linear2__weight=D, linear2__bias=B),
    "state dict": Module(linear1__weight=W.T, linear2__weight=D, linear2__bias=B).state_dict(),
    "nested": {"epoch": 3, "net": {"encoder": {"weight": W.T}, "decoder": {"weight": D, "bias": B}}},
    "lists": {"W": W.tolist(), "W_out": D.tolist(), "b": B.tolist()},
    "to_dict": gs.ToyModel(W, B, W_out=D).to_dict(),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_holds_a_model_is_taken(case):
    model = gs.ToyModel.from_state(TAKEN[case])
    assert loss(model) == pytest.approx(loss(gs.ToyModel(W, B, W_out=D)), rel=1e-12)
    assert model.source.startswith("the module Module: weights " if case == "module" else "`state`: weights ")


MASKED = np.ma.masked_array(W, mask=np.zeros(W.shape, bool))
RUN = gs.train(FEATURES, 2, models=2, steps=2, batch=4, threads=1)
ARRAY = "`W` must be an array; got "
REFUSED = [
    (gs.classify, {"W": W}, ARRAY + "a dictionary with the keys 'W'. Pass one of its arrays, or build a model with"),
    (gs.as_rows, {}, ARRAY + "a dictionary with the keys none."),
    (gs.ToyModel, {"W": W, "b": B}, ARRAY + "a dictionary with the keys 'W', 'b'. Pass one of its arrays"),
    (gs.classify, Linear(), ARRAY + "the module Linear. Pass its `.weight`, or build a model with"),
    (gs.dimensionality, Module(a=W), ARRAY + "the module Module. Pass the `.weight` of a layer, or build"),
    (gs.ToyModel, RUN, ARRAY + "a TrainingRun. Pass its `.W`."),
    (gs.ToyModel, MASKED, "`W` must not be a masked array"),
    (gs.ToyModel.from_state, Linear(), "`state` must be a whole model; got the layer Linear alone. Pass {"),
    (gs.ToyModel.from_state, Embedding(weight=W), "`state` must be a whole model; got the layer Embedding alone."),
    (gs.ToyModel.from_state, RUN, "`state` must be one model; got a TrainingRun. Pick one with `.model(0)`"),
    (gs.ToyModel.from_state, {"W": MASKED, "b": B}, "`W` must not be a masked array"),
    (gs.ToyModel.from_state, W, "`state` must be a dictionary of arrays, or a PyTorch module; got array("),
    (gs.ToyModel.from_state, SimpleNamespace(a=1), "`state` must be a dictionary of arrays, or a PyTorch module"),
    (gs.ToyModel.from_state, {}, "`weights` must be an array; `state` holds no arrays."),
    (gs.ToyModel.from_state, {"W": "text"}, "`weights` must be an array; `state` holds no arrays."),
    (gs.ToyModel.from_state, {"W": [[1, 2], [3]]}, "`W` must be rectangular"),
    (gs.load, 5, "`path` must be a path; got 5 (int)."),
]  # fmt: skip


@pytest.mark.parametrize(("call", "value", "message"), REFUSED)
def test_what_holds_none_is_refused_in_words_that_help(call, value, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        call(value)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("call", [gs.expected_loss, gs.hessian])
def test_where_a_model_is_needed_the_way_to_one_is_named(call):
    for value, advice in (
        (RUN, r"got TrainingRun\. Pick one: run\.best\(\) or run\.model\(0\)\.$"),
        ({"W": W}, r"got dict\. Build one: ToyModel\.from_state\(\.\.\.\)\.$"),
        (Module(W=W), r"got Module\. Build one: ToyModel\.from_state"),
        (W, r"got ndarray\. Wrap the weights: ToyModel\(W, b\)\.$"),
    ):
        with pytest.raises(TypeError, match=r"^`model` must be a ToyModel; " + advice):
            call(value, FEATURES)


def test_runs_and_modules_with_weights_are_taken_where_weights_are():
    assert len(gs.classify(RUN)) == 2
    assert gs.as_rows(SimpleNamespace(W=W.T)).shape == W.shape


def test_layers_with_a_number_between_them_may_have_an_activation_there(rng):
    """Of nn.Sequential(Linear, ReLU, Linear), the ReLU has the number 1 and no arrays."""
    state = {"0.weight": rng.normal(size=(2, 5)), "2.weight": rng.normal(size=(5, 2)), "2.bias": np.zeros(5)}
    with pytest.raises(ValueError, match=r"`hidden_activation` must be given: the layers .* leave room"):
        gs.ToyModel.from_state(state)
    model = gs.ToyModel.from_state(state, hidden_activation="relu")
    np.testing.assert_array_equal(model.W_out, state["2.weight"])
    state = {name.replace("2.", "1."): array for name, array in state.items()}
    assert gs.ToyModel.from_state(state).hidden_activation == "linear"


def test_texts_that_numpy_has_wrapped_are_obeyed(tmp_path):
    W = [[1.0], [-1.0]]
    np.savez(tmp_path / "z.npz", W=W, activation="gelu")
    assert gs.load(tmp_path / "z.npz").activation == "gelu"
    assert gs.ToyModel.from_state(dict(np.load(tmp_path / "z.npz"))).activation == "gelu"


def test_texts_are_obeyed_in_every_kind_of_file_under_the_words_of_others(tmp_path):
    weights = {"W": np.array([[1.0], [-1.0]]), "b": np.array([0.1, 0.2])}
    np.savez(tmp_path / "z.npz", **weights, act="GELU")
    save_file(weights, tmp_path / "z.safetensors", metadata={"nonlinearity": "GELU"})
    lists = {name: array.tolist() for name, array in weights.items()}
    (tmp_path / "z.json").write_text(json.dumps(lists | {"config": {"act_fn": "GELU"}}))
    for kind in ("npz", "safetensors", "json"):
        model = gs.load(tmp_path / f"z.{kind}")
        assert model.activation == "gelu"
        assert model.source.endswith("activation gelu")


def test_sparse_tensors_are_filled_up():
    class Sparse(Tensor):
        layout = "torch.sparse_coo"

        def to_dense(self):
            return Tensor(self.array)

        def numpy(self):
            raise TypeError("can't convert Sparse layout tensor to numpy.")

        double = cpu = detach = lambda self: self

    np.testing.assert_array_equal(gs.as_rows(Sparse(W)), W)
