"""E27: neurons of absolute-value models from dense to sparse."""

from typing import Any

import numpy as np

from geomsup.experiments.computation.neurons import ABS, dedicated_start, normalised, open_start, signed
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, in_use, monosemantic, neuron_shares
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE
from geomsup.training import TrainingRun

__all__ = ["EXPERIMENT", "draw", "judge", "lowest", "measure"]

EXPERIMENT = Experiment(
    id="E27",
    title="Absolute values from dense to sparse",
    claim="100 features, 40 neurons, importance 0.8^i: at p = 1 and 0.3 every neuron is monosemantic; with falling "
    "density ever more are polysemantic, beginning with unimportant features; at p = 0.001 all are.",
    source="Elhage et al. 2022, Computation in superposition",
    quick={"models": 1, "steps": 3500},
    paper={"models": 10, "steps": 20_000},
)

PROBABILITIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
N, M, RATIO = 100, 40, 0.8
REACHED = Threshold(
    1.01, "loss, as a multiple of that of dedicated neurons, up to which a model is as good: 1 % for noise of training"
)
ROOM = Threshold(0.1, "by which the monosemantic fraction may rise from one density to the next: four of 40 neurons")
EVERY = Threshold(0.95, "fraction above which every neuron is monosemantic: one of 40 may not be there yet")
FEW = Threshold(0.1, "fraction that either kind of neuron must exceed for the two kinds to be compared: four of 40")
NONE = Threshold(0.05, "fraction below which no neuron is monosemantic: one of 40 may still be one")
NOISE = 0.01  # on every weight of the dedicated start
LARGE, SLOW = 1024, 1e-3  # batch and learning rate with which a model is trained further at the next density


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train at the paper's densities; return the neurons of the best model of each, scaled to a largest weight of 1.

    A batch holds few sparse features. Models trained on these from the start end at higher losses than models that
    were first trained on denser features.
    """
    features = [signed(N, p, RATIO) for p in PROBABILITIES]
    recipe = ABS | {"steps": steps, "learning_rate": 5e-3, "batch": 256}
    opened = [lab.train(f"open {k}", features, M, model=open_start(N, M, k), seed=k, **recipe) for k in range(models)]
    drawn = lab.train("signs drawn", features, M, **recipe)
    dedicated = lab.train("dedicated", features, M, model=dedicated_start(N, M, NOISE, 0), **recipe)

    def look() -> dict[str, Any]:
        loss = np.stack([run.expected_loss() for run in (*opened, drawn)])
        best = [(*opened, drawn)[start].model(k) for k, start in enumerate(loss.argmin(axis=0))]
        on = recipe | {"steps": steps // 2, "learning_rate": SLOW, "batch": LARGE}
        kept, least = _passed_on(lab, features, dedicated, on)
        return {
            **_scaled("", best), **_scaled("dedicated ", kept), "loss": loss.min(axis=0), "drawn": loss[-1],
            "dedicated loss": least, "at once": dedicated.expected_loss(),
        }  # fmt: skip

    # Loss of two neurons for each of the 20 most important features: the variances of the other features.
    exact = [
        float((entry.importance * _variance(p))[M // 2 :].sum())
        for p, entry in zip(PROBABILITIES, features, strict=True)
    ]
    return {"p": PROBABILITIES, "exact": exact} | lab.keep("best", look)


def _passed_on(
    lab: Lab, features: list[Features], run: TrainingRun, recipe: dict[str, Any]
) -> tuple[list[ToyModel], np.ndarray]:
    """Return models and losses by density: the run's own, or the next denser model trained further if that is lower."""
    models, losses = [run.model(k) for k in range(len(features))], run.expected_loss()
    for k in range(1, len(features)):
        further = lab.train(f"on {k}", features[k], M, model=models[k - 1], **recipe)
        if (loss := float(further.expected_loss()[0])) < losses[k]:
            models[k], losses[k] = further.model(0), loss
    return models, losses


def _variance(p: float) -> float:
    """Return the variance of ``|x|``."""
    return p / 3 - p**2 / 4


def _scaled(name: str, models: list[ToyModel]) -> dict[str, Any]:
    W, W_out = zip(*(normalised(model.W, model.decoder) for model in models), strict=True)
    return {f"{name}W": np.stack(W), f"{name}W_out": np.stack(W_out)}


