"""What an optimum may be asked for besides: output, decoder, penalties, a cap on cosines, a target."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.loss.targets import PAIRS, TARGETS
from geomsup.model import ToyModel
from geomsup.tables import Readable

__all__ = ["ACTIVATIONS", "Conditions", "checked_conditions", "largest_cosine", "squared_products"]

ACTIVATIONS = ("relu", "linear", "abs", "leaky_relu", "gelu")  # those that can be trained
HIDDEN = ("linear", "relu")
# What targets are where no value is negative; other names are those of other targets.
OF_NONNEGATIVE = {"abs": "identity", "relu": "identity", "abs_pairs": "pairs"}
MOST = 1e30  # factors of penalties: beyond, losses vanish beside them


@dataclass(frozen=True)
class Conditions(Readable):
    """Of which kind of models an optimum is, and what is minimised besides the loss.

    Attributes
    ----------
    activation
        Output activation.
    tied
        Whether the decoder is W too.
    coherence
        λ of the penalty λ Σ_{i<j} (w_i·w_j)², over pairs of rows of W.
    max_cosine
        Cap on abs(cos) of the angle between any two rows of W; None for none.
    weight_decay
        d of the penalty d/2 times the sum of squares of all weights and biases.
    hidden_activation
        "linear", or "relu".
    target
        What outputs are to be: "identity", the inputs, or another target of `expected_loss`.

    Examples
    --------
    >>> digon = ToyModel([[1.0], [-1.0]])
    >>> Conditions(coherence=0.1, weight_decay=0.01).penalty(digon)  # 0.1 and 0.01/2 of 2
    0.11
    >>> print(Conditions(tied=False, coherence=0.1))
    decoders of their own, coherence 0.1
    """

    activation: str = "relu"
    tied: bool = True
    coherence: float = 0.0
    max_cosine: float | None = None
    weight_decay: float = 0.0
    hidden_activation: str = "linear"
    target: str = "identity"

    @property
    def plain(self) -> bool:
        """Whether nothing but the loss of the paper's ReLU output model is asked for."""
        return self == Conditions()

    @property
    def scales(self) -> bool:
        """Whether loss and penalties only change their units with those of values and biases."""
        products_and_distances = self.target == "product_pairs"  # the former change with the square of the unit
        return self.activation in LEAKS and self.weight_decay == 0 and not products_and_distances

    @property
    def degree(self) -> int:
        """With which power of the unit of values that of outputs changes."""
        return TARGETS[self.target].degree if self.target in TARGETS else 1

    def on(self, features: Features) -> "Conditions":
        """Return the same conditions with the plainest name of the target: no value that is not negative has a sign.

        Examples
        --------
        >>> Conditions(target="abs").on(Features(2, 0.1)).target
        'identity'
        """
        negative = any(law.support[0] < 0 for law in features.laws)
        return self if negative else replace(self, target=OF_NONNEGATIVE.get(self.target, self.target))

    def penalty(self, model: ToyModel) -> float:
        """Return what is added to the loss of a model."""
        weights = [model.W, model.b, *([] if model.W_out is None else [model.W_out])]
        squares = sum(float((part**2).sum()) for part in weights)
        return float(self.coherence * squared_products(model.W) + self.weight_decay * squares / 2)

    def of_kind(self, model: ToyModel) -> ToyModel:
        """Return the model of this kind with the weights of another one, its hidden biases as those of linear units."""
        decoder = model.W if self.tied else model.decoder
        b = model.b if model.b_hidden is None else model.b + decoder @ model.b_hidden
        return self.model(model.W, decoder, b)

    def model(self, W: np.ndarray, decoder: np.ndarray, b: np.ndarray) -> ToyModel:
        """Return the model of this kind with these weights."""
        return ToyModel(W, b, self.activation, self.hidden_activation, W_out=None if self.tied else decoder)

    def allows(self, model: ToyModel, slack: float = 1e-6) -> bool:
        """Whether no cosine is above the cap by more than `slack`."""
        return self.max_cosine is None or largest_cosine(model.W) <= self.max_cosine + slack

    def __str__(self) -> str:
        words = [] if self.activation == "relu" else [f"{self.activation} outputs"]
        words += ["hidden ReLUs"] if self.hidden_activation == "relu" else []
        words += [] if self.tied else ["decoders of their own"]
        words += [f"coherence {self.coherence:g}"] if self.coherence else []
        words += [] if self.max_cosine is None else [f"cosines up to {self.max_cosine:g}"]
        words += [f"weight decay {self.weight_decay:g}"] if self.weight_decay else []
        words += [] if self.target == "identity" else [f"the target {self.target}"]
        return ", ".join(words)


def squared_products(W: np.ndarray) -> np.ndarray:
    """Return Σ_{i<j} (w_i·w_j)² of rows ``(..., n, m)``."""
    gram = W @ np.swapaxes(W, -1, -2)
    return (
        (gram**2).sum((-1, -2)) - (np.diagonal(gram, axis1=-2, axis2=-1) ** 2).sum(-1)
    ) / 2  # each pair stands twice


def largest_cosine(W: np.ndarray) -> float:
    """Return the largest abs(cos) of the angle between two rows of W that are not 0."""
    norms = np.linalg.norm(W, axis=1)
    rows = W[norms > 0] / norms[norms > 0, None]
    gram = np.abs(rows @ rows.T)
    np.fill_diagonal(gram, 0.0)
    return float(gram.max(initial=0.0))


def checked_conditions(
    activation: Any, tied: Any, coherence: Any, max_cosine: Any, weight_decay: Any, hidden_activation: Any = "linear",
    target: Any = "identity",
) -> Conditions:  # fmt: skip
    """Return the conditions that arguments of `optimum` name, or refuse them."""
    checks.one_of("activation", activation, ACTIVATIONS)
    checks.one_of("hidden_activation", hidden_activation, HIDDEN)
    if hidden_activation == "relu" and activation not in LEAKS:
        raise ValueError(
            f"`activation` must be piecewise linear if hidden units are ReLUs; got {activation!r}. Pass one of "
            f"{', '.join(LEAKS)}."
        )
    checks.one_of("target", target, (*TARGETS, *PAIRS))
    tied = checks.boolean("tied", tied)
    if max_cosine is not None:
        max_cosine = checks.number("max_cosine", max_cosine)
        if not 0 <= max_cosine <= 1:
            raise ValueError(
                f"`max_cosine` must be from 0 to 1; got {max_cosine:g}. 0 makes stored features orthogonal."
            )
    factors = (("coherence", coherence), ("weight_decay", weight_decay))
    return Conditions(
        activation, tied, **{name: _factor(name, value) for name, value in factors}, max_cosine=max_cosine,
        hidden_activation=hidden_activation, target=target,
    )  # fmt: skip


def _factor(name: str, value: Any) -> float:
    number = checks.number(name, value)
    if not 0 <= number <= MOST:
        raise ValueError(f"`{name}` must be from 0 to {MOST:g}; got {number:g}. Pass 0 for no penalty.")
    return number
