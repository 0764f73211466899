"""Blocks, their cache, the integer program and its prices."""

import importlib
import itertools
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize

from geomsup import Features, ToyModel, expected_loss, optimum
from geomsup.optima import blocks, cache
from geomsup.optima.blocks import best_block, checked, select
from geomsup.optima.multistart import Descents
from geomsup.optima.tegum import solve, table
from geomsup.optima.tegum.prices import prices
from geomsup.optima.tegum.program import Column, integer_program
from geomsup.optima.tegum.solve import solve_tegum
from geomsup.optima.tegum.table import block_table, classes_of

DIGON, PENTAGON = 0.0033194839904525635, 0.02630513112393  # at p = 0.1; see test_optimum
VARIANCE = 0.1 / 3 - 0.01 / 4


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    return tmp_path


# blocks and their cache


def test_a_block_is_searched_once(folder, monkeypatch):
    first = best_block(Features(2, 0.1), 1)
    assert first.loss == pytest.approx(DIGON, rel=1e-9)
    assert first.kind == "minimum"
    assert first.gain == pytest.approx(2 * VARIANCE - DIGON, rel=1e-9)
    (file,) = folder.glob("blocks/*.json")
    data = json.loads(file.read_text())
    assert data["inputs"]["rank"] == 1
    assert data["inputs"]["geomsup"]
    assert Features.from_dict(data["inputs"]["features"]) == Features(2, 0.1)
    monkeypatch.setattr(blocks, "descend_from_many", None)
    again = best_block(Features(2, 0.1), 1)
    assert again.loss == first.loss
    np.testing.assert_array_equal(again.W, first.W)
    # Loss is proportional to importance: the same block serves.
    assert best_block(Features(2, 0.1, 7.0), 1).loss == pytest.approx(7 * first.loss, rel=1e-14)


def test_hits_are_the_descents_that_end_with_the_least_loss(monkeypatch):
    ends = np.array([2.0, 1 + 5e-7, 1.0, 1 + 1e-5])  # coarse ones are known to 1e-6
    found = Descents(np.zeros((2, 1)), np.zeros(2), "minimum", ends)
    monkeypatch.setenv("GEOMSUP_CACHE", "")
    monkeypatch.setattr(blocks, "descend_from_many", lambda *_, **__: found)
    block = best_block(Features(2, 0.1), 1)
    assert (block.loss, block.hits, block.starts) == (1.0, 2, 4)


@pytest.mark.parametrize(("n", "starts"), [(2, 16), (8, 16), (9, 5), (12, 5)])
def test_larger_blocks_have_fewer_random_starts(monkeypatch, n, starts):
    monkeypatch.setattr(blocks, "remembered", lambda kind, inputs, *_: inputs["starts"])
    assert best_block(Features(n, 0.1), 1) == starts
    assert best_block(Features(n, 0.1), 1, starts=3) == 3


def best_ray(short):
    """Return how many features stored alone a ray saves as much as, when one feature is present at a time.

    A long row of norm r and bias b, and some short ones of norm s without bias: their loss written out, and minimised.
    Two opposite rays do not hear each other.
    """
    x = (np.arange(2000) + 0.5) / 2000

    def loss(parameters):
        r, s, b = parameters
        own = np.mean((x - np.maximum(r * r * x + b, 0)) ** 2) + short * np.mean(np.maximum(r * s * x + b, 0) ** 2)
        each = np.mean((x - s * s * x) ** 2) + np.mean((r * s * x) ** 2) + (short - 1) * np.mean((s * s * x) ** 2)
        return own + short * each

    least = minimize(loss, [1.0, 0.3, -0.15], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-11}).fun
    return short + 1 - 3 * least


