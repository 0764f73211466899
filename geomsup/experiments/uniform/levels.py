"""E9: the fractional dimensionality of every feature, and the name of every component."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import FAINT, PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E9",
    title="Fractional dimensionality: the levels",
    claim="The D_i of single features cluster at 3/4 (tetrahedra), 2/3 (triangles), 1/2 (digons), 2/5 (pentagons) and "
    "3/8 (square antiprisms), which appear in this order as features get sparser.",
    source="Elhage et al. 2022, Uniform superposition: geometry",
    uses="E8",
)

LEVELS = {"tetrahedron": 3 / 4, "triangle": 2 / 3, "digon": 1 / 2, "pentagon": 2 / 5, "square antiprism": 3 / 8}
NEAR = Threshold(
    0.015,
    "distance from a level within which D_i is on it: a little more than half of the 0.025 between 2/5 and 3/8, so "
    "that nothing between these two is off both",
)
ENOUGH = Threshold(
    3, "shapes, of the five, that must be found for the claim to hold with other numbers: more than half"
)
MOST = 9  # names that the table of counts shows
LONGEST = 36  # characters of a name that fit beside the table


def measure(lab: Lab) -> Data:
    """Count the components of each name at each density, and the features on each level."""
    data = lab.data_of("E8")
    names, totals = np.unique(data["part_name"], return_counts=True)
    names = names[np.argsort(-totals, kind="stable")]
    runs = np.arange(len(data["p"]))
    counts = np.array([[((data["part_run"] == k) & (data["part_name"] == name)).sum() for name in names] for k in runs])
    stored = data["stored"]
    on = (np.abs(data["D"][..., None] - list(LEVELS.values())) < NEAR).any(axis=-1)
    return {
        "p": data["p"], "name": names, "count": counts, "on_level": (stored & on).sum(axis=1),
        "stored": stored.sum(axis=1), "D": data["D"], "is_stored": stored, "winner": data["winner"],
        "predicted_D": data["predicted_D"],
    }  # fmt: skip


def draw(data: Data) -> Any:
    """Draw D_i of every stored feature, the levels of theory, and the number of components of each name."""
    figure, axes = panels(1, 2, size=(6.0, 5.2))
    ax = axes[0, 0]
    spread = np.linspace(-0.018, 0.018, data["D"].shape[1])
    for k, p in enumerate(data["p"]):
        stored = data["is_stored"][k]
        ax.plot((1 / p) * 10 ** spread[stored], data["D"][k][stored], ".", color=PALETTE[0], markersize=2, alpha=0.5)
        predicted = np.unique(np.round(data["predicted_D"][k][data["predicted_D"][k] > 0], 3))
        ax.plot(np.full(len(predicted), 1 / p), predicted, "_", color=PALETTE[1], markersize=14)
    for name, level in LEVELS.items():
        side = "top" if name == "square antiprism" else "bottom"
        ax.axhline(level, color=FAINT, linewidth=0.6, zorder=0)
        ax.annotate(name, (0.99, level), xycoords=("axes fraction", "data"), fontsize=7, ha="right", va=side)
    ax.set(xscale="log", ylim=(0, 1.05), xlabel="1/(1 − S)", ylabel="D_i of each stored feature")
    ax.set_title("trained (dots), best mixture of blocks (dashes)", fontsize=9)
    ax.set_xticks([1, 2, 3, 5, 10, 20], labels=["1", "2", "3", "5", "10", "20"])
    ax.minorticks_off()
    table = axes[0, 1]
    shown = data["count"][:, :MOST].T
    table.imshow(np.log1p(shown), cmap="Blues", aspect="auto", vmax=np.log(60))
    for (i, j), value in np.ndenumerate(shown):
        if value:
            table.text(j, i, str(value), ha="center", va="center", fontsize=7)
    table.set_xticks(range(len(data["p"])), [f"{1 / p:.3g}" for p in data["p"]], fontsize=7, rotation=90)
    table.set_yticks(range(len(shown)), [_short(name) for name in data["name"][:MOST]], fontsize=7)
    table.set(xlabel="1/(1 − S)")
    table.set_title("components of each name; above: block that theory predicts", fontsize=9, pad=135)
    for j, winner in enumerate(data["winner"]):
        table.annotate(
            _short(str(winner)), (j, 1.02), xycoords=("data", "axes fraction"), rotation=90, fontsize=7, ha="center"
        )
    return figure


def _short(name: str) -> str:
    """Return a name without its brackets if it is long."""
    return name if len(name) <= LONGEST else name.split(" (")[0]


def judge(data: Data) -> Verdict:
    """Hold if all five shapes are found among the components, and first appear in the claimed order.

    In order: as features get sparser, no shape may appear before one that the claim lists earlier. With other numbers
    if at least three of the shapes are found. How many features are on the levels is measured, but decides nothing.
    """
    totals = {name: int(data["count"][:, data["name"] == name].sum()) for name in LEVELS}
    found = [name for name, count in totals.items() if count]
    on = data["on_level"] / np.maximum(data["stored"], 1)
    first = {name: data["p"][np.argmax(data["count"][:, data["name"] == name] > 0)] for name in found}
    ordered = all(a >= b for a, b in zip(list(first.values()), list(first.values())[1:], strict=False))
    numbers: dict[str, float] = {f"{name} components": count for name, count in totals.items()}
    others = zip(data["name"], data["count"].sum(axis=0), strict=True)
    numbers |= {f"{name} components": count for name, count in others if name not in LEVELS}
    numbers |= {
        f"features within {NEAR} of a level, 1/(1-S) = {1 / p:.3g}": s for p, s in zip(data["p"], on, strict=True)
    }
    return Verdict(
        decide(len(found) == len(LEVELS) and ordered, len(found) >= ENOUGH),
        "Components of each name, over all densities: "
        f"{', '.join(f'{name} {count}' for name, count in totals.items())}. Between {100 * on.min():.0f} and "
        f"{100 * on.max():.0f} % of a model's stored features lie within {NEAR} of one of the five levels.",
        numbers,
        ("names by classify", "D_i against the levels", "best mixture of blocks"),
    )
