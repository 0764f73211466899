"""The shape of a name."""

import difflib
import re
from collections.abc import Iterator
from functools import lru_cache

from geomsup.shapes.capped import ringed_shapes
from geomsup.shapes.duals import duals_of_4_polytopes
from geomsup.shapes.families import adjective
from geomsup.shapes.listing import of_dimension
from geomsup.shapes.naming.numbered import MOST_SIDES, from_number, from_symbol
from geomsup.shapes.naming.words import ALIASES, EXPLAINED, fold
from geomsup.shapes.nested import is_level, nested
from geomsup.shapes.polyhedra import solids_with_norms
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.pyramids import pyramid
from geomsup.shapes.uniform import all_names, wythoffian
from geomsup.shapes.wythoff.coxeter import LARGEST_RANK
from geomsup.shapes.wythoff.diagram import from_diagram
from geomsup.shapes.wythoff.ringings import of_rank

__all__ = ["advice", "find"]

# Pyramids are found over bases of so many dimensions.
LARGEST_BASE = 7

# Names that misspelt ones are compared with: in higher dimensions they are many and alike.
SUGGESTED_DIMENSIONS = 5


def find(name: str) -> Polytope | None:
    """Try numbered names, symbols and diagrams, then the names of one dimension after the other, then pyramids.

    Examples
    --------
    >>> find("Ike").name, find("J1").name, find("blob")
    ('icosahedron', 'regular-faced square pyramid', None)
    """
    folded = fold(ALIASES.get(fold(name), name))
    if re.search(r" of \d", folded):
        return _nested(folded)
    by_form = from_number(folded) or from_symbol(folded) or from_diagram(folded)
    if by_form is not None:
        return by_form
    # Higher dimensions have hundreds of names, which take a second to make: begin where the name says.
    dimensions = dict.fromkeys([*_dimensions_in(folded), *range(1, LARGEST_RANK + 1)])
    by_name = (_named(d)[folded][0] for d in dimensions if folded in _named(d))
    return next(by_name, None) or _pyramid(folded)


def advice(name: str) -> list[str]:
    """Sentences about a name that is not found.

    Examples
    --------
    >>> advice("tesserac"), advice("point")[0][:30]
    (['Did you mean tesseract?'], 'A single vertex is no shape; a')
    """
    folded = fold(name)
    if folded in EXPLAINED:
        return [EXPLAINED[folded]]
    pool = {key: written for d in range(1, SUGGESTED_DIMENSIONS + 1) for key, (_, written) in _named(d).items()}
    near = difflib.get_close_matches(folded, pool, n=3)
    return [f"Did you mean {' or '.join(pool[key] for key in near)}?"] if near else []


@lru_cache(maxsize=LARGEST_RANK, typed=True)
def _named(d: int) -> dict[str, tuple[Polytope, str]]:
    """Every shape of a dimension by each of its names and symbols, folded; with the name as it is written."""
    return {fold(written): (shape, written) for shape, written in _names(d)}


def _names(d: int) -> Iterator[tuple[Polytope, str]]:
    """Shapes and their names; the later has a name that two have."""
    shapes = [*(solids_with_norms() if d == 3 else duals_of_4_polytopes() if d == 4 else ()), *of_dimension(d)]
    yield from ((shape, key) for shape in shapes for key in (shape.name, shape.symbol, *shape.aliases) if key)
    if d == 3:
        yield from ((shape, shape.name) for n in range(6, 2 * MOST_SIDES + 3) for shape in ringed_shapes(n))
    if d >= 3:  # simplices and orthoplexes carry few of their names themselves
        yield from ((wythoffian(*ringing), key) for ringing in of_rank(d) for key in all_names(ringing))


def _pyramid(folded: str) -> Polytope | None:
    """Pyramids over solids and larger shapes, by the name of their base or its form as an adjective."""
    if not folded.endswith(" pyramid"):
        return None
    wanted = folded.removesuffix(" pyramid")
    for d in range(3, LARGEST_BASE + 1):
        for key, (base, _) in _named(d).items():
            if base.kind in ("uniform", "product") and wanted in (key, adjective(key)):
                return pyramid(base) if base.n_vertices > d + 1 else None
    return None


def _nested(folded: str) -> Polytope | None:
    """Shape of shapes: "triangle of 3 triangles of 2 digons"."""
    words = re.split(r" of (\d+) ", folded)
    levels = [find(word) for word in words[::2]]
    if None in levels or not all(is_level(level) for level in levels if level):
        return None
    numbers = [str(level.n_vertices) for level in levels[:-1] if level]
    return nested(tuple(level for level in levels if level)) if numbers == words[1::2] else None


def _dimensions_in(folded: str) -> list[int]:
    """Dimensions that a name mentions: 7 in "truncated 7 cube", 8 in "rectified 4 21"."""
    found = [int(d) for d in re.findall(r"(\d+) (?:cube|simplex|orthoplex|demicube)", folded)]
    found += [int(a or b or c) + 4 for a, b, c in re.findall(r"\b(?:(\d) 21|2 (\d)1|1 (\d)2)\b", folded)]
    return [d for d in found if 3 <= d <= LARGEST_RANK]
