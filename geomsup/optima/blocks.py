"""Best blocks: k features in r dimensions that interfere with no others, each searched once and kept on disk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geomsup.features import Features
from geomsup.optima.cache import remembered
from geomsup.optima.deadline import ENDLESS, Deadline
from geomsup.optima.descent import MOST_STEPS
from geomsup.optima.multistart import descend_from_many
from geomsup.tables import Readable
from geomsup.version import __version__

__all__ = ["BestBlock", "best_block", "select"]

QUICK = 8
SEARCH = 1  # raise it when the search changes: results that are on disk are then computed again


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
    """

    features: Features
    rank: int
    loss: float
    W: np.ndarray
    b: np.ndarray
    kind: str
    starts: int
    hits: int

    @property
    def gain(self) -> float:
        """What the block saves, compared with storing none of its features: Σ_i I_i Var x_i - loss."""
        return float(self.features.importance @ self.features.variance) - self.loss


def best_block(
    features: Features, rank: int, *, starts: int | None = None, most_steps: int = MOST_STEPS, rng: int = 0,
    deadline: Deadline = ENDLESS,
) -> BestBlock:  # fmt: skip
    """Return the best model of `features` in `rank` dimensions; from disk if it was searched before.

    By default 16 random starts up to 8 features, where the loss is quick, 5 beyond, and one from every catalogue shape.
    A search that the deadline cuts short is not kept.
    """
    starts = starts or (16 if features.n <= QUICK else 5)
    largest = float(features.importance.max()) or 1.0
    inputs = {
        "geomsup": __version__,
        "search": SEARCH,
        "features": _rescaled(features, 1 / largest).to_dict(),
        "rank": rank,
        "starts": starts,
        "most_steps": most_steps,
        "rng": rng,
    }

    def search() -> dict[str, Any]:
        scaled = Features.from_dict(inputs["features"])
        generator = np.random.default_rng(rng)
        found = descend_from_many(scaled, rank, starts, generator, most_steps=most_steps, deadline=deadline)
        loss = float(found.losses.min())
        hits = int((found.losses <= loss * (1 + 1e-6)).sum())
        return {
            "W": found.W.tolist(), "b": found.b.tolist(), "loss": loss, "kind": found.kind,
            "starts": len(found.losses), "hits": hits,
        }  # fmt: skip

    def made_of(known: dict[str, Any]) -> BestBlock:
        return BestBlock(
            features, rank, largest * float(known["loss"]),
            np.array(known["W"], float).reshape(features.n, rank), np.array(known["b"], float).reshape(features.n),
            str(known["kind"]), int(known["starts"]), int(known["hits"]),
        )  # fmt: skip

    return remembered("blocks", inputs, search, made_of, lambda: not deadline.cut)


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
