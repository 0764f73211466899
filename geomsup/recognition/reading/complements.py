"""Complements of subspaces: what a block has to itself, beside all others or after those before it."""

from collections.abc import Callable, Sequence

import numpy as np

from geomsup.recognition.reading.rows import NOISE_FLOOR

__all__ = ["after", "beside", "least_distances"]


def least_distances(X: np.ndarray, parts: Sequence[tuple[int, ...]], bases: Sequence[np.ndarray]) -> np.ndarray:
    """Return, for every part of unit rows X, a lower bound of its rms distance from the complement of the others.

    With S the sum of the others' projectors, at least (x S xᵀ − ε)/λ of a row x lies in their span, where λ is the
    largest eigenvalue of S, and ε the one below which a direction is free. This takes no eigenvectors.

    Parameters
    ----------
    X
        Unit rows ``(n, m)``.
    parts
        Indices of the rows of each part.
    bases
        Orthonormal rows ``(r, m)`` of the subspace of each part.

    Examples
    --------
    >>> x, y = np.eye(2)
    >>> least_distances(np.array([x, (x + 3 * y) / 10**0.5]), [(0,), (1,)], [x[None], y[None]]) ** 2
    array([0.  , 0.06])
    """
    stacked = np.concatenate([np.empty((0, X.shape[1])), *bases])
    if len(stacked) == 0:
        return np.zeros(len(parts))
    largest = float(np.linalg.eigvalsh(stacked @ stacked.T)[-1])
    owner = np.repeat(np.arange(len(bases)), [len(basis) for basis in bases])
    loads = np.zeros(len(parts))
    squares = (X @ stacked.T) ** 2
    for i, part in enumerate(parts):
        loads[i] = squares[list(part)][:, owner != i].sum() / len(part)
    return np.sqrt(np.maximum(loads - NOISE_FLOOR**2, 0.0) / largest)


def beside(
    bases: Sequence[np.ndarray], m: int, wanted: Callable[[], Sequence[bool]] | None = None
) -> list[np.ndarray | None]:
    """Return, for every subspace, orthonormal columns of the complement of all others, ``(m, f)``.

    Directions in which others lie within the noise floor are free.

    Parameters
    ----------
    bases
        Orthonormal rows ``(r, m)`` of each subspace.
    m
        Number of dimensions.
    wanted
        Says which complements are wanted, all by default; None takes the place of others. It is asked only where each
        complement takes long, as subspaces share dimensions.

    Examples
    --------
    >>> x, y, z = np.eye(3)[:, None]
    >>> [free.shape[1] for free in beside([x, y], 3)]
    [2, 2]
    """
    stacked = np.concatenate([np.empty((0, m)), *bases])
    gram = stacked @ stacked.T
    if not _independent(gram):
        owner = np.repeat(np.arange(len(bases)), [len(basis) for basis in bases])
        asked = [True] * len(bases) if wanted is None else wanted()
        return [_free(stacked[owner != i]) if some else None for i, some in enumerate(asked)]
    # The rows of G⁻¹B that belong to a block are orthogonal to all others: with what nobody uses, its complement.
    unused = np.linalg.qr(stacked.T, mode="complete")[0][:, len(stacked) :]
    duals = np.split(np.linalg.solve(gram, stacked), np.cumsum([len(basis) for basis in bases])[:-1]) if bases else []
    return [np.concatenate([unused, np.linalg.qr(dual.T)[0]], axis=1) for dual in duals]


def after(first: Sequence[np.ndarray], bases: Sequence[np.ndarray], m: int) -> list[np.ndarray]:
    """Return, for every subspace, orthonormal columns of the complement of those before it, and of the `first` ones.

    Examples
    --------
    >>> x, y, z = np.eye(3)[:, None]
    >>> [free.shape[1] for free in after([x], [y, z], 3)]
    [2, 1]
    """
    stacked = np.concatenate([np.empty((0, m)), *first, *bases])
    starts = sum(len(basis) for basis in first) + np.cumsum([0, *(len(basis) for basis in bases)])[:-1]
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
