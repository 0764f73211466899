"""What rows are compared with: a shape's variants and stretched members, and what they say before any map is tried."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from geomsup.recognition.matching.acceptance import reach
from geomsup.recognition.matching.families import stretched
from geomsup.shapes import Polytope, candidates

__all__ = ["Template", "count_templates", "lower_bounds", "nearest_stretched", "templates"]

# Stretched members compared row by row: where two subspaces change places, singular values have two minima.
MOST_STRETCHED = 3


@dataclass(frozen=True, eq=False)
class Template:
    """Vertices ``(n, r)`` of one member of a shape; `name` is its variant's, "" for a stretched one."""

    shape: Polytope
    name: str
    vertices: np.ndarray
    first: bool

    @property
    def dimension(self) -> int:
        """Dimension r."""
        return self.vertices.shape[1]

    @cached_property
    def gram(self) -> np.ndarray:
        """Inner products of the vertices, ``(n, n)``."""
        return self.shape.gram if self.name == "uniform" else self.vertices @ self.vertices.T

    @cached_property
    def reach(self) -> float:
        """Largest rms distance of rows at which the template is accepted."""
        return reach(self.vertices)

    @cached_property
    def singular(self) -> np.ndarray:
        """Singular values of the vertices."""
        return np.linalg.svd(self.vertices, compute_uv=False)

    @cached_property
    def profiles(self) -> np.ndarray:
        """Sorted inner products of each vertex with all, ``(n, n)``."""
        return np.sort(self.gram, axis=1)

    @cached_property
    def representatives(self) -> np.ndarray:
        """Which vertices stand for their orbits, one for each, ``(n,)``."""
        stand = np.zeros(len(self.vertices), dtype=bool)
        stand[[orbit[0] for orbit in self.shape.orbits]] = True
        return stand

    @cached_property
    def levels(self) -> np.ndarray:
        """Different inner products, ascending."""
        return np.unique(self.gram.round(6))

    @cached_property
    def products(self) -> np.ndarray:
        """Sorted inner products, ``(n²,)``."""
        return np.sort(self.gram, axis=None)


@lru_cache(maxsize=1024, typed=True)
def templates(shape: Polytope) -> tuple[Template, ...]:
    """Variants of a shape.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> [template.name for template in templates(polytope("triangular prism"))]
    ['uniform', 'tight frame']
    """
    return tuple(Template(shape, name, T, i == 0) for i, (name, T) in enumerate(shape.variants.items()))


def count_templates(rank: int, n_vertices: int) -> int:
    """Number of templates, variants included, for rows of a rank and a number of vertices.

    Examples
    --------
    >>> count_templates(3, 8) > count_templates(3, 4) == 1
    True
    """
    return sum(len(shape.variants) for shape in candidates(rank, n_vertices, flexible=True))


def nearest_stretched(singular: np.ndarray, shape: Polytope) -> list[Template]:
    """Stretched members whose singular values are nearest to those of rows, ``(s,)``: the least minima.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> prism = polytope("pentagonal prism")
    >>> singular = np.linalg.svd(prism.vertices, compute_uv=False)
    >>> nearest = nearest_stretched(singular, prism)[0].singular
    >>> bool(np.abs(nearest - singular).max() < 0.05)
    True
    """
    members, values = _stretched(shape)
    if not members:
        return []
    distance = np.linalg.norm(values - singular[: shape.dimension], axis=1)
    around = np.pad(distance, 1, constant_values=np.inf)
    minima = np.flatnonzero((distance <= around[:-2]) & (distance <= around[2:]))
    return [members[i] for i in minima[np.argsort(distance[minima], kind="stable")][:MOST_STRETCHED]]


@lru_cache(maxsize=1024, typed=True)
def _stretched(shape: Polytope) -> tuple[tuple[Template, ...], np.ndarray]:
    members = stretched(shape)
    if not members:
        return (), np.empty((0, shape.dimension))
    stack = np.array(members)
    squared = np.linalg.eigvalsh(np.swapaxes(stack, 1, 2) @ stack)[:, ::-1]
    return tuple(Template(shape, "", T, False) for T in members), np.sqrt(np.maximum(squared, 0.0))


def lower_bounds(singular: np.ndarray, products: np.ndarray | None, template: Template) -> np.ndarray:
    """Return lower bounds on the rms distance of k rows from a template.

    With E = X − TR, ‖E‖² >= Σ (σ_i(X) − σ_i(T))² (Mirsky), which includes the energy outside the template's
    subspace, and ‖XXᵀ − TTᵀ‖ <= (σ_1(X) + σ_1(T)) ‖E‖, while sorting entries only brings them closer.

    Parameters
    ----------
    singular
        ``(..., s)`` singular values of X, largest first, s >= the dimension of the shape.
    products
        ``(..., k²)`` sorted entries of XXᵀ; None to do without them.
    template
        The template, of k vertices.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> X = np.array([[1.0, 0.0], [0.0, 1.0]])  # a right angle is no digon
    >>> (digon,) = templates(polytope("digon"))
    >>> round(float(lower_bounds(np.linalg.svd(X, compute_uv=False), np.sort(X @ X.T, axis=None), digon)), 4)
    0.7653
    """
    difference = np.array(singular)
    difference[..., : template.dimension] -= template.singular
    bound = np.linalg.norm(difference, axis=-1)
    if products is not None:
        entries = np.linalg.norm(products - template.products, axis=-1) / (singular[..., 0] + template.singular[0])
        bound = np.maximum(bound, entries)
    return bound / len(template.vertices) ** 0.5
