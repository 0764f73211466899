"""Pictures of polytopes: numbers of faces and edges from Coxeter's tables."""

import numpy as np
import pytest
from matplotlib.figure import Figure

import geomsup as gs
from geomsup.plot import plot_polytope, plot_sheet


@pytest.mark.parametrize(
    ("name", "faces", "edges"), [("cube", 6, 12), ("icosahedron", 20, 30), ("cuboctahedron", 14, 24)]
)
def test_solids_have_their_faces_and_edges(name, faces, edges):
    ax = gs.polytope(name).plot()
    (filled,) = [one for one in ax.collections if type(one).__name__ == "Poly3DCollection"]
    assert len(gs.polytope(name).faces) == faces
    assert len(filled._faces if hasattr(filled, "_faces") else filled._vec) > 0
    assert len(ax.lines) == edges
    assert ax.get_title() == name


def test_a_plane_shape_is_filled_and_a_shadow_says_what_it_is():
    assert len(gs.polytope("pentagon").plot().patches) == 1
    shadow = gs.polytope("5-cell").plot()
    assert len(shadow.lines) == 10 + 1  # edges, and the vertices together
    assert shadow.get_xlabel() == "4 dimensions, Coxeter plane"
    radii = np.linalg.norm(shadow.lines[-1].get_xydata(), axis=1)
    np.testing.assert_allclose(radii, radii[0])  # Coxeter 1973, chapter 12: a ring of h = 5
    assert gs.classify(gs.polytope("5-cell").vertices).plot().get_xlabel() == shadow.get_xlabel()


def test_a_sheet_has_a_picture_for_each_shape():
    shapes = gs.polytopes(2)[:3] + gs.polytopes(3)[:4]
    figure = plot_sheet(shapes, columns=4)
    assert [ax.get_title().split("\n")[0] for ax in figure.axes[:2]] == ["triangle", "square"]
    assert [ax.name for ax in figure.axes] == ["rectilinear"] * 3 + ["3d"] * 4


def test_errors():
    with pytest.raises(TypeError, match=r"^`polytope` must be a Polytope; got 'cube'\. Pass geomsup\.polytope"):
        plot_polytope("cube")
    with pytest.raises(TypeError, match=r"^`ax` must be 3-D for what is in three dimensions; got plane ones\."):
        gs.polytope("cube").plot(Figure().add_subplot())
    with pytest.raises(TypeError, match=r"^`ax` must be axes of matplotlib; got 3\. Pass plt\.subplots"):
        gs.polytope("cube").plot(3)
    with pytest.raises(ValueError, match=r"^`shapes` must have at least one; got none\."):
        plot_sheet([])
    with pytest.raises(ValueError, match=r"^`columns` must be at least 1; got 0"):
        plot_sheet(gs.polytopes(2), columns=0)
