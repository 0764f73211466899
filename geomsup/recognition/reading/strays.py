"""Stray rows: features that lie across the shapes of the others, and hide them from every cut."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf, log
from typing import NamedTuple

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.matching.coincidence import LabelledRows, directions
from geomsup.recognition.reading.cuts import DEFAULT_CUT
from geomsup.recognition.reading.evidence import Evidence
from geomsup.recognition.reading.explanation import Reading
from geomsup.recognition.reading.rows import NOISE_FLOOR

__all__ = ["MOST_STRAYS", "Neighbours", "neighbours_of_strays", "without_strays"]

# Rows are taken out one after another until this many in a row have not helped.
PATIENCE = 5

# More of the rows are not taken for strays.
MOST_STRAYS = 0.25

# A reading with more strays must be less probable, by chance, by this factor.
CHANCE = 1e-3

# A shape at more than this fraction of its reach may owe its distance to a stray row.
SUSPICIOUS = 0.5

# A stray that is orthogonal to all but so many directions is looked at: beside more, their own angles say enough.
MOST_NEIGHBOURS = 32

# Odds, before the rows are looked at, that a stray belongs to a few others. A round number: how seldom a random row is
# as near to some of them says too much for it, as the nearest of all choices is taken.
LOCAL = 0.1
# Odds that a row is made of a few others, which may well be orthogonal, as a feature is that stands for two at once. So
# low that random rows, which are always somewhat nearer to some few of the others, leave most names sure.
MADE_OF_FEW = 1e-4


@dataclass(frozen=True, eq=False)
class Neighbours:
    """A stray, and the rows that it leans on: they may be one block, and the row not a stray.

    Attributes
    ----------
    rows
        The stray row, and its copies.
    blocks
        Indices of the blocks, in the reading, that the other rows are in.
    log_odds
        Log of the odds of one block: the row is orthogonal to all others, or in the span of these, which a random
        direction is seldom; over the odds that single directions among these are on their own: they are orthogonal to
        the rest of them, which random directions of their span are seldom.
    room
        Whether there are dimensions for it to be one block: that of two rows has two.
    made_of
        Indices of the blocks of the rows that it is most probably made of, whether these are on their own or not.
    log_made
        Log of the odds that it is made of them, and no random direction.
    """

    rows: tuple[int, ...]
    blocks: tuple[int, ...]
    log_odds: float
    room: bool
    made_of: tuple[int, ...]
    log_made: float

    def log_doubt(self, block: int) -> float:
        """Log of the odds that a block, a single direction, is not dedicated to its features."""
        doubts = [(self.blocks, self.log_odds), (self.made_of, self.log_made)]
        return max((log_odds for blocks, log_odds in doubts if block in blocks), default=-inf)


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
    """Return every stray of a reading of unit rows X with the rows that it most probably forms one block with.

    A stray is a direction of m dimensions, as random as any. A row that leans on one dedicated dimension only, or on
    two of ten, belongs to these: they are not dedicated to one feature.
    """
    strays = [item.block.features[0] for item in reading.items if item.block.stray]
    owner = np.array([i for i, item in enumerate(reading.items) for _ in item.block.features])
    rows = np.array([i for item in reading.items for i in item.block.features])
    kept = np.array([not reading.items[i].block.stray for i in owner])
    if not strays or not kept.any():
        return []
    owner, rows = owner[kept], rows[kept]
    merged = LabelledRows(X[rows], directions(X[rows]))
    _, first = np.unique(merged.labels, return_index=True)
    others, owner = merged.vertices, owner[first]  # copies are in one block
    alone = np.array([reading.items[i].named and reading.items[i].block.single for i in owner])
    rank = int((merged.singular > NOISE_FLOOR).sum())
    heaps = directions(X[strays])
    found = []
    for heap, mean in enumerate(LabelledRows(X[strays], heaps).vertices):
        order = np.argsort(-np.abs(others @ mean), kind="stable")
        groups = list(_groups(mean, others[order], alone[order], rank, m))
        one = max(groups, key=lambda group: group.log_local + group.log_apart)
        made = max(groups, key=lambda group: group.log_local)
        blocks, made_of = (tuple(dict.fromkeys(owner[order[: group.count]].tolist())) for group in (one, made))
        places = log(heaps.max() + 1)
        found.append(
            Neighbours(
                tuple(strays[i] for i in np.flatnonzero(heaps == heap)),
                blocks,
                log(LOCAL) + one.log_local + one.log_apart - places,
                rank < m or one.count > 1,
                made_of,
                log(MADE_OF_FEW) + made.log_local - places,
            )
        )
    return found


class _Group(NamedTuple):
    """The first `count` rows that a row leans on: logs of the odds that it is theirs, and of how alone these are."""

    count: int
    log_local: float
    log_apart: float


def _groups(row: np.ndarray, others: np.ndarray, alone: np.ndarray, rank: int, m: int) -> Iterator[_Group]:
    """Yield the first few of the others, for each number of these.

    Parameters
    ----------
    row
        A unit row.
    others
        Unit rows, those it leans on most first.
    alone
        Whether each of these has a name as a single direction.
    rank
        Number of dimensions that the others use.
    m
        Number of dimensions.
    """
    most = min(MOST_NEIGHBOURS, len(others))
    inside = (np.linalg.qr(others[:most].T)[0].T @ row) ** 2
    left = np.append(((others @ row) ** 2)[::-1].cumsum()[::-1], 0.0)  # its squared cosines with those after the first
    squared = (others[:most] @ others[:most].T) ** 2
    for count in range(1, most + 1):
        # It may have dimensions that no other row has; or else it lies in the span of these alone.
        off_others = chance.log_share(float(left[count]), rank - count, m)
        in_span = chance.log_share(1 - float(inside[:count].sum()), m - count, m)
        local = -min(off_others, in_span) - chance.log_choices(len(others), count, 1)
        yield _Group(count, local, _log_apart(squared[:count, :count], alone[:count]))


def _log_apart(squared: np.ndarray, alone: np.ndarray) -> float:
    """Log of the probability that single directions are as orthogonal to the others, and each other, in their span."""
    count, before = len(squared), np.flatnonzero(~alone).tolist()
    log_p = 0.0
    for i in np.flatnonzero(alone).tolist():
        log_p += chance.log_share(float(squared[i, before].sum()), len(before), count)
        before.append(i)
    return log_p
