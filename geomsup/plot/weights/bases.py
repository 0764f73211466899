"""How nearly orthogonal the rows of each local basis are, against chance."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.palette import INK, PALETTE
from geomsup.plot.panels import one

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_bases"]


def plot_bases(found: Any, *, ax: "Axes | None" = None) -> "Axes":
    """Draw root mean square and largest cosine of each set of rows; return the axes.

    Parameters
    ----------
    found
        What `geomsup.local_bases` returned.
    ax
        Axes to draw on; new ones by default.

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = plot_bases(gs.local_bases(np.concatenate([np.eye(6), np.eye(6)])))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['6 rows', '6 rows']
    """
    if not hasattr(found, "coherences"):
        raise TypeError(f"`found` must be a LocalBases; got {checks.shown(found)}. Pass what gs.local_bases returns.")
    count = len(found.bases)
    ax = one(ax, (5, 1.2 + 0.25 * max(count, 1)))
    places = np.arange(count)
    ax.hlines(places, found.rms_cosines, found.coherences, color=PALETTE[0], linewidth=2)
    ax.plot(found.rms_cosines, places, "o", color=PALETTE[0], label="root mean square")
    ax.plot(found.coherences, places, "|", color=PALETTE[0], markersize=10, label="largest")
    ax.axvline(found.n_dimensions**-0.5, color=INK, linestyle=":", label="root mean square by chance")
    ax.set_yticks(places, [f"{len(basis)} rows" for basis in found.bases])
    ax.set(xlabel="absolute cosine", xlim=(0, None), ylim=(count - 0.5, -0.5) if count else (0, 1))
    ax.legend(edgecolor="none", fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    return ax
