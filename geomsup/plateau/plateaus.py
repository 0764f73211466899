"""Plateaus: which kind of block wins at each sparsity, and where the next one takes over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.laws import Law, Uniform, law_from_dict
from geomsup.optima.cache import remembered
from geomsup.plateau.blocks import PlateauBlock, follow
from geomsup.plateau.crossings import PlateauCrossing
from geomsup.plateau.mixtures import PlateauMixture, best_mixture
from geomsup.plateau.search import ranked, search_plateaus, unpacked, version
from geomsup.tables import Readable, Tabular
from geomsup.threads import Progress

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.reports import Page

__all__ = ["Plateaus", "plateaus"]

LARGEST_RANK = 100
MOST_STARTS = 10_000
LARGEST_MIXTURE = 10_000_000


@dataclass(frozen=True, eq=False, repr=False)
class Plateaus(Readable, Tabular):
    """The kinds of blocks at every probability, the ones that win, and where the winner changes.

    Where there are many more equal features than dimensions, dimensions are scarce: the kind of block wins that gains
    most per dimension, (k - loss/v)/r for k features in r dimensions, v = Var x. D* and D_i are those of a model of
    such blocks only. Kinds are those found, up to `largest_rank`. Larger blocks may gain more: by some 1e-4 where
    features are dense (p > 0.63), and by much where they are sparse (p < 0.19); see `rank_limited`.

    Attributes
    ----------
    probabilities
        ``(P,)``, P(x_i ≠ 0) of every feature, from dense to sparse.
    blocks
        For every probability its kinds of blocks, highest gain per dimension first.
    crossings
        Where the winner changes, from dense to sparse.
    mixtures
        For `n_features` in `n_hidden` dimensions the best mixture of these kinds at every probability; else empty.
    values, largest_rank, n_features, n_hidden
        What was asked.

    Examples
    --------
    >>> import geomsup as gs
    >>> found = gs.plateaus([0.5, 0.3], largest_rank=2)
    >>> [block.name for block in found.winners]
    ['digon', 'digon']
    >>> found.features_per_dimension.tolist(), found.dimensionality.round(4).tolist()
    ([2.0, 2.0], [0.5, 0.5])
    >>> len(found.to_rows()), found.to_dict()["winners"]
    (2, ['digon', 'digon'])
    >>> found.gains("digon").shape, found.span("digon")
    ((2,), (0.3, 0.5))
    >>> [block.name for block in found.table(0.5)]
    ['digon', 'triangle', 'dedicated dimension']
    >>> [ax.get_ylabel() for ax in found.plot()]
    ['gain per dimension', 'dimensions per feature']
    >>> found.page().title
    'Blocks of rank up to 2'
    """

    probabilities: np.ndarray
    blocks: tuple[tuple[PlateauBlock, ...], ...] = field(repr=False)
    crossings: tuple[PlateauCrossing, ...] = field(repr=False)
    mixtures: tuple[PlateauMixture, ...] = field(repr=False)
    values: Law
    largest_rank: int
    n_features: int | None
    n_hidden: int | None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all kinds, those that win first, in the order in which they do."""
        winners = [block.name for block in self.winners]
        return tuple(dict.fromkeys([*winners, *(block.name for blocks in self.blocks for block in blocks)]))

    @property
    def winners(self) -> tuple[PlateauBlock, ...]:
        """The kind of block that gains most per dimension, for every probability."""
        return tuple(blocks[0] for blocks in self.blocks)

    @property
    def runners_up(self) -> tuple[PlateauBlock | None, ...]:
        """The second best kind; None where only one was found."""
        return tuple(blocks[1] if len(blocks) > 1 else None for blocks in self.blocks)

    @cached_property
    def margins(self) -> np.ndarray:
        """Winner's gain per dimension less the runner-up's, ``(P,)``; nan where there is none."""
        second = [np.nan if block is None else block.gain for block in self.runners_up]
        return np.array([block.gain for block in self.winners]) - second

    @cached_property
    def rank_limited(self) -> np.ndarray:
        """Whether the winner has the largest rank that was searched, so that larger ones may well win; ``(P,)``."""
        return np.array([block.rank == self.largest_rank for block in self.winners])

    @cached_property
    def dimensions_per_feature(self) -> np.ndarray:
        """D* = m/‖W‖_F² of the winner, or of the mixture where `n_features` and `n_hidden` are given; ``(P,)``."""
        return np.array([one.dimensions_per_feature for one in self.mixtures or self.winners])

    @cached_property
    def dimensionality(self) -> np.ndarray:
        """Mean D_i of the winner's features: the staircase; ``(P,)``."""
        return np.array([block.dimensionality for block in self.winners])

    @cached_property
    def features_per_dimension(self) -> np.ndarray:
        """How many features a dimension stores, k/r of the winner; ``(P,)``."""
        return np.array([block.features_per_dimension for block in self.winners])

    def gains(self, name: str) -> np.ndarray:
        """Return the gain per dimension of a kind of block, ``(P,)``; nan where it is no minimum.

        Raises
        ------
        ValueError
            If no kind has that name.
        """
        self._known(name)
        found = [[block.gain for block in blocks if block.name == name] for blocks in self.blocks]
        return np.array([gain[0] if gain else np.nan for gain in found])

    @cached_property
    def spans(self) -> tuple[tuple[str, float, float], ...]:
        """The plateaus from dense to sparse: name of the winner, lowest and highest probability at which it wins.

        They end at crossings, and at the first and the last probability asked for.
        """
        ends = [float(self.probabilities[0]), *(one.probability for one in self.crossings)]
        names = [self.winners[0].name, *(one.sparse.name for one in self.crossings)]
        return tuple(zip(names, [*ends[1:], float(self.probabilities[-1])], ends, strict=True))

    def span(self, name: str) -> tuple[float, float]:
        """Return the lowest and highest probability at which a kind of block wins, of its widest plateau in p.

        Both are nan where it never wins; see `spans` for their ends.

        Raises
        ------
        ValueError
            If no kind has that name.
        """
        self._known(name)
        own = [(low, high) for other, low, high in self.spans if other == name]
        return max(own, key=lambda ends: ends[1] - ends[0], default=(np.nan, np.nan))

    def table(self, probability: float) -> tuple[PlateauBlock, ...]:
        """Return the kinds of blocks at a probability, on the grid or between, best first.

        Off the grid, kinds are followed from the nearest probability. No new ones are searched.

        Raises
        ------
        TypeError, ValueError
            If `probability` is not a number within the range of `probabilities`.
        """
        p = checks.number("probability", probability)
        low, high = self.probabilities[-1], self.probabilities[0]
        if not low <= p <= high:
            raise ValueError(
                f"`probability` must be within that of the plateaus, {low:g} to {high:g}; got {p:g}. Ask for plateaus "
                "there."
            )
        nearest = int(np.argmin(np.abs(np.log(self.probabilities / p))))
        if self.probabilities[nearest] == p:
            return self.blocks[nearest]
        followed = (follow(block, self.values, p) for block in self.blocks[nearest] if block.size > 1)
        return ranked(self.values, p, followed)

    def plot(self, axes: "Sequence[Axes] | np.ndarray | None" = None) -> "list[Axes]":
        """Draw gains per dimension over the staircase of D; see `geomsup.plot.plot_plateaus`."""
        from geomsup.plot.plateaus import plot_plateaus

        return plot_plateaus(self, axes=axes)

    def page(self) -> "Page":
        """Return a page of HTML on which the table of blocks can be zoomed into; needs the extra ``report``."""
        from geomsup.reports.zoomable import plateaus_page

        return plateaus_page(self)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON; nan becomes None."""
        arrays = ("probabilities", "rank_limited", "dimensions_per_feature", "dimensionality", "features_per_dimension")
        return {
            "values": self.values.to_dict(),
            "largest_rank": self.largest_rank,
            "n_features": self.n_features,
            "n_hidden": self.n_hidden,
            **{name: getattr(self, name).tolist() for name in arrays},
            "winners": [block.name for block in self.winners],
            "margins": [None if np.isnan(margin) else float(margin) for margin in self.margins],
            "blocks": [[block.to_dict() for block in blocks] for blocks in self.blocks],
            "spans": [list(span) for span in self.spans],
            "crossings": [crossing.to_dict() for crossing in self.crossings],
            "mixtures": [mixture.to_dict() for mixture in self.mixtures],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Plateaus":
        """Build the plateaus from what `to_dict` returned."""
        checks.holds("data", data, ("values",))
        return super().from_dict(data | {"values": law_from_dict(data["values"])})

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per probability: the winner, its gain per dimension, its dimensionality, the runner-up."""
        return [
            {
                "probability": block.probability,
                "winner": block.name,
                "gain": block.gain,
                "dimensionality": block.dimensionality,
                "dimensions_per_feature": block.dimensions_per_feature,
                "runner_up": None if second is None else second.name,
            }
            for block, second in zip(self.winners, self.runners_up, strict=True)
        ]

    def __repr__(self) -> str:
        names = " -> ".join(name for name, _, _ in self.spans)
        return f"Plateaus({names}, p from {self.probabilities[0]:.4g} to {self.probabilities[-1]:.4g})"

    def __str__(self) -> str:
        header = f"{'p':>8} {'1/p':>7} {'gain/dim':>10} {'mean D_i':>9} {'D*':>7} {'margin':>8}  winner (runner-up)"
        lines = [f"blocks of rank up to {self.largest_rank}, {self.values}", header]
        rows = zip(self.winners, self.runners_up, self.margins, self.rank_limited, strict=True)
        for block, second, margin, limited in rows:
            p, mark = block.probability, " *" if limited else ""
            after = f" ({second.name})" if second else ""
            lines.append(
                f"{p:8.4f} {1 / p:7.3f} {block.gain:10.6f} {block.dimensionality:9.4f} "
                f"{block.dimensions_per_feature:7.4f} {margin:8.1e}  {block.name}{mark}{after}"
            )
        if self.rank_limited.any():
            lines.append("* of the largest rank looked at: larger blocks may gain more")
        lines += [f"crossing at {crossing}" for crossing in self.crossings]
        if self.mixtures:
            features, dimensions = self.n_features or 0, self.n_hidden or 0
            lines.append(f"{checks.count(features, 'feature')} in {checks.count(dimensions, 'dimension')}:")
            lines += [f"  {mixture}" for mixture in self.mixtures]
        return "\n".join(lines)

    def _known(self, name: str) -> None:
        if not isinstance(name, str) or name not in self.names:
            raise ValueError(
                f"`name` must be one of the kinds found; got {checks.shown(name)}. They are {', '.join(self.names)}."
            )


