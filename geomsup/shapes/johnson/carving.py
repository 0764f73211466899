"""What Johnson does to solids: a cap is put on a face, turned, or cut off. All by the axis through its face."""

from collections.abc import Sequence

import numpy as np

from geomsup.shapes.johnson.crowns import base_of, crown

__all__ = ["augmented", "axes_at", "diminished", "gyrated", "rotation", "turned", "unit_edges"]

# Heights along an axis that differ by less, at edge length 1, are one height.
LEVEL = 1e-6


def unit_edges(points: np.ndarray) -> np.ndarray:
    """Scale points so that the shortest distance is 1.

    Examples
    --------
    >>> unit_edges(np.array([[2.0, 0.0], [-2.0, 0.0]]))
    array([[ 0.5,  0. ],
           [-0.5,  0. ]])
    """
    from scipy.spatial.distance import pdist

    return points / pdist(points).min()


def axes_at(axes: np.ndarray, products: Sequence[float]) -> np.ndarray:
    """Choose unit axes: the first one, and for every product the first that has it with all before.

    Examples
    --------
    >>> axes_at(np.concatenate([np.eye(3), -np.eye(3)]), [-1.0])
    array([[ 1.,  0.,  0.],
           [-1., -0., -0.]])
    """
    chosen = axes[:1]
    for product in products:
        fits = np.abs(axes @ chosen.T - product).max(axis=1) < 1e-9
        chosen = np.concatenate([chosen, axes[fits][:1]])
    return chosen


def rotation(axis: np.ndarray, angle: float) -> np.ndarray:
    """Return the matrix of a rotation about a unit axis (formula of Rodrigues).

    Examples
    --------
    >>> rotation(np.array([0.0, 0.0, 1.0]), np.pi / 2).round(12)
    array([[ 0., -1.,  0.],
           [ 1.,  0.,  0.],
           [ 0.,  0.,  1.]])
    """
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def turned(whole: np.ndarray, axis: np.ndarray, k: int) -> np.ndarray:
    """Turn the top k-gon of vertices by π/k: the 2k-gon below it fits before and after the turn.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> turned(polytope("cube").vertices, np.array([0.0, 0.0, 1.0]), 4).round(3)[[0, -1]]
    array([[ 0.   ,  0.816,  0.577],
           [-0.577, -0.577, -0.577]])
    """
    return np.where(_top(whole, axis)[:, None], whole @ rotation(axis, np.pi / k).T, whole)


def gyrated(whole: np.ndarray, axes: np.ndarray, k: int) -> np.ndarray:
    """Turn the cupolas Qk on every axis.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> moved = gyrated(polytope("rhombicuboctahedron").vertices, np.eye(3)[:1], 4)
    >>> np.allclose(np.sort(moved @ moved.T, axis=None), np.sort(polytope("J37").gram, axis=None))
    True
    """
    for axis in axes:
        whole = turned(whole, axis, k)
    return whole


def diminished(whole: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Cut off the caps on every axis: their top face, or the apex of a pyramid, goes.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> axes = polytope("icosahedron").vertices[:1]
    >>> len(diminished(polytope("icosahedron").vertices, axes))
    11
    """
    for axis in axes:
        whole = whole[~_top(whole, axis)]
    return whole


def augmented(whole: np.ndarray, axes: np.ndarray, cap: str) -> np.ndarray:
    """Put a cap on the faces at right angles to every axis; vertices at edge length 1.

    A cupola fits in two ways. In one of them triangles are in the planes of faces beside them, and the solid has fewer
    faces: it is taken the other way.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> len(augmented(unit_edges(polytope("truncated cube").vertices), np.eye(3)[:1], "Q4"))
    28
    """
    from geomsup.shapes.hull import hull_facets

    for axis in axes:
        ways = [np.concatenate([whole, _on_face(whole, axis, cap, step)]) for step in range(1 if cap[0] == "Y" else 2)]
        whole = max(ways, key=lambda points: len(hull_facets(points)))
    return whole


def _on_face(whole: np.ndarray, axis: np.ndarray, cap: str, step: int) -> np.ndarray:
    """Vertices of a cap over the top face, turned by so many edges of the face."""
    face = whole[_top(whole, axis)]
    centre = face.mean(axis=0)
    first = (face[0] - centre) / np.linalg.norm(face[0] - centre)
    frame = np.stack([first, np.cross(axis, first), axis])
    return centre + crown(cap) @ frame @ rotation(axis, 2 * np.pi * step / base_of(cap)).T


def _top(whole: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Which vertices are highest."""
    heights = whole @ axis
    return heights > heights.max() - LEVEL
