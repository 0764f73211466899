"""Three features in the plane: moments, pieces, scales and cells against exact losses, and the certificate."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import geomsup as gs
from benchmarks.certificates import CHANGES, changed, check_changed_decoders
from geomsup.optima.proved.certificates import LEAST
from geomsup.proofs.checker import stated
from geomsup.proofs.decoders import checker, maker
from geomsup.proofs.decoders.cells import PRODUCTS, Cells, Claim
from geomsup.proofs.decoders.moments import LEAST as SMALLEST, Moments, raised
from geomsup.proofs.decoders.pieces import CORNERS, FORMS, ON_AXIS, Pieces, bounds, halved, in_cell
from geomsup.proofs.decoders.scales import largest_square, lost_by_weight
from tests.proofs.integers import UNIT, moments

CERTIFICATES = Path(__file__).parents[2] / "docs" / "certificates"
STORED = json.loads((CERTIFICATES / "decoders.json").read_text(encoding="utf-8"))
PROBABILITIES = st.sampled_from(checker.PROBABILITIES)
SEEDS = st.integers(0, 2**32 - 1)
NUMBERS = st.integers(-8, 8).map(lambda one: Fraction(one, 8))
TALL = 4096  # 1 / SMALLEST
NEAR = 1e-5  # more than losses change if rows are rounded to multiples of 1 / UNIT


def exact_loss(W, b, p):
    """The package's own exact loss, which has other formulas."""
    return gs.expected_loss(gs.ToyModel(W, b), gs.Features(3, float(p))).value


def losses_of(c, row, p):
    """What outputs of this row and c lose at their best scale, by integers; other rows than multiples are near."""
    c, *a = (round(one * UNIT) for one in (c, *row))
    mean, first = moments(c, a, p)
    square = (c * mean + sum(x * y for x, y in zip(a, first, strict=True))) / UNIT
    return float(p) / 3 - (np.square(first) / square if square > 1e-12 else 0)


def rows_and_biases(rng):
    """Return coefficients, small ones among them, and c near to where v begins to be positive, or anywhere."""
    a = rng.uniform(-1, 1, 3) / np.where(rng.random(3) < 0.3, 2.0 ** rng.integers(1, 12, 3), 1)
    a = np.round(raised(a) * TALL) / TALL
    c = -np.maximum(a, 0).sum() + 2.0 ** -rng.integers(0, 11) if rng.random() < 0.5 else rng.uniform(-2, 2)
    return np.round(c * TALL) / TALL, a


@given(PROBABILITIES, SEEDS)
def test_moments_have_the_errors_that_they_say(p, seed):
    """Quotients of integers, which theorem 9 uses, are right to the last digit."""
    c, a = rows_and_biases(np.random.default_rng(seed))
    mean, first = moments(int(c * UNIT), [int(one * UNIT) for one in a], p)
    values, errors = Moments(3, float(p)).first(np.array([c]), a[None])
    assert (abs(values[0] - [mean, *first]) <= errors[0] + 1e-15).all()


@settings(max_examples=20)
@given(SEEDS)
def test_squares_where_v_is_positive(seed):
    rng = np.random.default_rng(seed)
    c, a = rows_and_biases(rng)
    x = rng.random((100_000, 3)) * (rng.random((100_000, 3)) < 0.3)
    drawn = (x * x * (x @ a + c > 0)[:, None]).mean(axis=0)
    assert (Moments(3, 0.3).above(np.array([c]), a[None])[0] >= drawn - 0.005).all()


def test_coefficients_are_raised():
    assert raised(np.array([0, -1e-9, SMALLEST / 2, -SMALLEST, 0.5])).tolist() == [SMALLEST] * 3 + [-SMALLEST, 0.5]


@given(NUMBERS, NUMBERS, st.integers(-4, 4))
def test_rows_are_orthogonal_to_the_vector_of_the_cell(r, t, s):
    pieces = in_cell((float(r), float(r), float(t), float(t)))
    at = (np.full((len(pieces.cell), 1), float(one)) for one in (r, t, Fraction(s, 4)))
    rows = pieces.rows(*at)[:, 0]
    assert not (rows @ [1, float(r), float(r * t)]).any()
    assert set(pieces.form) == set(range(FORMS))


