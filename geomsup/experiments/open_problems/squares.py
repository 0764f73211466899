"""A4: x² computed by hidden ReLUs, as |x| is."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import in_use, monosemantic
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import colour_bar, draw_signed, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features, Uniform
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="A4",
    title="x² instead of |x|",
    claim="As for |x|, with enough neurons each feature gets one for either sign; with few, sparsity mixes features in "
    "neurons.",
    source="Open problem 4.3 (N. Nanda's list); the expectation is that of the paper's absolute-value model",
    quick={"models": 6, "steps": 4000},
    paper={"models": 20, "steps": 30_000},
)

TARGETS = ("abs", "square")
PROBABILITIES = (0.5, 0.1, 0.03, 0.01)
SMALL_P = 0.5  # density of the three features on six neurons
CLOSE = Threshold(
    0.03, "relative difference from the loss of the best ReLU(a|x| + b) that counts as none: training leaves 0.001"
)


def measure(lab: Lab, models: int, steps: int) -> Data:
    """Train 3 features on 6 neurons and 20 on 8, for either target; return weights and losses of the best."""
    recipe = {"hidden_activation": "relu", "tied": False, "models": models, "steps": steps, "learning_rate": 1e-2}
    recipe |= {"schedule": "cosine", "batch": 512}
    small = _signed(3, SMALL_P)
    data: dict[str, Any] = {"W": [], "W_out": [], "loss": [], "mono": [], "live": []}
    for target in TARGETS:
        run = lab.train(f"{target}, 3 on 6", small, 6, target=target, **recipe)
        best = run.best()
        data["W"].append(best.W)
        data["W_out"].append(best.decoder)
        data["loss"].append(run.expected_loss().min())
        features = [_signed(20, p, 0.8 ** np.arange(20)) for p in PROBABILITIES]
        many = lab.train(f"{target}, 20 on 8", features, 8, target=target, **recipe)
        best_of = [many.best(k) for k in range(len(features))]
        used = [in_use(model.W, model.decoder) for model in best_of]
        data["mono"].append([(monosemantic(model.W) & live).sum() for model, live in zip(best_of, used, strict=True)])
        data["live"].append([live.sum() for live in used])
    return {key: np.array(value) for key, value in data.items()} | {"best_fit": np.array(_best_fit())}


def _signed(n: int, p: float, importance: Any = 1.0) -> Features:
    return Features(n, p, importance, values=Uniform(-1, 1))


def _best_fit() -> float:
    """Return min over a, b of E (x² − ReLU(a|x| + b))² for one feature: what two neurons and a bias can do."""
    from scipy.optimize import minimize

    x = (np.arange(20_000) + 0.5) / 20_000

    def loss(ab: np.ndarray) -> float:
        present = np.mean((x**2 - np.maximum(ab[0] * x + ab[1], 0)) ** 2)
        return float(SMALL_P * present + (1 - SMALL_P) * max(ab[1], 0) ** 2)

    return float(min(minimize(loss, start, method="Nelder-Mead").fun for start in ([1.0, -0.2], [1.0, 0.0])))


def draw(data: Data) -> Any:
    """Draw the input weights of the small models, and fractions of monosemantic neurons of the large ones."""
    figure, axes = panels(1, 3, size=(2.65, 2.8), title="|x| and x² by hidden ReLUs")
    for ax, W, name in zip(axes[0], data["W"], ("|x|", "x²"), strict=False):
        order = np.lexsort((W[np.abs(W).argmax(axis=0), np.arange(W.shape[1])], np.abs(W).argmax(axis=0)))
        image = draw_signed(ax, W[:, order], f"{name}: input weights", np.abs(W).max(), square=True)
        ax.set(xlabel="neuron", ylabel="feature", yticks=range(3))
        colour_bar(image, ax)
    for k, name in enumerate(("|x|", "x²")):
        axes[0, 2].plot(PROBABILITIES, data["mono"][k] / data["live"][k], "o-", color=PALETTE[k], label=name)
    axes[0, 2].set(xscale="log", xlim=(0.7, 0.007), ylim=(-0.05, 1.05), xlabel="density p")
    axes[0, 2].set_title("20 features on 8 neurons:\nfraction of neurons\nthat read one feature", fontsize=9)
    axes[0, 2].legend(frameon=False, fontsize=8)
    return figure


def _split(W: np.ndarray) -> int:
    """Return how many features have a neuron of their own for either sign."""
    first = np.abs(W).argmax(axis=0)
    pure = monosemantic(W)
    signs = np.sign(W[first, np.arange(W.shape[1])])
    held = {(i, s) for i, s, one in zip(first, signs, pure, strict=True) if one}
    return sum((i, 1) in held and (i, -1) in held for i in range(len(W)))


def judge(data: Data) -> Verdict:
    """Hold if for x² each feature has a neuron for either sign, the loss is the best possible, and sparsity mixes.

    The loss must be within 3 % of that of the best ReLU(a|x| + b). Sparsity mixes if with few neurons a smaller
    fraction is monosemantic at the lowest density than at the highest. With other numbers if some feature has its two
    neurons, and sparsity mixes.
    """
    split = [_split(W) for W in data["W"]]
    n = len(data["W"][1])
    ratio = float(data["loss"][1] / (n * data["best_fit"]))
    fraction = data["mono"] / data["live"]
    falls = bool(fraction[1, 0] > fraction[1, -1])
    close = abs(ratio - 1) < CLOSE
    numbers = {f"features with a neuron for either sign, {name}": k for name, k in zip(TARGETS, split, strict=True)} | {
        "loss over that of the best a|x| + b": ratio,
        "loss of |x|, 3 on 6": data["loss"][0],
    }
    numbers |= {
        f"monosemantic part, {name}, p = {p:g}": fraction[k, j]
        for k, name in enumerate(TARGETS)
        for j, p in enumerate(PROBABILITIES)
    }
    return Verdict(
        decide(split[1] == n and close and falls, split[1] > 0 and falls),
        f"x²: {split[1]} of 3 features have a neuron for either sign, and the loss is {ratio:.3f} of the best "
        f"ReLU(a|x| + b)'s. Of 8 neurons for 20 features {100 * fraction[1, 0]:.0f} % are monosemantic at p = "
        f"{PROBABILITIES[0]:g}, {100 * fraction[1, -1]:.0f} % at {PROBABILITIES[-1]:g}.",
        numbers,
        ("weights of trained models", "loss against the best line in |x|"),
    )
