"""Reading many rows: every cut of the dendrogram in batches, without an n × n matrix."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import log

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.found import Found
from geomsup.recognition.matching.acceptance import ACCEPTANCE, LONGEST_CHORD, noise_explains
from geomsup.recognition.matching.match import Match
from geomsup.recognition.matching.residuals import doubted
from geomsup.recognition.matching.search import best_match, match_many
from geomsup.recognition.reading.batch import LARGEST_BATCHED, Batch, among_all, match_batch
from geomsup.recognition.reading.closer import read_closer
from geomsup.recognition.reading.cuts import DEFAULT_CUT, MOST_CUTS
from geomsup.recognition.reading.overlaps import LADDER, Overlaps, overlaps
from geomsup.recognition.reading.rows import UnitRows
from geomsup.recognition.reading.spans import basis, groups, leaks
from geomsup.shapes import Polytope

__all__ = ["candidate_rungs", "read_many"]

# Components of a cut whose ranks add to more than there are dimensions cannot be orthogonal. They still count
# as nearly orthogonal if no two of their rows are nearer to one line than 60 degrees.
LOOSEST_CUT = 0.5

# Rows further than this from the complement of all other components are not on their own.
ISOLATED = ACCEPTANCE * LONGEST_CHORD

# Components of more rows are not compared row by row with the catalogue; rows that share vertices still are.
LARGEST_MATCHED = 2000


@dataclass(frozen=True, eq=False)
class _Part(Found):
    """A component of a cut before the decision: the shape that fits it may be an accident.

    Attributes
    ----------
    distance
        Root-mean-square distance of the rows from the complement of the other components.
    open
        Whether closed forms have not fitted, and the catalogue has not been looked up.
    """

    distance: float = 0.0
    open: bool = False

    @property
    def sure(self) -> bool:
        """Whether the shape is no accident, or exact; a direction must be orthogonal to the other components."""
        if self.polytope is None:
            return self.residual is not None and np.hypot(self.chord, self.distance) <= ISOLATED
        return self.no_accident

    @property
    def astray(self) -> bool:
        """Whether it has no name and is not orthogonal to other components, so that it belongs to the rest."""
        return not self.sure and self.distance > ISOLATED


def read_many(rows: UnitRows, noise: float | None, memory: float) -> tuple[list[Found], Overlaps]:
    """Find the components of many rows.

    Candidate cuts are the widest ranges of |cos| in which nothing merges, with the default one. The cut that
    names most features is kept, among equals the one least probable by chance. Unnamed components that lean on
    others are one.

    Parameters
    ----------
    rows
        Unit rows, at least 2.
    noise
        As in `classify`.
    memory
        Bytes for stacks and blocks.
    """
    scanned = overlaps(rows.single, memory)
    reader = _Reader(rows, noise, memory)
    rungs = candidate_rungs(scanned.parts)
    cuts = [reader.read(scanned.labels[rung]) for rung in rungs]
    best: list[_Part] = []
    merit = (1, 0.0, 0)
    # First come cuts of which closed forms name most. What they leave open is matched one by one, which takes long:
    # only where it may matter.
    for i in sorted(range(len(cuts)), key=lambda i: _promise(cuts[i])):
        if _promise(cuts[i]) - _open(cuts[i]) > merit[0]:
            continue
        parts = reader.settled(cuts[i])
        if _promise(parts) > merit[0]:
            continue
        placed = reader.placed(parts)
        # Of equals the default cut, which comes first, stays.
        worth = (*_merit(placed), i)
        if worth < merit and (LADDER[rungs[i]] <= LOOSEST_CUT or _rank(placed) <= rows.n_dimensions):
            best, merit = placed, worth
    found, left = read_closer(best, rows, scanned.labels, noise)
    return found + [part if part.sure else part.unnamed() for part in _gathered(left, rows)], scanned


def _rank(parts: list[_Part]) -> int:
    return sum(part.rank for part in parts)


def _promise(parts: list[_Part]) -> int:
    """Minus the number of features that have a name, or may get one: directions have to be placed first."""
    return -sum(len(part.members) for part in parts if part.sure)


def _open(parts: list[_Part]) -> int:
    """Number of features that closed forms leave open."""
    return sum(len(part.members) for part in parts if part.open)


def _merit(parts: list[_Part]) -> tuple[int, float]:
    """Minus the number of features named, and the log of the chance of all names."""
    named = [part for part in parts if part.sure]
    return -sum(len(part.members) for part in named), sum(part.log_p for part in named)


def candidate_rungs(parts: np.ndarray) -> list[int]:
    """Rungs to cut at: the default, "everything joined", and the first of the widest ranges without merges."""
    starts = np.flatnonzero(np.append(True, np.diff(parts) > 0))
    widths = np.diff(np.append(starts, len(parts)))
    widest = starts[np.argsort(-widths, kind="stable")[:MOST_CUTS]]
    default = starts[np.searchsorted(starts, np.searchsorted(LADDER, DEFAULT_CUT), side="right") - 1]
    return list(dict.fromkeys(map(int, [default, 0, *widest])))


def _gathered(parts: list[_Part], rows: UnitRows) -> list[_Part]:
    """Join unnamed parts that overlap others: to the large unnamed one they overlap most, or to one rest."""
    astray = [part for part in parts if part.astray]
    if not astray:
        return parts
    hosts = [part for part in parts if not part.sure and not part.astray and len(part.members) > LARGEST_BATCHED]
    # Mean squared length of each part in the span of each host; in the last column the least that counts.
    inside = np.full((len(astray), len(hosts) + 1), 1 - (1 - ISOLATED**2 / 2) ** 2)
    for column, host in enumerate(hosts):
        span = basis(rows, host.members)
        inside[:, column] = [((rows.take(part.members) @ span.T) ** 2).sum(axis=1).mean() for part in astray]
    homes = inside.argmax(axis=1)
    moved = set(map(id, (*astray, *hosts)))
    joined = [part for part in parts if id(part) not in moved]
    for column in range(len(hosts) + 1):
        guests = [part.members for part, home in zip(astray, homes, strict=True) if home == column]
        every = [*guests, *(host.members for host in hosts[column : column + 1])]
        if guests:
            members = np.sort(np.concatenate(every))
            joined.append(_Part(members, len(basis(rows, members))))
        elif every:
            joined.append(hosts[column])
    return joined


@dataclass(frozen=True, eq=False)
class _Reader:
    """Reads cuts one after another; shapes that were matched row by row are kept."""

    rows: UnitRows
    noise: float | None
    memory: float
    seen: dict[tuple[int, int], Match | None] = field(default_factory=dict)

    def read(self, labels: np.ndarray) -> list[_Part]:
        """Match every component of a cut by closed forms, without regard to where the components lie."""
        return [part for members in groups(labels) for part in self._parts(members)]

    def settled(self, parts: list[_Part]) -> list[_Part]:
        """Compare the components that closed forms left open with the whole catalogue."""
        return [self._alone(part.members) if part.open else part for part in parts]

    def _parts(self, members: np.ndarray) -> Iterator[_Part]:
        """Parts of components of one size, whose rows are the rows of `members`."""
        k = members.shape[1]
        if k == 1:
            yield from (_Part(row, 1, residual=0.0, n_vertices=1, chord=0.0) for row in members)
        elif k > LARGEST_BATCHED:
            yield from (_Part(row, 0, open=True) for row in members)
        else:
            step = max(1, int(self.memory / 4 / (8 * k * (self.rows.n_dimensions + 8 * k))))
            for first in range(0, len(members), step):
                yield from self._batch(members[first : first + step])

    def _batch(self, members: np.ndarray) -> Iterator[_Part]:
        X = self.rows.take(members)
        batch = match_batch(X @ np.swapaxes(X, 1, 2), len(self.rows), X.shape[2])
        for b, shape in enumerate(batch.shapes):
            if shape is None and batch.hopeless[b]:
                yield _Part(members[b], int(batch.rank[b]))
            elif shape is None or not self._explained(shape, batch, b):
                yield _Part(members[b], 0, open=True)
            else:
                yield _Part(
                    members=members[b],
                    rank=shape.dimension,
                    polytope=shape,
                    variant="uniform",
                    isomorphism=tuple(batch.order[b].tolist()),
                    residual=float(batch.residual[b]),
                    n_vertices=shape.n_vertices,
                    chord=float(batch.chord[b]),
                    log_p=float(batch.log_p[b]),
                    template=shape.vertices[batch.order[b]],
                )

    def _explained(self, shape: Polytope, batch: Batch, b: int) -> bool:
        k, m, r = shape.n_vertices, self.rows.n_dimensions, shape.dimension
        return self.noise is None or noise_explains(k, m, r, float(batch.chord[b]), self.noise)

    def _alone(self, members: np.ndarray) -> _Part:
        """Compare one component with the whole catalogue."""
        key = (int(members[0]), len(members))
        if key not in self.seen:
            if len(members) > LARGEST_MATCHED:
                match = match_many(self.rows.single[members], self.noise)
            else:
                match = best_match(self.rows.take(members), self.noise)
            self.seen[key] = match
        match = self.seen[key]
        if match is None:
            return _Part(members, 0)
        X = self.rows.take(members)
        return _Part(**vars(among_all(doubted(match.found(X, members, 0.0), match, X), self.rows)))

    def placed(self, parts: list[_Part]) -> list[_Part]:
        """Set how far every part is from the complement of the others, and judge single directions."""
        place = np.empty(len(self.rows), int)
        for index, part in enumerate(parts):
            place[part.members] = index
        spans = {index: basis(self.rows, part.members) for index, part in enumerate(parts) if part.rank == 0}
        parts = [replace(part, rank=len(spans.get(i, ())) or part.rank) for i, part in enumerate(parts)]
        sizes, ranks = np.array([[len(part.members), part.rank] for part in parts]).T
        leaking = np.bincount(place, leaks(self.rows, place, ranks / sizes, spans)) / sizes
        distances = np.sqrt(np.maximum(2 - 2 * np.sqrt(np.clip(1 - leaking, 0.0, 1.0)), 0.0))
        free = max(1, self.rows.n_dimensions - int(ranks.sum()) + 1)
        return [
            replace(part, distance=distance, log_p=self._direction(part, distance, free))
            if part.polytope is None and part.residual is not None
            else replace(part, distance=distance)
            for part, distance in zip(parts, distances.tolist(), strict=True)
        ]

    def _direction(self, part: _Part, distance: float, free: int) -> float:
        """Log of the probability that a random direction is as far from all other components."""
        k, n, m = len(part.members), len(self.rows), self.rows.n_dimensions
        rho = max(float(np.hypot(part.chord, distance)), chance.SMALLEST_DEVIATION)
        if rho > ISOLATED:
            return 0.0
        tube = _directions(k, free, m)
        return min(0.0, tube.log_probability + tube.codimension * log(rho) + chance.log_choices(n, k, 1))


@lru_cache(maxsize=256, typed=True)
def _directions(k: int, free: int, m: int) -> chance.Tube:
    """Tube of radius 1 around k equal directions; its probability grows with the codimension's power."""
    return chance.tube(np.ones((k, 1)), 1, 1, free, m, 1.0)
