"""Shapes whose vertices have several norms, made from their points."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from geomsup.shapes.polytope import Polytope

__all__ = ["centred", "solid"]


def solid(
    name: str,
    points: Callable[[], np.ndarray],
    f_vector: tuple[int, ...],
    order: int,
    aliases: tuple[str, ...] = (),
    *,
    symbol: str = "",
    vertex_transitive: bool | None = False,
) -> Polytope:
    """Return a shape of the kind "solid"; its points are made when they are needed, in any place and size.

    Examples
    --------
    >>> solid("kite", lambda: np.array([[3.0, 0], [1, 1], [0, 0], [1, -1]]), (4, 4), 2).norms.round(3)
    array([1.347, 0.793, 0.962, 0.793])
    """
    made = lru_cache(maxsize=1)(lambda: centred(points()))
    return Polytope(
        name,
        lambda: made()[0],
        symbol,
        f_vector,
        order,
        aliases,
        vertex_transitive=vertex_transitive,
        kind="solid",
        norms=lambda: made()[1],
    )


def centred(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions of points from their centroid, and their distances as fractions of the root mean square.

    Examples
    --------
    >>> centred(np.array([[1.0, 0.0], [5.0, 0.0]]))
    (array([[-1.,  0.],
           [ 1.,  0.]]), array([1., 1.]))
    """
    moved = points - points.mean(axis=0)
    norms = np.linalg.norm(moved, axis=1)
    return moved / norms[:, None], norms / np.sqrt((norms**2).mean())
