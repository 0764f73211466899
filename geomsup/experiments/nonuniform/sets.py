"""What E13 to E17 share: features in sets, cosines between the members of a set, and a figure of the rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.plot.palette import FAINT, PALETTE

__all__ = ["cosines_within", "draw_sets", "make_sets"]

Sets = Sequence[Sequence[int]]


def make_sets(count: int, size: int, density: float, kind: str = "correlated") -> Features:
    """Return `count` sets of `size` features, each set present with probability `density`.

    Of an anticorrelated set one member is present at a time, so that each has probability density / size (the paper's
    convention).

    Examples
    --------
    >>> make_sets(2, 2, 0.1, "anticorrelated").probability
    array([0.05, 0.05, 0.05, 0.05])
    """
    sets = np.arange(count * size).reshape(count, size).tolist()
    share = 1 if kind == "correlated" else size
    groups: dict[str, Any] = {} if kind == "independent" else {kind: sets}
    return Features(count * size, density / share, **groups)


def cosines_within(W: np.ndarray, size: int = 2) -> np.ndarray:
    """Return the cosines between members of each set of `size` rows, ``(..., sets, size (size - 1) / 2)``.

    Examples
    --------
    >>> cosines_within(np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0], [-1.0, 0.0]]))
    array([[ 0.],
           [-1.]])
    """
    norms = np.linalg.norm(W, axis=-1, keepdims=True)
    unit = np.divide(W, norms, out=np.zeros_like(W), where=norms > 0)
    sets = unit.reshape(*W.shape[:-2], W.shape[-2] // size, size, W.shape[-1])
    first, second = np.triu_indices(size, 1)
    return (sets @ np.swapaxes(sets, -1, -2))[..., first, second]


def draw_sets(ax: Any, W: np.ndarray, title: str = "", size: int = 2) -> None:
    """Draw the rows of W as arrows in the plane, a colour for each set; the first row points to the right."""
    turn = np.arctan2(W[0, 1], W[0, 0])
    W = W @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    turns = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(turns), np.sin(turns), color=FAINT, linewidth=0.7)
    for i, (x, y) in enumerate(W):
        colour = PALETTE[i // size]
        ax.plot([0, x], [0, y], color=colour, linewidth=1.6, alpha=0.8)
        ax.plot(x, y, "os^D"[i % size % 4], color=colour, markersize=6, alpha=0.8)
    ax.set(xlim=(-1.35, 1.35), ylim=(-1.35, 1.35), aspect="equal", xticks=[], yticks=[])
    ax.set_title(title, fontsize=9)
