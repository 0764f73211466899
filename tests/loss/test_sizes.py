"""Losses, their slopes, curvatures and optima at sizes whose squares are no doubles: what can be scaled out, is."""

import contextlib
import warnings
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from geomsup import (
    Discrete,
    Features,
    ToyModel,
    Uniform,
    compare,
    dimensionality,
    expected_loss,
    hessian,
    one_hot_state,
    optimum,
    train,
)
from tests.loss.test_error_bound import in_rationals

FAR = [1e-310, 1e-160, 1e-77, 1e-30, 1e-13, 1.0, 1e13, 1e30, 1e76]


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def digon_loss(size, p):
    """Σ E (x_i - relu(a (x_i - x_j)))² of two features U[0, 1] on ±size, a = size², in rational numbers."""
    a, p = Fraction(size) ** 2, Fraction(p)
    both = Fraction(1, 3) - a / 4 + a * a / 12
    return 2 * (p * (1 - p) * (1 - a) ** 2 / 3 + p * p * both)


def digon_slope(size, p):
    """The derivative of `digon_loss` in `size`."""
    s, p = Fraction(size), Fraction(p)
    a = s * s
    return 2 * (p * (1 - p) * -2 * (1 - a) / 3 + p * p * (-Fraction(1, 4) + a / 6)) * 2 * s


@pytest.mark.parametrize("size", FAR)
@pytest.mark.parametrize(("pairs", "method"), [(1, "exact"), (1, "spectral"), (6, "spectral")])
def test_losses_and_slopes_of_digons_of_any_size(size, pairs, method):
    W = np.kron(np.eye(pairs), [[size], [-size]])
    result = expected_loss(ToyModel(W), Features(2 * pairs, 0.25), method=method, gradient=True)
    truth = pairs * digon_loss(size, 0.25)
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error)
    assert result.error <= 1e-9 * result.value
    slope = float((result.grad_W * np.sign(W)).sum())
    assert slope == pytest.approx(float(pairs * digon_slope(size, 0.25)), rel=1e-6, abs=1e-320)


THREE = np.array([[1.0, 0.2], [-0.7, 0.3], [0.4, -1.0]])


def rational_slope(model, features):
    """The derivative of the loss in a common factor of W, at 1: a central difference of rational losses."""
    step = Fraction(1, 10**25)
    losses = []
    for factor in (1 + step, 1 - step):
        scaled = SimpleNamespace(W=_Scaled(model.W, factor), b=model.b, activation=model.activation)
        losses.append(in_rationals(scaled, features))
    return (losses[0] - losses[1]) / (2 * step)


class _Scaled:
    """A matrix times a rational number, in the one way that `in_rationals` reads it."""

    def __init__(self, W, factor):
        self.rows = [[Fraction(v) * factor for v in row] for row in W.tolist()]

    def tolist(self):
        return self.rows


@pytest.mark.slow
@pytest.mark.parametrize("size", [1e-160, 1e-60, 1e-30, 1e30, 1e60, 1e75])
@pytest.mark.parametrize("activation", ["relu", "abs", "leaky_relu", "linear"])
def test_far_losses_and_slopes_are_those_of_rational_numbers(size, activation):
    model, features = ToyModel(THREE * size, activation=activation), Features(3, 0.3)
    result = expected_loss(model, features, gradient=True)
    assert abs(Fraction(result.value) - in_rationals(model, features)) <= Fraction(result.error)
    assert result.error <= 1e-9 * result.value
    # Slopes may overflow where losses do not, and this product of them may too.
    slope = sum(Fraction(g) * Fraction(w) for g, w in zip(result.grad_W.ravel(), model.W.ravel(), strict=True))
    truth = rational_slope(model, features)
    assert abs(slope - truth) <= abs(truth) / 10**6 + Fraction(10) ** -310


@pytest.mark.slow
@pytest.mark.parametrize("size", [1.0, 1e30, 1e60])
@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_far_curvatures_are_those_of_rational_numbers(size, activation):
    """Along W, W' H W: a second difference of rational losses; steps of 1e-3 once were nothing beside W."""
    model, features = ToyModel(THREE * size, [1.0, -0.5, 2.0], activation=activation), Features(3, 0.3)
    found = hessian(model, features)
    step = Fraction(1, 10**12)
    low, middle, high = (
        in_rationals(SimpleNamespace(W=_Scaled(model.W, 1 + k * step), b=model.b, activation=activation), features)
        for k in (-1, 0, 1)
    )
    truth = float((low - 2 * middle + high) / step**2 / Fraction(size) ** 2)
    weights = THREE.ravel()
    assert weights @ (found.matrix[:6, :6] @ weights) == pytest.approx(truth, rel=1e-5)
    assert (found.entry_error[:6, :6] <= 1e-3 * np.abs(found.matrix[:6, :6]).max()).all()
    assert found.matrix[6, 6] == pytest.approx(2.0 if activation == "linear" else found.matrix[6, 6], rel=1e-6)


