"""An unnamed component of few rows: its symmetry, its inner products, and the type of its hull."""

from dataclasses import dataclass

import numpy as np

from geomsup.isometries import Symmetry, symmetry
from geomsup.isometries.point_groups import elements
from geomsup.recognition.hull_types import hull_type
from geomsup.shapes.faces import face_numbers
from geomsup.shapes.families import simplex
from geomsup.shapes.hull import hull_facets
from geomsup.tables import Readable

__all__ = ["Outline", "outline"]

# An isometry counts if it brings every row to a row within this fraction of their shortest distance. Noise of 3 % of it
# per coordinate stays inside.
TOLERANCE = 0.15

# Rows that nearly coincide have no shortest distance; then this one.
LEAST_DISTANCE = 0.05

# Facets of a symmetrised hull whose unit normals differ by less are one.
SAME_FACET = 1e-6

# Hulls of more dimensions take too long.
LARGEST_RANK = 6
# Hulls of more facets are not described.
MOST_FACETS = 2000

# Larger groups are not written out; those of unnamed shapes are small.
LARGEST_GROUP = 500


@dataclass(frozen=True, eq=False)
class Outline(Readable):
    """An unnamed component in numbers.

    Attributes
    ----------
    symmetry
        Isometries of its unit rows, within 15 % of their shortest distance.
    inner_products
        Different inner products of two unit rows, ascending: means of those that gaps wider than the tolerance part.
    hull
        Name of the combinatorial type of the hull, "capped octahedron", in up to six dimensions; of a simplex in any.
        None where it has no usual name.
    f_vector
        Numbers of vertices, edges, ..., facets of the hull; None beyond six dimensions or 2000 facets, or where rows
        coincide.

    Examples
    --------
    >>> import geomsup as gs
    >>> import numpy as np
    >>> W = np.random.default_rng(0).normal(size=(9, 3))
    >>> outline = gs.classify(W).components[0].description
    >>> outline.symmetry.order, len(outline.inner_products), sorted(outline.to_dict())[:2]
    (1, 13, ['f_vector', 'hull'])
    """

    symmetry: Symmetry
    inner_products: tuple[float, ...]
    hull: str | None
    f_vector: tuple[int, ...] | None = None

    @property
    def name(self) -> str | None:
        """Type and symmetry, "capped octahedron, C3v"; None without a type, or without any symmetry."""
        if self.hull is None or self.symmetry.order == 1:
            return None
        return f"{self.hull}, {self.symmetry.schoenflies or f'symmetry of order {self.symmetry.order}'}"

    def __str__(self) -> str:
        found = self.symmetry
        group = f"{found.schoenflies}, order {found.order}" if found.schoenflies else f"order {found.order}"
        alike = "vertex-transitive" if found.vertex_transitive else f"{len(found.orbits)} orbits"
        return f"symmetry {group}, {alike}; {len(self.inner_products)} different inner products{self._hull()}"

    def _hull(self) -> str:
        if self.hull:
            return f"; hull: {self.hull}"
        faces = ("vertices", "edges", "faces", "cells", "4-faces", "5-faces")
        counts = self.f_vector or ()
        return "; hull: " + ", ".join(map("{} {}".format, counts, faces)) if counts else ""


def outline(X: np.ndarray) -> Outline:
    """Describe unit rows that no shape of the catalogue fits.

    Parameters
    ----------
    X
        ``(k, r)`` unit rows in coordinates of their span.

    Examples
    --------
    >>> X = np.array([[0, 0, 1], [0.8, 0.6, 0], [0.8, -0.6, 0], [-0.8, 0.6, 0], [-0.8, -0.6, 0]])
    >>> print(outline(X))
    symmetry C2v, order 4, 2 orbits; 4 different inner products; hull: square pyramid
    """
    gram = X @ X.T
    pairs = np.sort(gram[np.triu_indices(len(X), 1)])
    distance = max(float(np.sqrt(max(2 - 2 * pairs[-1], 0.0))), LEAST_DISTANCE)
    found = symmetry(X, tolerance=TOLERANCE * distance)
    values = np.split(pairs, np.flatnonzero(np.diff(pairs) > TOLERANCE * distance) + 1)
    inner_products = tuple(float(group.mean()) for group in values)
    return Outline(found, inner_products, *_hull(X, found))


def _hull(X: np.ndarray, found: Symmetry) -> tuple[str | None, tuple[int, ...] | None]:
    """Type and f-vector."""
    k, r = X.shape
    if k == r + 1 and _around_origin(X):
        return simplex(r).name, simplex(r).f_vector
    if not 3 <= r <= LARGEST_RANK or k < r:
        return None, None
    from scipy.spatial import QhullError

    try:
        # Faces that symmetry makes flat are, once the rows have exactly the symmetry found.
        facets = hull_facets(_symmetrised(X, found), tolerance=SAME_FACET)
    except QhullError:  # rows that coincide, or nearly in a subspace
        return None, None
    if len(facets) > MOST_FACETS or len(frozenset[int]().union(*facets)) < k:
        return None, None
    return hull_type(facets, r), face_numbers(facets, r)


def _around_origin(X: np.ndarray) -> bool:
    """Whether r + 1 points in r dimensions have the origin inside: it is a mean of them with positive weights."""
    weights = np.linalg.svd(X.T)[2][-1]
    return X.shape[1] > 1 and bool((weights > 0).all() or (weights < 0).all())


def _symmetrised(X: np.ndarray, found: Symmetry) -> np.ndarray:
    """Points on the unit sphere near X with exactly the symmetry found: from the mean of all its Gram matrices."""
    if found.order == 1 or found.order > LARGEST_GROUP:
        return X
    gram = X @ X.T
    mean = np.mean([gram[np.ix_(g, g)] for g in elements(found.generators, found.order)], axis=0)
    squared, axes = np.linalg.eigh(mean)
    points = axes[:, -X.shape[1] :] * np.sqrt(np.maximum(squared[-X.shape[1] :], 0.0))
    return points / np.linalg.norm(points, axis=1, keepdims=True)
