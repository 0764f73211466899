"""Uniform polytopes that no ringed diagram gives: two snub solids, the snub 24-cell, the grand antiprism."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from geomsup.shapes.polytope import Polytope
from geomsup.shapes.wythoff.acronyms import ACRONYMS
from geomsup.shapes.wythoff.construction import rotations, start, vertices
from geomsup.shapes.wythoff.coxeter import Coxeter, groups

__all__ = ["grand_antiprism", "snub_24_cell", "snub_cube", "snub_dodecahedron"]

# Inner products in the 600-cell are 0, ±1/2, ±1 and ± golden ratios; these are far from each other.
EQUAL = 1e-9

# Circumradius of the 600-cell at edge length 1, and of the shapes that are cut out of it.
GOLDEN = (1 + 5**0.5) / 2


@lru_cache(maxsize=1)
def snub_cube() -> Polytope:
    """Snub cube sr{4,3}; both hands are one entry, as reflections are allowed.

    Examples
    --------
    >>> snub_cube().f_vector, 1 / snub_cube().shortest_chord
    ((24, 60, 38), 1.34371337)
    """
    return _snub("snub cube", "{4,3}", groups(3)[1], (24, 60, 38), ("snub cuboctahedron", "s4s3s"))


@lru_cache(maxsize=1)
def snub_dodecahedron() -> Polytope:
    """Snub dodecahedron sr{5,3}; both hands are one entry.

    Examples
    --------
    >>> snub_dodecahedron().f_vector, 1 / snub_dodecahedron().shortest_chord
    ((60, 150, 92), 2.15583738)
    """
    return _snub("snub dodecahedron", "{5,3}", groups(3)[2], (60, 150, 92), ("snub icosidodecahedron", "s5s3s"))


@lru_cache(maxsize=1)
def snub_24_cell() -> Polytope:
    """Snub 24-cell s{3,4,3}: the 600-cell without the vertices of an inscribed 24-cell.

    References
    ----------
    :cite:t:`coxeter1973`, section 8.4.

    Examples
    --------
    >>> snub_24_cell().symmetry_order
    576
    """
    f_vector, aliases = (96, 432, 480, 144), ("sadi", "s3s4o3o", "snub icositetrachoron")
    return _diminished("snub 24-cell", "s{3,4,3}", f_vector, 576, aliases, _inscribed_24_cell)


@lru_cache(maxsize=1)
def grand_antiprism() -> Polytope:
    """Grand antiprism: the 600-cell without two decagons in orthogonal planes.

    References
    ----------
    :cite:t:`conway1965`.

    Examples
    --------
    >>> grand_antiprism().symmetry_order
    400
    """
    aliases = ("gap", "pentagonal double antiprismoid")
    return _diminished("grand antiprism", "s{5,2,5}", (100, 500, 720, 320), 400, aliases, _decagons)


def _snub(name: str, symbol: str, group: Coxeter, f_vector: tuple[int, ...], aliases: tuple[str, ...]) -> Polytope:
    """Images under rotations of a point at distance 1 from its images under the products of two mirrors."""
    return Polytope(
        name,
        lambda: _snub_vertices(group),
        f"sr{symbol}",
        f_vector,
        group.order // 2,
        (*aliases, ACRONYMS[name]),
        vertex_transitive=True,
    )


def _snub_vertices(group: Coxeter) -> np.ndarray:
    point = start(group, (0, 1, 2))
    reflections = [np.eye(3) - 2 * np.outer(n, n) for n in group.mirrors]
    moves = [np.eye(3) - reflections[i] @ reflections[j] for i, j in ((0, 1), (1, 2), (0, 2))]
    forms = [move.T @ move for move in moves]
    for _ in range(12):  # Newton's method for |x - r x|² = 1; converges to all digits in 6 or 7 steps
        values = np.array([point @ form @ point - 1 for form in forms])
        point = point - np.linalg.solve(np.array([2 * form @ point for form in forms]), values)
    points = rotations(group, point)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _diminished(
    name: str,
    symbol: str,
    f_vector: tuple[int, ...],
    order: int,
    aliases: tuple[str, ...],
    removed: Callable[[np.ndarray], np.ndarray],
) -> Polytope:
    """600-cell less the vertices that `removed` marks."""

    def remaining() -> np.ndarray:
        whole = vertices(groups(4)[-1], (3,))
        return whole[~removed(whole)]

    return Polytope(name, remaining, symbol, f_vector, order, aliases, circumradius=GOLDEN, vertex_transitive=True)


def _inscribed_24_cell(whole: np.ndarray) -> np.ndarray:
    """Mark an orthogonal frame of vertices and those at ±1/2 from all of it."""
    frame = [0]
    while len(frame) < 4:
        orthogonal = np.abs(whole @ whole[frame].T).max(axis=1) < EQUAL
        frame.append(int(np.flatnonzero(orthogonal)[0]))
    products = np.abs(whole @ whole[frame].T)
    on_axis = np.isclose(products.max(axis=1), 1, atol=EQUAL)
    return on_axis | (np.abs(products - 0.5).max(axis=1) < EQUAL)


def _decagons(whole: np.ndarray) -> np.ndarray:
    """Mark the vertices in the plane of an edge and those orthogonal to it."""
    nearest = np.argsort(-(whole @ whole[0]))[1]
    plane = np.linalg.qr(whole[[0, nearest]].T)[0]
    share = np.linalg.norm(whole @ plane, axis=1)
    return (share < EQUAL**0.5) | (share > 1 - EQUAL)
