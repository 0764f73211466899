"""Which rows are shown where there is no room for all: those of shapes that were found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geomsup.reports.colours import FAINT

if TYPE_CHECKING:
    from geomsup.recognition import Discoveries, Geometry
    from geomsup.reports.colours import Colours

__all__ = ["Chosen", "Group", "chosen_rows"]

# Of rows picked from a dictionary, what they share is taken away if it is more than this part of their squared lengths:
# rare words, for one, have a direction in common, beside which nothing else would be seen.
SHARED = 0.25

# Features that are not represented but shown, at most: more of them would only make the others small.
MOST_EMPTY = 10


@dataclass(frozen=True)
class Group:
    """Features that belong together, with a name and a colour."""

    name: str
    features: tuple[int, ...]
    colour: int


@dataclass(frozen=True)
class Chosen:
    """Groups of rows, a sentence where some are left out, and whether these are few, picked from many."""

    groups: tuple[Group, ...]
    remark: str | None
    picked: bool = False

    def rows(self, geometry: "Geometry") -> tuple[np.ndarray, str | None]:
        """Return their rows, of a few picked ones less what they share, and a sentence that says so."""
        rows = geometry.W[list(self.features)]
        if not self.picked or not len(rows):
            return rows, None
        mean = rows.mean(axis=0)
        if not (mean @ mean > SHARED * (rows**2).sum(axis=1).mean()):
            return rows, None
        return rows - mean, "The rows shown have much in common; their mean is taken away."

    @property
    def features(self) -> tuple[int, ...]:
        """All of them, in order."""
        return tuple(feature for group in self.groups for feature in group.features)


def chosen_rows(geometry: "Geometry", colours: "Colours", discoveries: "Discoveries | None", most: int) -> Chosen:
    """Return all components if they have at most `most` rows, else those with a shape and the discoveries.

    Examples
    --------
    >>> import geomsup as gs
    >>> from geomsup.reports.colours import colours_of
    >>> found = gs.classify([[1, 0], [-1, 0], [0, 1], [0, 0]])
    >>> [group.name for group in chosen_rows(found, colours_of(found), None, 10).groups]
    ['digon', 'dedicated dimension', 'not represented']
    """
    every = [
        Group(component.full_name, component.features, colour)
        for component, colour in zip(geometry.components, colours.components, strict=True)
    ]
    stored = sum(len(group.features) for group in every)
    empty = geometry.not_represented
    if stored <= most:
        shown = len(empty) <= MOST_EMPTY and stored + len(empty) <= most
        groups = [*every, Group("not represented", empty, FAINT)] if shown and empty else every
        remark = None if shown else f"{len(empty)} features that are not represented are left out."
        return Chosen(tuple(groups), remark)
    named = [
        group
        for group, component in zip(every, geometry.components, strict=True)
        if component.polytope is not None and len(component.features) > 1
    ]
    return _fitting(named + _discovered(named, discoveries), most, geometry.n_features)


def _discovered(named: list[Group], discoveries: "Discoveries | None") -> list[Group]:
    """Return the discoveries that share no row with what `classify` named."""
    known = {feature for group in named for feature in group.features}
    kinds: dict[str, int] = {}
    found = []
    for one in discoveries or ():
        if known.isdisjoint(one.rows):
            found.append(Group(one.name, one.rows, kinds.setdefault(one.name, len(kinds))))
    return found


def _fitting(groups: list[Group], most: int, n: int) -> Chosen:
    """Return the first groups that have room."""
    kept: list[Group] = []
    rows = 0
    for group in groups:
        if rows + len(group.features) <= most:
            kept.append(group)
            rows += len(group.features)
    if not kept:
        return Chosen((), f"None of the {n} rows belongs to a shape that was found, so nothing is drawn.")
    which = "all" if len(kept) == len(groups) else f"{len(kept)} of the {len(groups)}"
    return Chosen(tuple(kept), f"Of {n} rows the page shows {rows}: those of {which} shapes that were found.", True)
