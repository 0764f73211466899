"""What the null models keep, and the dimension that stands for them."""

import numpy as np
import pytest
from scipy import stats

from geomsup.recognition.hidden.nulls import draw, effective_dimension, share_quantile


@pytest.fixture
def W(rng):
    return rng.normal(size=(4000, 12)) * np.geomspace(1, 0.2, 12) * rng.uniform(0.5, 2, (4000, 1)) + 0.1


@pytest.mark.parametrize("null", ["rotation", "covariance"])
def test_norms_are_kept(W, null, rng):
    np.testing.assert_allclose(np.linalg.norm(draw(W, null, rng), axis=1), np.linalg.norm(W, axis=1), rtol=1e-5)


def test_columns_are_kept(W, rng):
    np.testing.assert_array_equal(np.sort(draw(W, "shuffled", rng), axis=0), np.sort(W, axis=0).astype(np.float32))


def test_the_covariance_of_directions_is_kept_nearly(W, rng):
    """Scaling normal rows to their lengths changes it a little."""
    first, second = (X / np.linalg.norm(X, axis=1, keepdims=True) for X in (W, draw(W, "covariance", rng)))
    np.testing.assert_allclose(np.cov(second.T), np.cov(first.T), atol=0.03)
    np.testing.assert_allclose(second.mean(axis=0), first.mean(axis=0), atol=0.03)


def test_rotated_rows_have_no_mean(W, rng):
    X = draw(W, "rotation", rng)
    assert np.abs(X.mean(axis=0)).max() < 5 * np.linalg.norm(W, axis=1).mean() / (12 * 4000) ** 0.5


@pytest.mark.slow
def test_the_dimension_of_rotations_is_exact_and_others_are_below(rng):
    X = rng.normal(size=(1000, 40))
    assert effective_dimension(X, "rotation", rng) == 40
    for null in ("covariance", "shuffled"):
        assert 28 < effective_dimension(X, null, rng) <= 40


@pytest.mark.slow
def test_unequal_eigenvalues_and_a_mean_lower_the_dimension(rng):
    X = rng.normal(size=(1000, 40))
    plain, unequal, meant = (
        effective_dimension(Y, "covariance", np.random.default_rng(0)) for Y in (X, X * np.geomspace(1, 0.1, 40), X + 1)
    )
    assert unequal < 0.75 * plain
    assert meant < 0.6 * plain


def test_the_tail_of_the_null_is_below_the_law(rng):
    """Also in draws that were not used."""
    X = rng.normal(size=(1500, 30)) * np.geomspace(1, 0.3, 30)
    d = effective_dimension(X, "covariance", np.random.default_rng(0))
    Y = draw(X, "covariance", np.random.default_rng(1)).astype(float)
    Y /= np.linalg.norm(Y, axis=1, keepdims=True)
    squares = np.sort((Y @ Y.T)[np.triu_indices(1500, 1)] ** 2)[::-1]
    for rank in (10, 100, 1000):
        assert rank / len(squares) <= stats.beta.sf(squares[rank], 0.5, (d - 1) / 2) * 1.5


def test_shares_have_a_beta_law():
    assert share_quantile(0.01, 3, 50) == pytest.approx(stats.beta.isf(0.01, 1.5, 23.5))
    assert share_quantile(2.0, 1, 5) == 0
    assert share_quantile(0.5, 5, 5) == 1
