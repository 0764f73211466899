"""Shapes with free parameters: all configurations with the symmetries of a template, and the one nearest to data.

A configuration Y has the symmetries G of a template T when g sends its rows to each other as it does T's. These
Y are a linear space, spanned by C_a T with C_a the 0-1 matrix of an orbit of G on pairs of vertices: whatever the
parameters are (the height of a prism, the caps of an antiprism, how far a truncation goes), nobody has to name them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from geomsup.isometries import find_isometries
from geomsup.recognition.matching.coincidence import COINCIDENT
from geomsup.shapes import Polytope

__all__ = ["FLAT", "Family", "elevations", "family", "sound", "stretched"]

# Tolerance of a template's symmetries: templates are exact to 1e-9.
EXACT = 1e-6
# Shapes of more vertices are compared as they are.
LARGEST = 100

# Random members that span the space of a family. (If its dimension is this number or more, it does not matter.)
SAMPLES = 40

# A member is flat if a singular value is below this fraction of the largest.
FLAT = 0.2
# A member falls into parts if no larger cosine holds them together. The rows themselves would be read as these parts.
LOOSE = 0.1

# Singular values and eigenvalues of different meaning are further apart than this.
SEPARATE = 1e-6

# Angles, in degrees, of stretched members above the largest subspace that the symmetries keep.
ELEVATIONS = tuple(range(8, 84, 2))


@dataclass(frozen=True, eq=False)
class Family:
    """Configurations with the symmetries of a template.

    Attributes
    ----------
    basis
        ``(n r, q)`` orthonormal columns that span them, each a flattened ``(n, r)``.
    n_parameters
        Number of independent ways to move the vertices on the sphere that keep the symmetries, rotations apart.
    subspaces
        Orthonormal rows of each subspace that the symmetries leave alone, largest first: a plane and an axis for
        a prism, all of space for a cube.
    """

    basis: np.ndarray
    n_parameters: int
    subspaces: tuple[np.ndarray, ...]

    def nearest(self, Y: np.ndarray) -> np.ndarray:
        """Member nearest to rows Y ``(n, r)``, which are aligned with the template, scaled to the unit sphere."""
        member = (self.basis @ (self.basis.T @ Y.ravel())).reshape(Y.shape)
        return member / np.maximum(np.linalg.norm(member, axis=1, keepdims=True), 1e-12)


@lru_cache(maxsize=512, typed=True)
def family(shape: Polytope) -> Family | None:
    """Family of a shape; None where it is rigid, or larger than 100 vertices.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> family(polytope("cube")) is None, family(polytope("truncated tetrahedron")).n_parameters
    (True, 1)
    >>> [len(axes) for axes in family(polytope("pentagonal prism")).subspaces]
    [2, 1]
    """
    T, r = shape.vertices, shape.dimension
    if shape.n_vertices > LARGEST or r < 3 or shape.n_vertices == r + 1:
        return None
    labels = _pair_orbits(len(T), find_isometries(T, EXACT).generators)
    weights = np.random.default_rng(0).normal(size=(SAMPLES, labels.max() + 1))
    spans = np.stack([sample[labels] @ T for sample in weights])
    basis = _orthonormal(spans.reshape(SAMPLES, -1))
    count = _n_parameters(basis, T)
    return Family(basis, count, _subspaces(spans[0], T)) if count else None


@lru_cache(maxsize=512, typed=True)
def stretched(shape: Polytope) -> tuple[np.ndarray, ...]:
    """Members of other heights: vertices at one angle above a subspace that symmetries keep, each subspace in turn.

    Empty for shapes without such subspaces, to which all irreducible symmetries belong, and for rigid ones.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> len(stretched(polytope("square antiprism"))), len(stretched(polytope("truncated cube")))
    (33, 0)
    """
    if shape.kind in ("Johnson", "solid") or (shape.kind == "uniform" and len(shape.variants) == 1):
        return ()  # rigid, of an irreducible Coxeter group, or a snub
    found = family(shape)
    if found is None or len(found.subspaces) == 1:
        return ()
    splits = found.subspaces if len(found.subspaces) > 2 else found.subspaces[:1]
    return tuple(member for axes in splits for member in _elevated(shape.vertices, axes) if sound(member))


def sound(member: np.ndarray, loose: float = LOOSE) -> bool:
    """Whether a member ``(n, r)`` is one shape of its dimension: not flat, with distinct vertices, and connected.

    A prism of no height is a polygon; a pyramid whose apex is at right angles to the base is two components: cosines
    of no more than `loose` hold nothing together.

    Examples
    --------
    >>> from geomsup.shapes.families import ring
    >>> apex = np.array([[0.0, 0.0, 1.0]])
    >>> [sound(np.concatenate([ring(4, -height), apex])) for height in (0.02, 0.3)]
    [False, True]
    """
    squared = np.linalg.eigvalsh(member.T @ member)
    gram = member @ member.T
    closest = gram[~np.eye(len(gram), dtype=bool)].max()
    if squared[0] < FLAT**2 * squared[-1] or closest > 1 - COINCIDENT**2 / 2:
        return False
    return _connected(np.abs(gram) > loose)


def _connected(near: np.ndarray) -> bool:
    """Whether a symmetric relation ``(n, n)`` holds all together: of few points, far quicker than a sparse graph."""
    reached, before = near[0], 0
    while (count := int(reached.sum())) > before:
        reached, before = near[reached].any(axis=0) | reached, count
    return before == len(near)


def _elevated(T: np.ndarray, axes: np.ndarray) -> Iterator[np.ndarray]:
    """Vertices at one angle after the other, except those in the subspace of `axes` or at right angles to it."""
    low = T @ axes.T @ axes
    parts = (low, T - low)
    lengths = [np.linalg.norm(part, axis=1, keepdims=True) for part in parts]
    free = (lengths[0] > SEPARATE) & (lengths[1] > SEPARATE)
    units = [part / np.maximum(length, SEPARATE) for part, length in zip(parts, lengths, strict=True)]
    for angle in np.radians(ELEVATIONS):
        yield np.where(free, np.cos(angle) * units[0] + np.sin(angle) * units[1], T)


def elevations(shape: Polytope, template: np.ndarray, isomorphism: Sequence[int]) -> tuple[float, ...]:
    """Angles in degrees of a member's vertices above the first subspace of its shape, one for each orbit.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> prism = polytope("triangular prism")
    >>> [round(angle, 2) for angle in elevations(prism, prism.vertices, range(6))]  # atan(√3/2)
    [40.89]
    """
    found = family(shape)
    if found is None or len(found.subspaces) == 1:
        return ()
    place = {vertex: row for row, vertex in enumerate(isomorphism)}
    filled = ([vertex for vertex in orbit if vertex in place] for orbit in shape.orbits)
    firsts = template[[place[orbit[0]] for orbit in filled if orbit]]
    inside = np.linalg.norm(firsts @ found.subspaces[0].T, axis=1)
    return tuple(np.degrees(np.arccos(np.clip(inside, 0.0, 1.0))).tolist())


def _pair_orbits(n: int, generators: np.ndarray) -> np.ndarray:
    """Label ``(n, n)`` of the orbit of each ordered pair."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = np.arange(n * n)
    images = np.array([g[:, None] * n + g[None, :] for g in generators]).reshape(len(generators), n * n)
    edges = (np.tile(pairs, len(images)), images.ravel())
    graph = coo_array((np.ones(images.size, np.int8), edges), shape=(n * n, n * n))
    return connected_components(graph, directed=False)[1].reshape(n, n)


