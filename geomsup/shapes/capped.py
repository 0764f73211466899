"""Capped and gyroelongated shapes: combinatorial types that are no uniform solids, at the least energy of points."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import product

import numpy as np

from geomsup.shapes.families import antiprism, polygonal, ring
from geomsup.shapes.hull import hull_edges
from geomsup.shapes.polytope import Polytope
from geomsup.shapes.wythoff.construction import vertices
from geomsup.shapes.wythoff.coxeter import groups

__all__ = ["TYPICAL", "capped_shapes", "ringed_shapes"]

# Name of the variant of a family that is a typical member and no optimum.
TYPICAL = "typical"


@lru_cache(maxsize=1)
def capped_shapes() -> tuple[Polytope, ...]:
    """Types with free parameters, from 7 to 11 vertices, each at one member that is known as an optimum.

    The variant "Thomson" has the least Coulomb energy Σ 1/r of all points on the sphere, "Tammes" the greatest
    shortest distance. Minima are computed when looked at.

    References
    ----------
    :cite:t:`schutte1951` (shapes); :cite:t:`wales2006` (energies).

    Examples
    --------
    >>> [(shape.name, list(shape.variants)) for shape in capped_shapes()][:2]
    [('capped octahedron', ['Tammes']), ('tricapped trigonal prism', ['Thomson'])]
    """
    return (
        _family("capped octahedron", (7, 15, 10), 6, ("capped triangular antiprism",), "Tammes", _capped_octahedron),
        _family(
            "tricapped trigonal prism", (9, 21, 14), 12, ("triaugmented triangular prism",),
            "Thomson", lambda: _least_coulomb(_tricapped_prism()),
        ),
        _family(
            "gyroelongated square bipyramid", (10, 24, 16), 16, ("bicapped square antiprism",),
            "Thomson", lambda: _least_coulomb(_bicapped_antiprism()),
        ),
        _family(
            "edge-contracted icosahedron", (11, 27, 18), 4, (),
            "Thomson", lambda: _least_coulomb(_contracted_icosahedron()),
        ),
    )  # fmt: skip


def _family(
    name: str,
    f_vector: tuple[int, ...],
    order: int,
    aliases: tuple[str, ...],
    member: str,
    make: Callable[[], np.ndarray],
) -> Polytope:
    made = lru_cache(maxsize=1)(make)
    return Polytope(
        name, made, "", f_vector, order, aliases, lambda: {member: made()}, vertex_transitive=False, kind="family"
    )


@lru_cache(maxsize=128, typed=True)
def ringed_shapes(n: int) -> tuple[Polytope, ...]:
    """Solids of n vertices made of rings and caps that no optimum of points is known to be, but that W's may hold.

    Elongated and gyroelongated pyramids and bipyramids, capped prisms, the snub disphenoid, cuboids. Their one variant,
    "typical", is no optimum of anything: rings at round heights.

    Examples
    --------
    >>> [shape.name for shape in ringed_shapes(8)]
    ['elongated triangular bipyramid', 'bicapped triangular prism', 'snub disphenoid', 'square cuboid', 'cuboid']
    """
    return tuple(_ringed(name, order, points) for name, order, points in _rings_and_caps(n))


def _ringed(name: str, order: int, points: np.ndarray) -> Polytope:
    edges = len(hull_edges(points))
    f_vector = (len(points), edges, edges - len(points) + 2)
    return _family(name, f_vector, order, (), TYPICAL, lambda: points)


def _rings_and_caps(n: int) -> Iterator[tuple[str, int, np.ndarray]]:
    """Name, order of the symmetry group and a member of each."""
    top, bottom = np.array([[0.0, 0.0, 1.0]]), np.array([[0.0, 0.0, -1.0]])
    k = (n - 1) // 2
    twist = np.pi / k if k else 0.0
    if n % 2 == 1 and n >= 7:
        yield f"elongated {polygonal(k)} pyramid", 2 * k, np.concatenate([top, ring(k, 0.4), ring(k, -0.7)])
        if k > 3:  # of the triangle it is the capped octahedron
            turned = ring(k, -0.7, twist)
            yield f"gyroelongated {polygonal(k)} pyramid", 2 * k, np.concatenate([top, ring(k, 0.4), turned])
    if n % 2 == 0 and n >= 8:
        rings = [top, bottom, ring(k, 0.5)]
        yield f"elongated {polygonal(k)} bipyramid", 4 * k, np.concatenate([*rings, ring(k, -0.5)])
        if k > 5:  # of the square it is a Thomson type, of the pentagon the icosahedron
            turned = ring(k, -0.5, twist)
            yield f"gyroelongated {polygonal(k)} bipyramid", 4 * k, np.concatenate([*rings, turned])
    if n in (7, 8):
        caps = ring(3, 0.0, np.pi / 3)[: n - 6]
        name = {7: "capped triangular prism", 8: "bicapped triangular prism"}[n]
        yield name, 4, np.concatenate([ring(3, 0.7), ring(3, -0.7), caps])
    if n == 8:
        yield "snub disphenoid", 8, _snub_disphenoid()
        yield "square cuboid", 16, np.concatenate([ring(4, 0.75), ring(4, -0.75)])
        yield "cuboid", 8, _cuboid()


def _cuboid() -> np.ndarray:
    """A brick of three lengths."""
    points = np.array(list(product((-4.0, 4.0), (-5.0, 5.0), (-7.0, 7.0))))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _snub_disphenoid() -> np.ndarray:
    """Two edges across each other, and a bent ring of four between; twelve triangles."""
    points = np.array([
        [0.5, 0.0, -0.8], [-0.5, 0.0, -0.8], [0.0, 0.5, 0.8], [0.0, -0.5, 0.8],
        [0.0, 0.9, -0.3], [0.0, -0.9, -0.3], [0.9, 0.0, 0.3], [-0.9, 0.0, 0.3],
    ])  # fmt: skip
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def _capped_octahedron() -> np.ndarray:
    """7 points of the greatest shortest distance: a cap, three around it, three below.

    With α the angle between neighbours and β the polar angle of the lower three,
    cos α = (3 cos²β - 1)/2 among them, and cos α = cos α cos β + sin α sin β / 2 to the upper ones.
    """
    from scipy.optimize import root_scalar

    def mismatch(beta: float) -> float:
        alpha = np.arccos((3 * np.cos(beta) ** 2 - 1) / 2)
        return np.cos(alpha) * (np.cos(beta) - 1) + np.sin(alpha) * np.sin(beta) / 2

    beta = root_scalar(mismatch, bracket=(2.0, 2.6), xtol=1e-15).root
    cosine = (3 * np.cos(beta) ** 2 - 1) / 2
    return np.concatenate([[[0.0, 0.0, 1.0]], ring(3, cosine), ring(3, np.cos(beta), turn=np.pi / 3)])


def _tricapped_prism() -> np.ndarray:
    return np.concatenate([ring(3, 0.7), ring(3, -0.7), ring(3, 0.0, turn=np.pi / 3)])


def _bicapped_antiprism() -> np.ndarray:
    return np.concatenate([antiprism(4).vertices, [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]])


def _contracted_icosahedron() -> np.ndarray:
    """Icosahedron with the two ends of an edge moved together."""
    points = vertices(groups(3)[2], (2,))
    end = int(np.argsort(-(points @ points[0]))[1])
    middle = points[0] + points[end]
    return np.concatenate([[middle / np.linalg.norm(middle)], np.delete(points, [0, end], axis=0)])


def _least_coulomb(points: np.ndarray) -> np.ndarray:
    """Minimum of Σ 1/r next to a symmetric start, polished to rounding."""
    from scipy.optimize import least_squares, minimize

    found = minimize(_energy_and_slope, points.ravel(), jac=True, method="BFGS", options={"gtol": 1e-6})
    exact = least_squares(lambda x: _energy_and_slope(x)[1], found.x, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    rows = exact.x.reshape(points.shape)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _energy_and_slope(flat: np.ndarray) -> tuple[float, np.ndarray]:
    """Energy of the points brought to the unit sphere, and its gradient."""
    rows = flat.reshape(-1, 3)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit = rows / norms
    difference = unit[:, None] - unit[None]
    squared = (difference**2).sum(axis=-1)
    np.fill_diagonal(squared, np.inf)
    force = -(difference / squared[..., None] ** 1.5).sum(axis=1)
    tangential = force - (force * unit).sum(axis=1, keepdims=True) * unit
    return float((squared**-0.5).sum() / 2), (tangential / norms).ravel()
