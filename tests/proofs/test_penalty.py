"""Two features with a penalty: each step of the proof against exact losses, and the certificate."""

from copy import deepcopy
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings, strategies as st

import geomsup as gs
from benchmarks.certificates import CHANGES, changed, check_changed_penalty
from geomsup.proofs.digon_checker import leaves
from geomsup.proofs.penalty import checker, maker
from geomsup.proofs.penalty.checker import check_strip, continuous, most_of, strip_of, strips_of
from geomsup.proofs.places import Place, local_of

PROBABILITY = st.floats(0.02, 0.98)


def total(q_1, q_2, biases, p, penalty):
    """Exact loss with a penalty."""
    model = gs.ToyModel([[np.sqrt(q_1)], [-np.sqrt(q_2)]], np.array(biases))
    return gs.expected_loss(model, gs.Features(2, p)).value + penalty * q_1 * q_2


def alone(p):
    return p / 3 - p**2 / 4


@given(PROBABILITY)
def test_the_continuous_onset_has_its_slope(p):
    value, slope = (float(one) for one in continuous(arb(p)))
    beside = [float(continuous(arb(p + way))[0]) for way in (1e-5, -1e-5)]
    assert slope == pytest.approx((beside[0] - beside[1]) / 2e-5, abs=1e-6)
    delta = np.linspace(0, 1, 2001)  # Λ₀ is minus the least of this bowl
    bowl = (1 - 3 * p / 4) * (delta - 1 + p / 2) ** 2 / p - (1 - p) * delta**3 / 3
    assert value == pytest.approx(-bowl.min(), abs=1e-5)


@given(PROBABILITY, st.floats(-1.0, 2.0), st.floats(0.01, 1.0), st.floats(0.001, 0.9), st.floats(0.0, 0.9))
def test_losses_near_one_feature_alone(p, z, delta, share, price):
    """Equation (4) with J = 1, and the penalty added."""
    s = share * min(p / 2, 0.125)
    q_1 = 1 - z * s
    i, y, v = 1 / q_1, delta - 1 + p / 2, 1 / 3 - p / 4
    q_2 = s * s * i
    more = total(q_1, q_2, [(1 - delta) * s, p * (1 - q_2 + s) / 2], p, p * price) - p * v
    R = v * i * (s * i - 2 * z) - p * (i + i * i) * delta**4 / 12
    T = (1 - 3 * p / 4) * y**2 / p - (1 - p) * delta**3 / 3 + price
    assert more == pytest.approx(p * s * s * (T + (z + 1.5 * y) ** 2 / 3 + s * R), abs=1e-13)


@given(st.floats(0.01, 6.0), st.floats(0.01, 6.0), PROBABILITY)
def test_no_pair_is_worth_more_than_twice_what_a_feature_costs(q_1, q_2, p):
    """λ* <= 2 V, as F(q, -s) >= F(q, 0), which is (1 - q)² V to q = 1, and then p (q - 1)² / 3 (q + 1)²."""
    least = sum((1 - q) ** 2 * alone(p) if q < 1 else p / 3 * ((q - 1) / (q + 1)) ** 2 for q in (q_1, q_2))
    assert least + 2 * alone(p) * q_1 * q_2 >= alone(p) - 1e-12


@settings(max_examples=20)
@given(PROBABILITY, st.floats(0.0, 0.6), st.floats(0.3, 1.8), st.floats(1.0, 3.0))
def test_slopes_are_those_of_exact_losses(p, price, Q, r):
    """Values and slopes at a point, of (L + λ s²) / p - v with best biases, by exact losses."""
    with ctx.workprec(64):
        strip = checker.PenaltyStrip(
            (Fraction(1, 100), Fraction(1)), (Fraction(1, 2), Fraction(1, 4)), None, Fraction(1, 1000), Fraction(10**6)
        )
        strip.price = lambda p: (arb(price), arb(0))
        at = [Fraction(one) for one in (p, Q, r)]
        place = Place((at[0], at[0], at[1], at[1], at[2], at[2]))
        both = place.both()
        assert both is not None
        if min(float(one.bias) for one in both) <= 0:
            return
        weighed = strip.weighed(place, both, strip.price(place.p), 0)
        local = local_of(place, weighed)

        def loss(Q, r):
            q = Q / (r * r + 1)
            biases = [p * float(one.bias) for one in both]  # at the best biases slopes do not depend on them
            return total(q, Q - q, biases, p, p * price) / p

        assert float(weighed[0].least + weighed[1].least) == pytest.approx(loss(Q, r) - alone(p) / p, abs=1e-10)
        step = 1e-5
        by_Q = (loss(Q * np.exp(step), r) - loss(Q * np.exp(-step), r)) / (2 * step)
        by_r = (loss(Q, r * np.exp(step)) - loss(Q, r * np.exp(-step))) / (2 * step)
        assert [float(one) for one in local.at] == pytest.approx([by_Q, by_r], abs=1e-7)


