"""Thousands of rows: the dendrogram against a dense one, planted components, memory, time as n doubles."""

import re
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.sparse.csgraph import connected_components

import geomsup as gs
from geomsup.recognition.matching.search import best_match
from geomsup.recognition.reading.batch import match_batch
from geomsup.recognition.reading.overlaps import LADDER, overlaps, working_memory
from geomsup.recognition.reading.rows import shares
from tests.recognition.truth import CUBE, DIGON, TETRAHEDRON, ngon, rotation, simplex, tegum, unit

NAMES = {2: "digon", 3: "triangle", 4: "tetrahedron", 5: "pentagon", 8: "cube"}
SMALL = [DIGON, ngon(3), TETRAHEDRON, ngon(5)]


def assert_recovered(geometry, truth, least=0.9):
    """Every component is one of the planted ones, whole, and has its name."""
    assert len(geometry.components) == truth.max() + 1
    sizes = np.bincount(truth[truth >= 0])
    for component in geometry.components:
        (label,) = set(truth[list(component.features)])
        assert len(component.features) == sizes[label]
        assert component.name == NAMES[sizes[label]]
        assert component.confidence > least  # of many noisy pentagons some have a row that is out of place


def test_forests_hold_the_single_linkage_dendrogram(rng):
    X = unit(rng.normal(size=(700, 40)))
    found = overlaps(X, memory=1)  # the smallest blocks
    cosines = np.abs(X @ X.T)
    for rung in (0, 30, 45, 50, 63):
        low, high = (connected_components(cosines > LADDER[rung] + step)[1] for step in (0.0, 3e-4))
        assert low.max() + 1 <= found.parts[rung] <= high.max() + 1
        if low.max() == high.max():
            assert len(set(zip(low.tolist(), found.labels[rung].tolist(), strict=True))) == found.parts[rung]
    assert found.n_pairs == 700 * 699 // 2
    assert found.histogram.sum() == pytest.approx(found.n_pairs, rel=1e-12)


def test_blocks_do_not_matter(rng):
    X = unit(rng.normal(size=(300, 10)))
    one, other = overlaps(X, memory=1), overlaps(X)
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_allclose(one.histogram, other.histogram, atol=0.01)


@pytest.mark.parametrize("shape", [(300, 20), (20, 300)])
def test_shares_are_the_dimensionality(shape, rng, read_only):
    W = rng.normal(size=shape) * rng.uniform(1e-3, 1, (shape[0], 1))
    W[3] = 0
    np.testing.assert_allclose(shares(read_only(W)), gs.dimensionality(W, orientation="rows"), rtol=1e-10)


@pytest.mark.parametrize("vertices", [*SMALL, ngon(7), simplex(6)], ids=len)
def test_batches_agree_with_one_by_one(vertices, rng):
    k, m = len(vertices), 9
    stack = np.stack(
        [unit(vertices @ rotation(m, rng)[: vertices.shape[1]] + 0.02 * rng.normal(size=(k, m))) for _ in range(30)]
    )
    stack = np.stack([X[rng.permutation(k)] for X in stack])
    found = match_batch(stack @ stack.swapaxes(1, 2), 100, m)
    for b, X in enumerate(stack):
        match = best_match(X)
        assert found.shapes[b] == match.polytope
        assert found.chord[b] == pytest.approx(match.chord, abs=1e-9)
        assert found.residual[b] == pytest.approx(match.residual(X), abs=1e-6)
        fitted = match.polytope.vertices[found.order[b]]
        np.testing.assert_allclose(X @ X.T, fitted @ fitted.T, atol=0.3)


def test_hopeless_batches_have_no_match(rng):
    stack = unit(rng.normal(size=(200, 6, 5)).reshape(-1, 5)).reshape(200, 6, 5)
    found = match_batch(stack @ stack.swapaxes(1, 2), 100, 5)
    assert found.hopeless.any()
    # Batches are compared with digons, simplices and polygons; shapes of shapes are for few rows.
    assert all(best_match(stack[b], others=False) is None for b in np.flatnonzero(found.hopeless))


