"""Matrices that a user brings, by the name of their argument."""

from typing import Any

import numpy as np

from geomsup import checks
from geomsup.arrays import named_rows

__all__ = ["balanced", "matrix", "probability", "same_shape", "same_width"]


def matrix(name: str, value: Any) -> np.ndarray:
    """Return one matrix ``(n, m)`` whose rows are what they are: none of its axes is guessed.

    Examples
    --------
    >>> matrix("a", [[1, 2, 3]]).shape
    (1, 3)
    """
    shape = "(rows, columns)"
    rows = named_rows(name, value, "rows", shape)
    if rows.ndim != 2:
        raise ValueError(f"`{name}` must have the shape {shape}; got shape {rows.shape}. Pass one matrix at a time.")
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


def same_shape(name: str, rows: np.ndarray, other: str, others: np.ndarray) -> None:
    """Refuse weights out that are not of the features and neurons of the weights in."""
    if rows.shape != others.shape:
        hint = "Transpose it." if rows.shape == others.shape[::-1] else "Rows are features, columns are neurons."
        raise ValueError(f"`{name}` must have the shape of `{other}`, {others.shape}; got {rows.shape}. {hint}")


def balanced(into: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scale each neuron so that its weights in and out have the same norm; the whole has no unit.

    Examples
    --------
    >>> [one.tolist() for one in balanced(np.array([[4.0]]), np.array([[1.0]]))]
    [[[1.0]], [[1.0]]]
    """
    into, out = into / np.abs(into).max(), out / np.abs(out).max()
    norms = np.linalg.norm(into, axis=0), np.linalg.norm(out, axis=0)
    used = (norms[0] > 0) & (norms[1] > 0)
    scale = np.sqrt(np.where(used, norms[0], 1.0)) / np.sqrt(np.where(used, norms[1], 1.0))
    return into / scale, out * scale
