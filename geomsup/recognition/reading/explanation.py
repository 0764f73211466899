"""One explanation of all rows, blocks and strays, and how it is weighed against others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import lgamma, log, log1p

import numpy as np

from geomsup.recognition import chance
from geomsup.recognition.reading.complements import after, beside, least_distances
from geomsup.recognition.reading.evidence import Block, Evidence, evidence_of, tube_of

__all__ = ["Reading", "judged"]

# When explanations of the same rows are weighed against each other, a shape that is nearer than this (root mean square,
# 1.1 degrees) counts as this near. Otherwise two exact digons would outweigh any noisy shape.
NEAR_ENOUGH = 0.02

# Of two explanations that random rows give about as often, that of fewer blocks and fewer rows without a name is kept:
# named blocks cost, and rows without a name. A block costs enough for a noisy 6-orthoplex pyramid not to be a smaller
# one and a digon (0.65), and not so much that a tetrahedron and a direction become a 5-cell (0.95).
BLOCK_COST = 0.75
UNNAMED_COST = 1.0


@dataclass(frozen=True, eq=False)
class Reading:
    """One explanation of all rows: blocks with their evidence, and strays.

    Attributes
    ----------
    items
        The blocks.
    log_p
        Log of the probability that random rows come as close to all named blocks together; less is better. Distances
        below `NEAR_ENOUGH` count as that.
    log_exact
        The same with the distances as they are.
    """

    items: tuple[Evidence, ...]
    log_p: float
    log_exact: float

    def better_than(self, other: "Reading") -> bool:
        """Whether it is less probable by chance, or as probable and names more features.

        An exact shape has a name even if chance would give it every other time.
        """
        return self._worth < other._worth

    @property
    def _worth(self) -> tuple[float, int]:
        named = sum(len(item.block.features) for item in self.items if item.named)
        return min(self.log_p, UNNAMED_COST * sum(len(item.block.features) for item in self.items)), -named


def judged(X: np.ndarray, blocks: Sequence[Block], m: int) -> Reading:
    """Return the evidence for every block, in the complement of all others, and for all together.

    Random rows have m dimensions (`n_dimensions`).
    """
    bases = [block.basis for block in blocks]

    def near() -> list[bool]:
        # What is too far from the complement of the others is no shape in it: most blocks of rows without a shape.
        least = least_distances(X, [block.features for block in blocks], bases).tolist()
        return [bool(block.match and far <= block.match.reach) for block, far in zip(blocks, least, strict=True)]

    free = beside(bases, X.shape[1], near)
    items = tuple(evidence_of(X, block, room, m) for block, room in zip(blocks, free, strict=True))
    return Reading(items, *_joint_log_chances(X, items, m, (NEAR_ENOUGH, 0.0)))


def _joint_log_chances(X: np.ndarray, evidence: Sequence[Evidence], m: int, least: Sequence[float]) -> list[float]:
    """Return the logs of the probabilities that random rows come as close to all named blocks together.

    Each block is free in the complement of the blocks before it. So the orthogonality of two blocks counts once. Blocks
    without a name come first; they add nothing. Distances count as at least each of `least` in turn.
    """
    named = [item.block for item in evidence if item.named]
    unnamed = [item.block.basis for item in evidence if not item.named]
    free = after(unnamed, [block.basis for block in named], X.shape[1])
    nameless = len(X) - sum(len(block.features) for block in named)
    start = _log_ways(len(X), named) + BLOCK_COST * len(named) + UNNAMED_COST * nameless
    tubes = [tube_of(X, block, room, m) for block, room in zip(named, free, strict=True)]
    noises = [log1p(block.match.relative_noise(X.shape[1]) ** 4) if block.match else 0.0 for block in named]
    totals = []
    for nearest in least:
        total = start
        for block, tube, noise in zip(named, tubes, noises, strict=True):
            total += tube.at_least(len(block.features) * nearest**2).log_probability
            total += noise
        totals.append(total)
    return totals


def _log_ways(n: int, blocks: Sequence[Block]) -> float:
    """Log of the number of ways to choose as many sets of as many rows of n, and a shape for each.

    Sets of one kind of shape may change places. Every kind could have had any size.
    """
    left = n - sum(len(block.features) for block in blocks)
    ways = lgamma(n + 1) - lgamma(left + 1) - sum(lgamma(len(block.features) + 1) for block in blocks)
    kinds = Counter((block.match.polytope, len(block.features)) for block in blocks if block.match)
    ways -= sum(lgamma(count + 1) for count in kinds.values())
    ways += sum(chance.log_elsewhere(n, size, size) for _, size in kinds)
    return ways + sum(log(block.match.n_templates) for block in blocks if block.match)
