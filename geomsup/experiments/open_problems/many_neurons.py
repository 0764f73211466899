"""A7: many more neurons than outputs."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import in_use, monosemantic
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import colour_bar, draw_signed, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features, Uniform
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="A7",
    title="Many more neurons than outputs",
    claim="With many more neurons than outputs there is no neuron superposition: each neuron reads one feature.",
    source="Open problem 4.13 (N. Nanda's list); the expectation is a reader's",
    quick={"models": 4, "steps": 3000},
    paper={"models": 10, "steps": 30_000},
)

N = 4
NEURONS = (4, 8, 16, 32)
PROBABILITIES = (0.5, 0.1, 0.02)
ALL = Threshold(0.95, "fraction of the neurons in use above which all are monosemantic: one of 32 may not be there yet")
MANY = Threshold(0.75, "fraction above which the claim holds with other numbers: half way from 1/2 to 1")


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train |x| of four features on 4 to 32 neurons; count neurons that read one feature, in the best models."""
    features = [Features(N, p, values=Uniform(-1, 1)) for p in PROBABILITIES]
    recipe = {"target": "abs", "hidden_activation": "relu", "tied": False, "models": models, "steps": steps}
    # Outputs are linear: an output ReLU that stays below 0 would leave its feature's neurons untrained.
    recipe |= {"activation": "linear", "learning_rate": 1e-2, "schedule": "cosine", "batch": 512}
    counts, losses, crossed, W = [], [], [], []
    for m in NEURONS:
        run = lab.train(f"{m} neurons", features, m, **recipe)
        best = [run.best(k) for k in range(len(features))]
        counts.append([_counts(model.W, model.decoder) for model in best])
        losses.append(np.nanmin(run.expected_loss().reshape(len(features), -1), axis=1))
        crossed.append([_crossed(model.W, model.decoder) for model in best])
        if m == NEURONS[-1]:
            W = [model.W for model in best]
    scale = np.array([float(f.variance.sum()) for f in features])
    return {
        "counts": np.array(counts),
        "loss": np.array(losses) / scale,
        "crossed": np.array(crossed),
        "W": np.array(W),
    }


def _counts(W: np.ndarray, W_out: np.ndarray) -> tuple[int, int]:
    """Return how many neurons are monosemantic and in use, and how many are in use."""
    live = in_use(W, W_out)
    return int((monosemantic(W) & live).sum()), int(live.sum())


def _crossed(W: np.ndarray, W_out: np.ndarray) -> float:
    """Return the fraction of the strength of all paths, |W_ik W_out,jk|, from a feature to another's output."""
    paths = np.abs(W_out) @ np.abs(W).T
    return float(1 - np.trace(paths) / paths.sum())


def draw(data: Data) -> Any:
    """Draw the fractions of monosemantic neurons and of paths between features, and one W."""
    figure, axes = panels(1, 3, size=(2.65, 2.9), title=f"|x| of {N} features on many neurons")
    fraction = data["counts"][..., 0] / data["counts"][..., 1]
    for k, p in enumerate(PROBABILITIES):
        axes[0, 0].plot(NEURONS, fraction[:, k], "o-", color=PALETTE[k], label=f"p = {p:g}")
        axes[0, 1].plot(NEURONS, data["crossed"][:, k], "o-", color=PALETTE[k])
    axes[0, 0].set(xscale="log", ylim=(-0.05, 1.05), xlabel="neurons", ylabel="fraction that reads one feature")
    axes[0, 1].set(xscale="log", ylim=(0, 1), xlabel="neurons", ylabel="fraction of paths between features")
    for ax in axes[0, :2]:
        ax.set_xticks(NEURONS, [str(m) for m in NEURONS])
        ax.minorticks_off()
    axes[0, 0].legend(frameon=False, fontsize=8)
    W = data["W"][-1]
    order = np.argsort(np.abs(W).argmax(axis=0), kind="stable")
    title = f"W, {NEURONS[-1]} neurons, p = {PROBABILITIES[-1]:g}"
    colour_bar(draw_signed(axes[0, 2], W[:, order], title, np.abs(W).max()), axes[0, 2])
    axes[0, 2].set(xlabel="neuron", yticks=range(N), ylabel="feature")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if all neurons in use are monosemantic wherever there are at least twice as many as features.

    All: more than 95 % in the best model. With other numbers if more than 75 % are.
    """
    fraction = data["counts"][..., 0] / data["counts"][..., 1]
    enough = np.array(NEURONS) >= 2 * N
    many = fraction[enough]
    numbers = {
        f"{what}, {m} neurons, p = {p:g}": table[j, k]
        for j, m in enumerate(NEURONS)
        for k, p in enumerate(PROBABILITIES)
        for what, table in (
            ("monosemantic part", fraction),
            ("paths between features", data["crossed"]),
            ("loss over variance", data["loss"]),
        )
    }
    numbers |= {
        f"neurons in use of {NEURONS[-1]}, p = {p:g}": live
        for p, (_, live) in zip(PROBABILITIES, data["counts"][-1], strict=True)
    }
    return Verdict(
        decide(bool((many > ALL).all()), bool((many > MANY).all())),
        f"With {NEURONS[-1]} neurons for {N} features, {100 * fraction[-1].min():.0f} to "
        f"{100 * fraction[-1].max():.0f} % of those in use are monosemantic; with {2 * N}, "
        f"{100 * many[0].min():.0f} to {100 * many[0].max():.0f} %. Up to "
        f"{100 * data['crossed'][enough].max():.0f} % of all paths lead to other features' outputs, where they cancel.",
        numbers,
        ("neurons that read one feature", "paths from a feature to other outputs"),
    )
