"""Matrices that a user brings, by the name of their argument."""

from typing import Any

import numpy as np

from geomsup import checks
from geomsup.arrays import named_rows

__all__ = ["matrix", "probability", "same_width"]


def matrix(name: str, value: Any) -> np.ndarray:
    """Return one matrix ``(n, m)`` whose rows are what they are: none of its axes is guessed.

    Examples
    --------
    >>> matrix("a", [[1, 2, 3]]).shape
    (1, 3)
    """
    rows = named_rows(name, value, "rows")
    if rows.ndim != 2:
        raise ValueError(
            f"`{name}` must have the shape (rows, columns); got shape {rows.shape}. Pass one matrix at a time."
        )
    if not rows.any():
        raise ValueError(f"`{name}` must not be 0 everywhere; got shape {rows.shape}. Pass weights that were trained.")
    return rows


def same_width(name: str, rows: np.ndarray, other: str, width: int) -> None:
    """Refuse rows that are vectors of another space."""
    if rows.shape[1] != width:
        raise ValueError(
            f"`{name}` must have as many columns as `{other}`, {width}; got shape {rows.shape}. "
            "Rows must be vectors of one space; transpose it if its columns are."
        )


def probability(name: str, value: Any) -> float:
    """Return a number between 0 and 1, both left out."""
    number = checks.positive_number(name, value)
    if not number < 1:
        raise ValueError(f"`{name}` must be less than 1; got {number:g}. Pass a probability, such as 0.05.")
    return number
