"""Models near a triangle: formulas against exact fractions, differences, and descents; and what a checker refuses."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings, strategies as st
from scipy.optimize import minimize

import geomsup as gs
from geomsup.optima.proved.certificates import LEAST
from geomsup.proofs.decoders import checker
from geomsup.proofs.decoders.cells import Cells
from geomsup.proofs.decoders.pieces import Pieces
from geomsup.proofs.decoders.triangles import CORNER, RADIUS, Triangle, in_corner
from geomsup.proofs.shared.checker import error_of

STORED = json.loads((Path(__file__).parents[2] / "docs" / "certificates" / "decoders.json").read_text(encoding="utf-8"))
TRIANGLES = {p: Triangle(p) for p in checker.TRIANGLES}
PROBABILITIES = st.sampled_from(checker.TRIANGLES)
NUMBERS = st.integers(-400, 400).map(lambda one: Fraction(one, 10_000))
ROUNDED = 1e-13


def loss(p, y, z, c, scale):
    """One output with the row (1, -y, -z) and the bias c, times a scale: the checker of one axis has the formula."""
    total = Fraction(0)
    for present in range(8):
        own, *others = (bool(present >> k & 1) for k in range(3))
        rest = [-scale * one for one, there in zip((y, z), others, strict=True) if there]
        likely = p ** (own + len(rest)) * (1 - p) ** (3 - own - len(rest))
        total += likely * error_of(scale, scale * c, rest, own)
    return total


def phi(p, y, z, c):
    """What the output loses at its best scale: the loss is a parabola of the scale."""
    absent, one, two = (loss(p, y, z, c, Fraction(scale)) for scale in (0, 1, 2))
    square = (two - 2 * one + absent) / 2
    slope = one - absent - square
    return absent - slope * slope / (4 * square)


def fraction(number):
    return Fraction(round(float(number) * 2**40), 2**40)


@settings(max_examples=30, deadline=None)
@given(PROBABILITIES, NUMBERS, NUMBERS, NUMBERS)
def test_phi_is_the_loss_at_the_best_scale(p, sigma, d, off):
    triangle = TRIANGLES[p]
    c = fraction(triangle.c) + off
    found = triangle._along((1, 0, 0), [arb(float(one)) for one in (sigma, d, c)])[0]
    exact = phi(p, *(Fraction(float(1 + sigma + sign * d)) / 2 for sign in (1, -1)), Fraction(float(c)))
    assert float(found.mid()) == pytest.approx(float(exact), abs=ROUNDED)


@pytest.mark.parametrize("p", checker.TRIANGLES)
def test_the_triangle_is_that_of_the_optimum(p):
    best = gs.optimum(gs.Features(3, float(p)), 2)
    triangle = TRIANGLES[p]
    norms = (best.model.W**2).sum(axis=1)
    assert best.model.b / norms == pytest.approx([triangle.c] * 3, rel=1e-6)
    least = 3 * float(phi(p, Fraction(1, 2), Fraction(1, 2), fraction(triangle.c)))
    assert best.loss == pytest.approx(least, rel=1e-12)
    assert LEAST[3, 2][float(p)] <= least <= LEAST[3, 2][float(p)] + 1e-9


@settings(max_examples=20, deadline=None)
@given(PROBABILITIES, st.integers(0, 2**32 - 1))
def test_the_expansion_is_below_phi(p, seed):
    """In the box, at random places: the quadratic form of any point of the balls' matrix, less what they may change."""
    triangle, rng = TRIANGLES[p], np.random.default_rng(seed)
    with_balls = [arb(2e-4), arb(2 * float(RADIUS)), arb(float(RADIUS))]
    terms = ctx.cap
    ctx.cap = 4
    try:
        slope, second = triangle._expanded(arb(triangle.c), with_balls)
    finally:
        ctx.cap = terms
    centre = float(phi(p, Fraction(1, 2), Fraction(1, 2), Fraction(triangle.c)))
    at = rng.uniform(-1, 1, 3) * [2e-4, 2 * float(RADIUS), float(RADIUS)]
    sigma, d, off = (fraction(one) for one in at)
    value = float(phi(p, (1 + sigma + d) / 2, (1 + sigma - d) / 2, Fraction(triangle.c) + off)) - centre
    step = np.array([float(one) for one in (sigma, d, off)])
    form = sum(second[i][j] * arb(step[i]) * arb(step[j]) for i in range(3) for j in range(3)) / 2
    assert (
        float((slope * arb(step[0]) + form).lower()) - 1e-15
        <= value
        <= float((slope * arb(step[0]) + form).upper()) + 1e-15
    )


@settings(max_examples=10, deadline=None)
@given(PROBABILITIES, st.integers(0, 2**32 - 1))
def test_outputs_near_the_plane_of_a_triangle_lose_more(p, seed):
    """Each output at its best row in a plane, by descents: the sum is above T by κ times the square of the distance."""
    rng, triangle = np.random.default_rng(seed), TRIANGLES[p]
    away = rng.normal(size=3)
    away = (away - away.mean()) * 0.02 / np.linalg.norm(away - away.mean())
    total = 0.0
    for i in range(3):
        own, first, second = np.roll(1 + away, -i)

        def lost(state, own=own, first=first, second=second):
            y = state[0]
            line = [arb(y + (own - first * y) / second - 1), arb(y - (own - first * y) / second), arb(state[1])]
            return float(triangle._along((0, 0, 1), line)[0].mid())

        total += minimize(lost, [0.5, triangle.c], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-16}).fun
    least = 3 * float(phi(p, Fraction(1, 2), Fraction(1, 2), fraction(triangle.c)))
    kappa = {Fraction(7, 10): 0.0096, Fraction(9, 10): 0.0005}.get(p, 0.0072)
    assert total - least > kappa * 0.02**2


