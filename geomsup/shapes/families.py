"""Makers of shapes by closed formulas: polygons, simplices, cross-polytopes, antiprisms, solids."""

from functools import lru_cache
from itertools import product
from math import comb, cos, factorial, pi, sin, sqrt

import numpy as np

from geomsup.shapes.polytope import Polytope

__all__ = [
    "antiprism",
    "cube",
    "cuboctahedron",
    "digon",
    "dodecahedron",
    "icosahedron",
    "orthoplex",
    "polygon",
    "polygonal",
    "simplex",
]

GOLDEN = (1 + sqrt(5)) / 2

POLYGONS = {
    3: "triangle",
    4: "square",
    5: "pentagon",
    6: "hexagon",
    7: "heptagon",
    8: "octagon",
    9: "nonagon",
    10: "decagon",
    11: "hendecagon",
    12: "dodecagon",
}

# Norman and Bowers names; the acronyms as in the notes' table of uniform polytopes.
SIMPLEX_ALIASES = {
    1: ("segment", "dyad", "1-orthoplex"),
    3: ("tet",),
    4: ("pen", "pentachoron"),
    5: ("hix",),
    6: ("hop",),
    7: ("oca",),
    8: ("ene",),
}
ORTHOPLEX_ALIASES = {
    3: ("oct",),
    4: ("hex", "hexadecachoron"),
    5: ("tac",),
    6: ("gee",),
    7: ("zee",),
    8: ("ek",),
}

# Cosine of the polar angle at which the eight vertices of a square antiprism have the least Coulomb energy,
# the Thomson minimum for 8 points on the sphere (energy 19.675287861); root of dE/dc found with 30 digits.
THOMSON_SQUARE_COSINE = 0.5604367652904312


def digon() -> Polytope:
    """Two opposite points on a line, {}.

    Examples
    --------
    >>> digon().vertices.ravel()
    array([ 1., -1.])
    """
    return simplex(1)


@lru_cache(maxsize=512)
def polygon(k: int) -> Polytope:
    """Regular k-gon {k}, k >= 3, vertices in order around the circle.

    Examples
    --------
    >>> polygon(5).name, polygon(13).name, polygon(5).symmetry_order
    ('pentagon', '13-gon', 10)
    """
    angles = 2 * pi * np.arange(k) / k
    aliases = {f"{k}-gon", f"regular {k}-gon"} | ({"enneagon"} if k == 9 else set())
    if k == 3:
        aliases |= {"2-simplex"}
    if k == 4:
        aliases |= {"2-orthoplex", "2-cube"}
    name = POLYGONS.get(k, f"{k}-gon")
    vertices = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Polytope(name, vertices, f"{{{k}}}", (k, k), 2 * k, tuple(sorted(aliases - {name})))


def polygonal(k: int) -> str:
    """Adjective of a k-gon, for bipyramids and antiprisms.

    Examples
    --------
    >>> polygonal(3), polygonal(4), polygonal(5), polygonal(13)
    ('triangular', 'square', 'pentagonal', '13-gonal')
    """
    return {3: "triangular", 4: "square"}.get(k, POLYGONS.get(k, f"{k}-gon") + "al")


@lru_cache(maxsize=128)
def simplex(d: int) -> Polytope:
    """Regular d-simplex {3,...,3}, d >= 1: digon, triangle, tetrahedron, 5-cell, 5-simplex, ...

    The d + 1 vertices are the columns of the Helmert matrix; all inner products are -1/d.

    Examples
    --------
    >>> simplex(4).name, simplex(4).f_vector, simplex(4).dimensionality
    ('5-cell', (5, 10, 10, 5), 0.8)
    """
    if d == 2:
        return polygon(3)
    rows = np.tri(d, d + 1) - np.diag(np.arange(1, d + 1), 1)[:d]
    vertices = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).T * sqrt((d + 1) / d)
    name = {1: "digon", 3: "tetrahedron", 4: "5-cell"}.get(d, f"{d}-simplex")
    aliases = (*SIMPLEX_ALIASES.get(d, ()), *((f"{d}-simplex",) if d < 5 else ()))
    f_vector = tuple(comb(d + 1, j + 1) for j in range(d))
    return Polytope(name, vertices, _schlafli([3] * (d - 1)), f_vector, factorial(d + 1), aliases)


@lru_cache(maxsize=128)
def orthoplex(d: int) -> Polytope:
    """Regular cross-polytope {3,...,3,4}, d >= 1: digon, square, octahedron, 16-cell, 5-orthoplex, ...

    As rows of W it is d digons: opposite vertices come one after the other.

    Examples
    --------
    >>> orthoplex(3).name, orthoplex(3).f_vector
    ('octahedron', (6, 12, 8))
    """
    if d <= 2:
        return digon() if d == 1 else polygon(4)
    vertices = np.kron(np.eye(d), [[1.0], [-1.0]])
    name = {3: "octahedron", 4: "16-cell"}.get(d, f"{d}-orthoplex")
    aliases = (*ORTHOPLEX_ALIASES.get(d, ()), f"{d}-cross-polytope", *((f"{d}-orthoplex",) if d < 5 else ()))
    f_vector = tuple(2 ** (j + 1) * comb(d, j + 1) for j in range(d))
    return Polytope(name, vertices, _schlafli([3] * (d - 2) + [4]), f_vector, 2**d * factorial(d), aliases)


