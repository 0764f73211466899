"""The axes that a caller brings."""

from typing import Any

import numpy as np

from geomsup import checks

__all__ = ["panels"]


def panels(axes: Any, count: int) -> tuple[Any, ...]:
    """Return the caller's axes if they are as many as the figure has panels."""
    found = tuple(np.ravel(np.array(axes, dtype=object))) if isinstance(axes, list | tuple | np.ndarray) else ()
    if len(found) != count or not all(hasattr(one, "add_patch") for one in found):
        raise TypeError(
            f"`axes` must be {count} axes of matplotlib; got {checks.shown(axes)}. "
            f"Pass those of plt.subplots(1, {count}), or leave it out."
        )
    return found
