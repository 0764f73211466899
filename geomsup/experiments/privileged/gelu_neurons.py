"""A42: hidden GELUs against hidden ReLUs: neurons of one feature, and losses."""

from typing import Any

import numpy as np

from geomsup.activations import resolve_activation
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import monosemantic, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import colour_bar, draw_signed, panels
from geomsup.experiments.privileged.neurons import dedicated, falling
from geomsup.experiments.privileged.solu import DENSITIES, descend, random_start, responses
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE
from geomsup.training import TrainingRun

__all__ = ["EXPERIMENT", "draw", "judge", "linear_part", "measure"]

EXPERIMENT = Experiment(
    id="A42",
    title="Hidden GELU against hidden ReLU",
    claim="With hidden GELUs as many neurons hold one feature as with hidden ReLUs, at every density, and losses are "
    "alike.",
    source="Open problem 4.41 (N. Nanda's list); the expectation is ours, from E24 and A2",
    quick={"models": 100, "steps": 1500, "polish": 3000, "samples": 2**16, "starts": 6, "descents": 1500},
    paper={"models": 1000, "steps": 10_000, "polish": 20_000, "samples": 2**19, "starts": 40, "descents": 10_000},
)

KINDS = ("relu", "gelu")
P = (0.7, 0.5, 0.35, 0.25, 0.15, 0.07, 0.03)  # from one feature a neuron to none, by E24
N, M, RATIO = 10, 5, 0.75  # as E24
NEAR = Threshold(1, "neurons by which counts may differ: the best of many models differs by one from seed to seed")
ALIKE = Threshold(
    0.1,
    "relative difference of losses that counts as alike: a round number above the 0.02 by which the two best "
    "models of a search differ at most",
)


def measure(lab: Lab, models: int, steps: int, polish: int, samples: int, starts: int, descents: int) -> Data:
    """Train both kinds at each density, keep the best, train it on; then descend exact losses of binary features.

    Features of the first toy are uniform, and the decoder is Wᵀ, as E24's. In the second a gain is free, so that units
    may work at any scale; losses are sums over all states.
    """
    features = falling(N, list(P), RATIO)
    data: dict[str, Any] = {name: [] for name in ("W", "loss", "second", "linear")}
    for kind in KINDS:
        recipe = {"hidden_activation": kind, "schedule": "cosine"}
        first = {"models": models, "steps": steps, "batch": 128, "learning_rate": 1e-2}
        many = lab.train(f"many {kind}", features, M, **first, **recipe)
        for k, entry in enumerate(features):
            x = entry.sample(samples, 42 + k)
            order = _losses(many, k, x, entry).argsort()
            ends = [
                lab.train(
                    f"{kind}, p = {P[k]:g}, number {rank}", entry, M, model=many.model(k * models + int(order[rank])),
                    steps=polish, batch=512, learning_rate=3e-3, **recipe,
                ).model(0)
                for rank in range(2)
            ]  # fmt: skip
            losses = [_loss(model, x, entry) for model in ends]
            best = ends[int(np.argmin(losses))]
            data["W"].append(best.W)
            data["loss"].append(min(losses))
            data["second"].append(max(losses))
            data["linear"].append(linear_part(best, x))
    shape = len(KINDS), len(P)
    told = {name: np.array(values).reshape(*shape, *np.shape(values[0])) for name, values in data.items()}
    return told | _binary(lab, starts, descents)


def _losses(run: TrainingRun, k: int, x: np.ndarray, features: Features) -> np.ndarray:
    """Return the losses of the models of one density on the same samples."""
    models = run.W.shape[0] // len(P)
    return np.array([_loss(run.model(k * models + i), x, features) for i in range(models)])


def _loss(model: ToyModel, x: np.ndarray, features: Features) -> float:
    return float((((model(x) - x) ** 2) @ features.importance).mean())


def linear_part(model: ToyModel, x: np.ndarray) -> float:
    """Return the part of the units' variance that a linear function of their own inputs explains, mean over units.

    Units that hardly vary are left out. It is 1 for a linear unit, and for a ReLU that is always open.
    """
    z, h = x @ model.W, model.hidden(x)
    z, h = z - z.mean(axis=0), h - h.mean(axis=0)
    total = (h**2).mean(axis=0)
    used = total > 1e-3 * total.max()
    both = (z * h).mean(axis=0)[used]
    return float((both**2 / (z**2).mean(axis=0)[used] / total[used]).mean())


def _binary(lab: Lab, starts: int, descents: int) -> dict[str, np.ndarray]:
    """Return losses and responses of the best descents on exact losses, with a free gain."""

    def best(kind: str, p: float) -> dict[str, np.ndarray]:
        loss, model = min((descend(random_start(seed), (kind,), p, descents) for seed in range(starts)), key=_first)
        return {"loss": np.array(loss), "response": responses(model, (kind,))}

    parts = [
        lab.keep(f"binary {kind}, p = {p:g}", lambda kind=kind, p=p: best(kind, p)) for kind in KINDS for p in DENSITIES
    ]
    found = {f"binary_{name}": np.stack([part[name] for part in parts]) for name in parts[0]}
    return {name: array.reshape(len(KINDS), len(DENSITIES), *array.shape[1:]) for name, array in found.items()}


