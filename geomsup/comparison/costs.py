"""What each component of a trained model loses, and why: training stopped short of its shape, or the shape is wrong.

The prices of the tegum program say what a feature and a dimension are worth in the optimum. A component is worse than
the optimum if it loses more than the prices of its features, less the price of its dimensions. These excesses add up to
the excess of the whole model.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geomsup.features import Features
from geomsup.loss import ExpectedLoss
from geomsup.loss.ordinary import CLOSE, excesses
from geomsup.optima.blocks import select
from geomsup.optima.descent import descend
from geomsup.optima.multistart import last_descent
from geomsup.optima.result import Optimum

if TYPE_CHECKING:
    from geomsup.recognition import Geometry

__all__ = ["ComponentCost", "component_costs"]

ACCURACY = 1e-5  # of the losses of large components after a descent: what it saves is shown with four digits


@dataclass(frozen=True)
class ComponentCost:
    """A component of a model and what it loses.

    Attributes
    ----------
    name, features, rank
        Its geometry; "not represented" for features that are not stored, "unused" for dimensions that are not.
    loss
        Expected loss of its features.
    noise
        What descending the component alone, from where it is, would save.
    structure
        What it loses after that, above what its features and dimensions are worth in the optimum.
    """

    name: str
    features: tuple[int, ...]
    rank: int
    loss: float
    noise: float | None
    structure: float | None

    @property
    def excess(self) -> float | None:
        """Noise and structure together; None where components have no losses of their own (grouped features)."""
        return None if self.noise is None or self.structure is None else self.noise + self.structure

    def __str__(self) -> str:
        costs = " ".join(" " * 11 if cost is None else f"{cost:>11.4g}" for cost in (self.noise, self.structure))
        count = f"{len(self.features)} features" if self.features else f"{self.rank} dimensions"
        return f"{self.loss:>11.6g} {costs}  {self.name}: {count}"


def component_costs(expected: ExpectedLoss, geometry: "Geometry", optimum: Optimum) -> tuple[ComponentCost, ...]:
    """Return what every component loses, then what is not represented, then unused dimensions."""
    features, prices = optimum.features, optimum.prices
    parts = [(part.name, part.features, part.rank) for part in geometry.components]
    if geometry.not_represented:
        parts.append(("not represented", geometry.not_represented, 0))
    unused = optimum.n_hidden - sum(rank for _, _, rank in parts)
    if unused > 0:
        parts.append(("unused", (), unused))
    costs = []
    for name, members, rank in parts:
        chosen = list(members)
        loss = float(expected.per_feature[chosen].sum())
        if prices is None:
            costs.append(ComponentCost(name, members, rank, loss, None, None))
            continue
        polished = min(loss, _polished(expected, features, chosen, rank))
        fair = float(prices.features[chosen].sum()) - prices.dimension * rank
        costs.append(ComponentCost(name, members, rank, loss, loss - polished, polished - fair))
    return tuple(costs)


def _polished(expected: ExpectedLoss, features: Features, chosen: list[int], rank: int) -> float:
    """Return the loss of some features alone in `rank` dimensions, at the minimum below their present weights."""
    worth = np.sort(features.importance[chosen] * features.variance[chosen])
    if rank == 0 or expected.model.activation == "linear":
        return float(worth[: max(len(chosen) - rank, 0)].sum())
    if not chosen:
        return 0.0
    model = expected.model
    left, size, _ = np.linalg.svd(model.W[chosen], full_matrices=False)
    b = model.b if model.b_hidden is None else model.b + model.decoder @ model.b_hidden
    power = int(excesses(size.max(), CLOSE))  # far from a minimum the shape decides which minimum is below
    start = np.ldexp(left[:, :rank] * size[:rank], -power), np.ldexp(b[chosen], -2 * power)
    block = select(features, chosen)
    steps = last_descent(block)["most_steps"]
    (end,) = descend(block, [start], most_steps=steps, accuracy=ACCURACY)
    return end.loss
