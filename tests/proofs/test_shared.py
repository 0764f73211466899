"""Three to five features on one axis: moments, losses and bounds against exact losses, and the certificates."""

import json
from copy import deepcopy
from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize, minimize_scalar

import geomsup as gs
from benchmarks.certificates import CHANGES, changed, check_changed_shared
from geomsup.optima.proved.certificates import LEAST
from geomsup.proofs.shared import cells as shared_cells, checker, dropped, maker, pieces
from geomsup.proofs.shared.cells import FEWER, PROBABILITIES, Claim, Sizes, _between
from geomsup.proofs.shared.dropped import TRIED, _clipped, lowest
from geomsup.proofs.shared.moments import clipped, tangent
from geomsup.proofs.shared.pieces import Cells, Pieces
from tests.proofs.integers import UNIT, moments, squared

CERTIFICATES = Path(__file__).parents[2] / "docs" / "certificates"
FILES = {3: ["shared"], 4: ["shared_4"], 5: [f"shared_5_{float(p)}" for p in PROBABILITIES]}
PLACES = [(n, place) for n in FILES for place in range(len(PROBABILITIES))]


def stored(name):
    return json.loads((CERTIFICATES / f"{name}.json").read_text(encoding="utf-8"))


def joined(certificates):
    """Return all places as if they were in one certificate."""
    return certificates[0] | {
        "evidence": {"places": [place for one in certificates for place in one["evidence"]["places"]]}
    }


STORED = {n: joined([stored(name) for name in names]) for n, names in FILES.items()}
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


@pytest.mark.parametrize("n", FILES)
def test_fewer_features_lose_as_much_as_other_certificates_say(n):
    facts = gs.verify(CERTIFICATES / "three.json").facts if n == 3 else {}
    for p, least in FEWER[n].items():
        if n == 3:
            assert least <= facts[f"digon {float(p)} from"]
        else:
            claim, _, _ = checker.place_of(STORED[n - 1]["evidence"]["places"][PROBABILITIES.index(p)], n - 1)
            assert Fraction(str(least)) <= claim.proved


@pytest.mark.parametrize(("n", "place"), [(3, 2), (4, 2)])
def test_the_stored_certificate_at_one_probability(n, place):
    cells, least, most = checker.check_place(STORED[n]["evidence"]["places"][place], n)
    assert cells > 60
    assert float(least) <= gs.optimum(gs.Features(n, float(PROBABILITIES[place])), 1).loss <= float(most) + 1e-12


@pytest.mark.parametrize(("n", "place"), PLACES)
def test_models_are_what_searches_find(n, place):
    p = PROBABILITIES[place]
    claim, _, most = checker.place_of(STORED[n]["evidence"]["places"][place], n)
    assert float(most) == pytest.approx(gs.optimum(gs.Features(n, float(p)), 1).loss, rel=1e-8)
    assert claim.proved - Fraction(2, 10**9) <= Fraction(str(LEAST[n, 1][float(p)])) <= claim.proved


@pytest.mark.parametrize("n", FILES)
@pytest.mark.parametrize("place", [0, 4])
def test_weights_on_one_axis_lose_less_than_fewer_features_and_a_dropped_one(n, place):
    """At p = 0.1 and 0.9, for all models of fewer features."""
    p = PROBABILITIES[place]
    _, _, most = checker.place_of(STORED[n]["evidence"]["places"][place], n)
    if n == 3:
        fewer = Fraction(FEWER[3][p])
    else:
        fewer = checker.place_of(STORED[n - 1]["evidence"]["places"][place], n - 1)[0].proved
    assert most < fewer + p / 3 - p * p / 4


def test_cells_that_prove_nothing():
    claim = Claim(3, Fraction(3, 10), Fraction(1, 10))
    point = Cells(np.array([[1.0, -1, 1]]), np.array([[1, 0.7, 0.3]]), np.array([[1, 0.7 + 2**-7, 0.3]]), 0.3)
    with pytest.raises(ValueError, match="wider than nothing"):
        claim.holds(point)


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 4])
def test_the_whole_stored_certificate(n):
    theorem = gs.verify(CERTIFICATES / f"{FILES[n][0]}.json")
    assert theorem.boxes > 1000
    assert theorem.statement.startswith(f"{n} features are present")
    assert " At those of them from 0.3 to 0.7 only the best digon of two features and" in theorem.statement
    assert (theorem.facts["digons from"], theorem.facts["digons up to"]) == (0.3, 0.7)
    for p in PROBABILITIES:
        found = gs.optimum(gs.Features(n, float(p)), 1).loss
        assert theorem.facts[f"{p} from"] <= found <= theorem.facts[f"{p} to"] + 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("p", PROBABILITIES)
def test_the_stored_certificates_of_five_features(p):
    theorem = gs.verify(CERTIFICATES / f"shared_5_{float(p)}.json")
    found, facts = gs.optimum(gs.Features(5, float(p)), 1).loss, theorem.facts
    assert theorem.boxes > 1000
    assert facts[f"{p} from"] <= found <= facts[f"{p} to"] + 1e-12
    assert len([name for name in facts if name.endswith((" from", " to"))]) == (4 if "digons from" in facts else 2)
    assert (" Only the best digon of two features and dropped" in theorem.statement) == (p in PROBABILITIES[1:3])
    assert f" to {facts[f'{p} to']:.12f} at p = {float(p)}." in theorem.statement


