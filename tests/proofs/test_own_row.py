"""Models near a digon and a row of its own: bounds of one output against quadrature, and cells against exact losses."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize

import geomsup as gs
from geomsup.proofs.decoders.digons import LEAST_T, MOST_T, NEAR, spare_near_digons
from geomsup.proofs.decoders.outputs import Box, above_best, best_biases, gain, one_minimum
from geomsup.proofs.shared.checker import error_of

PROBABILITIES = st.sampled_from([0.1, 0.3, 0.5])
SEEDS = st.integers(0, 2**32 - 1)
NORMS = {0.1: 1.0116, 0.3: 1.0208, 0.5: 0.9389}  # squares of the norms of the best digons
ROUNDED = 1e-12
DIGONS = {p: gs.optimum(gs.Features(2, p), 1).loss for p in NORMS}


def fraction(number):
    return Fraction(round(float(number) * 2**30), 2**30)


def loss(q, s, b, p):
    """F of the docs, in fractions: the checker of three features on one axis has its own formulas of it."""
    q, s, b, p = (fraction(one) for one in (q, s, b, p))
    total = Fraction(0)
    for own, own_likely in ((True, p), (False, 1 - p)):
        for rest, likely in (([-s], p), ([], 1 - p)):
            total += own_likely * likely * error_of(q, b, rest, own)
    return float(total)


def a_box(rng, p):
    """Return a box near the best digon, and a point of it."""
    low = NORMS[p] + rng.uniform(-0.05, 0.05, 2)
    sides = 10.0 ** rng.uniform(-4, -1.3, 2)
    box = Box(*(np.array([one]) for one in (low[0], low[0] + sides[0], low[1], low[1] + sides[1])))
    return box, low + sides * rng.random(2)


@settings(max_examples=30, deadline=None)
@given(PROBABILITIES, SEEDS)
def test_the_best_bias_is_between_the_two(p, seed):
    rng = np.random.default_rng(seed)
    box, (q, s) = a_box(rng, p)
    low, high = (float(one[0]) for one in best_biases(box, p))
    biases = np.linspace(-0.25, 0.5, 76)
    losses = np.array([loss(q, s, b, p) for b in biases])
    assert low - 0.01 <= biases[losses.argmin()] <= high + 0.01
    step = 1e-4
    assert loss(q, s, low - step, p) > loss(q, s, low, p) or low <= -0.25
    assert loss(q, s, high + step, p) > loss(q, s, high, p) or high >= 0.4
    if one_minimum(box, (np.array([low]), np.array([high])), p)[0]:
        slopes = np.sign(np.diff([loss(q, s, b, p) for b in np.linspace(-q, 1, 80)]))
        changes = np.diff(slopes[slopes != 0])
        assert (changes >= 0).all()


@settings(max_examples=30, deadline=None)
@given(PROBABILITIES, SEEDS)
def test_losses_rise_with_the_square_of_the_distance(p, seed):
    """From the best bias, found on a grid, F is at least its minimum plus κ times the distance squared."""
    rng = np.random.default_rng(seed)
    box, (q, s) = a_box(rng, p)
    biases = best_biases(box, p)
    most = np.array([10.0 ** rng.uniform(-2, -0.5)])
    kappa = float(above_best(box, biases[0], most, p)[0])
    grid = np.linspace(float(biases[0][0]) - 1e-6, float(biases[1][0]) + 1e-6, 200)
    best = grid[np.argmin([loss(q, s, b, p) for b in grid])]
    least, off = loss(q, s, best, p), grid[1] - grid[0]
    for z in rng.uniform(-1, 1, 8) * most[0]:
        distance = max(abs(z) - off, 0)
        assert loss(q, s, best + z, p) >= least + kappa * distance**2 - 1e-8


@settings(max_examples=30, deadline=None)
@given(PROBABILITIES, SEEDS)
def test_gains_are_bounded(p, seed):
    """Differences along s, at biases between the two numbers."""
    rng = np.random.default_rng(seed)
    box, (q, s) = a_box(rng, p)
    biases = best_biases(box, p)
    most = box.most_s + rng.uniform(0, 0.05)
    bias = rng.uniform(float(biases[0][0]), float(biases[1][0]))
    higher = rng.uniform(s, float(most[0]))
    found = float(gain(box, biases, most, p)[0])
    assert loss(q, higher, bias, p) - loss(q, s, bias, p) <= found * (higher - s) + 1e-8
    assert found < p * p / 2 + 0.2 * p * p


def test_gains_are_sharp_for_a_small_box():
    """At the best digon by quadrature: 2 p² times the mean of y (x - v) where both are present and v is positive."""
    p, q, b = 0.5, 0.9389, 0.09768

    def heard(y):
        return y * quad(lambda x: x - (q * x - q * y + b), max(y - b / q, 0), 1)[0]

    box = Box(*(np.array([one]) for one in (q, q, q, q)))
    mean = quad(heard, 0, b / q)[0] + quad(heard, b / q, 1)[0]
    assert gain(box, (np.array([b]), np.array([b])), box.s, p)[0] == pytest.approx(2 * p * p * mean, rel=1e-6)


def near_models(p, rng):
    """Return a cell near the digon, and a model in it: rows in the plane orthogonal to (1, r, r t) with M12 = r u."""
    t = rng.choice([-1, 1]) * 10.0 ** rng.uniform(-3.5, -1)
    at = np.array([1 - 10.0 ** rng.uniform(-4, -1.5), t, -NORMS[p] * (1 + rng.normal() / 50)])
    sides = min(abs(t), 0.02) * rng.random(3) + 2.0**-15
    low = at - sides * rng.random(3)
    low[0], high = low[0], low + sides
    high[0] = min(high[0], 1.0)
    return at, np.stack([low, high], axis=1).reshape(1, 6)


def model_at(at, own, heard):
    """Return the W of products M12 = r u, M33 = own and M23 = heard in the plane orthogonal to (1, r, r t), or None."""
    r, t, u = at
    a = -r * heard - r * t * own
    M = np.array([[-r * r * u - r * t * a, r * u, a], [r * u, -u - t * heard, heard], [a, heard, own]])
    values, axes = np.linalg.eigh(M)
    return None if values[1] < 0 or values[2] < 0 else axes[:, 1:] * np.sqrt(values[1:])


@settings(max_examples=40, deadline=None)
@given(PROBABILITIES, SEEDS)
def test_models_of_cells_with_enough_to_spare_lose_more_than_the_digon(p, seed):
    """A descent over all that (r, t, u) leaves open, from two starts, on the package's own exact loss."""
    rng = np.random.default_rng(seed)
    at, cell = near_models(p, rng)
    if not spare_near_digons(cell, p)[0] > NEAR:
        return
    features, t = gs.Features(3, p), abs(at[1])

    def value(state):
        W = model_at(at, *state[:2])
        return 1.0 if W is None else gs.expected_loss(gs.ToyModel(W, state[2:]), features).value

    for own, heard in ((1.0, -at[1] / 2), (1 + rng.normal() * t, rng.normal() * t)):
        start = np.array([own, heard, 0.02, 0.02, 0.0])
        found = minimize(value, start, method="Nelder-Mead", options={"maxiter": 150, "fatol": 1e-13}).fun
        assert found >= DIGONS[p] + 0.5 * NEAR * t * t - ROUNDED


