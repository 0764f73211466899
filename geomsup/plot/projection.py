"""Components of more than three dimensions, seen from the plane where they look most regular."""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.edges import shape_edges
from geomsup.plot.palette import INK, PALETTE
from geomsup.recognition.matching.alignment import procrustes

if TYPE_CHECKING:
    from geomsup.recognition import Component
    from geomsup.shapes import Polytope

__all__ = ["coxeter_plane_of", "draw_projection", "neighbours", "plane_of_sight", "say_what_is_drawn", "tilted"]

# How much of each further axis is added to one of the first two.
TILT = 0.4

# Points of 1/72 inch from a vertex outwards to the middle of its name: clear of its dot, nearer than the next vertex.
BESIDE = 9.0
ROOM = 0.12  # beside the picture for these names, as a fraction of it: without it one ran into the title

# Cosines this close to a row's largest are neighbours, where no shape says which vertices are.
NEIGHBOURLY = 0.05


def draw_projection(
    component: "Component", rows: np.ndarray, ax: Any, *, colour: str = PALETTE[0], names: Sequence[str] = ()
) -> None:
    """Draw rows ``(k, m)`` of a component projected on a plane, with lines along the edges of its shape.

    `names` of the rows are written beside them.

    The plane is the shape's Coxeter plane; without one, that of the two largest principal axes of the rows, tilted a
    little to the others, so that points behind each other are seen.
    """
    plane, regular = plane_of_sight(component, rows)
    points = rows @ plane.T
    edges = shape_edges(component)
    for i, j in neighbours(rows) if edges is None else edges:
        ax.plot(*points[[i, j]].T, color=colour, alpha=0.4, linewidth=0.7, zorder=1)
    ax.plot(*points.T, "o", color=colour, markersize=5, markeredgecolor="white", zorder=2)
    if names:
        ax.margins(ROOM)
    for name, point in zip(names, points, strict=False):
        out = point / (np.linalg.norm(point) or 1.0)
        ax.annotate(
            name, point, xytext=BESIDE * out, textcoords="offset points",
            ha="center", va="center", fontsize=8, color=INK,
        )  # fmt: skip
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    say_what_is_drawn(ax, component.rank, regular)


def say_what_is_drawn(ax: Any, rank: int, regular: bool) -> None:
    """Write below the picture that it is a shadow: that of a 5-cell is a pentagon with its diagonals."""
    ax.set_xlabel(f"{rank} dimensions, {'Coxeter plane' if regular else 'tilted plane'}", fontsize=8, color=INK)


def plane_of_sight(component: "Component", rows: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return two orthonormal rows in the space of W, and whether they span the Coxeter plane of the shape."""
    plane = coxeter_plane_of(component.polytope) if component.polytope else None
    if plane is None or component.template is None:
        return tilted(np.linalg.svd(rows, full_matrices=False)[2][: component.rank]), False
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return plane @ procrustes(component.template, unit), True


def tilted(axes: np.ndarray) -> np.ndarray:
    """Return the plane of the first two of orthonormal axes ``(r, m)``, tilted a little to the others, ``(2, m)``."""
    plane = np.array(axes[:2])
    for k, axis in enumerate(axes[2:]):
        plane[k % 2] += TILT * axis
    return np.linalg.qr(plane.T)[0].T


@lru_cache(maxsize=256, typed=True)
def coxeter_plane_of(shape: "Polytope") -> np.ndarray | None:
    """Return the Coxeter plane ``(2, d)`` of a shape; None where its mirrors have none."""
    from geomsup.isometries.mirrors import coxeter_plane

    return coxeter_plane(shape.vertices, [orbit[0] for orbit in shape.orbits])


def neighbours(rows: np.ndarray) -> list[tuple[int, int]]:
    """Return pairs of rows whose cosine is nearly the largest of one of them, where no shape says what an edge is."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ unit.T - 2 * np.eye(len(rows))
    near = cosines >= cosines.max(axis=1, keepdims=True) - NEIGHBOURLY
    return [(int(i), int(j)) for i, j in np.argwhere(near | near.T) if j < i]
