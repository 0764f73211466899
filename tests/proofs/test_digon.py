"""Two features on one axis: each step of the proof against integrals and exact losses, and the certificate."""

from copy import deepcopy
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings, strategies as st
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

import geomsup as gs
from benchmarks.certificates import CHANGES, changed, check_changed
from geomsup.proofs import digon as maker, digon_checker
from geomsup.proofs.digon_checker import check_slice, leaves, slice_of, slices_of
from geomsup.proofs.outputs import best, best_bias, output, without_bias
from geomsup.proofs.places import Place, local_of

CROSSING = 0.7064036926732  # where descents in doubles cross


def g(v, q, p):
    """E (x - (q x + v)₊)², by its definition."""
    kink = [-v / q] if 0 < -v / q < 1 else None
    return (1 - p) * max(v, 0) ** 2 + p * quad(lambda x: (x - max(q * x + v, 0)) ** 2, 0, 1, points=kink)[0]


def error(q, a, b, p):
    """E (x_1 - (q x_1 + a x_2 + b)₊)²."""
    kinks = sorted(k for k in (-b / a, -(b + q) / a) if 0 < k < 1)
    return (1 - p) * g(b, q, p) + p * quad(lambda y: g(a * y + b, q, p), 0, 1, points=kinks or None)[0]


def least(q, a, p):
    """F(q, a), with the best bias between bounds that hold it."""
    ends = (-q - abs(a), q + abs(a) + 1)
    grid = np.linspace(*ends, 61)
    near = grid[np.argmin([error(q, a, b, p) for b in grid])]
    step = grid[1] - grid[0]
    found = minimize_scalar(lambda b: error(q, a, b, p), bounds=(near - step, near + step), method="bounded")
    return found.fun, found.x


def model_of(Q, r, c, p):
    first = Q / (r * r + 1)
    return gs.ToyModel([[np.sqrt(first)], [-r * np.sqrt(first)]], p * np.array(c))


def G(q, s, c, p):
    """The error of an output divided by p, from step 6 of the proof, for mpmath to differentiate."""
    d = max(s - p * c, mpmath.mpf(0))
    e = max(d - q, mpmath.mpf(0))
    V, D = p / 3 - p * p / 4, s - p * (1 - q + s) / 2
    C = (1 / q + 1 / q**2) * (d**4 - e**4) - 4 * e**3 / q
    whole = V * ((1 - q) ** 2 + s * s) + (s - p * c - D) ** 2
    return (whole - p * (1 - p) * d**3 / (3 * s) - p * p * C / (12 * s)) / p


POSITIVE = st.floats(0.05, 2.0)
PROBABILITY = st.floats(0.02, 0.98)


@given(POSITIVE, st.floats(1.0, 6.0), st.floats(0.0, 1.0), st.floats(0.0, 1.5), PROBABILITY)
def test_both_outputs_are_the_exact_loss(Q, r, one, other, p):
    first = Q / (r * r + 1)
    s = r * first
    c = np.array([one, other]) * s / p
    found = sum(float(output(*map(arb, (q, s, bias, p))).G) for q, bias in zip((first, Q - first), c, strict=True))
    assert p * found == pytest.approx(gs.expected_loss(model_of(Q, r, c, p), gs.Features(2, p)).value, abs=1e-12)


@given(st.floats(0.1, 2.0), st.floats(0.1, 2.0), st.floats(0.0, 1.2), PROBABILITY)
def test_derivatives(q, s, share, p):
    place = q, s, share * s / p, p
    d = s - p * place[2]
    if min(abs(d), abs(d - q)) < 1e-3:
        return  # mpmath would step over a kink of the third derivative
    found = output(*map(arb, place))
    orders = {
        "q": (1, 0, 0, 0), "s": (0, 1, 0, 0), "p": (0, 0, 0, 1), "qq": (2, 0, 0, 0), "qs": (1, 1, 0, 0),
        "ss": (0, 2, 0, 0), "qp": (1, 0, 0, 1), "sp": (0, 1, 0, 1),
    }  # fmt: skip
    with mpmath.workdps(40):
        truth = {name: float(mpmath.diff(G, place, order)) for name, order in orders.items()}
        along_c = [(0, 0, 1, 0), (0, 0, 2, 0), (1, 0, 1, 0), (0, 1, 1, 0)]
        c, cc, qc, sc = (float(mpmath.diff(G, place, order)) for order in along_c)
        pc = -float(mpmath.diff(lambda q, s, c, p: mpmath.diff(lambda z: G(q, s, z, p), c) / p, place, (0, 0, 0, 1)))
    assert {name: float(getattr(found, name)) for name in orders} == pytest.approx(truth, rel=1e-7, abs=1e-7)
    names = [float(getattr(found, name)) for name in ("H", "K", "qc", "sc", "pc")]
    assert names == pytest.approx([-c / p, cc / p, qc / p, sc / p, pc], rel=1e-6, abs=1e-6)


