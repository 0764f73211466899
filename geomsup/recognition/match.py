"""Are these unit rows a rotated, relabelled copy of a known shape? Maps are proposed, residuals decide."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import numpy as np

from geomsup.recognition import isomorphism
from geomsup.recognition.components import merged
from geomsup.recognition.templates import lower_bounds
from geomsup.shapes import Polytope, candidates

__all__ = ["Match", "acceptance", "best_match", "coincident", "match_many", "noise_explains"]

# A shape is accepted when the rms distance to its vertices is at most this part of its shortest chord. Notes
# on polytopes, 4.4: the best of random points on the sphere stays above 0.31 (8 points), 0.49 (12 or more).
ACCEPTANCE = 0.25

# Longer chords count as a right angle: a quarter of a digon's chord, 2, would make two rows of a triangle,
# 0.5 from the nearest digon, pass for a noisy one.
LONGEST_CHORD = 2**0.5

# Rows nearer than this may be one vertex twice; the catalogue's tightest solid, the dodecahedron, has 0.71.
COINCIDENT = 0.25

# Rows that all have a larger cosine with one of them are no shape, whose vertices have the mean 0: their mean
# is longer than the quarter of √2 that is the largest distance accepted.
ONE_DIRECTION = 0.9

# Vertices that thousands of rows may share.
MOST_SHARED = 200
# Vertices after which it shows whether there can be so few.
FIRST_SHARED = 8

# A variant of a shape with a free parameter is named when the data lie off it, along the parameter, by at
# most VARIANT_SIGMAS standard errors or VARIANT_DEGREES (the Thomson and the tight-frame square antiprism are
# 1.2 degrees apart).
VARIANT_SIGMAS = 3.0
VARIANT_DEGREES = 0.25

# A shape accepted with more than this part of the acceptance bound is called "distorted".
RIGID_RATIO = 0.5

# Base chains come first, with inner products within this part of the acceptance bound (noise of 3 % of the shortest
# chord stays inside), and so many of their ends; then graphs, of no more vertices than this.
SNUG, FIRST_LEAVES, LARGEST_GRAPH = 0.7, 24, 200

# With `noise` given, a shape is refused when data of that noise would fit worse with this probability.
FALSE_REFUSAL = 1e-6


@dataclass(frozen=True, eq=False)
class Match:
    """A shape fitted to unit rows X ``(k, m)``.

    Attributes
    ----------
    polytope
        The shape, None for a single direction.
    variant
        Name of the variant, "uniform", ..., or "distorted".
    isomorphism
        Vertex index of each row.
    template
        ``(k, r)``: vertex of each row, in the nearest variant.
    frame
        ``(r, m)`` orthonormal rows, the axes of the template in the space of X.
    chord
        Root-mean-square distance of rows and fitted vertices.
    """

    polytope: Polytope | None
    variant: str
    isomorphism: tuple[int, ...]
    template: np.ndarray
    frame: np.ndarray
    chord: float

    @property
    def symmetry_order(self) -> int:
        """Order of the shape's symmetry group."""
        return self.polytope.symmetry_order if self.polytope else 1

    @property
    def n_vertices(self) -> int:
        """Number of vertices of the shape, at most the number of rows."""
        return self.polytope.n_vertices if self.polytope else 1

    @property
    def n_templates(self) -> int:
        """Number of templates, variants included, that were possible at this rank and number of vertices."""
        if self.polytope is None:
            return 1
        return sum(len(shape.variants) for shape in candidates(self.polytope.dimension, self.n_vertices))

    @property
    def acceptance(self) -> float:
        """Largest rms distance of rows and vertices at which the shape is accepted."""
        return acceptance(self.polytope) if self.polytope else ACCEPTANCE * LONGEST_CHORD

    @property
    def fitted(self) -> np.ndarray:
        """Vertices of the fitted shape, one per row, ``(k, m)``."""
        return self.template @ self.frame

    def residual(self, X: np.ndarray) -> float:
        """Root-mean-square angle between rows and fitted vertices, in degrees."""
        chords = np.linalg.norm(X - self.fitted, axis=1)
        angles = 2 * np.arcsin(np.minimum(chords / 2, 1.0))
        return float(np.degrees(np.sqrt(np.mean(angles**2))))