def _first(found: tuple[float, Any]) -> float:
    return found[0]


def draw(data: Data) -> Any:
    """Draw the functions, counts, losses and linear parts over density, and W of both kinds at three densities."""
    figure, axes = panels(2, 6, size=(2.1, 2.7), title=f"{N} features on {M} neurons, importance {RATIO:g}^i")
    z = np.linspace(-3, 3, 121)
    for k, kind in enumerate(KINDS):
        style = {"color": PALETTE[k], "marker": "o", "markersize": 4}
        axes[0, 0].plot(z, resolve_activation("hidden_activation", kind)(z), color=PALETTE[k], label=kind)
        axes[0, 1].plot(P, dedicated(data["W"][k]).sum(axis=-1), **style)
        axes[0, 1].plot(
            DENSITIES, monosemantic(data["binary_response"][k]).sum(axis=-1), "x--", color=PALETTE[k], markersize=5
        )
        axes[0, 3].plot(P, data["linear"][k], **style)
        for column, j in enumerate((1, 3, 5)):
            W = data["W"][k, j]
            order = np.argsort(np.argmax(np.abs(W), axis=0), kind="stable")
            image = draw_signed(axes[1, 3 * k + column], W[:, order], f"{kind}, p = {P[j]:g}", 1.6)
    axes[0, 2].plot(P, data["loss"][1] / data["loss"][0], "o-", color=PALETTE[1], markersize=4)
    axes[0, 2].plot(DENSITIES, data["binary_loss"][1] / data["binary_loss"][0], "x--", color=PALETTE[1], markersize=5)
    axes[0, 2].axhline(1, color="grey", linewidth=0.7)
    axes[0, 0].set_title("hidden function", fontsize=9)
    axes[0, 0].legend(frameon=False, fontsize=8)
    titles = ("monosemantic neurons", "loss of GELU / ReLU", "linear part of units")
    for ax, title in zip(axes[0, 1:4], titles, strict=True):
        ax.set(xscale="log", xlabel="p", ylim=(0, None))
        ax.set_xticks([0.03, 0.1, 0.3], ["0.03", "0.1", "0.3"])
        ax.minorticks_off()
        ax.set_title(title, fontsize=9)
    colour_bar(image, axes[1])
    axes[0, 4].plot([], [], "o-", color="grey", label="uniform, decoder Wᵀ")
    axes[0, 4].plot([], [], "x--", color="grey", label="binary, free gain")
    axes[0, 4].legend(frameon=False, fontsize=8, loc="upper left")
    for ax in axes[0, 4:]:
        ax.set_axis_off()
    return figure


def judge(data: Data) -> Verdict:
    """Hold if counts of neurons of one feature differ by one at most and losses by a tenth, always in both toys.

    With other numbers if in the first toy, as with ReLUs, all neurons hold one feature at the densest and none at the
    sparsest, and counts differ by one at most.
    """
    counts = dedicated(data["W"]).sum(axis=-1)
    binary = monosemantic(data["binary_response"]).sum(axis=-1)
    ratio, binary_ratio = (data[name][1] / data[name][0] for name in ("loss", "binary_loss"))
    near = bool((np.abs(counts[1] - counts[0]) <= NEAR).all())
    both = near and bool((np.abs(binary[1] - binary[0]) <= NEAR).all())
    alike = bool((np.abs(np.concatenate([ratio, binary_ratio]) - 1) < ALIKE).all())
    falls = bool((counts[:, 0] == M).all() and (counts[:, -1] == 0).all())
    numbers: dict[str, float] = {}
    for j, p in enumerate(P):
        for k, kind in enumerate(KINDS):
            numbers |= {
                f"monosemantic neurons, {kind}, p = {p:g}": counts[k, j],
                f"features stored, {kind}, p = {p:g}": stored(data["W"][k, j]).sum(),
                f"linear part of units, {kind}, p = {p:g}": data["linear"][k, j],
                f"excess of the second best, {kind}, p = {p:g}": data["second"][k, j] / data["loss"][k, j] - 1,
            }
        numbers[f"loss of GELU over ReLU, p = {p:g}"] = ratio[j]
    for j, p in enumerate(DENSITIES):
        numbers |= {f"monosemantic neurons, {kind}, binary, p = {p:g}": binary[k, j] for k, kind in enumerate(KINDS)}
        numbers[f"loss of GELU over ReLU, binary, p = {p:g}"] = binary_ratio[j]
    return Verdict(
        decide(both and alike, near and falls),
        f"Neurons of one feature, p = {P[0]:g} to {P[-1]:g}: {_list(counts[0])} with ReLUs, {_list(counts[1])} with "
        f"GELUs. GELUs lose {ratio.min():.2f} to {ratio.max():.2f} times as much (binary: from "
        f"{binary_ratio.min():.2f}).",
        numbers,
        ("best of many trainings on the same samples", "exact losses of binary features from many starts"),
    )


def _list(values: Any) -> str:
    return ", ".join(f"{value:g}" for value in values)
