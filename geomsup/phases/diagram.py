"""Phase diagrams: the optimum of a small model as features become sparse and one of them important."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.dimensions import dimensionality
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.optima.conditions.conditions import Conditions
from geomsup.optima.descent import End
from geomsup.phases.cells import Cell, Setting
from geomsup.phases.checks import axis, kind, point, sizes
from geomsup.phases.regions import name_regions, thin_name
from geomsup.phases.search import Index, all_edges, best_states
from geomsup.phases.transition import Transition
from geomsup.phases.transitions import locate
from geomsup.tables import Readable, Tabular
from geomsup.threads import Progress, in_threads

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.reports import Page

__all__ = ["PhaseDiagram", "phase_diagram"]

Edge = tuple[Index, Index]

MOST_STARTS = 100_000
MOST_POINTS = 100_000


@dataclass(frozen=True, eq=False, repr=False)
class PhaseDiagram(Readable, Tabular):
    """The optimum in every cell (probability, importance of the extra feature), and the phases these make.

    A phase is a region of cells whose optima are continuously connected. Between two phases the optimum changes
    non-analytically (`transitions`). The name of a phase says what is stored. If several regions have the same name,
    the one nearest to equal fractions keeps it. In the "weakly" ones the extra feature has less, in the "strongly"
    ones more.

    Attributes
    ----------
    probabilities, importances
        ``(P,)`` P(x_i ≠ 0) of every feature, and ``(Q,)`` importances of the last ("extra") one; others have 1.
    loss
        ``(P, Q)``, the expected loss of the optimum, without a penalty.
    phase
        ``(P, Q)``, index into `names`.
    names
        The phases.
    W, b, W_out
        ``(P, Q, n, m)``, ``(P, Q, n)`` and ``(P, Q, n, m)``, the optima; rows other than the last come in falling order
        of norm. `W_out` is None if the decoder is W too.
    n_features, n_hidden, starts, conditions
        What was asked; conditions are `activation`, `tied`, `coherence`, `max_cosine`, `hidden_activation`, `target`.

    Examples
    --------
    >>> import geomsup as gs
    >>> diagram = gs.phase_diagram(2, 1, [0.2, 0.5], [0.3, 0.4])
    >>> diagram.names
    ('extra not represented, others: 1 dedicated', 'extra in a digon')
    >>> diagram.dimensionality.round(2).tolist()
    [[0.47, 0.48], [0.0, 0.0]]
    >>> diagram.model(0, 0), diagram.features(0, 0).n
    (ToyModel(2 features in 1 dimension, relu), 2)
    >>> len(diagram.transitions), len(diagram.boundaries)
    (2, 2)
    >>> len(diagram.to_rows()), diagram.to_dict()["n_hidden"]
    (4, 1)
    >>> [ax.get_title() for ax in diagram.plot()]
    ['optimum', "paper's prediction"]
    >>> diagram.page().title
    'Phases of 2 features in 1 dimension'
    """

    probabilities: np.ndarray
    importances: np.ndarray
    loss: np.ndarray = field(repr=False)
    phase: np.ndarray = field(repr=False)
    names: tuple[str, ...]
    W: np.ndarray = field(repr=False)
    b: np.ndarray = field(repr=False)
    n_features: int
    n_hidden: int
    starts: int
    inner: dict[Edge, tuple[Transition, ...]] = field(
        repr=False
    )  # transitions between cells of one structure, found already
    conditions: Conditions = field(default=Conditions())
    W_out: np.ndarray | None = field(repr=False, default=None)

    @property
    def activation(self) -> str:
        """Output activation of the optima."""
        return self.conditions.activation

    @property
    def coherence(self) -> float:
        """Factor of the penalty on products of rows."""
        return self.conditions.coherence

    @cached_property
    def total(self) -> np.ndarray:
        """What the optima minimise, ``(P, Q)``: the loss and the penalty."""
        return self.loss + self._setting.penalty(self.W)

    @cached_property
    def dimensionality(self) -> np.ndarray:
        """Fraction D of a hidden dimension that the extra feature has, ``(P, Q)``: 0 not represented, 1 dedicated.

        That of untied models is of the rows in the middle between encoder and decoder.
        """
        return dimensionality(self._setting.rows(self._states))[..., -1]

    @cached_property
    def boundaries(self) -> tuple[Edge, ...]:
        """Pairs of neighbouring cells of different phases, or with a transition inside a phase between them."""
        edges = all_edges((len(self.probabilities), len(self.importances)))
        return tuple((a, b) for a, b in edges if self.phase[a] != self.phase[b] or (a, b) in self.inner)

    @cached_property
    def transitions(self) -> tuple[Transition, ...]:
        """The transitions between the cells of every pair in `boundaries`; located at the first call."""
        return tuple(transition for _, transition in self.located)

    @cached_property
    def located(self) -> tuple[tuple[Edge, Transition], ...]:
        """The pairs of `boundaries` with their transitions, more than one if phases between them are thin.

        Crossovers are left out.
        """
        setting = self._setting

        def find(edge: Edge) -> tuple[Transition, ...]:
            a, b = edge
            return self.inner.get(edge) or locate(setting, self._cell(a), self._cell(b), self._state(a), self._state(b))

        found = zip(self.boundaries, in_threads(find, self.boundaries), strict=True)
        return tuple((edge, one) for edge, transitions in found for one in self._named(edge, transitions))

    def transitions_at(
        self,
        *,
        probability: float | None = None,
        importance: float | None = None,
        between: tuple[float, float] | None = None,
        points: int = 100,
    ) -> tuple[Transition, ...]:
        """Return the transitions on the line of one probability, or of one importance, on the grid or off it.

        The line is a diagram of its own, with `points` cells.

        Parameters
        ----------
        probability, importance
            One of the two; the other varies.
        between
            Its range; that of the diagram by default.
        points
            Number of cells on the line; phases thinner than their distance can be missed.

        Raises
        ------
        ValueError
            If not exactly one of the two is given, or something is out of range.

        Examples
        --------
        >>> diagram = phase_diagram(2, 1, [0.2, 0.5], [0.3, 3])
        >>> for transition in diagram.transitions_at(probability=0.6, between=(0.5, 1), points=20):
        ...     print(transition)
        second order at p = 0.6, I = 0.665...: extra not represented, others: 1 dedicated -> extra weakly in ...
        first order at p = 0.6, I = 0.80...: extra weakly in a digon -> extra in a digon, ...
        """
        if (probability is None) == (importance is None):
            raise ValueError(
                "`probability` or `importance` must be given, and not both; got "
                f"{checks.shown(probability)} and {checks.shown(importance)}. Pass one number: the other varies."
            )
        points = checks.integer("points", points, minimum=2, maximum=MOST_POINTS)
        if importance is None:
            fixed, varied, most = point("probability", probability, 1.0), self.importances, np.inf
        else:
            fixed, varied, most = point("importance", importance, np.inf), self.probabilities, 1.0
        ends = axis("between", (varied[0], varied[-1]) if between is None else between, most)
        if len(ends) != 2:
            raise ValueError(f"`between` must be two numbers; got {len(ends)}. Pass the least and the largest.")
        low, high = ends
        line = np.geomspace(low, high, points)
        line[[0, -1]] = low, high  # geomspace may round p = 1 up
        p, values = ([fixed], line) if importance is None else (line, [fixed])
        return phase_diagram(
            self.n_features, self.n_hidden, p, values, activation=self.activation, coherence=self.coherence,
            tied=self.conditions.tied, max_cosine=self.conditions.max_cosine,
            hidden_activation=self.conditions.hidden_activation, target=self.conditions.target, starts=self.starts,
        ).transitions  # fmt: skip

    def features(self, i: int, j: int) -> Features:
        """Return the features of cell (probabilities[i], importances[j])."""
        return self._setting.features(self._cell(self._index(i, j)))

    def model(self, i: int, j: int) -> ToyModel:
        """Return the optimum of cell (probabilities[i], importances[j])."""
        index = self._index(i, j)
        return self._setting.model(self._states[index], self.b[index])

    def plot(self, axes: "Axes | Sequence[Axes] | np.ndarray | None" = None) -> "list[Axes]":
        """Draw the phases beside the paper's prediction; see `geomsup.plot.plot_phases`."""
        from geomsup.plot.phases import plot_phases

        return plot_phases(self, axes=axes)

    def page(self) -> "Page":
        """Return a page of HTML on which phases and transitions can be zoomed into; needs the extra ``report``."""
        from geomsup.reports.zoomable import phases_page

        return phases_page(self)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, ready for JSON; `transitions` are located for it."""
        arrays = ("probabilities", "importances", "loss", "phase", "dimensionality", "W", "b")
        return {
            "n_features": self.n_features,
            "n_hidden": self.n_hidden,
            "starts": self.starts,
            "conditions": self.conditions.to_dict(),
            "names": list(self.names),
            **{name: getattr(self, name).tolist() for name in arrays},
            "W_out": None if self.W_out is None else self.W_out.tolist(),
            "transitions": [one.to_dict() | {"cells": [list(a), list(b)]} for (a, b), one in self.located],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "PhaseDiagram":
        """Build the diagram from what `to_dict` returned, with the transitions that were located."""
        checks.holds("data", data, ("phase", "transitions"))
        if "conditions" not in data:  # before there were other kinds, these were all
            old = {name: data[name] for name in ("activation", "coherence") if name in data}
            data = data | {"conditions": Conditions(**old).to_dict()}
        phase, inner, located = np.array(data["phase"]), dict[Edge, tuple[Transition, ...]](), []
        for one in data["transitions"]:
            checks.holds("data", one, ("cells",))
            (i, j), (u, v) = one["cells"]
            edge, transition = ((i, j), (u, v)), Transition.from_dict(one)
            located.append((edge, transition))
            if phase[i, j] == phase[u, v]:
                inner[edge] = (*inner.get(edge, ()), transition)
        diagram = super().from_dict(data | {"inner": inner})
        vars(diagram)["located"] = tuple(located)  # locating takes longer than all else
        return diagram

    def to_rows(self) -> list[dict[str, Any]]:
        """Return a row per cell: probability, importance of the extra feature, loss, phase, its dimensionality."""
        return [
            {
                "probability": float(self.probabilities[i]),
                "importance": float(self.importances[j]),
                "loss": float(self.loss[i, j]),
                "phase": self.names[self.phase[i, j]],
                "dimensionality": float(self.dimensionality[i, j]),
            }
            for i, j in np.argwhere(self.phase >= 0).tolist()
        ]

    def __repr__(self) -> str:
        phases = f"{checks.count(len(self.names), 'phase')}: {' | '.join(self.names)}"
        shape = " x ".join(map(str, self.phase.shape))
        return f"PhaseDiagram({self._size}, {shape} {'cell' if self.phase.size == 1 else 'cells'}, {phases})"

    def __str__(self) -> str:
        shape = self.phase.shape
        lines = [
            f"{self._size}, {checks.count(shape[0], 'probability')} x {checks.count(shape[1], 'importance')} "
            "of the extra feature"
        ]
        share = np.bincount(self.phase.ravel(), minlength=len(self.names)) / self.phase.size
        lines += [f"  {100 * part:5.1f} %  {name}" for part, name in zip(share, self.names, strict=True)]
        return "\n".join(lines)

    @property
    def _size(self) -> str:
        return f"{checks.count(self.n_features, 'feature')} in {checks.count(self.n_hidden, 'dimension')}"

    @property
    def _setting(self) -> Setting:
        return Setting(self.n_features, self.n_hidden, self.conditions)

    @property
    def _states(self) -> np.ndarray:
        """The rows of states, as `Setting` has them."""
        return self.W if self.W_out is None else np.concatenate([self.W, self.W_out], axis=-1)

    def _index(self, i: Any, j: Any) -> Index:
        """Return a cell's index, checked; negative ones count from the end."""
        given = (("i", i, len(self.probabilities)), ("j", j, len(self.importances)))
        first, second = (checks.integer(name, k, minimum=-size, maximum=size - 1) % size for name, k, size in given)
        return first, second

    def _cell(self, index: Index) -> Cell:
        return float(self.probabilities[index[0]]), float(self.importances[index[1]])

    def _state(self, index: Index) -> End:
        return End(float(self.total[index]), self._states[index], self.b[index])

    def _named(self, edge: Edge, transitions: tuple[Transition, ...]) -> tuple[Transition, ...]:
        """Give the outermost sides the names of their cells; phases between them are thinner than a cell.

        If such a phase has the structure of one beside it, it is the "weakly" or "strongly" one of the two.
        """
        named = list(transitions)
        for k, cell, side in ((0, edge[0], "from_"), (-1, edge[1], "to")):
            if named and getattr(named[k], side) == self._setting.name(self._states[cell]):
                named[k] = replace(named[k], **{side: self.names[self.phase[cell]]})
        for k in range(len(named) - 1):
            thin = thin_name(named[k], named[k + 1])
            named[k], named[k + 1] = replace(named[k], to=thin), replace(named[k + 1], from_=thin)
        return tuple(named)


