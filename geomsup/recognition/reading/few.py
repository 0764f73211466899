"""Reading few rows: every block of every cut is compared with random rows, and the least accidental reading is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, log

import numpy as np

from geomsup.recognition.chance import LARGEST_EXPONENT
from geomsup.recognition.found import DOUBT, Found
from geomsup.recognition.matching.acceptance import ACCEPTANCE, LONGEST_CHORD
from geomsup.recognition.matching.residuals import doubted
from geomsup.recognition.matching.search import best_match
from geomsup.recognition.reading.cuts import DEFAULT_CUT, interference, partitions
from geomsup.recognition.reading.evidence import Block, Evidence, n_dimensions
from geomsup.recognition.reading.explanation import Reading, judged
from geomsup.recognition.reading.rivals import (
    apex_by_chance,
    few_directions,
    part_of_another,
    shapeless,
    stray_on_a_vertex,
)
from geomsup.recognition.reading.rows import NOISE_FLOOR
from geomsup.recognition.reading.strays import MOST_STRAYS, Neighbours, neighbours_of_strays, without_strays

__all__ = ["read_few"]


def read_few(
    X: np.ndarray,
    noise: float | None,
    strays: bool = True,
    beside_nameless: bool = False,
) -> tuple[list[Found], float]:
    """Find the components of unit rows X ``(n, m)``; their matrix of cosines is kept in memory.

    Parameters
    ----------
    X
        Unit rows, at least one.
    noise
        As in `classify`.
    strays
        Whether some rows may be strays.
    beside_nameless
        Whether there are other rows, without a name.

    Returns
    -------
    list of Found, float
        The components, and the log of the probability that random rows come as close to all shapes together.
    """
    reader = _Reader(X, noise, n_dimensions(X), beside_nameless)
    reading = reader.best(range(len(X)))
    if strays:
        reading = reader.joined(without_strays(X, reading, reader.best))
    near = reader.neighbours(reading)
    return [reader.weighed(item, reading, near, item.found(X)) for item in reading.items], reading.log_p


@dataclass(frozen=True, eq=False)
class _Reader:
    """Reads cuts of some of the rows X one after another; blocks that have been read are kept."""

    X: np.ndarray
    noise: float | None
    m: int
    beside_nameless: bool
    blocks: dict[tuple[int, ...], Block] = field(default_factory=dict)
    rooms: dict[tuple[int, ...], int] = field(default_factory=dict)
    readings: dict[tuple[int, ...], Reading] = field(default_factory=dict)
    seen: list[tuple[float, frozenset[tuple[int, ...]]]] = field(default_factory=list)

    def best(self, kept: Sequence[int]) -> Reading:
        """Return the reading of the rows `kept` that is least probable by chance; the other rows are strays.

        The cut with the default threshold is returned if no cut names anything.
        """
        rows = tuple(kept)  # two searches for strays often take out the same ones
        if rows not in self.readings:
            self.readings[rows] = self._best(rows)
        return self.readings[rows]

    def _best(self, rows: tuple[int, ...]) -> Reading:
        X = self.X[list(rows)]
        strays = [Block((i,), None, X[:0], stray=True) for i in sorted(set(range(len(self.X))) - set(rows))]
        best = None
        for partition in partitions(interference(X)):
            # Blocks of a cut are nearly orthogonal: they cannot take more dimensions than there are.
            if len(partition) > 1 and sum(self._room(tuple(rows[i] for i in part)) for part in partition) > X.shape[1]:
                continue
            blocks = [self._block(tuple(rows[i] for i in part)) for part in partition]
            if len(blocks) > 1 and sum(len(block.basis) for block in blocks) > X.shape[1]:
                continue
            reading = judged(self.X, [*blocks, *strays], self.m)
            self.seen.append(
                (reading.log_exact, frozenset(item.block.features for item in reading.items if item.named))
            )
            if best is None or reading.better_than(best):
                best = reading
        assert best is not None  # "everything connected" is one of the cuts
        return best

    def joined(self, reading: Reading) -> Reading:
        """Return a reading in which strays are one block with what they probably lean on; named shapes stay."""
        reading = self._read_as(self._gathered(reading), reading)
        while True:
            local = [one for one in self.neighbours(reading) if one.log_odds > -log(DOUBT) and one.room]
            if not local:
                return self._read_as(self._without_crowds(reading), reading)
            reading = self._read_as(self._blocks_with(local, reading), reading)

    def _read_as(self, blocks: list[Block], before: Reading) -> Reading:
        """Judge blocks of which some may have been joined, or return the reading before if none has."""
        return before if len(blocks) == len(before.items) else judged(self.X, blocks, self.m)

    def _gathered(self, reading: Reading) -> list[Block]:
        """Return the blocks of a reading; those without a name that lean on each other are one.

        A cut that names the most may part rows that are as near to each other as any, such as those of a ring.
        """
        loose = [item.block for item in reading.items if not item.named and not item.block.stray]
        if not any(block.single for block in loose):
            return [item.block for item in reading.items]
        from scipy.sparse.csgraph import connected_components

        place = np.repeat(np.arange(len(loose)), [len(block.features) for block in loose])
        rows = self.X[[i for block in loose for i in block.features]]
        leaning = np.zeros((len(loose), len(loose)))
        np.maximum.at(leaning, (place[:, None], place), interference(rows))
        _, labels = connected_components(leaning > DEFAULT_CUT, directed=False)
        groups = [[loose[i] for i in np.flatnonzero(labels == label)] for label in range(labels.max() + 1)]
        return [item.block for item in reading.items if item.block not in loose] + [
            group[0] if len(group) == 1 else self._block(tuple(sorted(i for block in group for i in block.features)))
            for group in groups
        ]

    def _blocks_with(self, local: list[Neighbours], reading: Reading) -> list[Block]:
        """Return the blocks of a reading, neighbours joined to one: the likeliest first, each block once."""
        left, joined = {item.block.features: item.block for item in reading.items}, list[Block]()
        for one in sorted(local, key=lambda one: -one.log_odds):
            items = [reading.items[i] for i in one.blocks]
            parts = [(i,) for i in one.rows] + [item.block.features for item in items if not item.shaped]
            if all(part in left for part in parts):
                for part in parts:
                    del left[part]
                joined.append(self._block(tuple(sorted(i for part in parts for i in part))))
        return [*left.values(), *joined]

    def _without_crowds(self, reading: Reading) -> list[Block]:
        """Return the blocks of a reading; where more rows lie across others than may, all without a name are one."""
        loose = [item.block for item in reading.items if not item.named]
        if sum(block.stray or block.single for block in loose) <= MOST_STRAYS * len(self.X):
            return [item.block for item in reading.items]
        rows = tuple(sorted(i for block in loose for i in block.features))
        return [*(item.block for item in reading.items if item.named), self._block(rows)]

    def neighbours(self, reading: Reading) -> list[Neighbours]:
        """Return what the strays of a reading lean on, but for shapes: these are named by their own rows."""
        found = neighbours_of_strays(self.X, reading, self.m)
        return [one for one in found if not all(reading.items[i].shaped for i in one.blocks)]

    def weighed(self, item: Evidence, chosen: Reading, near: list[Neighbours], found: Found) -> Found:
        """Return what a block was found to be, weighed against the readings in which it is no named block.

        A single direction is weighed against strays that it may be one block with, too: the `neighbours` of the chosen
        reading.
        """
        if not item.named or item.block.match is None:
            return found
        others = [log_p for log_p, named in self.seen if item.block.features not in named]
        X, match = self.X[found.members] @ self.axes.T, item.block.match
        match = replace(match, frame=match.frame @ self.axes.T)
        found = doubted(found, match, X)
        rival = found.rival + apex_by_chance(X, match, self.m) + stray_on_a_vertex(X, match, self.m)
        rival += few_directions(X, match, self.m, len(self.X))
        rival += shapeless(X, match)
        if match.empty or self.beside_nameless or not all(other.named for other in chosen.items):
            rival += part_of_another(match, match.chord if match.polytope else item.distance)
        if others:
            rival += exp(min(chosen.log_exact - min(others), 0.0))
        if match.polytope is None:
            place = chosen.items.index(item)
            rival += sum(exp(min(one.log_doubt(place), LARGEST_EXPONENT)) for one in near)
        return replace(found, rival=rival)

    @cached_property
    def axes(self) -> np.ndarray:
        """Orthonormal rows: the dimensions in which random rows are to be compared with these."""
        if self.m == self.X.shape[1]:
            return np.eye(self.m)
        return np.linalg.svd(self.X, full_matrices=False)[2][: self.m]

    def _room(self, features: tuple[int, ...]) -> int:
        if features not in self.rooms:
            self.rooms[features] = _least_dimension(self.X[list(features)])
        return self.rooms[features]

    def _block(self, features: tuple[int, ...]) -> Block:
        if features not in self.blocks:
            self.blocks[features] = _read_block(self.X, features, self.noise)
        return self.blocks[features]


def _read_block(X: np.ndarray, features: tuple[int, ...], noise: float | None) -> Block:
    """Match the rows `features` of X with a shape, and ignore the other rows."""
    rows = X[list(features)]
    match = best_match(rows, noise)
    if match is not None:
        return Block(features, match, match.frame)
    squared, axes = np.linalg.eigh(rows.T @ rows)
    return Block(features, None, axes[:, squared > NOISE_FLOOR**2 * squared[-1]].T)


def _least_dimension(X: np.ndarray) -> int:
    """Return the least dimension of a block that reading the k rows X can give.

    Rows at a root-mean-square distance ρ from r dimensions have singular values with Σ_{i>r} σ_i² <= kρ². No shape is
    accepted beyond ρ = √2/4. Dimensions below the noise floor do not count.

    Examples
    --------
    >>> _least_dimension(np.eye(3)), _least_dimension(np.array([[1.0, 0.1], [-1.0, 0.1]]))
    (3, 1)
    """
    squared = np.linalg.eigvalsh(X @ X.T if len(X) < X.shape[1] else X.T @ X)
    beyond = len(X) * (ACCEPTANCE * LONGEST_CHORD) ** 2
    noise = (squared <= NOISE_FLOOR**2 * squared[-1]).sum()
    return len(squared) - int(max(noise, (squared.cumsum() <= beyond).sum()))
