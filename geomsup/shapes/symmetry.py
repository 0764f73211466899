"""Isometries of a set of points, found by the images of a basis."""

import numpy as np

__all__ = ["isometries", "orbits"]

# Two points nearer than this are the same: templates are exact to 1e-12, minimised ones to 1e-9.
SAME_POINT = 1e-6


def isometries(vertices: np.ndarray, tolerance: float = SAME_POINT) -> np.ndarray:
    """All isometries of a point set around 0, as permutations: row g sends vertex i to vertex ``g[i]``.

    A basis of vertices goes, one by one, to vertices of the same inner products; an orthogonal map that brings
    every vertex to a vertex is an isometry. Its cost grows with the order of the group: for shapes of small groups.

    Parameters
    ----------
    vertices
        ``(n, d)`` points that span the space.
    tolerance
        Largest difference of inner products in the basis, and largest distance of an image from a vertex.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> isometries(polytope("square antiprism").vertices).shape
    (16, 8)
    """
    gram = vertices @ vertices.T
    base = _basis(vertices)
    inverse = np.linalg.inv(vertices[base])
    found = []
    stack: list[tuple[int, ...]] = [()]
    while stack:
        images = stack.pop()
        if len(images) < len(base):
            depth = len(images)
            wanted = gram[base[depth], [*base[:depth], base[depth]]]
            products = np.column_stack([gram[:, list(images)], gram.diagonal()])
            agree = np.abs(products - wanted).max(axis=1) < tolerance
            stack.extend((*images, int(image)) for image in np.flatnonzero(agree)[::-1])
            continue
        moved = vertices @ inverse @ vertices[list(images)]
        nearest = np.argmax(moved @ vertices.T - 0.5 * gram.diagonal(), axis=1)
        if np.abs(vertices[nearest] - moved).max() < tolerance:
            found.append(nearest)
    return np.array(found)


def orbits(vertices: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Sets of vertices that isometries bring to each other, by first vertex.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> [len(orbit) for orbit in orbits(polytope("J27").vertices)]
    [6, 6]
    """
    first = isometries(vertices).min(axis=0)
    return tuple(tuple(np.flatnonzero(first == i).tolist()) for i in np.unique(first))


def _basis(vertices: np.ndarray) -> list[int]:
    """Indices of vertices that are a basis, the first that are."""
    base: list[int] = []
    for i in range(len(vertices)):
        if np.linalg.matrix_rank(vertices[[*base, i]], tol=0.1) == len(base) + 1:
            base.append(i)
        if len(base) == vertices.shape[1]:
            break
    return base
