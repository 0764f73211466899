"""Mirrors of a set of points, and the plane from which it looks most regular."""

from collections.abc import Iterable

import numpy as np

__all__ = ["coxeter_plane", "mirror_normals", "plane_of"]

EXACT = 1e-6


def mirror_normals(points: np.ndarray, firsts: Iterable[int]) -> np.ndarray:
    """Unit normals ``(k, r)`` of mirrors of exact points: all that move one of `firsts`, and what they generate.

    A mirror that moves point i sends it to some point j, and its normal is along their difference.

    Examples
    --------
    >>> len(mirror_normals(np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]), [0]))
    4
    """
    found: list[np.ndarray] = []
    for i in firsts:
        for j in range(len(points)):
            difference = points[i] - points[j]
            length = np.linalg.norm(difference)
            if length > EXACT and not _known(difference / length, found):
                normal = difference / length
                if _is_mirror(points, normal):
                    found.append(normal)
    for normal in found:  # grows while it is read
        for other in list(found):
            image = other - 2 * (other @ normal) * normal
            if not _known(image, found):
                found.append(image)
    return np.array(found).reshape(len(found), points.shape[1])


def plane_of(mirrors: np.ndarray) -> np.ndarray:
    """Coxeter plane of simple mirrors, rows, as two orthonormal rows ``(2, r)``, r >= 2.

    The product of all mirrors, of order h, turns this plane by 2π/h.

    References
    ----------
    :cite:t:`coxeter1973`, chapter 12.

    Examples
    --------
    >>> plane_of(np.array([[1.0, 0.0], [-0.5, 0.75**0.5]])).shape
    (2, 2)
    """
    element = np.eye(mirrors.shape[1])
    for normal in mirrors:
        element = element - 2 * np.outer(element @ normal, normal)
    values, vectors = np.linalg.eig(element)
    slowest = vectors[:, np.argmin(np.abs(np.angle(values)))]  # no eigenvalue is 1
    plane = np.stack([np.real(slowest), np.imag(slowest)])
    return plane / np.linalg.norm(plane, axis=1, keepdims=True)


def coxeter_plane(points: np.ndarray, firsts: Iterable[int]) -> np.ndarray | None:
    """Coxeter plane ``(2, r)`` of the mirrors of exact points; None where these leave a subspace alone.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> cell = polytope("24-cell").vertices
    >>> shadow = cell @ coxeter_plane(cell, [0]).T
    >>> len(np.unique(np.linalg.norm(shadow, axis=1).round(6)))  # two rings of 12
    2
    """
    normals = mirror_normals(points, firsts)
    r = points.shape[1]
    if len(normals) < r:
        return None
    simple = _simple(normals)
    return plane_of(simple) if len(simple) == r and _connected(simple) else None


def _is_mirror(points: np.ndarray, normal: np.ndarray) -> bool:
    images = points - 2 * np.outer(points @ normal, normal)
    nearest = np.argmax(images @ points.T - 0.5 * (points**2).sum(axis=1), axis=1)
    return bool(np.abs(points[nearest] - images).max() < EXACT)


def _known(normal: np.ndarray, found: list[np.ndarray]) -> bool:
    return bool(found) and bool(np.abs(np.array(found) @ normal).max() > 1 - EXACT)


def _simple(normals: np.ndarray) -> np.ndarray:
    """Walls of one chamber: the positive roots that send no other positive root to a negative one."""
    inside = np.random.default_rng(0).normal(size=normals.shape[1])
    positive = normals * np.sign(normals @ inside)[:, None]
    heights = positive @ inside
    # Root j in the mirror i has the height h_j - 2 (n_i . n_j) h_i.
    images = heights[None, :] - 2 * (positive @ positive.T) * heights[:, None]
    np.fill_diagonal(images, 1.0)
    return positive[(images > 0).all(axis=1)]


def _connected(simple: np.ndarray) -> bool:
    reached = {0}
    while True:
        joined = {int(j) for i in reached for j in np.flatnonzero(np.abs(simple @ simple[i]) > EXACT)}
        if joined == reached:
            return len(reached) == len(simple)
        reached = joined
