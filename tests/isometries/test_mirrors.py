"""Mirrors counted against the theory of reflection groups; planes of the known Coxeter numbers."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.isometries.mirrors import coxeter_plane, mirror_normals, plane_of
from geomsup.shapes.wythoff.coxeter import Coxeter

# Number of mirrors of a group, n h / 2 (Humphreys 1990, 3.18), and its Coxeter number h.
GROUPS = {
    "5-simplex": (15, 6),
    "icosahedron": (15, 10),
    "tesseract": (16, 8),
    "5-demicube": (20, 8),
    "24-cell": (24, 12),
    "600-cell": (60, 30),
    "2_21": (36, 12),
    "3_21": (63, 18),
    "4_21": (120, 30),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", GROUPS)
def test_mirrors_and_plane(name):
    shape = gs.polytope(name)
    mirrors, h = GROUPS[name]
    assert len(mirror_normals(shape.vertices, [0])) == mirrors
    plane = coxeter_plane(shape.vertices, [0])
    np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-9)
    # The shadow has the h-fold symmetry: a turn by 2π/h brings every point to a point.
    shadow = shape.vertices @ plane.T
    c, s = np.cos(2 * np.pi / h), np.sin(2 * np.pi / h)
    turned = shadow @ np.array([[c, s], [-s, c]])
    distance = np.abs(turned[:, None] - shadow[None]).max(axis=2).min(axis=1)
    assert distance.max() < 1e-7


def test_mirrors_that_leave_a_direction_alone_have_no_plane():
    assert coxeter_plane(gs.polytope("pentagonal prism").vertices, [0]) is None
    assert coxeter_plane(gs.polytope("snub cube").vertices, [0]) is None
    assert mirror_normals(gs.polytope("snub cube").vertices, [0]).shape == (0, 3)


def test_the_same_plane_from_the_diagram():
    group = Coxeter("F", 4)
    assert (group.plane == plane_of(group.mirrors)).all()
