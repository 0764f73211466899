"""The best model in every cell of a phase diagram: random starts, then neighbours' optima until nothing improves.

Where nothing improves any more, dropped features are grown, and neighbours that disagree are followed into each other's
cell in small steps. What that improves is passed on in turn.
"""

import hashlib
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from geomsup.dimensions import dimensionality
from geomsup.loss.objective import pack, unpack
from geomsup.optima.cache import Part
from geomsup.optima.descent import COARSE, FINE, End
from geomsup.phases.cells import TIE, Cell, Setting
from geomsup.phases.starts import PLAIN, grown, starts_of
from geomsup.threads import Progress, in_threads
from geomsup.version import __version__

__all__ = ["Index", "all_edges", "best_states"]

# At p = 1 no feature is ever absent, and x -> 1 - x turns aligned rows into opposite ones with the same loss. Of the
# two, the one of the next lower probability is taken.
TIE_DENSE = 1e-9
BETTER = 1e-9  # a neighbour's optimum is passed on if its loss is lower by this fraction
MOST_ROUNDS = 1000
STRIDES = 3  # steps in which a state is followed from a cell to its neighbour: one long descent may leave its branch

Index = tuple[int, int]  # place of a probability, place of an importance


def best_states(
    setting: Setting,
    probabilities: np.ndarray,
    importances: np.ndarray,
    starts: int,
    rng: np.random.Generator,
    progress: Progress,
) -> dict[Index, End]:
    """Return the lowest state found in cell (i, j) = (probabilities[i], importances[j]).

    An interruption leaves the rows of cells whose random starts have ended to the next search for the same.
    """
    best = _Search(setting, probabilities, importances, starts, rng, progress).run()
    return {
        index: End(state.loss, *_canonical(setting, state.W, state.b, alike=float(importances[index[1]]) == 1))
        for index, state in best.items()
    }


class _Search:
    """One search: the best state of every cell so far, and of which cells others have not been told."""

    def __init__(
        self, setting: Setting, probabilities: np.ndarray, importances: np.ndarray, starts: int,
        rng: np.random.Generator, progress: Progress,
    ) -> None:  # fmt: skip
        self.setting, self.probabilities, self.importances = setting, probabilities, importances
        self.progress, self.done = progress, 0
        self.begin = np.array([starts_of(setting, p, len(importances), starts, rng) for p in probabilities])
        self.kept = _part(setting, probabilities, importances, self.begin)
        self.ended: dict[int, dict[Index, End]] = dict(self.kept.items())  # rows whose random starts have ended
        self.best: dict[Index, End] = {}
        self.fresh: set[Index] = set()  # cells whose state the neighbours have not tried
        self.untried: set[Index] = set()  # cells whose dropped features have not been grown

    def run(self) -> dict[Index, End]:
        """Search to the end; an interruption keeps the rows that are done."""
        try:
            self.best = self._everywhere(self._cold, True)
            self._spread()
            self.best = self._everywhere(self._polished, True)
        except KeyboardInterrupt as interruption:
            rows = [_plain(i, row) for i, row in sorted(self.ended.copy().items())]
            if rows and self.kept.keep(rows):
                interruption.add_note(
                    f"{len(rows)} of {len(self.probabilities)} rows of cells are kept; "
                    "the same search goes on from there"
                )
            raise
        self.kept.drop()
        return self.best

    def _spread(self) -> None:
        """Pass states on to neighbours; where that improves nothing, grow dropped features, until that does not."""
        self.fresh, self.untried = set(self.best), set(self.best)
        for _ in range(MOST_ROUNDS):
            if self.fresh:
                self.fresh = self._improved(self._warm)
                self.untried |= self.fresh
            elif self.untried:
                self.fresh = self._improved(self._regrown) | self._improved(self._followed)
                self.untried = set(self.fresh)
            else:
                break

    def _everywhere(self, work: Callable[[int], dict[Index, End]], counted: bool) -> dict[Index, End]:
        """Do the work of every row of cells; what is counted is half of all."""
        total = 2 * len(self.probabilities) * len(self.importances)

        def told(part: dict[Index, End]) -> None:
            if counted and self.progress is not None:
                self.done += len(part)
                self.progress("searching", self.done / total)

        rows = range(len(self.probabilities))
        return {index: end for part in in_threads(work, rows, told=told) for index, end in part.items()}

    def _improved(self, work: Callable[[int], dict[Index, End]]) -> set[Index]:
        """Do the work of every row; keep what is better, and return where."""
        ends = self._everywhere(work, False)
        better = {index: end for index, end in ends.items() if end.loss < self.best[index].loss * (1 - BETTER)}
        self.best.update(better)
        return set(better)

    def _lowest(self, i: int, jobs: list[tuple[int, np.ndarray]], slope: float) -> dict[Index, End]:
        """Descend from (column, start) pairs of row i; return the lowest end of each column."""
        if not jobs:
            return {}
        columns = np.array([j for j, _ in jobs])
        losses, ends = self.setting.descend_all(
            float(self.probabilities[i]), self.importances[columns], np.array([start for _, start in jobs]), slope
        )
        found: dict[Index, End] = {}
        for j, loss, end in zip(columns.tolist(), losses.tolist(), ends, strict=True):
            if (i, j) not in found or loss < found[i, j].loss:
                found[i, j] = End(loss, *unpack(end, self.setting.n))
        return found

    @property
    def _columns(self) -> range:
        return range(len(self.importances))

    def _cell(self, index: Index) -> Cell:
        return float(self.probabilities[index[0]]), float(self.importances[index[1]])

    def _cold(self, i: int) -> dict[Index, End]:
        if i not in self.ended:
            self.ended[i] = self._lowest(i, [(j, start) for j in self._columns for start in self.begin[i, j]], COARSE)
        return self.ended[i]

    def _warm(self, i: int) -> dict[Index, End]:
        near = [(j, self.best[k]) for j in self._columns for k in _around((i, j)) if k in self.fresh]
        return self._lowest(i, [(j, pack(state.W, state.b)) for j, state in near], COARSE)

    def _regrown(self, i: int) -> dict[Index, End]:
        untried = [j for j in self._columns if (i, j) in self.untried]
        return self._lowest(i, [(j, start) for j in untried for start in grown(self.setting, self.best[i, j])], COARSE)

    def _followed(self, i: int) -> dict[Index, End]:
        found: dict[Index, End] = {}
        for here in ((i, j) for j in self._columns):
            for other in _around(here):
                if other not in self.best or self.untried.isdisjoint((here, other)):
                    continue
                if self.setting.differ(self.best[here].W, self.best[other].W):
                    end = _carried(self.setting, self._cell(other), self._cell(here), self.best[other])
                    if here not in found or end.loss < found[here].loss:
                        found[here] = end
        return found

    def _polished(self, i: int) -> dict[Index, End]:
        plain = self._lowest(i, [(j, start) for j in self._columns for start in self.begin[i, j, :PLAIN]], FINE)
        found = {}
        for index, simple in plain.items():
            end = self.setting.follow(self._cell(index), self.best[index], FINE)
            if self.probabilities[i] == 1 and i > 0:
                sparser = self.setting.follow(self._cell(index), self.best[i - 1, index[1]], FINE)
                end = sparser if sparser.loss <= end.loss * (1 + TIE_DENSE) else end
            found[index] = simple if simple.loss <= end.loss * (1 + TIE) else end
        return found


