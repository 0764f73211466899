"""The cosines of paired rows, counted, beside chance."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.palette import INK, PALETTE
from geomsup.plot.panels import one

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_matching"]

# Bars from 0 to 1.
BARS = 50


def plot_matching(matching: Any, *, ax: "Axes | None" = None) -> "Axes":
    """Draw how many pairs have which cosine, and the mean largest cosine by chance; return the axes.

    Parameters
    ----------
    matching
        What `geomsup.match` returned.
    ax
        Axes to draw on; new ones by default.

    Examples
    --------
    >>> import geomsup as gs
    >>> plot_matching(gs.match(np.eye(3), np.eye(3))).get_title()
    'MMCS 1.000'
    """
    if not hasattr(matching, "mmcs"):
        raise TypeError(f"`matching` must be a Matching; got {checks.shown(matching)}. Pass what gs.match returns.")
    ax = one(ax, (5, 3.2))
    beyond = matching.p_values < 0.05
    edges = np.linspace(0, 1, BARS + 1).tolist()
    ax.hist(
        [matching.cosines[beyond], matching.cosines[~beyond]], edges, stacked=True, color=[PALETTE[0], "0.75"],
        label=["p < 0.05", "not beyond chance"],
    )  # fmt: skip
    ax.axvline(matching.mmcs_by_chance, color=INK, linestyle=":", label="mean largest cosine by chance")
    ax.set(xlabel="cosine of a pair", ylabel="pairs", xlim=(0, 1.01), title=f"MMCS {matching.mmcs:.3f}")
    ax.legend(edgecolor="none", fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
