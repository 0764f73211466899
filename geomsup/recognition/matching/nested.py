"""Rows that are a shape of shapes, such as a triangle of 3 triangles."""

from collections.abc import Iterator
from dataclasses import replace
from math import factorial
from typing import NamedTuple

import numpy as np

from geomsup.recognition.matching.acceptance import reach
from geomsup.recognition.matching.alignment import procrustes, rms
from geomsup.recognition.matching.coincidence import LabelledRows
from geomsup.recognition.matching.families import sound
from geomsup.recognition.matching.match import Match
from geomsup.recognition.matching.variants import significant
from geomsup.shapes import Polytope
from geomsup.shapes.families import simplex
from geomsup.shapes.nested import is_level, nested, nested_vertices

__all__ = ["nested_shapes"]

# Of fewer vertices there is only a digon of 2 digons, which is near to many tetrahedra.
SMALLEST = 6
# Rows with cosines of no more than this are components of their own.
LOOSE = 0.05

# Dimensions of a triangle of 3 digons and of a digon of 2 polygons; all others have more.
LEAST_DIMENSION = 5
# Larger components are not compared.
LARGEST = 100


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
    near = [match for match in matches if match.chord <= match.reach and sound(match.template, LOOSE)]
    return [match for match in near if not _as_regular(rows.X, match)]


def _as_regular(X: np.ndarray, match: Match) -> bool:
    """Whether the regular simplex fits as well as this shape of shapes, by the noise inside its subspace.

    The fitted sizes of the levels then make all inner products equal, up to that noise, for any grouping of the rows.
    """
    r = match.template.shape[1]
    if match.n_vertices != r + 1:
        return False
    plain = replace(match, template=simplex(r).vertices[list(match.isomorphism)], n_parameters=0)
    return not significant(X, match, plain, factorial(match.n_vertices) / match.symmetry_order)


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
    """Ways to read rows as a simplex or polygon of equal groups; of those with the same levels, the nearest."""
    found: dict[tuple[Polytope, ...], tuple[float, _Levels]] = {}
    for n_groups in range(2, min(len(X) // 2 + 1, X.shape[1])):
        for groups in _equal_groups(X, n_groups) if len(X) % n_groups == 0 else ():
            means = np.array([X[group].mean(axis=0) for group in groups])
            outer = _level(means)
            if outer is None or outer.shapes[0].dimension + n_groups > X.shape[1]:
                continue
            inner = [{one.shapes: one for one in _levels(X[group] - X[group].mean(axis=0))} for group in groups]
            for shapes in inner[0]:
                if all(shapes in ways for ways in inner):
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


def _equal_groups(X: np.ndarray, n_groups: int) -> Iterator[list[np.ndarray]]:
    """Groups of equal size, clustered by large inner products, by small ones, or by alike rows of the Gram matrix."""
    from scipy.cluster.hierarchy import fcluster, linkage

    gram = X @ X.T
    first, second = np.triu_indices(len(X), 1)
    pairs = gram[first, second]
    unlike = ((gram[first] - gram[second]) ** 2).sum(axis=1)
    unlike -= (gram[first, first] - pairs) ** 2 + (gram[second, second] - pairs) ** 2
    seen = set[frozenset[bytes]]()
    for distances in (pairs.max() - pairs, pairs - pairs.min(), unlike):
        labels = fcluster(linkage(np.maximum(distances, 0.0), "average"), n_groups, "maxclust")
        groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
        key = frozenset(group.tobytes() for group in groups)
        if len(groups) == n_groups and len({len(group) for group in groups}) == 1 and key not in seen:
            seen.add(key)
            yield groups
