"""What E23 to E25 share: how much of a neuron is one feature, and of a feature one neuron."""

import numpy as np

from geomsup.features import Features

__all__ = ["MONOSEMANTIC", "dedicated", "falling", "feature_shares", "monosemantic", "neuron_shares"]

MONOSEMANTIC = 0.9  # part of a neuron's squared weights that its largest carries
STORED = 0.3  # norm from which a feature counts as stored


def falling(n: int, probabilities: list[float], ratio: float) -> list[Features]:
    """Return features of importance ratio^i at each density."""
    return [Features(n, p, ratio ** np.arange(n)) for p in probabilities]


def neuron_shares(W: np.ndarray) -> np.ndarray:
    """Return which part of each neuron's squared weights is its largest's, ``(..., m)``; 0 for empty neurons.

    Examples
    --------
    >>> neuron_shares(np.array([[1.0, 1.0, 0.0], [0.0, -1.0, 0.0]]))
    array([1. , 0.5, 0. ])
    """
    return _shares(np.swapaxes(W, -1, -2))


def feature_shares(W: np.ndarray) -> np.ndarray:
    """Return which part of each feature's squared weights lies on one neuron, ``(..., n)``; NaN if it is not stored."""
    return np.where(np.linalg.norm(W, axis=-1) > STORED, _shares(W), np.nan)


def dedicated(W: np.ndarray) -> np.ndarray:
    """Return which neurons ``(..., m)`` hold one feature and next to nothing else.

    Their largest weight must be positive: one that is negative shuts a hidden ReLU and stores nothing.
    """
    return (neuron_shares(W) > MONOSEMANTIC) & (W.max(axis=-2) == np.abs(W).max(axis=-2))


def monosemantic(W: np.ndarray) -> np.ndarray:
    """Return how many neurons hold one feature and next to nothing else, ``(...)``."""
    return dedicated(W).sum(axis=-1)


def _shares(rows: np.ndarray) -> np.ndarray:
    squares = np.asarray(rows, float) ** 2
    total = squares.sum(axis=-1)
    return np.divide(squares.max(axis=-1), total, out=np.zeros_like(total), where=total > 1e-6)
