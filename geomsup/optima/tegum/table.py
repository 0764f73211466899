"""The table of blocks that the tegum program chooses from."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, takewhile
from operator import le
from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.optima.blocks import best_block, select
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.optima.tegum.program import Column, integer_program
from geomsup.threads import Progress

__all__ = ["block_table", "class_counter", "classes_of", "dedicated", "whole_columns"]

SMALL_RANK = 4  # ranks up to this are always searched
LARGEST_RANK = 6  # higher ranks, up to this, are searched while each gains more per dimension than all lower ones
BETTER = 1e-3  # a higher rank must gain more by at least this fraction
# One more feature must save at least this fraction of the loss that it has when it is dropped.
USEFUL = 1e-6
PATIENCE = 2  # after this many features in a row that save less, no larger block of the same rank is tried
# Once blocks grow alone, each has a quarter more features than the one before: what another adds falls slowly then.
PART = 4
EXPECTED = 8  # sizes that a search is expected to try for each first feature of a window; for `progress` only
# At large ranks, the smallest block has this fraction of the features per dimension that the rank before stores.
NEAR = 0.95
# Sizes of the blocks that take all dimensions at once, as multiples of how many features smaller blocks store together.
WHOLE_SIZES = (1.0, 1.15)
WHOLE_STARTS = 2  # starts of each of these blocks
WHOLE_STEPS = 400  # most steps of each of their descents
WHOLE_LARGEST = 256  # most features of these blocks
# If features differ, different windows of features give different blocks (see `block_table`). These are many blocks, so
# only ranks up to this are searched.
UNLIKE_RANK = 2
UNLIKE_SIZE = 6  # and only blocks of at most this many features, but for a line of the best ones


def classes_of(features: Features) -> list[list[int]]:
    """Return the indices of equal features, class by class, in descending order of I_i Var x_i."""
    worth = features.importance * features.variance
    return sorted(map(list, features.kinds), key=lambda members: -worth[members[0]])


def class_counter(classes: list[list[int]]) -> Callable[[Sequence[int]], tuple[int, ...]]:
    """Return a function that takes indices of features and counts them by class."""
    class_of = np.empty(sum(map(len, classes)), int)
    for k, members in enumerate(classes):
        class_of[members] = k
    return lambda chosen: tuple(np.bincount(class_of[list(chosen)], minlength=len(classes)).tolist())


def block_table(
    features: Features, classes: list[list[int]], n_hidden: int, progress: Progress = None, deadline: Deadline = ENDLESS
) -> list[Column]:
    """Return the dedicated dimensions, and then the best blocks of each rank and each window of features.

    The worth of a feature is I_i Var x_i. A window consists of consecutive features in descending order of worth.
    Windows with the same number of features from each class give the same block. A block is left out if smaller blocks
    side by side gain as much. When the deadline passes, no other block is searched.
    """
    columns = list(dedicated(features, classes))
    alike = len(classes) == 1
    best, per_dimension = 0.0, 1.0  # best gain per dimension so far; features per dimension of the last best block
    for rank in range(1, min(n_hidden, LARGEST_RANK if alike else UNLIKE_RANK) + 1):
        found = list(_of_rank(features, classes, n_hidden, rank, per_dimension, progress, deadline))
        columns += _irreducible(columns, found)
        top = max(found, key=lambda column: column.gain, default=columns[0])
        if rank >= SMALL_RANK and top.gain / rank <= (1 + BETTER) * best:
            break
        best, per_dimension = max(best, top.gain / rank), sum(top.counts) / rank
    return columns


def _irreducible(columns: list[Column], found: list[Column]) -> list[Column]:
    """Return the columns that gain more than every mixture of smaller columns of the same features and dimensions."""
    kept: list[Column] = []
    for column in sorted(found, key=lambda column: sum(column.counts)):
        smaller = [other for other in columns + kept if all(map(le, other.counts, column.counts))]
        copies = integer_program(smaller, list(column.counts), column.rank)
        if column.gain > (1 + USEFUL) * sum(copies * [other.gain for other in smaller]):
            kept.append(column)
    return kept


def dedicated(features: Features, classes: list[list[int]]) -> Iterator[Column]:
    """Yield a dedicated dimension for a feature of each class."""
    worth = features.importance * features.variance
    counts = class_counter(classes)
    for first, *_ in classes:
        yield Column(counts([first]), 1, float(worth[first]), None)


def _of_rank(
    features: Features, classes: list[list[int]], n_hidden: int, rank: int, per_dimension: float, progress: Progress,
    deadline: Deadline = ENDLESS,
) -> Iterator[Column]:  # fmt: skip
    """Yield the columns of one rank.

    `per_dimension` is the number of features per dimension of the best block of the rank before.
    """
    order, alike = list(chain.from_iterable(classes)), len(classes) == 1
    counts_of = class_counter(classes)
    first = rank + 1 if rank <= SMALL_RANK else max(rank + 1, int(NEAR * rank * per_dimension))
    shares = {features.n * rank // n_hidden, -(-features.n * rank // n_hidden)}
    known: dict[tuple[int, ...], Column] = {}

    def column(window: list[int], **how: Any) -> Column:
        counts = counts_of(window)
        if counts not in known:
            report(len(known))
            block = best_block(select(features, window), rank, deadline=deadline, **how)
            known[counts] = Column(counts, rank, block.gain, block)
        return known[counts]

    def report(done: float) -> None:
        if progress is not None:
            progress(f"rank {rank}", min(done / (EXPECTED if alike else EXPECTED * len(order)), 1.0))

    given: set[tuple[int, ...]] = set()
    for start in range(len(order)):
        window = order[start:]
        longest = len(window) if alike or (rank == 1 and not start) else UNLIKE_SIZE
        growing = _growing(window[:longest], first, shares, column)
        in_time = takewhile(lambda _: not deadline.passed(), growing)
        for found in _worthwhile(features, window, rank, in_time):
            if found.counts not in given:
                given.add(found.counts)
                yield found
    report(np.inf)


def _growing(window: list[int], first: int, shares: set[int], column: Callable[..., Column]) -> Iterator[Column]:
    """Yield blocks of the first features of a window, each grown from the one before.

    As soon as growth has found better ones than all other starts at `PATIENCE` sizes in a row, it goes on alone and in
    longer steps, to the largest of the `shares`.
    """
    size, smaller, won = first, None, 0
    longest = len(window)
    while size <= longest:
        alone = won >= PATIENCE
        found = column(window[:size], smaller=smaller, starts=0 if alone else None)
        yield found
        smaller = found.block
        won = won + 1 if smaller is not None and smaller.grown else 0
        if won >= PATIENCE:
            longest = min(longest, max(shares))
            following = size + max(1, size // PART)
            size = min(following, *(share for share in (*shares, following) if share > size))
        else:
            size += 1


def _worthwhile(features: Features, order: list[int], rank: int, growing: Iterator[Column]) -> Iterator[Column]:
    """Yield the columns whose last feature saves enough (`USEFUL`); stop after `PATIENCE` others in a row."""
    worth = [float(features.importance[i] * features.variance[i]) for i in order]
    best, wasted = sum(worth[:rank]), 0
    for column in growing:
        if column.gain >= best + USEFUL * worth[sum(column.counts) - 1]:
            wasted = 0
            yield column
        else:
            wasted += 1
            if wasted == PATIENCE:
                return
        best = max(best, column.gain)


def whole_columns(
    features: Features, classes: list[list[int]], n_hidden: int, stored: int, progress: Progress = None,
    deadline: Deadline = ENDLESS,
) -> Iterator[Column]:  # fmt: skip
    """Yield blocks that take all dimensions at once. If features are very sparse, such a block is best.

    `stored` is the number of features that the best mixture of smaller blocks stores.
    """
    order = list(chain.from_iterable(classes))
    counts_of = class_counter(classes)
    sizes = sorted({min(len(order), round(part * stored)) for part in WHOLE_SIZES})
    for done, size in enumerate(size for size in sizes if n_hidden < size <= WHOLE_LARGEST):
        if progress is not None:
            progress(f"rank {n_hidden}", done / len(sizes))
        window = order[:size]
        block = best_block(
            select(features, window), n_hidden, starts=WHOLE_STARTS, most_steps=WHOLE_STEPS, deadline=deadline
        )
        yield Column(counts_of(window), n_hidden, block.gain, block)
    if progress is not None:
        progress(f"rank {n_hidden}", 1.0)