@settings(max_examples=50)
@given(PROBABILITIES, SEEDS)
def test_pieces_are_bounded_from_below(p, seed):
    """The bound of a piece is at most the loss of every output in it, at whatever scale, also less a plane."""
    rng = np.random.default_rng(seed)
    low, widths = rng.integers(-8, 8, (6, 4)) / 8, 2.0 ** -rng.integers(3, 6, (6, 4))
    low[:, 3] *= 2
    ends = np.stack([low, low + widths], axis=2)
    forms = rng.integers(0, FORMS, 6)
    pieces = Pieces(np.arange(6), forms, ends[:, 2], ends[:, 3], np.ones((6, 3), dtype=bool))
    found = bounds(pieces, ends[:, :2].reshape(6, 4), float(p), Moments(3, float(p)))
    slopes = rng.uniform(-0.1, 0.1, 2)
    plane = (2 * CORNERS[:, :2] - 1) @ slopes
    for k in range(6):
        with_plane = (found.corners[k] - plane[:, None]).min(axis=0) - abs(slopes).sum() * found.tilted[k]
        for d in rng.uniform(-1, 1, (5, 4)):
            r, t, s, c = low[k] + widths[k] * (1 + d) / 2
            row = pieces.rows(*(np.full((6, 1), one) for one in (r, t, s)))[k, 0]
            losses = losses_of(float(c), row, p)
            if found.least[k].max() < 1:  # else nothing is clipped, and other pieces hold it
                assert (found.least[k] <= losses + NEAR).all()
            assert (with_plane <= losses - slopes @ d[:2] + NEAR).all()


def test_halves_hold_what_the_piece_holds():
    pieces = in_cell((0.0, 0.5, 0.0, 0.25))
    halves = halved(pieces)
    for ends, both in ((pieces.s, halves.s), (pieces.c, halves.c)):
        first, second = both[: len(ends)], both[len(ends) :]
        same = (first == second).all(axis=1)
        assert (first[same] == ends[same]).all()
        joined = np.stack([first[:, 0], second[:, 1]], axis=1)
        assert (joined == ends).all()
        assert (first[~same, 1] == second[~same, 0]).all()


def test_halves_of_cells():
    cells = Cells.region()
    both = cells.halves(np.array([True]), np.array([0]))
    assert both.ends.tolist() == [[-1, 0, -1, 1], [0, 1, -1, 1]]
    four = both.halves(np.array([True, True]), np.array([1, 1]))
    assert four.ends.tolist() == [[-1, 0, -1, 0], [-1, 0, 0, 1], [0, 1, -1, 0], [0, 1, 0, 1]]
    assert len(four.pieces.cell) == 4 * len(cells.pieces.cell)
    three = (
        Cells.region(tied=True)
        .halves(np.array([True]), np.array([2]))
        .halves(np.array([False, True]), np.array([0, 1]))
    )
    assert three.ends.tolist() == [[-1, 1, -1, 0, 0, 16], [-1, 1, 0, 1, 0, 16]]


def placed(W, b):
    """Return r, t and u of a model, its products and biases in that order of features: from the vectors themselves."""
    across = np.cross(*W.T)
    order = np.argsort(-abs(across))
    x, y, z = across[order]
    M = (W @ W.T)[np.ix_(order, order)]
    return (y / x, z / y, M[0, 1] * x / y), M, b[order]


def outputs_in(row, bias):
    """Return the form, s and c of an output."""
    form = 0 if abs(row[1]) >= abs(row[2]) else 1
    scale = abs(row[1 + form])
    if row[1 + form] > 0:
        form += FORMS // 2
    return form, row[2 if form % 2 == 0 else 1] / row[1 + form % 2], bias / scale


