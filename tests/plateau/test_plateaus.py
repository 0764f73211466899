"""Plateaus: ends recomputed from closed forms and by scipy, mixtures by enumeration, invariances, errors."""

import itertools
import json
from functools import cache

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

from geomsup import (
    Discrete,
    Features,
    ToyModel,
    Uniform,
    dimensionality,
    dimensions_per_feature,
    expected_loss,
    optimum,
    polytope,
    symbolic,
)
from geomsup.plateau import blocks as blocks_module, search as module
from geomsup.plateau.blocks import dedicated_block, follow, search_blocks, settled
from geomsup.plateau.crossings import crossings_between
from geomsup.plateau.mixtures import PlateauMixture, best_mixture
from geomsup.plateau.plateaus import plateaus


@cache
def found():
    """Return the plateaus around the digon's, blocks of up to two dimensions."""
    return plateaus([0.2, 0.24, 0.5, 0.62, 0.7], largest_rank=2, n_features=40, n_hidden=9)


def variance(p):
    return p / 3 - p**2 / 4


def closed_form(shape, p):
    """Return the lowest loss of a shape with one norm and one bias, from the exact polynomials."""
    return float(symbolic.optimum(shape).evaluate(p, digits=20).loss)


def free(start, p):
    """Return the lowest loss that scipy finds over all coordinates, from a disturbed start."""
    n, m = start.shape
    features = Features(n, p)

    def loss(vector):
        result = expected_loss(ToyModel(vector[: n * m].reshape(n, m), vector[n * m :]), features, gradient=True)
        return result.value, np.concatenate([result.grad_W.ravel(), result.grad_b])

    rng = np.random.default_rng(3)
    begin = np.concatenate([(start + 0.02 * rng.normal(size=start.shape)).ravel(), np.full(n, -0.05)])
    return minimize(loss, begin, jac=True, method="BFGS", options={"gtol": 1e-11}).fun


def norm_and_bias(p):
    """Return the lowest loss of a digon with one norm and one bias, by a simplex search."""

    def loss(point):
        r, b = point
        return float(expected_loss(ToyModel([[r], [-r]], [b, b]), Features(2, p)))

    return minimize(loss, [1.0, 0.01], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-16}).fun


def shapes_at(p, *names):
    """Return minima below catalogue shapes, best first, and a dedicated dimension."""
    blocks = [dedicated_block(Uniform(), p)]
    for name in names:
        vertices = polytope(name).vertices
        block = settled(Uniform(), p, (1.05 * vertices, np.full(len(vertices), -0.03)))
        assert block.name == name
        blocks.append(block)
    return sorted(blocks, key=lambda block: -block.gain)


# --- the digon's plateau and others ----------------------------------------------------------------------------


@pytest.mark.slow
def test_winners_in_order():
    names = [block.name for block in found().winners]
    assert names == ["triangle", "digon", "digon", "digon", "pentagon"]
    assert [crossing.names for crossing in found().crossings] == [("triangle", "digon"), ("digon", "pentagon")]
    np.testing.assert_allclose(found().dimensionality, [2 / 3, 1 / 2, 1 / 2, 1 / 2, 2 / 5], rtol=1e-6)
    np.testing.assert_allclose(found().features_per_dimension, [1.5, 2, 2, 2, 2.5])


@pytest.mark.slow
def test_the_dense_end_of_the_digon_plateau():
    """Digon by a simplex search over (norm, bias), triangle in closed form."""

    def gap(p):
        return (2 - norm_and_bias(p) / variance(p)) - (3 - closed_form("triangle", p) / variance(p)) / 2

    assert found().span("digon")[1] == pytest.approx(brentq(gap, 0.6, 0.68, xtol=1e-11), rel=1e-7)


@pytest.mark.slow
def test_the_sparse_end_of_the_digon_plateau():
    """Digon in closed form, pentagon by scipy over all fifteen coordinates."""
    pentagon = polytope("pentagon").vertices

    def gap(p):
        return (2 - closed_form("digon", p) / variance(p)) - (5 - free(pentagon, p) / variance(p)) / 2

    assert found().span("digon")[0] == pytest.approx(brentq(gap, 0.21, 0.24, xtol=1e-10), rel=1e-7)


@pytest.mark.slow
def test_from_tetrahedron_to_triangle_in_closed_form():
    (crossing,) = crossings_between(
        Uniform(), shapes_at(0.85, "tetrahedron", "triangle"), shapes_at(0.76, "tetrahedron", "triangle")
    )

    def gap(p):
        losses = [closed_form(shape, p) / variance(p) for shape in ("tetrahedron", "triangle")]
        return (4 - losses[0]) / 3 - (3 - losses[1]) / 2

    assert crossing.names == ("tetrahedron", "triangle")
    assert crossing.probability == pytest.approx(brentq(gap, 0.76, 0.85, xtol=1e-12), rel=1e-7)


