"""Johnson's solids J84 to J92, which are cut from no uniform solid: their edges are solved for, or known."""

from collections.abc import Callable
from functools import partial
from math import pi, sqrt
from typing import NamedTuple

import numpy as np

from geomsup.shapes.johnson.carving import augmented, rotation
from geomsup.shapes.johnson.crowns import GOLDEN, circle, side_radius

__all__ = ["ROUGH", "SPORADIC", "Rough", "solved"]

# Vertices of a rough solid that are nearer than this are joined by an edge: its edges are between 0.99 and 1.02, and
# other pairs are 1.18 or more apart.
JOINED = 1.1

Point = tuple[float, float, float]


class Rough(NamedTuple):
    """A solid up to two digits: one vertex of each orbit of a group.

    Coordinates 0 and 1/2 are exact, because the vertex lies on a mirror, or an edge crosses it at right angles. The
    others are where to look for edges of length 1.

    Attributes
    ----------
    twist
        k if a turn by π/k about the z axis, followed by z → −z, is in the group beside x → −x; 0 if y → −y is.
    corners
        One vertex of each orbit.
    """

    twist: int
    corners: tuple[Point, ...]


# Johnson's number -> the rough solid. Its faces follow: they are those of the solution.
ROUGH: dict[int, Rough] = {
    84: Rough(2, ((0.5, 0.0, -0.78), (0.65, 0.0, 0.21))),
    85: Rough(4, ((0.5, 0.5, 0.68), (1.21, 0.0, 0.19))),
    86: Rough(0, ((0.0, 0.5, 0.52), (0.85, 0.5, 0.0), (0.0, 0.79, -0.44), (0.5, 0.0, -0.79))),
    88: Rough(0, ((0.0, 0.5, 0.8), (0.59, 0.5, 0.0), (0.0, 1.28, 0.18), (0.5, 0.0, -0.86), (0.0, 0.86, -0.72))),
    89: Rough(0, ((0.5, 0.5, 0.98), (0.72, 0.5, 0.0), (0.0, 1.1, 0.35), (0.5, 0.0, -0.84), (0.0, 0.84, -0.61))),
    90: Rough(2, ((0.0, 0.5, 1.1), (0.77, 0.5, 0.46), (0.0, 1.13, 0.33))),
}  # fmt: skip


def solved(rough: Rough) -> np.ndarray:
    """Vertices whose edges all have the length 1, by least squares from rough ones.

    Examples
    --------
    >>> len(solved(ROUGH[90]))
    16
    """
    from scipy.optimize import least_squares

    corners = np.array(rough.corners)
    free = ~np.isin(np.abs(corners), (0.0, 0.5))
    maps = [_different_images(corner, _group(rough.twist)) for corner in corners]

    def placed(unknown: np.ndarray) -> np.ndarray:
        now = corners.copy()
        now[free] = unknown
        return np.concatenate([images @ corner for images, corner in zip(maps, now, strict=True)])

    start = placed(corners[free])
    pairs = np.argwhere(np.triu(np.linalg.norm(start[:, None] - start[None], axis=2) < JOINED, 1))

    def excess(unknown: np.ndarray) -> np.ndarray:
        points = placed(unknown)
        return np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1) - 1

    return placed(least_squares(excess, corners[free], xtol=1e-15, ftol=1e-15, gtol=1e-15).x)


def _group(twist: int) -> np.ndarray:
    """Matrices of the group that x → −x and y → −y generate, or x → −x and the turn with z → −z."""
    flip = (
        np.diag([1.0, 1.0, -1.0]) @ rotation(np.array([0.0, 0.0, 1.0]), pi / twist) if twist else np.diag([1.0, -1, 1])
    )
    powers = [np.linalg.matrix_power(flip, k) for k in range(2 * twist or 2)]
    return np.array([power @ mirror for power in powers for mirror in (np.eye(3), np.diag([-1.0, 1.0, 1.0]))])


def _different_images(corner: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Elements that send a vertex to different places, one for each."""
    _, first = np.unique((group @ corner).round(6) + 0.0, axis=0, return_index=True)
    return group[np.sort(first)]


def _augmented_sphenocorona() -> np.ndarray:
    """J86 with a square pyramid on one of its two squares."""
    whole = solved(ROUGH[86])
    axis = np.array([whole[0, 2], 0.0, whole[2:, 0].max()])  # at right angles to the y axis and to one more side
    return augmented(whole, axis[None] / np.linalg.norm(axis), "Y4")


def _bilunabirotunda() -> np.ndarray:
    """Two edges, a box and two vertices on three axes, by the golden ratio φ."""
    corners = ((0.0, 0.5, GOLDEN**2 / 2), (0.5, GOLDEN / 2, 0.5), (GOLDEN / 2, 0.0, 0.0))
    signs = np.stack(np.meshgrid(*[[1.0, -1.0]] * 3), axis=-1).reshape(-1, 3)
    return np.concatenate([np.unique(signs * np.array(corner) + 0.0, axis=0) for corner in corners])


def _hebesphenorotunda() -> np.ndarray:
    """Layers of 6, 3, 6 and 3 vertices around an axis, by the golden ratio φ."""
    height = GOLDEN / sqrt(3)
    belt = np.array([[GOLDEN**2 - 0.5, sign * sqrt(3) / 2, GOLDEN] for sign in (1, -1)]) / sqrt(3)
    turns = [rotation(np.array([0.0, 0.0, 1.0]), 2 * pi * k / 3) for k in range(3)]
    return np.concatenate([
        circle(6, 1.0, 0.0, pi / 6),
        circle(3, GOLDEN**2 / sqrt(3), 1 / sqrt(3), pi),
        *(belt @ turn.T for turn in turns),
        circle(3, side_radius(3), GOLDEN * height),
    ])  # fmt: skip


# Johnson's number -> maker of its vertices at edge length 1.
SPORADIC: dict[int, Callable[[], np.ndarray]] = {number: partial(solved, rough) for number, rough in ROUGH.items()} | {
    87: _augmented_sphenocorona,
    91: _bilunabirotunda,
    92: _hebesphenorotunda,
}
