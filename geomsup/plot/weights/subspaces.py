"""The shares of squares in subspaces, as a matrix of logarithms against chance."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.palette import DIVERGING
from geomsup.plot.panels import one

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_subspaces"]

# Colours are full at this many times chance, and at one part of it.
FULL = 10.0


def plot_subspaces(found: Any, *, ax: "Axes | None" = None) -> "Axes":
    """Draw the share of each square in each subspace, blue above chance and red below; return the axes.

    Shares beyond chance (p < 0.05) are in bold.

    Parameters
    ----------
    found
        What `geomsup.subspaces` returned.
    ax
        Axes to draw on; new ones by default.

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = plot_subspaces(gs.subspaces({"a": np.eye(3)[:1], "b": np.eye(3)[1:]}))
    >>> [text.get_text() for text in ax.texts]
    ['0.000', '0.000']
    """
    if not hasattr(found, "p_shares"):
        raise TypeError(f"`found` must be a Subspaces; got {checks.shown(found)}. Pass what gs.subspaces returns.")
    k = len(found.names)
    ax = one(ax, (1.5 + 0.8 * k, 1 + 0.6 * k))
    ratio = np.clip(found.shares / found.by_chance, 1 / FULL, FULL)
    np.fill_diagonal(ratio, 1.0)
    ax.imshow(np.log(ratio), cmap=DIVERGING, vmin=-np.log(FULL), vmax=np.log(FULL))
    for i, j in ((i, j) for i in range(k) for j in range(k) if i != j):
        weight = "bold" if found.p_shares[i, j] < 0.05 else "normal"
        colour = "white" if abs(np.log(ratio[i, j])) > 0.6 * np.log(FULL) else "black"
        ax.text(j, i, f"{found.shares[i, j]:.3f}", ha="center", va="center", weight=weight, color=colour, fontsize=8)
    ax.set_xticks(range(k), found.names, rotation=45, ha="right")
    ax.set_yticks(range(k), found.names)
    ax.set(xlabel="subspace of", ylabel="square of")
    return ax