def _part(setting: Setting, probabilities: np.ndarray, importances: np.ndarray, begin: np.ndarray) -> Part:
    """Return the file of the rows of cells that an interrupted search has been through."""
    inputs = {
        "geomsup": __version__, "n": setting.n, "m": setting.m, "conditions": setting.conditions.to_dict(),
        "probabilities": probabilities.tolist(), "importances": importances.tolist(),
        "starts": hashlib.sha256(begin.tobytes()).hexdigest(),
    }  # fmt: skip
    return Part("rows of phase diagrams", inputs, _row_of)


def _plain(i: int, row: dict[Index, End]) -> Any:
    """Return a row of cells as plain values."""
    return [i, [[j, end.loss, end.W.tolist(), end.b.tolist()] for (_, j), end in row.items()]]


def _row_of(kept: Any) -> tuple[int, dict[Index, End]]:
    i, cells = kept
    return i, {(i, j): End(loss, np.array(W), np.array(b)) for j, loss, W, b in cells}


def _around(index: Index) -> list[Index]:
    i, j = index
    return [(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)]


def _carried(setting: Setting, start: Cell, goal: Cell, state: End) -> End:
    """Follow a state from one cell to another, straight in log p and log I; dropped features come back on the way."""
    for t in np.arange(1, STRIDES + 1) / STRIDES:
        p, importance = np.exp((1 - t) * np.log(start) + t * np.log(goal))
        here = goal if t == 1 else (float(p), float(importance))
        (state,) = setting.descend(here, [pack(state.W, state.b)], COARSE)
        starts = grown(setting, state)
        for end in setting.descend(here, starts, COARSE) if starts else ():
            state = end if end.loss < state.loss * (1 - BETTER) else state
    return state


def _canonical(setting: Setting, W: np.ndarray, b: np.ndarray, alike: bool) -> tuple[np.ndarray, np.ndarray]:
    """Put the other features in falling order of norm, and hidden space as it stands.

    Where all features are alike (importance 1), the extra one is the one with the least share of a dimension.
    """
    n, rows = len(W), setting.rows(W)
    norms, share = np.linalg.norm(rows, axis=1).round(6), dimensionality(rows).round(6)
    key = -share if alike else np.append(np.zeros(n - 1), 1.0)
    order = np.lexsort((np.arange(n), -norms, key))
    return setting.standing(W[order]), b[order]


def all_edges(shape: Index) -> list[tuple[Index, Index]]:
    """List pairs of neighbouring cells, lower index first."""
    edges = [((i, j), k) for i, j in product(*map(range, shape)) for k in ((i + 1, j), (i, j + 1))]
    return [(a, b) for a, b in edges if b[0] < shape[0] and b[1] < shape[1]]
