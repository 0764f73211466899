"""Points, edges and faces in space: what is near is darker, and no line is seen end on."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

__all__ = ["depths", "draw_edges", "draw_faces", "frame", "label", "view_of"]

# Heights and turns of the eye in degrees among which `view_of` chooses: neither level nor from straight above.
ELEVATIONS = (14, 20, 26, 32)
AZIMUTHS = range(-90, 90, 6)

# With more points than this some hide others from everywhere, and the choice would only take time.
MOST_POINTS = 80
USUAL = (24, 39)

# Decimals that count: the rest is rounding, and of equal views the first is taken.
SAME = 6

# Opacities of what is farthest and nearest, and the widths of its lines in points.
FAR, NEAR = 0.25, 1.0
THIN, THICK = 0.7, 1.8


def view_of(points: np.ndarray) -> tuple[int, int]:
    """Return elevation and azimuth from which no line between two of the points ``(n, 3)`` is seen end on.

    Of a fixed list of views it is the one where the line that is shortened most is shortened least, of those from the
    centre to a point, between two points, and from the centre to the middle of two. Axes of symmetry are among them,
    so the eye is far from these.

    Examples
    --------
    >>> import geomsup as gs
    >>> elevation, azimuth = view_of(gs.polytope("cube").vertices)
    >>> elevation in ELEVATIONS, azimuth % 90 == 0
    (True, False)
    """
    shown = np.unique(np.round(np.concatenate([points, np.zeros((1, 3))]), SAME), axis=0)
    if not 2 <= len(shown) <= MOST_POINTS:
        return USUAL
    pairs = np.triu_indices(len(shown), 1)
    lines = np.concatenate([(shown[:, None] - shown)[pairs], (shown[:, None] + shown)[pairs]])
    lengths = np.linalg.norm(lines, axis=1, keepdims=True)
    lines = (lines / np.where(lengths > 0, lengths, 1.0))[lengths[:, 0] > 10.0**-SAME]
    views = [(elevation, azimuth) for elevation in ELEVATIONS for azimuth in AZIMUTHS]
    seen = [round(float(np.linalg.norm(lines @ _picture(*view).T, axis=1).min()), SAME) for view in views]
    return views[int(np.argmax(seen))]


def depths(points: np.ndarray, view: tuple[int, int]) -> np.ndarray:
    """Return how near each of the points ``(n, 3)`` is: 0 for the farthest, 1 for the nearest.

    Examples
    --------
    >>> depths(np.array([[0.0, 0, 1], [0, 0, -1], [0, 0, 0]]), (90, 0))
    array([1. , 0. , 0.5])
    """
    elevation, azimuth = np.radians(view)
    eye = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    heights = np.asarray(points, dtype=float) @ eye
    low, high = float(heights.min(initial=0.0)), float(heights.max(initial=0.0))
    return (heights - low) / ((high - low) or 1.0)


def draw_edges(
    ax: Any, points: np.ndarray, edges: Iterable[tuple[int, int]], colour: Any, view: tuple[int, int]
) -> None:
    """Draw a line along each edge, thick and dark where it is near; `colour` is one, or a function of the edge."""
    near = depths(points, view)
    for i, j in edges:
        share = (near[i] + near[j]) / 2
        ax.plot(
            *points[[i, j]].T, color=colour(i, j) if callable(colour) else colour, alpha=FAR + (NEAR - FAR) * share,
            linewidth=THIN + (THICK - THIN) * share, solid_capstyle="round",
        )  # fmt: skip


def draw_faces(ax: Any, points: np.ndarray, faces: Sequence[Sequence[int]], colour: str, alpha: float = 0.08) -> None:
    """Fill faces lightly, so that what is behind them is seen."""
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    ax.add_collection3d(Poly3DCollection([points[list(face)] for face in faces], facecolor=colour, alpha=alpha))


def label(ax: Any, tip: np.ndarray, text: str, view: tuple[int, int], *, reach: float, **style: Any) -> None:
    """Write beyond the tip of an arrow and a little to its side on the picture, so that no line crosses the text."""
    right, up = _picture(*view)
    side = np.array([tip @ up, -(tip @ right)])  # a quarter turn of the arrow as it is seen
    side = side / (np.linalg.norm(side) or 1.0)
    place = 1.06 * tip + reach * (0.07 * tip / (np.linalg.norm(tip) or 1.0) + 0.06 * (side[0] * right + side[1] * up))
    ax.text(*place, text, ha="center", va="center", **style)


def frame(ax: Any, points: np.ndarray, view: tuple[int, int]) -> None:
    """Show all points with one scale on the three axes, from a view, without the axes' lines."""
    reach = 0.75 * (float(np.linalg.norm(points, axis=1).max(initial=0.0)) or 1.0)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), zlim=(-reach, reach))
    ax.set_box_aspect((1, 1, 1))
    ax.view_init(elev=view[0], azim=view[1])
    ax.set_axis_off()


def _picture(elevation: float, azimuth: float) -> np.ndarray:
    """Return the directions in space that are to the right and upwards on the picture, as rows ``(2, 3)``."""
    e, a = np.radians([elevation, azimuth])
    return np.array([[-np.sin(a), np.cos(a), 0.0], [-np.sin(e) * np.cos(a), -np.sin(e) * np.sin(a), np.cos(e)]])
