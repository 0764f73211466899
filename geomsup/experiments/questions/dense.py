"""Q2: which bias and loss are best when every feature is always present?"""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import draw_gram, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.optima import optimum
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure", "sampled_loss"]

EXPERIMENT = Experiment(
    id="Q2",
    title="Optimal bias at p = 1",
    claim="When every feature is always present the best model should be the linear one: m directions of principal "
    "components, the mean of the rest as bias (asked in a replicator's note).",
    source="a replicator's note on Elhage et al. 2022",
    quick={"starts": 24, "samples": 1_000_000},
    paper={"starts": 128, "samples": 20_000_000},
)

SIZES = ((2, 1), (3, 1), (3, 2), (4, 2), (5, 2), (5, 3))
MEAN = 0.5  # of a feature that is always present
SAME = Threshold(
    1e-6, "relative gain over the linear solution below which the optimum is that solution: descents end within it"
)
NEAR = Threshold(
    0.02, "relative gain below which the optimum is nearly that solution: a round number above the 0.004 measured"
)


def sampled_loss(W: np.ndarray, b: np.ndarray, samples: int, linear: bool = False) -> np.ndarray:
    """Return the loss of each of `samples` inputs with all features present, by code of its own."""
    x = np.random.default_rng(1).random((samples, len(W)))
    out = x @ (W @ W.T) + b
    return ((x - (out if linear else np.maximum(out, 0))) ** 2).sum(axis=1)


def measure(lab: Lab, starts: int, samples: int) -> Data:
    """Find the exact optima at p = 1; return their losses, and those on samples, with principal components'."""

    def one(n: int, m: int) -> dict[str, Any]:
        found = optimum(Features(n, 1.0), m, starts=starts)
        W, b = found.model.W, found.model.b
        components = np.linalg.svd(W, full_matrices=False)[0]
        rest = MEAN * (1 - components @ components.sum(axis=0))
        # As features are alike any m directions are principal; those near W make the difference of losses quiet.
        gain = sampled_loss(components, rest, samples, linear=True) - sampled_loss(W, b, samples)
        return {
            "loss": found.loss, "gram": W @ W.T, "b": b, "gain": gain.mean(),
            "error": gain.std() / samples**0.5, "negative": (_outputs(W, b, samples) < 0).mean(),
        }  # fmt: skip

    parts = [lab.keep(f"{n} in {m}", lambda n=n, m=m: one(n, m)) for n, m in SIZES]
    data: dict[str, Any] = {
        name: np.array([part[name] for part in parts]) for name in ("loss", "gain", "error", "negative")
    }
    for (n, m), part in zip(SIZES, parts, strict=True):
        data |= {f"gram {n} in {m}": part["gram"], f"b {n} in {m}": part["b"]}
    return data


def _outputs(W: np.ndarray, b: np.ndarray, samples: int) -> np.ndarray:
    return np.random.default_rng(2).random((samples, len(W))) @ (W @ W.T) + b


def _offsets(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest deviations of W Wᵀ from a projector and of b from (1 - W Wᵀ) E x, for each size."""
    projector, bias = [], []
    for n, m in SIZES:
        gram, b = data[f"gram {n} in {m}"], data[f"b {n} in {m}"]
        values = np.linalg.eigvalsh(gram)
        projector.append(np.abs(values - (np.arange(n) >= n - m)).max())
        bias.append(np.abs(b - (np.eye(n) - gram) @ np.full(n, MEAN)).max())
    return np.array(projector), np.array(bias)


def draw(data: Data) -> Any:
    """Draw W Wᵀ of three optima and their biases against (1 - W Wᵀ) E x."""
    figure, axes = panels(1, 4, size=(2.9, 3.0), title="Optima at p = 1")
    for ax, (n, m) in zip(axes[0], ((2, 1), (3, 2), (5, 2)), strict=False):
        draw_gram(ax, np.linalg.cholesky(data[f"gram {n} in {m}"] + 1e-12 * np.eye(n)), f"W Wᵀ, {n} in {m}")
    ax = axes[0, 3]
    for k, (n, m) in enumerate(SIZES):
        gram = data[f"gram {n} in {m}"]
        ax.plot(
            (np.eye(n) - gram) @ np.full(n, MEAN), data[f"b {n} in {m}"], "o", color=PALETTE[k], label=f"{n} in {m}"
        )
    ax.axline((0, 0), slope=1, color="black", linewidth=0.6)
    ax.set(xlabel="(1 − W Wᵀ) E x", ylabel="optimal b")
    ax.legend(frameon=False, fontsize=7)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if the optimum is the linear solution, whose loss is 1/12 for each dimension that is missing.

    By its loss: the optimum may lose one part in a million less. With other numbers if it loses at most 2 % less.
    """
    linear = np.array([(n - m) / 12 for n, m in SIZES])
    gain = 1 - data["loss"] / linear
    sigma = data["gain"] / data["error"]
    projector, bias = _offsets(data)
    agree = float((np.abs(data["gain"] - (linear - data["loss"])) / data["error"]).max())
    words = [f"{n} in {m}" for n, m in SIZES]
    numbers = {f"gain over the linear loss, {word}": g for word, g in zip(words, gain, strict=True)}
    numbers |= {f"gain on samples, {word}": g for word, g in zip(words, data["gain"] / linear, strict=True)}
    numbers |= {
        "largest deviation of b from (1 - W Wᵀ) E x": bias.max(),
        "largest deviation of eigenvalues of W Wᵀ from 0 and 1": projector.max(),
        "part of outputs clipped, largest": data["negative"].max(),
        "least gain on samples, in standard errors": sigma.min(),
        "largest difference of samples and exact losses, in standard errors": agree,
    }
    return Verdict(
        decide(bool((gain < SAME).all()), bool((gain < NEAR).all())),
        f"Exact optima lose {100 * gain.min():.2g} to {100 * gain.max():.2g} % less than the linear solution (on "
        f"samples by {sigma.min():.0f} standard errors or more); b is within {bias.max():.2g} of (1 − W Wᵀ) E x, but "
        f"up to {100 * data['negative'].max():.1f} % of outputs are clipped.",
        numbers,
        ("exact optima against the linear closed form", "losses of fresh samples"),
    )
