"""Files with misleading names: each ends in the true loss, or in one line; none in a wrong number."""

import numpy as np
import pytest

import geomsup as gs
from tests.loading.common import N, loss, trained

W, D, B = (part[0] for part in trained(False))  # encoder, decoder and bias of one untied model
T = trained(True)[0][0]  # weights of a tied one
H = np.array([0.3, -0.2])  # a hidden bias
ZERO = np.zeros(N)
TIED, UNTIED = gs.ToyModel(T, B), gs.ToyModel(W, B, W_out=D)
HIDDEN = gs.ToyModel(W, B, W_out=D, b_hidden=H)

# What stands in the file, the model that was saved, and whether it is read ("taken") or refused.
FILES = {
    # biases under other names
    "c": ({"W": T, "c": B}, TIED, "refused"),
    "offset": ({"W": T, "offset": B}, TIED, "refused"),
    "theta": ({"W": T, "theta": B}, TIED, "refused"),
    "bias of 1 x n": ({"W": T, "b": B[None]}, TIED, "taken"),
    "bias of n x 1": ({"W": T, "b": B[:, None]}, TIED, "taken"),
    "unnamed vector of 1 x n": ({"W": T, "c": B[None]}, TIED, "refused"),
    "output_bias": ({"W": T, "output_bias": B}, TIED, "taken"),
    "bFinal": ({"W": T, "bFinal": B}, TIED, "taken"),
    "B": ({"W": T, "B": B}, TIED, "taken"),
    "final_b": ({"W": T, "final_b": B}, TIED, "taken"),
    "b_final in a folder": ({"model/W": T, "model/b_final": B}, TIED, "taken"),
    "scalar bias": ({"W": T, "b": np.float64(-0.1)}, gs.ToyModel(T, ZERO - 0.1), "refused"),
    "bias of one number": ({"W": T, "b": [-0.1]}, gs.ToyModel(T, ZERO - 0.1), "refused"),
    "bias of wrong length": ({"W": T, "b": B[:4]}, TIED, "refused"),
    "two biases": ({"W": T, "b": ZERO, "b_final": B}, TIED, "refused"),
    "start and end": ({"W": T, "b_init": ZERO, "b": B}, TIED, "refused"),
    "best bias": ({"W": T, "b_best": B, "b": ZERO}, TIED, "refused"),
    "bias called a loss": ({"W": T, "loss": B}, TIED, "refused"),
    "bias called importance": ({"W": T, "importance": B}, TIED, "refused"),
    "bias in integers": ({"W": T, "c": np.arange(N) - 2}, gs.ToyModel(T, np.arange(N) - 2.0), "refused"),
    "pickled bias": ({"W": T, "extra": np.array({"b": B}, dtype=object)}, TIED, "refused"),
    "norm.bias": ({"W": T, "norm.bias": ZERO, "b": B}, TIED, "refused"),
    "layernorm": ({"W": T, "ln.weight": ZERO + 2, "b": B}, TIED, "refused"),
    # what is no part of the model
    "losses": ({"W": T, "b": B, "loss": np.ones(N), "steps": np.arange(N)}, TIED, "taken"),
    "importance": ({"W": T, "b": B, "importance": 0.9 ** np.arange(N), "probability": ZERO + 0.05}, TIED, "taken"),
    "history": ({"W": T, "b": B, "W_history": np.stack([T, T]), "b_history": np.stack([B, ZERO])}, TIED, "taken"),
    "optimizer": ({"W": T, "b": B, "optimizer.exp_avg.W": T, "optimizer.exp_avg.b": ZERO}, TIED, "taken"),
    "gradients": ({"W": T, "b": B, "W_grad": T, "b_grad": B}, TIED, "taken"),
    "a note": ({"W": T, "b": B, "note": np.array("n = 5")}, TIED, "taken"),
    "data": ({"W": T, "b": B, "X": np.ones((7, 3))}, TIED, "taken"),
    "data of features": ({"W": T, "b": B, "X": np.ones((7, N))}, TIED, "refused"),
    "learning rate": ({"W": T, "b": B, "lr": np.float64(1e-3)}, TIED, "taken"),
    "scale": ({"W": T / 2, "b": B, "scale": np.float64(2.0)}, TIED, "refused"),
    # numbers and flags that a forward pass may use
    "alpha": ({"W": T, "b": B, "alpha": np.float64(0.5)}, TIED, "refused"),
    "log_alpha of one entry": ({"W": T, "b": B, "log_alpha": [0.5]}, TIED, "refused"),
    "skip": ({"W": T, "b": B, "skip": np.float64(0.1)}, TIED, "refused"),
    "input_std": ({"W": T, "b": B, "input_std": np.float64(2.0)}, TIED, "refused"),
    "zero_point": ({"W": T, "b": B, "zero_point": 0}, TIED, "refused"),
    "a number per run": (
        {"W": np.stack([T] * 3), "b": np.stack([B] * 3), "alpha": np.ones((3, 1))},
        TIED,
        "refused",
    ),
    "use_relu": ({"W": T, "b": B, "use_relu": False}, TIED, "refused"),
    "config.tied": ({"W": T, "b": B, "config.tied": False}, UNTIED, "refused"),
    "counts": ({"W": T, "b": B, "n": 5, "n_hidden": 2, "num_batches_tracked": 7, "weight_decay": 0.01}, TIED, "taken"),
    "settings": ({"W": T, "b": B, "hparams.anything": 0.3, "args.verbose": True}, TIED, "taken"),
    "a decoder in one line": ({"W": W, "V": D.ravel(), "b": B}, UNTIED, "refused"),
    # activations under other words
    "act": ({"W": T, "b": B, "act": "gelu"}, gs.ToyModel(T, B, "gelu"), "taken"),
    "nonlinearity": ({"W": T, "b": B, "nonlinearity": "ReLU()"}, TIED, "taken"),
    "config.act_fn": ({"W": T, "b": B, "config.act_fn": "Abs"}, gs.ToyModel(T, B, "abs"), "taken"),
    "output_activation": ({"W": T, "b": B, "output_activation": "sigmoid"}, TIED, "refused"),
    "two texts": ({"W": T, "b": B, "act": "relu", "final_activation": "gelu"}, TIED, "refused"),
    "a list of texts": ({"W": T, "b": B, "activations": ["relu", "gelu"]}, TIED, "refused"),
    "a text of an unknown layer": ({"W": T, "b": B, "gate_act": "gelu"}, TIED, "refused"),
    "a text of one of two layers": ({"W": W, "W_out": D, "b": B, "act": "relu"}, UNTIED, "refused"),
    "texts of both layers": (
        {"W": W, "W_out": D, "b": B, "encoder.act": "linear", "decoder.act": "relu"},
        UNTIED,
        "taken",
    ),
    # what PyTorch's layers leave
    "a layer without arrays first": ({"1.weight": W.T, "2.weight": D, "2.bias": B}, UNTIED, "refused"),
    "linear1 is the first": ({"linear1.weight": W.T, "linear2.weight": D, "linear2.bias": B}, UNTIED, "taken"),
    "batchnorm": ({"0.weight": W.T, "1.running_mean": H, "1.running_var": H**2, "2.weight": D}, UNTIED, "refused"),
    "prelu": ({"0.weight": W.T, "1.weight": D, "1.bias": B, "2.weight": [0.25]}, UNTIED, "refused"),
    "weight_norm": ({"enc.weight_g": H[:, None], "enc.weight_v": W.T, "dec.weight": D, "b": B}, UNTIED, "refused"),
    "pruned": ({"W_orig": T, "W_mask": np.ones((N, 2)), "b": B}, TIED, "refused"),
    "low rank": ({"W": T, "b": B, "lora_A": np.ones((3, 2)), "lora_B": np.ones((N, 3))}, TIED, "refused"),
    # decoders under other names
    "V": ({"W": W, "V": D, "b": B}, UNTIED, "refused"),
    "Wd": ({"W": W, "Wd": D.T, "b": B}, UNTIED, "refused"),
    "U, V": ({"U": W, "V": D, "b": B}, UNTIED, "refused"),
    "lm_head": ({"W": W, "lm_head.weight": D, "b": B}, UNTIED, "refused"),
    "decoder.W": ({"encoder.W": W, "decoder.W": D, "decoder.b": B}, UNTIED, "taken"),
    "out.weight": ({"in.weight": W.T, "out.weight": D, "out.bias": B}, UNTIED, "taken"),
    "bare words": ({"encoder": W, "decoder": D, "decoder_bias": B}, UNTIED, "taken"),
    "decoder alone": ({"W_dec": T, "b_dec": B}, TIED, "refused"),
    "decoder of another width": ({"W": W, "W_out": np.ones((N, 3)), "b": B}, UNTIED, "refused"),
    "two encoders": ({"W": W, "W_enc": W, "W_out": D, "b": B}, UNTIED, "refused"),
    "two decoders": ({"W": W, "W_dec": ZERO[:, None] + [0, 1], "W_out": D, "b": B}, UNTIED, "refused"),
    "W_final": ({"W": 0 * T, "W_final": T, "b": B}, TIED, "refused"),
    "ema": ({"W": T, "b": B, "ema.W": 0 * T, "ema.b": ZERO}, TIED, "refused"),
    "best and ema": ({"W": T, "b": B, "ema.W": W, "ema.b": ZERO, "opt.0.avg": T}, TIED, "refused"),
    "a third layer": (
        {"fc1.weight": W.T, "fc2.weight": np.eye(2), "fc3.weight": D, "fc3.bias": B},
        gs.ToyModel(W, B, W_out=D),
        "refused",
    ),
    "a list of models": ({"models.0.W": T, "models.0.b": B, "models.1.W": W, "models.1.b": B}, TIED, "refused"),
    "runs by number": ({"run_0.W": T, "run_0.b": B, "run_1.W": T, "run_1.b": ZERO}, TIED, "refused"),
    # hidden biases
    "hidden bias as b": ({"W": W, "W_out": D, "b": H}, gs.ToyModel(W, W_out=D, b_hidden=H), "refused"),
    "b_enc": ({"W_enc": W, "W_dec": D.T, "b_enc": H, "b_dec": B}, HIDDEN, "refused"),
    "b_in": ({"W_in": W, "W_out": D, "b_in": H, "b_out": B}, HIDDEN, "refused"),
    "unnamed hidden bias": ({"W": W, "W_out": D, "b": B, "h0": H}, HIDDEN, "refused"),
    "a bias of inputs": ({"W_enc": W, "W_dec": D.T, "b_in": B, "b_dec": B}, HIDDEN, "refused"),
    "fc1.bias": ({"fc1.weight": W.T, "fc1.bias": H, "fc2.weight": D, "fc2.bias": B}, HIDDEN, "refused"),
    # batches
    "bias of other runs": ({"W": np.stack([T, T]), "b": np.stack([B, B, B])}, TIED, "refused"),
    "one bias for all runs": ({"W": np.stack([T, T]), "b": B}, TIED, "refused"),
    "runs in the middle": ({"W": np.stack([T] * 3, 1), "b": np.stack([B] * 3)}, TIED, "refused"),
    "runs at different ends": ({"W": np.stack([T] * 4, 2), "b": np.stack([B] * 4)}, TIED, "refused"),
    "no name at all": ({"arr_0": T, "arr_1": B}, TIED, "refused"),
}  # fmt: skip


