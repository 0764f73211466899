"""Shapes looked up: by name, by size, and as candidates for recognition."""

import difflib
import re
from collections.abc import Callable
from functools import lru_cache

from geomsup import checks
from geomsup.shapes import families
from geomsup.shapes.polytope import Polytope

__all__ = ["candidates", "polytope", "polytopes"]

# Where listings of the infinite families end when no size is asked for.
LARGEST_POLYGON = 12
LARGEST_DIMENSION = 8

# Numbered names: pattern -> (maker, smallest number).
NUMBERED: dict[str, tuple[Callable[[int], Polytope], int]] = {
    "gon": (families.polygon, 3),
    "simplex": (families.simplex, 1),
    "orthoplex": (families.orthoplex, 1),
    "cross-polytope": (families.orthoplex, 1),
}


@lru_cache(maxsize=1)
def _solids() -> tuple[Polytope, ...]:
    """Shapes outside the infinite families."""
    return (
        families.cube(),
        families.antiprism(4),
        families.icosahedron(),
        families.cuboctahedron(),
        families.dodecahedron(),
    )


@lru_cache(maxsize=1)
def _named() -> dict[str, Polytope]:
    """Every shape with a name of its own, by each of its names and symbols, folded."""
    shapes = [families.polygon(k) for k in range(3, LARGEST_POLYGON + 1)]
    for d in range(1, LARGEST_DIMENSION + 1):
        shapes += [families.simplex(d), families.orthoplex(d)]
    shapes += _solids()
    return {_fold(key): shape for shape in shapes for key in (shape.name, shape.symbol, *shape.aliases)}


def polytope(name: str) -> Polytope:
    """Look a shape up by name, acronym or Schläfli symbol.

    Parameters
    ----------
    name
        "icosahedron", "ike", "{3,5}", "17-gon", "7-simplex", "30-orthoplex", ... (numbers to 999). Upper
        and lower case are the same.

    Returns
    -------
    Polytope
        Vertices on the unit sphere, edges, f-vector, symmetry order, variants.

    Raises
    ------
    TypeError
        If `name` is not a string.
    ValueError
        If no shape has that name; the message lists the nearest names.

    References
    ----------
    Coxeter 1973, "Regular Polytopes"; acronyms by J. Bowers.

    Examples
    --------
    >>> polytope("icosahedron")
    Polytope(icosahedron {3,5}: 12 vertices in 3 dimensions)
    >>> polytope("{3,3,4}").name, polytope("Doe").n_vertices
    ('16-cell', 20)
    """
    if not isinstance(name, str):
        raise TypeError(
            f"`name` must be a string; got {name!r} ({type(name).__name__}). Pass a name such as 'pentagon'."
        )
    folded = _fold(name)
    found = _named().get(folded) or _numbered(folded) or _from_symbol(folded)
    if found is None:
        near = difflib.get_close_matches(folded, _named(), n=3)
        meant = [f"Did you mean {' or '.join(near)}?"] if near else []
        raise ValueError(
            " ".join([f"`name` must be a known shape; got {name!r}.", *meant, "geomsup.polytopes() lists them."])
        )
    return found


def polytopes(dimension: int | None = None, n_vertices: int | None = None) -> list[Polytope]:
    """List the shapes of a dimension, of a number of vertices, or both.

    Parameters
    ----------
    dimension
        Dimension the shape spans; any by default.
    n_vertices
        Number of vertices; any by default.

    Returns
    -------
    list of Polytope
        By dimension, then vertices. Where `n_vertices` is not given polygons end at the dodecagon; where
        neither is given simplices and cross-polytopes end in 8 dimensions.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a positive whole number.

    Examples
    --------
    >>> [shape.name for shape in polytopes(dimension=3)]
    ['tetrahedron', 'octahedron', 'cube', 'square antiprism', 'icosahedron', 'cuboctahedron', 'dodecahedron']
    >>> [shape.name for shape in polytopes(n_vertices=6)]
    ['hexagon', 'octahedron', '5-simplex']
    """
    for name, value in (("dimension", dimension), ("n_vertices", n_vertices)):
        if value is not None:
            checks.integer(name, value, minimum=1)
    shapes = {shape.name: shape for shape in _families(dimension, n_vertices)}
    return sorted(
        (
            shape
            for shape in shapes.values()
            if dimension in (None, shape.dimension) and n_vertices in (None, shape.n_vertices)
        ),
        key=lambda shape: (shape.dimension, shape.n_vertices),
    )


def _families(dimension: int | None, n_vertices: int | None) -> list[Polytope]:
    """Members of every family that could have the asked size, and some that do not."""
    if n_vertices is not None:
        sizes = {n_vertices - 1, n_vertices // 2} - {0}
        polygons = [n_vertices] if n_vertices >= 3 else []
    else:
        sizes = set(range(1, LARGEST_DIMENSION + 1)) if dimension is None else {dimension}
        polygons = list(range(3, LARGEST_POLYGON + 1))
    if dimension is not None:
        sizes &= {dimension}
        polygons = polygons if dimension == 2 else []
    shapes = [families.polygon(k) for k in polygons]
    for d in sorted(sizes):
        shapes += [families.simplex(d), families.orthoplex(d)]
    return [*shapes, *_solids()]


@lru_cache(maxsize=1024)
def candidates(rank: int, n_vertices: int) -> tuple[Polytope, ...]:
    """Shapes of a rank and a number of vertices that can be one component of W.

    Squares, octahedra and all cross-polytopes are missing: as rows of W they fall into digons.

    Examples
    --------
    >>> [shape.name for shape in candidates(3, 8)]
    ['cube', 'square antiprism']
    >>> candidates(2, 4)
    ()
    """
    shapes = [shape for shape in _solids() if (shape.dimension, shape.n_vertices) == (rank, n_vertices)]
    if rank == 2 and n_vertices >= 5:
        shapes.append(families.polygon(n_vertices))
    if n_vertices == rank + 1:
        shapes.append(families.simplex(rank))
    return tuple(shapes)


def _fold(name: str) -> str:
    """Lower case, single spaces; no spaces inside a symbol."""
    folded = " ".join(name.lower().split())
    return folded.replace(" ", "") if "{" in folded else folded


def _numbered(name: str) -> Polytope | None:
    match = re.fullmatch(r"(\d{1,3})-(.+)", name)
    maker, smallest = NUMBERED.get(match[2], (None, 0)) if match else (None, 0)
    if match is None or maker is None or int(match[1]) < smallest:
        return None
    return maker(int(match[1]))


def _from_symbol(symbol: str) -> Polytope | None:
    """Read {k}, {3,...,3} and {3,...,3,4}."""
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
