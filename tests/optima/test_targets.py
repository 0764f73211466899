"""Optima to other targets: closed forms, minima of scipy over grids of inputs, and trained models."""

import itertools
import re

import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize

from geomsup import Discrete, Features, Normal, ToyModel, Uniform, compare, expected_loss, optimum, train
from geomsup.optima.conditions.conditions import Conditions
from geomsup.optima.conditions.objective import joined, objective_of, parted
from geomsup.optima.result import Optimum

BOTH = Uniform(-1, 1)
SIGNED = Features(2, 0.4, [1, 0.5], values=BOTH)
BINARY = Discrete([1.0], [1.0])
FEW = {"starts": 20}  # hidden ReLUs have many minima, and each descent takes some milliseconds


def grid_of_inputs(p, low, points=2000):
    """Return values of one feature that is present with probability p, U[low, 1], and their weights."""
    x = low + (1 - low) * (np.arange(points) + 0.5) / points
    return np.append(0.0, x), np.append(1 - p, np.full(points, p / points))


def best_of_one(p, low, target, activation, rng):
    """Return the least loss of y = f(w² x + b) over a grid of inputs."""
    x, weight = grid_of_inputs(p, low)

    def loss(z):
        u = z[0] ** 2 * x + z[1]
        y = {"relu": np.maximum(u, 0), "linear": u, "abs": np.abs(u)}[activation]
        return float(weight @ (target(x) - y) ** 2)

    return min(minimize(loss, start, method="Nelder-Mead", tol=1e-12).fun for start in rng.normal(size=(12, 2)))


@pytest.mark.parametrize(
    ("target", "how"),
    [
        ("relu", {}),
        ("abs", {"activation": "abs"}),
        ("relu", {"hidden_activation": "relu", "activation": "linear"}),
        ("relu", {"coherence": 0.1, "tied": False}),
    ],
    ids=str,
)
def test_units_that_are_the_target_lose_nothing(target, how):
    """A dimension for each feature: a ReLU of x is relu(x), of any values and any number of them."""
    found = optimum(Features(12, 0.3, values=BOTH), 12, target=target, **how)
    assert (found.loss, found.status, found.conditions.target) == (0.0, "closed form", target)


@pytest.mark.parametrize("n", [1, 2])
def test_two_hidden_relus_for_each_feature_make_its_absolute_value(n):
    """abs(x) = relu(x) + relu(-x): the paper's example of computation."""
    found = optimum(Features(n, 0.3, values=BOTH), 2 * n, hidden_activation="relu", tied=False, target="abs", starts=4)
    assert found.loss < 1e-12
    assert "the target abs" in str(found)


@pytest.mark.parametrize(
    ("name", "target", "low", "activation"),
    [("abs", np.abs, -1, "relu"), ("square", np.square, 0, "relu"), ("square", np.square, -1, "abs"),
     ("relu", lambda x: np.maximum(x, 0), -1, "linear")],
)  # fmt: skip
@pytest.mark.parametrize("p", [0.2, 0.8])
def test_the_best_of_one_feature_is_that_of_scipy(name, target, low, activation, p, rng):
    found = optimum(Features(1, p, values=Uniform(low, 1)), 1, activation=activation, target=name)
    assert found.loss == pytest.approx(best_of_one(p, low, target, activation, rng), rel=1e-4)
    assert found.lower_bound == 0