@settings(max_examples=60)
@given(PROBABILITIES, SEEDS)
def test_models_lose_what_their_pieces_lose_at_their_scales(p, seed):
    """Outputs of random models, boxes around them of any width, and their losses by another formula."""
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(3, 2)), rng.normal(size=3) / 3
    (r, t, u), M, b = placed(W, b)
    assert abs(u) <= PRODUCTS[1] * max(1, np.diag(M).max() / 8)
    most = 1.01 * np.diag(M).max()  # models that lose less than what is claimed have rows that are shorter than this
    for i in range(3):
        form, s, c = outputs_in(M[i], b[i])
        at, width = np.array([r, t, u, s, c]), 2.0 ** -rng.integers(1, 8, 5)
        low = at - width * rng.random(5)
        low[3], width[3] = max(low[3], -1), min(width[3], 1 - max(low[3], -1))
        ends = np.stack([low, low + width], axis=1)
        v_moves = -np.maximum(M[i], 0).sum() < b[i] < np.maximum(-M[i], 0).sum()
        pieces = Pieces(np.array([0]), np.array([form]), ends[3:4], ends[4:5], np.ones((1, 3), dtype=bool))
        found = bounds(pieces, ends[:3].reshape(1, 6), float(p), Moments(3, float(p)), most)
        loss = loss_at(M[i], b[i], i, p)
        if v_moves:
            assert found.least[0, i] <= loss + NEAR
            slopes = rng.uniform(-0.1, 0.1, 2)
            values = found.corners[0, :, i] - (2 * CORNERS[:, :2] - 1) @ slopes
            d = 2 * (at[:2] - low[:2]) / width[:2] - 1
            assert values.min() - abs(slopes).sum() * found.tilted[0, i] <= loss - slopes @ d + NEAR


def loss_at(row, bias, i, p):
    """What output i loses, by integers."""
    c, *a = (round(one * UNIT) for one in (bias, *row))
    mean, first = moments(c, a, p)
    square = (c * mean + sum(x * y for x, y in zip(a, first, strict=True))) / UNIT
    return float(p) / 3 - 2 * first[i] + square


@given(PROBABILITIES, st.floats(0, 6), st.floats(-6, 6))
def test_what_outputs_lose_by_their_own_weights(p, q, bias):
    """One feature by itself: quadrature of E (x - (q x + b)₊)²."""
    p = float(p)
    x, weights = np.polynomial.legendre.leggauss(200)
    x, weights = (1 + x) / 2, weights / 2
    loss = p * weights @ (x - np.maximum(q * x + bias, 0)) ** 2 + (1 - p) * max(bias, 0) ** 2
    assert lost_by_weight(np.array(q), p) <= loss + 1e-4
    square = largest_square(p, 0.05 * p)
    assert lost_by_weight(np.array(square), p) > 0.05 * p >= lost_by_weight(np.array(square - 1 / 16), p)


@settings(max_examples=30)
@given(PROBABILITIES, SEEDS)
def test_no_model_loses_less(p, seed):
    """Random models, those near to the best, and their exact losses."""
    rng = np.random.default_rng(seed)
    place = STORED["evidence"]["places"][checker.PROBABILITIES.index(p)]
    _, _, most = checker.place_of(place)
    least = float((1 - stated(place["gap"])) * most)
    best = np.array(place["weights"], float).reshape(3, 2), np.array(place["biases"], float)
    near = 10.0 ** -rng.integers(1, 4)
    models = (best[0] + near * rng.normal(size=(3, 2)), best[1] + near * rng.normal(size=3)), (
        rng.normal(size=(3, 2)), rng.normal(size=3) / 4,
    )  # fmt: skip
    for W, b in models:
        assert exact_loss(W, b, p) >= max(least, LEAST[3, 2][float(p)])


@pytest.mark.parametrize(("place", "p"), list(enumerate(checker.PROBABILITIES)))
def test_models_are_what_searches_find(place, p):
    data = STORED["evidence"]["places"][place]
    _, _, most = checker.place_of(data)
    W, b = np.array(data["weights"], float).reshape(3, 2), np.array(data["biases"], float)
    assert float(most) == pytest.approx(exact_loss(W, b, p), abs=1e-13)
    assert float(most) == pytest.approx(gs.optimum(gs.Features(3, float(p)), 2).loss, rel=1e-8)


def test_no_decoder_is_found_that_loses_less():
    for p, data in zip(checker.PROBABILITIES, STORED["evidence"]["places"], strict=True):
        _, _, most = checker.place_of(data)
        least = float((1 - stated(data["gap"])) * most)
        found = gs.optimum(gs.Features(3, float(p)), 2, tied=False, starts=4).loss
        assert least * (1 - 1e-12) <= found <= 1.012 * least


def test_the_stored_certificate_at_one_probability():
    cells, least, most = checker.check_place(STORED["evidence"]["places"][2])
    assert cells > 100
    assert 0.97 * most < least < most


