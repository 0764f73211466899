"""Which candidates are discoveries: no two share a row, and few enough are false."""

from collections.abc import Sequence

import numpy as np

from geomsup.recognition.hidden.candidates import Candidate
from geomsup.recognition.hidden.evidence import log_places

__all__ = ["chosen", "log_q_values"]

EULER = 0.5772156649


def chosen(candidates: Sequence[Candidate], n: int, largest: int, rate: float) -> list[tuple[Candidate, float]]:
    """Return the discoveries, each with its q-value.

    A row is in one discovery at most: of candidates that share rows the one with most rows is kept, among equals the
    nearest to its shape. What then has a q-value above `rate` makes room for others.

    Examples
    --------
    >>> digon = Candidate((0, 1), "digon", "origin", 0.1, 5.7, -50.0)
    >>> weak = Candidate((1, 2, 3), "triangle", "origin", 0.1, 5.7, -1.0)
    >>> [found.name for found, _ in chosen([digon, weak], 1000, 12, 0.01)]
    ['digon']
    """
    left = sorted(candidates, key=lambda found: (-len(found.rows), found.chord, found.rows))
    while True:
        apart = _apart(left)
        q = np.exp(log_q_values(np.array([found.log_p for found in apart]), n, largest))
        failed = {found.rows for found, value in zip(apart, q, strict=True) if value > rate}
        if not failed:
            return list(zip(apart, q.tolist(), strict=True))
        left = [found for found in left if found.rows not in failed]


def _apart(candidates: Sequence[Candidate]) -> list[Candidate]:
    taken: set[int] = set()
    kept = []
    for found in candidates:
        if taken.isdisjoint(found.rows):
            taken.update(found.rows)
            kept.append(found)
    return kept


def log_q_values(log_p: np.ndarray, n: int, largest: int) -> np.ndarray:
    """Log q-values by Benjamini and Yekutieli's procedure over all sets of 2 to `largest` of n rows.

    All sizes have the same weight. `log_p` contains the number N_k of sets of that size, times the number of sizes. The
    i-th smallest of them is compared with `rate`·i/c, c = Σ_{j<=N} 1/j: that holds for tests that depend on each other
    in any way.

    References
    ----------
    :cite:t:`benjamini2001`.

    Examples
    --------
    >>> np.exp(log_q_values(np.array([-10.0, -9.0]), 1000, 2))
    array([0.0008, 0.0008])
    """
    places = [log_places(n, k, 2) for k in range(2, min(largest, n) + 1)]
    total = np.logaddexp.reduce(places) if places else 0.0
    order = np.argsort(log_p)
    stepped = log_p[order] - np.log(np.arange(1, len(log_p) + 1)) + np.log(total + EULER + np.exp(-total) / 2)
    q = np.empty(len(log_p))
    q[order] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 0.0)
    return q
