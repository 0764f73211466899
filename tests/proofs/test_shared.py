"""Three to five features on one axis: moments, losses and bounds against exact losses."""

from fractions import Fraction
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize, minimize_scalar

import geomsup as gs
from geomsup.proofs.shared import cells as shared_cells, checker, dropped, pieces
from geomsup.proofs.shared.cells import FEWER, PROBABILITIES, Claim, Sizes, _between
from geomsup.proofs.shared.dropped import TRIED, _clipped, lowest
from geomsup.proofs.shared.moments import clipped, tangent
from geomsup.proofs.shared.pieces import Cells, Pieces
from tests.proofs.integers import UNIT, moments, squared
from tests.proofs.shared_files import FILES, STORED

NUMBERS = st.integers(-8, 8).map(lambda one: Fraction(one, 8))
SEEDS = st.integers(0, 2**32 - 1)
P, N = st.sampled_from(PROBABILITIES), st.sampled_from(list(FILES))


def exact_loss(weights, biases, p):
    """The package's own exact loss, which has other formulas."""
    model = gs.ToyModel(np.array(weights, float)[:, None], np.array(biases, float))
    return gs.expected_loss(model, gs.Features(len(weights), float(p))).value


@given(N, st.data(), P)
def test_losses_of_models(n, data, p):
    weights, biases = (data.draw(st.tuples(*[NUMBERS] * n)) for _ in range(2))
    assert float(checker.loss_of(p, weights, biases)) == pytest.approx(exact_loss(weights, biases, p), abs=1e-12)


@given(N, P, SEEDS)
def test_moments_have_the_errors_that_they_say(n, p, seed):
    """Coefficients are 0, or small, or as large as they can be. Fractions are right to the last digit."""
    rng = np.random.default_rng(seed)
    a = rng.integers(-8, 9, n) * 2.0 ** -rng.integers(3, 12, n)
    z = rng.integers(-32, 33) / 16
    # The mean of the inputs is no multiple of 1 / UNIT, so z is chosen so that the constant is.
    c = round((z - float(p) / 2 * a.sum()) * UNIT)
    z = c / UNIT + float(p) / 2 * a.sum()
    whole = [int(one * UNIT) for one in a]
    mean, first = moments(c, whole, p)
    near, given_z = 1e-15, (np.array([z]), a[None])
    most, found = clipped(*given_z, float(p)), tangent(*given_z, float(p))
    assert first[0] - near <= most.first[0]
    assert squared(c, whole, p) - near <= most.square[0]
    assert abs(found.mean[0] - mean) <= found.mean_error[0] + near
    assert (abs(found.first[0] - first) <= found.first_errors[0] + near).all()
    if abs(a).min() > 1 / 4:  # then they are close
        assert most.first[0] - first[0] < 1e-9
        assert found.first_errors.max() < 1e-9


@settings(max_examples=30, deadline=None)
@given(N, P, SEEDS)
def test_pieces_are_bounded_from_below(n, p, seed):
    """S, and S less V |a|², are at least what pieces say at their ends, and T at most: by fractions."""
    rng = np.random.default_rng(seed)
    cells = random_cell(n, p, rng, 2.0 ** -rng.integers(1, 5))
    found = pieces.first_pieces(cells, np.array([0]))
    found = pieces.sorted_pieces(*pieces.halved(cells, Pieces(*pieces.taken(found, found.z[:, 1] > found.z[:, 0]))))
    which = rng.integers(len(found.z))
    corner = rng.integers(len(cells.sides))
    i, V, m = found.output[which], float(p) / 3 - float(p) ** 2 / 4, float(p) / 2
    row = cells.corners[0, corner] * cells.signs[0] * cells.signs[0, i]
    c = round((found.z[which, 0] - m * row.sum()) * UNIT)
    whole = [int(one * UNIT) for one in row]
    S, (_, first) = squared(c, whole, p), moments(c, whole, p)
    near = 1e-6  # as c is rounded
    assert found.S[which, 1, 0, corner] <= S + near
    assert found.S[which, 0, 0, corner] <= S - V * (row**2).sum() + near
    assert found.T[which, 0, corner] >= first[i] - V * row[i] - near


