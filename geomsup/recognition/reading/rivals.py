"""What else rows on a named shape may be, and how probable that is."""

from math import exp, log

import numpy as np

from geomsup.isometries import find_isometries
from geomsup.isometries.search import TooWide
from geomsup.recognition import chance
from geomsup.recognition.matching.acceptance import ACCEPTANCE
from geomsup.recognition.matching.match import USUAL_NOISE, Match
from geomsup.recognition.matching.residuals import in_span, worst_row

__all__ = ["SHAPELESS", "apex_by_chance", "few_directions", "part_of_another", "shapeless", "stray_on_a_vertex"]

# With more apexes than this, vertices like no other, a shape is not taken for a smaller one with strays.
MOST_APEXES = 2

# What is left of a shape without its apexes is flat if a singular value is below this fraction of the largest.
FLAT = 0.1
# Tolerance of its symmetries, as a fraction of the shortest distance: a fitted shape has few exact ones.
ALIKE = 0.15

# Odds, before the rows are looked at, that one is a stray on a vertex, and that one vertex is out of place. Fitted to
# planted cases (`python -m benchmarks.reliability`).
STRAY = 0.5
UNEVEN = 0.1

# Probability that a shape is part of one that was not recognised, where other rows have no name or vertices are empty:
# at a distance of 3 % of the shortest chord, and in proportion to it. Fitted to the same cases.
PART = 2e-3

# Odds, before the rows are looked at, that rows of few dimensions of their own have no shape in these. Two rows in one
# dimension always have one.
SHAPELESS = 0.05


def apex_by_chance(X: np.ndarray, match: Match, m: int) -> float:
    """Probability that a row on a vertex like no other, such as an apex, is there by chance, at most 1.

    The other rows say where such a vertex may be: in as many places as their symmetries bring it to. A random row of
    m dimensions is within ρ of one with the probability V ρ^(m−1)/S, V the volume of the unit ball of m − 1 dimensions
    and S that of the sphere; any shape would have done.
    """
    shape = match.polytope
    if shape is None or m < 2:
        return 0.0
    single = {orbit[0] for orbit in shape.orbits if len(orbit) == 1} if len(shape.orbits) > 1 else set()
    on = [i for i, vertex in enumerate(match.isomorphism) if vertex in single]
    if not on or len(on) > MOST_APEXES:
        return 0.0
    distances = np.maximum(np.linalg.norm(X[on] - match.fitted[on], axis=1), match.chord)
    rho = max(float(distances.max()), chance.SMALLEST_DEVIATION)
    return min(1.0, match.n_templates * _places(match, on) * exp(chance.log_cap(m, rho)))


def _places(match: Match, on: list[int]) -> float:
    """Number of equally good places for the vertices of rows `on`: 8 for an apex above a face of an octahedron."""
    others = np.delete(match.template, on, axis=0)
    spread = np.linalg.svd(others, compute_uv=False)
    if not match.polytope or len(others) < 3 or spread[-1] < FLAT * spread[0]:  # a base has one apex
        return 1.0
    distances = 2 - 2 * (others @ others.T) + 4 * np.eye(len(others))
    nearest = float(np.sqrt(max(distances.min(), 0.0)))
    try:
        order = find_isometries(others, ALIKE * nearest).order if nearest > 0 else 1
    except TooWide:
        return 1.0
    return max(1.0, order / match.symmetry_order)


def few_directions(X: np.ndarray, match: Match, m: int, n: int) -> float:
    """Probability that as few random directions as there are vertices come as close, at most 1.

    Fifteen rows in three heaps say no more of a triangle than three rows: only the means of the heaps count. Random
    directions have m dimensions. All n rows have n·v/k heaps, at the ratio of these k rows in v heaps.
    """
    k, v = len(X), match.n_vertices
    if match.polytope is None or k == v:
        return 0.0
    means, template = _heaps(X, match)
    rho = chance.deviation(means, template)
    tube = chance.tube(template, match.symmetry_order, v, m, m, rho, match.n_parameters, len(match.empty))
    heaps = max(v, round(n * v / k))
    choices = chance.log_choices(heaps, v, match.n_templates) + chance.log_elsewhere(heaps, v, v)
    return exp(min(0.0, tube.log_probability + choices))


def shapeless(X: np.ndarray, match: Match) -> float:
    """How probable it is that rows in r dimensions of their own are random there, at most `SHAPELESS`.

    Three random directions of a plane are within 14 degrees of a triangle one time in ten.
    """
    if match.polytope is None or match.polytope.dimension < 2:
        return 0.0
    means, template = _heaps(X @ match.frame.T, match)
    r = template.shape[1]
    rho = chance.deviation(means, template)
    tube = chance.tube(
        template, match.symmetry_order, match.n_vertices, r, r, rho, match.n_parameters, len(match.empty)
    )
    return SHAPELESS * exp(min(0.0, tube.log_probability + log(match.n_templates)))


def _heaps(X: np.ndarray, match: Match) -> tuple[np.ndarray, np.ndarray]:
    """Mean direction of the rows on each vertex, and these vertices."""
    _, first, labels = np.unique(match.isomorphism, return_index=True, return_inverse=True)
    means = np.array([X[labels == i].mean(axis=0) for i in range(len(first))])
    return means / np.linalg.norm(means, axis=1, keepdims=True), match.template[first]


def part_of_another(match: Match, distance: float) -> float:
    """How probable it is that rows are part of a shape that was not recognised.

    Three digons that are 7 degrees from straight, beside rows without a name, may be the base of a pyramid, and a
    single direction that leans on such rows its apex. Their distance counts, not the noise per coordinate: a tilt is a
    tilt in any number of dimensions.
    """
    return PART * distance * ACCEPTANCE / match.reach / USUAL_NOISE


def stray_on_a_vertex(X: np.ndarray, match: Match, m: int) -> float:
    """How probable it is that the row furthest from its vertex is a stray, over the probability that it belongs there.

    A stray is a random direction of all m dimensions, or of those that the shape spans: the likelier of the two counts.
    """
    if match.polytope is None:
        return 0.0
    flat = in_span(X, match.frame)
    return max(_stray_among(X, X, match, m), _stray_among(flat, X, match, flat.shape[1]))


def _stray_among(X: np.ndarray, whole: np.ndarray, match: Match, m: int) -> float:
    """Odds of a stray among random directions of m dimensions, at most as many as X has columns.

    A stray has the density 1/S on the sphere of m dimensions. A row that belongs there has the density of the others'
    noise, or its vertex is out of place, at any scale.
    """
    worst = worst_row(X, whole, match.template, match.n_parameters, m)
    if worst is None:
        return 0.0
    stray = -chance.log_sphere(m - 1)
    even, uneven = (exp(min(one - stray, chance.LARGEST_EXPONENT)) for one in (worst.log_even, worst.log_uneven))
    return STRAY / (even + UNEVEN * uneven)