def onset_at(strips, p):
    """The two numbers that λ* / p is between, at a probability of a strip."""
    strip = next(strip for strip in strips if strip.low <= p <= strip.high)
    above = float(strip.price(arb(p))[0])
    if not strip.line:
        return above, above
    return float((strip.below.at if strip.below else continuous)(arb(p))[0]), above


def test_optima_change_where_the_theorem_says(penalty):
    """`optimum` stores a pair below the lines, and one feature alone above them: 50 points."""
    with ctx.workprec(64):
        _, strips = strips_of(penalty)
        for p in np.linspace(0.035, 0.985, 25):
            low, high = onset_at(strips, p)
            assert high - low < 1.1e-3
            for price, pair in ((low - 0.004 * low - 1e-5, True), (high + 1e-3, False)):
                best = gs.optimum(gs.Features(2, p), 1, coherence=p * price)
                product = best.model.W[0, 0] * best.model.W[1, 0]
                assert (product < -1e-3) == pair
                assert (best.total < alone(p) * (1 - 1e-12)) == pair


def test_the_checked_certificate_proves_its_theorem(penalty, monkeypatch):
    """All lines, and every sixth strip but the first; `verify` checks all of them in a minute."""
    kept = set(range(2, len(penalty["evidence"]["strips"]), 6))
    strips = iter(range(len(penalty["evidence"]["strips"])))
    checked = checker.check_strip

    def some(strip, data):
        if next(strips) in kept:
            return checked(strip, data)
        strip.check()
        return 0

    monkeypatch.setattr(checker, "check_strip", some)
    monkeypatch.setenv("GEOMSUP_THREADS", "1")  # other processes would not know of this
    facts = gs.verify(gs.Certificate.from_dict(penalty)).facts
    assert facts["jump up to"] < 0.49835 < facts["steady from"]  # where descents to both kinds of digons cross
    assert facts["steady up to"] < 0.86645 < facts["jump from"]  # where δ*² = 3 (1 - p): R vanishes there
    assert facts["rest"] < 1e-3


def test_a_strip_is_made_as_it_is_stored(penalty):
    stored = penalty["evidence"]["strips"][-1]
    with ctx.workprec(checker.PRECISION):
        low, high = map(Fraction, stored["p"])
        made = maker.strip_between(low, high, False)
        for name in ("line", "lower"):
            assert list(map(float, made[name])) == pytest.approx(list(map(float, stored[name])), abs=2e-6)
        assert check_strip(strip_of(made), made) > 100


def test_a_whole_certificate_of_few_strips(monkeypatch):
    """`certify` and `verify` from end to end, with one strip in the place of all."""
    monkeypatch.setattr(maker, "JUMP", (("0.3", 1), ("0.31", 1)))
    monkeypatch.setattr(maker, "STEADY", (("0.31", 1),))
    monkeypatch.setattr(maker, "BEHIND", (("0.31", 1),))
    with pytest.raises(ValueError, match=r"does not: the evidence must be three strips or more"):
        gs.verify(gs.certify(2, 1, coherence=True))


