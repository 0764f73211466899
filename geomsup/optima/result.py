"""An optimum as a value: the model, its blocks, and how much of it is proved."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.features import Features
from geomsup.loss.ordinary import CLOSE, ordinary, times_power
from geomsup.model import ToyModel
from geomsup.optima.conditions.conditions import Conditions
from geomsup.optima.reachable import reachable_loss
from geomsup.optima.searching.chance import chance_of_lower, hits
from geomsup.optima.searching.endless import UNREACHED, shortened
from geomsup.optima.searching.losses import rounding
from geomsup.optima.tegum.prices import Prices, prices
from geomsup.optima.tegum.program import Column
from geomsup.optima.tegum.solve import Tegum, separable, solve_tegum
from geomsup.optima.tegum.table import class_counter, classes_of, dedicated
from geomsup.tables import Readable, Tabular

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.recognition import Geometry

__all__ = ["DEDICATED", "FROM_TABLE", "Block", "Optimum", "blocks", "grouped"]

ENDLESS = "not a minimum: ever longer rows lose ever so little less"  # what `proof` says of an unreached one
FROM_TABLE = "from the table of blocks"  # the status of an optimum that it led to
DEDICATED = "a dimension each for the best features"  # the same, if no search found as much
LEAST_SEARCHES = 2  # one alone does not say how often the best is met
TABULATED = 8  # features up to which a table of all blocks takes seconds


@dataclass(frozen=True)
class Block:
    """Features of a model that interfere with each other only: its name, features, rank and loss.

    Examples
    --------
    >>> import geomsup as gs
    >>> block = gs.optimum(gs.Features(2, 0.1), 1).blocks[0]
    >>> block.name, block.features, block.rank
    ('digon', (0, 1), 1)
    """

    name: str
    features: tuple[int, ...]
    rank: int
    loss: float


@dataclass(frozen=True, eq=False, repr=False)
class Optimum(Readable, Tabular):
    """The best model found for some features and a number of hidden dimensions.

    Attributes
    ----------
    loss
        Its expected loss, in the units of Σ_i I_i x_i².
    model
        The `ToyModel` that has it.
    status
        How it is known: "closed form" (proved), "certified" (the model is the one that a theorem with a certificate
        calls the best), "best of N searches", "best of N starts", "tegum program" (the best mixture, proved by integer
        programming, of blocks found by search), "from the table of blocks" (`block_table` led lower than the search),
        "a dimension each for the best features" (that is lower than what the search found: at extreme probabilities or
        importances), or "from a given model" (a guess led lower); followed by ", cut short" if `time_limit` ended the
        search. `proof` says it in a sentence.
    lower_bound
        A loss that no model of this size reaches, by proof.
    kind
        What the Hessian says of the model: "minimum", "undecided", "saddle", or "not checked" (large models). In a
        tegum product each block is checked by itself. "unreached" says that there is no minimum: the loss falls, less
        and less, as rows grow without end. Then no model has the least loss; this one has a relative 1e-6 more, or
        less than that; with hidden ReLUs up to 1e-3, and with a decoder of its own up to 1e-2, as descents end.
    starts
        Loss at the end of every search or start, sorted. Empty if there was none, or one for each block.
    searched
        The best loss that was found without the guesses or the table, if one of these led lower; otherwise None.
    tegum
        For a tegum program: its blocks, and the kinds of blocks it could choose from. If features have values or
        importances of extreme sizes, it is in other units.
    features, n_hidden, conditions
        What was asked; conditions are `activation`, `tied`, `coherence`, `max_cosine`, `weight_decay`,
        `hidden_activation` and `target`.

    Examples
    --------
    >>> import geomsup as gs
    >>> best = gs.optimum(gs.Features(2, 0.1), 1, starts=2)
    >>> print(f"{best.loss:.6f}: {best.geometry.name}, {best.proof}")
    0.003319: digon, certified: a theorem says that this is the best model
    >>> best.hits
    3
    >>> gs.optimum(gs.Features(3, 0.1), 1).proof
    '3 of 3 searches ended here (minimum); not proved to be the lowest; no model is below 0.0339182'
    >>> sorted(best.to_dict())
    ['blocks', 'conditions', 'features', 'geometry', 'hits', 'kind', 'loss', 'lower_bound', 'model',
    'n_hidden', 'proof', 'searched', 'starts', 'status', 'tegum']
    >>> len(best.to_rows())
    1
    >>> best.plot().name
    'rectilinear'
    """

    loss: float
    model: ToyModel
    status: str
    lower_bound: float
    features: Features = field(repr=False)
    n_hidden: int = field(repr=False)
    kind: str = field(repr=False, default="not checked")
    starts: np.ndarray = field(repr=False, default_factory=lambda: np.empty(0))
    tegum: Tegum | None = field(repr=False, default=None)
    searched: float | None = field(repr=False, default=None)
    conditions: Conditions = field(repr=False, default=Conditions())

    @property
    def total(self) -> float:
        """The loss and what `coherence` and `weight_decay` add to it: what is minimised."""
        return self.loss + self.conditions.penalty(self.model)

    @cached_property
    def geometry(self) -> "Geometry":
        """The named geometry of the rows of the optimum's W; if it is "unreached", of W with long rows of norm 1."""
        from geomsup.recognition import classify

        return classify(shortened(self.model.W) if self.kind == UNREACHED else self.model.W, orientation="rows")

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The components of the geometry with their losses, then the features that are not represented."""
        loss = reachable_loss(self.model, self.features, target=self.conditions.target)
        return blocks(self.geometry, loss.per_feature)

    @cached_property
    def prices(self) -> Prices | None:
        """What features and dimensions are worth here; None where features come in groups or can be negative, and under
        conditions.

        The blocks that count are the optimum's own, and those of the tegum program where there was one, or where there
        are no more than 8 features.
        """
        if not separable(self.features) or not (self.conditions.plain or self.status == "closed form"):
            return None
        features, _, unit = ordinary(self.features, CLOSE)
        if self.tegum is not None:
            columns = self.tegum.columns
        elif self.status == "closed form" or features.n > TABULATED:
            columns = dedicated(features, classes_of(features))
        else:
            columns = solve_tegum(features, self.n_hidden).columns
        found = prices(features, [*columns, *self._own_columns(features, unit)], self.n_hidden)
        return Prices(*(times_power(part, unit) for part in (found.dimension, found.features, found.loss)))

    def _own_columns(self, features: Features, unit: int) -> list[Column]:
        """Return the optimum's own blocks; what they save is in units of 2^unit, as that of ordinary features is."""
        worth = features.importance * features.variance
        counts = class_counter(classes_of(features))
        gains = [worth[list(block.features)].sum() - times_power(block.loss, -unit) for block in self.blocks]
        return [
            Column(counts(block.features), block.rank, float(gain), None)
            for block, gain in zip(self.blocks, gains, strict=True)
            if block.rank
        ]

    @property
    def hits(self) -> int:
        """Number of searches or starts that ended within a relative 1e-6 of the best of them."""
        return hits(self.starts) if len(self.starts) else 0

    @property
    def chance_of_lower(self) -> float | None:
        """Estimated probability that one more search would end lower; 0 where nothing can be lower, None where unknown.

        Bayes' estimate from how many of the searches ended at the best (`searching.chance`), measured with up to 12
        features. Unknown are the chances after one search, or one cut short, after a guess or the table of blocks led
        lower, and of descents (`starts`) and programs.
        """
        if self.status in ("closed form", "certified"):
            return 0.0
        if self.searched is not None or "search" not in self.status or "cut short" in self.status:
            return None
        if self.loss <= rounding(self.features):
            return 0.0
        if len(self.starts) < LEAST_SEARCHES:
            return None
        return chance_of_lower(self.starts)

    @property
    def proof(self) -> str:
        """What is proved and what is not, in words."""
        bound = f"no model is below {self.lower_bound:.6g}"
        if "cut short" in self.status:
            bound += "; the search was cut short by `time_limit`"
        if self.status == "closed form":
            return "closed form: proved"
        if self.status == "certified":
            return "certified: a theorem says that this is the best model"
        kind = ENDLESS if self.kind == UNREACHED else self.kind
        if self.searched is not None:
            ways = {FROM_TABLE: "the table of blocks", DEDICATED: DEDICATED}
            what = next((way for status, way in ways.items() if self.status.startswith(status)), "a given model")
            return (
                f"{what} led here ({kind}); the search had missed it, and found {self.searched:.6g}; "
                f"not proved to be the lowest; {bound}"
            )
        if self.tegum is None:
            ways = "searches" if "search" in self.status else "descents"
            found = f"{self.hits} of {len(self.starts)} {ways} ended here ({kind}); not proved to be the lowest"
            return f"{found}; {bound}"
        kinds, largest = len(self.tegum.columns), max(column.rank for column in self.tegum.columns)
        unlike = ", of neighbours in order of worth" if len(self.tegum.columns[0].counts) > 1 else ""
        return (
            f"proved to be the best mixture of {kinds} kinds of blocks of rank up to {largest}{unlike}, each block the "
            f"best of several starts, not proved; {bound}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        return {
            "loss": self.loss,
            "geometry": self.geometry.name,
            "status": self.status,
            "proof": self.proof,
            "kind": self.kind,
            "hits": self.hits,
            "searched": self.searched,
            "lower_bound": self.lower_bound,
            "blocks": [vars(block) | {"features": list(block.features)} for block in self.blocks],
            "model": self.model.to_dict(),
            "conditions": self.conditions.to_dict(),
            "features": self.features.to_dict(),
            "n_hidden": self.n_hidden,
            "starts": self.starts.tolist(),
            "tegum": None if self.tegum is None else self.tegum.to_dict(),
        }

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per block: name, features, rank, loss."""
        return [vars(block) | {"features": " ".join(map(str, block.features))} for block in self.blocks]

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the geometry on matplotlib `ax` (a new one by default) and return the axes."""
        return self.geometry.plot(ax)

    def __repr__(self) -> str:
        return f"Optimum({self.loss:.9g}, {self.geometry.name}, {self.status})"

    def __str__(self) -> str:
        lines = [f"optimum {self.loss:.9g}: {self.geometry.name}", f"{self.status}: {self.proof}"]
        if self.status in ("closed form", "certified"):
            lines[1] = self.proof
        if not self.conditions.plain:
            penalties = f"; {self.total:.9g} with penalties" if self.total > self.loss else ""
            lines.append(f"of models with {self.conditions}{penalties}")
        lines += [f"  {line}" for line in grouped(self.blocks)]
        return "\n".join(lines)


def grouped(parts: Sequence[Block]) -> list[str]:
    """Describe blocks, in one line for each name."""
    lines = []
    for name in dict.fromkeys(block.name for block in parts):
        alike = [block for block in parts if block.name == name]
        features = sorted(i for block in alike for i in block.features)
        count = "" if len(alike) == 1 else f"{len(alike)} × "
        lines.append(f"{count}{name}: features {_listed(features)}, loss {sum(block.loss for block in alike):.6g}")
    return lines


def blocks(geometry: "Geometry", per_feature: np.ndarray) -> tuple[Block, ...]:
    """Return the blocks of a geometry with the losses of their features; dropped features come last."""
    found = [
        Block(part.name, part.features, part.rank, float(per_feature[list(part.features)].sum()))
        for part in geometry.components
    ]
    if geometry.not_represented:
        dropped = geometry.not_represented
        found.append(Block("not represented", dropped, 0, float(per_feature[list(dropped)].sum())))
    return tuple(found)


def _listed(indices: Sequence[int]) -> str:
    shown = [str(i) for i in indices]
    return ", ".join(shown if len(shown) <= 12 else [*shown[:10], "...", shown[-1]])
