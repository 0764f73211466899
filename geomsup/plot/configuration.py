"""Points on a sphere: with the edges of their hull in space, as arrows in the plane, as angles beyond."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.given import result
from geomsup.plot.palette import FAINT, INK, PALETTE
from geomsup.plot.panels import one
from geomsup.plot.shapes.space import draw_edges, frame, view_of
from geomsup.plot.weights.angles import plot_angles
from geomsup.plot.wording import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.energy import Configuration

__all__ = ["plot_configuration"]

SAME_FACET = 1e-3  # facets whose unit normals differ by less are one
COINCIDENT = 1e-3  # points nearer than this are drawn as one, with a count


def plot_configuration(configuration: "Configuration", *, ax: "Axes | None" = None, title: bool = True) -> "Axes":
    """Draw a configuration on `ax` and return the axes.

    In three dimensions the points and the edges of their convex hull, those behind fainter; points coloured by their
    number of neighbours (of three to seven). In the plane arrows, coincident ones with their number. In more dimensions
    the histogram of the angles between pairs.

    Parameters
    ----------
    configuration
        What `minimize_energy` returned.
    ax
        Axes to draw on (3-D ones for three dimensions); new ones by default.
    title
        Whether to write energy and geometry above.

    Examples
    --------
    >>> import geomsup as gs
    >>> plot_configuration(gs.thomson(6)).get_title()
    'octahedron\\n(3 digons)\\ncoulomb energy 9.985281374'
    """
    result("configuration", configuration, "Configuration")
    title = checks.boolean("title", title)
    ax = one(ax, (4, 4), solid=configuration.d == 3)
    if configuration.d in (2, 3):
        {2: _arrows, 3: _hull}[configuration.d](configuration.points, ax)
    else:
        plot_angles(configuration.points, ax=ax)
    if title:
        what = "largest cosine" if configuration.potential.is_maximum else "energy"
        name = configuration.geometry.name
        name = f"{configuration.n} points" if name.startswith("unnamed") else wrap(name)
        ax.set_title(f"{name}\n{configuration.potential.label} {what} {configuration.energy:.10g}", color=INK)
    return ax


def _hull(points: np.ndarray, ax: Any) -> None:
    from scipy.spatial import QhullError

    from geomsup.shapes.hull import hull_edges

    try:
        edges = np.array(hull_edges(points, tolerance=SAME_FACET), dtype=int).reshape(-1, 2)
    except (QhullError, ValueError):  # fewer than four points, or all in a plane
        edges = np.empty((0, 2), dtype=int)
    neighbours = np.bincount(edges.ravel(), minlength=len(points))
    view = view_of(points)
    draw_edges(ax, points, edges, INK, view)
    kinds = sorted(set(neighbours.tolist()))
    size = max(8.0, 60.0 / np.sqrt(len(points)) * 2)
    for place, kind in enumerate(kinds):
        chosen = neighbours == kind
        label = f"{kind} neighbours" if len(edges) else None
        ax.scatter(
            *points[chosen].T, s=size, color=PALETTE[place % len(PALETTE)], label=label, depthshade=False, zorder=3
        )
    if len(edges) and len(kinds) > 1:
        ax.legend(loc="lower left", fontsize=7, frameon=False)
    frame(ax, points, view)


def _arrows(points: np.ndarray, ax: Any) -> None:
    from matplotlib.patches import Circle

    ax.add_patch(Circle((0, 0), 1, fill=False, color=FAINT, linewidth=0.8, linestyle=":"))
    left = np.ones(len(points), dtype=bool)
    for i, point in enumerate(points):
        same = left & (np.linalg.norm(points - point, axis=1) < COINCIDENT)
        if not left[i]:
            continue
        left &= ~same
        ax.annotate(
            "", point, (0, 0),
            arrowprops={"arrowstyle": "-|>", "color": PALETTE[0], "lw": 1.8, "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
        if same.sum() > 1:
            ax.annotate(f"× {same.sum()}", 1.17 * point, ha="center", va="center", fontsize=9, color=INK)
    ax.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
