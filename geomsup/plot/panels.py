"""The axes that a caller brings."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["listed", "panels"]


def panels(axes: Any, count: int) -> "list[Axes]":
    """Return the caller's axes if they are as many as the figure has panels."""
    found = listed(axes) if isinstance(axes, list | tuple | np.ndarray) else []
    if len(found) != count or not all(hasattr(one, "add_patch") for one in found):
        raise TypeError(
            f"`axes` must be {count} axes of matplotlib; got {checks.shown(axes)}. "
            f"Pass those of plt.subplots(1, {count}), or leave it out."
        )
    return found


def listed(axes: Any) -> "list[Axes]":
    """Return one axes, or any array of them, as a list."""
    return list(np.ravel(np.array(axes, dtype=object)))
