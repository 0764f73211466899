"""The levels of D that the paper names, as lines with names beside them."""

from typing import Any

from geomsup.plot.palette import FAINT, INK

__all__ = ["LEVELS", "draw_levels"]

LEVELS = (  # value, label, and how the label sits on its line: 2/5 and 3/8 are close
    (1, "1 dedicated", "center"), (3 / 4, "¾ tetrahedron", "center"), (2 / 3, "⅔ triangle", "center"),
    (1 / 2, "½ digon", "center"), (2 / 5, "⅖ pentagon", "bottom"), (3 / 8, "⅜ square antiprism", "top"),
)  # fmt: skip


def draw_levels(ax: Any) -> None:
    """Draw a faint line at every level, and write its name at the right edge."""
    for level, label, sits in LEVELS:
        ax.axhline(level, color=FAINT, linewidth=0.6, zorder=0)
        ax.annotate(label, (1, level), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
                    fontsize=8, va=sits, color=INK, annotation_clip=False)  # fmt: skip
