"""McLaughlin's 275 vertices: shortest vectors of the Leech lattice near two of them, by Conway's construction."""

from itertools import combinations, product

import numpy as np

__all__ = ["mclaughlin"]


def golay() -> np.ndarray:
    """Return the 4096 words of the extended binary Golay code, from the quadratic residues modulo 23."""
    residues = {i * i % 23 for i in range(23)}
    row = np.array([i in residues for i in range(23)], int)
    rows = [np.append(np.roll(row, k), row.sum() % 2) for k in range(23)]
    basis: list[np.ndarray] = []
    for word in [*rows, np.ones(24, int)]:
        rest = word.copy()
        for other in basis:
            if rest[np.argmax(other)]:
                rest ^= other
        if rest.any():
            basis.append(rest)
    words = np.zeros((1, 24), int)
    for word in basis:
        words = np.vstack([words, words ^ word])
    return words


def shortest() -> np.ndarray:
    """Return the 196,560 shortest vectors of the Leech lattice, times √8: whole numbers whose squares add up to 32."""
    words = golay()
    found = []
    for places in combinations(range(24), 2):
        two = np.zeros((4, 24), int)
        two[:, places] = list(product((4, -4), repeat=2))
        found.append(two)
    even = np.array([signs for signs in product((1, -1), repeat=8) if np.prod(signs) == 1])
    for octad in words[words.sum(axis=1) == 8]:
        eight = np.zeros((128, 24), int)
        eight[:, np.flatnonzero(octad)] = 2 * even
        found.append(eight)
    for word in words:
        found.append((1 - 2 * word) * (1 - 4 * np.eye(24, dtype=int)))
    return np.vstack(found)


def mclaughlin() -> np.ndarray:
    """Return 275 unit vectors in 22 dimensions, whose cosines are -1/4 and 1/6.

    They have the product 2 with both of two shortest vectors, whose squares are 4, and whose own product is 1.
    """
    vectors = shortest()
    u = vectors[0]
    v = vectors[np.flatnonzero(vectors @ u == 8)[0]]  # products are times 8
    near = vectors[(vectors @ u == 16) & (vectors @ v == 16)].astype(float)
    others = np.linalg.svd(np.stack([u, v]).astype(float))[2][2:]
    rows = near @ others.T
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
