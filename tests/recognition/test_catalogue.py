"""Every shape of the catalogue with up to 200 vertices is named: rotated, permuted, scaled, and with noise.

Once each; `benchmarks/trials_classify.py` tries all of them many times, and at other values of their parameters.
"""

import numpy as np
import pytest

from geomsup import classify, polytope
from geomsup.recognition.matching.families import family
from geomsup.shapes import candidates

SHAPES = [shape for rank in range(3, 9) for n in range(rank + 1, 201) for shape in candidates(rank, n)]
FLEXIBLE = [
    shape
    for rank in range(3, 9)
    for n in range(rank + 1, 201)
    for shape in candidates(rank, n, flexible=True)
    if shape.kind in ("product", "family")
]


def test_the_catalogue_is_large():
    assert len(SHAPES) > 200
    assert len(FLEXIBLE) > 480


def noisy(vertices, noise, rng):
    """Rows rotated, permuted, scaled, with noise as a part of the shortest chord."""
    n, d = vertices.shape
    gram = vertices @ vertices.T - 2 * np.eye(n)
    jitter = noise * np.sqrt(2 - 2 * gram.max()) * rng.normal(size=(n, d))
    return 1.3 * ((vertices + jitter) @ np.linalg.qr(rng.normal(size=(d, d)))[0])[rng.permutation(n)]


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_every_shape_with_free_parameters_gets_its_name(noise, rng):
    found = {shape.name: classify(noisy(shape.vertices, noise, rng), orientation="rows").name for shape in FLEXIBLE}
    assert {name: other for name, other in found.items() if other != name} == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    # Two parameters, beside the tricapped prism; four, beside the square antiprism; itself a member of two families;
    # base vertices all but at right angles; the family that a noisy cube is near.
    ["gyroelongated square pyramid", "bicapped triangular prism", "cube", "6-orthoplex pyramid", "snub disphenoid"],
)
@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_parameters_neither_win_nor_lose_by_themselves(name, noise):
    vertices, rng = polytope(name).vertices, np.random.default_rng(8)
    found = [classify(noisy(vertices, noise, rng), orientation="rows").name for _ in range(15)]
    assert found == [name] * 15


@pytest.mark.slow
@pytest.mark.parametrize("stretch", [0.8, 1.25])
@pytest.mark.parametrize(
    "name", ["tricapped trigonal prism", "elongated pentagonal pyramid", "edge-contracted icosahedron"]
)
def test_members_far_from_the_typical_one(name, stretch, rng):
    shape = polytope(name)
    axis = family(shape).subspaces[-1]
    vertices = shape.vertices @ (np.eye(3) + (stretch - 1) * axis.T @ axis)
    vertices /= np.linalg.norm(vertices, axis=1, keepdims=True)
    for _ in range(10):
        (component,) = classify(noisy(vertices, 0.01, rng), orientation="rows").components
        assert (component.name, component.variant) == (name, "fitted")


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.0, 0.01, 0.03])
@pytest.mark.parametrize("rank", range(3, 9))
def test_every_shape_gets_its_name(rank, noise):
    """Noise is a fraction of the shortest chord, for each coordinate; shapes with inner zeros stay in one piece."""
    rng = np.random.default_rng(rank)
    missed = []
    for shape in (shape for shape in SHAPES if shape.dimension == rank):
        rotation = np.linalg.qr(rng.normal(size=(rank, rank)))[0]  # reflections among them
        jitter = noise * shape.shortest_chord * rng.normal(size=shape.vertices.shape)
        W = 1.3 * ((shape.vertices + jitter) @ rotation)[rng.permutation(shape.n_vertices)]
        names = [component.name for component in classify(W, orientation="rows").components]
        if names != [shape.name]:
            missed.append((shape.name, names))
    assert missed == []
