"""Spans of components and what leaks into them, against projectors by QR; rows in blocks of any size."""

import numpy as np
import pytest

from geomsup.recognition.reading import rows as rows_module, spans
from geomsup.recognition.reading.rows import shares, strong_rows
from tests.recognition.truth import TETRAHEDRON, ngon, rotation, unit


@pytest.fixture(params=[2, 5, 4096])
def block(request, monkeypatch):
    for module in (rows_module, spans):
        monkeypatch.setattr(module, "BLOCK", request.param)


def projector(X):
    axes = np.linalg.qr(X.T)[0][:, : np.linalg.matrix_rank(X, tol=1e-9)]
    return axes @ axes.T


@pytest.mark.parametrize("m", [6, 20])
def test_leaks_are_squared_lengths_in_the_spans_of_others(m, rng, block):
    """Two tight frames, three rows alone, and five rows in a plane that are no tight frame and come with a basis."""
    plane, direction = rng.normal(size=(5, 2)), rng.normal(size=(1, m))
    parts = [ngon(3) @ rotation(m, rng)[:2], TETRAHEDRON @ rotation(m, rng)[:3], direction, rng.normal(size=(1, m)),
             plane @ rotation(m, rng)[:2], rng.normal(size=(1, m)), ngon(3) @ rotation(m, rng)[:2]]  # fmt: skip
    place = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    X = unit(np.concatenate(parts))
    mixed = rng.permutation(len(X))
    X, place = X[mixed], place[mixed]
    rows = strong_rows(3.0 * X)
    weights = np.array([2 / 3, 3 / 4, 1, 1, 0, 1, 2 / 3])
    members = np.flatnonzero(place == 4)
    found = spans.leaks(rows, place, weights, {4: spans.basis(rows, members)})
    own = [projector(X[place == part]) for part in range(len(parts))]
    truth = [sum(x @ own[part] @ x for part in range(len(parts)) if part != place[i]) for i, x in enumerate(X)]
    np.testing.assert_allclose(found, truth, atol=1e-12)


@pytest.mark.parametrize(("k", "m", "rank"), [(5, 20, 2), (30, 6, 2), (7, 7, 4), (3, 8, 3), (40, 5, 5)])
def test_bases_span_the_rows(k, m, rank, rng, block):
    X = unit(rng.normal(size=(k, rank)) @ rng.normal(size=(rank, m)))
    others = unit(rng.normal(size=(4, m)))
    rows = strong_rows(np.concatenate([others, X]))
    found = spans.basis(rows, np.arange(4, 4 + k))
    assert found.shape == (rank, m)
    np.testing.assert_allclose(found @ found.T, np.eye(rank), atol=1e-9)
    np.testing.assert_allclose(X @ found.T @ found, X, atol=1e-9)


@pytest.mark.parametrize(("n", "m"), [(9, 4), (4, 9), (6, 6)])
def test_shares_are_those_of_the_whole_gram_matrix(n, m, rng, block):
    W = rng.normal(size=(n, m))
    W[1] = 0
    gram = W @ W.T
    squares = (gram**2).sum(axis=1)
    truth = np.divide(np.diag(gram) ** 2, squares, out=np.zeros(n), where=squares > 0)
    np.testing.assert_allclose(shares(W), truth, rtol=1e-12)
    np.testing.assert_allclose(strong_rows(W, 0.0).norms, np.sqrt(np.delete(np.diag(gram), 1)), rtol=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("size", [1e-200, 1e200])
@pytest.mark.parametrize(("n", "m"), [(9, 4), (4, 9)])
def test_shares_of_rows_of_any_size(n, m, size, sign, rng):
    """Of one sign, with zeros among them, whose squares are no doubles."""
    W = np.maximum(rng.normal(size=(n, m)), 0.0) + np.eye(n, m)
    np.testing.assert_allclose(shares(sign * size * W), shares(W), rtol=1e-12)
