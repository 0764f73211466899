"""Ringed Coxeter diagrams: which of them are the same polytope, and how symmetric it is."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from geomsup.shapes.wythoff.construction import vertex_counts
from geomsup.shapes.wythoff.coxeter import Coxeter, groups

__all__ = ["Ringing", "canonical", "of_rank", "of_size", "symmetry_order"]

# Ringings of A3 that are of B3, and of B4 that are of F4.
A3_IN_B3 = {(1,): (2,), (0, 2): (1,), (0, 1, 2): (1, 2)}
B4_IN_F4 = {(2,): (0,), (1, 3): (1,), (1, 2, 3): (0, 1)}


class Ringing(NamedTuple):
    """A group and the ringed nodes of its diagram, ascending."""

    group: Coxeter
    rings: tuple[int, ...]


def canonical(group: Coxeter, rings: tuple[int, ...]) -> Ringing:
    """Return the one diagram that represents all diagrams of the same polytope: that of the largest group.

    Mirror images of a diagram are equal, of A3, B3 and D4, B4, F4 the latest that has it counts, and D_n stands
    only for what is not B_n: exactly one of its two short arms is ringed, the last node by convention.

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
    if n == 4:  # three equal arms: bring one ring to the long arm, two to the short ones
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
    """Number of isometries of the polytope of a canonical ringing: twice |W| where the diagram is its own mirror image.

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
    """Return the canonical ringings of a rank from 3 on, each with all ringings of the same polytope.

    Examples
    --------
    >>> [len(of_rank(rank)) for rank in range(3, 9)]  # 18 and 47 with the snubs and the grand antiprism
    [16, 45, 58, 153, 357, 709]
    """
    found: dict[Ringing, list[Ringing]] = {}
    for group in groups(rank):
        for mask in range(1, 1 << rank):
            rings = _rings(mask)
            found.setdefault(canonical(group, rings), []).append(Ringing(group, rings))
    return {ringing: tuple(equals) for ringing, equals in found.items()}


def of_size(rank: int, n_vertices: int) -> list[Ringing]:
    """Return the canonical ringings of a rank and a number of vertices, from the orders of subgroups alone.

    Examples
    --------
    >>> [(group.family, rings) for group, rings in of_size(8, 240)]
    [('E', (0,))]
    """
    # Least numbers of vertices in d dimensions: d+1 (simplex), 2d (orthoplex), then d(d+1)/2 (rectified simplex).
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
    """Return the shared group of a family, whose tables are made once."""
    return next(group for group in groups(rank) if group.family == family)
