"""Wythoff's construction: a point, its images under a reflection group, and their faces by counting."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from geomsup.shapes.wythoff.coxeter import Coxeter

__all__ = ["f_vector", "n_vertices", "orbit", "radius", "rotations", "start", "vertex_counts", "vertices"]

# Distance from a mirror below which a point lies on it; other points are at least 0.02 edge lengths away.
ON_MIRROR = 1e-6

# 2 million vertices in 10 dimensions are 160 MB.
MOST_VERTICES = 2_000_000


def start(group: Coxeter, rings: Sequence[int]) -> np.ndarray:
    """Point at distance 1/2 from the ringed mirrors and on all others: its images have edges of length 1.

    Examples
    --------
    >>> start(Coxeter("B", 3), [0])  # a vertex of the unit cube
    array([0.5, 0.5, 0.5])
    """
    return np.linalg.solve(group.mirrors, _labels(group, rings))


def radius(group: Coxeter, rings: Sequence[int]) -> float:
    """Circumradius at edge length 1.

    Examples
    --------
    >>> radius(Coxeter("H", 3), [2])
    0.951056516
    """
    return float(np.linalg.norm(start(group, rings)))


def n_vertices(group: Coxeter, rings: Sequence[int]) -> int:
    """Number of vertices |W| / |W_unringed|, nothing generated.

    Examples
    --------
    >>> n_vertices(Coxeter("E", 8), [0])
    240
    """
    return group.order // int(group.subset_orders[_complement(group, _mask(rings))])


def vertex_counts(group: Coxeter) -> np.ndarray:
    """Numbers of vertices of all ringings, by bit mask of the ringed nodes; 1 for none.

    Examples
    --------
    >>> vertex_counts(Coxeter("A", 3))
    array([ 1,  4,  6, 12,  4, 12, 12, 24])
    """
    return group.order // group.subset_orders[::-1]


def f_vector(group: Coxeter, rings: Sequence[int]) -> tuple[int, ...]:
    """Numbers of faces of every dimension, by counting.

    Faces of dimension k belong to the sets T of k nodes of which every connected part has a ringed node; there
    are |W| / (|W_T| |W_T'|) of each kind, T' the unringed nodes neither in T nor joined to it.

    References
    ----------
    :cite:t:`champagne1995`.

    Examples
    --------
    >>> f_vector(Coxeter("F", 4), [0])
    (24, 96, 96, 24)
    """
    ringed = _mask(rings)
    every = np.arange(1 << group.rank)
    face = every[((group.components & ringed) != 0).all(axis=1)]
    fixed = _complement(group, ringed | face | group.neighbours[face])
    each = group.order // (group.subset_orders[face] * group.subset_orders[fixed])
    counts = np.zeros(group.rank + 1, dtype=np.int64)
    np.add.at(counts, np.bitwise_count(face), each)
    return tuple(int(count) for count in counts[:-1])


def orbit(group: Coxeter, rings: Sequence[int]) -> np.ndarray:
    """Images of the start point, by levels of the weak order, ``(n, rank)``; edge length 1.

    A point on the positive side of mirror i has its reflection one level down. Of the ways to reach a point only
    the one by the first mirror that has it on the negative side is taken: no point comes twice, nothing is compared.

    Raises
    ------
    ValueError
        If there are more than two million vertices.

    References
    ----------
    :cite:t:`bjorner2005`, chapter 3.

    Examples
    --------
    >>> orbit(Coxeter("B", 3), [0]).shape
    (8, 3)
    """
    n = n_vertices(group, rings)
    if n > MOST_VERTICES:
        raise ValueError(
            f"`rings` must leave at most {MOST_VERTICES} vertices to list; got {n}. Counts, f-vector and circumradius "
            "are known without them."
        )
    levels = _levels(group, _labels(group, rings))
    return np.linalg.solve(group.mirrors, np.concatenate(levels).T).T


def _levels(group: Coxeter, labels: np.ndarray) -> list[np.ndarray]:
    """Levels of the weak order; a point is given by its distances from the mirrors."""
    levels = [labels[None, :]]
    while len(levels[-1]):
        level = levels[-1]
        below = []
        for i in range(group.rank):
            upper = level[level[:, i] > ON_MIRROR]
            image = upper - 2 * upper[:, i, None] * group.products[i]
            below.append(image[(image[:, :i] > -ON_MIRROR).all(axis=1)])
        levels.append(np.concatenate(below))
    return levels[:-1]


def rotations(group: Coxeter, point: np.ndarray) -> np.ndarray:
    """Images of a point off all mirrors under the rotations of a group, ``(|W| / 2, rank)``: the even levels.

    Examples
    --------
    >>> rotations(Coxeter("H", 3), start(Coxeter("H", 3), [0, 1, 2])).shape
    (60, 3)
    """
    levels = _levels(group, group.mirrors @ point)
    return np.linalg.solve(group.mirrors, np.concatenate(levels[::2]).T).T


def vertices(group: Coxeter, rings: Sequence[int]) -> np.ndarray:
    """Vertices on the unit sphere.

    Examples
    --------
    >>> vertices(Coxeter("B", 2), [0])[0]
    array([0.70710678, 0.70710678])
    """
    points = orbit(group, rings)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _labels(group: Coxeter, rings: Sequence[int]) -> np.ndarray:
    labels = np.zeros(group.rank)
    labels[list(rings)] = 0.5
    return labels


def _mask(rings: Sequence[int]) -> int:
    return sum(1 << i for i in rings)


def _complement(group: Coxeter, nodes: Any) -> Any:
    """Bit mask (or array of them) of the other nodes."""
    return ~nodes & ((1 << group.rank) - 1)
