"""Alignment of rows with a template: proposed maps, refined by turns with the rotation."""

from collections.abc import Iterator
from itertools import islice

import numpy as np

from geomsup.recognition import isomorphism
from geomsup.recognition.assignment import assigned
from geomsup.recognition.templates import Template

__all__ = ["procrustes", "proposals", "refined", "rms"]

# Base chains come first, with inner products within this part of the acceptance bound (noise of 3 % of the shortest
# chord stays inside); then graphs, of no more vertices than this.
SNUG, LARGEST_GRAPH = 0.7, 200

# For stretched members, one of which is as near as noise, so many.
FEWER_LEAVES = 8


def proposals(X: np.ndarray, template: Template) -> Iterator[np.ndarray]:
    """Maps from rows to template vertices that are worth refining."""
    k = len(X)
    if k == template.dimension + 1:  # a simplex: every bijection is an isomorphism
        yield np.arange(k)
    elif template.dimension == 2:
        yield isomorphism.by_angle(X)
    else:
        # Milliseconds, where a search for graph isomorphism can take for ever (truncated 8-simplex, 72 vertices).
        snug = isomorphism.by_base_chain(X, template, SNUG * template.reach)
        if not template.name:
            yield from islice(snug, FEWER_LEAVES)
            return
        yield from snug
        found = isomorphism.by_graph(X, template.shape) if template.first and k <= LARGEST_GRAPH else None
        if found is None:
            yield from isomorphism.by_base_chain(X, template, 2 * template.reach)
        else:
            yield found


def refined(X: np.ndarray, vertices: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Alternate Procrustes and assignment until the map is stable."""
    if len(order) <= vertices.shape[1] + 1:
        return order
    for _ in range(10):
        better = assigned(X @ (vertices @ procrustes(vertices[order], X)).T)
        if (better == order).all():
            break
        order = better
    return order


def procrustes(template: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Orthonormal rows R ``(r, m)`` that bring ``template @ R`` nearest to X; reflections allowed.

    Examples
    --------
    >>> procrustes(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 1.0], [-1.0, 0.0]])) + 0.0
    array([[ 0.,  1.],
           [-1.,  0.]])
    """
    left, _, right = np.linalg.svd(template.T @ X, full_matrices=False)
    return left @ right


def rms(errors: np.ndarray) -> float:
    """Root-mean-square length of rows.

    Examples
    --------
    >>> rms(np.array([[3.0, 4.0], [0.0, 0.0]]))
    3.5355
    """
    return float(np.sqrt((errors**2).sum() / len(errors)))
