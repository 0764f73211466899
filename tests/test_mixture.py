"""Mixtures of independent features: against exact rationals, tables, definitions, samples and differences."""

import json
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import geomsup as gs
from geomsup import Features, Joint, Mixture, ToyModel, expected_loss
from geomsup.activations import LEAKS
from geomsup.training.arguments import make_inputs
from geomsup.training.kernels.compiled import BLOCK
from geomsup.training.kernels.draws import draw as draw_block
from tests.data.make_exact_losses import loss as rational_loss
from tests.training import reference

MANY = 9  # features whose table would have 2^9 sets: they are not tabled


def topics(n=12, states=3, seed=0, **options):
    """Return features of which each is likely in one state."""
    rng = np.random.default_rng(seed)
    given = np.where(np.arange(n) % states == np.arange(states)[:, None], 0.4, 0.02) * rng.random((states, n))
    return Features(n, joint=[Mixture(range(n), given, weights=rng.random(states))], **options)


def table_of(features):
    """Return the same features with tables in place of the mixtures."""
    tables = [Joint.mixture(one.members, one.given, weights=one.weights) for one in features.joint]
    return Features(features.n, features.probability, features.importance, features.values, joint=tables)


def model_of(n, m=3, seed=1, **options):
    rng = np.random.default_rng(seed)
    return ToyModel(rng.normal(size=(n, m)) / m**0.5, 0.2 * rng.normal(size=n), **options)


