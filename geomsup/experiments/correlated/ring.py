"""C1: from a pentagon of few features to a circle of all, as features on a ring come more and more in arcs."""

from typing import Any

import numpy as np

from geomsup.experiments.correlated.worlds import constructive, make_ring
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.model import ToyModel
from geomsup.optima import optimum
from geomsup.plot.palette import FAINT, INK

__all__ = ["EXPERIMENT", "draw", "in_order", "judge", "measure"]

EXPERIMENT = Experiment(
    id="C1",
    title="From a polygon to a circle: features on a ring",
    claim="Independent features are stored as a polygon of a few. Features that come in arcs of a ring are stored as a "
    "circle of all, in their order, and their interference is constructive.",
    source="Prieto et al. 2026 (constructive interference); the diagram is ours",
    quick={"points": 11, "densities": (0.02, 0.05, 0.1, 0.2, 0.3), "starts": 4, "halvings": 6},
    paper={"points": 21, "densities": (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3), "starts": 16, "halvings": 10},
)

N = 8  # features on the ring: the fewest of which a pentagon leaves three out
SHOWN = (0.0, 0.1, 0.3, 0.5, 0.7, 1.0)  # correlations whose optima are drawn, at the middle density
EVEN = Threshold(
    0.99,
    "shortest over longest row from which a circle is regular: rows that differ have at most 0.78 as measured, equal "
    "ones 1 to six digits",
)
FEW = Threshold(0.5, "norm of a row below which a feature is left out: half way to a dimension of its own")
MOSTLY = Threshold(0.9, "share of constructive interference that is nearly all of it: at correlation 1 all is")


def measure(lab: Lab, points: int, densities: Any, starts: int, halvings: int) -> Data:
    """Find optima from correlation 0 to 1 at each density, and where their rows become equally long."""
    rho = np.linspace(0, 1, points)

    def optima(p: float) -> dict[str, Any]:
        models = [_optimum(p, r, starts) for r in rho]
        even = [_even(model.W) for model in models]
        first = points - int(np.argmin(even[::-1])) if not all(even) else 0
        edge = _edge(p, rho[first - 1], rho[first], starts, halvings) if 0 < first < points else np.nan
        W, b = (np.stack([getattr(model, name) for model in models]) for name in ("W", "b"))
        return {"W": W, "b": b, "edge": edge}

    found = [lab.keep(f"p = {p:g}", lambda p=p: optima(p)) for p in densities]
    return {"rho": rho, "p": np.array(densities)} | {
        name: np.stack([one[name] for one in found]) for name in ("W", "b", "edge")
    }


def _optimum(p: float, rho: float, starts: int) -> ToyModel:
    """Return the optimum; the regular circle is one of the starts."""
    turns = 2 * np.pi * np.arange(N) / N
    circle = ToyModel(np.stack([np.cos(turns), np.sin(turns)], axis=1) * 0.75, np.full(N, -0.1))
    return optimum(make_ring(N, p, float(rho)), 2, starts=starts, guesses=[circle]).model


def _even(W: np.ndarray) -> bool:
    norms = np.linalg.norm(W, axis=1)
    return bool(norms.min() > EVEN * norms.max())


def _edge(p: float, low: float, high: float, starts: int, halvings: int) -> float:
    """Return the correlation between `low` and `high` from which on the rows of the optimum are equally long."""
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (low, middle) if _even(_optimum(p, middle, starts).W) else (middle, high)
    return (low + high) / 2


def _shares(data: Data) -> np.ndarray:
    """Return the constructive share of every optimum, ``(densities, points)``."""
    return np.array([
        [float(constructive(W @ W.T, make_ring(N, p, float(r)))) for r, W in zip(data["rho"], row, strict=True)]
        for p, row in zip(data["p"], data["W"], strict=True)
    ])  # fmt: skip


def in_order(W: np.ndarray) -> bool:
    """Whether rows go once around, each next to its neighbours on the ring."""
    turns = np.unwrap(np.arctan2(W[:, 1], W[:, 0]))
    steps = np.diff(np.append(turns, turns[0]))
    steps = (steps + np.pi) % (2 * np.pi) - np.pi
    return bool((steps > 0).all() or (steps < 0).all()) and abs(abs(steps.sum()) - 2 * np.pi) < 1e-6


