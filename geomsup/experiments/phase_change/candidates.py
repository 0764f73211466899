"""E6: the paper's theory of the phase change, three fixed configurations, against exact losses."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.phases import phase_diagram
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E6",
    title="Phase change, the paper's theory",
    claim="Of three fixed configurations, [1, 0], [0, 1] and [1, −1], each is best in a region; their losses cross, so "
    "that the transition is of first order, and meet at p = 4/7.",
    source="Elhage et al. 2022, Superposition as a phase change (theory)",
    quick={"points": 50},
    paper={"points": 200},
)

NAMES = ("extra dropped", "digon", "extra dedicated")
TRIPLE = 4 / 7  # where the paper has the three losses meet, at importance 1
STEP = 1e-3  # in p, to either side of `TRIPLE`, where slopes are taken
ROUNDING = Threshold(1e-12, "difference of losses of order 1 that is rounding: one operation leaves 1e-16")
SOLVED = Threshold(
    1e-10, "difference of solved densities from their formulas that is rounding: the solver stops at 1e-13"
)
SLOPES = Threshold(
    1e-9, "difference of slopes that is rounding: losses have errors of 1e-16, and slopes divide them by steps of 1e-3"
)
KINK = 1 / 3  # jump of the slope of the least loss where the three meet, from the formulas


def measure(lab: Lab, points: int) -> Data:
    """Return the exact losses of the three candidates on the line of importance 1, and their borders elsewhere."""
    p = np.linspace(0.02, 1, points)
    losses = np.array([[_loss(kind, q, 1.0) for kind in range(3)] for q in p])
    importance = np.array([0.1, 0.3, 0.5, 2.0, 10 / 3, 10.0])
    border = np.array([_border(r) for r in importance])
    near = TRIPLE + STEP * np.array([-2, -1, 0, 1, 2])
    return {
        "p": p, "loss": losses, "importance": importance, "border": border, "meeting": np.array(_border(1.0)),
        "optimum": phase_diagram(2, 1, p, [1.0]).loss[:, 0], "near": near,
        "near_loss": np.array([[_loss(kind, q, 1.0) for kind in range(3)] for q in near]),
        "near_optimum": phase_diagram(2, 1, near, [1.0]).loss[:, 0],
    }  # fmt: skip


def _loss(kind: int, p: float, importance: float) -> float:
    """Return the exact expected loss of a candidate: unit rows, and for a dropped feature the mean as bias."""
    W, b = (([1.0, 0.0], [0.0, p / 2]), ([1.0, -1.0], [0.0, 0.0]), ([0.0, 1.0], [p / 2, 0.0]))[kind]
    model = ToyModel(np.array(W)[:, None], b)
    return float(expected_loss(model, Features(2, p, [1.0, importance])))


def _border(importance: float) -> float:
    """Return the density at which the pair's loss crosses the best of the others, by exact losses."""
    from scipy.optimize import brentq

    other = 0 if importance < 1 else 2
    return float(brentq(lambda p: _loss(1, p, importance) - _loss(other, p, importance), 0.01, 0.8, xtol=1e-13))  # pyright: ignore[reportArgumentType]


def draw(data: Data) -> Any:
    """Draw the three losses, relative to storing nothing, and the exact optimum."""
    figure, axes = panels(1, 2, size=(4.4, 3.6), title="2 features in 1 dimension, equal importance")
    v = data["p"] / 3 - data["p"] ** 2 / 4
    for k, (name, style) in enumerate(zip(NAMES, ("solid", "solid", "dashed"), strict=True)):
        axes[0, 0].plot(data["p"], data["loss"][:, k] / v, label=name, color=PALETTE[k], linestyle=style)
    axes[0, 0].plot(data["p"], data["optimum"] / v, color="black", label="exact optimum")
    axes[0, 0].axvline(TRIPLE, color="grey", linewidth=0.7)
    axes[0, 0].set(xlabel="density p", ylabel="loss / cost of dropping a feature", xlim=(1, 0))
    axes[0, 0].legend(frameon=False, fontsize=8)
    p = np.linspace(0.02, 0.79, 200)
    axes[0, 1].plot(p, 2 * p / (4 - 5 * p), color=PALETTE[0], label="r = 2p/(4 − 5p)")
    axes[0, 1].plot(p, (4 - 5 * p) / (2 * p), color=PALETTE[2], label="r = (4 − 5p)/2p")
    axes[0, 1].plot(data["border"], data["importance"], "o", color="black", label="crossings of exact losses")
    axes[0, 1].set(xlabel="density p", ylabel="relative importance r", yscale="log", ylim=(0.05, 20), xlim=(1, 0))
    axes[0, 1].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if exact losses and borders are the paper's formulas, and the three losses meet at p = 4/7 with a jump.

    Where they meet, the slope of the least loss must jump by 1/3, as the formulas say.
    """
    p, r = data["p"], data["importance"]
    v = p / 3 - p**2 / 4
    formulas = np.stack([v, p**2 / 3, v], axis=1)
    off = float(np.abs(data["loss"] - formulas).max())
    low = np.where(r < 1, r, 1 / r)
    borders = float(np.abs(data["border"] - 4 * low / (2 + 5 * low)).max())  # 2p/(4 - 5p) = r, solved for p
    meeting = float(data["meeting"])
    apart = float(np.ptp(data["near_loss"][2]))
    jump = _jump(data["near"], data["near_loss"].min(axis=1))
    smooth = _jump(data["near"], data["near_optimum"])
    best = data["loss"].min(axis=1)
    missed = float((1 - data["optimum"] / best).max())
    meet = abs(meeting - TRIPLE) < SOLVED and apart < ROUNDING
    return Verdict(
        decide(off < ROUNDING and borders < SOLVED and meet and abs(jump - KINK) < SLOPES),
        f"Exact losses equal the formulas to {off:.1g}; all three meet at p = {meeting:.6f} (4/7), where the slope of "
        f"the least jumps by {jump:.4f}. The optimum, with free norms and biases, loses up to {100 * missed:.0f} % "
        "less.",
        {
            "largest deviation from the formulas": off,
            "largest deviation of the borders": borders,
            "density at which the three meet": meeting,
            "difference of their losses at p = 4/7": apart,
            "jump of the slope at p = 4/7": jump,
            "jump of the optimum's slope at p = 4/7": smooth,
            "largest part of the best candidate's loss that the optimum saves": missed,
        },
        ("exact expected losses", "the paper's formulas"),
    )


def _jump(x: np.ndarray, y: np.ndarray) -> float:
    """Return the jump of the slope at the middle of five points, by one-sided differences of second order."""
    step = x[1] - x[0]
    left, right = (3 * y[2] - 4 * y[1] + y[0]) / (2 * step), (4 * y[3] - 3 * y[2] - y[4]) / (2 * step)
    return float(abs(right - left))
