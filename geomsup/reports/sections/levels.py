"""Section: which fraction of a dimension each feature has, with the levels of the shapes found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geomsup.reports.axes import Axis, spread
from geomsup.reports.words import fraction, shortened

if TYPE_CHECKING:
    from geomsup.recognition import Component, Geometry
    from geomsup.reports.colours import Colours

__all__ = ["HEIGHT", "WIDTH", "Bar", "Dot", "Level", "Levels", "levels"]

# Size of the drawing, and where its axes are.
WIDTH, HEIGHT = 760.0, 320.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 560.0, 14.0, 284.0

# Of more features the page shows how many have each D, not each one: dots would hide each other.
MOST_DOTS = 1500
BINS = 50

# Different levels that one shape may have; those with more have no lines.
MOST_LEVELS = 3

# Levels that differ by less are one.
SAME = 1e-6

# Distance of the names of levels, in units of the drawing.
APART = 14.0


@dataclass(frozen=True)
class Dot:
    """A feature: its number, its D, where it is drawn, and its colour."""

    feature: int
    value: float
    x: float
    y: float
    colour: int
    name: str


@dataclass(frozen=True)
class Bar:
    """How many features have a D in a range."""

    low: float
    high: float
    number: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Level:
    """A value of D that a shape has, with its name, and the heights of line and name."""

    value: float
    name: str
    y: float
    label_y: float


@dataclass(frozen=True)
class Levels:
    """What the section draws: dots, or bars where there are too many."""

    sentence: str
    dots: tuple[Dot, ...]
    bars: tuple[Bar, ...]
    lines: tuple[Level, ...]
    axis: Axis


def levels(geometry: "Geometry", colours: "Colours") -> Levels:
    """Return D of every feature, those of a component side by side, and the levels of the shapes.

    Examples
    --------
    >>> import geomsup as gs
    >>> from geomsup.reports.colours import colours_of
    >>> found = gs.classify([[1, 0], [-1, 0], [0, 1], [0, -1]])
    >>> [(level.value, level.name) for level in levels(found, colours_of(found)).lines]
    [(0.5, '1/2 digon')]
    """
    if geometry.n_features > MOST_DOTS:
        axis = Axis(0.0, float(geometry.dimensionality.max()) or 1.0, LEFT, RIGHT)
        return Levels(_sentence(geometry, many=True), (), _bars(geometry, axis), (), axis)
    axis = Axis(0.0, 1.04, BOTTOM, TOP)
    return Levels(_sentence(geometry, many=False), _dots(geometry, colours, axis), (), _lines(geometry, axis), axis)


def _sentence(geometry: "Geometry", many: bool) -> str:
    mean = float(geometry.dimensionality.mean())
    shown = "how many features have" if many else "for every feature"
    return (
        f"Shown {shown} the fraction D of a dimension that the feature has to itself: 1 is a dimension of its own, "
        f"1/2 one shared by two. The mean is {mean:.3f}, and {geometry.n_hidden} dimensions are shared by "
        f"{geometry.n_features} features."
    )


def _dots(geometry: "Geometry", colours: "Colours", axis: Axis) -> tuple[Dot, ...]:
    named = [(feature, part.full_name) for part in geometry.components for feature in part.features]
    named += [(feature, "not represented") for feature in geometry.not_represented]
    across = Axis(-0.5, len(named) - 0.5, LEFT, RIGHT)
    return tuple(
        Dot(feature, float(D), across.at(place), axis.at(float(D)), colours.features[feature], name)
        for place, (feature, name) in enumerate(named)
        for D in [geometry.dimensionality[feature]]
    )


def _lines(geometry: "Geometry", axis: Axis) -> tuple[Level, ...]:
    found: dict[float, list[str]] = {}
    for component in geometry.components:
        for value in _values(component):
            same = next((other for other in found if abs(other - value) < SAME), value)
            names = found.setdefault(same, [])
            if component.name not in names:
                names.append(component.name)
    values = sorted(found, reverse=True)
    heights = [axis.at(value) for value in values]
    # The drawing's heights grow downwards; `spread` takes places that descend.
    labels = [-place for place in spread([-height for height in heights], APART, -BOTTOM, -TOP)]
    return tuple(
        Level(value, shortened(f"{fraction(value)} {', '.join(found[value])}"), height, label)
        for value, height, label in zip(values, heights, labels, strict=True)
    )


def _values(component: "Component") -> list[float]:
    if component.name.startswith("dedicated"):
        return [1.0]
    if component.polytope is None:
        return []
    distinct = sorted(set(np.round(np.atleast_1d(component.polytope.dimensionality), 9).tolist()))
    return distinct if len(distinct) <= MOST_LEVELS else []


def _bars(geometry: "Geometry", axis: Axis) -> tuple[Bar, ...]:
    numbers, ends = np.histogram(geometry.dimensionality, bins=BINS, range=(axis.low, axis.high))
    # Square roots, so that the few features of shapes are seen beside thousands of others.
    up = Axis(0.0, float(np.sqrt(numbers.max())), BOTTOM, TOP)
    return tuple(
        Bar(float(low), float(high), int(number), axis.at(float(low)), up.at(float(np.sqrt(number))),
            axis.at(float(high)) - axis.at(float(low)) - 1, BOTTOM - up.at(float(np.sqrt(number))))
        for number, low, high in zip(numbers, ends[:-1], ends[1:], strict=True)
        if number
    )  # fmt: skip
