"""The matrix that a figure is about."""

from typing import Any

import numpy as np

from geomsup import checks

__all__ = ["one_matrix"]

# Squares of larger numbers, summed, may not be numbers.
LARGEST = 1e150


def one_matrix(W: Any) -> np.ndarray:
    """Return W ``(n, m)``, or that of a model, rows are features; refuse a batch and what has no squares.

    Examples
    --------
    >>> one_matrix([[1, 0], [0, 1]]).shape
    (2, 2)
    """
    from geomsup.arrays import as_rows

    rows = as_rows(W, orientation="rows")
    if rows.ndim != 2:
        raise ValueError(f"`W` must be one matrix (n, m); got a batch of shape {rows.shape}. Pass W[0], say.")
    if not np.abs(rows).max() <= LARGEST:
        raise ValueError(f"`W` must have entries of at most {LARGEST:g}; got {checks.shown(W)}. Rescale it.")
    return rows
