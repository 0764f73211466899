"""Q7: was it Adam? Runs that reach the optimum, by optimizer and by the scale of the start."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.optima import optimum
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="Q7",
    title="Was it Adam?",
    claim="The geometry is the work of Adam: with plain SGD, or with SGD and momentum, fewer runs reach the optimum.",
    source="a replicator's doubt about Elhage et al. 2022",
    quick={"models": 20, "steps": 8000, "starts": 32},
    paper={"models": 200, "steps": 30_000, "starts": 128},
)

SIZES = ((5, 2, 0.05), (6, 3, 0.05), (8, 3, 0.05))  # features, dimensions, density
RECIPES = {
    "Adam": {"learning_rate": 3e-3},
    "SGD": {"optimizer": "sgd", "learning_rate": 0.3},
    "SGD, momentum": {"optimizer": "sgd", "momentum": 0.9, "learning_rate": 0.1},
}
SCALES = (0.1, 0.3, 1.0, 3.0)  # of the start, in units of the usual one
USUAL = SCALES.index(1.0)
REACHED = Threshold(
    1.02,
    "loss over the optimum's up to which a run has reached it: a run ends at most at 1.011 or at least at 1.036",
)
FEWER = Threshold(
    0.15, "by which shares of runs must differ: 1.5 standard errors of the difference of two shares of 20 runs near 0.9"
)


def measure(lab: Lab, models: int, steps: int, starts: int) -> Data:
    """Train from starts of several scales with each optimizer; return exact losses over that of the optimum."""
    ratio = np.empty((len(SIZES), len(RECIPES), len(SCALES), models))
    for i, (n, m, p) in enumerate(SIZES):
        features = Features(n, p)

        def exact(features: Features = features, m: int = m) -> dict[str, Any]:
            return {"loss": optimum(features, m, starts=starts).loss}

        least = float(lab.keep(f"optimum {n}, {m}", exact)["loss"])
        for j, (name, recipe) in enumerate(RECIPES.items()):
            for k, scale in enumerate(SCALES):
                run = lab.train(
                    f"{n}, {m}, {name}, {scale:g}", features, m,
                    models=models, steps=steps, batch=256, schedule="cosine", init_scale=scale, **recipe,
                )  # fmt: skip
                ratio[i, j, k] = run.expected_loss() / least
    return {"ratio": ratio}


def _shares(data: Data) -> np.ndarray:
    """Return the share of runs that reached the optimum, ``(sizes, optimizers, scales)``; diverged ones did not."""
    return (data["ratio"] < REACHED).mean(axis=-1)


def draw(data: Data) -> Any:
    """Draw the share of runs at the optimum over the scale of the start, for each size."""
    figure, axes = panels(1, len(SIZES), size=(3.6, 3.2), title="runs that reach the optimum")
    shares = _shares(data)
    for i, (n, m, p) in enumerate(SIZES):
        for j, name in enumerate(RECIPES):
            axes[0, i].plot(SCALES, shares[i, j], "os^"[j] + "-", color=PALETTE[j], label=name)
        axes[0, i].set(xscale="log", ylim=(-0.05, 1.05), xlabel="scale of the start", title=f"{n} in {m}, p = {p:g}")
    axes[0, 0].set_ylabel("share of runs")
    axes[0, 0].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if Adam's share of runs at the optimum exceeds those of both other optimizers by 0.15 at every size.

    These runs are from the usual start, at scale 1. With other numbers if it does so on average over the sizes.
    """
    shares = _shares(data)
    lead = shares[:, :1, USUAL] - shares[:, 1:, USUAL]
    numbers = {
        f"share at the optimum, {n} in {m}, {name}, start {scale:g}": shares[i, j, k]
        for i, (n, m, _) in enumerate(SIZES)
        for j, name in enumerate(RECIPES)
        for k, scale in enumerate(SCALES)
    }
    means = ", ".join(
        f"{name} {100 * share:.0f} %" for name, share in zip(RECIPES, shares[..., USUAL].mean(0), strict=True)
    )
    return Verdict(
        decide((lead > FEWER).all(), (lead.mean(axis=0) > FEWER).all()),
        f"Runs that reach the optimum from the usual start, over three sizes: {means}.",
        numbers,
        ("plain SGD", "SGD with momentum"),
    )
