"""Three features on one axis: moments, losses and bounds against exact losses, and the certificate."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import geomsup as gs
from benchmarks.certificates import CHANGES, changed, check_changed_shared
from geomsup.optima.proved.certificates import LEAST
from geomsup.proofs.decoders.checker import AXIS
from geomsup.proofs.shared import checker, maker
from geomsup.proofs.shared.cells import DIGONS, Claim
from geomsup.proofs.shared.outputs import UNIT, Output, moments, of_sets

CERTIFICATES = Path(__file__).parents[2] / "docs" / "certificates"
STORED = json.loads((CERTIFICATES / "shared.json").read_text(encoding="utf-8"))
PROBABILITIES = st.sampled_from(sorted(DIGONS))
NUMBERS = st.integers(-8, 8).map(lambda one: Fraction(one, 8))


def exact_loss(weights, biases, p):
    """The package's own exact loss, which has other formulas."""
    model = gs.ToyModel(np.array(weights, float)[:, None], np.array(biases, float))
    return gs.expected_loss(model, gs.Features(3, float(p))).value


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.tuples(NUMBERS, NUMBERS, NUMBERS), PROBABILITIES)
def test_losses_of_models(weights, biases, p):
    assert float(checker.loss_of(p, weights, biases)) == pytest.approx(exact_loss(weights, biases, p), abs=1e-12)


@given(NUMBERS, st.tuples(NUMBERS, NUMBERS, NUMBERS), PROBABILITIES)
def test_moments(c, a, p):
    """E v v₊ from them is E v₊², which another formula gives."""
    mean, first = moments(int(c * UNIT), [int(one * UNIT) for one in a], [float(one) for one in of_sets(p)], (0, 1, 2))
    squared = sum(
        probable * checker._powers(c, [one for j, one in enumerate(a) if A >> j & 1])
        for A, probable in enumerate(of_sets(p))
    )
    total = float(c) * mean + sum(float(x) * one for x, one in zip(a, first, strict=True))  # E v v₊
    assert total == pytest.approx(float(squared), abs=1e-12)
    assert all(0 <= one <= mean for one in first)


@settings(max_examples=30)
@given(st.data(), PROBABILITIES, st.integers(0, 3))
def test_cells_are_bounded_from_below(data, p, which):
    """A bound on a cell and an interval of sizes is at most the exact loss of every model there."""
    step, signs = Fraction(1, 8), checker.SIGNS[which]
    r, t = (step * data.draw(st.integers(0, 7)) for _ in range(2))
    claim = Claim(p, Fraction(1, 1000))
    ends = [int(one * UNIT) for one in (r, r + step, t, t + step)]
    outputs = [Output(i, signs, ends, claim.p, claim.probable) for i in range(3)]
    size = data.draw(st.sampled_from(claim.sizes[:5]))
    rows = (1.0, 1.0), (float(r), float(r + step)), (float(t), float(t + step))
    least, _ = claim._least(outputs, rows, size)
    for output in outputs:
        output.halve(range(2, len(output.pieces)))
    closer, _ = claim._least(outputs, rows, size)
    for _ in range(10):
        Q = data.draw(st.floats(size.low, size.high))
        ratios = [1, *(data.draw(st.floats(*row)) for row in rows[1:])]
        weights = [np.sqrt(Q) * sign * one for sign, one in zip(signs, ratios, strict=True)]
        biases = data.draw(st.tuples(*[st.floats(-2, 2)] * 3))
        loss = exact_loss(weights, biases, p)
        assert max(least, closer) <= loss + 1e-10
        assert sum(claim.alone(w * w, w * w) for w in weights) <= loss + 1e-10


def test_digons_of_theorem_8_lose_more():
    facts = gs.verify(CERTIFICATES / "three.json").facts
    for p, least in DIGONS.items():
        assert least <= facts[f"digon {float(p)} from"]


def test_the_stored_certificate_at_one_probability():
    cells, least, most = checker.check_place(STORED["evidence"]["places"][1])
    assert cells > 300
    assert float(least) <= gs.optimum(gs.Features(3, 0.3), 1).loss <= float(most) + 1e-12


@pytest.mark.parametrize(("place", "p"), list(enumerate(map(float, DIGONS))))
def test_models_are_what_searches_find(place, p):
    _, _, most = checker.place_of(STORED["evidence"]["places"][place])
    assert float(most) == pytest.approx(gs.optimum(gs.Features(3, p), 1).loss, rel=1e-9)


def test_three_on_one_axis_lose_less_than_a_digon_and_a_dropped_feature():
    for place, p in ((0, Fraction(1, 10)), (4, Fraction(9, 10))):
        _, _, most = checker.place_of(STORED["evidence"]["places"][place])
        assert most < Fraction(DIGONS[p]) + p / 3 - p * p / 4


@pytest.mark.slow
def test_the_whole_stored_certificate():
    theorem = gs.verify(CERTIFICATES / "shared.json")
    assert theorem.boxes > 2000
    for p in DIGONS:
        found = gs.optimum(gs.Features(3, float(p)), 1).loss
        assert theorem.facts[f"{p} from"] <= found <= theorem.facts[f"{p} to"] + 1e-12
        least = theorem.facts[f"{p} from"]
        if p in AXIS:  # there the certificate of any decoders says more
            assert least <= LEAST[1][float(p)] <= found
        else:
            assert least - 2e-9 <= LEAST[1][float(p)] <= least


@pytest.mark.slow
def test_a_place_is_made_anew():
    assert maker.place_at(Fraction(3, 10), "0.01")["trees"][0]


@pytest.mark.parametrize("change", range(len(CHANGES)))
def test_changed_certificates_are_refused(change):
    certificate, refused = gs.Certificate.from_dict(STORED), 0
    for seed in range(100):
        name, data = changed(certificate, seed)
        if name == CHANGES[change].__name__:
            with pytest.raises(ValueError, match=r"must|are missing|numbers"):
                check_changed_shared(data, STORED)
            refused += 1
            if refused == 2:
                break
    assert refused


def test_what_is_not_one_of_the_probabilities():
    with pytest.raises(ValueError, match="the probability must be one of"):
        Claim(Fraction(1, 5), Fraction(1, 100))
    with pytest.raises(ValueError, match="less"):
        Claim(Fraction(1, 10), Fraction(1, 10))