def test_five_features_have_a_certificate_at_each_probability(monkeypatch):
    """What is told, and what is refused; and one with a claim that is closed at once."""
    for wrong, words in (
        (None, "got None. Pass one"),
        (0.2, "got 0.2. Pass one"),
        ("x", "got text"),
        (True, "got 1.0"),
    ):
        with pytest.raises((ValueError, TypeError), match=f"`probability` must .*{words}"):
            gs.certify(5, 1, probability=wrong)
    with pytest.raises(ValueError, match=r"`probability` must be None for 4 features in 1 dimension.*got 0\.3\. Leave"):
        gs.certify(4, 1, probability=0.3)
    monkeypatch.setattr(maker, "GAPS", {5: {Fraction(9, 10): "0.9"}})
    seen = []
    made = gs.certify(5, 1, probability=1 - 0.1, progress=lambda stage, share: seen.append((stage, share)))
    assert {stage for stage, _ in seen} == {"bisecting"}
    assert seen == sorted(seen)
    assert seen[0][1] == 0
    assert seen[-1][1] <= 1
    found = list[gs.Theorem]()
    for processes in ("1", "2"):
        monkeypatch.setenv("GEOMSUP_THREADS", processes)
        found.append(gs.verify(made))
    theorem = found[0]
    assert str(theorem) == str(found[1])
    assert theorem.facts == found[1].facts
    low, high = (f"{theorem.facts[f'9/10 {name}']:.12f}" for name in ("from", "to"))
    assert theorem.statement.endswith(f" over all 5 weights and all 5 biases, is from {low} to {high} at p = 0.9.")


@pytest.mark.parametrize("places", [None, [], [None], [{"p": "0.2"}], STORED[5]["evidence"]["places"]])
def test_a_certificate_of_five_features_has_one_place(places):
    with pytest.raises(ValueError, match=r"one place, of p = 0\.1, 0\.3, 0\.5, 0\.7 or 0\.9"):
        checker.check_shared({**STORED[5], "evidence": {"places": places}})


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 4])
def test_a_place_is_made_anew(n):
    made = maker.place_at(n, Fraction(1, 2), "0.02")
    assert checker.check_place(made, n)[0] > 20


@pytest.mark.parametrize("n", FILES)
@pytest.mark.parametrize("change", range(len(CHANGES)))
def test_changed_certificates_are_refused(n, change):
    certificate, refused = gs.Certificate.from_dict(STORED[n]), 0
    for seed in range(100):
        name, data = changed(certificate, seed)
        if name == CHANGES[change].__name__:
            with pytest.raises(ValueError, match=r"must|are missing|numbers"):
                check_changed_shared(data, STORED[n])
            refused += 1
            if refused == 2:
                break
    assert refused


def test_what_is_not_claimed():
    with pytest.raises(ValueError, match="the probability must be one of"):
        Claim(3, Fraction(1, 5), Fraction(1, 100))
    with pytest.raises(ValueError, match="the probability must be one of"):
        Claim(6, Fraction(1, 10), Fraction(1, 100))
    with pytest.raises(ValueError, match="less"):
        Claim(3, Fraction(1, 10), Fraction(1, 10))
    with pytest.raises(ValueError, match="must be about 3, 4 or 5 features"):
        checker.check_shared({**STORED[3], "n_features": True})
    with pytest.raises(ValueError, match="must be about 4 features in 1 dimension"):
        checker.check_shared({**STORED[4], "n_hidden": 2})


@pytest.mark.parametrize(
    ("kept", "ends"), [((), None), ((1, 3), None), ((2,), ("0.5", "0.5")), ((1, 2), ("0.3", "0.5"))]
)
def test_where_only_digons_lose_the_least(kept, ends):
    """Gaps of 0 are kept at some places. What places themselves prove is not looked at here."""
    data = deepcopy(STORED[3])
    for number, place in enumerate(data["evidence"]["places"]):
        place["gap"] = place["gap"] if number in kept else "0.5"
    with patch.object(checker, "check_trees", lambda claim, trees: 1):
        if ends is None:
            with pytest.raises(ValueError, match=r"must have a digon, dropped features and no gap|next to each other"):
                checker.check_shared(data)
        else:
            facts = checker.check_shared(data)
            assert (facts["digons from"], facts["digons up to"]) == ends


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        ("vv", "must end where its cells do"),
        ("rv", "1 cells are missing"),
        ("uvv", "must have the letters rt, f and v"),
        ("rv" * 60 + "v", "must not be halved more often than doubles can"),
    ],
)
def test_trees_that_are_none(tree, words):
    with pytest.raises(ValueError, match=words):
        checker.leaves_of(tree, 3)


def test_a_reason_that_is_another_one():
    claim = Claim(3, Fraction(1, 2), Fraction(1, 1000))
    tree = "trvvv"  # in the second cell the third weight would be larger than the second one
    with pytest.raises(ValueError, match=r"ratios 0.000000 to 0.500000, 0.500000 to 1.000000 .*reason; got 'v'"):
        checker.check_trees(claim, [((1, 1, 1), "rtvvv"), ((1, 1, 1), tree)])
    assert checker.check_trees(claim, [((1, 1, 1), "rtvfv")]) == 3
