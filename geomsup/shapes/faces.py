"""The faces of a polytope from the vertices of its facets, without coordinates."""

from collections.abc import Collection, Iterator
from itertools import islice

__all__ = ["Facets", "dimension_of", "face_numbers", "faces_of_dimension", "facets_of"]

Facets = Collection[frozenset[int]]


def facets_of(face: frozenset[int], facets: Facets) -> frozenset[frozenset[int]]:
    """Facets of a face: its largest intersections with facets that it does not lie in.

    Examples
    --------
    >>> square = [frozenset(edge) for edge in ((0, 1), (1, 2), (2, 3), (3, 0))]
    >>> sorted(map(sorted, facets_of(frozenset({0, 1}), square)))
    [[0], [1]]
    """
    cuts = sorted({face & facet for facet in facets if not face <= facet}, key=len, reverse=True)
    largest: list[frozenset[int]] = []
    for cut in cuts:
        if cut and not any(cut <= other for other in largest):
            largest.append(cut)
    return frozenset(largest)


def face_numbers(facets: Facets, d: int) -> tuple[int, ...]:
    """Numbers of vertices, edges, ..., facets of a polytope of dimension d: its f-vector.

    Examples
    --------
    >>> face_numbers([frozenset(edge) for edge in ((0, 1), (1, 2), (2, 3), (3, 0))], 2)
    (4, 4)
    """
    return tuple(len(level) for level in _levels(facets, d))[::-1]


def faces_of_dimension(facets: Facets, d: int, k: int) -> frozenset[frozenset[int]]:
    """Faces of dimension k of a polytope of dimension d, 0 <= k < d, each as the set of its vertices.

    Examples
    --------
    >>> square = [frozenset(edge) for edge in ((0, 1), (1, 2), (2, 3), (3, 0))]
    >>> sorted(map(sorted, faces_of_dimension(square, 2, 0)))
    [[0], [1], [2], [3]]
    """
    return next(islice(_levels(facets, d), d - 1 - k, None))


def _levels(facets: Facets, d: int) -> Iterator[frozenset[frozenset[int]]]:
    """Faces of each dimension, from the facets down to the vertices."""
    level = frozenset(facets)
    yield level
    for r in range(d - 1, 0, -1):
        simplices = {face for face in level if len(face) == r + 1}  # any r vertices are a facet: no need to look
        below = {face - {vertex} for face in simplices for vertex in face}
        level = frozenset(below.union(*(facets_of(face, facets) for face in level - simplices)))
        yield level


def dimension_of(facets: Facets) -> int:
    """Dimension of a polytope: how often one goes from a face to a facet of it until a vertex is left.

    Examples
    --------
    >>> dimension_of([frozenset({0}), frozenset({1})])
    1
    """
    face, dimension = min(facets, key=len), 1
    while len(face) > 1:
        face, dimension = min(facets_of(face, facets), key=len), dimension + 1
    return dimension
