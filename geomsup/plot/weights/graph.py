"""Which feature interferes with which: a graph whose components are rings."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.given import result
from geomsup.plot.palette import INK, NEGATIVE, POSITIVE, component_colours
from geomsup.plot.panels import one

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.recognition import Component, Geometry

__all__ = ["plot_graph"]

# Inner products below this fraction of the median squared length are left out, as in the report: their effect on an
# output goes with the square, and 1 % is less than what trainings leave to chance.
LEAST = 0.1

# Room that a feature takes along its ring, the gap between rings, and the width of a line of rings, in one unit.
ROOM, GAP = 1.0, 1.2
MOST_NUMBERED = 60


def plot_graph(geometry: "Geometry", *, ax: "Axes | None" = None) -> "Axes":
    """Draw features as dots, components as rings, and a line between features that interfere; return the axes.

    Lines are red and dashed where directions oppose each other, blue where they support each other, and thicker where
    the inner product is larger. Features that are not represented are left out.

    Parameters
    ----------
    geometry
        What `classify` returned.
    ax
        Axes to draw on; new ones by default.

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = plot_graph(gs.classify([[1, 0], [-1, 0], [0, 1], [0, -1]]))
    >>> len(ax.lines), [text.get_text() for text in ax.texts]
    (2, ['0', '1', '2', '3'])
    """
    result("geometry", geometry, "Geometry")
    ax = one(ax, (4.4, 4.4))
    places = _placed(geometry)
    features = sorted(places)
    _lines(geometry.W, features, places, ax)
    colours = component_colours(geometry)
    for feature in features:
        ax.scatter(*places[feature], s=130, color="white", edgecolors=colours[feature], linewidths=1.8, zorder=3)
        if len(features) <= MOST_NUMBERED:
            ax.annotate(
                str(feature), tuple(places[feature].tolist()), ha="center", va="center", fontsize=7, color=INK, zorder=4
            )
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.margins(0.12)
    ax.spines[:].set_visible(False)
    return ax


def _lines(W: np.ndarray, features: list[int], places: dict[int, np.ndarray], ax: Any) -> None:
    products = W[features] @ W[features].T
    scale = float(np.median(np.diagonal(products))) if features else 1.0
    for i, j in np.argwhere(np.triu(np.abs(products) >= LEAST * scale, 1)):
        size = float(products[i, j]) / scale
        ends = np.array([places[features[i]], places[features[j]]])
        ax.plot(
            *ends.T, color=POSITIVE if size > 0 else NEGATIVE, linestyle="-" if size > 0 else "--",
            linewidth=0.6 + 2.0 * min(abs(size), 1.0), zorder=1,
        )  # fmt: skip


def _placed(geometry: "Geometry") -> dict[int, np.ndarray]:
    """Return where each feature is: rings side by side in lines, about as many lines as a square needs."""
    radii = [_radius(len(component.features)) for component in geometry.components]
    width = max([2 * radius for radius in radii] + [np.sqrt(sum((2 * radius + GAP) ** 2 for radius in radii))])
    places: dict[int, np.ndarray] = {}
    x = top = tallest = 0.0
    for component, radius in zip(geometry.components, radii, strict=True):
        if x and x + 2 * radius > width:
            x, top, tallest = 0.0, top + tallest + GAP, 0.0
        turns = np.pi / 2 - 2 * np.pi * np.arange(len(component.features)) / len(component.features)
        for feature, turn in zip(_around(geometry.W, component), turns, strict=True):
            places[feature] = np.array([x + radius * (1 + np.cos(turn)), -top - radius * (1 - np.sin(turn))])
        x, tallest = x + 2 * radius + GAP, max(tallest, 2 * radius)
    return places


def _radius(count: int) -> float:
    return 0.0 if count == 1 else max(ROOM * count / (2 * np.pi), ROOM / 2)


def _around(W: np.ndarray, component: "Component") -> list[int]:
    """Return the features of a component by their angles in the plane of its two largest principal axes."""
    features = list(component.features)
    if component.rank < 2:
        return features
    left, size, _ = np.linalg.svd(W[features], full_matrices=False)
    turns = np.round(np.arctan2(left[:, 1] * size[1], left[:, 0] * size[0]), 6)
    return [features[k] for k in np.argsort(turns, kind="stable")]
