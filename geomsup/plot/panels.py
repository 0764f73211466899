"""The axes that a caller brings."""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["listed", "one", "panels"]


def one(ax: Any, figsize: tuple[float, float], *, solid: bool = False) -> "Axes":
    """Return the caller's axes, or that of a new figure if there is none; `solid`: in space.

    New figures are pyplot's, so that notebooks show them and ``plt.show()`` finds them.
    """
    if ax is None:
        from matplotlib import pyplot

        figure = pyplot.figure(figsize=figsize, layout="constrained")
        return figure.add_subplot(projection="3d" if solid else None)
    if not hasattr(ax, "add_patch"):
        raise TypeError(f"`ax` must be axes of matplotlib; got {checks.shown(ax)}. Pass plt.subplots()[1].")
    if solid and ax.name != "3d":
        raise TypeError(
            "`ax` must be 3-D for what is in three dimensions; got plane ones. "
            "Pass figure.add_subplot(projection='3d')."
        )
    return ax


def panels(axes: Any, count: int) -> "list[Axes]":
    """Return the caller's axes if they are as many as the figure has panels."""
    found = _flat(axes)
    if len(found) != count or not _are_axes(found):
        raise TypeError(
            f"`axes` must be {count} axes of matplotlib; got {checks.shown(axes)}. "
            f"Pass those of plt.subplots(1, {count}), or leave it out."
        )
    return found


def listed(axes: Any) -> "list[Axes]":
    """Return one axes, or any array of them, as a list."""
    found = _flat(axes)
    if not found or not _are_axes(found):
        raise TypeError(f"`axes` must be axes of matplotlib; got {checks.shown(axes)}. Pass those of plt.subplots().")
    return found


def _flat(axes: Any) -> list[Any]:
    return list(np.ravel(np.array(axes, dtype=object)))


def _are_axes(found: list[Any]) -> bool:
    return all(hasattr(one, "add_patch") for one in found)
