"""Q8: what does a fixed data set change? From polygons of samples to polygons of features."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.optima import optimum
from geomsup.plot.palette import INK, PALETTE
from geomsup.samples import SampledFeatures

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="Q8",
    title="A fixed data set",
    claim="From few samples a model stores samples, as polygons. From many it stores features, as with fresh data; "
    "10,000 samples change nothing. In between the loss on new data is higher than that of no model.",
    source="Henighan et al. 2023; a replicator trained on 10,000 fixed samples",
    quick={"counts": (3, 5, 6, 7, 10, 30, 100, 300, 1000, 10_000), "models": 4, "steps": 8000},
    paper={"counts": (3, 4, 5, 6, 7, 8, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000), "models": 12, "steps": 30_000},
)

N, M, P = 40, 2, 0.1  # one sample in 70 is empty, so that nearly all have a direction
FEW = 7  # samples up to which they make a polygon, in the published figures
MANY = 10_000
EVEN = Threshold(
    0.1, "largest relative difference of an angle from 2π/T at which T hidden vectors are a regular polygon"
)
NONE_LOST = Threshold(
    1.05,
    "loss on new data over that of the optimum, up to which a data set has changed nothing: fresh data give 1.0002",
)


def measure(lab: Lab, counts: Any, models: int, steps: int) -> Data:
    """Train on data sets of each size, and on fresh data; return the best models, their hidden vectors and losses."""
    features = Features(N, P)
    least = float(lab.keep("optimum", lambda: {"loss": optimum(features, M).loss})["loss"])
    recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine"}
    W, seen, truth = np.empty((len(counts) + 1, N, M)), np.empty(len(counts) + 1), np.empty(len(counts) + 1)
    uneven = np.full(len(counts), np.nan)
    hidden = np.full((len(counts), FEW, M), np.nan)
    for k, count in enumerate(counts):
        data = SampledFeatures(_not_empty(features, count))
        best = lab.train(f"{count} samples", data, M, **recipe).best()
        W[k], seen[k], truth[k] = best.W, float(expected_loss(best, data)), float(expected_loss(best, features))
        if count <= FEW:
            hidden[k, :count] = data.X @ best.W
            uneven[k] = _unevenness(hidden[k, :count])
    fresh = lab.train("fresh data", features, M, **recipe).best()
    W[-1], seen[-1], truth[-1] = fresh.W, np.nan, float(expected_loss(fresh, features))
    return {
        "count": np.array(counts), "W": W, "seen": seen, "truth": truth, "optimum": least, "uneven": uneven,
        "hidden": hidden, "nothing": float(features.variance.sum()),
    }  # fmt: skip


def _not_empty(features: Features, count: int) -> np.ndarray:
    """Return samples in which some feature is present."""
    x = features.sample(2 * count + 10, rng=count)
    return x[x.any(axis=1)][:count]


def _unevenness(h: np.ndarray) -> float:
    """Return the largest relative difference of a gap between neighbouring directions from the mean gap.

    Examples
    --------
    >>> _unevenness(np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 0.0], [0.0, -1.0]]))
    0.0
    """
    turns = np.sort(np.arctan2(h[:, 1], h[:, 0]))
    gaps = np.diff(np.append(turns, turns[0] + 2 * np.pi))
    return float(np.abs(gaps * len(h) / (2 * np.pi) - 1).max())


def draw(data: Data) -> Any:
    """Draw losses over the number of samples, hidden vectors of few samples, and rows of W for many."""
    figure, axes = panels(2, 4, size=(2.9, 2.8), title=f"{N} features in {M} dimensions, p = {P:g}, fixed data")
    ax, counts = axes[0, 0], data["count"]
    ax.plot(counts, data["truth"][:-1], "o-", color=PALETTE[0], label="on new data, exact")
    ax.plot(counts, data["seen"][:-1], "s-", color=PALETTE[1], label="on the data set")
    ax.axhline(data["optimum"], color="black", linewidth=0.8, label="optimum")
    ax.axhline(data["nothing"], color="grey", linewidth=0.8, linestyle="--", label="no model")
    ax.set(xscale="log", yscale="log", ylim=(0.3 * float(data["optimum"]), None), xlabel="samples", ylabel="loss")
    ax.legend(frameon=False, fontsize=7)
    few = [k for k, count in enumerate(counts) if count <= FEW]
    for ax, k in zip(axes.ravel()[1:5], few, strict=False):
        _draw_points(ax, data["hidden"][k, : counts[k]], f"hidden vectors of {counts[k]} samples")
    many = [k for k, count in enumerate(counts) if count > FEW][-3::1]
    for ax, k in zip(axes.ravel()[5:], many, strict=False):
        _draw_points(ax, data["W"][k], f"rows of W, {counts[k]} samples")
    for ax in axes.ravel():
        if not ax.has_data():
            ax.set_axis_off()
    return figure


def _draw_points(ax: Any, points: np.ndarray, title: str) -> None:
    for x, y in points:
        ax.plot([0, x], [0, y], color=PALETTE[0], linewidth=1)
    ax.plot(points[:, 0], points[:, 1], "o", color=PALETTE[0], markersize=4)
    limit = 1.15 * max(float(np.abs(points).max()), 1e-9)
    ax.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=[], yticks=[])
    ax.set_title(title, fontsize=9, color=INK)


def judge(data: Data) -> Verdict:
    """Hold if hidden vectors of up to 7 samples are even polygons, and 10,000 samples give the loss of fresh data.

    A polygon of T samples is even if every angle between neighbours is within 10 % of 2π/T. From 10,000 samples on the
    loss on new data must be within 5 % of the optimum; at some smaller number it must be above that of no model. With
    other numbers if 10,000 samples change nothing, and some polygon is even or some loss is above that of no model.
    """
    counts, ratio = data["count"], data["truth"] / float(data["optimum"])
    few, many = counts <= FEW, counts >= MANY
    even = data["uneven"][few] < EVEN
    enough = bool((ratio[:-1][many] < NONE_LOST).all())
    worst = int(np.argmax(data["truth"][:-1]))
    bump = bool(data["truth"][worst] > float(data["nothing"]) and not many[worst])
    numbers = {
        f"largest difference of an angle, {t} samples": u for t, u in zip(counts[few], data["uneven"][few], strict=True)
    }
    numbers |= {f"loss on new data over the optimum's, {t} samples": r for t, r in zip(counts, ratio, strict=False)}
    numbers |= {f"loss on the data set, {t} samples": s for t, s in zip(counts, data["seen"], strict=False)}
    numbers |= {"loss over the optimum's, fresh data": ratio[-1], "loss of no model over the optimum's":
                float(data["nothing"]) / float(data["optimum"])}  # fmt: skip
    return Verdict(
        decide(even.all() and enough and bump, enough and (even.any() or bump)),
        f"{int(even.sum())} of {len(even)} sets of up to {FEW} samples are even polygons. 10,000 samples give "
        f"{ratio[:-1][many][0]:.3f} times the optimal loss on new data, fresh ones {ratio[-1]:.3f}; the worst is "
        f"{ratio[worst]:.2f}, at {counts[worst]} samples.",
        numbers,
        ("exact loss on new data", "angles of hidden vectors"),
    )
