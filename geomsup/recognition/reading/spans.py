"""Spans of components, and how much of every row lies in the spans of other components, in blocks."""

from collections.abc import Iterator

import numpy as np

from geomsup.recognition.reading.rows import BLOCK, UnitRows

__all__ = ["RANK_FLOOR", "basis", "groups", "leaks"]

# Directions whose eigenvalue of F is below this fraction of the mean, n/min(n, m), do not count in the rank.
RANK_FLOOR = 0.02


def groups(labels: np.ndarray) -> Iterator[np.ndarray]:
    """For each k, the indices ``(B, k)`` of the B labels that occur k times, one label per row.

    Examples
    --------
    >>> [members.tolist() for members in groups(np.array([7, 2, 7, 5]))]
    [[[1], [3]], [[0, 2]]]
    """
    order = np.argsort(labels, kind="stable")
    _, first, counts = np.unique(labels[order], return_index=True, return_counts=True)
    for k in np.unique(counts):
        yield order[first[counts == k][:, None] + np.arange(k)]


def basis(rows: UnitRows, members: np.ndarray) -> np.ndarray:
    """Orthonormal rows ``(r, m)`` that span some rows, without directions that hold hardly anything of them."""
    k, m = len(members), rows.n_dimensions
    if k < m:
        X = rows.take(members)
        values, axes = np.linalg.eigh(X @ X.T)
        strong = values > RANK_FLOOR
        return (axes[:, strong] / np.sqrt(values[strong])).T @ X
    values, axes = np.linalg.eigh(_frame(rows, members, np.ones(k)))
    return axes[:, values > RANK_FLOOR * k / m].T


def leaks(rows: UnitRows, place: np.ndarray, weights: np.ndarray, spans: dict[int, np.ndarray]) -> np.ndarray:
    """Squared length of every row in the spans of the components it does not belong to, added up.

    Small components are taken for tight frames: w_c X_cᵀX_c, with the weight rank/size, is then the projector on the
    span of component c. Large ones come with a basis of their span.

    Parameters
    ----------
    rows
        The rows.
    place
        ``(n,)`` component of each row.
    weights
        ``(n_components,)`` rank over size.
    spans
        Bases of large components.
    """
    large = np.isin(place, list(spans))
    loads = _loads(rows, np.flatnonzero(~large), weights[place[~large]])
    for members in groups(np.where(large, -1 - np.arange(len(place)), place)):
        if members.shape[1] == 1:
            members = members[~large[members[:, 0]]]
        step = max(1, BLOCK * 256 // (members.shape[1] * (members.shape[1] + rows.n_dimensions)))
        for first in range(0, len(members), step):
            some = members[first : first + step]
            X = rows.take(some)
            loads[some] -= weights[place[some]] * ((X @ np.swapaxes(X, 1, 2)) ** 2).sum(axis=-1)
    for component, span in spans.items():
        for where, X in rows.blocks():
            loads[where] += np.where(place[where] == component, 0.0, ((X @ span.T) ** 2).sum(axis=1))
    return np.maximum(loads, 0.0)


def _loads(rows: UnitRows, members: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """x_i (Σ_j w_j x_jᵀx_j) x_iᵀ for every row i, with j among `members`, by the smaller of X Xᵀ and XᵀX."""
    loads = np.zeros(len(rows))
    if len(members) == 0:
        return loads
    small = len(members) < rows.n_dimensions
    core = rows.take(members) if small else _frame(rows, members, weights)
    for where, X in rows.blocks():
        loads[where] = (X @ core.T) ** 2 @ weights if small else ((X @ core) * X).sum(axis=1)
    return loads


def _frame(rows: UnitRows, members: np.ndarray, weights: np.ndarray) -> np.ndarray:
    F = np.zeros((rows.n_dimensions, rows.n_dimensions))
    for first in range(0, len(members), BLOCK):
        some = members[first : first + BLOCK]
        X = rows.take(some)
        F += (weights[first : first + BLOCK, None] * X).T @ X
    return F
