"""Where the losses of two structures cross as the features change."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.loss.objective import pack, unpack
from geomsup.model import ToyModel, checked_model
from geomsup.optima.descent import FINE, descend
from geomsup.tables import Readable

__all__ = ["Crossing", "crossing"]

WIDTH = 1e-12  # width of the root's bracket, relative to the first one
STRIDES = 16  # points at which the branches are followed through the bracket before the root is searched
ONE = 1e-6  # states whose Gram matrices differ by less, up to labels, count as one
TURNED = 0.25  # if a Gram entry changes by this much from one step to the next, the branch has been left


@dataclass(frozen=True, eq=False)
class Crossing(Readable):
    """Where two branches of minima have the same loss: a first-order transition if both are the best there.

    Attributes
    ----------
    parameter
        Where.
    loss
        Of both.
    models
        The two states there.
    geometries
        Their names.
    slopes
        dL/dt of both, t the parameter; they differ, so the lower loss has a kink.
    order
        "first", always: the minima that cross are distinct.
    features
        The features there.

    Examples
    --------
    >>> import geomsup as gs
    >>> import numpy as np
    >>> pair = gs.ToyModel([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    >>> turns = 2 * np.pi / 3 * np.arange(3)
    >>> triangle = gs.ToyModel(np.stack([np.cos(turns), np.sin(turns)], axis=1))
    >>> found = gs.crossing(pair, triangle, lambda p: gs.Features(3, p), (0.45, 0.53))
    >>> print(f"{found.parameter:.6f}", found.order)
    0.521838 first
    >>> sorted(found.to_dict())[:2]
    ['features', 'geometries']
    """

    parameter: float
    loss: float
    models: tuple[ToyModel, ToyModel] = field(repr=False)
    geometries: tuple[str, str]
    slopes: tuple[float, float]
    order: str
    features: Features = field(repr=False)

    def __str__(self) -> str:
        first, second = self.geometries
        return f"{first} and {second} cross at {self.parameter:.10g}, loss {self.loss:.10g} ({self.order} order)"


def crossing(
    first: ToyModel, second: ToyModel, features: Callable[[float], Features], bracket: tuple[float, float]
) -> Crossing:
    """Return where the losses of two structures cross, each at its own best weights.

    Both models descend the exact loss at the lower end of the bracket. They are followed to the upper end in small
    steps, each from where the last one ended. Brent's method then finds where their losses are equal. Rows
    that start at 0 stay 0: a structure keeps what it drops.

    Parameters
    ----------
    first, second
        Tied ReLU models near the two structures; their scale need not be right.
    features
        Function t -> `Features`, such as ``lambda p: Features(5, p)``.
    bracket
        Two values of t between which the better structure changes.

    Raises
    ------
    TypeError
        If an argument has the wrong type.
    ValueError
        If sizes differ, a model is not a tied ReLU one, the losses do not change places within the bracket, or the
        branches are one, or end inside.

    Examples
    --------
    >>> pair = ToyModel([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    >>> turns = 2 * np.pi / 3 * np.arange(3)
    >>> triangle = ToyModel(np.stack([np.cos(turns), np.sin(turns)], axis=1))
    >>> print(crossing(pair, triangle, lambda p: Features(3, p), (0.45, 0.53)))
    digon + dedicated dimension and triangle cross at 0.521837..., loss 0.08182... (first order)
    """
    low, high = _bracket(bracket)
    if not callable(features):
        raise TypeError(
            f"`features` must be a function of one number; got {type(features).__name__}. "
            "Pass lambda p: Features(n, p)."
        )
    law = features(low)
    if not isinstance(law, Features):
        raise TypeError(f"`features` must return Features; got {type(law).__name__}. Return Features(n, p).")
    branches = [_Branch(name, model, features, low, high) for name, model in (("first", first), ("second", second))]
    _two_structures(branches, low, high)
    gaps = [_gap(branches, t) for t in (low, high)]
    if gaps[0] * gaps[1] >= 0:
        raise ValueError(
            f"`bracket` must have another structure better at either end; got {(low, high)}, where the losses differ "
            f"by {gaps[0]:.3g} and {gaps[1]:.3g}. Widen or move it."
        )
    from scipy.optimize import brentq

    root: Any = brentq(lambda t: _gap(branches, t), low, high, xtol=WIDTH * (high - low))
    t = float(root)
    models = branches[0].at(t)[1], branches[1].at(t)[1]
    here = features(t)
    return Crossing(
        t, float(expected_loss(models[0], here)), models, (_name(models[0]), _name(models[1])),
        (_slope(models[0], features, t, low, high), _slope(models[1], features, t, low, high)), "first", here,
    )  # fmt: skip


class _Branch:
    """A minimum followed along the parameter, from the nearest point where it is known."""

    def __init__(
        self, name: str, model: ToyModel, features: Callable[[float], Features], low: float, high: float
    ) -> None:
        _check(name, model, features(low))
        self.features = features
        self.known: dict[float, ToyModel] = {low: model}
        before = self.at(low)[1]
        for t in np.linspace(low, high, STRIDES + 1)[1:].tolist():
            after = self.at(t)[1]
            if np.abs(after.gram - before.gram).max() > TURNED:
                raise ValueError(
                    f"`{name}` must be a structure with a minimum of its own all along `bracket`; got one that "
                    f"turns into {_name(after)} before {t:.6g}. Narrow the bracket."
                )
            before = after

    def at(self, t: float) -> tuple[float, ToyModel]:
        """Return the loss and the state at t."""
        start = self.known[min(self.known, key=lambda other: abs(other - t))]
        features = self.features(t)
        kept = (start.W != 0).any(axis=1)
        b = np.where(kept, start.b, features.mean)
        vector = pack(start.W, b)
        (end,) = descend(features, [unpack(vector, features.n)], slope=FINE)
        W, b = np.where(kept[:, None], end.W, 0.0), np.where(kept, end.b, features.mean)
        self.known[t] = ToyModel(W, b)
        return float(expected_loss(self.known[t], features)), self.known[t]


def _two_structures(branches: list[_Branch], *where: float) -> None:
    for t in where:
        first, second = (branch.at(t)[1] for branch in branches)
        if np.abs(_invariants(first.W) - _invariants(second.W)).max() < ONE:
            raise ValueError(
                f"`first` and `second` must be two structures all along `bracket`; got {_name(first)} from both at "
                f"{t:.6g}. Take other models, or a bracket where both are minima."
            )


def _bracket(bracket: Any) -> tuple[float, float]:
    ends = checks.real_array("bracket", bracket)
    if ends.shape != (2,) or ends[0] >= ends[1]:
        raise ValueError(f"`bracket` must be two rising numbers; got {checks.shown(bracket)}. Pass (low, high).")
    return float(ends[0]), float(ends[1])


def _check(name: str, model: Any, features: Features) -> None:
    model = checked_model(name, model)
    tied = model.W_out is None and model.activation == "relu" and model.hidden_activation == "linear"
    tied = tied and model.b_hidden is None
    if not tied or model.n_features != features.n:
        raise ValueError(
            f"`{name}` must be a tied ReLU model of {features.n} features; got {model!r}. Build ToyModel(W)."
        )


def _gap(branches: list[_Branch], t: float) -> float:
    return branches[0].at(t)[0] - branches[1].at(t)[0]


def _slope(model: ToyModel, features: Callable[[float], Features], t: float, low: float, high: float) -> float:
    """Return dL/dt at fixed weights, which is the slope of the branch (envelope theorem)."""
    step = 1e-5 * (high - low)
    ends = max(t - step, low), min(t + step, high)
    losses = [float(expected_loss(model, features(end))) for end in ends]
    return (losses[1] - losses[0]) / (ends[1] - ends[0])


def _invariants(W: np.ndarray) -> np.ndarray:
    return np.sort((W @ W.T)[np.triu_indices(len(W))])


def _name(model: ToyModel) -> str:
    from geomsup.recognition import classify

    return classify(model.W, orientation="rows").name
