"""Isometries of a point set as permutations: a chain of stabilisers, one basis point after the other."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np

__all__ = ["Isometries", "TooWide", "find_isometries", "near_basis", "orbit_of", "orbits"]

# Partial maps that are tried for one image of a basis point. No shape with up to 130 vertices, exact or with noise,
# needs more than 145, because dead ends show within a few images. A tolerance as wide as the distances would never end.
MOST_NODES = 1000

# Least distance of a basis point from the span of those before it, as a fraction of the largest norm.
WELL_CONDITIONED = 0.3

# Points of which the images are looked at before those of all others: of wrong maps hardly any passes these.
PROBES = 16


class TooWide(ArithmeticError):
    """The tolerance lets so much pass that the search would not end."""


class Isometries(NamedTuple):
    """A group of permutations of n points that orthogonal maps realise.

    Attributes
    ----------
    order
        Number of its elements.
    generators
        ``(g, n)``: generator k sends point i to point ``generators[k, i]``.
    """

    order: int
    generators: np.ndarray


def find_isometries(points: np.ndarray, tolerance: float) -> Isometries:
    """Find the orthogonal maps that bring every point within `tolerance` of a point, and each to another.

    A map is fixed by the images of a basis. With b_1, ..., b_r the basis and G_i the maps that fix
    b_1, ..., b_{i−1}, |G| is the product of the sizes of the orbits of b_i under G_i: for every point that may be
    in an orbit one map is looked for, depth first, and those found earlier generate most of the orbit. So the
    cost grows with n and r, not with the order: 696,729,600 maps of 4_21 follow from some 30.

    Parameters
    ----------
    points
        ``(n, r)``, spanning the space; different points further than 2 `tolerance` apart.
    tolerance
        Largest distance of an image from its point, in the units of `points`.

    Raises
    ------
    TooWide
        If the tolerance is so wide against the distances of points that the search would not end.

    References
    ----------
    :cite:t:`sims1970`: base and strong generating set.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> find_isometries(polytope("icosahedron").vertices, 1e-6).order
    120
    """
    search = _Search(points, tolerance)
    generators: list[np.ndarray] = []
    sizes = []
    for level in reversed(range(len(search.base))):
        generators, size = _grown(search, level, generators)
        sizes.append(size)
    return Isometries(prod(sizes), np.array(generators, dtype=np.int64).reshape(len(generators), len(points)))


def orbits(n: int, generators: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Sets of points that the group of `generators` brings to each other, by first point.

    Examples
    --------
    >>> orbits(4, np.array([[1, 0, 2, 3]]))
    ((0, 1), (2,), (3,))
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    images = np.asarray(generators).reshape(-1, n)
    edges = (np.tile(np.arange(n), len(images)), images.ravel())
    labels = connected_components(coo_array((np.ones(images.size), edges), shape=(n, n)), directed=False)[1]
    _, first = np.unique(labels, return_index=True)
    return tuple(tuple(np.flatnonzero(labels == labels[i]).tolist()) for i in np.sort(first))


def orbit_of(point: int, generators: Sequence[np.ndarray]) -> set[int]:
    """Points that a group brings one point to, itself included."""
    found, fresh = {point}, [point]
    while fresh:
        fresh = [image for image in {int(g[i]) for g in generators for i in fresh} if image not in found]
        found.update(fresh)
    return found


def _grown(search: "_Search", level: int, generators: list[np.ndarray]) -> tuple[list[np.ndarray], int]:
    """Generators of the maps that fix the basis before `level`, from those that fix it too, and the orbit's size."""
    point = search.base[level]
    generators = list(generators)
    orbit, refused = orbit_of(point, generators), set[int]()
    deeper = len(generators)
    for image in search.possible(level, search.base[:level]):
        if image in orbit or image in refused:
            continue
        found = search.extended([*search.base[:level], image])
        if found is None:
            # A point that cannot be reached cannot be reached either after maps that fix this point.
            refused |= orbit_of(image, generators[:deeper])
        else:
            generators.append(found)
            orbit = orbit_of(point, generators)
    return generators, len(orbit)


