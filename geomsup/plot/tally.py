"""How many models have each geometry, as bars."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from geomsup import checks
from geomsup.plot.palette import PALETTE
from geomsup.plot.panels import one
from geomsup.plot.wording import wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_tally"]

# Bars that are drawn; rarer names share the last one.
MOST_BARS = 12

# Characters of a line of a name.
WIDTH = 36


def plot_tally(tally: Mapping[str, int], *, ax: "Axes | None" = None) -> "Axes":
    """Draw a horizontal bar for each name, the most frequent on top, and return the axes.

    Parameters
    ----------
    tally
        Number of models by name, the most frequent first.
    ax
        Axes to draw on; new ones by default.

    Examples
    --------
    >>> ax = plot_tally({"pentagon": 54, "hexagon": 6})
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['pentagon', 'hexagon']
    """
    if not isinstance(tally, Mapping) or not all(isinstance(name, str) for name in tally):
        raise TypeError(
            f"`tally` must give a number of models for each name; got {checks.shown(tally)}. Pass run.classify().tally."
        )
    for name, number in tally.items():
        checks.integer(f"tally[{name!r}]", number, minimum=0)
    names, counts = list(tally)[:MOST_BARS], list(tally.values())[:MOST_BARS]
    rest = sum(tally.values()) - sum(counts)
    if rest:
        names, counts = [*names, f"{len(tally) - MOST_BARS} other names"], [*counts, rest]
    ax = one(ax, (6, 0.6 + 0.4 * max(len(names), 1)))
    bars = ax.barh(range(len(names)), counts, color=PALETTE[0])
    ax.bar_label(bars, padding=3)
    ax.set_yticks(range(len(names)), [wrap(name, WIDTH) for name in names])
    ax.invert_yaxis()
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel("models")
    return ax
