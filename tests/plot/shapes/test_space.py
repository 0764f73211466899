"""How shapes are looked at: far from their axes, the near darker."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.plot.shapes.space import ELEVATIONS, USUAL, depths, draw_edges, view_of


def eye(view):
    e, a = np.radians(view)
    return np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])


@pytest.mark.parametrize("name", ["tetrahedron", "cube", "octahedron", "square antiprism"])
def test_the_eye_is_far_from_the_axes_of_a_shape_however_it_is_turned(name, rng):
    """Of one line an eye can be 90° away; of the many of a solid about 10° to 25°, which a default view is not."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    points = gs.polytope(name).vertices @ turn
    axes = np.concatenate(
        [points, *(points + s * np.roll(points, k, axis=0) for k in range(1, len(points)) for s in (1, -1))]
    )
    axes = axes[np.linalg.norm(axes, axis=1) > 1e-6]
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    nearest = np.degrees(np.arccos(np.abs(axes @ eye(view_of(points))).max()))
    assert nearest > 8


def test_many_points_and_none_have_the_usual_view():
    assert view_of(np.eye(3)[np.arange(100) % 3] * np.arange(1, 101)[:, None]) == USUAL
    assert view_of(np.zeros((2, 3))) == USUAL
    assert view_of(np.eye(3))[0] in ELEVATIONS


def test_what_is_near_is_dark_and_thick():
    from matplotlib.figure import Figure

    points = np.array([[1.0, 0, 0], [1, 1, 0], [-1, 0, 0], [-1, 1, 0]])
    ax = Figure().add_subplot(projection="3d")
    draw_edges(ax, points, [(0, 1), (2, 3)], "#000000", (0, 0))
    near, far = ax.lines
    assert near.get_alpha() == 1.0
    assert near.get_linewidth() > far.get_linewidth()
    assert far.get_alpha() < 0.5
    np.testing.assert_allclose(depths(points, (0, 0)), [1, 1, 0, 0], atol=1e-12)