@pytest.mark.slow
@given(
    st.integers(0, 2**32 - 1), st.sampled_from(["relu", "abs", "leaky_relu", "linear"]),
    st.sampled_from(["exact", "spectral", "auto"]),
)  # fmt: skip
def test_the_error_bound_holds(seed, activation, method):
    """The truth is the mean of exact rational losses of independent features, state by state."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(1, 4))
    here = rng.permuted(np.tile(np.arange(MANY) < 3, (k, 1)), axis=1)  # three features may come in each state
    p = np.where(here, rng.choice([1e-6, 0.1, 0.5, 1.0], (k, MANY)), 0.0)
    order = rng.permutation(MANY).tolist()
    features = Features(MANY, importance=rng.random(MANY), joint=[Mixture(order, p, weights=rng.random(k))])
    model = model_of(MANY, seed=seed, activation=activation)
    W, b, importance = (_rational(array) for array in (model.W, model.b, features.importance))
    truth = Fraction(0)
    for weight, row in zip(features.joint[0].weights.tolist(), p.tolist(), strict=True):
        own = [Fraction(q) for q in np.array(row)[np.argsort(order)]]
        units = [("together", [i]) for i in range(MANY) if own[i]]
        laws = [[(Fraction(1), Fraction(0), Fraction(1))]] * MANY
        leak = Fraction(1 if activation == "linear" else LEAKS[activation])
        truth += Fraction(weight) * rational_loss(W, b, own, importance, laws, units, leak)
    rtol = 1e-6 if method == "spectral" else 1e-9
    try:
        found = expected_loss(model, features, method=method, rtol=rtol)
    except ValueError as error:
        if method == "spectral" and "`rtol` must be reachable" in str(error):
            return
        raise
    assert abs(Fraction(found.value) - truth) <= Fraction(found.error)
    assert found.error <= max(rtol * found.value, rtol**2 * float(features.second_moment.sum()))


def _rational(array):
    values = array.tolist()
    return [[Fraction(v) for v in row] if isinstance(row, list) else Fraction(row) for row in values]


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"target": "abs"}, {"power": 4}, {"by_active": True}])
def test_losses_are_those_of_the_table(options):
    features, model = topics(10, values=gs.Uniform(-0.5, 1)), model_of(10)
    assert len(features.parts) == 3
    assert table_of(features).parts[0][1] == table_of(features)
    found, truth = (expected_loss(model, one, gradient=True, **options) for one in (features, table_of(features)))
    assert abs(found.value - truth.value) <= found.error + truth.error
    np.testing.assert_allclose(found.grad_W, truth.grad_W, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.grad_b, truth.grad_b, rtol=1e-6, atol=1e-8)
    if "by_active" in options:
        np.testing.assert_allclose(found.active, truth.active, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(found.by_active, truth.by_active, rtol=1e-9, atol=1e-15)


@pytest.mark.slow
@pytest.mark.parametrize("options", [
    {"activation": "gelu"}, {"activation": "abs"}, {"activation": "linear"}, {"W_out": model_of(30, seed=7).W},
])  # fmt: skip
def test_many_features_agree_with_sampling(options):
    features, model = topics(30, 4), model_of(30, **options)
    found = expected_loss(model, features, rtol=1e-6)
    sampled = expected_loss(model, features, method="sampled", samples=400_000, rng=3)
    assert found.method != "sampled"
    assert abs(found.value - sampled.value) <= 4 * sampled.error


def test_slopes_are_those_of_differences():
    features, model = topics(11, 2), model_of(11)
    loss, h, rng = expected_loss(model, features, gradient=True), 1e-5, np.random.default_rng(3)
    for _ in range(5):
        dW, db = rng.normal(size=model.W.shape), rng.normal(size=11)
        ahead, behind = (
            expected_loss(ToyModel(model.W + s * h * dW, model.b + s * h * db), features).value for s in (1, -1)
        )
        along = (loss.grad_W * dW).sum() + (loss.grad_b * db).sum()
        assert (ahead - behind) / (2 * h) == pytest.approx(along, rel=1e-6, abs=1e-8)


@pytest.mark.slow
def test_second_derivatives_are_means_of_those_of_the_states():
    features, model = topics(9, 2), model_of(9, 1)
    (mixture,) = features.joint
    each = [gs.hessian(model, Features(9, p)).matrix for p in mixture.given]
    assert gs.hessian(model, features).matrix == pytest.approx(
        np.einsum("k,kij->ij", mixture.weights, each), rel=1e-5, abs=1e-6
    )


def test_two_mixtures_and_a_table_are_independent_of_each_other():
    """Against a sum over the choices of both states, written out."""
    first, second = (
        Mixture((0, 3), [[0.5, 0.1], [0.0, 0.3]], [1, 3]),
        Mixture((1, 2, 5), [[0.2, 0.4, 0.6], [1, 0, 0.1]]),
    )
    pair = Joint.correlated((4, 6), 0.2, correlation=0.5)
    values = gs.HalfNormal(1, cells=16)  # too many pieces for tables
    features = Features(8, 0.3, values=values, joint=[first, pair, second])
    truth, model = 0.0, model_of(8)
    for (w, p), (v, q) in product(
        zip(first.weights, first.given, strict=True), zip(second.weights, second.given, strict=True)
    ):
        own = [p[0], q[0], q[1], p[1], 0.2, q[2], 0.2, 0.3]
        truth += w * v * expected_loss(model, Features(8, own, values=values, joint=[pair])).value
    assert len(features.parts) == 4
    assert expected_loss(model, features).value == pytest.approx(truth, rel=1e-7)  # of histograms series are shorter


def test_moments_are_those_of_the_definition():
    """P(i and j) = Σ_k w_k p_ki p_kj, and samples have these moments."""
    given = [[0.9, 0.5, 0.0], [0.1, 0.0, 0.7]]
    features = Features(4, 0.3, values=gs.Uniform(1, 2), joint=[Mixture((2, 0, 3), given, weights=(1, 3))])
    assert features.probability == pytest.approx([0.125, 0.3, 0.3, 0.525])  # (0.5, ., 0.9 + 0.3, 2.1) / 4
    assert features.covariance[2, 0] == pytest.approx(1.5**2 * (0.45 / 4 - 0.3 * 0.125))
    x = features.sample(400_000, rng=0)
    assert np.allclose((x != 0).mean(axis=0), features.probability, atol=0.004)
    assert np.allclose(np.cov(x.T), features.covariance, atol=0.006)


def test_training_draws_what_the_definition_says():
    """Sample by sample against the slow reference, and moments against closed forms."""
    features = Features(
        5, 0.3, values=gs.Uniform(1, 2),
        joint=[Mixture((3, 0, 4), [[0.9, 0.5, 0.0], [0.1, 1.0, 0.7], [0.5, 0.5, 0.5]], weights=(1, 3, 0))],
    )  # fmt: skip
    key, law = np.array([7, 5], np.uint32), make_inputs(features).law
    drawn = []
    for step in range(300):
        x, words = np.empty((5, BLOCK), np.float32), np.empty((2, BLOCK), np.int32)
        draw_block(x, BLOCK, 0, step, law, words, key)
        drawn.append(x.T)
    truth = np.concatenate([reference.samples(features, key, step, BLOCK) for step in range(300)])
    x = np.concatenate(drawn)
    np.testing.assert_allclose(x, truth, atol=1e-6)
    assert np.allclose((x != 0).mean(axis=0), features.probability, atol=0.012)
    assert np.allclose(np.cov(x.T), features.covariance, atol=0.03)


def test_a_training_takes_them_and_files_keep_them(tmp_path):
    features = topics(20, 3)
    run = gs.train(features, 4, steps=2000, batch=256, learning_rate=1e-2, device="cpu")
    assert run.loss[0, -1] == pytest.approx(run.expected_loss()[0], rel=0.2)
    assert run.expected_loss()[0] < 0.8 * float(features.variance.sum())
    run.save(tmp_path / "run.npz")
    assert gs.load(tmp_path / "run.npz").features[0] == features


@pytest.mark.slow
def test_optimum_and_comparison_are_those_of_the_table():
    """Ten features, two contexts: those of one context never meet those of the other."""
    given = np.where(np.arange(10) < 5, [[0.3], [0.0]], [[0.0], [0.3]])
    features = Features(10, joint=[Mixture(range(10), given)])
    best, other = (gs.optimum(one, 2, starts=6) for one in (features, table_of(features)))
    assert best.loss == pytest.approx(other.loss, rel=1e-4)
    assert gs.compare(best.model, features, starts=1).excess == pytest.approx(0, abs=1e-6)
    assert best.lower_bound <= best.loss


def test_the_state_that_never_comes_and_the_only_one():
    p = np.linspace(0, 0.9, 10)
    alone, model = Features(10, p), model_of(10)
    for mixture in (Mixture(range(10), [p]), Mixture(range(10), [p, 1 - p], weights=[2, 0])):
        features = Features(10, joint=[mixture])
        assert features.parts == ((1.0, alone),)
        assert expected_loss(model, features).value == expected_loss(model, alone).value


def test_dicts_and_equality():
    features = topics(values=gs.Discrete((1, 2)))
    again = Features.from_dict(json.loads(json.dumps(features.to_dict())))
    assert again == features
    assert hash(again) == hash(features)
    assert topics(seed=1) != topics(seed=2)
    assert "Mixture((0, 1, 2), 1 state, probability 0.5)" in repr(Features(3, joint=[Mixture(range(3), [[0.5] * 3])]))
    assert "Mixture(40 features, 2 states" in repr(topics(40, 2))
    with pytest.raises(ValueError, match="read-only"):
        features.joint[0].given[0, 0] = 1


@pytest.mark.slow
def test_too_many_choices_are_sampled_or_refused():
    """Thirteen mixtures of two states: 8192 choices."""
    given = np.full((2, 3), [[0.01], [0.02]])
    tables = [Mixture(range(i, i + 3), given) for i in range(0, 39, 3)]
    features = Features(39, values=gs.HalfNormal(1, cells=16), joint=tables)
    model = model_of(39)
    assert expected_loss(model, features, samples=1000).method == "sampled"
    assert gs.train(features, 3, steps=3, device="cpu").expected_loss() > 0
    for refused in (
        lambda: expected_loss(model, features, method="spectral"),
        lambda: gs.optimum(features, 3),
        lambda: gs.hessian(model, features),
    ):
        with pytest.raises(ValueError, match=r"^`joint` must not leave more than 4096 .*; got 8192. Pass method="):
            refused()


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_a_loss_is_linear_in_the_weights(seed):
    rng = np.random.default_rng(seed)
    p, w = rng.random((2, 10)), rng.random()
    model = model_of(10, seed=seed)
    both = expected_loss(model, Features(10, joint=[Mixture(range(10), p, weights=[w, 1 - w])]))
    one, other = (expected_loss(model, Features(10, row)).value for row in p)
    assert both.value == pytest.approx(w * one + (1 - w) * other, rel=1e-8)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Mixture(range(10**9), [[0.1]]), "`members` must be 1 to 10000000 different indices"),
        (lambda: Mixture((0, 0), [[0.1, 0.1]]), "`members` must be one or more different indices"),
        (lambda: Mixture((), np.zeros((1, 0))), "`members` must be one or more different indices"),
        (lambda: Mixture((0, 1), [0.1, 0.2]), r"`given` must have the shape \(states, 2\)"),
        (lambda: Mixture((0, 1), [[0.1, 1.2]]), "`given` must .* entries from 0 to 1"),
        (lambda: Mixture((0, 1), [[0.1, np.nan]]), "`given` must"),
        (lambda: Mixture((0, 1), [[0.1, 0.2]], weights=(1, 2)), r"`weights` must be at least 0, one per state \(1\)"),
        (lambda: Mixture((0, 1), [[0.1, 0.2]], weights=[0]), "`weights` must be at least 0"),
        (
            lambda: Features(1, joint=[Mixture((0, 1), [[0.1, 0.2]])]),
            r"`joint` must have members below 1; got \(0, 1\)",
        ),
        (
            lambda: Features(2, [0.5, 0.5], joint=[Mixture((0, 1), [[0.5, 0.2]])]),
            "`probability` must agree with `joint`",
        ),
        (lambda: Joint(range(17), {}), "or a Mixture of states"),
        (lambda: topics().sets("mixture", tuple(range(12))), '`kind` must not be "mixture"'),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("make", [lambda: Mixture(3, [[0.1]]), lambda: Mixture((0, 1.5), [[0.1, 0.1]])])
def test_wrong_kinds(make):
    with pytest.raises(TypeError, match="`members` must be"):
        make()