@pytest.mark.parametrize("activation", ["relu", "abs", "leaky_relu", "linear", "square"])
def test_losses_of_weights_of_1e150_are_refused_in_one_line(activation):
    for call in (expected_loss, hessian):
        with pytest.raises(ValueError, match=r"^`model` must have .* that a double can hold.* Rescale them\.$"):
            call(ToyModel(THREE * 1e150, activation=activation), Features(3, 0.3))


@pytest.mark.parametrize("size", [1e-310, 1e-160, 1e-30, 1e30, 1e60, 1e150, 1e300])
def test_dimensions_do_not_depend_on_the_size_of_weights(size):
    """Of the lengths of three rows in a plane, in rational numbers: D_i = |W_i|² / Σ_j (Ŵ_i · W_j)²."""
    rows = [[Fraction(v) for v in row] for row in THREE.tolist()]
    dot = [[sum(a * b for a, b in zip(one, other, strict=True)) for other in rows] for one in rows]
    exact = [float(dot[i][i] ** 2 / sum(t * t for t in dot[i])) for i in range(3)]
    np.testing.assert_allclose(dimensionality(THREE * size), exact, rtol=1e-9 if size > 1e-300 else 1e-1)


@pytest.mark.parametrize("size", FAR)
def test_an_output_of_any_size_beside_ordinary_ones(size):
    # Untied: output 0 sees size × 1, output 1 what an ordinary dedicated dimension does.
    model = ToyModel(np.eye(2), W_out=[[size, 0.0], [0.0, 1.0]])
    result = expected_loss(model, Features(2, 0.5), gradient=True)
    assert result.per_feature[0] == pytest.approx(float((1 - Fraction(size)) ** 2 / 6), rel=1e-13)
    assert result.per_feature[1] == 0
    assert result.grad_W_out is not None
    assert result.grad_W_out[0, 0] == pytest.approx(float((Fraction(size) - 1) / 3), rel=1e-13)


@pytest.mark.parametrize("tiny", [5e-324, 1e-300, 1e-160, 1e-100, 1e-30, 1e-13])
def test_sets_of_features_that_hardly_move_an_output(tiny):
    """x'_0 = (x_0 + e x_1 - e x_2)_+ at p = 1/2, by hand: 5 e² / 32 + O(e³), and 7 e / 32 by the first e."""
    model = ToyModel(np.eye(3), W_out=[[1.0, tiny, -tiny], [0.0] * 3, [0.0] * 3])
    result = expected_loss(model, Features(3, 0.5, [1.0, 0.0, 0.0]), method="exact", gradient=True)
    assert result.value == pytest.approx(5 * tiny**2 / 32, rel=1e-9, abs=1e-320)
    assert result.error < 1e-15
    assert result.grad_W_out is not None
    assert result.grad_W_out[0, 1] == pytest.approx(7 * tiny / 32, rel=1e-9, abs=1e-323)


@pytest.mark.parametrize("tiny", [5e-324, 1e-300, 1e-160, 1e-100, 1e-30])
@pytest.mark.parametrize("method", ["exact", "spectral"])
def test_an_ordinary_weight_among_tiny_ones(tiny, method, rng):
    """Output 0 keeps a quarter of its input; all else is lost."""
    W = rng.choice([-1.0, 1.0, 2.0], size=(4, 2)) * tiny
    W[0, 0] = 0.5
    result = expected_loss(ToyModel(W), Features(4, 0.25), method=method, gradient=True)
    assert result.value == pytest.approx((0.75**2 + 3) / 12, rel=1e-12)
    assert result.grad_W is not None
    assert result.grad_W[0, 0] == pytest.approx(-0.125, rel=1e-9 if method == "exact" else 1e-4)


def test_products_of_far_weights_that_are_ordinary():
    model = ToyModel([[1e200], [-1e200]], W_out=[[1e-200], [-1e-200]])
    assert float(expected_loss(model, Features(2, 0.25))) == pytest.approx(1 / 48, rel=1e-12)


@pytest.mark.parametrize("unit", [1e-140, 1e-50, 1e-13, 1e13, 1e50, 1e140])
@pytest.mark.parametrize("activation", ["relu", "linear", "abs"])
def test_losses_scale_with_the_square_of_values(unit, activation):
    W, b = [[1.0], [-0.5], [0.3]], np.array([-0.1, 0.2, 0.0])
    laws = [Uniform(0, 1), Uniform(-0.5, 1), Discrete((1, 2))]
    far = [Uniform(0, unit), Uniform(-0.5 * unit, unit), Discrete((unit, 2 * unit))]
    one = expected_loss(ToyModel(W, b, activation), Features(3, 0.3, values=laws), gradient=True)
    other = expected_loss(ToyModel(W, b * unit, activation), Features(3, 0.3, values=far), gradient=True)
    assert other.value == pytest.approx(one.value * unit * unit, rel=1e-12)
    np.testing.assert_allclose(other.grad_W, one.grad_W * unit * unit, rtol=1e-9)
    np.testing.assert_allclose(other.grad_b, one.grad_b * unit, rtol=1e-9)


