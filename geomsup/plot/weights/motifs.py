"""Numbers of motifs in shuffled weights, and the observed one."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.palette import PALETTE
from geomsup.plot.panels import one

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_motifs"]

# Bars at most.
BARS = 60


def plot_motifs(motifs: Any, *, ax: "Axes | None" = None) -> "Axes":
    """Draw how many shuffles have how many motifs, and the number in the weights; return the axes.

    Parameters
    ----------
    motifs
        What `geomsup.motifs` returned.
    ax
        Axes to draw on; new ones by default.

    Examples
    --------
    >>> import geomsup as gs
    >>> plot_motifs(gs.motifs([[2.0, 1.0], [-0.5, 0.0]], [[0.5, 0.0], [2.0, -4.5]])).get_ylabel()
    'shuffles'
    """
    if not hasattr(motifs, "n_neurons"):
        raise TypeError(f"`motifs` must be a Motifs; got {checks.shown(motifs)}. Pass what gs.motifs returns.")
    ax = one(ax, (5, 3.2))
    highest = max(int(motifs.chance.max()), motifs.count)
    step = -(-(highest + 1) // BARS)
    edges = np.arange(0, highest + step + 1, step) - 0.5
    ax.hist(
        list(motifs.chance), edges.tolist(), color=["0.75", "0.5"],
        label=["pairs dealt to other neurons", "rows of W_out dealt to other features"],
    )  # fmt: skip
    ax.axvline(motifs.count, color=PALETTE[0], linewidth=2, label=f"in these weights: {motifs.count}")
    ax.set(xlabel="motifs in shuffled weights", ylabel="shuffles", title=f"p = {motifs.p_value:.2g}")
    ax.legend(edgecolor="none", fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
