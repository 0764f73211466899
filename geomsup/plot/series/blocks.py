"""What the best blocks lose, by features and probability."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.given import result
from geomsup.plot.panels import listed
from geomsup.plot.series.grid import cell_edges

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.optima.tabulated.table import BlockTable, TabulatedBlock

__all__ = ["plot_block_table"]

WIDTH, HEIGHT = 3.4, 3.2  # of a panel, in inches
TURN = 1.2  # width of the mark between two geometries


def plot_block_table(table: "BlockTable", *, axes: "Axes | Sequence[Axes] | np.ndarray | None" = None) -> "list[Axes]":
    """Draw the fraction of the variance that the best blocks lose, by p and features; return the axes.

    There is a panel per number of dimensions. White marks are where the geometry changes between two densities.

    Parameters
    ----------
    table
        What `geomsup.block_table` returned.
    axes
        Matplotlib axes, as many as there are numbers of dimensions; those of a new figure by default.

    Raises
    ------
    TypeError, ValueError
        If the table is something else, or there are not as many axes.

    Examples
    --------
    >>> import geomsup as gs
    >>> [ax.get_title() for ax in plot_block_table(gs.block_table(n_hidden=3))]
    ['3 dimensions']
    """
    result("table", table, "BlockTable")
    ranks = sorted({block.n_hidden for block in table.blocks})
    found = listed(_new_axes(len(ranks)) if axes is None else axes)
    if len(found) != len(ranks):
        raise ValueError(
            f"`axes` must be one for each of {checks.count(len(ranks), 'number')} of dimensions; got {len(found)}. "
            f"Pass plt.subplots(1, {len(ranks)})[1]."
        )
    for ax, rank in zip(found, ranks, strict=True):
        _panel(ax, [block for block in table.blocks if block.n_hidden == rank])
        ax.set_title(checks.count(rank, "dimension"))
    found[0].set_ylabel("features")
    found[0].figure.colorbar(_mesh(found[0]), ax=found, label="fraction of the variance lost")
    return found


def _new_axes(panels: int) -> Any:
    import matplotlib.pyplot as plt

    size = (WIDTH * panels + 1, HEIGHT)
    return plt.subplots(1, panels, figsize=size, squeeze=False, layout="constrained")[1]


def _panel(ax: "Axes", blocks: "list[TabulatedBlock]") -> None:
    """Draw the blocks of one number of dimensions."""
    sizes = np.unique([block.n_features for block in blocks])
    densities = np.unique([block.probability for block in blocks])
    lost = np.full((len(sizes), len(densities)), np.nan)
    p_edges, n_edges = cell_edges(densities), cell_edges(sizes.astype(float), log=False)
    for block in blocks:
        row, column = np.searchsorted(sizes, block.n_features), np.searchsorted(densities, block.probability)
        lost[row, column] = block.lost
        if block.transition:
            ax.vlines(p_edges[column + 1], n_edges[row], n_edges[row + 1], colors="white", linewidth=TURN)
    ax.pcolormesh(p_edges, n_edges, lost, vmin=0, vmax=1, cmap="viridis", shading="flat", zorder=0)
    ax.set(xscale="log", xlabel="p", yticks=sizes)


def _mesh(ax: "Axes") -> Any:
    from matplotlib.collections import QuadMesh

    return next(one for one in ax.collections if isinstance(one, QuadMesh))
