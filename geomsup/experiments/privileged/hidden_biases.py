"""E25: what hidden ReLUs do when they are given biases, and when they are not."""

from dataclasses import replace
from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.privileged.neurons import falling
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E25",
    title="Hidden ReLUs with biases become linear",
    claim="Given hidden biases, the ReLU hidden model makes them positive and is linear in effect; without, it "
    "averages many features in a unit to make up for a bias.",
    source="Elhage et al. 2022, Superposition in a privileged basis: limitations",
    quick={"n": 50, "m": 10, "ratio": 1.0, "p": [0.5, 0.1, 0.02], "models": 2, "steps": 6000},
    paper={"n": 100, "m": 20, "ratio": 1.0, "p": [0.5, 0.2, 0.1, 0.05, 0.02, 0.01], "models": 10, "steps": 20_000},
)

# Names of the models, and how they are trained.
KINDS = {
    "linear": {"hidden_activation": "linear"},
    "biases": {"hidden_activation": "relu", "hidden_bias": True},
    "none": {"hidden_activation": "relu"},
}
SAMPLES = 2**14  # samples on which trained models are measured
SAME = Threshold(
    0.02, "relative difference of losses that counts as none: two trainings of the same model differ as much"
)
OPEN = Threshold(
    0.95,
    "fraction of the samples for which units are open above which they are linear in effect: without biases it is "
    "0.85 or less",
)
MANY = Threshold(
    0.25,
    "fraction of all features, averaged by one unit, that counts as many: one feature, or random signs, give about "
    "1/n, equal weights 1",
)
STEADY = Threshold(
    0.5, "E[h]²/E[h²] above which a unit stands for a constant: its mean then exceeds its standard deviation"
)


def measure(lab: Lab, n: int, m: int, ratio: float, p: list[float], models: int, steps: int) -> Data:
    """Train the three kinds; return losses, how often units are open, and what the steadiest unit averages."""
    features = falling(n, p, ratio)
    recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine", "batch": 256}
    runs = {name: lab.train(name, features, m, **recipe, **kind) for name, kind in KINDS.items()}
    best = {name: [run.best(k) for k in range(len(p))] for name, run in runs.items()}
    data: dict[str, Any] = {"p": p}
    for name, found in best.items():
        looked = [_look(model, entry) for model, entry in zip(found, features, strict=True)]
        data |= {f"{name} {key}": np.array([one[key] for one in looked]) for key in looked[0]}
    data["b_hidden"] = np.array([model.b_hidden for model in best["biases"]])
    return data | {f"{name} W": np.stack([model.W for model in found]) for name, found in best.items()}


def _look(model: ToyModel, features: Features) -> dict[str, float]:
    """Return the losses with and without hidden ReLUs, how often units are open, what the steadiest averages.

    A unit averages (Σ w)²/Σ w² features: n if its weights are equal, about 1 for one feature and for random signs.
    """
    x = features.sample(SAMPLES, np.random.default_rng(25))
    h = model.hidden(x)
    constancy = h.mean(axis=0) ** 2 / np.maximum((h**2).mean(axis=0), 1e-12)
    weights = model.W[:, int(constancy.argmax())]
    loss, straight = (
        float((((one(x) - x) ** 2) @ features.importance).mean())
        for one in (model, replace(model, hidden_activation="linear"))
    )
    return {
        "loss": loss,
        "straight": straight,
        "open": float((h > 0).mean()),
        "constancy": float(constancy.max()),
        "averaged": float(weights.sum() ** 2 / (weights**2).sum()),
    }


def draw(data: Data) -> Any:
    """Draw losses, those without hidden ReLUs, how often units are open, and what the steadiest unit averages."""
    figure, grid = panels(2, 2, size=(4.0, 3.0))
    axes = grid.ravel()
    for colour, (name, label) in enumerate(
        (("linear", "linear hidden layer"), ("biases", "ReLU, biases"), ("none", "ReLU, no biases"))
    ):
        style = {"color": PALETTE[colour], "marker": "o", "label": label}
        axes[0].plot(data["p"], data[f"{name} loss"] / data["linear loss"], **style)
        if name != "linear":
            axes[1].plot(data["p"], data[f"{name} straight"] / data[f"{name} loss"], **style)
            axes[2].plot(data["p"], data[f"{name} open"], **style)
            axes[3].plot(data["p"], data[f"{name} averaged"], **style)
    axes[0].set_title("loss / that of the linear hidden layer", fontsize=9)
    axes[1].set_title("loss without / with hidden ReLUs", fontsize=9)
    axes[2].set_title("share of units and samples where it is open", fontsize=9)
    axes[3].set_title("features averaged by the steadiest unit", fontsize=9)
    axes[1].set_yscale("log")
    axes[2].set_ylim(0, 1.05)
    axes[3].set_ylim(0, None)
    for ax in axes:
        ax.set(xscale="log", xlabel="p")
        ax.set_xticks(data["p"], [f"{p:g}" for p in data["p"]])
        ax.minorticks_off()
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if units with biases are linear in effect at every density, and at some, a unit without averages many.

    Linear in effect: the loss is within 2 % of a linear hidden layer's, changes by less than 2 % without the hidden
    ReLUs, and units are open for 95 % of the samples. Averages many: the steadiest unit stands for a constant and
    averages more than a quarter of the features. With other numbers if either holds at some density.
    """
    n = data["none W"].shape[1]
    worse = data["biases loss"] / data["linear loss"] - 1
    positive = (data["b_hidden"] > 0).mean(axis=1)
    opened = data["biases open"]
    bent = data["biases straight"] / data["biases loss"] - 1
    linear = (np.abs(worse) < SAME) & (np.abs(bent) < SAME) & (opened > OPEN)
    averages = (data["none averaged"] > MANY * n) & (data["none constancy"] > STEADY)
    cost = data["none loss"] / data["linear loss"] - 1
    numbers: dict[str, float] = {}
    for k, p in enumerate(data["p"]):
        numbers |= {
            f"loss over linear, biases, p = {p:g}": worse[k],
            f"loss over linear, no biases, p = {p:g}": cost[k],
            f"loss without hidden ReLUs over with, biases, p = {p:g}": bent[k],
            f"open, biases, p = {p:g}": opened[k],
            f"open, no biases, p = {p:g}": data["none open"][k],
            f"positive biases, p = {p:g}": positive[k],
            f"features averaged without biases, p = {p:g}": data["none averaged"][k],
            f"constancy of that unit, p = {p:g}": data["none constancy"][k],
        }
    return Verdict(
        decide(bool(linear.all() and averages.any()), bool(linear.any() or averages.any())),
        f"With biases units are open for {100 * opened.min():.0f} to {100 * opened.max():.0f} % of the samples, and "
        f"losses are within {100 * np.abs(worse).max():.2g} % of a linear hidden layer's. Without, the steadiest unit "
        f"averages {data['none averaged'].min():.2g} to {data['none averaged'].max():.2g} of {n} features.",
        numbers,
        ("loss against a linear hidden layer", "loss without the hidden ReLUs", "how often units are open"),
    )
