"""Quadrature through the law of u, against nested Gauss rules, exact fractions, exact engines and sampling."""

from fractions import Fraction as F
from itertools import product
from math import prod

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from geomsup import Features, Joint, ToyModel, Uniform, expected_loss
from geomsup.features import Discrete
from geomsup.loss.numeric import numeric_losses
from geomsup.loss.sampled import sampled_losses

NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)
GELU = ToyModel([[0.0]], activation="gelu")
GROUPED = Features(
    4, [0.2, 0.2, 0.3, 0.1], [1, 2, 0.5, 1], [Uniform(), Discrete((1, -2)), Uniform(-1, 1), Uniform(0.5, 1)],
    correlated=[(0, 1)], anticorrelated=[(2, 3)],
)  # fmt: skip
TABLED = Features(
    4,
    [0.3, 0.12, 0.06, 0.1],
    [1, 2, 0.5, 1],
    GROUPED.values,
    joint=[Joint.hierarchy({0: [], 1: [0], 2: [1]}, (0.3, 0.4, 0.5))],
)
LONELY = Features(3, [0.3, 1.0, 0.0], 1.0, [Discrete((1, 2, 3)), Uniform(-1, 0), Uniform()])


def outcomes(features):
    """Yield (probability, present features) for every set of them."""
    p, units = features.probability, []
    for kind, group in features.units:
        if kind == "together":
            units.append([(1 - p[group[0]], ()), (p[group[0]], group)])
        elif kind == "one of":
            units.append([(1 - p[list(group)].sum(), ()), *((p[j], (j,)) for j in group)])
        else:
            (table,) = (table for table in features.joint if table.members == group)
            units.append([(table.absent, ()), *((q, present) for present, q in table.table)])
    for choice in product(*units):
        yield prod(weight for weight, _ in choice), [j for _, present in choice for j in present]


def nested(model, features):
    """E (x - x')², output by output, by Gauss rules in every present feature."""
    total = np.zeros(features.n)
    for weight, present in outcomes(features):
        grids = []
        for j in present:
            w, low, width = features.laws[j].pieces()
            x = (low[:, None] + width[:, None] * (NODES + 1) / 2).ravel()
            atoms = not width.any()
            grids.append(np.stack([low, w] if atoms else [x, (w[:, None] * WEIGHTS / 2).ravel()]))
        mesh = np.meshgrid(*(g[0] for g in grids), indexing="ij")
        mass = np.meshgrid(*(g[1] for g in grids), indexing="ij")
        x = np.zeros((mesh[0].size if present else 1, features.n))
        for j, values in zip(present, mesh, strict=True):
            x[:, j] = values.ravel()
        share = np.prod([m.ravel() for m in mass], axis=0) if present else np.ones(1)
        total += weight * (share @ (x - model(x)) ** 2)
    return total


def losses(model, features, rtol=1e-9, gradient=False):
    return numeric_losses(model.coupling, model.b, model.activation, features, rtol, gradient)


def random_model(n, activation, seed=0, m=2):
    rng = np.random.default_rng(seed)
    return ToyModel(rng.normal(size=(n, m)), rng.normal(size=n) / 2, activation=activation)


def test_one_feature_against_mpmath():
    p, a, b = mpmath.mpf("0.3"), mpmath.mpf("1.5"), mpmath.mpf("-0.25")

    def gelu(u):
        return u * mpmath.ncdf(u)

    truth = (1 - p) * gelu(b) ** 2 + p * mpmath.quad(lambda x: (x - gelu(a * x + b)) ** 2, [0, 1])
    result = numeric_losses(np.array([[1.5]]), np.array([-0.25]), "gelu", Features(1, 0.3), 1e-12, False)
    assert abs(result.value[0] - float(truth)) < result.error[0] < 1e-12 * float(truth) * 10


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["gelu", "square", np.tanh, np.sin])
@pytest.mark.parametrize("features", [Features(1), Features(2, [0.1, 0.9]), Features(3, 0.4), LONELY, GROUPED, TABLED])
def test_smooth_activations_against_nested_quadrature(activation, features):
    model = random_model(features.n, activation)
    result, truth = losses(model, features), nested(model, features)
    assert (np.abs(result.value - truth) <= result.error + 1e-14 * (1 + truth)).all()
    assert result.error.sum() < 1e-9 * truth.sum()


