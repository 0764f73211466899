"""Noise told from the residual, and the margin to the next best shape."""

import json

import numpy as np
import pytest

import geomsup as gs
from tests.recognition.truth import rotation


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pentagon", "icosahedron", "24-cell", "2_21", "hexagonal prism"])
@pytest.mark.parametrize("sigma", [0.003, 0.02])
def test_noise_is_estimated(name, sigma, rng):
    vertices = gs.polytope(name).vertices
    found = []
    for _ in range(20):
        W = vertices @ rotation(vertices.shape[1], rng) + sigma * rng.normal(size=vertices.shape)
        found.append(gs.classify(W, orientation="rows").components[0].noise)
    # Twenty estimates of some tens of degrees of freedom each agree with the truth to some percent.
    assert np.sqrt(np.mean(np.square(found))) == pytest.approx(sigma, rel=0.15)


def test_ratio_to_the_shortest_chord(rng):
    shape = gs.polytope("icosahedron")
    W = shape.vertices + 0.03 * shape.shortest_chord * rng.normal(size=(12, 3))
    assert gs.classify(W).components[0].noise_ratio == pytest.approx(0.03, rel=0.3)


def test_the_runner_up_of_a_johnson_twin(rng):
    """Of J37 it is the rhombicuboctahedron, 0.153 away (theory_notes.md, "Twins"): a bound cannot be above."""
    J37 = gs.polytope("J37").vertices @ rotation(3, rng)
    (component,) = gs.classify(J37).components
    assert component.runner_up == "rhombicuboctahedron"
    assert 0.001 < component.margin <= 0.153 + 1e-3
    assert json.loads(json.dumps(gs.classify(J37).to_dict()))["components"][0]["margin"] == component.margin


def test_where_there_is_no_other_shape_or_no_freedom():
    digon = gs.classify([[1.0], [-1.0]]).components[0]
    assert (digon.noise, digon.noise_ratio, digon.runner_up, digon.margin) == (None, None, None, None)
    alone = gs.classify(gs.polytope("pentagon").vertices).components[0]
    assert alone.noise == pytest.approx(0, abs=1e-7)
