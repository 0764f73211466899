"""A5: AND and OR of pairs of binary features; the smaller and the larger of pairs from U[0, 1]."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Discrete, Features, Uniform
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="A5",
    title="AND, OR and max of pairs in superposition",
    claim="AND and OR of binary pairs, and the smaller and larger of U[0, 1] ones, are computed in superposition where "
    "features are sparse: neurons serve several pairs at a lower loss than neurons of their own would.",
    source="Open problems 4.5 and 4.6 (N. Nanda's list); the expectation is that of the paper's absolute-value model",
    quick={"models": 6, "steps": 4000},
    paper={"models": 20, "steps": 30_000},
)

LAWS = {"AND and OR": Discrete((1.0,)), "min and max": Uniform(0, 1)}
PROBABILITIES = (0.5, 0.2, 0.05, 0.02)
PAIRS, NEURONS = 6, 3
MOST = 3  # neurons that compute a pair exactly (`_exact`); for binary pairs two with large weights come near it
SUPERPOSED = Threshold(
    0.95,
    "loss, as a fraction of that of the pairs that neurons kept apart leave out, below which neurons are shared: 1 "
    "or more if they are not, 0.13 as measured",
)
ROUNDING = Threshold(1e-12, "error of the explicit three neurons that is rounding: 1e-16 is measured")


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train one pair on 1 and 2 neurons, and six pairs on 3; return losses by distribution and density."""
    recipe = {"target": "pairs", "hidden_activation": "relu", "tied": False, "models": models, "steps": steps}
    # An output ReLU can stay below 0 for ever: for six pairs the best of twice as many models is taken.
    recipe |= {"learning_rate": 5e-3, "schedule": "cosine", "batch": 256}
    single, whole = [], []
    for name, law in LAWS.items():
        one = [Features(2, p, values=law) for p in PROBABILITIES]
        runs = [lab.train(f"{name}, 1 pair on {m}", one, m, **recipe) for m in range(1, MOST)]
        # A neuron can be left unused: more of them lose no more.
        kept = np.minimum.accumulate(np.stack([_lowest(run, len(one)) for run in runs], axis=1), axis=1)
        single.append(np.column_stack([[_unstored(f) for f in one], kept, np.zeros(len(one))]))
        many = [Features(2 * PAIRS, p, values=law) for p in PROBABILITIES]
        whole.append(
            _lowest(
                lab.train(f"{name}, {PAIRS} pairs on {NEURONS}", many, NEURONS, **recipe | {"models": 2 * models}),
                len(many),
            )
        )
    return {
        "single": np.array(single),
        "whole": np.array(whole),
        "exact": np.array([_exact(law) for law in LAWS.values()]),
    }


def _lowest(run: Any, entries: int) -> np.ndarray:
    """Return the lowest loss of each entry."""
    return np.nanmin(run.expected_loss().reshape(entries, -1), axis=1)


def _unstored(features: Features) -> float:
    """Return the loss of the best constants: the variances of the smaller and the larger of two features."""
    x = features.sample(400_000, 0)
    return float(np.var(np.stack([x.min(axis=1), x.max(axis=1)]), axis=1).sum())


def _exact(law: Any) -> float:
    """Return the largest error of three neurons that compute both by max, min = (x + y ± |x − y|)/2."""
    W = np.array([[1.0, 1.0, -1.0], [1.0, -1.0, 1.0]])
    model = ToyModel(
        W, activation="linear", hidden_activation="relu", W_out=np.array([[0.5, 0.5, 0.5], [0.5, -0.5, -0.5]])
    )
    x = Features(2, 0.5, values=law).sample(10_000, 0)
    return float(np.abs(model(x) - np.stack([x.max(axis=1), x.min(axis=1)], axis=1)).max())


def _apart(single: np.ndarray) -> float:
    """Return the least loss of six pairs if every neuron serves one pair only; a pair on three has none (`_exact`)."""
    best = np.full(NEURONS + 1, 0.0)
    for _ in range(PAIRS):
        best = np.array([min(best[k - j] + single[j] for j in range(min(k, MOST) + 1)) for k in range(NEURONS + 1)])
    return float(best[-1])


