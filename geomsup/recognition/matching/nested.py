"""Rows that are a shape of shapes, such as a triangle of 3 triangles."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import lgamma, log
from typing import NamedTuple

import numpy as np

from geomsup.recognition.matching.acceptance import reach
from geomsup.recognition.matching.alignment import procrustes, rms
from geomsup.recognition.matching.coincidence import LabelledRows, merged
from geomsup.recognition.matching.families import sound
from geomsup.recognition.matching.match import Match
from geomsup.recognition.matching.variants import significant
from geomsup.shapes import Polytope
from geomsup.shapes.families import simplex
from geomsup.shapes.nested import is_level, nested, nested_vertices

__all__ = ["nested_shapes"]

# Of fewer vertices there is only a digon of 2 digons, which is near to many tetrahedra.
SMALLEST = 6
# Rows with cosines of no more than this are components of their own; or, of many rows, of half of a simplex's cosines.
LOOSE = 0.05

# Rows of different groups, about the means of these, are orthogonal. Root-mean-square cosines up to this may come from
# noise; rows of four dimensions without any order have 0.5.
APART = 0.25

# Dimensions of a triangle of 3 digons and of a digon of 2 polygons; all others have more.
LEAST_DIMENSION = 5
# Larger components are not compared.
LARGEST = 150


class _Levels(NamedTuple):
    """Levels of a shape of shapes, outermost first, their squared sizes, and the vertex of each row."""

    shapes: tuple[Polytope, ...]
    squares: tuple[float, ...]
    order: np.ndarray


def nested_shapes(rows: LabelledRows) -> list[Match]:
    """Fit shapes of shapes: groups of rows, a shape of their means, and one shape in every group about its mean.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> X = polytope("triangle of 3 digons").vertices
    >>> [match.polytope.name for match in nested_shapes(LabelledRows(X, np.arange(6)))]
    ['triangle of 3 digons']
    """
    v, m = rows.vertices.shape
    if not SMALLEST <= v <= LARGEST or m < LEAST_DIMENSION:
        return []
    matches = [_fitted(rows, levels) for levels in _groupings(rows.vertices)]
    loose = min(LOOSE, 0.5 / (v - 1))
    near = [match for match in matches if match.chord <= match.reach and sound(match.template, loose)]
    return [match for match in near if not _as_regular(rows.X, match)]


def _as_regular(X: np.ndarray, match: Match) -> bool:
    """Whether the regular simplex fits as well as this shape of shapes, by the noise inside its subspace.

    The fitted sizes of the levels then make all inner products equal, up to that noise, for any grouping of the rows.
    """
    r = match.template.shape[1]
    if match.n_vertices != r + 1:
        return False
    plain = replace(match, template=simplex(r).vertices[list(match.isomorphism)], n_parameters=0)
    return not significant(X, match, plain, lgamma(match.n_vertices + 1) - log(match.symmetry_order))


def _fitted(rows: LabelledRows, levels: _Levels) -> Match:
    squares = np.array(levels.squares) / sum(levels.squares)
    vertices = nested_vertices(levels.shapes, squares.tolist())
    indices = levels.order[rows.labels]
    template = vertices[indices]
    frame = procrustes(template, rows.X)
    chord, places = rms(rows.X - template @ frame), tuple(indices.tolist())
    return Match(
        nested(levels.shapes), "fitted", places, template, frame, chord, reach(vertices), len(levels.shapes) - 1
    )


def _groupings(X: np.ndarray) -> list[_Levels]:
    """Ways to read rows as a shape of equal groups; of those with the same levels, the nearest.

    Levels are found from outside and from inside: rows of one large group may be less alike than rows of two.
    """
    found: dict[tuple[Polytope, ...], tuple[float, _Levels]] = {}
    trees = _trees(X)
    for n_groups in range(2, min(len(X) // 2 + 1, X.shape[1])):
        for groups in _equal_groups(trees, n_groups) if len(X) % n_groups == 0 else ():
            if not _apart(X, groups):
                continue
            outers = _levels(np.array([X[group].mean(axis=0) for group in groups]))
            if not outers or outers[0].shapes[0].dimension + n_groups > X.shape[1]:
                continue
            inner = [{one.shapes: one for one in _levels(X[group] - X[group].mean(axis=0))} for group in groups]
            for outer, shapes in product(outers, inner[0]):
                if (len(outer.shapes) == 1 or len(shapes) == 1) and all(shapes in ways for ways in inner):
                    levels = _joined(outer, groups, [ways[shapes] for ways in inner])
                    if nested(levels.shapes).dimension <= X.shape[1]:
                        distance = _distance(X, levels)
                        if distance < found.get(levels.shapes, (np.inf,))[0]:
                            found[levels.shapes] = distance, levels
    return [levels for _, levels in found.values()]


def _distance(X: np.ndarray, levels: _Levels) -> float:
    template = nested_vertices(levels.shapes, levels.squares)[levels.order]
    return rms(X - template @ procrustes(template, X))


def _joined(outer: _Levels, groups: list[np.ndarray], inner: list[_Levels]) -> _Levels:
    order = np.empty(sum(map(len, groups)), dtype=np.int64)
    for place, group, one in zip(outer.order, groups, inner, strict=True):
        order[group] = place * len(group) + one.order
    squares = np.mean([one.squares for one in inner], axis=0)
    return _Levels(outer.shapes + inner[0].shapes, (*outer.squares, *squares.tolist()), order)


def _levels(X: np.ndarray) -> list[_Levels]:
    alone = _level(X)
    return [*([alone] if alone else []), *_groupings(X)]


def _level(X: np.ndarray) -> _Levels | None:
    """Rows that are one simplex or polygon."""
    from geomsup.recognition.matching.search import best_match

    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    if not lengths.min() > 0:
        return None
    match = best_match(X / lengths, others=False)
    if match is None or match.polytope is None or match.n_vertices < len(X) or not is_level(match.polytope):
        return None
    return _Levels((match.polytope,), (float((X**2).sum(axis=1).mean()),), np.array(match.isomorphism))


def _apart(X: np.ndarray, groups: list[np.ndarray]) -> bool:
    """Whether the rows of different groups, about their means, are nearly orthogonal.

    Examples
    --------
    >>> _apart(np.eye(4), [np.array([0, 1]), np.array([2, 3])]), _apart(np.eye(2), [np.array([0]), np.array([1])])
    (True, True)
    >>> _apart(np.array([[1.0, 0], [-1, 0], [0.9, 0.1], [-1, 0.2]]), [np.array([0, 1]), np.array([2, 3])])
    False
    """
    about = X - X.mean(axis=0)
    for group in groups:
        about[group] = X[group] - X[group].mean(axis=0)
    lengths = np.linalg.norm(about, axis=1, keepdims=True)
    cosines = about @ about.T / np.maximum(lengths * lengths.T, 1e-300)
    for group in groups:
        cosines[np.ix_(group, group)] = 0.0
    others = len(X) * (len(X) - len(groups[0]))
    return bool((cosines**2).sum() <= APART**2 * others)


def _trees(X: np.ndarray) -> list[np.ndarray]:
    """Linkages of rows by large inner products, by small ones, and by alike rows of the Gram matrix."""
    from scipy.cluster.hierarchy import linkage

    if len(X) < 2:
        return []
    gram = X @ X.T
    first, second = np.triu_indices(len(X), 1)
    pairs = gram[first, second]
    unlike = ((gram[first] - gram[second]) ** 2).sum(axis=1)
    unlike -= (gram[first, first] - pairs) ** 2 + (gram[second, second] - pairs) ** 2
    distances = (pairs.max() - pairs, pairs - pairs.min(), unlike)
    return [linkage(np.maximum(one, 0.0), "average") for one in distances]


def _equal_groups(trees: list[np.ndarray], n_groups: int) -> Iterator[list[np.ndarray]]:
    """Groups of equal size, by any of the linkages."""
    seen = set[frozenset[bytes]]()
    for tree in trees:
        n = len(tree) + 1
        labels = merged(tree[: n - n_groups], n)
        groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        key = frozenset(group.tobytes() for group in groups)
        if len(groups) == n_groups and len({len(group) for group in groups}) == 1 and key not in seen:
            seen.add(key)
            yield groups
