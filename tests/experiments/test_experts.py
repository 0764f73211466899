"""A45: worlds, losses and slopes of mixtures of experts against loops and differences, and a judge that can say no."""

import numpy as np
import pytest

from geomsup.experiments import Lab, experiment
from geomsup.experiments.removal import experts


@pytest.mark.parametrize("name", experts.WORLDS)
def test_probabilities_of_a_world_add_to_one(name):
    x, chance = experts.world(name)
    assert chance.sum() == pytest.approx(1, abs=1e-5)
    expected = {0: 0.1, 1: 0.05, 2: experts.PART / experts.GROUPS}[experts.WORLDS.index(name)]
    assert chance @ x == pytest.approx(np.full(experts.N, expected), abs=1e-5)


def test_one_group_is_present_at_a_time():
    x, chance = experts.world(experts.WORLDS[2])
    assert len(x) == 1 + 4 * 7
    assert chance[~x.any(axis=1)] == pytest.approx(1 / 8)
    assert x.reshape(-1, 4, 3).any(axis=2).sum(axis=1).max() == 1


def model(seed=0, count=3, m=2):
    rng = np.random.default_rng(seed)
    shapes = (count, experts.N, m), (count, experts.N), (count, experts.N), (count,)
    W, b, router, bias = (rng.normal(size=shape) for shape in shapes)
    return W, b / 10, router, bias


def test_the_loss_is_that_of_the_most_probable_expert():
    W, b, router, bias = model()
    x, chance = experts.world(experts.WORLDS[2])
    total = 0.0
    for state, part in zip(x, chance, strict=True):
        z = router @ state + bias
        k = int(z.argmax())
        gate = np.exp(z[k]) / np.exp(z).sum()
        total += part * ((np.maximum(gate * W[k] @ (W[k].T @ state) + b[k], 0) - state) ** 2).sum()
    assert experts.loss_and_gradient(model(), x, chance, 0.0)[0] == pytest.approx(total)


def test_slopes_are_differences_of_loss_and_penalty():
    x, chance = experts.world(experts.WORLDS[2])
    parts, balance, h = model(1), 0.3, 1e-6
    choice = experts.route(parts, x)[1]
    share = np.bincount(choice, chance, minlength=3)

    def value(moved):
        weights, now = experts.route(moved, x)
        assert (now == choice).all()  # the choice has no slope
        loss = experts.loss_and_gradient(moved, x, chance, balance)[0]
        return loss + balance * 3 * share @ (chance @ weights)

    _, slopes = experts.loss_and_gradient(parts, x, chance, balance)
    for k, place in ((0, (1, 4, 1)), (1, (2, 3)), (2, (0, 5)), (2, (1, 2)), (3, (2,))):
        ends = []
        for sign in (1, -1):
            moved = [part.copy() for part in parts]
            moved[k][place] += sign * h
            ends.append(value((moved[0], moved[1], moved[2], moved[3])))
        assert slopes[k][place] == pytest.approx((ends[0] - ends[1]) / (2 * h), rel=1e-4, abs=1e-8)


def test_experts_are_told_by_what_they_are_used_for():
    # The first expert has the first group, the second all others; each has a dimension for each feature it stores.
    x, chance = experts.world(experts.WORLDS[2])
    W = np.zeros((2, experts.N, 3))
    W[0, :3] = W[1, 3:6] = np.eye(3)
    W[1, 0, 0] = 1.0  # never present where this expert is used
    router = np.zeros((2, experts.N))
    router[0, :3], router[1, 3:] = 60.0, 60.0
    told = experts.tell((W, np.zeros((2, experts.N)), router, np.array([0.0, 40.0])), x, chance)
    first = 7 / 32  # the first group with a feature present
    assert told["density"] == pytest.approx(1)
    assert told["mixed"] == pytest.approx(0)
    assert told["experts"] == pytest.approx(1 / (first**2 + (1 - first) ** 2))


def made(active, total, loss=1.0):
    """Return data with features per dimension of the most experts over those of the dense model."""
    data = {}
    for kind, ratio in (("active", active), ("total", total)):
        density = np.ones((3, 4))
        density[:, -1] = ratio
        data[f"{kind} density"], data[f"{kind} loss"] = density, np.ones((3, 4))
        data[f"{kind} loss"][:, -1] = loss
        data |= {f"{kind} {key}": np.ones((3, 4)) for key in ("squares", "mixed", "experts", "second")}
    return data


def test_experts_must_have_fewer_features_at_a_comparable_loss():
    assert experts.judge(made(0.5, 0.5)).status == "holds"
    assert experts.judge(made(0.5, 1.5)).status == "holds with other numbers"
    assert experts.judge(made(np.array([1.0, 1.0, 0.5]), 1.5)).status == "holds with other numbers"
    assert experts.judge(made(0.95, 0.5)).status == "does not hold"
    assert experts.judge(made(0.5, 0.5, loss=2.0)).status == "does not hold"


@pytest.mark.slow
def test_a_small_run_measures_and_draws():
    data = experiment("A45").run(Lab(), {"starts": 2, "first": 2, "kept": 1, "steps": 2})
    assert data["active density"].shape == data["total loss"].shape == (3, 4)
    assert data["rows"].shape == (4, experts.N, 3)
    assert len(experiment("A45").draw(data).axes) == 9