def test_where_nothing_is_said():
    """Far from a digon, in wide cells, and in cells that are too close to the plane for what is divided by t²."""
    near = [0.99, 1.0, -0.01, 0.01, -1.02, -1.01]
    assert spare_near_digons(np.array([near]), 0.1)[0] > NEAR
    others = (
        [0.7, 0.71, *near[2:]], [*near[:4], -1.4, -1.39], [*near[:2], MOST_T, MOST_T + 0.01, *near[4:]],
        [0.9, 1.0, *near[2:]], [*near[:2], -LEAST_T / 2, LEAST_T / 2, *near[4:]],
    )  # fmt: skip
    assert (spare_near_digons(np.array(others), 0.1) == -np.inf).all()
    assert spare_near_digons(np.zeros((0, 6)), 0.1).shape == (0,)


@pytest.mark.parametrize("p", [0.1, 1 - 0.9, 0.3, 1 - 0.7, 0.1 + 0.2, 0.5])
def test_the_optimum_is_certified(p):
    """Also where p is the difference of 1 and a sparsity, which is off by a bit."""
    best = gs.optimum(gs.Features(3, p), 2)
    assert best.status == "certified"
    assert best.lower_bound == pytest.approx(best.loss, rel=1e-9)
    assert best.loss == pytest.approx(gs.optimum(gs.Features(2, p), 1).loss, rel=1e-10)


def test_other_optima_are_not_certified():
    for features, options in (
        (gs.Features(3, 0.1 + 1e-9), {}), (gs.Features(3, 0.2), {}), (gs.Features(3, 0.1, [1, 1, 0.999]), {}),
        (gs.Features(3, 0.1, values=gs.Uniform(0.1, 1)), {}), (gs.Features(3, 0.1), {"coherence": 1e-9}),
        (gs.Features(3, 0.1), {"tied": False, "starts": 2}), (gs.Features(3, 0.1), {"activation": "abs", "starts": 2}),
    ):  # fmt: skip
        assert gs.optimum(features, 2, **options).status != "certified"
