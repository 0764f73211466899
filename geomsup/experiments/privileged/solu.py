"""A41: does a hidden SoLU make neurons monosemantic, and does a LayerNorm let superposition back in?"""

from typing import Any

import numpy as np

from geomsup.activations import resolve_activation
from geomsup.experiments.adam import adam, falling
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import NEARLY_ALL, monosemantic, neuron_shares
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE

__all__ = [
    "DENSITIES",
    "EXPERIMENT",
    "descend",
    "draw",
    "hidden",
    "judge",
    "loss_and_gradient",
    "measure",
    "probabilities",
    "random_start",
    "refitted",
    "responses",
]

EXPERIMENT = Experiment(
    id="A41",
    title="Hidden SoLU, with and without LayerNorm",
    claim="A hidden SoLU, z softmax(z), makes neurons monosemantic. A LayerNorm behind it lets superposition back in: "
    "it magnifies small activations, and features that live in these are lost without it.",
    source="Elhage et al. 2022, Softmax linear units; open problem 4.39 (N. Nanda's list)",
    quick={"starts": 8, "steps": 2000},
    paper={"starts": 40, "steps": 10_000},
)

N, M, RATIO = 10, 5, 0.75  # as E24: features, neurons, importance RATIO^i
DENSITIES = (0.5, 0.2, 0.1, 0.05, 0.02)
KINDS = {"relu": ("relu",), "solu": ("solu",), "solu, layernorm": ("solu", "layernorm")}
SPREAD, RATE, SMALL = 0.5, 0.02, 1e-10  # of the starts' weights; of Adam, whose slopes get small at exact losses
KEPT = 1e-9  # probability from which a state counts: all others together have less than 1e-6
PART = Threshold(
    0.5,
    "explained part of a feature's variance above which it is stored: half way from that of no model to that of a "
    "perfect one",
)
LOST = Threshold(
    0.5, "part of the stored features that must be lost with the LayerNorm for it to carry them: half, as most are"
)
SPARSE = Threshold(0.1, "largest density that is sparse: on average one of the 10 features is present")
DEDICATED = 2.0  # weight of a neuron for its feature where a descent starts at monosemantic neurons
NOISE = 0.02  # on the weights there: a row of zeros would have no gradient

FUNCTIONS = {name: resolve_activation("hidden_activation", name) for name in ("relu", "gelu", "solu", "layernorm")}
STATES = (np.arange(2**N)[:, None] >> np.arange(N) & 1).astype(float)  # all inputs: features are there (1) or not (0)
IMPORTANCE = RATIO ** np.arange(N)

Model = tuple[np.ndarray, np.ndarray, np.ndarray]  # W (n, m), a gain, biases (n,): outputs ReLU(gain a Wᵀ + b)


def measure(lab: Lab, starts: int, steps: int) -> Data:
    """Descend the exact loss of binary features for each hidden layer and density; keep the best of all starts.

    One start more has a neuron for each of the most important features. Of the models with a LayerNorm, measure what
    is left if it is replaced by a constant.
    """
    parts = [
        lab.keep(f"{kind}, p = {p:g}", lambda kind=kind, p=p: _best(KINDS[kind], p, starts, steps))
        for kind in KINDS
        for p in DENSITIES
    ]
    shape = len(KINDS), len(DENSITIES)
    data = {name: np.stack([part[name] for part in parts]) for name in parts[0]}
    return {name: array.reshape(*shape, *array.shape[1:]) for name, array in data.items()}


def _best(layers: tuple[str, ...], p: float, starts: int, steps: int) -> Data:
    """Return the best model and what it stores; the same of the descent from monosemantic neurons; both losses."""
    tried = [descend(random_start(seed), layers, p, steps) for seed in range(starts)]
    own = descend(_dedicated(), layers, p, steps)
    loss, model = min([*tried, own], key=lambda found: found[0])
    constant = refitted(model, layers, p) if "layernorm" in layers else (loss, _explained(model, layers, p))
    scale = p * (1 - p) * IMPORTANCE.sum()
    data = {
        "W": model[0], "gain": model[1], "b": model[2], "loss": loss / scale, "own_loss": own[0] / scale,
        "random_loss": np.array([found[0] for found in tried]) / scale,
        "response": responses(model, layers), "own_response": responses(own[1], layers),
        "explained": _explained(model, layers, p),
        "constant_loss": constant[0] / scale, "constant_explained": constant[1],
    }  # fmt: skip
    return {name: np.asarray(value) for name, value in data.items()}


def random_start(seed: int) -> Model:
    """Return weights to start from, with gain 1 and no biases."""
    return np.random.default_rng(seed).normal(size=(N, M)) * SPREAD, np.array(1.0), np.zeros(N)


