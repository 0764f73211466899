"""Johnson's solids J49 to J83: uniform solids with caps put on, turned or cut off."""

from collections.abc import Callable
from functools import partial
from math import cos, pi

import numpy as np

from geomsup.shapes.johnson.carving import augmented, axes_at, diminished, gyrated, unit_edges
from geomsup.shapes.johnson.crowns import circle, side_radius
from geomsup.shapes.wythoff.construction import vertices
from geomsup.shapes.wythoff.coxeter import groups

__all__ = ["CARVED"]

TETRAHEDRAL, CUBIC, ICOSAHEDRAL = range(3)  # places of the groups A3, B3, H3 in `groups(3)`

# Inner products of axes: opposite; in the icosahedral group neither opposite nor neighbours; of prisms by their angle.
PARA, META = -1.0, -(5**-0.5)
TWO_FIFTHS, THIRD = cos(4 * pi / 5), cos(2 * pi / 3)


def _uniform(group: int, *rings: int) -> np.ndarray:
    return unit_edges(vertices(groups(3)[group], rings))


def _axes(group: int, ring: int, *products: float) -> np.ndarray:
    """Axes through corners of the group's triangle."""
    return axes_at(vertices(groups(3)[group], (ring,)), products)


def _on_prism(k: int, *products: float) -> np.ndarray:
    """Prism with square pyramids on sides; the first on any, the next at these cosines to all before."""
    prism = np.concatenate([circle(k, side_radius(k), -0.5), circle(k, side_radius(k), 0.5)])
    return augmented(prism, axes_at(circle(k, 1.0, 0.0, pi / k), products), "Y4")


def _on_uniform(group: int, rings: tuple[int, ...], ring: int, cap: str, *products: float) -> np.ndarray:
    """Uniform solid with caps on faces; `ring` is that of the shape whose vertices are the axes."""
    return augmented(_uniform(group, *rings), _axes(group, ring, *products), cap)


def _off_icosahedron(*products: float) -> np.ndarray:
    return diminished(_uniform(ICOSAHEDRAL, 2), _axes(ICOSAHEDRAL, 2, *products))


def _augmented_tridiminished() -> np.ndarray:
    """Icosahedron without three vertices, with a tetrahedron on the triangle between the three pentagons."""
    axis = _axes(ICOSAHEDRAL, 2, META, META).sum(axis=0)
    return augmented(_off_icosahedron(META, META), axis[None] / np.linalg.norm(axis), "Y3")


def _rhombic(cut: int, turn: int, product: float) -> np.ndarray:
    """Rhombicosidodecahedron with the first few cupolas cut off and the next turned."""
    axes = _axes(ICOSAHEDRAL, 2, *[product] * (cut + turn - 1))
    return gyrated(diminished(_uniform(ICOSAHEDRAL, 0, 2), axes[:cut]), axes[cut:], 5)


# Johnson's number -> maker of its vertices at edge length 1. J72 to J75 and J80 are in inscribed.py.
CARVED: dict[int, Callable[[], np.ndarray]] = {
    49: partial(_on_prism, 3),
    50: partial(_on_prism, 3, THIRD),
    51: partial(_on_prism, 3, THIRD, THIRD),
    52: partial(_on_prism, 5),
    53: partial(_on_prism, 5, TWO_FIFTHS),
    54: partial(_on_prism, 6),
    55: partial(_on_prism, 6, PARA),
    56: partial(_on_prism, 6, THIRD),
    57: partial(_on_prism, 6, THIRD, THIRD),
    58: partial(_on_uniform, ICOSAHEDRAL, (0,), 2, "Y5"),
    59: partial(_on_uniform, ICOSAHEDRAL, (0,), 2, "Y5", PARA),
    60: partial(_on_uniform, ICOSAHEDRAL, (0,), 2, "Y5", META),
    61: partial(_on_uniform, ICOSAHEDRAL, (0,), 2, "Y5", META, META),
    62: partial(_off_icosahedron, META),
    63: partial(_off_icosahedron, META, META),
    64: _augmented_tridiminished,
    65: partial(_on_uniform, TETRAHEDRAL, (0, 1), 2, "Q3"),
    66: partial(_on_uniform, CUBIC, (0, 1), 2, "Q4"),
    67: partial(_on_uniform, CUBIC, (0, 1), 2, "Q4", PARA),
    68: partial(_on_uniform, ICOSAHEDRAL, (0, 1), 2, "Q5"),
    69: partial(_on_uniform, ICOSAHEDRAL, (0, 1), 2, "Q5", PARA),
    70: partial(_on_uniform, ICOSAHEDRAL, (0, 1), 2, "Q5", META),
    71: partial(_on_uniform, ICOSAHEDRAL, (0, 1), 2, "Q5", META, META),
    76: partial(_rhombic, 1, 0, META),
    77: partial(_rhombic, 1, 1, PARA),
    78: partial(_rhombic, 1, 1, META),
    79: partial(_rhombic, 1, 2, META),
    81: partial(_rhombic, 2, 0, META),
    82: partial(_rhombic, 2, 1, META),
    83: partial(_rhombic, 3, 0, META),
}