@given(*[st.tuples(st.floats(0.05, 3), st.sampled_from([0.0, 1e-3, 0.04]))] * 2, PROBABILITY, st.booleans())
def test_the_slope_along_the_bias_is_that_of_an_output_without_it(q, s, p, wide):
    """The same ball, so that boxes have the same letters."""
    balls = arb(*q), arb(*s), arb(p, 0.01 if wide else 0)
    slope, found = output(balls[0], balls[1], arb(0), balls[2]).H, without_bias(*balls)
    assert (found.mid(), found.rad()) == (slope.mid(), slope.rad())


@given(st.floats(0.1, 2.5), st.floats(-3.0, 3.0), PROBABILITY)
def test_the_formula_of_an_interval(q, v, p):
    t = -v / q
    if v >= 0:
        value = p * (1 - q) ** 2 / 3 - p * (1 - q) * v + v**2
    elif t <= 1:
        value = p / 3 * (1 - q * (1 - t) ** 2 * (2 + t) + q * q * (1 - t) ** 3)
    else:
        value = p / 3
    assert g(v, q, p) == pytest.approx(value, abs=1e-9)
    V, m = p / 3 - p * p / 4, p * (1 - q) / 2 if q <= 1 else -q * (q - 1) / (q + 1)
    lowest = (1 - q) ** 2 * V if q <= 1 else p / 3 * ((q - 1) / (q + 1)) ** 2
    assert g(m, q, p) == pytest.approx(lowest, abs=1e-9)
    assert value >= lowest - 1e-12


@given(st.floats(0.1, 2.5), st.floats(0.02, 0.98), PROBABILITY)
def test_slopes_on_the_left_are_smaller(q, share, p):
    """Statement (a), between the least value of g and p / 3."""
    m = mpmath.mpf(p) * (1 - q) / 2 if q <= 1 else -mpmath.mpf(q) * (q - 1) / (q + 1)

    def formula(v):
        t = -v / q
        below = mpmath.mpf(p) / 3 * (1 - q * (1 - t) ** 2 * (2 + t) + q * q * (1 - t) ** 3)
        return mpmath.mpf(p) * (1 - q) ** 2 / 3 - mpmath.mpf(p) * (1 - q) * v + v**2 if v >= 0 else below

    level = formula(m) + share * (mpmath.mpf(p) / 3 - formula(m))

    def point(near, far):
        for _ in range(80):
            middle = (near + far) / 2
            near, far = (middle, far) if formula(middle) < level else (near, middle)
        return near

    left, right = point(m, -mpmath.mpf(q)), point(m, m + 3)
    assert abs(mpmath.diff(formula, left)) <= mpmath.diff(formula, right) * (1 + mpmath.mpf(10) ** -6)
    assert m - left >= (right - m) * (1 - mpmath.mpf(10) ** -6)


@pytest.mark.slow
@settings(max_examples=15)
@given(st.floats(0.1, 1.8), st.floats(0.05, 1.5), PROBABILITY)
def test_negative_products_are_better_and_small_ones_too(q, s, p):
    """Steps 2 and 3, and where (b) says the best bias is."""
    negative, bias = least(q, -s, p)
    m = p * (1 - q) / 2 if q <= 1 else -q * (q - 1) / (q + 1)
    assert m - 1e-4 < bias < m + s + 1e-4
    assert negative <= least(q, s, p)[0] + 1e-9
    assert least(q, -s * 0.7, p)[0] <= negative + 1e-9


