"""A11: vector-symbolic operations on the rows of a trained W."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure", "multiply", "recall"]

EXPERIMENT = Experiment(
    id="A11",
    title="Vector-symbolic operations",
    claim="With many features in many dimensions, sums, permutations, products by smooth units and clean-up work on "
    "the rows of W as on random vectors.",
    source="A reader's comment on n ≫ d ≫ 1; operations: Kleyko et al. 2021 (arXiv 2106.05268)",
    uses="A10",
    quick={"trials": 1000},
    paper={"trials": 10_000},
)

COUNTS = (1, 2, 4, 8, 12, 16)
OPERATIONS = ("bundle", "sequence", "record", "clean-up")
STEP = 0.1  # scale at which products are computed by GELUs: their error grows with its square
SCALES = (0.3, 0.1, 0.03)  # at which the error of products is measured
BETA = 20.0  # inverse temperature of clean-up
CLOSE = Threshold(
    0.05, "difference from random items' accuracy that counts as none: three standard errors of 1000 trials"
)
NEAR = Threshold(0.15, "difference from random items' accuracy that is small: three times `CLOSE`")
SERIES = Threshold(
    0.01,
    "relative difference of products' errors from the series' that counts as none: its next term gives 0.0004 at s "
    "= 0.03",
)
WORKS = Threshold(0.9, "fraction of two items read back above which an operation works: guessing gives 1 in 1000")


def measure(lab: Lab, trials: int) -> Data:
    """Store items in sums, by place and by key, read them back, and predict the accuracy of random items."""
    items = lab.data_of("A10")["W"]
    items = items / np.linalg.norm(items, axis=1, keepdims=True)
    n, d = items.shape
    chance = np.random.default_rng(1).normal(size=items.shape)
    chance /= np.linalg.norm(chance, axis=1, keepdims=True)
    tries = {"accuracy": items, "random": chance}
    kept = lab.keep("accuracy", lambda: {name: _accuracies(rows, trials) for name, rows in tries.items()})
    return {
        "accuracy": kept["accuracy"],
        "random": kept["random"],
        "predicted": np.array([[_predict(name, k, n, d) for k in COUNTS] for name in OPERATIONS]),
        "product": np.array([_product_error(scale) for scale in SCALES]),
        "size": np.array([n, d]),
    }


def _accuracies(items: np.ndarray, trials: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.array([[_try(name, items, k, trials, rng) for k in COUNTS] for name in OPERATIONS])


def _try(name: str, items: np.ndarray, count: int, trials: int, rng: np.random.Generator) -> float:
    """Return the fraction of items read back right when `count` are stored together."""
    n, d = items.shape
    chosen = np.argsort(rng.random((trials, n)), axis=1)[:, :count]
    rows = items[chosen]
    if name == "bundle":
        scores = rows.sum(axis=1) @ items.T
        stored = np.take_along_axis(scores, chosen, 1)
        np.put_along_axis(scores, chosen, -np.inf, 1)
        return float((stored > scores.max(axis=1, keepdims=True)).mean())
    if name == "sequence":  # place k is marked by a permutation of the axes, applied k times
        turned = _permutations(rng, count, d)
        total = np.zeros((trials, d))
        for k, turn in enumerate(turned):
            total += rows[:, k, turn]
        read = [total[:, np.argsort(turn)] for turn in turned]
        return float(np.mean([(part @ items.T).argmax(axis=1) == chosen[:, k] for k, part in enumerate(read)]))
    if name == "record":
        keys = rng.choice([-1.0, 1.0], (count, d))
        total = multiply(rows, keys).sum(axis=1)
        return float(
            np.mean([(multiply(total, key) @ items.T).argmax(axis=1) == chosen[:, k] for k, key in enumerate(keys)])
        )
    noise = rng.normal(size=(trials, d)) * np.sqrt((count - 1) / d)
    cleaned = _clean_up(rows[:, 0] + noise, items)
    return float((np.sum(cleaned * rows[:, 0], axis=1) > 0.5 * np.linalg.norm(cleaned, axis=1)).mean())


def _permutations(rng: np.random.Generator, count: int, d: int) -> list[np.ndarray]:
    """Return the first `count` powers of one random permutation, from the identity on."""
    turn, powers = rng.permutation(d), [np.arange(d)]
    for _ in range(count - 1):
        powers.append(powers[-1][turn])
    return powers


def _clean_up(h: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Return h after two steps of h ← softmax(β h · items) · items."""
    for _ in range(2):
        scores = BETA * h @ items.T
        weights = np.exp(scores - scores.max(axis=1, keepdims=True))
        h = weights / weights.sum(axis=1, keepdims=True) @ items
    return h


def _pair(z: np.ndarray) -> np.ndarray:
    """Return GELU(z) + GELU(−z) = z erf(z/√2), about √(2/π) z²."""
    from scipy.special import erf

    return z * erf(z / np.sqrt(2))


def multiply(x: np.ndarray, y: np.ndarray, scale: float = STEP) -> np.ndarray:
    """Return approximately x y, entry by entry, by four GELUs: ((x + y)² − (x − y)²)/4.

    Examples
    --------
    >>> bool(abs(multiply(np.array(0.5), np.array(-0.4)) + 0.2) < 1e-3)
    True
    """
    return (_pair(scale * (x + y)) - _pair(scale * (x - y))) / (4 * scale**2 * np.sqrt(2 / np.pi))


