"""What several experiments draw: figures of equal panels, W Wᵀ as a heat map, norms as bars."""

from typing import Any

import numpy as np

from geomsup.experiments.definitions import interference
from geomsup.plot.palette import INK, PALETTE

__all__ = ["draw_gram", "draw_norms", "panels"]


def panels(rows: int, columns: int, *, size: tuple[float, float] = (3.0, 2.8), title: str = "") -> tuple[Any, Any]:
    """Return a Figure and its axes ``(rows, columns)``, each of `size` inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    if title:
        figure.suptitle(title, color=INK)
    return figure, axes


def draw_gram(ax: Any, W: np.ndarray, title: str = "", limit: float = 1.0) -> Any:
    """Draw W Wᵀ, blue positive and red negative, as the paper does; return the image."""
    image = ax.imshow(W @ W.T, cmap="RdBu", vmin=-limit, vmax=limit)
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=9, color=INK)
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
