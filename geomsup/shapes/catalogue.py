"""Shapes by name, by size, and as candidates for recognition."""

from functools import lru_cache

from geomsup import checks
from geomsup.shapes import families
from geomsup.shapes.listing import flexible_of, of_dimension, of_dimension_and_size
from geomsup.shapes.naming.lookup import advice, find
from geomsup.shapes.polyhedra import solids_with_norms
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.wythoff.coxeter import LARGEST_RANK

__all__ = ["candidates", "named_polytope", "polytope", "polytopes"]

# Listings end here if no dimension is given.
LARGEST_DIMENSION = 8

# Larger shapes are no candidates for the rows of a W, except polygons and simplices.
MOST_CANDIDATE_VERTICES = 2000

# Kinds that are candidates only if asked for.
FLEXIBLE = ("product", "family")


def polytope(name: str) -> Polytope:
    """Find a shape by name, acronym, Schläfli symbol or Coxeter string.

    Parameters
    ----------
    name
        "icosahedron", "ike", "{3,5}", "t0,1{4,3,3}", ``"x3o3o *b3o"``, "runcinated 24-cell", "4_21", "J45",
        "17-gon", "13-gonal antiprism", "5,7-duoprism", "30-orthoplex", ... (numbers to 999). Upper and lower case,
        hyphens and spaces, singular and plural are the same. "E8" is 4_21, whose vertices are the roots, "E7" 2_31
        and "E6" 1_22. "J1" to "J92" are always Johnson's solids, with regular faces. Where a shape with free
        parameters has the same name, the name means that shape: "square pyramid" is balanced, and J1 is the
        "regular-faced square pyramid".

    Returns
    -------
    Polytope
        Vertices, edges, f-vector, symmetry order, variants.

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
    return named_polytope("name", name)


def named_polytope(argument: str, name: str) -> Polytope:
    """Return what `polytope` returns, for an argument that is called otherwise."""
    if not isinstance(name, str):
        raise TypeError(
            f"`{argument}` must be a string; got {checks.shown(name)} ({type(name).__name__}). "
            f"Pass a name such as 'pentagon'."
        )
    found = find(name)
    if found is None:
        told = " ".join([*advice(name), "geomsup.polytopes() lists them."])
        raise ValueError(f"`{argument}` must be a known shape; got {checks.shown(name)}. {told}")
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
        By dimension, then vertices; in 3 dimensions with the Johnson and Catalan solids. If `n_vertices` is not given,
        polygons and their prisms end at the dodecagon, and pyramids and capped shapes are left out. In 9 and 10
        dimensions there are the families A, B and D, and above only the simplex and the cross-polytope.

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
    >>> [shape.name for shape in polytopes(n_vertices=9)][1:4]
    ['tricapped trigonal prism', 'elongated square pyramid', 'gyroelongated square pyramid']
    """
    dimension = None if dimension is None else checks.integer("dimension", dimension, minimum=1)
    n_vertices = None if n_vertices is None else checks.integer("n_vertices", n_vertices, minimum=1)
    if n_vertices is None:
        dimensions = range(1, LARGEST_DIMENSION + 1) if dimension is None else [dimension]
        shapes = [shape for d in dimensions for shape in (*of_dimension(d), *_with_norms(d))]
    else:
        possible = {*range(1, LARGEST_DIMENSION + 1), n_vertices - 1, n_vertices // 2} - {0}
        dimensions = sorted(possible) if dimension is None else [dimension]
        # Beyond, there are simplices and orthoplexes, which have all their coordinates from the start.
        checks.room("n_vertices", n_vertices * max((d for d in dimensions if d > LARGEST_DIMENSION), default=0))
        lists = (of_dimension_and_size, flexible_of)
        shapes = [shape for d in dimensions for listed in lists for shape in listed(d, n_vertices)]
        shapes += [shape for d in dimensions for shape in _with_norms(d) if shape.n_vertices == n_vertices]
    return sorted(shapes, key=lambda shape: (shape.dimension, shape.n_vertices))


def _with_norms(d: int) -> tuple[Polytope, ...]:
    """Listed shapes of a dimension that no sphere holds; they are no candidates."""
    return solids_with_norms() if d == 3 else ()


@lru_cache(maxsize=1024, typed=True)
def candidates(rank: int, n_vertices: int, *, flexible: bool = False) -> tuple[Polytope, ...]:
    """Shapes of a rank and a number of vertices that can be one component of W.

    Squares, octahedra and all cross-polytopes are missing: as rows of W they fall into digons. Solids whose vertices
    have several norms are missing too.

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
