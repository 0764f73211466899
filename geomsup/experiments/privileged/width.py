"""A43: from as many neurons as half the features to 100 times more: does polysemanticity vanish?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import IN_USE, NEARLY_ALL, neuron_shares
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.privileged.neurons import dedicated, falling
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE
from geomsup.training import TrainingRun

__all__ = ["EXPERIMENT", "draw", "judge", "measure", "rotated", "working"]

EXPERIMENT = Experiment(
    id="A43",
    title="Wider hidden layers",
    claim="Polysemanticity falls as a hidden ReLU layer widens, and vanishes once each feature can have a neuron.",
    source="Open problem 4.42 (N. Nanda's list); the width is our expectation",
    quick={"models": 2, "steps": 2000, "samples": 2**14, "factors": (1, 2, 3, 4, 6, 10, 20, 50, 100)},
    paper={"models": 10, "steps": 20_000, "samples": 2**17, "factors": (1, 2, 3, 4, 6, 10, 20, 50, 100)},
)

N, NARROW, RATIO = 10, 5, 0.9  # features; neurons at width x 1; importance RATIO^i
P = (0.5, 0.1)
NOISE = 0.05  # of the new neurons' weights when a trained model is widened: a tenth of those of random starts
SHOWN = 4  # factor of which the figure shows neurons
PENALTY = 0.03  # on hidden activations: E29 drops no feature of these importances at it
WAYS = ("random start", "widened", "penalty")
NONE_LOST = Threshold(1e-12, "squared error of an explicit model that is rounding: sums of order 1 leave 1e-30")
FREE = Threshold(
    0.01,
    "loss over that of x 1 below which interference has gone: of what the narrow model loses, one part in a hundred",
)


def measure(lab: Lab, models: int, steps: int, samples: int, factors: Any) -> Data:
    """Train each width from random starts, from the narrow model widened, and with a penalty on hidden activations.

    Also find the error of an explicit model of 2 n neurons that reads features in a random basis.
    """
    shape = len(WAYS), len(P), len(factors)
    told = {name: np.full(shape, np.nan) for name in ("loss", "used", "single", "share")}
    recipe = {"steps": steps, "learning_rate": 3e-3, "schedule": "cosine", "batch": 256, "hidden_activation": "relu"}
    W: dict[str, np.ndarray] = {}
    for j, (p, features) in enumerate(zip(P, falling(N, list(P), RATIO), strict=True)):
        x = features.sample(samples, 43)
        narrow = None
        for k, factor in enumerate(factors):
            m = factor * NARROW
            runs = [lab.train(f"p = {p:g}, {m} neurons", features, m, models=models, **recipe)]
            best, _ = _best(runs[0], x, features)
            narrow = narrow or best
            model = best if m == NARROW else narrow.widen(m - NARROW, NOISE, rng=k)
            runs.append(lab.train(f"p = {p:g}, widened to {m}", features, m, model=model, **recipe))
            kept = {"models": models, "hidden_l1": PENALTY}
            runs.append(lab.train(f"p = {p:g}, {m} neurons, penalty", features, m, **kept, **recipe))
            for way, run in enumerate(runs):
                model, loss = _best(run, x, features)
                used = working(model, x)
                single = dedicated(model.W) & used
                told["loss"][way, j, k], told["used"][way, j, k] = loss, used.sum()
                told["single"][way, j, k] = single.sum() / used.sum()
                told["share"][way, j, k] = neuron_shares(model.W)[used].mean()
                if factor == SHOWN and j == len(P) - 1:
                    W[WAYS[way]] = np.where(used, model.W, 0.0)
    return told | W | _explicit(samples) | {"factors": np.array(factors)}


def _best(run: TrainingRun, x: np.ndarray, features: Features) -> tuple[ToyModel, float]:
    """Return the model of least loss on the samples, and this loss."""
    found = [run.model(i) for i in range(len(run.W))]
    losses = [float((((model(x) - x) ** 2) @ features.importance).mean()) for model in found]
    best = int(np.argmin(losses))
    return found[best], losses[best]


def working(model: ToyModel, x: np.ndarray) -> np.ndarray:
    """Return which neurons are in use ``(m,)``: by root mean square activity times norm, as a part of the largest.

    Norms alone would count neurons of negative weights, which are never open.
    """
    strength = np.sqrt((model.hidden(x) ** 2).mean(axis=0)) * np.linalg.norm(model.W, axis=0)
    return strength > IN_USE * strength.max()


def rotated(rng: np.random.Generator) -> ToyModel:
    """Return the model W = [Q, −Q], Q a random rotation: Q ReLU(Qᵀx) − Q ReLU(−Qᵀx) = Q Qᵀ x = x."""
    Q, _ = np.linalg.qr(rng.normal(size=(N, N)))
    return ToyModel(np.hstack([Q, -Q]), hidden_activation="relu")


def _explicit(samples: int) -> dict[str, np.ndarray]:
    model = rotated(np.random.default_rng(0))
    x = Features(N, P[0]).sample(samples, 1)
    return {
        "explicit_error": np.array(np.abs(model(x) - x).max() ** 2),
        "explicit_single": np.array(dedicated(model.W).mean()),
        "explicit_share": np.array(neuron_shares(model.W).mean()),
    }


def draw(data: Data) -> Any:
    """Draw the part of neurons with one feature, their largest shares and losses over width; W of three ways."""
    figure, axes = panels(2, 3, size=(3.7, 2.8), title=f"{N} features, hidden ReLUs, importance {RATIO:g}^i")
    rows = (("single", "monosemantic part of neurons in use"), ("share", "mean largest share of a neuron"))
    for ax, (name, title) in zip(axes[0], rows, strict=False):
        for way, label in enumerate(WAYS):
            for j, style in enumerate(("-", "--")):
                ax.plot(
                    data["factors"], data[name][way, j], f"o{style}", color=PALETTE[way], markersize=4,
                    label=f"{label}, p = {P[j]:g}",
                )  # fmt: skip
        ax.set(ylim=(-0.03, 1.05))
        ax.set_title(title, fontsize=9)
    axes[0, 1].axhline(data["explicit_share"], color="grey", linewidth=0.8, linestyle=":")
    for way in range(len(WAYS)):
        for j, style in enumerate(("-", "--")):
            loss = data["loss"][way, j] / data["loss"][0, j, 0]
            axes[0, 2].plot(data["factors"], loss, f"o{style}", color=PALETTE[way], markersize=4)
    axes[0, 2].set_yscale("log")
    axes[0, 2].set_title("loss over that of width x 1", fontsize=9)
    for ax in axes[0]:
        ax.axvline(N / NARROW, color="grey", linewidth=0.7)
        ax.set(xscale="log", xlabel="width of the hidden layer")
        ax.set_xticks(data["factors"], [f"x {k}" if k in (1, 3, 10, 100) else "" for k in data["factors"]])
        ax.minorticks_off()
    for way, label in enumerate(WAYS):
        _stack(axes[1, way], data[label])
        axes[1, way].set_title(f"{label}, x {SHOWN}, p = {P[-1]:g}: |W| by neuron", fontsize=9)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, fontsize=8, loc="outside lower center", ncols=len(labels))
    return figure


def _stack(ax: Any, W: np.ndarray) -> None:
    """Draw the weights of each neuron as a stack, blue if it holds one feature."""
    single = dedicated(W)
    order = np.argsort(-np.linalg.norm(W, axis=0))
    for place, neuron in enumerate(order):
        base = 0.0
        for weight in np.sort(np.abs(W[:, neuron]))[::-1]:
            colour = PALETTE[0] if single[neuron] else PALETTE[1]
            ax.bar(place, weight, bottom=base, color=colour, edgecolor="white", linewidth=0.5)
            base += weight
    ax.set(xticks=[], xlabel="neurons")


def judge(data: Data) -> Verdict:
    """Hold if from width x 2 on, a neuron for each feature, nearly all neurons in use hold one feature.

    So they must from random starts and in widened models, at both densities. With other numbers if nearly all do at
    the greatest width.
    """
    single = data["single"][:2]  # without penalty
    enough = data["factors"] >= N / NARROW
    every = (single >= NEARLY_ALL).all(axis=(0, 1))
    last = bool(every[-1])
    free = (data["loss"][:2] < FREE * data["loss"][:1, :, :1]).all(axis=(0, 1))
    first = float(data["factors"][free.argmax()]) if free.any() else np.inf
    exact = bool(data["explicit_error"] < NONE_LOST)
    numbers: dict[str, float] = {
        "squared error of [Q, −Q], largest": float(data["explicit_error"]),
        "mean largest share of a neuron, [Q, −Q]": float(data["explicit_share"]),
        "width from which no interference is left": first,
    }
    for way, label in enumerate(WAYS):
        for j, p in enumerate(P):
            for k, factor in enumerate(data["factors"]):
                numbers |= {
                    f"monosemantic part, {label}, p = {p:g}, x {factor}": data["single"][way, j, k],
                    f"neurons in use, {label}, p = {p:g}, x {factor}": data["used"][way, j, k],
                    f"loss over x 1, {label}, p = {p:g}, x {factor}": data["loss"][way, j, k] / data["loss"][0, j, 0],
                }
    penalised = " and ".join(f"{100 * part:.0f} %" for part in data["single"][2, :, -1])
    return Verdict(
        decide(bool(every[enough].all()), last),
        f"At x {data['factors'][-1]} {100 * single[..., -1].min():.0f} to {100 * single[..., -1].max():.0f} % of "
        f"neurons in use hold one feature (with a penalty {penalised}). Interference is gone from x {first:g} on, "
        f"where [Q, −Q] is {'exact' if exact else 'not exact'} for any rotation Q.",
        numbers,
        ("random starts", "narrow models widened and trained on", "an explicit model [Q, −Q] of 2 n neurons"),
    )
