"""Duals against those that are known, and against their own duals."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.shapes import dual
from geomsup.shapes.duals import duals_of_4_polytopes
from geomsup.shapes.faces import face_numbers
from geomsup.shapes.hull import hull_facets


def products(shape):
    return np.sort(np.round(shape.points @ shape.points.T, 9), axis=None)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("digon", "digon"), ("heptagon", "heptagon"), ("cube", "octahedron"), ("octahedron", "cube"),
        ("dodecahedron", "icosahedron"), ("tetrahedron", "tetrahedron"), ("tesseract", "16-cell"),
        ("24-cell", "24-cell"), ("600-cell", "120-cell"), ("5-cube", "5-orthoplex"), ("6-simplex", "6-simplex"),
    ],
)  # fmt: skip
def test_duals_of_regular_polytopes(name, other):
    """Coxeter 1973, table I."""
    shape, expected = dual(gs.polytope(name)), gs.polytope(other)
    assert shape.name == f"dual of {name}"
    assert shape.f_vector == expected.f_vector
    assert shape.symmetry_order == expected.symmetry_order
    np.testing.assert_allclose(products(shape), products(expected), atol=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rectified 5-cell", "truncated tesseract", "3,5-duoprism", "grand antiprism", "sadi"])
def test_duals_in_four_dimensions(name):
    shape = gs.polytope(name)
    other = dual(shape)
    assert other.f_vector == shape.f_vector[::-1] == face_numbers(hull_facets(other.points), 4)
    assert len(other.edges) == other.f_vector[1]
    assert gs.symmetry(other.points).order == shape.symmetry_order
    assert not other.vertex_transitive
    np.testing.assert_allclose(products(dual(other)), products(shape), atol=1e-8)


def test_duals_are_found_by_name():
    assert gs.polytope("dual of rectified 5-cell").f_vector == (10, 30, 30, 10)
    assert gs.polytope("dual of cuboctahedron").name == "rhombic dodecahedron"


def test_refusals():
    with pytest.raises(TypeError, match=r"`shape` must be a Polytope; got str\. Pass"):
        dual("cube")
    with pytest.raises(ValueError, match="`shape` must have at most 6 dimensions; got 7"):
        dual(gs.polytope("7-cube"))


def test_all_uniform_4_polytopes_have_a_dual():
    """47 convex ones without prisms (Conway and Guy 1965), 6 of them regular."""
    duals = duals_of_4_polytopes()
    assert len(duals) == len({shape.name for shape in duals}) == 41
