"""Figures: what is drawn, and that nothing global is touched."""

import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from geomsup import Features, ToyModel, classify, compare
from geomsup.plot import plot_comparison, plot_geometry, plot_sparsities
from geomsup.plot.palette import FAINT, PALETTE, component_colours

TURNS = 2 * np.pi * np.arange(5) / 5
PENTAGON = np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1)
DIGONS = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1], [0, 0]])
OCTAHEDRON = np.concatenate([np.eye(3), -np.eye(3)])


def render(figure, **options):
    buffer = io.BytesIO()
    figure.savefig(buffer, **options)
    return buffer.getvalue()


def arrows(ax):
    return [text for text in ax.texts if getattr(text, "arrow_patch", None) is not None]


def labels(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


@pytest.mark.parametrize(
    ("W", "count", "name"),
    [
        (PENTAGON, 5, "pentagon"),
        (DIGONS, 4, "square (2 digons)"),
        (np.array([[1.0], [-1.0]]), 2, "digon"),
        (np.array([[1.0], [-1.0], [0.0]]), 2, "digon"),
        (np.zeros((3, 2)), 0, "nothing represented"),
    ],
)
def test_up_to_two_dimensions_an_arrow_per_represented_feature(W, count, name):
    ax = plot_geometry(classify(W, orientation="rows"))
    assert isinstance(ax, Axes)
    assert len(arrows(ax)) == count
    tips = sorted(tuple(arrow.xy) for arrow in arrows(ax))
    kept = W[np.linalg.norm(W, axis=1) > 0]
    padded = np.pad(kept, ((0, 0), (0, 2 - W.shape[1])))
    np.testing.assert_allclose(tips, sorted(map(tuple, padded)) if len(kept) else [], atol=1e-15)
    assert sum(isinstance(patch, Circle) for patch in ax.patches) == 1
    assert ax.get_title().replace("\n", " ") == name
    assert render(ax.figure, format="png").startswith(b"\x89PNG")


def test_features_are_numbered_unless_told_not_to():
    geometry = classify(DIGONS)
    assert sorted(labels(plot_geometry(geometry))) == ["0", "1", "2", "3"]
    assert labels(plot_geometry(geometry, labels=False)) == []
    assert plot_geometry(geometry, title=False).get_title() == ""


def test_the_edges_of_a_shape_are_drawn():
    ax = plot_geometry(classify(PENTAGON))
    edges = {frozenset(map(tuple, np.round(line.get_xydata(), 9))) for line in ax.lines if len(line.get_xdata()) == 2}
    corners = list(map(tuple, np.round(PENTAGON, 9)))
    assert edges == {frozenset((corners[i], corners[(i + 1) % 5])) for i in range(5)}


def test_arrows_stay_inside_the_axes():
    ax = plot_geometry(classify(3 * PENTAGON))
    assert ax.get_xlim()[1] > 3
    assert ax.get_ylim()[0] < -3


def test_three_dimensions_are_drawn_in_space():
    ax = plot_geometry(classify(np.concatenate([OCTAHEDRON, np.zeros((1, 3))])))
    assert ax.name == "3d"
    assert ax.get_title().replace("\n", " ") == "octahedron (3 digons)"
    assert sorted(text.get_text() for text in ax.texts) == ["0", "1", "2", "3", "4", "5"]
    tips = [tuple(float(v[0]) for v in line.get_data_3d()) for line in ax.lines if len(line.get_data_3d()[0]) == 1]
    assert set(map(tuple, OCTAHEDRON)) <= set(tips)
    assert render(ax.figure, format="svg").lstrip().startswith(b"<?xml")


def test_more_dimensions_show_the_gram_matrix():
    W = np.concatenate([np.eye(4)[[2, 0, 3, 1]], -np.eye(4)[[0, 2, 1, 3]], np.zeros((1, 4))])
    geometry = classify(W)
    ax = plot_geometry(geometry)
    (image,) = ax.images
    order = [int(tick.get_text()) for tick in ax.get_xticklabels()]
    assert sorted(order) == list(range(9))
    np.testing.assert_allclose(image.get_array(), (W @ W.T)[np.ix_(order, order)])
    assert sum(isinstance(patch, Rectangle) for patch in ax.patches) == len(geometry.components) == 4
    assert render(ax.figure, format="pdf").startswith(b"%PDF")


@pytest.mark.slow
def test_many_features_have_no_ticks_and_all_zero_weights_no_warning(rng):
    many = plot_geometry(classify(rng.normal(size=(40, 5))))
    assert len(many.get_xticklabels()) != 40
    for W in (np.zeros((5, 4)), np.zeros((4, 3))):
        render(plot_geometry(classify(W)).figure)


def test_given_axes_are_drawn_on():
    ax = Figure().add_subplot()
    assert plot_geometry(classify(PENTAGON), ax=ax) is ax
    assert classify(PENTAGON).plot(ax) is ax
    assert len(arrows(classify(PENTAGON).plot())) == 5


def test_components_have_colours_of_their_own():
    colours = component_colours(classify(DIGONS))
    assert colours == [PALETTE[0], PALETTE[0], PALETTE[1], PALETTE[1], FAINT]
    digons = np.kron(np.eye(9), [[1.0], [-1.0]])
    assert len(component_colours(classify(digons))) == 18  # more components than colours


@pytest.mark.slow
@pytest.mark.parametrize(
    ("W", "m"),
    [([[1], [-1]], 1), (DIGONS.tolist(), 2), (OCTAHEDRON.tolist(), 3), (np.eye(5)[:, :4].tolist(), 4)],
)
def test_a_comparison_is_three_axes(W, m):
    result = compare(ToyModel(W), Features(len(W), 0.1), starts=2)
    axes = plot_comparison(result)
    assert len(axes) == 3
    left, middle, right = axes
    assert left.get_title().replace("\n", " ") == f"trained: {result.geometry.name}"
    assert middle.get_title().replace("\n", " ") == f"optimum: {result.optimum.geometry.name}"
    heights = [bar.get_height() for bar in right.patches]
    np.testing.assert_allclose(heights[: len(W)], result.expected.per_feature)
    assert sum(heights[len(W) :]) == pytest.approx(result.optimum.loss, rel=1e-9)
    assert "above the optimum" in right.get_title()
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["trained", "optimum"]
    assert render(left.figure).startswith(b"\x89PNG")
    own = Figure()
    solid = {"projection": "3d"} if m == 3 else {}
    mine = [own.add_subplot(1, 3, 1, **solid), own.add_subplot(1, 3, 2, **solid), own.add_subplot(1, 3, 3)]
    assert result.plot(mine) == list(mine)


def test_an_infinite_excess_can_be_drawn():
    axes = compare(ToyModel(0.9 * np.eye(2)), Features(2, 0.1)).plot()
    render(axes[0].figure)


@pytest.mark.slow
def test_the_introductory_figure_has_a_column_per_sparsity_and_a_point_per_model():
    features = [Features(5, p) for p in (0.5, 0.05)]
    comparisons = [compare(ToyModel(W), f, starts=2) for W, f in zip((DIGONS, PENTAGON), features, strict=True)]
    losses = [np.array([result.loss, 2 * result.loss, 1.5 * result.loss]) for result in comparisons]
    figure = plot_sparsities(comparisons, losses)
    assert isinstance(figure, Figure)
    first, second, below = figure.axes
    assert [len(arrows(ax)) for ax in (first, second)] == [4, 5]
    assert second.get_title() == "pentagon"
    assert [tick.get_text() for tick in below.get_xticklabels()] == ["0.50", "0.95"]
    points = [line.get_ydata() for line in below.lines if len(line.get_xdata()) == 3]
    for drawn, loss, f in zip(points, losses, features, strict=True):
        np.testing.assert_allclose(drawn, np.sort(loss) / (5 * f.variance[0]))
    assert "5 features in 2 dimensions" in figure.get_suptitle()
    assert render(figure).startswith(b"\x89PNG")


@pytest.mark.slow
def test_axes_passed_in_need_no_pyplot():
    code = (
        "import sys, geomsup as gs; from matplotlib.figure import Figure; from geomsup.plot import plot_sparsities;"
        "c = gs.compare(gs.ToyModel([[1, 0], [-1, 0], [0, 1]]), gs.Features(3, 0.1), starts=1);"
        "c.plot(Figure().subplots(1, 3)); c.geometry.plot(Figure().subplots());"
        "plot_sparsities([c], [[c.loss]]); sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code]).returncode == 0


def test_new_axes_are_found_by_pyplot():
    from matplotlib import pyplot

    ax = classify([[1, 0], [-1, 0], [0, 1]]).plot()
    assert pyplot.gcf() is ax.figure
