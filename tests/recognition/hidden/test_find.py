"""`find_shapes` end to end: planted shapes, null models, invariances, and how it is called."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import geomsup as gs
from benchmarks.bench_hidden import SHAPES, background, planted
from geomsup.recognition.hidden.nulls import NULLS, draw
from tests.recognition.truth import ngon, rotation


def names_of(found):
    return {(one.name, one.rows) for one in found}


@pytest.fixture(scope="module")
def small():
    """One of each shape among 250 rows in 100 dimensions: W, the truth, and what is found."""
    W, truth = planted(250, 100, len(SHAPES), 0.08, "random", np.random.default_rng(3))
    return W, truth, gs.find_shapes(W)


def test_one_of_each_is_found(small):
    _, truth, found = small
    assert names_of(found) == truth
    assert all(one.p_value <= one.q_value <= 0.01 for one in found)
    assert {one.center for one in found if one.name == "square"} == {"mean"}
    assert {one.center for one in found if one.name in ("digon", "triangle", "pentagon")} == {"origin"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["random", "colored"])
@pytest.mark.parametrize("null", NULLS)
def test_planted_shapes_are_found_against_every_null(kind, null):
    W, truth = planted(1500, 256, 45, 0.1, kind, np.random.default_rng(1))
    found = names_of(gs.find_shapes(W, null=null))
    assert len(found & truth) >= 0.95 * len(truth)
    assert len(found - truth) <= 0.01 * len(found)


@pytest.mark.slow
@pytest.mark.parametrize("null", NULLS)
def test_null_models_hold_no_discoveries(null):
    """At a rate of one half: at most half of the draws may have any. Bounds and corrections leave none."""
    for seed in range(5):
        W = draw(background(800, 24, "colored", np.random.default_rng(seed)), null, np.random.default_rng(seed))
        assert len(gs.find_shapes(W, null=null, false_discovery_rate=0.5)) <= 1


def test_pairs_of_random_directions_are_as_near_as_p_values_say():
    """In 8 dimensions opposite pairs are not rare: at a rate of one half some draws have a discovery."""
    hits = sum(
        len(gs.find_shapes(np.random.default_rng(seed).normal(size=(60, 8)), false_discovery_rate=0.5, largest=2)) > 0
        for seed in range(60)
    )
    assert 0 < hits <= 30


@pytest.mark.slow
@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.floats(1e-100, 1e100))
def test_order_axes_and_scale_do_not_matter(small, seed, scale):
    W, truth, found = small
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(W))
    other = gs.find_shapes(scale * W[order] @ rotation(W.shape[1], rng))
    assert {(name, tuple(sorted(order[list(rows)].tolist()))) for name, rows in names_of(other)} == truth
    residuals = [sorted(one.residual for one in result) for result in (found, other)]
    np.testing.assert_allclose(*residuals, atol=1e-3)


@pytest.mark.slow
@settings(max_examples=5)
@given(st.integers(0, 2**32 - 1))
def test_norms_do_not_matter_about_the_origin(small, seed):
    W, truth, _ = small
    lengths = np.random.default_rng(seed).uniform(0.2, 5, (len(W), 1))
    origin = {one for one in truth if one[0] in ("digon", "triangle", "pentagon", "tetrahedron")}
    assert origin <= names_of(gs.find_shapes(W * lengths))


def test_a_square_about_the_origin_is_two_digons(rng):
    W = rng.normal(size=(200, 80))
    W[:4] = ngon(4) @ rotation(80, rng)[:2]
    assert names_of(gs.find_shapes(W)) == {("digon", (0, 2)), ("digon", (1, 3))}


def test_copies_are_named(rng):
    W = rng.normal(size=(200, 80))
    W[5] = 3 * W[100] + 0.2 * rng.normal(size=80)
    assert names_of(gs.find_shapes(W)) == {("copy", (5, 100))}


@pytest.mark.parametrize("k", [5, 12])
def test_a_copy_of_one_row_does_not_hide_a_shape(k, rng):
    W = rng.normal(size=(200, 100))
    W[:k] = ngon(k) @ rotation(100, rng)[:2]
    W[50] = W[0] + 0.02 * rng.normal(size=100)
    ((name, rows),) = names_of(gs.find_shapes(W))
    assert name in ("pentagon", "dodecagon")
    assert rows in (tuple(range(k)), (*range(1, k), 50))


def test_sizes_beyond_the_largest_are_not_named(rng):
    W = rng.normal(size=(200, 80))
    W[:7] = ngon(7) @ rotation(80, rng)[:2]
    assert names_of(gs.find_shapes(W)) == {("heptagon", tuple(range(7)))}
    # Its parts remain: points 154 degrees apart are nearly opposite, and four of them nearly a square. Which parts,
    # among many that are equally near, is a matter of rounding.
    parts = gs.find_shapes(W, largest=6)
    assert len(parts) > 0
    assert all(len(found.rows) <= 6 and set(found.rows) <= set(range(7)) for found in parts)


def test_rows_of_zeros_are_left_out_and_indices_are_those_of_W(rng):
    W = rng.normal(size=(100, 50))
    W[:10] = 0
    W[60] = -W[70]
    assert names_of(gs.find_shapes(W)) == {("digon", (60, 70))}
    assert len(gs.find_shapes(np.zeros((5, 3)))) == 0
    assert len(gs.find_shapes([[1.0, 2.0]])) == 0


@pytest.mark.slow
def test_the_same_seed_gives_the_same(small, read_only):
    W, _, found = small
    assert gs.find_shapes(read_only(W)) == found
    assert gs.find_shapes(W, null="shuffled", rng=1) == gs.find_shapes(W, null="shuffled", rng=1)
    assert names_of(gs.find_shapes(W, memory=3e6)) == names_of(found)


def test_progress_is_told(small):
    told = []
    gs.find_shapes(small[0], progress=lambda stage, fraction: told.append((stage, fraction)))
    assert list(dict.fromkeys(stage for stage, _ in told)) == ["null", "pairs", "sets", "shapes"]
    assert all(0 <= fraction <= 1 for _, fraction in told)
    assert told[-1] == ("shapes", 1.0)


def test_an_interruption_is_not_a_result(small):
    def interrupt(stage, fraction):
        if stage == "sets":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gs.find_shapes(small[0], progress=interrupt)


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"W": np.ones((2, 3, 4))}, ValueError, "`W` must have the shape"),
        ({"W": [["a"]]}, TypeError, "`W` must hold real numbers"),
        ({"false_discovery_rate": 1.0}, ValueError, "`false_discovery_rate` must be less than 1; got 1."),
        ({"false_discovery_rate": 0}, ValueError, "`false_discovery_rate` must be positive"),
        ({"null": "none"}, ValueError, '`null` must be one of "rotation", "covariance", "shuffled"'),
        ({"largest": 1}, ValueError, "`largest` must be at least 2"),
        ({"largest": 15}, ValueError, "`largest` must be at most 14"),
        ({"largest": 3.0}, TypeError, "`largest` must be an integer"),
        ({"memory": 1000}, ValueError, "`memory` must be at least"),
        ({"rng": "x"}, TypeError, "`rng` must be what"),
        ({"progress": 1}, TypeError, "`progress` must be callable"),
    ],
)
def test_refusals(given, error, words):
    with pytest.raises(error, match="^" + re.escape(words)):
        gs.find_shapes(**{"W": np.eye(4)} | given)


def test_discoveries_print_and_are_a_value(small):
    found = small[2]
    text = str(found)
    assert len(text.splitlines()[0].split()) <= 40
    assert "2 heptagons, 2 dodecagons" in text.replace("2 dodecagons, 2 heptagons", "2 heptagons, 2 dodecagons")
    assert repr(found).startswith("<Discoveries: ")
    assert found._repr_html_().count("<tr>") == len(found) + 1
    data = json.loads(json.dumps(found.to_dict()))
    assert data["found"][0] == found[0].to_dict()
    assert len(list(found)) == len(found) == sum(found.counts.values())
    with pytest.raises(AttributeError):
        found.null = "other"
    assert str(gs.find_shapes(np.eye(5))).startswith("no shapes among 5 rows in 5 dimensions")


def test_long_lists_are_cut(rng):
    W = rng.normal(size=(60, 60))
    W[30:] = -W[:30]
    found = gs.find_shapes(W)
    assert found.counts == {"digon": 30}
    assert str(found).endswith("and 10 more")
    assert "and 10 more" in found._repr_html_()
