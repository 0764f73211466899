"""Stray rows: features that lie across the shapes of the others, and hide them from every cut."""

from collections.abc import Callable, Sequence
from math import log

import numpy as np

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

    A row across the others has a large load x_i F x_iᵀ, F = XᵀX. Of the rows in blocks that have no name, or fit badly,
    those of the largest load are taken out one after another; `read` reads the others.

    Parameters
    ----------
    X
        Unit rows.
    reading
        The reading of all of them.
    read
        Reads the rows of the indices it is given; the other rows are strays.
    """
    best, now, failures = reading, reading, 0
    kept, most = set(range(len(X))), int(MOST_STRAYS * len(X))
    while failures < PATIENCE and len(X) - len(kept) < most:
        doubtful = [i for item in now.items if _doubtful(item) for i in item.block.features if i in kept]
        if not doubtful:
            break
        rows = X[sorted(kept)]
        loads = ((X[doubtful] @ rows.T) ** 2).sum(axis=1)
        kept.remove(doubtful[int(np.argmax(loads))])
        now = read(sorted(kept))
        better = now.log_p < best.log_p + log(CHANCE)
        failures = 0 if better else failures + 1
        best = now if better else best
    return best


def _doubtful(item: Evidence) -> bool:
    block = item.block
    if block.stray:
        return False
    return not item.named or (block.match is not None and block.match.chord > SUSPICIOUS * block.match.reach)