def draw(data: Data) -> Any:
    """Draw the constructive share over correlation and density with the edge, and optima at one density."""
    figure, axes = panels(2, 4, size=(2.9, 2.8), title=f"{N} features on a ring, 2 dimensions: exact optima")
    shares = _shares(data)
    for ax, values, title in (
        (axes[0, 0], shares, "constructive share"),
        (axes[1, 0], np.linalg.norm(data["W"], axis=-1).min(axis=-1), "norm of the shortest row"),
    ):
        grid = np.arange(len(data["p"]))
        image = ax.pcolormesh(data["rho"], grid, values, cmap="viridis", vmin=0, vmax=1, shading="nearest")
        ax.plot(data["edge"], grid, "w.-", label="rows become equal")
        ax.set(xlabel="correlation", ylabel="density p", title=title, yticks=grid)
        ax.set_yticklabels([f"{p:g}" for p in data["p"]])
        figure.colorbar(image, ax=ax)
    axes[1, 0].legend(fontsize=7)
    middle = len(data["p"]) // 2
    for ax, rho in zip(axes[:, 1:].ravel(), SHOWN, strict=True):
        k = int(np.abs(data["rho"] - rho).argmin())
        _draw_ring(ax, data["W"][middle, k])
        ax.set_title(f"p = {data['p'][middle]:g}, correlation {data['rho'][k]:.2g}\nshare {shares[middle, k]:.2f}",
                     fontsize=9, color=INK)  # fmt: skip
    return figure


def _draw_ring(ax: Any, W: np.ndarray) -> None:
    """Draw rows as arrows, coloured by their place on the ring, the first one to the right."""
    from matplotlib import colormaps

    turns = np.linspace(0, 2 * np.pi, 200)
    ax.plot(np.cos(turns), np.sin(turns), color=FAINT, linewidth=0.7)
    for i, (x, y) in enumerate(W):
        colour = colormaps["twilight_shifted"]((i + 0.5) / len(W))
        ax.plot([0, x], [0, y], color=colour, linewidth=1.6)
        ax.plot(x, y, "o", color=colour, markersize=6)
        beyond = 1 + 0.2 / max(float(np.hypot(x, y)), 0.1)  # left-out rows have their number near the middle
        ax.text(beyond * x, beyond * y, str(i + 1), fontsize=7, ha="center", va="center", color=INK)
    ax.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal", xticks=[], yticks=[])


def judge(data: Data) -> Verdict:
    """Hold if at each density the optimum goes from fewer features to a regular circle of all, at one correlation.

    At correlation 0 some rows must be shorter than 1/2. At 1 rows are in the order of the ring, equally long, and nine
    tenths of the interference is constructive. The edge between lies inside. With other numbers if the two ends are as
    claimed, but for some density without an edge inside.
    """
    shares, norms = _shares(data), np.linalg.norm(data["W"], axis=-1)
    left_out = (norms[:, 0] < FEW).sum(axis=-1)
    regular = [_even(W) and in_order(W) for W in data["W"][:, -1]]
    ends = bool((left_out > 0).all() and all(regular) and (shares[:, -1] > MOSTLY).all())
    edges = bool(np.isfinite(data["edge"]).all())
    numbers: dict[str, float] = {}
    for k, p in enumerate(data["p"]):
        numbers |= {
            f"features left out at correlation 0, p = {p:g}": left_out[k],
            f"constructive share at correlation 0, p = {p:g}": shares[k, 0],
            f"constructive share at correlation 1, p = {p:g}": shares[k, -1],
            f"correlation at which rows become equal, p = {p:g}": data["edge"][k],
        }
    low, high = np.nanmin(data["edge"]), np.nanmax(data["edge"])
    return Verdict(
        decide(ends and edges, ends),
        f"Of {N} features on a ring, {left_out.min()} to {left_out.max()} are left out where they are independent. "
        f"From correlation {low:.2f} to {high:.2f} on, by density, the optimum is a regular circle of all.",
        numbers,
        ("exact optima from many starts", "norms and order of rows at both ends"),
    )
