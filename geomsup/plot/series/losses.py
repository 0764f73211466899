"""Losses of trained models against the optimum, along sparsity."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from geomsup.plot.given import results
from geomsup.plot.palette import FAINT, INK, PALETTE
from geomsup.plot.panels import one

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.comparison import Comparison

__all__ = ["plot_losses"]


def plot_losses(comparisons: "Sequence[Comparison]", *, ax: "Axes | None" = None) -> "Axes":
    """Draw the loss of every model and of its optimum against 1/p = 1/(1 − S); return the axes.

    Losses are fractions of Σ_i I_i Var x_i, what storing nothing costs.

    Parameters
    ----------
    comparisons
        What `compare` returned for several models, or a list of such results.
    ax
        Axes to draw on; new ones by default.

    Raises
    ------
    TypeError, ValueError
        If there is no comparison, or one is something else.

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = plot_losses([gs.compare(gs.ToyModel([[1.0], [-1.0]]), gs.Features(2, 0.1), starts=2)])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['optimum', 'models']
    """
    found = results("comparisons", comparisons, "Comparison")
    ax = one(ax, (6, 3.6))
    at, best, own = [], [], []
    for comparison in found:
        features = comparison.optimum.features
        nothing = float(features.importance @ features.variance)
        at.append(1 / float(features.probability.mean()))
        best.append(comparison.optimum.loss / nothing)
        own.append(comparison.loss / nothing)
    order = np.argsort(at, kind="stable")
    ax.plot(np.take(at, order), np.take(best, order), color=PALETTE[1], marker="_", markersize=12, label="optimum")
    ax.plot(at, own, "o", color=PALETTE[0], markersize=5, alpha=0.75, markeredgecolor="white", label="models")
    ax.axhline(1, color=FAINT, linewidth=1, linestyle="--", zorder=1)
    ax.annotate("storing nothing", (0, 1), xycoords=("axes fraction", "data"), xytext=(4, 3),
                textcoords="offset points", fontsize=8, color=INK)  # fmt: skip
    ax.set(xscale="log", xlabel="1/p = 1/(1 − S)  (sparser →)", ylabel="loss / loss of storing nothing")
    ax.set_ylim(0, 1.1 * max(1.0, *own))
    ax.legend(frameon=False, loc="lower left")
    ax.spines[["top", "right"]].set_visible(False)
    return ax