def random_cell(n, p, rng, side):
    """A cell with ratios that fall, and random signs."""
    low = np.sort(rng.integers(0, round(1 / side), n - 1))[::-1] * side
    signs = np.array([1, *rng.choice([-1, 1], n - 1)], float)
    return Cells(signs[None], np.array([[1, *low]]), np.array([[1, *(low + side)]]), float(p))


@given(SEEDS)
def test_between_two_ends_a_parabola_has_this_least_value(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(2, 20))
    bent = 10.0 ** rng.uniform(-3, 2, 20) * (rng.random(20) < 0.8)
    at = np.linspace(0, 1, 2001)[:, None]
    values = (1 - at) * one + at * other - bent * at * (1 - at)
    assert _between(one, other, bent) == pytest.approx(values.min(axis=0), abs=1e-5 * (1 + bent.max()))


@given(N, P, SEEDS)
def test_outputs_in_corners_are_joined_to_a_lower_bound(n, p, seed):
    """Whatever outputs lose there: against their interpolation with V (n - 1 + (1 - |w|²)²), at many ratios."""
    rng = np.random.default_rng(seed)
    side = np.append(0, 2.0 ** -rng.integers(0, 7, n - 1))
    low = np.minimum(np.append(1, np.floor(rng.random(n - 1) / side[1:]) * side[1:]), 1 - side)
    cells = Cells(np.ones((1, n)), low[None], (low + side)[None], float(p))
    start, much, scale = rng.uniform(0, 3), rng.random() < 0.2, 10.0 ** rng.uniform(-4, 0)
    sizes = Sizes(np.array([0]), np.array([start]), np.array([start + 2.0 ** -rng.integers(0, 8)]))
    along, outputs = rng.normal(size=(1, n)) * scale, rng.normal(size=(1, 2 ** (n - 1))) * scale
    claim = Claim(n, p, Fraction(1, 10**6))
    found, _ = claim._together(cells, sizes, along, outputs, np.array([much]))
    at = rng.random((300, n - 1))
    at[:200] = np.where(rng.random((200, n - 1)) < 0.6, np.round(at[:200]), at[:200])  # edges and corners
    upper = cells.corners[0][:, 1:] == cells.high[0, 1:]
    weights = np.where(upper, at[:, None], 1 - at[:, None]).prod(axis=2)
    ratios, Q = low + np.insert(at, 0, 0, axis=1) * side, rng.uniform(sizes.low, sizes.high, 300)
    values = weights @ outputs[0] + Q * (ratios @ along[0])
    if not much:
        values += claim.variance * (n - 1 + (1 - Q * (ratios**2).sum(axis=1)) ** 2)
    assert found[0] <= values.min() + 1e-12


@settings(max_examples=30, deadline=None)
@given(N, P, SEEDS)
def test_one_output_loses_what_is_said_of_it(n, p, seed):
    """In each cell the output that loses most loses so much at least, with any bias: by descents along it."""
    rng = np.random.default_rng(seed)
    cells, claim = random_cell(n, p, rng, 2.0 ** -rng.integers(1, 5)), Claim(n, p, Fraction(1, 100))
    sizes = Sizes(np.array([0]), rng.uniform(0.2, 2, 1), np.zeros(1))
    sizes = sizes._replace(high=sizes.low + 2.0 ** -rng.integers(1, 6))
    found = pieces.first_pieces(cells, np.array([0]))
    size, piece, seen = np.zeros(len(found.z), dtype=int), np.arange(len(found.z)), []
    apart = claim._apart
    claim._apart = lambda *given: seen.append(apart(*given)) or seen[-1]
    claim._bounded(cells, sizes, size, found, piece, np.ones(1))
    for _ in range(3):
        ratios = cells.signs[0] * rng.uniform(cells.low[0], cells.high[0])
        weights = np.sqrt(rng.uniform(sizes.low, sizes.high)) * ratios
        losses = [least_of_output(weights, i, float(p)) for i in range(n)]
        assert seen[0][0] - claim.fewer <= max(losses) + 1e-9


