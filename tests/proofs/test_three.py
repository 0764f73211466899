"""A digon and a row of its own against the triangle: each step against exact losses, and the certificate."""

from copy import deepcopy
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize

import geomsup as gs
from benchmarks.certificates import CHANGES, changed, check_changed_three
from geomsup.proofs.checker import between
from geomsup.proofs.digon_checker import REGION, leaves
from geomsup.proofs.three import checker, maker, triangle as triangles
from geomsup.proofs.three.pairs import Against, Digons
from geomsup.proofs.three.triangle import least, lost, saved

PROBABILITY = st.floats(0.02, 0.98)
ROWS = np.array([[1.0, 0.0], [-0.5, np.sqrt(0.75)], [-0.5, -np.sqrt(0.75)]])


def triangle(q, beta, p):
    """Exact loss of a triangle."""
    return gs.expected_loss(gs.ToyModel(np.sqrt(q) * ROWS, np.full(3, beta * q)), gs.Features(3, p)).value


@given(st.floats(0.1, 2.0), st.floats(-0.9, 0.95), PROBABILITY)
def test_losses_of_triangles(q, beta, p):
    value, slope = (float(one) for one in lost(arb(q), arb(beta), arb(p)))
    assert p * value == pytest.approx(triangle(q, beta, p), abs=1e-12)
    beside = [float(lost(arb(q), arb(beta), arb(p + way))[0]) for way in (1e-5, -1e-5)]
    assert slope == pytest.approx((beside[0] - beside[1]) / 2e-5, rel=1e-5, abs=1e-5)


@given(st.floats(-0.7, 0.95), PROBABILITY, st.floats(0.0, 0.5))
def test_the_best_norm_of_a_triangle(beta, p, penalty):
    found = saved(arb(beta), arb(p), arb(penalty))
    q, total = float(found.q), lambda q: triangle(q, beta, p) + 0.75 * penalty * q * q
    if q > 0:
        assert total(q) == pytest.approx(p - 0.75 * p * float(found.N), abs=1e-12)
        assert total(q) <= min(total(0.99 * q), total(1.01 * q))


@given(st.floats(-0.7, 0.95), PROBABILITY, st.floats(0.0, 0.5))
def test_slopes_of_what_the_best_norm_saves(beta, p, penalty):
    at, step = (beta, p, penalty), 1e-6

    def change(name, axis):
        beside = [saved(*(arb(one + way * step * (k == axis)) for k, one in enumerate(at))) for way in (1, -1)]
        return (float(getattr(beside[0], name)) - float(getattr(beside[1], name))) / (2 * step)

    here = saved(*map(arb, at))
    assert float(here.by_p) == pytest.approx(change("N", 1), abs=1e-5)
    if abs(beta) > 2 * step:  # A_0 jumps at 0
        assert float(here.slope) == pytest.approx(change("N", 0), abs=1e-6)
        assert float(here.bend) == pytest.approx(change("E", 0), abs=1e-5)
    assert float(here.E_p) == pytest.approx(change("E", 1), abs=1e-5)
    assert float(here.E_penalty) == pytest.approx(change("E", 2), abs=1e-5)


@pytest.mark.parametrize(("p", "penalty"), [(0.05, 0.0), (0.3, 0.0), (0.5, 0.012), (0.8, 0.0), (0.95, 0.0001)])
def test_the_best_triangle(p, penalty):
    """By a descent in q and β, from several starts."""

    def total(x):
        return triangle(x[0], x[1], p) + 0.75 * penalty * x[0] ** 2 if x[0] > 0 else 1.0

    options = {"xatol": 1e-9, "fatol": 1e-14}
    found = [minimize(total, (0.9, beta), method="Nelder-Mead", options=options).fun for beta in (-0.2, 0.1, 0.6)]
    known = least(arb(p), arb(penalty))
    assert p * float(known.loss) == pytest.approx(min(found), abs=1e-10)
    assert float(known.loss.rad()) < 1e-9


