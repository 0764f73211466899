"""What E23 to E25 share: features, neurons that hold one feature, and the fraction of a feature on one neuron."""

import numpy as np

from geomsup.experiments.definitions import largest_shares, monosemantic, stored
from geomsup.features import Features

__all__ = ["dedicated", "falling", "feature_shares"]


def falling(n: int, probabilities: list[float], ratio: float) -> list[Features]:
    """Return features of importance ratio^i at each density."""
    return [Features(n, p, ratio ** np.arange(n)) for p in probabilities]


def feature_shares(W: np.ndarray) -> np.ndarray:
    """Return the fraction of each feature's squared weights on one neuron, ``(..., n)``; NaN if it is not stored."""
    return np.where(stored(W), largest_shares(W), np.nan)


def dedicated(W: np.ndarray) -> np.ndarray:
    """Return which neurons ``(..., m)`` are monosemantic and store their feature.

    Their largest weight must be positive: one that is negative shuts a hidden ReLU and stores nothing.
    """
    return monosemantic(W) & (W.max(axis=-2) == np.abs(W).max(axis=-2))
