"""Combinatorial types of polyhedra by name: what a hull in three dimensions is, whatever its measures are."""

from functools import lru_cache
from typing import Any

import numpy as np

from geomsup.shapes.families import polygonal, ring
from geomsup.shapes.hull import hull_edges
from geomsup.shapes.skeletons import skeleton_graph

__all__ = ["hull_type"]

# Solids of more vertices are compared with the catalogue's skeletons only up to here.
LARGEST = 60


def hull_type(vertices: np.ndarray, *, tolerance: float = 1e-7) -> str | None:
    """Name of the combinatorial type of a convex hull in three dimensions; None if it has no usual one.

    The skeleton of a polyhedron is planar and 3-connected, and fixes the faces (Steinitz 1922; Whitney 1932).

    Parameters
    ----------
    vertices
        ``(n, 3)`` points, each a vertex of the hull.
    tolerance
        Facets whose unit normals differ by less are one.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> hull_type(polytope("cube").vertices * [1, 2, 3]), hull_type(polytope("capped octahedron").vertices)
    ('cube', 'capped octahedron')
    """
    n = len(vertices)
    if n > LARGEST:
        return None
    edges = hull_edges(vertices, tolerance=tolerance)
    from networkx import is_isomorphic

    skeleton = skeleton_graph(n, edges)
    for name, other in _skeletons(n):
        if _degrees(other) == _degrees(skeleton) and is_isomorphic(skeleton, other):
            return name
    return None


@lru_cache(maxsize=64)
def _skeletons(n: int) -> tuple[tuple[str, Any], ...]:
    """Names and skeletons of the known types with n vertices; of the same skeleton twice, the first counts."""
    from geomsup.shapes.listing import flexible_of, of_dimension_and_size

    shapes = [*of_dimension_and_size(3, n), *flexible_of(3, n)]
    named = [(shape.name, skeleton_graph(n, shape.edges)) for shape in shapes]
    if n >= 5:
        bipyramid = np.concatenate([ring(n - 2, 0.0), [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]])
        named.append((f"{polygonal(n - 2)} bipyramid", skeleton_graph(n, hull_edges(bipyramid))))
    return tuple(named)


def _degrees(graph: Any) -> list[int]:
    return sorted(degree for _, degree in graph.degree)