def _product_error(scale: float) -> list[float]:
    """Return the rms error of products of U[−1, 1] values, and that of the series: s² x y (x² + y²)/3."""
    x, y = np.random.default_rng(0).uniform(-1, 1, (2, 100_000))
    off, series = multiply(x, y, scale) - x * y, -(scale**2) * x * y * (x**2 + y**2) / 3
    return [float(np.sqrt((off**2).mean())), float(np.sqrt((series**2).mean()))]


def recall(right: float, wrong: float, rivals: int) -> float:
    """Return the probability that 1 + right z exceeds `rivals` normal numbers of standard deviation `wrong`.

    Examples
    --------
    >>> round(recall(0.0, 1e-9, 10), 6), round(recall(1.0, 1e9, 1), 3)
    (1.0, 0.5)
    """
    from scipy.special import log_ndtr

    z = np.linspace(-8, 8, 4001)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    beats = np.exp(rivals * log_ndtr((1 + right * z) / wrong))
    return float(np.trapezoid(density * beats, z))


def _predict(name: str, count: int, n: int, d: int) -> float:
    """Return the accuracy that independent cosines, distributed as N(0, 1/d), would give."""
    if name == "clean-up":
        # The noise adds N(0, (count - 1)/d) to the score of every item; rivals also score their cosine with the item.
        sigma = np.sqrt((count - 1) / d)
        return recall(sigma, float(np.sqrt(count / d)), n - 1)
    rivals = n - count if name == "bundle" else n - 1
    return recall(float(np.sqrt((count - 1) / d)), float(np.sqrt(count / d)), rivals)


def draw(data: Data) -> Any:
    """Draw accuracies over the number of items, and errors of products."""
    n, d = data["size"]
    figure, axes = panels(1, 3, size=(3.9, 3.2), title=f"{n} items in {d} dimensions")
    names = ("read from a sum", "read by place", "read by key", "clean-up")
    for k, name in enumerate(names):
        ax = axes[0, 0] if k < 3 else axes[0, 1]
        ax.plot(COUNTS, data["accuracy"][k], "o", color=PALETTE[k], label=name)
        ax.plot(COUNTS, data["random"][k], "x", color=PALETTE[k])
        ax.plot(COUNTS, data["predicted"][k], color=PALETTE[k], linewidth=1)
    axes[0, 0].set(xlabel="items stored", ylabel="read back right", ylim=(0, 1.05))
    axes[0, 1].set(xlabel="1 + variance of noise × d", ylabel="cleaned up right", ylim=(0, 1.05))
    axes[0, 0].legend(frameon=False, fontsize=8, title="×: random items; lines: predicted", title_fontsize=8)
    axes[0, 1].legend(frameon=False, fontsize=8)
    axes[0, 2].loglog(SCALES, data["product"][:, 0], "o", color=PALETTE[0], label="by GELUs")
    axes[0, 2].loglog(SCALES, data["product"][:, 1], color="black", linewidth=1, label="s² x y (x² + y²)/3")
    axes[0, 2].set_xticks(SCALES, [f"{s:g}" for s in SCALES])
    axes[0, 2].minorticks_off()
    for ax in axes[0, :2]:
        ax.set_xticks(COUNTS)
    axes[0, 2].set(xlabel="scale s", ylabel="rms error of products")
    axes[0, 2].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if accuracies are within 0.05 of random items', and the error of products within 1 % of the series'.

    With other numbers if accuracies are within 0.15, or if every operation reads back nine in ten items when two are
    stored.
    """
    off = np.abs(data["accuracy"] - data["random"]).max(axis=1)
    ratio = data["product"][:, 0] / data["product"][:, 1]
    series = bool(abs(ratio[-1] - 1) < SERIES)
    numbers: dict[str, float] = {}
    for k, name in enumerate(OPERATIONS):
        numbers[f"largest difference from random items, {name}"] = off[k]
        for j, count in enumerate(COUNTS):
            numbers[f"accuracy, {name}, {count}"] = data["accuracy"][k, j]
            numbers[f"predicted, {name}, {count}"] = data["predicted"][k, j]
    chance = float(np.abs(data["random"] - data["predicted"]).max())
    numbers["largest difference from the prediction, random items"] = chance
    numbers |= {f"error of products over the series', s = {s:g}": r for s, r in zip(SCALES, ratio, strict=True)}
    works = data["accuracy"][:, COUNTS.index(2)].min()
    middle = COUNTS.index(4)
    return Verdict(
        decide(bool((off < CLOSE).all()) and series, (bool((off < NEAR).all()) and series) or works > WORKS),
        f"Of 4 items stored {100 * data['accuracy'][0, middle]:.0f} % are read from a sum, "
        f"{100 * data['accuracy'][1, middle]:.0f} % by place and {100 * data['accuracy'][2, middle]:.0f} % by key; "
        f"accuracies differ from random items' by up to {off.max():.3f}. The error of products is "
        f"{ratio[-1]:.4f} times the series'.",
        numbers,
        (
            "accuracies against those of random items and of independent normal scores",
            "products against the series of z erf(z/√2)",
        ),
    )