def best_match(X: np.ndarray, noise: float | None = None) -> Match | None:
    """Find the shape that unit rows fit best, or None if none is accepted.

    Rows are tried as they are; only if that fails, rows that nearly coincide are merged to one vertex.

    Parameters
    ----------
    X
        ``(k, m)`` unit rows.
    noise
        Root-mean-square noise per coordinate of X, if known: adds a chi-square test.

    Examples
    --------
    >>> best_match(np.array([[0.0, 1.0], [0.0, -1.0]])).polytope.name
    'digon'
    """
    if len(X) == 1 or (X @ X[0]).min() > ONE_DIRECTION:
        return _fit_point(X)
    return _fit_shapes(_Rows(X, np.arange(len(X))), noise) or _fit_coincident(X, noise)


def match_many(X: np.ndarray, noise: float | None = None) -> Match | None:
    """Find the shape of so many unit rows that they must share vertices, as `best_match` does for fewer.

    Rows go to the first row within `COINCIDENT` of them that is no nearer to an earlier one; more than
    `MOST_SHARED` vertices are no shape.

    Examples
    --------
    >>> X = np.tile([[0.0, 1.0], [0.0, -1.0]], (2000, 1))
    >>> match = match_many(X)
    >>> match.polytope.name, match.n_vertices
    ('digon', 2)
    """
    labels = np.full(len(X), -1)
    for vertex in range(MOST_SHARED):
        free = labels < 0
        if not free.any():
            rows = _Rows(X.astype(np.float64), labels)
            return _fit_point(rows.X) if vertex == 1 else _fit_shapes(rows, noise)
        # Groups met first are larger than most: if even those are too small, there are too many.
        if vertex == FIRST_SHARED and 4 * MOST_SHARED * (~free).sum() < FIRST_SHARED * len(X):
            return None
        first = int(np.argmax(free))
        labels[free & (X @ X[first] > 1 - COINCIDENT**2 / 2)] = vertex
        labels[first] = vertex
    return None


def coincident(X: np.ndarray) -> list[np.ndarray]:
    """Ways to merge nearly coincident rows: for each, the vertex label of every row.

    Single linkage on distances up to `COINCIDENT`, cut at the three largest relative gaps.

    Examples
    --------
    >>> coincident(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    [array([0, 1, 0])]
    """
    cosines = X @ X.T
    np.fill_diagonal(cosines, -1.0)
    if cosines.max() <= 1 - COINCIDENT**2 / 2:
        return []
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import pdist

    # Of the differences, not of the Gram matrix: 1 - cos loses half of the digits for rows that coincide.
    tree = linkage(pdist(X), "single")
    heights = np.maximum(np.append(tree[:, 2], 2.0), 1e-6)
    gaps = np.where(heights[:-1] < COINCIDENT, heights[1:] / heights[:-1], 0.0)
    cuts = [i for i in np.argsort(-gaps, kind="stable")[:3] if gaps[i] > 1]
    return [_in_order(merged(tree[: i + 1], len(X))) for i in cuts]


