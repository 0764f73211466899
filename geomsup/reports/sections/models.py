"""Section: several models. How many have each geometry, and how far each is above the optimum."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from geomsup.plot.palette import PALETTE
from geomsup.reports.axes import Axis

if TYPE_CHECKING:
    from geomsup.comparison import Comparison
    from geomsup.recognition import Geometries

__all__ = ["HEIGHT", "WIDTH", "Kind", "Mark", "Models", "models"]

WIDTH, HEIGHT = 760.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 66.0, 740.0, 14.0, 262.0

# Names with a line and a colour of their own.
MOST_KINDS = len(PALETTE)

# Models in the table; the drawing has all.
MOST_LINES = 100


@dataclass(frozen=True)
class Kind:
    """A name that geometries have, how many have it, and its colour."""

    name: str
    number: int
    colour: int


@dataclass(frozen=True)
class Mark:
    """A model against the optimum."""

    index: int
    sparsity: float
    loss: float
    optimum: float
    excess: float
    name: str
    best: str
    x: float
    y: float
    colour: int


@dataclass(frozen=True)
class Models:
    """The tally, and the excesses if they are known."""

    sentence: str
    kinds: tuple[Kind, ...]
    others: int
    marks: tuple[Mark, ...]
    more: int
    up: Axis
    across: Axis


def models(geometries: "Geometries[Any]", comparisons: "Sequence[Comparison | None] | None" = None) -> Models:
    """Return the tally of names, and each model's excess.

    Examples
    --------
    >>> import geomsup as gs
    >>> batch = gs.classify([[[1, 0], [-1, 0]], [[0, 1], [0, -1]], [[1, 0], [0, 1]]], orientation="rows")
    >>> [(kind.name, kind.number) for kind in models(batch).kinds]
    [('digon', 2), ('2 dedicated dimensions', 1)]
    """
    tally = list(geometries.tally.items())
    kinds = [Kind(name, number, i) for i, (name, number) in enumerate(tally[:MOST_KINDS])]
    known = [(i, one) for i, one in enumerate(comparisons or ()) if one is not None]
    excesses = [100 * one.excess for _, one in known if isfinite(one.excess)]
    across = Axis(-0.5, len(geometries) - 0.5, LEFT, RIGHT)
    up = Axis(min([0.0, *excesses]), 1.05 * max([1e-6, *excesses]), BOTTOM, TOP)
    colours = {kind.name: kind.colour for kind in kinds}
    marks = [
        Mark(
            i, 1 - float(one.optimum.features.probability.mean()), one.loss, one.optimum.loss, one.excess,
            one.geometry.name, one.optimum.geometry.name, across.at(i), up.at(100 * one.excess),
            colours.get(one.geometry.name, -1),
        )
        for i, one in known if isfinite(one.excess)
    ]  # fmt: skip
    return Models(
        sentence=_sentence(geometries, marks),
        kinds=tuple(kinds),
        others=len(geometries) - sum(kind.number for kind in kinds),
        marks=tuple(marks),
        more=max(len(marks) - MOST_LINES, 0),
        up=up,
        across=across,
    )


def _sentence(geometries: "Geometries[Any]", marks: list[Mark]) -> str:
    name, number = next(iter(geometries.tally.items()))
    said = f"Of {len(geometries)} models, {number} are: {name}."
    if not marks:
        return said
    best = min(marks, key=lambda mark: mark.excess)
    return f"{said} The best of all, number {best.index}, is {100 * best.excess:.3g} % above its optimum."