def lowest(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Return W and W_out of the model of lowest loss at every density, from either kind of start."""
    kept = (data["dedicated loss"] < data["loss"])[:, None, None]
    return np.where(kept, data["dedicated W"], data["W"]), np.where(kept, data["dedicated W_out"], data["W_out"])


def draw(data: Data) -> Any:
    """Draw the absolute weights of each neuron, stacked; neurons are in order of their largest feature."""
    figure, axes = panels(
        len(data["p"]), 1, size=(7.5, 1.35), title="|W| of each neuron of the best models, largest scaled to 1"
    )
    for ax, p, W, W_out in zip(axes[:, 0], data["p"], *lowest(data), strict=True):
        kept = in_use(W, W_out)
        weights = np.abs(W[:, kept])
        weights = weights[:, np.argsort(weights.argmax(axis=0), kind="stable")]
        single = monosemantic(weights)
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
    """Hold if all neurons are monosemantic at p = 1 and 0.3, ever fewer at lower densities, and none at p = 0.001.

    Ever fewer: the fraction of the best models may rise by 0.1 from one density to the next, and falls by more than
    half in all. Where both kinds of neurons occur, monosemantic ones must read more important features (medians). At
    every density the best model must lose at most 1 % more than dedicated neurons. With other numbers if ever fewer are
    monosemantic, in the best models or in those from random starts.
    """
    fraction, concentration, gaps = _looked(*lowest(data))
    random, _, _ = _looked(data["W"], data["W_out"])
    above, below, worse = (
        data["loss"] / data["exact"], data["dedicated loss"] / data["exact"], data["drawn"] / data["loss"]
    )  # fmt: skip
    falls, random_falls = (bool((np.diff(one) <= ROOM).all() and one[0] > one[-1] + MOST) for one in (fraction, random))
    ends = bool((fraction[:2] > EVERY).all() and fraction[-1] < NONE)
    important = bool(len(gaps)) and bool((gaps > 0).all())
    missed = data["p"][np.minimum(above, below) > REACHED]
    numbers: dict[str, float] = {}
    for k, p in enumerate(data["p"]):
        numbers |= {
            f"monosemantic share, p = {p:g}": fraction[k],
            f"mean share of the largest weight, p = {p:g}": concentration[k],
            f"monosemantic share, random starts, p = {p:g}": random[k],
            f"loss / that of dedicated neurons, random starts, p = {p:g}": above[k],
            f"the same, started near those, p = {p:g}": below[k],
            f"the same, not passed on from denser features, p = {p:g}": data["at once"][k] / data["exact"][k],
            f"loss with signs drawn / of all random starts, p = {p:g}": worse[k],
        }
    numbers |= {"densities at which no model reaches the loss of dedicated neurons": len(missed)}
    numbers |= {"least lead in importance of monosemantic neurons": float(gaps.min()) if len(gaps) else np.nan}
    return Verdict(
        decide(falls and ends and important and not len(missed), falls or random_falls),
        f"In the best models {100 * fraction[0]:.0f} % of the neurons in use are monosemantic at p = 1 and "
        f"{100 * fraction[-1]:.0f} % at p = {data['p'][-1]:g}. Random starts end at up to {above.max():.2g} times the "
        "loss of dedicated neurons.",
        numbers,
        (
            "best of random starts",
            "passed on from dedicated neurons, dense to sparse",
            "mean share of the largest weight",
        ),
    )


def _looked(W: np.ndarray, W_out: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return by density the fraction of neurons in use that are monosemantic, and their largest weights' mean share.

    The third value is for densities where both kinds of neurons occur: how many places further down the list of
    importances the largest feature of polysemantic neurons is (medians).
    """
    kept, shares, reads = in_use(W, W_out), neuron_shares(W), np.abs(W).argmax(axis=1)
    single = kept & monosemantic(W)
    used = np.maximum(kept.sum(axis=1), 1)
    fraction = single.sum(axis=1) / used
    mixed = np.flatnonzero((fraction > FEW) & (fraction < 1 - FEW))
    gaps = [np.median(reads[k][kept[k] & ~single[k]]) - np.median(reads[k][single[k]]) for k in mixed]
    return fraction, np.where(kept, shares, 0).sum(axis=1) / used, np.array(gaps)
