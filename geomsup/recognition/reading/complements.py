"""Complements of subspaces: what a block has to itself, beside all others or after those before it."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from geomsup.recognition.reading.rows import NOISE_FLOOR

__all__ = ["after", "beside"]


def beside(bases: Sequence[np.ndarray], m: int) -> list[np.ndarray]:
    """Return, for every subspace, orthonormal columns of the complement of all others, ``(m, f)``.

    Directions in which others lie within the noise floor are free.

    Parameters
    ----------
    bases
        Orthonormal rows ``(r, m)`` of each subspace.
    m
        Number of dimensions.

    Examples
    --------
    >>> x, y, z = np.eye(3)[:, None]
    >>> [free.shape[1] for free in beside([x, y], 3)]
    [2, 2]
    """
    stacked = np.concatenate([np.empty((0, m)), *bases])
    gram = stacked @ stacked.T
    if not _independent(gram):
        starts = np.cumsum([0, *(len(basis) for basis in bases)])
        return [_free(np.delete(stacked, slice(*ends), axis=0)) for ends in pairwise(starts)]
    # The rows of G⁻¹B that belong to a block are orthogonal to all others: with what nobody uses, its complement.
    unused = np.linalg.qr(stacked.T, mode="complete")[0][:, len(stacked) :]
    duals = np.split(np.linalg.solve(gram, stacked), np.cumsum([len(basis) for basis in bases])[:-1]) if bases else []
    return [np.concatenate([unused, np.linalg.qr(dual.T)[0]], axis=1) for dual in duals]


def after(bases: Sequence[np.ndarray], m: int) -> list[np.ndarray]:
    """Return, for every subspace, orthonormal columns of the complement of those before it.

    Examples
    --------
    >>> x, y, z = np.eye(3)[:, None]
    >>> [free.shape[1] for free in after([x, y], 3)]
    [3, 2]
    """
    stacked = np.concatenate([np.empty((0, m)), *bases])
    starts = np.cumsum([0, *(len(basis) for basis in bases)])[:-1]
    if not _independent(stacked @ stacked.T):
        return [_free(stacked[:start]) for start in starts]
    axes = np.linalg.qr(stacked.T, mode="complete")[0]
    return [axes[:, start:] for start in starts]


def _independent(gram: np.ndarray) -> bool:
    """Whether no direction of the span is within the noise floor, so that no subset of subspaces has one either."""
    return len(gram) == 0 or bool(np.linalg.eigvalsh(gram)[0] >= NOISE_FLOOR**2)


def _free(rows: np.ndarray) -> np.ndarray:
    """Directions in which the sum of the projectors that rows make has eigenvalues below the floor.

    A small eigenvalue of a sum of projectors is about the square of an angle: 1 - cos θ for two lines at an angle θ. So
    it is compared with the square of the noise floor. Few rows of many dimensions are cheaper by their Gram matrix.
    """
    k, m = rows.shape
    if k >= m:
        squared, axes = np.linalg.eigh(rows.T @ rows)
        return axes[:, squared < NOISE_FLOOR**2]
    squared, mixes = np.linalg.eigh(rows @ rows.T)
    taken = squared >= NOISE_FLOOR**2
    span = rows.T @ mixes[:, taken] / np.sqrt(squared[taken])
    return np.linalg.qr(span, mode="complete")[0][:, int(taken.sum()) :]
