"""Finite Coxeter groups: their diagrams, mirrors, and the orders of all their reflection subgroups."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import factorial

import numpy as np

from geomsup.isometries.mirrors import plane_of

__all__ = ["LARGEST_RANK", "Coxeter", "groups"]

# The families A, B and D are infinite; their polytopes are listed up to here.
LARGEST_RANK = 10

RANKS = {
    "A": range(1, LARGEST_RANK + 1),
    "B": range(2, LARGEST_RANK + 1),
    "D": range(4, LARGEST_RANK + 1),
    "E": range(6, 9),
    "F": range(4, 5),
    "H": range(3, 5),
    "I": range(2, 3),
}
E_ORDERS = {6: 51_840, 7: 2_903_040, 8: 696_729_600}
H_ORDERS = {2: 10, 3: 120, 4: 14_400}


@dataclass(frozen=True)
class Coxeter:
    """A finite irreducible Coxeter group A_n, B_n, D_n, E_6-8, F_4, H_3, H_4 or I_2(p).

    Nodes of the diagram are numbered along the chain, from the label 4 or 5 if there is one. The branch of D_n
    and E_n is the last node; it hangs on the third node from the chain's end.

    Parameters
    ----------
    family
        One of A, B, D, E, F, H, I.
    rank
        Number of mirrors.
    p
        Label of I_2(p); 0 elsewhere.

    References
    ----------
    :cite:t:`coxeter1973`, chapter 11.

    Examples
    --------
    >>> Coxeter("H", 3).order, Coxeter("E", 8).order
    (120, 696729600)
    >>> Coxeter("D", 4).bonds
    ((0, 1, 3), (1, 2, 3), (1, 3, 3))
    """

    family: str
    rank: int
    p: int = 0

    def __post_init__(self) -> None:
        if self.rank not in RANKS.get(self.family, ()):
            raise ValueError(
                f"`family` and `rank` must be those of a finite group up to rank {LARGEST_RANK}; got {self.family!r}, "
                f"{self.rank}. Pass A, B, D, E (6 to 8), F (4), H (3, 4) or I (2)."
            )
        if (self.family == "I") != (self.p >= 3):
            raise ValueError(f"`p` must be at least 3 for family I, and 0 elsewhere; got {self.p}. Pass the label.")

    @cached_property
    def bonds(self) -> tuple[tuple[int, int, int], ...]:
        """Pairs of joined nodes, with their labels m: the mirrors meet at π/m."""
        chain = self.rank - 1 if self.family in "DE" else self.rank
        labels = [3] * (chain - 1)
        if self.family in "BHI":
            labels[0] = {"B": 4, "H": 5, "I": self.p}[self.family]
        if self.family == "F":
            labels[1] = 4
        bonds = [(i, i + 1, label) for i, label in enumerate(labels)]
        if self.family in "DE":
            bonds.append((self.fork, self.rank - 1, 3))
        return tuple(bonds)

    @property
    def fork(self) -> int:
        """Node that bears the branch of D_n and E_n; -1 in other groups."""
        return {"D": self.rank - 3, "E": self.rank - 4}.get(self.family, -1)

    @cached_property
    def products(self) -> np.ndarray:
        """Inner products of the mirrors' unit normals, -cos(π/m), ``(rank, rank)``."""
        gram = np.eye(self.rank)
        for i, j, m in self.bonds:
            # The exact value for m = 3; cos(π/3) differs from 1/2 by rounding.
            gram[i, j] = gram[j, i] = -0.5 if m == 3 else -np.cos(np.pi / m)
        return gram

    @cached_property
    def mirrors(self) -> np.ndarray:
        """Unit normals of the mirrors, rows, by Cholesky: ``mirrors @ mirrors.T == products``."""
        return np.linalg.cholesky(self.products)

    @cached_property
    def plane(self) -> np.ndarray:
        """Coxeter plane as two orthonormal rows, ``(2, rank)``, rank >= 2: polytopes look most regular from there.

        The product of all mirrors, of order h, turns this plane by 2π/h.

        References
        ----------
        :cite:t:`coxeter1973`, chapter 12.
        """
        return plane_of(self.mirrors)

    @property
    def order(self) -> int:
        """Number of elements."""
        return int(self.subset_orders[-1])

    @cached_property
    def neighbours(self) -> np.ndarray:
        """Of every set of nodes (as a bit mask), the nodes joined to one of them, ``(2**rank,)``."""
        single = [0] * self.rank
        for i, j, _ in self.bonds:
            single[i] |= 1 << j
            single[j] |= 1 << i
        table = np.zeros(1 << self.rank, dtype=np.int64)
        for i, near in enumerate(single):
            table[1 << i : 2 << i] = table[: 1 << i] | near
        return table

    @cached_property
    def components(self) -> np.ndarray:
        """Of every set of nodes, its connected parts (masks; unused places have all bits), ``(2**rank, rank)``."""
        table = np.full((1 << self.rank, self.rank), -1, dtype=np.int64)
        for nodes in range(1, 1 << self.rank):
            part = nodes & -nodes
            while (grown := (part | self.neighbours[part]) & nodes) != part:
                part = grown
            table[nodes, 0] = part
            table[nodes, 1:] = table[nodes ^ part, :-1]
        return table

    @cached_property
    def subset_orders(self) -> np.ndarray:
        """Orders of the subgroups generated by every set of mirrors, ``(2**rank,)``; int64 holds them all."""
        first = self.components[:, 0]
        orders = np.ones(1 << self.rank, dtype=np.int64)
        for nodes in range(1, 1 << self.rank):
            part = int(first[nodes])
            orders[nodes] = self._connected_order(part) if part == nodes else orders[part] * orders[nodes ^ part]
        return orders

    def _connected_order(self, part: int) -> int:
        """Order of the subgroup of a connected set of nodes."""
        inside = [(i, j, m) for i, j, m in self.bonds if part >> i & 1 and part >> j & 1]
        k = part.bit_count()
        largest = max((m for *_, m in inside), default=3)
        if k == 2:
            return 2 * largest
        if largest == 5:
            return H_ORDERS[k]
        if largest == 4:
            return 1152 if self.family == "F" and k == 4 else 2**k * factorial(k)
        if sum(self.fork in bond[:2] for bond in inside) == 3:
            lengths = sorted(self._arms(part))
            return 2 ** (k - 1) * factorial(k) if lengths[1] == 1 else E_ORDERS[k]
        return factorial(k + 1)

    def _arms(self, part: int) -> list[int]:
        """Numbers of nodes of what is left of a connected set without the fork."""
        rest = self.components[part & ~(1 << self.fork)]
        return [int(arm).bit_count() for arm in rest if arm > 0]


def groups(rank: int) -> tuple[Coxeter, ...]:
    """Irreducible finite groups of a rank from 3 on.

    Examples
    --------
    >>> [group.family for group in groups(4)]
    ['A', 'B', 'D', 'F', 'H']
    >>> groups(11)
    ()
    """
    return _GROUPS.get(rank, ())


def _all_groups(ranks: Sequence[int]) -> dict[int, tuple[Coxeter, ...]]:
    # One object per group, so that its tables are made once.
    return {rank: tuple(Coxeter(family, rank) for family in "ABDEFH" if rank in RANKS[family]) for rank in ranks}


_GROUPS = _all_groups(range(3, LARGEST_RANK + 1))