def least_of_output(weights, i, p):
    """What an output loses with the best of many biases, and a descent from it."""
    features = gs.Features(len(weights), p, np.eye(len(weights))[i])

    def loss(b):
        biases = np.zeros(len(weights))
        biases[i] = b
        return gs.expected_loss(gs.ToyModel(weights[:, None], biases), features).value

    grid = np.linspace(-2, 2, 41)
    best = grid[np.argmin([loss(b) for b in grid])]
    return minimize_scalar(loss, bounds=(best - 0.1, best + 0.1), method="bounded", options={"xatol": 1e-9}).fun


@settings(max_examples=40, deadline=None)
@given(N, P, SEEDS)
def test_a_claim_above_the_loss_of_a_model_does_not_hold_in_its_cell(n, p, seed):
    """Models near the stored ones, where bounds are closest, and others, with nearly the best biases."""
    rng = np.random.default_rng(seed)
    place = STORED[n]["evidence"]["places"][PROBABILITIES.index(p)]
    weights, biases = (np.array(place[name], float) for name in ("weights", "biases"))
    if rng.random() < 0.5:
        weights = weights + 10.0 ** -rng.integers(1, 4) * rng.normal(size=n)
    else:
        weights = rng.normal(size=n) / rng.choice([1, 2])
    weights = weights[np.argsort(-abs(weights))] * np.sign(weights[np.argmax(abs(weights))])
    found = minimize(lambda b: exact_loss(weights, b, p), biases, method="Nelder-Mead", options={"maxfev": 300})
    side = np.append(0, 2.0 ** -rng.integers(1, 5, n - 1))
    low = np.append(1, np.floor(abs(weights / weights[0])[1:] / side[1:]) * side[1:])
    low = np.minimum(low, 1 - side)
    signs = np.where(weights < 0, -1.0, 1.0)
    cells = Cells(signs[None], low[None], (low + side)[None], float(p))
    least = Fraction(found.fun * (1 + 1e-9))
    if float(least) < min(n * (p / 3 - p * p / 4), FEWER[n][p] + 0.99 * p / 3):  # else it is refused
        claim = Claim(n, p, least)
        if claim.proved == least:
            assert not claim.holds(cells)[0]
        with limits(np.inf, np.inf):  # without what is known of digons
            assert not claim.holds(cells)[0]


@pytest.mark.parametrize("p", PROBABILITIES)
@pytest.mark.parametrize("n", FILES)
def test_dropping_small_weights_beside_a_digon_loses_nothing(n, p):
    """Models at the smallest z, or above, against what is left of the digon: by exact losses."""
    rng, gains = np.random.default_rng(n), []
    V, m = float(p / 3 - p * p / 4), float(p) / 2
    for _ in range(400):
        low = np.array([1, rng.uniform(0.5, 1), *np.sort(10.0 ** rng.uniform(-3, -0.7, n - 2))[::-1]])
        side, Q, wide = 10.0 ** rng.uniform(-6, -2), rng.uniform(0.5, 1.3), 10.0 ** rng.uniform(-6, -0.3)
        high = low + np.append(0, np.full(n - 1, side))
        signs = np.array([1.0, -1, *rng.choice([-1, 1], n - 2)])
        cells = Cells(signs[None], low[None], high[None], float(p))
        z = lowest(cells, np.array([0]), np.array([Q]), np.array([Q + wide]))[0]
        if np.isinf(z).any():
            continue
        at = rng.random(n + 1)
        at = np.round(at) if rng.random() < 0.5 else at  # corners
        weights = np.sqrt(Q + wide * at[n]) * signs * (low + at[:n] * (high - low))
        digon, small = weights[:2], weights[2:]
        z = (z + rng.choice([0, 0, 0.3], 2) * rng.random(2)) * abs(digon) * weights[0]
        other = m + rng.normal(size=n - 2) * rng.choice([0, 0.1])
        biases = np.append(z, other) - m * weights * weights.sum()
        more = exact_loss(weights, biases, p) - exact_loss(digon, z - m * digon * digon.sum(), p) - (n - 2) * V
        assert more >= -1e-14
        gains.append(more / (V * (small**2).sum()))
    assert len(gains) > 20
    assert min(gains) < 0.3  # little more than 0, so that a wrong bound would be seen


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_outputs_are_clipped_no_more_often_than_is_said(p):
    """The average over shifts, by sums over many shifts and values of the other feature."""
    rng, shifts, y = np.random.default_rng(0), (np.arange(60) + 0.5) / 60, (np.arange(400) + 0.5) / 400
    for _ in range(40):
        own, other, moved = rng.uniform(0.1, 1), rng.uniform(0.1, 1), 10.0 ** rng.uniform(-3, 0)
        edges = shifts[:, None] * moved - TRIED  # v + own x - other y is less than the shift if own x is less than ...
        alone = np.clip(edges / own, 0, 1)
        beside = np.mean([np.clip((edges + other * one) / own, 0, 1) for one in y], axis=0)
        if_present = (1 - p) * alone + p * beside
        if_absent = (1 - p) * (edges >= 0) + p * np.mean([edges + other * one >= 0 for one in y], axis=0)
        share = 2 * (1 - shifts[:, None]) / len(shifts)
        exact = [(share * each).sum(axis=0) for each in (if_present, (1 - p) * if_absent + p * if_present)]
        for bound, right in zip(_clipped(own, other, moved, p), exact, strict=True):
            assert (bound >= right - 3e-3).all()
            assert moved > 0.01 or (bound <= right + 3e-3)[moved <= TRIED].mean() > 0.9


