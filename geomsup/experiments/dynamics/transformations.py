"""E19: two sets of three correlated features in three dimensions, from two directions to an octahedron."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST
from geomsup.experiments.dynamics.energy_levels import make_small_start
from geomsup.experiments.lab import Lab
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.loss import expected_loss
from geomsup.model import ToyModel
from geomsup.optima import optimum
from geomsup.plot.palette import PALETTE
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "antipodal_across", "draw", "find_stages", "judge", "measure", "plateau", "ranks", "within"]

EXPERIMENT = Experiment(
    id="E19",
    title="Geometric transformations",
    claim="Two sets of three correlated features in three dimensions: the loss has distinct regimes, first that "
    "of principal components; then each set opens to a triangle, and they end as an octahedron with digons "
    "across the sets, an attractor that several ways lead to.",
    source="Elhage et al. 2022, Superposition and learning dynamics (learning as geometric transformations)",
    quick={"seeds": 24, "steps": 10_000, "records": 80},
    paper={"seeds": 200, "steps": 50_000, "records": 200},
)

SIZE, SPARSITY = 3, 0.99
SMALL = 0.1  # scale of the start, relative to the usual one
FEATURES = Features(2 * SIZE, 1 - SPARSITY, correlated=[(0, 1, 2), (3, 4, 5)])
END, PRISM = "octahedron (3 digons)", "triangular prism"
MANY = Threshold(
    0.8,
    "fraction of the runs that must end there for an attractor to be strong: a round number between 1/2 and the 100 "
    "% measured",
)
TOGETHER = Threshold(
    0.8,
    "early cosine of a set's members, median, above which they have one direction: within 37°; 0.95 is measured, 0 "
    "at the end",
)
RESTS = Threshold(0.1, "relative difference of the loss at rest from that of principal components: 0.002 is measured")
REGIMES = Threshold(2, "regimes of fast fall, median, that are distinct: one before the rest and one after it")
ANTIPODAL = Threshold(-0.9, "cosine below which two rows are a digon: within 26° of opposite")
EARLY = Threshold(0.3, "mean norm of the rows at which the early phase is examined: a third of that at the end")
FAST = Threshold(
    0.1,
    "fraction of the loss lost per doubling of steps above which it falls fast: it falls more slowly while it rests",
)
FALL = Threshold(1.5, "factor by which the loss must fall in a regime, to two thirds: smaller falls are ripples")
ARRIVED = 1.05  # times the least loss along the way: below it a run has arrived


def measure(lab: Lab, seeds: int, steps: int, records: int) -> Data:
    """Train from small weights; return W, exact losses and names of the geometry at every record."""
    marks = np.unique(np.geomspace(10, steps, records).astype(int)).tolist()
    runs = [
        lab.train(
            f"seed {seed}", FEATURES, SIZE,
            model=make_small_start(2 * SIZE, SIZE, SMALL, seed), seed=seed,
            steps=steps, batch=256, learning_rate=5e-3, record=marks,
        )
        for seed in range(seeds)
    ]  # fmt: skip

    def paths() -> dict[str, Any]:
        losses = [[float(expected_loss(run.model(0, k), FEATURES)) for k in range(len(run.steps))] for run in runs]
        names = [[one.name for one in classify(run.W_history[0], orientation="rows")] for run in runs]  # pyright: ignore[reportOptionalSubscript]
        best = optimum(FEATURES, SIZE, starts=32)
        return {
            "loss": np.array(losses) / FEATURES.variance.sum(),
            "name": np.array(names),
            "collapsed": float(expected_loss(_collapsed(), FEATURES)) / FEATURES.variance.sum(),
            "optimum": best.loss / FEATURES.variance.sum(),
            "optimal_name": np.array(best.geometry.name),
        }

    W = np.stack([run.W_history[0] for run in runs]).astype(float)  # pyright: ignore[reportOptionalSubscript]
    return {"steps": runs[0].steps, "W": W, **lab.keep("paths", paths)}


def _collapsed() -> ToyModel:
    """Return the solution of principal components: a direction for the mean of each set, the two orthogonal."""
    return ToyModel(np.repeat(np.eye(SIZE)[:2], SIZE, axis=0) / SIZE**0.5)


def plateau(steps: np.ndarray, loss: np.ndarray) -> float:
    """Return the loss where it falls slowest, leaving out the first and the last tenth of the fall of its log."""
    log = np.log(loss)
    fraction = (log[0] - log) / (log[0] - log.min())
    rate = np.gradient(log, np.log(steps))
    way = (fraction > 0.1) & (fraction < 0.9)
    return float(loss[way][np.abs(rate[way]).argmin()])


def ranks(W: np.ndarray) -> np.ndarray:
    """Return the participation ratio (Σλ)²/Σλ² of the squared singular values of W, its number of directions."""
    values = np.linalg.svd(W, compute_uv=False) ** 2
    return values.sum(axis=-1) ** 2 / (values**2).sum(axis=-1)


def within(W: np.ndarray) -> np.ndarray:
    """Return the mean cosine between members of a set, ``(...)``."""
    unit = W / np.linalg.norm(W, axis=-1, keepdims=True)
    gram = unit @ np.swapaxes(unit, -1, -2)
    first, second = np.triu_indices(SIZE, 1)
    return (gram[..., first, second] + gram[..., SIZE + first, SIZE + second]).mean(axis=-1) / 2


def antipodal_across(W: np.ndarray) -> Any:
    """Return whether every row of either set is opposite to one of the other, ``(...)``."""
    unit = W / np.linalg.norm(W, axis=-1, keepdims=True)
    across = unit[..., :SIZE, :] @ np.swapaxes(unit[..., SIZE:, :], -1, -2)
    return (across.min(axis=-1) < ANTIPODAL).all(axis=-1) & (across.min(axis=-2) < ANTIPODAL).all(axis=-1)


def find_stages(data: Data, run: int) -> list[int]:
    """Return four records of a run: near zero, sets on one axis, opened to triangles, the end."""
    cosine, norms = within(data["W"][run]), np.linalg.norm(data["W"][run], axis=2).mean(axis=1)
    grown = int(np.argmax(norms > 0.3))
    opened = int(np.argmax((cosine < 0.3) & (norms > 0.5)))
    return [0, grown, opened, len(norms) - 1]


def draw(data: Data) -> Any:
    """Draw four stages of the run that reaches its end last, and the losses of all runs."""
    from matplotlib.figure import Figure

    arrived = (data["loss"] < ARRIVED * data["loss"].min(axis=1, keepdims=True)).argmax(axis=1)
    shown = int(np.argmax(arrived))
    figure = Figure(figsize=(11, 6.2), layout="constrained")
    figure.suptitle("2 sets of 3 correlated features in 3 dimensions, from small weights")
    grid = figure.add_gridspec(2, 4, height_ratios=[1.1, 1])
    stages = find_stages(data, shown)
    for column, (letter, record) in enumerate(zip("ABCD", stages, strict=True)):
        ax: Any = figure.add_subplot(grid[0, column], projection="3d")
        for i, row in enumerate(data["W"][shown, record]):
            ax.plot(*np.stack([0 * row, row], axis=1), color=PALETTE[i // SIZE], marker="o", markevery=[1])
        limits = (-1.1, 1.1)
        ax.set(xlim=limits, ylim=limits, zlim=limits, xticklabels=[], yticklabels=[], zticklabels=[])
        name = _short(str(data["name"][shown, record]))
        ax.set_title(f"{letter}: step {data['steps'][record]}\n{name}", fontsize=8)
    ax = figure.add_subplot(grid[1, :2])
    for k, loss in enumerate(data["loss"]):
        strong = {"color": PALETTE[1], "zorder": 3} if k == shown else {"color": PALETTE[0], "alpha": 0.4}
        ax.plot(data["steps"], loss, **strong)
    ax.axhline(data["optimum"], color="black", linestyle="--", linewidth=0.8, label=f"optimum: {data['optimal_name']}")
    ax.plot(data["steps"][stages], data["loss"][shown][stages], "k.", label="A to D")
    ax.set(xscale="log", yscale="log", xlabel="step", ylabel="exact loss / nothing stored")
    ax.legend(frameon=False, fontsize=8)
    ax = figure.add_subplot(grid[1, 2:])
    for name, color in ((PRISM, PALETTE[3]), (END, PALETTE[2])):
        ax.plot(data["steps"], (data["name"] == name).mean(axis=0), color=color, label=f"named {name}")
    ax.plot(data["steps"], ranks(data["W"]).mean(axis=0) / SIZE, color=PALETTE[4], label="directions / 3, mean")
    ax.plot(data["steps"], within(data["W"]).mean(axis=0), color=PALETTE[0], label="cosine in sets, mean")
    ax.set(xscale="log", xlabel="step", ylabel="fraction of the runs; mean", ylim=(-0.1, 1.05))
    ax.legend(frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 0.08))
    return figure


def _short(name: str) -> str:
    return name if len(name) < 32 else name[:29] + "..."


def judge(data: Data) -> Verdict:
    """Hold if four in five runs end as octahedra, after a phase that resembles principal components, in two regimes.

    Octahedra have digons across the sets, and one must be the exact optimum. In the early phase members of a
    set have one direction (cosine above 0.8), and the loss rests within 10 % of that of principal components. There
    must be two regimes of fast fall or more. These are medians over runs. With other numbers if half of the runs end
    so, and the optimum does.
    """
    ended = data["name"][:, -1] == END
    across = antipodal_across(data["W"][:, -1])
    share = float((ended & across).mean())
    loss = data["loss"]
    excess = float((loss[:, -1] / data["optimum"] - 1).min())
    early = [int(np.argmax(np.linalg.norm(W, axis=2).mean(axis=1) > EARLY)) for W in data["W"]]
    lines = ranks(data["W"])[np.arange(len(early)), early]
    cosine = within(data["W"])[np.arange(len(early)), early]
    prism = (data["name"] == PRISM).any(axis=1)
    regimes = np.array([_regimes(data["steps"], one) for one in loss])
    rests = np.array([plateau(data["steps"], one) for one in loss])
    rest = float(np.median(rests))
    linear = bool(np.median(cosine) > TOGETHER and abs(rest / data["collapsed"] - 1) < RESTS)
    optimal = str(data["optimal_name"]) == END
    return Verdict(
        decide(
            share >= MANY and linear and optimal and bool(np.median(regimes) >= REGIMES), share >= MOST and optimal
        ),
        f"{100 * share:.0f} % of {len(ended)} runs end as an octahedron across the sets. Early, members of a set have "
        f"a cosine of {np.median(cosine):.2f}, and the loss rests at {rest:.4f} (principal components: "
        f"{data['collapsed']:.4f}). {100 * prism.mean():.0f} % pass a triangular prism.",
        {
            "part of runs that end as the octahedron across the sets": share,
            "part that pass a triangular prism": prism.mean(),
            "directions early, median": np.median(lines), "cosine within sets early, median": np.median(cosine),
            "regimes of fast fall, median": np.median(regimes), "loss at rest, median": rest,
            "loss of principal components": float(data["collapsed"]), "least excess over the optimum": excess,
            "optimum is the octahedron": optimal,
        },
        ("names and antipodal pairs along the runs", "exact losses along the runs", "exact optimum from many starts"),
    )  # fmt: skip


def _regimes(steps: np.ndarray, loss: np.ndarray) -> int:
    """Return the number of spans of steps in which the loss falls fast (`FAST`) and by a third in all (`FALL`)."""
    log = np.log2(loss)
    smooth = np.median(np.stack([log[k : len(log) - 4 + k] for k in range(5)]), axis=0)
    fast = -np.diff(smooth) / np.diff(np.log2(steps[2:-2])) > -np.log2(1 - FAST)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fast, [False]]).astype(int)))
    return sum(
        smooth[first] - smooth[last] > np.log2(FALL) for first, last in zip(edges[::2], edges[1::2], strict=True)
    )
