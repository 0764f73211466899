"""A2: GELU outputs instead of ReLU."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

PROBABILITIES = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02)
SHAPES = ((5, 2), (6, 3))
OUTPUTS = ("relu", "gelu")
SIGNIFICANT = 1.5  # ratio of losses from which a reader would call the two different


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train both at each size and density; return the names and exact losses of the best, and of ReLU's under GELU."""
    names, losses = [], []
    for n, m in SHAPES:
        features = [Features(n, p) for p in PROBABILITIES]
        recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine", "batch": 512}
        runs = [lab.train(f"{n} in {m}, {f}", features, m, activation=f, **recipe) for f in OUTPUTS]
        best = [[run.best(k) for k in range(len(features))] for run in runs]
        losses.append([[_loss(model, f) for model, f in zip(row, features, strict=True)] for row in best])
        names.append([[classify(model.W, orientation="rows").name for model in row] for row in best])
    return {"loss": np.array(losses), "name": np.array(names), "longer": np.array(_longer(lab, models, steps))}


def _longer(lab: Lab, models: int, steps: int) -> list[float]:
    """Return the ratio of losses at the sparsest, of models trained four times as long, over fresh samples."""
    features, ratios = [Features(n, PROBABILITIES[-1]) for n, _ in SHAPES], []
    for f, (n, m) in zip(features, SHAPES, strict=True):
        recipe = {"models": models, "steps": 4 * steps, "learning_rate": 1e-2, "schedule": "cosine", "batch": 512}
        best = [lab.train(f"{n} in {m}, {a}, longer", f, m, activation=a, **recipe).best() for a in OUTPUTS]
        relu, gelu = (float(expected_loss(model, f, method="sampled", samples=400_000, rng=1)) for model in best)
        ratios.append(gelu / relu)
    return ratios


def _loss(model: ToyModel, features: Features) -> float:
    return float(expected_loss(model, features, rtol=1e-6))


def draw(data: Data) -> Any:
    """Draw both losses, relative to storing nothing, with the names beside the points."""
    figure, axes = panels(1, len(SHAPES), size=(6.2, 3.8), title="outputs by ReLU and by GELU")
    p = np.array(PROBABILITIES)
    for ax, (n, m), losses, names in zip(axes[0], SHAPES, data["loss"], data["name"], strict=True):
        nothing = n * (p / 3 - p**2 / 4)
        for k, (label, colour) in enumerate(zip(("ReLU", "GELU"), PALETTE, strict=False)):
            ax.plot(range(len(p)), losses[k] / nothing, "o-", color=colour, label=label)
        labels = [f"{q:g}\n{a}\n{b}" for q, a, b in zip(p, *np.vectorize(_short)(names), strict=True)]
        ax.set(ylim=(0, None), xticks=range(len(p)), ylabel="loss / loss of storing nothing")
        ax.set_xticklabels(labels, fontsize=6)
        ax.set_xlabel("density; shape with ReLU, with GELU", fontsize=8)
        ax.set_title(f"{n} features in {m} dimensions", fontsize=10)
        ax.legend(frameon=False, fontsize=8)
    return figure


def _short(name: str) -> str:
    """Return the shape without its variant."""
    return name.split(" (")[0].split(",")[0].replace("dedicated dimension", "dedicated")


def judge(data: Data) -> Verdict:
    """Hold if the shapes are the same and the losses close; with other numbers if the shapes are, wherever sparse."""
    same = data["name"][:, 0] == data["name"][:, 1]
    ratio = data["loss"][:, 1] / np.maximum(data["loss"][:, 0], 1e-9)
    sparse = np.array(PROBABILITIES) <= 0.1
    proper = np.array(PROBABILITIES) < 1
    worst = np.unravel_index(np.where(proper, ratio, 0).argmax(), ratio.shape)
    numbers = {
        f"loss of GELU over ReLU's, {n} in {m}, p = {p:g}": ratio[s, k]
        for s, (n, m) in enumerate(SHAPES)
        for k, p in enumerate(PROBABILITIES)
        if p < 1
    }
    numbers |= {
        f"the same, trained longer and sampled, {n} in {m}": r for (n, m), r in zip(SHAPES, data["longer"], strict=True)
    }
    numbers |= {"share of same names": same[:, proper].mean(), "share of same names, p <= 0.1": same[:, sparse].mean()}
    n, m = SHAPES[worst[0]]
    return Verdict(
        decide(bool(same[:, proper].all() and ratio[:, proper].max() < SIGNIFICANT), bool(same[:, sparse].all())),
        f"Same shape in {same[:, proper].sum()} of {same[:, proper].size} cases, "
        f"{same[:, sparse].sum()} of {same[:, sparse].size} at p <= 0.1. GELU's loss is {ratio[:, proper].min():.2f} "
        f"to {ratio[:, proper].max():.2f} times ReLU's, most with {n} in {m} at p = {PROBABILITIES[worst[1]]:g}: "
        + (
            f"GELU bends over a width of 1, the size of the features. Trained four times as long, "
            f"the sparsest differ by {data['longer'][0]:.2f} and {data['longer'][1]:.2f} over fresh samples."
            if ratio[:, proper].max() >= SIGNIFICANT
            else "no toy here where the two differ much."
        ),
        numbers,
        ("exact losses (quadrature for GELU) of the best models", "sampled losses of longer trainings"),
    )


EXPERIMENT = Experiment(
    id="A2",
    title="GELU outputs instead of ReLU",
    claim="GELU outputs give the geometry and about the loss of ReLU outputs; no toy is known where they differ much.",
    source="Open problems 4.10 and 4.11 (N. Nanda's list)",
    measure=measure,
    draw=draw,
    judge=judge,
    quick={"models": 6, "steps": 3000},
    paper={"models": 20, "steps": 20_000},
)