def _in_order(labels: np.ndarray) -> np.ndarray:
    """Renumber labels 0, 1, ... by first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


@dataclass(frozen=True, eq=False)
class _Rows:
    """Unit rows X, the vertex label of each, and the unit means of rows of equal label."""

    X: np.ndarray
    labels: np.ndarray

    @cached_property
    def vertices(self) -> np.ndarray:
        sums = np.zeros((self.labels.max() + 1, self.X.shape[1]))
        np.add.at(sums, self.labels, self.X)
        return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)

    @cached_property
    def singular(self) -> np.ndarray:
        # By the smaller Gram matrix: several times quicker, and 1e-8 is precise enough.
        tall = self.vertices.shape[0] > self.vertices.shape[1]
        gram = self.vertices.T @ self.vertices if tall else self.vertices @ self.vertices.T
        return np.sqrt(np.maximum(np.linalg.eigvalsh(gram)[::-1], 0.0))

    @cached_property
    def products(self) -> np.ndarray:
        return np.sort(self.vertices @ self.vertices.T, axis=None)


def _fit_coincident(X: np.ndarray, noise: float | None) -> Match | None:
    matches = []
    for labels in coincident(X):
        matches.append(_fit_point(X) if labels.max() == 0 else _fit_shapes(_Rows(X, labels), noise))
    return min((match for match in matches if match), key=lambda match: match.chord, default=None)


def _fit_point(X: np.ndarray) -> Match | None:
    """All rows in one direction, that of their mean."""
    mean = X.mean(axis=0)
    frame = mean[None, :] / max(float(np.linalg.norm(mean)), 1e-12)
    chord = _rms(X - frame)
    if chord > COINCIDENT / 2:
        return None
    return Match(None, "uniform", (0,) * len(X), np.ones((len(X), 1)), frame, chord)


def _fit_shapes(rows: _Rows, noise: float | None) -> Match | None:
    """Fit the candidates, most promising first, until the lower bounds of the rest exceed what is found."""
    v, m = rows.vertices.shape
    shapes = [shape for rank in range(1, min(v, m) + 1) for shape in candidates(rank, v)]
    best: Match | None = None
    for bound, _, shape in sorted((_lower_bound(rows, shape), i, shape) for i, shape in enumerate(shapes)):
        if bound > ACCEPTANCE * LONGEST_CHORD or bound > acceptance(shape) or (best is not None and bound > best.chord):
            continue
        match = _fit(rows, shape, noise)
        if match is not None and (best is None or match.chord < best.chord):
            best = match
    return best


def _lower_bound(rows: _Rows, shape: Polytope) -> float:
    """Return a number that the rms distance of the vertices from every variant cannot be below."""
    bound = float(lower_bounds(rows.singular, None, shape))
    if bound > ACCEPTANCE * LONGEST_CHORD:
        return bound  # spares large blocks the rest
    return float(lower_bounds(rows.singular, rows.products, shape))


def _fit(rows: _Rows, shape: Polytope, noise: float | None) -> Match | None:
    """Fit every variant of a shape; the nearest one wins if it is accepted."""
    uniform = _fit_uniform(rows, shape)
    if uniform is None:
        return None
    fits = [
        uniform,
        *(_refined(rows, uniform.order, shape, name) for name in shape.variants if name != "uniform"),
    ]
    ranked = sorted((fit.match for fit in fits), key=lambda match: match.chord)
    if ranked[0].chord > acceptance(shape):
        return None
    variant = _variant(rows.X, ranked, noise)
    if variant == "distorted" and noise is not None and len(ranked) == 1:
        return None
    return replace(ranked[0], variant=variant)


def _fit_uniform(rows: _Rows, shape: Polytope) -> "_Fit | None":
    """Fit the first variant from every proposed map, until one is good enough."""
    best: _Fit | None = None
    for order in _proposals(rows.vertices, shape):
        fit = _refined(rows, order, shape, "uniform")
        if best is None or fit.match.chord < best.match.chord:
            best = fit
        if fit.match.chord < RIGID_RATIO * acceptance(shape):
            break
    return best


def _proposals(X: np.ndarray, shape: Polytope) -> Iterator[np.ndarray]:
    """Maps from rows to template vertices that are worth refining."""
    k = len(X)
    if k == shape.dimension + 1:  # a simplex: every bijection is an isomorphism
        yield np.arange(k)
    elif shape.dimension == 2:
        yield isomorphism.by_angle(X)
    else:
        # Milliseconds, where a search for graph isomorphism can take for ever (truncated 8-simplex, 72 vertices).
        yield from islice(isomorphism.by_base_chain(X, shape, SNUG * acceptance(shape)), FIRST_LEAVES)
        found = isomorphism.by_graph(X, shape) if k <= LARGEST_GRAPH else None
        if found is None:
            yield from isomorphism.by_base_chain(X, shape, 2 * acceptance(shape))
        else:
            yield found


class _Fit(NamedTuple):
    """A fit, and the map from the vertices of the rows to the template's that it uses."""

    match: Match
    order: np.ndarray


