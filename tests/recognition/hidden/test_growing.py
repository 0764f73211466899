"""The compiled loops against slow and obvious ones, and the neighbours that they find."""

import numpy as np
import pytest

from geomsup.recognition.hidden import kernels
from geomsup.recognition.hidden.candidates import grown_sets
from geomsup.recognition.hidden.pairs import ROOM, neighbours, threshold
from tests.recognition.truth import ngon, rotation, unit


def slow_growth(X, near, seed, least, largest):
    """Of the neighbours of the rows that are in, take the one of which most lies in their span."""
    members = list(seed)
    while len(members) < largest:
        basis = np.linalg.qr(X[members].T)[0]
        waiting = sorted({j for i in members for j in near[i]} - set(members))
        shares = [((X[j] @ basis) ** 2).sum() for j in waiting]
        if not waiting or max(shares) < least[len(members)]:
            break
        members.append(waiting[int(np.argmax(shares))])
    return members


@pytest.mark.parametrize("compiled", [True, False])
def test_sets_grow_as_they_should(compiled, rng, interpreted):
    if not compiled:
        interpreted(kernels)
    X = unit(rng.normal(size=(40, 6))).astype(np.float32)
    found = neighbours(X, 0.5, 1e6)
    near = [found.near[found.start[i] : found.start[i + 1]].tolist() for i in range(40)]
    seeds, least = found.pairs.astype(np.int32), np.linspace(0.4, 0.9, 6)
    grown = np.empty((len(seeds), 5), np.int32)
    kernels.grow(X, found.start, found.near, seeds, least, grown, 256, np.zeros(1, np.int64))
    assert len(seeds) > 50
    for seed, rows in zip(seeds.tolist(), grown.tolist(), strict=True):
        assert [row for row in rows if row >= 0] == slow_growth(X.astype(float), near, seed, least, 5)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_block_keeps_its_largest_cosines(compiled, rng, interpreted):
    if not compiled:
        interpreted(kernels)
    G = rng.uniform(-1, 1, (3, 30)).astype(np.float32)
    near, cosines = np.empty((3, 5), np.int32), np.empty((3, 5), np.float32)
    kernels.collect(G, 100, 0.2, near, cosines)
    for a in range(3):
        expected = sorted(range(a + 1, 30), key=lambda c: -abs(G[a, c]))[:5]
        assert sorted(near[a] - 100) == sorted(expected)
        np.testing.assert_array_equal(cosines[a], G[a, near[a] - 100])
    kernels.collect(G[:, :4], 0, 2.0, near, cosines)
    assert (near == -1).all()


def test_neighbours_are_those_of_a_dense_matrix(rng):
    X = unit(rng.normal(size=(300, 10))).astype(np.float32)
    G = np.abs(X @ X.T)
    expected = {(i, j) for i, j in np.argwhere(G >= 0.75).tolist() if i < j}
    for memory in (1, 1e9):
        found = neighbours(X, 0.75, memory)
        assert set(map(tuple, found.pairs.tolist())) == expected
        for i in range(300):
            near = found.near[found.start[i] : found.start[i + 1]]
            assert (np.diff(G[i, near]) <= 1e-6).all()


def test_rows_with_very_many_neighbours_keep_some(rng):
    X = unit(np.ones(20) + 0.1 * rng.normal(size=(400, 20))).astype(np.float32)
    found = neighbours(X, 0.5, 1e9)
    assert len(found.pairs) <= 400 * ROOM
    assert found.seeds(4).shape[0] <= 1600


def test_the_threshold_leaves_few_neighbours_of_random_and_of_alike_rows(rng):
    for mean in (0.0, 1.0):
        X = unit(rng.normal(size=(3000, 50)) + mean).astype(np.float32)
        found = neighbours(X, threshold(X, 50, rng), 1e9)
        assert 3 < 2 * len(found.pairs) / 3000 < 16


def test_a_polygon_grows_whole(rng):
    X = unit(rng.normal(size=(500, 60)))
    X[:7] = ngon(7) @ rotation(60, rng)[:2]
    X = X.astype(np.float32)
    sets = grown_sets(X, neighbours(X, 0.5, 1e9), 60.0, 8)
    assert list(range(7)) in sets[5].tolist()
