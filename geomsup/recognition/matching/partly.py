"""Shapes that rows fill only in part: every row is on a vertex, and some vertices are empty."""

from collections.abc import Iterator

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.matching.acceptance import RIGID_RATIO
from geomsup.recognition.matching.alignment import procrustes, refined, rms
from geomsup.recognition.matching.coincidence import LabelledRows
from geomsup.recognition.matching.families import FLAT
from geomsup.recognition.matching.maps import by_base_chain
from geomsup.recognition.matching.match import Match
from geomsup.recognition.matching.templates import Template, templates
from geomsup.shapes import Polytope, candidates

__all__ = ["partly_filled", "too_empty"]

# At most this fraction of the filled vertices may be empty besides: of an icosahedron's, two.
MOST_EMPTY = 0.2
# Of larger shapes, at most so many: each number asks for a comparison with all shapes of that size.
MOST = 6

# Larger components are not compared.
LARGEST = 300


def partly_filled(rows: LabelledRows) -> Iterator[Match]:
    """Shapes of more vertices that the rows fit well, within half of the acceptance bound.

    Simplices are left out: any equal obtuse angles between a few rows would do. The last ones have one empty vertex
    more than a name may have (`too_empty`): they can only be rivals.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> X = polytope("icosahedron").vertices[2:]
    >>> [(match.polytope.name, match.empty) for match in partly_filled(LabelledRows(X, np.arange(10)))]
    [('edge-contracted icosahedron', (0,)), ('icosahedron', (10, 11))]
    """
    v, m = rows.vertices.shape
    if v > LARGEST:
        return
    for empty in range(1, _most_empty(v) + 2):
        for rank in range(2, min(v - 1, m) + 1):
            for shape in candidates(rank, v + empty, flexible=True):
                match = _fit(rows, shape)
                if match is not None:
                    yield match


def too_empty(match: Match) -> bool:
    """Whether a shape has more empty vertices than a name may have."""
    return len(match.empty) > _most_empty(match.n_vertices)


def _most_empty(filled: int) -> int:
    return min(max(1, int(MOST_EMPTY * filled)), MOST)


def _fit(rows: LabelledRows, shape: Polytope) -> Match | None:
    """Fit the first variant of a shape."""
    template = templates(shape)[0]
    bound = RIGID_RATIO * template.reach
    if not _possible(rows, template, bound):
        return None
    best, least = None, bound
    for order in by_base_chain(rows, template, 2 * bound):
        better = refined(rows.vertices, template.vertices, order)
        chord = chance.deviation(rows.X, template.vertices[better[rows.labels]])
        if chord < least:
            best, least = better, chord
    if best is None:
        return None
    indices = best[rows.labels]
    fitted = template.vertices[indices]
    spread = np.linalg.svd(fitted, compute_uv=False)
    if spread[-1] < FLAT * spread[0]:  # these vertices are a smaller shape
        return None
    frame = procrustes(fitted, rows.X)
    chord = rms(rows.X - fitted @ frame)
    return Match(shape, template.name, tuple(indices.tolist()), fitted, frame, chord, template.reach)


def _possible(rows: LabelledRows, template: Template, bound: float) -> bool:
    """Whether rows may be within a distance of some vertices of a template, by singular values and inner products.

    Leaving out e unit rows of T lowers the eigenvalues of TᵀT by at most e, and raises none. Rows at the distance δ
    have singular values within δ√k of those, and inner products that are off by about as much as the rows.
    """
    v, r = len(rows.vertices), template.dimension
    empty = len(template.vertices) - v
    slack = bound * v**0.5
    own = rows.singular[:r]
    beyond = (rows.singular[r:] ** 2).sum() > slack**2 or own[-1] < FLAT * own[0]
    lowest = np.sqrt(np.maximum(template.singular**2 - empty, 0.0))
    if beyond or (own > template.singular + slack).any() or (own < lowest - slack).any():
        return False
    products = rows.vertices @ rows.vertices.T
    pairs = products[np.triu_indices(v, 1)]
    values = template.levels
    after = np.clip(np.searchsorted(values, pairs), 1, len(values) - 1)
    off = np.minimum(np.abs(pairs - values[after - 1]), np.abs(pairs - values[after]))
    return bool((off**2).mean() <= bound**2)