def _orthonormal(rows: np.ndarray) -> np.ndarray:
    """Orthonormal columns that span few long rows: by their Gram matrix, far quicker than an SVD."""
    squared, axes = np.linalg.eigh(rows @ rows.T)
    kept = squared > SEPARATE * squared[-1]
    return (rows.T @ axes[:, kept]) / np.sqrt(squared[kept])


def _n_parameters(basis: np.ndarray, T: np.ndarray) -> int:
    """Rank of the family's moves that are along the sphere and no rotations."""
    n, r = T.shape
    moves = basis.T.reshape(-1, n, r)
    moves = moves - (moves * T).sum(axis=2, keepdims=True) * T
    first, second = np.triu_indices(r, 1)
    turns = np.zeros((len(first), n, r))
    for k, (i, j) in enumerate(zip(first, second, strict=True)):
        turns[k, :, i], turns[k, :, j] = T[:, j], -T[:, i]
    turning = np.linalg.qr(turns.reshape(len(first), -1).T)[0]
    flat = moves.reshape(len(moves), -1).T
    flat = flat - turning @ (turning.T @ flat)
    return int(np.linalg.matrix_rank(flat, tol=SEPARATE * n**0.5))


def _subspaces(span: np.ndarray, T: np.ndarray) -> tuple[np.ndarray, ...]:
    """Eigenspaces of a generic symmetric matrix that commutes with the symmetries, largest first."""
    matrix = T.T @ span
    values, axes = np.linalg.eigh(matrix + matrix.T)
    cuts = np.flatnonzero(np.diff(values) > SEPARATE * np.abs(values).max()) + 1
    return tuple(sorted(np.split(axes.T, cuts), key=len, reverse=True))
