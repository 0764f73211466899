"""E2: one linear model and one ReLU model of the same sparse features."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import shared, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import draw_gram, draw_norms, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E2",
    title="Linear and ReLU model of the same features",
    claim="The linear model stores the m most important features, each orthogonal to the others, with b = 0, and puts "
    "E[x] in the bias of the others. The ReLU model stores more features than dimensions, in superposition.",
    source="Elhage et al. 2022, Basic results",
    quick={"models": 3, "steps": 10_000},
    paper={"models": 10, "steps": 20_000},
)

N, M, P = 20, 5, 0.01
KINDS = ("linear", "relu")
ALIKE = Threshold(
    0.05,
    "largest deviation of the linear W Wᵀ from the identity on the most important features: training leaves 0.002, "
    "a feature that is not learned 1",
)
NO_BIAS = Threshold(0.01, "bias that counts as 0: a hundredth of the largest value of a feature; training leaves 2e-5")
MEAN = Threshold(
    0.2, "relative deviation from E[x] of a bias that counts as E[x]: training leaves 0.07, a bias of 0 deviates by 1"
)


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train linear and ReLU models of 20 features in 5 dimensions; return the best of each."""
    features = Features(N, P, 0.7 ** np.arange(N))
    recipe = {"models": models, "steps": steps, "learning_rate": 5e-3, "schedule": "cosine"}
    best = [lab.train(kind, features, M, activation=kind, **recipe).best() for kind in KINDS]
    return {"W": np.stack([model.W for model in best]), "b": np.stack([model.b for model in best])}


def draw(data: Data) -> Any:
    """Draw W Wᵀ and the norms of both models."""
    figure, axes = panels(1, 4, title=f"{N} features in {M} dimensions, importance 0.7^i, p = {P:g}")
    for k, kind in enumerate(KINDS):
        draw_gram(axes[0, 2 * k], data["W"][k], f"{kind}: W Wᵀ")
        draw_norms(axes[0, 2 * k + 1], data["W"][k])
        axes[0, 2 * k + 1].set_title("‖W_i‖, colour: superposition", fontsize=9)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if the linear model stores the m most important features, and the ReLU model more than m, in superposition.

    The linear model's W Wᵀ must be the identity on these m features and 0 elsewhere, with biases of 0 for them and E[x]
    for the others. With other numbers if W Wᵀ is as claimed.
    """
    linear = data["W"][0] @ data["W"][0].T
    target = np.diag((np.arange(N) < M).astype(float))
    off = float(np.abs(linear - target).max())
    learned_bias = float(np.abs(data["b"][0, :M]).max())
    dropped_bias = float(np.abs(data["b"][0, M:] / (P / 2) - 1).max())
    kept, superposed = int(stored(data["W"][1]).sum()), int(shared(data["W"][1]).sum())
    holds = off < ALIKE and learned_bias < NO_BIAS and dropped_bias < MEAN and superposed > M
    return Verdict(
        decide(holds, off < ALIKE),
        f"Linear: W Wᵀ is the identity on the {M} most important features to {off:.2g}; b is 0 there, E[x] elsewhere "
        f"to {100 * dropped_bias:.2g} %. ReLU: {kept} features stored, {superposed} of them in superposition.",
        {
            "largest deviation of the linear W Wᵀ": off,
            "largest |b| of features learned": learned_bias,
            "largest relative deviation of b from E[x], dropped": dropped_bias,
            "ReLU features stored": kept,
            "ReLU features in superposition": superposed,
        },
        ("W Wᵀ against the principal components", "b against E[x]"),
    )
