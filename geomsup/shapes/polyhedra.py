"""All solids that have names of their own."""

from functools import lru_cache

from geomsup.shapes.duals import archimedean_solids, catalan_solids
from geomsup.shapes.johnson.solids import johnson_solids
from geomsup.shapes.polytope import Polytope

__all__ = ["solids", "solids_with_norms"]


@lru_cache(maxsize=1)
def solids() -> tuple[Polytope, ...]:
    """Return 123 solids: 5 Platonic and 13 Archimedean ones, 92 Johnson solids, 13 Catalan solids.

    Prisms and antiprisms are left out. No coordinates are made.

    Examples
    --------
    >>> from collections import Counter
    >>> Counter(shape.kind for shape in solids())
    Counter({'solid': 97, 'uniform': 18, 'Johnson': 8})
    """
    return (*archimedean_solids().values(), *johnson_solids(), *catalan_solids())


@lru_cache(maxsize=1)
def solids_with_norms() -> tuple[Polytope, ...]:
    """Return those that no sphere about the centroid holds: 84 Johnson and 13 Catalan solids.

    Examples
    --------
    >>> len(solids_with_norms())
    97
    """
    return tuple(shape for shape in solids() if shape.kind == "solid")
