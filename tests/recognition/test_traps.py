"""Traps of the notes on polytopes: noise in high symmetry, zeros inside, coincident rows, free parameters."""

import time

import numpy as np
import pytest

import geomsup as gs
from tests.recognition.truth import CUBE, DIGON, ICOSAHEDRON, cell24, ngon, rotation, simplex, square_antiprism, unit

NAMED_POLYGONS = ["dodecagon", "hendecagon", "decagon", "nonagon", "octagon"]


def noisy(vertices, sigma, rng, extra=0):
    n, d = vertices.shape
    W = vertices @ rotation(d + extra, rng)[:d] + sigma * rng.normal(size=(n, d + extra))
    return W[rng.permutation(n)]


@pytest.mark.parametrize("sigma", [0.0, 0.01, 0.03])
def test_simplex_in_64_dimensions_ends(sigma, rng):
    # A search over its 2016 base constraints with a fixed tolerance never ended (notes, 4.3).
    start = time.process_time()
    (component,) = gs.classify(noisy(simplex(64), sigma / 2**0.5, rng)).components
    assert component.name == "64-simplex"
    assert time.process_time() - start < 5


@pytest.mark.parametrize("sigma", [0.0, 0.005, 0.01])
def test_orthoplex_in_64_dimensions_ends(sigma, rng):
    start = time.process_time()
    assert gs.classify(noisy(np.kron(np.eye(64), DIGON), sigma, rng)).name == "64-orthoplex (64 digons)"
    assert time.process_time() - start < 5


@pytest.mark.parametrize("sigma", [0.0, 0.02])
def test_zeros_inside_a_24_cell_do_not_split_it(sigma, rng):
    geometry = gs.classify(noisy(cell24(), sigma, rng))
    assert [len(component.features) for component in geometry.components] == [24]
    assert geometry.components[0].rank == 4


def test_coincident_rows(rng):
    vertices = ICOSAHEDRON[[*range(12), 3, 3, 7]]
    (component,) = gs.classify(noisy(vertices, 0.005, rng)).components
    assert component.name == "icosahedron (15 features on 12 vertices)"
    twice = np.vstack([CUBE, CUBE])
    assert gs.classify(noisy(twice, 0.0, rng)).name == "cube (16 features on 8 vertices)"


@pytest.mark.parametrize("cosine", [0.45, 0.62, 0.65])
def test_stretched_antiprism_is_distorted_not_uniform(cosine, rng):
    (component,) = gs.classify(noisy(square_antiprism(cosine), 1e-3, rng)).components
    assert (component.name, component.variant) == ("square antiprism", "distorted")


@pytest.mark.parametrize(
    ("blocks", "name"),
    [
        ([ngon(3), DIGON], "triangular bipyramid (triangle + digon)"),
        ([DIGON] * 5, "5-orthoplex (5 digons)"),
        ([ngon(5)] * 5 + [DIGON] * 20, "5 pentagons + 20 digons"),
        ([ngon(k) for k in range(5, 15)], " + ".join(["14-gon", "13-gon", *NAMED_POLYGONS, "3 others"])),
    ],
    ids=["bipyramid", "orthoplex", "many", "many kinds"],
)  # fmt: skip
def test_compounds_and_their_parts(blocks, name, rng):
    from scipy.linalg import block_diag

    assert gs.classify(noisy(block_diag(*blocks), 0.003, rng, extra=1)).name == name


def test_antipodal_pairs_in_few_dimensions_are_no_digons(rng):
    # 400 random lines in 4 dimensions, each with both directions: pairs opposite each other, not on their own.
    rows = unit(rng.normal(size=(400, 4)))
    geometry = gs.classify(np.vstack([rows, -rows]))
    assert [component.polytope for component in geometry.components] == [None]
    assert len(geometry.components[0].features) == 800