@pytest.mark.slow
def test_what_is_no_double_is_refused_in_one_line():
    message = r"^`model` must have a loss, an error and slopes that a double can hold, below 1e308; got weights up to "
    for W, b in (([[1e160], [1.0]], None), ([[1e80], [1.0]], None), ([[1.0], [1.0]], [1e160, 0.0])):
        for activation in ("relu", "linear", "abs", "gelu", "square"):
            with pytest.raises(ValueError, match=message):
                expected_loss(ToyModel(W, b, activation), Features(2, 0.3))
    with pytest.raises(ValueError, match=message):
        expected_loss(ToyModel([[1e160], [1.0]]), Features(2, 0.3), method="sampled", samples=10, rng=0)
    for high in (1e151, 1e-151, 1e300, 1e-310):
        with pytest.raises(ValueError, match=r"^`high` must be a size from 1e-150 to 1e\+150; got "):
            Uniform(0, high)
    with pytest.raises(
        ValueError, match=r"^`values` must be a size from 1e-150 to 1e\+150; got 1e\+200\. Take another"
    ):
        Discrete((1, 1e200))


@pytest.mark.parametrize("unit", [1e-140, 1e-50, 1e50, 1e140])
def test_curvature_scales_with_values(unit):
    # One feature, x' = w² x + b, at w = 1, b = 0: L = E ((1 - w²) x - b)².
    found = hessian(ToyModel([[1.0]], activation="linear"), Features(1, 1.0, values=Uniform(0, unit)))
    truth = [[8 * unit * unit / 3, 2 * unit], [2 * unit, 2.0]]
    np.testing.assert_allclose(found.matrix, truth, rtol=1e-8)


@pytest.mark.parametrize("size", [1e-310, 1e-160, 1e-30, 1e30, 1e76])
def test_curvature_at_far_weights_is_finite(size):
    found = hessian(ToyModel([[size], [-size]]), Features(2, 0.3))
    assert np.isfinite(found.matrix).all()
    assert np.isfinite(found.error)


@pytest.mark.slow
@pytest.mark.parametrize("unit", [1e-100, 1.0, 1e40])
@pytest.mark.parametrize("size", [5e-324, 1e-300, 1e-100, 1e-31, 1e-30])
def test_curvature_where_steps_are_far_longer_than_weights(size, unit, rng):
    law = Features(4, 0.1, values=Uniform(0, unit))
    found = hessian(ToyModel(rng.normal(size=(4, 2)) * size), law)
    at_zero = -unit * unit * 4 / 3 * 0.1  # of -2 E x_i² W_ik² where x_i passes, of 0 where its sign is turned
    diagonal = np.diag(found.matrix)[:8]
    assert (np.abs(diagonal - at_zero) <= np.diag(found.entry_error)[:8]).all()


@pytest.mark.parametrize("unit", [1e-20, 1.0])
def test_refused_curvature_is_refused_in_the_words_of_the_model(unit):
    """At the largest weights that have slopes: a step further there are none, and that model is not the caller's."""
    W, b = np.array([[1.0, 0.5], [-1.0, 1.0], [1.0, 1.0]]), np.full(3, 3.5 * unit)
    law = Features(3, 0.1, values=Uniform(0, unit))
    power = 200.0
    for step in 2.0 ** np.arange(5, -40, -1):
        with contextlib.suppress(ValueError):
            expected_loss(ToyModel(W * 2.0 ** (power + step), b), law, gradient=True)
            power += step
    size = 2.0**power
    with pytest.raises(ValueError, match=r"^`model` must have .* that a double can hold") as refused:
        hessian(ToyModel(W * size, b), law)
    assert f"got weights up to {size:.3g} and biases up to {3.5 * unit:.3g}. " in str(refused.value)


