"""The table as a value: the best blocks found, what is proved of them, and where geometries change."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.optima.tabulated.entries import LARGEST, RANKS, Entry, entries
from geomsup.tables import Readable, Tabular

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BlockTable", "TabulatedBlock", "block_table"]


@dataclass(frozen=True, eq=False)
class TabulatedBlock(Readable):
    """The best model found of n features in m dimensions at one probability.

    Features are independent, equally important, and uniform on [0, 1] where they are present.

    Attributes
    ----------
    n_features, n_hidden, probability
        Which entry this is.
    loss
        Expected loss Σ_i E(x_i - x'_i)² of the model: the best that was found.
    lower_bound
        What is proved: no model loses less.
    geometry
        Name of the geometry of its rows.
    dimensionality
        Mean D_i of its features.
    transition
        If the next density has another geometry: "first order", or "not located" between the two. Else "".
    crossing
        Where the two have the same loss, for a transition of first order; else None.
    model
        Weights and biases.

    Examples
    --------
    >>> import geomsup as gs
    >>> entry = gs.block_table(5, 2).at(0.05)
    >>> entry.geometry, round(entry.loss, 9), round(entry.dimensionality, 3)
    ('pentagon', 0.008903594, 0.4)
    >>> 0 < entry.gap < 1
    True
    """

    n_features: int
    n_hidden: int
    probability: float
    loss: float
    lower_bound: float
    geometry: str
    dimensionality: float
    transition: str
    crossing: float | None
    model: ToyModel = field(repr=False)

    @property
    def gap(self) -> float:
        """How far the loss is above the bound, relative to the loss."""
        return 1 - self.lower_bound / self.loss

    @property
    def lost(self) -> float:
        """The loss as a fraction of what storing nothing costs."""
        return self.loss / float(Features(self.n_features, self.probability).variance.sum())


@dataclass(frozen=True, eq=False, repr=False)
class BlockTable(Readable, Tabular):
    """Entries of the table of best blocks.

    Attributes
    ----------
    blocks
        The entries, by dimensions, features and probability.

    Examples
    --------
    >>> import geomsup as gs
    >>> table = gs.block_table(n_hidden=2)
    >>> len(table.blocks), len(table.to_rows())
    (250, 250)
    >>> [block.geometry for block in gs.block_table(5, 2).blocks[::8]]
    ['pentagon', 'pentagon', 'square (2 digons)', 'triangle (5 features on 3 vertices)']
    >>> gs.block_table(4, 2).at(0.3).geometry
    'square (2 digons)'
    >>> table.plot()[0].get_xlabel()
    'p'
    """

    blocks: tuple[TabulatedBlock, ...]

    def at(self, probability: float) -> TabulatedBlock:
        """Return the entry at a probability of the table, if it has one size only.

        Raises
        ------
        TypeError, ValueError
            If there is no such probability, or more than one entry has it.
        """
        p = checks.number("probability", probability)
        found = [block for block in self.blocks if block.probability == p]
        if len(found) != 1:
            known = ", ".join(f"{p:g}" for p in sorted({block.probability for block in self.blocks}))
            raise ValueError(
                f"`probability` must be one of {known}, of a table of one size; got {p:g}, and a table with "
                f"{checks.count(len(found), 'block')} of it. Choose a size by block_table(n_features, n_hidden), or "
                "search any probability by optimum."
            )
        return found[0]

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per entry, without the models."""
        names = ("n_features", "n_hidden", "probability", "loss", "lower_bound", "gap", "lost", "geometry")
        names = (*names, "dimensionality", "transition", "crossing")
        return [{name: getattr(block, name) for name in names} for block in self.blocks]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON."""
        models = [block.model.to_dict() for block in self.blocks]
        return {"blocks": [row | {"model": model} for row, model in zip(self.to_rows(), models, strict=True)]}

    def plot(self, axes: "Axes | Sequence[Axes] | np.ndarray | None" = None) -> "list[Axes]":
        """Draw what is lost, by features and probability; see `geomsup.plot.plot_block_table`."""
        from geomsup.plot.series.blocks import plot_block_table

        return plot_block_table(self, axes=axes)

    def __repr__(self) -> str:
        return f"BlockTable({checks.count(len(self.blocks), 'block')})"

    def __str__(self) -> str:
        lines = [f"{checks.count(len(self.blocks), 'best block')}: features in dimensions, p, loss, geometry"]
        lines += [
            f"  {block.n_features} in {block.n_hidden}, p = {block.probability:g}: {block.loss:.6g}, {block.geometry}"
            for block in self.blocks
        ]
        return "\n".join(lines)


def block_table(n_features: int | None = None, n_hidden: int | None = None) -> BlockTable:
    """Return the table of the best blocks found: up to 12 features in up to 4 dimensions, at 25 probabilities.

    min over W (n, m) and b (n,) of Σ_i E(x_i - relu(W Wᵀ x + b)_i)², for n > m features, which are independent and
    uniform on [0, 1] where they are present, with probability p from 0.01 to 0.99. Models come from searches, and were
    handed on from density to density and from size to size until none got lower. They are the best found; what is
    proved is `lower_bound`. `optimum` and `plateaus` begin at them, among others.

    Parameters
    ----------
    n_features, n_hidden
        Which features n, 2 to 12, and dimensions m, 1 to 4; all by default.

    Raises
    ------
    TypeError, ValueError
        If a number is not one of the table.

    Examples
    --------
    >>> table = block_table(6, 3)
    >>> table.at(0.05).geometry, len(table.blocks)
    ('octahedron (3 digons)', 25)
    """
    if n_hidden is not None:
        n_hidden = checks.integer("n_hidden", n_hidden, minimum=RANKS[0], maximum=RANKS[-1])
    if n_features is not None:
        fewest = 1 + (n_hidden or RANKS[0])  # as many dimensions as features lose nothing
        n_features = checks.integer("n_features", n_features, minimum=fewest, maximum=LARGEST)
    chosen = [entry for entry in entries().values() if n_features in (None, entry.n) and n_hidden in (None, entry.m)]
    return BlockTable(tuple(_block(entry) for entry in sorted(chosen, key=lambda one: (one.m, one.n, one.p))))


def _block(entry: Entry) -> TabulatedBlock:
    from geomsup.dimensions import dimensionality

    mean = float(dimensionality(entry.W, orientation="rows").mean())
    return TabulatedBlock(
        entry.n, entry.m, entry.p, entry.loss, entry.lower_bound, entry.geometry, mean, entry.next, entry.crossing,
        ToyModel(entry.W, entry.b),
    )  # fmt: skip