def test_the_stored_certificate_of_tied_decoders_at_one_probability():
    data = STORED["evidence"]["tied"][0]
    cells, least, most = checker.check_place(data, tied=True)
    assert cells > 500
    assert least == most
    with pytest.raises(ValueError, match="must have no letter u or d"):
        checker.check_place(data)


@pytest.mark.parametrize("place", [0, 1])
def test_the_stored_certificate_on_one_axis(place):
    data, p = STORED["evidence"]["axis"][place], float(checker.AXIS[place])
    cells, least, most = checker.check_place(data, axis=True)
    assert cells > 500
    assert float(most) == pytest.approx(gs.optimum(gs.Features(3, p), 1).loss, rel=1e-9)
    assert float(least) <= LEAST[3, 1][p]  # W as the decoder loses more
    free = gs.optimum(gs.Features(3, p), 1, tied=False, starts=6).loss
    assert least <= free <= 1.0005 * float(least)
    with pytest.raises(ValueError, match="must have its rows on the first axis"):
        checker.place_of({**data, "weights": ["1.0", "0.1", *data["weights"][2:]]}, axis=True)
    with pytest.raises(ValueError, match="must lose enough, or be halved"):
        checker.check_place({**data, "gap": "0.0"}, axis=True)  # other decoders lose less


@settings(max_examples=40, deadline=None)
@given(PROBABILITIES, SEEDS)
def test_bounds_of_pieces_on_one_axis(p, seed):
    """Outputs whose rows and biases are in a piece lose at least its bound, and what is left of it with a plane."""
    rng = np.random.default_rng(seed)
    low, sides = rng.uniform(-1, 0.8, 2), 10.0 ** rng.uniform(-3, -0.7, 3)
    cell = np.array([[low[0], low[0] + sides[0], low[1], low[1] + sides[1]]])
    sign = rng.integers(2)
    start = rng.uniform(-1.5, 1)
    piece = Pieces(
        np.array([0]), np.array([ON_AXIS[sign]]), np.zeros((1, 2)), np.array([[start, start + sides[2]]]),
        np.ones((1, 3), dtype=bool),
    )  # fmt: skip
    found = bounds(piece, cell, float(p), Moments(3, float(p)))
    r, t, c = (low_end + side * rng.random() for low_end, side in zip((*low, start), sides, strict=True))
    row = np.array([1, r, r * t]) * (-1) ** sign
    if c >= np.maximum(-row, 0).sum():
        return  # nowhere clipped: another piece holds it
    lost = losses_of(c, [Fraction(one).limit_denominator(UNIT) for one in row], p)
    assert (found.least[0] <= lost + NEAR).all()


def test_a_bound_above_what_a_decoder_loses_is_not_proved():
    claim = Claim(Fraction(1, 2), Fraction(753, 10000))  # digons with decoders lose less
    tree = STORED["evidence"]["places"][2]["trees"][0]
    with pytest.raises(ValueError, match="must lose enough, or be halved"):
        checker.check_tree(claim, tree)


def test_a_bound_above_what_a_model_loses_is_not_proved():
    """The digon of the model is a little too long, so that the claim is above the best loss of a triangle."""
    data = STORED["evidence"]["tied"][2]
    worse = {**data, "weights": ["1.05", *data["weights"][1:]]}
    with pytest.raises(ValueError, match="must lose enough, or be halved"):
        checker.check_place(worse, tied=True)


@pytest.mark.parametrize(
    ("name", "value"), [("gap", "0.001"), ("weights", ["1.0", "0.1", "-1.0", "0.0", "0.0", "1.0"])]
)
def test_models_of_tied_places_are_digons_and_a_row_of_its_own(name, value):
    with pytest.raises(ValueError, match="two rows on the first axis and one on the second, and the gap 0"):
        checker.place_of({**STORED["evidence"]["tied"][0], name: value}, tied=True)


def test_reasons_that_are_swapped():
    """A cell that is near a digon must say so, and no other may."""
    data = STORED["evidence"]["tied"][0]
    tree = data["trees"][0]
    for letter, other in ("vd", "dv"):
        place = tree.rindex(letter)
        with pytest.raises(ValueError, match=rf"must lose enough, or be halved; got '{other}'"):
            checker.check_place({**data, "trees": [tree[:place] + other + tree[place + 1 :]]}, tied=True)


