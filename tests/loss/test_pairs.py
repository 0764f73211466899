"""Targets of two inputs: against sums over all inputs in rationals, closed forms, samples and differences."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from geomsup import Discrete, Features, Joint, Mixture, ToyModel, Uniform, expected_loss, train

TRUE = {
    "pairs": lambda x, y: (max(x, y), min(x, y)),
    "abs_pairs": lambda x, y: (max(abs(x), abs(y)), min(abs(x), abs(y))),
    "product_pairs": lambda x, y: (x * y, abs(x - y)),
}
SLOPES = {"relu": 0.0, "abs": -1.0, "leaky_relu": 0.01, "linear": 1.0}
SPIN = Discrete((-1, 0.5), (1, 3))


def in_rationals(model, p, importance, target, power):
    """Return Σ_i I_i E (τ_i - x'_i)^power for independent values -1 and 1/2, the latter thrice as often."""
    W, b = [[Fraction(v) for v in row] for row in model.W.tolist()], [Fraction(v) for v in model.b.tolist()]
    leak = Fraction(SLOPES[model.activation])
    total = Fraction(0)
    for x in product((Fraction(0), Fraction(-1), Fraction(1, 2)), repeat=len(b)):
        weight = Fraction(1)
        for value, q in zip(x, p, strict=True):
            weight *= 1 - q if value == 0 else q * (Fraction(1, 4) if value < 0 else Fraction(3, 4))
        hidden = [sum(row[h] * value for row, value in zip(W, x, strict=True)) for h in range(len(W[0]))]
        wanted = [value for k in range(0, len(b), 2) for value in TRUE[target](x[k], x[k + 1])]
        for i, goal in enumerate(wanted):
            u = b[i] + sum(w * h for w, h in zip(W[i], hidden, strict=True))
            total += weight * importance[i] * (goal - (u if u > 0 else leak * u)) ** power
    return total


@pytest.mark.slow
@settings(max_examples=60)
@given(
    st.integers(0, 2**32 - 1), st.sampled_from(list(TRUE)), st.sampled_from([2, 4]), st.sampled_from(list(SLOPES)),
)  # fmt: skip
def test_the_error_bound_holds(seed, target, power, activation):
    rng = np.random.default_rng(seed)
    p, importance = rng.choice([0.0, 0.25, 0.5, 1.0], 4), rng.choice([0.0, 0.5, 1.0], 4)
    scale = rng.choice([1.0, 1e-6, 1e3])
    model = ToyModel(scale * rng.normal(size=(4, 2)), rng.normal(size=4), activation=activation)
    result = expected_loss(model, Features(4, p, importance, SPIN), target=target, power=power)
    truth = in_rationals(model, *([Fraction(v) for v in part.tolist()] for part in (p, importance)), target, power)
    assert result.method == "exact"
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error)
    assert result.error <= 1e-9 * max(result.value, 1e-9 * float(importance.sum()))


@pytest.mark.parametrize("unit", [1.0, 2.0**-70, 2.0**70])
def test_units_do_not_matter(unit):
    """Values far from 1 are scaled; τ of degree 1 and 2 then differ."""
    model = ToyModel(np.eye(2), [0.0, 0.0])
    features = Features(2, 0.5, values=Discrete((unit,)))
    swapped = unit**2 / 2  # inputs (0, 1), outputs too, which are to be (1, 0)
    assert expected_loss(model, features, target="pairs").value == pytest.approx(swapped, rel=1e-12, abs=0)
    product = (1 - 0.5) * 0.5 * unit**2 + 0.25 * (unit**2 - unit) ** 2  # x'_0 = x_0, to be x_0 x_1
    distance = 0.25 * unit**2 + 0.25 * unit**2  # x'_1 = x_1, to be |x_0 - x_1|: wrong if x_0 is there
    found = expected_loss(model, features, target="product_pairs")
    assert found.value == pytest.approx(product + distance, rel=1e-12, abs=0)


