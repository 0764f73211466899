"""The faces of a polytope from the vertices of its facets, without coordinates."""

from collections.abc import Collection

__all__ = ["Facets", "dimension_of", "face_numbers", "facets_of"]

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
    level = frozenset(facets)
    numbers = [len(level)]
    for r in range(d - 1, 0, -1):
        simplices = {face for face in level if len(face) == r + 1}  # any r vertices are a facet: no need to look
        below = {face - {vertex} for face in simplices for vertex in face}
        level = frozenset(below.union(*(facets_of(face, facets) for face in level - simplices)))
        numbers.append(len(level))
    return tuple(reversed(numbers))


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
