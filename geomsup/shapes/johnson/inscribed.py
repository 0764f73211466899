"""Johnson solids inscribed in a sphere about their centroid: uniform solids with pieces turned or cut off."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from geomsup.shapes.johnson.carving import axes_at, diminished, gyrated, rotation, turned
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.wythoff.construction import vertices
from geomsup.shapes.wythoff.coxeter import groups

__all__ = ["inscribed_johnson_solids"]


@lru_cache(maxsize=1)
def inscribed_johnson_solids() -> tuple[Polytope, ...]:
    """Return the Johnson solids J27, J34, J37, J72, J73, J74, J75 and J80.

    Their faces are regular and their vertices lie on a sphere about the centroid. They are not vertex-transitive. All
    but J80 are twins of uniform solids: they have as many vertices on the same sphere, and nearly the same inner
    products.

    References
    ----------
    :cite:t:`johnson1966`.

    Examples
    --------
    >>> [(shape.aliases[0], shape.n_vertices) for shape in inscribed_johnson_solids()]
    [('J27', 12), ('J34', 30), ('J37', 24), ('J72', 60), ('J73', 60), ('J74', 60), ('J75', 60), ('J80', 50)]
    """
    gyrate = "gyrate rhombicosidodecahedron"
    return (
        _solid("triangular orthobicupola", "J27", (12, 24, 14), 12, ("tobcu",), _orthobicupola),
        _solid("pentagonal orthobirotunda", "J34", (30, 60, 32), 20, ("pobro",), _orthobirotunda),
        _solid(
            "elongated square gyrobicupola", "J37", (24, 48, 26), 16,
            ("pseudorhombicuboctahedron", "esquigybcu"), _gyrobicupola,
        ),
        _solid(gyrate, "J72", (60, 120, 62), 10, ("gyrid",), lambda: _gyrate([])),
        _solid(f"parabi{gyrate}", "J73", (60, 120, 62), 20, ("pabgyrid",), lambda: _gyrate([-1])),
        _solid(f"metabi{gyrate}", "J74", (60, 120, 62), 4, ("mabgyrid",), lambda: _gyrate([-(5**-0.5)])),
        _solid(f"tri{gyrate}", "J75", (60, 120, 62), 6, ("tagyrid",), lambda: _gyrate([-(5**-0.5)] * 2)),
        _solid(
            "parabidiminished rhombicosidodecahedron", "J80", (50, 90, 42), 20, ("pabidrid",), _parabidiminished
        ),
    )  # fmt: skip


def _solid(
    name: str,
    number: str,
    f_vector: tuple[int, ...],
    order: int,
    others: tuple[str, ...],
    make: Callable[[], np.ndarray],
) -> Polytope:
    return Polytope(name, make, number, f_vector, order, (number, *others), vertex_transitive=False, kind="Johnson")


def _orthobicupola() -> np.ndarray:
    """Return a cuboctahedron with one half turned by 60 degrees."""
    axis = vertices(groups(3)[1], (0,))[0]  # through the centre of a triangle: a vertex of the cube
    return turned(vertices(groups(3)[1], (1,)), axis, 3)


def _orthobirotunda() -> np.ndarray:
    """Return an icosidodecahedron with one half turned by 36 degrees."""
    whole = vertices(groups(3)[2], (1,))
    axis = _axes()[0]
    return np.where((whole @ axis > 0.1)[:, None], whole @ rotation(axis, np.pi / 5).T, whole)


def _gyrobicupola() -> np.ndarray:
    """Return a rhombicuboctahedron with one square cupola turned by 45 degrees."""
    axis = vertices(groups(3)[1], (2,))[0]  # through the centre of a square: a vertex of the octahedron
    return turned(vertices(groups(3)[1], (0, 2)), axis, 4)


def _gyrate(products: list[float]) -> np.ndarray:
    """Return a rhombicosidodecahedron with one or more pentagonal cupolas turned by 36 degrees.

    `products` has one number for each cupola after the first: the inner product of its axis with every axis before it.
    """
    return gyrated(vertices(groups(3)[2], (0, 2)), axes_at(_axes(), products), 5)


def _parabidiminished() -> np.ndarray:
    """Return a rhombicosidodecahedron without the tops of two opposite cupolas."""
    return diminished(vertices(groups(3)[2], (0, 2)), axes_at(_axes(), [-1]))


def _axes() -> np.ndarray:
    """Return the five-fold axes of the icosahedral group: the vertices of the icosahedron."""
    return vertices(groups(3)[2], (2,))
