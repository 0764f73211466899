"""Several trained models against the optimum, by geometry."""

from typing import TYPE_CHECKING

from geomsup.plot.given import result, results
from geomsup.plot.palette import FAINT, INK, PALETTE
from geomsup.plot.panels import one
from geomsup.plot.wording import described, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.comparison import Comparisons

__all__ = ["plot_comparisons"]

MOST_NAMES = len(PALETTE)
LONGEST_NAME = 48


def plot_comparisons(comparisons: "Comparisons", *, ax: "Axes | None" = None) -> "Axes":
    """Draw how far every model is above the optimum, coloured by its geometry; return the axes.

    Parameters
    ----------
    comparisons
        What `compare` returned for several models.
    ax
        A matplotlib axes; a new figure's by default.

    Examples
    --------
    >>> import geomsup as gs
    >>> models = [gs.ToyModel([[norm], [-norm]]) for norm in (0.9, 1.0, 1.1)]
    >>> plot_comparisons(gs.compare(models, gs.Features(2, 0.1), starts=2)).get_ylabel()
    'excess over the optimum (%)'
    """
    result("comparisons", comparisons, "Comparisons")
    results("comparisons", comparisons, "Comparison")
    ax = one(ax, (8, 4))
    names = [described(item.geometry) for item in comparisons]
    common = sorted(set(names), key=lambda name: (-names.count(name), name))[:MOST_NAMES]
    for name in [*common, None]:
        chosen = [i for i, other in enumerate(names) if other == name or (name is None and other not in common)]
        if not chosen:
            continue
        colour = FAINT if name is None else PALETTE[common.index(name)]
        label = "other geometries" if name is None else wrap(_shortened(name), 30)
        heights = [100 * comparisons[i].excess for i in chosen]
        ax.plot(chosen, heights, "o", color=colour, label=f"{label} ({len(chosen)})", markeredgecolor="white")
    ax.axhline(0, color=INK, linewidth=1)
    ax.annotate("optimum", (0, 0), xytext=(2, 3), textcoords="offset points", fontsize=9, color=INK)
    ax.set(xlabel="model", ylabel="excess over the optimum (%)")
    ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
