"""The toy model against plain NumPy, and the door through which outside arrays come in."""

import dataclasses
import json
import sys
import types

import numpy as np
import pytest
from hypothesis import given, strategies as st

import geomsup as gs
from geomsup import ToyModel, as_rows

entries = st.floats(-5, 5)


@st.composite
def weights(draw, max_features=6, max_hidden=4):
    """Return W, W_out (n, m), b (n,) and inputs (k, n) of some sizes."""
    n, m, k = draw(st.integers(1, max_features)), draw(st.integers(1, max_hidden)), draw(st.integers(0, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.normal(size=(n, m)), rng.normal(size=(n, m)), rng.normal(size=n), rng.normal(size=(k, n))


def by_hand(x, W, W_out, b, relu):
    """Entry by entry: x'_i = f(Σ_k W_out[i, k] Σ_j W[j, k] x_j + b_i)."""
    n, m = W.shape
    result = np.empty_like(x)
    for row, inputs in enumerate(x):
        hidden = [sum(W[j, k] * inputs[j] for j in range(n)) for k in range(m)]
        for i in range(n):
            u = sum(W_out[i, k] * hidden[k] for k in range(m)) + b[i]
            result[row, i] = max(u, 0.0) if relu else u
    return result


@given(weights(), st.sampled_from(["relu", "linear"]))
def test_outputs_are_those_written_out(arrays, activation):
    W, W_out, b, x = arrays
    tied, untied = (ToyModel(W, b, activation=activation, W_out=out) for out in (None, W_out))
    np.testing.assert_allclose(tied(x), by_hand(x, W, W, b, activation == "relu"), rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(untied(x), by_hand(x, W, W_out, b, activation == "relu"), rtol=1e-10, atol=1e-10)


@given(weights())
def test_gram_and_coupling_are_inner_products(arrays):
    W, W_out, b, _ = arrays
    tied, untied = ToyModel(W, b), ToyModel(W, b, W_out=W_out)
    np.testing.assert_allclose(tied.gram, np.einsum("ik,jk->ij", W, W), atol=1e-12)
    np.testing.assert_array_equal(tied.coupling, tied.gram)
    np.testing.assert_allclose(untied.coupling, np.einsum("ik,jk->ij", W_out, W), atol=1e-12)
    np.testing.assert_allclose(untied.gram, tied.gram, atol=1e-12)
    assert (tied.n_features, tied.n_hidden) == W.shape


def test_inputs_may_have_any_leading_axes():
    model = ToyModel([[1.0], [-1.0]])
    assert model([0.5, 0]).shape == (2,)
    assert model(np.zeros((3, 4, 2))).shape == (3, 4, 2)
    assert model(np.zeros((0, 2))).shape == (0, 2)


def test_hidden_biases_and_a_second_layer_are_those_written_out(rng):
    W, between, W_out = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    b, b_hidden, b_between, x = rng.normal(size=4), rng.normal(size=3), rng.normal(size=2), rng.normal(size=(5, 4))
    one = ToyModel(W, b, hidden_activation="relu", b_hidden=b_hidden)
    two = ToyModel(W, b, "linear", "abs", W_out, b_hidden, between, b_between)
    for row, ours, theirs in zip(x, one(x), two(x), strict=True):
        z = [sum(W[i, k] * row[i] for i in range(4)) + b_hidden[k] for k in range(3)]
        u = [sum(W[i, k] * max(z[k], 0.0) for k in range(3)) + b[i] for i in range(4)]
        assert ours == pytest.approx([max(value, 0.0) for value in u])
        h = [max(sum(between[k, q] * abs(z[k]) for k in range(3)) + b_between[q], 0.0) for q in range(2)]
        assert theirs == pytest.approx([sum(W_out[i, q] * h[q] for q in range(2)) + b[i] for i in range(4)])
    np.testing.assert_allclose(two.coupling, W_out @ between.T @ W.T)
    assert repr(one) == "ToyModel(4 features in 3 dimensions, relu hidden, hidden bias, relu)"
    assert repr(two) == "ToyModel(4 features in 3 and 2 dimensions, abs hidden, hidden bias, linear, untied)"
    again = ToyModel(**json.loads(json.dumps(two.to_dict())))
    np.testing.assert_array_equal(again(x), two(x))
    assert ToyModel(W, W_out=W_out, W_between=between).b_between.tolist() == [0, 0]


def test_bias_is_zero_by_default():
    assert ToyModel([[1], [2]]).b.tolist() == [0, 0]


def test_a_model_keeps_copies_of_its_own():
    W, W_out, b = np.ones((3, 2)), np.ones((3, 2)), np.ones(3)
    model = ToyModel(W, b, W_out=W_out)
    for mine in (W, W_out, b):
        mine[:] = 7
    for own in (model.W, model.W_out, model.b):
        assert (own == 1).all()
        with pytest.raises(ValueError, match="read-only"):
            own[0] = 2
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.b = b


def test_callers_arrays_are_not_written_to(read_only):
    model = ToyModel(read_only([[1, 0], [0, 1], [1, 1]]), read_only([0, 0, 1]), W_out=read_only(np.ones((3, 2))))
    model(read_only(np.ones((2, 3))))
    for orientation in ("rows", "columns", "auto"):
        as_rows(read_only(np.ones((2, 3))), orientation=orientation)


def test_a_view_that_changes_later_does_not_matter():
    base = np.arange(12.0).reshape(3, 4)
    model = ToyModel(base.T[1:])
    before = model.W.copy()
    base[:] = 0
    np.testing.assert_array_equal(model.W, before)


def test_to_dict_is_json():
    model = ToyModel([[1.0, 0.5]], [0.25], activation="linear", W_out=[[1, 2]])
    assert json.loads(json.dumps(model.to_dict())) == {
        "W": [[1.0, 0.5]],
        "b": [0.25],
        "activation": "linear",
        "hidden_activation": "linear",
        "W_out": [[1.0, 2.0]],
        "b_hidden": None,
        "W_between": None,
        "b_between": None,
    }
    assert ToyModel(**json.loads(json.dumps(model.to_dict()))).to_dict() == model.to_dict()


def test_repr_says_the_size():
    assert repr(ToyModel(np.ones((5, 2)))) == "ToyModel(5 features in 2 dimensions, relu)"
    untied = ToyModel(np.ones((5, 2)), activation="linear", W_out=np.ones((5, 2)))
    assert repr(untied) == "ToyModel(5 features in 2 dimensions, linear, untied)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: ToyModel([1, 2]),
            ValueError,
            r"^`W` must have the shape \(n_features, n_hidden\); got shape \(2,\)",
        ),
        (
            lambda: ToyModel(np.ones((2, 3, 1))),
            ValueError,
            r"^`W` must have the shape .* got shape \(2, 3, 1\)\. Pass",
        ),
        (
            lambda: ToyModel(np.ones((0, 2))),
            ValueError,
            r"^`W` must have the shape .* got shape \(0, 2\)\. Pass",
        ),
        (
            lambda: ToyModel([[1], [2, 3]]),
            ValueError,
            r"^`W` must be rectangular; its rows have different lengths",
        ),
        (
            lambda: ToyModel([[np.nan]]),
            ValueError,
            r"^`W` must be finite; got nan at index \(0, 0\)\. Remove",
        ),
        (lambda: ToyModel([["a"]]), TypeError, r"^`W` must hold real numbers; got text\. Convert"),
        (
            lambda: ToyModel([[1, 2]], b_hidden=[1]),
            ValueError,
            r"^`b_hidden` must have one entry per hidden unit \(2,\); got shape \(1,\)\. Check its layer\.$",
        ),
        (
            lambda: ToyModel([[1, 2]], b_between=[1]),
            ValueError,
            r"^`b_between` must come with `W_between`; got it alone",
        ),
        (
            lambda: ToyModel([[1, 2]], W_between=[[1]]),
            ValueError,
            r"^`W_between` must have a row per unit of the first hidden layer \(2\); got shape \(1, 1\)",
        ),
        (
            lambda: ToyModel([[1, 2]], W_between=[[1], [2]]),
            ValueError,
            r"^`W_out` must be given with `W_between`: two hidden layers have no tied form",
        ),
        (
            lambda: ToyModel([[1, 2]], W_between=[[1], [2]], W_out=[[1, 2]]),
            ValueError,
            r"^`W_out` must have a row per feature .* \(1, 1\); got \(1, 2\)\. Transpose it\?$",
        ),
        (
            lambda: ToyModel([[1, 2]], W_between=[[1], [2]], W_out=[[1]], b_between=[1, 2]),
            ValueError,
            r"^`b_between` must have one entry per hidden unit \(1,\)",
        ),
        (lambda: ToyModel([[1j]]), TypeError, r"^`W` must hold real numbers; got complex numbers\. Convert"),
        (
            lambda: ToyModel([[1], [2]], [0]),
            ValueError,
            r"^`b` must have one entry per feature \(2,\); got shape \(1,\)\. Transpose `W`\?$",
        ),
        (
            lambda: ToyModel([[1], [2]], 0.5),
            ValueError,
            r"^`b` must have one entry per feature \(2,\); got shape \(\)",
        ),
        (
            lambda: ToyModel([[1], [2]], [0, np.inf]),
            ValueError,
            r"^`b` must be finite; got inf at index \(1,\)",
        ),
        (
            lambda: ToyModel([[1], [2]], W_out=[[1, 2]]),
            ValueError,
            r"^`W_out` must have the shape of `W`, \(2, 1\); got \(1, 2\)\. Transpose it\?$",
        ),
        (
            lambda: ToyModel([[1]], W_out=[1]),
            ValueError,
            r"^`W_out` must have the shape \(n_features, n_hidden\)",
        ),
        (
            lambda: ToyModel([[1]], activation="tanh"),
            ValueError,
            r'^`activation` must be one of "relu", "linear", .*; got \'tanh\'\. Pick one',
        ),
        (
            lambda: ToyModel([[1]], hidden_activation="tanh"),
            ValueError,
            r"^`hidden_activation` must be one of .*; got \'tanh\'\. Pick one",
        ),
        (
            lambda: ToyModel([[1], [2]])([1, 2, 3]),
            ValueError,
            r"^`x` must have 2 features on its last axis; got shape \(3,\)\. Rows are samples\.$",
        ),
        (
            lambda: ToyModel([[1]])(1.0),
            ValueError,
            r"^`x` must have 1 feature on its last axis; got shape \(\)",
        ),
        (
            lambda: ToyModel([[1]])([np.nan]),
            ValueError,
            r"^`x` must be finite; got nan at index \(0,\)\. Remove",
        ),
        (
            lambda: as_rows([1, 2]),
            ValueError,
            r"^`W` must have the shape \(n_features, n_hidden\), or a batch of these; got shape",
        ),
        (
            lambda: as_rows(3.0),
            ValueError,
            r"^`W` must have the shape .* got shape \(\)\. Pass a row per feature",
        ),
        (
            lambda: as_rows([]),
            ValueError,
            r"^`W` must have the shape .* got shape \(0,\)\. Pass a row per feature",
        ),
        (
            lambda: as_rows(np.ones((3, 0))),
            ValueError,
            r"^`W` must have the shape .* got shape \(3, 0\)\. Pass",
        ),
        (
            lambda: as_rows(np.ones((0, 3, 2))),
            ValueError,
            r"^`W` must have the shape .* got shape \(0, 3, 2\)",
        ),
        (lambda: as_rows([[1, 2], [3]]), ValueError, r"^`W` must be rectangular; .* Pad or drop rows\.$"),
        (
            lambda: as_rows([[1, 2], [3, np.nan], [1, 1]]),
            ValueError,
            r"^`W` must be finite; got nan at index \(1, 1\)\. Remove NaN and infinity first\.$",
        ),
        (
            lambda: as_rows(np.ones((3, 2)) * 1j),
            TypeError,
            r"^`W` must hold real numbers; got complex numbers\.",
        ),
        (lambda: as_rows([["a", "b"]]), TypeError, r"^`W` must hold real numbers; got text\. Convert"),
        (lambda: as_rows(None), TypeError, r"^`W` must hold real numbers; got objects\. Convert"),
        (
            lambda: as_rows(np.ones((5, 5))),
            ValueError,
            r"^`W` must have more rows \(features\) than columns \(hidden units\) when orientation "
            r'is "auto"; got shape \(5, 5\)\. Pass orientation="rows" or "columns"\.$',
        ),
        (
            lambda: as_rows(np.ones((9, 5, 5))),
            ValueError,
            r"^`W` must have more rows .* got shape \(9, 5, 5\)\. Pass",
        ),
        (
            lambda: as_rows([[1], [2]], orientation="row"),
            ValueError,
            r'^`orientation` must be one of "auto", "rows", "columns"; got \'row\'\. Pick one',
        ),
    ],
)
def test_bad_input_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


