"""Filling dimensions with blocks: an integer program, small enough to be solved exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geomsup.optima.blocks import BestBlock
from geomsup.tables import Readable

__all__ = ["Column", "integer_program", "program"]


@dataclass(frozen=True)
class Column(Readable):
    """A kind of block: how many features of each class it takes, its rank, what it saves, and the block itself."""

    counts: tuple[int, ...]
    rank: int
    gain: float
    block: BestBlock | None  # None for a dedicated dimension


def program(columns: Sequence[Column], sizes: list[int], n_hidden: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return gains (columns,), and uses (classes + 1, columns) of features and dimensions with their limits."""
    gains = np.array([column.gain for column in columns])
    uses = np.array([[*column.counts, column.rank] for column in columns], float).T
    return gains, uses, np.array([*sizes, n_hidden], float)


def integer_program(columns: Sequence[Column], sizes: list[int], n_hidden: int) -> np.ndarray:
    """Return how many copies of each column the best mixture has."""
    from scipy.optimize import Bounds, milp

    gains, uses, limits = program(columns, sizes, n_hidden)
    result = milp(
        -gains / (gains.max() or 1.0), integrality=np.ones(len(gains)), bounds=Bounds(0, np.inf),
        constraints=(uses, np.full_like(limits, -np.inf), limits), options={"mip_rel_gap": 1e-12},
    )  # fmt: skip
    assert result.x is not None, result.message  # storing nothing is feasible, and dimensions are limited
    return np.round(result.x).astype(int)