@given(st.floats(1.01, 5.0), st.floats(0.0, 0.99))
def test_integrals_of_step_5(q, t):
    k = q * t
    first = (1 - t) / 2 * ((q - 1) - (q + 1) * t)
    second = q / 6 * (1 - t) * (4 * (q - 1) - (5 * q + 1) * t + (q - 1) * t * t)
    assert quad(lambda x: q * x - k - x, t, 1)[0] == pytest.approx(first, abs=1e-9)
    assert quad(lambda x: (q * x - k - x) * (2 * q * x - k), t, 1)[0] == pytest.approx(second, abs=1e-8)


@given(st.floats(0.05, 2.0), st.floats(0.05, 2.0), PROBABILITY)
def test_best_biases(q, s, p):
    """The ball holds a zero of H, which is a best bias if it is positive."""
    with ctx.workprec(64):
        found = best(*((arb(x), arb(x)) for x in (p, q, s)))
    if found is None:
        assert best_bias(q, s, p) < 0  # H need not fall where biases are negative
        return
    b = p * float(found.bias)
    if b > 0:
        assert p * float(found.least) == pytest.approx(error(q, -s, b, p), abs=1e-8)
        assert error(q, -s, b, p) <= min(error(q, -s, b + way, p) for way in (-0.02, 0.02))


def test_slopes_of_a_box_hold_those_of_its_points():
    rng = np.random.default_rng(0)
    ends = [("0.5", "0.51", "1.8", "1.85", "1.0", "1.1"), ("0.9", "0.91", "1.0", "1.02", "2.3", "2.4")]
    with ctx.workprec(64):
        for box in (tuple(map(Fraction, one)) for one in ends):
            whole = Place(box)
            both = whole.both()
            local = local_of(whole, both)
            for _ in range(30):
                p, Q, r = (Fraction(rng.uniform(float(a), float(b))) for a, b in zip(box[::2], box[1::2], strict=True))
                point = Place((p, p, Q, Q, r, r))
                at = local_of(point, point.both())
                for k in range(3):
                    assert local.slopes[k].overlaps(at.slopes[k])
                    assert local.second[k].overlaps(at.second[k])
                assert local.combined(1.0, -0.5).overlaps(at.at[0] - at.at[1] / 2)
                value = sum(one.least for one in point.both())
                c = [float(one.bias) for one in point.both()]
                loss = gs.expected_loss(model_of(float(Q), float(r), c, float(p)), gs.Features(2, float(p))).value
                assert float(p) * float(value) == pytest.approx(loss, abs=1e-12)


def test_slopes_are_those_of_the_loss():
    """Along log Q and log r, by differences of exact losses at best biases."""

    def loss(p, Q, r):
        point = Place(tuple(Fraction(one) for one in (p, p, Q, Q, r, r)))
        c = [float(one.bias) for one in point.both()]
        return gs.expected_loss(model_of(Q, r, c, p), gs.Features(2, p)).value / p

    with ctx.workprec(64):
        for p, Q, r in ((0.5, 1.7, 1.3), (0.9, 1.05, 2.2), (0.72, 1.2, 1.9)):
            point = Place(tuple(Fraction(one) for one in (p, p, Q, Q, r, r)))
            local, h = local_of(point, point.both()), 1e-4
            up, down = np.exp(h), np.exp(-h)
            first = [loss(p, Q * up, r) - loss(p, Q * down, r), loss(p, Q, r * up) - loss(p, Q, r * down)]
            assert [float(one) for one in local.at] == pytest.approx([one / (2 * h) for one in first], abs=1e-6)
            here = 2 * loss(p, Q, r)
            QQ = loss(p, Q * up, r) + loss(p, Q * down, r) - here
            rr = loss(p, Q, r * up) + loss(p, Q, r * down) - here
            corners = [loss(p, Q * a, r * b) for a, b in ((up, up), (up, down), (down, up), (down, down))]
            Qr = (corners[0] - corners[1] - corners[2] + corners[3]) / 4
            assert [float(one) * h * h for one in local.second] == pytest.approx([QQ, Qr, rr], abs=1e-13)


