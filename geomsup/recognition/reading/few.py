"""Reading few rows: every block of every cut is compared with random rows.

The cut that names most features is kept. Of several such cuts, the one that random rows give least often is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import log

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.found import DOUBT, EXACT, Found
from geomsup.recognition.matching.acceptance import ACCEPTANCE, LONGEST_CHORD
from geomsup.recognition.matching.match import Match
from geomsup.recognition.matching.search import best_match
from geomsup.recognition.reading.cuts import interference, partitions
from geomsup.recognition.reading.rows import NOISE_FLOOR

__all__ = ["Block", "Evidence", "read_few"]


@dataclass(frozen=True, eq=False)
class Block:
    """Some features, read without the others.

    Attributes
    ----------
    features
        Indices of their rows.
    match
        The shape that fits, if any.
    basis
        Orthonormal rows ``(r, m)``. They span the shape, or the rows of the features if no shape fits.
    """

    features: tuple[int, ...]
    match: Match | None
    basis: np.ndarray

    @cached_property
    def projector(self) -> np.ndarray:
        """Projector on the subspace, ``(m, m)``."""
        return self.basis.T @ self.basis


@dataclass(frozen=True, eq=False)
class Evidence:
    """How certain the shape of a block is, given the other blocks.

    Attributes
    ----------
    block
        The block.
    log_p
        Log of NP, at most 0. P is the probability that random rows come as close to the shape, in the complement of
        the other blocks' span. N is the number of choices (`chance.log_choices`). Without evidence, it is 0.
    exact
        Whether the rows, in the same complement, are a polytope to within `EXACT`.
    """

    block: Block
    log_p: float = 0.0
    exact: bool = False

    @property
    def named(self) -> bool:
        """Whether the block gets a name: its shape is exact, or random rows are unlikely to come as close.

        A single direction only has to be orthogonal to the other blocks.
        """
        if self.block.match is None or self.block.match.polytope is None:
            return self.log_p < 0
        return self.exact or self.log_p <= log(DOUBT)

    def found(self, X: np.ndarray) -> Found:
        """Return the result for the block. A polytope that may come from chance gets no name."""
        block, match = self.block, self.block.match
        members, rank = np.array(block.features), len(block.basis)
        if match is None or (match.polytope is not None and not self.named):
            return Found(members, rank)
        return match.found(X[members], members, self.log_p)


def read_few(X: np.ndarray, noise: float | None) -> list[Found]:
    """Find the components of unit rows X ``(n, m)``; their matrix of cosines is kept in memory.

    Parameters
    ----------
    X
        Unit rows, at least one.
    noise
        As in `classify`.
    """
    return [item.found(X) for item in _best_reading(X, noise)]


def _best_reading(X: np.ndarray, noise: float | None) -> list[Evidence]:
    """Return the evidence for the blocks of the best cut.

    The best cut names most features. Of several such cuts, the best is the one that random rows give least often.
    """
    read = cache(lambda features: _read_block(X, features, noise))
    room = cache(lambda features: _least_dimension(X[list(features)]))
    rivals: list[list[Evidence]] = []
    most = -1
    for partition in partitions(interference(X)):
        # Blocks of a cut are nearly orthogonal: they cannot take more dimensions than there are.
        if len(partition) > 1 and (len(partition) > X.shape[1] or sum(map(room, partition)) > X.shape[1]):
            continue
        blocks = _promising(partition, read, len(X) - most)
        if blocks is None or (len(blocks) > 1 and sum(len(block.basis) for block in blocks) > X.shape[1]):
            continue
        reading = _judge(X, blocks)
        named = _n_named(reading)
        if named > most:
            most, rivals = named, []
        if named == most:
            rivals.append(reading)
    # The default cut comes first, so it is returned if no cut names anything.
    return rivals[0] if len(rivals) == 1 else min(rivals, key=lambda reading: _joint_log_chance(X, reading))


def _promising(
    partition: Sequence[tuple[int, ...]], read: Callable[[tuple[int, ...]], Block], spare: int
) -> list[Block] | None:
    """Return the blocks of a cut, or None if more than `spare` features are in blocks without a match.

    Small blocks are read first.
    """
    blocks = {}
    for features in sorted(partition, key=len):
        blocks[features] = read(features)
        spare -= 0 if blocks[features].match else len(features)
        if spare < 0:
            return None
    return [blocks[features] for features in partition]


def _n_named(reading: list[Evidence]) -> int:
    return sum(len(item.block.features) for item in reading if item.named)


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


def _judge(X: np.ndarray, blocks: Sequence[Block]) -> list[Evidence]:
    """Return the evidence for every block, in the complement of all others."""
    total = np.sum([block.projector for block in blocks], axis=0)
    return [_evidence(X, block, total - block.projector) for block in blocks]


def _joint_log_chance(X: np.ndarray, evidence: Sequence[Evidence]) -> float:
    """Return the log of the probability that random rows come as close to all named blocks together.

    The named blocks together have one tube. Each block is free in the complement of the blocks before it. So the
    orthogonality of two blocks counts once. Blocks without a name come first.
    """
    span = np.zeros((X.shape[1], X.shape[1]))
    tube, choices = chance.Tube(), 0.0
    for item in sorted(evidence, key=lambda item: item.named):
        if item.named:
            tube += _tube(X, item.block, span)
            choices += _log_choices(X, item.block)
        span = span + item.block.projector
    return tube.log_probability + choices


def _evidence(X: np.ndarray, block: Block, others: np.ndarray) -> Evidence:
    if block.match is None:
        return Evidence(block)
    tube, k = _tube(X, block, others), len(block.features)
    if tube.squared_radius > k * block.match.reach**2:
        return Evidence(block)
    log_p = min(0.0, tube.log_probability + _log_choices(X, block))
    on_shape = tube.possible and tube.squared_radius < k * EXACT**2
    return Evidence(block, log_p, on_shape and block.match.polytope is not None)


def _tube(X: np.ndarray, block: Block, others: np.ndarray) -> chance.Tube:
    """Return the tube of a block's shape in the complement of subspaces; `others` sums their projectors."""
    match = block.match
    assert match is not None
    # A small eigenvalue of a sum of projectors is about the square of an angle: 1 - cos θ for two lines at an angle θ.
    # So it is compared with the square of the noise floor.
    eigenvalues, axes = np.linalg.eigh(others)
    free = axes[:, eigenvalues < NOISE_FLOOR**2]
    rho = chance.deviation(X[list(block.features)], match.template, free)
    return chance.tube(
        match.template, match.symmetry_order, match.n_vertices, free.shape[1], X.shape[1], rho, match.n_parameters
    )


def _log_choices(X: np.ndarray, block: Block) -> float:
    assert block.match is not None
    return chance.log_choices(len(X), len(block.features), block.match.n_templates)
