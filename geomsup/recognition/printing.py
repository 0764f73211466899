"""Components as lines of text and as cells of a table. If there are many, they are grouped by name."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from geomsup import checks
from geomsup.recognition.names import counted

if TYPE_CHECKING:
    from geomsup.recognition.component import Component

__all__ = ["HEADINGS", "cells", "grouped", "line", "listed"]

HEADINGS = ("component", "features", "rank", "D", "norm", "residual", "variant", "symmetry", "confidence")

# Variants that a line does not mention: the usual one, and one that the name begins with.
PLAIN = ("uniform", "distorted")

# Sorted norms fall apart where one is larger than the one before by this factor; those within a group differ by less
# than this fraction. More groups are no groups.
APART, ALIKE, MOST_GROUPS = 1.15, 0.05, 3

# If there are more components than this, each name has one line. At most this many lines are shown.
MOST_LINES = 30


def grouped(components: "Sequence[Component]") -> "list[list[Component]]":
    """Return one group per component, or one per name if there are more than 30 components.

    There are at most 30 groups. If there are more names, the last group holds all further ones.
    """
    if len(components) <= MOST_LINES:
        return [[component] for component in components]
    groups: dict[str, list[Component]] = {}
    for component in components:
        groups.setdefault(component.full_name, []).append(component)
    listed = list(groups.values())
    rest = [component for group in listed[MOST_LINES - 1 :] for component in group]
    return listed if len(listed) <= MOST_LINES else [*listed[: MOST_LINES - 1], rest]


def line(group: "Sequence[Component]") -> str:
    """Return a line about one component, or about several together."""
    n_features = sum(len(component.features) for component in group)
    noun = "feature" if n_features == 1 else "features"
    shown = f"{noun} {listed(group[0].features)}" if len(group) == 1 else f"{n_features} {noun}"
    parts = [f"{_title(group)}: {shown}", f"D {_range([component.dimensionality for component in group])}"]
    residuals = _residuals(group)
    if residuals != "-":
        parts.append(f"residual {residuals}")
    variants = [name for name in _distinct(component.variant for component in group) if name not in PLAIN]
    if len(group) == 1:
        variants += _norms_apart(group[0])
    sure = _confidence(group)
    return "; ".join([*parts, *variants, *([] if sure == "-" else [f"confidence {sure}"])])


def cells(group: "Sequence[Component]") -> tuple[str, ...]:
    """Return the cells under `HEADINGS` for one component, or for several together."""
    alone = len(group) == 1
    return (
        _title(group),
        listed(group[0].features) if alone else f"{sum(len(component.features) for component in group)} in all",
        ", ".join(_distinct(component.rank for component in group)),
        _range([component.dimensionality for component in group]),
        _range([component.norms for component in group]),
        _residuals(group),
        ", ".join(_distinct(component.variant for component in group)) or "-",
        ", ".join(_distinct(component.symmetry_order for component in group)) or "-",
        _confidence(group),
    )


def _title(group: "Sequence[Component]") -> str:
    names = {component.full_name for component in group}
    return counted(group[0].full_name, len(group)) if len(names) == 1 else f"{len(group)} others"


def _norms_apart(component: "Component") -> list[str]:
    """Say that a shape of equal norms is on rows of clearly different ones: "norms 0.6 (4 features), 1 (4 ...)"."""
    if component.polytope is None or np.ptp(component.polytope.norms) > 0:
        return []
    norms = np.sort(component.norms)
    groups = np.split(norms, np.flatnonzero(norms[1:] > APART * norms[:-1]) + 1)
    if not 1 < len(groups) <= MOST_GROUPS or any(group[-1] > (1 + ALIKE) * group[0] for group in groups):
        return []
    return ["norms " + ", ".join(f"{group.mean():.2g} ({checks.count(len(group), 'feature')})" for group in groups)]


def _confidence(group: "Sequence[Component]") -> str:
    """Return the least confidence of those that have a name: of the others there is nothing to be sure."""
    named = [component.confidence for component in group if component.confidence > 0]
    return _probability(min(named)) if named else "-"


def _residuals(group: "Sequence[Component]") -> str:
    degrees = [component.residual for component in group if component.residual is not None]
    if not degrees:
        return "-"
    low, high = f"{min(degrees):.2f}°", f"{max(degrees):.2f}°"
    return low if low == high else f"{low}–{high}"


def _distinct(values: Iterable[object]) -> list[str]:
    """Return the distinct values in order, without None. Of more than four, only three are kept."""
    texts = list(dict.fromkeys(str(value) for value in values if value is not None))
    return texts if len(texts) <= 4 else [*texts[:3], "..."]


def _probability(value: float) -> str:
    """Return four decimals, rounded down. A value is 1.0000 only if its difference from 1 is below 1e-9."""
    return f"{value if value > 1 - 1e-9 else np.floor(value * 1e4) / 1e4:.4f}"


def _range(values: Sequence[np.ndarray]) -> str:
    low, high = f"{min(v.min() for v in values):.3g}", f"{max(v.max() for v in values):.3g}"
    return low if low == high else f"{low}–{high}"


def listed(indices: Sequence[int]) -> str:
    """Return indices with commas between them; the middle of a long list is left out.

    Examples
    --------
    >>> listed(range(100))
    '0, 1, 2, 3, 4, 5, 6, 7, 8, 9, ..., 99'
    """
    few = len(indices) <= 12
    shown = indices if few else [*indices[:10], "...", indices[-1]]
    return ", ".join(map(str, shown))
