"""Where one kind of block takes over from another as features become sparse."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from geomsup.laws import Law
from geomsup.plateau.blocks import PlateauBlock, dedicated_block, follow, settled
from geomsup.tables import Readable

__all__ = ["PlateauCrossing", "crossings_between"]

WIDTH = 1e-9  # width of the root's bracket, relative to p
SAME = 1e-6  # relative difference of losses below which a kind under two names is one
BETTER = 1e-7  # a third kind wins at a crossing if it gains more than the two by this fraction
RIVALS = 8  # kinds that are compared there


@dataclass(frozen=True, eq=False)
class PlateauCrossing(Readable):
    """Where two kinds of blocks gain the same per dimension, and no other kind that was found gains more.

    Attributes
    ----------
    probability
        p = P(x_i ≠ 0) of the crossing.
    gain
        Gain per dimension of both.
    dense, sparse
        The kind that wins above p, and the one that wins below, each at its best weights there.

    Examples
    --------
    >>> import geomsup as gs
    >>> crossing = gs.plateaus([0.7, 0.6], largest_rank=2).crossings[0]
    >>> crossing.names
    ('triangle', 'digon')
    >>> print(f"{crossing.probability:.6f} {crossing.inverse_density:.6f}")
    0.644240 1.552216
    >>> crossing.to_dict()["sparse"]["name"]
    'digon'
    """

    probability: float
    gain: float
    dense: PlateauBlock = field(repr=False)
    sparse: PlateauBlock = field(repr=False)

    @property
    def names(self) -> tuple[str, str]:
        """Names of the two kinds, from dense to sparse."""
        return self.dense.name, self.sparse.name

    @property
    def inverse_density(self) -> float:
        """1/p = 1/(1 - S), the paper's axis."""
        return 1 / self.probability

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return {
            "probability": self.probability,
            "inverse_density": self.inverse_density,
            "gain": self.gain,
            "dense": self.dense.to_dict(),
            "sparse": self.sparse.to_dict(),
        }

    def __str__(self) -> str:
        return (
            f"p = {self.probability:.8g} (1/p = {self.inverse_density:.6g}): {self.dense.name} -> {self.sparse.name}, "
            f"gain per dimension {self.gain:.8g}"
        )


def crossings_between(
    values: Law,
    dense: Sequence[PlateauBlock],
    sparse: Sequence[PlateauBlock],
    search: Callable[[float], Sequence[PlateauBlock]] = lambda _: (),
) -> list[PlateauCrossing]:
    """Return the crossings between two probabilities, from dense to sparse, given the kinds at both, best first.

    Both winners are followed to where they gain the same (Brent). If a third kind gains more there, one that is known
    or one that `search` finds near a probability, it wins in between, and its two crossings are looked for. Where a
    winner cannot be followed that far, the interval is halved.
    """
    first, second = dense[0], sparse[0]
    if first.name == second.name or _one_branch(values, first, second):
        return []
    root = _root(values, first, second)
    if root is None:
        p = (first.probability * second.probability) ** 0.5
        if first.probability - second.probability < WIDTH * p:
            return [PlateauCrossing(p, (first.gain + second.gain) / 2, first, second)]
        middle = _kinds_at(values, p, [dense, sparse])
    else:
        near = search(root[0].probability)
        middle = _kinds_at(values, root[0].probability, [near, dense[1:], sparse[1:]], root)
        if middle[0].gain <= max(block.gain for block in root) * (1 + BETTER):
            return [PlateauCrossing(root[0].probability, root[0].gain, *root)]
    return [
        *crossings_between(values, dense, middle, search),
        *crossings_between(values, middle, sparse, search),
    ]


def _one_branch(values: Law, first: PlateauBlock, second: PlateauBlock) -> bool:
    """Whether the second is where the first leads to: a branch whose shape drifts from one name to another."""
    if (first.size, first.rank) != (second.size, second.rank):
        return False
    end = settled(values, second.probability, (first.model.W, first.model.b))
    return end is not None and abs(end.loss - second.loss) <= SAME * second.loss


def _kinds_at(
    values: Law, p: float, known: Sequence[Sequence[PlateauBlock]], here: Sequence[PlateauBlock] = ()
) -> list[PlateauBlock]:
    """Return the kinds at p, best first: those `here`, and the best ones `known` nearby, followed."""
    found = {block.name: block for block in here}
    for blocks in known:
        for block in islice((block for block in blocks if block.size > 1), RIVALS):
            after = None if block.name in found else follow(block, values, p)
            if after is not None:
                found[after.name] = after
    return sorted([*found.values(), dedicated_block(values, p)], key=lambda block: -block.gain)


def _root(values: Law, first: PlateauBlock, second: PlateauBlock) -> tuple[PlateauBlock, PlateauBlock] | None:
    """Return both kinds where they gain the same; None if one of them ends before."""
    from scipy.optimize import brentq

    known = [{block.probability: block} for block in (first, second)]

    def gap(p: float) -> float:
        for branch in known:
            if p not in branch:
                nearest = branch[min(branch, key=lambda other: abs(other - p))]
                after = dedicated_block(values, p) if nearest.size == 1 else follow(nearest, values, p)
                if after is None:
                    raise _EndedError
                branch[p] = after
        return known[0][p].gain - known[1][p].gain

    low, high = second.probability, first.probability
    try:
        if gap(low) >= 0 or gap(high) <= 0:
            return None
        p: Any = brentq(gap, low, high, xtol=WIDTH * low)
        gap(float(p))
    except _EndedError:
        return None
    return known[0][float(p)], known[1][float(p)]


class _EndedError(Exception):
    """A branch ends on the way."""
