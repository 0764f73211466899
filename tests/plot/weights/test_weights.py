"""Figures of a matrix: angles, Gram matrix, interference, graph, against closed forms."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import geomsup as gs
from geomsup.plot import plot_angles, plot_geometry, plot_gram, plot_graph, plot_interference
from geomsup.plot.palette import NEGATIVE, POSITIVE
from geomsup.plot.weights import angles

TURNS = 2 * np.pi * np.arange(5) / 5
PENTAGON = np.stack([np.cos(TURNS), np.sin(TURNS)], axis=1)


def bars(ax):
    return {round(bar.get_x() + bar.get_width() / 2): int(bar.get_height()) for bar in ax.patches if bar.get_height()}


def test_exact_angles_are_one_bar_each_however_they_are_rounded(rng):
    """24-cell: every vertex has 8, 6, 8 and 1 others at 60, 90, 120 and 180° (Coxeter 1973, table V)."""
    for _ in range(5):
        turn, _ = np.linalg.qr(rng.normal(size=(4, 4)))
        ax = plot_angles(gs.polytope("24-cell").vertices @ turn)
        assert bars(ax) == {60: 24 * 8 / 2, 90: 24 * 6 / 2, 120: 24 * 8 / 2, 180: 12}
    assert bars(plot_angles(PENTAGON)) == {72: 5, 144: 5}


def test_rows_without_length_are_left_out_and_very_many_are_thinned(monkeypatch):
    assert bars(plot_angles([[1, 0], [0, 0], [0, 2.0]])) == {90: 1}
    monkeypatch.setattr(angles, "MOST_ROWS", 4)
    ax = plot_angles(np.eye(9))
    assert sum(bars(ax).values()) == 3
    assert ax.get_xlabel() == "angle between two of 3 rows (degrees)"


def test_a_configuration_beyond_space_has_the_same_bars():
    assert bars(gs.minimize_energy(8, 4, starts=4).plot()) != {}


def test_the_gram_matrix_and_the_bias_share_one_scale_with_blue_for_positive():
    ax = plot_gram(gs.ToyModel(PENTAGON, np.full(5, -0.5)))
    (image,) = ax.images
    cosines = np.cos(TURNS[:, None] - TURNS)
    np.testing.assert_allclose(image.get_array()[:, :5], cosines, atol=1e-12)
    np.testing.assert_allclose(image.get_array()[:, 6], -0.5)
    assert image.get_clim() == pytest.approx((-1, 1))
    red, _, blue = image.cmap(0.9)[:3]
    assert blue > red
    assert ax.figure.axes[1].get_ylabel() == "W Wᵀ, b"
    assert ax.get_xticklabels()[-1].get_text() == "b"
    with pytest.raises(ValueError, match=r"^`b` must have a number for each of the 5 rows; got shape \(2,\)\. Pass"):
        plot_gram(PENTAGON, [0.0, 1.0])


def test_a_batch_and_what_has_no_squares_are_refused():
    for figure in (plot_angles, plot_gram, plot_interference):
        with pytest.raises(
            ValueError, match=r"^`W` must be one matrix \(n, m\); got a batch of shape \(2, 5, 2\)\. Pass"
        ):
            figure(np.stack([PENTAGON, PENTAGON]))
        with pytest.raises(ValueError, match=r"^`W` must have entries of at most 1e\+150; got"):
            figure(1e200 * PENTAGON)


def test_the_first_part_of_a_bar_is_the_share_D():
    """A pentagon's D is 2/5, so a unit row has 3/2 of interference."""
    norms, others = plot_interference(PENTAGON).containers
    np.testing.assert_allclose([bar.get_width() for bar in norms], 1)
    np.testing.assert_allclose([bar.get_width() for bar in others], 1.5)
    _, others = plot_interference([[1.0, 0], [1e-3, 0], [0, 1]]).containers
    assert others[1].get_width() == 0


def test_the_graph_joins_what_interferes_in_its_sign():
    """Neighbours of a pentagon are at cos 72° > 0, the others at cos 144° < 0."""
    ax = plot_graph(gs.classify(PENTAGON))
    colours = [to_rgb(line.get_color()) for line in ax.lines]
    assert colours.count(to_rgb(POSITIVE)) == colours.count(to_rgb(NEGATIVE)) == 5
    assert {line.get_linestyle() for line in ax.lines if to_rgb(line.get_color()) == to_rgb(NEGATIVE)} == {"--"}
    assert len(plot_graph(gs.classify(np.zeros((3, 2)))).lines) == 0


@pytest.mark.slow
def test_a_dictionary_is_counted_or_its_angles_are_drawn(rng):
    ax = plot_geometry(gs.classify(np.kron(np.eye(101), [[1.0], [-1.0]])))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["digon"]
    assert [bar.get_width() for bar in ax.patches] == [101]
    ax = plot_geometry(gs.classify(rng.normal(size=(300, 40))))
    assert ax.get_xlabel() == "angle between two rows (degrees)"
    assert sum(bars(ax).values()) == 300 * 299 // 2


def test_bars_side_by_side_have_one_label():
    """A pentagon that is a little off: 72° and about 144°, over three bars."""
    turns = np.radians([0, 72, 144.6, 216, 287.8])
    ax = gs.plot.plot_angles(np.column_stack([np.cos(turns), np.sin(turns)]))
    assert len(ax.texts) == 2
    low, high = (float(text.get_text().rstrip("°")) for text in ax.texts)
    assert low == pytest.approx(72.0, abs=0.2)
    assert high == pytest.approx(144.0, abs=0.2)
