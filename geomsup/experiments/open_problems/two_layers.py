"""A6: max(|x|, |y|) through one hidden layer and through two."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features, Uniform
from geomsup.model import ToyModel
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="A6",
    title="max(|x|, |y|) through two hidden layers",
    claim="The larger and the smaller of |x| and |y| need two hidden layers: absolute values, then their maximum.",
    source="Open problem 4.14 (N. Nanda's list); the expectation is a reader's",
    quick={"models": 10, "steps": 4000, "pairs": 4, "neurons": 16},
    paper={"models": 20, "steps": 30_000, "pairs": 4, "neurons": 16},
)

ONE = (2, 4, 6, 8)  # neurons of one layer
TWO = ((2, 2), (4, 2), (4, 4), (6, 4))  # neurons of the first and the second layer
P = 0.6  # density of the single pair
EXACT = Threshold(
    0.01,
    "loss / variance of the targets below which a network computes them: 1e-10 or less, or 0.06 or more, is measured",
)
ROUNDING = Threshold(1e-12, "error of an explicit network that is rounding: products and sums of order 1 leave 1e-16")
CORNERS = np.array([[1, 1, -1, -1], [1, -1, 1, -1]], dtype=float)
AXES = np.array([[1, -1, 0, 0], [0, 0, 1, -1]], dtype=float)


def measure(lab: Lab, models: int, steps: int, pairs: int, neurons: int) -> Data:
    """Train one pair on several sizes of one and two layers, many pairs on equal totals; return relative losses."""
    recipe = {"target": "abs_pairs", "hidden_activation": "relu", "tied": False, "models": models, "steps": steps}
    recipe |= {"learning_rate": 1e-2, "schedule": "cosine", "batch": 512}
    pair, many = _signed(2, P), [_signed(2 * pairs, p) for p in (P, 0.1)]
    scale = _variance(pair)
    one = [lab.train(f"one layer of {m}", pair, m, **recipe).expected_loss().min() for m in ONE]
    two = [lab.train(f"layers {m}", pair, m, **recipe).expected_loss().min() for m in TWO]
    splits = (neurons, (neurons // 2, neurons // 2))
    wide = [
        np.nanmin(lab.train(f"{pairs} pairs, {m}", many, m, **recipe).expected_loss().reshape(2, -1), axis=1)
        for m in splits
    ]
    return {
        "one": np.array(one) / scale,
        "two": np.array(two) / scale,
        "wide": np.array(wide) / np.array([_variance(f) for f in many]),
        "explicit": np.array([_error(_one_layer()), _error(_two_layers())]),
        "sizes": np.array([pairs, neurons]),
    }


def _signed(n: int, p: float) -> Features:
    return Features(n, p, values=Uniform(-1, 1))


def _targets(x: np.ndarray) -> np.ndarray:
    x = np.abs(x).reshape(len(x), -1, 2)
    return np.stack([x.max(axis=2), x.min(axis=2)], axis=2).reshape(len(x), -1)


def _variance(features: Features) -> float:
    return float(_targets(features.sample(100_000, 0)).var(axis=0).sum())


def _one_layer() -> ToyModel:
    """Return eight neurons that compute both, as max = (|x + y| + |x − y|)/2 and min = |x| + |y| − max."""
    half = np.full(4, 0.5)
    return ToyModel(
        np.hstack([CORNERS, AXES]),
        hidden_activation="relu",
        W_out=np.stack([np.append(half, np.zeros(4)), np.append(-half, np.ones(4))]),
    )


def _two_layers() -> ToyModel:
    """Return 4 + 3 neurons that compute both: first |x| and |y|, then their sum and their differences."""
    between = np.array([[1.0, 1, -1], [1, 1, -1], [1, -1, 1], [1, -1, 1]])
    W_out = np.array([[0.5, 0.5, 0.5], [0.5, -0.5, -0.5]])
    return ToyModel(AXES, hidden_activation="relu", W_out=W_out, W_between=between)


def _error(model: ToyModel) -> float:
    x = np.random.default_rng(0).uniform(-1, 1, (10_000, 2))
    return float(np.abs(model(x) - _targets(x)).max())


def draw(data: Data) -> Any:
    """Draw the losses over the number of neurons."""
    pairs, neurons = data["sizes"]
    figure, axes = panels(1, 2, size=(4.6, 3.4), title="larger and smaller of |x| and |y|")
    axes[0, 0].semilogy(ONE, data["one"], "o-", color=PALETTE[0], label="one hidden layer")
    axes[0, 0].semilogy([a + b for a, b in TWO], data["two"], "s-", color=PALETTE[1], label="two hidden layers")
    for (a, b), loss in zip(TWO, data["two"], strict=True):
        axes[0, 0].annotate(f"{a} + {b}", (a + b, loss), (5, 5), textcoords="offset points", fontsize=8)
    axes[0, 0].axhline(EXACT, color="grey", linewidth=0.7)
    axes[0, 0].set(xlabel="neurons", ylabel="loss / variance of the targets", xlim=(1.5, 11.5), ylim=(None, 10))
    axes[0, 0].set_title(f"one pair, p = {P:g}", fontsize=10)
    axes[0, 0].legend(frameon=False, fontsize=8)
    for k, p in enumerate((P, 0.1)):
        axes[0, 1].bar(np.arange(2) + 0.36 * k - 0.18, data["wide"][:, k], 0.34, color=PALETTE[k], label=f"p = {p:g}")
    axes[0, 1].set_xticks([0, 1], [f"one layer of {neurons}", f"{neurons // 2} + {neurons // 2}"])
    axes[0, 1].set_ylabel("loss / variance of the targets")
    axes[0, 1].set_title(f"{pairs} pairs on {neurons} neurons", fontsize=10)
    axes[0, 1].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if no single layer computes the targets, trained or explicit, and two layers do.

    With other numbers if trained networks of two layers need fewer neurons.
    """
    sums = np.array([sum(m) for m in TWO])
    alone = [m for m, loss in zip(ONE, data["one"], strict=True) if loss < EXACT]
    both = sums[data["two"] < EXACT]
    fewest = float(min(alone)) if alone else np.inf
    least = float(both.min()) if len(both) else np.inf
    explicit = bool(data["explicit"][0] < ROUNDING)
    numbers = {f"loss over variance, one layer of {m}": v for m, v in zip(ONE, data["one"], strict=True)}
    numbers |= {f"loss over variance, {a} + {b}": v for (a, b), v in zip(TWO, data["two"], strict=True)}
    numbers |= {
        f"{layers}, several pairs, p = {p:g}": data["wide"][k, j]
        for k, layers in enumerate(("one layer", "two layers"))
        for j, p in enumerate((P, 0.1))
    }
    numbers |= {
        "largest error of the explicit layer of 8": data["explicit"][0],
        "largest error of the explicit 4 + 3": data["explicit"][1],
    }
    numbers |= {"fewest neurons that compute it, one layer": fewest, "fewest, two layers": least}
    return Verdict(
        decide(not alone and not explicit and bool(len(both)), least < fewest),
        f"One layer of 8 computes both exactly (error {data['explicit'][0]:.1g}), as max = (|x + y| + |x − y|)/2. "
        f"Trained, one layer gets below {100 * EXACT:g} % of the variance with {_count(fewest)}, two layers with "
        f"{_count(least)}.",
        numbers,
        ("trained losses", "an explicit network of one layer without error"),
    )


def _count(neurons: float) -> str:
    return f"{neurons:g} neurons" if np.isfinite(neurons) else "no number of neurons that was tried"