@pytest.mark.slow
@pytest.mark.parametrize("target", TRUE)
@pytest.mark.parametrize("power", [2, 4])
def test_groups_agree_with_samples(target, power):
    """Of every kind of group, values against means in NumPy, and slopes against differences."""
    rng = np.random.default_rng(1)
    tables = [Joint.exactly((4, 5), 1), Mixture((6, 7), [[0.1, 0.9], [0.5, 0.0]])]
    features = Features(8, 0.3, rng.random(8), SPIN, correlated=[(0, 2)], anticorrelated=[(1, 3)], joint=tables)
    parts = {"W": rng.normal(size=(8, 3)) / 2, "b": rng.normal(size=8) / 5, "W_out": rng.normal(size=(8, 3)) / 2}
    options = {"target": target, "power": power}
    exact = expected_loss(ToyModel(**parts), features, gradient=True, by_active=True, **options)
    assert exact.by_active.sum() == pytest.approx(exact.value, rel=1e-12)
    x = features.sample(50_000, rng=2)
    pairs = zip(x[:, ::2].ravel().tolist(), x[:, 1::2].ravel().tolist(), strict=True)
    wanted = np.array([TRUE[target](*pair) for pair in pairs]).reshape(x.shape)
    each = (wanted - ToyModel(**parts)(x)) ** power @ features.importance
    assert abs(each.mean() - exact.value) < 4 * each.std() / len(x) ** 0.5
    assert (np.abs(np.bincount((x != 0).sum(axis=1), minlength=9) / len(x) - exact.active) < 0.012).all()
    sampled = expected_loss(ToyModel(**parts), features, method="sampled", samples=200_000, rng=3, **options)
    assert abs(sampled.value - exact.value) < 4 * sampled.error
    for name, part in parts.items():
        move = rng.normal(size=part.shape) * 1e-6
        ends = [
            expected_loss(ToyModel(**parts | {name: part + sign * move}), features, **options).value for sign in (1, -1)
        ]
        slope = (getattr(exact, f"grad_{name}") * move).sum()
        assert slope == pytest.approx((ends[0] - ends[1]) / 2, rel=1e-4, abs=1e-12)


def test_smooth_values_are_sampled():
    """Against moments: outputs are 0, so the loss is E x² E y² + E (x - y)²."""
    p = 0.4
    found = expected_loss(ToyModel(np.zeros((2, 1))), Features(2, p), target="product_pairs", samples=400_000, rng=0)
    assert found.method == "sampled"
    assert abs(found.value - ((p / 3) ** 2 + 2 * p / 3 - p**2 / 2)) < 4 * found.error


def test_sixteen_binary_inputs_are_exact_and_eighteen_are_sampled():
    binary = Discrete((1,))
    for n, method in ((16, "exact"), (18, "sampled")):
        model = ToyModel(np.zeros((n, 1)))
        found = expected_loss(model, Features(n, 0.5, values=binary), target="pairs", samples=1000, rng=0)
        assert found.method == method
        assert found.value == pytest.approx(n / 2 * (0.75 + 0.25), abs=5 * found.error)


@pytest.mark.parametrize("target", TRUE)
def test_trainings_are_measured_on_the_same_targets(target):
    features = Features(4, 0.5, values=Discrete((1, 2)))
    run = train(features, 3, steps=300, batch=128, learning_rate=1e-2, target=target, device="cpu")
    exact = expected_loss(run.model(0), features, target=target)
    assert run.expected_loss()[0] == pytest.approx(exact.value, rel=0.02)
    assert run.loss[0, -1] == pytest.approx(exact.value, rel=0.3)


@pytest.mark.parametrize(
    ("n", "values", "options", "message"),
    [
        (3, SPIN, {}, '`target` "pairs" needs an even number of features; got 3. Add one.'),
        (2, Uniform(), {"method": "exact"}, '`method` must be "sampled" or "auto" for targets of pairs'),
        (2, SPIN, {"method": "spectral"}, '`method` must be "exact", "sampled" or "auto" for other targets'),
        (2, SPIN, {"target": "triples"}, '`target` must be one of "identity", "abs", "relu", "square", "pairs"'),
    ],
)
def test_errors_name_the_argument(n, values, options, message):
    with pytest.raises(ValueError, match=message):
        expected_loss(ToyModel(np.zeros((n, 1))), Features(n, 0.5, values=values), **({"target": "pairs"} | options))
