"""Every kind of input in every function: taken, or refused in one line that says what to do."""

import re
from typing import Any

import numpy as np
import pytest

import geomsup as gs

SMOOTH = gs.HalfNormal(1, cells=16)
WORLDS: dict[str, Any] = {
    "joint": gs.Features(3, 0.2, joint=[gs.Joint.correlated((0, 1), (0.2, 0.4), correlation=0.5)]),
    "mixture": gs.Features(3, joint=[gs.Joint.mixture((0, 1, 2), [[0.9, 0.1, 0.0], [0.0, 0.3, 1.0]])]),
    # too many combinations of pieces for a table: a loss for each state
    "hidden parents": gs.Features(3, values=SMOOTH, joint=[gs.Mixture((0, 1, 2), [[0.9, 0.1, 0.2], [0.2, 0.3, 1]])]),
    "smooth": gs.Features(3, 0.2, values=SMOOTH),
    "signed smooth": gs.Features(3, 0.2, values=gs.Normal(0.2, 1, cells=16)),
    "smooth pairs": gs.Features(3, 0.2, values=SMOOTH, correlated=[(0, 1)]),
    "unlike values": gs.Features(3, 0.2, values=[SMOOTH, gs.Uniform(-1, 1), gs.Discrete((1, 2))]),
    "zipf": gs.Features(3, gs.zipf(3, largest=0.5), importance=[1, 0, 2]),
    "never and always": gs.Features(3, [0, 0.3, 1]),
    # 64³ combinations of pieces
    "wide": gs.Features(3, 0.2, values=gs.HalfNormal(1), joint=[gs.Joint.correlated(range(3), 0.2, correlation=0.5)]),
    "normalised": gs.Features(3, 0.2, normalised=True),
    "data": gs.SampledFeatures(gs.Features(3, 0.3).sample(100, rng=0)),
}
MODEL = gs.ToyModel([[1.0, 0.1], [-0.7, 0.3], [0.2, 0.6]], b=[-0.1, 0.05, 0.0])
LINEAR = gs.ToyModel(MODEL.W, activation="linear")
FEW: Any = {"samples": 1000, "rng": 0}


def trained(features, **options):
    return gs.train(features, 2, models=2, steps=10, batch=32, device="cpu", **options)


FUNCTIONS = {
    "loss": lambda world: gs.expected_loss(MODEL, world, gradient=True, **FEW),
    "linear loss": lambda world: gs.expected_loss(LINEAR, world, **FEW),
    "by active": lambda world: gs.expected_loss(MODEL, world, by_active=True, **FEW),
    "target": lambda world: gs.expected_loss(MODEL, world, target="abs", power=4, **FEW),
    "hidden layer": lambda world: gs.expected_loss(gs.ToyModel(MODEL.W, hidden_activation="solu"), world, **FEW),
    "train": lambda world: trained(world).expected_loss(),
    "sgd": lambda world: trained(world, optimizer="sgd", momentum=0.9, coherence=0.1).best(),
    "layernorm": lambda world: trained(world, hidden_activation="layernorm").expected_loss(),
    "optimum": lambda world: gs.optimum(world, 2, starts=1),
    "linear optimum": lambda world: gs.optimum(world, 2, activation="linear"),
    "compare": lambda world: gs.compare(MODEL, world, starts=1),
    "hessian": lambda world: gs.hessian(MODEL, world),
    "exact training": lambda world: trained(world, objective="exact"),
}
SAMPLED = {"loss", "linear loss", "by active", "target", "hidden layer", "train", "sgd", "layernorm"}
TAKEN = {"wide": SAMPLED | {"linear optimum"}, "normalised": SAMPLED, "data": SAMPLED}
ADVICE = {
    "wide": 'Pass method="sampled" to',
    "normalised": 'Use expected_loss(method="sampled")',
    "data": "Describe it by",
}


# Searches with series take seconds.
SLOW = {
    (world, name)
    for world in ("hidden parents", "smooth", "signed smooth", "smooth pairs")
    for name in ("optimum", "compare")
}
CELLS = [
    pytest.param(world, name, marks=[pytest.mark.slow] * ((world, name) in SLOW), id=f"{world}, {name}")
    for world in WORLDS for name in FUNCTIONS
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("world", "name"), CELLS)
def test_every_world_is_taken_or_refused_in_one_line(world, name):
    if name in TAKEN.get(world, FUNCTIONS):
        assert FUNCTIONS[name](WORLDS[world]) is not None
        return
    with pytest.raises((TypeError, ValueError), match=rf"^`\w+` must .*{re.escape(ADVICE[world])}") as refusal:
        FUNCTIONS[name](WORLDS[world])
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("world", WORLDS)
def test_phase_diagrams_say_that_they_have_inputs_of_their_own(world):
    with pytest.raises(TypeError, match=r"^`n_features` must be a number, .*Take optimum, point by point, for other"):
        gs.phase_diagram(WORLDS[world], 2, [0.1], [1.0])


def test_the_loss_of_wide_groups_is_sampled():
    """Against means in NumPy; linear models have a formula for every group."""
    features = WORLDS["wide"]
    x = features.sample(400_000, rng=5)
    for model in (MODEL, LINEAR):
        each = ((x - model(x)) ** 2).sum(axis=1)
        found = gs.expected_loss(model, features, samples=400_000, rng=1)
        assert abs(found.value - each.mean()) < 4 * np.hypot(found.error, each.std() / len(x) ** 0.5)
    assert gs.expected_loss(LINEAR, features).method == "exact"
    assert gs.expected_loss(MODEL, features, **FEW).method == "sampled"


def test_a_training_on_wide_groups_is_measured_on_the_same_samples_each_time():
    run = trained(WORLDS["wide"])
    assert np.array_equal(run.expected_loss(), trained(WORLDS["wide"]).expected_loss())
    seen = gs.expected_loss(run.model(0), WORLDS["wide"], samples=400_000, rng=1)
    assert abs(run.expected_loss()[0] - seen.value) < 6 * seen.error
