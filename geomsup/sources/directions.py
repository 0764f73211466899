"""Directions that come again among many rows: where, how often, and how often any other one comes at most."""

from dataclasses import dataclass

import numpy as np

from geomsup.threads import Progress, check_stop

__all__ = ["Directions", "directions"]

# Cells are this many tolerances wide: a direction, rounded, is seldom on both sides of a border.
WIDTH = 16.0
# Grids, each in another place and turned: a direction that a border divides in one of them is whole in another.
GRIDS = 4
# Projections that make a cell: three leave a million random directions alone in nearly all cells.
PROJECTIONS = 3
# Directions that are looked at: the most frequent of each grid. Those beyond are counted together, from above.
MOST = 2000
# Rows of a cell whose median is its direction.
MEDIAN = 1001
# Rows that are scaled, or multiplied, at a time.
BLOCK = 2**16
# Odd factors that mix the places of a cell into one number; they must only differ.
MIXERS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)


@dataclass(frozen=True, eq=False)
class Directions:
    """Frequent directions, most frequent first.

    Attributes
    ----------
    points
        Unit vectors, ``(k, m)``: rows of the data.
    counts
        Rows within the tolerance of each.
    rest
        Rows within the tolerance of any other direction: at most so many.
    """

    points: np.ndarray
    counts: np.ndarray
    rest: int


def directions(units: np.ndarray, tolerance: float, progress: Progress = None) -> Directions:
    """Return the frequent directions of unit rows; two rows within the tolerance of each other are one direction.

    Which directions are looked at is guessed from cells of grids. How many rows each has is counted among all rows.
    What no guess found is bounded from above: rows of one direction are within the tolerance of each other in every
    projection.

    Examples
    --------
    >>> rows = np.array([[1.0, 0.0], [0.6, 0.8], [1.0, 0.0], [0.0, 1.0]])
    >>> found = directions(rows, 1e-6)
    >>> found.points.tolist(), found.counts.tolist(), found.rest
    ([[1.0, 0.0]], [2], 1)
    """
    if not len(units):
        return Directions(units, np.zeros(0, np.int64), 0)
    rng = np.random.default_rng(0)  # any projections do: they know nothing of the data
    axes = rng.normal(size=(units.shape[1], PROJECTIONS))
    axes /= np.linalg.norm(axes, axis=0)
    places = np.concatenate([units[first : first + BLOCK] @ axes for first in range(0, len(units), BLOCK)])
    guesses = _guesses(units, places, tolerance, rng, progress)
    order = np.argsort(places[:, 0], kind="stable")
    line = places[order, 0]
    free, heads, counts = np.ones(len(units), bool), [], []
    for row in guesses:
        if free[row]:
            first, last = np.searchsorted(line, places[row, 0] + np.array([-1.0, 1.0]) * tolerance)
            near = order[first:last]
            near = near[((units[near] - units[row]) ** 2).sum(axis=1) <= tolerance**2]
            free[near] = False
            heads.append(row)
            counts.append(len(near))
            check_stop()
    rank = np.argsort(-np.array(counts, np.int64), kind="stable")
    rest = min(_most_within(np.sort(places[free, k]), tolerance) for k in range(PROJECTIONS))
    return Directions(units[np.array(heads, np.int64)[rank]], np.array(counts, np.int64)[rank], rest)


def _guesses(
    units: np.ndarray, places: np.ndarray, tolerance: float, rng: np.random.Generator, progress: Progress
) -> np.ndarray:
    """Return rows that seem to be of frequent directions, those of the fullest cells first."""
    found: list[tuple[int, int]] = []
    for grid in range(GRIDS):
        turn = np.linalg.qr(rng.normal(size=(PROJECTIONS, PROJECTIONS)))[0]
        cells = np.floor(places @ turn / (WIDTH * tolerance) + rng.random(PROJECTIONS)).astype(np.int64)
        keys = (cells.view(np.uint64) * MIXERS).sum(axis=1, dtype=np.uint64)
        order = np.argsort(keys, kind="stable")
        firsts = np.flatnonzero(np.r_[True, np.diff(keys[order]) != 0, True])
        sizes = np.diff(firsts)
        fullest = np.argsort(-sizes, kind="stable")[:MOST]
        for cell in fullest[sizes[fullest] > 1]:
            members = order[firsts[cell] : firsts[cell + 1]][:MEDIAN]
            away = ((units[members] - np.median(units[members], axis=0)) ** 2).sum(axis=1)
            found.append((int(sizes[cell]), int(members[away.argmin()])))
        check_stop()
        if progress is not None:
            progress("directions", (grid + 1) / GRIDS)
    return np.array([row for _, row in sorted(found, key=lambda one: -one[0])], np.int64)


def _most_within(line: np.ndarray, width: float) -> int:
    """Return the largest number of ascending numbers within a width."""
    return int((np.searchsorted(line, line + width, side="right") - np.arange(len(line))).max(initial=0))
