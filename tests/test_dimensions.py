"""Dimensionalities of known configurations, their bounds, and scale."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from scipy.linalg import block_diag

import geomsup as gs
from tests.recognition.truth import CUBE, DIGON, ICOSAHEDRON, TETRAHEDRON, ngon, simplex

# D_i of Elhage et al. 2022 and of tight frames: rank / number of vertices.
KNOWN = {
    "dedicated": (np.eye(3), [Fraction(1)] * 3),
    "digon": (DIGON, [Fraction(1, 2)] * 2),
    "triangle": (ngon(3), [Fraction(2, 3)] * 3),
    "tetrahedron": (TETRAHEDRON, [Fraction(3, 4)] * 4),
    "pentagon": (ngon(5), [Fraction(2, 5)] * 5),
    "5-simplex": (simplex(5), [Fraction(5, 6)] * 6),
    "9-simplex": (simplex(9), [Fraction(9, 10)] * 10),
    "16-cell": (np.vstack([np.eye(4), -np.eye(4)]), [Fraction(1, 2)] * 8),
    "cube": (CUBE, [Fraction(3, 8)] * 8),
    "icosahedron": (ICOSAHEDRON, [Fraction(1, 4)] * 12),
    "triangular bipyramid": (block_diag(ngon(3), DIGON), [Fraction(2, 3)] * 3 + [Fraction(1, 2)] * 2),
    "unequal digon": (np.array([[3.0], [-4.0]]), [Fraction(9, 25), Fraction(16, 25)]),
    "with a zero row": (np.array([[1.0], [0.0], [-1.0]]), [Fraction(1, 2), Fraction(0), Fraction(1, 2)]),
}

# Entries of a real W: nothing between 0 and 1e-3, where "rank" is a matter of taste.
ENTRIES = st.one_of(st.just(0.0), st.floats(1e-3, 10), st.floats(-10, -1e-3))
WEIGHTS = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=7), elements=ENTRIES)


@pytest.mark.parametrize("scale", [1e-200, 1.0, 1e200])
@pytest.mark.parametrize("name", KNOWN)
def test_dimensionality_of_known_shapes(name, scale, read_only):
    W, expected = KNOWN[name]
    got = gs.dimensionality(read_only(W * scale))
    np.testing.assert_allclose(got, [float(d) for d in expected], rtol=1e-12)


def test_short_row_alone_has_its_own_dimension():
    W = np.diag([1.0, 1e-200])
    np.testing.assert_allclose(gs.dimensionality(W), [1, 1])


@given(WEIGHTS)
def test_bounds_and_leverage(W):
    shares, most = gs.dimensionality(W, orientation="rows"), gs.leverage(W, orientation="rows")
    assert (shares >= 0).all()
    assert (most <= 1).all()
    assert (shares <= most + 1e-8).all()
    assert most.sum() == pytest.approx(np.linalg.matrix_rank(W), abs=1e-6)


@given(WEIGHTS)
def test_leverage_is_the_diagonal_of_the_projector(W):
    # Integers, so that no singular value is nearly 0: forming F squares the condition number.
    W = np.round(W)
    expected = np.einsum("ij,jk,ik->i", W, np.linalg.pinv(W.T @ W, rcond=1e-10, hermitian=True), W)
    np.testing.assert_allclose(gs.leverage(W, orientation="rows"), expected, atol=1e-6)


def test_scale_of_leverage():
    expected = gs.leverage([[3.0, 1.0], [1.0, 2.0], [0.5, -1.0]])
    for scale in (1e-200, 1e200):
        W = scale * np.array([[3.0, 1.0], [1.0, 2.0], [0.5, -1.0]])
        np.testing.assert_allclose(gs.leverage(W), expected)


def test_frame_spectrum():
    np.testing.assert_allclose(gs.frame_spectrum(ICOSAHEDRON), [4, 4, 4])
    np.testing.assert_allclose(gs.frame_spectrum([[3.0, 0.0, 4.0]], orientation="rows"), [25, 0, 0])
    np.testing.assert_allclose(gs.frame_spectrum(1e-100 * DIGON), [2e-200])
    np.testing.assert_allclose(gs.frame_spectrum(5e153 * DIGON), [5e307])


@pytest.mark.parametrize("size", [2e154, 1e200, 1e308])
def test_a_spectrum_that_no_double_holds_is_refused(size):
    for W in (size * DIGON, size * np.eye(3), [DIGON, size * DIGON]):  # a batch too, if one of it is
        with pytest.raises(ValueError, match=r"^`W` must have squared singular values .* got weights up to [12]e\+"):
            gs.frame_spectrum(W)


def test_dimensions_per_feature():
    assert gs.dimensions_per_feature(np.eye(3)) == 1
    assert gs.dimensions_per_feature(ngon(5)) == pytest.approx(2 / 5)
    assert gs.dimensions_per_feature(np.zeros((3, 2))) == np.inf
    assert gs.dimensions_per_feature(1e-100 * DIGON) == pytest.approx(0.5e200)
    assert gs.dimensions_per_feature(1e200 * DIGON) == 0


def test_batches_agree_with_single_matrices(rng):
    batch = rng.normal(size=(2, 3, 5, 4)) * 10.0 ** rng.integers(-150, 150, (2, 3, 1, 1))
    for function in (gs.dimensionality, gs.leverage, gs.frame_spectrum, gs.dimensions_per_feature):
        with np.errstate(over="ignore"):
            expected = [[function(W) for W in row] for row in batch]
        np.testing.assert_allclose(function(batch), expected)


def test_columns():
    np.testing.assert_allclose(gs.dimensionality(ngon(5).T, orientation="columns"), 0.4)
    with pytest.raises(ValueError, match="`W` must have the shape"):
        gs.dimensionality([1.0, 2.0])


@pytest.mark.parametrize("name", ["dimensionality", "dimensions_per_feature", "leverage", "frame_spectrum"])
def test_a_wide_w_is_warned_of_unless_its_orientation_is_said(name):
    """The paper's W has columns as features: taken for rows it gives other numbers without a word."""
    function = getattr(gs, name)
    wide = np.array([[1.0, 0.5, -1.0], [0.0, 1.0, 0.2]])
    with pytest.warns(UserWarning, match='orientation="columns"'):
        taken = function(wide)
    np.testing.assert_array_equal(taken, function(wide, orientation="rows"))
    np.testing.assert_array_equal(function(wide, orientation="columns"), function(wide.T))


def test_rows_of_very_different_lengths_do_not_overflow():
    """A short row shares its dimension with a long one, and takes nothing of it; an orthogonal one has its own."""
    D = gs.dimensionality([[1.0, 0.0], [1e-310, 0.0], [0.0, 1e-310]])
    assert D.tolist() == [1.0, 0.0, 1.0]
