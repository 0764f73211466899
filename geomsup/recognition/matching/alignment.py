"""Rotation of a template onto rows, and which row goes to which vertex, by turns."""

import numpy as np

__all__ = ["assigned", "procrustes", "refined", "rms"]


def refined(X: np.ndarray, vertices: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Alternate Procrustes and assignment until the map is stable."""
    if len(order) <= vertices.shape[1] + 1:
        return order
    for _ in range(10):
        better = assigned(X @ (vertices @ procrustes(vertices[order], X)).T)
        if (better == order).all():
            break
        order = better
    return order


def procrustes(template: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Orthonormal rows R ``(r, m)`` that bring ``template @ R`` nearest to X; reflections allowed.

    Examples
    --------
    >>> procrustes(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 1.0], [-1.0, 0.0]])) + 0.0
    array([[ 0.,  1.],
           [-1.,  0.]])
    """
    left, _, right = np.linalg.svd(template.T @ X, full_matrices=False)
    return left @ right


def rms(errors: np.ndarray) -> float:
    """Root-mean-square length of rows.

    Examples
    --------
    >>> rms(np.array([[3.0, 4.0], [0.0, 0.0]]))
    3.5355
    """
    return float(np.sqrt((errors**2).sum() / len(errors)))


def assigned(cosines: np.ndarray) -> np.ndarray:
    """Column of each row ``(k,)``, no two alike, with the largest sum of `cosines` ``(k, k)``.

    Examples
    --------
    >>> assigned(np.array([[0.1, 0.9], [0.2, 0.3]]))
    array([1, 0])
    """
    nearest = cosines.argmax(axis=1)
    if len(set(nearest.tolist())) == len(nearest):  # no map is better then
        return nearest
    from scipy.optimize import linear_sum_assignment

    return linear_sum_assignment(-cosines)[1]
