"""Panels of components: one for every name, counted."""

import numpy as np
from matplotlib.colors import to_rgba

from geomsup import classify, polytope
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
