"""Computation in superposition: exact rationals, closed forms, samples, planted truth and a theorem of ranks."""

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.optimize import minimize_scalar

import geomsup as gs
from geomsup.neurons import cells
from geomsup.neurons.computation import _binomial, _bound, _constant, _layer, _most

KIND = {"activation": "linear", "hidden_activation": "relu"}
GO = np.zeros(1, np.int64)


def drawn(n, m, seed, scale=1.0):
    """A random model whose weights are multiples of 1/8: exact as fractions, and with lines that meet in corners."""
    rng = np.random.default_rng(seed)
    W, W_out = rng.integers(-8, 9, (2, n, m)) / 8 * scale
    return gs.ToyModel(W, rng.integers(-4, 5, n) / 8, b_hidden=rng.integers(-6, 7, m) / 8, W_out=W_out, **KIND)


# ---------------------------------------------------------------------------- the same integrals, in rational numbers


def polynomial(a, b, power):
    """∫ of e^power along a segment of length 1 on which e is linear, from a to b."""
    return sum((a**i * b ** (power - i) for i in range(power + 1)), Fraction(0)) / (power + 1)


def clipped(polygon, line, sign):
    """The part of a polygon where sign · (line) >= 0 (Sutherland and Hodgman)."""
    result = []
    for k, here in enumerate(polygon):
        there = polygon[(k + 1) % len(polygon)]
        at, to = (sign * (line[0] * x + line[1] * z + line[2]) for x, z in (here, there))
        if at >= 0:
            result.append(here)
        if at * to < 0:
            part = at / (at - to)
            result.append((here[0] + part * (there[0] - here[0]), here[1] + part * (there[1] - here[1])))
    return result


def around(polygon, plane, power):
    """∫ of (plane)^power over a polygon, by Green's theorem along its edges; 0 for one without area."""
    edges = list(zip(polygon, polygon[1:] + polygon[:1], strict=True))
    area = sum(((a[0] * b[1] - b[0] * a[1]) / 2 for a, b in edges), Fraction(0))
    u, v, r = plane
    if v == 0 and r == 0:
        return area * u**power
    total = Fraction(0)
    for a, b in edges:
        ends = [u + v * x + r * z for x, z in (a, b)]
        along = b[1] - a[1] if v else a[0] - b[0]
        total += along * polynomial(*ends, power + 1)
    return total / ((power + 1) * (v if v else r))


def fractions(model):
    W, b_hidden, W_out, b = (
        [[Fraction(float(v)) for v in row] for row in np.atleast_2d(part)]
        for part in (model.W, model.b_hidden, model.decoder, model.b)
    )
    return W, b_hidden[0], W_out, b[0]