def draw(data: Data) -> Any:
    """Draw losses of single pairs over neurons, and of six pairs over density against neurons kept apart."""
    figure, axes = panels(1, 3, size=(3.7, 3.2), title="AND and OR, min and max of pairs by hidden ReLUs")
    for k, name in enumerate(LAWS):
        for j, p in enumerate(PROBABILITIES):
            share = np.maximum(data["single"][k, j] / data["single"][k, j, 0], 1e-6)
            axes[0, k].semilogy(range(MOST + 1), share, "o-", color=PALETTE[j], label=f"p = {p:g}")
        axes[0, k].set(
            xlabel="neurons for a pair, trained (3: explicit, 0)",
            xticks=range(MOST + 1),
            ylabel="loss / that of constants",
        )
        axes[0, k].set_title(f"{name}: one pair", fontsize=9)
        axes[0, k].legend(frameon=False, fontsize=7)
        axes[0, 2].plot(PROBABILITIES, _ratio(data)[k], "o-", color=PALETTE[k], label=name)
    axes[0, 2].axhline(1, color="grey", linewidth=0.7)
    axes[0, 2].set(xscale="log", xlim=(0.7, 0.014), ylim=(0, None), xlabel="density p")
    axes[0, 2].set_xticks(PROBABILITIES, [f"{p:g}" for p in PROBABILITIES])
    axes[0, 2].minorticks_off()
    axes[0, 2].set_ylabel("loss / best with neurons apart")
    axes[0, 2].set_title(f"{PAIRS} pairs on {NEURONS} neurons", fontsize=9)
    axes[0, 2].legend(frameon=False, fontsize=8)
    return figure


def _ratio(data: Data) -> np.ndarray:
    """Return the losses of six pairs over those of neurons kept apart, ``(distributions, densities)``."""
    apart = np.array([[_apart(row) for row in distribution] for distribution in data["single"]])
    return data["whole"] / apart


def judge(data: Data) -> Verdict:
    """Hold if sparse pairs share neurons, dense ones share less, and three neurons compute one pair exactly.

    Neurons kept apart compute three of the six pairs at most. Sparse pairs share if they lose less than 0.95 of what
    the other three alone would. The loss over that of neurons kept apart must be lower at p = 0.02 than at 0.5. With
    other numbers if one of the two kinds of pairs shares.
    """
    ratio = _ratio(data)
    # However well a pair is computed apart, as many pairs as neurons at most are computed at all.
    bound = data["whole"] / ((PAIRS - NEURONS) * data["single"][..., 0])
    shares = bound[:, -1] < SUPERPOSED
    more = ratio[:, -1] < ratio[:, 0]
    numbers: dict[str, float] = {
        f"loss over neurons kept apart, {name}, p = {p:g}": ratio[k, j]
        for k, name in enumerate(LAWS)
        for j, p in enumerate(PROBABILITIES)
    }
    numbers |= {
        f"loss of a pair on {m}, trained, part of that of constants, {name}, p = 0.5": data["single"][k, 0, m]
        / data["single"][k, 0, 0]
        for k, name in enumerate(LAWS)
        for m in range(1, MOST)
    }
    numbers |= {
        f"loss over that of {PAIRS - NEURONS} pairs not computed, {name}, p = {p:g}": bound[k, j]
        for k, name in enumerate(LAWS)
        for j, p in enumerate(PROBABILITIES)
    }
    numbers["largest error of the explicit three neurons"] = data["exact"].max()
    return Verdict(
        decide(bool(shares.all() and more.all() and data["exact"].max() < ROUNDING), bool(shares.any())),
        f"{PAIRS} pairs on {NEURONS} neurons have {ratio[:, -1].min():.2f} to {ratio[:, -1].max():.2f} times the best "
        f"loss with neurons kept apart at p = {PROBABILITIES[-1]:g}, and {ratio[:, 0].min():.2f} to "
        f"{ratio[:, 0].max():.2f} times at {PROBABILITIES[0]:g}. Three neurons compute one pair exactly.",
        numbers,
        (
            "trained losses of six pairs",
            "the best division of neurons among single pairs",
            "the loss of the pairs that neurons kept apart leave out",
        ),
    )
