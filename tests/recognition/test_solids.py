"""Duals of 4-polytopes: by their directions, and by the norms where several have the same directions."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.shapes.duals import duals_of_4_polytopes

SMALL = [shape for shape in duals_of_4_polytopes() if shape.n_vertices <= 30]


@pytest.mark.slow
@pytest.mark.parametrize("shape", SMALL, ids=str)
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_duals_get_their_name(shape, noise, rng):
    points = shape.points + noise / shape.circumradius * rng.normal(size=shape.points.shape)
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    (component,) = gs.classify(rng.permutation(points) @ turn, orientation="rows").components
    assert component.name == shape.name
    assert component.polytope == shape
    assert component.confidence > 0.99


def test_norms_decide_between_duals_of_the_same_directions():
    one, other = gs.polytope("dual of rectified 5-cell"), gs.polytope("dual of truncated 5-cell")
    order = gs.classify(other.points, orientation="rows").components[0].isomorphism
    np.testing.assert_allclose(other.gram[np.ix_(order, order)], other.gram, atol=1e-9)
    assert gs.classify(one.points, orientation="rows").name == one.name
    assert gs.classify(other.points, orientation="rows").name == other.name


def test_equal_norms_are_the_uniform_shape():
    assert gs.classify(gs.polytope("24-cell").vertices, orientation="rows").name == "24-cell"
    assert gs.classify(gs.polytope("dual of rectified tesseract").points, orientation="rows").name == (
        "dual of rectified tesseract"
    )


def test_clearly_different_norms_of_a_uniform_shape_are_told():
    cube = gs.polytope("cube").vertices
    lengths = np.where(cube.prod(axis=1) > 0, 0.8, 1.0)
    assert "cube: features 0, 1, 2, 3, 4, 5, 6, 7" in str(gs.classify(cube * lengths[:, None]))
    assert "norms 0.8 (4 features), 1 (4 features)" in str(gs.classify(cube * lengths[:, None]))
    assert "norms" not in str(gs.classify(cube * np.linspace(0.7, 1.0, 8)[:, None]))
    assert "norms" not in str(gs.classify(cube))
    assert "norms" not in str(gs.classify(gs.polytope("triakis tetrahedron").points))


def test_lengths_between_two_solids_leave_doubt():
    """The tetrakis hexahedron and the rhombic dodecahedron share directions; their lengths are on either side of 1."""
    cube = gs.polytope("cube").vertices
    W = np.vstack([cube, gs.polytope("octahedron").vertices])
    (component,) = gs.classify(W, orientation="rows").components
    assert 0.4 < component.confidence < 0.6
    (component,) = gs.classify(gs.polytope("rhombic dodecahedron").points, orientation="rows").components
    assert component.confidence > 0.9999
