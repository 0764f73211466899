"""The tegum program: the best way to divide dimensions among blocks, by integer programming.

Blocks in orthogonal subspaces do not interact, so the loss of a tegum product is the sum of its blocks' losses, and
what is left to choose is how many blocks of each kind: an integer program, small enough to be solved exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geomsup.features import Features
from geomsup.optima.blocks import BestBlock, checked
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.optima.tegum.program import Column, integer_program
from geomsup.optima.tegum.table import block_table, classes_of, whole_columns
from geomsup.tables import Readable
from geomsup.threads import Progress

__all__ = ["Tegum", "nonnegative", "separable", "solve_tegum"]

SAME = 1e-6  # gains that differ by less, relatively, may be equal: losses are known to 1e-7

Part = tuple[tuple[int, ...], BestBlock | None]  # features, and their block (None: a dedicated dimension)


@dataclass(frozen=True, eq=False)
class Tegum(Readable):
    """The best mixture of blocks: model, loss, its blocks, and all kinds of blocks it could choose from."""

    W: np.ndarray
    b: np.ndarray
    loss: float
    parts: tuple[Part, ...]
    columns: tuple[Column, ...]

    @property
    def kind(self) -> str:
        """The kind of the whole model: the least certain of the kinds of its blocks."""
        kinds = {"minimum", *(block.kind for _, block in self.parts if block is not None)}
        return next(kind for kind in ("unreached", "saddle", "not checked", "undecided", "minimum") if kind in kinds)

    @property
    def dropped(self) -> tuple[int, ...]:
        """Features that are in no block."""
        kept = {feature for chosen, _ in self.parts for feature in chosen}
        return tuple(i for i in range(len(self.b)) if i not in kept)


def solve_tegum(features: Features, n_hidden: int, *, progress: Progress = None, deadline: Deadline = ENDLESS) -> Tegum:
    """Return the best mixture of tabulated blocks for independent features with nonnegative values.

    The table holds the blocks that were found before the deadline.
    """
    classes = classes_of(features)
    columns = tuple(block_table(features, classes, n_hidden, progress, deadline))
    sizes = [len(members) for members in classes]
    copies = integer_program(columns, sizes, n_hidden)
    if max(column.rank for column in columns) < n_hidden and not deadline.passed():
        stored = sum(int(count) * sum(column.counts) for count, column in zip(copies, columns, strict=True))
        gain = sum(copies * [column.gain for column in columns])
        whole = whole_columns(features, classes, n_hidden, stored, progress, deadline)
        columns += tuple(column for column in whole if column.gain > gain * (1 + SAME))
        copies = integer_program(columns, sizes, n_hidden)
    parts = tuple(_parts(columns, copies, classes))
    return _assembled(features, n_hidden, parts, columns)


def _parts(columns: Sequence[Column], copies: np.ndarray, classes: list[list[int]]) -> list[Part]:
    """Assign the features to blocks: blocks by falling rank, features of a class in order."""
    left = [list(members) for members in classes]
    parts = []
    used = [(column, int(count)) for column, count in zip(columns, copies, strict=True) if count]
    for column, count in sorted(used, key=lambda pair: (-pair[0].rank, -sum(pair[0].counts))):
        block = None if column.block is None else checked(column.block)
        for _ in range(count):
            taken = [left[k].pop(0) for k, number in enumerate(column.counts) for _ in range(number)]
            parts.append((tuple(taken), block))
    return parts


def _assembled(features: Features, n_hidden: int, parts: tuple[Part, ...], columns: tuple[Column, ...]) -> Tegum:
    W, b = np.zeros((features.n, n_hidden)), np.array(features.mean)
    loss, first = float(features.importance @ features.variance), 0
    for chosen, block in parts:
        rows = list(chosen)
        rank = 1 if block is None else block.rank
        W[rows, first : first + rank] = 1.0 if block is None else block.W
        b[rows] = 0.0 if block is None else block.b
        loss -= float(features.importance[rows] @ features.variance[rows]) - (0.0 if block is None else block.loss)
        first += rank
    return Tegum(W, b, loss, parts, columns)


def nonnegative(features: Features) -> bool:
    """Whether no feature can be negative, so that a dedicated dimension loses nothing."""
    return min(law.support[0] for law in features.laws) >= 0


def separable(features: Features) -> bool:
    """Whether any features can make a block of their own: none are in groups, and none can be negative."""
    return nonnegative(features) and not features.grouped
