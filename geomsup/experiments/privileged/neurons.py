"""What E23 to E25 share: how much of a neuron is one feature, and of a feature one neuron."""

import numpy as np

from geomsup.experiments.neurons import largest_shares, neuron_shares
from geomsup.features import Features

__all__ = ["MONOSEMANTIC", "dedicated", "falling", "feature_shares", "monosemantic"]

MONOSEMANTIC = 0.9  # part of a neuron's squared weights that its largest carries
STORED = 0.3  # norm from which a feature counts as stored


def falling(n: int, probabilities: list[float], ratio: float) -> list[Features]:
    """Return features of importance ratio^i at each density."""
    return [Features(n, p, ratio ** np.arange(n)) for p in probabilities]


def feature_shares(W: np.ndarray) -> np.ndarray:
    """Return which part of each feature's squared weights lies on one neuron, ``(..., n)``; NaN if it is not stored."""
    return np.where(np.linalg.norm(W, axis=-1) > STORED, largest_shares(W), np.nan)


def dedicated(W: np.ndarray) -> np.ndarray:
    """Return which neurons ``(..., m)`` hold one feature and next to nothing else.

    Their largest weight must be positive: one that is negative shuts a hidden ReLU and stores nothing.
    """
    return (neuron_shares(W) > MONOSEMANTIC) & (W.max(axis=-2) == np.abs(W).max(axis=-2))


def monosemantic(W: np.ndarray) -> np.ndarray:
    """Return how many neurons hold one feature and next to nothing else, ``(...)``."""
    return dedicated(W).sum(axis=-1)
