"""Sets of rows that may form a shape: grown from pairs of neighbours, and whatever of them has one by closed forms."""

from dataclasses import dataclass

import numpy as np

from geomsup.recognition.hidden.fitting import fit
from geomsup.recognition.hidden.nulls import share_quantile
from geomsup.recognition.hidden.pairs import Neighbours
from geomsup.recognition.reading.rows import UnitRows
from geomsup.threads import Progress, check_stop, in_threads, stop_flag

__all__ = ["Candidate", "grown_sets", "shaped"]

# Nearest neighbours of each row that a set is grown from. Rows of a shape are each other's nearest; more starts than
# that only help where strangers are nearer.
STARTS = 4

# Neighbours that are followed at a time: those of twelve rows, unless all have many.
ROOM = 256

# A pair without one of its rows is nothing, and of triples there are very many that are accidents.
FEWEST_LESS_ONE = 3

# Pairs that a thread grows at a time.
CHUNK = 2048

# Numbers in double precision that a thread gathers at a time: 16 MB.
GATHERED = 2**21


@dataclass(frozen=True)
class Candidate:
    """A set of rows that fits a shape.

    Attributes
    ----------
    rows
        Indices into the unit rows, ascending.
    name, center, chord
        Of the shape, and how near the rows are to it.
    residual
        `chord` as an angle, degrees.
    """

    rows: tuple[int, ...]
    name: str
    center: str
    chord: float
    residual: float


def grown_sets(X: np.ndarray, near: Neighbours, d: float, largest: int, progress: Progress = None) -> list[np.ndarray]:
    """Grow sets from pairs of neighbours; return the different ones, ``(sets, k)`` for k = 2..`largest`.

    To a set comes the neighbour of one of its rows of which most lies in their span, until no row beyond chance does.
    Every set on the way is returned, and the last one also without any one of its rows: a stranger, or a copy.

    Parameters
    ----------
    X
        ``(n, m)`` unit rows, single precision.
    near
        Neighbours of each row.
    d
        Number of dimensions of chance.
    largest
        Rows of a set, at most.
    progress
        Called with ("sets", fraction done).
    """
    from geomsup.recognition.hidden.kernels import grow

    seeds = near.seeds(STARTS)
    # The best of n random rows stops the growth every other time.
    least = np.array([share_quantile(1 / len(X), s, d) if s > 1 else 0.0 for s in range(largest + 2)])
    chunks = [seeds[first : first + CHUNK] for first in range(0, len(seeds), CHUNK)]
    done = [0]

    def chunk(part: np.ndarray) -> np.ndarray:
        grown = np.empty((len(part), largest + 1), np.int32)
        grow(X, near.start, near.near, part, least, grown, ROOM, stop_flag())
        check_stop()
        return grown

    def told(_: np.ndarray) -> None:
        done[0] += 1
        if progress is not None:
            progress("sets", done[0] / len(chunks))

    grown = np.concatenate([np.empty((0, largest + 1), np.int32), *in_threads(chunk, chunks, told=told)])
    sizes = (grown >= 0).sum(axis=1)
    sets = []
    for k in range(2, largest + 1):
        last = _different(grown[sizes == k + 1, : k + 1]) if k >= FEWEST_LESS_ONE else np.empty((0, k + 1), np.int32)
        without = [np.delete(last, place, axis=1) for place in range(k + 1)]
        sets.append(_different(np.concatenate([grown[sizes >= k, :k], *without])))
    return sets


def _different(members: np.ndarray) -> np.ndarray:
    """Return the different sets among rows of members, each ascending."""
    return np.unique(np.sort(members, axis=1), axis=0)


def shaped(rows: UnitRows, members: np.ndarray) -> list[Candidate]:
    """Return those of the sets ``(sets, k)`` of rows that fit a shape.

    Examples
    --------
    >>> from geomsup.recognition.reading.rows import strong_rows
    >>> rows = strong_rows(np.array([[1.0, 0.1, 0.0], [-1.0, 0.1, 0.0], [0.0, 0.0, 1.0]]))
    >>> [(found.rows, found.name) for found in shaped(rows, np.array([[0, 1], [0, 2]]))]
    [((0, 1), 'digon')]
    """
    k, m = members.shape[1], rows.n_dimensions
    step = max(GATHERED // (k * m), 1)

    def chunk(part: np.ndarray) -> list[Candidate]:
        X = rows.take(part)
        fits = fit(X @ np.swapaxes(X, 1, 2), rows.relative[part], m)
        residual = fits.residual
        return [
            Candidate(tuple(part[b].tolist()), name, fits.centers[b], float(fits.chord[b]), float(residual[b]))
            for b, name in enumerate(fits.names)
            if name is not None
        ]

    parts = in_threads(chunk, [members[first : first + step] for first in range(0, len(members), step)])
    return [found for part in parts for found in part]
