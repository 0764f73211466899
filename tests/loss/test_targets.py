"""Other targets, the fourth power, and the loss by the number of active features."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy.stats import binom

from geomsup import Discrete, Features, Joint, ToyModel, Uniform, expected_loss
from geomsup.loss import exact_kernels
from geomsup.loss.targets import kernels, walk
from tests.loss.truth import CASES, TARGET_CASES, problem, problems

TARGETS = {"identity": lambda x: x, "abs": np.abs, "relu": lambda x: np.maximum(x, 0), "square": np.square}
KINDS = [(target, power) for target in TARGETS for power in (2, 4)]
kinds = st.sampled_from(KINDS)


def of(case, **options):
    return expected_loss(*problem(case), target=case["target"], power=case["power"], **options)


@pytest.mark.parametrize("case", TARGET_CASES, ids=lambda case: case["name"])
def test_value_agrees_with_exact_rationals(case):
    result, truth = of(case), Fraction(case["loss"])
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error)
    assert result.value == pytest.approx(float(truth), rel=1e-12, abs=0)
    assert result.method == "exact"


@pytest.mark.parametrize("case", TARGET_CASES, ids=lambda case: case["name"])
def test_each_number_of_active_features_agrees_with_exact_rationals(case):
    result = of(case, by_active=True)
    for found, error, text in zip(result.by_active, result.by_active_error, case["by_active"], strict=True):
        truth = Fraction(text)
        assert abs(Fraction(found) - truth) <= Fraction(error) + truth / 10**24  # the digits that are stored
        assert found == pytest.approx(float(truth), rel=1e-9, abs=1e-30 * result.value)


@pytest.mark.parametrize("case", [c for c in TARGET_CASES if "grad_W" in c], ids=lambda case: case["name"])
def test_gradient_agrees_with_differences_in_extended_precision(case):
    result = of(case, gradient=True)
    for found, name in ((result.grad_W, "grad_W"), (result.grad_b, "grad_b")):
        truth = np.array(case[name], float)
        # Slopes that are 0 are sums of terms as large as the loss is.
        np.testing.assert_allclose(found, truth, rtol=1e-8, atol=1e-8 * np.abs(truth).max() + 1e-14 * result.value)


@pytest.mark.parametrize("case", [c for c in TARGET_CASES if len(c["b"]) <= 2], ids=lambda case: case["name"])
def test_kernels_stay_within_their_arrays(case, interpreted):
    interpreted(kernels, walk, exact_kernels)
    result = of(case, gradient=True, by_active=True)
    assert result.value == pytest.approx(float(Fraction(case["loss"])), rel=1e-12, abs=0)


def test_many_cases_are_stored():
    assert len(TARGET_CASES) >= 150
    assert sum("grad_W" in case for case in TARGET_CASES) >= 100
    assert {(case["target"], case["power"]) for case in TARGET_CASES} == set(KINDS)
    for name in ("correlated", "anticorrelated", "joint"):
        assert sum(bool(case[name]) for case in TARGET_CASES) >= 20
    assert sum(any(law["law"] == "discrete" for law in case["values"]) for case in TARGET_CASES) >= 50


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_usual_loss_by_active_features_is_the_usual_loss(case):
    """The kernel for all losses, on the cases of the kernel for the usual one."""
    result, truth = expected_loss(*problem(case), by_active=True, gradient=True), Fraction(case["loss"])
    assert abs(Fraction(result.value) - truth) <= Fraction(result.error)
    assert result.value == pytest.approx(float(truth), rel=1e-10, abs=0)
    if "grad_W" in case:
        truth = np.array(case["grad_W"], float)
        np.testing.assert_allclose(result.grad_W, truth, rtol=1e-7, atol=1e-7 * np.abs(truth).max() + 1e-50)


@given(problems(max_features=5), kinds)
def test_the_parts_add_up(problem, kind):
    target, power = kind
    result = expected_loss(*problem, target=target, power=power, by_active=True, rtol=1e-6)
    assert result.by_active.sum() == pytest.approx(result.value, rel=1e-13)
    assert result.by_active_error.sum() >= 0.99 * result.error
    assert result.active.sum() == pytest.approx(1, rel=1e-13)
    assert (result.by_active >= 0).all()
    assert (result.active >= 0).all()
    np.testing.assert_allclose(result.given_active * result.active, result.by_active, rtol=1e-12)
    plain = expected_loss(*problem, target=target, power=power, rtol=1e-6)
    assert plain.value == pytest.approx(result.value, rel=1e-13)
    assert plain.by_active is None


@given(problems(max_features=4, discrete=False), kinds, st.sampled_from([1e-60, 0.25, 3.0, 1e40]))
def test_a_loss_scales_with_the_units(problem, kind, unit):
    (model, features), (target, power) = problem, kind
    laws = [law.times(unit) for law in features.laws]
    scaled = Features(
        features.n, features.probability, features.importance, laws,
        correlated=features.correlated, anticorrelated=features.anticorrelated, joint=features.joint,
    )  # fmt: skip
    # An output to be x² of an input in other units is in the square of them.
    own = unit if target == "square" else 1.0
    if power == 4 and target == "square" and not 1e-30 < unit < 1e30:
        return  # their 8th power is no double
    other = ToyModel(model.W, model.b * unit * own, model.activation, W_out=own * model.W)
    options = {"target": target, "power": power, "gradient": True, "rtol": 1e-6}
    one, two = expected_loss(model, features, **options), expected_loss(other, scaled, **options)
    ratio = (unit * own) ** power
    assert two.value == pytest.approx(ratio * one.value, rel=1e-6, abs=ratio * one.error + two.error)
    # Slopes that are 0 are sums of terms of the size of E |x - x'|^(power - 1).
    size = ratio / (unit * own) * max(1.0, 10 * one.value) ** ((power - 1) / power)
    np.testing.assert_allclose(two.grad_b, ratio / (unit * own) * one.grad_b, rtol=1e-6, atol=1e-9 * size)


@given(problems(max_features=4), kinds, st.integers(0, 2**32 - 1))
def test_permuting_features_permutes_the_terms(problem, kind, seed):
    (model, features), (target, power) = problem, kind
    order = np.random.default_rng(seed).permutation(features.n)
    place = [int(k) for k in np.argsort(order)]
    shuffled = Features(
        features.n, features.probability[order], features.importance[order], [features.laws[i] for i in order],
        correlated=[[place[i] for i in group] for group in features.correlated],
        anticorrelated=[[place[i] for i in group] for group in features.anticorrelated],
        joint=[table.moved(dict(enumerate(place))) for table in features.joint],
    )  # fmt: skip
    options = {"target": target, "power": power, "by_active": True, "rtol": 1e-6}
    one = expected_loss(model, features, **options)
    two = expected_loss(ToyModel(model.W[order], model.b[order], model.activation), shuffled, **options)
    np.testing.assert_allclose(two.per_feature, one.per_feature[order], rtol=1e-9, atol=one.error + two.error)
    np.testing.assert_allclose(two.by_active, one.by_active, rtol=1e-9, atol=one.error + two.error)


@pytest.mark.slow
@pytest.mark.parametrize(("target", "power"), KINDS)
@pytest.mark.parametrize("activation", ["relu", "abs", "leaky_relu", "linear"])
def test_untied_models_with_hidden_biases(target, power, activation):
    """Values against a mean over samples that numpy makes, slopes against differences."""
    rng = np.random.default_rng(3)
    W, W_out, b, b_hidden = (rng.normal(size=size) / 2 for size in ((4, 2), (4, 2), 4, 2))
    parts = {"W": W, "W_out": W_out, "b": b, "b_hidden": b_hidden}
    laws = [Uniform(0, 1), Uniform(-1, 0.5), Discrete((-1, 2)), Uniform(-2, -1)]
    features = Features(4, 0.4, [1, 2, 0.5, 1], laws, correlated=[(0, 1)])

    def result(parts, **options):
        model = ToyModel(activation=activation, **parts)
        return expected_loss(model, features, target=target, power=power, **options)

    exact = result(parts, gradient=True)
    x = features.sample(200_000, rng=1)
    output = {"relu": np.maximum, "abs": lambda u, _: np.abs(u), "linear": lambda u, _: u}.get(
        activation, lambda u, _: np.where(u > 0, u, 0.01 * u)
    )((x @ W + b_hidden) @ W_out.T + b, 0)
    each = (TARGETS[target](x) - output) ** power @ features.importance
    assert abs(each.mean() - exact.value) < 4 * each.std() / len(x) ** 0.5
    for name, part in parts.items():
        move = rng.normal(size=part.shape) * 1e-6
        ends = [result(parts | {name: part + sign * move}).value for sign in (1, -1)]
        slope = (getattr(exact, f"grad_{name}") * move).sum()
        assert slope == pytest.approx((ends[0] - ends[1]) / 2, rel=1e-5, abs=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize(("target", "power"), KINDS)
def test_samples_agree(target, power):
    rng = np.random.default_rng(5)
    model = ToyModel(rng.normal(size=(5, 2)) / 2, rng.normal(size=5) / 5)
    features = Features(5, 0.3, values=Uniform(-0.5, 1), anticorrelated=[(1, 2)])
    options = {"target": target, "power": power, "by_active": True, "gradient": True}
    exact = expected_loss(model, features, **options)
    sampled = expected_loss(model, features, method="sampled", rng=2, samples=300_000, **options)
    assert sampled.method == "sampled"
    assert abs(sampled.value - exact.value) < 4 * sampled.error
    assert (np.abs(sampled.by_active - exact.by_active) < 4 * sampled.by_active_error + 1e-15).all()
    assert sampled.by_active.sum() == pytest.approx(sampled.value, rel=1e-12)
    np.testing.assert_allclose(sampled.active, exact.active, atol=5 / 300_000**0.5)
    np.testing.assert_allclose(sampled.grad_W, exact.grad_W, atol=0.03 * np.abs(exact.grad_W).max())
    np.testing.assert_allclose(sampled.grad_b, exact.grad_b, atol=0.03 * np.abs(exact.grad_b).max())


def test_the_loss_given_k_active_is_that_of_exactly_k():
    rng = np.random.default_rng(0)
    model = ToyModel(rng.normal(size=(5, 2)), rng.normal(size=5) / 5)
    result = expected_loss(model, Features(5, 0.2), by_active=True)
    for k in range(1, 6):
        exactly = Features(5, joint=[Joint.exactly(range(5), k)])
        assert result.given_active[k] == pytest.approx(expected_loss(model, exactly).value, rel=1e-12)
    np.testing.assert_allclose(result.active, binom.pmf(range(6), 5, 0.2), rtol=1e-13)


def test_features_that_an_output_does_not_see_count_too():
    """Digons lose p²/3 each, when both of their features are present, whoever else is."""
    pairs, p = 20, 0.25
    model = ToyModel(np.kron(np.eye(pairs), [[1.0], [-1.0]]))
    result = expected_loss(model, Features(2 * pairs, p), by_active=True)
    truth = pairs * p**2 / 3 * np.r_[0, 0, binom.pmf(range(2 * pairs - 1), 2 * pairs - 2, p)]
    np.testing.assert_allclose(result.by_active, truth, rtol=1e-12)
    assert result.method == "exact"


def test_units_of_every_kind_are_counted():
    features = Features(
        9, 0.3, values=[Discrete((0, 1))] * 2 + [Uniform()] * 7,
        correlated=[(0, 2)], anticorrelated=[(3, 4)], joint=[Joint.exactly((5, 6, 7), 2)],
    )  # fmt: skip
    model = ToyModel(np.eye(9)[:, :1])  # only output 0 sees anything
    active = expected_loss(model, features, by_active=True).active
    x = features.sample(400_000, rng=0)
    shares = np.bincount(np.count_nonzero(x, axis=1), minlength=10) / len(x)
    assert (np.abs(active - shares) <= 4 * np.sqrt(active * (1 - active) / len(x)) + 1e-15).all()
    # 0 and 2, of which 0 may be 0; 1; 3 or 4; two of 5, 6, 7; 8
    assert active[2] == pytest.approx(0.7 * 0.85 * 0.4 * 0.7, rel=1e-14)


def test_closed_forms():
    silent = ToyModel(np.zeros((1, 1)))
    for power in (2, 4):
        for target, order in (("identity", power), ("abs", power), ("relu", power), ("square", 2 * power)):
            result = expected_loss(silent, Features(1, 0.3), target=target, power=power)
            assert result.value == pytest.approx(0.3 / (order + 1), rel=1e-14)
    both = Features(1, 0.3, values=Uniform(-1, 1))
    two_sided = ToyModel([[1.0]], activation="abs")
    assert expected_loss(two_sided, both, target="abs", power=4).value == 0
    assert expected_loss(ToyModel([[1.0]]), both, target="relu").value == 0
    assert expected_loss(ToyModel([[1.0]]), both, target="abs", power=4).value == pytest.approx(0.3 / 10, rel=1e-14)
    # ∫ (x² - x)² and ∫ (x² - x)⁴ are beta functions
    for power in (2, 4):
        beta = 1 / ((2 * power + 1) * comb(2 * power, power))
        assert expected_loss(ToyModel([[1.0]]), Features(1), target="square", power=power).value == pytest.approx(beta)
    assert expected_loss(ToyModel([[1.0]]), Features(1, 0.5, values=Discrete((0, 1))), target="square").value == 0


def test_a_nearly_perfect_model_keeps_its_digits():
    """The loss (10^-6)⁴ p / 5 is 10^-24 of what its terms are."""
    result = expected_loss(ToyModel([[1.0]], W_out=[[1 - 1e-6]]), Features(1, 0.5), power=4)
    gap = 1 - Fraction(1 - 1e-6)
    assert result.value == pytest.approx(float(gap**4 / 10), rel=1e-12, abs=0)


@pytest.mark.parametrize("size", [1e-100, 1e-30, 1e25, 1e50])
def test_outputs_of_any_size(size):
    """An output u = size * x / 2: E (x - u)⁴ = (1 - size / 2)⁴ p / 5."""
    result = expected_loss(ToyModel([[1.0]], W_out=[[size / 2]]), Features(1, 0.5), power=4, gradient=True)
    assert result.value == pytest.approx((1 - size / 2) ** 4 / 10, rel=1e-12)
    assert result.grad_W_out[0, 0] == pytest.approx(-4 * (1 - size / 2) ** 3 / 10, rel=1e-12)


def test_too_many_sets_are_sampled():
    model, features = ToyModel(np.ones((17, 1)) / 17), Features(17, 0.1)
    result = expected_loss(model, features, power=4, samples=1000, rng=0)
    assert (result.method, result.power) == ("sampled", 4)
    with pytest.raises(
        ValueError, match=r'`method` "exact" must not meet more than 65536 sets .* Use method="sampled"'
    ):
        expected_loss(model, features, power=4, method="exact")


@pytest.mark.parametrize("activation", ["gelu", abs])  # a function of the user's may have any name
def test_outputs_that_are_not_piecewise_linear_are_sampled(activation):
    model = ToyModel([[1.0]], activation=activation)
    assert expected_loss(model, Features(1), by_active=True, samples=100).method == "sampled"


def test_results_say_what_they_are():
    digon, features = ToyModel([[1.0], [-1.0]]), Features(2, 0.25)
    result = expected_loss(digon, features, target="abs", power=4, by_active=True)
    assert str(result).startswith("expected loss to abs(x) of power 4: 0.00833333333333 (exact, ")
    written = result.to_dict()
    assert (written["target"], written["power"]) == ("abs", 4)
    assert written["by_active"] == result.by_active.tolist()
    assert written["given_active"] == result.given_active.tolist() == [0, 0, pytest.approx(2 / 15)]
    usual = expected_loss(digon, features)
    assert usual.given_active is None
    assert "by_active" not in usual.to_dict()
    never = expected_loss(digon, Features(2, [0.25, 0.0]), by_active=True)
    assert never.given_active[2] == never.active[2] == 0


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"target": "cube"}, ValueError, r'`target` must be one of "identity", "abs", .*; got \'cube\''),
        ({"power": 3}, ValueError, r"`power` must be 2 or 4; got 3\. Take 4"),
        ({"power": "4"}, TypeError, r"`power` must be an integer; got '4'"),
        ({"power": float("nan")}, TypeError, r"`power` must be an integer; got nan"),
        ({"by_active": 1}, TypeError, r"`by_active` must be True or False; got 1"),
        ({"power": 4, "method": "spectral"}, ValueError, r'`method` must be "exact", "sampled" .*spectral'),
        ({"target": "abs", "method": "numeric"}, ValueError, r'`method` must be "exact", "sampled" .*numeric'),
    ],
)  # fmt: skip
def test_bad_input_is_named(options, error, message):
    with pytest.raises(error, match=message):
        expected_loss(ToyModel([[1.0]]), Features(1), **options)


def test_what_only_samples_know_is_refused():
    for model in (ToyModel([[1.0]], activation="gelu"), ToyModel([[1.0]], hidden_activation="relu")):
        with pytest.raises(ValueError, match=r'`method` must be "sampled" or "auto" for models with a nonlinear'):
            expected_loss(model, Features(1), target="square", method="exact")
