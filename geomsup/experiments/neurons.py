"""How much of a neuron is one feature."""

import numpy as np

__all__ = ["largest_shares", "neuron_shares"]


def neuron_shares(W: np.ndarray) -> np.ndarray:
    """Return which part of each neuron's squared weights is its largest's, ``(..., m)``; 0 for empty neurons.

    Examples
    --------
    >>> neuron_shares(np.array([[1.0, 1.0, 0.0], [0.0, -1.0, 0.0]]))
    array([1. , 0.5, 0. ])
    """
    return largest_shares(np.swapaxes(W, -1, -2))


def largest_shares(rows: np.ndarray) -> np.ndarray:
    """Return which part of the squares of each row is its largest's, ``(...)``; 0 for rows of zeros."""
    squares = np.asarray(rows, float) ** 2
    total = squares.sum(axis=-1)
    return np.divide(squares.max(axis=-1), total, out=np.zeros_like(total), where=total > 1e-6)
