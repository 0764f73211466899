"""The rows of W: arrows in up to three dimensions, the Gram matrix beyond."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.edges import component_edges
from geomsup.plot.given import result
from geomsup.plot.palette import FAINT, INK, component_colours
from geomsup.plot.panels import one
from geomsup.plot.projection import draw_projection
from geomsup.plot.shapes.space import depths, draw_edges, frame, label, view_of
from geomsup.plot.tally import plot_tally
from geomsup.plot.weights.angles import plot_angles
from geomsup.plot.weights.gram import draw_signed
from geomsup.plot.wording import described, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.recognition import Geometry

__all__ = ["draw_rows", "plot_geometry"]

MOST_ROWS = 200  # a cell of a Gram matrix of more rows is less than a pixel: the names found are counted instead
MOST_EMPTY = 10  # features that are not represented but shown in a Gram matrix, at most


def plot_geometry(geometry: "Geometry", *, ax: "Axes | None" = None, title: bool = True, labels: bool = True) -> "Axes":
    """Draw the rows of W on `ax`, coloured by component, and return the axes.

    Up to three hidden dimensions: an arrow per feature, the edges of recognised shapes between arrow tips, and
    the unit circle for scale. More: of one shape alone its projection on its Coxeter plane, else the Gram matrix
    W Wᵀ with features ordered by component (`plot_components` draws every kind of component). With more than 200
    features that are represented: how many components have which name, or the angles if there is one component only.

    Parameters
    ----------
    geometry
        What `classify` returned.
    ax
        Axes to draw on (3-D ones for three dimensions); new ones by default.
    title
        Whether to write the geometry's name above.
    labels
        Whether to number the features.

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = plot_geometry(gs.classify([[1.0, 0.0], [-0.5, 0.8], [-0.5, -0.9]]))
    >>> ax.get_title()
    'triangle'
    """
    dimensions = result("geometry", geometry, "Geometry").n_hidden
    title, labels = checks.boolean("title", title), checks.boolean("labels", labels)
    drawn: Axes = one(ax, (4, 4), solid=dimensions == 3)
    if dimensions <= 3:
        stored = (i for i in range(geometry.n_features) if i not in geometry.not_represented)
        draw_rows(geometry, drawn, {i: str(i) for i in stored} if labels else {})
    elif len(geometry.components) == 1 and geometry.components[0].polytope and geometry.components[0].rank > 3:
        (component,) = geometry.components
        draw_projection(component, geometry.W[list(component.features)], drawn)
    elif geometry.n_features - len(geometry.not_represented) > MOST_ROWS:
        _names(geometry, drawn)
    else:
        _gram(geometry, drawn)
    if title:
        drawn.set_title(wrap(described(geometry)), color=INK)
    return drawn


def draw_rows(geometry: "Geometry", ax: Any, names: Mapping[int, str]) -> None:
    """Draw an arrow per row in up to three dimensions, with a name at its tip where `names` has one."""
    if geometry.n_hidden == 3:
        _arrows_3d(geometry, ax, names)
    else:
        _arrows_2d(geometry, ax, names)


def _arrows_2d(geometry: "Geometry", ax: Any, names: Mapping[int, str]) -> None:
    from matplotlib.patches import Circle

    rows = np.pad(geometry.W, ((0, 0), (0, 2 - geometry.n_hidden)))
    colours = component_colours(geometry)
    ax.add_patch(Circle((0, 0), 1, fill=False, color=FAINT, linewidth=0.8, linestyle=":"))
    for i, j in component_edges(geometry):
        ax.plot(*rows[[i, j]].T, color=colours[i], linewidth=0.9, alpha=0.45, zorder=1)
    for i in range(len(rows)):
        if i in geometry.not_represented:
            ax.plot(*rows[i], "o", color=FAINT, markersize=4, zorder=2)
            continue
        ax.annotate(
            "", rows[i], (0, 0), zorder=3,
            arrowprops={"arrowstyle": "-|>", "color": colours[i], "lw": 1.8, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        if i in names:
            ax.annotate(
                names[i], rows[i] * (1 + 0.16 / max(np.linalg.norm(rows[i]), 0.3)),
                ha="center", va="center", fontsize=8, color=INK,
            )  # fmt: skip
    reach = 1.35 * max(1.0, float(np.linalg.norm(rows, axis=1).max()))
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _arrows_3d(geometry: "Geometry", ax: Any, names: Mapping[int, str]) -> None:
    rows, colours = geometry.W, component_colours(geometry)
    view = view_of(rows)
    near = depths(rows, view)
    draw_edges(ax, rows, component_edges(geometry), lambda i, j: colours[i], view)
    reach = float(np.linalg.norm(rows, axis=1).max()) or 1.0
    for i, row in enumerate(rows):
        ax.plot(*np.stack([np.zeros(3), row], axis=1), color=colours[i], linewidth=1.8, alpha=0.4 + 0.6 * near[i])
        ax.plot(*row[:, None], "o", color=colours[i], markersize=3.5 + 2.5 * near[i], alpha=0.4 + 0.6 * near[i])
        if i in names:
            label(ax, row, names[i], view, reach=reach, fontsize=8, color=INK)
    frame(ax, rows, view)


def _names(geometry: "Geometry", ax: Any) -> None:
    """Count the components by name, or the angles of a single one: of a dictionary, the picture of W Wᵀ is blank."""
    if len(geometry.components) == 1:
        plot_angles(geometry.W, ax=ax)
        return
    tally = Counter(component.name for component in geometry.components)
    plot_tally(dict(tally.most_common()), ax=ax)
    dimensions = checks.count(geometry.n_hidden, "dimension")
    ax.set_xlabel(f"components, {geometry.n_features} features in {dimensions}")


def _gram(geometry: "Geometry", ax: Any) -> None:
    from matplotlib.patches import Rectangle

    order = [f for component in geometry.components for f in component.features]
    left_out = len(geometry.not_represented)
    if left_out <= MOST_EMPTY or not order:  # more empty rows and columns would only make the others small
        order, left_out = order + list(geometry.not_represented), 0
    draw_signed(ax, geometry.W[order] @ geometry.W[order].T, "W Wᵀ", order)
    start = 0
    for component in geometry.components:
        side = len(component.features)
        ax.add_patch(Rectangle((start - 0.5, start - 0.5), side, side, fill=False, color=INK, linewidth=0.8))
        start += side
    ax.set(xlabel="feature, by component", ylabel="feature, by component")
    if left_out:
        ax.set_xlabel(f"feature, by component\n({left_out} not represented left out)")
