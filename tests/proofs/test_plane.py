"""Two features of unequal importance: each step of the proof against exact losses, and the certificate."""

from copy import deepcopy
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import assume, given, settings, strategies as st

import geomsup as gs
from benchmarks.certificates import CHANGES, changed, check_changed_strips
from geomsup.proofs.digon_checker import leaves
from geomsup.proofs.onset import is_near, onset
from geomsup.proofs.outputs import output
from geomsup.proofs.places import Place, local_of
from geomsup.proofs.plane import checker, maker
from geomsup.proofs.plane.checker import check_strip, strip_of, strips_of

PROBABILITY = st.floats(0.02, 0.98)
KNOWN = {0.37568: 0.3, 0.5: 0.535739, 0.95: 0.968968}  # where descents of `phase_diagram` cross, to 1e-5


def model_of(q_1, q_2, biases):
    return gs.ToyModel([[np.sqrt(q_1)], [-np.sqrt(q_2)]], np.array(biases))


def loss(model, p, importance):
    return gs.expected_loss(model, gs.Features(2, p, importance=[1.0, importance])).value


def bowl(delta, p):
    """T + (J - 1) v, from step 4."""
    y = delta - 1 + p / 2
    return (1 - 3 * p / 4) * y**2 / p - (1 - p) * delta**3 / 3


@given(PROBABILITY)
def test_the_onset_is_the_least_of_a_bowl(p):
    value, slope, delta = (float(one) for one in onset(arb(p)))
    grid = np.linspace(0, 1, 2001)
    least = bowl(grid, p).min()
    assert value == pytest.approx(1 + least / (1 / 3 - p / 4), abs=1e-5)
    assert bowl(delta, p) <= least + 1e-12
    beside = [float(onset(arb(p + way))[0]) for way in (1e-5, -1e-5)]
    assert slope == pytest.approx((beside[0] - beside[1]) / 2e-5, abs=1e-6)


@given(PROBABILITY, st.floats(-1.0, 2.0), st.floats(0.01, 1.0), st.floats(0.001, 0.9), st.floats(0.01, 0.99))
def test_losses_near_the_first_feature_alone(p, z, delta, share, price):
    """Equation (4): exact losses, and the same with the square taken out of T."""
    s = share * min(p / 2, 0.125)
    q_1 = 1 - z * s
    i, y, v = 1 / q_1, delta - 1 + p / 2, 1 / 3 - p / 4
    q_2 = s * s * i
    biases = (1 - delta) * s, p * (1 - q_2 + s) / 2
    more = loss(model_of(q_1, q_2, biases), p, price) - price * p * v
    R = price * v * i * (s * i - 2 * z) - p * (i + i * i) * delta**4 / 12
    T = (1 - price) * v + bowl(delta, p)
    assert more == pytest.approx(p * s * s * (T + (z + 1.5 * y) ** 2 / 3 + s * R), abs=1e-13)
    begins, _, best = (float(one) for one in onset(arb(p)))
    bent = (1 - 3 * p / 4) / p - (1 - p) * (delta + 2 * best) / 3
    assert pytest.approx(T, abs=1e-12) == (begins - price) * v + (delta - best) ** 2 * bent
    without = price * v * i * (3 * y + s * i * (1 - 3 * price * v)) - p * (i + i * i) * delta**4 / 12
    assert (z + 1.5 * y) ** 2 / 3 + s * R >= s * without - 1e-12


def test_boxes_near_the_first_feature_alone():
    """At p = 0.6 digons begin with small second weights, so all others lose; at p = 0.3 they do not."""
    with ctx.workprec(64):
        for p, is_steady in (("0.6", True), ("0.3", False)):
            delta = Fraction(float(onset(arb(p))[2]))
            z = -3 * (delta - 1 + Fraction(p) / 2) / 2
            around = [
                end for at in (Fraction(p), z, delta) for end in (at - Fraction(1, 10**4), at + Fraction(1, 10**4))
            ]
            assert is_near(tuple(around), arb(0), Fraction(1, 100)) == is_steady


@given(st.floats(0.05, 3.0), st.floats(0.05, 3.0), PROBABILITY, st.floats(0.01, 0.99))
def test_without_clipping_the_first_feature_alone_is_best(q_1, q_2, p, price):
    """The identity of step 1, by exact losses of models whose biases clip nothing."""
    s = np.sqrt(q_1 * q_2)
    biases = [s, s]
    Q, v = q_1 + q_2, 1 / 3 - p / 4
    shape = price + (1 - Q) ** 2 + (1 - price) * q_2 * (2 - Q)
    direct = (1 - q_1) ** 2 + s**2 + price * ((1 - q_2) ** 2 + s**2)
    assert shape == pytest.approx(direct, abs=1e-12)
    assert shape > price
    assert loss(model_of(q_1, q_2, biases), p, price) >= p * v * shape - 1e-12


