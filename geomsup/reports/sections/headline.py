"""Section: what is stored in which shapes. A table of the components, and what is not represented."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geomsup import checks
from geomsup.recognition.names import geometry_name
from geomsup.recognition.printing import cells, listed
from geomsup.reports.words import explained

if TYPE_CHECKING:
    from geomsup.comparison import Comparison
    from geomsup.recognition import Component, Geometry
    from geomsup.reports.colours import Colours

__all__ = ["Headline", "Line", "headline"]

# Lines of the table; further kinds are counted together.
MOST_LINES = 30

# Components of one name whose features are listed.
MOST_SETS = 8


@dataclass(frozen=True)
class Line:
    """All components of one name.

    Attributes
    ----------
    name, what
        The name, and what it is in plain words, if they are known.
    number
        How many there are.
    colours
        Indices into the palette.
    features
        Their features, a text per component.
    more
        How many components are not listed.
    rank, dimensionality, residual, confidence
        As texts; ranges if they differ.
    excess
        What they lose above the optimum's prices; None where that is not known.
    """

    name: str
    what: str
    number: int
    colours: tuple[int, ...]
    features: tuple[str, ...]
    more: int
    rank: str
    dimensionality: str
    residual: str
    confidence: str
    excess: float | None


@dataclass(frozen=True)
class Headline:
    """The name of the whole, and its parts."""

    name: str
    sentence: str
    lines: tuple[Line, ...]
    absent: str | None
    hint: str | None
    loss: float | None


def headline(geometry: "Geometry", colours: "Colours", comparison: "Comparison | None" = None) -> Headline:
    """Return the table of components, by name, the largest first.

    Examples
    --------
    >>> import geomsup as gs
    >>> from geomsup.reports.colours import colours_of
    >>> found = gs.classify([[1, 0], [-1, 0], [0, 1], [0, -1], [0, 0]])
    >>> head = headline(found, colours_of(found))
    >>> head.sentence
    'This W stores 4 of 5 features in 2 dimensions: square (2 digons).'
    >>> head.lines[0].number, head.lines[0].features, head.absent
    (2, ('0, 1', '2, 3'), '4')
    """
    kinds: dict[str, list[int]] = {}
    for index, component in enumerate(geometry.components):
        kinds.setdefault(component.full_name, []).append(index)
    absent, n = geometry.not_represented, geometry.n_features
    stored = f"{n - len(absent)} of {n} features" if absent else checks.count(n, "feature")
    name = geometry_name([component.full_name for component in geometry.components])
    return Headline(
        name=name,
        sentence=f"This W stores {stored} in {checks.count(geometry.n_hidden, 'dimension')}: {name}.",
        lines=tuple(_line(geometry.components, chosen, colours, comparison) for chosen in _merged(kinds)),
        absent=listed(absent) if absent else None,
        hint=geometry.hint,
        loss=None if comparison is None else comparison.loss,
    )


def _merged(kinds: dict[str, list[int]]) -> list[list[int]]:
    groups = list(kinds.values())
    rest = [index for group in groups[MOST_LINES - 1 :] for index in group]
    return groups if len(groups) <= MOST_LINES else [*groups[: MOST_LINES - 1], rest]


def _line(
    components: "tuple[Component, ...]", chosen: list[int], colours: "Colours", comparison: "Comparison | None"
) -> Line:
    group = [components[index] for index in chosen]
    _, _, rank, dimensionality, _, residual, _, _, confidence = cells(group)
    names = {component.full_name for component in group}
    return Line(
        name=group[0].full_name if len(names) == 1 else f"{len(names)} other names",
        what=explained(group[0]) if len(names) == 1 else "",
        number=len(group),
        colours=tuple(dict.fromkeys(colours.components[index] for index in chosen)),
        features=tuple(listed(component.features) for component in group[:MOST_SETS]),
        more=max(len(group) - MOST_SETS, 0),
        rank=rank,
        dimensionality=dimensionality,
        residual=residual,
        confidence=confidence,
        excess=_excess(comparison, chosen),
    )


def _excess(comparison: "Comparison | None", chosen: list[int]) -> float | None:
    """Return the sum of what the components exceed; parts come in the order of the components."""
    if comparison is None:
        return None
    costs = [comparison.per_component[index].excess for index in chosen]
    return None if any(cost is None for cost in costs) else float(sum(cost or 0.0 for cost in costs))
