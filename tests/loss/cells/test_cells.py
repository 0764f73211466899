"""Exact losses of piecewise linear hidden layers, against rationals, other engines, differences and samples."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

import geomsup as gs
from geomsup.loss.cells.boxes import make_boxes
from geomsup.loss.cells.losses import layer_losses

LEAKS = {"relu": 0, "abs": -1, "linear": 1}
SQUARE = [(Fraction(x), Fraction(y)) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]


def tenths(n, m, seed, hidden="relu", output="relu"):
    """Return a model whose weights are tenths, so that rationals hold them."""
    rng = np.random.default_rng(seed)
    W, W_out, b, b_hidden = (rng.integers(-12, 13, size) / 10 for size in ((n, m), (n, m), n, m))
    return gs.ToyModel(W, b, output, hidden, W_out, b_hidden)


def rational(array):
    return np.array([Fraction(str(x)) for x in np.ravel(array).tolist()]).reshape(np.shape(array))


def bent(values, leak):
    return np.array([x if x > 0 else leak * x for x in values])


def parts_of(polygon, height):
    """Cut a convex polygon where a linear function of points is 0."""
    if not any(height(corner) for corner in polygon):
        return [polygon]
    sides = [], []
    for here, there in pairwise([*polygon, polygon[0]]):
        one, two = height(here), height(there)
        for side, sign in zip(sides, (1, -1), strict=True):
            if sign * one >= 0:
                side.append(here)
            if one * two < 0:
                share = one / (one - two)
                side.append(tuple(a + share * (c - a) for a, c in zip(here, there, strict=True)))
    return [side for side in sides if len(side) > 2]


def integral(polygon, error):
    """Return the integral of the square of a linear function over a convex polygon: triangle by triangle."""
    total, first = Fraction(0), polygon[0]
    for second, third in pairwise(polygon[1:]):
        twice = (second[0] - first[0]) * (third[1] - first[1]) - (third[0] - first[0]) * (second[1] - first[1])
        a, b, c = error(first), error(second), error(third)
        total += abs(twice) / 12 * (a * a + b * b + c * c + a * b + a * c + b * c)
    return total


def loss_in_rationals(model, both):
    """Return Σ_i E(x_i - y_i)² of two features that are uniform on [0, 1] together with probability `both`, else 0."""
    W, W_out, b, b_hidden = (rational(part) for part in (model.W, model.decoder, model.b, model.b_hidden))
    hidden_leak, leak = LEAKS[model.hidden_activation], LEAKS[model.activation]
    total = Fraction(0)
    for i in range(2):

        def before(point, i=i):
            return b[i] + W_out[i] @ bent(np.array(point) @ W + b_hidden, hidden_leak)

        def error(point, i=i, before=before):
            return bent([before(point)], leak)[0] - point[i]

        polygons = [SQUARE]
        for j in range(len(b_hidden)):
            polygons = [
                part
                for polygon in polygons
                for part in parts_of(polygon, lambda x, j=j: np.array(x) @ W[:, j] + b_hidden[j])
            ]
        polygons = [part for polygon in polygons for part in parts_of(polygon, before)]
        total += both * sum(integral(polygon, error) for polygon in polygons)
        total += (1 - both) * error((Fraction(0), Fraction(0))) ** 2
    return total


@pytest.mark.parametrize("hidden", ["relu", "abs"])
@pytest.mark.parametrize("output", ["relu", "abs", "linear"])
@pytest.mark.parametrize("m", [1, 3])
def test_two_features_against_rationals(hidden, output, m):
    features = gs.Features(2, 0.25, correlated=[(0, 1)])
    for seed in range(5):
        model = tenths(2, m, seed, hidden, output)
        truth = loss_in_rationals(model, Fraction(1, 4))
        found = gs.expected_loss(model, features)
        assert found.method == "exact"
        assert abs(Fraction(found.value) - truth) <= Fraction(found.error)
        assert found.error < 1e-11


def test_a_weight_that_turns_a_unit_off_costs_no_accuracy():
    """A hidden weight of -5000, whose output is off where the unit is on: the bound is that of what is left."""
    features = gs.Features(2, 0.25, correlated=[(0, 1)])
    for seed in range(10):
        model = tenths(2, 2, seed)
        W, W_out = model.W.copy(), model.decoder.copy()
        W[0, 0] = W_out[0, 0] = -5000.0
        large = gs.ToyModel(W, model.b, "relu", "relu", W_out, model.b_hidden)
        found = gs.expected_loss(large, features)
        assert abs(Fraction(found.value) - loss_in_rationals(large, Fraction(1, 4))) <= Fraction(found.error)
        assert found.error < 1e-9


@pytest.mark.parametrize(("n", "m"), [(1, 2), (3, 2), (4, 3), (5, 2)])
def test_linear_hidden_units_are_what_the_other_engine_says(n, m):
    """Its sums over sets know nothing of cells. Here hidden planes do not cut, but those of outputs do."""
    model = tenths(n, m, n)
    features = gs.Features(n, 0.4, np.linspace(1, 0.5, n))
    cells = layer_losses((model.W, model.b_hidden, model.decoder, model.b), ("linear", "relu"), features, True)
    truth = gs.expected_loss(
        gs.ToyModel(model.W, model.b, W_out=model.decoder, b_hidden=model.b_hidden), features, method="exact",
        gradient=True, by_active=True,
    )  # fmt: skip
    np.testing.assert_allclose(features.importance @ cells.by_active, truth.by_active, rtol=1e-12, atol=1e-15)
    grads = truth.grad_W, truth.grad_b_hidden, truth.grad_W_out, truth.grad_b
    for found, true in zip(cells.grads, grads, strict=True):
        np.testing.assert_allclose(found, true, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("n", "m"), [(2, 3), (4, 2), (5, 2)])
def test_units_that_are_always_on_are_linear(n, m):
    rng = np.random.default_rng(n)
    W, W_out, b_hidden = rng.normal(size=(n, m)), rng.normal(size=(n, m)), np.full(m, 20.0)
    b = -W_out @ b_hidden
    models = [gs.ToyModel(W, b, "relu", hidden, W_out, b_hidden) for hidden in ("relu", "linear")]
    features = gs.Features(n, 0.3)
    one, two = (gs.expected_loss(model, features) for model in models)
    assert abs(one.value - two.value) <= one.error + two.error


MIXED = gs.Uniform(0, 2), gs.Discrete((1,)), gs.Uniform(-1, 1)


@pytest.mark.parametrize("values", [gs.Uniform(-1, 1), gs.Discrete((1, 2)), MIXED])
def test_other_values_against_samples(values):
    features = gs.Features(3, [0.5, 0.3, 0.2], values=values)
    model = tenths(3, 2, 1)
    exact, sampled = (gs.expected_loss(model, features, method=m, rng=0, samples=400_000) for m in ("auto", "sampled"))
    assert exact.method == "exact"
    assert abs(exact.value - sampled.value) < 4 * sampled.error


@pytest.mark.parametrize("joint", [{"correlated": [(0, 1)]}, {"anticorrelated": [(1, 2)]}])
def test_groups_and_shares_against_samples(joint):
    features = gs.Features(3, 0.3, [1.0, 0.5, 2.0], **joint)
    model = tenths(3, 2, 2)
    exact, sampled = (
        gs.expected_loss(model, features, method=m, rng=0, samples=400_000, by_active=True) for m in ("auto", "sampled")
    )
    assert exact.method == "exact"
    np.testing.assert_allclose(exact.by_active.sum(), exact.value, rtol=1e-13)
    assert (np.abs(exact.by_active - sampled.by_active) <= 4 * sampled.by_active_error).all()


@pytest.mark.parametrize("tied", [True, False])
def test_gradients_are_differences(tied):
    model, features, step = tenths(3, 2, 4, "abs", "relu"), gs.Features(3, 0.4, [1.0, 0.8, 0.6]), 1e-5
    parts = {"W": model.W, "b": model.b, "b_hidden": model.b_hidden} | ({} if tied else {"W_out": model.W_out})
    found = gs.expected_loss(gs.ToyModel(**parts, hidden_activation="abs"), features, gradient=True)
    for name, part in parts.items():
        for place in np.ndindex(part.shape):
            losses = []
            for sign in (1, -1):
                moved = part.copy()
                moved[place] += sign * step
                losses.append(
                    float(gs.expected_loss(gs.ToyModel(**parts | {name: moved}, hidden_activation="abs"), features))
                )
            assert abs(getattr(found, f"grad_{name}")[place] - (losses[0] - losses[1]) / (2 * step)) < 1e-7


@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_order_and_scale_of_units_do_not_matter(seed, factor):
    rng = np.random.default_rng(seed)
    model, features = tenths(3, 2, seed), gs.Features(3, 0.3)
    rows, units = rng.permutation(3), rng.permutation(2)
    scale = np.array([factor, 1.0])
    W, W_out, b_hidden = model.W * scale, model.decoder / scale, model.b_hidden * scale
    other = gs.ToyModel(
        W[np.ix_(rows, units)], model.b[rows], "relu", "relu", W_out[np.ix_(rows, units)], b_hidden[units]
    )
    one, two = gs.expected_loss(model, features), gs.expected_loss(other, features)
    assert abs(one.value - two.value) <= one.error + two.error
    np.testing.assert_allclose(two.per_feature, one.per_feature[rows], rtol=1e-9, atol=1e-13)


def test_units_that_are_equal_or_touch_corners_cut_once():
    W = np.array([[1.0, 1.0, 0.0], [-1.0, -1.0, 0.0]])
    model = gs.ToyModel(W, np.zeros(2), "relu", "relu", b_hidden=np.zeros(3))
    # The third unit is always 0, and the two others are one; the plane of the output is theirs.
    found = gs.expected_loss(model, gs.Features(2, 0.25, correlated=[(0, 1)]))
    truth = Fraction(1, 4) * loss_in_rationals(model, Fraction(1))
    assert abs(Fraction(found.value) - truth) <= Fraction(found.error)


def test_what_has_no_cells_is_sampled_or_refused():
    model = gs.ToyModel(np.eye(6, 2), hidden_activation="relu")
    assert gs.expected_loss(model, gs.Features(6, 0.1), samples=100, rng=0).method == "sampled"
    with pytest.raises(ValueError, match=r'^`method` must be "sampled" or "auto" .*up to 5 features'):
        gs.expected_loss(model, gs.Features(6, 0.1), method="exact")
    assert make_boxes(gs.Features(3, values=gs.HalfNormal(1.0))) is None  # pieces only stand for it
    assert make_boxes(gs.Features(12, values=gs.Discrete((1,)))) is not None  # 4096 points
    wide = gs.ToyModel(np.ones((5, 9)), hidden_activation="relu")  # nine units have too many cells
    assert gs.expected_loss(wide, gs.Features(5, 0.1), samples=100, rng=0).method == "sampled"
    small = gs.ToyModel(np.full((3, 2), 1e-100), hidden_activation="relu")
    assert gs.expected_loss(small, gs.Features(3, 0.5)).value == pytest.approx(0.5, rel=1e-14)
    with pytest.raises(
        ValueError, match=r"^`rtol` must be reachable; asked for 1e-16, but rounding only bounds .* rtol\.$"
    ):
        gs.expected_loss(tenths(3, 2, 0), gs.Features(3, 0.5), rtol=1e-16)
    large = gs.ToyModel(np.full((2, 1), 1e70), hidden_activation="relu")
    assert gs.expected_loss(large, gs.Features(2, 0.1), samples=100, rng=0).method == "sampled"


@pytest.mark.parametrize("target", ["abs", "relu"])
def test_targets_that_bend_at_zero_are_those_of_a_fine_grid(target, rng):
    W, W_out, b = rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), 0.3 * rng.normal(size=2)
    model = gs.ToyModel(W, b, "leaky_relu", "relu", W_out)
    features = gs.Features(2, [0.6, 1.0], [1, 2], values=gs.Uniform(-1, 2))
    middles = -1 + 3 * (np.arange(1200) + 0.5) / 1200
    x = np.stack(np.meshgrid(np.append(middles, 0.0), middles, indexing="ij"), axis=-1).reshape(-1, 2)
    weight = np.outer(np.append(np.full(1200, 0.6 / 1200), 0.4), np.full(1200, 1 / 1200)).ravel()
    wanted = np.abs(x) if target == "abs" else np.maximum(x, 0)
    truth = weight @ (((wanted - model(x)) ** 2) @ [1, 2])
    found = gs.expected_loss(model, features, target=target, by_active=True)
    assert (found.method, found.target) == ("exact", target)
    assert found.value == pytest.approx(truth, rel=1e-5)
    assert found.by_active.sum() == pytest.approx(found.value)


@pytest.mark.parametrize("target", ["square", "abs_pairs", "product_pairs"])
def test_any_target_of_points_is_the_mean_over_all_inputs(target, rng):
    model = gs.ToyModel(rng.normal(size=(2, 3)), 0.3 * rng.normal(size=2), "relu", "relu", rng.normal(size=(2, 3)))
    values, weight = np.array([0.0, -1.0, 2.0]), np.array([0.7, 0.15, 0.15])
    x = np.stack(np.meshgrid(values, values, indexing="ij"), axis=-1).reshape(-1, 2)
    first, second = x.T
    wanted = {
        "square": x**2, "abs_pairs": np.sort(np.abs(x), axis=1)[:, ::-1],
        "product_pairs": np.stack([first * second, np.abs(first - second)], axis=1),
    }[target]  # fmt: skip
    truth = np.outer(weight, weight).ravel() @ ((wanted - model(x)) ** 2).sum(axis=1)
    features = gs.Features(2, 0.3, values=gs.Discrete([-1, 2], [0.5, 0.5]))
    assert float(gs.expected_loss(model, features, target=target, method="exact")) == pytest.approx(truth, rel=1e-12)


def test_squares_of_uniform_values_are_not_linear():
    model = gs.ToyModel([[1.0]], hidden_activation="relu")
    assert gs.expected_loss(model, gs.Features(1, 0.5), target="square", samples=100, rng=0).method == "sampled"
