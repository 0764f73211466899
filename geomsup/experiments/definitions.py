"""Definitions that all experiments share: *stored*, *shared*, *interference*, *monosemantic*."""

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

STORED = Threshold(
    0.5, "norm above which a feature is stored: half way from 0 (dropped) to 1 (with a dimension of its own)"
)
SHARED = Threshold(
    0.2,
    "interference above which a stored feature is in superposition: between 0 (orthogonal to all others) and 1/3 (a "
    "tetrahedron of unit rows, the least of the paper's shapes)",
)
GONE = Threshold(
    0.05,
    "interference up to which superposition is gone: a quarter of `SHARED`, from which on features share dimensions",
)
MONOSEMANTIC = Threshold(
    0.9,
    "fraction of a neuron's squared weights above which it reads one feature: a second weight of a third of the "
    "largest gives just this",
)
IN_USE = Threshold(
    0.05,
    "strength, as a fraction of the strongest neuron's, above which a neuron is in use: weaker ones hardly change "
    "outputs",
)
NEARLY_ALL = Threshold(0.9, "fraction that counts as nearly all: one in ten trainings, cells or features may differ")
MOST = Threshold(0.5, "fraction above which most are: more than half, as the word means")


def stored(W: np.ndarray) -> np.ndarray:
    """Return which features are stored, ``(..., n)``: those whose row has a norm above 1/2.

    Examples
    --------
    >>> stored(np.array([[1.0, 0.0], [0.3, 0.4], [0.0, 0.6]]))
    array([ True, False,  True])
    """
    return np.linalg.norm(W, axis=-1) > STORED


def interference(W: np.ndarray) -> np.ndarray:
    """Return Σ_{j≠i} (ŵ_i · w_j)² of each row, ``(..., n)``; 0 if it is orthogonal to all others.

    The colours of the paper's figures show it.

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
    """Return the fraction of each neuron's squared weights on its largest, ``(..., m)``; 0 for empty neurons.

    Examples
    --------
    >>> neuron_shares(np.array([[1.0, 1.0, 0.0], [0.0, -1.0, 0.0]]))
    array([1. , 0.5, 0. ])
    """
    return largest_shares(np.swapaxes(W, -1, -2))


def largest_shares(rows: np.ndarray) -> np.ndarray:
    """Return the largest square of each row as a fraction of their sum, ``(...)``; 0 for rows of zeros."""
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
    """Return which neurons are in use, ``(..., m)``, by the product of the norms of their weights in and out.

    Examples
    --------
    >>> in_use(np.array([[1.0, 0.0, 1e-4]]), np.array([[1.0, 1.0, 1.0]]))
    array([ True, False, False])
    """
    strength = np.linalg.norm(W, axis=-2) * np.linalg.norm(W_out, axis=-2)
    return strength > IN_USE * strength.max(axis=-1, keepdims=True)
