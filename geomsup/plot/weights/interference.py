"""How long every row of W is, and how much the others interfere with it."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.palette import FAINT, PALETTE
from geomsup.plot.panels import one
from geomsup.plot.weights.rows import one_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_interference"]

# Rows below this fraction of the longest are not represented: what is left of them is noise without a direction.
SHORT = 0.05


def plot_interference(W: Any, *, ax: "Axes | None" = None) -> "Axes":
    """Draw a stacked bar for each feature: its squared norm, and the interference upon it; return the axes.

    The interference is Σ_{j≠i} (ŵ_i·w_j)², the squares of the other rows along the direction of row i. The first part
    of a bar as a fraction of the whole bar is D_i. Below 5 % of the longest row a
    feature is not represented, and no interference is drawn.

    Parameters
    ----------
    W
        ``(n, m)``, rows are features, or a `ToyModel`.
    ax
        Axes to draw on; new ones by default.

    References
    ----------
    :cite:t:`elhage2022`, "Demonstrating superposition".

    Examples
    --------
    >>> ax = plot_interference([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    >>> [[float(bar.get_width()) for bar in bars] for bars in ax.containers]
    [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]
    """
    rows = one_matrix(W)
    squares = (rows**2).sum(axis=1)
    unit = rows / np.where(squares > 0, np.sqrt(squares), 1.0)[:, None]
    cross = (unit @ rows.T) ** 2
    cross[squares <= SHORT**2 * squares.max(initial=0.0)] = 0.0
    np.fill_diagonal(cross, 0.0)
    height = min(max(2.2, 0.8 + 0.16 * len(rows)), 8.0)
    ax = one(ax, (4.4, height))
    places = np.arange(len(rows))
    ax.barh(places, squares, color=PALETTE[0], label="norm ‖wᵢ‖²")
    ax.barh(places, cross.sum(axis=1), left=squares, color=PALETTE[4], label="interference of the others")
    ax.axvline(1, color=FAINT, linewidth=0.8, linestyle=":", zorder=0)
    from matplotlib.ticker import MaxNLocator

    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.invert_yaxis()
    ax.set(xlabel="squared length", ylabel="feature")
    ax.legend(frameon=False, fontsize=8, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
