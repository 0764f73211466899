"""Edges of a convex hull, for shapes whose edges have several lengths."""

import numpy as np

__all__ = ["hull_edges"]

# Facets whose unit normals agree within this are one facet, which qhull has cut into simplices.
SAME_FACET = 1e-7


def hull_edges(vertices: np.ndarray, *, tolerance: float = SAME_FACET) -> tuple[tuple[int, int], ...]:
    """Edges of a polyhedron in 3 dimensions, as ascending pairs.

    An edge is a pair that two different facets share; lines that qhull draws inside a facet are none.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> len(hull_edges(polytope("cube").vertices))
    12
    """
    from scipy.spatial import ConvexHull

    hull = ConvexHull(vertices)
    edges = set()
    for facet, (corners, neighbours) in enumerate(zip(hull.simplices, hull.neighbors, strict=True)):
        for opposite, other in enumerate(neighbours):  # neighbour k shares all corners but the k-th
            if np.abs(hull.equations[facet] - hull.equations[other]).max() > tolerance:
                edges.add(tuple(sorted(int(corner) for corner in np.delete(corners, opposite))))
    return tuple(sorted(edges))
