"""Proposed maps and fits, where graphs alone fail."""

from itertools import permutations

import numpy as np
import pytest

import geomsup as gs
from geomsup.recognition.matching import maps
from geomsup.recognition.matching.acceptance import acceptance
from geomsup.recognition.matching.chains import chains
from geomsup.recognition.matching.coincidence import LabelledRows, coincident
from geomsup.recognition.matching.search import best_match
from geomsup.recognition.matching.templates import templates
from geomsup.recognition.names import geometry_name
from geomsup.recognition.reading import cuts, many
from geomsup.recognition.reading.rows import strong_rows
from geomsup.shapes import polytope
from tests.recognition.truth import CUBE, DODECAHEDRON, ICOSAHEDRON, rotation, shortest_chord, unit

SOLIDS = {"cube": CUBE, "icosahedron": ICOSAHEDRON, "dodecahedron": DODECAHEDRON}


@pytest.mark.parametrize("name", SOLIDS)
def test_graph_and_base_chain_give_isomorphisms(name, rng):
    shape = polytope(name)
    X = rng.permutation(SOLIDS[name]) @ rotation(3, rng)
    tolerance = 2 * acceptance(shape)
    rows = LabelledRows(X, np.arange(len(X)))
    for order in (maps.by_graph(X, shape), next(maps.by_base_chain(rows, templates(shape)[0], tolerance))):
        assert sorted(order) == list(range(len(X)))
        np.testing.assert_allclose(X @ X.T, shape.gram[np.ix_(order, order)], atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", SOLIDS)
def test_noise_that_spoils_the_graph(name):
    rng = np.random.default_rng(5)
    shape, vertices = polytope(name), SOLIDS[name]
    sigma = 0.11 * shortest_chord(vertices)
    spoilt = right = 0
    for _ in range(40):
        X = unit(vertices @ rotation(3, rng) + sigma * rng.normal(size=vertices.shape))
        spoilt += maps.by_graph(X, shape) is None
        match = best_match(X)
        right += match is not None and match.polytope is shape
    assert right == 40
    assert spoilt > 0


def test_chains_are_all_images_that_agree(rng):
    gram, base = CUBE @ CUBE.T, [0, 3, 6]
    allowed = rng.random((3, 8)) < 0.7
    found = chains(gram[np.ix_(base, base)], gram, 1e-9, allowed, 10_000, 10_000)
    expected = [
        images
        for images in permutations(range(8), 3)
        if np.allclose(gram[np.ix_(images, images)], gram[np.ix_(base, base)]) and allowed[range(3), images].all()
    ]
    assert sorted(map(tuple, found.tolist())) == expected


def test_coincident_rows_are_merged_at_the_gap():
    X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1e-3], [-1.0, 0.0]])
    assert [labels.tolist() for labels in coincident(unit(X))] == [[0, 1, 0, 2]]
    assert coincident(np.eye(3)) == []


def test_nothing_is_further_away_than_the_other_side_of_the_sphere():
    # Chords 0.03 and 0.2: the gaps' ratios are 0.2/0.03 = 6.7 and, up to the diameter, 2/0.2 = 10.
    angles = np.cumsum([0, *2 * np.arcsin(np.array([0.03, 0.2]) / 2)])
    X = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert [labels.tolist() for labels in coincident(X)] == [[0, 0, 0], [0, 0, 1]]


def test_everything_connected_is_always_tried():
    # A chain whose links weaken by the same factor: every other gap is larger than that below the last.
    links = 0.95 * 1.4 ** -np.arange(11.0)
    weights = np.diag(links, 1) + np.diag(links, -1)
    found = cuts.partitions(weights)
    assert tuple(map(len, found[0])) == (int((links > cuts.DEFAULT_CUT).sum()) + 1, 1, 1, 1, 1, 1)
    assert (tuple(range(12)),) in found
    # The same of many rows, where each rung of the ladder has so many parts.
    parts = np.repeat(np.arange(1, 15), [1, *[5] * 12, 3])
    assert 0 in many.candidate_rungs(parts)


def test_rows_as_long_as_the_weakest_are_kept():
    W = np.array([[4.0, 0.0], [0.0, 1.0], [0.9, 0.0], [0.0, 0.0]])
    assert strong_rows(W, 0.25).strong.tolist() == [0, 1]
    assert strong_rows(W[:1], 1.0).strong.tolist() == [0]
    assert strong_rows(W[2:], 0.0).strong.tolist() == [0]
    assert gs.classify(W, represented=0.25).not_represented == (2, 3)


def test_partitions_hold_the_right_one_for_every_threshold():
    # A 9-simplex (|cos| 1/9) beside two digons that lean on each other by 0.2: no fixed threshold serves.
    weights = np.zeros((14, 14))
    weights[:10, :10] = 1 / 9
    weights[10, 11] = weights[11, 10] = weights[12, 13] = weights[13, 12] = 1
    weights[10:12, 12:] = weights[12:, 10:12] = 0.2
    np.fill_diagonal(weights, 0)
    found = cuts.partitions(weights)
    assert (tuple(range(10)), (10, 11, 12, 13)) in found
    assert (tuple(range(14)),) in found
    assert any({(10, 11), (12, 13)} <= set(partition) for partition in found)
    assert all(sorted(sum(partition, ())) == list(range(14)) for partition in found)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["digon"], "digon"),
        (["digon"] * 2, "square (2 digons)"),
        (["digon"] * 4, "16-cell (4 digons)"),
        (["hexagon", "digon"], "hexagonal bipyramid (hexagon + digon)"),
        (["13-gon", "digon"], "13-gonal bipyramid (13-gon + digon)"),
        (["tetrahedron", "digon"], "tetrahedron + digon"),
        (["triangle", "digon", "digon"], "triangle + 2 digons"),
        (["5-simplex"] * 2, "2 5-simplices"),
        (["icosahedron", "icosahedron", "dedicated dimension"], "2 icosahedra + dedicated dimension"),
        (["unnamed (9 vertices, rank 3)"] * 2, "2 unnamed (9 vertices, rank 3)"),
        (["unnamed (9 vertices, rank 3)", "digon"], "unnamed (9 vertices, rank 3) + digon"),
        (["pentagon (7 features on 5 vertices)", "digon"], "pentagon (7 features on 5 vertices) + digon"),
    ],
)
def test_names_of_compounds(names, expected):
    assert geometry_name(names) == expected