def _dedicated() -> Model:
    noise = NOISE * np.random.default_rng(0).normal(size=(N, M))
    return DEDICATED * np.eye(N, M) + noise, np.array(1.0), np.zeros(N)


def probabilities(p: float) -> np.ndarray:
    """Return the probability of each state."""
    count = STATES.sum(axis=1)
    return p**count * (1 - p) ** (N - count)


def hidden(W: np.ndarray, x: np.ndarray, layers: tuple[str, ...]) -> list[np.ndarray]:
    """Return x W, and what each function of the hidden layer makes of it."""
    found = [x @ W]
    for name in layers:
        found.append(FUNCTIONS[name](found[-1]))
    return found


def loss_and_gradient(model: Model, layers: tuple[str, ...], p: float) -> tuple[float, Model]:
    """Return the exact loss, a sum over all states, and its gradient by the parts of the model."""
    chance = probabilities(p)
    x, chance = STATES[chance > KEPT], chance[chance > KEPT]
    W, gain, b = model
    inner = hidden(W, x, layers)
    u = gain * inner[-1] @ W.T + b
    error = np.maximum(u, 0) - x
    loss = float((error**2 @ IMPORTANCE) @ chance)
    pull = 2 * error * (u > 0) * IMPORTANCE * chance[:, None]
    back = gain * pull @ W
    for name, z in zip(layers[::-1], inner[-2::-1], strict=True):
        back = FUNCTIONS[name].pulled(z, back)
    return loss, (x.T @ back + gain * pull.T @ inner[-1], ((pull @ W) * inner[-1]).sum(), pull.sum(axis=0))


def descend(model: Model, layers: tuple[str, ...], p: float, steps: int) -> tuple[float, Model]:
    """Return the loss and the model after steps of Adam on the exact loss, at a rate that falls to 0."""

    def slopes(parts: list[np.ndarray]) -> Model:
        return loss_and_gradient((parts[0], parts[1], parts[2]), layers, p)[1]

    W, gain, b = adam(model, slopes, steps, lambda step: falling(step, steps, RATE), small=SMALL)
    end = W, gain, b
    return loss_and_gradient(end, layers, p)[0], end


def _explained(model: Model, layers: tuple[str, ...], p: float) -> np.ndarray:
    """Return the part of each feature's variance that outputs explain."""
    W, gain, b = model
    return _part(np.maximum(gain * hidden(W, STATES, layers)[-1] @ W.T + b, 0), p)


def _part(outputs: np.ndarray, p: float) -> np.ndarray:
    return 1 - probabilities(p) @ (outputs - STATES) ** 2 / (p * (1 - p))


def responses(model: Model, layers: tuple[str, ...]) -> np.ndarray:
    """Return the activations before a LayerNorm by each feature alone, less those by none, ``(n, m)``."""
    first = layers[:1]
    alone, none = (hidden(model[0], x, first)[-1] for x in (np.eye(N), np.zeros((1, N))))
    return alone - none


def refitted(model: Model, layers: tuple[str, ...], p: float) -> tuple[float, np.ndarray]:
    """Return loss and explained parts with a constant in place of the LayerNorm's root, and new gain and biases.

    The mean is still taken off. Gain and biases are the best: the constant is part of the gain.
    """
    from scipy.optimize import minimize

    a = hidden(model[0], STATES, layers)[1]
    seen = (a - a.mean(axis=1, keepdims=True)) @ model[0].T
    chance = probabilities(p)

    def loss(part: np.ndarray) -> tuple[float, np.ndarray]:
        u = part[0] * seen + part[1:]
        error = np.maximum(u, 0) - STATES
        pull = 2 * error * (u > 0) * IMPORTANCE * chance[:, None]
        return float((error**2 @ IMPORTANCE) @ chance), np.append((pull * seen).sum(), pull.sum(axis=0))

    root = np.sqrt(a.var(axis=1) @ chance)
    gains = model[1] / root * np.geomspace(0.1, 10, 9)
    found = min(
        (minimize(loss, np.append(gain, model[2]), jac=True, method="L-BFGS-B") for gain in gains),
        key=lambda one: one.fun,
    )
    return float(found.fun), _part(np.maximum(found.x[0] * seen + found.x[1:], 0), p)


