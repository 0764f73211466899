"""The rows of one component beside the corners of its shape, in the coordinates in which they are drawn."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geomsup.plot.edges import component_edges, shape_edges
from geomsup.plot.projection import neighbours, plane_of_sight
from geomsup.recognition.matching.alignment import procrustes

if TYPE_CHECKING:
    from geomsup.recognition import Component, Geometry

__all__ = ["View", "view_of"]

# Corners of a drawing that are nearer are one, and share a label.
SAME_CORNER = 0.02

# Corners with labels: more would cover the drawing.
MOST_LABELS = 40

# Directions from which a solid is seen, in degrees: no axis or mirror of the catalogue's shapes lies along it.
AZIMUTH, ELEVATION = 28.0, 17.0


@dataclass(frozen=True, eq=False)
class View:
    """What is drawn of a component; lengths are in units of the rows' root mean square length.

    Attributes
    ----------
    rows
        ``(k, d)``, d = 1, 2 or 3: the features' rows.
    corners
        ``(v, d)``: the corners of the shape that fits them; the rows themselves without a shape.
    edges
        Pairs of corners.
    faces
        ``(f, 3)``: triangles of corners, of a solid; else empty.
    labels
        A text, the features there, and the corner where it stands.
    plane
        "space" (the component itself), "Coxeter plane" or "principal axes" (a projection).
    fitted
        Whether corners are those of a shape.
    """

    rows: np.ndarray
    corners: np.ndarray
    edges: tuple[tuple[int, int], ...]
    faces: np.ndarray
    labels: tuple[tuple[str, int], ...]
    plane: str
    fitted: bool

    @property
    def dimension(self) -> int:
        """Number of dimensions that are drawn."""
        return self.rows.shape[1]

    def seen(self) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and corners as seen on paper, ``(·, 3)``: right, up, and towards the reader."""
        if self.dimension < 3:
            pad = ((0, 0), (0, 3 - self.dimension))
            return np.pad(self.rows, pad), np.pad(self.corners, pad)
        a, e = np.radians([AZIMUTH, ELEVATION])
        towards = np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
        right = np.array([-np.sin(a), np.cos(a), 0.0])
        turn = np.stack([right, np.cross(towards, right), towards], axis=1)
        return self.rows @ turn, self.corners @ turn


def view_of(geometry: "Geometry", component: "Component") -> View:
    """Return how a component is drawn: up to rank 3 as it is, beyond on its Coxeter plane.

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.classify([[1.0, 0.0], [-0.5, 0.75**0.5], [-0.5, -(0.75**0.5)]])
    >>> view = view_of(found, found.components[0])
    >>> view.plane, view.edges, view.labels
    ('space', ((0, 1), (0, 2), (1, 2)), (('0', 0), ('1', 1), ('2', 2)))
    """
    rows = geometry.W[list(component.features)]
    rows = rows / (float(np.abs(rows).max()) or 1.0)  # squares of rows 1e200 long are no doubles
    size = float(np.sqrt((rows**2).sum(axis=1).mean())) or 1.0
    rows = rows / size
    corners, places, edges = _fitted(component, rows) or _as_they_are(geometry, component, rows)
    if component.rank > 3:
        plane, coxeter = plane_of_sight(component, rows)
        name = "Coxeter plane" if coxeter else "principal axes"
    else:
        plane, name = _axes(component, rows), "space"
    rows, corners = rows @ plane.T, corners @ plane.T
    return View(
        rows=rows,
        corners=corners,
        edges=edges,
        faces=_faces(corners) if corners.shape[1] == 3 else np.empty((0, 3), np.int64),
        labels=_labels(component.features, corners, places),
        plane=name,
        fitted=component.template is not None,
    )


def _fitted(
    component: "Component", rows: np.ndarray
) -> tuple[np.ndarray, list[int], tuple[tuple[int, int], ...]] | None:
    """Return the corners of the shape in the space of W, the corner of each row, and the edges; None without one."""
    shape, vertices = component.polytope, component.isomorphism
    if shape is None or vertices is None or component.template is None:
        return None
    points = np.array(shape.points)
    lengths = np.linalg.norm(points[list(vertices)], axis=1, keepdims=True)
    points[list(vertices)] = component.template * lengths  # those that rows are on may have been fitted
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return points @ procrustes(component.template, unit), list(vertices), shape.edges


def _as_they_are(
    geometry: "Geometry", component: "Component", rows: np.ndarray
) -> tuple[np.ndarray, list[int], tuple[tuple[int, int], ...]]:
    """Return rows that form no known shape, with the edges of their hull, or between nearest neighbours."""
    places = {feature: place for place, feature in enumerate(component.features)}
    if component.rank > 3:
        edges = neighbours(rows)
    elif shape_edges(component) is None:
        pairs = component_edges(geometry)
        edges = [(places[i], places[j]) for i, j in pairs if i in places and j in places]
    else:
        edges = []
    return rows, list(range(len(rows))), tuple(edges)


def _axes(component: "Component", rows: np.ndarray) -> np.ndarray:
    """Orthonormal rows ``(rank, m)``: the shape's own axes, or the principal axes of the rows."""
    if component.template is not None and component.template.shape[1] == component.rank:
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return procrustes(component.template, unit)
    return np.linalg.svd(rows, full_matrices=False)[2][: component.rank]


def _faces(corners: np.ndarray) -> np.ndarray:
    from scipy.spatial import ConvexHull, QhullError

    try:
        return np.asarray(ConvexHull(corners).simplices)
    except QhullError:  # fewer than four corners, or all in one plane
        return np.empty((0, 3), np.int64)


def _labels(features: tuple[int, ...], corners: np.ndarray, places: list[int]) -> tuple[tuple[str, int], ...]:
    """Return the features at each corner as seen, where there are not too many."""
    found: dict[int, list[int]] = {}
    for feature, place in zip(features, places, strict=True):
        near = next((k for k in found if np.linalg.norm(corners[k] - corners[place]) < SAME_CORNER), place)
        found.setdefault(near, []).append(feature)
    if len(found) > MOST_LABELS:
        return ()
    return tuple((", ".join(map(str, members)), place) for place, members in found.items())
