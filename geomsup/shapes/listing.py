"""The shapes of a dimension, and those of a dimension and a number of vertices."""

from collections.abc import Iterator
from functools import lru_cache

from geomsup.shapes import families
from geomsup.shapes.capped import capped_shapes, ringed_shapes
from geomsup.shapes.johnson.inscribed import inscribed_johnson_solids
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.products import duoprism, prism
from geomsup.shapes.pyramids import pyramid
from geomsup.shapes.uniform import wythoffian, wythoffians
from geomsup.shapes.wythoff import snubs
from geomsup.shapes.wythoff.coxeter import LARGEST_RANK
from geomsup.shapes.wythoff.ringings import of_size

__all__ = ["flexible_of", "of_dimension", "of_dimension_and_size", "prisms_of"]

# Listings of the infinite families end here if no number of vertices is given.
LARGEST_POLYGON = 12

# Prisms over all uniform polytopes are listed up to here: 17 in 4 dimensions, 46 in 5
# (docs/theory_notes.md, "Uniform polytopes").
LARGEST_PRISM = 5

# Shapes with little symmetry are candidates up to this number of vertices; larger ones could not be distinguished
# from noise.
LARGEST_FLEXIBLE = 14


@lru_cache(maxsize=64, typed=True)
def of_dimension(d: int) -> tuple[Polytope, ...]:
    """Shapes of a dimension, polygons and their products up to the dodecagon; above 10, simplex and orthoplex.

    Examples
    --------
    >>> [len(of_dimension(d)) for d in range(1, 9)]
    [1, 10, 48, 127, 104, 153, 357, 709]
    """
    ks = range(3, LARGEST_POLYGON + 1)
    if d == 2:
        return tuple(families.polygon(k) for k in ks)
    if d < 2 or d > LARGEST_RANK:
        return tuple(dict.fromkeys((families.simplex(d), families.orthoplex(d))))
    shapes = [*wythoffians(d), *_extra(d)]
    if d == 3:
        shapes += [prism(families.polygon(k)) for k in ks] + [families.antiprism(k) for k in ks if k > 3]
    if d == 4:
        shapes += [duoprism(p, q) for p in ks for q in ks if p <= q]
        shapes += [prism(families.antiprism(k)) for k in ks if k > 3]
    if 4 <= d <= LARGEST_PRISM:
        shapes += prisms_of(d - 1)
    return tuple(dict.fromkeys(shapes))


def of_dimension_and_size(d: int, n: int) -> tuple[Polytope, ...]:
    """Shapes of a dimension and a number of vertices, nothing else made; infinite families have no end here.

    Examples
    --------
    >>> [shape.name for shape in of_dimension_and_size(3, 26)]
    ['13-gonal prism', '13-gonal antiprism']
    """
    if d < 2 or d > LARGEST_RANK:
        return (families.simplex(d),) if n == d + 1 else (families.orthoplex(d),) if n == 2 * d else ()
    if d == 2:
        return (families.polygon(n),) if n >= 3 else ()
    shapes = [wythoffian(*ringing) for ringing in of_size(d, n)]
    shapes += [shape for shape in _extra(d) if shape.n_vertices == n]
    if d == 3 and n % 2 == 0 and n >= 6:
        shapes += [prism(families.polygon(n // 2))] + ([families.antiprism(n // 2)] if n > 6 else [])
    if d == 4:
        shapes += [duoprism(p, n // p) for p in range(3, int(n**0.5) + 1) if n % p == 0]
        shapes += [prism(families.antiprism(n // 4))] if n % 4 == 0 and n >= 16 else []
    if 4 <= d <= LARGEST_PRISM and n % 2 == 0:
        shapes += [shape for shape in _prisms_of_size(d, n) if shape.n_vertices == n]
    return tuple(dict.fromkeys(shapes))


@lru_cache(maxsize=1024, typed=True)
def flexible_of(d: int, n: int) -> tuple[Polytope, ...]:
    """Shapes with free parameters and no uniform member: pyramids over uniform shapes, elongated and capped solids.

    Up to 14 vertices: a pyramid over more is its base and one feature more, to all who look.

    Examples
    --------
    >>> [shape.name for shape in flexible_of(3, 7)]
    ['elongated triangular pyramid', 'capped triangular prism', 'hexagonal pyramid']
    >>> [shape.name for shape in flexible_of(4, 9)]
    ['cubic pyramid', 'square antiprismatic pyramid']
    """
    if n > LARGEST_FLEXIBLE or not 3 <= d <= LARGEST_RANK + 1 or n <= d + 1:
        return ()
    shapes = ringed_shapes(n) if d == 3 else ()
    bases = (base for base in of_dimension_and_size(d - 1, n - 1) if base.kind in ("uniform", "product"))
    return (*shapes, *map(pyramid, bases))


def prisms_of(d: int) -> list[Polytope]:
    """Prisms over the uniform polytopes of dimension 3 or 4 that are no products: 17 and 46 beside the cubes.

    Examples
    --------
    >>> len(prisms_of(3)), prisms_of(3)[0].name
    (18, 'tetrahedral prism')
    """
    return [prism(shape) for shape in (*wythoffians(d), *_extra(d)) if shape.kind == "uniform"]


def _prisms_of_size(d: int, n: int) -> Iterator[Polytope]:
    bases = [wythoffian(*ringing) for ringing in of_size(d - 1, n // 2)]
    bases += [shape for shape in _extra(d - 1) if shape.n_vertices == n // 2 and shape.kind == "uniform"]
    yield from map(prism, bases)


def _extra(d: int) -> tuple[Polytope, ...]:
    """Shapes that neither diagrams nor products give."""
    if d == 3:
        return (snubs.snub_cube(), snubs.snub_dodecahedron(), *inscribed_johnson_solids(), *capped_shapes())
    return (snubs.snub_24_cell(), snubs.grand_antiprism()) if d == 4 else ()
