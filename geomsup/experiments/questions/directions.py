"""Q3: a trained model kept more directions than dimensions. Would fewer directions lose less?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.optima import optimum
from geomsup.plot.palette import PALETTE
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="Q3",
    title="More directions than dimensions",
    claim="A run of five features in two dimensions at p = 0.1 kept more than two directions; two might lose less "
    "(asked in a replicator's note).",
    source="a replicator's note on Elhage et al. 2022",
    quick={"models": 32, "steps": 3000, "starts": 16},
    paper={"models": 200, "steps": 20_000, "starts": 64},
)

N, M = 5, 2
DENSITIES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
ASKED = 2  # p = 0.1 in DENSITIES
SAME = Threshold(1e-6, "relative difference of exact losses that counts as none: descents end within it")


def measure(lab: Lab, models: int, steps: int, starts: int) -> Data:
    """Return the least exact loss with at most k features stored, and the losses and names of trained models."""

    def exact() -> dict[str, Any]:
        best = [[optimum(Features(k, p), M, starts=starts) for p in DENSITIES] for k in range(M, N + 1)]
        # The others are dropped: each costs its variance.
        losses = [[one.loss + (N - k) * Features(1, p).variance[0] for p, one in zip(DENSITIES, row, strict=True)]
                  for k, row in enumerate(best, M)]  # fmt: skip
        return {"loss": np.array(losses), "name": np.array([row[ASKED].geometry.name for row in best])}

    recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine"}
    run = lab.train("models", Features(N, DENSITIES[ASKED]), M, **recipe)
    return {
        **lab.keep("exact", exact),
        "trained": run.expected_loss(),
        "stored": stored(run.W).sum(axis=1),
        "trained_name": np.array([one.name for one in classify(run)]),
    }


def draw(data: Data) -> Any:
    """Draw the least loss with 2 to 5 features stored over p, and the trained models at p = 0.1."""
    figure, axes = panels(1, 2, size=(4.6, 3.4), title="5 features in 2 dimensions: how many to store?")
    p = np.array(DENSITIES)
    nothing = N * (p / 3 - p**2 / 4)
    for k, loss in enumerate(data["loss"]):
        axes[0, 0].plot(p, loss / nothing, "o-", color=PALETTE[k], markersize=4, label=f"{k + M} stored at most")
    axes[0, 0].set(xlabel="density p", ylabel="least exact loss / nothing stored")
    axes[0, 0].legend(frameon=False, fontsize=8)
    ax = axes[0, 1]
    ax.plot(data["stored"], data["trained"], "o", color=PALETTE[0], alpha=0.4, label="trained")
    ax.plot(np.arange(M, N + 1), data["loss"][:, ASKED], "k_", markersize=18, label="least exact loss")
    ax.set(xlabel="features stored", ylabel="exact loss", title="p = 0.1", xticks=range(M, N + 1))
    ax.legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if at p = 0.1 two stored features lose as little as more, and every trained model with more loses more.

    The least exact loss with up to k features stored never rises with k, so it can only be equal; trained models may be
    worse. With other numbers if some trained models with more than two features stored lose more than two do.
    """
    losses = data["loss"][:, ASKED]
    few = float(losses[0])
    groups = {int(k): data["trained"][data["stored"] == k] for k in np.unique(data["stored"])}
    least = {k: float(group.min()) for k, group in groups.items()}
    best = int(losses.argmin()) + M
    nothing = bool(few < losses.min() * (1 + SAME))
    p = DENSITIES[ASKED]
    two = (N - M) * (p / 3 - p**2 / 4)  # closed form: two dedicated dimensions, the rest dropped
    kept = data["trained"][data["stored"] > M]
    gain = few / losses.min()
    where = [p for p, row in zip(DENSITIES, data["loss"].T, strict=True) if row[0] < row.min() * (1 + SAME)]
    numbers = {f"least exact loss, {k} stored": loss for k, loss in enumerate(losses, M)}
    numbers |= {f"trained models with {k} stored": len(group) for k, group in groups.items()}
    numbers |= {f"least trained loss, {k} stored": loss for k, loss in least.items()}
    numbers["closed form, 2 stored"] = two
    numbers["densities at which two are best"] = len(where)
    numbers["loss of two over the least"] = gain
    numbers["part of trained models with more that lose more than two"] = (two < kept).mean() if len(kept) else np.nan
    numbers |= {f"trained: {name}": (data["trained_name"] == name).sum() for name in np.unique(data["trained_name"])}
    return Verdict(
        decide(nothing and bool((two < kept).all()), bool((two < kept).any())),
        f"At p = {p:g} the least exact loss, {losses.min():.6f}, is with {best} features stored; two dedicated "
        f"dimensions lose {two:.6f}, {gain:.1f} times as much. Two alone are best at {len(where)} of {len(DENSITIES)} "
        "densities.",
        numbers,
        ("exact optima with features dropped", "trained models against the closed form of two dedicated dimensions"),
    )
