"""Pyramids: a shape in a hyperplane and one vertex beside it, all on the unit sphere."""

from functools import lru_cache

import numpy as np

from geomsup.shapes.families import adjective, polygonal
from geomsup.shapes.polytope import Polytope

__all__ = ["pyramid"]


@lru_cache(maxsize=512, typed=True)
def pyramid(base: Polytope) -> Polytope:
    """Pyramid over a shape of k vertices, which is no simplex: then it would be one more.

    The height of the base is free; the variant "balanced" has it at -1/k, so that the mean of all vertices is 0. Of
    (n, m) = (5, 3) the square pyramid is the optimum in a range of sparsities.

    Examples
    --------
    >>> from geomsup.shapes.families import polygon
    >>> pyramid(polygon(4))
    Polytope(square pyramid: 5 vertices in 3 dimensions)
    """
    k = base.n_vertices
    f_vector = tuple(below + own for below, own in zip((1, *base.f_vector), (*base.f_vector, 1), strict=True))
    words = polygonal(k) if base.dimension == 2 else adjective(base.name)
    return Polytope(
        f"{words} pyramid",
        lambda: _balanced(base.vertices),
        "",
        f_vector,
        base.symmetry_order,
        (f"{k}-gonal pyramid",) if base.dimension == 2 else (),
        lambda: {"balanced": _balanced(base.vertices)},
        vertex_transitive=False,
        kind="family",
    )


def _balanced(base: np.ndarray) -> np.ndarray:
    k, d = base.shape
    rows = np.zeros((k + 1, d + 1))
    rows[:k, :d], rows[:k, d] = base * np.sqrt(1 - 1 / k**2), -1 / k
    rows[k, d] = 1.0
    return rows
