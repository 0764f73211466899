"""Shapes with free parameters: named at any height, with the parameters that were put in."""

import numpy as np
import pytest

import geomsup as gs
from geomsup.recognition.matching.families import family, sound, stretched
from geomsup.shapes.families import ring
from tests.recognition.truth import CUBE, rotation

TOP = np.array([[0.0, 0.0, 1.0]])
SIDE = ring(3, 0.0, np.pi / 3)


def noisy(vertices, sigma, rng):
    W = vertices @ rotation(vertices.shape[1], rng) + sigma * rng.normal(size=vertices.shape)
    return W[rng.permutation(len(W))]


def duoprism(p, q, angle):
    a, b = (gs.polytope(f"{k}-gon").vertices for k in (p, q))
    return np.array([np.r_[np.cos(angle) * x, np.sin(angle) * y] for x in a for y in b])


SOLIDS = {
    "triangular prism": lambda t: np.concatenate([ring(3, t), ring(3, -t)]),
    "hexagonal prism": lambda t: np.concatenate([ring(6, t), ring(6, -t)]),
    "pentagonal antiprism": lambda t: np.concatenate([ring(5, t), ring(5, -t, np.pi / 5)]),
    "square pyramid": lambda t: np.concatenate([ring(4, -0.6 * t), TOP]),
    "pentagonal pyramid": lambda t: np.concatenate([ring(5, -0.6 * t), TOP]),
    "elongated square pyramid": lambda t: np.concatenate([ring(4, t), ring(4, -t), TOP]),
    "gyroelongated square pyramid": lambda t: np.concatenate([ring(4, 0.8 * t), ring(4, -1.2 * t, np.pi / 4), TOP]),
    "capped triangular prism": lambda t: np.concatenate([ring(3, t), ring(3, -t), SIDE[:1]]),
    "bicapped triangular prism": lambda t: np.concatenate([ring(3, t), ring(3, -t), SIDE[:2]]),
    "tricapped trigonal prism": lambda t: np.concatenate([ring(3, t), ring(3, -t), SIDE]),
    "gyroelongated square bipyramid": lambda t: np.concatenate([ring(4, t), ring(4, -t, np.pi / 4), TOP, -TOP]),
    "3,5-duoprism": lambda t: duoprism(3, 5, 1.6 * t),
}


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.01])
@pytest.mark.parametrize("height", [0.48, 0.56])
@pytest.mark.parametrize("name", SOLIDS)
def test_any_height(name, height, noise, rng):
    vertices = SOLIDS[name](height)
    (component,) = gs.classify(noisy(vertices, noise, rng), orientation="rows").components
    assert component.name == name
    assert component.variant != "distorted"
    assert component.confidence > 0.998
    exact = gs.polytope(name)
    assert component.polytope == exact
    assert sorted(component.isomorphism) == list(range(len(vertices)))
    assert component.residual <= np.degrees(2.5 * noise) + 1e-6
    if component.variant == "fitted":
        assert component.n_parameters == family(exact).n_parameters


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.05])
def test_a_flat_pyramid_is_found_from_another_start(noise, rng):
    """From the first start this one is a worse fit than a distorted prism with three caps."""
    vertices = SOLIDS["gyroelongated square pyramid"](0.35)
    (component,) = gs.classify(noisy(vertices, noise, rng), orientation="rows").components
    assert (component.name, component.variant) == ("gyroelongated square pyramid", "fitted")
    assert component.residual <= np.degrees(2.5 * noise) + 1e-6


@pytest.mark.parametrize("height", [0.3, 0.5, 0.7])
def test_the_height_is_found(height, rng):
    (component,) = gs.classify(noisy(SOLIDS["hexagonal prism"](height), 1e-3, rng)).components
    assert component.elevations == pytest.approx([np.degrees(np.arcsin(height))], abs=0.15)


@pytest.mark.parametrize(("name", "variant"), [
    ("triangular prism", "uniform"), ("triangular prism", "tight frame"), ("square antiprism", "Thomson"),
    ("capped octahedron", "Tammes"), ("tricapped trigonal prism", "Thomson"), ("square pyramid", "balanced"),
    ("edge-contracted icosahedron", "Thomson"), ("tetrahedral prism", "uniform"), ("3,4-duoprism", "tight frame"),
])  # fmt: skip
def test_named_members_keep_their_names(name, variant, rng):
    vertices = gs.polytope(name).variants[variant]
    for noise in (0.0, 0.002):
        (component,) = gs.classify(noisy(vertices, noise, rng)).components
        assert (component.name, component.variant, component.n_parameters) == (name, variant, 0)