@pytest.mark.slow
def test_orthogonal_components(rng, read_only):
    kinds = [SMALL[b % 4] for b in range(200)] + [CUBE] * 5
    m = sum(kind.shape[1] for kind in kinds)
    W, truth = np.zeros((sum(map(len, kinds)), m)), np.repeat(np.arange(205), list(map(len, kinds)))
    column = 0
    for b, kind in enumerate(kinds):
        W[truth == b, column : column + kind.shape[1]] = kind * rng.uniform(0.8, 1.2, (len(kind), 1))
        column += kind.shape[1]
    W = (W + 0.005 * rng.normal(size=W.shape)) @ rotation(m, rng)
    order = rng.permutation(len(W))
    geometry = gs.classify(read_only(W[order]))
    assert_recovered(geometry, truth[order])
    assert geometry.name == "5 cubes + 50 pentagons + 50 tetrahedra + 50 triangles + 50 digons"


@pytest.mark.slow
def test_components_that_share_dimensions(rng):
    # 800 components of total rank 1400 in 600 dimensions: directions nearly orthogonal, and no more.
    W, truth = tegum([SMALL[b % 4] for b in range(400)] + [ngon(3), DIGON] * 200, 600, 1e-3, rng)
    geometry = gs.classify(W, orientation="rows")
    assert_recovered(geometry, truth)
    for component in geometry.components:
        fitted = component.polytope.vertices[list(component.isomorphism)]
        rows = unit(W[list(component.features)])
        np.testing.assert_allclose(rows @ rows.T, fitted @ fitted.T, atol=0.02)
    lines = geometry.summary().splitlines()
    assert len(lines) < 10
    assert "100 pentagons" in lines[4]
    assert "500 in all" in lines[4]
    assert len(str(geometry).splitlines()) == 5
    assert geometry._repr_html_().count("<tr>") == 5


@pytest.mark.slow
def test_a_batch_of_many_small_ones(rng):
    # 220 components of total rank 330 in 510 dimensions each: more than `MANY_ROWS`.
    stacks, truths = zip(*(tegum([DIGON, ngon(3)] * 110, 510, 1e-3, rng) for _ in range(2)), strict=True)
    for geometry, truth in zip(gs.classify(np.stack(stacks), orientation="rows"), truths, strict=True):
        assert_recovered(geometry, truth)


@pytest.mark.slow
def test_shapes_beside_a_dense_rest(rng):
    planted, _ = tegum([ngon(5)] * 40 + [DIGON] * 60, 300, 1e-3, rng)
    W = np.vstack([planted, unit(rng.normal(size=(300, 300)))])
    geometry = gs.classify(W, orientation="rows")
    assert re.fullmatch(r"dense, nearly random \(300 .*\) \+ 40 pentagons \+ 60 digons", geometry.name)
    assert geometry.components[0].features == tuple(range(len(planted), len(W)))


@pytest.mark.slow
def test_shared_vertices_and_directions(rng):
    many = np.tile(ngon(5), (600, 1))[rng.permutation(3000)] + 0.005 * rng.normal(size=(3000, 2))
    assert gs.classify(many).name == "pentagon (3000 features on 5 vertices)"
    dedicated = np.tile(np.eye(50), (20, 1)) + 0.01 * rng.normal(size=(1000, 50))
    assert gs.classify(dedicated).name == "50 dedicated dimensions (20 features on 1 vertex)"
    assert gs.classify(np.eye(600), orientation="rows").name == "600 dedicated dimensions"
    assert gs.classify(np.eye(3, 800), orientation="rows").name == "3 dedicated dimensions"


@pytest.mark.slow
def test_a_direction_beside_components_that_share_dimensions(rng):
    # 320 digons in 240 dimensions, and at right angles to all of them one direction: it stands alone.
    digons, _ = tegum([DIGON] * 320, 240, 1e-3, rng)
    W = np.zeros((641, 241))
    W[:640, :240], W[640, 240] = digons, 1
    geometry = gs.classify(W @ rotation(241, rng), orientation="rows")
    (alone,) = [component for component in geometry.components if len(component.features) == 1]
    assert (alone.name, alone.features) == ("dedicated dimension", (640,))
    assert alone.confidence > 0.99999


