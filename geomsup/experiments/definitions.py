"""What words mean in all experiments: *stored*, *shared*, *interference*, *monosemantic*."""

import numpy as np

from geomsup.experiments.threshold import Threshold

__all__ = [
    "GONE",
    "IN_USE",
    "MONOSEMANTIC",
    "MOST",
    "NEARLY_ALL",
    "SHARED",
    "STORED",
    "in_use",
    "interference",
    "largest_shares",
    "monosemantic",
    "neuron_shares",
    "shared",
    "stored",
]

STORED = Threshold(0.5, "norm above which a feature is stored: half of that with a dimension of its own")
SHARED = Threshold(0.2, "interference above which a stored feature shares: 0.45 of the way along another, 63° from it")
GONE = Threshold(0.05, "interference up to which no superposition is left: a quarter of what counts as shared")
MONOSEMANTIC = Threshold(0.9, "part of a neuron's squared weights above which it reads one feature: the rest is noise")
IN_USE = Threshold(0.05, "strength, in that of the strongest neuron, above which a neuron is in use")
NEARLY_ALL = Threshold(0.9, "part above which it is nearly all: one in ten trainings may end elsewhere")
MOST = Threshold(0.5, "part above which it is most")


def stored(W: np.ndarray) -> np.ndarray:
    """Return which features have a row of more than half of the norm 1, ``(..., n)``.

    Examples
    --------
    >>> stored(np.array([[1.0, 0.0], [0.3, 0.4], [0.0, 0.6]]))
    array([ True, False,  True])
    """
    return np.linalg.norm(W, axis=-1) > STORED


def interference(W: np.ndarray) -> np.ndarray:
    """Return Σ_{j≠i} (ŵ_i · w_j)² of each row, ``(..., n)``: 0 is orthogonal to the rest (the paper's colour).

    Examples
    --------
    >>> interference(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 2.0]]))
    array([1., 1., 0.])
    """
    norms = np.linalg.norm(W, axis=-1, keepdims=True)
    unit = np.divide(W, norms, out=np.zeros_like(W), where=norms > 0)
    overlaps = (unit @ np.swapaxes(W, -1, -2)) ** 2
    return overlaps.sum(axis=-1) - np.diagonal(overlaps, axis1=-2, axis2=-1)


def shared(W: np.ndarray) -> np.ndarray:
    """Return which features are stored in superposition, ``(..., n)``.

    Examples
    --------
    >>> shared(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]))
    array([ True,  True, False])
    """
    return stored(W) & (interference(W) > SHARED)


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


def monosemantic(W: np.ndarray) -> np.ndarray:
    """Return which neurons read one feature and next to nothing else, ``(..., m)``.

    Examples
    --------
    >>> monosemantic(np.array([[1.0, 1.0], [0.1, -1.0]]))
    array([ True, False])
    """
    return neuron_shares(W) > MONOSEMANTIC


def in_use(W: np.ndarray, W_out: np.ndarray) -> np.ndarray:
    """Return which neurons have an effect, ``(..., m)``, by the product of the lengths of their weights in and out.

    Examples
    --------
    >>> in_use(np.array([[1.0, 0.0, 1e-4]]), np.array([[1.0, 1.0, 1.0]]))
    array([ True, False, False])
    """
    strength = np.linalg.norm(W, axis=-2) * np.linalg.norm(W_out, axis=-2)
    return strength > IN_USE * strength.max(axis=-1, keepdims=True)