def test_where_there_is_no_best_bias():
    with pytest.raises(ValueError, match="must be between the two where it is looked for"):
        Triangle(Fraction(1, 10))


def test_where_the_triangle_is_not_best_nearby():
    """Towards p = 1 a feature may as well be dropped: what is left of κ there is less than balls lose."""
    with pytest.raises(ValueError, match=r"the triangle must be the best model nearby; at p = 0\.95"):
        Triangle(Fraction(95, 100))


def test_the_least_loss_is_not_that_of_the_model():
    """Cells near a triangle lose as much as the best one, which is less than the decimals of a model lose."""
    data = STORED["evidence"]["places"][3]
    _, least, most = checker.check_place(data)
    assert least < most
    assert least == TRIANGLES[Fraction(7, 10)].least
    worse = {**data, "biases": [f"{float(one):.7f}" for one in data["biases"]]}
    _, again, more = checker.check_place(worse)
    assert (again, more > most) == (least, True)


def test_precision_is_set_back():
    before = ctx.prec, ctx.cap
    Triangle(Fraction(7, 10))
    with pytest.raises(ValueError, match="nearby"):
        Triangle(Fraction(95, 100))
    assert (ctx.prec, ctx.cap) == before


def cells_near(p, side, off=0.0):
    """A cell in the corner, and three pieces around the rows and the bias of the triangle."""
    c, ends = TRIANGLES[p].c, np.array([[1 - side, 1.0, 1 - side, 1.0]])
    forms, s = np.array([0, 2, 3]), np.array([[1.0, 1.0], [-0.5, -0.5], [-0.5, -0.5]])
    biases = np.array([[2 * c, 2 * c], [c, c], [c, c]]) + off
    return Cells(ends, Pieces(np.zeros(3, dtype=np.intp), forms, s, biases, np.eye(3, dtype=bool)))


@pytest.mark.parametrize("p", checker.TRIANGLES)
def test_cells_whose_pieces_are_near(p):
    small = float(CORNER) / 4
    assert TRIANGLES[p].holds(cells_near(p, small)).tolist() == [True]
    for cells in (
        cells_near(p, 2 * float(CORNER)),
        cells_near(p, small, 2 * float(RADIUS)),
        cells_near(p, small, np.inf),
    ):
        assert TRIANGLES[p].holds(cells).tolist() == [False]
    other = cells_near(p, small)
    other.pieces = other.pieces._replace(form=np.array([2, 0, 1]))  # rows with a negative own weight
    assert TRIANGLES[p].holds(other).tolist() == [False]
    assert in_corner(np.array([[1 - small, 1.0, 1 - 2 * float(CORNER), 1.0]])).tolist() == [False]


def test_the_stored_certificate_of_a_triangle():
    data = STORED["evidence"]["places"][3]
    tree = data["trees"][0]
    cells, least, most = checker.check_place(data)
    assert cells > 500
    assert "e" in tree
    assert 0 <= most - least < Fraction(1, 10**15)
    assert float(most) == pytest.approx(0.1022010637277116, rel=1e-12)
    place = tree.index("e")
    for letter, at in (("v", place), ("e", tree.index("v"))):
        with pytest.raises(ValueError, match="must lose enough, or be halved"):
            checker.check_place({**data, "trees": [tree[:at] + letter + tree[at + 1 :]]})
    with pytest.raises(ValueError, match="the gap must be 0 where the model is a triangle"):
        checker.check_place({**data, "gap": "0.000001"})


@pytest.mark.slow
@pytest.mark.parametrize(("place", "d", "e"), [(3, 1000, 0), (4, 1000, 1)])
def test_the_tie(place, d, e):
    """Below it no model but a digon, and above it none but a triangle, loses as little."""
    data = STORED["evidence"]["tied"][place]
    assert checker.check_place(data, tied=True)[0] > 3000
    assert data["trees"][0].count("d") > d
    assert (data["trees"][0].count("e") > 0) == bool(e)


@pytest.mark.parametrize("p", [0.521837, 0.521838, 0.7, 1 - 0.3, 0.9])
def test_the_optimum_is_certified(p):
    best = gs.optimum(gs.Features(3, p), 2)
    assert best.status == "certified"
    assert best.lower_bound == pytest.approx(best.loss, rel=1e-9)
    assert best.geometry.name == ("digon + dedicated dimension" if p < 0.5218375 else "triangle")
    assert gs.optimum(gs.Features(3, p + 1e-6), 2).status != "certified" or p == 0.521837


def test_trees_whose_cells_are_near_digons_alone():
    levels = checker.levels_of("rtdvtdd")
    assert [one.tolist() for one in checker.is_asked(levels)] == [[True], [True, False], [False, True, False, False]]
