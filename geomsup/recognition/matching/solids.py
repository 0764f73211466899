"""Shapes with vertices at several distances from the centroid, by their directions: solids, and 4-dimensional duals."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from geomsup.isometries import find_isometries
from geomsup.recognition.matching.families import family, sound
from geomsup.shapes import Polytope
from geomsup.shapes.duals import duals_of_4_polytopes
from geomsup.shapes.polyhedra import solids_with_norms

__all__ = ["DIMENSIONS", "by_norms", "other_solids"]

# Two shapes have the same directions if the sorted inner products of their vertices differ by less.
SAME = 1e-6

# Of solids, and of the duals that have names.
DIMENSIONS = (3, 4)

# Duals of more vertices are not compared.
LARGEST_DUAL = 300

# Lengths of rows that are within this fraction of those of a solid, root mean square, are its own.
LIKE_NORMS = 0.1
# The next solid is as probable as this power of the deviations of both: as noise of any size would have it.
CLOSE = 4

# Lengths that differ by less than this fraction, root mean square, are equal: those of no solid are so near.
EQUAL_NORMS = 0.01


@lru_cache(maxsize=256, typed=True)
def other_solids(n_vertices: int) -> tuple[Polytope, ...]:
    """Solids and duals of 4-polytopes of so many vertices, one for each set of directions that no catalogue shape has.

    Bipyramids and others whose directions fall into orthogonal parts are left out: rows of W are read as these parts.

    Examples
    --------
    >>> "sphenocorona" in [solid.name for solid in other_solids(10)]
    True
    """
    return tuple(solid for solid in _of_size(n_vertices) if _twin(solid) == solid and sound(solid.vertices))


class _Named(NamedTuple):
    """A solid, its vertex of each row, and how probable the next solid is by the lengths, over this one."""

    solid: Polytope
    isomorphism: tuple[int, ...]
    rival: float = 0.0


def by_norms(shape: Polytope, isomorphism: tuple[int, ...], norms: np.ndarray) -> _Named:
    """Return the solid with the directions of a shape and the lengths of the rows.

    That is the shape itself if its directions are free to move, or if no solid has the lengths of the rows.

    Parameters
    ----------
    shape
        Shape of the directions.
    isomorphism
        Vertex of each row.
    norms
        Lengths of the rows.

    Examples
    --------
    >>> from geomsup.shapes import polytope
    >>> cube, lengths = polytope("cube"), np.ones(8)
    >>> by_norms(cube, tuple(range(8)), lengths)[0].name
    'cube'
    >>> lengths[[vertex for vertex in range(8) if cube.vertices[vertex].prod() > 0]] = 0.6  # every other vertex
    >>> by_norms(cube, tuple(range(8)), lengths)[0].name
    'triakis tetrahedron'
    """
    same = _Named(shape, isomorphism)
    if len(set(isomorphism)) != shape.n_vertices or family(shape) is not None:
        return same
    lengths = np.zeros(shape.n_vertices)
    np.maximum.at(lengths, list(isomorphism), norms)
    uneven = _spread(lengths, np.ones(len(lengths)))
    if shape.kind != "solid" and uneven < EQUAL_NORMS:
        return same
    found: dict[Polytope, tuple[float, np.ndarray]] = {}
    for solid in _of_size(shape.n_vertices):
        for place in _places(shape, solid) if _twin(solid) == shape else ():
            spread = _spread(lengths, solid.norms[place])
            if spread < found.get(solid, (np.inf,))[0]:
                found[solid] = spread, place
    if not found:
        return same
    (solid, (least, place)), *others = sorted(found.items(), key=lambda entry: entry[1][0])
    spreads = [spread for _, (spread, _) in others]
    if shape.kind != "solid":  # else the shape has lengths of its own, and is one of the solids
        if least >= min(LIKE_NORMS, uneven / 2):
            return same
        spreads.append(uneven)
    rival = min(least / max(min(spreads), SAME), 1.0) ** CLOSE if spreads else 0.0
    return _Named(solid, tuple(place[list(isomorphism)].tolist()), rival)


def _spread(lengths: np.ndarray, norms: np.ndarray) -> float:
    """Root-mean-square deviation of lengths from norms at the best scale, as a fraction of the lengths."""
    scale = (lengths @ norms) / (norms @ norms)
    return float(np.linalg.norm(lengths - scale * norms) / np.linalg.norm(lengths))


@lru_cache(maxsize=128, typed=True)
def _places(shape: Polytope, solid: Polytope) -> tuple[np.ndarray, ...]:
    """Ways to lay a solid on a shape of the same directions that differ in their norms: the solid's vertex of each."""
    from geomsup.recognition.matching.search import best_match

    match = best_match(solid.vertices)
    assert match is not None
    assert match.polytope == shape
    fresh = [np.argsort(match.isomorphism)]
    ways = {solid.norms[fresh[0]].round(9).tobytes(): fresh[0]}
    generators = find_isometries(shape.vertices, SAME).generators
    while fresh:
        images = [place[g] for place in fresh for g in generators]
        fresh = []
        for place in images:
            key = solid.norms[place].round(9).tobytes()
            if key not in ways:
                ways[key] = place
                fresh.append(place)
    return tuple(ways.values())


@lru_cache(maxsize=256, typed=True)
def _of_size(n_vertices: int) -> tuple[Polytope, ...]:
    every = (*solids_with_norms(), *(duals_of_4_polytopes() if n_vertices <= LARGEST_DUAL else ()))
    return tuple(solid for solid in every if solid.n_vertices == n_vertices)


@lru_cache(maxsize=256, typed=True)
def _twin(solid: Polytope) -> Polytope:
    """Shape by which recognition knows the directions of a solid: one of the catalogue's, or the first such solid."""
    from geomsup.recognition.matching.search import best_match

    match = best_match(solid.vertices, others=False)
    if match is not None and match.polytope is not None and match.chord < SAME:
        return match.polytope
    same_size = (other for other in _of_size(solid.n_vertices) if other.dimension == solid.dimension)
    alike = (other for other in same_size if np.abs(_products(other) - _products(solid)).max() < SAME)
    return next(alike)


def _products(solid: Polytope) -> np.ndarray:
    return np.sort(solid.vertices @ solid.vertices.T, axis=None)
