"""Phase diagrams as the paper draws them: dense to sparse from left to right, importance upwards."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.plot.given import result
from geomsup.plot.palette import INK, PALETTE
from geomsup.plot.panels import listed
from geomsup.plot.series.grid import cell_edges
from geomsup.plot.series.phase_line import draw_phase_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from geomsup.phases.diagram import PhaseDiagram
    from geomsup.phases.prediction import PaperPrediction
    from geomsup.phases.transition import Transition

__all__ = ["plot_phases"]

Point = tuple[float, float]
SHADES = ("#F2F2F2", "#8CC4E8", PALETTE[0], "#7FC7A8", PALETTE[2])  # D = 0, 1/4, 1/2, 3/4, 1 of the extra feature
FINE = 300  # points along an axis of the prediction, which takes no time
WIDE = 1000  # ratio of an axis' ends from which at least three powers of ten lie on it
STYLES = {"first": "solid", "second": (0, (4, 2))}


def plot_phases(diagram: "PhaseDiagram", *, axes: "Axes | Sequence[Axes] | np.ndarray | None" = None) -> "list[Axes]":
    """Draw the optimum's phases and, where the paper has one, its prediction beside them; return the axes.

    Colour: the share D of a hidden dimension that the extra feature has. Lines: transitions, solid where first
    order, dashed where second (all of the paper's are first order). Numbers: phases, listed below.

    Parameters
    ----------
    diagram
        What `phase_diagram` returned. With one importance, or one probability, the figure is a curve along the other:
        the share D of the extra feature, with lines at the exact transitions.
    axes
        One matplotlib axes (the optimum only), or two; a new figure's by default.

    Raises
    ------
    ValueError
        If the diagram is a single cell, or there are more axes than panels.

    Examples
    --------
    >>> import numpy as np
    >>> from geomsup.phases.diagram import phase_diagram
    >>> axes = plot_phases(phase_diagram(2, 1, np.geomspace(0.1, 0.9, 4), np.geomspace(0.2, 5, 4)))
    >>> [ax.get_title() for ax in axes]
    ['optimum', "paper's prediction"]
    """
    result("diagram", diagram, "PhaseDiagram")
    if diagram.phase.size < 2:
        raise ValueError(
            "`diagram` must have at least 2 probabilities or 2 importances; got one of each. Print its names instead."
        )
    if min(diagram.phase.shape) < 2:
        return _one_line(diagram, axes)
    prediction = _prediction(diagram)
    found: list[Any] = listed(_new_axes(2 if prediction else 1) if axes is None else axes)
    if len(found) > 2:
        raise ValueError(f"`axes` must be one or two; got {len(found)}. Pass a pair.")
    title = ", ".join(["optimum", *_conditions(diagram)])
    image = _draw(found[0], diagram, diagram.names, title)
    _lines(found[0], diagram)
    if len(found) > 1 and prediction:
        _draw(found[1], prediction, prediction.names, "paper's prediction")
        _outlines(found[1], prediction)
        found[1].set_ylabel("")
    bar = found[0].figure.colorbar(image, ax=found, label="share of a dimension of the extra feature", pad=0.01)
    bar.set_ticks([0, 0.5, 1], labels=["0\nnot\nrepresented", "½\nshares\nequally", "1\ndedicated"], fontsize=8)
    return found


def _one_line(diagram: "PhaseDiagram", axes: Any) -> "list[Axes]":
    found: list[Any] = listed(_new_axes(1) if axes is None else axes)
    if len(found) != 1:
        raise ValueError(f"`axes` must be one for a single row or column; got {len(found)}. Pass one.")
    draw_phase_line(diagram, found[0])
    return found


def _conditions(diagram: "PhaseDiagram") -> list[str]:
    """Say how the optimum is not that of the paper's model."""
    return [] if diagram.conditions.plain else [str(diagram.conditions)]


def _prediction(diagram: "PhaseDiagram") -> "PaperPrediction | None":
    from geomsup.phases.prediction import paper_prediction

    if _conditions(diagram) or (diagram.n_features, diagram.n_hidden) not in ((2, 1), (3, 2)):
        return None
    fine = [np.geomspace(axis[0], axis[-1], FINE) for axis in (diagram.probabilities, diagram.importances)]
    return paper_prediction(
        diagram.n_features, diagram.n_hidden, np.minimum(fine[0], diagram.probabilities[-1]), fine[1]
    )


def _new_axes(count: int) -> Any:
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=(1.6 + 4.6 * count, 5.4), layout="constrained")
    return figure.subplots(1, count, sharey=True)


def _draw(ax: Any, field: Any, names: Sequence[str], title: str) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("share", SHADES)
    image = ax.pcolormesh(
        cell_edges(field.probabilities), cell_edges(field.importances), field.dimensionality.T,
        cmap=colours, vmin=0, vmax=1, rasterized=True,
    )  # fmt: skip
    ax.set(xscale="log", yscale="log", title=title)
    ax.set_xlim(float(field.probabilities[-1]), float(field.probabilities[0]))  # from dense to sparse
    ax.set_ylim(float(field.importances[0]), float(field.importances[-1]))
    ax.set_xlabel("probability p = 1 − sparsity (sparser →)")
    ax.set_ylabel("relative importance of the extra feature")
    for axis, values in ((ax.xaxis, field.probabilities), (ax.yaxis, field.importances)):
        _label(axis, float(values[-1] / values[0]))
    _number(ax, field, names)
    return image


