"""Schoenflies symbols of finite groups of isometries in three dimensions."""

from collections.abc import Sequence
from math import lcm

import numpy as np

__all__ = ["elements", "orders", "schoenflies"]

# An axis and the normal of a mirror are parallel, or at right angles.
ALONG = 0.7

POLYHEDRAL = {12: "T", 24: "O", 60: "I"}


def elements(generators: np.ndarray, order: int) -> list[np.ndarray]:
    """All elements of a group of permutations, generators ``(g, n)``, the identity first.

    Examples
    --------
    >>> len(elements(np.array([[1, 2, 3, 0]]), 4))
    4
    """
    identity = np.arange(generators.shape[1])
    found, fresh = {identity.tobytes(): identity}, [identity]
    while fresh and len(found) < order:
        products = [g[element] for element in fresh for g in generators]
        fresh = []
        for product in products:
            if product.tobytes() not in found:
                found[product.tobytes()] = product
                fresh.append(product)
    return list(found.values())


def orders(permutations: Sequence[np.ndarray]) -> np.ndarray:
    """Order of each permutation: the least common multiple of the lengths of its cycles.

    Examples
    --------
    >>> orders([np.array([1, 0, 3, 4, 2])])
    array([6])
    """
    return np.array([lcm(*_cycle_lengths(permutation.tolist())) for permutation in permutations])


def _cycle_lengths(permutation: list[int]) -> list[int]:
    lengths, left = [], set(range(len(permutation)))
    while left:
        start = i = left.pop()
        length = 1
        while (i := permutation[i]) != start:
            left.remove(i)
            length += 1
        lengths.append(length)
    return lengths


def schoenflies(maps: np.ndarray, order: np.ndarray) -> str:
    """Schoenflies symbol of a finite group of orthogonal matrices, which noise may have bent a little.

    Parameters
    ----------
    maps
        ``(g, 3, 3)`` all elements, the identity included.
    order
        ``(g,)`` order of each element.

    Examples
    --------
    >>> signs = np.array([[a, b, c] for a in (1, -1) for b in (1, -1) for c in (1, -1)])
    >>> schoenflies(np.array([np.diag(row) for row in signs]), np.array([1, 2, 2, 2, 2, 2, 2, 2]))
    'D2h'
    """
    proper = np.linalg.det(maps) > 0
    traces = np.trace(maps, axis1=1, axis2=2)
    inversion = bool((~proper & (traces < -2)).any())
    mirrors = [_axis(-g) for g in maps[~proper & (order == 2) & (traces > -2)]]
    chiral = bool(proper.all())
    n, k = int(proper.sum()), int(order[proper].max())
    axes = [_axis(g) for g in maps[proper & (order == k)]] if k > 1 else []
    across = any(abs(axis @ normal) > ALONG for axis in axes for normal in mirrors)
    if n == k:
        return f"C{k}" if chiral else _cyclic(k, inversion, across, bool(mirrors))
    if n == 2 * k:
        # Three axes of order 2 are alike: with mirrors across all of them, or with two between two axes.
        horizontal = len(mirrors) == 3 if k == 2 else across
        return f"D{k}" + ("" if chiral else "h" if horizontal else "d")
    name = POLYHEDRAL[n]
    return name if chiral else "Td" if name == "T" and not inversion else name + "h"


def _cyclic(k: int, inversion: bool, across: bool, mirrors: bool) -> str:
    """Groups with one axis and improper elements: Ckh, Ckv, S2k; Ci and Cs without any axis."""
    if k == 1:
        return "Ci" if inversion else "Cs"
    return f"C{k}h" if across else f"C{k}v" if mirrors else f"S{2 * k}"


def _axis(g: np.ndarray) -> np.ndarray:
    """Unit vector that g leaves alone."""
    return np.linalg.svd(g - np.eye(3))[2][-1]