@pytest.mark.slow
def test_square_pyramids_win_between_triangles_and_digons():
    """With three dimensions the digon's plateau ends earlier: an apex and two digons that bend away from it."""
    result = plateaus([0.69, 0.6], largest_rank=3)
    assert [crossing.names for crossing in result.crossings] == [
        ("triangle", "square pyramid"),
        ("square pyramid", "digon"),
    ]
    pyramid = np.array([[0, 0, 0.9], *([x, y, -0.3] for x, y in ((0.8, 0), (-0.8, 0), (0, 0.8), (0, -0.8)))])

    def gap(p):
        return (2 - closed_form("digon", p) / variance(p)) - (5 - free(pyramid, p) / variance(p)) / 3

    assert result.span("digon")[1] == pytest.approx(brentq(gap, 0.63, 0.65, xtol=1e-10), rel=1e-7)
    gram = result.crossings[0].sparse.model.gram
    assert sorted((gram < -0.2).sum(axis=1)) == [2, 2, 2, 2, 4]


@pytest.mark.slow
def test_both_kinds_gain_the_same_at_a_crossing_and_none_more():
    for crossing in found().crossings:
        assert crossing.dense.gain == pytest.approx(crossing.sparse.gain, rel=1e-8)
        assert crossing.dense.probability == crossing.probability
        best = found().table(crossing.probability)
        assert {block.name for block in best[:2]} == set(crossing.names)
        assert best[0].gain == pytest.approx(crossing.gain, rel=1e-8)


@pytest.mark.slow
def test_a_kind_that_wins_between_two_probabilities_is_found():
    """From digons straight to antiprisms: pentagons win on a strip between."""
    names = ("digon", "pentagon", "square antiprism")
    dense, sparse = shapes_at(0.24, *names), shapes_at(0.19, *names)
    assert (dense[0].name, sparse[0].name) == ("digon", "square antiprism")
    crossings = crossings_between(Uniform(), dense, sparse)
    assert [crossing.names for crossing in crossings] == [names[:2], names[1:]]


def test_published_losses():
    """Losses of digon and pentagon at p = 0.1, recomputed independently before this package."""
    digon, pentagon = sorted(shapes_at(0.1, "digon", "pentagon")[:2], key=lambda block: block.size)
    assert digon.loss == pytest.approx(0.003319484, abs=5e-10)
    assert pentagon.loss == pytest.approx(0.026305131, abs=5e-10)
    assert pentagon.gain == pytest.approx((5 - 0.026305131 / variance(0.1)) / 2, rel=1e-8)


@pytest.mark.slow
def test_whole_models_of_the_same_size_are_no_better():
    pentagon = found().winners[-1]
    best = optimum(Features(5, pentagon.probability), 2, starts=8)
    assert pentagon.loss == pytest.approx(best.loss, rel=1e-9)
    twice = optimum(Features(4, 0.5), 2, starts=8)
    assert 2 * found().table(0.5)[0].loss == pytest.approx(twice.loss, rel=1e-9)


@pytest.mark.slow
def test_gains_are_bounded_and_sorted_and_weights_are_stationary():
    for blocks in found().blocks:
        gains = [block.gain for block in blocks]
        assert gains == sorted(gains, reverse=True)
        for block in blocks:
            assert block.gain <= block.features_per_dimension
            assert block.dimensionality <= block.rank / block.size + 1e-12
            result = expected_loss(block.model, Features(block.size, block.probability), gradient=True)
            assert block.loss == pytest.approx(result.value, rel=1e-9)
            if block.size > 1:
                assert np.abs(result.grad_W).max() < 1e-8


@pytest.mark.parametrize(("useful", "sizes"), [(24, range(2, 25)), (6, range(2, 8)), (2, range(2, 4))])
def test_sizes_grow_while_they_save_more(useful, sizes, monkeypatch):
    """Up to 24 features: every one of the first `useful` saves a hundredth of its cost, the others nothing."""
    tried = []

    def of_size(values, p, k, rank, starts):
        tried.append(k)
        return 0.01 * min(k, useful), []

    monkeypatch.setattr(blocks_module, "_of_size", of_size)
    monkeypatch.setattr(blocks_module, "_from_shapes", lambda *_: [])
    assert search_blocks(Uniform(), 0.3, 1, 2) == []
    assert tried == list(sizes)


