"""Section: what the shapes look like. Solids can be turned; of more dimensions there is a projection."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.recognition.description import MANY
from geomsup.recognition.names import counted
from geomsup.recognition.printing import listed
from geomsup.reports.axes import Axis
from geomsup.reports.views import AZIMUTH, ELEVATION, View, view_of

if TYPE_CHECKING:
    from geomsup.recognition import Geometry
    from geomsup.reports.colours import Colours

__all__ = ["SIDE", "Panel", "Shapes", "shapes"]

# Pictures, at most.
MOST_VIEWS = 12

# Side of a picture, and the part of it that the shape may fill.
SIDE, FILLED = 280.0, 0.72

# How much smaller and fainter the rearmost points of a solid are than those in front.
DEPTH = 0.45

# Distance of the camera from the centre, in units of the cube that plotly draws in.
FAR = 1.7


@dataclass(frozen=True, eq=False)
class Panel:
    """One picture: title, what is drawn, and how.

    Attributes
    ----------
    points, marks, lines, texts
        The drawing: corners ``(x, y, nearness)``, rows, edges ``(x1, y1, x2, y2, nearness)``, labels ``(x, y, text)``.
    traces
        The solid for plotly, as plain values; None for what lies flat.
    """

    title: str
    said: str
    colour: int
    view: View
    points: tuple[tuple[float, float, float], ...]
    marks: tuple[tuple[float, float, float], ...]
    lines: tuple[tuple[float, float, float, float, float], ...]
    texts: tuple[tuple[float, float, str], ...]
    traces: dict[str, Any] | None


@dataclass(frozen=True, eq=False)
class Shapes:
    """The pictures, and what is left out."""

    sentence: str
    panels: tuple[Panel, ...]
    remark: str | None


def shapes(geometry: "Geometry", colours: "Colours") -> Shapes:
    """Return a picture of each kind of component, the largest first.

    Examples
    --------
    >>> import geomsup as gs
    >>> from geomsup.reports.colours import colours_of
    >>> found = gs.classify(gs.polytope("octahedron").vertices)
    >>> [panel.title for panel in shapes(found, colours_of(found)).panels]
    ['3 digons']
    """
    kinds: dict[str, list[int]] = {}
    for index, component in enumerate(geometry.components):
        if len(component.features) > 1 and (component.polytope is not None or len(component.features) <= MANY):
            kinds.setdefault(component.full_name, []).append(index)
    order = sorted(kinds.values(), key=lambda group: (-geometry.components[group[0]].rank, group[0]))
    panels = [_panel(geometry, group, colours) for group in order[:MOST_VIEWS]]
    left_out = [f"{len(order) - MOST_VIEWS} further kinds of components are not drawn."] * (len(order) > MOST_VIEWS)
    dense = [part for part in geometry.components if part.polytope is None and len(part.features) > MANY]
    if dense:
        left_out.append("Components of more than 100 rows that form no shape are not drawn.")
    return Shapes(
        sentence="Each picture shows one component by itself: rings are the corners of the ideal shape, dots are the "
        "rows of W, and the numbers are features. Equal shapes are shown once. Single features are not drawn.",
        panels=tuple(panels),
        remark=" ".join(left_out) or None,
    )


def _panel(geometry: "Geometry", group: list[int], colours: "Colours") -> Panel:
    component = geometry.components[group[0]]
    view = view_of(geometry, component)
    rows, corners = view.seen()
    reach = max(float(np.abs(rows[:, :2]).max()), float(np.abs(corners[:, :2]).max()), 1e-9) / FILLED
    across, up = Axis(-reach, reach, 0.0, SIDE), Axis(-reach, reach, SIDE, 0.0)
    near = Axis(-reach * FILLED, reach * FILLED, 1 - DEPTH, 1.0) if view.dimension == 3 else Axis(-1, 1, 1.0, 1.0)

    def placed(point: np.ndarray) -> tuple[float, float, float]:
        return across.at(float(point[0])), up.at(float(point[1])), near.at(float(point[2]))

    dots = [placed(point) for point in corners]
    return Panel(
        title=counted(component.full_name, len(group)),
        said=_said(view, component.rank, len(group), component.features),
        colour=colours.components[group[0]],
        view=view,
        points=tuple(sorted(dots, key=lambda dot: dot[2])) if view.fitted else (),
        marks=tuple(sorted((placed(point) for point in rows), key=lambda dot: dot[2])),
        lines=tuple(sorted((_line(dots[i], dots[j]) for i, j in view.edges), key=lambda line: line[4])),
        texts=tuple(_text(text, dots[place]) for text, place in view.labels),
        traces=_traces(view, colours.components[group[0]]) if view.dimension == 3 else None,
    )


def _said(view: View, rank: int, number: int, features: tuple[int, ...]) -> str:
    which = f"features {listed(features)}" if number == 1 else f"drawn: the one of features {listed(features)}"
    match view.plane, rank:
        case "space", 1:
            how = "On a line."
        case "space", 2:
            how = "In its plane."
        case "space", _:
            how = "In its three dimensions; drag to turn it."
        case "Coxeter plane", _:
            how = f"The shadow of a shape of {rank} dimensions on its Coxeter plane, where it looks most regular."
        case _:
            how = f"The shadow of a component of {rank} dimensions on a plane between its principal axes."
    return f"{how} {which[0].upper()}{which[1:]}."


def _line(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> tuple[float, float, float, float, float]:
    return one[0], one[1], other[0], other[1], (one[2] + other[2]) / 2


def _text(text: str, dot: tuple[float, float, float]) -> tuple[float, float, str]:
    """Return a label with its place, away from the centre."""
    away = np.array(dot[:2]) - SIDE / 2
    length = float(np.linalg.norm(away))
    away = np.array([0.0, -1.0]) if length < 1 else away / length
    x, y = np.array(dot[:2]) + 15 * away
    return float(x), float(y), text


def _traces(view: View, colour: int) -> dict[str, Any]:
    """Return what plotly draws: numbers only; the page's script knows how lines and dots look."""
    a, e = np.radians([AZIMUTH, ELEVATION])
    eye = FAR * np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
    return {
        "colour": colour,
        "rows": _rounded(view.rows),
        "corners": _rounded(view.corners),
        "edges": [list(map(int, edge)) for edge in view.edges],
        "faces": view.faces.tolist(),
        "labels": [[text, int(place)] for text, place in view.labels],
        "fitted": view.fitted,
        "eye": _rounded(eye),
    }


def _rounded(values: np.ndarray) -> Any:
    return (np.round(values, 5) + 0.0).tolist()