@pytest.mark.slow
@pytest.mark.parametrize(("importance", "unit"), [(1e-300, 1.0), (1e300, 1.0), (1.0, 1e-100), (1.0, 1e100)])
def test_optima_scale_with_importance_and_values(importance, unit):
    plain = optimum(Features(2, 0.1), 1, starts=4)
    far = optimum(Features(2, 0.1, importance, Uniform(0, unit)), 1, starts=4)
    assert plain.loss == pytest.approx(0.003319484, rel=1e-6)
    assert far.loss == pytest.approx(plain.loss * importance * unit * unit, rel=1e-9)
    assert far.geometry.name == "digon"
    np.testing.assert_allclose(far.model.b, plain.model.b * unit, rtol=1e-5)
    assert far.prices is not None
    assert far.prices.loss <= far.loss * (1 + 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("unit", [1e-11, 1e-9, 1e-5, 1e4, 1e8, 3e9, 1e11, 1e13])
def test_descents_end_at_the_optimum_in_all_units(unit):
    """First steps and tolerances are made for sizes near 1: at 1e11 the optimum was once missed by a third."""
    found = optimum(Features(5, 0.05, values=Uniform(0, unit)), 2, starts=8)
    assert found.loss / unit**2 == pytest.approx(0.008903594, abs=2e-9)
    assert found.kind == "minimum"


@pytest.mark.slow
@pytest.mark.parametrize("p", [1e-12, 1e-17, 1e-50, 1e-310])
def test_optima_of_the_rarest_features_are_those_of_one_at_a_time(p):
    found = optimum(Features(5, p), 2, starts=8)
    assert found.loss / p == pytest.approx(one_hot_state(5).potential / 3, rel=1e-7)
    assert found.geometry.name == "pentagon"


@pytest.mark.parametrize("activation", ["relu", "linear", "abs", "leaky_relu"])
@pytest.mark.parametrize("p", [1e-150, 1e-181, 1e-200, 1e-308, 0.0])
def test_a_bias_costs_the_same_however_rare_features_are(p, activation):
    """What an output says where no feature is present is not in proportion to their probability."""
    model = ToyModel([[1.0], [0.5]], [0.1, -0.2], activation)
    result = expected_loss(model, Features(2, p), gradient=True)
    output = model(np.zeros((1, 2)))[0]
    assert result.value == pytest.approx((output**2).sum(), rel=1e-12)
    slope = {"relu": 0.0, "linear": 1.0, "abs": -1.0, "leaky_relu": 0.01}[activation]
    np.testing.assert_allclose(result.grad_b, [2 * output[0], 2 * slope * output[1]], rtol=1e-12, atol=1e-100)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1e-310, 1e-160, 1e-30, 1e30, 1e70])
def test_far_models_are_compared(size):
    found = compare(ToyModel([[size], [-size], [0.5 * size]]), Features(3, 0.3), starts=2)
    assert np.isfinite(found.excess)
    assert found.excess > 0
    assert "nan" not in str(found)


@pytest.fixture(scope="module")
def rare():
    """A model, compared at rare features."""
    model = ToyModel(np.random.default_rng(0).normal(size=(5, 2)) / 2)
    return model, compare(model, Features(5, 1e-20), starts=4)


@pytest.mark.slow
@pytest.mark.parametrize("p", [1e-200, 1e-300, 1e-310])
def test_comparisons_at_the_rarest_features_are_those_at_rare_ones(p, rare):
    model, rare = rare
    rarest = compare(model, Features(5, p), starts=4)
    assert rarest.excess == pytest.approx(rare.excess, rel=1e-6)
    assert rarest.optimum.geometry.name == rare.optimum.geometry.name == "pentagon"


@pytest.mark.slow
@pytest.mark.parametrize(("p", "unit", "lowest"), [
    (0.05, 1e-6, 0.008903594), (0.05, 1e10, 0.008903594), (0.05, 1e50, 0.008903594),
    (1e-20, 1.0, 1e-20 * one_hot_state(5).potential / 3), (1e-100, 1.0, 1e-100 * one_hot_state(5).potential / 3),
])  # fmt: skip
def test_exact_trainings_end_at_the_optimum_in_all_units(p, unit, lowest):
    run = train(Features(5, p, values=Uniform(0, unit)), 2, models=4, objective="exact")
    assert run.expected_loss().min() / unit**2 == pytest.approx(lowest, rel=1e-6)
    np.testing.assert_allclose(run.loss[:, -1], run.expected_loss(), rtol=1e-6)


@pytest.mark.slow
def test_what_components_cost_does_not_jump_with_the_size_of_weights():
    """The right shape at the wrong length: all of its excess is noise."""
    turn = 2 * np.pi * np.arange(5) / 5
    pentagon = np.column_stack([np.cos(turn), np.sin(turn)])
    for size in (1e-200, 1e-30, 1e-10, 1e-2, 1.0, 1e3, 1e10, 1e70):
        found = compare(ToyModel(size * pentagon), Features(5, 0.05), starts=8)
        (cost,) = found.per_component
        assert cost.noise == pytest.approx(found.loss - 0.008903594, rel=1e-6)
        assert cost.structure == pytest.approx(0, abs=1e-9)