@pytest.mark.parametrize(("name", "m"), [("pairs", 1), ("product_pairs", 1), ("product_pairs", 2)])
def test_pairs_of_binary_inputs_are_those_of_all_inputs(name, m, rng):
    p = 0.4
    x = np.array(list(itertools.product([0.0, 1.0], repeat=2)))
    weight = np.where(x == 1, p, 1 - p).prod(axis=1)
    both, one = x[:, 0] * x[:, 1], np.abs(x[:, 0] - x[:, 1])
    wanted = np.stack([np.maximum(x[:, 0], x[:, 1]), both] if name == "pairs" else [both, one], axis=1)

    def loss(z):
        W, b = z[:-2].reshape(2, m), z[-2:]
        return float(weight @ ((np.maximum(x @ W @ W.T + b, 0) - wanted) ** 2).sum(axis=1))

    best = min(minimize(loss, start).fun for start in rng.normal(size=(40, 2 * m + 2)))
    assert optimum(Features(2, p, values=BINARY), m, target=name).loss == pytest.approx(best, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("target", "features", "how"),
    [
        ("square", Features(3, [0.2, 0.5, 0.3], [1, 2, 0.5]), {"coherence": 0.3}),
        ("abs", Features(3, 0.3, values=BOTH), {"tied": False, "weight_decay": 0.05}),
        ("abs", Features(3, 0.3, values=BOTH), {"tied": False, "hidden_activation": "relu"}),
        ("abs_pairs", Features(4, 0.3, values=Discrete([-1, 2], [0.5, 0.5])), {"activation": "leaky_relu"}),
    ],
    ids=str,
)
def test_the_objective_is_the_checked_loss_and_its_slopes(target, features, how, rng):
    conditions, n = Conditions(target=target, **how), features.n
    W, decoder = rng.normal(size=(2, n, 2))
    vector = joined((W, W if conditions.tied else decoder, 0.2 * rng.normal(size=n)), conditions.tied)

    def by_hand(vector):
        model = conditions.model(*parted(vector, n, conditions.tied))
        return float(expected_loss(model, features, target=target)) + conditions.penalty(model)

    value, slopes = objective_of(features, conditions, 1e-9)(vector)
    assert value == pytest.approx(by_hand(vector), rel=1e-12)
    np.testing.assert_allclose(slopes, approx_fprime(vector, by_hand, 1e-6), atol=1e-5)


@pytest.mark.parametrize(
    ("how", "m"),
    [({"target": "abs", "hidden_activation": "relu", "tied": False}, 3), ({"target": "square"}, 1),
     ({"target": "abs", "tied": False}, 1)],
    ids=str,
)  # fmt: skip
def test_no_trained_model_is_below_the_optimum(how, m):
    best = optimum(SIGNED, m, **how, starts=40)
    run = train(SIGNED, m, models=4, steps=3000, learning_rate=1e-2, schedule="cosine", batch=512, seed=3, **how)
    losses = [float(expected_loss(run.model(k), SIGNED, target=how["target"])) for k in range(4)]
    assert best.loss * (1 - 1e-6) <= min(losses) < 1.1 * best.loss


@pytest.mark.parametrize(
    "how", [{"tied": False, "starts": 8}, {"coherence": 1e-3}, {"hidden_activation": "relu", **FEW}]
)
@pytest.mark.parametrize("power", [-50, 15])
def test_the_unit_of_values_only_changes_that_of_the_loss_to_squares(how, power):
    """If inputs are v times as large, outputs are to be v² times as large: W Wᵀ v times, b v² times, the loss v⁴."""
    unit = 2.0**power
    scaled = how | ({"coherence": how["coherence"] * unit**2} if "coherence" in how else {})
    ordinary, other = (Features(2, 0.3, [1, 0.6], values=Discrete([size, 0.5 * size])) for size in (1.0, unit))
    first, second = optimum(ordinary, 1, target="square", **how), optimum(other, 1, target="square", **scaled)
    assert second.loss == pytest.approx(unit**4 * first.loss, rel=1e-9)
    again = expected_loss(second.model, other, target="square")
    assert float(again) == pytest.approx(second.loss, rel=1e-9)
    guessed = optimum(other, 1, target="square", guesses=[second.model], **scaled)
    assert guessed.loss <= second.loss * (1 + 1e-9)