@pytest.mark.parametrize(("cosine", "parts"), [(3e-3, 2), (0.03, 1)])
def test_blocks_are_apart_up_to_what_descents_leave(cosine, parts):
    """Two digons: descents on series leave cosines of some 1e-3 between what is orthogonal."""
    lines = np.array([[1.0, 0.0], [cosine, (1 - cosine**2) ** 0.5]])
    assert len(blocks_module._groups(np.concatenate([lines, -lines]))) == parts


@pytest.mark.slow
def test_what_the_values_are_measured_in_does_not_matter():
    once, thrice = (search_blocks(Uniform(0, high), 0.3, 2, 2) for high in (1, 3))
    known = {block.name: block.gain for block in thrice}
    for block in once[:3]:
        assert known[block.name] == pytest.approx(block.gain, rel=1e-8)


def test_other_values():
    result = plateaus([0.3, 0.2], values=Discrete([1.0]), largest_rank=1)
    assert result.winners[0].name == "digon"
    assert result.winners[0].variance == pytest.approx(0.21)
    loss = expected_loss(result.winners[0].model, Features(2, 0.3, values=Discrete([1.0])))
    assert result.winners[0].gain == pytest.approx(2 - loss.value / 0.21)


def test_kinds_end_where_they_are_no_minimum():
    """Hexagons need features sparser than p = 0.4."""
    (hexagon,) = [block for block in shapes_at(0.1, "hexagon") if block.size == 6]
    assert follow(hexagon, Uniform(), 0.12).gain < hexagon.gain
    assert follow(hexagon, Uniform(), 0.4) is None


def test_gains_are_those_of_the_tables():
    for name in found().names:
        for gain, blocks in zip(found().gains(name), found().blocks, strict=True):
            there = [block.gain for block in blocks if block.name == name]
            np.testing.assert_array_equal(gain, there[0] if there else np.nan)


# --- the result ------------------------------------------------------------------------------------------------


def test_tables_on_and_off_the_grid():
    assert found().table(0.5) is found().blocks[2]
    between = found().table(0.4)
    assert between[0].name == "digon"
    assert between[0].loss == pytest.approx(closed_form("digon", 0.4), rel=1e-9)
    assert between[-1].name == "dedicated dimension"
    assert between[-1].gain == 1


def test_spans_end_at_crossings():
    low, high = found().span("digon")
    assert (low, high) == tuple(crossing.probability for crossing in found().crossings[::-1])
    assert found().span("triangle") == (high, 0.7)
    assert found().spans == (("triangle", high, 0.7), ("digon", low, high), ("pentagon", 0.2, low))
    assert np.isnan(found().span("dedicated dimension")).all()


def test_margins_and_limits():
    for winner, second, margin in zip(found().winners, found().runners_up, found().margins, strict=True):
        assert margin == pytest.approx(winner.gain - second.gain)
    assert found().rank_limited.tolist() == [True, False, False, False, True]
    assert not found().probabilities.flags.writeable


def test_text_and_json():
    text = str(found())
    assert "largest rank looked at" in text
    assert text.count("crossing at p = ") == 2
    assert "40 features in 9 dimensions:" in text
    data = json.loads(json.dumps(found().to_dict()))
    assert data["winners"] == [block.name for block in found().winners]
    assert data["crossings"][1]["dense"]["name"] == "digon"
    assert data["crossings"][1]["inverse_density"] == pytest.approx(1 / found().crossings[1].probability)
    assert len(data["mixtures"][0]["dimensionality"]) == 40


def test_probabilities_come_in_any_order_and_are_kept_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("GEOMSUP_CACHE", str(tmp_path))
    stages = []
    first = plateaus([0.3, 0.5, 0.3], largest_rank=1, starts=2, progress=lambda *event: stages.append(event))
    assert first.probabilities.tolist() == [0.5, 0.3]
    assert any("blocks of 2 in 1" in stage for stage, _ in stages)
    assert all(0 <= fraction <= 1 for _, fraction in stages)

    monkeypatch.setattr(module, "search_blocks", None)
    assert plateaus([0.5, 0.3], largest_rank=1, starts=2).to_dict() == first.to_dict()


# --- finite models ---------------------------------------------------------------------------------------------


def assembled(mixture, kinds, m):
    """Return the whole model of a mixture."""
    n = len(mixture.dimensionality)
    W, b = np.zeros((n, m)), np.full(n, mixture.probability / 2)
    row = column = 0
    for name, count in mixture.counts.items():
        (block,) = [block for block in kinds if block.name == name]
        for _ in range(count):
            W[row : row + block.size, column : column + block.rank] = block.model.W
            b[row : row + block.size] = block.model.b
            row, column = row + block.size, column + block.rank
    return ToyModel(W, b)


