"""Shapes of shapes: a triangle of 3 triangles has a triangle of its own, in a plane of its own, at every vertex."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache, partial
from itertools import pairwise
from math import comb

import numpy as np

from geomsup.shapes.naming.words import plural_noun
from geomsup.shapes.polytope import Polytope

__all__ = ["is_level", "nested", "nested_vertices"]


@lru_cache(maxsize=512, typed=True)
def nested(levels: tuple[Polytope, ...]) -> Polytope:
    """Shape of shapes: simplices and polygons, each vertex of one the centre of a copy of the next.

    Copies lie in subspaces of their own, at right angles to all others. How large the levels are is free, but for
    the sum of their squares; in the variant "equal levels" they have one size.

    Parameters
    ----------
    levels
        Two or more simplices or polygons.

    Raises
    ------
    ValueError
        If `levels` has less than two shapes, or one that is neither a simplex nor a polygon.

    Examples
    --------
    >>> from geomsup.shapes.families import polygon, simplex
    >>> nested((polygon(3), polygon(3)))
    Polytope(triangle of 3 triangles: 9 vertices in 8 dimensions)
    >>> nested((polygon(5), simplex(1))).f_vector[:2], nested((polygon(3), polygon(3))).symmetry_order
    ((10, 45), 1296)
    """
    if len(levels) < 2 or not all(map(is_level, levels)):
        raise ValueError(f"`levels` must be two or more simplices or polygons; got {levels}. Leave other shapes out.")
    words = [levels[0].name]
    order, copies = 1, 1
    for outer, inner in pairwise(levels):
        order, copies = order * outer.symmetry_order**copies, copies * outer.n_vertices
        words.append(f"{outer.n_vertices} {plural_noun(inner.name)}")
    order *= levels[-1].symmetry_order ** copies
    make = partial(nested_vertices, levels, [1 / len(levels)] * len(levels))
    return Polytope(
        " of ".join(words), make, "", _f_vector(levels), order, (), lambda: {"equal levels": make()},
        vertex_transitive=True, kind="family",
    )  # fmt: skip


def is_level(shape: Polytope) -> bool:
    """Whether a shape may be nested in another, or hold others: simplices and polygons.

    Examples
    --------
    >>> from geomsup.shapes.families import orthoplex, simplex
    >>> is_level(simplex(4)), is_level(orthoplex(3))
    (True, False)
    """
    return shape.kind == "uniform" and (shape.dimension == 2 or shape.n_vertices == shape.dimension + 1)


def nested_vertices(levels: Sequence[Polytope], squares: Sequence[float]) -> np.ndarray:
    """Vertices ``(n, d)`` of a shape of shapes whose levels have these squared sizes, outermost first.

    Vertex j of the copy at vertex i of the outermost shape is row i·(rows of the copy) + j.

    Examples
    --------
    >>> from geomsup.shapes.families import simplex
    >>> nested_vertices([simplex(1), simplex(1)], [0.64, 0.36])
    array([[ 0.8,  0.6,  0. ],
           [ 0.8, -0.6, -0. ],
           [-0.8,  0. ,  0.6],
           [-0.8, -0. , -0.6]])
    """
    own = np.sqrt(squares[0]) * levels[0].vertices
    if len(levels) == 1:
        return own
    copy = nested_vertices(levels[1:], squares[1:])
    return np.hstack([np.repeat(own, len(copy), axis=0), np.kron(np.eye(len(own)), copy)])


def _f_vector(levels: Sequence[Polytope]) -> tuple[int, ...]:
    counts = Counter[int]()
    for (_, dimension), number in _faces(levels).items():
        counts[dimension] += number
    return tuple(counts[d] for d in range(1, max(counts) + 1))


def _faces(levels: Sequence[Polytope]) -> Counter[tuple[int, int]]:
    """Number of proper faces, the empty one included, by their vertices and their dimension plus one.

    A face holds the whole copies at the vertices of one face G of the outermost shape, and of each other copy a proper
    face or nothing: where a linear function is largest, it is so on whole copies over a face of the outermost shape.
    """
    shape = levels[0]
    own: Counter[tuple[int, int]] = (
        Counter({(0, 0): 1, (1, 1): shape.n_vertices, (2, 2): shape.n_vertices})
        if shape.dimension == 2
        else Counter({(s, s): comb(shape.n_vertices, s) for s in range(shape.n_vertices)})
    )
    if len(levels) == 1:
        return own
    copy = _faces(levels[1:])
    powers = [Counter({(0, 0): 1})]
    for _ in range(shape.n_vertices):
        powers.append(_product(powers[-1], copy))
    rows = int(np.prod([level.n_vertices for level in levels[1:]]))
    dimension = len(_f_vector(levels[1:]))
    faces = Counter[tuple[int, int]]()
    for (size, above), number in own.items():
        for (vertices, dims), ways in powers[shape.n_vertices - size].items():
            faces[size * rows + vertices, above + size * dimension + dims] += number * ways
    return faces


def _product(first: Counter[tuple[int, int]], second: Counter[tuple[int, int]]) -> Counter[tuple[int, int]]:
    result = Counter[tuple[int, int]]()
    for (a, b), number in first.items():
        for (c, d), ways in second.items():
            result[a + c, b + d] += number * ways
    return result