@pytest.mark.parametrize("k", [4, 7, 9])
def test_a_line_of_sparse_features_grows_from_shorter_ones(k):
    """Random starts found 2.081 for 4, and 2.150 for 7."""
    features = Features(k, 1e-6)
    columns = block_table(features, classes_of(features), 1)
    best = max(columns, key=lambda column: column.gain)
    assert best.counts == (k,)
    expected = best_ray((k - 2) // 2) + best_ray((k - 1) // 2)
    assert best.gain / features.variance[0] == pytest.approx(expected, abs=2e-5)


def test_a_block_grown_from_a_smaller_one_says_whether_others_were_as_good(folder):
    features = Features(4, 1e-3)
    three = best_block(select(features, [0, 1, 2]), 1)
    grown, alone = best_block(features, 1, smaller=three), best_block(features, 1, starts=0, smaller=three)
    assert grown.loss == pytest.approx(alone.loss, rel=1e-7)
    assert (alone.grown, alone.kind, alone.starts) == (True, "not checked", 2)
    assert checked(alone).kind == "minimum"
    assert checked(alone).loss <= alone.loss
    assert not best_block(Features(3, 0.3), 1, smaller=best_block(Features(2, 0.3), 1)).grown
    assert not best_block(features, 1, starts=2).grown


def stand_in(grown):
    """Return a search that finds a block at once, whose gain is its number of features."""
    return lambda features, *_, **__: SimpleNamespace(gain=float(features.n), grown=grown)


@pytest.mark.parametrize("n", [30, 31])
def test_blocks_that_grow_alone_take_longer_steps_and_equal_shares(n, monkeypatch):
    monkeypatch.setattr(table, "_irreducible", lambda columns, found: found)
    monkeypatch.setattr(table, "best_block", stand_in(grown=True))
    features = Features(n, 1e-6)
    sizes = [column.counts[0] for column in table._of_rank(features, classes_of(features), 2, 1, 2.0, None)]
    assert sizes == [2, 3, 4, 5, 6, 7, 8, 10, 12, 15] + [16] * (n % 2)


@pytest.mark.parametrize("text", ["", "{", '{"inputs": {}, "result": 3}', "[]"])
def test_damaged_and_foreign_files_are_made_anew(folder, text):
    best_block(Features(2, 0.1), 1)
    (file,) = folder.glob("blocks/*.json")
    good = file.read_text()
    file.write_text(text)
    assert best_block(Features(2, 0.1), 1).loss == pytest.approx(DIGON, rel=1e-9)
    assert json.loads(file.read_text()) == json.loads(good)


def test_another_version_does_not_trust_old_files(folder, monkeypatch):
    best_block(Features(2, 0.1), 1)
    monkeypatch.setattr(blocks, "SEARCH", 10**6)
    best_block(Features(2, 0.1), 1)
    assert len(list(folder.glob("blocks/*.json"))) == 2


def test_no_cache_and_unwritable_ones_only_cost_time(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOMSUP_CACHE", "")
    assert cache.cache_folder() is None
    assert best_block(Features(2, 0.1), 1).loss == pytest.approx(DIGON, rel=1e-9)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("GEOMSUP_CACHE", str(blocked))
    cache._say.cache_clear()
    with pytest.warns(RuntimeWarning, match=r"^Results of long searches cannot be kept, .*Set GEOMSUP_CACHE"):
        assert best_block(Features(2, 0.1), 1).loss == pytest.approx(DIGON, rel=1e-9)
    assert best_block(Features(3, 0.1), 2).loss > 0  # and is not said twice
    assert blocked.read_text() == "in the way"


def test_the_users_cache_folder_is_the_default(monkeypatch, tmp_path):
    monkeypatch.delenv("GEOMSUP_CACHE")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / "geomsup"


def test_a_user_without_a_home_has_no_cache(monkeypatch):
    def nobody():
        raise RuntimeError("Could not determine home directory.")

    for name in ("GEOMSUP_CACHE", "LOCALAPPDATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    cache._say.cache_clear()
    with pytest.warns(RuntimeWarning, match="each time: this user has no home folder. Set GEOMSUP_CACHE to a folder"):
        assert cache.cache_folder() is None
    assert best_block(Features(2, 0.1), 1).loss == pytest.approx(DIGON, rel=1e-9)


def test_select_keeps_laws_and_groups():
    features = Features(5, [0.1, 0.2, 0.3, 0.4, 0.4], [5, 4, 3, 2, 1], correlated=[(3, 4)])
    chosen = select(features, [4, 3, 0])
    np.testing.assert_array_equal(chosen.probability, [0.4, 0.4, 0.1])
    np.testing.assert_array_equal(chosen.importance, [1, 2, 5])
    assert chosen.correlated == ((1, 0),)


# the integer program


def best_by_hand(columns, sizes, m):
    """Try every number of copies of every column."""
    most = [min(min((s // c for s, c in zip(sizes, col.counts, strict=True) if c), default=m), m // col.rank)
            for col in columns]  # fmt: skip
    best = 0.0
    for copies in itertools.product(*(range(k + 1) for k in most)):
        used = np.array([[*c.counts, c.rank] for c in columns]).T @ np.array(copies)
        if (used <= [*sizes, m]).all():
            best = max(best, float(np.dot(copies, [c.gain for c in columns])))
    return best


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2), st.integers(1, 5))
def test_the_program_finds_the_best_of_all_mixtures(seed, classes, m):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 6, classes).tolist()
    columns = [
        Column(tuple(rng.integers(0, 4, classes).tolist()), int(rng.integers(1, 3)), float(rng.uniform(0.1, 1)), None)
        for _ in range(4)
    ]
    columns = [column for column in columns if any(column.counts)] or [Column((1,) * classes, 1, 1.0, None)]
    copies = integer_program(columns, sizes, m)
    assert float(np.dot(copies, [c.gain for c in columns])) == pytest.approx(best_by_hand(columns, sizes, m), abs=1e-9)


def test_classes_are_features_alike_by_worth():
    features = Features(5, [0.1, 0.3, 0.1, 0.3, 0.3], [1, 1, 1, 1, 2])
    assert classes_of(features) == [[4], [1, 3], [0, 2]]


@pytest.mark.slow
def test_the_table_keeps_what_smaller_blocks_cannot_do():
    features = Features(5, 0.1)
    table = block_table(features, classes_of(features), 2)
    kinds = {(column.counts[0], column.rank): column for column in table}
    assert {(1, 1), (2, 1), (5, 2)} < set(kinds)
    assert not {(3, 2), (4, 2)} & set(kinds)  # digon and dedicated dimension, two digons
    assert kinds[1, 1].block is None
    assert kinds[2, 1].gain == pytest.approx(2 * VARIANCE - DIGON, rel=1e-9)
    assert kinds[5, 2].gain == pytest.approx(5 * VARIANCE - PENTAGON, rel=1e-9)


def test_the_table_says_how_far_it_is():
    features, seen = Features(5, 0.1), []
    block_table(features, classes_of(features), 2, lambda stage, fraction: seen.append((stage, fraction)))
    for stage in ("rank 1", "rank 2"):
        fractions = [fraction for name, fraction in seen if name == stage]
        assert fractions == sorted(fractions)
        assert (fractions[0], fractions[-1]) == (0, 1)
        assert any(0 < fraction < 1 for fraction in fractions)


@pytest.mark.parametrize(("rank", "smallest"), [(3, 4), (4, 5), (5, 9), (6, 11)])
def test_at_large_ranks_sizes_begin_near_the_best_of_the_rank_before(rank, smallest, monkeypatch):
    """That stored two features per dimension: from the fifth rank on less than 95 % of that is left out."""
    sizes = []

    def block(features, rank, **_):
        sizes.append(features.n)
        return SimpleNamespace(gain=0.0, grown=False)

    monkeypatch.setattr(table, "best_block", block)
    features = Features(20, 0.1)
    assert list(table._of_rank(features, classes_of(features), 8, rank, 2.0, None)) == []
    assert sizes == [smallest, smallest + 1]  # two in a row that do not gain are enough


def test_windows_of_unlike_features_are_small(monkeypatch):
    """At most two dimensions, and six features, however much a seventh would gain; but for a line of the best ones."""
    monkeypatch.setattr(table, "best_block", stand_in(grown=False))
    monkeypatch.setattr(table, "_irreducible", lambda columns, found: found)
    features = Features(9, 0.1, 0.9 ** np.arange(9))
    sizes = {(column.rank, sum(column.counts)) for column in block_table(features, classes_of(features), 5)}
    assert sizes == {(rank, k) for rank in (1, 2) for k in range(rank + 1, 7)} | {(1, k) for k in (1, 7, 8, 9)}


@pytest.mark.parametrize(("better", "taken"), [(1e-7, False), (1e-5, True)])
def test_a_block_of_all_dimensions_must_be_better_by_more_than_losses_are_known(better, taken, monkeypatch):
    """Losses of large blocks are known to 1e-7: a mixture that is as good stays."""
    whole = best_block(Features(5, 0.1), 2)
    gain = 2 * VARIANCE * (1 + better)
    monkeypatch.setattr(solve, "block_table", lambda features, classes, *_: list(table.dedicated(features, classes)))
    monkeypatch.setattr(solve, "whole_columns", lambda *_: iter([Column((5,), 2, gain, whole)]))
    found = solve_tegum(Features(6, 0.1), 2)
    assert [len(chosen) for chosen, _ in found.parts] == ([5] if taken else [1, 1])
    assert len(found.columns) == (2 if taken else 1)


# whole models


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.25, 0.5])
def test_thirty_features_in_three_dimensions_where_digons_win(p):
    """Each dimension a digon, the rest dropped: what is paid is known exactly."""
    features = Features(30, p)
    tegum = solve_tegum(features, 3)
    digon = optimum(Features(2, p), 1).loss
    assert tegum.loss == pytest.approx(3 * digon + 24 * (p / 3 - p**2 / 4), rel=1e-9)
    assert [(len(chosen), block.rank) for chosen, block in tegum.parts] == [(2, 1)] * 3
    assert len(tegum.dropped) == 24
    assert tegum.kind == "minimum"
    model = ToyModel(tegum.W, tegum.b)
    assert float(expected_loss(model, features)) == pytest.approx(tegum.loss, rel=1e-9)


@pytest.fixture
def programs(monkeypatch):
    """Leave models to the program that are small enough to be searched whole."""
    module = importlib.import_module("geomsup.optima.optimum")
    monkeypatch.setattr(module, "DIRECT", 8)
    monkeypatch.setattr(module, "FEW_KINDS", 10)


@pytest.mark.slow
def test_a_large_optimum_is_a_tegum_program_and_says_so(programs):
    features = Features(12, 0.4)
    best = optimum(features, 3)
    assert best.status == "tegum program"
    assert best.geometry.name == "octahedron (3 digons)"
    assert best.loss == pytest.approx(3 * optimum(Features(2, 0.4), 1).loss + 6 * (0.4 / 3 - 0.04), rel=1e-8)
    assert float(expected_loss(best.model, features)) == best.loss
    assert "not proved" in best.proof
    assert "proved to be the best mixture" in best.proof
    assert best.lower_bound < best.loss
    assert best.prices.loss == pytest.approx(best.loss, rel=1e-6)
    again = optimum(features, 3)
    assert again.model.W.tobytes() == best.model.W.tobytes()


@pytest.mark.slow
def test_a_guess_below_the_program_is_taken_up(programs):
    features = Features(12, 0.4)
    program = optimum(features, 3)
    worse = ToyModel(program.model.W * 0.9, program.model.b)
    assert optimum(features, 3, guesses=[worse]).loss == program.loss
    direct = optimum(features, 3, starts=1)
    assert direct.status == f"best of {len(direct.starts)} starts"
    unlike = Features(9, 0.03, 0.8 ** np.arange(9))  # no mixture of blocks comes nearer than 1 %
    missed, better = optimum(unlike, 3), optimum(unlike, 3, starts=16).model
    found = optimum(unlike, 3, guesses=[better])
    assert found.loss < missed.loss * (1 - 1e-6)
    assert (found.status, found.searched, found.chance_of_lower) == ("from a given model", missed.loss, None)
    assert f"the search had missed it, and found {missed.loss:.6g}" in found.proof
    assert "proved to be the best" not in found.proof


@pytest.mark.slow
def test_unlike_features_are_put_into_blocks_by_worth():
    importance = np.repeat([4.0, 1.0], 5)
    features = Features(10, 0.4, importance)
    tegum = solve_tegum(features, 3)
    digon = float(optimum(Features(2, 0.4), 1).loss)  # two of the important in a pair, two pairs and one alone
    worth = importance * (0.4 / 3 - 0.04)
    assert tegum.loss <= worth.sum() - 5 * worth[0] + 2 * 4 * digon + 1e-12
    model = ToyModel(tegum.W, tegum.b)
    assert float(expected_loss(model, features)) == pytest.approx(tegum.loss, rel=1e-6)
    assert set(range(5)).isdisjoint(tegum.dropped)


@pytest.mark.slow
def test_every_feature_its_own_class(programs):
    features = Features(10, 0.3, 0.8 ** np.arange(10))
    best = optimum(features, 2)
    assert best.status == "tegum program"
    assert "neighbours in order of worth" in best.proof
    assert best.loss < 0.3 * np.sort(0.8 ** np.arange(10))[:8].sum() * (1 / 3 - 0.3 / 4)  # better than linear
    assert best.geometry.not_represented  # the least important ones are dropped
    assert min(best.geometry.not_represented) >= 3


@pytest.mark.slow
def test_groups_and_negative_values_are_searched_directly():
    from geomsup import Uniform

    grouped = optimum(Features(9, 0.2, correlated=[(0, 1)]), 2, starts=2)
    assert grouped.status.startswith("best of")
    assert grouped.prices is None
    negative = optimum(Features(2, 0.3, values=Uniform(-1, 1)), 2, starts=2)
    assert negative.prices is None


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.1, 0.3, 0.7])
def test_prices_are_those_of_the_dual(p):
    """Strong duality, and no block that was weighed is cheaper than its features and dimensions."""
    features = Features(30, p)
    columns = block_table(features, classes_of(features), 2)
    found = prices(features, columns, 2)
    worth = features.importance * features.variance
    for column in columns:
        assert worth[: sum(column.counts)].sum() - column.gain >= (
            found.features[: sum(column.counts)].sum() - found.dimension * column.rank - 1e-12
        )
    copies = integer_program(columns, [30], 2)
    assert found.loss <= worth.sum() - float(np.dot(copies, [c.gain for c in columns])) + 1e-12
    assert found.dimension >= 0
    assert (found.features <= worth + 1e-15).all()
