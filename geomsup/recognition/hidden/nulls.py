"""The three null models: rows to compare with, and the number of dimensions in which they are like random ones."""

from collections.abc import Callable

import numpy as np

__all__ = ["NULLS", "draw", "effective_dimension", "share_quantile"]

NULLS = ("rotation", "covariance", "shuffled")

# Rows of a null model whose cosines are taken, and draws at most to have as many pairs as of these rows.
ROWS, MOST_DRAWS = 12_288, 40

# The tail is compared at the cosines of these ranks, from the largest on.
RANKS = (1, 3, 10, 30, 100, 300, 1000, 3000)

# Rows of a block of cosines.
BLOCK = 1024


Draw = Callable[[np.random.Generator, int], np.ndarray]


def draw(X: np.ndarray, null: str, rng: np.random.Generator) -> np.ndarray:
    """Draw as many rows as X has from a null model, in single precision.

    Parameters
    ----------
    X
        ``(n, m)`` rows.
    null
        "rotation": each row is turned at random. "covariance": normal rows with the mean and covariance of the unit
        rows, scaled to the norms of X. "shuffled": the entries of each column change places.
    rng
        The generator.

    Examples
    --------
    >>> X = np.array([[3.0, 4.0], [0.0, 1.0], [2.0, 0.0]])
    >>> np.linalg.norm(draw(X, "rotation", np.random.default_rng(0)), axis=1).round(3).tolist()
    [5.0, 1.0, 2.0]
    >>> sorted(draw(X, "shuffled", np.random.default_rng(0))[:, 0].tolist())
    [0.0, 2.0, 3.0]
    """
    return _model(X, null)(rng, len(X))


def _model(X: np.ndarray, null: str) -> Draw:
    """Return a function that draws a number of rows, those of a random part of X."""
    n, m = X.shape
    if null == "shuffled":
        return lambda rng, rows: np.stack([X[rng.permutation(n)[:rows], j] for j in range(m)], axis=1, dtype=np.float32)
    mean, root = _moments(X) if null == "covariance" else (np.float32(0.0), None)
    norms = np.linalg.norm(X, axis=1)

    def turned(rng: np.random.Generator, rows: int) -> np.ndarray:
        drawn = rng.standard_normal((rows, m), dtype=np.float32)
        drawn = drawn if root is None else drawn @ root + mean
        chosen = norms if rows == n else norms[rng.choice(n, rows, replace=False)]
        return drawn * (chosen / _lengths(drawn)[:, 0])[:, None].astype(np.float32)

    return turned


def _lengths(rows: np.ndarray) -> np.ndarray:
    """Lengths of rows, ``(n, 1)``; 1 where they are 0."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(lengths > 0, lengths, 1.0).astype(rows.dtype)


def _moments(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the unit rows, and a root of their covariance, in single precision."""
    n, m = X.shape
    total, squares = np.zeros(m), np.zeros((m, m))
    for first in range(0, n, 4 * BLOCK):
        block = X[first : first + 4 * BLOCK].astype(np.float64)
        block = block / _lengths(block)
        total += block.sum(axis=0)
        squares += block.T @ block
    mean = total / n
    values, axes = np.linalg.eigh(squares / n - np.outer(mean, mean))
    return mean.astype(np.float32), ((axes * np.sqrt(np.maximum(values, 0.0))) @ axes.T).astype(np.float32)


def share_quantile(p: float, s: int, d: float) -> float:
    """Part of a random direction's squared length that lies in a span of s dimensions, exceeded with probability p.

    Examples
    --------
    >>> share_quantile(0.5, 1, 3)  # |cos| exceeds 1/2 half of the time
    0.25
    """
    from scipy.special import betaincinv

    if p >= 1 or d <= s:
        return 0.0 if p >= 1 else 1.0
    return float(1 - betaincinv((d - s) / 2, s / 2, p))


def effective_dimension(X: np.ndarray, null: str, rng: np.random.Generator, other: np.ndarray | None = None) -> float:
    """Return the number of dimensions in which random directions have cosines at least as large as the null model's.

    Exact for "rotation", m. Else the cosines of pairs of rows of the null model are taken, or of a row of it and a row
    of the other one. The number is the largest for which the law of |cos| of random directions,
    P(cos² >= t) = I_{1−t}((d−1)/2, 1/2), exceeds their tail: at ranks from 1 to 3000, each raised by three standard
    deviations. Beyond what was drawn the law is an extrapolation.

    Parameters
    ----------
    X
        ``(n, m)`` rows, n >= 2.
    null
        One of `NULLS`.
    rng
        The generator.
    other
        Rows ``(n', m)`` with a null model of their own.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 20))
    >>> effective_dimension(X, "rotation", np.random.default_rng(0))
    20.0
    """
    n, m = X.shape
    if null == "rotation":
        return float(m)
    rows, columns = min(n, ROWS), min(n if other is None else len(other), ROWS)
    draws = min(-(-(ROWS**2) // (rows * columns)), MOST_DRAWS)
    model, tail = _model(X, null), np.empty(0, np.float32)
    others = None if other is None else _model(other, null)
    for _ in range(draws):
        Y = model(rng, rows)
        Z = None if others is None else others(rng, columns)
        tail = _with_tail(tail, Y / _lengths(Y), None if Z is None else Z / _lengths(Z))
    n_pairs = draws * (rows * (rows - 1) // 2 if other is None else rows * columns)
    ranks = [rank for rank in RANKS if rank <= len(tail)]
    return min(_dimension(float(tail[rank - 1]), (rank + 3 * rank**0.5) / n_pairs, m) for rank in ranks)


def _with_tail(tail: np.ndarray, Y: np.ndarray, Z: np.ndarray | None = None) -> np.ndarray:
    """Return the largest |cos| of those given and of the pairs of unit rows Y, or Y and Z, from the largest on."""
    least = tail[RANKS[-1] - 1] if len(tail) >= RANKS[-1] else 0.0
    for first in range(0, len(Y), BLOCK):
        block = Y[first : first + BLOCK]
        G = np.abs(np.triu(block @ Y[first:].T, 1) if Z is None else block @ Z.T)
        tail = np.concatenate([tail, G[least < G]])
        tail = np.partition(tail, len(tail) - RANKS[-1])[-RANKS[-1] :] if len(tail) > RANKS[-1] else tail
        least = tail.min() if len(tail) == RANKS[-1] else 0.0
    return -np.sort(-tail)


def _dimension(cosine: float, p: float, m: int) -> float:
    """Number of dimensions, from 1 to m, in which |cos| exceeds `cosine` with probability p."""
    from scipy.special import betainc

    low, high = 1.0, float(m)
    rest = max(1 - cosine**2, 0.0)
    for _ in range(60):  # halves: to the last bit
        middle = (low + high) / 2
        if betainc((middle - 1) / 2, 0.5, rest) > p:
            low = middle
        else:
            high = middle
    return high if high == m else low
