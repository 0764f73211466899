"""The two loops over rows, compiled: which cosines of a block are large, and how a set grows row by row."""

from typing import Any

import numpy as np

from geomsup.compiling import njit

__all__ = ["collect", "grow"]


@njit
def collect(G: np.ndarray, first: int, threshold: float, near: np.ndarray, cosines: np.ndarray) -> None:
    """Keep the largest |cos| of each row of a block, at most as many as there is room for.

    Parameters
    ----------
    G
        ``(rows, columns)`` cosines of rows i = first, first + 1, ... with rows j = first, first + 1, ...
    first
        Index of the block's first row.
    threshold
        Smaller |cos| are left out.
    near
        ``(rows, room)``, written: the row j > i of each cosine kept, -1 where there is none.
    cosines
        ``(rows, room)``, written: the cosines.
    """
    room = near.shape[1]
    for a in range(G.shape[0]):
        used, weakest, least = 0, 0, threshold
        for c in range(a + 1, G.shape[1]):
            if abs(G[a, c]) >= least:
                place = used if used < room else weakest
                near[a, place] = first + c
                cosines[a, place] = G[a, c]
                used = min(used + 1, room)
                if used == room:
                    weakest = 0
                    for other in range(1, room):
                        if abs(cosines[a, other]) < abs(cosines[a, weakest]):
                            weakest = other
                    least = max(threshold, abs(cosines[a, weakest]))
        for place in range(used, room):
            near[a, place] = -1


@njit(part=True, fastmath=True)
def _dot(x: np.ndarray, y: np.ndarray) -> float:
    total: Any = np.float32(0.0)
    for i in range(x.size):
        total += x[i] * y[i]
    return total


@njit(part=True)
def _joined(q: np.ndarray, X: np.ndarray, row: int, basis: np.ndarray, rank: int) -> int:
    """Write the direction in which a row leaves a basis as its next row; return the new rank."""
    q[:] = X[row]
    for _ in range(2):  # the second time removes what rounding left
        for s in range(rank):
            q -= _dot(basis[s], q) * basis[s]
    length = np.sqrt(_dot(q, q))
    if length < 1e-3:  # nothing but rounding, in single precision
        return rank
    basis[rank] = q / length
    return rank + 1


@njit
def grow(
    X: np.ndarray,
    start: np.ndarray,
    near: np.ndarray,
    seeds: np.ndarray,
    least: np.ndarray,
    grown: np.ndarray,
    room: int,
    stop: np.ndarray,
) -> None:
    """Grow a set from each pair: next comes the neighbour that depends most on the rows that are in.

    Parameters
    ----------
    X
        ``(n, m)`` unit rows, single precision.
    start, near
        Neighbours of row i are ``near[start[i]:start[i + 1]]``.
    seeds
        ``(pairs, 2)`` rows to begin with.
    least
        ``(largest + 1,)``: s rows get no other of which less than ``least[s]`` of the squared length is in their span.
    grown
        ``(pairs, largest)``, written: rows in the order in which they came, -1 behind the last.
    room
        Number of neighbours that are followed at a time.
    stop
        Ends the loop when its entry is not 0.
    """
    n, m = X.shape
    largest = grown.shape[1]
    mark = np.full(n, -1, np.int32)
    waiting, left = np.empty(room, np.int32), np.empty(room)
    basis, q = np.empty((largest, m), np.float32), np.empty(m, np.float32)
    for seed in range(len(seeds)):
        if stop[0] != 0:
            return
        grown[seed] = -1
        count, rank, size = 0, 0, 0
        mark[seeds[seed, 0]] = seed
        mark[seeds[seed, 1]] = seed
        while True:
            if size < 2:
                row = seeds[seed, size]
            else:
                best = -1
                for c in range(count):
                    if left[c] >= 0.0 and (best < 0 or left[c] < left[best]):
                        best = c
                if best < 0 or 1.0 - left[best] < least[size]:
                    break
                row = waiting[best]
                left[best] = -1.0
            grown[seed, size] = row
            size += 1
            if size == largest:
                break
            before = rank
            rank = _joined(q, X, row, basis, rank)
            for c in range(count):
                if left[c] >= 0.0:
                    for s in range(before, rank):
                        left[c] = max(left[c] - _dot(basis[s], X[waiting[c]]) ** 2, 0.0)
            for e in range(start[row], start[row + 1]):
                other = near[e]
                if mark[other] != seed and count < room:
                    mark[other] = seed
                    waiting[count] = other
                    left[count] = 1.0
                    for s in range(rank):
                        left[count] = max(left[count] - _dot(basis[s], X[other]) ** 2, 0.0)
                    count += 1