def exact_pair(model, j, o, power):
    """The mean loss given that features j and o are active: by all patterns of neurons that are on, in fractions."""
    W, b_hidden, W_out, b = fractions(model)
    n, m = len(W), len(b_hidden)
    square = [(Fraction(x), Fraction(z)) for x, z in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    lines = [(W[j][k], W[o][k], b_hidden[k]) for k in range(m)]
    lines += [(Fraction(1), Fraction(0), Fraction(0)), (Fraction(0), Fraction(1), Fraction(0))]
    cells_ = [(square, ())]
    for line in lines:
        cells_ = [(part, (*on, s > 0)) for old, on in cells_ for s in (1, -1) if (part := clipped(old, line, s))]
    total = Fraction(0)
    for polygon, on in cells_:
        for i in range(n):
            plane = [b[i], Fraction(0), Fraction(0)]
            for k in range(m):
                if on[k]:
                    for place, value in enumerate((b_hidden[k], W[j][k], W[o][k])):
                        plane[place] += W_out[i][k] * value
            plane[1] -= int(i == j and on[m])
            plane[2] -= int(i == o and on[m + 1])
            total += around(polygon, plane, power)
    return total / 4


def exact_one(model, j, i, power):
    """The mean loss at output i given that feature j alone is active, in fractions."""
    W, b_hidden, W_out, b = fractions(model)
    cuts = {Fraction(-1), Fraction(0), Fraction(1)}
    cuts |= {-c / w for w, c in zip(W[j], b_hidden, strict=True) if w and abs(c) < abs(w)}

    def error(x):
        hidden = [max(w * x + c, Fraction(0)) for w, c in zip(W[j], b_hidden, strict=True)]
        return b[i] + sum(v * h for v, h in zip(W_out[i], hidden, strict=True)) - (max(x, Fraction(0)) if i == j else 0)

    ends = sorted(cuts)
    return sum((b - a) / 2 * polynomial(error(a), error(b), power) for a, b in pairwise(ends))


@pytest.mark.parametrize("power", [2, 4])
@pytest.mark.parametrize("seed", range(6))
def test_one_and_two_active_features_are_exact_rationals(power, seed):
    model = drawn(3, 4, seed)
    found = gs.computation(model, 0.1, power=power, samples=100)
    one = [[float(exact_one(model, j, i, power)) for i in range(3)] for j in range(3)]
    assert found.one == pytest.approx(np.array(one), rel=1e-12, abs=1e-15)
    two = sum(exact_pair(model, j, o, power) for j, o in combinations(range(3), 2)) / 3
    assert found.by_active[2] == pytest.approx(float(two), rel=1e-12)
    assert (found.pairs, found.by_active_error[2]) == (3, 0)


def test_kernels_index_within_bounds(interpreted):
    interpreted(cells)
    model = drawn(3, 5, 0)
    layer = _layer(model)
    first, second = np.triu_indices(3, 1)
    two = cells.two_active(layer, first, second, 4, GO)
    assert two == pytest.approx([float(exact_pair(model, j, o, 4)) for j, o in zip(first, second, strict=True)])
    assert cells.one_active(layer, 2, GO)[0, 1] == pytest.approx(float(exact_one(model, 0, 1, 2)))


@pytest.mark.parametrize("power", [2, 4])
def test_the_whole_is_that_of_samples_by_the_number_of_active_features(power):
    model, p = drawn(6, 3, 1), 0.2
    found = gs.computation(model, p, power=power, samples=200_000, rng=0)
    x = gs.Features(6, p, values=gs.Uniform(-1, 1)).sample(400_000, rng=1)
    lost = (np.abs(model(x) - np.maximum(x, 0)) ** power).sum(axis=1)
    error = np.hypot(found.error, lost.std() / len(lost) ** 0.5)
    assert abs(found.loss - lost.mean()) < 4 * error
    assert found.low <= found.loss <= found.high
    count = (x != 0).sum(axis=1)
    for k in range(4):
        some = lost[count == k] if k < 3 else lost[count >= 3]
        assert found.active[k] == pytest.approx(len(some) / len(lost), abs=0.004)
        near = 4 * (some.std() / len(some) ** 0.5 + found.by_active_error[k])
        assert abs(found.by_active[k] - some.mean()) < near + 1e-12


def test_too_many_pairs_are_sampled():
    model = drawn(12, 4, 2)
    whole, some = gs.computation(model, 0.05), gs.computation(model, 0.05, pairs=40, rng=3)
    assert (whole.pairs, some.pairs) == (66, 0)
    assert abs(whole.by_active[2] - some.by_active[2]) < 4 * some.by_active_error[2]
    assert some.low < whole.low <= whole.high < some.high


def test_subsets_are_random_and_hold_each_feature_once():
    rng = np.random.default_rng(0)
    sizes = rng.integers(0, 6, 20_000)
    chosen = np.split(cells.subsets(sizes, 5, rng.random(sizes.sum())), np.cumsum(sizes)[:-1])
    assert all(len(set(one)) == size for one, size in zip(chosen, sizes, strict=True))
    for pair in combinations(range(5), 2):  # each of ten pairs is as likely
        share = np.mean([set(pair) == set(one.tolist()) for one in chosen if len(one) == 2])
        assert share == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("power", [2, 4])
@pytest.mark.parametrize("active", [1, 2])
def test_minkowskis_bound_is_above_what_is_exact(power, active):
    for seed in range(20):
        found = gs.computation(drawn(4, 3, seed), 0.1, power=power, samples=100)
        assert _bound(_layer(found.model), active, power) > found.by_active[active]


def test_minkowskis_bound_is_attained_by_one_output_that_is_never_right():
    """A neuron that hears nothing, and an output 0: what is left is ‖ReLU(x)‖ of all features that are active."""
    silent = _layer(gs.ToyModel(np.zeros((4, 1)), **KIND))
    assert _bound(silent, 3, 2) == pytest.approx(3 / 6)
    assert _bound(silent, 3, 4) == pytest.approx(3 / 10)


def test_the_law_of_the_number_of_active_features():
    from scipy.stats import binom

    for n, p in ((1, 0.3), (7, 0.99), (500, 0.01)):
        assert _binomial(n, p) == pytest.approx(binom.pmf(np.arange(n + 1), n, p), rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("p", [1e-6, 0.01, 0.3, 0.999])
def test_the_best_constant_is_that_of_a_search(p):
    for power in (2, 4):
        x = np.polynomial.legendre.leggauss(8)
        nodes, weights = (x[0] + 1) / 2, x[1] / 2

        def lost(c, power=power, nodes=nodes, weights=weights):
            return (1 - p / 2) * c**power + p / 2 * weights @ (nodes - c) ** power

        least = minimize_scalar(lost, bounds=(0, 1), method="bounded", options={"xatol": 1e-12}).fun
        assert _constant(p, power) == pytest.approx(least, rel=1e-8)
    assert _constant(p, 2) == pytest.approx(p / 6 - p**2 / 16, rel=1e-15)  # the variance of ReLU(x)


# ------------------------------------------------------------------------------------------------------- invariances


def changed(model, rows=slice(None), neurons=slice(None), factors=1.0):
    return gs.ToyModel(
        model.W[rows][:, neurons] * factors, model.b[rows], b_hidden=model.b_hidden[neurons] * factors,
        W_out=model.decoder[rows][:, neurons] / factors, **KIND,
    )  # fmt: skip


@given(st.integers(0, 10**6), st.sampled_from([2, 4]), st.permutations(range(4)), st.permutations(range(3)))
def test_order_and_positive_scales_of_neurons_change_nothing(seed, power, rows, neurons):
    model = drawn(4, 3, seed)
    factors = np.random.default_rng(seed).uniform(0.1, 10, 3)
    one = gs.computation(model, 0.01, power=power, samples=100)
    other = gs.computation(changed(model, list(rows), list(neurons), factors), 0.01, power=power, samples=100)
    assert other.one == pytest.approx(one.one[np.ix_(rows, rows)], rel=1e-9, abs=1e-12)
    assert other.by_active[:3] == pytest.approx(one.by_active[:3], rel=1e-9, abs=1e-12)
    assert (other.dedicated, other.high) == pytest.approx((one.dedicated, one.high), rel=1e-9)
    assert np.sort(other.shares) == pytest.approx(np.sort(one.shares))


@given(st.integers(0, 10**6), st.sampled_from([2, 4]))
def test_a_neuron_in_two_halves_is_one(seed, power):
    """Lines that lie on each other cut no cells of rounding."""
    model = drawn(3, 3, seed)
    twice = changed(model, neurons=[0, 0, 1, 2], factors=np.array([1.0, 3.0, 1.0, 1.0]))
    halves = gs.ToyModel(
        twice.W, twice.b, b_hidden=twice.b_hidden, W_out=twice.decoder * np.array([0.5, 0.5, 1, 1]), **KIND
    )
    one, two = (gs.computation(m, 0.01, power=power, samples=100).by_active[:3] for m in (model, halves))
    assert two == pytest.approx(one, rel=1e-12, abs=1e-15)


# ------------------------------------------------------------------------------------------------------ planted truth


@pytest.mark.parametrize("power", [2, 4])
def test_dedicated_neurons_are_dedicated_and_lose_what_is_proved(power):
    for n, m in ((5, 2), (3, 3), (2, 4)):
        eye = np.eye(n, m)
        found = gs.computation(gs.ToyModel(eye, **KIND), 0.05, power=power, samples=1000)
        assert (found.verdict, found.sure) == ("dedicated", "proved")
        assert found.silent == pytest.approx(max(n - m, 0) * 0.05 * {2: 1 / 6, 4: 1 / 10}[power])
        assert abs(found.loss - found.silent) <= 5 * found.error + 1e-12
        assert found.dedicated <= found.silent


@pytest.mark.parametrize("power", [2, 4])
def test_the_bound_of_dedicated_neurons_is_attained_with_the_best_constant(power):
    p, eye = 0.3, np.eye(3, 1)

    def lost(c):
        return gs.computation(gs.ToyModel(eye, np.array([0, c, c]), **KIND), p, power=power, samples=200_000, rng=0)

    best = minimize_scalar(lambda c: lost(c).loss, bounds=(0, 0.5), method="bounded", options={"xatol": 1e-4})
    found = lost(best.x)
    assert found.verdict == "dedicated"
    assert abs(found.loss - found.dedicated) < 4 * found.error + 1e-6


def test_one_neuron_that_serves_two_features_by_half_beats_dedicated_ones_in_the_fourth_power_only():
    """Each loses 2 (1/2)⁴/10 = 1/80 of fourth powers against 1/20, and 2 (1/2)²/6 = 1/12 of squares: a tie."""
    model = gs.ToyModel([[1.0], [1.0]], W_out=[[0.5], [0.5]], **KIND)
    fourth = gs.computation(model, 0.001, power=4)
    assert (fourth.verdict, fourth.sure) == ("superposed", "proved")
    assert fourth.one.sum(axis=1) == pytest.approx([1 / 80, 1 / 80])
    square = gs.computation(model, 0.001)
    assert square.verdict == "dense"
    assert square.one.sum() == pytest.approx(1 / 6)
    assert gs.computation(model, 1e-12).verdict == "undecided"  # equal up to p, and p is rounding


def test_random_neurons_are_dense():
    for power in (2, 4):
        found = gs.computation(drawn(8, 4, 0), 0.01, power=power)
        assert (found.verdict, found.sure) == ("dense", "proved")


def test_nearly_dedicated_neurons_are_dedicated():
    W = np.eye(6, 3) + 0.05 * np.random.default_rng(0).normal(size=(6, 3))
    found = gs.computation(gs.ToyModel(W, **KIND), 1e-4)
    assert found.verdict == "dedicated"
    assert (found.shares > 0.9).all()


def test_what_no_bound_and_no_sample_decides_is_undecided():
    """Dedicated neurons with a second weight of 1e-9: the loss is that of the bound, which 100 samples cannot tell."""
    W = np.eye(3, 2) + np.full((3, 2), 1e-9)
    model = gs.ToyModel(W, [0, 0, 0.125], W_out=np.eye(3, 2), **KIND)  # 0.125 = p/4, the mean
    found = gs.computation(model, 0.5, samples=100, rng=0)
    assert (found.verdict, found.sure) == ("undecided", "unknown")
    assert found.low < found.dedicated < found.high


@given(st.integers(0, 10**6))
def test_no_model_beats_dedicated_neurons_in_squares_of_one_active_feature(seed):
    """Of any x > 0 the outputs y(x e_j) are a matrix of rank m, and Σ_j |y(x e_j) - x e_j|² >= x² (n - m)."""
    rng = np.random.default_rng(seed)
    n, m = 5, int(rng.integers(1, 5))
    W, W_out = rng.normal(size=(2, n, m))
    model = gs.ToyModel(W, b_hidden=rng.normal(size=m) / 4, W_out=W_out, **KIND)
    scale = rng.uniform(0, 0.5)
    for one in (model, gs.ToyModel(model.W, b_hidden=model.b_hidden, W_out=model.decoder * scale, **KIND)):
        assert gs.computation(one, 0.01, samples=100).one.sum() >= (n - m) / 6 * (1 - 1e-12)


def test_words_and_rows():
    found = gs.computation(gs.ToyModel([[1.0], [0.0]], **KIND), 0.1)
    assert str(found).startswith("2 outputs of 1 neuron: dedicated (proved); loss 0.01667")
    assert found.to_rows()[1] == {"feature": 1, "own": pytest.approx(1 / 6), "crosstalk": 0.0}
    assert "<table" in found._repr_html_()


def test_one_feature_and_two_need_no_samples():
    one = gs.computation(gs.ToyModel([[0.0]], **KIND), 0.25)
    assert (one.loss, one.error, one.pairs) == (pytest.approx(0.25 / 6), 0.0, 0)
    assert one.low == pytest.approx(one.high)
    two = gs.computation(gs.ToyModel([[0.0], [0.0]], **KIND), 0.25)
    assert two.low == pytest.approx(two.high) == pytest.approx(0.5 / 6)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"model": gs.ToyModel([[1.0]])}, ValueError, "`model` must have one hidden layer of ReLUs"),
        ({"model": gs.ToyModel([[1.0]], hidden_activation="relu")}, ValueError, "a linear output"),
        ({"model": [[1.0]]}, TypeError, "`model`"),
        ({"model": gs.ToyModel([[1e40]], W_out=[[1e20]], **KIND)}, ValueError, "outputs up to 1e\\+50; got up to 1e"),
        ({"probability": 1}, ValueError, "`probability` must be below 1; got 1"),
        ({"probability": float("nan")}, ValueError, "`probability`"),
        ({"probability": 0}, ValueError, "`probability`"),
        ({"power": 3}, ValueError, "`power` must be 2 or 4; got 3"),
        ({"power": 2.0}, TypeError, "`power`"),
        ({"pairs": -1}, ValueError, "`pairs` must be at least 0"),
        ({"samples": 10}, ValueError, "`samples` must be at least 100"),
        ({"rng": "x"}, TypeError, "`rng`"),
    ],
)
def test_bad_input_is_refused(change, error, words):
    good = {"model": gs.ToyModel([[1.0], [0.5]], **KIND), "probability": 0.1}
    with pytest.raises(error, match=words):
        gs.computation(**(good | change))


