"""A polytope: its faces in space, its shadow beyond."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.given import result
from geomsup.plot.palette import FAINT, INK, PALETTE
from geomsup.plot.panels import one
from geomsup.plot.projection import coxeter_plane_of, say_what_is_drawn, tilted
from geomsup.plot.shapes.space import depths, draw_edges, draw_faces, frame, view_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.shapes import Polytope

__all__ = ["plot_polytope"]

# Beyond this number of edges lines are thin.
MANY_EDGES = 150


def plot_polytope(polytope: "Polytope", *, ax: "Axes | None" = None, title: bool = True) -> "Axes":
    """Draw a polytope on `ax` and return the axes.

    Up to three dimensions: vertices, edges and lightly filled faces. What is near is darker. Beyond: the shadow on the
    Coxeter plane, from where the shape looks most regular, or on a tilted plane if there is none. The
    text below says so.

    Parameters
    ----------
    polytope
        What `polytope` returned.
    ax
        Axes to draw on (3-D ones for three dimensions); new ones by default.
    title
        Whether to write the name above.

    Raises
    ------
    TypeError
        If `polytope` is no `Polytope`, or `ax` is flat for a shape in space.

    References
    ----------
    :cite:t:`coxeter1973`, chapter 12 (the plane).

    Examples
    --------
    >>> import geomsup as gs
    >>> plot_polytope(gs.polytope("5-cell")).get_title()
    '5-cell'
    """
    result("polytope", polytope, "Polytope")
    title = checks.boolean("title", title)
    drawn: Any = one(ax, (4, 4), solid=polytope.dimension == 3)
    if polytope.dimension == 3:
        _solid(polytope, drawn)
    elif polytope.dimension < 3:
        _flat(polytope, drawn)
    else:
        _shadow(polytope, drawn)
    if title:
        drawn.set_title(polytope.name, color=INK)
    return drawn


def _solid(shape: "Polytope", ax: Any) -> None:
    points = shape.points
    view = view_of(points)
    draw_faces(ax, points, shape.faces, PALETTE[0])
    draw_edges(ax, points, shape.edges, PALETTE[0], view)
    near = depths(points, view)
    ax.scatter(*points.T, c=PALETTE[0], s=4 + 14 * near, alpha=0.3 + 0.7 * near, depthshade=False)
    frame(ax, points, view)


def _flat(shape: "Polytope", ax: Any) -> None:
    points = np.pad(shape.points, ((0, 0), (0, 2 - shape.dimension)))
    for face in shape.faces:
        ax.fill(*points[list(face)].T, color=PALETTE[0], alpha=0.12, linewidth=0)
    for i, j in shape.edges:
        ax.plot(*points[[i, j]].T, color=PALETTE[0], linewidth=1.8)
    _finish(ax, points)


def _shadow(shape: "Polytope", ax: Any) -> None:
    plane = coxeter_plane_of(shape)
    seen = tilted(np.eye(shape.dimension)) if plane is None else plane
    points = shape.points @ seen.T
    few = len(shape.edges) <= MANY_EDGES
    for i, j in shape.edges:
        ax.plot(*points[[i, j]].T, color=PALETTE[0] if few else FAINT, linewidth=0.9 if few else 0.4, alpha=0.6)
    _finish(ax, points)
    say_what_is_drawn(ax, shape.dimension, plane is not None)


def _finish(ax: Any, points: np.ndarray) -> None:
    ax.plot(*points.T, "o", color=PALETTE[0], markersize=4, markeredgecolor="white", markeredgewidth=0.5)
    reach = 1.12 * float(np.linalg.norm(points, axis=1).max())
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