@given(SEEDS, N)
def test_v_is_as_large_as_is_said_beside_a_digon(seed, n):
    """In the whole cell, without the other features and with them."""
    rng, p = np.random.default_rng(seed), 0.5
    low = np.array([1, rng.uniform(0.5, 0.9), *rng.uniform(0, 0.05, n - 2)])
    high = np.minimum(1, low + np.append(0, 10.0 ** rng.uniform(-4, -1.5, n - 1)))
    signs = np.array([1.0, -1, *rng.choice([-1, 1], n - 2)])
    cells, seen = Cells(signs[None], low[None], high[None], p), []
    with patch.object(dropped, "_clipped", lambda *given: seen.append(given[:3]) or _clipped(*given)):
        z = lowest(cells, np.array([0]), np.array([1.2]), np.array([1.21]))[0]
    if np.isinf(z).any():
        return
    at_least = z[1] + p / 2 - p / 2 * high[1]  # v of the second output, where nothing is present
    v = TRIED[np.argmin(abs(TRIED - at_least))]
    assert at_least >= v - 1e-12
    for _ in range(20):
        x = np.where(rng.random(n) < 0.6, np.round(rng.random(n)), rng.random(n)) - p / 2
        ratios = signs * (low + np.round(rng.random(n)) * (high - low))
        pair, rest = (ratios[:2] * x[:2]).sum(), (ratios[2:] * x[2:]).sum()
        for i, (own, other, moved) in enumerate(seen):
            steps = own.item() * (x[i] + p / 2) - other.item() * (x[1 - i] + p / 2)
            assert z[i] + (1, -1)[i] * pair >= v + steps - 1e-12
            assert abs(rest) <= moved.item() + 1e-12


def test_small_weights_are_not_dropped_where_they_are_worth_something():
    """A third weight of the best model at p = 0.1, and two weights of the same sign."""
    cells = Cells(np.array([[1.0, -1, 1]]), np.array([[1, 0.97, 0.34]]), np.array([[1, 0.98, 0.345]]), 0.1)
    assert np.isinf(lowest(cells, np.array([0]), np.array([1.08]), np.array([1.09]))).all()
    same = Cells(np.array([[1.0, 1, 1]]), np.array([[1, 0.97, 0]]), np.array([[1, 1, 1e-6]]), 0.5)
    assert np.isinf(lowest(same, np.array([0]), np.array([0.9]), np.array([0.91]))).all()


