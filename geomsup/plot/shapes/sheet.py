"""A sheet with a picture of every named shape of a list."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from geomsup import checks
from geomsup.plot.given import results
from geomsup.plot.palette import INK
from geomsup.plot.shapes.polytope import plot_polytope
from geomsup.plot.wording import wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geomsup.shapes import Polytope

__all__ = ["plot_sheet"]

# Inches that a picture takes, sideways and upwards with its name.
WIDTH, HEIGHT = 1.55, 1.75


def plot_sheet(shapes: "Iterable[Polytope]", *, columns: int = 6) -> "Figure":
    """Draw every shape with its name and its number of vertices, in reading order; return the figure.

    Shapes of more than three dimensions are shadows, as `plot_polytope` draws them.

    Parameters
    ----------
    shapes
        Polytopes, at least one.
    columns
        How many stand side by side.

    Raises
    ------
    TypeError, ValueError
        If there is no shape, or `columns` is less than 1.

    Examples
    --------
    >>> import geomsup as gs
    >>> figure = plot_sheet(gs.polytopes(2)[:3])
    >>> [ax.get_title() for ax in figure.axes]
    ['triangle\\n3 vertices', 'square\\n4 vertices', 'pentagon\\n5 vertices']
    """
    from matplotlib import pyplot

    listed = results("shapes", shapes, "Polytope")
    columns = min(checks.integer("columns", columns, minimum=1), len(listed))
    rows = -(-len(listed) // columns)
    figure = pyplot.figure(figsize=(WIDTH * columns, HEIGHT * rows), layout="constrained")
    for place, shape in enumerate(listed):
        solid = {"projection": "3d"} if shape.dimension == 3 else {}
        ax = figure.add_subplot(rows, columns, place + 1, **solid)
        plot_polytope(shape, ax=ax, title=False)
        ax.set_xlabel("")
        ax.set_title(f"{wrap(shape.name, 20)}\n{shape.n_vertices} vertices", fontsize=7, color=INK, pad=2)
    return figure