@given(st.lists(st.floats(-1.6, 1.6), min_size=4, max_size=4), st.integers(0, 59))
@settings(deadline=None)
def test_no_model_loses_less_than_the_stated_ones(digon, numbers, place):
    data = digon["evidence"]["slices"][place]
    p = float(sum(map(Fraction, data["p"])) / 2)
    Q, r, *c = map(float, data["state"])
    features = gs.Features(2, p)
    stated = gs.expected_loss(model_of(Q, r, c, p), features).value
    assert gs.expected_loss(gs.ToyModel(np.reshape(numbers[:2], (2, 1)), numbers[2:]), features).value > stated - 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("p", [0.03, 0.2, 0.45, 0.52, 0.63, 0.7, 0.706, 0.707, 0.71, 0.78, 0.93, 0.99])
def test_descents_find_what_the_theorem_says(p):
    found = gs.optimum(gs.Features(2, p), 1, rng=0).model
    weights, biases = np.sort(np.abs(found.W.ravel())), found.b
    assert found.W.prod() < 0
    assert (biases > 0).all()
    if p < CROSSING:
        assert np.ptp(weights) < 1e-5
        assert np.ptp(biases) < 1e-5
    else:
        assert weights[1] / weights[0] > 1.7
    start = maker.EQUAL_START if p < CROSSING else maker.UNEQUAL_START
    with ctx.workprec(64):
        Q, r = maker.minimum(Fraction(p), start)
    assert (weights**2).sum() == pytest.approx(Q, abs=1e-5)
    assert weights[1] / weights[0] == pytest.approx(r, abs=1e-4)


def test_the_function_below_the_theorem():
    p = 0.5
    found = gs.optimum(gs.Features(2, p), 1, rng=0)
    q, d = float(found.model.W[0, 0] ** 2), float(found.model.W[0, 0] ** 2 - found.model.b[0])

    def L(q, d):
        V = p / 3 - p**2 / 4
        clipped = p * (1 - p) * d**3 / (3 * q) + p * p * (1 + q) * d**4 / (12 * q**3)
        return 2 * (V * ((1 - q) ** 2 + q * q) + (d - q + p / 2) ** 2 - clipped)

    assert L(q, d) == pytest.approx(found.loss, abs=1e-12)
    assert all(L(q + x, d + y) > L(q, d) for x, y in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)))


@pytest.mark.slow
def test_the_stored_certificate_proves_its_theorem(digon):
    theorem = gs.verify(gs.Certificate.from_dict(digon))
    assert theorem.name == "two features on one axis"
    assert theorem.facts["crossing from"] < CROSSING < theorem.facts["crossing to"]
    assert theorem.facts["crossing to"] - theorem.facts["crossing from"] < 1.1e-6


def test_slices_are_made_as_they_are_stored(digon):
    stored = digon["evidence"]["slices"]
    plan = maker.plan()
    assert len(plan) == len(stored)
    with ctx.workprec(digon_checker.PRECISION):
        for place in (3, 20, 40):
            kinds, low, high = plan[place]
            starts = {"equal": maker.EQUAL_START, "unequal": maker.UNEQUAL_START}
            states = {kind: maker.minimum((low + high) / 2, starts[kind]) for kind in kinds}
            made = maker.slice_between(low, high, states)
            assert [made[name] for name in ("p", "core")] == [stored[place][name] for name in ("p", "core")]
            assert list(map(float, made["state"])) == pytest.approx(list(map(float, stored[place]["state"])), abs=1e-9)
            assert check_slice(slice_of(made), made["tree"]) > 20


def test_a_whole_certificate_of_few_slices(digon, monkeypatch):
    """`certify` and `verify` from end to end, with slices that need few boxes in the place of most."""
    monkeypatch.setattr(maker, "plan", lambda: [(("equal",), Fraction(0), Fraction(1, 50))])
    seen = []
    made = gs.certify(2, 1, progress=lambda stage, share: seen.append((stage, share)))
    assert made.evidence["slices"][0]["tree"] == digon["evidence"]["slices"][0]["tree"]
    assert seen == [("bisecting", 0.0)]
    with pytest.raises(ValueError, match=r"does not: the evidence must be three slices or more"):
        gs.verify(made)


