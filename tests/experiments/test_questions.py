"""Judges of Q1 to Q8 on data made by hand, and their measurements where those are quick."""

import numpy as np
import pytest

from geomsup.experiments import Lab
from geomsup.experiments.questions import (
    dense,
    directions,
    fixed_data,
    importance,
    optimizer,
    right_angle,
    sparse_gram,
    triangle,
)
from geomsup.features import Features
from geomsup.loss import expected_loss


def triangles(small):
    p, turns = np.array([0.01, 0.1, 0.6]), np.radians([90.0, 120.0])
    sign = 1 if small == triangle.PAIR else -1
    return {
        "p": p, "turns": turns, "name": np.array([small, small, triangle.TRIANGLE]), "crossing": np.array(0.52),
        "coefficient": np.array([1.0, 1.1])[::sign], "limit": np.array([1.0, 1.1])[::sign],
        "trained": np.array([small]), "trained_loss": np.array([1.0]),
    }  # fmt: skip


def test_triangle_at_small_density():
    assert triangle.judge(triangles(triangle.TRIANGLE)).status == "holds"
    refused = triangle.judge(triangles(triangle.PAIR))
    assert refused.status == "does not hold"
    assert len(refused.checks) == 2


def test_coefficient_is_the_integral_over_two_active_features():
    x, y = np.meshgrid(*[(np.arange(2000) + 0.5) / 2000] * 2)
    lost = 6 * (np.minimum(x, y / 2) ** 2).mean()  # three pairs, two outputs each
    assert triangle.coefficient(np.radians(120.0)) == pytest.approx(lost, rel=1e-5)


def dense_data(gain):
    data = {
        "loss": np.array([(n - m) / 12 * (1 - gain) for n, m in dense.SIZES]),
        "gain": np.array([(n - m) / 12 * gain for n, m in dense.SIZES]),
        "error": np.full(len(dense.SIZES), 1e-5), "negative": np.zeros(len(dense.SIZES)),
    }  # fmt: skip
    for n, m in dense.SIZES:
        gram = np.diag((np.arange(n) < m).astype(float))
        data |= {f"gram {n} in {m}": gram, f"b {n} in {m}": 0.5 * (1 - np.diag(gram))}
    return data


def test_dense_optimum_against_the_linear_one():
    assert dense.judge(dense_data(0.0)).status == "holds"
    assert dense.judge(dense_data(0.003)).status == "holds with other numbers"
    assert dense.judge(dense_data(0.1)).status == "does not hold"


def test_samples_differ_from_exact_losses_by_their_own_errors():
    data = dense_data(0.003)
    data["gain"][0] += 5e-5
    data["error"][1] = 1.0  # the widest error is not that of the largest difference
    told = dense.judge(data).numbers["largest difference of samples and exact losses, in standard errors"]
    assert told == pytest.approx(5)


def test_sampled_loss_is_the_expected_one():
    W, b = np.array([[0.9], [-0.3]]), np.array([0.1, 0.5])
    sampled = dense.sampled_loss(W, b, 200_000)
    exact = float(expected_loss(importance_free(W, b), Features(2, 1.0)))
    assert sampled.mean() == pytest.approx(exact, abs=4 * sampled.std() / 200_000**0.5)


def importance_free(W, b):
    from geomsup.model import ToyModel

    return ToyModel(W, b)


def stored(falling):
    losses = np.tile(np.array([0.05, 0.06, 0.07, 0.08])[:: -1 if falling else 1, None], (1, len(directions.DENSITIES)))
    return {
        "loss": losses, "name": np.array(["a", "b", "c", "d"]), "stored": np.array([5, 4]),
        "trained": np.array([0.04, 0.05] if falling else [0.2, 0.3]), "trained_name": np.array(["pentagon", "square"]),
    }  # fmt: skip


def test_two_directions():
    assert directions.judge(stored(falling=False)).status == "holds"
    assert directions.judge(stored(falling=True)).status == "does not hold"
    worse = stored(falling=True) | {"trained": np.array([0.04, 0.3])}
    assert directions.judge(worse).status == "holds with other numbers"


@pytest.mark.slow
def test_two_directions_measured():
    data = directions.measure(Lab(), models=1, steps=20, starts=2)
    assert data["loss"].shape == (4, len(directions.DENSITIES))
    p = np.array(directions.DENSITIES)
    assert data["loss"][0] == pytest.approx(3 * (p / 3 - p**2 / 4))


def shares(exact, trained):
    shape = len(importance.DENSITIES), len(importance.RATIOS)
    return {
        "exact": np.tile(exact, (shape[0], 1)), "trained": np.tile(trained, (shape[0], 1))[:, :, None],
        "name": np.full(shape, "x"), "loss": np.ones((*shape, 1)), "optimum": np.ones(shape),
    }  # fmt: skip


def test_only_digons():
    steep = (np.array(importance.RATIOS) <= importance.STEEP).astype(float)
    assert importance.judge(shares(steep, steep)).status == "holds"
    assert importance.judge(shares(0.5 * steep, steep)).status == "holds with other numbers"
    assert importance.judge(shares(1 - steep, steep)).status == "does not hold"


def grams(zero, largest):
    count = len(sparse_gram.DENSITIES)
    sizes = np.zeros((count, 100), int)
    sizes[:, 0] = largest
    return {
        "zero": np.array(zero), "sizes": sizes, "stored": np.full(count, 100),
        "gain": np.tile(np.arange(5.0), (count, 1)),
    }  # fmt: skip


