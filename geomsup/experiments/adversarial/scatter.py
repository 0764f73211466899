"""E21: vulnerability of single models against their features per dimension."""

from typing import Any

import numpy as np
from scipy.stats import rankdata

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E21",
    title="Vulnerability against features per dimension",
    claim="Adversarial vulnerability is highly correlated with the number of features per dimension.",
    source="Elhage et al. 2022, The relationship between superposition and adversarial vulnerability",
    uses="E20",
)

HIGHLY = Threshold(
    0.9, "correlation above which two numbers are highly correlated: either explains 81 % of the other's variance"
)
SOME = Threshold(
    0.6,
    "correlation, of values or of ranks, above which they are at least in part: a third of the variance is explained",
)


def measure(lab: Lab) -> Data:
    """Return features per dimension and vulnerability of every model of E20."""
    data = lab.data_of("E20")
    p = np.broadcast_to(data["p"][:, None], data["vulnerability"].shape)
    return {
        "p": p.ravel(), "per_dimension": data["per_dimension"].ravel(), "vulnerability": data["vulnerability"].ravel()
    }  # fmt: skip


def draw(data: Data) -> Any:
    """Draw the scatter, with the line of least squares."""
    figure, axes = panels(1, 1, size=(5.4, 4.2))
    ax = axes[0, 0]
    points = ax.scatter(data["per_dimension"], data["vulnerability"], c=np.log10(1 / data["p"]), cmap="viridis", s=22)
    slope, start = np.polyfit(data["per_dimension"], data["vulnerability"], 1)
    ends = np.array([data["per_dimension"].min(), data["per_dimension"].max()])
    ax.plot(ends, start + slope * ends, color=PALETTE[1], linewidth=1)
    ax.set(xlabel="features per dimension, ‖W‖²/m", ylabel="vulnerability, (L′ − L)/(L′₀ − L₀)")
    figure.colorbar(points, label="log₁₀ 1/(1 − S)")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if over all models the two correlate by more than 0.9.

    With other numbers if they do by more than 0.6, by value or by rank.
    """
    pearson = float(np.corrcoef(data["per_dimension"], data["vulnerability"])[0, 1])
    spearman = float(np.corrcoef(rankdata(data["per_dimension"]), rankdata(data["vulnerability"]))[0, 1])
    slope, start = np.polyfit(data["per_dimension"], data["vulnerability"], 1)
    return Verdict(
        decide(pearson > HIGHLY, max(pearson, spearman) > SOME),
        f"Over {len(data['p'])} models vulnerability and features per dimension correlate by {pearson:.3f} (ranks: "
        f"{spearman:.3f}); least squares: vulnerability = {start:.2f} + {slope:.2f} × features per dimension.",
        {
            "models": len(data["p"]),
            "correlation": pearson,
            "rank correlation": spearman,
            "slope": float(slope),
            "intercept": float(start),
        },
        ("correlation of values", "correlation of ranks"),
    )
