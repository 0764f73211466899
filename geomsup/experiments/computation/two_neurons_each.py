"""E26: absolute values with two neurons for each feature."""

from typing import Any

import numpy as np

from geomsup.experiments.computation.neurons import ABS, signed
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import colour_bar, draw_signed, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.model import ToyModel

__all__ = ["EXPERIMENT", "draw", "judge", "measure", "outputs", "pairs"]

EXPERIMENT = Experiment(
    id="E26",
    title="Absolute values without superposition",
    claim="Three features and six hidden ReLUs: every feature gets a neuron ReLU(x) and a neuron ReLU(−x), and its "
    "output adds the two.",
    source="Elhage et al. 2022, Computation in superposition",
    quick={"p": [1.0, 0.2], "models": 10, "steps": 4000},
    paper={"p": [1.0, 0.5, 0.2, 0.1], "models": 50, "steps": 10_000},
)

N, M = 3, 6
SMALL = Threshold(
    1e-4, "loss below which a model computes absolute values: linear hidden units leave 0.05 or more, ReLUs 1e-8"
)
EXACT = Threshold(0.03, "distance from 1 of a neuron's weight in times weight out: training leaves 0.003")
PURE = Threshold(
    0.999,
    "fraction of a neuron's squared weights on one feature above which it reads no other: there are neurons enough "
    "for all",
)


def measure(lab: Lab, p: list[float], models: int, steps: int) -> Data:
    """Train 3 features with 6 hidden ReLUs, and with 6 linear hidden units; return the best of each."""
    features = [signed(N, density) for density in p]
    recipe = ABS | {"models": models, "steps": steps, "learning_rate": 1e-2, "batch": 256}
    relu = lab.train("relu", features, M, **recipe)
    linear = lab.train("linear", features, M, **recipe | {"hidden_activation": "linear"})
    best = [relu.best(k) for k in range(len(p))]
    loss = [run.expected_loss().reshape(len(p), models) for run in (relu, linear)]
    return {
        "p": np.array(p), "loss": loss[0], "linear": loss[1], "W": np.stack([one.W for one in best]),
        "W_out": np.stack([one.decoder for one in best]), "b": np.stack([one.b for one in best]),
    }  # fmt: skip


def outputs(W: np.ndarray, b: np.ndarray, W_out: np.ndarray) -> np.ndarray:
    """Return the outputs where only feature j is present, x_j = 1 and x_j = −1: ``(2, n, n)``, a row for each j."""
    one = np.eye(len(W))
    return ToyModel(W, b, W_out=W_out, hidden_activation="relu")(np.stack([one, -one]))


def pairs(W: np.ndarray, W_out: np.ndarray) -> int:
    """Return how many features have a neuron for ReLU(x_i) and one for ReLU(−x_i), each reading nothing else."""
    reads = np.abs(W).argmax(axis=0)
    pure = (W**2).max(axis=0) > PURE * (W**2).sum(axis=0)
    sign = np.sign(W[reads, np.arange(W.shape[1])])
    own = W[reads, np.arange(W.shape[1])] * W_out[reads, np.arange(W.shape[1])] * sign
    good = pure & (np.abs(own - 1) < EXACT)
    return sum(
        bool((good & (reads == i) & (sign > 0)).any() and (good & (reads == i) & (sign < 0)).any())
        for i in range(len(W))
    )


def draw(data: Data) -> Any:
    """Draw W and W_out of the best models, neurons in order of the features that they read."""
    figure, axes = panels(
        2, len(data["p"]), size=(7.8 / len(data["p"]), 2.0), title="best models of |x|: 3 features, 6 hidden ReLUs"
    )
    for k, p in enumerate(data["p"]):
        W, W_out = data["W"][k], data["W_out"][k]
        order = np.lexsort((-W.sum(axis=0), np.abs(W).argmax(axis=0)))
        for ax, weights, name in zip(axes[:, k], (W, W_out), ("W", "W_out"), strict=True):
            shown = weights[:, order]
            told = f", loss {data['loss'][k].min():.1g}" if name == "W" else ""
            image = draw_signed(ax, shown, f"p = {p:g}: {name}{told}", 1.2, square=True)
            for (i, j), value in np.ndenumerate(shown):
                if abs(value) > 0.05:
                    ax.text(j, i, f"{value:.1f}", ha="center", va="center", fontsize=8, color="white")
    colour_bar(image, axes)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if at every density the lowest loss is below 1e-4, and every feature of that model has its two neurons.

    With other numbers if the losses are.
    """
    lowest, linear = data["loss"].min(axis=1), data["linear"].min(axis=1)
    found = np.array([pairs(W, W_out) for W, W_out in zip(data["W"], data["W_out"], strict=True)])
    single = [outputs(*model) for model in zip(data["W"], data["b"], data["W_out"], strict=True)]
    off = float(np.abs(np.array(single) - np.eye(N)).max())
    solved = (data["loss"] < SMALL).mean()
    return Verdict(
        decide(bool((lowest < SMALL).all() and (found == N).all()), bool((lowest < SMALL).all())),
        f"The lowest losses are at most {lowest.max():.1g} ({linear.min():.2g} with linear hidden units); "
        f"{found.min()} of {N} features have a neuron for ReLU(x) and one for ReLU(−x) of their own. "
        f"{100 * solved:.0f} % of all models come below {SMALL:g}.",
        {
            "largest of the lowest losses": float(lowest.max()),
            "least linear loss": float(linear.min()),
            "features with two neurons": int(found.min()),
            "largest deviation of an output for one feature": off,
            "share of models that compute it": float(solved),
        },
        ("expected loss", "structure of the weights", "outputs for single features"),
    )