@pytest.mark.slow
def test_dense_blocks_stay_apart(rng):
    W = np.zeros((900, 60))
    for b in range(3):
        W[300 * b : 300 * b + 300, 20 * b : 20 * b + 20] = rng.normal(size=(300, 20))
    geometry = gs.classify(W @ rotation(60, rng))
    assert geometry.name == "3 dense, nearly random (300 vertices, rank 20)"
    assert [component.features[0] for component in geometry.components] == [0, 300, 600]


@pytest.mark.slow
def test_stray_rows_belong_to_the_dense_ones_they_lie_in():
    # 16 of these rows have no cosine above 0.15, and are no component of their own.
    geometry = gs.classify(np.random.default_rng(2000).normal(size=(2000, 384)))
    assert geometry.name == "dense, nearly random (2000 vertices, rank 384)"


@pytest.mark.slow
def test_noise_is_tested_in_batches_too(rng):
    W, truth = tegum([ngon(5)] * 101, 250, 0.01, rng)  # 505 rows: more than `MANY_ROWS`
    assert_recovered(gs.classify(W, orientation="rows", noise=0.012), truth, least=0.8)
    assert all(not c.polytope for c in gs.classify(W, orientation="rows", noise=1e-3).components)


@pytest.mark.slow
@settings(max_examples=5)
@given(st.integers(0, 2**32 - 1), st.floats(-100, 100), st.integers(0, 20))
def test_invariances(seed, scale, zeros):
    rng = np.random.default_rng(seed)
    W, truth = tegum([SMALL[b % 4] for b in range(80)], 510, 1e-3, rng)  # more dimensions than `MANY_ROWS`
    turned = np.vstack([W, np.zeros((zeros, 510))]) @ rotation(510, rng) * 10.0**scale
    order = rng.permutation(len(turned))
    geometry = gs.classify(turned[order], orientation="rows")
    assert {order[i] for i in geometry.not_represented} == set(range(len(W), len(turned)))
    assert_recovered(geometry, np.append(truth, np.full(zeros, -1))[order])


@pytest.mark.slow
@pytest.mark.parametrize(("count", "kind"), [(150, gs.Outline), (250, type(None))])
def test_outlines_of_few_unnamed_components_only(count, kind, rng):
    W = np.zeros((4 * count, 3 * count))
    for b in range(count):  # four directions around one of the cube's diagonals
        W[4 * b : 4 * b + 4, 3 * b : 3 * b + 3] = 1 + 0.6 * rng.normal(size=(4, 3))
    geometry = gs.classify(W)
    unnamed = [c for c in geometry.components if c.name.startswith("unnamed") and len(c.features) == 4]
    assert len(unnamed) > 0.7 * count
    assert {type(c.description) for c in unnamed} == {kind}


@pytest.mark.slow
def test_memory_is_bounded():
    rng = np.random.default_rng(0)
    W = rng.normal(size=(4000, 20))
    memory = 2 * working_memory(*W.shape)
    gs.classify(W, memory=memory)  # what is compiled, imported and looked up in the catalogue stays
    tracemalloc.start()
    gs.classify(W, memory=memory)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The matrix of cosines alone would take 64 MB even in single precision; the result, with its copy of W, 2 MB, and
    # what has been found as much.
    assert peak < memory + 9e6 < 30e6


@pytest.mark.parametrize(
    ("memory", "error", "message"),
    [
        (1000, ValueError, r"^`memory` must be at least \d+ bytes for W of shape \(600, 3\); got 1000\. Allow more"),
        (0, ValueError, "`memory` must be positive"),
        ("1 GB", TypeError, "`memory` must be a number"),
    ],
)
def test_errors(memory, error, message):
    with pytest.raises(error, match=message):
        gs.classify(np.ones((600, 3)), memory=memory)
