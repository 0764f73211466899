"""Traps: noise in high symmetry, zeros inside, coincident rows, free parameters (docs/theory_notes.md, "Twins")."""

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
    # A search over its 2016 base constraints with a fixed tolerance never ended.
    (component,) = gs.classify(noisy(simplex(64), sigma / 2**0.5, rng)).components
    assert component.name == "64-simplex"


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [0.0, 0.005, 0.01])
def test_orthoplex_in_64_dimensions_ends(sigma, rng):
    assert gs.classify(noisy(np.kron(np.eye(64), DIGON), sigma, rng)).name == "64-orthoplex (64 digons)"


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
def test_stretched_antiprism_is_fitted_not_uniform(cosine, rng):
    (component,) = gs.classify(noisy(square_antiprism(cosine), 1e-3, rng)).components
    assert (component.name, component.variant, component.n_parameters) == ("square antiprism", "fitted", 1)
    assert component.elevations == pytest.approx([np.degrees(np.arcsin(cosine))], abs=0.1)


@pytest.mark.slow
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


@pytest.mark.parametrize("sigma", [0.0, 0.01, 0.03])
@pytest.mark.parametrize("name", ["truncated cube", "truncated octahedron", "dodecagonal prism"])
def test_24_vertices_of_degree_3(name, sigma, rng):
    # Weisfeiler-Lehman hashes of their skeletons are equal (docs/theory_notes.md, "Skeletons").
    shape = gs.polytope(name)
    (component,) = gs.classify(noisy(shape.vertices, sigma * shape.shortest_chord, rng)).components
    assert component.name == name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["J27", "J34", "J37", "J72", "J73", "J74", "J75", "J80"])
def test_johnson_twins_are_told_from_uniform_ones(name, rng):
    shape = gs.polytope(name)
    for _ in range(3):
        (component,) = gs.classify(noisy(shape.vertices, 0.01 * shape.shortest_chord, rng)).components
        assert component.polytope == shape


@pytest.mark.parametrize("sides", [3, 5, 6])
def test_a_prism_over_a_prism_is_a_duoprism(sides, rng):
    square, base = gs.polytope("square").vertices, gs.polytope(f"{sides}-gon").vertices
    edges = np.linalg.norm(square[1] - square[0]), np.linalg.norm(base[1] - base[0])
    pairs = np.array([np.r_[a / edges[0], b / edges[1]] for a in square for b in base])
    (component,) = gs.classify(noisy(unit(pairs), 0.005, rng)).components
    assert component.name == f"{min(4, sides)},{max(4, sides)}-duoprism"


@pytest.mark.parametrize("name", ["snub cube", "snub dodecahedron", "snub 24-cell"])
@pytest.mark.parametrize("hand", [1, -1])
def test_both_hands(name, hand, rng):
    shape = gs.polytope(name)
    turn = rotation(shape.dimension, rng)
    turn[0] *= hand * np.sign(np.linalg.det(turn))
    W = (shape.vertices + 0.01 * shape.shortest_chord * rng.normal(size=shape.vertices.shape)) @ turn
    assert gs.classify(W[rng.permutation(len(W))]).name == name