def test_leaves_of_slices_are_right(digon):
    """Reasons at random points of their boxes, in doubles."""
    rng = np.random.default_rng(0)
    for place in (20, 41, 50):
        data = digon["evidence"]["slices"][place]
        Q, r, *c = map(float, data["state"])
        with ctx.workprec(64):
            part = slice_of(data)
            boxes = leaves(data["tree"], (part.low, part.high, *digon_checker.REGION))
        for k in rng.permutation(len(boxes))[:150]:
            letter, box = boxes[k]
            p, at_Q, at_r = (rng.uniform(float(a), float(b)) for a, b in zip(box[::2], box[1::2], strict=True))
            first = at_Q / (at_r**2 + 1)
            s, norms = at_r * first, (first, at_Q - first)
            if letter == "b":
                biases = [best_bias(q, s, p) if q < 1 else -float(q > 1) for q in norms]
                below = [q > 1 and (error(q, -s, 1e-4, p) > error(q, -s, 0.0, p)) for q in norms]
                assert any(below), (box, biases)
            elif letter in "vf":
                U = gs.expected_loss(model_of(Q, r, c, p), gs.Features(2, p)).value
                assert s <= 0.05 or sum(least(q, -s, p)[0] for q in norms) > U - 1e-9


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_certificates_are_refused(change, digon):
    """`python -m benchmarks.certificates 300 digon` tries more."""
    certificate = gs.Certificate.from_dict(digon)
    seeds = (seed for seed in range(1000) if changed(certificate, seed)[0] == change.__name__)
    for seed, _ in zip(seeds, range(3), strict=False):
        with pytest.raises(ValueError, match="must "):  # of any place: the first that fails
            check_changed(changed(certificate, seed)[1], digon)


def with_slice(digon, place, **change):
    data = deepcopy(digon)
    data["evidence"]["slices"][place].update(change)
    return data


@pytest.mark.parametrize(("change", "words"), [
    (lambda data: None, "about 2 features in 1 dimension"),
    (lambda data: data | {"n_hidden": 2}, "about 2 features in 1 dimension"),
    (lambda data: data | {"evidence": {}}, "about 2 features in 1 dimension"),
    (lambda data: data | {"evidence": {"slices": []}}, "three slices or more"),
    (lambda data: data | {"evidence": {"slices": data["evidence"]["slices"][1:]}}, "from p = 0 to p = 1"),
    (lambda data: data | {"evidence": {"slices": data["evidence"]["slices"][:-1]}}, "from p = 0 to p = 1"),
    (lambda data: with_slice(data, 2, more=1), "a slice must have p, state"),
    (lambda data: with_slice(data, 2, equal=[]), "two ends of p, a state"),
    (lambda data: with_slice(data, 2, state=[1.0] * 4), "decimals in quotes"),
    (lambda data: with_slice(data, 2, state=["-1.0"] * 4), "have Q > 0, r >= 1"),
    (lambda data: with_slice(data, 2, state=["2.0", "1.0", "-0.001", "0.001"]), "no negative biases"),
    (lambda data: with_slice(data, -1, core=["1.0", "1.1", "1.0", "3.0"]), "a core must be of unequal norms"),
    (lambda data: with_slice(data, 2, p=["0.04", "0.03"]), "a slice must be of probabilities"),
    (lambda data: with_slice(data, 2, state=["0.5", "1.0", "0.0", "0.0"]), "lose less than the smallest"),
    (lambda data: with_slice(data, 2, core=["1.0", "1.1", "2.0", "3.0"]), "equal norms first, one of both"),
    (lambda data: with_slice(data, 0, tree="v"), "must have the reason"),
    (lambda data: with_slice(data, 0, tree="pf"), "boxes are missing"),
])  # fmt: skip
def test_errors_say_where_it_fails(digon, change, words):
    with pytest.raises(ValueError, match=words):
        digon_checker.check_digon(change(digon))


def test_slices_in_another_order_are_refused(digon):
    slices = digon["evidence"]["slices"]
    with ctx.workprec(64):
        assert len(slices_of(digon)) == len(slices)
        swapped = {**digon, "evidence": {"slices": [slices[1], slices[0], *slices[2:]]}}
        with pytest.raises(ValueError, match="must follow each other"):
            slices_of(swapped)
