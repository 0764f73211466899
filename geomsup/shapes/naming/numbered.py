"""Names with numbers in them, and symbols: one maker for all members of a family."""

import re
from collections.abc import Callable

from geomsup.shapes import families
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.products import cube, duoprism, prism
from geomsup.shapes.pyramids import pyramid
from geomsup.shapes.wythoff.coxeter import LARGEST_RANK

__all__ = ["from_number", "from_symbol"]

# Polygons of more sides are called by their number.
MOST_SIDES = 12

# Adjective -> number of sides.
SIDES: dict[str, int] = {families.polygonal(k): k for k in range(3, MOST_SIDES + 1)} | {
    "digonal": 2, "trigonal": 3, "tetragonal": 4, "enneagonal": 9, "undecagonal": 11,
}  # fmt: skip


def _antiprism(k: int) -> Polytope:
    return families.antiprism(k) if k > 3 else families.orthoplex(3) if k == 3 else families.simplex(3)


def _pyramid(k: int) -> Polytope:
    return pyramid(families.polygon(k)) if k > 3 else families.simplex(3)


# Numbered names: word -> (maker, smallest number, largest).
Family = tuple[Callable[[int], Polytope], int, int]
NUMBERED: dict[str, Family] = {
    "gon": (families.polygon, 3, 999),
    "simplex": (families.simplex, 1, 999),
    "orthoplex": (families.orthoplex, 1, 999),
    "cross": (families.orthoplex, 1, 999),
    "cube": (cube, 1, LARGEST_RANK),
    "hypercube": (cube, 1, LARGEST_RANK),
}
# The number is that of the sides of a polygon.
POLYGONAL: dict[str, Family] = {
    "prism": (lambda k: prism(families.polygon(k)), 3, 999),
    "antiprism": (_antiprism, 2, 999),
    "pyramid": (_pyramid, 3, 999),
    "duoprism": (lambda k: duoprism(k, k), 3, 999),
    "antiprism prism": (lambda k: prism(_antiprism(k)), 2, 999),
    "antiprismatic prism": (lambda k: prism(_antiprism(k)), 2, 999),
}


def from_number(folded: str) -> Polytope | None:
    """Shape of a folded name that begins with a number, or with the adjective of a polygon.

    Examples
    --------
    >>> [from_number(name).name for name in ("9 5 duoprism", "7 simplex", "nonagonal antiprismatic prism")]
    ['5,9-duoprism', '7-simplex', 'nonagonal antiprismatic prism']
    >>> from_number("cube") is from_number("2 gon") is None
    True
    """
    name = re.sub(r"[a-z]+", lambda word: f"{SIDES[word[0]]} gonal" if word[0] in SIDES else word[0], folded)
    if match := re.fullmatch(r"(\d{1,3})(?: gonal)?[ ,x]+(\d{1,3})(?: gonal)? duoprism", name):
        return _duoprism(int(match[1]), int(match[2]))
    match = re.fullmatch(r"(\d{1,3})( gonal)? (\D+)", name)
    if match is None:
        return None
    families_meant = POLYGONAL if match[2] else NUMBERED | POLYGONAL
    maker, smallest, largest = families_meant.get(match[3], (None, 0, 0))
    return maker(int(match[1])) if maker and smallest <= int(match[1]) <= largest else None


def _duoprism(p: int, q: int) -> Polytope | None:
    return duoprism(p, q) if min(p, q) >= 3 else None


def from_symbol(symbol: str) -> Polytope | None:
    """Read {k}, {3,...,3}, {3,...,3,4} and products of two polygons, or of one and a segment.

    Examples
    --------
    >>> from_symbol("{3,3,4}").name, from_symbol("{5}x{7}").name, from_symbol("{7}x{}").name
    ('16-cell', '5,7-duoprism', 'heptagonal prism')
    """
    if match := re.fullmatch(r"\{(\d{1,3})\}x\{(\d{0,3})\}", symbol):
        p, q = int(match[1]), int(match[2] or 2)
        return prism(families.polygon(p)) if q == 2 and p >= 3 else _duoprism(p, q)
    match = re.fullmatch(r"\{(\d{1,3}(?:,\d{1,3})*)\}", symbol)
    if match is None:
        return None
    entries = [int(entry) for entry in match[1].split(",")]
    if len(entries) == 1 and entries[0] >= 3:
        return families.polygon(entries[0])
    if all(entry == 3 for entry in entries):
        return families.simplex(len(entries) + 1)
    if entries[-1] == 4 and all(entry == 3 for entry in entries[:-1]):
        return families.orthoplex(len(entries) + 1)
    return None
