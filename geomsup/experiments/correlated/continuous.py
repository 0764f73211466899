"""C3: something continuous, an angle, seen by any number of binary detectors."""

from typing import Any

import numpy as np

from geomsup.experiments.correlated.ring import in_order
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features, Joint
from geomsup.optima import optimum
from geomsup.plot.palette import FAINT, INK, PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="C3",
    title="No discrete number of features",
    claim="An angle seen by n detectors is stored as a circle whatever n is: no number of features is special. Of "
    "independent features two dimensions store the same few for every n.",
    source="Open problem 4.18 (N. Nanda's list)",
    quick={"counts": (6, 8, 10, 12, 16), "starts": 6},
    paper={"counts": (6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), "starts": 48},
)

ARC = 0.25  # part of the circle that a detector sees
PRESENT = 0.5  # P(there is an angle to see)
EVEN = Threshold(0.99, "shortest over longest row from which a circle is regular: equal rows give 1 to six digits")
KEPT = Threshold(0.5, "norm of a row above which a feature is stored: half way to a dimension of its own")


def measure(lab: Lab, counts: Any, starts: int) -> Data:
    """Find the optima of detectors, and of independent features of the same density, for each number of them."""

    def optima(n: int) -> dict[str, Any]:
        seen = Features(n, joint=[Joint.ring(range(n), ARC * n, probability=PRESENT)])
        alone = Features(n, PRESENT * ARC)
        ring, free = optimum(seen, 2, starts=starts), optimum(alone, 2)
        return {
            "ring": ring.model.W, "free": free.model.W,
            "lost": np.array([ring.loss / seen.variance.sum(), free.loss / alone.variance.sum()]),
        }  # fmt: skip

    found = [lab.keep(f"{n} detectors", lambda n=n: optima(n)) for n in counts]
    data = {f"{kind} {n}": one[kind] for n, one in zip(counts, found, strict=True) for kind in ("ring", "free")}
    return data | {"count": np.array(counts), "lost": np.stack([one["lost"] for one in found])}


def _stored(data: Data, kind: str) -> np.ndarray:
    """Return how many rows are stored, for each number of detectors."""
    return np.array([(np.linalg.norm(data[f"{kind} {n}"], axis=1) > KEPT).sum() for n in data["count"]])


def draw(data: Data) -> Any:
    """Draw how many are stored, what is lost, and the circles of four numbers of detectors."""
    figure, axes = panels(2, 3, size=(3.0, 2.8), title="an angle seen by n detectors, 2 dimensions: exact optima")
    for ax, values, label in (
        (axes[0, 0], (_stored(data, "ring"), _stored(data, "free")), "features stored"),
        (axes[0, 1], data["lost"].T, "part of the variance lost"),
    ):
        for k, kind in enumerate(("detectors", "independent")):
            ax.plot(data["count"], values[k], "os"[k] + "-", color=PALETTE[k], label=kind)
        ax.set(xlabel="n", title=label, ylim=(0, None))
    axes[0, 0].legend(frameon=False, fontsize=8)
    shown = np.linspace(0, len(data["count"]) - 1, 4).astype(int)
    for ax, n in zip(axes.flat[2:], data["count"][shown], strict=True):
        turns = np.linspace(0, 2 * np.pi, 200)
        ax.plot(np.cos(turns), np.sin(turns), color=FAINT, linewidth=0.7)
        for x, y in data[f"ring {n}"]:
            ax.plot([0, x], [0, y], color=PALETTE[0], linewidth=1.2)
            ax.plot(x, y, "o", color=PALETTE[0], markersize=4)
        ax.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), aspect="equal", xticks=[], yticks=[])
        ax.set_title(f"{n} detectors", fontsize=9, color=INK)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if every optimum of detectors is a regular circle of all n, in order, and independent ones store one number.

    That number must be the same for all n. With other numbers if the circles are as claimed.
    """
    rows = [data[f"ring {n}"] for n in data["count"]]
    even = [float(np.linalg.norm(W, axis=1).min() / np.linalg.norm(W, axis=1).max()) for W in rows]
    circles = all(e > EVEN and in_order(W) for e, W in zip(even, rows, strict=True))
    free = _stored(data, "free")
    numbers = {f"shortest over longest row, {n} detectors": e for n, e in zip(data["count"], even, strict=True)}
    numbers |= {f"stored of {n} independent features": k for n, k in zip(data["count"], free, strict=True)}
    for k, kind in enumerate(("detectors", "independent features")):
        numbers |= {
            f"variance lost, {n} {kind}": lost for n, lost in zip(data["count"], data["lost"][:, k], strict=True)
        }
    return Verdict(
        decide(circles and len(set(free.tolist())) == 1, circles),
        f"Of {data['count'][0]} to {data['count'][-1]} detectors of an angle all are stored, as a circle in their "
        f"order; of as many independent features {free.min()} to {free.max()}.",
        numbers,
        ("exact optima of detectors", "exact optima of independent features"),
    )