@checks.hinted
def phase_diagram(
    n_features: int,
    n_hidden: int,
    probabilities: Any,
    importances: Any,
    *,
    activation: str = "relu",
    tied: bool = True,
    coherence: float = 0.0,
    max_cosine: float | None = None,
    hidden_activation: str = "linear",
    target: str = "identity",
    starts: int = 4,
    rng: Any = 0,
    progress: Progress = None,
) -> PhaseDiagram:
    """Return the optimum of x' = f(W Wᵀ x + b), or of another kind of model, in every cell of a plane, and the phases.

    n independent features have one probability p, values U[0, 1], and importance 1 except the last one's, I; for other
    inputs, take `optimum` point by point. In each cell (p, I)
    random starts descend the exact expected loss. Then every cell tries its neighbours' optima until none improves,
    so a state that is found anywhere in its phase is found everywhere. The optima are the best found, and not proved.
    After an interruption, the same call goes on with the rows of cells that were searched, which are kept on disk.

    Tied models with linear hidden units and piecewise linear outputs have compiled descents. Other kinds take 10 to 20
    times as long. Gelu outputs with more than 3 features, or with decoders of their own, take minutes and longer.

    Parameters
    ----------
    n_features, n_hidden
        Numbers of features n <= 8 and hidden dimensions m < n.
    probabilities, importances
        Rising values of p in (0, 1] and of I > 0.
    activation
        Output activation: "relu", "abs", "leaky_relu", "linear" or "gelu".
    tied
        Whether the decoder is W too. If not, (A M, B M⁻ᵀ) is the same model for every M, and M is chosen so that
        encoder A and decoder B have the same AᵀA = BᵀB. Phases are named by the rows of (A + B)/2, and compared by
        both.
    coherence
        λ of a penalty λ Σ_{i<j} (w_i·w_j)² over pairs of rows of W, minimised with the loss, as in `optimum`. (There is
        no weight decay here: with it no feature is ever quite dropped, as a bias drawn to 0 makes a short row useful.)
    max_cosine
        Cap, from 0 to 1, on abs(cos) of the angle between any two rows of W, as in `optimum`.
    hidden_activation
        "linear", or "relu" for up to 5 features.
    target
        What outputs are to be: "identity", or "square". (No value is negative here, so "abs" and "relu" are the
        "identity".)
    starts
        Number of random starts per cell, besides m dedicated features with and without the extra one, digons, and a
        regular polygon or simplex.
    rng
        Anything ``np.random.default_rng`` takes; the same seed gives the same bits.
    progress
        Called as ``progress("searching", fraction)`` as cells are finished; a first use begins with "compiling, once".

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind or range.

    References
    ----------
    :cite:t:`elhage2022`, "Superposition as a phase change".

    Examples
    --------
    >>> diagram = phase_diagram(2, 1, [0.2, 0.5], [0.3, 0.4])
    >>> print(diagram)
    2 features in 1 dimension, 2 probabilities x 2 importances of the extra feature
       50.0 %  extra not represented, others: 1 dedicated
       50.0 %  extra in a digon
    >>> print(diagram.transitions[0])
    first order at p = 0.37568..., I = 0.3: extra in a digon -> extra not represented, others: ...
    """
    n, m = sizes(n_features, n_hidden)
    p, values = axis("probabilities", probabilities, 1.0), axis("importances", importances, np.inf)
    starts = checks.integer("starts", starts, minimum=1, maximum=MOST_STARTS)
    generator = checks.random_generator("rng", rng)
    checks.callback("progress", progress)
    conditions = kind(n, activation, tied, coherence, max_cosine, hidden_activation, target)
    setting = Setting(n, m, conditions)
    from geomsup.compiling import telling  # with numba, which checks of arguments do not wait for

    with telling(progress):
        best = best_states(setting, p, values, starts, generator, progress)
        inner = _inner_transitions(setting, p, values, best)
    shape = len(p), len(values)
    names, phase = name_regions({index: setting.rows(state.W) for index, state in best.items()}, inner, shape)
    total = np.array([best[index].loss for index in np.ndindex(*shape)]).reshape(shape)
    states = np.array([best[index].W for index in np.ndindex(*shape)]).reshape(*shape, n, -1)
    b = np.array([best[index].b for index in np.ndindex(*shape)]).reshape(*shape, n)
    loss = total - setting.penalty(states)
    for array in (loss, phase, states, b):
        array.flags.writeable = False
    W, W_out = states[..., :m], None if tied else states[..., m:]
    return PhaseDiagram(p, values, loss, phase, names, W, b, n, m, starts, inner, conditions, W_out)


def _inner_transitions(
    setting: Setting, p: np.ndarray, values: np.ndarray, best: dict[Index, End]
) -> dict[Edge, tuple[Transition, ...]]:
    """Return transitions between neighbouring cells that have the same structure but are not connected."""
    names = {index: setting.name(state.W) for index, state in best.items()}
    edges = [
        (a, b)
        for a, b in all_edges((len(p), len(values)))
        if names[a] == names[b] and setting.apart(best[a].W, best[b].W)
    ]

    def find(edge: Edge) -> tuple[Transition, ...]:
        low, high = ((float(p[i]), float(values[j])) for i, j in edge)
        return locate(setting, low, high, best[edge[0]], best[edge[1]])

    found = dict(zip(edges, in_threads(find, edges), strict=True))
    return {edge: transitions for edge, transitions in found.items() if transitions}