@given(st.integers(1, 5), st.integers(1, 5), st.lists(st.integers(1, 3), max_size=2), st.booleans())
def test_orientation_says_which_axis_is_the_features(n, m, batch, as_list):
    W = np.arange(float(np.prod([*batch, n, m]))).reshape(*batch, n, m)
    given_W = W.tolist() if as_list else W
    np.testing.assert_array_equal(as_rows(given_W, orientation="rows"), W)
    np.testing.assert_array_equal(as_rows(given_W, orientation="columns"), np.swapaxes(W, -1, -2))
    if n != m:
        longer_first = W if n > m else np.swapaxes(W, -1, -2)
        np.testing.assert_array_equal(as_rows(given_W), longer_first)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int8, np.uint64, np.bool_, np.longdouble, ">f4"])
def test_real_types_become_doubles(dtype):
    W = np.array([[1, 0], [0, 1], [1, 1]], dtype)
    result = as_rows(W)
    assert result.dtype == np.dtype(float)
    np.testing.assert_array_equal(result, W.astype(float))


def test_a_model_gives_its_rows_whatever_the_orientation():
    model = ToyModel(np.ones((3, 3)))
    for orientation in ("auto", "rows", "columns"):
        assert as_rows(model, orientation=orientation) is model.W


# Stand-ins with the protocols of other libraries' arrays; none of these is installed with geomsup.