def test_square_against_exact_fractions():
    p, c, b = F(1, 4), ((F(3, 2), F(-1, 2)), (F(1), F(5, 8))), (F(1, 8), F(-3, 4))

    def mean(*powers):
        return prod((p / (k + 1) if k else F(1)) for k in powers)

    def truth(i):
        u = {(0, 0): b[i], (1, 0): c[i][0], (0, 1): c[i][1]}
        residual = {(int(i == 0), int(i == 1)): F(1)}
        for (one, x), (other, y) in product(u.items(), u.items()):
            key = (one[0] + other[0], one[1] + other[1])
            residual[key] = residual.get(key, F(0)) - x * y
        pairs = product(residual.items(), residual.items())
        return sum(x * y * mean(k[0] + q[0], k[1] + q[1]) for (k, x), (q, y) in pairs)

    result = numeric_losses(np.array(c, float), np.array(b, float), "square", Features(2, 0.25), 1e-9, False)
    assert result.value == pytest.approx([float(truth(i)) for i in (0, 1)], rel=1e-14)
    assert (result.error < 1e-12).all()


KINKED = {
    "relu": lambda u: np.maximum(u, 0),
    "abs": np.abs,
    "leaky_relu": lambda u: np.where(u > 0, u, 0.01 * u),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", KINKED)
@pytest.mark.parametrize("features", [Features(3, 0.4), GROUPED, TABLED])
def test_kinked_callables_against_the_exact_engine(name, features):
    model = random_model(features.n, KINKED[name])
    truth = expected_loss(ToyModel(model.W, model.b, activation=name), features, gradient=True, rtol=1e-6)
    result = losses(model, features, 1e-4, gradient=True)
    assert (np.abs(result.value - truth.per_feature / features.importance) <= result.error + 1e-12).all()
    assert features.importance @ result.error < 1e-4 * truth.value
    assert features.importance * result.slope_b == pytest.approx(truth.grad_b, abs=1e-4)


def test_a_clipped_function_against_its_two_kinks():
    def clipped(u):
        return np.clip(u, 0, 1)

    # One feature: u = 2 x - 0.5 is clipped at 0.25 and 0.75, between which (x - u)² = (0.5 - x)².
    inside = 2 * 0.25**3 / 3
    truth = 0.25**3 / 3 + inside + 0.25**3 / 3
    result = numeric_losses(np.array([[2.0]]), np.array([-0.5]), clipped, Features(1, 0.7), 1e-3, False)
    assert abs(result.value[0] - 0.7 * truth) <= result.error[0] < 5e-3 * truth


@pytest.mark.slow
def test_a_jump_is_owned_up_to():
    result = numeric_losses(np.eye(1), np.array([-0.5]), lambda u: (u > 0) * 1.0, Features(1), 1e-3, False)
    truth = 2 * 0.5**3 / 3
    assert abs(result.value[0] - truth) <= result.error[0]
    assert result.error[0] > 1e-3 * truth


@pytest.mark.slow
def test_functions_need_not_be_defined_beyond_the_range():
    features, model = Features(2, 0.5), ToyModel([[0.5], [0.8]], [-1.0, -0.9])
    result = numeric_losses(model.coupling, model.b, _root, features, 1e-4, False)
    truth = nested(ToyModel(model.W, model.b, activation=_root), features)
    assert (np.abs(result.value - truth) <= result.error + 1e-12).all()
    with pytest.raises(ValueError, match="`activation` must return finite values"):
        numeric_losses(model.coupling, model.b - 0.3, _root, features, 1e-6, False)


def _root(u):
    return np.sqrt(1.0 + u)  # NaN below -1


@pytest.mark.parametrize("activation", ["gelu", "square", np.tanh])
@pytest.mark.parametrize("features", [Features(3, 0.4, [1, 2, 0.5]), GROUPED, TABLED])
def test_slopes_against_finite_differences(activation, features):
    model = random_model(features.n, activation)
    result = losses(model, features, gradient=True)
    h = 1e-5
    for j in range(features.n):
        step = np.zeros((features.n, features.n))
        step[:, j] = h  # every output moves in its own j-th coupling
        ahead, behind = (
            numeric_losses(model.coupling + s * step, model.b, activation, features, 1e-9, False) for s in (1, -1)
        )
        slope = (ahead.value - behind.value) / (2 * h)
        assert result.slope_coupling[:, j] == pytest.approx(slope, rel=1e-6, abs=1e-7)
    ahead, behind = (numeric_losses(model.coupling, model.b + s, activation, features, 1e-9, False) for s in (h, -h))
    assert result.slope_b == pytest.approx((ahead.value - behind.value) / (2 * h), rel=1e-6, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["gelu", "square", np.tanh])
def test_twenty_features_against_sampling(activation):
    features, model = Features(20, 0.15), random_model(20, activation, m=6)
    result = losses(model, features, gradient=True)
    sampled = sampled_losses(model, features, 50_000, np.random.default_rng(5))
    assert abs(result.value.sum() - sampled.per_feature.sum()) < 5 * sampled.standard_error
    assert result.error.sum() < 1e-9 * result.value.sum()
    scale = 0.02 * (1 + np.abs(result.slope_b))
    assert (np.abs(result.slope_b - sampled.slope_b) < (20 if activation == "square" else 1) * scale).all()


def test_the_identity_against_closed_forms():
    features = Features(30, 0.1, correlated=[(0, 1, 2)], anticorrelated=[(3, 4)])
    model = random_model(30, lambda u: u, m=8)
    truth = expected_loss(ToyModel(model.W, model.b, activation="linear"), features, gradient=True)
    result = losses(model, features, gradient=True)
    assert (np.abs(result.value - truth.per_feature) <= result.error + 1e-13).all()
    assert result.slope_b == pytest.approx(truth.grad_b, rel=1e-7, abs=1e-7)


def test_importances_need_not_be_positive():
    model = random_model(2, "gelu")
    assert losses(model, Features(2, 0.3, 0.0)).value == pytest.approx(losses(model, Features(2, 0.3)).value)


def test_features_that_never_come_and_outputs_that_never_move():
    result = losses(ToyModel([[0.0], [1.0]], [0.3, -0.2], activation="gelu"), Features(2, [0.0, 0.5]))
    f = GELU([[0.0]])[0, 0] + 0.3 * float(mpmath.ncdf(0.3))
    assert result.value[0] == pytest.approx(f**2, rel=1e-12)


@settings(max_examples=25)
@given(
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["gelu", "square", np.tanh, np.sin]),
    st.sampled_from([1e-9, 0.05, 0.5, 1.0]),
    st.sampled_from([Uniform(), Uniform(-1, 1), Uniform(0.5, 1), Discrete((1, 2, -1), (1, 2, 3))]),
    st.sampled_from([0.0, 1e-6, 0.3, 1.0, 1.5]),
)
def test_errors_are_honest(n, seed, activation, p, law, scale):
    rng = np.random.default_rng(seed)
    W = np.clip(scale * rng.normal(size=(n, 2)), -1.5, 1.5)  # so that the nodes of the truth are enough
    model = ToyModel(W, rng.normal(size=n), activation=activation)
    features = Features(n, p, 1.0, law)
    result, truth = losses(model, features), nested(model, features)
    assert (np.abs(result.value - truth) <= result.error + 2e-13 * (1e-3 + truth)).all()  # the rounding of the truth