@checks.hinted
def plateaus(
    probabilities: Any,
    *,
    values: Law | None = None,
    n_features: int | None = None,
    n_hidden: int | None = None,
    largest_rank: int = 4,
    starts: int = 4,
    progress: Progress = None,
) -> Plateaus:
    """Return which kind of block gains most per dimension at each sparsity, and where the winner changes.

    Blocks in orthogonal subspaces do not interfere, so the loss of many equal features in fewer dimensions is
    Σ_blocks L_b + v (n - Σ k_b), v = Var x. With n >> m all dimensions go to the kind with the largest
    (k - L/v)/r, L its loss at its best weights and biases: that predicts the plateaus of D* and of D_i.

    At every probability random starts of each size and rank, and the catalogue's shapes, descend the exact loss. The
    ends are cut into orthogonal parts and named. Each kind is then followed to all other probabilities as long as it is
    a minimum. Crossings are roots of the difference of gains, both kinds at their best weights (relative
    1e-9 in p up to 8 features, 1e-7 beyond, where the loss is a series). Results are kept on disk ($GEOMSUP_CACHE, or
    the user's cache folder).

    Parameters
    ----------
    probabilities
        Values of p = P(x_i ≠ 0) in (0, 1], in any order. Plateaus narrower than their distance can be missed.
    values
        Distribution of a present feature's value, nonnegative; U[0, 1] by default.
    n_features, n_hidden
        Numbers of features and dimensions of a finite model: the best mixture of the kinds found, by integer
        programming, joins the result. `geomsup.optimum` looks for larger blocks as well.
    largest_rank
        Dimensions of the largest blocks searched. On two cores 20 probabilities from 1 to 0.1 take 10 s up to 2
        dimensions, 2 minutes up to 4.
    starts
        Random starts of each size and rank at each probability.
    progress
        Called as progress(stage, fraction) during long searches; the stage "compiling, once" is a first use.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range.

    References
    ----------
    :cite:t:`elhage2022`, "The geometry of superposition": the curve of D*, the scatter of D_i.

    Examples
    --------
    >>> found = plateaus([0.5, 0.2, 0.15], largest_rank=2)
    >>> [block.name for block in found.winners]
    ['digon', 'pentagon', 'pentagon']
    >>> print(found.crossings[0])
    p = 0.22487... (1/p = 4.4...): digon -> pentagon, gain per dimension 1.733...
    """
    p = _falling(probabilities)
    values = Uniform() if values is None else values
    _check_values(values, p)
    rank = checks.integer("largest_rank", largest_rank, minimum=1, maximum=LARGEST_RANK)
    starts = checks.integer("starts", starts, minimum=1, maximum=MOST_STARTS)
    checks.callback("progress", progress)
    n, m = _sizes(n_features, n_hidden)
    inputs = {"p": p.tolist(), "values": values.to_dict(), "largest_rank": rank, "starts": starts, **version()}
    from geomsup.compiling import telling  # with numba, which checks of arguments do not wait for

    with telling(progress):
        blocks, crossings = remembered(
            "plateaus", inputs, lambda: search_plateaus(values, p.tolist(), rank, starts, progress), _found
        )
    mixtures = () if n is None or m is None else tuple(best_mixture(one, n, m) for one in blocks)
    return Plateaus(p, blocks, crossings, mixtures, values, rank, n, m)


