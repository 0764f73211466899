"""Facets and edges of a convex hull, for shapes whose edges have several lengths."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np

__all__ = ["hull_edges", "hull_facets"]

# Facets whose unit normals agree within this are one facet, which qhull has cut into simplices.
SAME_FACET = 1e-7


def hull_edges(vertices: np.ndarray, *, tolerance: float = SAME_FACET) -> tuple[tuple[int, int], ...]:
    """Edges of the convex hull of ``(n, d)`` points, as ascending pairs; for up to 6 dimensions.

    An edge is a pair of vertices that no third one joins in all facets that hold both. Lines that qhull draws inside
    a facet are none.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> len(hull_edges(polytope("cube").vertices)), len(hull_edges(polytope("24-cell").vertices))
    (12, 96)
    """
    from scipy.spatial import ConvexHull

    hull = ConvexHull(vertices)
    facets = list(_facets(hull, tolerance))
    around: dict[int, set[int]] = {}
    for place, facet in enumerate(facets):
        for vertex in facet:
            around.setdefault(vertex, set()).add(place)
    pairs = {pair for corners in hull.simplices.tolist() for pair in combinations(sorted(corners), 2)}
    return tuple(sorted(pair for pair in pairs if _is_edge(*pair, facets, around)))


def hull_facets(vertices: np.ndarray, *, tolerance: float = SAME_FACET) -> frozenset[frozenset[int]]:
    """Vertices of each facet of the convex hull of ``(n, d)`` points; for up to 6 dimensions.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> sorted(len(facet) for facet in hull_facets(polytope("triangular prism").vertices))
    [3, 3, 4, 4, 4]
    """
    from scipy.spatial import ConvexHull

    return frozenset(_facets(ConvexHull(vertices), tolerance))


def _is_edge(i: int, j: int, facets: list[frozenset[int]], around: dict[int, set[int]]) -> bool:
    both = around[i] & around[j]
    return len(frozenset.intersection(*(facets[place] for place in both))) == 2


def _facets(hull: Any, tolerance: float) -> Iterator[frozenset[int]]:
    """Vertices of each facet: simplices that lie in one hyperplane are joined with their neighbours."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, d = hull.neighbors.shape
    pairs = np.stack([np.repeat(np.arange(n), d), hull.neighbors.ravel()])
    flat = np.abs(hull.equations[pairs[0]] - hull.equations[pairs[1]]).max(axis=1) <= tolerance
    graph = coo_array((np.ones(flat.sum()), pairs[:, flat]), shape=(n, n))
    count, labels = connected_components(graph, directed=False)
    for label in range(count):
        yield frozenset(hull.simplices[labels == label].ravel().tolist())
