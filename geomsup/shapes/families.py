"""Makers of shapes by closed formulas, for every number: polygons, simplices, cross-polytopes, antiprisms."""

from functools import lru_cache
from math import comb, cos, factorial, pi, sin, sqrt

import numpy as np

from geomsup.shapes.polytope import Polytope
from geomsup.shapes.wythoff.acronyms import ACRONYMS

__all__ = [
    "adjective",
    "antiprism",
    "digon",
    "orthoplex",
    "polygon",
    "polygonal",
    "ring",
    "simplex",
]

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

# Names by Johnson, acronyms by Bowers.
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


@lru_cache(maxsize=512, typed=True)
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
    return Polytope(name, vertices, f"{{{k}}}", (k, k), 2 * k, tuple(sorted(aliases - {name})), vertex_transitive=True)


def polygonal(k: int) -> str:
    """Adjective of a k-gon, for bipyramids and antiprisms.

    Examples
    --------
    >>> polygonal(3), polygonal(4), polygonal(5), polygonal(13)
    ('triangular', 'square', 'pentagonal', '13-gonal')
    """
    return {3: "triangular", 4: "square"}.get(k, POLYGONS.get(k, f"{k}-gon") + "al")


def adjective(name: str) -> str:
    """Return the form of a name before "prism" and "pyramid".

    Examples
    --------
    >>> adjective("truncated cube"), adjective("icosahedron"), adjective("square antiprism"), adjective("24-cell")
    ('truncated cubic', 'icosahedral', 'square antiprismatic', '24-cell')
    >>> adjective("square pyramid")
    'square pyramidal'
    """
    if name.endswith("cube") and "-" not in name:
        return name.removesuffix("cube") + "cubic"
    if name.endswith("prism"):
        return name + "atic"
    if name.endswith("pyramid"):
        return name + "al"
    return name.removesuffix("on") + "al" if name.endswith("hedron") else name


@lru_cache(maxsize=128, typed=True)
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
    symbol = _schlafli([3] * (d - 1))
    return Polytope(name, vertices, symbol, f_vector, factorial(d + 1), aliases, vertex_transitive=True)


@lru_cache(maxsize=128, typed=True)
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
    symbol = _schlafli([3] * (d - 2) + [4])
    return Polytope(name, vertices, symbol, f_vector, 2**d * factorial(d), aliases, vertex_transitive=True)


@lru_cache(maxsize=64, typed=True)
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
    name = f"{polygonal(k)} antiprism"
    aliases = [f"{k}-antiprism", f"s2s{2 * k}o", f"{k}-gonal antiprism", *(["enneagonal antiprism"] if k == 9 else [])]
    aliases += [ACRONYMS[name]] if name in ACRONYMS else []
    others = tuple(dict.fromkeys(alias for alias in aliases if alias != name))
    return Polytope(name, vertices, f"s{{2,{2 * k}}}", f_vector, 4 * k, others, variants, vertex_transitive=True)


def ring(k: int, cosine: float, turn: float = 0.0) -> np.ndarray:
    """Vertices of a regular k-gon on the unit sphere at a polar angle of given cosine, turned by `turn`.

    Examples
    --------
    >>> ring(4, 0.6)[0]
    array([0.8, 0. , 0.6])
    """
    angles = 2 * pi * np.arange(k) / k + turn
    radius = sqrt(1 - cosine**2)
    return np.stack([radius * np.cos(angles), radius * np.sin(angles), np.full(k, cosine)], axis=1)


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


def _schlafli(entries: list[int]) -> str:
    return "{" + ",".join(map(str, entries)) + "}"
