"""Duals of polytopes by polar reciprocity, and the Catalan solids, which are duals."""

from functools import lru_cache

import numpy as np

from geomsup.shapes.hull import hull_facets
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.solid import solid
from geomsup.shapes.uniform import wythoffians
from geomsup.shapes.wythoff import snubs

__all__ = ["archimedean_solids", "catalan_solids", "dual", "duals_of_4_polytopes", "reciprocal"]

# Facets of the hull are found up to here (geomsup/shapes/hull.py).
MOST_DIMENSIONS = 6

# Archimedean solid -> names of its dual, by Catalan and by those after him.
CATALAN = {
    "truncated tetrahedron": ("triakis tetrahedron",),
    "cuboctahedron": ("rhombic dodecahedron",),
    "truncated cube": ("triakis octahedron", "small triakis octahedron", "trisoctahedron"),
    "truncated octahedron": ("tetrakis hexahedron", "tetrakis cube", "tetrahexahedron"),
    "rhombicuboctahedron": ("deltoidal icositetrahedron", "trapezoidal icositetrahedron", "strombic icositetrahedron"),
    "truncated cuboctahedron": ("disdyakis dodecahedron", "hexakis octahedron", "hexoctahedron"),
    "snub cube": ("pentagonal icositetrahedron",),
    "icosidodecahedron": ("rhombic triacontahedron",),
    "truncated dodecahedron": ("triakis icosahedron",),
    "truncated icosahedron": ("pentakis dodecahedron",),
    "rhombicosidodecahedron": ("deltoidal hexecontahedron", "trapezoidal hexecontahedron", "strombic hexecontahedron"),
    "truncated icosidodecahedron": ("disdyakis triacontahedron", "hexakis icosahedron"),
    "snub dodecahedron": ("pentagonal hexecontahedron",),
}

REGULAR_4 = ("5-cell", "tesseract", "16-cell", "24-cell", "120-cell", "600-cell")


def dual(shape: Polytope) -> Polytope:
    """Return the dual of a polytope: reciprocal in a sphere about its centre, then moved to its own centroid.

    Its vertices are the facets of the shape, as its facets are the shape's vertices. They are made when needed.

    Raises
    ------
    TypeError
        If `shape` is no `Polytope`.
    ValueError
        If it has more than 6 dimensions.

    References
    ----------
    :cite:t:`coxeter1973`, chapter 7.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> dual(polytope("rectified 5-cell")), dual(polytope("cube")).vertex_transitive
    (Polytope(dual of rectified 5-cell: 10 vertices in 4 dimensions), True)
    """
    if not isinstance(shape, Polytope):
        raise TypeError(f"`shape` must be a Polytope; got {type(shape).__name__}. Pass polytope('cube'), for example.")
    if shape.dimension > MOST_DIMENSIONS:
        raise ValueError(
            f"`shape` must have at most {MOST_DIMENSIONS} dimensions; got {shape.dimension}. Facets of larger ones are "
            "not found."
        )
    return _dual(shape, f"dual of {shape.name}", ())


def reciprocal(points: np.ndarray) -> np.ndarray:
    """Vertices of the dual of points around 0: facet n·x = 1 gives the vertex n, by the least of its vertices first.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> reciprocal(polytope("square").vertices).round(12) + 0.0
    array([[ 1.,  1.],
           [ 1., -1.],
           [-1.,  1.],
           [-1., -1.]])
    """
    if points.shape[1] == 1:
        return 1 / points
    facets = sorted(sorted(facet) for facet in hull_facets(points))
    return np.array([np.linalg.lstsq(points[facet], np.ones(len(facet)), rcond=None)[0] for facet in facets])


def _dual(shape: Polytope, name: str, aliases: tuple[str, ...], *, vertex_transitive: bool | None = None) -> Polytope:
    return solid(
        name,
        lambda: reciprocal(shape.points),
        shape.f_vector[::-1],
        shape.symmetry_order,
        aliases,
        vertex_transitive=vertex_transitive,
    )


def archimedean_solids() -> dict[str, Polytope]:
    """Return the 18 Platonic and Archimedean solids by name.

    Examples
    --------
    >>> len(archimedean_solids()), "snub cube" in archimedean_solids()
    (18, True)
    """
    return {shape.name: shape for shape in (*wythoffians(3), snubs.snub_cube(), snubs.snub_dodecahedron())}


@lru_cache(maxsize=1)
def catalan_solids() -> tuple[Polytope, ...]:
    """Return the duals of the 13 Archimedean solids.

    References
    ----------
    :cite:t:`coxeter1973`, 2.7 (the rhombic dodecahedron and triacontahedron).

    Examples
    --------
    >>> [shape.name for shape in catalan_solids() if shape.n_vertices == 14]
    ['rhombic dodecahedron', 'triakis octahedron', 'tetrakis hexahedron']
    """
    uniform = archimedean_solids()
    return tuple(
        _dual(uniform[of], name, (*others, f"dual of {of}"), vertex_transitive=False)
        for of, (name, *others) in CATALAN.items()
    )


@lru_cache(maxsize=1)
def duals_of_4_polytopes() -> tuple[Polytope, ...]:
    """Return the duals of the uniform 4-polytopes that are neither regular nor prisms.

    Examples
    --------
    >>> [shape.name for shape in duals_of_4_polytopes() if shape.n_vertices == 10]
    ['dual of rectified 5-cell', 'dual of truncated 5-cell', 'dual of bitruncated 5-cell']
    """
    uniform = (*wythoffians(4), snubs.snub_24_cell(), snubs.grand_antiprism())
    return tuple(dual(shape) for shape in uniform if shape.name not in REGULAR_4)
