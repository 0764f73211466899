"""A trained model compared with the theoretical optimum."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from geomsup.checks import count, hinted
from geomsup.comparison.costs import ComponentCost, component_costs
from geomsup.features import Features
from geomsup.loss import ExpectedLoss
from geomsup.loss.cells.losses import has_cells, has_linear_target
from geomsup.model import ToyModel
from geomsup.optima import Optimum, optimum
from geomsup.optima.conditions.conditions import Conditions
from geomsup.optima.reachable import reachable_loss
from geomsup.optima.result import grouped
from geomsup.tables import Readable, Tabular
from geomsup.threads import Progress

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.recognition import Geometry
    from geomsup.training import TrainingRun

__all__ = ["Comparison", "Comparisons", "compare"]

MOST_SHOWN = 16
OTHER_KIND = "(the optimum is that of models with linear hidden units; this one may be below)"


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Readable, Tabular):
    """A model's exact loss and geometry next to the optimum's.

    Attributes
    ----------
    loss
        Expected loss of the model.
    optimum
        The `Optimum` that it is compared with.
    excess
        total / optimum.total - 1: 0.02 is two percent above the optimum. It is 0 or infinity if the optimum's is 0.
    expected
        The model's `ExpectedLoss`, with its error bound.

    Examples
    --------
    >>> import geomsup as gs
    >>> result = gs.compare(gs.ToyModel([[1.0], [-1.0]]), gs.Features(2, 0.1), starts=2)
    >>> print(f"{result.loss:.6f}, {result.excess:.2%} above the optimum: {result.geometry.name}")
    0.003333, 0.42% above the optimum: digon
    >>> [part.name for part in result.per_component]
    ['digon']
    >>> [row["name"] for row in result.to_rows()], result.to_dict()["geometry"]
    (['digon'], 'digon')
    >>> len(result.plot())
    3
    """

    expected: ExpectedLoss
    optimum: Optimum = field(repr=False)

    @property
    def model(self) -> ToyModel:
        """The model compared."""
        return self.expected.model

    @property
    def loss(self) -> float:
        """Expected loss of the model."""
        return self.expected.value

    @property
    def excess(self) -> float:
        """How far the model is above the optimum: total / optimum.total - 1, of losses with penalties."""
        if self.optimum.total == 0:
            return 0.0 if self.total <= self.expected.error else float("inf")
        return self.total / self.optimum.total - 1

    @property
    def total(self) -> float:
        """The model's loss with the penalties of the comparison: the loss itself, if there are none."""
        return self.loss + self.optimum.conditions.penalty(self.model)

    @cached_property
    def geometry(self) -> "Geometry":
        """The named geometry of the model's W."""
        from geomsup.recognition import classify

        return classify(self.model.W, orientation="rows")

    @cached_property
    def per_component(self) -> tuple[ComponentCost, ...]:
        """The model's components with what each loses and why, then what is not stored.

        `noise` is what a descent of the component alone would save: training stopped early, or neighbours interfere.
        `structure` is how much more it then loses than its features and dimensions are worth in the optimum, at the
        prices of the tegum program (`Optimum.prices`). All excesses add up to loss - optimum.loss + `gap`.
        """
        return component_costs(self.expected, self.geometry, self.optimum)

    @property
    def gap(self) -> float | None:
        """What the prices leave open: how far the optimum is above the best mixture of fractions of blocks."""
        return None if self.optimum.prices is None else self.optimum.loss - self.optimum.prices.loss

    @property
    def _is_of_kind(self) -> bool:
        """Whether the optimum is that of models with such hidden units."""
        return self.optimum.conditions.hidden_activation == "relu" or _is_linear(self.expected.model)

    def plot(self, axes: "Sequence[Axes] | np.ndarray | None" = None) -> "list[Axes]":
        """Draw the rows of W beside the optimum's and the loss of every feature; see `geomsup.plot`."""
        from geomsup.plot import plot_comparison

        return plot_comparison(self, axes=axes)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return {
            "loss": self.loss,
            "geometry": self.geometry.name,
            "excess": self.excess if isfinite(self.excess) else None,  # JSON knows no infinity
            "per_component": [vars(part) | {"features": list(part.features)} for part in self.per_component],
            "gap": self.gap,
            "expected": self.expected.to_dict(),
            "optimum": self.optimum.to_dict(),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per component of the model: what it loses, and why (`per_component`)."""
        return [vars(part) | {"features": " ".join(map(str, part.features))} for part in self.per_component]

    def __repr__(self) -> str:
        names = f"{self.geometry.name} against {self.optimum.geometry.name}"
        return f"Comparison({names}, loss {self.loss:.6g}, excess {100 * self.excess:.3g} %)"

    def __str__(self) -> str:
        rows = [
            ("", "loss", "geometry"),
            ("model", f"{self.loss:.9g}", self.geometry.name),
            ("optimum", f"{self.optimum.loss:.9g}", f"{self.optimum.geometry.name} ({self.optimum.status})"),
            ("excess", f"{100 * self.excess:.3g} %", "" if self._is_of_kind else OTHER_KIND),
        ]
        if not self.optimum.conditions.plain:
            rows.insert(2, ("", "", f"of models with {self.optimum.conditions}"))
        lines = [f"{name:<9}{number:>14}  {shape}".rstrip() for name, number, shape in rows]
        lines += ["the model's parts:", f"  {'loss':>11} {'noise':>11} {'structure':>11}"]
        worst = sorted(self.per_component, key=lambda part: -(part.excess or 0.0))
        lines += [f"  {part}" for part in worst[:MOST_SHOWN]]
        if len(worst) > MOST_SHOWN:
            lines.append(f"  ... and {len(worst) - MOST_SHOWN} more that exceed less")
        lines += ["the optimum's:", *(f"  {line}" for line in grouped(self.optimum.blocks))]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False, repr=False)
class Comparisons(Sequence[Comparison], Readable, Tabular):
    """Several models compared with the optimum; a sequence of `Comparison` that prints as a table.

    Examples
    --------
    >>> import geomsup as gs
    >>> models = [gs.ToyModel([[norm], [-norm]]) for norm in (0.9, 1.0)]
    >>> results = gs.compare(models, gs.Features(2, 0.1), starts=2)
    >>> (results.excess > 0).tolist()
    [True, True]
    >>> results.best == results[1]
    True
    >>> len(results.to_rows()), list(results.to_dict())
    (2, ['items'])
    >>> results.plot().get_xlabel()
    'model'
    """

    items: tuple[Comparison, ...]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Comparison]:
        return iter(self.items)

    @overload
    def __getitem__(self, index: int) -> Comparison: ...
    @overload
    def __getitem__(self, index: slice) -> "Comparisons": ...
    def __getitem__(self, index: Any) -> "Comparison | Comparisons":
        chosen = self.items[index]
        return Comparisons(chosen) if isinstance(index, slice) else chosen

    @property
    def excess(self) -> np.ndarray:
        """Excess of every model, ``(models,)``."""
        return np.array([item.excess for item in self.items])

    @property
    def best(self) -> Comparison:
        """The comparison of least excess."""
        return min(self.items, key=lambda item: item.excess)

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the excess of every model, coloured by geometry; see `geomsup.plot`."""
        from geomsup.plot import plot_comparisons

        return plot_comparisons(self, ax=ax)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per model: sparsity, losses, excess, names."""
        return [
            {
                "model": index,
                "sparsity": 1 - float(item.optimum.features.probability.mean()),
                "loss": item.loss,
                "optimum": item.optimum.loss,
                "excess": item.excess,
                "geometry": item.geometry.name,
                "optimal_geometry": item.optimum.geometry.name,
            }
            for index, item in enumerate(self.items)
        ]

    def __repr__(self) -> str:
        if not self.items:
            return "Comparisons(no models)"
        low, high = 100 * self.excess.min(), 100 * self.excess.max()
        return f"Comparisons({count(len(self), 'model')}, excess {low:.3g} to {high:.3g} %)"

    def __str__(self) -> str:
        lines = [f"{'model':>5} {'sparsity':>8} {'loss':>12} {'optimum':>12} {'excess':>8}  geometry (optimum's)"]
        for index, item in enumerate(self.items):
            best, sparsity = item.optimum, 1 - float(item.optimum.features.probability.mean())
            lines.append(
                f"{index:>5} {sparsity:>8.3g} {item.loss:>12.7g} {best.loss:>12.7g} {100 * item.excess:>6.2f} %  "
                f"{item.geometry.name} ({best.geometry.name})"
            )
        return "\n".join(lines)


@overload
def compare(
    model: ToyModel, features: Features | None = None, *, coherence: float | None = None, weight_decay: float = 0.0,
    target: str | None = None, starts: int | None = None, rng: Any = 0, time_limit: float | None = None,
    progress: Progress = None,
) -> Comparison: ...  # fmt: skip
@overload
def compare(
    model: "Sequence[ToyModel] | TrainingRun",
    features: Features | Sequence[Features] | None = None,
    *,
    coherence: float | None = None,
    weight_decay: float = 0.0,
    target: str | None = None,
    starts: int | None = None,
    rng: Any = 0,
    time_limit: float | None = None,
    progress: Progress = None,
) -> Comparisons: ...
@hinted
def compare(
    model: Any, features: Any = None, *, coherence: float | None = None, weight_decay: float = 0.0,
    target: str | None = None, starts: int | None = None, rng: Any = 0, time_limit: float | None = None,
    progress: Progress = None,
) -> Comparison | Comparisons:  # fmt: skip
    """Return the expected loss and geometry of `model` next to the optimum for `features`.

    The optimum is that of models of the same kind: with this output activation, and with a decoder of its own if the
    model has one. The search also starts from `model`, so that it is not below the optimum. If this leads lower than
    the search, the optimum's `proof` says so. Models with hidden ReLUs without biases are searched too, for up to 5
    features of uniform values. Models with other hidden units are not: such a model is held against one with linear
    ones, and may be below. The printed comparison says so.

    Parameters
    ----------
    model
        The trained `ToyModel`; or several, or a `TrainingRun`, whose models are compared one by one.
    features
        The distribution of its inputs: one for all, or one for each model. A `TrainingRun` knows its own.
    coherence
        λ of the penalty of `optimum`; by default the one that a `TrainingRun` was trained with, and 0 for models.
    target
        What outputs are to be, as in `optimum`; by default what a `TrainingRun` was trained for, and "identity" for
        models, which do not know it.
    weight_decay, starts, rng, time_limit, progress
        Passed on to `optimum`; each search has the time limit for itself.

    Returns
    -------
    Comparison, or Comparisons for several models

    Raises
    ------
    TypeError, ValueError
        As `expected_loss` and `optimum` do; if there are not as many features as models; if a `TrainingRun` minimised
        no squared error.

    Examples
    --------
    >>> digon = ToyModel([[1.0], [-1.0]])
    >>> result = compare(digon, Features(2, probability=0.1), starts=4)
    >>> result.excess  # what norm 1 and bias 0 give away
    0.00417
    """

    trained = _trained_with(model)
    factor = trained.coherence if coherence is None else coherence
    wanted = trained.target if target is None else target

    def best_for(models: Sequence[ToyModel], law: Features) -> Optimum:
        hidden = "relu" if _has_hidden_relus(models[0], law, wanted) else "linear"
        guesses = [one for one in models if hidden == "relu" or _is_linear(one)]
        activation: Any = models[0].activation  # `optimum` refuses those it does not know
        return optimum(
            law, models[0].W.shape[1], activation=activation, tied=models[0].W_out is None, coherence=factor,
            weight_decay=weight_decay, hidden_activation=hidden, target=wanted, starts=starts, rng=rng,
            guesses=guesses, time_limit=time_limit, progress=progress,
        )  # fmt: skip

    if isinstance(model, ToyModel) or not _is_several(model):
        expected = reachable_loss(model, features, target=wanted)
        return Comparison(expected, best_for([model], features))
    models, laws = _paired(model, features)
    expected = [reachable_loss(one, law, target=wanted) for one, law in zip(models, laws, strict=True)]
    best: dict[Any, Optimum] = {}
    for one, law in zip(models, laws, strict=True):
        key = _key(one, law)
        if key not in best:
            alike = [other for other, its in zip(models, laws, strict=True) if _key(other, its) == key]
            best[key] = best_for(alike, law)
    return Comparisons(tuple(Comparison(loss, best[_key(loss.model, loss.features)]) for loss in expected))


def _trained_with(model: Any) -> Conditions:
    """Return what a `TrainingRun` was trained for, of what optima can be asked for besides their kind."""
    if not hasattr(model, "settings"):
        return Conditions()
    if model.settings.criterion != "squared":
        raise ValueError(
            f"`model` must be trained for criterion 'squared' to be compared; got {model.settings.criterion!r}. "
            "No optimum of other losses is known."
        )
    return Conditions(coherence=float(model.settings.coherence), target=model.settings.target)


def _key(model: ToyModel, features: Any) -> tuple[Any, ...]:
    relus = model.hidden_activation == "relu" and model.b_hidden is None and model.W_between is None
    return features, model.n_hidden, model.activation, model.W_out is None, relus


def _is_linear(model: ToyModel) -> bool:
    """Whether the model has one layer of linear hidden units."""
    return model.hidden_activation == "linear" and model.W_between is None


def _has_hidden_relus(model: ToyModel, features: Features, target: str) -> bool:
    """Whether `optimum` searches models with hidden ReLUs such as this one: few features, no hidden biases."""
    alike = model.hidden_activation == "relu" and model.b_hidden is None
    return alike and has_cells(model, features) and has_linear_target(features, target)


def _is_several(model: Any) -> bool:
    return hasattr(model, "model") or (
        isinstance(model, Sequence) and bool(model) and all(isinstance(one, ToyModel) for one in model)
    )


def _paired(several: Any, features: Any) -> tuple[list[ToyModel], list[Any]]:
    """Return models and features for each, from a training run or a list; `expected_loss` checks the features."""
    trained = hasattr(several, "model")
    models = [several.model(run) for run in range(len(several))] if trained else list(several)
    if features is None and trained:
        features = several.features
    if isinstance(features, Sequence):
        if len(features) != len(models):
            raise ValueError(
                f"`features` must be one Features, or one per model ({len(models)}); got {len(features)}. Repeat some."
            )
        return models, list(features)
    return models, [features] * len(models)
