"""E24: how many neurons hold one feature, by density, in the best of many models."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import colour_bar, draw_signed, panels
from geomsup.experiments.privileged.neurons import dedicated, falling
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.plot.palette import FAINT, PALETTE
from geomsup.training import TrainingRun

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E24",
    title="Monosemantic and polysemantic neurons",
    claim="10 features, 5 hidden ReLUs, importance 0.75^i, best of many models: all neurons hold one feature at "
    "p ≥ 0.5; three at 0.2 to 0.5; two at 0.15; one at 0.12; none at 0.08 and below, where from 0.04 on "
    "each feature is a pair of neurons.",
    source="Elhage et al. 2022, Superposition in a privileged basis",
    quick={"models": 300, "steps": 1000, "kept": 3, "polish": 2000, "samples": 2**17},
    paper={"models": 1000, "steps": 10_000, "kept": 5, "polish": 10_000, "samples": 2**20},
)

# Density: neurons of one feature, in the paper's regimes.
CLAIMED = {0.7: 5, 0.5: 5, 0.35: 3, 0.25: 3, 0.15: 2, 0.12: 1, 0.07: 0, 0.03: 0}
N, M, RATIO = 10, 5, 0.75
SAMPLES = 2**14  # samples on which the models to train further are chosen
PAIRS = Threshold(9, "features, of 10, that must lie on two neurons each at the sparsest: one may be dropped")
ALIKE = Threshold(
    1e-3,
    "relative excess up to which a model counts as one of the best: samples do not show which of two has the lower "
    "loss",
)
TWO = Threshold(
    0.9,
    "fraction of a feature's positive squared weights on two neurons above which it is a pair of them: as "
    "`MONOSEMANTIC`",
)
EACH = Threshold(
    0.1,
    "fraction of a feature's positive squared weights that the second neuron must hold: with less, the first alone "
    "holds it",
)


def measure(lab: Lab, models: int, steps: int, kept: int, polish: int, samples: int) -> Data:
    """Train many models at each density; train the best of each on at every density; keep the lowest of all."""
    p = list(CLAIMED)
    features = falling(N, p, RATIO)
    recipe = {"hidden_activation": "relu", "learning_rate": 1e-2, "schedule": "cosine"}
    many = lab.train("many", features, M, models=models, steps=steps, batch=128, **recipe)
    starts = [(k, run) for k, entry in enumerate(features) for run in _lowest(many, k * models, models, entry, kept)]
    recipe |= {"learning_rate": 3e-3, "steps": polish, "batch": 512}
    runs = [lab.train(f"on {i}", features, M, model=many.model(run), **recipe) for i, (_, run) in enumerate(starts)]
    W = np.stack([run.W for run in runs]).astype(float)
    b = np.stack([run.b for run in runs]).astype(float)
    loss = np.stack(
        [_losses(W[:, k], b[:, k], entry, samples) for k, entry in enumerate(features)], axis=1
    )  # (starts, p)
    best = loss.argmin(axis=0)
    at = np.arange(len(p))
    own = np.array([start for start, _ in starts])[:, None] == at
    return {
        "p": np.array(p), "loss": loss, "own": own, "W": W[best, at], "b": b[best, at],
        "counts": dedicated(W).sum(axis=-1),
        "many_counts": dedicated(many.W).sum(axis=-1).reshape(len(p), models),
    }  # fmt: skip


def _lowest(run: TrainingRun, first: int, models: int, features: Features, kept: int) -> list[int]:
    """Return the runs of lowest loss on fixed samples, and the best one with the claimed count."""
    W = run.W[first : first + models]
    order = np.argsort(_losses(W, run.b[first : first + models], features, SAMPLES))
    claimed = order[dedicated(W[order]).sum(axis=-1) == CLAIMED[float(features.probability[0])]][:1]
    return [first + int(k) for k in dict.fromkeys((*order[:kept], *claimed))]


def _losses(W: np.ndarray, b: np.ndarray, features: Features, samples: int) -> np.ndarray:
    """Return the mean loss of each model over the same samples."""
    x = features.sample(samples, np.random.default_rng(24))
    models = [ToyModel(one, bias, hidden_activation="relu") for one, bias in zip(W, b, strict=True)]
    return np.array([float((((model(x) - x) ** 2) @ features.importance).mean()) for model in models])


def draw(data: Data) -> Any:
    """Draw each neuron's weights as a stack, blue if it holds one feature."""
    columns = -(-len(data["p"]) // 2)  # two lines of densities: a single one is too wide for a page
    figure, grid = panels(4, columns, size=(7.8 / columns, 2.2), title="W, and each neuron's |weights| stacked")
    axes = grid.reshape(2, 2, columns).swapaxes(0, 1).reshape(2, -1)
    limit = 1.05 * np.abs(data["W"]).sum(axis=1).max()
    for column, (p, W) in enumerate(zip(data["p"], data["W"], strict=True)):
        order = np.argsort(np.argmax(np.abs(W), axis=0), kind="stable")
        above, below = axes[:, column]
        image = draw_signed(above, W[:, order], f"p = {p:g}", 2.5)
        _stack(below, W[:, order])
        below.set(xticks=[], yticks=[], ylim=(0, limit))
        below.set_xlabel(f"monosemantic: {dedicated(W).sum()}\npaper: {CLAIMED[float(p)]}", fontsize=8)
    for ax in axes.T[len(data["p"]) :].flat:
        ax.set_axis_off()
    colour_bar(image, grid[::2])
    return figure


def _stack(ax: Any, W: np.ndarray) -> None:
    single = dedicated(W)
    for neuron, weights in enumerate(np.abs(W.T)):
        base = 0.0
        for weight in sorted(weights[weights > 0.02], reverse=True):
            colour = PALETTE[0] if single[neuron] else PALETTE[1]
            ax.bar(neuron, weight, bottom=base, color=colour, edgecolor="white", linewidth=0.6)
            base += weight
    ax.spines[["top", "right"]].set_color(FAINT)


def judge(data: Data) -> Verdict:
    """Hold if the best model at every density has the claimed number of neurons of one feature, and pairs at the end.

    A density counts too if the best model with the claimed number loses at most a thousandth more than the best of all.
    Pairs: at the sparsest nine of the ten features lie on two neurons each. With other numbers if the number goes from
    5 to 0 and never rises, or is as claimed at most densities.
    """
    claimed = np.array([CLAIMED[float(p)] for p in data["p"]])
    counts = dedicated(data["W"]).sum(axis=-1)
    lowest = data["loss"].min(axis=0)
    own, second = np.sort(np.where(data["own"], data["loss"], np.inf), axis=0)[:2]
    # Lowest loss among the models with the claimed count, where any has it.
    with_claimed = np.where(data["counts"] == claimed, data["loss"], np.inf).min(axis=0) / lowest - 1
    same = counts == claimed
    open_question = with_claimed < ALIKE
    kept = stored(data["W"]).sum(axis=1)
    pairs = _on_two(data["W"][-1])
    falls = bool((np.diff(counts) <= 0).all() and counts[0] == M and counts[-1] == 0)
    numbers: dict[str, float] = {}
    for k, p in enumerate(data["p"]):
        numbers |= {
            f"monosemantic neurons, p = {p:g}": counts[k],
            f"claimed, p = {p:g}": claimed[k],
            f"features stored, p = {p:g}": kept[k],
            f"excess of the best with the claimed count, p = {p:g}": with_claimed[k],
            f"excess of own starts over all, p = {p:g}": own[k] / lowest[k] - 1,
            f"excess of the second of its own starts, p = {p:g}": second[k] / lowest[k] - 1,
        }
    numbers |= {"features on two neurons at the sparsest": pairs, "models": data["many_counts"].shape[1]}
    return Verdict(
        decide(bool((same | open_question).all()) and pairs >= PAIRS, falls or bool(same.mean() > MOST)),
        f"Neurons of one feature, from p = {data['p'][0]:g} to {data['p'][-1]:g}: {_list(counts)}; the paper says "
        f"{_list(claimed)}. At the sparsest, {pairs} of {N} features lie on two neurons.",
        numbers,
        ("best of many random starts", "continued from the best of other densities"),
    )


def _on_two(W: np.ndarray) -> int:
    """Return how many features are pairs of neurons, by `TWO` and `EACH`."""
    squares = -np.sort(-(np.maximum(W, 0) ** 2), axis=1)
    shares = squares / np.maximum(squares.sum(axis=1, keepdims=True), 1e-12)
    return int(((shares[:, :2].sum(axis=1) > TWO) & (shares[:, 1] > EACH)).sum())


def _list(values: Any) -> str:
    return ", ".join(f"{value:g}" for value in values)