def test_a_ball_of_probabilities_holds_each_of_them():
    with ctx.workprec(64):
        whole = least(between(Fraction(3, 10), Fraction(301, 1000)), between(Fraction(0), Fraction(1, 1000)))
        for p, penalty in ((0.3, 0.0), (0.3004, 0.0007), (0.301, 0.001)):
            one = least(arb(p), arb(penalty))
            assert whole.ends[0] <= one.ends[0]
            assert one.ends[1] <= whole.ends[1]
            assert whole.loss.contains(one.loss.mid())
            assert whole.by_p.contains(one.by_p.mid())


def test_the_inequality_for_small_probabilities():
    """Step 2: at p = 0.005 three parts of the norm², each with the least error that the page says."""
    p, third = Fraction(5, 1000), Fraction(1, 3)

    def pair(s):
        return s**2 / 3 - s**3 / 6

    assert 6 * pair(Fraction(19, 40)) * (1 - p) ** 2 / (1 + p) > third
    alone, both = (1 - p) ** 2 / p, 2 * (1 - p)
    assert 3 * alone * Fraction(1, 10) ** 2 / 12 > third
    eta, root = Fraction(1, 20) / Fraction(3465, 1000), Fraction(228, 1000)  # √12 < 3.465, T(0.45) > 0.228²
    assert Fraction(3465, 1000) ** 2 > 12
    assert pair(Fraction(9, 20)) > root**2
    assert 2 * p / (1 + p) * Fraction(1, 4) < eta  # T(s) <= 1/16 for s <= 1/2: errors grow with η from there
    assert 3 * (alone * eta**2 + both * (root - eta) ** 2) > third


@settings(max_examples=10)
@given(st.floats(0.05, 0.95), st.floats(0.0, 0.1), st.floats(0.5, 1.8), st.floats(1.0, 2.0))
def test_losses_of_digons_with_a_penalty(p, penalty, Q, r):
    with ctx.workprec(64):
        at = [Fraction(one) for one in (p, Q, r)]
        part = Digons.__new__(Digons)
        part.penalty = arb(penalty)
        found = part.local((at[0], at[0], at[1], at[1], at[2], at[2]))
        assert found is not None
        both, local = found
        biases = [float(one.bias) for one in both]
        if min(biases) <= 0:
            return

        def total(p, Q, r):
            q = Q / (r * r + 1)
            model = gs.ToyModel([[np.sqrt(q)], [-np.sqrt(Q - q)]], p * np.array(biases))
            return (gs.expected_loss(model, gs.Features(2, p)).value + penalty * q * (Q - q)) / p

        assert float(both[0].least + both[1].least) == pytest.approx(total(p, Q, r), abs=1e-12)
        step = 1e-5
        for slope, way in zip(local.slopes, ((0, 1, 0), (0, 0, 1), (1, 0, 0)), strict=True):
            ends = [
                total(p + sign * step * way[0], Q * np.exp(sign * step * way[1]), r * np.exp(sign * step * way[2]))
                for sign in (1, -1)
            ]
            assert float(slope) == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-6)


@pytest.fixture(scope="session")
def known(three):
    """What is known of the places of the stored certificate, so that only changed ones are computed again.

    Three of four slices behind the tie are believed here; `verify` checks all in 20 s.
    """
    behind = three["evidence"]["behind"]
    found = {f"check_behind{data}": 1000 for number, data in enumerate(behind) if number % 4}
    check_changed_three(three, found)
    return found


@pytest.fixture(scope="session")
def proved(three, known):
    """What the checker returns."""
    return check_changed_three(three, known)


@pytest.fixture(scope="session")
def facts(proved):
    """What the certificate proves, as numbers."""
    return {name: float(fact) for name, fact in proved.items()}