def test_there_are_fifty_and_more():
    assert len(FILES) >= 50


@pytest.mark.parametrize("case", FILES)
def test_no_file_gives_a_wrong_number(tmp_path, case):
    arrays, saved, end = FILES[case]
    path = tmp_path / "model.npz"
    np.savez(path, **arrays)
    if end == "taken":
        assert loss(gs.load(path)) == pytest.approx(loss(saved), rel=1e-12)
        return
    with pytest.raises((ValueError, TypeError), match=r"^`[^\n]*$"):
        gs.load(path)


@pytest.mark.parametrize(
    ("case", "options"),
    [
        ("c", {"bias": "c"}),
        ("unnamed vector of 1 x n", {"bias": "c"}),
        ("two biases", {"bias": "b_final", "ignore": "b"}),
        ("start and end", {"bias": "b"}),
        ("V", {"decoder": "V", "orientation": "rows"}),
        ("U, V", {"weights": "U", "decoder": "V", "orientation": "rows"}),
        ("lm_head", {"decoder": "lm_head.weight"}),
        ("decoder alone", {"weights": "W_dec"}),
        ("data of features", {"ignore": ["X"]}),
        ("W_final", {"weights": "W_final", "decoder": False}),
        ("ema", {"ignore": ["ema.W", "ema.b"]}),
        ("b_enc", {"hidden_activation": "linear"}),
        ("unnamed hidden bias", {"hidden_bias": "h0", "hidden_activation": "linear"}),
        ("no name at all", {"bias": "arr_1"}),
        ("layernorm", {"ignore": "ln.weight"}),
        ("alpha", {"ignore": "alpha"}),
        ("best and ema", {"ignore": ["ema", "opt"]}),
        ("output_activation", {"activation": "relu"}),
        ("two texts", {"activation": "relu"}),
        ("a text of an unknown layer", {"activation": "relu", "hidden_activation": "linear"}),
        ("a text of one of two layers", {"activation": "relu", "hidden_activation": "linear"}),
        ("a layer without arrays first", {"weights": "1.weight", "decoder": "2.weight", "bias": "2.bias"}),
    ],
)
def test_options_decide(case, options):
    arrays, saved, _ = FILES[case]
    model = gs.ToyModel.from_state(arrays, **options)
    if case != "layernorm":
        assert loss(model) == pytest.approx(loss(saved), rel=1e-12)
    assert all(name in model.source for name in (options.get("bias"), options.get("decoder")) if isinstance(name, str))


