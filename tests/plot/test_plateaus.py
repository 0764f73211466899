"""Figures of plateaus: what is drawn where, and that nothing global is touched."""

import io
import itertools
from functools import cache

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from geomsup.plateau.plateaus import plateaus
from geomsup.plot.palette import PALETTE
from geomsup.plot.plateaus import WINNER, plot_plateaus


@cache
def found():
    return plateaus([0.7, 0.62, 0.5, 0.24, 0.2], largest_rank=2)


def heavy(ax):
    return [line for line in ax.lines if line.get_linewidth() == WINNER and len(line.get_xdata())]


def test_heavy_lines_run_from_crossing_to_crossing():
    upper, lower = plot_plateaus(found())
    ends = [1 / 0.7, *(1 / crossing.probability for crossing in found().crossings), 1 / 0.2]
    for ax in (upper, lower):
        assert len(heavy(ax)) == 3
        for line, left, right in zip(heavy(ax), ends[:-1], ends[1:], strict=True):
            np.testing.assert_allclose(line.get_xdata()[[0, -1]], [left, right])
    for line, left, colour in zip(heavy(upper), ends, PALETTE, strict=False):
        gain = [one.gain for one in found().crossings if one.inverse_density == left] or [found().winners[0].gain]
        assert line.get_ydata()[0] == pytest.approx(gain[0])
        assert to_rgb(line.get_color()) == to_rgb(colour)


def test_steps_are_at_the_levels_of_the_shapes():
    _, lower = plot_plateaus(found())
    for line, level in zip(heavy(lower), (2 / 3, 1 / 2, 2 / 5), strict=True):
        np.testing.assert_allclose(line.get_ydata(), level, rtol=1e-4)
    (curve,) = [line for line in lower.lines if line.get_marker() == "." and len(line.get_xdata())]
    np.testing.assert_allclose(curve.get_ydata(), found().dimensions_per_feature)


@pytest.mark.slow
def test_the_mean_breaks_where_the_winner_changes():
    """D* jumps at a crossing: a line across it would show densities at which nothing has that D*."""
    _, lower = plot_plateaus(found())
    pieces = [line.get_xdata() for line in lower.lines if line.get_linewidth() == 1.2 and len(line.get_xdata())]
    drawn = [(piece[0], piece[-1]) for piece in pieces]
    ends = [1 / 0.7, *(1 / crossing.probability for crossing in found().crossings), 1 / 0.2]
    np.testing.assert_allclose(drawn, list(itertools.pairwise(ends)))


def test_names_are_in_the_legend_and_on_wide_plateaus():
    upper, lower = plot_plateaus(found())
    assert [text.get_text() for text in upper.get_legend().get_texts()] == ["triangle", "digon", "pentagon"]
    assert {"triangle", "digon", "pentagon", "dedicated dimension"} <= {text.get_text() for text in upper.texts}
    heights = sorted(text.xy[1] for text in upper.texts)
    assert (np.diff(heights) >= 0.033 * np.diff(upper.get_ylim())).all()
    texts = {text.get_text() for text in lower.texts}
    assert {"digon", "½ digon", "¾ tetrahedron", "⅜ square antiprism"} <= texts


def test_a_plateau_without_a_probability_in_it_is_drawn_from_its_crossings():
    """Two probabilities only, and the winner changes between them."""
    upper, _ = plot_plateaus(plateaus([0.24, 0.2], largest_rank=2))
    assert len(heavy(upper)) == 2


def test_many_winners_have_colours_of_their_own(monkeypatch):
    monkeypatch.setattr("geomsup.plot.plateaus.PALETTE", PALETTE[:2])
    upper, _ = plot_plateaus(found())
    assert len({to_rgb(line.get_color()) for line in heavy(upper)}) == 3


def test_axes_are_sparsity_from_dense_to_sparse():
    upper, lower = plot_plateaus(found())
    for ax in (upper, lower):
        assert ax.get_xscale() == "log"
        assert ax.get_xlim() == pytest.approx((1 / 0.7, 5))
    assert lower.get_xlabel().startswith("1/p")


def test_given_axes_are_used_and_saved():
    figure = Figure()
    axes = figure.subplots(2)
    assert found().plot(axes) == list(axes)
    figure.savefig(io.BytesIO(), format="png")


def test_errors():
    with pytest.raises(ValueError, match=r"`plateaus` must have at least 2 probabilities; got 1. Print it instead."):
        plot_plateaus(plateaus([0.5], largest_rank=1))
    with pytest.raises(ValueError, match=r"`axes` must be two; got 3. Pass plt.subplots\(2, sharex=True\)\[1\]"):
        plot_plateaus(found(), axes=Figure().subplots(3))