def test_the_statement_of_the_theorem(three, proved, monkeypatch):
    monkeypatch.setattr(checker, "check_three", lambda data, told, each: proved)
    theorem = gs.verify(gs.Certificate.from_dict(three))
    assert "one p* between 0.521837 and 0.521838" in theorem.statement
    assert theorem.boxes > 10_000
    assert theorem.facts["tie to"] == 0.521838


def test_the_checked_certificate_proves_its_theorem(facts):
    assert facts["tie from"] < 0.52183766 < facts["tie to"]  # where losses of descents cross
    for p in (0.1, 0.3, 0.5, 0.7, 0.9):
        pair = gs.optimum(gs.Features(2, p), 1).loss
        assert facts[f"digon {p} from"] - 1e-10 <= pair <= facts[f"digon {p} to"] + 1e-10
        best = gs.optimum(gs.Features(3, p), 2).loss
        assert best == pytest.approx(min(pair, facts[f"triangle {p} to"]), abs=2e-9)


def test_the_coherence_of_optima_with_a_penalty(facts):
    """At p = 1/2 the optimum is a digon below the tie, and a triangle above it."""
    features, (low, high) = gs.Features(3, 0.5), (facts["penalty from"], facts["penalty to"])
    for penalty, cosine in ((0.0, 1.0), (0.9 * low, 1.0), (1.1 * high, 0.5), (0.012, 0.5), (0.018, 0.5)):
        W = gs.optimum(features, 2, coherence=penalty).model.W
        W = W / np.linalg.norm(W, axis=1, keepdims=True)
        assert np.abs(W @ W.T)[~np.eye(3, dtype=bool)].max() == pytest.approx(cosine, abs=1e-4)


def test_a_whole_certificate_of_few_slices(monkeypatch):
    """`certify` and `verify` from end to end, with one slice on each side."""
    monkeypatch.setattr(maker, "BEFORE", [Fraction(3, 10), Fraction(31, 100)])
    monkeypatch.setattr(maker, "BEHIND", [Fraction(7, 10), Fraction(71, 100)])
    seen = []
    made = gs.certify(3, 2, progress=lambda stage, share: seen.append(share))
    assert seen == sorted(seen)
    with pytest.raises(ValueError, match=r"does not: the slices must follow each other"):
        gs.verify(made)


def test_leaves_are_right(three):
    """Values at random points of boxes with the reasons far and value, by exact losses."""
    rng = np.random.default_rng(0)
    for data in (three["evidence"]["behind"][10], three["evidence"]["behind"][-1]):
        low, high = map(Fraction, data["p"])
        beta, q = map(float, data["state"])
        boxes = [box for letter, box in leaves(data["tree"], (low, high, *REGION)) if letter in "vf"]
        for k in rng.permutation(len(boxes))[:60]:
            p, Q, r = (rng.uniform(float(a), float(b)) for a, b in zip(boxes[k][::2], boxes[k][1::2], strict=True))
            first = Q / (r * r + 1)
            model = gs.ToyModel([[np.sqrt(first)], [-np.sqrt(Q - first)]], rng.uniform(0, 1, 2) * r * first)
            assert gs.expected_loss(model, gs.Features(2, p)).value > triangle(q, beta, p)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changed_certificates_are_refused(change, three, known):
    """`python -m benchmarks.certificates 300 three` tries more."""
    certificate = gs.Certificate.from_dict(three)
    seeds = (seed for seed in range(1000) if changed(certificate, seed)[0] == change.__name__)
    for seed, _ in zip(seeds, range(4), strict=False):
        with pytest.raises(ValueError, match="must "):  # of any place: the first that fails
            check_changed_three(changed(certificate, seed)[1], known)


def with_part(three, name, place, **change):
    data = deepcopy(three)
    data["evidence"][name][place].update(change)
    return data


def without(three, **parts):
    return {**three, "evidence": {**three["evidence"], **parts}}


