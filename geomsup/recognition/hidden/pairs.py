"""One pass over all pairs of unit rows: which are nearer to one line than random ones, and each row's neighbours."""

from dataclasses import dataclass

import numpy as np

from geomsup.recognition.hidden.nulls import share_quantile
from geomsup.threads import Progress, in_threads, processors

__all__ = ["FEWEST_ROWS", "ROOM", "SAMPLE", "Neighbours", "neighbours", "threshold"]

# Random rows that come as neighbours of each row, in the mean: few enough to try each. True neighbours are then seen
# from |cos| of about 4.1 standard deviations on, among 1e5 rows.
RANDOM_NEIGHBOURS = 4.0

# Neighbours of each row, in the mean, where rows are not random: the strongest ones.
MOST_NEIGHBOURS = 12.0
# Neighbours after it that one row may have: more than the other rows of the largest shapes.
ROOM = 48

# Rows of which all cosines are taken to see how many are large.
SAMPLE = 64

# Rows of a block of cosines, at least and at most, as in `reading.overlaps`.
FEWEST_ROWS, MOST_ROWS = 16, 256


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Pairs of rows i < j with a large |cos|, and the neighbours of each row.

    Attributes
    ----------
    pairs
        ``(pairs, 2)``.
    cosines
        ``(pairs,)``.
    start, near
        Neighbours of row i are ``near[start[i]:start[i + 1]]``, the nearest first.
    """

    pairs: np.ndarray
    cosines: np.ndarray
    start: np.ndarray
    near: np.ndarray

    def seeds(self, each: int) -> np.ndarray:
        """Pairs of each row with its nearest neighbours, `each` at most; every pair once, ``(seeds, 2)``."""
        rows = np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))
        places = np.arange(len(rows)) - self.start[rows]
        kept = np.stack([rows, self.near], axis=1)[places < each]
        return np.unique(np.sort(kept, axis=1), axis=0).astype(np.int32)


def threshold(X: np.ndarray, d: float, rng: np.random.Generator) -> float:
    """Return the |cos| from which rows are neighbours: few random ones are, and not too many of the given ones.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(1000, 64))
    >>> X /= np.linalg.norm(X, axis=1, keepdims=True)
    >>> round(threshold(X, 64, np.random.default_rng(0)), 2)
    0.35
    """
    n = len(X)
    sample = rng.choice(n, min(n, SAMPLE), replace=False)
    cosines = np.abs(X[sample] @ X.T)
    cosines[np.arange(len(sample)), sample] = 0.0
    rank = min(int(MOST_NEIGHBOURS * len(sample)), cosines.size - 1)
    observed = np.partition(cosines, cosines.size - 1 - rank, axis=None)[cosines.size - 1 - rank]
    return max(float(observed), share_quantile(RANDOM_NEIGHBOURS / n, 1, d) ** 0.5)


def neighbours(X: np.ndarray, least: float, memory: float, progress: Progress = None) -> Neighbours:
    """Find the pairs of rows with |cos| of at least `least`.

    Costs n² m operations in single precision, shared among the processors; only a block of cosines is held by each.

    Parameters
    ----------
    X
        ``(n, m)`` unit rows, single precision.
    least
        Smallest |cos|.
    memory
        Bytes for blocks.
    progress
        Called with ("pairs", fraction done).

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], np.float32)
    >>> neighbours(X, 0.5, 1e6).pairs.tolist()
    [[0, 1]]
    """
    from geomsup.recognition.hidden.kernels import collect

    n = len(X)
    rows = int(np.clip(memory // (4 * n * processors()), FEWEST_ROWS, MOST_ROWS))
    firsts = range(0, n - 1, rows)
    done = [0.0]

    def block(first: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        G = X[first : first + rows] @ X[first:].T
        near = np.empty((len(G), min(ROOM, n)), np.int32)
        cosines = np.empty(near.shape, np.float32)
        collect(G, first, least, near, cosines)
        kept = near >= 0
        return np.nonzero(kept)[0] + first, near[kept], cosines[kept]

    def told(found: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
        done[0] += 1
        if progress is not None:
            columns = n - min(done[0] * rows, n)
            progress("pairs", 1 - (columns / n) ** 2)

    parts = in_threads(block, firsts, told=told)
    i, j, cosines = (np.concatenate([part[axis] for part in parts]) for axis in range(3))
    one, other = np.concatenate([i, j]), np.concatenate([j, i])
    order = np.lexsort((-np.abs(np.tile(cosines, 2)), one))
    start = np.concatenate([[0], np.cumsum(np.bincount(one, minlength=n))])
    return Neighbours(np.stack([i, j], axis=1), cosines, start, other[order].astype(np.int32))
