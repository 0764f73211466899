"""Panels of components: one for every name, counted."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.image import imread

from geomsup import classify, polytope
from geomsup.cli.console import save_figure
from geomsup.plot import plot_components
from geomsup.plot.palette import PALETTE


def tegum(*blocks):
    n, m = (sum(block.shape[axis] for block in blocks) for axis in (0, 1))
    W, row, column = np.zeros((n, m)), 0, 0
    for block in blocks:
        W[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return W


def test_every_kind_has_a_panel_with_its_count():
    digon, pentagon, cell = (polytope(name).vertices for name in ("digon", "pentagon", "5-cell"))
    figure = plot_components(classify(tegum(digon, pentagon, digon, digon, pentagon, cell)))
    titles = [ax.get_title().replace("\n", " ") for ax in figure.axes]
    assert titles == ["3 × digon", "2 × pentagon", "5-cell"]


def test_beyond_three_dimensions_vertices_and_edges_are_projected():
    figure = plot_components(classify(polytope("5-cell").vertices, orientation="rows"))
    (ax,) = figure.axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert len(ax.lines) - len(dots) == 10  # edges
    assert len(dots[0].get_xdata()) == 5
    assert to_rgba(dots[0].get_color()) == to_rgba(PALETTE[0])


def test_solids_are_drawn_in_three_dimensions():
    figure = plot_components(classify(polytope("icosahedron").vertices))
    assert figure.axes[0].name == "3d"


def test_nothing_represented_gives_an_empty_figure():
    assert plot_components(classify(np.zeros((3, 2)))).axes == []


def numbers(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_every_arrow_and_vertex_has_the_number_of_its_feature():
    W = tegum(*(polytope(name).vertices for name in ("pentagon", "digon", "tetrahedron", "5-cell")))
    found = {ax.get_title(): numbers(ax) for ax in plot_components(classify(W, orientation="rows")).axes}
    assert found == {
        "pentagon": ["0", "1", "2", "3", "4"], "digon": ["5", "6"], "tetrahedron": ["7", "8", "9", "10"],
        "5-cell": ["11", "12", "13", "14", "15"],
    }  # fmt: skip


def test_many_numbers_would_cover_each_other():
    W = tegum(polytope("600-cell").vertices, polytope("digon").vertices)
    found = {ax.get_title(): numbers(ax) for ax in plot_components(classify(W, orientation="rows")).axes}
    assert found == {"600-cell": [], "digon": ["120", "121"]}


@pytest.mark.parametrize(
    "names",
    [("tetrahedron", "pentagon"), ("tetrahedron", "cube"), ("pentagon", "hexagon"), ("icosahedron",), ("5-cell",),
     ("5-cell", "cube", "digon"), ("digon", "triangle", "pentagon", "cube", "octahedron", "square antiprism")],
)  # fmt: skip
def test_no_title_is_cut_off(names, tmp_path):
    """Titles of square axes were laid out above the picture, beside axes in space above all."""
    figure = plot_components(classify(tegum(*(polytope(name).vertices for name in names)), orientation="rows"))
    save_figure(figure, tmp_path / "drawn.png")
    ink = (imread(tmp_path / "drawn.png")[..., :3] < 0.9).any(axis=2)
    assert ink.any()
    for edge in (ink[:2], ink[-2:], ink[:, :2], ink[:, -2:]):
        assert not edge.any()