@pytest.mark.parametrize(("change", "words"), [
    (lambda data: None, "about 3 features in 2 dimensions"),
    (lambda data: data | {"evidence": {}}, "about 3 features in 2 dimensions"),
    (lambda data: without(data, points=[]), "the evidence must be 5 points"),
    (lambda data: without(data, before=[]), "must have slices before the tie"),
    (lambda data: without(data, behind=data["evidence"]["behind"][:-1]), "slices must follow each other"),
    (lambda data: with_part(data, "behind", 3, p=5), "must have two ends of p"),
    (lambda data: with_part(data, "points", 0, more=1), "a place must have p, penalty"),
    (lambda data: with_part(data, "points", 0, p=["0.1"]), "a place must have two ends of p"),
    (lambda data: with_part(data, "points", 0, p=["0.0", "0.1"]), "probabilities above 0"),
    (lambda data: with_part(data, "points", 0, state=["1.0", "0.5", "0.1", "0.1"]), "a state must have Q > 0"),
    (lambda data: with_part(data, "points", 0, state=["9.0", "1.0", "0.1", "0.1"]), "must lose less than the smallest"),
    (lambda data: with_part(data, "points", 0, tree="m"), "must have the reason"),
    (lambda data: with_part(data, "points", 0, penalty="0.001"), "must have the reason|without a penalty"),
])  # fmt: skip
def test_errors_say_where_it_fails(three, change, words):
    with pytest.raises(ValueError, match=words):
        checker.check_three(change(three))


def test_orders_of_the_tie(three):
    """Places of the tie in another order, and with other penalties."""
    check = checker.check_tie
    with ctx.workprec(checker.PRECISION):
        left, right, whole, dear = [checker.check_place(data) for data in three["evidence"]["tie"]]
        check((left, right, whole, dear))
        for places, words in (
            ((right, left, whole, dear), "between two probabilities"),
            ((left, right, dear, dear), "of all probabilities between them"),
            ((left, right, whole, dear._replace(penalty=Fraction(0))), "one place of the tie must have a penalty"),
            ((left, right._replace(digons=left.digons), whole, dear), "digons must be better at the first"),
            ((left, right, whole, dear._replace(digons=whole.digons)), "must cost digons more"),
        ):
            with pytest.raises(ValueError, match=words):
                check(places)


def test_orders_of_penalties(three):
    check, evidence = checker.check_penalties, three["evidence"]
    with ctx.workprec(checker.PRECISION):
        none, low, high, far = [checker.check_place(one) for one in (evidence["points"][2], *evidence["penalised"])]
        check((none, low, high, far))
        for places, words in (
            ((none, low, high, far._replace(ends=(Fraction(1, 3), Fraction(1, 3)))), "must have p = 1/2"),
            ((none, high, low, far), "penalties must grow"),
            ((none, low, high._replace(digons=low.digons), far), "digons must be better at the first penalty"),
            ((none, low, high, far._replace(digons=high.digons)), "must cost digons more"),
        ):
            with pytest.raises(ValueError, match=words):
                check(places)


@pytest.mark.parametrize(("check", "data", "words"), [
    (checker.check_before, {}, "must have p and a state"),
    (checker.check_before, {"p": ["0.6", "0.6"], "state": ["1.5", "1.0", "0.37", "0.37"]}, "triangles must lose more"),
    (checker.check_behind, {}, "must have p, a state, and a tree"),
    (checker.check_behind, {"p": ["0.6"], "state": [], "tree": ""}, "two ends of p, and a state of two"),
    (checker.check_behind, {"p": ["0.6", "0.61"], "state": ["0.3", "0.85"], "tree": "m"}, "must have the reason"),
])  # fmt: skip
def test_slices_that_prove_nothing(check, data, words, monkeypatch):
    monkeypatch.setattr(triangles, "MOST_PIECES", 500)
    with ctx.workprec(checker.PRECISION), pytest.raises(ValueError, match=words):
        check(data)


def test_a_triangle_that_loses_too_much_is_no_state():
    with pytest.raises(ValueError, match="the state must lose less"):
        Against((Fraction(6, 10), Fraction(61, 100)), [Fraction(3, 10), Fraction(2)])
