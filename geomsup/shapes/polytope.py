"""A named shape: its vertices on the unit sphere, and what is known about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from geomsup.dimensions import dimensionality

__all__ = ["Polytope"]

# Inner products of one shape that differ by less are the same number, reached by different roundings.
SAME_PRODUCT = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class Polytope:
    """A polytope with its centre at 0 and its vertices on the unit sphere.

    Parameters
    ----------
    name
        English name, e.g. "icosahedron".
    vertices
        ``(n, d)``, rows are vertices of unit norm; kept as a read-only copy.
    symbol
        Schläfli symbol, e.g. "{3,5}".
    f_vector
        Numbers of vertices, edges, ..., facets: d numbers.
    symmetry_order
        Number of isometries, reflections included.
    aliases
        Acronyms and other names.
    variants
        Name of a variant -> its vertices ``(n, d)``, in the same order as `vertices`, for a shape with a free
        parameter. A rigid shape has the one variant "uniform", which is `vertices`.

    Examples
    --------
    >>> digon = Polytope("digon", [[1.0], [-1.0]], "{}", (2,), 2)
    >>> digon.edges, digon.dimensionality
    (((0, 1),), 0.5)
    """

    name: str
    vertices: Any
    symbol: str
    f_vector: tuple[int, ...]
    symmetry_order: int
    aliases: tuple[str, ...] = ()
    variants: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices", _read_only(self.vertices))
        variants = {"uniform": self.vertices} | {name: _read_only(v) for name, v in self.variants.items()}
        object.__setattr__(self, "variants", MappingProxyType(variants))

    @property
    def n_vertices(self) -> int:
        """Number of vertices n."""
        return self.vertices.shape[0]

    @property
    def dimension(self) -> int:
        """Dimension d of the space the shape spans."""
        return self.vertices.shape[1]

    @cached_property
    def gram(self) -> np.ndarray:
        """Inner products of the vertices, ``(n, n)``, read-only."""
        return _read_only(self.vertices @ self.vertices.T)

    @cached_property
    def shortest_chord(self) -> float:
        """Distance between the nearest two vertices: the edge length, at circumradius 1."""
        return float(np.sqrt(2 - 2 * self.products[-1]))

    @cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Pairs of vertices at the shortest distance; of a uniform shape, its edges."""
        near = np.triu(self.gram > self.products[-1] - 2 * SAME_PRODUCT, k=1)
        return tuple((int(i), int(j)) for i, j in np.argwhere(near))

    @cached_property
    def dimensionality(self) -> float | np.ndarray:
        """Fractional dimensionality D_i: a float if all vertices share it, else ``(n,)``."""
        shares = dimensionality(self.vertices)
        return float(shares.mean()) if np.ptp(shares) < SAME_PRODUCT else _read_only(shares)

    @cached_property
    def products(self) -> np.ndarray:
        """Different inner products of two vertices, ascending, read-only."""
        every = np.sort(self.gram[np.triu_indices(self.n_vertices, 1)])
        return _read_only(every[np.append(np.diff(every) > SAME_PRODUCT, True)])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polytope) and self.name == other.name and np.array_equal(self.vertices, other.vertices)

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        # A mapping proxy does not pickle; building anew also makes the arrays read-only again.
        values = (self.name, self.vertices, self.symbol, self.f_vector, self.symmetry_order, self.aliases)
        return Polytope, (*values, dict(self.variants))

    def __repr__(self) -> str:
        space = "1 dimension" if self.dimension == 1 else f"{self.dimension} dimensions"
        return f"Polytope({self.name} {self.symbol}: {self.n_vertices} vertices in {space})"


def _read_only(array: Any) -> np.ndarray:
    copy = np.array(array, dtype=np.float64)
    copy.flags.writeable = False
    return copy