def draw(data: Data) -> Any:
    """Draw monosemantic neurons, losses and features stored over density, and activations of one density."""
    figure, axes = panels(2, 3, size=(3.4, 2.9), title=f"{N} binary features on {M} neurons, importance {RATIO:g}^i")
    for k, kind in enumerate(KINDS):
        style = {"color": PALETTE[k], "marker": "o", "label": kind}
        axes[0, 0].plot(DENSITIES, monosemantic(data["response"][k]).sum(axis=-1), **style)
        axes[0, 1].plot(DENSITIES, data["loss"][k], **style)
        axes[0, 2].plot(DENSITIES, (data["explained"][k] > PART).sum(axis=-1), **style)
        ax = axes[1, k]
        _stack(ax, data["response"][k, 2])
        ax.set_title(f"{kind}: |activation| by\neach feature alone, p = {DENSITIES[2]:g}", fontsize=9)
    axes[0, 1].plot(DENSITIES, data["constant_loss"][2], "x--", color=PALETTE[2], label="its root replaced")
    stored = (data["constant_explained"][2] > PART).sum(axis=-1)
    axes[0, 2].plot(DENSITIES, stored, "x--", color=PALETTE[2], label="its root replaced")
    for ax, title in zip(axes[0], ("monosemantic neurons", "loss / that of no model", "features stored"), strict=True):
        ax.set(xscale="log", xlabel="p", ylim=(0, None))
        ax.set_xticks(DENSITIES, [f"{p:g}" for p in DENSITIES])
        ax.minorticks_off()
        ax.set_title(title, fontsize=9)
    axes[0, 0].legend(frameon=False, fontsize=8)
    axes[0, 2].legend(frameon=False, fontsize=8)
    return figure


def _stack(ax: Any, response: np.ndarray) -> None:
    """Draw each neuron's activations by features alone as a stack, the largest below."""
    for neuron, values in enumerate(np.abs(response.T)):
        base = 0.0
        for i in np.argsort(-values):
            ax.bar(neuron, values[i], bottom=base, color=PALETTE[i % len(PALETTE)], edgecolor="white", linewidth=0.6)
            base += values[i]
    ax.set(xticks=[], xlabel="neurons")


def judge(data: Data) -> Verdict:
    """Hold if SoLU neurons are monosemantic, fewer are with a LayerNorm, and its root carries most stored features.

    At each density nearly all SoLU neurons must be monosemantic, by their activations by features alone, and with a
    LayerNorm fewer. At p <= 0.1 most features stored with a LayerNorm must be lost if a constant stands for its root.
    With other numbers if SoLU has more monosemantic neurons than ReLU in all, and a LayerNorm fewer than SoLU.
    """
    counts = monosemantic(data["response"]).sum(axis=-1)  # (kinds, densities)
    by_weight = monosemantic(data["W"]).sum(axis=-1)
    relu, solu, normed = counts.sum(axis=-1)
    before, after = (data[name][2] > PART for name in ("explained", "constant_explained"))
    lost = 1 - (before & after).sum(axis=-1) / before.sum(axis=-1)
    worse = data["constant_loss"][2] / data["loss"][2]
    shares = neuron_shares(data["response"][1]).mean(axis=-1)
    left = monosemantic(data["own_response"][1]).sum(axis=-1)
    numbers: dict[str, float] = {}
    for j, p in enumerate(DENSITIES):
        for k, kind in enumerate(KINDS):
            numbers |= {
                f"monosemantic by activation, {kind}, p = {p:g}": counts[k, j],
                f"monosemantic by weights, {kind}, p = {p:g}": by_weight[k, j],
                f"mean largest share of a neuron, {kind}, p = {p:g}": neuron_shares(data["response"][k, j]).mean(),
                f"loss over that of no model, {kind}, p = {p:g}": data["loss"][k, j],
                f"features stored, {kind}, p = {p:g}": (data["explained"][k, j] > PART).sum(),
            }
        numbers |= {
            f"monosemantic after a start with one feature a neuron, solu, p = {p:g}": left[j],
            f"its loss over the best, solu, p = {p:g}": data["own_loss"][1, j] / data["loss"][1, j],
            f"loss with a constant over that with the root, p = {p:g}": worse[j],
            f"part of the stored features that are lost with it, p = {p:g}": lost[j],
        }
    single = bool((counts[1] >= NEARLY_ALL * M).all())
    smuggled = bool((lost[np.array(DENSITIES) <= SPARSE] > LOST).all())
    return Verdict(
        decide(single and bool((counts[2] < counts[1]).all()) and smuggled, solu > relu and normed < solu),
        f"Monosemantic neurons, of {counts[0].size * M} at all densities: {relu} (ReLU), {solu} (SoLU), {normed} (with "
        f"LayerNorm), though largest shares reach {shares.max():.2f} with SoLU. A constant for its root costs "
        f"{worse.min():.1f} to {worse.max():.1f} times the loss.",
        numbers,
        ("activations by features alone", "weights", "descents from one feature a neuron", "exact losses"),
    )
