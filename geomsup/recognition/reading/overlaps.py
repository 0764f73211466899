"""All overlaps of many unit rows, in row blocks: their distribution, and which rows every threshold joins."""

from dataclasses import dataclass

import numpy as np

__all__ = ["LADDER", "Overlaps", "overlaps", "working_memory"]

# Thresholds on |cos| at which connected parts are followed; steps of 6 %. Below the first, overlaps are
# nothing (1e5 rows of fewer than 50 dimensions cannot all stay below), above the last rows coincide.
LADDER = np.geomspace(0.02, 0.98, 64)

# Steps of the histogram of cosines in [-1, 1]: 0.0002 wide, a hundredth of the first threshold.
BINS = 8192

# Rows of a block, at least: enough for the matrix product to run at full speed.
FEWEST_ROWS = 16
# Rows of a block, at most: few enough to stay in the cache.
MOST_ROWS = 256


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Cosines G_ij, i < j, of n unit rows.

    Attributes
    ----------
    n
        Number of rows.
    labels
        ``(rungs, n)``: at each threshold of `LADDER`, the smallest index of the rows connected with each row.
    parts
        ``(rungs,)`` number of connected parts.
    histogram
        ``(BINS + 1,)`` weights of equally spaced points of [-1, 1]: every G_ij is shared by the two nearest, so that
        a rounding error moves no more than itself.
    mean, mean_absolute, mean_square, mean_fourth
        Means of G_ij, |G_ij|, G_ij², G_ij⁴ over all pairs.
    coherence, coherent_pair
        Largest |G_ij|, and a pair that attains it.
    largest
        Largest G_ij.
    """

    n: int
    labels: np.ndarray
    parts: np.ndarray
    histogram: np.ndarray
    mean: float
    mean_absolute: float
    mean_square: float
    mean_fourth: float
    coherence: float
    coherent_pair: tuple[int, int]
    largest: float

    @property
    def n_pairs(self) -> int:
        """Number of pairs of rows."""
        return self.n * (self.n - 1) // 2


def working_memory(n: int, m: int) -> int:
    """Bytes that n rows of m numbers need at least, beside W itself.

    The unit rows in single precision, twice; two matrices of the smaller size; the forests of the ladder (4
    bytes per row and rung, twice); a block of `FEWEST_ROWS` rows of cosines, twice.

    Examples
    --------
    >>> working_memory(100_000, 1000) // 2**20
    839
    """
    return 8 * n * m + 16 * min(n, m) ** 2 + 8 * n * len(LADDER) + 8 * n * FEWEST_ROWS


def overlaps(X: np.ndarray, memory: float = 2**28) -> Overlaps:
    """Take the statistics of all pairs of unit rows, block by block.

    Costs n² m operations in single precision (cosines to about 1e-6; the two extremes are taken again in
    double precision) and ``4 n`` bytes per row of a block: the n × n matrix is never there. Union-find forests,
    one per threshold, hold the whole single-linkage dendrogram of |cos|, to the 6 % between thresholds.

    Parameters
    ----------
    X
        ``(n, m)`` unit rows, n >= 2.
    memory
        Bytes for the block of cosines.

    Examples
    --------
    >>> found = overlaps(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]))
    >>> found.coherent_pair, found.parts[0].item(), found.labels[0].tolist()
    ((0, 1), 2, [0, 0, 2])
    """
    from geomsup.recognition.reading.kernels import scan

    n = len(X)
    single = X.astype(np.float32, copy=False)
    parent = np.tile(np.arange(n, dtype=np.int32), (len(LADDER), 1))
    parts = np.full(len(LADDER), n)
    histogram, sums = np.zeros(BINS + 1), np.zeros(4)
    extremes, pairs = np.array([-1.0, -2.0]), np.zeros((2, 2), np.int64)
    rows = int(np.clip(memory // (8 * n), FEWEST_ROWS, MOST_ROWS))
    for first in range(0, n - 1, rows):
        block = single[first : first + rows] @ single[first:].T
        scan(block, first, _levels(), parent, parts, histogram, sums, extremes, pairs)
    n_pairs = n * (n - 1) // 2
    means = (sums / n_pairs).tolist()
    coherent, near = pairs.tolist()
    return Overlaps(
        n, _roots(parent), parts, histogram, *means,
        coherence=abs(_cosine(X, *coherent)), coherent_pair=(coherent[0], coherent[1]), largest=_cosine(X, *near),
    )  # fmt: skip


def _cosine(X: np.ndarray, i: int, j: int) -> float:
    one, other = X[i].astype(np.float64), X[j].astype(np.float64)
    return float(np.clip(one @ other / np.sqrt((one @ one) * (other @ other)), -1.0, 1.0))


def _levels() -> np.ndarray:
    """Highest rung that every |cos| of a bin exceeds, -1 for none."""
    edges = np.linspace(-1, 1, BINS + 1)
    smallest = np.minimum(np.abs(edges[:-1]), np.abs(edges[1:]))
    return (np.searchsorted(LADDER, smallest, side="right") - 1).astype(np.int64)


def _roots(parent: np.ndarray) -> np.ndarray:
    """Follow parents up to the roots, all rungs at once."""
    for forest in parent:
        while (forest[forest] != forest).any():
            forest[:] = forest[forest]
    return parent
