"""E27: neurons of absolute-value models from dense to sparse."""

from typing import Any

import numpy as np

from geomsup.experiments.computation.neurons import ABS, dedicated_start, input_shares, normalised, open_start, signed
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.verdict import Verdict, decide
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

PROBABILITIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
N, M, RATIO = 100, 40, 0.8
NOISE = 0.03  # on every weight of the dedicated start
MONOSEMANTIC = 0.9  # part of the square of what a neuron takes in
ALIVE = 0.05  # least effect (weight in times weight out) of a neuron that counts


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train at the paper's densities; return the neurons of the best model of each, scaled to a largest weight of 1."""
    features = [signed(N, p, RATIO) for p in PROBABILITIES]
    recipe = ABS | {"steps": steps, "learning_rate": 5e-3, "batch": 256}
    opened = [lab.train(f"open {k}", features, M, model=open_start(N, M, k), seed=k, **recipe) for k in range(models)]
    drawn = lab.train("signs drawn", features, M, **recipe)
    dedicated = lab.train("dedicated", features, M, model=dedicated_start(N, M, NOISE, 0), **recipe)

    def look() -> dict[str, Any]:
        loss = np.stack([run.expected_loss() for run in (*opened, drawn)])
        best = [(*opened, drawn)[start].model(k) for k, start in enumerate(loss.argmin(axis=0))]
        kept = [dedicated.model(k) for k in range(len(features))]
        return {
            **_scaled("", best), **_scaled("dedicated ", kept), "loss": loss.min(axis=0), "drawn": loss[-1],
            "dedicated loss": dedicated.expected_loss(),
        }  # fmt: skip

    # Of the model with two neurons for each of the 20 most important features: the others' variances.
    exact = [
        float((entry.importance * _variance(p))[M // 2 :].sum())
        for p, entry in zip(PROBABILITIES, features, strict=True)
    ]
    return {"p": PROBABILITIES, "exact": exact} | lab.keep("best", look)


def _variance(p: float) -> float:
    """Return the variance of ``|x|``."""
    return p / 3 - p**2 / 4


def _scaled(name: str, models: list[ToyModel]) -> dict[str, Any]:
    W, W_out = zip(*(normalised(model.W, model.W_out) for model in models), strict=True)
    return {f"{name}W": np.stack(W), f"{name}W_out": np.stack(W_out)}


def alive(W: np.ndarray, W_out: np.ndarray) -> np.ndarray:
    """Return which neurons ``(..., m)`` of normalised models have an effect on any output."""
    return (np.abs(W_out).max(axis=-2) > ALIVE) & (np.abs(W).max(axis=-2) > 0)


def draw(data: Data) -> Any:
    """Draw each neuron's |weights| stacked, neurons in order of the importance of their largest feature."""
    figure, axes = panels(len(data["p"]), 1, size=(7.5, 1.35), title="|W| of each neuron, largest scaled to 1")
    for ax, p, W, W_out in zip(axes[:, 0], data["p"], data["W"], data["W_out"], strict=True):
        kept = alive(W, W_out)
        weights = np.abs(W[:, kept])
        weights = weights[:, np.argsort(weights.argmax(axis=0), kind="stable")]
        single = input_shares(weights) > MONOSEMANTIC
        ordered = -np.sort(-weights, axis=0)[:12]
        base = np.zeros(weights.shape[1])
        for layer in ordered:
            shown = np.where(layer > 0.03, layer, 0.0)
            colours = [PALETTE[0] if one else PALETTE[1] for one in single]
            ax.bar(np.arange(len(base)), shown, bottom=base, color=colours, edgecolor="white", linewidth=0.3)
            base += shown
        ax.set(xticks=[], xlim=(-1, M))
        ax.set_title(f"p = {p:g}: {single.sum()} of {kept.sum()} monosemantic (blue)", fontsize=8)
        ax.tick_params(labelsize=7)
    axes[-1, 0].set_xlabel("neurons, by importance of their largest feature")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if all are monosemantic where dense, ever fewer are, none is at the end, and both kinds coexist between."""
    kept = alive(data["W"], data["W_out"])
    shares = input_shares(data["W"])
    single = kept & (shares > MONOSEMANTIC)
    fraction = single.sum(axis=1) / np.maximum(kept.sum(axis=1), 1)
    reads = np.abs(data["W"]).argmax(axis=1)
    mixed = (fraction > 0.1) & (fraction < 0.9)
    # Largest features of neurons of one and of several features, where both occur: the important stay single.
    gaps = [
        float(np.median(reads[k][kept[k] & ~single[k]]) - np.median(reads[k][single[k]])) for k in np.flatnonzero(mixed)
    ]
    concentration = np.array(
        [share[mask].mean() if mask.any() else 0.0 for share, mask in zip(shares, kept, strict=True)]
    )
    important = bool(gaps) and min(gaps) > 0
    worse, above = data["drawn"] / data["loss"], data["loss"] / data["exact"]
    below = data["dedicated loss"] / data["exact"]
    own = alive(data["dedicated W"], data["dedicated W_out"])
    still = (own & (input_shares(data["dedicated W"]) > MONOSEMANTIC)).sum(axis=1) / np.maximum(own.sum(axis=1), 1)
    falls = bool((np.diff(fraction) <= 0.1).all() and fraction[0] > fraction[-1] + 0.5)
    numbers: dict[str, float] = {}
    for k, p in enumerate(data["p"]):
        numbers |= {
            f"monosemantic share, p = {p:g}": fraction[k],
            f"neurons in use, p = {p:g}": kept[k].sum(),
            f"mean share of the largest weight, p = {p:g}": concentration[k],
        }
        numbers |= {
            f"loss / that of dedicated neurons, p = {p:g}": above[k],
            f"the same, started there, p = {p:g}": below[k],
            f"monosemantic share, started there, p = {p:g}": still[k],
        }
    numbers |= {f"loss with signs drawn / loss, p = {p:g}": r for p, r in zip(data["p"], worse, strict=True)}
    numbers |= {"least lead in importance of monosemantic neurons": min(gaps, default=np.nan)}
    return Verdict(
        decide(falls and bool((fraction[:2] > 0.95).all()) and bool(fraction[-1] < 0.05) and important, falls),
        f"Of the neurons in use, {_percent(fraction)} % hold one feature at p = {_list(data['p'])} (mean part of the "
        f"largest weight in a neuron's square: {_percent(concentration)} %). Where both kinds occur, the median "
        f"largest feature of polysemantic neurons comes {_list(gaps)} places after that of monosemantic ones. "
        f"Losses are {_list(above)} times that of two neurons for each of the 20 most important features. Started near "
        f"those, training ends at {_list(below)} times it, with {_percent(still)} % of the neurons monosemantic.",
        numbers,
        ("neurons above 90 %", "mean share of the largest weight", "trained on from dedicated neurons"),
    )


def _percent(values: np.ndarray) -> str:
    return ", ".join(f"{100 * value:.0f}" for value in values)


def _list(values: Any) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


EXPERIMENT = Experiment(
    id="E27",
    title="Absolute values from dense to sparse",
    claim="100 features, 40 neurons, importance 0.8^i: at p = 1 and 0.3 every neuron is monosemantic; with falling "
    "density ever more are polysemantic, beginning with unimportant features; at p = 0.001 all are.",
    source="Elhage et al. 2022, Computation in superposition",
    measure=measure,
    draw=draw,
    judge=judge,
    quick={"models": 2, "steps": 3500},
    paper={"models": 10, "steps": 20_000},
)
