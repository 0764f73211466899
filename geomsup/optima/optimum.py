"""The optimum of a whole model, with its geometry and how it is known."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.optima.multistart import descend_from_many

if TYPE_CHECKING:
    from geomsup.recognition import Geometry

__all__ = ["Block", "Optimum", "blocks", "optimum"]


@dataclass(frozen=True)
class Block:
    """A part of a model whose features interfere with each other only: its name, features, rank and loss."""

    name: str
    features: tuple[int, ...]
    rank: int
    loss: float


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best model found for some features and a number of hidden dimensions.

    Attributes
    ----------
    loss
        Its expected loss, in the units of Σ_i I_i x_i².
    model
        The `ToyModel` that has it.
    status
        How it is known: "closed form", or "best of N starts".
    lower_bound
        A loss no model of this size can beat.
    starts
        Loss at the end of every start, sorted; empty for closed forms.
    features, n_hidden
        What was asked.
    """

    loss: float
    model: ToyModel
    status: str
    lower_bound: float
    features: Features = field(repr=False)
    n_hidden: int = field(repr=False)
    starts: np.ndarray = field(repr=False)

    @cached_property
    def geometry(self) -> "Geometry":
        """The named geometry of the rows of the optimum's W."""
        from geomsup.recognition import classify

        return classify(self.model.W, orientation="rows")

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The components of the geometry with their losses, then the features that are not represented."""
        return blocks(self.geometry, expected_loss(self.model, self.features).per_feature)

    @property
    def hits(self) -> int:
        """Number of starts that ended within a relative 1e-6 of the best."""
        return int((self.starts <= self.loss * (1 + 1e-6)).sum())

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return {
            "loss": self.loss,
            "geometry": self.geometry.name,
            "status": self.status,
            "hits": self.hits,
            "lower_bound": self.lower_bound,
            "blocks": [vars(block) | {"features": list(block.features)} for block in self.blocks],
            "model": self.model.to_dict(),
            "features": self.features.to_dict(),
        }

    def __str__(self) -> str:
        lines = [f"optimum {self.loss:.9g}: {self.geometry.name}", f"{self.status} ({self.hits} reached it)"]
        if not len(self.starts):
            lines[1] = self.status
        lines += [
            f"  {block.name}: features {', '.join(map(str, block.features))}, loss {block.loss:.6g}"
            for block in self.blocks
        ]
        return "\n".join(lines)


def blocks(geometry: "Geometry", per_feature: np.ndarray) -> tuple[Block, ...]:
    """Return the blocks of a geometry with the losses of their features; dropped features come last."""
    found = [
        Block(part.name, part.features, part.rank, float(per_feature[list(part.features)].sum()))
        for part in geometry.components
    ]
    if geometry.not_represented:
        dropped = geometry.not_represented
        found.append(Block("not represented", dropped, 0, float(per_feature[list(dropped)].sum())))
    return tuple(found)


def optimum(
    features: Features,
    n_hidden: int,
    *,
    activation: str = "relu",
    starts: int = 32,
    rng: Any = 0,
    guesses: Sequence[ToyModel] = (),
) -> Optimum:
    """Return the lowest expected loss of a tied model with `n_hidden` dimensions, and the model that has it.

    min over W (n, m) and b (n,) of L = Σ_i I_i E(x_i - f(W Wᵀ x + b)_i)², by multistart descent on exact
    gradients; in closed form for linear models (keep the m features of largest I_i Var x_i) and when there are
    as many dimensions as features with I_i Var x_i > 0.

    Parameters
    ----------
    features
        The inputs' law.
    n_hidden
        Number of hidden dimensions m.
    activation
        Output activation, "relu" or "linear".
    starts
        Number of random starts.
    rng
        Anything ``np.random.default_rng`` takes; the same seed gives the same bits.
    guesses
        Models to start from as well, such as trained ones: the optimum is then no worse than any of them.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range.

    References
    ----------
    Elhage et al. 2022, "Superposition as a phase change" asks for it; linear case: Baldi and Hornik 1989.

    Examples
    --------
    >>> best = optimum(Features(2, probability=0.1), 1, starts=4)
    >>> round(best.loss, 9)
    0.003319484
    >>> best.geometry.name
    'digon'
    """
    if not isinstance(features, Features):
        raise TypeError(f"`features` must be a Features; got {type(features).__name__}. Build one: Features(n, p).")
    n_hidden = checks.integer("n_hidden", n_hidden, minimum=1)
    starts = checks.integer("starts", starts, minimum=1)
    checks.one_of("activation", activation, ("relu", "linear"))
    that_matter = np.count_nonzero(features.importance * features.variance)
    if activation == "linear" or (n_hidden >= that_matter and min(law.support[0] for law in features.laws) >= 0):
        model = _keep_most_worth(features, n_hidden, activation)
        loss = float(expected_loss(model, features))
        return Optimum(loss, model, "closed form", loss, features, n_hidden, np.empty(0))
    pairs = [(guess.W, guess.b) for guess in _fitting(guesses, features.n, n_hidden)]
    found = descend_from_many(features, n_hidden, starts, np.random.default_rng(rng), pairs)
    model = ToyModel(found.W, found.b)
    return Optimum(
        float(expected_loss(model, features)), model, f"best of {starts + len(pairs)} starts", 0.0, features, n_hidden,
        np.sort(found.losses),
    )  # fmt: skip


def _fitting(guesses: Sequence[ToyModel], n: int, m: int) -> Sequence[ToyModel]:
    for guess in guesses:
        if not isinstance(guess, ToyModel) or guess.W.shape != (n, m):
            raise ValueError(
                f"`guesses` must be ToyModels of {n} features in {m} dimensions; got {guess!r}. Leave it out."
            )
    return guesses


def _keep_most_worth(features: Features, n_hidden: int, activation: str) -> ToyModel:
    """Give each of the m features of largest I_i Var x_i a dimension, and predict the mean of the others."""
    worth = features.importance * features.variance
    kept = np.sort(np.argsort(-worth, kind="stable")[:n_hidden])
    W = np.zeros((features.n, n_hidden))
    W[kept, np.arange(len(kept))] = 1.0
    b = np.array(features.mean)
    b[kept] = 0.0
    return ToyModel(W, b, activation=activation)
