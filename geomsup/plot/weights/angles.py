"""The angles between rows of W, counted."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.palette import INK, PALETTE
from geomsup.plot.panels import one
from geomsup.plot.weights.rows import one_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_angles"]

# Bars are one degree wide and have whole degrees in their middle: 60° and 90° are on no border.
BORDERS = np.arange(182) - 0.5

# Angles are rounded to this number of decimals first, so that rounding errors do not part equal angles.
DECIMALS = 6

# Of more rows than this every second, third, ... is taken: pairs grow with the square.
MOST_ROWS = 4096

# Bars that are this near, in degrees, have one label, of their mean: labels of their own would cover each other.
CROWDED = 14
MOST_LABELS = 9  # if there are more, none is written


def plot_angles(W: Any, *, ax: "Axes | None" = None) -> "Axes":
    """Draw how many pairs of rows have which angle, in bars of one degree; return the axes.

    The angle of rows i and j is arccos(w_i·w_j / (‖w_i‖ ‖w_j‖)), in degrees. Where there are few different angles,
    each bar, or heap of neighbouring bars, says which.

    Parameters
    ----------
    W
        ``(n, m)``, rows are features; rows that are 0 are left out. Of more than 4096 rows evenly spaced ones are
        taken.
    ax
        Axes to draw on; new ones by default.

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = plot_angles(gs.polytope("24-cell").vertices)
    >>> [(text.get_text(), int(text.xy[1])) for text in ax.texts]
    [('60°', 96), ('90°', 72), ('120°', 96), ('180°', 12)]
    """
    rows = one_matrix(W)
    norms = np.linalg.norm(rows, axis=1)
    unit = rows[norms > 0] / norms[norms > 0, None]
    every = -(-len(unit) // MOST_ROWS) or 1
    unit = unit[::every]
    angles = np.degrees(np.arccos(np.clip((unit @ unit.T)[np.triu_indices(len(unit), 1)], -1, 1)))
    angles = np.round(angles, DECIMALS)
    ax = one(ax, (5, 3.2))
    counts, _ = np.histogram(angles, BORDERS)
    filled = np.flatnonzero(counts)
    ax.bar(filled, counts[filled], 1.0, color=PALETTE[0])
    heaps = np.split(filled, np.flatnonzero(np.diff(filled) > CROWDED) + 1) if len(filled) else []
    if len(heaps) <= MOST_LABELS:
        for heap in heaps:
            inside = angles[(angles >= heap[0] - 0.5) & (angles <= heap[-1] + 0.5)]
            highest = heap[counts[heap].argmax()]
            ax.annotate(
                f"{inside.mean():.4g}°", (float(highest), float(counts[highest])), xytext=(0, 2),
                textcoords="offset points", ha="center", fontsize=8, color=INK,
            )  # fmt: skip
    of = "two rows" if every == 1 else f"two of {len(unit)} rows"
    ax.set(xlabel=f"angle between {of} (degrees)", ylabel="pairs", xlim=(-1, 186), xticks=range(0, 181, 30))
    ax.set_ylim(0, 1.12 * max(int(counts.max(initial=0)), 1))
    ax.spines[["top", "right"]].set_visible(False)
    return ax