class TorchLike:
    """A bfloat16 tensor on a GPU that requires gradients: only the full chain of methods brings it home."""

    def __init__(self, values, *, device="cuda", dtype="bfloat16", grad=True):
        self.values, self.device, self.dtype, self.grad = np.asarray(values), device, dtype, grad

    def _with(self, **changes):
        return TorchLike(self.values, **{"device": self.device, "dtype": self.dtype, "grad": self.grad, **changes})

    def detach(self):
        return self._with(grad=False)

    def cpu(self):
        return self._with(device="cpu")

    def is_complex(self):
        return np.iscomplexobj(self.values)

    def double(self):
        assert not self.is_complex(), "torch drops the imaginary part with no more than a warning"
        return self._with(dtype="float64")

    def numpy(self):
        if self.grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad.")
        if self.device != "cpu":
            raise TypeError("can't convert cuda:0 device type tensor to numpy.")
        if self.dtype == "bfloat16" and not self.is_complex():
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.values

    def __array__(self, dtype=None, copy=None):
        return self.numpy()


class CuPyLike:
    """An array in GPU memory that refuses to be converted silently."""

    __cuda_array_interface__ = types.MappingProxyType({"version": 3})

    def __init__(self, values):
        self.values = values

    def get(self):
        return self.values

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`.")


class JaxLike:
    """An array whose bfloat16 NumPy sees as bytes without a meaning, until asked for doubles."""

    def __init__(self, values):
        self.values = np.asarray(values)

    def __array__(self, dtype=None, copy=None):
        if dtype is not None:
            return self.values.astype(dtype)
        bfloat16 = self.values.dtype == np.float32
        return np.zeros(self.values.shape, "V2") if bfloat16 else self.values


JaxLike.__module__ = "jaxlib._jax"

EXPECTED = [[1.0, 0.5], [-1.0, 2.0], [0.25, 0.0]]


@pytest.mark.parametrize("kind", [TorchLike, CuPyLike, JaxLike])
def test_foreign_arrays_come_in(kind):
    for values in (np.array(EXPECTED), np.array(EXPECTED, np.float32)):
        np.testing.assert_array_equal(as_rows(kind(values)), EXPECTED)
        model = ToyModel(kind(values), kind(values[:, 0]), W_out=kind(values))
        np.testing.assert_array_equal(model.W, EXPECTED)
        np.testing.assert_array_equal(model(kind(np.eye(3))), model(np.eye(3)))


@pytest.mark.parametrize("kind", [TorchLike, CuPyLike, JaxLike])
def test_foreign_complex_arrays_are_refused_rather_than_stripped(kind):
    with pytest.raises(TypeError, match=r"^`W` must hold real numbers; got complex numbers\. Convert"):
        as_rows(kind(np.array(EXPECTED) * 1j))


@pytest.mark.parametrize("kind", [TorchLike, CuPyLike, JaxLike])
def test_foreign_arrays_are_checked(kind):
    with pytest.raises(ValueError, match=r"^`W` must be finite; got nan at index \(1, 0\)\. Remove"):
        as_rows(kind(np.array([[0.0], [np.nan]])))


def test_memory_shared_with_a_tensor_is_not_kept():
    tensor = TorchLike(np.array(EXPECTED))
    model = ToyModel(tensor)
    tensor.values[:] = 9
    np.testing.assert_array_equal(model.W, EXPECTED)


def test_no_other_library_was_imported():
    assert not {"torch", "jax", "cupy"} & set(sys.modules)


def test_what_has_an_attribute_W_stands_for_it():
    rows = [[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]
    assert as_rows(types.SimpleNamespace(W=np.transpose(rows))).tolist() == rows
    with pytest.raises(ValueError, match=r"`W\.W` must have the shape"):
        as_rows(types.SimpleNamespace(W=[1.0, 2.0]))
    square = ToyModel(np.eye(2))
    assert as_rows(square).tolist() == np.eye(2).tolist()


def test_an_array_with_a_column_called_W_is_the_array():
    class Table(np.ndarray):
        W = np.ones(3)

    table = np.arange(6.0).reshape(3, 2).view(Table)
    assert as_rows(table).tolist() == [[0, 1], [2, 3], [4, 5]]


class TestWiden:
    FEATURES = gs.Features(4, 0.1)
    MODEL = gs.ToyModel(np.arange(8.0).reshape(4, 2) / 8, [0.1, 0.0, -0.1, 0.2], b_hidden=[0.1, 0.2])

    def test_without_noise_outputs_stay(self):
        x = self.FEATURES.sample(50, rng=0)
        for model in (
            self.MODEL,
            gs.ToyModel(self.MODEL.W, W_out=self.MODEL.W[::-1], hidden_activation="relu", activation="gelu"),
        ):
            wider = model.widen(3)
            assert wider.n_hidden == 5
            np.testing.assert_allclose(wider(x), model(x), rtol=0, atol=1e-15)

    def test_noise_is_of_the_size_that_was_asked(self):
        """The sum of squares of 40,000 normal numbers strays from 1 by less than 4.5 deviations."""
        model = gs.ToyModel(np.ones((100, 1)), W_out=np.ones((100, 1)))
        wider = model.widen(200, noise=0.01, rng=1)
        new = np.append(wider.W[:, 1:], wider.W_out[:, 1:])
        assert abs((new**2).mean() / 1e-4 - 1) < 4.5 * (2 / new.size) ** 0.5
        assert abs(new.mean()) < 4.5 * 0.01 / new.size**0.5
        assert not np.array_equal(wider.W[:, 1:], wider.W_out[:, 1:])
        np.testing.assert_array_equal(wider.W[:, 0], model.W[:, 0])
        np.testing.assert_array_equal(wider.W, model.widen(200, noise=0.01, rng=1).W)

    def test_a_wider_model_trains_on(self):
        """A digon that gets a second dimension ends with both features stored: loss 0, from p² / 3."""
        features = gs.Features(2, 0.3)
        wide = gs.ToyModel([[1.0], [-1.0]]).widen(1, noise=0.05, rng=0)
        run = gs.train(features, 2, model=wide, steps=3000, batch=256, learning_rate=3e-3, seed=0, device="cpu")
        assert float(gs.expected_loss(gs.ToyModel([[1.0], [-1.0]]), features)) == pytest.approx(0.03)
        assert float(gs.expected_loss(run.best(), features)) < 1e-4

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"n": 0}, "`n` must be at least 1; got 0"),
            ({"n": None}, "`n` must be an integer"),
            ({"n": 2**40}, "`n` must leave arrays of at most 2\\^27 numbers"),
            ({"n": 1, "noise": -1.0}, "`noise` must be from 0"),
            ({"n": 1, "noise": float("nan")}, "`noise` must be finite"),
            ({"n": 1, "noise": "a"}, "`noise` must hold real numbers"),
            ({"n": 1, "rng": "a"}, "`rng` must be"),
        ],
    )
    def test_refusals(self, arguments, words):
        with pytest.raises((TypeError, ValueError), match=words):
            self.MODEL.widen(**arguments)

    def test_units_that_do_not_act_alone_are_refused(self):
        for kind in ("solu", "layernorm"):
            with pytest.raises(ValueError, match="must have one hidden layer whose units act alone"):
                gs.ToyModel(self.MODEL.W, hidden_activation=kind).widen(1)
