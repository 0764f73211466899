"""What stands on a regular polygon with edges of length 1: the tops of pyramids, cupolas and the rotunda."""

from math import pi, sin, sqrt

import numpy as np

__all__ = ["base_of", "circle", "crown", "side_radius"]

GOLDEN = (1 + sqrt(5)) / 2


def circle(k: int, radius: float, height: float, turn: float = 0.0) -> np.ndarray:
    """Vertices of a regular k-gon around the z axis, ``(k, 3)``, the first at the angle `turn`.

    Examples
    --------
    >>> circle(4, 2.0, 1.0)[0]
    array([2., 0., 1.])
    """
    angles = 2 * pi * np.arange(k) / k + turn
    return np.stack([radius * np.cos(angles), radius * np.sin(angles), np.full(k, height)], axis=1)


def side_radius(k: int) -> float:
    """Circumradius of the k-gon with edges of length 1; 1/2 for the digon, which is one edge.

    Examples
    --------
    >>> side_radius(6), side_radius(2)
    (1.0, 0.5)
    """
    return 1 / (2 * sin(pi / k))


def base_of(cap: str) -> int:
    """Sides of the polygon that a cap stands on: k for the pyramid Yk, 2k for the cupola Qk, 10 for the rotunda R5.

    Examples
    --------
    >>> base_of("Y4"), base_of("Q4"), base_of("R5")
    (4, 8, 10)
    """
    k = int(cap[1:])
    return k if cap[0] == "Y" else 2 * k


def crown(cap: str) -> np.ndarray:
    """Vertices of a cap above its base; the base is in the plane z = 0, around 0, with a vertex on the x axis.

    Letters are those of Johnson. The vertices of the topmost polygons of Qk and R5 are over edges of the base: the edge
    before that vertex, and every second one from there.

    References
    ----------
    :cite:t:`johnson1966`.

    Examples
    --------
    >>> crown("Y3")
    array([[0.        , 0.        , 0.81649658]])
    >>> len(crown("Q5")), len(crown("R5"))
    (5, 10)
    """
    k = int(cap[1:])
    height = sqrt(1 - side_radius(k) ** 2)  # of pyramid and cupola: the edges that rise have the same slope
    if cap[0] == "Y":
        return np.array([[0.0, 0.0, height]])
    half = pi / (2 * k)  # angle from a vertex of the base to the middle of an edge
    if cap[0] == "Q":
        return circle(k, side_radius(k), height, -half)
    radius = side_radius(5)  # the rotunda is one half of the icosidodecahedron, whose circumradius is the golden ratio
    return np.concatenate([circle(5, GOLDEN * radius, radius, half), circle(5, radius, GOLDEN * radius, -half)])