def test_all_numbers_that_may_matter_are_named_at_once():
    message = (
        r"^`path` must leave no doubt: 'alpha' \(\), 'gamma' \(1,\) of `state` may be parts of the model, and were "
    )
    with pytest.raises(ValueError, match=message):
        gs.ToyModel.from_state({"W": T, "b": B, "alpha": 0.5, "gamma": [2.0]})


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (
            {"gate_act": "gelu"},
            "`activation` must be given: `state` has gate_act = 'gelu', which leaves it open. Pass its name, such as ",
        ),
        (
            {"act": "relu", "final_act": "abs"},
            "`activation` must be given: `state` has act = 'relu', final_act = 'abs', ",
        ),
        ({"activation": None}, '`activation` must be one of "relu", '),
        ({"hidden_act": "Swish"}, '`hidden_activation` must be one of "relu", '),
    ],
)
def test_texts_that_leave_activations_open_are_named(texts, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        gs.ToyModel.from_state({"W": T, "b": B} | texts)
    model = gs.ToyModel.from_state({"W": T, "b": B} | texts, activation="relu", hidden_activation="linear")
    assert loss(model) == loss(TIED)


def test_a_bias_is_left_out_where_it_is_asked_for():
    model = gs.ToyModel.from_state({"W": T, "b_final": B}, bias=False)
    assert (model.b == 0).all()
    assert "bias none" in model.source
    assert "not used: b_final" in model.source


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "V"}, "`weights` must be an array of `state`; got 'V'. Pick one of: W, b."),
        ({"weights": 3}, "`weights` must be the name of an array; got 3. Pass its key."),
        ({"weights": False}, "`weights` must be the name of an array; got False."),
        ({"bias": True}, "`bias` must be the name of an array, or False for none; got True."),
        ({"bias": "a"}, "`bias` must be an array of `state`; got 'a'."),
        ({"ignore": "a"}, "`ignore` must be an array of `state`; got 'a'."),
        ({"ignore": 3}, "`ignore` must be a list of names of arrays; got 3."),
        ({"run": 1}, "`run` must be below the number of runs in the file, 1; got 1."),
        ({"run": 0.5}, "`run` must be an integer"),
        ({"instances": "middle"}, '`instances` must be one of "auto", "first", "last"'),
        ({"orientation": "up"}, '`orientation` must be one of "auto", "rows", "columns"'),
        ({"activation": "tanh"}, '`activation` must be one of "relu"'),
    ],
)
def test_options_that_cannot_be_are_named(options, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        gs.ToyModel.from_state({"W": T, "b": B}, **options)
    assert str(caught.value).startswith(message)
