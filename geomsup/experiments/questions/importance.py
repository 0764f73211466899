"""Q4: why are there only digons where importance falls exponentially?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import NEARLY_ALL
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.optima import optimum
from geomsup.plot.palette import PALETTE
from geomsup.recognition import Geometry, classify

__all__ = ["EXPERIMENT", "digon_share", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="Q4",
    title="Only digons with falling importance?",
    claim="With importance that falls exponentially the only structures are digons, unlike at equal importance (a "
    "replicator's observation).",
    source="a replicator's note on Elhage et al. 2022",
    quick={"models": 5, "steps": 3000, "starts": 16},
    paper={"models": 20, "steps": 20_000, "starts": 64},
)

N, M = 8, 3
DENSITIES = (0.05, 0.2)
RATIOS = (1.0, 0.9, 0.8, 0.7, 0.5)  # importance of a feature over that of the one before
SHOWN = 3  # the ratio whose optima are named, 0.7
STEEP = Threshold(
    0.8,
    "ratio of importances up to which they fall exponentially: the last of 8 features then has a fifth of the first's",
)


def digon_share(geometry: Geometry) -> float:
    """Return the fraction of features in digons among those that share dimensions; NaN if none shares."""
    shared = [(part.name, len(part.features)) for part in geometry.components if len(part.features) > 1]
    total = sum(count for _, count in shared)
    return sum(count for name, count in shared if name == "digon") / total if total else float("nan")


def measure(lab: Lab, models: int, steps: int, starts: int) -> Data:
    """Train and find optima over the ratio of importances at two densities; return the shares of digons."""
    parts = []
    for p in DENSITIES:
        features = [Features(N, p, r ** np.arange(N)) for r in RATIOS]
        recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine"}
        run = lab.train(f"p={p:g}", features, M, **recipe)

        def exact(features: list = features, run: Any = run) -> dict[str, Any]:
            # Eight features in three dimensions have many minima: what was trained is among the starts.
            guesses = [[run.model(k * models + i) for i in range(models)] for k in range(len(features))]
            found = [optimum(f, M, starts=starts, guesses=row) for f, row in zip(features, guesses, strict=True)]
            return {
                "exact": np.array([digon_share(one.geometry) for one in found]),
                "name": np.array([one.geometry.name for one in found]),
                "optimum": np.array([one.loss for one in found]),
            }

        shares = [digon_share(one) for one in classify(run)]
        parts.append({
            **lab.keep(f"optima p={p:g}", exact),
            "trained": np.array(shares).reshape(len(RATIOS), models),
            "loss": run.expected_loss().reshape(len(RATIOS), models),
        })  # fmt: skip
    return {name: np.stack([part[name] for part in parts]) for name in parts[0]}


def draw(data: Data) -> Any:
    """Draw the share of digons over the ratio of importances, trained and optimal."""
    figure, axes = panels(1, len(DENSITIES), size=(4.4, 3.3), title=f"{N} features in {M} dimensions, importance r^i")
    for k, p in enumerate(DENSITIES):
        ax = axes[0, k]
        ax.plot(RATIOS, np.nanmean(data["trained"][k], axis=1), "o-", color=PALETTE[0], label="trained, mean")
        ax.plot(RATIOS, data["exact"][k], "k_", markersize=14, label="exact optimum")
        ax.set(xlabel="ratio r of importances", xlim=(1.03, 0.47), ylim=(-0.05, 1.05), title=f"p = {p:g}")
    axes[0, 0].set_ylabel("fraction of sharing features in digons")
    axes[0, 0].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if nine in ten sharing features are in digons where importance falls steeply, and not at equal importance.

    In the optima and, on average, in trained models, at both densities; steeply means ratios of 0.8 and below. With
    other numbers if digons are more frequent there than at equal importance, averaged over densities and ratios.
    """
    steep = np.array(RATIOS) <= STEEP
    trained = np.nanmean(data["trained"], axis=2)
    exact = data["exact"]
    only = float(np.nanmin(exact[:, steep])), float(np.nanmin(trained[:, steep]))
    equal = float(exact[:, 0].min()), float(trained[:, 0].min())
    excess = 100 * (data["loss"].min(axis=2) / data["optimum"] - 1)
    more = (
        float(np.nanmean(exact[:, steep]) - exact[:, 0].mean()),
        float(np.nanmean(trained[:, steep]) - trained[:, 0].mean()),
    )
    numbers = {
        f"digons, optimum, p = {p:g}, r = {r:g}": exact[k, j]
        for k, p in enumerate(DENSITIES)
        for j, r in enumerate(RATIOS)
    }
    numbers |= {
        f"digons, trained, p = {p:g}, r = {r:g}": trained[k, j]
        for k, p in enumerate(DENSITIES)
        for j, r in enumerate(RATIOS)
    }
    numbers |= {"least excess of a best trained model, %": excess.min(), "largest, %": excess.max()}
    return Verdict(
        decide(min(only) >= NEARLY_ALL and max(equal) < NEARLY_ALL, min(more) > 0),
        f"Of sharing features {100 * np.nanmean(exact[:, steep]):.0f} % are in digons in the optima where importance "
        f"falls, on average, and {100 * exact[:, 0].mean():.0f} % at equal importance; in trained models "
        f"{100 * np.nanmean(trained[:, steep]):.0f} and {100 * trained[:, 0].mean():.0f} %.",
        numbers,
        ("names of the trained models", "names of the exact optima"),
    )
