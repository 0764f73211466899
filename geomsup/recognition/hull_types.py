"""Combinatorial types of polytopes by name: what a convex hull is, whatever its measures are."""

from functools import lru_cache
from math import prod

import numpy as np

from geomsup.recognition.matching.chains import chains
from geomsup.shapes.faces import Facets, dimension_of, face_numbers, facets_of
from geomsup.shapes.families import adjective, polygon, polygonal, simplex
from geomsup.shapes.hull import hull_facets
from geomsup.shapes.listing import flexible_of, of_dimension_and_size
from geomsup.shapes.polytope import Polytope

__all__ = ["hull_type"]

# Hulls of more vertices are not compared with the catalogue.
MOST_VERTICES = 60
# Hulls of more facets are not either.
MOST_FACETS = 500

# Partial maps after which the search for an isomorphism ends.
MOST_NODES = 20_000
# Maps that are tried on the facets.
MOST_MAPS = 20


def hull_type(facets: Facets, d: int) -> str | None:
    """Name of the combinatorial type of a polytope of dimension d; None if it has no usual one.

    Shapes of the catalogue, pyramids, and tegum products, whose facets are the joins of the facets of their parts. A
    type is fixed by which vertices lie in which facets.

    Parameters
    ----------
    facets
        Vertices of each facet, every vertex in some.
    d
        Dimension.

    References
    ----------
    :cite:t:`ziegler1995`, 2.2-2.3.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> cuboid = polytope("cube").vertices * [1, 2, 3]
    >>> hull_type(hull_facets(cuboid), 3)
    'cube'
    >>> crossed = np.array([[1, 0, 0, 0], [-1, 1, 0, 0], [-1, -1, 0, 0], [0, 0, 1, 0], [0, 0, -1, 1], [0, 0, -1, -1]])
    >>> hull_type(hull_facets(crossed), 4)
    'tegum product of triangle and triangle'
    """
    n = len(_vertices(facets))
    if n == d + 1:
        return simplex(d).name
    if d == 2:
        return polygon(n).name
    if n > MOST_VERTICES or len(facets) > MOST_FACETS:
        return None
    return _listed(facets, d) or _pyramid(facets, d) or _tegum(facets, d)


def _listed(facets: Facets, d: int) -> str | None:
    """Shape of the catalogue with the same incidences."""
    numbers = face_numbers(facets, d)
    for shape in _shapes(d, numbers[0]):
        if shape.f_vector == numbers and _isomorphic(facets, _facets(shape)):
            return shape.name
    return None


@lru_cache(maxsize=64, typed=True)
def _shapes(d: int, n: int) -> tuple[Polytope, ...]:
    return (*of_dimension_and_size(d, n), *flexible_of(d, n))


@lru_cache(maxsize=64, typed=True)
def _facets(shape: Polytope) -> Facets:
    return hull_facets(shape.vertices)


def _isomorphic(one: Facets, other: Facets) -> bool:
    """Whether a map of vertices takes facets to facets: of maps that keep the numbers of common facets, the first few.

    Graph searches without such numbers do not end for the incidences of 2_21.
    """
    rows, vertices = _common(one), _common(other)
    allowed = (np.sort(rows, axis=1)[:, None] == np.sort(vertices, axis=1)).all(axis=2)
    maps = chains(rows, vertices, 0.5, allowed, MOST_NODES, MOST_MAPS)
    labels = sorted(_vertices(one)), sorted(_vertices(other))
    for images in maps.tolist():
        sent = {vertex: labels[1][image] for vertex, image in zip(labels[0], images, strict=True)}
        if {frozenset(map(sent.__getitem__, facet)) for facet in one} == set(other):
            return True
    return False


def _common(facets: Facets) -> np.ndarray:
    """Numbers of facets that two vertices have in common, ``(n, n)``."""
    vertices = sorted(_vertices(facets))
    inside = np.array([[vertex in facet for vertex in vertices] for facet in facets], dtype=np.float64)
    return inside.T @ inside


def _pyramid(facets: Facets, d: int) -> str | None:
    """Pyramid over a facet that contains all vertices except one."""
    n = len(_vertices(facets))
    for base in facets:
        if len(base) == n - 1:
            below = hull_type(facets_of(base, facets), d - 1)
            return below and f"{polygonal(n - 1) if d == 3 else adjective(below)} pyramid"
    return None


def _tegum(facets: Facets, d: int) -> str | None:
    """Tegum product: vertices fall into parts, and a facet is any facet of the first with any of the second, ..."""
    parts = [frozenset(facet & part for facet in facets) for part in _parts(facets)]
    if len(parts) < 2 or prod(map(len, parts)) != len(facets):
        return None
    named = [(dimension_of(part), hull_type(part, dimension_of(part)), _vertices(part)) for part in parts]
    if sum(r for r, _, _ in named) != d or any(name is None for _, name, _ in named):
        return None
    (r, first, vertices), *others = sorted(named, key=lambda part: (-part[0], part[1]))
    if [name for _, name, _ in others] == ["digon"]:
        return f"{polygonal(len(vertices)) if r == 2 else adjective(str(first))} bipyramid"
    return "tegum product of " + " and ".join([str(first), *(str(name) for _, name, _ in others)])


def _parts(facets: Facets) -> list[frozenset[int]]:
    """Vertices that are independent: whether one lies in a facet says nothing about those of other parts."""
    from scipy.sparse.csgraph import connected_components

    vertices = sorted(_vertices(facets))
    inside = np.array([[vertex in facet for vertex in vertices] for facet in facets], dtype=np.int64)
    together, alone = inside.T @ inside, inside.sum(axis=0)
    count, labels = connected_components(together * len(inside) != np.outer(alone, alone), directed=False)
    return [
        frozenset(vertex for vertex, label in zip(vertices, labels, strict=True) if label == k) for k in range(count)
    ]


def _vertices(facets: Facets) -> frozenset[int]:
    return frozenset[int]().union(*facets)
