"""What E26 to E28 share: absolute values of signed features, and what a neuron takes in and gives out."""

import numpy as np

from geomsup.features import Features
from geomsup.laws import Uniform

__all__ = ["ABS", "input_shares", "normalised", "signed"]

ABS = {"target": "abs", "tied": False, "hidden_activation": "relu", "schedule": "cosine"}


def signed(n: int, p: float, ratio: float = 1.0) -> Features:
    """Return features of values uniform in [−1, 1] and importance ratio^i."""
    return Features(n, p, ratio ** np.arange(n), values=Uniform(-1, 1))


def normalised(W: np.ndarray, W_out: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return W and W_out of the same model with every neuron's largest |W| at 1; empty neurons stay as they are.

    A hidden ReLU may be scaled by c > 0 and its outputs by 1/c.

    Examples
    --------
    >>> W, W_out = normalised(np.array([[-2.0], [1.0]]), np.array([[1.0], [0.5]]))
    >>> W.ravel(), W_out.ravel()
    (array([-1. ,  0.5]), array([2., 1.]))
    """
    scale = np.abs(W).max(axis=-2, keepdims=True)
    scale = np.where(scale > 0, scale, 1.0)
    return W / scale, W_out * scale


def input_shares(W: np.ndarray) -> np.ndarray:
    """Return which part of the square of what each neuron takes in is its largest weight's, ``(..., m)``."""
    squares = np.asarray(W, float) ** 2
    total = squares.sum(axis=-2)
    return np.divide(squares.max(axis=-2), total, out=np.zeros_like(total), where=total > 0)
