"""E1: five features in two dimensions, from dense to sparse."""

from typing import Any

import numpy as np

from geomsup.comparison import compare
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.plot import plot_geometry
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E1",
    title="Five features in two dimensions",
    claim="Dense: the two most important features get a dimension each. S = 0.8: four are stored as two digons, "
    "the last is dropped. S = 0.9: all five, as a pentagon.",
    source="Elhage et al. 2022, introduction",
    quick={"models": 8, "steps": 5000},
    paper={"models": 10, "steps": 10_000},
)

SPARSITIES = (0.0, 0.8, 0.9)
CLAIMED = ("2 dedicated dimensions", "square (2 digons)", "pentagon")
COUNTS = (2, 4, 5)  # features stored, as the paper says


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train at the paper's three sparsities; return the best model of each, its geometry and the optimum's."""
    features = [Features(5, 1 - S, 0.9 ** np.arange(5)) for S in SPARSITIES]
    run = lab.train("models", features, 2, models=models, steps=steps, learning_rate=3e-3, schedule="cosine")
    best = [run.best(entry) for entry in range(len(features))]
    compared = [compare(model, entry) for model, entry in zip(best, features, strict=True)]
    return {
        "W": np.stack([model.W for model in best]),
        "loss": np.array([one.loss for one in compared]),
        "optimum": np.array([one.optimum.loss for one in compared]),
        "name": np.array([one.geometry.name for one in compared]),
        "optimal_name": np.array([one.optimum.geometry.name for one in compared]),
        "stored": np.array([5 - len(one.geometry.not_represented) for one in compared]),
    }


def draw(data: Data) -> Any:
    """Draw the rows of the three models as arrows."""
    figure, axes = panels(1, 3, title="5 features in 2 dimensions, importance 0.9^i")
    for ax, S, W, name, optimal in zip(axes[0], SPARSITIES, data["W"], data["name"], data["optimal_name"], strict=True):
        plot_geometry(classify(W), ax=ax, title=False)
        ax.set_title(f"sparsity {S:g}: {name}\noptimum: {optimal}", fontsize=9)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if best trained models and optima have the paper's geometry at all three sparsities.

    With other numbers if the trained models store as many features as the paper says.
    """
    excess = data["loss"] / data["optimum"] - 1
    trained = [name == claimed for name, claimed in zip(data["name"], CLAIMED, strict=True)]
    optimal = [name == claimed for name, claimed in zip(data["optimal_name"], CLAIMED, strict=True)]
    numbers = {f"excess over the optimum, S = {S:g}": value for S, value in zip(SPARSITIES, excess, strict=True)}
    numbers |= {f"features stored, S = {S:g}": k for S, k in zip(SPARSITIES, data["stored"], strict=True)}
    found = ", ".join(f"{name} at S = {S:g}" for S, name in zip(SPARSITIES, data["name"], strict=True))
    return Verdict(
        decide(all(trained) and all(optimal), tuple(data["stored"]) == COUNTS),
        f"Trained: {found}; the optima: {', '.join(data['optimal_name'])}. "
        f"Trained losses are at most {100 * excess.max():.2g} % above them.",
        numbers,
        ("names of the best trained models", "names of the exact optima"),
    )
