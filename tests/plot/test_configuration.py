"""Pictures of configurations."""

import matplotlib.pyplot as plt
import pytest

import geomsup as gs
from geomsup.plot import plot_configuration


def test_points_and_edges_of_the_hull():
    ax = gs.thomson(12).plot()
    assert len(ax.lines) == 30
    assert "icosahedron" in ax.get_title()


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_few_points_have_a_picture_too(n):
    assert gs.thomson(n).plot().get_title()


def test_coincident_arrows_have_their_number():
    ax = gs.minimize_energy(7, 2, "relu", starts=30).plot()
    assert sorted(text.get_text() for text in ax.texts if text.get_text()) == ["× 2", "× 2"]


def test_more_dimensions_have_a_histogram_of_angles():
    _, ax = plt.subplots()
    assert plot_configuration(gs.minimize_energy(16, 5), ax=ax, title=False) is ax
    assert sum(bar.get_height() for bar in ax.patches) == 120
    assert ax.get_title() == ""
