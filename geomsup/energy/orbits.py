"""Seeds in more than three dimensions: orbits of finite reflection groups, on their mirrors or off."""

from functools import lru_cache

import numpy as np

from geomsup.shapes.wythoff.coxeter import Coxeter

__all__ = ["reflection_groups", "reflection_seed"]

LARGEST_ORBIT = 2000
LARGEST_DIMENSION = 16  # beyond, chambers have too many faces to list
MOST_ORBITS = 4  # of one seed


@lru_cache(maxsize=None, typed=True)
def reflection_groups(d: int) -> tuple[tuple[Coxeter, ...], ...]:
    """Products of at most two finite Coxeter groups that fill d dimensions, d ≥ 4.

    Examples
    --------
    >>> len(reflection_groups(4))
    17
    """
    families = {rank: _irreducible(rank) for rank in range(1, d + 1)}
    whole = [(group,) for group in families[d]]
    pairs = [(a, b) for r in range(1, d // 2 + 1) for a in families[r] for b in families[d - r]]
    return (*whole, *pairs)


def _irreducible(rank: int) -> list[Coxeter]:
    if rank == 1:
        return [Coxeter("A", 1)]
    if rank == 2:
        return [Coxeter("A", 2), Coxeter("B", 2), Coxeter("I", 2, 5)]
    names = ["A", "B", *(["D"] if rank >= 4 else []), *(["E"] if 6 <= rank <= 8 else [])]
    names += {3: ["H"], 4: ["F", "H"]}.get(rank, [])
    return [Coxeter(family, rank) for family in names if rank <= 10]


def reflection_seed(n: int, d: int, rng: np.random.Generator) -> np.ndarray | None:
    """Return n points ``(n, d)`` that are orbits of a reflection group drawn at random, or None if this draw fails.

    A point in general position on a face of the fundamental chamber has an orbit of the group's order over that of
    the mirrors through it; faces are drawn until the orbits have n points together.
    """
    groups = reflection_groups(d) if d <= LARGEST_DIMENSION else ()
    if not groups:
        return None
    group = groups[rng.integers(len(groups))]
    mirrors, faces, sizes = _faces(group)
    chosen: list[int] = []
    left = n
    while left and len(chosen) < MOST_ORBITS:
        fitting = np.flatnonzero(sizes <= left)
        exact = np.flatnonzero(sizes == left)
        pool = exact if len(exact) and (len(chosen) == MOST_ORBITS - 1 or rng.random() < 0.5) else fitting
        if not len(pool):
            return None
        chosen.append(int(pool[rng.integers(len(pool))]))
        left -= int(sizes[chosen[-1]])
    if left:
        return None
    weights = np.linalg.inv(mirrors).T  # row k is on all mirrors but the k-th
    parts = []
    for face in chosen:
        ringed = faces[face]
        point = (np.where(ringed, rng.uniform(0.1, 1.0, d), 0.0)) @ weights
        parts.append(_orbit(point / np.linalg.norm(point), mirrors, int(sizes[face])))
    return np.concatenate(parts)


@lru_cache(maxsize=None, typed=True)
def _faces(groups: tuple[Coxeter, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit normals of the mirrors; of every face of the chamber which mirrors it is off, and the size of its orbits."""
    d = sum(group.rank for group in groups)
    mirrors, sizes, at = np.zeros((d, d)), np.ones(1), 0
    for group in groups:
        mirrors[at : at + group.rank, at : at + group.rank] = group.mirrors
        off = np.arange(1 << group.rank)  # bit k: off mirror k
        own = group.order / group.subset_orders[(1 << group.rank) - 1 - off]
        sizes = (own[:, None] * sizes).ravel()  # later groups are the higher bits
        at += group.rank
    ringed = (np.arange(1 << d)[:, None] >> np.arange(d)) & 1 == 1
    small = (sizes <= LARGEST_ORBIT) & ringed.any(axis=1)
    return mirrors, ringed[small], sizes[small].astype(int)


def _orbit(point: np.ndarray, mirrors: np.ndarray, size: int) -> np.ndarray:
    found = point[None]
    fresh = found
    while len(found) < size and len(fresh):
        images = fresh - 2 * (fresh @ mirrors.T).T[:, :, None] * mirrors[:, None]
        images = images.reshape(-1, len(point))
        _, first = np.unique(images.round(7) + 0.0, axis=0, return_index=True)
        images = images[first]
        new = (np.abs(images[:, None] - found).max(axis=2) > 1e-6).all(axis=1)
        fresh = images[new]
        found = np.concatenate([found, fresh])
    return found
