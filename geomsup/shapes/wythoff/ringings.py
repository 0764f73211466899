"""Ringed Coxeter diagrams: which of them give the same polytope, and how many symmetries it has."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from geomsup.shapes.wythoff.construction import vertex_counts
from geomsup.shapes.wythoff.coxeter import Coxeter, groups

__all__ = ["Ringing", "canonical", "of_rank", "of_size", "symmetry_order"]

# Ringings of A3 that give the same polytope as one of B3, and ringings of B4 that give the same polytope as one of F4.
A3_IN_B3 = {(1,): (2,), (0, 2): (1,), (0, 1, 2): (1, 2)}
B4_IN_F4 = {(2,): (0,), (1, 3): (1,), (1, 2, 3): (0, 1)}


class Ringing(NamedTuple):
    """A group and the ringed nodes of its diagram, in ascending order."""

    group: Coxeter
    rings: tuple[int, ...]


def canonical(group: Coxeter, rings: tuple[int, ...]) -> Ringing:
    """Return the diagram that represents all diagrams of the same polytope: the one with the largest group.

    Mirror images of a diagram count as one. If A3 and B3 both give the polytope, B3 represents it. Of D4, B4 and F4 the
    last that gives it represents it. D_n represents only polytopes that B_n does not give. Their diagrams have a ring
    on exactly one of the two short arms, by convention on the last node.

    Examples
    --------
    >>> D4 = Coxeter("D", 4)
    >>> canonical(D4, (0,)), canonical(D4, (1,))  # the 16-cell, the 24-cell
    (Ringing(group=Coxeter(family='B', rank=4, p=0), rings=(3,)),
     Ringing(group=Coxeter(family='F', rank=4, p=0), rings=(0,)))
    """
    n = group.rank
    rings = tuple(sorted(rings))
    if group.family in "AF":
        rings = min(rings, _reversed(rings, n))
    elif group.family == "E" and n == 6:
        rings = min(rings, tuple(sorted(4 - i if i < 5 else i for i in rings)))
    elif group.family == "D":
        return _canonical_d(group, rings)
    if (group.family, n) == ("A", 3) and rings in A3_IN_B3:
        return Ringing(_group("B", 3), A3_IN_B3[rings])
    if (group.family, n) == ("B", 4) and rings in B4_IN_F4:
        return Ringing(_group("F", 4), B4_IN_F4[rings])
    return Ringing(_group(group.family, n) if n >= 3 else group, rings)


def _canonical_d(group: Coxeter, rings: tuple[int, ...]) -> Ringing:
    n = group.rank
    if n == 4:  # the three arms are equal: one ring goes to the long arm, two go to the short arms
        arms = sum(i != 1 for i in rings)
        rings = tuple(sorted(({0: (), 1: (0,), 2: (2, 3), 3: (0, 2, 3)}[arms]) + ((1,) if 1 in rings else ())))
    long, short = [i for i in rings if i < n - 2], [i for i in rings if i >= n - 2]
    if len(short) == 1:
        return Ringing(_group("D", n), (*long, n - 1))
    both = (1,) if len(short) == 2 else ()
    return canonical(_group("B", n), (*both, *(n - 1 - i for i in long)))


def _reversed(rings: tuple[int, ...], n: int) -> tuple[int, ...]:
    return tuple(sorted(n - 1 - i for i in rings))


def symmetry_order(group: Coxeter, rings: tuple[int, ...]) -> int:
    """Return the number of isometries of the polytope of a canonical ringing.

    It is the order of the group, or twice that order if the ringed diagram is its own mirror image.

    Examples
    --------
    >>> symmetry_order(Coxeter("A", 4), (1, 2)), symmetry_order(Coxeter("F", 4), (0,))
    (240, 1152)
    """
    n = group.rank
    palindromic = (group.family in "AF" and rings == _reversed(rings, n)) or (
        (group.family, n) == ("E", 6) and set(rings) == {4 - i if i < 5 else i for i in rings}
    )
    return group.order * (2 if palindromic and n > 1 else 1)


@lru_cache(maxsize=16, typed=True)
def of_rank(rank: int) -> dict[Ringing, tuple[Ringing, ...]]:
    """Return the canonical ringings of a rank of at least 3, each with all ringings of the same polytope.

    Examples
    --------
    >>> [len(of_rank(rank)) for rank in range(3, 9)]  # snubs and the grand antiprism make it 18 and 47
    [16, 45, 58, 153, 357, 709]
    """
    found: dict[Ringing, list[Ringing]] = {}
    for group in groups(rank):
        for mask in range(1, 1 << rank):
            rings = _rings(mask)
            found.setdefault(canonical(group, rings), []).append(Ringing(group, rings))
    return {ringing: tuple(equals) for ringing, equals in found.items()}


def of_size(rank: int, n_vertices: int) -> list[Ringing]:
    """Return the canonical ringings of a rank and a number of vertices; only orders of subgroups are computed.

    Examples
    --------
    >>> [(group.family, rings) for group, rings in of_size(8, 240)]
    [('E', (0,))]
    """
    # The least numbers of vertices in d dimensions: d+1 (simplex), 2d (orthoplex), d(d+1)/2 (rectified simplex).
    if n_vertices not in (rank + 1, 2 * rank) and 2 * n_vertices < rank * (rank + 1):
        return []
    every = [
        canonical(group, _rings(int(mask)))
        for group in groups(rank)
        for mask in np.flatnonzero(vertex_counts(group) == n_vertices)
    ]
    return list(dict.fromkeys(every))


def _rings(mask: int) -> tuple[int, ...]:
    return tuple(i for i in range(mask.bit_length()) if mask >> i & 1)


def _group(family: str, rank: int) -> Coxeter:
    """Return the shared group of a family and rank. Its tables are made only once."""
    return next(group for group in groups(rank) if group.family == family)
