"""What several experiments draw: figures of equal panels, matrices and W Wᵀ as heat maps, norms as bars."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from geomsup.experiments.definitions import interference
from geomsup.plot.palette import DIVERGING, INK, PALETTE

__all__ = ["SMALL", "colour_bar", "draw_gram", "draw_norms", "draw_signed", "panels"]

SMALL = 8  # points: the smallest words that can be read where a page shows a figure of 8 inches at full size


def panels(rows: int, columns: int, *, size: tuple[float, float] = (3.0, 2.8), title: str = "") -> tuple[Any, Any]:
    """Return a Figure and its axes ``(rows, columns)``, each of `size` inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    if title:
        figure.suptitle(title, color=INK)
    return figure, axes


def draw_signed(ax: Any, matrix: np.ndarray, title: str = "", limit: float = 1.0, *, square: bool = False) -> Any:
    """Draw a matrix of signed numbers, blue positive and red negative as in `geomsup.plot`; return the image.

    Colours are full from `limit` on. Who draws it owes it a `colour_bar`, which several may share.
    """
    image = ax.imshow(matrix, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="equal" if square else "auto")
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=9, color=INK)
    return image


def colour_bar(image: Any, axes: Any, label: str = "") -> Any:
    """Draw the colour bar of an image beside axes, or beside several that have the same colours; return it."""
    several = isinstance(axes, Sequence | np.ndarray)
    values = np.abs(image.get_array())
    bar = image.figure.colorbar(
        image, ax=list(np.ravel(axes)) if several else axes, shrink=0.8, aspect=15, label=label,
        extend="both" if values.max() > 1.001 * image.norm.vmax else "neither",
    )  # fmt: skip
    bar.ax.tick_params(labelsize=SMALL)
    bar.ax.yaxis.label.set_size(SMALL)
    return bar


def draw_gram(ax: Any, W: np.ndarray, title: str = "", limit: float = 1.0) -> Any:
    """Draw W Wᵀ, as the paper does, and its colour bar; return the image."""
    image = draw_signed(ax, W @ W.T, title, limit, square=True)
    colour_bar(image, ax)
    return image


def draw_norms(ax: Any, W: np.ndarray) -> Any:
    """Draw the norms of the rows as bars, coloured by `interference` from none (blue) to 1 and more (yellow)."""
    from matplotlib import colormaps

    colours = colormaps["viridis"](np.clip(interference(W), 0, 1))
    bars = ax.barh(np.arange(len(W)), np.linalg.norm(W, axis=1), color=colours, height=0.9)
    ax.invert_yaxis()
    ax.set(xlim=(0, 1.4), yticks=[])
    ax.axvline(1, color=PALETTE[1], linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)
    return bars
