"""Figures along sparsity."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.plot import plot_dimensions, plot_losses
from geomsup.plot.comparison import _matched

DIGON, TRIANGLE = gs.polytope("digon").vertices, gs.polytope("triangle").vertices


def test_D_of_every_feature_stands_at_its_sparsity_with_named_levels():
    ax = plot_dimensions([gs.ToyModel(TRIANGLE), DIGON], [0.2, 0.1])
    points = sorted(map(tuple, np.concatenate([line.get_xydata() for line in ax.lines if line.get_marker() == "o"])))
    np.testing.assert_allclose(points, [(5, 2 / 3)] * 3 + [(10, 1 / 2)] * 2)
    assert {"⅔ triangle", "½ digon", "⅖ pentagon"} <= {text.get_text() for text in ax.texts}


def test_rows_that_are_not_stored_have_no_D():
    ax = plot_dimensions([np.concatenate([DIGON, [[1e-4]]])], [0.5])
    (dots,) = [line for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dots.get_ydata(), 0.5)


def test_losses_are_fractions_of_storing_nothing():
    """A model without weights and biases loses E x² = p/3 per feature; storing nothing, with its best bias, Var x."""
    p = 0.1
    ax = plot_losses([gs.compare(gs.ToyModel([[0.0], [0.0]]), gs.Features(2, p), starts=2)])
    (dot,) = [line for line in ax.lines if line.get_marker() == "o"]
    np.testing.assert_allclose(dot.get_xydata(), [[1 / p, (p / 3) / (p / 3 - p**2 / 4)]])


def test_errors():
    with pytest.raises(ValueError, match=r"^`probabilities` must be one for each of the 1 models; got shape \(2,\)\."):
        plot_dimensions([DIGON], [0.1, 0.2])
    with pytest.raises(TypeError, match=r"^`models` must be a list of models; got 3\. Pass"):
        plot_dimensions(3, [0.1])
    with pytest.raises(ValueError, match=r"^`probabilities` "):
        plot_dimensions([DIGON], [np.nan])
    for bad in (0.0, 1.1):
        with pytest.raises(ValueError, match=r"^`probabilities` must be in \(0, 1\]; got"):
            plot_dimensions([DIGON], [bad])
    with pytest.raises(ValueError, match=r"^`comparisons` must have at least one; got none\."):
        plot_losses([])


def test_only_features_that_can_be_exchanged_are_matched():
    own, best = np.array([5.0, 1, 3, 2]), np.array([1.0, 4, 2, 3])
    np.testing.assert_array_equal(_matched(own, best, gs.Features(4, 0.1)), [4, 1, 3, 2])
    np.testing.assert_array_equal(_matched(own, best, gs.Features(4, 0.1, [1, 1, 2, 2])), [4, 1, 3, 2])
    np.testing.assert_array_equal(_matched(own, best, gs.Features(4, [0.1, 0.2, 0.3, 0.4])), best)
    np.testing.assert_array_equal(_matched(own, best, gs.Features(4, 0.1, correlated=[(0, 1)])), best)
