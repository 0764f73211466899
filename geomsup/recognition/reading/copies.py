"""Rows that are copies of each other, or opposite to each other, found without an n × n matrix."""

import numpy as np

__all__ = ["copies"]

# Two directions within this angle, in degrees, are copies. That is far below the angles between vertices of any shape,
# and above the rounding of weights in half precision (0.03 degrees).
SAME_DIRECTION = 1.0

# Coordinates in which neighbours are looked for. In a projection points are only nearer to each other, so none is
# missed. With more coordinates the tree is slower; with fewer too many pairs have to be checked.
COORDINATES = 6


def copies(X: np.ndarray, *, opposite: bool = False) -> tuple[tuple[int, ...], ...]:
    """Return the groups of rows that point in one direction; with `opposite`, of those on one line, in both directions.

    Rows within a degree of each other are joined, and what is joined to one of them too. Zero rows are left out.

    Parameters
    ----------
    X
        ``(n, m)`` rows of any length.
    opposite
        Look for rows that point in opposite directions.

    Examples
    --------
    >>> rows = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> copies(rows), copies(rows, opposite=True)
    (((0, 1),), ((2, 3),))
    """
    X = X / (np.abs(X).max(initial=0.0) or 1.0)  # squares of rows 1e200 long are no doubles
    norms = np.linalg.norm(X, axis=1)
    there = np.flatnonzero(norms > 0)
    unit = X[there] / norms[there, None]
    same = _pairs(unit, unit)
    same = same[same[:, 0] < same[:, 1]]
    pairs = np.concatenate([same, _pairs(unit, -unit)]) if opposite else same
    if len(pairs) == 0:
        return ()
    groups = [there[group] for group in _joined(pairs, len(there))]
    if opposite:  # a group of copies alone has no two opposite rows
        facing = set(pairs[len(same) :].ravel().tolist())
        groups = [group for group in groups if any(int(np.searchsorted(there, i)) in facing for i in group)]
    return tuple(tuple(group.tolist()) for group in groups)


def _pairs(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pairs ``(k, 2)`` of rows of two stacks of unit rows within `SAME_DIRECTION` of each other."""
    from scipy.spatial import KDTree

    axes = np.linalg.qr(np.random.default_rng(0).normal(size=(one.shape[1], min(COORDINATES, one.shape[1]))))[0]
    chord = 2 * np.sin(np.radians(SAME_DIRECTION) / 2)
    near = KDTree(one @ axes).sparse_distance_matrix(KDTree(other @ axes), chord, output_type="ndarray")
    i, j = near["i"], near["j"]
    close = np.zeros(len(i), bool)
    for first in range(0, len(i), 4096):
        some = slice(first, first + 4096)
        close[some] = np.linalg.norm(one[i[some]] - other[j[some]], axis=1) <= chord
    return np.stack([i[close], j[close]], axis=1)


def _joined(pairs: np.ndarray, n: int) -> list[np.ndarray]:
    """Connected groups of two or more of n points, by their first point."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    labels = connected_components(graph, directed=False)[1]
    order = np.argsort(labels, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)
    return sorted((group for group in groups if len(group) > 1), key=lambda group: int(group[0]))
