"""Edges of the shapes that rows of W form."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from geomsup.recognition import Component, Geometry

__all__ = ["component_edges", "shape_edges"]

# Facets of a trained shape whose unit normals differ by less are one.
SAME_FACET = 1e-3


def shape_edges(component: "Component") -> list[tuple[int, int]] | None:
    """Return pairs of places in `component.features` on the ends of an edge of its shape; None if it has no name."""
    if component.polytope is None or component.isomorphism is None:
        return None
    edges = {frozenset(edge) for edge in component.polytope.edges}
    vertices = component.isomorphism
    return [(i, j) for i, a in enumerate(vertices) for j, b in enumerate(vertices[:i]) if frozenset((a, b)) in edges]


def component_edges(geometry: "Geometry") -> list[tuple[int, int]]:
    """Return pairs of features on the ends of an edge of their component's shape; of its hull, if it has no name."""
    pairs = []
    for component in geometry.components:
        features = component.features
        places = shape_edges(component)
        if places is None:
            places = _hull(geometry.W[list(features)], component.rank)
        pairs += [(features[i], features[j]) for i, j in places]
    return pairs


def _hull(rows: np.ndarray, rank: int) -> Sequence[tuple[int, int]]:
    if rank != 3 or len(rows) < 5:
        return ()
    from scipy.spatial import QhullError

    from geomsup.shapes.hull import hull_edges

    left, size, _ = np.linalg.svd(rows, full_matrices=False)
    try:
        return hull_edges(left[:, :3] * size[:3], tolerance=SAME_FACET)
    except QhullError:  # all in one plane
        return ()
