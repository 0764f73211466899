"""Shapes by name, by size, and as candidates for recognition."""

import difflib
import re
from collections.abc import Callable
from functools import lru_cache

from geomsup import checks
from geomsup.shapes import families
from geomsup.shapes.capped import ringed_shapes
from geomsup.shapes.listing import flexible_of, of_dimension, of_dimension_and_size
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.products import duoprism, prism
from geomsup.shapes.pyramids import pyramid
from geomsup.shapes.uniform import all_names, wythoffian
from geomsup.shapes.wythoff.coxeter import LARGEST_RANK
from geomsup.shapes.wythoff.diagram import from_diagram
from geomsup.shapes.wythoff.ringings import of_rank

__all__ = ["candidates", "polytope", "polytopes"]

# Listings end here if no dimension is given.
LARGEST_DIMENSION = 8

# Larger shapes are no candidates for the rows of a W, except polygons and simplices.
MOST_CANDIDATE_VERTICES = 2000

# Pyramids over polygons of more sides are found by "13-gonal pyramid".
MOST_SIDES = 12

# Kinds that are candidates only if asked for.
FLEXIBLE = ("product", "family")

# Names that misspelt ones are compared with: in higher dimensions they are many and alike.
SUGGESTED_DIMENSIONS = 5

# Numbered names: pattern -> (maker, smallest number).
NUMBERED: dict[str, tuple[Callable[[int], Polytope], int]] = {
    "gon": (families.polygon, 3),
    "simplex": (families.simplex, 1),
    "orthoplex": (families.orthoplex, 1),
    "cross-polytope": (families.orthoplex, 1),
    "prism": (lambda k: prism(families.polygon(k)), 3),
    "gonal prism": (lambda k: prism(families.polygon(k)), 3),
    "antiprism": (families.antiprism, 4),
    "gonal antiprism": (families.antiprism, 4),
    "gonal pyramid": (lambda k: pyramid(families.polygon(k)), 4),
}

# Products and antiprisms that have another name.
SAME = {
    "triangular antiprism": "octahedron",
    "3-antiprism": "octahedron",
    "square prism": "cube",
    "digonal antiprism": "tetrahedron",
    "triangular duoprism": "3,3-duoprism",
    "-1_21": "triangular prism",
}


def polytope(name: str) -> Polytope:
    """Find a shape by name, acronym, Schläfli symbol or Coxeter string.

    Parameters
    ----------
    name
        "icosahedron", "ike", "{3,5}", "t0,1{4,3,3}", ``"x3o3o *b3o"``, "runcinated 24-cell", "4_21", "J37",
        "17-gon", "13-gonal antiprism", "5,7-duoprism", "30-orthoplex", ... (numbers to 999). Upper and lower case
        are the same.

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
    :cite:t:`coxeter1973`; :cite:t:`johnson1966`; acronyms by J. Bowers.

    Examples
    --------
    >>> polytope("icosahedron")
    Polytope(icosahedron {3,5}: 12 vertices in 3 dimensions)
    >>> polytope("{3,3,4}").name, polytope("Doe").n_vertices, polytope("x3o3x").name
    ('16-cell', 20, 'cuboctahedron')
    """
    if not isinstance(name, str):
        raise TypeError(
            f"`name` must be a string; got {checks.shown(name)} ({type(name).__name__}). "
            f"Pass a name such as 'pentagon'."
        )
    folded = _fold(name)
    found = _found(SAME.get(folded, folded))
    if found is None:
        pool = [key for d in range(1, SUGGESTED_DIMENSIONS + 1) for key in _named(d)]
        near = difflib.get_close_matches(folded, pool, n=3)
        meant = [f"Did you mean {' or '.join(near)}?"] if near else []
        raise ValueError(
            " ".join(
                [f"`name` must be a known shape; got {checks.shown(name)}.", *meant, "geomsup.polytopes() lists them."]
            )
        )
    return found


def _found(folded: str) -> Polytope | None:
    """Try numbered names, symbols and diagrams, then the names of one dimension after the other, then pyramids."""
    by_form = _numbered(folded) or _from_symbol(folded) or from_diagram(folded)
    if by_form is not None:
        return by_form
    # Higher dimensions have hundreds of names, which take a second to make: begin where the name says.
    dimensions = dict.fromkeys([*_dimensions_in(folded), *range(1, LARGEST_RANK + 1)])
    by_name = (_named(d).get(folded) for d in dimensions)
    return next((shape for shape in by_name if shape is not None), None) or _pyramid(folded)


def _pyramid(name: str) -> Polytope | None:
    """Pyramids, by the name of their base or its form as an adjective."""
    if not name.endswith(" pyramid"):
        return None
    wanted = name.removesuffix(" pyramid")
    bases = {families.polygonal(k): families.polygon(k) for k in range(4, MOST_SIDES + 1)}
    for d in range(3, LARGEST_DIMENSION):
        uniform = (item for item in _named(d).items() if item[1].kind in ("uniform", "product"))
        bases |= {form: shape for key, shape in uniform for form in (key, families.adjective(key))}
    base = bases.get(wanted)
    return pyramid(base) if base and base.n_vertices > base.dimension + 1 else None


