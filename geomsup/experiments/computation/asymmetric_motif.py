"""E28: how often small absolute-value models use the asymmetric superposition motif."""

from dataclasses import replace
from typing import Any

import numpy as np

from geomsup.experiments.computation.motif import find_motifs
from geomsup.experiments.computation.neurons import ABS, normalised, signed
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import monosemantic
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import SMALL, colour_bar, draw_signed, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.model import ToyModel

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E28",
    title="The asymmetric superposition motif",
    claim="Models with limited superposition store two features in a neuron with unequal weights, such as [2, −1/2] in "
    "and [1/2, 2] out, while another neuron inhibits, so that positive interference becomes negative; one model shows "
    "it twice.",
    source="Elhage et al. 2022, Computation in superposition: the asymmetric superposition motif",
    quick={"models": 50, "steps": 3000},
    paper={"models": 500, "steps": 10_000},
)

SAMPLES = 2**13  # samples on which losses without a weight are measured
# Features, neurons, density, and ratio of importances, of two settings that replicators used.
SETTINGS = ((6, 10, 0.2, 0.7), (20, 10, 0.5, 0.8))
TWICE = Threshold(
    2, "times as many models with the motif as by chance, above which chance does not explain it: 35 as measured"
)
NEEDED = Threshold(
    1.1, "times larger loss without the inhibition above which a motif needs it: 1 if it has no effect, 14 as measured"
)


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train both settings from many seeds; count motifs in each model, and with W_out dealt to other neurons."""
    data: dict[str, Any] = {}
    for n, m, p, ratio in SETTINGS:
        name = f"{n} in {m}"
        run = lab.train(name, signed(n, p, ratio), m, models=models, steps=steps, batch=256, learning_rate=1e-2, **ABS)
        W, W_out = run.W.astype(float), run.W_out.astype(float)  # pyright: ignore[reportOptionalMemberAccess]
        dealt = np.random.default_rng(28).permuted(W_out, axis=2)
        counts = np.array([len(find_motifs(*one)) for one in zip(W, W_out, strict=True)])
        chance = np.array([len(find_motifs(*one)) for one in zip(W, dealt, strict=True)])
        harm = [_harm(run.model(k), run.features[k]) for k in range(len(run))]
        shown = int(counts.argmax())
        W_shown, W_out_shown = normalised(W[shown], W_out[shown])
        data |= {
            f"{name} motifs": counts, f"{name} by chance": chance,
            f"{name} harm": np.array(harm)[:, 0], f"{name} harm of others": np.array(harm)[:, 1],
            f"{name} W": W_shown, f"{name} W_out": W_out_shown,
            f"{name} monosemantic": monosemantic(W).mean(axis=1),
        }  # fmt: skip
    return data


def _harm(model: ToyModel, features: Features) -> tuple[float, float]:
    """Return the loss without B's inhibition, in the first motif, over that with it; NaN without a motif.

    The second value is the same without the strongest negative weight out that belongs to no motif.
    """
    found = find_motifs(model.W, model.decoder)
    if not found:
        return float("nan"), float("nan")
    x = features.sample(SAMPLES, np.random.default_rng(28))

    def loss(W_out: np.ndarray) -> float:
        return float((((replace(model, W_out=W_out)(x) - np.abs(x)) ** 2) @ features.importance).mean())

    def without(place: tuple[int, int]) -> float:
        W_out = np.array(model.decoder)
        W_out[place] = 0.0
        return loss(W_out) / loss(model.decoder)

    ours = [(one.weak, one.inhibitor) for one in found]
    others = np.array(normalised(model.W, model.decoder)[1])
    others[tuple(np.transpose(ours))] = 0.0
    strongest = np.unravel_index(others.argmin(), others.shape)
    return without(ours[0]), without((int(strongest[0]), int(strongest[1])))


def draw(data: Data) -> Any:
    """Draw W and W_out of the model with most motifs of each setting, A framed in full and B in dots."""
    from matplotlib.patches import Rectangle

    figure, axes = panels(2, len(SETTINGS), size=(4.0, 3.0), title="models with most motifs: A framed, B dotted")
    for column, (n, m, _, _) in enumerate(SETTINGS):
        name = f"{n} in {m}"
        W, W_out = data[f"{name} W"], data[f"{name} W_out"]
        found = find_motifs(W, W_out)[:1]
        for ax, weights, label in zip(axes[:, column], (W, W_out), ("W", "W_out"), strict=True):
            image = draw_signed(ax, weights, f"{n} features, {m} neurons: {label}", 2)
            colour_bar(image, ax)
            ax.set(xlabel="neurons", ylabel="features")
            for one in found:
                for neuron, line in ((one.shared, "-"), (one.inhibitor, ":")):
                    ax.add_patch(
                        Rectangle((neuron - 0.5, -0.45), 1, n - 0.1, fill=False, linestyle=line, linewidth=1.5)
                    )
                row = one.weak if label == "W_out" else one.strong
                for feature, neuron in ((one.strong, one.shared), (one.weak, one.shared), (row, one.inhibitor)):
                    value = weights[feature, neuron]
                    colour = "white" if abs(value) > 1.2 else "black"
                    ax.text(neuron, feature, f"{value:.2g}", ha="center", va="center", size=SMALL, color=colour)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if in one setting models have the motif, some twice, more than twice as often as by chance, and need it.

    By chance: in the same models with every row of W_out dealt to other neurons at random. Need: without the inhibition
    of B the loss is 1.1 times as large (median), and larger than without the strongest other negative weight. With
    other numbers if any model has the motif.
    """
    names = [f"{n} in {m}" for n, m, _, _ in SETTINGS]
    share = np.array([(data[f"{name} motifs"] > 0).mean() for name in names])
    chance = np.array([(data[f"{name} by chance"] > 0).mean() for name in names])
    twice = np.array([(data[f"{name} motifs"] > 1).mean() for name in names])
    harm = np.array([_median(data[f"{name} harm"]) for name in names])
    others = np.array([_median(data[f"{name} harm of others"]) for name in names])
    more = (share > TWICE * chance) & (harm > NEEDED) & (harm > others)
    numbers: dict[str, float] = {}
    for k, name in enumerate(names):
        numbers |= {
            f"models with the motif, {name}": share[k],
            f"with two or more, {name}": twice[k],
            f"with W_out dealt to other neurons, {name}": chance[k],
            f"loss without inhibition / with, {name}": harm[k],
            f"the same for the strongest other negative weight out, {name}": others[k],
            f"monosemantic share, {name}": float(data[f"{name} monosemantic"].mean()),
        }
    found = "; ".join(
        f"{100 * have:.0f} % with {name} neurons ({100 * lucky:.0f} % by chance)"
        for name, have, lucky in zip([f"{n} features in {m}" for n, m, _, _ in SETTINGS], share, chance, strict=True)
    )
    worst = max((value for value in harm if np.isfinite(value)), default=float("nan"))
    return Verdict(
        decide(bool((more & (twice > 0)).any()), bool((share > 0).any())),
        f"Models with the motif: {found}. Without the inhibition the loss is up to {worst:.3g} times as large.",
        numbers,
        ("detector on trained weights", "detector on weights dealt to other neurons", "loss without the inhibition"),
    )


def _median(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")
