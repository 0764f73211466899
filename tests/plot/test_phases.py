"""Figures of phase diagrams: what is drawn where, and that nothing global is touched."""

import io
import itertools
from functools import cache

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from geomsup.phases.diagram import phase_diagram
from geomsup.plot.phases import SHADES, _chains, plot_phases


@cache
def small(n=2, m=1):
    return phase_diagram(n, m, np.geomspace(0.1, 1, 8), np.geomspace(0.2, 5, 8))


def numbers(ax):
    return sorted(text.get_text() for text in ax.texts if text.get_text().isdigit())


def listed(ax):
    (text,) = [text.get_text() for text in ax.texts if not text.get_text().isdigit()]
    return [line.split("  ", 1)[1] for line in text.splitlines()]


@pytest.mark.slow
def test_the_optimum_stands_beside_the_papers_prediction():
    diagram = small()
    left, right = diagram.plot()
    assert (left.get_title(), right.get_title()) == ("optimum", "paper's prediction")
    assert listed(left) == list(diagram.names)
    assert numbers(left) == [str(k + 1) for k in range(len(diagram.names))]
    assert len(listed(right)) == 3
    buffer = io.BytesIO()
    left.figure.savefig(buffer, format="png")
    assert buffer.getvalue().startswith(b"\x89PNG")


@pytest.mark.slow
def test_axes_run_from_dense_to_sparse_and_upwards():
    left, _ = small().plot()
    assert left.get_xlim() == (1.0, 0.1)
    assert left.get_ylim() == (0.2, 5.0)
    assert left.get_xscale() == left.get_yscale() == "log"


@pytest.mark.parametrize("low", [0.4, 0.04, 0.0004])
def test_ticks_are_few_and_their_labels_short(low):
    diagram = phase_diagram(2, 1, [low, 0.9], [0.9, 1.1])
    ax = diagram.plot()[0]
    ax.figure.draw_without_rendering()
    for axis, (left, right) in ((ax.xaxis, sorted(ax.get_xlim())), (ax.yaxis, ax.get_ylim())):
        shown = [
            label.get_text()
            for label, place in zip(axis.get_ticklabels("both"), axis.get_ticklocs(minor=False), strict=False)
            if left <= place <= right
        ]
        assert all(len(text) <= len("0.0005") for text in shown)
        assert len(shown) <= 7
    assert not any(text.get_text() for text in ax.get_xticklabels(minor=True))


def test_colours_are_the_share_of_the_extra_feature():
    left, _ = small().plot()
    (mesh,) = left.collections
    np.testing.assert_allclose(mesh.get_array(), small().dimensionality.T)
    for share, colour in ((0.0, SHADES[0]), (0.5, SHADES[2]), (1.0, SHADES[-1])):
        np.testing.assert_allclose(mesh.cmap(mesh.norm(share))[:3], to_rgb(colour), atol=0.01)


def test_lines_go_through_the_transitions():
    left, _ = small().plot()
    drawn = {tuple(np.round(point, 9)) for line in left.lines for point in line.get_xydata()}
    for transition in small().transitions:
        assert (round(transition.probability, 9), round(transition.importance, 9)) in drawn
    assert {line.get_linestyle() for line in left.lines} == {"-", "--"}


def test_the_borders_of_a_phase_thinner_than_a_cell_do_not_meet():
    """The abs pair's borders lie on both sides of I = 1; joined at their centre of gravity they would zigzag."""
    diagram = phase_diagram(2, 1, [0.5, 0.6, 0.7], [0.8, 1.25], activation="abs")
    assert len(diagram.transitions) == 6
    (ax,) = diagram.plot()
    lines = [line.get_ydata() for line in ax.lines]
    assert [len(line) for line in lines] == [3, 3]
    assert all((line < 1).all() or (line > 1).all() for line in lines)


def test_segments_become_chains():
    points = [(float(k), 0.0) for k in range(6)]
    steps = list(itertools.pairwise(points))
    assert sorted(map(sorted, _chains(steps[::-1]))) == [points]
    loop = [*steps, (points[-1], points[0])]
    (closed,) = _chains(loop)
    assert closed[0] == closed[-1]
    assert len(closed) == 7
    star = [((0.0, 0.0), (float(k), 1.0)) for k in range(3)]
    assert sorted(map(len, _chains(star))) == [2, 2, 2]
    assert _chains([]) == []


@pytest.mark.slow
def test_sizes_without_a_prediction_are_one_panel():
    axes = small(3, 1).plot()
    assert len(axes) == 1
    assert axes[0].get_title() == "optimum"


def test_given_axes_are_drawn_on():
    ax = Figure().add_subplot()
    assert plot_phases(small(), axes=ax)[0] is ax
    pair = Figure().subplots(1, 2)
    assert plot_phases(small(), axes=pair)[1] is pair[1]


def test_what_cannot_be_drawn_is_named():
    with pytest.raises(ValueError, match=r"^`axes` must be one or two; got 3\. Pass a pair\.$"):
        plot_phases(small(), axes=Figure().subplots(1, 3))
    cell = phase_diagram(2, 1, [0.1], [0.5])
    with pytest.raises(ValueError, match=r"^`diagram` must have at least 2 probabilities or 2 importances; got one of"):
        cell.plot()
    line = phase_diagram(2, 1, [0.1], [0.5, 1.0])
    with pytest.raises(ValueError, match=r"^`axes` must be one for a single row or column; got 2\. Pass one\.$"):
        plot_phases(line, axes=Figure().subplots(1, 2))


def test_one_importance_is_a_curve_with_lines_at_the_exact_transitions():
    """The pair gives way where its best loss is what dropping costs: bracketed by the optimum of either side."""
    diagram = phase_diagram(2, 1, np.geomspace(0.1, 1, 8), [0.3])
    (ax,) = diagram.plot()
    (transition,) = [one for one in diagram.transitions if one.order == "first"]
    upright = [
        line.get_xdata()[0] for line in ax.lines if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) == 2
    ]
    assert transition.probability in upright
    assert ax.get_legend().get_texts()[0].get_text() == "extra in a digon"
    assert ax.get_xlim() == (1.0, pytest.approx(0.1))
    dots = np.concatenate([line.get_xydata() for line in ax.lines if line.get_marker() == "o"])
    np.testing.assert_allclose(sorted(dots[:, 0]), diagram.probabilities)


def test_one_probability_is_a_curve_along_importance():
    (ax,) = phase_diagram(2, 1, [0.1], [0.01, 0.5, 1.0]).plot()
    assert ax.get_xlabel() == "relative importance of the extra feature, p = 0.1"
