"""How certain the shape of one block is, given the other blocks."""

from dataclasses import dataclass, replace
from math import log

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.found import DOUBT, EXACT, Found
from geomsup.recognition.matching.match import Match
from geomsup.recognition.reading.rows import NOISE_FLOOR

__all__ = ["Block", "Evidence", "evidence_of", "n_dimensions", "tube_of"]

# Rows for each dimension, and one dimension more, from which on low rank is no sign of a shape: a hexagon has as many.
MANY_PER_DIMENSION = 2


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
        Orthonormal rows ``(r, m)``. They span the shape, or the rows of the features if no shape fits. A stray row has
        none: it takes no dimension from the others.
    stray
        Whether it is one row that lies across the other blocks.
    """

    features: tuple[int, ...]
    match: Match | None
    basis: np.ndarray
    stray: bool = False

    @property
    def single(self) -> bool:
        """Whether its rows fit a single direction."""
        return self.match is not None and self.match.polytope is None


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
    distance
        Root-mean-square distance of the rows from the shape, in the same complement.
    """

    block: Block
    log_p: float = 0.0
    exact: bool = False
    distance: float = 0.0

    @property
    def named(self) -> bool:
        """Whether the block gets a name: its shape is exact, or random rows are unlikely to come as close.

        A single direction only has to be orthogonal to the other blocks.
        """
        if self.block.match is None or self.block.single:
            return self.log_p < 0
        return self.exact or self.log_p <= log(DOUBT)

    @property
    def shaped(self) -> bool:
        """Whether the block gets the name of a polytope."""
        return self.named and self.block.match is not None and not self.block.single

    def found(self, X: np.ndarray) -> Found:
        """Return the result for the block. What may come from chance gets no name: a single direction lies across."""
        block, match = self.block, self.block.match
        members, rank = np.array(block.features), len(block.basis)
        if block.stray:
            return Found(members, 1, stray=True)
        if match is None or not self.named:
            return Found(members, rank, stray=block.single and len(members) == 1)
        return match.found(X[members], members, self.log_p)


def evidence_of(X: np.ndarray, block: Block, free: np.ndarray | None, m: int) -> Evidence:
    """Return the evidence for a block in the space of the orthonormal columns `free`, among rows of m dimensions.

    A block has no evidence if `free` is None: it is too far from that space.
    """
    if block.match is None or free is None:
        return Evidence(block)
    tube, k = tube_of(X, block, free, m), len(block.features)
    if tube.squared_radius > k * block.match.reach**2:
        return Evidence(block)
    distance = (tube.squared_radius / k) ** 0.5
    if block.single:
        return Evidence(block, _log_direction(X, block, free, m), distance=distance)
    log_p = min(0.0, tube.log_probability + chance.log_choices(len(X), k, block.match.n_templates))
    return Evidence(block, log_p, tube.possible and distance < EXACT, distance)


def _log_direction(X: np.ndarray, block: Block, free: np.ndarray, m: int) -> float:
    """Log of the probability that one of the directions is as far from the other blocks by chance, at most 0.

    Copies say no more than one row does: their mean counts, among as many directions as there are at this number of
    copies.
    """
    assert block.match is not None
    copies = X[list(block.features)]
    mean = copies.mean(axis=0, keepdims=True) / np.linalg.norm(copies.mean(axis=0))
    one = Block((0,), replace(block.match, template=np.ones((1, 1))), block.basis)
    choices = max(1, round(len(X) / len(copies)))
    return min(0.0, tube_of(mean, one, free, m).log_probability + log(choices))


def tube_of(X: np.ndarray, block: Block, free: np.ndarray, m: int) -> chance.Tube:
    """Return the tube of a block's shape among rows of m dimensions; `free` are orthonormal columns it may turn in."""
    match = block.match
    assert match is not None
    rho = chance.deviation(X[list(block.features)], match.template, free)
    # A flat shape, such as a prism over a polygon of many sides, has a dimension within the noise floor.
    unused = min(X.shape[1] - m, max(free.shape[1] - match.template.shape[1], 0))
    return chance.tube(
        match.template, match.symmetry_order, match.n_vertices, free.shape[1] - unused, X.shape[1] - unused, rho,
        match.n_parameters, len(match.empty),
    )  # fmt: skip


def n_dimensions(X: np.ndarray) -> int:
    """Return the number of dimensions in which random rows are to be compared with rows X.

    Many rows of low rank are compared with random rows of that rank: in few dimensions some come near to a shape by
    chance. Few rows are not: they may be a shape that spans few dimensions.
    """
    n, m = X.shape
    if n < 2 * MANY_PER_DIMENSION:
        return m
    squared = np.linalg.eigvalsh(X.T @ X if n > m else X @ X.T)
    rank = int((squared > NOISE_FLOOR**2 * squared[-1]).sum())
    return rank if n >= MANY_PER_DIMENSION * (rank + 1) else m
