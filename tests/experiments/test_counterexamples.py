"""Counterexamples: each judge on data made by hand, and what they compute against truth from outside."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import erf

from geomsup.experiments.counterexamples import curved_code, layers, no_parts, sets_of_features, small_features
from geomsup.features import Features, Uniform

HOLDS, VARIES, FAILS = "holds", "holds with other numbers", "does not hold"


def sets_data(trained, losses=(0.08, 0.08), minima=(True, True)):
    names = list(sets_of_features.RIVALS)
    data: dict = {"tie": 0.52, "losses": losses, "minima": minima, "slopes": (0.2, 0.1)}
    data |= {"trained": np.array([names[k] for k in trained]), "trained_loss": np.full(len(trained), 0.08)}
    for k in range(len(sets_of_features.OTHERS) + 1):
        data |= {f"name {k}": np.array(names), f"loss {k}": np.array([0.08, 0.08]), f"count {k}": np.array([3, 1])}
        data |= {f"minimum {k}": np.array([True, k < 2])}
    return data


def test_two_sets_of_features_need_a_tie_of_minima_that_are_both_trained():
    told = sets_of_features.judge(sets_data([0] * 9 + [1]))
    assert told.status == HOLDS
    assert told.numbers["share of trainings, triangle"] == pytest.approx(0.1)
    assert told.numbers["unlike minima found, 3 in 2, p = 0.45"] == 2
    assert told.numbers["unlike minima found, 6 in 3, p = 0.1"] == 1
    assert sets_of_features.judge(sets_data([0] * 10)).status == VARIES
    assert sets_of_features.judge(sets_data([0] * 9 + [1], losses=(0.08, 0.0801))).status == FAILS
    assert sets_of_features.judge(sets_data([0] * 9 + [1], minima=(True, False))).status == FAILS


def test_minima_of_two_features_in_one_dimension_are_known():
    # A digon below p = 0.7064 (theorem of docs/theorems.md); a dropped second feature grows again on the other side.
    features = Features(2, 0.1)
    digon = np.array([[1.0062], [-1.0062]])
    found = sets_of_features.kinds(features, 1, 12)
    assert found["name"][0] == "digon"
    assert found["minimum"][0]
    assert np.abs(found["loss"][0] / 0.1**2 * 3 - 1) < 0.05  # p²/3 to leading order
    assert not sets_of_features.is_minimum(np.array([[1.0], [0.0]]), np.array([0.0, 0.05]), features)
    assert not sets_of_features.is_minimum(digon + 0.2, np.zeros(2), features)


def test_ends_are_counted_by_kind():
    found = sets_of_features.kinds(Features(3, 0.5218376590714249), 2, 40)
    assert found["count"].sum() == 40
    names = found["name"][found["minimum"]]
    assert set(names) == {"triangle", "digon + dedicated dimension"}
    assert found["loss"][found["minimum"]] == pytest.approx(0.0818277742, abs=1e-9)


def test_slopes_of_several_networks():
    rng = np.random.default_rng(2)
    x, targets = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    made = layers.random_layers((3, 4, 2, 4, 2), 2, seed=0)
    sizes = [part.shape for layer in made for part in layer]
    ends = np.cumsum([np.prod(size) for size in sizes])[:-1]

    def value(z):
        parts = [piece.reshape(size) for piece, size in zip(np.split(z, ends), sizes, strict=True)]
        return layers.loss(list(zip(parts[::2], parts[1::2], strict=True)), x, targets, (1,))[0].sum()

    z = np.concatenate([part.ravel() for layer in made for part in layer])
    slopes = layers.loss(made, x, targets, (1,))[1]
    flat = np.concatenate([part.ravel() for layer in slopes for part in layer])
    assert flat == pytest.approx(approx_fprime(z, value, 1e-7), abs=1e-5)


def test_networks_learn_what_one_layer_can():
    x = curved_code.grid(1, 20) - 0.5
    start = layers.random_layers((1, 4, 1), 3, seed=0)
    trained = layers.train(start, x, np.abs(x), 2000, 2e-2)
    assert layers.loss(trained, x, np.abs(x))[0].min() < 1e-6
    masked = layers.train(start, x, np.abs(x), 5, 1e-2, mask=np.zeros((1, 4)))
    assert not masked[0][0].any()


def test_a_staircase_code_is_read_by_the_non_linear_probe_alone():
    # t = (⌊4x⌋ + y)/4 is uniform. Its correlations are 15/16 with x and 1/4 with y.
    x = np.random.default_rng(0).uniform(size=(20_000, 2))
    code = (np.floor(4 * x[:, :1]) + x[:, 1:]) / 4
    left = curved_code.unexplained(code[::2], x[::2], code[1::2], x[1::2])
    assert left[0] == pytest.approx([1 - (15 / 16) ** 2, 15 / 16], abs=0.01)
    assert left[1, 1] < 0.02
    # A direction is read by both; what is not in the code by neither.
    left = curved_code.unexplained(x[::2, :1], x[::2], x[1::2, :1], x[1::2])
    assert left[:, 0] == pytest.approx([0, 0], abs=1e-3)
    assert (left[:, 1] > 0.99).all()


def code_data(linear, near, loss):
    data = {}
    for k, (n, m) in enumerate(curved_code.SIZES):
        left = np.tile(np.array([[0.1] * n, [0.1] * n]), (4, 1, 1))
        left[:, :, 0] = linear, near
        data |= {f"left {k}": left, f"loss {k}": np.full(4, loss * (n - m) / 12), f"decoded {k}": np.zeros((4, n))}
    return data


def test_a_code_is_curved_if_only_a_non_linear_probe_reads_it():
    told = curved_code.judge(code_data(0.9, 0.1, 0.5))
    assert told.status == HOLDS
    assert told.numbers["features that are no direction, mean, 2 in 1"] == 1
    assert curved_code.judge(code_data(0.9, 0.8, 0.5)).status == FAILS
    assert curved_code.judge(code_data(0.1, 0.1, 0.5)).status == FAILS
    assert curved_code.judge(code_data(0.9, 0.1, 1.1)).status == FAILS
    mixed = code_data(0.9, 0.1, 0.5) | {"loss 1": np.full(4, 0.1)}
    assert curved_code.judge(mixed).status == VARIES


def test_what_a_split_leaves_is_what_least_squares_leaves():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 3, 4, 2))
    for part in no_parts.splits(3):
        rest = [k for k in range(3) if k not in part]
        grid = np.indices((2, 3, 4)).reshape(3, -1)
        sides = [np.ravel_multi_index(grid[list(side)], [(2, 3, 4)[k] for k in side]) for side in (part, rest)]
        design = np.hstack([np.eye(side.max() + 1)[side] for side in sides])
        flat = values.reshape(24, 2)
        off = flat - design @ np.linalg.lstsq(design, flat, rcond=None)[0]
        assert no_parts.left(values, part) == pytest.approx((off**2).sum() / ((flat - flat.mean(axis=0)) ** 2).sum())


def test_a_product_leaves_what_its_moments_say():
    # Of (x − a)(y − a), x and y 0 or 1 with mean 1/2: var = 1/16 + 2 (1/2 − a)²/4, the interaction 1/16 of it.
    x = np.array([0.0, 1.0])
    for a in (0.0, 0.2, 0.5):
        values = ((x - a)[:, None] * (x - a)[None, :])[..., None]
        assert no_parts.left(values, (0,)) == pytest.approx((1 / 16) / (1 / 16 + (0.5 - a) ** 2 / 2))


def test_tables_of_tasks():
    x, targets = no_parts.table(no_parts.TASKS[1])
    assert x.shape == (25, 10)
    assert targets[5 * 4 + 3].tolist() == [0, 0, 1, 0, 0]  # 4 + 3 = 2 mod 5
    x, targets = no_parts.table(no_parts.TASKS[3])
    assert targets[0b1000].tolist() == [0, 1, 1, 0]  # parities 1 and 0
    assert no_parts._mask(no_parts.TASKS[3], (0, 1))[:, [0, -1]].T.tolist() == [[1] * 4 + [0] * 4, [0] * 4 + [1] * 4]


def parts_data(least, control=0.0, lost=0.0):
    data = {}
    for k, task in enumerate(no_parts.TASKS):
        n = len(list(no_parts.splits(task.inputs)))
        shares = np.full((2, n), 1.0)
        shares[:, 0] = least if task.whole else control
        data |= {f"left {k}": shares, f"lost {k}": np.full(2, lost), f"exact {k}": shares[0], f"apart {k}": shares[0]}
    return data


def test_networks_have_no_parts_if_every_split_leaves_nearly_all():
    assert no_parts.judge(parts_data(0.95)).status == HOLDS
    assert no_parts.judge(parts_data(0.7)).status == VARIES
    assert no_parts.judge(parts_data(0.4)).status == FAILS
    assert no_parts.judge(parts_data(0.95, control=0.1)).status == FAILS
    assert no_parts.judge(parts_data(0.95, lost=0.1)).status == FAILS


def loss_by_quadrature(W, b, p, s, ratio):
    """Return the loss over s² of two features in one dimension with GELU outputs, by Gauss's rule in every face."""
    nodes, weights = np.polynomial.legendre.leggauss(30)
    u, share = np.append((nodes + 1) / 2, 0.0), np.append(p * weights / 2, 1 - p)
    x = s * np.stack(np.meshgrid(u, u, indexing="ij"), axis=-1)
    z = x @ np.outer(W, W) + s * b
    off = (z * (1 + erf(z / np.sqrt(2))) / 2 - x) ** 2 @ np.array([1.0, ratio])
    return share @ off @ share / s**2