@pytest.mark.slow
def test_the_whole_stored_certificate():
    theorem = gs.verify(CERTIFICATES / "decoders.json")
    assert theorem.boxes > 1000
    digons = gs.verify(CERTIFICATES / "three.json").facts
    for p in checker.PROBABILITIES:
        least = digons[f"digon {float(p)} from"] if p in checker.TIED else theorem.facts[f"{p} from"]
        assert LEAST[3, 2][float(p)] <= least <= theorem.facts[f"{p} to"] + 1e-16
        assert LEAST[3, 2][float(p)] == pytest.approx(least, abs=2e-9)


@pytest.mark.slow
def test_a_place_is_made_anew():
    for p, tied, least in ((Fraction(1, 2), False, 300), (Fraction(1, 10), True, 500)):
        data = maker.place_at(p, tied)
        cells, _, _ = checker.check_place(data, tied)
        assert cells > least


def test_cells_that_are_halved_after_they_were_proved():
    """Their halves have no pieces left."""
    claim = Claim(Fraction(3, 10), Fraction(2, 100))
    tree = maker.preorder(maker.tree_of(claim))
    deepest = max(range(len(tree)), key=lambda k: tree[k] == "v" and depth_of(tree, k))
    assert checker.check_tree(claim, tree[:deepest] + "rvv" + tree[deepest + 1 :]) == tree.count("v") + 1


def depth_of(tree, place):
    """How often the cell of a letter was halved."""
    waiting = [0]
    for letter in tree[:place]:
        level = waiting.pop()
        waiting += [level + 1] * (2 if letter in checker.AXES else 0)
    return waiting[-1]


def test_pieces_of_which_none_is_clipped():
    whole = Pieces(
        np.array([0]), np.array([0]), np.array([[0.0, 0.5]]), np.array([[1.0, np.inf]]), np.ones((1, 3), bool)
    )
    found = bounds(whole, np.array([[0.0, 0.5, 0.0, 0.5]]), 0.3, Moments(3, 0.3))
    assert (found.least >= 0).all()
    assert (found.least <= 0.1).all()


def test_trees_and_levels():
    assert checker.levels_of("rtvuvvv") == ["r", "tv", "vu", "vv"]
    assert maker.preorder(checker.levels_of("rtvuvvv")) == "rtvuvvv"
    with pytest.raises(ValueError, match="got more letters after 1"):
        checker.levels_of("vv")
    with pytest.raises(ValueError, match="1 cells are missing"):
        checker.levels_of("rv")


@pytest.mark.parametrize("change", range(len(CHANGES)))
def test_changed_certificates_are_refused(change):
    """Those of p = 0.3, which are checked in 2 s; `python -m benchmarks.certificates` changes all places."""
    certificate, places = gs.Certificate.from_dict(STORED), STORED["evidence"]["places"]
    for seed in range(1000):
        name, data = changed(certificate, seed)
        if name == CHANGES[change].__name__ and data["evidence"]["places"][1] != places[1]:
            with pytest.raises(ValueError, match=r"must|are missing|numbers"):
                check_changed_decoders(data, STORED)
            return
    raise AssertionError("no seed changes this place")


@pytest.mark.parametrize("letter", ["\0", "x", " "])
def test_letters_that_are_no_reasons_prove_nothing(letter, monkeypatch):
    """NumPy drops NULs at the end of a text: a box that is not proved then seemed to have the right letter."""
    claim = Claim(Fraction(1, 10), Fraction(331, 100_000))  # false: decoders of their own lose 0.00308
    with pytest.raises(ValueError, match="must have the letters r, t, u, v, d and e"):
        checker.check_tree(claim, letter)
    monkeypatch.setattr(checker, "levels_of", lambda tree: [tree])
    with pytest.raises(ValueError, match="must lose enough, or be halved"):
        checker.check_tree(claim, letter)


def test_what_is_refused():
    with pytest.raises(ValueError, match="less than that of a feature that is dropped"):
        Claim(Fraction(1, 10), Fraction(1, 30))
    with pytest.raises(ValueError, match="no row of W may have a square above 8"):
        Claim(Fraction(1, 2), Fraction(1041, 10000), tied=True)
    with pytest.raises(ValueError, match="a place must have p"):
        checker.place_of({})
    with pytest.raises(ValueError, match="`decoders` must be False for 2 features in 1 dimension"):
        gs.certify(2, 1, decoders=True)