def _label(axis: Any, ratio: float) -> None:
    """Label powers of ten; between ends of a smaller ratio 1, 2 and 5 times them."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1.0,) if ratio >= WIDE else (1.0, 2.0, 5.0)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _number(ax: Any, field: Any, names: Sequence[str]) -> None:
    """Write each phase's number at its innermost cell, and the names below the axes."""
    from scipy.ndimage import distance_transform_edt

    shown = [k for k in range(len(names)) if (field.phase == k).any()]
    for position, k in enumerate(shown, start=1):
        depth = np.asarray(distance_transform_edt(np.pad(field.phase == k, 1)))[1:-1, 1:-1]
        i, j = np.unravel_index(int(depth.argmax()), depth.shape)
        ax.annotate(
            str(position), (field.probabilities[i], field.importances[j]), ha="center", va="center", fontsize=7,
            color=INK, annotation_clip=True,
            bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": INK, "linewidth": 0.5},
        )  # fmt: skip
    listed = "\n".join(f"{position}  {names[k]}" for position, k in enumerate(shown, start=1))
    ax.annotate(
        listed, (0, 0), xytext=(0, -38), xycoords="axes fraction", textcoords="offset points", ha="left", va="top",
        fontsize=8, color=INK, linespacing=1.4,
    )  # fmt: skip


def _lines(ax: Any, diagram: "PhaseDiagram") -> None:
    for order, style in STYLES.items():
        for chain in _chains(_segments(diagram, order)):
            ax.plot(*np.array(chain).T, color=INK, linewidth=1.3, linestyle=style, solid_capstyle="round")


def _outlines(ax: Any, prediction: "PaperPrediction") -> None:
    """Draw the borders of the predicted phases, all of them crossings of losses."""
    for k in range(len(prediction.names)):
        inside = (prediction.phase == k).T.astype(float)
        if inside.min() < inside.max():
            ax.contour(
                prediction.probabilities, prediction.importances, inside, levels=[0.5], colors=INK, linewidths=0.8
            )


def _segments(diagram: "PhaseDiagram", order: str) -> list[tuple[Point, Point]]:
    """Join the transitions on the four sides of every square of four neighbouring cells.

    Two between the same phases make a segment: a phase may be thinner than a cell. So do two of one order beside two of
    the other; more meet at their centre of gravity. A square with one of either order draws each on its own.
    """
    found: dict[Any, list[Any]] = {}
    for edge, transition in diagram.located:
        found.setdefault(edge, []).append(transition)
    segments: list[tuple[Point, Point]] = []
    for i, j in np.ndindex(diagram.phase.shape[0] - 1, diagram.phase.shape[1] - 1):
        sides = (((i, j), (i + 1, j)), ((i, j), (i, j + 1)), ((i + 1, j), (i + 1, j + 1)), ((i, j + 1), (i + 1, j + 1)))
        here = [transition for side in sides for transition in found.get(side, ())]
        borders = _borders(here)
        if all(len(border) == 2 for border in borders):
            segments += [(_point(a), _point(b)) for a, b in borders if a.order == order]
            continue
        points = {transition: _point(transition) for transition in here}
        own = [point for transition, point in points.items() if transition.order == order]
        if len(own) == 2 and len(points) in (2, 4):
            segments.append((own[0], own[1]))
        elif len(points) > 1:
            centre = tuple(np.exp(np.log(list(points.values())).mean(axis=0)).tolist())
            segments += [(point, centre) for point in own]
    return segments


def _borders(transitions: "Sequence[Transition]") -> "list[Sequence[Transition]]":
    """Group transitions of one order between the same two phases."""
    groups: dict[Any, list[Transition]] = {}
    for one in transitions:
        groups.setdefault((one.order, frozenset((one.from_, one.to))), []).append(one)
    return list(groups.values())


def _point(transition: "Transition") -> Point:
    return transition.probability, transition.importance


def _chains(segments: Iterable[tuple[Point, Point]]) -> list[list[Point]]:
    """Join segments end to end, so that dashes can run along them."""
    neighbours: dict[Point, list[Point]] = {}
    for a, b in segments:
        if a != b:
            neighbours.setdefault(a, []).append(b)
            neighbours.setdefault(b, []).append(a)
    chains = []
    ends = [point for point, others in neighbours.items() if len(others) != 2]
    for start in [*ends, *neighbours]:  # then the closed ones
        while neighbours[start]:
            chain = [start]
            while neighbours[chain[-1]]:
                here, after = chain[-1], neighbours[chain[-1]].pop()
                neighbours[after].remove(here)
                chain.append(after)
                if len(neighbours[after]) != 1:
                    break
            chains.append(chain)
    return chains