@given(st.floats(0.2, 1.5), st.floats(0.01, 0.8), PROBABILITY)
def test_an_output_beyond_its_row_is_a_polynomial(q, share, p):
    """C of d > q and of d <= q are the same function: just above and below, and against balls of both."""
    s = q * (1 + share)
    c = share * q / (2 * p)
    assume(s - p * c > q)
    with ctx.workprec(64):
        thin = output(arb(q), arb(s), arb(c), arb(p))
        wide = output(arb(q, 0.5 * share * q), arb(s), arb(c, share * q / p), arb(p))  # e of either sign
        for name in ("G", "H", "K", "q", "s", "p", "qq", "qs", "ss", "qp", "sp", "qc", "sc", "pc"):
            assert getattr(wide, name).overlaps(getattr(thin, name)), name


def test_slopes_are_those_of_the_loss():
    """Of F(q_1) + J (F(q_2) - v), along p, log Q and log r, by differences of exact losses; both orders of the rows."""
    with ctx.workprec(64):
        strip = checker.Strip(
            *([Fraction(one) for one in ends] for ends in (("0.4", "0.5"), ("0.3", "0.5"), (), ())),
            Fraction(1, 20), Fraction(12),
        )  # fmt: skip

        def excess(p, Q, r, first):
            place = Place(tuple(Fraction(one) for one in (p, p, Q, Q, r, r)))
            both = place.both()
            norms = [float(one) for one in place.norms]
            biases = [p * float(one.bias) for one in both]
            order = (first, 1 - first)
            price = float(strip.price(place.p)[0])
            model = model_of(*(norms[k] for k in order), [biases[k] for k in order])
            return loss(model, p, price) / p - price * (1 / 3 - p / 4), place, both

        for p, Q, r, first in ((0.45, 1.6, 1.4, 1), (0.42, 1.2, 2.5, 0), (0.48, 1.7, 1.2, 1)):
            value, place, both = excess(p, Q, r, first)
            weighed = strip.weighed(place, both, strip.price(place.p), first)
            assert float(weighed[0].least + weighed[1].least) == pytest.approx(value, abs=1e-12)
            local, h = local_of(place, weighed), 1e-4
            along_p = excess(p + h, Q, r, first)[0] - excess(p - h, Q, r, first)[0]
            along_Q = excess(p, Q * np.exp(h), r, first)[0] - excess(p, Q * np.exp(-h), r, first)[0]
            along_r = excess(p, Q, r * np.exp(h), first)[0] - excess(p, Q, r * np.exp(-h), first)[0]
            found = [float(one) for one in local.slopes]
            assert found == pytest.approx([one / (2 * h) for one in (along_Q, along_r, along_p)], abs=1e-6)
            mixed = [
                local_of(at, strip.weighed(at, pair, strip.price(at.p), first)).at
                for _, at, pair in (excess(p + h, Q, r, first), excess(p - h, Q, r, first))
            ]
            changed_by_p = [float(a - b) / (2 * h) for a, b in zip(*mixed, strict=True)]
            assert [float(one) for one in local.mixed] == pytest.approx(changed_by_p, abs=1e-5)


def lines(plane, p):
    for strip in plane["evidence"]["strips"]:
        ends = list(map(float, strip["p"]))
        if ends[0] <= p <= ends[1]:
            begins = float(onset(arb(p))[0])
            return [
                np.interp(p, ends, list(map(float, strip[name]))) if strip[name] else begins
                for name in ("line", "upper")
            ]
    raise AssertionError(p)


@pytest.mark.parametrize(("p", "importance"), KNOWN.items())
def test_lines_hold_where_descents_cross(plane, p, importance):
    low, high = lines(plane, p)
    assert low - 2e-5 < importance < high + 2e-5
    assert high - low < 1.1e-3


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.05, 0.3, 0.48, 0.6, 0.75, 0.9, 0.98])
def test_descents_find_what_the_theorem_says(plane, p):
    low, high = lines(plane, p)
    below = gs.optimum(gs.Features(2, p, importance=[1.0, low - 1e-4]), 1, rng=0)
    assert below.loss == pytest.approx((low - 1e-4) * (p / 3 - p * p / 4), abs=1e-12)
    above = gs.optimum(gs.Features(2, p, importance=[1.0, high + 3e-3]), 1, rng=0)
    assert above.loss < (high + 3e-3) * (p / 3 - p * p / 4)
    assert above.model.W.prod() < 0
    assert (above.model.b > 0).all()


@given(st.lists(st.floats(-1.6, 1.6), min_size=4, max_size=4), PROBABILITY)
@settings(deadline=None)
def test_no_model_loses_less_below_the_line(plane, numbers, p):
    price = lines(plane, p)[0]
    model = gs.ToyModel(np.reshape(numbers[:2], (2, 1)), numbers[2:])
    assert loss(model, p, price) >= price * (p / 3 - p * p / 4) - 1e-12


@pytest.mark.slow
def test_the_stored_certificate_proves_its_theorem(plane):
    theorem = gs.verify(gs.Certificate.from_dict(plane))
    assert theorem.name == "two features of unequal importance"
    facts = theorem.facts
    assert facts["known from"] == 0.02
    assert facts["jump up to"] < 0.5203 < facts["steady from"]  # the slope of R at δ* vanishes at 0.52025 and 0.83732
    assert facts["steady up to"] < 0.8373 < facts["jump from"]
    assert facts["rest"] < 1e-3


