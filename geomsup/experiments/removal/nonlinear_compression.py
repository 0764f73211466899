"""E31: a representation that is not linear, against the best linear one."""

from typing import Any

import numpy as np
from scipy.optimize import brentq

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.removal.staircase_code import LINEAR, mean_squared_error, sampled_error
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E31",
    title="Non-linear compression",
    claim="Storing two uniform numbers in one as t = (⌊Zx⌋ + y)/Z, jumps replaced by ramps of width ε, beats every "
    "linear code for ε up to 0.1 and Z as small as 3.",
    source="Elhage et al. 2022, appendix: nonlinear compression",
    quick={"Z": [2, 3, 5, 10], "widths": 51, "samples": 1_000_000},
    paper={"Z": [2, 3, 4, 5, 7, 10, 20], "widths": 201, "samples": 10_000_000},
)

CLAIMED_WIDTH, CLAIMED_Z = 0.1, 3  # largest ε and smallest Z of the claim


def measure(lab: Lab, Z: list[int], widths: int, samples: int) -> Data:
    """Return the code's exact error over widths of the ramps, and the width at which it meets the linear code's."""
    width = np.linspace(0, 0.5, widths)

    def compute() -> dict[str, Any]:
        error = np.array([[mean_squared_error(z, one) for one in width] for z in Z])
        claimed = np.array([mean_squared_error(z, CLAIMED_WIDTH) for z in Z])
        drawn = np.array([sampled_error(z, CLAIMED_WIDTH, samples) for z in Z])
        return {"error": error, "claimed": claimed, "sampled": drawn, "crossing": [_crossing(z) for z in Z]}

    return {"Z": Z, "width": width, "samples": samples} | lab.keep("errors", compute)


def _crossing(Z: int) -> float:
    """Return the widest ramps with which the code is as good as a linear one, at most 1."""

    def excess(width: float) -> float:
        return mean_squared_error(Z, width) - LINEAR

    return float(brentq(excess, 0, 1)) if excess(1.0) > 0 > excess(0.0) else 0.0 if excess(0.0) >= 0 else 1.0  # pyright: ignore[reportArgumentType]


def draw(data: Data) -> Any:
    """Draw the error against the width of the ramps, a line for every Z, and the linear code's."""
    figure, axes = panels(1, 1, size=(5.6, 4.0))
    ax = axes[0, 0]
    for k, Z in enumerate(data["Z"]):
        ax.plot(data["width"], data["error"][k], color=PALETTE[k % len(PALETTE)], label=f"Z = {Z}")
        ax.plot(0, 1 / (12 * Z**2), "o", color=PALETTE[k % len(PALETTE)], markersize=5)
    ax.axhline(LINEAR, color="black", linewidth=1, label="best linear, 1/12")
    ax.axvline(CLAIMED_WIDTH, color="grey", linestyle=":")
    ax.set(xlabel="width ε of a ramp, in steps of 1/Z", ylabel="mean squared error of x and y", ylim=(0, None))
    ax.set_title("t = (⌊Zx⌋ + y)/Z with ramps (dots: 1/(12 Z²))", fontsize=10)
    ax.legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if the code beats the linear one at ε up to 0.1, in steps of 1/Z, for every Z from 3 up.

    With other numbers if it does with jumps (ε = 0).
    """
    asked = data["Z"] >= CLAIMED_Z
    within = data["width"] <= CLAIMED_WIDTH + 1e-12
    better = bool((data["error"][asked][:, within] < LINEAR).all() and (data["claimed"][asked] < LINEAR).all())
    limit = float(np.abs(data["error"][:, 0] * 12 * data["Z"] ** 2 - 1).max())
    off = float(np.abs(data["sampled"] / data["claimed"] - 1).max())
    partly = bool((data["error"][asked][:, 0] < LINEAR).all())
    numbers = {f"error at width 0.1, Z = {Z}": e for Z, e in zip(data["Z"], data["claimed"], strict=True)}
    numbers |= {f"width where linear is as good, Z = {Z}": w for Z, w in zip(data["Z"], data["crossing"], strict=True)}
    numbers |= {"largest deviation from 1/(12 Z²) without ramps": limit, "largest deviation of samples": off}
    return Verdict(
        decide(better, partly),
        f"At ε = {CLAIMED_WIDTH:g} and Z from {CLAIMED_Z} up the error is at most {data['claimed'][asked].max():.3g}, "
        f"against 1/12 of the best linear code, which is as good from ε = {data['crossing'][asked].min():.3g} on. "
        f"Samples agree within {100 * off:.1g} %.",
        numbers,
        ("exact integral", "random samples"),
    )
