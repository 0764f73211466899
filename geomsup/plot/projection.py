"""Components of more than three dimensions, seen from the plane where they look most regular."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.edges import shape_edges
from geomsup.plot.palette import FAINT, PALETTE
from geomsup.recognition.matching.alignment import procrustes

if TYPE_CHECKING:
    from geomsup.recognition import Component
    from geomsup.shapes import Polytope

__all__ = ["draw_projection", "neighbours", "plane_of_sight"]

# How much of each further axis is added to one of the first two.
TILT = 0.4

# Cosines this close to a row's largest are neighbours, where no shape says which vertices are.
NEIGHBOURLY = 0.05


def draw_projection(component: "Component", rows: np.ndarray, ax: Any, *, colour: str = PALETTE[0]) -> None:
    """Draw rows ``(k, m)`` of a component projected on a plane, with lines along the edges of its shape.

    The plane is the shape's Coxeter plane; without one, that of the two largest principal axes of the rows, tilted a
    little to the others, so that points behind each other are seen.
    """
    points = rows @ plane_of_sight(component, rows)[0].T
    edges = shape_edges(component)
    for i, j in neighbours(rows) if edges is None else edges:
        ax.plot(*points[[i, j]].T, color=FAINT, linewidth=0.6, zorder=1)
    ax.plot(*points.T, "o", color=colour, markersize=5, markeredgecolor="white", zorder=2)
    ax.set(aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def plane_of_sight(component: "Component", rows: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return two orthonormal rows in the space of W, and whether they span the Coxeter plane of the shape."""
    plane = _coxeter_plane(component.polytope) if component.polytope else None
    if plane is None or component.template is None:
        return _tilted(np.linalg.svd(rows, full_matrices=False)[2][: component.rank]), False
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return plane @ procrustes(component.template, unit), True


def _tilted(axes: np.ndarray) -> np.ndarray:
    plane = np.array(axes[:2])
    for k, axis in enumerate(axes[2:]):
        plane[k % 2] += TILT * axis
    return np.linalg.qr(plane.T)[0].T


@lru_cache(maxsize=256, typed=True)
def _coxeter_plane(shape: "Polytope") -> np.ndarray | None:
    from geomsup.isometries.mirrors import coxeter_plane

    return coxeter_plane(shape.vertices, [orbit[0] for orbit in shape.orbits])


def neighbours(rows: np.ndarray) -> list[tuple[int, int]]:
    """Return pairs of rows whose cosine is nearly the largest of one of them, where no shape says what an edge is."""
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = unit @ unit.T - 2 * np.eye(len(rows))
    near = cosines >= cosines.max(axis=1, keepdims=True) - NEIGHBOURLY
    return [(int(i), int(j)) for i, j in np.argwhere(near | near.T) if j < i]