class _Search:
    """Depth-first search for a map with given images of the first basis points."""

    def __init__(self, points: np.ndarray, tolerance: float) -> None:
        self.points, self.tolerance = points, tolerance
        self.gram = points @ points.T
        self.squares = self.gram.diagonal()
        # Two points within the tolerance change their product by their norms times that, and a little.
        self.slack = 2 * tolerance * float(np.sqrt(self.squares.max())) + tolerance**2
        self.base = near_basis(points)
        self.inverse = np.linalg.inv(points[self.base])
        probes = np.linspace(0, len(points) - 1, min(len(points), PROBES)).astype(int)
        self.probed = self.gram[probes][:, self.base]
        profile = np.sort(self.gram, axis=1)
        self.alike = [np.abs(profile - profile[b]).max(axis=1) <= self.slack for b in self.base]

    def possible(self, level: int, images: Sequence[int]) -> list[int]:
        """Images of basis point `level` that have the right products with those of the earlier ones."""
        wanted = self.gram[self.base[level], self.base[:level]]
        near = np.abs(self.gram[:, list(images)] - wanted).max(axis=1, initial=0.0) <= self.slack
        near &= self.alike[level]
        near[list(images)] = False
        return np.flatnonzero(near).tolist()

    def extended(self, images: Sequence[int]) -> np.ndarray | None:
        """First map, as a permutation, that sends the first basis points to `images`; None if there is none."""
        stack = [list(images)]
        for _ in range(MOST_NODES):
            if not stack:
                return None
            partial = stack.pop()
            if len(partial) == len(self.base):
                permutation = self._permutation(partial)
                if permutation is not None:
                    return permutation
            else:
                stack.extend([*partial, image] for image in reversed(self.possible(len(partial), partial)))
        raise TooWide(f"the tolerance {self.tolerance:g} lets more than {MOST_NODES} partial maps pass")

    def _permutation(self, images: list[int]) -> np.ndarray | None:
        # Twice, because of noise: the nearest orthogonal map on the basis says which point goes where; all points give
        # the map.
        if self._misses(images):
            return None
        nearest = self._nearest(self.points @ _orthogonal(self.inverse @ self.points[images]))
        if (np.bincount(nearest, minlength=len(nearest)) != 1).any():
            return None
        moved = self.points @ _orthogonal(self.points.T @ self.points[nearest])
        if np.linalg.norm(moved - self.points[nearest], axis=1).max() > self.tolerance:
            return None
        return nearest

    def _misses(self, images: list[int]) -> bool:
        """Whether no point has the products with the images that one of the probes has with the basis."""
        products = self.gram[:, images]
        return bool((np.abs(products - self.probed[:, None]).max(axis=2).min(axis=1) > self.slack).any())

    def _nearest(self, moved: np.ndarray) -> np.ndarray:
        return np.argmax(moved @ self.points.T - 0.5 * self.squares, axis=1)


def _orthogonal(matrix: np.ndarray) -> np.ndarray:
    left, _, right = np.linalg.svd(matrix)
    return left @ right


def near_basis(points: np.ndarray) -> list[int]:
    """Indices of points ``(n, r)`` that are a basis, each as near to the first as it can be.

    Neighbours have few possible images. Points at right angles, the best conditioned, have so many that dead ends
    of the 8-cube are never left.
    """
    base: list[int] = []
    rest = points / np.linalg.norm(points, axis=1).max()
    for _ in range(points.shape[1]):
        lengths = np.linalg.norm(rest, axis=1)
        fit = np.flatnonzero(lengths >= min(WELL_CONDITIONED, 0.9 * lengths.max()))
        first = points[base[0]] if base else points[int(np.argmax(lengths))]
        chosen = int(fit[np.argmin(((points[fit] - first) ** 2).sum(axis=1))])
        base.append(chosen)
        direction = rest[chosen] / np.linalg.norm(rest[chosen])
        rest = rest - np.outer(rest @ direction, direction)
    return base