def test_strips_are_made_as_they_are_stored(plane):
    stored = plane["evidence"]["strips"]
    with ctx.workprec(checker.PRECISION):
        for place in (12, len(stored) - 1):
            low, high = map(Fraction, stored[place]["p"])
            made = maker.strip_between(low, high, False)
            assert made["p"] == stored[place]["p"]
            for name in ("line", "upper"):
                assert list(map(float, made[name])) == pytest.approx(list(map(float, stored[place][name])), abs=2e-6)
            assert check_strip(strip_of(made), made) > 100


def test_a_whole_certificate_of_few_strips(monkeypatch):
    """`certify` and `verify` from end to end, with one strip in the place of all."""
    monkeypatch.setattr(maker, "JUMP", (("0.3", 1), ("0.31", 1)))
    monkeypatch.setattr(maker, "STEADY", (("0.31", 1),))
    monkeypatch.setattr(maker, "BEHIND", (("0.31", 1),))
    seen = []
    made = gs.certify(2, 1, unequal=True, progress=lambda stage, share: seen.append((stage, share)))
    assert seen == [("bisecting", 0.3)]
    with pytest.raises(ValueError, match=r"does not: the evidence must be three strips or more"):
        gs.verify(made)


def test_leaves_are_right(plane):
    """Values at random points of boxes with the reasons far and value, by exact losses."""
    rng = np.random.default_rng(0)
    for place in (10, 30, -3):
        data = plane["evidence"]["strips"][place]
        with ctx.workprec(64):
            strip = strip_of(data)
            for first, tree in ((1, "long"), (0, "short")):
                boxes = [box for letter, box in leaves(data[tree], strip.region) if letter in "vf"]
                for k in rng.permutation(len(boxes))[:40]:
                    p, Q, r = (
                        rng.uniform(float(a), float(b)) for a, b in zip(boxes[k][::2], boxes[k][1::2], strict=True)
                    )
                    q = Q / (r * r + 1)
                    if r * q <= float(strip.least):
                        continue
                    norms = (q, Q - q)
                    price = float(strip.price(arb(p))[0])
                    model = model_of(norms[first], norms[1 - first], rng.uniform(0, 1, 2) * r * q)
                    assert loss(model, p, price) > price * (p / 3 - p * p / 4)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_certificates_are_refused(change, plane):
    """`python -m benchmarks.certificates 300 plane` tries more."""
    certificate = gs.Certificate.from_dict(plane)
    seeds = (seed for seed in range(1000) if changed(certificate, seed)[0] == change.__name__)
    for seed, _ in zip(seeds, range(3), strict=False):
        with pytest.raises(ValueError, match="must "):  # of any place: the first that fails
            check_changed_strips(changed(certificate, seed)[1], plane)


def with_strip(plane, place, **change):
    data = deepcopy(plane)
    data["evidence"]["strips"][place].update(change)
    return data


@pytest.mark.parametrize(("change", "words"), [
    (lambda data: None, "about 2 features in 1 dimension"),
    (lambda data: data | {"evidence": {}}, "about 2 features in 1 dimension"),
    (lambda data: data | {"evidence": {"strips": []}}, "three strips or more"),
    (lambda data: data | {"evidence": {"strips": data["evidence"]["strips"][:-1]}}, "up to p = 1"),
    (lambda data: with_strip(data, 2, more=1), "a strip must have p, line"),
    (lambda data: with_strip(data, 2, line=[]), "two ends of p and of each line"),
    (lambda data: with_strip(data, 2, line=["0.1", "1.1"]), "prices between 0 and 1"),
    (lambda data: with_strip(data, 2, state=["-1.0"] * 4), "without negative biases"),
    (lambda data: with_strip(data, 2, least="0.2"), "least must be positive"),
    (lambda data: with_strip(data, 2, most="2.0"), "rows above most must lose more"),
    (lambda data: with_strip(data, 2, line=[], upper=[], state=[]), "lines first, then none"),
    (lambda data: with_strip(data, 0, line=["0.3", "0.4"]), "prices must be below the onset"),
    (lambda data: with_strip(data, 0, upper=["0.001", "0.001"]), "model must lose less"),
    (lambda data: with_strip(data, 0, long="v"), "must have the reason"),
    (lambda data: with_strip(data, 0, short="pf"), "boxes are missing"),
])  # fmt: skip
def test_errors_say_where_it_fails(plane, change, words):
    with pytest.raises(ValueError, match=words):
        checker.check_plane(change(plane))


def test_strips_in_another_order_are_refused(plane):
    strips = plane["evidence"]["strips"]
    with ctx.workprec(64):
        assert len(strips_of(plane)) == len(strips)
        swapped = {**plane, "evidence": {"strips": [strips[1], strips[0], *strips[2:]]}}
        with pytest.raises(ValueError, match="must follow each other"):
            strips_of(swapped)