def test_values_that_are_never_negative_have_no_signs():
    """The same search, with its lower bound: abs(x) is x."""
    plain, found = optimum(Features(3, 0.3), 2), optimum(Features(3, 0.3), 2, target="abs")
    assert (found.loss, found.lower_bound, found.status) == (plain.loss, plain.lower_bound, plain.status)
    assert str(found.conditions) == "the target abs"
    assert optimum(Features(2, 0.3), 2, target="relu").status == "closed form"


def test_a_target_survives_being_written():
    found = optimum(Features(2, 0.3), 1, target="square", starts=2)
    again = Optimum.from_dict(found.to_dict())
    assert again.conditions == Conditions(target="square")
    assert sum(block.loss for block in again.blocks) == pytest.approx(found.loss)
    assert found.prices is None


def test_runs_are_compared_with_the_optimum_of_their_own_target():
    how = {"target": "abs", "hidden_activation": "relu", "tied": False}
    run = train(SIGNED, 2, models=2, steps=500, learning_rate=1e-2, batch=256, seed=1, **how)
    for compared in (run.compare(starts=4), compare(run, starts=4)):
        assert compared[0].optimum.conditions == Conditions(**how)
        assert compared[0].loss == pytest.approx(float(expected_loss(run.model(0), SIGNED, target="abs")))
        assert compared.excess.min() > -1e-9
        assert "the target abs" in str(compared[0])
    one = compare(run.model(0), SIGNED, target="abs", starts=4)
    assert one.excess == pytest.approx(compared[0].excess, rel=1e-6)
    assert compare(run, target="relu", starts=2)[0].optimum.conditions.target == "relu"
    classes = train(Features(2, 0.3), 1, steps=2, criterion="cross-entropy", activation="linear")
    with pytest.raises(ValueError, match=r"^`model` must be trained for criterion 'squared' to be compared"):
        compare(classes)


def test_a_model_of_ordinary_outputs_is_told_what_it_computes():
    model = ToyModel([[1.0]], activation="abs")
    features = Features(1, 0.3, values=BOTH)
    assert compare(model, features, target="abs").excess == 0
    assert compare(model, features, starts=4).loss == pytest.approx(2 * 0.3 / 3)  # as half the values are negative


@pytest.mark.parametrize(
    ("features", "how", "message"),
    [
        (Features(2, 0.3), {"target": "cube"}, "`target` must be one of"),
        (Features(3, 0.3, values=BINARY), {"target": "pairs"}, '`target` "pairs" needs an even number of features'),
        (Features(2, 0.3), {"target": "pairs"}, "`target` must not be of pairs unless all values are points"),
        (Features(2, 0.3), {"target": "square", "activation": "gelu"}, "`activation` must be piecewise linear for"),
        (Features(2, 0.3, values=Normal()), {"target": "abs"}, '`target` must be "identity" for smooth'),
        (Features(2, 0.3, values=Uniform(0, 1e80)), {"target": "square"}, "`features` must have largest values"),
        (
            Features(2, 0.3, values=Discrete([1e-80])), {"target": "product_pairs"},
            "`features` must have largest values from 0.01 to 100",
        ),
        (Features(11, 0.3), {"target": "square"}, '`target` must be "identity" for more than 1024 sets'),
        (
            Features(2, 0.3), {"target": "square", "hidden_activation": "relu"},
            '`target` must be "identity", "abs" or "relu" if hidden units are ReLUs and values are not all points',
        ),
        (
            Features(2, 0.3, values=Normal()), {"hidden_activation": "relu"},
            '`hidden_activation` must be "linear" unless there are few features: up to 5 of uniform values, or some '
            "more whose values are points; got 2 features of smooth values, normalised, or",
        ),
        (Features(2, 0.3), {"max_cosine": np.nan}, "`max_cosine` must be finite; got nan. Pass a finite number."),
        (
            Features(6, 0.3, values=BOTH), {"target": "abs", "hidden_activation": "relu"},
            '`hidden_activation` must be "linear" unless there are few features',
        ),
    ],
)  # fmt: skip
def test_targets_that_are_refused(features, how, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        optimum(features, 1, **how)
