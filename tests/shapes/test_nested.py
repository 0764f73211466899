"""Shapes of shapes against hulls, symmetry searches and published numbers."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.shapes import polytope
from geomsup.shapes.faces import face_numbers
from geomsup.shapes.hull import hull_facets
from geomsup.shapes.nested import nested


@pytest.mark.parametrize("name", ["digon of 2 pentagons", "digon of 2 squares", "triangle of 3 digons"])
def test_faces_are_those_of_the_hull(name):
    shape = polytope(name)
    assert face_numbers(hull_facets(shape.vertices), shape.dimension) == shape.f_vector


@pytest.mark.parametrize("name", ["triangle of 3 triangles", "pentagon of 5 digons", "digon of 2 digons of 2 digons"])
def test_symmetries_are_wreath_products(name):
    """6 · 6³, 10 · 2⁵, 2 · 2² · 2⁴: of the outer shape, and of every copy by itself."""
    orders = {"triangle of 3 triangles": 1296, "pentagon of 5 digons": 320, "digon of 2 digons of 2 digons": 128}
    shape = polytope(name)
    assert shape.symmetry_order == orders[name]
    assert gs.symmetry(shape.vertices).order == orders[name]


def test_vertices_are_on_the_sphere_about_their_mean():
    vertices = polytope("triangle of 3 digons of 2 digons").vertices
    np.testing.assert_allclose(np.linalg.norm(vertices, axis=1), 1)
    np.testing.assert_allclose(vertices.mean(axis=0), 0, atol=1e-15)
    assert vertices.shape == (12, 11)


def test_names_are_read_in_many_forms():
    assert polytope("Pentagon of 5 digon") == polytope("pentagon of 5 digons")
    assert polytope("5-gon of 5 digons") == polytope("pentagon of 5 digons")


@pytest.mark.parametrize("name", ["pentagon of 4 digons", "cube of 8 digons", "triangle of 3 cubes", "digon of digons"])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="`name` must be a known shape"):
        polytope(name)


def test_levels_are_simplices_and_polygons():
    with pytest.raises(ValueError, match="`levels` must be two or more simplices or polygons"):
        nested((polytope("cube"), polytope("digon")))
    with pytest.raises(ValueError, match="`levels` must be two or more"):
        nested((polytope("triangle"),))
