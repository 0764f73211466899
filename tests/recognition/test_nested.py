"""Hierarchies: rows that are a shape of shapes."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.recognition.matching.variants import _quantile
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


@pytest.mark.slow
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


def tower(sizes, scales):
    """Regular simplices of these sizes in each other, with unit vertices times their scale."""
    inner = scales[0] * unit_simplex(sizes[0])
    if len(sizes) == 1:
        return inner
    copy = tower(sizes[1:], scales[1:])
    return np.hstack([np.repeat(inner, len(copy), axis=0), np.kron(np.eye(sizes[0]), copy)])


def unit_simplex(k):
    X = np.linalg.svd(np.eye(k) - 1 / k)[0][:, : k - 1]
    return X / np.linalg.norm(X, axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sizes", "scales", "name"),
    [
        ((5, 5), (1, 1.5), "5-cell of 5 5-cells"),
        ((11, 2), (1, 1.5), "10-simplex of 11 digons"),
        ((6, 4), (1, 1.5), "5-simplex of 6 tetrahedra"),
        ((9, 3), (1, 2), "8-simplex of 9 triangles"),
        ((3, 4, 2), (1, 1, 1), "triangle of 3 tetrahedra of 4 digons"),
        ((3, 3, 3), (1, 1, 1), "triangle of 3 triangles of 3 triangles"),
        ((3, 3, 3), (1, 2, 3), "triangle of 3 triangles of 3 triangles"),
    ],
)
def test_large_towers_of_simplices_are_no_simplex(sizes, scales, name):
    """So many groupings of 25 rows are possible that one minus the chance allowed for each rounds to 1."""
    (component,) = gs.classify(tower(sizes, scales), orientation="rows").components
    assert component.name == name
    assert component.residual < 1e-6
    assert component.confidence > 0.999


def test_a_large_noisy_simplex_is_no_tower():
    X = unit_simplex(25) + 0.02 * np.random.default_rng(0).normal(size=(25, 24))
    assert gs.classify(X, orientation="rows").name == "24-simplex"


@pytest.mark.parametrize(("count", "left"), [(1, 10), (2, 300), (3, 41)])
@pytest.mark.parametrize("log_chance", [-3.0, -50.0, -300.0, -599.0])
def test_quantiles_of_any_chance(count, left, log_chance):
    from mpmath import betainc, log, mpf, workdps

    with workdps(40):
        x = left / (left + count * mpf(_quantile(count, left, log_chance)))
        chance = log(betainc(mpf(left) / 2, mpf(count) / 2, 0, x, regularized=True))
    assert float(chance) == pytest.approx(log_chance, rel=1e-9)


def test_quantiles_where_no_double_holds_the_chance():
    """For two more parameters I_x(a, 1) = x^a: F = (e^(-c/a) - 1) left/count, without rounding of its own."""
    assert _quantile(2, 400, -1000.0) == pytest.approx((np.exp(5.0) - 1) * 200, rel=1e-9)
    assert _quantile(2, 40, -1000.0) == pytest.approx((np.exp(50.0) - 1) * 20, rel=1e-9)
