"""E28: how often small absolute-value models use the asymmetric superposition motif."""

from typing import Any

import numpy as np

from geomsup.experiments.computation.motif import find_motifs
from geomsup.experiments.computation.neurons import ABS, input_shares, normalised, signed
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.verdict import Verdict, decide

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

# Features, neurons, density, and ratio of importances, of two settings that replicators used.
SETTINGS = ((6, 10, 0.2, 0.7), (20, 10, 0.5, 0.8))


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train both settings from many seeds; count motifs in each model, and in it with its signs in drawn at random."""
    data: dict[str, Any] = {}
    for n, m, p, ratio in SETTINGS:
        name = f"{n} in {m}"
        run = lab.train(name, signed(n, p, ratio), m, models=models, steps=steps, batch=256, learning_rate=1e-2, **ABS)
        W, W_out = run.W.astype(float), run.W_out.astype(float)  # pyright: ignore[reportOptionalMemberAccess]
        signs = np.random.default_rng(28).choice((-1.0, 1.0), W.shape)
        counts = np.array([len(find_motifs(*one)) for one in zip(W, W_out, strict=True)])
        chance = np.array([len(find_motifs(*one)) for one in zip(W * signs, W_out, strict=True)])
        shown = int(counts.argmax())
        W_shown, W_out_shown = normalised(W[shown], W_out[shown])
        data |= {
            f"{name} motifs": counts, f"{name} by chance": chance, f"{name} W": W_shown, f"{name} W_out": W_out_shown,
            f"{name} monosemantic": (input_shares(W) > 0.9).mean(axis=1),
        }  # fmt: skip
    return data


def draw(data: Data) -> Any:
    """Draw W and W_out of the model with most motifs of each setting, A framed in full and B in dots."""
    from matplotlib.patches import Rectangle

    figure, axes = panels(2, len(SETTINGS), size=(5.0, 3.0), title="most motifs: A framed, B dotted")
    for column, (n, m, _, _) in enumerate(SETTINGS):
        name = f"{n} in {m}"
        W, W_out = data[f"{name} W"], data[f"{name} W_out"]
        found = find_motifs(W, W_out)[:1]
        for ax, weights, label in zip(axes[:, column], (W, W_out), ("W", "W_out"), strict=True):
            ax.imshow(weights, cmap="RdBu", vmin=-2, vmax=2, aspect="auto")
            ax.set(xlabel="neurons", ylabel="features", xticks=[], yticks=[])
            ax.set_title(f"{n} features, {m} neurons: {label}", fontsize=9)
            for one in found:
                for neuron, line in ((one.shared, "-"), (one.inhibitor, ":")):
                    ax.add_patch(
                        Rectangle((neuron - 0.5, -0.45), 1, n - 0.1, fill=False, linestyle=line, linewidth=1.5)
                    )
                for feature in (one.strong, one.weak):
                    ax.text(
                        one.shared, feature, f"{weights[feature, one.shared]:.2g}", ha="center", va="center", size=7
                    )
                value = weights[one.weak if label == "W_out" else one.strong, one.inhibitor]
                row = one.weak if label == "W_out" else one.strong
                ax.text(one.inhibitor, row, f"{value:.2g}", ha="center", va="center", size=7)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if models of a setting have the motif, more often than with signs drawn at random."""
    names = [f"{n} in {m}" for n, m, _, _ in SETTINGS]
    share = np.array([(data[f"{name} motifs"] > 0).mean() for name in names])
    chance = np.array([(data[f"{name} by chance"] > 0).mean() for name in names])
    twice = np.array([(data[f"{name} motifs"] > 1).mean() for name in names])
    more = share > 2 * chance
    numbers: dict[str, float] = {}
    for k, name in enumerate(names):
        numbers |= {
            f"models with the motif, {name}": share[k],
            f"with two or more, {name}": twice[k],
            f"with signs at random, {name}": chance[k],
            f"monosemantic share, {name}": float(data[f"{name} monosemantic"].mean()),
        }
    told = "; ".join(
        f"{n} features in {m} neurons (p = {p:g}, {ratio:g}^i): {100 * share[k]:.0f} % of "
        f"{len(data[f'{names[k]} motifs'])} models have it, {100 * twice[k]:.0f} % twice or more, "
        f"{100 * chance[k]:.0f} % with signs at random"
        for k, (n, m, p, ratio) in enumerate(SETTINGS)
    )
    return Verdict(
        decide(bool((more & (twice > 0)).any()), bool((share > 0).any())),
        f"Asymmetric motif: {told}.",
        numbers,
        ("detector on trained weights", "detector on the same weights with signs at random"),
    )


EXPERIMENT = Experiment(
    id="E28",
    title="The asymmetric superposition motif",
    claim="Models with limited superposition store two features in a neuron with unequal weights, such as [2, −1/2] in "
    "and [1/2, 2] out, while another neuron inhibits, so that positive interference becomes negative; one model shows "
    "it twice.",
    source="Elhage et al. 2022, Computation in superposition: the asymmetric superposition motif",
    measure=measure,
    draw=draw,
    judge=judge,
    quick={"models": 50, "steps": 3000},
    paper={"models": 500, "steps": 10_000},
)
