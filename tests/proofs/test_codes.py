"""Bounds by polynomials against codes: shapes that meet them, and random rows that do not go below."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.special import eval_gegenbauer

import geomsup as gs
from geomsup.proofs import codes
from tests.proofs.leech import mclaughlin

MEETING = ("pentagon", "hexagon", "heptagon", "icosahedron", "600-cell", "5-demicube", "2_21", "3_21", "4_21")


@pytest.mark.slow
@pytest.mark.parametrize("name", MEETING)
def test_nine_shapes_meet_their_bounds(name):
    found = gs.bound(name)
    assert found.check() == found.lower_bound
    state = gs.one_hot_state(name)
    assert found.potential == pytest.approx(gs.one_hot_loss(state.model.W, state.model.b).potential, rel=1e-12)
    assert 0 <= found.gap < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pentagon", "icosahedron", "5-demicube", "24-cell"])
def test_no_rows_are_below(name):
    """Random ones, and ones near the shape, at the best norm and others."""
    found, rng = gs.bound(name), np.random.default_rng(0)
    vertices, ratio = gs.polytope(name).vertices, float(Fraction(found.ratio))
    state = gs.one_hot_state(name)
    for noise in (0.0, 0.01, 0.1, 1.0, 10.0):
        for scale in (0.7, 0.95, 1.0, 1.05, 1.4):
            W = vertices + noise * rng.normal(size=vertices.shape)
            W *= scale * state.norm / np.linalg.norm(W, axis=1, keepdims=True)
            b = np.full(len(W), -ratio * (scale * state.norm) ** 2)
            assert gs.one_hot_loss(W, b).potential >= found.lower_bound


@pytest.mark.slow
@pytest.mark.parametrize("name", MEETING)
def test_polynomials_are_below_on_a_grid(name):
    """With scipy's polynomials, divided by their values at 1."""
    found = gs.bound(name)
    ratio, t, half = float(Fraction(found.ratio)), np.linspace(-1, 1, 4001), found.n_hidden / 2 - 1
    h = np.zeros_like(t)
    for k, one in enumerate(found.coefficients):
        if half:
            C = eval_gegenbauer(k, half, t) / eval_gegenbauer(k, half, 1.0)
        else:
            C = np.cos(k * np.arccos(t))
        h += float(Fraction(one)) * C
    f = np.maximum(t - ratio, 0) ** 3 / np.where(t > 0, t, 1)
    assert (h <= f + 1e-14).all()


def test_other_coefficients_prove_nothing():
    found = gs.bound("pentagon")
    for place, more in ((0, Fraction(1, 10**6)), (1, -1), (3, Fraction(1, 100))):
        others = list(found.coefficients)
        others[place] = str(Fraction(others[place]) + more)
        with pytest.raises(ValueError, match="must be those of a polynomial below f"):
            replace(found, coefficients=tuple(others)).check()
    with pytest.raises(ValueError, match="must be those of a polynomial below f"):
        replace(found, ratio="3/10").check()


def test_sturm():
    from flint import fmpq, fmpq_poly

    t = fmpq_poly([0, 1])
    one, two = fmpq(1), fmpq(2)
    assert codes._is_positive(t**2 + 1, -one, one)
    assert codes._is_positive((t**2 - 2) ** 2, -one, one)  # double roots outside
    assert not codes._is_positive((t**2 - 2) ** 2, -two, two)  # and inside
    assert not codes._is_positive(t**2 - fmpq(1, 4), -one, one)  # positive at both ends only
    assert not codes._is_positive(t, -one, one)
    assert not codes._is_positive(t + 1, -one, one)  # zero at an end


def test_shapes_without_a_bound():
    with pytest.raises(ValueError, match="ratio -bias / norm² between 0 and 1; got 0"):
        gs.bound("tetrahedron")
    with pytest.raises(ValueError, match="whose cosines such a polynomial can touch; got octagon"):
        gs.bound("octagon")
    with pytest.raises(ValueError, match="must be a known shape"):
        gs.bound("no such shape")


def test_mclaughlins_275_meet_their_bound():
    vertices = mclaughlin()
    assert vertices.shape == (275, 22)
    assert set((vertices @ vertices.T).round(9).ravel().tolist()) == {1.0, round(1 / 6, 9), -0.25}
    order = 2 * 898_128_000  # of McLaughlin's group, twice
    faces = (275, *[0] * 21)  # only vertices are asked for
    shape = gs.Polytope("McLaughlin", vertices, "", faces, order, circumradius=1.0, vertex_transitive=True)
    found = gs.bound(shape)
    assert found.check() == found.lower_bound
    assert 0 < found.gap < 1e-9
