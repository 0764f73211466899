"""What a large W is made of: a picture of every kind of component, with how many there are of it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.geometry import draw_rows
from geomsup.plot.given import result
from geomsup.plot.palette import INK
from geomsup.plot.projection import draw_projection
from geomsup.plot.wording import wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geomsup.recognition import Component, Geometry

__all__ = ["plot_components"]

MOST_KINDS = 12
PER_ROW = 4
MOST_NUMBERED = 30  # features: the numbers of more would cover each other


def plot_components(geometry: "Geometry") -> "Figure":
    """Draw one component of each name in its own subspace, the most frequent first; return the figure.

    Up to three dimensions: an arrow per feature and the edges of the shape. Beyond: the projection on the Coxeter
    plane of the shape, from where it looks most regular, or on the two largest principal axes where there is none.
    Of up to 30 features each has its number; where a name stands for several components, the first is shown.

    Parameters
    ----------
    geometry
        What `classify` returned.

    Examples
    --------
    >>> import geomsup as gs
    >>> W = [[1, 0, 0], [-0.5, 0.9, 0], [-0.5, -0.9, 0], [0, 0, 1], [0, 0, -1]]
    >>> figure = plot_components(gs.classify(W))
    >>> [ax.get_title() for ax in figure.axes]
    ['triangle', 'digon']
    """
    from matplotlib import pyplot

    kinds = _kinds(result("geometry", geometry, "Geometry"))
    columns = min(PER_ROW, max(len(kinds), 1))
    rows = -(-max(len(kinds), 1) // columns)
    figure = pyplot.figure(figsize=(3 * columns, 3.2 * rows), layout="constrained")
    for place, (name, members) in enumerate(kinds):
        shown = members[0]
        solid = {"projection": "3d"} if shown.rank == 3 else {}
        ax = figure.add_subplot(rows, columns, place + 1, **solid)
        # The layout takes the room of a title from where the axes end. Square axes end below that, unless they hang
        # from the top: titles were cut off.
        ax.set_anchor("N")
        _draw(geometry, shown, ax)
        count = "" if len(members) == 1 else f"{len(members)} × "
        ax.set_title(wrap(count + name), fontsize=10, color=INK)
    return figure


def _kinds(geometry: "Geometry") -> list[tuple[str, list["Component"]]]:
    """Return components by name, most frequent names first."""
    found: dict[str, list[Component]] = {}
    for component in geometry.components:
        found.setdefault(component.name, []).append(component)
    return sorted(found.items(), key=lambda item: (-len(item[1]), -item[1][0].rank))[:MOST_KINDS]


def _draw(geometry: "Geometry", component: "Component", ax: Any) -> None:
    rows = geometry.W[list(component.features)]
    left, size, _ = np.linalg.svd(rows, full_matrices=False)
    inside = left[:, : component.rank] * size[: component.rank]
    numbered = len(component.features) <= MOST_NUMBERED
    names = [str(feature) for feature in component.features] if numbered else []
    if component.rank > 3:
        draw_projection(component, rows, ax, names=names)
        return
    alone = replace(component, features=tuple(range(len(rows))))
    within = replace(
        geometry, components=(alone,), not_represented=(), W=inside, dimensionality=component.dimensionality
    )
    draw_rows(within, ax, dict(enumerate(names)))
