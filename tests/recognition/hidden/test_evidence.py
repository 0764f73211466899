"""Bounds of Wilks' law against its closed forms and against draws."""

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from scipy import stats

from geomsup.recognition.hidden.evidence import RIDGE, log_coupling, log_places, log_wilks, splits
from tests.recognition.truth import DIGON, TETRAHEDRON, ngon, unit


@given(st.floats(0.05, 0.999), st.integers(1, 11), st.integers(13, 200))
def test_one_row_against_others_is_the_beta_law(ratio, a, d):
    assert log_wilks(np.log(ratio), a, 1, d) == pytest.approx(stats.beta.logcdf(ratio, (d - a) / 2, a / 2), rel=1e-6)


@given(st.floats(1e-6, 0.999), st.integers(2, 9), st.integers(12, 300))
def test_two_rows_against_others_are_bounded_closely(ratio, a, d):
    """√Λ of two rows has the law Beta(d − a − 1, a) (Wilks 1932)."""
    exact = stats.beta.logcdf(ratio**0.5, d - a - 1, a)
    assume(exact > -600)  # below, scipy has -inf
    assert exact - 1e-9 <= log_wilks(np.log(ratio), a, 2, d) <= max(exact + 4, 0.1 * exact)


@pytest.mark.parametrize(("a", "b"), [(3, 3), (4, 2), (2, 2)])
def test_draws_come_as_near_no_more_often_than_the_bound(a, b, rng):
    d, draws = 9, 4000
    logs = []
    for _ in range(draws):
        X = unit(rng.normal(size=(a + b, d)))
        X[:a] = X[0] + 0.1 * X[:a]  # whatever the parts are
        G = X @ X.T
        logs.append(sum(s * np.linalg.slogdet(g)[1] for s, g in ((1, G), (-1, G[:a, :a]), (-1, G[a:, a:]))))
    logs = np.sort(logs)
    for part in (0.003, 0.01, 0.1, 0.3):
        assert log_wilks(float(logs[int(part * draws)]), a, b, d) >= np.log(part) - 3 / (part * draws) ** 0.5


def test_the_law_is_symmetric_and_needs_room():
    assert log_wilks(-3.0, 2, 5, 30) == log_wilks(-3.0, 5, 2, 30)
    assert log_wilks(-50.0, 3, 3, 5) == 0
    assert log_wilks(0.0, 1, 1, 10) == 0


def gram(*shapes):
    """Inner products of shapes in orthogonal dimensions."""
    blocks = [shape @ shape.T for shape in shapes]
    G = np.zeros((sum(map(len, blocks)),) * 2)
    first = 0
    for block in blocks:
        G[first : first + len(block), first : first + len(block)] = block
        first += len(block)
    return G


@pytest.mark.parametrize("shapes", [(DIGON, DIGON), (ngon(3), DIGON), (TETRAHEDRON, np.ones((1, 1))), (ngon(4),)])
def test_what_falls_apart_has_no_evidence(shapes):
    assert log_coupling(gram(*shapes), 100) > -1e-3


@pytest.mark.parametrize("shape", [DIGON, ngon(3), ngon(5), ngon(12), TETRAHEDRON], ids=len)
def test_what_hangs_together_has(shape):
    assert log_coupling(gram(shape), 100) < -300


@given(st.integers(2, 7), st.integers(0, 1000))
def test_the_weakest_bond_is_that_of_all_divisions(k, seed):
    """Every subset against the rest, one by one; and what exceeds `enough` is not more than the whole says."""
    X = unit(np.random.default_rng(seed).normal(size=(k, 20)) + 0.5)
    G = X @ X.T

    def log_volume(rows):
        return np.linalg.slogdet((G + RIDGE * np.eye(k))[np.ix_(rows, rows)])[1]

    every = [
        log_wilks(log_volume(range(k)) - log_volume(part) - log_volume(rest), len(part), len(rest), 20)
        for chosen in splits(k)[1:-1]
        for part, rest in [(np.flatnonzero(chosen), np.flatnonzero(~chosen))]
    ]
    assert log_coupling(G, 20) == pytest.approx(max(every), rel=1e-9)
    for enough in (-1.0, -10.0):
        found = log_coupling(G, 20, enough)
        assert found == pytest.approx(max(every)) if max(every) <= enough else enough < found <= max(every) + 1e-9


@given(st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    X = unit(rng.normal(size=(5, 8)) + 2)
    order = rng.permutation(5)
    assert log_coupling(X[order] @ X[order].T, 8) == pytest.approx(log_coupling(X @ X.T, 8), rel=1e-6)


def test_places_and_splits_are_counted():
    assert np.exp(log_places(10, 3, 12)) == pytest.approx(120 * 11)
    assert splits(4).sum() == 32
    assert (splits(4) ^ splits(4)[::-1]).all()
