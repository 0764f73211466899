"""E13 and E14: two pairs of features in two dimensions, and three layouts of their rows."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.nonuniform.sets import cosines_within, draw_sets, make_sets
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.model import ToyModel
from geomsup.optima import optimum
from geomsup.phases import crossing
from geomsup.plot.palette import PALETTE
from geomsup.training import train_whole

__all__ = ["DENSITIES", "EXPERIMENTS", "LAYOUTS", "deviations", "draw", "judge", "make_layout", "measure"]

EXPERIMENTS = (
    Experiment(
        id="E13",
        title="Correlated pairs are orthogonal",
        claim="Of two correlated pairs of features in two dimensions, the members of a pair are orthogonal, each "
        "opposite to a member of the other pair.",
        source="Elhage et al. 2022, Non-uniform superposition (correlated and anticorrelated features)",
        quick={"kind": "correlated", "models": 8, "steps": 3000, "starts": 32},
        paper={"kind": "correlated", "models": 20, "steps": 10_000, "starts": 128},
    ),
    Experiment(
        id="E14",
        title="Anticorrelated pairs are antipodal",
        claim="Of two anticorrelated pairs of features in two dimensions, the members of a pair are antipodal, and "
        "orthogonal to the other pair.",
        source="Elhage et al. 2022, Non-uniform superposition (correlated and anticorrelated features)",
        quick={"kind": "anticorrelated", "models": 8, "steps": 3000, "starts": 32},
        paper={"kind": "anticorrelated", "models": 20, "steps": 10_000, "starts": 128},
    ),
)

CLAIMED = {"correlated": "orthogonal", "anticorrelated": "antipodal"}
DENSITIES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4)
SPARSE = 3  # number of densities, from the sparsest on, that the claim is about
COSINES = {"orthogonal": 0.0, "antipodal": -1.0, "side by side": 1.0}  # between the members of a set
LAYOUTS = tuple(COSINES)
NEAR = Threshold(
    0.15,
    "difference from a layout's cosines that counts as none: optima at p <= 0.1 differ by 0.09, other layouts by 1",
)


def make_layout(name: str) -> ToyModel:
    """Return two pairs whose members are orthogonal, are antipodal, or have one direction."""
    right, up = np.eye(2)
    rows = {
        "orthogonal": (right, up, -right, -up),
        "antipodal": (right, -right, up, -up),
        "side by side": (right / 2**0.5, right / 2**0.5, up / 2**0.5, up / 2**0.5),
    }
    return ToyModel(np.stack(rows[name]))


def measure(lab: Lab, kind: str, models: int, steps: int, starts: int) -> Data:
    """Train at several densities; find the exact optimum there, and the exact loss of each layout's best weights."""
    features = [make_sets(2, 2, p, kind) for p in DENSITIES]
    run = lab.train("models", features, 2, models=models, steps=steps, learning_rate=1e-2, schedule="cosine")
    W = run.W.reshape(len(DENSITIES), models, 4, 2).astype(float)
    loss = run.expected_loss().reshape(len(DENSITIES), models)

    def exact() -> dict[str, Any]:
        found = [optimum(entry, 2, starts=starts) for entry in features]
        layouts = [
            [train_whole(f, 2, objective="exact", model=make_layout(name)) for f in features] for name in LAYOUTS
        ]
        return {
            "optimal_W": np.stack([one.model.W for one in found]),
            "optimum": np.array([one.loss for one in found]),
            "layout_loss": np.array([[one.expected_loss()[0] for one in row] for row in layouts]),
            "layout_cosine": np.array([[cosines_within(one.W[0]).mean() for one in row] for row in layouts]),
            "nothing": np.array([entry.variance.sum() for entry in features]),
            "end": np.array(_end(kind)),
        }

    return {"kind": kind, "W": W, "loss": loss, **lab.keep("exact", exact)}


def _end(kind: str) -> float:
    """Return the density at which correlated pairs collapse, by exact losses; anticorrelated ones never do."""
    if kind == "anticorrelated":
        return float("nan")
    first, second = make_layout("orthogonal"), make_layout("side by side")
    return crossing(first, second, lambda p: make_sets(2, 2, p, kind), (0.15, 0.35)).parameter


