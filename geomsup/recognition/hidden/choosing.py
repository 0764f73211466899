"""Which candidates are discoveries: no two share a row, and few enough are false."""

from collections.abc import Callable, Sequence
from math import exp, log

import numpy as np

from geomsup.recognition.hidden.candidates import Candidate
from geomsup.recognition.hidden.evidence import log_places

__all__ = ["chosen", "log_q_values"]

# Σ_{j<=N} 1/j − log N, for large N.
EULER = 0.5772156649


Evidence = Callable[[tuple[int, ...], float], float]


def chosen(
    candidates: Sequence[Candidate], evidence: Evidence, n: int, largest: int, rate: float
) -> list[tuple[Candidate, float, float]]:
    """Return the discoveries, each with the logs of its p-value and its q-value.

    A row is in one discovery at most: of candidates that share rows the one with most rows is kept, among equals the
    nearest to its shape. What has a q-value above `rate` makes room for others.

    Parameters
    ----------
    candidates
        Sets that fit a shape; of those with the same rows the first counts.
    evidence
        Gives the log of a p-value for rows: times the number of places, so that it may exceed 0. If it exceeds the
        second argument, any number that does so will do.
    n, largest
        Numbers of all rows, and of rows of a shape at most.
    rate
        False discovery rate.

    Examples
    --------
    >>> digon = Candidate((0, 1), "digon", "origin", 0.1, 5.7)
    >>> weak = Candidate((1, 2, 3), "triangle", "origin", 0.1, 5.7)
    >>> log_p = {digon.rows: -50.0, weak.rows: -1.0}
    >>> [found.name for found, _, _ in chosen([digon, weak], lambda rows, _: log_p[rows], 1000, 12, 0.01)]
    ['digon']
    """
    known: dict[tuple[int, ...], float] = {}
    out = set[tuple[int, ...]]()
    left = sorted(candidates, key=lambda found: (-len(found.rows), found.chord, found.rows))
    # As many discoveries as there can be, all as probable as this one, would not be enough.
    hopeless = log(rate) + log(max(n / 2, 1)) - _log_dependence(n, largest)
    while True:
        apart, taken = [], set[int]()
        for found in left:
            if taken.isdisjoint(found.rows):
                if found.rows not in known:
                    known[found.rows] = evidence(found.rows, hopeless)
                if known[found.rows] <= hopeless:
                    taken.update(found.rows)
                    apart.append(found)
                else:
                    out.add(found.rows)
        log_p = np.array([known[found.rows] for found in apart])
        log_q = log_q_values(log_p, n, largest)
        failed = {found.rows for found, value in zip(apart, log_q, strict=True) if value > log(rate)}
        if not failed:
            return list(zip(apart, log_p.tolist(), log_q.tolist(), strict=True))
        out |= failed
        left = [found for found in left if found.rows not in out]


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
    array([0.00062, 0.00085])
    """
    order = np.argsort(log_p)
    stepped = log_p[order] - np.log(np.arange(1, len(log_p) + 1)) + _log_dependence(n, largest)
    q = np.empty(len(log_p))
    q[order] = np.minimum(np.minimum.accumulate(stepped[::-1])[::-1], 0.0)
    return q


def _log_dependence(n: int, largest: int) -> float:
    """Log of Σ_{j<=N} 1/j, where N is the number of sets of 2 to `largest` of n rows."""
    log_sets = np.logaddexp.reduce([log_places(n, k, 2) for k in range(2, largest + 1)])
    return log(log_sets + EULER + exp(-log_sets) / 2)