def test_the_expansion_in_small_scales_is_what_quadrature_says():
    p, s = 0.1, 1e-3
    linear = small_features._variance(p)
    # Outputs E x + P (x − E x) for P on (1, −1)/√2: GELU halves, so that W = (1, −1), and b makes up for the mean.
    saved = linear - loss_by_quadrature(np.array([1.0, -1.0]), np.full(2, p), p, s, 1.0)
    assert saved / s == pytest.approx(small_features.first_order(p), rel=0.02)
    alone = linear - loss_by_quadrature(np.array([2**0.5, 0.0]), np.array([0.0, p]), p, s, 1.0)
    assert abs(alone) / s < 0.02 * small_features.first_order(p)


def test_best_models_are_as_good_as_by_quadrature():
    value, W = small_features.best(Features(2, 0.1, values=Uniform(0, 0.3)), 1, 0.3, 2)
    best_bias = min(loss_by_quadrature(W[:, 0], np.full(2, b), 0.1, 0.3, 1.0) for b in np.linspace(0, 0.2, 401))
    assert value == pytest.approx(best_bias, rel=1e-4)


def test_third_moments_of_sparse_features():
    x = np.where(np.arange(10) < 3, 1.0, 0.0)[:, None] * (np.arange(20_000) + 0.5) / 20_000
    assert small_features._skew(0.3) == pytest.approx(((x - x.mean()) ** 3).mean(), rel=1e-6)
    assert small_features._variance(0.3) == pytest.approx(x.var(), rel=1e-6)