@pytest.mark.parametrize(
    ("name", "parameters", "dimensions"),
    [
        # Rings of a diagram less one: a truncation can go further, two can independently.
        ("truncated cube", 1, [3]), ("truncated cuboctahedron", 2, [3]), ("snub cube", 2, [3]),
        ("triangular prism", 1, [2, 1]), ("square antiprism", 1, [2, 1]), ("capped octahedron", 2, [2, 1]),
        ("3,5-duoprism", 1, [2, 2]), ("tetrahedral prism", 1, [3, 1]), ("square pyramid", 1, [2, 1]),
        ("elongated square pyramid", 2, [2, 1]), ("cubic pyramid", 1, [3, 1]),
    ],
)  # fmt: skip
def test_numbers_of_parameters(name, parameters, dimensions):
    found = family(gs.polytope(name))
    assert found.n_parameters == parameters
    assert [len(axes) for axes in found.subspaces] == dimensions


@pytest.mark.parametrize("name", ["cube", "icosahedron", "24-cell", "5-demicube", "2_21", "3,3-duoprism"])
def test_rigid_shapes_have_no_family(name):
    assert family(gs.polytope(name)) is None
    assert stretched(gs.polytope(name)) == ()


@pytest.mark.parametrize("name", ["square antiprism", "capped octahedron", "truncated cube"])
def test_nearest_member_is_a_projection(name, rng):
    """It has the symmetries, keeps members, and comes nearer to data than the template."""
    shape = gs.polytope(name)
    found = family(shape)
    Y = shape.vertices + 0.05 * rng.normal(size=shape.vertices.shape)
    member = found.nearest(Y)
    np.testing.assert_allclose(found.nearest(member), member, atol=1e-12)
    np.testing.assert_allclose(found.nearest(shape.vertices), shape.vertices, atol=1e-9)
    assert gs.symmetry(member).order >= shape.symmetry_order
    assert np.linalg.norm(member - Y) <= np.linalg.norm(shape.vertices - Y)


def test_a_truncation_that_goes_further_is_fitted(rng):
    corner = gs.polytope("tetrahedron").vertices
    cut = np.array([a + 0.22 * (b - a) for a in corner for b in corner if a is not b and not np.allclose(a, b)])
    cut /= np.linalg.norm(cut, axis=1, keepdims=True)
    (component,) = gs.classify(noisy(cut, 1e-3, rng)).components
    assert (component.name, component.variant) == ("truncated tetrahedron", "fitted")
    (component,) = gs.classify(noisy(gs.polytope("truncated tetrahedron").vertices, 1e-3, rng)).components
    assert (component.name, component.variant) == ("truncated tetrahedron", "uniform")


def test_pyramids_by_name():
    assert gs.polytope("square pyramid").f_vector == (5, 8, 5)
    assert gs.polytope("cubic pyramid") is gs.polytope("cube pyramid")
    assert gs.polytope("17-gonal pyramid").n_vertices == 18
    assert abs(gs.polytope("24-cell pyramid").vertices.mean(axis=0)).max() < 1e-12
    assert gs.polytope("elongated pentagonal bipyramid").f_vector == (12, 25, 15)
    assert gs.polytope("snub disphenoid").f_vector == (8, 18, 12)
    with pytest.raises(ValueError, match="`name` must be a known shape; got 'triangle pyramids on top'"):
        gs.polytope("triangle pyramids on top")


@pytest.mark.parametrize(("chord", "whole"), [(0.2, False), (0.3, True)])
def test_members_with_a_vertex_twice_are_not_sound(chord, whole):
    corner, ahead = np.ones(3) / 3**0.5, np.array([1.0, -1.0, 0.0]) / 2**0.5
    angle = 2 * np.arcsin(chord / 2)
    assert sound(np.vstack([CUBE, np.cos(angle) * corner + np.sin(angle) * ahead])) is whole