def _refined(rows: _Rows, order: np.ndarray, shape: Polytope, variant: str) -> _Fit:
    """Alternate Procrustes and assignment until the map is stable, then fit all rows."""
    if len(order) > shape.dimension + 1:
        order = _refine(rows.vertices, shape.variants[variant], order)
    indices = order[rows.labels]
    template = shape.variants[variant][indices]
    frame = _procrustes(template, rows.X)
    chord = _rms(rows.X - template @ frame)
    return _Fit(Match(shape, variant, tuple(indices.tolist()), template, frame, chord), order)


def _refine(X: np.ndarray, template: np.ndarray, order: np.ndarray) -> np.ndarray:
    from scipy.optimize import linear_sum_assignment

    for _ in range(10):
        fitted = template @ _procrustes(template[order], X)
        _, better = linear_sum_assignment(-X @ fitted.T)
        if (better == order).all():
            break
        order = better
    return order


def _procrustes(template: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Orthonormal rows R ``(r, m)`` that bring ``template @ R`` nearest to X; reflections allowed."""
    left, _, right = np.linalg.svd(template.T @ X, full_matrices=False)
    return left @ right


def _variant(X: np.ndarray, ranked: list[Match], noise: float | None) -> str:
    """Name of the nearest variant if its residual is at the noise level, else "distorted".

    With `noise` a chi-square test says so. Without, the residual must be within half of the acceptance bound,
    and a shape with a free parameter must not lie off the variant along that parameter.
    """
    best = ranked[0]
    if noise is not None:
        close = _noise_explains(X, best, noise)
    else:
        close = best.chord <= RIGID_RATIO * best.acceptance
        if len(ranked) > 1:
            close = close and _on_variant(X, best, ranked[1])
    return best.variant if close else "distorted"


def _on_variant(X: np.ndarray, best: Match, other: Match) -> bool:
    """Whether the residual has no significant part in the direction of another variant.

    The rest of the residual tells the noise, whatever the parameter is.
    """
    errors = X - best.fitted
    direction = other.fitted - best.fitted
    direction /= np.linalg.norm(direction)
    offset = abs((errors * direction).sum())
    sigma = np.sqrt(max((errors**2).sum() - offset**2, 0.0) / max(_freedom(len(X), X.shape[1], len(best.frame)) - 1, 1))
    return bool(offset <= max(VARIANT_SIGMAS * sigma, np.radians(VARIANT_DEGREES) * len(X) ** 0.5))


def _noise_explains(X: np.ndarray, fit: Match, noise: float) -> bool:
    return noise_explains(len(X), X.shape[1], len(fit.frame), fit.chord, noise)


def noise_explains(k: int, m: int, r: int, chord: float, noise: float) -> bool:
    """Chi-square test of the distance of k rows in m dimensions from a shape of dimension r.

    Examples
    --------
    >>> noise_explains(5, 2, 2, 0.1, 0.1), noise_explains(5, 2, 2, 0.1, 0.01)
    (True, False)
    """
    from scipy.special import chdtri

    freedom = _freedom(k, m, r)
    return bool(freedom == 0 or k * chord**2 <= noise**2 * chdtri(freedom, FALSE_REFUSAL))


def _freedom(k: int, m: int, r: int) -> int:
    """Degrees of freedom of the residual: k(m−1) coordinates of unit rows, less the rotations fitted."""
    return k * (m - 1) - (r * (r - 1) // 2 + r * (m - r))


def acceptance(shape: Polytope) -> float:
    """Largest rms distance of rows and vertices at which `shape` is accepted.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> acceptance(polytope("icosahedron"))
    0.2629
    """
    return ACCEPTANCE * min(shape.shortest_chord, LONGEST_CHORD)


def _rms(errors: np.ndarray) -> float:
    """Root-mean-square length of rows."""
    return float(np.sqrt((errors**2).sum() / len(errors)))