def test_small_features_of_unequal_importance_do_not_share():
    assert small_features._shares(0.1, 1.0, 0.01, 2)
    assert not small_features._shares(0.1, 0.5, 0.01, 2)
    assert small_features._shares(0.1, 0.5, 0.01, 2, "relu")
    assert not small_features._shares(0.1, 0.01, 0.01, 2, "relu")  # ReLUs need an importance of about p/2


def scales_data():
    n = len(small_features.LARGER)
    critical = np.array([[0.01] * 3, [0.03] * 3, [0.3] * 3])
    data = {"critical": critical, "predicted": critical.copy(), "relu": np.ones((3, 3)), "slope": np.ones(3)}
    data |= {"first order": np.ones(3), "scales": np.arange(1, n + 1)}
    return data | {f"{f} {key}": np.zeros(n) for f in ("gelu", "relu") for key in ("shared", "loss")}


def test_small_features_are_judged_by_their_critical_scale():
    data = scales_data()
    assert small_features.judge(data).status == HOLDS
    never = data["critical"].copy()
    never[0] = 0
    assert small_features.judge(data | {"critical": never}).status == VARIES
    assert small_features.judge(data | {"critical": never, "slope": np.full(3, 2.0)}).status == FAILS
    assert small_features.judge(data | {"critical": 0 * never + np.inf}).status == FAILS
    assert small_features.judge(data | {"relu": np.zeros((3, 3))}).status == FAILS