@pytest.mark.parametrize(("n", "m"), [(6, 3), (7, 4), (4, 3)])
def test_mixtures_against_every_combination(n, m):
    kinds = shapes_at(0.2, "digon", "triangle", "pentagon", "tetrahedron")
    worth = variance(0.2)
    best = n * worth
    for counts in itertools.product(*(range(m // block.rank + 1) for block in kinds)):
        used = list(zip(counts, kinds, strict=True))
        stored = sum(count * block.size for count, block in used)
        if stored <= n and sum(count * block.rank for count, block in used) <= m:
            best = min(best, (n - stored) * worth + sum(count * block.loss for count, block in used))
    assert best_mixture(kinds, n, m).loss == pytest.approx(best, rel=1e-12)


def test_a_mixture_is_a_model():
    for mixture, kinds in zip(found().mixtures, found().blocks, strict=True):
        model = assembled(mixture, kinds, 9)
        assert mixture.dimensions_per_feature == pytest.approx(dimensions_per_feature(model.W))
        np.testing.assert_allclose(mixture.dimensionality, dimensionality(model.W), atol=1e-9)
        assert mixture.not_stored == (model.W == 0).all(axis=1).sum()
    assert mixture.loss == pytest.approx(expected_loss(model, Features(40, 0.2)).value, rel=1e-8)
    np.testing.assert_array_equal(
        found().dimensions_per_feature, [mixture.dimensions_per_feature for mixture in found().mixtures]
    )


def test_a_mixture_counts_its_blocks_in_words():
    counts = {"digon": 3, "tetrahedron": 1, "7 in 3": 2, "6 in 3": 1}
    text = str(PlateauMixture(0.25, counts, 5, 0.5, 0.75, np.zeros(35)))
    assert text == "p = 0.25: loss 0.5, D* 0.7500: 3 digons + tetrahedron + 2 × 7 in 3 + 6 in 3 + 5 not stored"


def test_many_features_all_take_the_winner():
    mixture = best_mixture(found().blocks[2], 1000, 9)
    assert mixture.counts == {"digon": 9}
    assert mixture.dimensions_per_feature == pytest.approx(found().winners[2].dimensions_per_feature)


def test_enough_dimensions_lose_nothing():
    mixture = best_mixture(found().blocks[2], 3, 3)
    assert mixture.counts == {"dedicated dimension": 3}
    assert mixture.loss == pytest.approx(0, abs=1e-15)


# --- errors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([[0.1, 1.2]], {}, ValueError, r"`probabilities` must be in \(0, 1\]; got 1.2. Pass P\(x_i != 0\)"),
        ([[0.0]], {}, ValueError, r"`probabilities` must be in \(0, 1\]; got 0. Pass"),
        ([[]], {}, ValueError, r"`probabilities` must be a list of numbers; got shape \(0,\). Pass np.geomspace"),
        ([["a"]], {}, TypeError, r"`probabilities` must hold real numbers; got text"),
        ([[0.5]], {"values": 3}, TypeError, r"`values` must be a distribution; got int. Pass Uniform\(0, 1\)"),
        ([[0.5]], {"values": Uniform(-1, 1)}, ValueError, r"`values` must not be negative; got values down to -1."),
        ([[1.0]], {"values": Discrete([1.0])}, ValueError, r"`values` must vary; got Discrete.* probability 1, which"),
        ([[0.5]], {"n_features": 5}, ValueError, r"`n_features` and `n_hidden` must be given together; got 5 and None"),
        ([[0.5]], {"n_features": 5, "n_hidden": 0}, ValueError, r"`n_hidden` must be at least 1; got 0"),
        ([[0.5]], {"largest_rank": 0}, ValueError, r"`largest_rank` must be at least 1; got 0"),
        ([[0.5]], {"starts": 1.5}, TypeError, r"`starts` must be an integer; got 1.5"),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(arguments, options, error, message):
    with pytest.raises(error, match=message):
        plateaus(*arguments, **options)


def test_errors_of_the_result():
    with pytest.raises(ValueError, match=r"`name` must be one of the kinds found; got 'cube'. They are"):
        found().gains("cube")
    with pytest.raises(ValueError, match=r"`name` must be one of"):
        found().span("cube")
    with pytest.raises(ValueError, match=r"`probability` must be within that of the plateaus, 0.2 to 0.7; got 0.1"):
        found().table(0.1)