def test_leaves_are_right(penalty):
    """Values at random points of boxes with the reasons far and value, by exact losses."""
    rng = np.random.default_rng(0)
    for place in (10, 40, -3):
        data = penalty["evidence"]["strips"][place]
        with ctx.workprec(64):
            strip = strip_of(data)
            boxes = [box for letter, box in leaves(data["tree"], strip.region) if letter in "vf"]
            for k in rng.permutation(len(boxes))[:60]:
                p, Q, r = (rng.uniform(float(a), float(b)) for a, b in zip(boxes[k][::2], boxes[k][1::2], strict=True))
                q = Q / (r * r + 1)
                if r * q > float(strip.least):
                    price = p * float(strip.price(arb(p))[0])
                    assert total(q, Q - q, rng.uniform(0, 1, 2) * r * q, p, price) > alone(p)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_certificates_are_refused(change, penalty):
    """`python -m benchmarks.certificates 300 penalty` tries more."""
    certificate = gs.Certificate.from_dict(penalty)
    seeds = (seed for seed in range(1000) if changed(certificate, seed)[0] == change.__name__)
    for seed, _ in zip(seeds, range(2), strict=False):
        with pytest.raises(ValueError, match="must "):  # of any place: the first that fails
            check_changed_penalty(changed(certificate, seed)[1], penalty)


def with_strip(penalty, place, **change):
    data = deepcopy(penalty)
    data["evidence"]["strips"][place].update(change)
    return data


def with_small(penalty, **change):
    data = deepcopy(penalty)
    data["evidence"]["small"].update(change)
    return data


@pytest.mark.parametrize(("change", "words"), [
    (lambda data: None, "about 2 features in 1 dimension"),
    (lambda data: data | {"evidence": {}}, "about 2 features in 1 dimension"),
    (lambda data: data | {"evidence": {"small": {}, "strips": []}}, "three strips or more"),
    (lambda data: data | {"evidence": data["evidence"] | {"strips": data["evidence"]["strips"][:-1]}}, "up to p = 1"),
    (lambda data: data | {"evidence": data["evidence"] | {"small": {}}}, "a lower line and its state"),
    (lambda data: with_small(data, lower=[], state=[]), "must have a lower line"),
    (lambda data: with_small(data, lower=["0.7", "0.7"]), "model must lose less"),
    (lambda data: with_small(data, lower=["0.1", "0.1"]), "must be above Λ₀"),
    (lambda data: with_small(data, lower=["0.0", "0.1"]), "must be positive"),
    (lambda data: with_small(data, state=["1.0"]), "two ends and a state of four"),
    (lambda data: with_strip(data, 2, more=1), "a strip must have p, line"),
    (lambda data: with_strip(data, 2, line=["0.1"]), "two ends of p and of its line"),
    (lambda data: with_strip(data, 2, line=["0.1", "1.1"]), "prices between 0 and 1"),
    (lambda data: with_strip(data, 2, line=[]), "needs a line above it"),
    (lambda data: with_strip(data, 2, least="0.2"), "least must be positive"),
    (lambda data: with_strip(data, 2, most="2.0"), "rows above most must lose more"),
    (lambda data: with_strip(data, 0, line=["0.3", "0.3"], lower=[], state=[]), "prices must be above Λ₀"),
    (lambda data: with_strip(data, 0, lower=["0.65", "0.65"]), "model must lose less"),
    (lambda data: with_strip(data, 0, tree="v"), "must have the reason"),
    (lambda data: with_strip(data, 0, tree="pf"), "boxes are missing"),
])  # fmt: skip
def test_errors_say_where_it_fails(penalty, change, words):
    with pytest.raises(ValueError, match=words):
        checker.check_penalty(change(penalty))


def test_strips_without_lower_lines_at_the_ends_are_refused(penalty, monkeypatch):
    monkeypatch.setattr(checker, "check_strip", lambda strip, data: 1)
    data = with_strip(penalty, -1, lower=[], state=[])
    with pytest.raises(ValueError, match="strips must have lower lines"):
        checker.check_penalty(data)


def test_the_upper_bound_is_twice_what_a_feature_costs():
    value, slope = most_of(arb(0.2))
    assert float(value) == pytest.approx(2 * alone(0.2) / 0.2)
    assert float(slope) == -0.5