@lru_cache(maxsize=1)
def cube() -> Polytope:
    """Cube {4,3}.

    Examples
    --------
    >>> cube().f_vector, cube().dimensionality
    ((8, 12, 6), 0.375)
    """
    vertices = np.array(list(product((1.0, -1.0), repeat=3))) / sqrt(3)
    return Polytope("cube", vertices, "{4,3}", (8, 12, 6), 48, ("3-cube", "hexahedron"))


@lru_cache(maxsize=1)
def cuboctahedron() -> Polytope:
    """Cuboctahedron r{4,3}: the middles of a cube's edges; 13 degrees from an icosahedron, its nearest twin.

    Examples
    --------
    >>> cuboctahedron().f_vector, cuboctahedron().dimensionality
    ((12, 24, 14), 0.25)
    """
    vertices = _cyclic([(0.0, a, b) for a, b in product((1.0, -1.0), repeat=2)]) / sqrt(2)
    return Polytope("cuboctahedron", vertices, "r{4,3}", (12, 24, 14), 48, ("co",))


@lru_cache(maxsize=1)
def icosahedron() -> Polytope:
    """Icosahedron {3,5}: the cyclic shifts of (0, ±1, ±golden ratio).

    Examples
    --------
    >>> icosahedron().f_vector, icosahedron().dimensionality
    ((12, 30, 20), 0.25)
    """
    vertices = _cyclic([(0.0, a, b * GOLDEN) for a, b in product((1, -1), repeat=2)])
    vertices /= np.linalg.norm(vertices[0])
    return Polytope("icosahedron", vertices, "{3,5}", (12, 30, 20), 120, ("ike",))


@lru_cache(maxsize=1)
def dodecahedron() -> Polytope:
    """Dodecahedron {5,3}: the cube's vertices and the cyclic shifts of (0, ±1/golden ratio, ±golden ratio).

    Examples
    --------
    >>> dodecahedron().f_vector, dodecahedron().dimensionality
    ((20, 30, 12), 0.15)
    """
    rectangles = _cyclic([(0.0, a / GOLDEN, b * GOLDEN) for a, b in product((1, -1), repeat=2)])
    vertices = np.concatenate([cube().vertices, rectangles / sqrt(3)])
    return Polytope("dodecahedron", vertices, "{5,3}", (20, 30, 12), 120, ("doe",))


@lru_cache(maxsize=64)
def antiprism(k: int) -> Polytope:
    """k-gonal antiprism s{2,2k}, k >= 4: two k-gons, one turned by π/k (k = 3 is the octahedron).

    The height is free. Variants: "uniform" (all edges equal), "tight frame" (polar cosine 1/√3, F = (n/3) I)
    and, for k = 4, "Thomson" (least Coulomb energy).

    Examples
    --------
    >>> antiprism(4).name, sorted(antiprism(4).variants)
    ('square antiprism', ['Thomson', 'tight frame', 'uniform'])
    >>> antiprism(4).dimensionality
    0.36642
    """
    variants = {"tight frame": _two_rings(k, 1 / sqrt(3))}
    if k == 4:
        variants["Thomson"] = _two_rings(4, THOMSON_SQUARE_COSINE)
    vertices = _two_rings(k, _uniform_cosine(k))
    f_vector = (2 * k, 4 * k, 2 * k + 2)
    aliases = (f"{k}-antiprism", *(("squap",) if k == 4 else ()))
    return Polytope(f"{polygonal(k)} antiprism", vertices, f"s{{2,{2 * k}}}", f_vector, 4 * k, aliases, variants)


def _uniform_cosine(k: int) -> float:
    """Cosine of the polar angle of the vertices when all edges are equal (to 1 here)."""
    ring_radius = 1 / (2 * sin(pi / k))
    half_height = sqrt(1 - 1 / (4 * cos(pi / (2 * k)) ** 2)) / 2
    return half_height / sqrt(ring_radius**2 + half_height**2)


def _two_rings(k: int, cosine: float) -> np.ndarray:
    """Vertices of a k-antiprism on the unit sphere: even rows above the equator, odd rows below."""
    steps = np.arange(2 * k)
    angles = pi * steps / k
    height = cosine * (-1.0) ** steps
    radius = sqrt(1 - cosine**2)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles), height], axis=1)


def _cyclic(rows: list[tuple[float, float, float]]) -> np.ndarray:
    return np.concatenate([np.roll(rows, shift, axis=1) for shift in range(3)])


def _schlafli(entries: list[int]) -> str:
    return "{" + ",".join(map(str, entries)) + "}"
