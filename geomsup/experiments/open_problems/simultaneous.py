"""A13: exactly k of the features are present at a time; does superposition survive?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import SHARED, interference, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.open_problems.names import brief_name
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features, Joint
from geomsup.loss import expected_loss
from geomsup.optima import optimum
from geomsup.plot.palette import PALETTE
from geomsup.recognition import classify

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="A13",
    title="Several features at once",
    claim="A model that must always handle several features at once has no superposition: it stores as many features "
    "as there are dimensions, orthogonally.",
    source="Open problem 4.16 (N. Nanda's list); the expectation is a reader's",
    quick={"models": 4, "steps": 4000, "starts": 12},
    paper={"models": 12, "steps": 20_000, "starts": 64},
)

SIZES = ((5, 2), (6, 3))
DENSITY = 0.05  # of the independent features whose model is compared: the paper's pentagon
SEVERAL = 2
TRAINED = Threshold(
    1.02, "loss over the optimum's up to which a trained model has reached it: 1.00004 is the largest measured"
)


def _exactly(n: int, k: int) -> Features:
    return Features(n, joint=[Joint.exactly(range(n), k)])


def measure(lab: Lab, models: int, steps: int, starts: int) -> Data:
    """Find optima and train where exactly k of n features are present, k < n; and judge a model of independent ones.

    `others` is the loss, given k present features, of the optimum for independent features.
    """
    data: dict[str, Any] = {}
    for n, m in SIZES:
        ks = range(1, n)

        def exact(n: int = n, m: int = m, ks: range = ks) -> dict[str, Any]:
            found = [optimum(_exactly(n, k), m, starts=starts) for k in ks]
            alone = Features(n, DENSITY)
            parts = expected_loss(optimum(alone, m).model, alone, by_active=True).given_active
            assert parts is not None
            return {
                "W": np.stack([one.model.W for one in found]), "loss": np.array([one.loss for one in found]),
                "others": parts[1:n], "name": np.array([brief_name(one.geometry.name) for one in found]),
            }  # fmt: skip

        features = [_exactly(n, k) for k in ks]
        run = lab.train(f"{n} in {m}", features, m, models=models, steps=steps, learning_rate=1e-2, schedule="cosine")
        best = [run.best(i) for i in range(len(features))]
        kept = lab.keep(f"optima of {n} in {m}", exact)
        data |= {f"{what} {n} in {m}": kept[what] for what in ("W", "loss", "others", "name")}
        data[f"trained {n} in {m}"] = np.array(
            [float(expected_loss(model, f)) for model, f in zip(best, features, strict=True)]
        )
        data[f"trained name {n} in {m}"] = np.array(
            [brief_name(classify(model.W, orientation="rows").name) for model in best]
        )
    return data


def draw(data: Data) -> Any:
    """Draw the loss over k, of the optimum for k and of the model of independent features, with the shapes' names."""
    figure, axes = panels(1, len(SIZES), size=(5.2, 3.6), title="exactly k features present")
    for ax, (n, m) in zip(axes[0], SIZES, strict=True):
        ks = np.arange(1, n)
        ax.plot(
            ks, data[f"others {n} in {m}"], "s--", color=PALETTE[1], label=f"optimum of independent, p = {DENSITY:g}"
        )
        ax.plot(ks, data[f"trained {n} in {m}"], "x", color=PALETTE[2], label="trained for k", markersize=9)
        ax.plot(ks, data[f"loss {n} in {m}"], "o-", color=PALETTE[0], label="optimum for k")
        for k, loss, name in zip(ks, data[f"loss {n} in {m}"], data[f"name {n} in {m}"], strict=True):
            ax.annotate(str(name), (k, loss), xytext=(0, -14), textcoords="offset points", fontsize=7, ha="center")
        ax.set(xlabel="k", title=f"{n} features in {m} dimensions", xticks=ks, xlim=(0.5, n - 0.5), ylim=(-0.08, None))
    axes[0, 0].set_ylabel("loss")
    axes[0, 0].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if from k = 2 on optima store m features that do not share dimensions, at both sizes.

    They share if the mean interference of stored features is above 0.2. With other numbers if optima are as claimed at
    some of these k only.
    """
    without, numbers, ratios = [], {}, []
    for n, m in SIZES:
        W = data[f"W {n} in {m}"]
        ratios.append(data[f"trained {n} in {m}"][1:] / data[f"loss {n} in {m}"][1:])
        for k in range(1, n):
            kept = stored(W[k - 1])
            shared = float(interference(W[k - 1])[kept].mean()) if kept.any() else 0.0
            numbers |= {
                f"stored of {n} in {m}, k = {k}": kept.sum(),
                f"mean interference of {n} in {m}, k = {k}": shared,
                f"loss of {n} in {m}, k = {k}": data[f"loss {n} in {m}"][k - 1],
                f"loss of the independent optimum, {n} in {m}, k = {k}": data[f"others {n} in {m}"][k - 1],
            }
            if k >= SEVERAL:
                without.append(bool(kept.sum() == m and shared <= SHARED))
    numbers["largest loss of a trained model over the optimum's, k from 2"] = max(float(r.max()) for r in ratios)
    shapes = "; ".join(f"{n} in {m}: {', '.join(str(s) for s in data[f'name {n} in {m}'])}" for n, m in SIZES)
    return Verdict(
        decide(all(without), any(without)),
        f"Superposition survives in {len(without) - sum(without)} of {len(without)} cases of several features at once. "
        f"Optima for k = 1, 2, …, {shapes}.",
        numbers,
        ("exact optima", "trained models reach the optima" if numbers[
            "largest loss of a trained model over the optimum's, k from 2"] < TRAINED else "trained models"),
    )  # fmt: skip
