"""E12: the loss of each geometry as one feature of five gets sparser, and where the branches cross."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.nonuniform.perturbed import (
    BASES,
    find_crossing,
    make_features,
    make_pentagon,
    make_square,
)
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E12",
    title="One feature of another density: loss branches",
    claim="Each geometry has a branch of the loss of its own; the branches of pentagon and digons cross, so that the "
    "transition between them is of first order.",
    source="Elhage et al. 2022, Non-uniform superposition",
    quick={"points": 9, "models": 2, "steps": 3000},
    paper={"points": 33, "models": 4, "steps": 20_000},
)

BRANCHES = {"pentagon": make_pentagon, "two digons": make_square}
NEAR = Threshold(
    0.01,
    "difference in relative density of trained and exact crossings that counts as none: a fifth of the 0.05 between "
    "fits at the quick size; 0.002 is measured",
)
JUMP = Threshold(0.05, "relative jump of the slope above which branches cross: 0 if they only touch, 0.55 as measured")


def measure(lab: Lab, points: int, models: int, steps: int) -> Data:
    """Train from either geometry at relative densities around 1/4; return exact losses, and where they cross.

    Return too whether each fit ended on the branch that it began on.
    """
    relative = np.linspace(0.15, 0.55, points)
    losses = np.empty((len(BASES), len(BRANCHES), points, models))
    stayed = np.empty(losses.shape, bool)
    for k, base in enumerate(BASES):
        entries = [make_features(base, r) for r in relative]
        for j, (name, make) in enumerate(BRANCHES.items()):
            run = lab.train(
                f"{name} {base:g}", entries, 2,
                model=make(), models=models, steps=steps, learning_rate=3e-3, schedule="cosine",
            )  # fmt: skip
            losses[k, j] = run.expected_loss().reshape(points, models)
            # The odd feature is stored in a pentagon, and not in two digons.
            stayed[k, j] = (stored(run.W[:, 0]) == (name == "pentagon")).reshape(points, models)
    exact = [find_crossing(k) for k in range(len(BASES))]
    return {
        "relative": relative, "loss": losses, "stayed": stayed, "crossing": np.array([one.parameter for one in exact]),
        "crossing_loss": np.array([one.loss for one in exact]), "slope": np.array([one.slopes for one in exact]),
    }  # fmt: skip


def draw(data: Data) -> Any:
    """Draw both branches, every fit that stayed on its branch, and the crossing of the exact losses."""
    figure, axes = panels(1, len(BASES), size=(3.6, 3.2), title="Loss of either geometry, one feature sparser")
    fits, least = _branches(data)
    for k, base in enumerate(BASES):
        ax = axes[0, k]
        for j, name in enumerate(BRANCHES):
            ax.plot(data["relative"], fits[k, j] * 1e3, ".", color=PALETTE[j], markersize=4)
            ax.plot(data["relative"], least[k, j] * 1e3, color=PALETTE[j], label=name)
        ax.plot(data["crossing"][k], data["crossing_loss"][k] * 1e3, "k*", markersize=11, label="exact crossing")
        ax.set(xlabel="relative density of the odd feature", title=f"others: p = {base:g}")
    axes[0, 0].set_ylabel("exact expected loss of trained models, 10⁻³")
    axes[0, 0].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if the trained branches cross within 0.01 of the exact losses' crossing, where the exact slopes differ.

    The slopes of the exact losses must differ by more than 5 %, at all three densities of the other features. With
    other numbers if the trained branches cross at all three.
    """
    _, gap = _branches(data)
    trained = np.array([_zero(data["relative"], gap[k, 0] - gap[k, 1]) for k in range(len(BASES))])
    off = np.abs(trained - data["crossing"])
    jump = np.abs(data["slope"][:, 1] - data["slope"][:, 0]) / np.abs(data["slope"]).max(axis=1)
    holds = bool((off <= NEAR).all() and (jump > JUMP).all())
    numbers = {f"crossing of trained branches, p = {b:g}": t for b, t in zip(BASES, trained, strict=True)}
    numbers |= {f"crossing of exact losses, p = {b:g}": t for b, t in zip(BASES, data["crossing"], strict=True)}
    numbers |= {f"relative jump of the slope, p = {b:g}": t for b, t in zip(BASES, jump, strict=True)}
    left = int((~data["stayed"]).sum())
    numbers["fits that left the branch they began on"] = left
    numbers["fits"] = data["stayed"].size
    return Verdict(
        decide(holds, bool(np.isfinite(trained).all())),
        f"Trained branches cross within {off.max():.2g}, in relative density, of the exact losses, and the slope of "
        f"the lower one jumps there by {100 * jump.min():.0f} % or more: a transition of first order.",
        numbers,
        ("fits from either geometry", "exact losses followed and solved for equality"),
    )


def _branches(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Return the losses of the fits, NaN if they left their branch, and the least loss at each point."""
    fits = np.where(data["stayed"], data["loss"], np.nan)
    return fits, np.fmin.reduce(fits, axis=3)


def _zero(x: np.ndarray, y: np.ndarray) -> float:
    """Return where y is 0, interpolated between points that are not NaN; NaN if its sign never changes."""
    x, y = x[np.isfinite(y)], y[np.isfinite(y)]
    turns = np.flatnonzero(np.sign(y[1:]) != np.sign(y[:-1]))
    if len(turns) == 0:
        return float("nan")
    k = turns[0]
    return float(x[k] - y[k] * (x[k + 1] - x[k]) / (y[k + 1] - y[k]))