def _dimensions_in(name: str) -> list[int]:
    """Dimensions that a name mentions: 7 in "truncated 7-cube", 8 in "rectified 4_21"."""
    found = [int(d) for d in re.findall(r"(\d+)-(?:cube|simplex|orthoplex|demicube)", name)]
    found += [int(a or b or c) + 4 for a, b, c in re.findall(r"(\d)_21|2_(\d)1|1_(\d)2", name)]
    return [d for d in found if 3 <= d <= LARGEST_RANK]


@lru_cache(maxsize=LARGEST_RANK, typed=True)
def _named(d: int) -> dict[str, Polytope]:
    """Every shape of a dimension by each of its names and symbols, folded."""
    found = {
        _fold(key): shape for shape in of_dimension(d) for key in (shape.name, shape.symbol, *shape.aliases) if key
    }
    if d == 3:
        found |= {_fold(shape.name): shape for n in range(6, 2 * MOST_SIDES + 3) for shape in ringed_shapes(n)}
    if d >= 3:  # simplices and orthoplexes carry few of their names themselves
        found |= {_fold(key): wythoffian(*ringing) for ringing in of_rank(d) for key in all_names(ringing)}
    return found


def polytopes(dimension: int | None = None, n_vertices: int | None = None) -> list[Polytope]:
    """List the shapes of a dimension, of a number of vertices, or both. No coordinates are made.

    Parameters
    ----------
    dimension
        Dimension the shape spans; 1 to 8 by default.
    n_vertices
        Number of vertices; any by default.

    Returns
    -------
    list of Polytope
        By dimension, then vertices. If `n_vertices` is not given, polygons and their prisms end at the dodecagon, and
        pyramids and capped shapes are left out. In 9 and 10 dimensions there are the families A, B and D, and above
        only the simplex and the cross-polytope.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a positive whole number.

    References
    ----------
    :cite:t:`coxeter1973`; :cite:t:`johnson-uniform`.

    Examples
    --------
    >>> len(polytopes(dimension=4)), polytopes(dimension=8)[-1].n_vertices
    (127, 696729600)
    >>> [shape.name for shape in polytopes(n_vertices=6)]
    ['hexagon', 'octahedron', 'triangular prism', 'pentagonal pyramid', '5-simplex']
    """
    dimension = None if dimension is None else checks.integer("dimension", dimension, minimum=1)
    n_vertices = None if n_vertices is None else checks.integer("n_vertices", n_vertices, minimum=1)
    if n_vertices is None:
        dimensions = range(1, LARGEST_DIMENSION + 1) if dimension is None else [dimension]
        shapes = [shape for d in dimensions for shape in of_dimension(d)]
    else:
        possible = {*range(1, LARGEST_DIMENSION + 1), n_vertices - 1, n_vertices // 2} - {0}
        dimensions = sorted(possible) if dimension is None else [dimension]
        lists = (of_dimension_and_size, flexible_of)
        shapes = [shape for d in dimensions for listed in lists for shape in listed(d, n_vertices)]
    return sorted(shapes, key=lambda shape: (shape.dimension, shape.n_vertices))


@lru_cache(maxsize=1024, typed=True)
def candidates(rank: int, n_vertices: int, *, flexible: bool = False) -> tuple[Polytope, ...]:
    """Shapes of a rank and a number of vertices that can be one component of W.

    Squares, octahedra and all cross-polytopes are missing: as rows of W they fall into digons.

    Parameters
    ----------
    rank, n_vertices
        Dimension and number of vertices; above 2000 only polygons and simplices are candidates.
    flexible
        Include shapes that mostly occur with other parameters than the uniform ones: prisms, duoprisms and their
        like, and combinatorial types without a uniform member, such as the tricapped trigonal prism and pyramids.
        The latter have no variant "uniform".

    Examples
    --------
    >>> [shape.name for shape in candidates(3, 8)]
    ['cube', 'square antiprism']
    >>> [shape.name for shape in candidates(3, 6)], [shape.name for shape in candidates(3, 6, flexible=True)]
    ([], ['triangular prism', 'pentagonal pyramid'])
    """
    if rank > LARGEST_RANK:
        return (families.simplex(rank),) if n_vertices == rank + 1 else ()
    if n_vertices > MOST_CANDIDATE_VERTICES and rank > 2:
        return ()
    listed = of_dimension_and_size(rank, n_vertices)
    if not flexible:
        return tuple(shape for shape in listed if shape.kind not in FLEXIBLE and not _splits(shape))
    return tuple(shape for shape in listed if not _splits(shape)) + flexible_of(rank, n_vertices)


def _splits(shape: Polytope) -> bool:
    """Whether the vertices fall into orthogonal parts: those of cross-polytopes do, from the square on."""
    d = shape.dimension
    return d > 1 and shape.n_vertices == 2 * d and shape is families.orthoplex(d)


def _fold(name: str) -> str:
    """Lower case, single spaces; no spaces inside a symbol."""
    folded = " ".join(name.lower().replace("×", "x").split())
    return folded.replace(" ", "") if "{" in folded else folded


def _numbered(name: str) -> Polytope | None:
    if match := re.fullmatch(r"(\d{1,3}),(\d{1,3})-duoprism", name):
        p, q = int(match[1]), int(match[2])
        return duoprism(p, q) if min(p, q) >= 3 else None
    if match := re.fullmatch(r"\{(\d{1,3})\}x\{(\d{0,3})\}", name):
        p, q = int(match[1]), int(match[2] or 2)
        return None if p < 3 or q < 2 else duoprism(p, q) if q > 2 else prism(families.polygon(p))
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