def _found(known: dict[str, Any]) -> tuple[tuple[tuple[PlateauBlock, ...], ...], tuple[PlateauCrossing, ...]]:
    """Return the blocks at every probability, and the crossings, that a search found."""
    blocks = tuple(tuple(map(unpacked, line)) for line in known["blocks"])
    crossings = tuple(
        PlateauCrossing(one["probability"], one["gain"], unpacked(one["dense"]), unpacked(one["sparse"]))
        for one in known["crossings"]
    )
    return blocks, crossings


def _falling(probabilities: Any) -> np.ndarray:
    """Return probabilities from dense to sparse, each once, read-only."""
    array = checks.real_array("probabilities", probabilities)
    if array.ndim > 1 or not array.size:
        raise ValueError(
            f"`probabilities` must be a list of numbers; got shape {array.shape}. Pass np.geomspace(1, 0.1, 20)."
        )
    if (array <= 0).any() or (array > 1).any():
        worst = array.ravel()[((array <= 0) | (array > 1)).ravel()][0]
        raise ValueError(f"`probabilities` must be in (0, 1]; got {worst:g}. Pass P(x_i != 0) = 1 - sparsity.")
    falling = np.unique(array)[::-1].copy()
    falling.flags.writeable = False
    return falling


def _check_values(values: Any, p: np.ndarray) -> None:
    if not isinstance(values, Law):
        raise TypeError(
            f"`values` must be a distribution; got {type(values).__name__}. Pass Uniform(0, 1) or Discrete([1])."
        )
    if values.support[0] < 0:
        raise ValueError(
            f"`values` must not be negative; got values down to {values.support[0]:g}. A ReLU output cannot show them: "
            "ask optimum."
        )
    if Features(1, float(p[0]), values=values).variance[0] <= 0:
        raise ValueError(
            f"`values` must vary; got {values} with probability {p[0]:g}, which is constant. "
            "Leave that probability out."
        )


def _sizes(n_features: Any, n_hidden: Any) -> tuple[int | None, int | None]:
    if (n_features is None) != (n_hidden is None):
        raise ValueError(
            f"`n_features` and `n_hidden` must be given together; got {n_features} and {n_hidden}. Pass both, or "
            "neither for many more features than dimensions."
        )
    if n_features is None:
        return None, None
    limit = {"minimum": 1, "maximum": LARGEST_MIXTURE}
    return checks.integer("n_features", n_features, **limit), checks.integer("n_hidden", n_hidden, **limit)
