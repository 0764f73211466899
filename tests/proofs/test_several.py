"""Several active features: the bounds of the checker against exact losses, integrals and descents."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, strategies as st

import geomsup as gs
from geomsup.proofs import checker, sparse_checker
from geomsup.proofs.checker import PentagonAtTheLimit
from geomsup.proofs.limit import core_of_the_pentagon, ratio_of_the_pentagon
from geomsup.proofs.several import HARM, Range, at_the_pentagon, curvature, edges, least_of_pairs, moments
from geomsup.proofs.sparse_checker import Sublevel, Tilted, is_strongly_convex

WIDE = "1.15 1.64 0.12 0.29 1.11 1.41"
SMALL = "1.32 1.42 0.19 0.22 1.23 1.28"
P = 0.001


def range_of(text):
    return Range([Fraction(end) for end in text.split()])


def model_of(q, t, gaps):
    """Rows of norms² q in the plane with these gaps between them, and biases -t q."""
    angles = np.concatenate([[0.0], np.cumsum(gaps)[:-1]])
    W = np.sqrt(q)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return gs.ToyModel(W, -t * q)


def parts(model):
    """M_2 to M_5."""
    found = gs.expected_loss(model, gs.Features(5, P), by_active=True).by_active
    return [found[k] / (P**k * (1 - P) ** (5 - k)) for k in range(2, 6)]


def M(model):
    return sum(part * float(HARM) ** k for k, part in enumerate(parts(model)))


def drawn(rng, text):
    """A point of a range: gaps that add up to a turn."""
    low_q, high_q, low_t, high_t, first, last = map(float, text.split())
    while True:
        gaps = rng.uniform(first, last, 5)
        gaps *= 2 * np.pi / gaps.sum()
        if (gaps > first).all() and (gaps < last).all():
            return rng.uniform(low_q, high_q, 5), rng.uniform(low_t, high_t, 5), gaps


@pytest.fixture(scope="module")
def theorem():
    with ctx.workprec(checker.PRECISION):
        ratio = ratio_of_the_pentagon()
        return PentagonAtTheLimit(ratio, core_of_the_pentagon(ratio))


@pytest.mark.slow
def test_M_and_its_slopes_at_the_pentagon(theorem):
    with ctx.workprec(checker.PRECISION):
        q, t = theorem.facts()["norm"] ** 2, theorem.ratio
        value, along_q, along_t = (float(one) for one in at_the_pentagon(q, t))
    q, t = np.full(5, float(q)), np.full(5, float(t))
    gaps, step = np.full(5, 2 * np.pi / 5), 1e-4 * np.eye(5)[0]
    assert M(model_of(q, t, gaps)) == pytest.approx(value, rel=1e-9)
    slope = (M(model_of(q + step, t, gaps)) - M(model_of(q - step, t, gaps))) / 2e-4
    assert abs(slope) < along_q * (1 + 1e-5) < 1.01 * abs(slope)  # slopes of all sizes are added without signs
    slope = (M(model_of(q, t + step, gaps)) - M(model_of(q, t - step, gaps))) / 2e-4
    assert abs(slope) < along_t * (1 + 1e-5) < 1.01 * abs(slope)


@pytest.mark.slow
@pytest.mark.parametrize("text", [WIDE, SMALL])
def test_M_bends_down_no_more_than_the_bound(text):
    rng = np.random.default_rng(0)
    C = [float(one) for one in curvature(range_of(text))]
    for kind in [*range(15), *[None] * 30]:
        q, t, gaps = drawn(rng, text)
        v = rng.normal(size=15) if kind is None else np.eye(15)[kind]
        v[10:] -= v[10:].mean()
        v *= 2e-3 / np.linalg.norm(v)
        values = [M(model_of(q + s * v[:5], t + s * v[5:10], gaps + s * v[10:])) for s in (-1, 0, 1)]
        second = values[0] - 2 * values[1] + values[2]
        assert second >= -sum(c * (part**2).sum() for c, part in zip(C, np.split(v, 3), strict=True)) - 1e-12


def test_two_active_features_cost_at_least_the_bound():
    rng = np.random.default_rng(1)
    for text in (WIDE, SMALL):
        least = float(least_of_pairs(range_of(text)))
        assert least > 0
        assert all(parts(model_of(*drawn(rng, text)))[0] >= least for _ in range(20))


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [("near",), ("far",), ("near", "near"), ("near", "far")])
def test_moments_are_above_those_of_points(kinds):
    rng, at = np.random.default_rng(2), range_of(WIDE)
    own = len(kinds) == 1
    mean, with_x = moments([getattr(at, kind) for kind in kinds], own, at)
    for _ in range(20):
        q, t, _ = drawn(rng, WIDE)
        ratios = [rng.uniform(*(float(end) for end in (getattr(at, kind)[0].lower(), getattr(at, kind)[0].upper())))
                  for kind in kinds]  # fmt: skip
        x, y = rng.random((len(kinds), 4000)), rng.random(4000) * own
        u = q[0] * (y - t[0] + np.array(ratios) @ x)
        size = np.abs(y - u) * (u > 0)
        assert size.mean() <= float(mean) + 0.02  # sampling leaves 0.01
        assert all(((size * one).mean() <= float(bound) + 0.02) for one, bound in zip(x, with_x, strict=True))
        if own:
            x = (np.arange(4000) + 0.5) / 4000
            y = t[0] - ratios[0] * x
            inside = (y >= 0) & (y <= 1)
            found = [(y * x**k * inside).mean() for k in range(3)]
            assert all(
                one <= float(bound) + 1e-3 for one, bound in zip(found, edges(getattr(at, kinds[0]), at), strict=True)
            )


def test_slopes_of_tilted(theorem):
    weights = [Fraction("0.15"), Fraction("0.2"), Fraction("0.3")]
    q, best, mu = float(theorem.facts()["norm"] ** 2), float(theorem.ratio), float(theorem.mu)

    def G(t, angle):
        c = mpmath.cos(angle)
        S = (1 - t) ** 3 + 2 * max(c - t, mpmath.mpf(0)) ** 3 / c
        saved = ((1 - t) ** 2 * (2 + t) - 0.15 * q) ** 2 / (4 * (S - 0.075))
        lost = 0.15 * q**2 + 0.2 * (t - best) ** 2 + 0.3 * (angle - 2 * mpmath.pi / 5) ** 2
        return 1 - saved - lost / 2 + mu * (angle - 2 * mpmath.pi / 5)

    with ctx.workprec(checker.PRECISION):
        tilted = Tilted(ratio_of_the_pentagon(), theorem.core, weights)
        for t, angle in ((0.25, 1.2), (0.15, 1.3), (0.35, 1.25)):
            with mpmath.workdps(40):
                truth = [float(mpmath.diff(G, (t, angle), order)) for order in [(1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]]
                value = float(G(mpmath.mpf(t), mpmath.mpf(angle)))
            assert float(tilted.F(arb(t), arb(angle))) == pytest.approx(value, abs=1e-12)
            assert [float(one) for one in tilted.slopes(arb(t), arb(angle))] == pytest.approx(truth, abs=1e-9)
        least, place = tilted.F(theorem.ratio, theorem.angle), tilted.slopes(theorem.ratio, theorem.angle)
        assert abs(float(least - theorem.least)) < 1e-30
        assert max(abs(float(one)) for one in place[:2]) < 1e-30


def test_second_derivatives_of_a_range(monkeypatch):
    """Against eigenvalues in doubles at its corners."""
    at = range_of(SMALL)
    zero = arb(0), arb(0), arb(0)
    assert is_strongly_convex(at, zero)

    def psi(x):
        q, t, angle = x
        c = np.cos(angle)
        return 1 - (1 - t) ** 2 * (2 + t) * q + ((1 - t) ** 3 + 2 * (c - t) ** 3 / c) * q**2

    lowest, step = np.inf, 1e-3 * np.eye(3)
    ends = np.reshape([float(end) for end in SMALL.split()], (3, 2))
    for corner in np.ndindex(2, 2, 2):
        x = ends[range(3), corner]
        H = [[(psi(x + a + b) - psi(x + a - b) - psi(x - a + b) + psi(x - a - b)) / 4e-6 for b in step] for a in step]
        lowest = min(lowest, np.linalg.eigvalsh(H)[0])
    assert lowest > 0.05
    monkeypatch.setattr(sparse_checker, "MOST_PIECES", 2000)
    assert not is_strongly_convex(at, (arb(lowest + 0.2),) * 3)


@given(st.lists(st.floats(-0.12, 0.12), min_size=15, max_size=15))
def test_what_is_nearly_as_good_as_the_pentagon_is_in_the_range(numbers):
    """The first range of the certificate, for models at most 3 r M above H*."""
    state = gs.one_hot_state(5)
    W, b = state.model.W + np.reshape(numbers[:10], (5, 2)), state.model.b + numbers[10:]
    if gs.one_hot_loss(W, b).potential <= state.potential + 0.00737:
        q = (W**2).sum(axis=1)
        assert (q >= 1.1483).all()
        assert (q <= 1.6444).all()
        assert (-b / q >= 0.1159).all()
        assert (-b / q <= 0.2959).all()


def test_ranges_must_be_where_the_bounds_hold():
    for text in (
        "0.9 1.6 0.1 0.3 1.1 1.4",
        "1.1 1.6 0.0 0.3 1.1 1.4",
        "1.1 1.6 0.1 0.3 0.7 1.4",
        "1.1 1.6 0.1 0.3 1.1 1.6",
    ):
        with pytest.raises(ValueError, match="a range must have q > 1"):
            range_of(text)


def test_leaves_of_sublevels_are_right(theorem):
    with ctx.workprec(checker.PRECISION):
        ratio, at, delta = ratio_of_the_pentagon(), range_of(WIDE), arb("0.006")
        sublevel = Sublevel(ratio, theorem.core, at, delta)
        box = Fraction("0.2"), Fraction("0.2001"), Fraction("1.25"), Fraction("1.2501")
        assert sublevel.reason(box) == "n"
        assert sublevel.reason((Fraction(0), Fraction("0.01"), Fraction(0), Fraction("0.01"))) == "f"
        assert sublevel.reason((Fraction(0), Fraction(1), Fraction(0), Fraction("1.5"))) == ""
        narrow = Sublevel(ratio, theorem.core, range_of("1.38 1.4 0.12 0.29 1.11 1.41"), delta)
        assert narrow.reason(box) == ""


@pytest.mark.slow
def test_descents_find_what_the_theorem_says(small):
    """`small` is the stored theorem: best models at three probabilities are regular pentagons within its ends."""
    facts = gs.verify(small).facts
    for p in (1e-4, 3e-4, 1e-3):
        best = gs.optimum(gs.Features(5, p), 2, starts=6, rng=0).model
        norms = np.linalg.norm(best.W, axis=1)
        assert np.ptp(norms) < 1e-4
        assert facts["norm from"] < norms.min() < norms.max() < facts["norm to"]
        assert facts["bias from"] < best.b.min() < best.b.max() < facts["bias to"]