@pytest.mark.parametrize("p", PROBABILITIES[1:4])
def test_a_digon_is_closed_without_a_margin(p):
    """A cell that holds the best digon and a dropped feature, for just what they lose, and a little more."""
    place = STORED[3]["evidence"]["places"][PROBABILITIES.index(p)]
    claim, _, most = checker.place_of(place, 3)
    cells = Cells(np.array([[1.0, -1, 1]]), np.array([[1, 1 - 2**-9, 0]]), np.array([[1, 1, 2**-9]]), float(p))
    assert claim.claimed == most
    assert claim.proved < most < claim.proved + Fraction(2, 10**9)
    assert claim.holds(cells)[0]
    with limits(np.inf, np.inf):
        assert not claim.holds(cells)[0]
    more, z = Claim(3, p, most * (1 + Fraction(1, 10**6))), best_z(place, float(p))
    for both in ((9.0, -9.0), (-9.0, 9.0)):  # nothing is known of one output
        with limits(*both):
            assert not more.holds(cells)[0]
    for both in ((z[0] + 1e-9, -9.0), (-9.0, z[1] + 1e-9)):  # nothing is known of the best model
        with limits(*both):
            assert not more.holds(cells)[0]
    with limits(*z - 0.05):
        assert more.holds(cells)[0]


def limits(*z):
    """What is said of digons in all cells, in the place of what is right."""
    return patch.object(shared_cells, "lowest", lambda cells, cell, low, high: np.tile(z, (len(cell), 1)))


def best_z(place, p):
    """The z of the first two outputs of a place's model, in units of the weights."""
    weights, biases = (np.array(place[name], float) for name in ("weights", "biases"))
    return (biases + p / 2 * weights * weights.sum())[:2] / (abs(weights[:2]) * weights[0])


def test_pieces_below_a_limit_are_all_that_begin_there():
    """The piece with the best z counts if it begins below the limit, and not if it begins above it."""
    p, place = 0.5, STORED[3]["evidence"]["places"][2]
    cells = Cells(np.array([[1.0, -1, 1]]), np.array([[1, 1 - 2**-9, 0]]), np.array([[1, 1, 2**-9]]), p)
    claim, found = Claim(3, Fraction(1, 2), Fraction(9, 50)), pieces.first_pieces(cells, np.array([0]))
    sizes = Sizes(np.array([0]), np.array([0.93]), np.array([0.94]))
    size, piece = np.zeros(len(found.z), dtype=int), np.arange(len(found.z))
    z = best_z(place, p)[0]
    begin, seen = max(start for start, end in found.z[found.output == 0] if start < z < end), []

    def spy(cells, sizes, along, outputs, clipped, much, needed):
        seen.append(clipped[0, 0].min() - outputs[0, 0].min())
        return np.ones(1, dtype=bool)

    claim.least = 1.0  # so that nothing else is enough
    with patch.object(claim, "_dropping", spy):
        for limit in (begin - 1e-9, begin + 1e-9):
            with limits(limit, -9.0):
                claim._bounded(cells, sizes, size, found, piece, np.ones(1))
    assert seen[0] > 1e-3
    assert seen[1] == 0


@given(N, P, st.floats(0, 40), st.floats(-5, 5))
def test_outputs_alone(n, p, q, bias):
    """What an output loses at least, whatever the others send: by their worst constant."""
    b = bias * (1 + q)
    model = gs.ToyModel(np.array([[np.sqrt(q)]]), np.array([b]))
    claim = Claim(n, p, Fraction(1, 1000))
    assert claim.alone(np.array(q), np.array(q)) <= gs.expected_loss(model, gs.Features(1, float(p))).value + 1e-12


def test_cells_that_prove_nothing():
    claim = Claim(3, Fraction(3, 10), Fraction(1, 10))
    point = Cells(np.array([[1.0, -1, 1]]), np.array([[1, 0.7, 0.3]]), np.array([[1, 0.7 + 2**-7, 0.3]]), 0.3)
    with pytest.raises(ValueError, match="wider than nothing"):
        claim.holds(point)
