"""Stray rows: features that lie across the shapes of the others, and hide them from every cut."""

from collections.abc import Callable, Sequence
from math import log

import numpy as np

from geomsup.recognition.reading.cuts import DEFAULT_CUT
from geomsup.recognition.reading.evidence import Evidence
from geomsup.recognition.reading.explanation import Reading

__all__ = ["without_strays"]

# Rows are taken out one after another until this many in a row have not helped.
PATIENCE = 5

# More of the rows are not taken for strays.
MOST_STRAYS = 0.25

# A reading with more strays must be less probable, by chance, by this factor.
CHANCE = 1e-3

# A shape at more than this fraction of its reach may owe its distance to a stray row.
SUSPICIOUS = 0.5


def without_strays(X: np.ndarray, reading: Reading, read: Callable[[Sequence[int]], Reading]) -> Reading:
    """Return the best reading of unit rows X ``(n, m)`` when some of them may be strays.

    Of the rows in blocks that have no name, or fit badly, one after another is taken out; `read` reads the others. A
    row across the others has a large load, or many neighbours: one search goes by the first, one by the second.

    Parameters
    ----------
    X
        Unit rows.
    reading
        The reading of all of them.
    read
        Reads the rows of the indices it is given; the other rows are strays.
    """
    best = reading
    for order in (_loads, _neighbours):
        best = min(best, _search(X, reading, read, order), key=lambda one: one.log_p)
    return best


def _search(
    X: np.ndarray,
    reading: Reading,
    read: Callable[[Sequence[int]], Reading],
    order: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Reading:
    """Take out one row after another, that of the greatest `order` first; return the best reading on the way."""
    best, now, failures = reading, reading, 0
    kept, most = set(range(len(X))), int(MOST_STRAYS * len(X))
    while failures < PATIENCE and len(X) - len(kept) < most:
        doubtful = [i for item in now.items if _doubtful(item) for i in item.block.features if i in kept]
        if not doubtful:
            break
        kept.remove(doubtful[int(np.argmax(order(X[doubtful], X[sorted(kept)])))])
        now = read(sorted(kept))
        better = now.log_p < best.log_p + log(CHANCE)
        failures = 0 if better else failures + 1
        best = now if better else best
    return best


def _loads(some: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """x_i F x_iᵀ of some rows x_i, F = XᵀX of all: large in a tight frame for a row that is not of it."""
    return ((some @ rows.T) ** 2).sum(axis=1)


def _neighbours(some: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """How many rows are not orthogonal to each of some, and the load as a fraction of one row, to break ties.

    Rows of a block are orthogonal to those of other blocks, however many rows these have.
    """
    cosines = np.abs(some @ rows.T)
    return (cosines > DEFAULT_CUT).sum(axis=1) + (cosines**2).sum(axis=1) / (len(rows) + 1)


def _doubtful(item: Evidence) -> bool:
    block = item.block
    if block.stray:
        return False
    return not item.named or (block.match is not None and block.match.chord > SUSPICIOUS * block.match.reach)
