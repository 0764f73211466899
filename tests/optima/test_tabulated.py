"""The table of best blocks: its numbers made anew, what must hold between entries, and what it is used for."""

import importlib
from itertools import pairwise

import numpy as np
import pytest

from geomsup import Features, ToyModel, Uniform, block_table, classify, expected_loss, optimum
from geomsup.loss.objective import pack, relu_objective
from geomsup.optima.proved.bounds import lower_bound
from geomsup.optima.tabulated.entries import DENSITIES, LARGEST, RANKS, Entry, entries, write_entries
from geomsup.optima.tabulated.starts import tabulated_starts

EVERY = 13  # entries of which all is computed anew: it has no factor in common with the 25 densities
SIZES = [(n, m) for m in RANKS for n in range(m + 1, LARGEST + 1)]
SAME = 1 + 1e-6


def loss_of(n, m, p):
    return 0.0 if n <= m else entries()[n, m, p].loss


def test_every_size_has_every_density():
    assert set(entries()) == {(n, m, p) for n, m in SIZES for p in DENSITIES}
    assert len(DENSITIES) == len(set(DENSITIES)) == 25
    assert list(DENSITIES) == sorted(DENSITIES)


@pytest.mark.slow
def test_losses_bounds_and_names_are_those_of_the_models():
    for entry in list(entries().values())[::EVERY]:
        features, model = Features(entry.n, entry.p), ToyModel(entry.W, entry.b)
        assert entry.loss == pytest.approx(float(expected_loss(model, features)), rel=1e-9), entry[:3]
        assert entry.lower_bound == pytest.approx(lower_bound(features, entry.m), rel=1e-5, abs=1e-12), entry[:3]
        assert entry.geometry == classify(entry.W, orientation="rows").name, entry[:3]


@pytest.mark.slow
def test_models_are_stationary():
    for entry in list(entries().values())[::EVERY]:
        features = Features(entry.n, entry.p)
        _, slope = relu_objective(features)(pack(entry.W, entry.b))
        assert np.abs(slope).max() < 1e-4 * float(features.variance.sum()), entry[:3]


def test_no_entry_is_above_what_others_prove_reachable():
    """A feature more costs its variance at most, two blocks side by side their sum, a dimension more nothing."""
    for n, m, p in entries():
        variance = p / 3 - p**2 / 4
        loss = loss_of(n, m, p)
        assert loss <= (loss_of(n - 1, m, p) + variance) * SAME
        assert loss <= loss_of(n, m - 1, p) * SAME if m > 1 else True
        for k in range(1, n):
            for r in range(1, m):
                assert loss <= (loss_of(k, r, p) + loss_of(n - k, m - r, p)) * SAME + 1e-15, (n, m, p, k, r)


def test_fewer_features_and_lower_bounds_are_below():
    for n, m, p in entries():
        entry = entries()[n, m, p]
        assert loss_of(n - 1, m, p) <= entry.loss * SAME
        assert 0 < entry.lower_bound <= entry.loss


def test_two_on_an_axis_are_as_theorem_four_says():
    for p in DENSITIES:
        entry = entries()[2, 1, p]
        norms = np.abs(entry.W.ravel())
        assert entry.W.prod() < 0 < entry.b.min()
        assert (np.ptp(norms) < 1e-6) == (p < 0.7064035)


def test_crossings_lie_between_their_densities():
    located = [entry for entry in entries().values() if entry.crossing]
    assert len(located) > 50
    for entry in located:
        after = DENSITIES[DENSITIES.index(entry.p) + 1]
        assert entry.next == "first order"
        assert entry.p <= entry.crossing <= after
        assert entries()[entry.n, entry.m, after].geometry != entry.geometry
    three = {entry.p: entry.crossing for entry in located if (entry.n, entry.m) == (3, 2)}
    assert three[0.5] == pytest.approx(0.521838, abs=1e-6)  # the tie of digon and triangle


def test_geometries_that_change_are_marked():
    for one, other in pairwise(block_table(4, 2).blocks):
        assert bool(one.transition) == (one.geometry != other.geometry)


def test_the_file_is_read_as_it_was_written(tmp_path):
    rows = [Entry(2, 1, 0.1, 1 / 3, 0.1, "digon, or so", "first order", 0.15, np.array([[1.0], [-1 / 3]]), np.zeros(2))]
    write_entries(rows, tmp_path / "blocks.csv")
    assert (tmp_path / "blocks.csv").read_text().splitlines()[1] == (
        '2,1,0.1,0.333333333333333,0.1,"digon, or so",first order,0.15,1 -0.3333333333,0 0'
    )


def test_tables_of_one_size_or_of_some():
    assert len(block_table().blocks) == 25 * len(SIZES)
    assert len(block_table(n_features=3).blocks) == 50
    block = block_table(5, 2).at(0.05)
    assert block.loss == pytest.approx(0.008903594, abs=1e-9)  # the best of 24 starts of a prototype
    assert (block.geometry, round(block.dimensionality, 6)) == ("pentagon", 0.4)
    assert block.gap == pytest.approx(1 - block.lower_bound / block.loss)
    assert block.lost == pytest.approx(block.loss / (5 * (0.05 / 3 - 0.05**2 / 4)))
    with pytest.raises(ValueError, match=r"`probability` must be one of 0.01, .* of a table of one size; got 0.07"):
        block_table(5, 2).at(0.07)
    with pytest.raises(ValueError, match="and a table with 38 blocks of it"):
        block_table().at(0.05)
    with pytest.raises(ValueError, match="`n_features`"):
        block_table(2, 2)


def test_starts_are_the_neighbours_of_the_features_own_kind():
    (W, b), (_, other) = tabulated_starts(Features(5, 0.045, values=Uniform(0, 2)), 2)
    assert np.allclose(W, entries()[5, 2, 0.04].W)
    assert np.allclose(b, 2 * entries()[5, 2, 0.04].b)
    assert np.allclose(other, 2 * entries()[5, 2, 0.05].b)
    assert len(tabulated_starts(Features(5, 0.001), 2)) == 1
    for features in (Features(13, 0.1), Features(5, 0.1, 0.9 ** np.arange(5)), Features(5, 0.1, values=Uniform(-1, 1))):
        assert tabulated_starts(features, 2) == []
    assert tabulated_starts(Features(3, 0.1, anticorrelated=[(0, 1, 2)]), 2) == []


def test_an_optimum_that_the_table_led_to_says_so(monkeypatch):
    """The search ends in a worse model, as if it had missed the pentagon."""
    searching = importlib.import_module("geomsup.optima.optimum")  # as an attribute it is the function
    found = searching._by_chains

    def missed(features, m, ends, deadline):
        best = found(features, m, ends, deadline)
        worse = ToyModel(np.vstack([np.eye(2), -np.eye(2), np.zeros((1, 2))]), np.zeros(5))
        return searching.replace(best, model=worse, loss=float(expected_loss(worse, features)))

    monkeypatch.setattr(searching, "_by_chains", missed)
    best = optimum(Features(5, 0.045), 2)
    assert best.status == "from the table of blocks"
    assert best.proof.startswith("the table of blocks led here (minimum); the search had missed it, and found 0.0")
    assert best.geometry.name == "pentagon"


def test_bounds_are_written_rounded_down(tmp_path):
    row = next(iter(entries().values()))._replace(lower_bound=0.2185018185)
    write_entries([row], tmp_path / "blocks.csv")
    assert ",0.218501," in (tmp_path / "blocks.csv").read_text(encoding="utf-8")
