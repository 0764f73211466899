"""Hierarchies: rows that are a shape of shapes."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.shapes import polytope
from geomsup.shapes.nested import nested_vertices

LEVELS = [
    ("triangle", "triangle"),
    ("digon", "triangle"),
    ("triangle", "digon"),
    ("pentagon", "digon"),
    ("tetrahedron", "digon"),
    ("digon", "pentagon"),
    ("digon", "digon", "digon"),
]


def rows(words, outer, noise, rng):
    """A shape of shapes, two dimensions beside it, turned and permuted."""
    levels = [polytope(word) for word in words]
    vertices = nested_vertices(levels, [outer] + [(1 - outer) / (len(levels) - 1)] * (len(levels) - 1))
    X = np.hstack([vertices, np.zeros((len(vertices), 2))])
    X = X @ np.linalg.qr(rng.normal(size=(X.shape[1],) * 2))[0]
    return (X + noise * rng.normal(size=X.shape))[rng.permutation(len(X))]


@pytest.mark.parametrize("words", LEVELS)
@pytest.mark.parametrize("outer", [0.5, 0.7])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_hierarchies_get_their_name(words, outer, noise, rng):
    levels = [polytope(word) for word in words]
    parts = [words[0]] + [f"{one.n_vertices} {word}s" for one, word in zip(levels, words[1:], strict=False)]
    (component,) = gs.classify(rows(words, outer, noise, rng), orientation="rows").components
    assert component.name == " of ".join(parts)
    assert component.polytope == polytope(component.name)
    assert component.confidence > 0.99
    assert component.variant == "fitted"


def test_the_sizes_of_the_levels_are_fitted(rng):
    X = rows(("triangle", "triangle"), 0.6, 0.0, rng)
    (component,) = gs.classify(X, orientation="rows").components
    gram = component.template @ component.template.T
    assert set(gram.round(9).ravel()) == {1.0, 0.4, -0.3}  # 0.6 - 0.4/2, and -0.6/2
    assert component.symmetry_order == 1296


def test_a_regular_simplex_is_no_hierarchy(rng):
    X = polytope("8-simplex").vertices
    for noise in (0.0, 0.01, 0.03):
        assert gs.classify(X + noise * rng.normal(size=X.shape), orientation="rows").name == "8-simplex"


def test_a_square_of_triangles_is_two_digons_of_triangles(rng):
    assert (
        gs.classify(rows(("square", "triangle"), 0.5, 0.0, rng), orientation="rows").name == "2 digons of 2 triangles"
    )