def test_sparse_gram():
    some = [0.3, 0.95, 0.95, 0.95, 0.5, 0.5, 0.5, 0.5]
    assert sparse_gram.judge(grams(some, 5)).status == "holds"
    assert sparse_gram.judge(grams(some, 60)).status == "holds with other numbers"
    assert sparse_gram.judge(grams([0.3] * 8, 5)).status == "does not hold"


def test_factors_and_zeros():
    W = np.array([[1.0, 0, 0], [-1.0, 0, 0], [0, 1.0, 0], [0, 0, 0.1]])
    assert sparse_gram.factor_sizes(W).tolist() == [2, 1]
    assert sparse_gram.near_zero(W) == pytest.approx(2 / 3)


def angles(least=0.0, bend=0.01):
    count = len(right_angle.DENSITIES)
    turns = np.linspace(-10, 10, 21)
    data = {
        "turns": turns, "loss": np.tile((turns - least) ** 2, (count, 1)), "free turn": np.zeros(count),
        "free bend": np.zeros(count), "turn curvature": np.ones(count), "bend curvature": np.ones(count),
    }  # fmt: skip
    for rate, size in (("constant", 1.0), ("falling", 0.1)):
        data |= {f"{rate} turn": np.full((count, 2), size), f"{rate} bend": np.full((count, 2), bend)}
    return data


def test_right_angles():
    assert right_angle.judge(angles()).status == "holds"
    assert right_angle.judge(angles(bend=5.0)).status == "holds with other numbers"
    assert right_angle.judge(angles(least=5.0)).status == "does not hold"


@pytest.mark.parametrize("turn", [0, 80, 190])
def test_deviations_do_not_change_when_all_turns(turn):
    W = right_angle.make_digons(turn=-3, bend=2).W
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    turned = (W @ np.array([[cosine, sine], [-sine, cosine]]))[[2, 0, 3, 1]]
    orthogonal, antipodal = right_angle.deviations(turned)
    assert float(orthogonal) == pytest.approx(3)
    assert sorted(antipodal) == pytest.approx([0, 2], abs=1e-9)


def reached(adam, sgd, momentum):
    """Runs of which these shares reach the optimum, at every size and start."""
    ratio = np.full((len(optimizer.SIZES), 3, len(optimizer.SCALES), 20), 1.1)
    for j, share in enumerate((adam, sgd, momentum)):
        ratio[:, j, :, : round(20 * share)] = 1.0
    return {"ratio": ratio}


def test_optimizers_are_judged_by_the_runs_that_reach_the_optimum():
    assert optimizer.judge(reached(1.0, 0.5, 0.6)).status == "holds"
    some = reached(1.0, 0.5, 0.6)
    some["ratio"][0] = 1.0
    assert optimizer.judge(some).status == "holds with other numbers"
    told = optimizer.judge(reached(0.9, 1.0, 0.9))
    assert told.status == "does not hold"
    assert told.numbers["share at the optimum, 5 in 2, Adam, start 1"] == 0.9


def test_diverged_runs_have_not_reached_the_optimum():
    data = reached(1.0, 1.0, 1.0)
    data["ratio"][:, 1:] = np.nan
    assert optimizer.judge(data).status == "holds"


@pytest.mark.slow
def test_optimizers_measured():
    data = optimizer.measure(Lab(), models=1, steps=10, starts=2)
    assert data["ratio"].shape == (3, 3, 4, 1)
    assert (data["ratio"] >= 1 - 1e-9).all()


def fixed(uneven, worst, enough):
    counts = np.array([3, 5, 100, 10_000])
    truth = np.array([1.2, worst, 1.1, enough, 1.01])
    return {
        "count": counts, "W": np.zeros((5, 40, 2)), "seen": np.array([0, 0, 0.5, 0.9, np.nan]), "truth": truth,
        "optimum": np.array(1.0), "uneven": np.array([*uneven, np.nan, np.nan]), "hidden": np.zeros((4, 7, 2)),
        "nothing": np.array(1.3),
    }  # fmt: skip


def test_fixed_data_are_judged_by_both_ends_and_what_is_between():
    assert fixed_data.judge(fixed((0.01, 0.05), 50, 1.0)).status == "holds"
    assert fixed_data.judge(fixed((0.01, 0.5), 50, 1.0)).status == "holds with other numbers"
    assert fixed_data.judge(fixed((0.01, 0.05), 1.2, 1.0)).status == "holds with other numbers"
    assert fixed_data.judge(fixed((0.01, 0.05), 50, 1.2)).status == "does not hold"


def test_evenness_is_that_of_angles_only():
    turns = 2 * np.pi * np.arange(5) / 5 + 0.3
    polygon = np.stack([np.cos(turns), np.sin(turns)], axis=1) * np.array([[1], [2], [3], [1], [2]])
    assert fixed_data._unevenness(polygon) == pytest.approx(0, abs=1e-12)
    assert fixed_data._unevenness(polygon[:4]) == pytest.approx(2 * 4 / 5 - 1)


@pytest.mark.slow
def test_fixed_data_measured():
    data = fixed_data.measure(Lab(), counts=(3, 10_000), models=1, steps=30)
    assert data["W"].shape == (3, 40, 2)
    assert (data["truth"] >= data["optimum"] * (1 - 1e-9)).all()
    assert np.isfinite(data["uneven"][0])
    assert fixed_data.draw(data) is not None
