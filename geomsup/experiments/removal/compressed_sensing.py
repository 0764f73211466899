"""E30: features stored per dimension against the bound of compressed sensing."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="E30",
    title="The bound of compressed sensing",
    claim="Superposition is bounded by compressed sensing, m = Ω(−n (1−S) log(1−S)): the number of features is linear "
    "in m, with a factor that depends on sparsity.",
    source="Elhage et al. 2022, Relationship to compressed sensing",
    quick={"n": 600, "m": [10, 20], "p": [0.15, 0.1, 0.05, 0.02, 0.01], "models": 1, "steps": 2500},
    paper={"n": 1000, "m": [10, 20, 40], "p": [0.3, 0.1, 0.03, 0.01, 0.003, 0.001], "models": 3, "steps": 20_000},
)

STILL = Threshold(1.05, "exponent up to which growth is no faster than the bound: 1, and a twentieth for noise")
LINEAR = Threshold(
    0.15,
    "relative difference of ‖W‖²/m between numbers of dimensions that counts as none: a round number above the "
    "noise of training",
)
FULL = Threshold(0.9, "fraction of all features stored below which their number n does not limit it: 0.56 is measured")


def measure(lab: Lab, n: int, m: list[int], p: list[float], models: int, steps: int) -> Data:
    """Train many more equal features than dimensions; return ‖W‖²/m and features stored per dimension."""
    features = [Features(n, density) for density in p]
    recipe = {"models": models, "steps": steps, "learning_rate": 5e-3, "schedule": "cosine", "batch": 256}
    W = [lab.train(f"m = {size}", features, size, **recipe).W.astype(float) for size in m]
    shape = (len(p), models)
    squares = [(one**2).sum(axis=(1, 2)).reshape(shape) / size for one, size in zip(W, m, strict=True)]
    kept = [stored(one).sum(axis=1).reshape(shape) / size for one, size in zip(W, m, strict=True)]
    return {
        "n": np.array(n),
        "m": np.array(m),
        "p": np.array(p),
        "squares": np.stack(squares),
        "stored": np.stack(kept),
    }


def draw(data: Data) -> Any:
    """Draw features per dimension against 1/(−p ln p), and the bound with the constant that just holds."""
    figure, axes = panels(1, 2, size=(4.6, 3.8))
    room = 1 / _demand(data["p"])
    for ax, name, label in zip(axes[0], ("squares", "stored"), ("‖W‖²/m", "features stored / m"), strict=True):
        for k, m in enumerate(data["m"]):
            ax.plot(room, data[name][k].mean(axis=1), "o-", color=PALETTE[k], label=f"m = {m}")
        constant = (data[name].mean(axis=2) / room).max()
        ax.plot(room, constant * room, "k:", label=f"{constant:.2f} / (−p ln p)")
        ax.set(xscale="log", yscale="log", xlabel="1 / (−p ln p)", ylabel=label)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("{x:g}")
            axis.set_tick_params(which="minor", labelsize=7)
        ax.legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if ‖W‖²/m does not depend on m, and features per dimension grow no faster than 1/(−p ln p) at the end.

    Not depend: at the largest and the smallest m it differs by less than 15 %. At the end: between the two sparsest
    densities, for ‖W‖²/m and for features stored per dimension. Less than nine in ten of all features may be stored.
    With other numbers if only the dependence on m is larger.
    """
    demand = _demand(data["p"])
    squares, kept = data["squares"].mean(axis=2), data["stored"].mean(axis=2)
    apart = float(np.abs(squares[-1] / squares[0] - 1).max())
    product = {"‖W‖²/m": squares * demand, "stored / m": kept * demand}
    slopes, ends = {}, {}
    for name, values in (("‖W‖²/m", squares), ("stored / m", kept)):
        room, grown = -np.log(demand), np.log(values.mean(axis=0))
        slopes[name] = float(np.polyfit(room, grown, 1)[0])
        ends[name] = float((grown[-1] - grown[-2]) / (room[-1] - room[-2]))
    # Some constant bounds all only if the number no longer outgrows 1/(−p ln p) where features are sparsest.
    bounded = all(end <= STILL for end in ends.values())
    full = float(kept.max() * data["m"].max() / data["n"])
    numbers = {f"least constant, {name}": float(values.max()) for name, values in product.items()}
    numbers |= {f"exponent, {name}": slope for name, slope in slopes.items()}
    numbers |= {f"exponent at the sparse end, {name}": end for name, end in ends.items()}
    numbers |= {
        "largest difference between numbers of dimensions": apart,
        "largest part of all features stored": full,
        "features per dimension, densest": float(squares[:, 0].mean()),
        "features per dimension, sparsest": float(squares[:, -1].mean()),
        "features stored per dimension, densest": float(kept[:, 0].mean()),
        "features stored per dimension, sparsest": float(kept[:, -1].mean()),
    }
    return Verdict(
        decide(bounded and apart < LINEAR and full < FULL, bounded and full < FULL),
        f"Features stored per dimension grow from {kept[:, 0].mean():.2f} to {kept[:, -1].mean():.2f}, as 1/(−p ln p) "
        f"to the power {slopes['stored / m']:.2f}, at the sparse end {ends['stored / m']:.2f}. ‖W‖²/m differs by up "
        f"to {100 * apart:.0f} % between numbers of dimensions.",
        numbers,
        ("norms", "features stored"),
    )


def _demand(p: np.ndarray) -> np.ndarray:
    """Return −p ln p: the dimensions per feature that compressed sensing needs, up to a constant factor."""
    return -p * np.log(p)
