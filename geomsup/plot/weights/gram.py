"""The Gram matrix W Wᵀ, and the bias beside it, as the paper draws them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.plot.palette import DIVERGING, INK
from geomsup.plot.panels import one
from geomsup.plot.weights.rows import one_matrix

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_signed", "plot_gram"]

# Up to here rows have their numbers at the edges.
MOST_NUMBERED = 30


def plot_gram(W: Any, b: Any = None, *, ax: "Axes | None" = None) -> "Axes":
    """Draw W Wᵀ with a colour bar, and b as a column to the right of it in the same colours; return the axes.

    Blue is positive and red negative, as in all figures. Colours are full at the largest size.

    Parameters
    ----------
    W
        ``(n, m)``, rows are features, or a `ToyModel`, whose bias is then taken.
    b
        ``(n,)``, the bias; none is drawn by default.
    ax
        Axes to draw on; new ones by default.

    Raises
    ------
    ValueError
        If `b` has not a number for every row.

    References
    ----------
    :cite:t:`elhage2022`, "Demonstrating superposition".

    Examples
    --------
    >>> import geomsup as gs
    >>> ax = plot_gram(gs.ToyModel([[1.0], [-1.0]], [0.0, 0.5]))
    >>> ax.images[0].get_array().tolist()
    [[1.0, -1.0, None, 0.0], [-1.0, 1.0, None, 0.5]]
    """
    if b is None and hasattr(W, "W"):
        b = W.b
    rows = one_matrix(W)
    matrix, n = rows @ rows.T, len(rows)
    if b is not None:
        bias = checks.real_array("b", b)
        if bias.shape != (n,):
            raise ValueError(f"`b` must have a number for each of the {n} rows; got shape {bias.shape}. Pass model.b.")
        matrix = np.column_stack([matrix, np.full(n, np.nan), bias])  # an empty column keeps the two apart
    ax = one(ax, (4.4, 3.8))
    draw_signed(ax, matrix, "W Wᵀ" if b is None else "W Wᵀ, b", range(n))
    if b is not None:
        ticks = list(range(n)) if n <= MOST_NUMBERED else []
        ax.set_xticks([*ticks, n + 1], [*map(str, ticks), "b"], fontsize=7)
    ax.set(xlabel="feature", ylabel="feature")
    return ax


def draw_signed(ax: Any, matrix: np.ndarray, label: str, numbers: Sequence[int]) -> None:
    """Draw a matrix of signed numbers and its colour bar, with the numbers of its rows if they are few."""
    size = float(np.nanmax(np.abs(matrix), initial=0.0)) or 1.0
    shown = np.ma.masked_invalid(matrix)
    image = ax.imshow(shown, cmap=DIVERGING, vmin=-size, vmax=size, interpolation="nearest")
    ax.figure.colorbar(image, ax=ax, shrink=0.75, label=label)
    if len(numbers) <= MOST_NUMBERED:
        ax.set_xticks(range(len(numbers)), numbers, fontsize=7)
        ax.set_yticks(range(len(numbers)), numbers, fontsize=7)
    ax.tick_params(color=INK)