def test_bounds_of_many_active_features_are_those_of_all_numbers():
    model, p = drawn(40, 3, 5), 0.05
    layer, chance = _layer(model), _binomial(40, p)
    every = sum(chance[s] * _bound(layer, s, 4) for s in range(2, 41))
    assert _most(layer, chance, 2, 4) == pytest.approx(every, rel=1e-9)
    assert _most(layer, chance, 2, 4) >= every


@pytest.mark.parametrize("power", [2, 4])
def test_false_alarms_on_three_nulls_of_100_draws(power):
    """Models that are at the bound, or above it: dedicated with the best constant, without one, and random ones.

    A second weight of 1e-12 keeps the first two from being told by their weights. Three standard errors of a normal law
    promise 0.13 false alarms in 100 draws at the bound; samples of fourth powers are skewed, so 2 are let pass.
    """
    rng = np.random.default_rng(power)
    alarms = np.zeros(3, int)
    for seed in range(100):
        n, m, p = 5, int(rng.integers(1, 5)), float(rng.uniform(0.05, 0.6))
        best = minimize_scalar(
            lambda c, p=p: (1 - p / 2) * c**power + p / 2 * ((1 - c) ** (power + 1) + c ** (power + 1)) / (power + 1),
            bounds=(0, 0.5),
            method="bounded",
        ).x
        hidden = np.eye(n, m) + 1e-12
        constant = np.where(np.arange(n) < m, 0.0, best)
        nulls = (
            gs.ToyModel(hidden, constant, W_out=np.eye(n, m), **KIND),
            gs.ToyModel(hidden, W_out=np.eye(n, m), **KIND),
            gs.ToyModel(rng.normal(size=(n, m)), W_out=rng.normal(size=(n, m)), **KIND),
        )
        for k, model in enumerate(nulls):
            found = gs.computation(model, p, power=power, samples=2000, rng=seed)
            alarms[k] += found.verdict == "superposed"
            assert found.sure != "proved" or found.verdict != "superposed"
    assert alarms[0] <= 2
    assert alarms[1:].tolist() == [0, 0]
