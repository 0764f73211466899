"""The lemmas of docs/theorems.md against integrals and against models: what the checker takes for granted."""

import ast
from itertools import pairwise
from pathlib import Path

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, strategies as st
from scipy.integrate import quad

import geomsup as gs
from geomsup.proofs import checker, digon_checker, outputs, places, several, sparse_checker
from geomsup.proofs.checker import PentagonAtTheLimit as Pentagon

ratios, angles = st.floats(0.0, 0.99), st.floats(0.0, 1.5)


def own(q, b):
    """D(q, b) by quadrature."""
    turns = sorted({0.0, 1.0, *([-b / q] if q and 0 < -b / q < 1 else [])})
    parts = pairwise(turns)
    return sum(3 * quad(lambda x: (x - max(q * x + b, 0)) ** 2, low, high, epsabs=1e-12)[0] for low, high in parts)


def other(a, b):
    """O(a, b) by quadrature."""
    turns = sorted({0.0, 1.0, *([-b / a] if a and 0 < -b / a < 1 else [])})
    parts = pairwise(turns)
    return sum(3 * quad(lambda x: max(a * x + b, 0) ** 2, low, high, epsabs=1e-12)[0] for low, high in parts)


def R(t, c):
    return float(Pentagon.R(arb(t), arb(c)).mid())


@given(ratios, angles, st.floats(0.05, 4.0))
def test_no_norm_has_less_than_the_formula(t, angle, q):
    """Step 4: the bracket is least at the q of the page, where it is 1 - R."""
    x = float(np.cos(angle))
    u, shared = 1 - t, max(x - t, 0) ** 3 / x
    best = u**2 * (2 + t) / (2 * u**3 + 4 * shared)
    assert own(best, -t * best) + 2 * other(x * best, -t * best) == pytest.approx(1 - R(t, x), abs=1e-9)
    assert own(q, -t * q) + 2 * other(x * q, -t * q) >= 1 - R(t, x) - 1e-9


@given(st.floats(0.05, 0.999), st.floats(0.01, 3.0), st.floats(0.001, 3.0))
def test_positive_biases_are_never_as_good_as_none(x, q, b):
    assert own(q, b) + 2 * other(x * q, b) > 1 - R(0.0, x)


@given(st.floats(0.0, 3.0), st.floats(-3.0, 3.0), st.floats(0.0, 3.0))
def test_a_row_that_another_dominates_costs_a_half(q, b, more):
    assert own(q, b) + other(q + more, b) >= 0.5 - 1e-9


@given(st.floats(0.0, 6.0), st.floats(-6.0, 6.0))
def test_norms_are_bounded(q, b):
    if own(q, b) <= 0.25:
        assert q <= 3.0 + 1e-9
        assert -q < b <= 1 / np.sqrt(3) + 1e-9


@given(st.floats(0.02, 0.95), st.floats(0.08, 0.999))
def test_derivatives(t, c):
    def value(t, c):
        return (1 - t) ** 4 * (2 + t) ** 2 / (4 * ((1 - t) ** 3 + 2 * max(c - t, mpmath.mpf(0)) ** 3 / c))

    with mpmath.workdps(50):
        orders = [(0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)]
        truth = [float(mpmath.diff(value, (t, c), order)) for order in orders]
    found = [float(one.mid()) for one in Pentagon.derivatives(arb(t), arb(c))]
    assert found == pytest.approx(truth, rel=1e-9, abs=1e-9)


@given(st.lists(st.floats(-1.6, 1.6), min_size=15, max_size=15))
def test_no_model_is_lower(numbers):
    W, b = np.reshape(numbers[:10], (5, 2)), np.array(numbers[10:])
    assert gs.one_hot_loss(W, b).potential >= 0.23738440611741296


@given(st.lists(st.floats(-0.2, 0.2), min_size=15, max_size=15))
def test_no_model_near_the_pentagon_is_lower(numbers):
    model = gs.one_hot_state(5).model
    W, b = model.W + np.reshape(numbers[:10], (5, 2)), model.b + numbers[10:]
    assert gs.one_hot_loss(W, b).potential >= 0.23738440611741296


def test_the_numbers_are_those_of_the_pentagon():
    theorem = gs.verify(gs.certify(5, 2, limit=True))
    state = gs.one_hot_state(5)
    assert tuple(theorem.facts[name] for name in ("minimum", "norm", "bias")) == pytest.approx(
        (state.potential, state.norm, state.bias), rel=1e-12
    )
    published = 1.1704596391, -0.2822972831  # Chen et al. 2023
    assert (theorem.facts["norm"], theorem.facts["bias"]) == pytest.approx(published, abs=1e-10)


def test_balls_hold_what_they_stand_for():
    """Reasons are right on their boxes: F at random points of them, in doubles."""
    certificate = gs.certify(5, 2, limit=True)
    with ctx.workprec(checker.PRECISION):
        boxes = checker.leaves(certificate.evidence["tree"], Pentagon.REGION)
    mu, least = float(certificate.evidence["numbers"]["slope"]), float(certificate.evidence["numbers"]["minimum"]) / 5
    rng = np.random.default_rng(0)
    for _, box in boxes:
        low, high, first, last = map(float, box)
        t, angle = rng.uniform(low, high), rng.uniform(first, last)
        assert 1 - R(t, np.cos(angle)) + mu * (angle - 2 * np.pi / 5) > least - 1e-12


@pytest.mark.parametrize(("module", "ours"), [
    (checker, set()),
    (several, {"geomsup.proofs.checker"}),
    (sparse_checker, {"geomsup.proofs.checker", "geomsup.proofs.several"}),
    (outputs, set()),
    (places, {"geomsup.proofs.checker", "geomsup.proofs.outputs"}),
    (digon_checker, {"geomsup.proofs.checker", "geomsup.proofs.outputs", "geomsup.proofs.places"}),
])  # fmt: skip
def test_checkers_import_nothing_of_ours_but_each_other(module, ours):
    names = set()
    for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module)
    standard = {
        "collections.abc",
        "dataclasses",
        "fractions",
        "itertools",
        "json",
        "math",
        "pathlib",
        "re",
        "sys",
        "typing",
    }
    assert names - standard - {"flint"} == ours
    assert len(Path(module.__file__).read_text().splitlines()) <= 300
