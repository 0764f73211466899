"""Best blocks: k features in r dimensions that interfere with no others, each searched once and kept on disk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.optima.cache import remembered
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.optima.descent import MOST_STEPS, End, Start
from geomsup.optima.multistart import Descents, descend_from_many
from geomsup.optima.settle import UNCHECKED, settle
from geomsup.optima.starts import grown
from geomsup.optima.tabulated.starts import tabulated_starts
from geomsup.tables import Readable
from geomsup.version import __version__

__all__ = ["BestBlock", "best_block", "checked", "select"]

# Random starts up to QUICK features, where the loss is quick, and beyond; and on a line, where a block that grows from
# a smaller one was never above the best of 16 random ones.
QUICK, STARTS, FEWER, ON_A_LINE = 8, 16, 5, 3
MOST_GROWN = 4  # starts from a smaller block; by symmetry, most of the others end in the same
BETTER = 1e-6  # a grown block is called better if it is lower by this, relatively: losses are good to it
SEARCH = 3  # raise it when the search changes: results that are on disk are then computed again


@dataclass(frozen=True, eq=False)
class BestBlock(Readable):
    """The best model found of some features in `rank` dimensions.

    Attributes
    ----------
    features
        The block's own features.
    rank
        Dimensions it takes.
    loss
        Expected loss of all its features together.
    W, b
        Weights ``(k, rank)`` and biases ``(k,)``.
    kind
        What the Hessian says: "minimum", "undecided", "saddle", or "not checked" (see `settle`).
    starts, hits
        Descents made, and how many of them ended within a relative 1e-6 of the best.
    grown
        Whether it came from a smaller block, and all other starts ended higher.
    """

    features: Features
    rank: int
    loss: float
    W: np.ndarray
    b: np.ndarray
    kind: str
    starts: int
    hits: int
    grown: bool = False

    @property
    def gain(self) -> float:
        """What the block saves, compared with storing none of its features: Σ_i I_i Var x_i - loss."""
        return float(self.features.importance @ self.features.variance) - self.loss


def best_block(
    features: Features, rank: int, *, starts: int | None = None, most_steps: int = MOST_STEPS, rng: int = 0,
    smaller: BestBlock | None = None, deadline: Deadline = ENDLESS,
) -> BestBlock:  # fmt: skip
    """Return the best model of `features` in `rank` dimensions; from disk if it was searched before.

    It grows from `smaller`, the best block of the first few of these features. Besides, there are by default 16 random
    starts up to 8 features, where the loss is quick, 5 beyond, or 3 on a line that grows, one from every catalogue
    shape, and two from the table of blocks; with ``starts=0`` none of these. A search that the deadline cuts short is
    not kept.
    """
    starts = _usual_starts(features.n, rank, smaller) if starts is None else starts
    largest = float(features.importance.max()) or 1.0
    inputs = {
        "geomsup": __version__,
        "search": SEARCH,
        "features": _rescaled(features, 1 / largest).to_dict(),
        "rank": rank,
        "starts": starts,
        "most_steps": most_steps,
        "rng": rng,
        "smaller": None if smaller is None else [smaller.W.tolist(), smaller.b.tolist()],
    }

    def search() -> dict[str, Any]:
        scaled = Features.from_dict(inputs["features"])
        generator = np.random.default_rng(rng)
        larger = [] if smaller is None else grown(scaled, smaller.W, smaller.b)[:MOST_GROWN]

        def ended(number: int, given: Sequence[Start] = ()) -> Descents:
            return descend_from_many(scaled, rank, number, generator, given, most_steps, bool(number), deadline)

        tabulated = tabulated_starts(scaled, rank) if starts or not larger else []
        ways = [ended(starts, tabulated)] if starts or not larger else []
        ways += [ended(0, larger)] if larger else []
        lowest = [float(way.losses.min()) for way in ways]
        found, losses = ways[int(np.argmin(lowest))], np.concatenate([way.losses for way in ways])
        return {
            "W": found.W.tolist(), "b": found.b.tolist(), "loss": min(lowest), "kind": found.kind,
            "starts": len(losses), "hits": int((losses <= min(lowest) * (1 + BETTER)).sum()),
            "grown": bool(larger) and lowest[-1] < min([np.inf, *lowest[:-1]]) * (1 - BETTER),
        }  # fmt: skip

    def made_of(known: dict[str, Any]) -> BestBlock:
        return BestBlock(
            features, rank, largest * float(known["loss"]),
            np.array(known["W"], float).reshape(features.n, rank), np.array(known["b"], float).reshape(features.n),
            str(known["kind"]), int(known["starts"]), int(known["hits"]), bool(known["grown"]),
        )  # fmt: skip

    return remembered("blocks", inputs, search, made_of, lambda: not deadline.cut)


def checked(block: BestBlock) -> BestBlock:
    """Return a block that its Hessian has been asked about, or the lower one that this points to."""
    if block.kind != UNCHECKED:
        return block
    end, kind = settle(block.features, End(block.loss, block.W, block.b))
    return replace(block, loss=min(end.loss, block.loss), W=end.W, b=end.b, kind=kind)


def _usual_starts(n: int, rank: int, smaller: BestBlock | None) -> int:
    if rank == 1 and smaller is not None:
        return ON_A_LINE
    return STARTS if n <= QUICK else FEWER


def select(features: Features, chosen: Sequence[int]) -> Features:
    """Return some of the features, in the given order; of a group all members are chosen, or none."""
    index = list(chosen)
    place = {feature: position for position, feature in enumerate(index)}
    groups = {
        kind: [tuple(place[i] for i in group) for group in getattr(features, kind) if group[0] in place]
        for kind in ("correlated", "anticorrelated")
    }
    values = features.values if not isinstance(features.values, tuple) else [features.laws[i] for i in index]
    joint = [table.moved(place) for table in features.joint if table.members[0] in place]
    return Features(
        len(index), features.probability[index], features.importance[index], values, joint=joint,
        correlated=groups["correlated"], anticorrelated=groups["anticorrelated"],
    )  # fmt: skip


def _rescaled(features: Features, factor: float) -> Features:
    """Return features with importances times `factor`, rounded to 15 digits so that equal ratios are equal."""
    importance = [float(f"{x:.15g}") for x in features.importance * factor]
    return replace(features, importance=np.array(importance))
