"""The toy model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.activations import ActivationLike, activation_name, resolve_activation
from geomsup.arrays import read_only, to_numpy
from geomsup.tables import Tabular

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ToyModel", "checked_model"]

MOST_NOISE = 1e100  # of new weights: products of them are doubles

WRITTEN = (  # by `to_dict`, and read by `from_dict`
    "W", "b", "activation", "hidden_activation", "W_out", "b_hidden", "W_between", "b_between",
)  # fmt: skip


@checks.hinted
@dataclass(frozen=True, eq=False)
class ToyModel(Tabular):
    """A toy model of superposition, x' = activation(W_out hidden_activation(Wᵀ x + b_hidden) + b).

    Rows of `W` are features. Two hidden layers: W_out takes h₂ = ReLU(W_betweenᵀ h + b_between) in place of the first
    layer's h.

    Parameters
    ----------
    W
        Encoder, ``(n_features, n_hidden)``; feature i is stored in the direction ``W[i]``.
    b
        Bias of the output, ``(n_features,)``; zero by default.
    activation
        Output activation f(u): "relu" (the paper's ReLU output model), "linear", "abs", "leaky_relu" (slope 0.01),
        "gelu" (u Φ(u)) or "square"; or a function from arrays to arrays of the same shape, elementwise; or a pair
        (f, f') of such functions.
    hidden_activation
        Activation of the hidden layer, "linear" by default; anything `activation` can be. Also "solu", z softmax(z),
        without the LayerNorm that transformers have behind it; or "layernorm", (z - mean z) / sqrt(var z + 1e-5),
        without gain and bias; both over the units of the layer.
    W_out
        Decoder, ``(n_features, n_hidden)``; `W` itself by default (tied weights).
    b_hidden
        Bias of the hidden layer, ``(n_hidden,)``; none by default.
    W_between
        Weights from the hidden layer to a second one, ``(n_hidden, n_second)``; none by default. Needs `W_out`, of
        shape ``(n_features, n_second)``.
    b_between
        Bias of the second hidden layer, ``(n_second,)``; zero by default if there is one.
    source
        Where the model was read from, and which array was taken for what; None if it was not read. `load` and
        `from_state` write it.

    Raises
    ------
    TypeError, ValueError
        If an array is ragged, not finite, or of the wrong shape; if an activation is unknown or a function that
        returns another shape or values that are not finite.

    References
    ----------
    :cite:t:`elhage2022`, "Demonstrating superposition": the ReLU output model (our W is its transpose).
    :cite:t:`elhage2022solu`: SoLU.

    Examples
    --------
    >>> digon = ToyModel([[1.0], [-1.0]])
    >>> digon([0.5, 0.0])
    array([0.5, 0. ])
    >>> ToyModel([[1.0], [-1.0]], activation=np.tanh)([0.5, 0.0])
    array([ 0.46211716, -0.46211716])
    >>> import geomsup as gs
    >>> model = gs.ToyModel([[1.0], [-1.0]])
    >>> model.hidden([0.5, 0.0]).tolist(), model.n_features, model.n_hidden
    ([0.5], 2, 1)
    >>> model.gram.tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    >>> len(model.to_rows()), model.to_dict()["W"]
    (2, [[1.0], [-1.0]])
    >>> model.widen(1).W.tolist()
    [[1.0, 0.0], [-1.0, 0.0]]
    >>> model.plot().get_title()
    'digon'
    """

    W: np.ndarray
    b: np.ndarray = None  # pyright: ignore[reportAssignmentType]
    activation: ActivationLike = "relu"
    hidden_activation: ActivationLike = "linear"
    W_out: np.ndarray | None = None
    b_hidden: np.ndarray | None = None
    W_between: np.ndarray | None = None
    b_between: np.ndarray | None = None
    source: str | None = None

    if TYPE_CHECKING:  # more is taken than is kept

        def __init__(
            self,
            W: Any,
            b: Any = None,
            activation: ActivationLike = "relu",
            hidden_activation: ActivationLike = "linear",
            W_out: Any = None,
            b_hidden: Any = None,
            W_between: Any = None,
            b_between: Any = None,
            source: str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        W = _matrix("W", self.W)
        b = np.zeros(len(W)) if self.b is None else to_numpy("b", self.b)
        if b.shape != (len(W),):
            raise ValueError(f"`b` must have one entry per feature ({len(W)},); got shape {b.shape}. Transpose `W`?")
        b_hidden = None if self.b_hidden is None else _bias("b_hidden", self.b_hidden, W.shape[1])
        W_between, b_between = _second_layer(self.W_between, self.b_between, W.shape[1])
        W_out = None if self.W_out is None else _matrix("W_out", self.W_out)
        _check_decoder(W_out, W, W_between)
        for name in ("activation", "hidden_activation"):
            resolve_activation(name, getattr(self, name))
        arrays = {"W": W, "b": b, "W_out": W_out, "b_hidden": b_hidden, "W_between": W_between, "b_between": b_between}
        for name, array in arrays.items():
            object.__setattr__(self, name, None if array is None else read_only(array))

    @classmethod
    def from_state(
        cls,
        state: Any,
        *,
        weights: str | None = None,
        bias: str | bool | None = None,
        decoder: str | bool | None = None,
        hidden_bias: str | bool | None = None,
        ignore: Any = (),
        run: int | None = None,
        instances: str = "auto",
        orientation: str = "auto",
        activation: ActivationLike | None = None,
        hidden_activation: ActivationLike | None = None,
    ) -> "ToyModel":
        """Build a model from a dictionary of arrays or tensors, or from a PyTorch module, whatever their names are.

        Parameters
        ----------
        state
            A state dict, nested or not, a PyTorch module, or what `to_dict` returned.
        weights, bias, decoder, hidden_bias, ignore, run, instances, orientation, activation, hidden_activation
            As in ``geomsup.load``, which has the same rules.

        Raises
        ------
        ValueError
            If it is not certain which array is what, or an array that may belong to the model would not be used.
        TypeError
            If `state` is neither a dictionary nor a module, or an array holds no real numbers.

        Examples
        --------
        >>> state = {"embedding.weight": [[1.0, -1.0]], "unembedding.bias": [0.1, 0.2]}
        >>> model = ToyModel.from_state(state)
        >>> model.W.shape, model.b
        ((2, 1), array([0.1, 0.2]))
        """
        from geomsup.loading.load import model_from

        return model_from(
            state, weights=weights, bias=bias, decoder=decoder, hidden_bias=hidden_bias, ignore=ignore, run=run,
            instances=instances, orientation=orientation, activation=activation, hidden_activation=hidden_activation,
        )  # fmt: skip

    @property
    def n_features(self) -> int:
        """Number of features n."""
        return self.W.shape[0]

    @property
    def n_hidden(self) -> int:
        """Number of hidden dimensions m."""
        return self.W.shape[1]

    @property
    def gram(self) -> np.ndarray:
        """W Wᵀ, ``(n, n)``: inner products of the features' directions."""
        return self.W @ self.W.T

    @property
    def coupling(self) -> np.ndarray:
        """W_out Wᵀ, ``(n, n)``: entry (i, j) is what feature j adds to output i; the Gram matrix if tied.

        With two hidden layers W_out W_betweenᵀ Wᵀ.
        """
        return self.gram if self.W_out is None else self.decoder @ self.W.T

    @property
    def decoder(self) -> np.ndarray:
        """The map from the hidden layer to the outputs, ``(n, m)``: W_out, or W if tied.

        With two hidden layers W_out W_betweenᵀ, as if all units of the second layer were positive.
        """
        if self.W_out is None:
            return self.W
        return self.W_out if self.W_between is None else self.W_out @ self.W_between.T

    def hidden(self, x: Any) -> np.ndarray:
        """Return the input of the decoder for inputs ``(..., n)``: the last hidden layer's units, ``(..., m)``."""
        z = x @ self.W
        h = resolve_activation("hidden_activation", self.hidden_activation)(
            z if self.b_hidden is None else z + self.b_hidden
        )
        return h if self.W_between is None else np.maximum(h @ self.W_between + self.b_between, 0.0)

    def __call__(self, x: Any) -> np.ndarray:
        """Return the outputs x' for inputs ``(..., n)``; of models trained to classify, the logits."""
        x = to_numpy("x", x)
        if x.ndim == 0 or x.shape[-1] != self.n_features:
            raise ValueError(
                f"`x` must have {checks.count(self.n_features, 'feature')} on its last axis; got shape {x.shape}. "
                "Rows are samples."
            )
        decoder = self.W if self.W_out is None else self.W_out
        return resolve_activation("activation", self.activation)(self.hidden(x) @ decoder.T + self.b)

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain lists, ready for JSON.

        Functions are written as "callable " and their name, which `ToyModel` refuses to read back.
        """
        perhaps = {name: getattr(self, name) for name in ("W_out", "b_hidden", "W_between", "b_between")}
        return {
            "W": self.W.tolist(),
            "b": self.b.tolist(),
            "activation": resolve_activation("activation", self.activation).name,
            "hidden_activation": resolve_activation("hidden_activation", self.hidden_activation).name,
            **{name: None if array is None else array.tolist() for name, array in perhaps.items()},
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per feature: its norm, its bias, and the feature that changes its output most, if any."""
        others = np.abs(self.coupling)
        np.fill_diagonal(others, 0.0)
        return [
            {
                "feature": i,
                "norm": float(np.linalg.norm(row)),
                "bias": float(self.b[i]),
                "interferes_with": int(others[i].argmax()) if others[i].any() else None,
            }
            for i, row in enumerate(self.W)
        ]

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ToyModel":
        """Build a model from what `to_dict` returned.

        Examples
        --------
        >>> digon = ToyModel([[1.0], [-1.0]])
        >>> ToyModel.from_dict(digon.to_dict())
        ToyModel(2 features in 1 dimension, relu)
        """
        checks.holds("data", data, ("W", "b"))
        return cls(**{name: data[name] for name in WRITTEN if name in data})

    def widen(self, n: int, noise: float = 0.0, rng: Any = None) -> "ToyModel":
        """Return the model with `n` more hidden dimensions, behind the old ones, whose weights are small noise.

        Entries of the new columns of `W` (and of `W_out`) are normal with standard deviation `noise`; new hidden biases
        are 0. Without noise outputs are the same, and no gradient of a tied model leads into the new dimensions. To
        train on, ``geomsup.train(features, wider.n_hidden, model=wider)``.

        Raises
        ------
        TypeError, ValueError
            If `n` is below 1, `noise` is below 0, or the model has two hidden layers, or one of "layernorm" or "solu",
            which new units change whatever their weights.

        Examples
        --------
        >>> wider = ToyModel([[1.0], [-1.0]]).widen(2, noise=0.01, rng=0)
        >>> wider.n_hidden, bool(abs(wider.W[:, 1:]).max() < 0.05)
        (3, True)
        """
        n = checks.integer("n", n, minimum=1)
        checks.room("n", self.n_features * (self.n_hidden + n))
        noise = checks.number("noise", noise)
        if not 0 <= noise <= MOST_NOISE:
            raise ValueError(f"`noise` must be from 0 to {MOST_NOISE:g}; got {noise:g}. Pass a standard deviation.")
        if self.W_between is not None or self.hidden_activation in ("solu", "layernorm"):
            raise ValueError(f"`self` must have one hidden layer whose units act alone; got {self!r}. Build it anew.")
        generator = checks.random_generator("rng", rng)

        def wider(array: np.ndarray | None) -> np.ndarray | None:
            return None if array is None else np.hstack([array, generator.normal(0.0, noise, (len(array), n))])

        biases = None if self.b_hidden is None else np.append(self.b_hidden, np.zeros(n))
        return ToyModel(wider(self.W), self.b, self.activation, self.hidden_activation, wider(self.W_out), biases)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the geometry of W on matplotlib `ax` (a new one by default) and return the axes."""
        from geomsup.recognition import classify

        return classify(self.W, orientation="rows").plot(ax)

    def __repr__(self) -> str:
        tied = "" if self.W_out is None else ", untied"
        hidden = "" if self.hidden_activation == "linear" else f"{activation_name(self.hidden_activation)} hidden, "
        biased = "" if self.b_hidden is None else "hidden bias, "
        shown = hidden + biased + activation_name(self.activation)
        size = checks.count(self.n_hidden, "dimension")
        if self.W_between is not None:
            size = f"{self.n_hidden} and {checks.count(self.W_between.shape[1], 'dimension')}"
        return f"ToyModel({checks.count(self.n_features, 'feature')} in {size}, {shown}{tied})"


def checked_model(name: str, value: Any) -> ToyModel:
    """Return `value` if it is a `ToyModel`; else say how to make one of it."""
    if isinstance(value, ToyModel):
        return value
    if hasattr(value, "best") and hasattr(value, "W"):  # a TrainingRun
        advice = "Pick one: run.best() or run.model(0)."
    elif isinstance(value, Mapping) or hasattr(value, "state_dict"):
        advice = "Build one: ToyModel.from_state(...)."
    else:
        advice = "Wrap the weights: ToyModel(W, b)."
    raise TypeError(f"`{name}` must be a ToyModel; got {type(value).__name__}. {advice}")


def _matrix(name: str, value: Any) -> np.ndarray:
    array = to_numpy(name, value)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(
            f"`{name}` must have the shape (n_features, n_hidden); got shape {array.shape}. Pass one row per feature."
        )
    return array


def _bias(name: str, value: Any, units: int) -> np.ndarray:
    array = to_numpy(name, value)
    if array.shape != (units,):
        raise ValueError(
            f"`{name}` must have one entry per hidden unit ({units},); got shape {array.shape}. Check its layer."
        )
    return array


def _second_layer(W_between: Any, b_between: Any, units: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    if W_between is None:
        if b_between is not None:
            raise ValueError("`b_between` must come with `W_between`; got it alone. Pass the second layer's weights.")
        return None, None
    W_between = _matrix("W_between", W_between)
    if len(W_between) != units:
        raise ValueError(
            f"`W_between` must have a row per unit of the first hidden layer ({units}); got shape {W_between.shape}. "
            "Transpose it?"
        )
    second = W_between.shape[1]
    return W_between, np.zeros(second) if b_between is None else _bias("b_between", b_between, second)


def _check_decoder(W_out: np.ndarray | None, W: np.ndarray, W_between: np.ndarray | None) -> None:
    if W_between is not None:
        if W_out is None:
            raise ValueError("`W_out` must be given with `W_between`: two hidden layers have no tied form. Pass it.")
        if W_out.shape != (len(W), W_between.shape[1]):
            raise ValueError(
                f"`W_out` must have a row per feature and a column per unit of the second hidden layer, "
                f"{(len(W), W_between.shape[1])}; got {W_out.shape}. Transpose it?"
            )
    elif W_out is not None and W_out.shape != W.shape:
        raise ValueError(f"`W_out` must have the shape of `W`, {W.shape}; got {W_out.shape}. Transpose it?")
