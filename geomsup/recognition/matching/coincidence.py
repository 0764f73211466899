"""Rows that nearly coincide: features that share a vertex."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geomsup.isometries.search import near_basis

__all__ = ["COINCIDENT", "Flat", "LabelledRows", "coincident", "directions", "merged", "shared"]

# Rows nearer than this may be one vertex twice; the catalogue's tightest solid, the dodecahedron, has 0.71.
COINCIDENT = 0.25

# Rows are one direction if the next distance between rows is this many times as large as those within.
CLEAR_GAP = 3.0

# Rows that reach less far than this in a direction, over the direction where they reach furthest, have no noise in it:
# columns of zeros, or columns that decayed in training.
NO_NOISE = 1e-4

# Vertices that thousands of rows may share.
MOST_SHARED = 200
# Vertices after which it shows whether there can be so few.
FIRST_SHARED = 8


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Unit rows X, the vertex label of each, and the unit means of rows of equal label."""

    X: np.ndarray
    labels: np.ndarray

    @cached_property
    def _flat(self) -> "dict[int, Flat]":
        return {}

    def flat(self, dimension: int) -> "Flat":
        """Vertices in their principal subspace of some dimension, with two bases; found once for all shapes."""
        if dimension not in self._flat:
            self._flat[dimension] = Flat.of(self.vertices, dimension)
        return self._flat[dimension]

    @cached_property
    def vertices(self) -> np.ndarray:
        """Unit means ``(v, m)`` of the rows of each label."""
        sums = np.zeros((self.labels.max() + 1, self.X.shape[1]))
        np.add.at(sums, self.labels, self.X)
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)

    @cached_property
    def singular(self) -> np.ndarray:
        """Singular values of the vertices, largest first."""
        # By the smaller Gram matrix: several times quicker, and 1e-8 is precise enough.
        tall = self.vertices.shape[0] > self.vertices.shape[1]
        gram = self.vertices.T @ self.vertices if tall else self.vertices @ self.vertices.T
        return np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0.0))

    @cached_property
    def rank(self) -> int:
        """Number of dimensions in which the rows, and so their noise, lie."""
        return int((self.singular > NO_NOISE * self.singular[0]).sum())

    @cached_property
    def products(self) -> np.ndarray:
        """Sorted inner products of the vertices, ``(v²,)``."""
        return np.sort(self.vertices @ self.vertices.T, axis=None)


@dataclass(frozen=True, eq=False)
class Flat:
    """Rows ``(v, d)`` in their principal subspace, and d of them that are a basis: far apart, and near neighbours."""

    rows: np.ndarray
    bases: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, rows: np.ndarray, dimension: int) -> "Flat":
        """Return the rows in their principal subspace; rows far apart are found by QR with pivots."""
        from scipy.linalg import qr

        flat = rows @ np.linalg.svd(rows, full_matrices=False)[2][:dimension].T
        *_, pivots = qr(flat.T, mode="r", pivoting=True)
        return cls(flat, (pivots[: flat.shape[1]], np.array(near_basis(flat))))


def directions(X: np.ndarray) -> np.ndarray:
    """Label of the direction of each row: rows that nearly coincide have one, if a clear gap sets them apart.

    Examples
    --------
    >>> directions(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.01]]))
    array([0, 1, 0])
    >>> directions(np.array([[1.0, 0.0], [0.98, 0.2], [0.93, 0.37]]))
    array([0, 1, 2])
    """
    alone = np.arange(len(X))
    if len(X) < 2:
        return alone
    tree, gaps = _linked(X, 2 * COINCIDENT)
    widest = int(np.argmax(gaps))
    return _in_order(merged(tree[: widest + 1], len(X))) if gaps[widest] >= CLEAR_GAP else alone


def coincident(X: np.ndarray) -> list[np.ndarray]:
    """Ways to merge nearly coincident rows: for each, the vertex label of every row.

    Single linkage on distances up to `COINCIDENT`, cut at the three largest relative gaps.

    Examples
    --------
    >>> coincident(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    [array([0, 1, 0])]
    """
    cosines = X @ X.T
    np.fill_diagonal(cosines, -1.0)
    if cosines.max() <= 1 - COINCIDENT**2 / 2:
        return []
    tree, gaps = _linked(X, 2.0)
    cuts = [i for i in np.argsort(-gaps, kind="stable")[:3] if gaps[i] > 1]
    return [_in_order(merged(tree[: i + 1], len(X))) for i in cuts]


def _linked(X: np.ndarray, end: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the single-linkage tree of rows, and how much higher the next merge is than each one below `COINCIDENT`.

    After the last merge comes the height `end`.
    """
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import pdist

    # Of the differences, not of the Gram matrix: 1 - cos loses half of the digits for rows that coincide.
    tree = linkage(pdist(X), "single")
    heights = np.maximum(np.append(tree[:, 2], end), 1e-6)
    return tree, np.where(heights[:-1] < COINCIDENT, heights[1:] / heights[:-1], 0.0)


def shared(X: np.ndarray) -> np.ndarray | None:
    """Vertex labels of rows that are too many not to share vertices; None if there are more than `MOST_SHARED`.

    Rows go to the first row within `COINCIDENT` of them that is no nearer to an earlier one.

    Examples
    --------
    >>> shared(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    array([0, 1, 0])
    """
    labels = np.full(len(X), -1)
    for vertex in range(MOST_SHARED):
        free = labels < 0
        if not free.any():
            return labels
        # Groups met first are larger than most: if even those are too small, there are too many.
        if vertex == FIRST_SHARED and 4 * MOST_SHARED * (~free).sum() < FIRST_SHARED * len(X):
            return None
        first = int(np.argmax(free))
        labels[free & (X @ X[first] > 1 - COINCIDENT**2 / 2)] = vertex
        labels[first] = vertex
    return None if (labels < 0).any() else labels


def _in_order(labels: np.ndarray) -> np.ndarray:
    """Renumber labels 0, 1, ... by first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


def merged(tree: np.ndarray, n: int) -> np.ndarray:
    """Cluster of each of n nodes after the merges of a linkage, of which the t-th makes cluster n + t.

    Examples
    --------
    >>> merged(np.array([[0, 2, 0.1, 2]]), 3)
    array([3, 1, 3])
    """
    root = list(range(n + len(tree)))
    for t, (one, other) in reversed(list(enumerate(tree[:, :2].astype(int).tolist()))):
        root[one] = root[other] = root[n + t]
    return np.array(root[:n])