def draw(data: Data) -> Any:
    """Draw the best trained model at each density, and the loss of each layout."""
    columns = len(DENSITIES) // 2
    title = f"Two {data['kind']} pairs in two dimensions"
    figure, axes = panels(2, columns + 1, size=(2.6, 2.7), title=title)
    for k, p in enumerate(DENSITIES):
        best = data["W"][k, data["loss"][k].argmin()]
        cosine = cosines_within(best).ravel()
        draw_sets(axes[k // columns, k % columns], best, f"p = {p:g}\ncosines in sets {cosine[0]:.2f}, {cosine[1]:.2f}")
    cosines = cosines_within(data["W"])
    ax, ay = axes[:, columns]
    for j, name in enumerate(LAYOUTS):
        ax.plot(DENSITIES, data["layout_loss"][j] / data["nothing"], "o-", label=name, color=PALETTE[j], markersize=4)
    ax.plot(DENSITIES, data["optimum"] / data["nothing"], "k--", linewidth=1, label="exact optimum")
    ax.set(xlabel="density p of a set", ylabel="loss / nothing stored")
    ax.legend(frameon=False, fontsize=7)
    for k, p in enumerate(DENSITIES):
        ay.plot(np.full(cosines[k].size, p), cosines[k].ravel(), ".", color=PALETTE[0], alpha=0.5)
        ay.plot([p] * 2, cosines_within(data["optimal_W"][k]).ravel(), "k_", markersize=12)
    ay.set(xlabel="density p of a set", ylabel="cosine in sets (–: optimum)", ylim=(-1.1, 1.1))
    return figure


def deviations(W: np.ndarray, layout: str) -> np.ndarray:
    """Return the largest difference of a model's cosines, within pairs and between them, from a layout's, ``(...)``.

    Examples
    --------
    >>> float(deviations(make_layout("orthogonal").W[[1, 0, 2, 3]], "orthogonal"))
    0.0
    """
    within = np.abs(cosines_within(W)[..., 0] - COSINES[layout]).max(axis=-1)
    return np.maximum(within, np.abs(_between(W) - _between(make_layout(layout).W)).max(axis=-1))


def _between(W: np.ndarray) -> np.ndarray:
    """Return the cosines between members of different pairs, increasing, ``(..., 4)``."""
    norms = np.linalg.norm(W, axis=-1, keepdims=True)
    unit = np.divide(W, norms, out=np.zeros_like(W), where=norms > 0)
    return np.sort((unit[..., :2, :] @ np.swapaxes(unit[..., 2:, :], -1, -2)).reshape(*W.shape[:-2], 4), axis=-1)


def judge(data: Data) -> Verdict:
    """Hold if up to p = 0.1 the best models and the exact optima have the claimed layout, which then loses least.

    Loses least: less than the two other layouts, each with its best weights, by exact losses. With other numbers if all
    this holds at some density.
    """
    claimed = CLAIMED[str(data["kind"])]
    off = deviations(data["W"], claimed)
    off_best = off[np.arange(len(off)), data["loss"].argmin(axis=1)]
    off_optimum = deviations(data["optimal_W"], claimed)
    share = (off < NEAR).mean(axis=1)
    moved = np.abs(data["layout_cosine"] - np.array([*COSINES.values()])[:, None]).max()
    least = [LAYOUTS[k] for k in data["layout_loss"].argmin(axis=0)]
    own = data["layout_loss"][LAYOUTS.index(claimed)]
    others = np.delete(data["layout_loss"], LAYOUTS.index(claimed), axis=0).min(axis=0)
    sparse = slice(0, SPARSE)
    agree = (off_best < NEAR) & (off_optimum < NEAR) & np.array([one == claimed for one in least])
    numbers = {f"share of models whose sets are {claimed}, p = {p:g}": s for p, s in zip(DENSITIES, share, strict=True)}
    numbers |= {f"deviation of cosines, optimum, p = {p:g}": s for p, s in zip(DENSITIES, off_optimum, strict=True)}
    numbers |= {f"deviation of cosines, best trained, p = {p:g}": s for p, s in zip(DENSITIES, off_best, strict=True)}
    gap = ((others - own) / data["nothing"])[sparse]
    numbers["least advantage over the other layouts, of the loss of storing nothing"] = gap.min()
    numbers["largest loss of the layout, of the loss of storing nothing"] = (own / data["nothing"])[sparse].max()
    numbers["largest deviation of cosines within sets, layouts at their best"] = moved
    numbers["density at which pairs collapse, exact"] = data["end"]
    numbers["densities from the sparsest on with the claimed layout"] = int(np.argmin([*agree, False]))
    numbers |= {
        f"the claimed layout loses least, p = {p:g}": one == claimed for p, one in zip(DENSITIES, least, strict=True)
    }
    return Verdict(
        decide(bool(agree[sparse].all()), bool(agree.any())),
        f"Up to p = {DENSITIES[SPARSE - 1]:g} cosines differ from those of {claimed} pairs by at most "
        f"{off_best[sparse].max():.2g} in the best trained models and {off_optimum[sparse].max():.2g} in the exact "
        f"optima. That layout has the least exact loss at {least.count(claimed)} of {len(least)} densities.",
        numbers,
        ("best of the trained models", "exact optima from many starts", "exact losses of three layouts"),
    )
