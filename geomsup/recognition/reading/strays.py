"""Stray rows: features that lie across the shapes of the others, and hide them from every cut."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.matching.coincidence import directions
from geomsup.recognition.reading.cuts import DEFAULT_CUT
from geomsup.recognition.reading.evidence import Evidence
from geomsup.recognition.reading.explanation import Reading

__all__ = ["Neighbours", "neighbours_of_strays", "without_strays"]

# Rows are taken out one after another until this many in a row have not helped.
PATIENCE = 5

# More of the rows are not taken for strays.
MOST_STRAYS = 0.25

# A reading with more strays must be less probable, by chance, by this factor.
CHANCE = 1e-3

# A shape at more than this fraction of its reach may owe its distance to a stray row.
SUSPICIOUS = 0.5

# A stray that is orthogonal to all but so many blocks is looked at: beside more, their own angles say enough.
MOST_NEIGHBOURS = 32


@dataclass(frozen=True, eq=False)
class Neighbours:
    """A stray, and the blocks that it leans on: they may be one block, and the row not a stray.

    Attributes
    ----------
    rows
        The stray row, and its copies.
    blocks
        Indices of the blocks, in the reading.
    log_odds
        Log of the odds of one block: the row is orthogonal to all other blocks, or in the span of these, which a random
        direction is seldom; over the odds that these blocks are on their own: they are orthogonal to each other, which
        random directions of their span are seldom.
    room
        Whether there are dimensions for it to be one block: that of two rows has two.
    """

    rows: tuple[int, ...]
    blocks: tuple[int, ...]
    log_odds: float
    room: bool


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


def neighbours_of_strays(X: np.ndarray, reading: Reading, m: int) -> list[Neighbours]:
    """Return every stray of a reading of unit rows X with the blocks that it most probably forms one block with.

    A stray is a direction of m dimensions, as random as any, across all blocks. A row that leans on one dedicated
    dimension only, or on two of ten, belongs to these: they are not dedicated to one feature.
    """
    blocks = [item.block for item in reading.items]
    strays = [block.features[0] for block in blocks if block.stray]
    shaped = [i for i, block in enumerate(blocks) if not block.stray and len(block.basis)]
    if not strays or not shaped:
        return []
    ranks = np.array([len(blocks[i].basis) for i in shaped])
    stacked = np.concatenate([blocks[i].basis for i in shaped])
    starts = np.cumsum(ranks) - ranks
    overlaps = np.add.reduceat(np.add.reduceat((stacked @ stacked.T) ** 2, starts, axis=0), starts, axis=1)
    found = []
    for heap in _heaps(X, strays):
        mean = X[heap].mean(axis=0)
        shares = np.add.reduceat((stacked @ mean / np.linalg.norm(mean)) ** 2, starts)
        best = max(_groups(shares, ranks, overlaps, m), key=lambda group: group[1])
        order = np.argsort(-shares, kind="stable")[: best[0]]
        log_odds = best[1] - log(len(strays) / len(heap))
        found.append(Neighbours(tuple(heap), tuple(shaped[i] for i in order), log_odds, best[2]))
    return found


def _heaps(X: np.ndarray, strays: list[int]) -> list[list[int]]:
    """Strays by their direction: copies are one."""
    labels = directions(X[strays])
    return [[strays[i] for i in np.flatnonzero(labels == label)] for label in range(labels.max() + 1)]


def _groups(shares: np.ndarray, ranks: np.ndarray, overlaps: np.ndarray, m: int) -> Iterator[tuple[int, float, bool]]:
    """Yield, for each number of blocks that a row leans on most, the log odds of one block, and whether it has room.

    Parameters
    ----------
    shares
        Share of the row in each block.
    ranks
        Dimensions of each block.
    overlaps
        Squared cosines of the axes of every two blocks, added.
    m
        Number of dimensions.
    """
    order = np.argsort(-shares, kind="stable")
    ranks, shares, overlaps = ranks[order], shares[order], overlaps[np.ix_(order, order)]
    total, before = int(ranks.sum()), ranks.cumsum()
    left = np.append(shares[::-1].cumsum()[::-1], 0.0)  # of the row in this block and all after it
    on_others = np.tril(overlaps, -1).sum(axis=1) / ranks  # of the axes of a block in those before it
    for count in range(1, min(MOST_NEIGHBOURS, len(ranks)) + 1):
        inside = int(before[count - 1])
        # It may have dimensions that no block has; or else it lies in the span of these blocks alone.
        off_others = chance.log_share(float(left[count]), total - inside, m)
        in_span = chance.log_share(1 - float(shares[:count].sum()), m - inside, m)
        alone = -min(off_others, in_span) - chance.log_choices(len(ranks), count, 1)
        apart = -sum(
            int(ranks[i]) * chance.log_share(float(on_others[i]), int(before[i - 1]), inside) for i in range(1, count)
        )
        yield count, alone - apart, total < m or count > 1
