"""Q1: is a triangle best for three sparse features in two dimensions?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.nonuniform.perturbed import listed
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.optima import optimum
from geomsup.phases import crossing
from geomsup.plot.palette import PALETTE
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "coefficient", "draw", "judge", "make_rows", "measure"]

EXPERIMENT = Experiment(
    id="Q1",
    title="Three features in two dimensions: a triangle?",
    claim="For three features in two dimensions, small p should make the triangle best (a replicator's conjecture).",
    source="a replicator's note on Elhage et al. 2022",
    quick={"points": 30, "starts": 16, "models": 8, "steps": 3000},
    paper={"points": 120, "starts": 64, "models": 20, "steps": 10_000},
)

SPARSE = Threshold(0.2, "largest density that is small: far below 0.52, where the losses cross")
PAIR, TRIANGLE = "digon + dedicated dimension", "triangle"


def make_rows(turn: float) -> ToyModel:
    """Return three unit rows: one to the right, the others `turn` to either side; 90° is a digon, 120° a triangle."""
    turns = np.array([0.0, turn, -turn])
    return ToyModel(np.stack([np.cos(turns), np.sin(turns)], axis=1))


def coefficient(turn: np.ndarray) -> np.ndarray:
    """Return lim L / p² of three unit rows that are 90° or more apart, without bias, in closed form.

    One active feature costs nothing. Of two at an inner product -a, both lose E min(x, a y)² = a²/3 - a³/6.

    Examples
    --------
    >>> coefficient(np.radians([90, 120]))  # a digon and a row by itself; a triangle
    array([0.33333333, 0.375     ])
    """
    beside, opposite = -np.cos(turn), -np.cos(2 * turn)

    def pair(a: np.ndarray) -> np.ndarray:
        return a**2 / 3 - a**3 / 6

    return 4 * pair(beside) + 2 * pair(opposite)


def measure(lab: Lab, points: int, starts: int, models: int, steps: int) -> Data:
    """Find the exact optimum over p and where it changes; the small-p coefficient; train three features at p = 0.1."""
    p = np.concatenate([np.geomspace(0.001, 0.1, points // 2), np.linspace(0.12, 0.98, points - points // 2)])
    turns = np.radians(np.linspace(90, 120, 61))

    def exact() -> dict[str, Any]:
        found = [optimum(Features(3, q), 2, starts=starts) for q in p]
        edge = crossing(make_rows(np.pi / 2), make_rows(2 * np.pi / 3), lambda q: Features(3, q), (0.45, 0.53))
        tiny = 1e-4
        return {
            "loss": np.array([one.loss for one in found]),
            "name": np.array([one.geometry.name for one in found]),
            "crossing": edge.parameter,
            "limit": np.array([float(expected_loss(make_rows(t), Features(3, tiny))) / tiny**2 for t in turns]),
        }

    run = lab.train("models", Features(3, 0.1), 2, models=models, steps=steps, learning_rate=1e-2, schedule="cosine")
    names = np.array([one.name for one in classify(run)])
    return {
        "p": p, "turns": turns, "coefficient": coefficient(turns), "trained": names,
        "trained_loss": run.expected_loss(), **lab.keep("exact", exact),
    }  # fmt: skip


def draw(data: Data) -> Any:
    """Draw the optimum over p and the coefficient of p² between digon and triangle."""
    figure, axes = panels(1, 2, size=(4.6, 3.4), title="3 features in 2 dimensions")
    p, ax = data["p"], axes[0, 0]
    for k, name in enumerate((PAIR, TRIANGLE)):
        here = data["name"] == name
        ax.plot(p[here], data["loss"][here] / (p - 0.75 * p**2)[here], "o", color=PALETTE[k], label=name, markersize=4)
    ax.axvline(data["crossing"], color="black", linewidth=0.8, label=f"exact crossing, p = {data['crossing']:.4f}")
    ax.set(xlabel="density p", ylabel="optimum / nothing stored")
    ax.legend(frameon=False, fontsize=8)
    ax, turns = axes[0, 1], np.degrees(data["turns"])
    ax.plot(turns, data["coefficient"], color=PALETTE[2], label="closed form")
    ax.plot(turns[::6], data["limit"][::6], "k.", label="exact loss / p² at p = 10⁻⁴")
    ax.set(xlabel="angle between the first and the others, degrees", ylabel="lim loss / p²")
    ax.set_title("90°: digon and one alone, 120°: triangle", fontsize=9)
    ax.legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if all optima at p <= 0.2 are triangles, and for p → 0 a triangle loses less than a digon and a row alone.

    With other numbers if some of these optima are triangles, or a triangle loses less for p → 0.
    """
    small = data["p"] <= SPARSE
    share = float((data["name"][small] == TRIANGLE).mean())
    above = data["name"][data["p"] > data["crossing"]]
    pair, triangle = data["coefficient"][0], data["coefficient"][-1]
    least = float(np.degrees(data["turns"][data["coefficient"].argmin()]))
    off = float(np.abs(data["limit"] / data["coefficient"] - 1).max())
    trained = data["trained"][data["trained_loss"].argmin()]
    found = ", ".join(dict.fromkeys(map(str, data["name"][small])))
    return Verdict(
        decide(share == 1 and triangle < pair, 0 < share < 1 or bool(triangle < pair)),
        f"The exact optima up to p = {SPARSE:g} are: {found}. As p goes to 0 a triangle loses {triangle:.4f} p², a "
        f"digon and a row by itself {pair:.4f} p². The losses cross at p = {data['crossing']:.4f}.",
        {
            "part of optima that are triangles, small p": share, "crossing": float(data["crossing"]),
            "coefficient of p², triangle": triangle, "coefficient of p², digon": pair,
            "best trained model is a triangle": trained == TRIANGLE,
            "angle of the least coefficient, degrees": least, "deviation of exact losses from the closed form": off,
            "part of optima that are triangles, above the crossing": (above == TRIANGLE).mean(),
        },
        ("exact optima from many starts", f"closed form of the limit p → 0, of angles {listed((90, 120))}°"),
    )  # fmt: skip
