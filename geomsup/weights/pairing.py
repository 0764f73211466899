"""Which rows of two sets belong together: the nearest rows of each, and the assignment of largest sum."""

import numpy as np

from geomsup.threads import Progress, check_stop, in_threads, stop_flag

__all__ = ["assigned", "nearest"]

# Candidates of each row where there are too many rows for all cosines. On random rows, for which the choice is hardest,
# the sum is within 1e-5 of the largest one.
CANDIDATES = 16

# Cosines that are all held, in double precision: 128 MB.
MOST_COSINES = 2**24

# Rows of a block of cosines.
BLOCK = 256


def nearest(A: np.ndarray, B: np.ndarray, progress: Progress = None) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of B with the largest cosines for each row of A, the nearest first, and these cosines.

    Costs n n' m operations in single precision, in blocks, shared among the processors.

    Parameters
    ----------
    A, B
        ``(n, m)`` and ``(n', m)`` unit rows, single precision.
    progress
        Called with ("cosines", fraction done).

    Examples
    --------
    >>> A, B = np.array([[1.0, 0.0]], np.float32), np.array([[0.0, 1.0], [0.6, 0.8]], np.float32)
    >>> nearest(A, B)[0].tolist()
    [[1, 0]]
    """
    from geomsup.weights.kernels import keep_nearest

    kept = min(CANDIDATES, len(B))
    firsts, done = range(0, len(A), BLOCK), [0]

    def block(first: int) -> tuple[np.ndarray, np.ndarray]:
        G = A[first : first + BLOCK] @ B.T
        near, cosines = np.empty((len(G), kept), np.int32), np.empty((len(G), kept), np.float32)
        keep_nearest(G, near, cosines, stop_flag())
        check_stop()
        return near, cosines

    def told(_: object) -> None:
        done[0] += 1
        if progress is not None:
            progress("cosines", done[0] / len(firsts))

    parts = in_threads(block, firsts, told=told)
    return np.concatenate([near for near, _ in parts]), np.concatenate([cosines for _, cosines in parts])


def assigned(
    A: np.ndarray, B: np.ndarray, ahead: tuple[np.ndarray, np.ndarray], back: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of rows, each in one pair at most, whose cosines are positive and have the largest sum.

    Where there are more than 2²⁴ cosines, only the 16 nearest of each row, in either direction, are candidates.

    Parameters
    ----------
    A, B
        Unit rows.
    ahead, back
        What `nearest` returns for (A, B), and for (B, A).

    Examples
    --------
    >>> A, B = np.array([[1.0, 0.0], [0.8, 0.6]]), np.array([[0.8, 0.6], [0.0, -1.0]])
    >>> assigned(A, B, nearest(A, B), nearest(B, A))  # the second row of B has no partner
    (array([1]), array([0]))
    """
    if len(A) * len(B) > MOST_COSINES:
        return _sparsely(len(A), len(B), ahead, back)
    from scipy.optimize import linear_sum_assignment

    G = A @ B.T
    i, j = linear_sum_assignment(np.maximum(G, 0.0), maximize=True)
    good = G[i, j] > 0
    return i[good], j[good]


def _sparsely(
    n: int, others: int, ahead: tuple[np.ndarray, np.ndarray], back: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The assignment among candidates only: each row of A may also have itself, at no gain."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    rows = np.concatenate([np.repeat(np.arange(n), ahead[0].shape[1]), back[0].ravel()])
    columns = np.concatenate([ahead[0].ravel(), np.repeat(np.arange(others), back[0].shape[1])])
    cosines = np.concatenate([ahead[1].ravel(), back[1].ravel()]).astype(np.float64)
    _, first = np.unique(rows.astype(np.int64) * others + columns, return_index=True)  # once each
    first = first[cosines[first] > 0]
    # Costs of 2 − cosine: an entry of 0 would be no entry.
    costs = np.concatenate([2 - cosines[first], np.full(n, 2.0)])
    places = (
        np.concatenate([rows[first], np.arange(n)]),
        np.concatenate([columns[first], others + np.arange(n)]),
    )
    graph = coo_array((costs, places), shape=(n, others + n)).tocsr()
    graph.indices, graph.indptr = graph.indices.astype(np.int32), graph.indptr.astype(np.int32)
    i, j = min_weight_full_bipartite_matching(graph)
    return i[j < others], j[j < others]
