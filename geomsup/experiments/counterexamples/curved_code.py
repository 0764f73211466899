"""A23: a learned representation that is not linear: a bottleneck stores features along a curve, not as directions."""

from typing import Any

import numpy as np

from geomsup.experiments.counterexamples.layers import codes, loss, random_layers, train
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "grid", "judge", "measure", "unexplained"]

EXPERIMENT = Experiment(
    id="A23",
    title="A learned code that is not linear",
    claim="A small autoencoder learns to store features otherwise than as directions: it loses less than any linear "
    "code of its size, and a non-linear probe of the code reads a feature that a linear one cannot.",
    source="Open problem 4.17 (N. Nanda's list); Elhage et al. 2022, appendix: nonlinear compression",
    quick={"networks": 8, "hidden": 16, "steps": 3000},
    paper={"networks": 20, "hidden": 64, "steps": 30_000},
)

SIZES = {(2, 1): 20, (3, 2): 8}  # features and code dimensions, and how many values of each feature are trained on
BOTTLENECK = 2  # number of the layer whose output is the code; it is linear
RATE = 1e-2  # of Adam: a third of it ends 1.4 times as high
POINTS = 4000  # random inputs on which probes and losses are measured, half of them to fit the probes
NEIGHBOURS = 8  # of the non-linear probe: the mean feature of the nearest codes
READ = Threshold(
    0.5, "fraction of a feature's variance left by the non-linear probe below which it reads it: half of what it can be"
)
CURVED = Threshold(
    0.5,
    "ratio of what the non-linear and the linear probe leave below which a feature is no direction: 1 for a direction",
)


def measure(lab: Lab, networks: int, hidden: int, steps: int) -> Data:
    """Train autoencoders on a grid of uniform features; probe their codes on random inputs."""
    data: dict[str, Any] = {}
    for k, ((n, m), values) in enumerate(SIZES.items()):

        def compute(n: int = n, m: int = m, values: int = values) -> dict[str, Any]:
            x = grid(n, values)
            layers = random_layers((n, hidden, hidden, m, hidden, hidden, n), networks, seed=0)
            layers = train(layers, x, x, steps, RATE, linear=(BOTTLENECK,))
            fresh = np.random.default_rng(1).uniform(size=(POINTS, n))
            found = codes(layers, fresh, (BOTTLENECK,))
            code, half = found[BOTTLENECK + 1], POINTS // 2
            left = [unexplained(one[:half], fresh[:half], one[half:], fresh[half:]) for one in code]
            best = int(loss(layers, fresh, fresh, (BOTTLENECK,))[0].argmin())
            return {
                "loss": loss(layers, fresh, fresh, (BOTTLENECK,))[0],
                "left": left,
                "decoded": ((found[-1] - fresh) ** 2).mean(axis=1) / fresh.var(axis=0),
                "code": code[best],
                "x": fresh,
            }

        data |= {f"{key} {k}": value for key, value in lab.keep(f"{n} in {m}", compute).items()}
    return data


def grid(n: int, values: int) -> np.ndarray:
    """Return all combinations of n features that have so many evenly spread values in [0, 1].

    Examples
    --------
    >>> grid(1, 2)
    array([[0.25],
           [0.75]])
    """
    axis = (np.arange(values) + 0.5) / values
    return np.stack(np.meshgrid(*[axis] * n, indexing="ij"), axis=-1).reshape(-1, n)


def unexplained(code: np.ndarray, x: np.ndarray, new_code: np.ndarray, new_x: np.ndarray) -> np.ndarray:
    """Return the share of each feature's variance that a linear and a non-linear probe of a code leave, ``(2, n)``.

    Both are fitted to the first codes and tested on the new ones: least squares, and the mean of the nearest codes.
    """
    from scipy.spatial import KDTree

    ones = [np.column_stack([part, np.ones(len(part))]) for part in (code, new_code)]
    linear = ones[1] @ np.linalg.lstsq(ones[0], x, rcond=None)[0]
    near = x[KDTree(code).query(new_code, NEIGHBOURS)[1]].mean(axis=1)
    return np.array([((told - new_x) ** 2).mean(axis=0) / new_x.var(axis=0) for told in (linear, near)])


def draw(data: Data) -> Any:
    """Draw the code of two features in one number, the features over it, and what probes leave."""
    figure, axes = panels(1, 3, size=(4.0, 3.4))
    x, code = data["x 0"], data["code 0"][:, 0]
    points = axes[0, 0].scatter(*x.T, c=code, cmap="viridis", s=5)
    figure.colorbar(points, ax=axes[0, 0], label="code")
    axes[0, 0].set(xlabel="x", ylabel="y", aspect="equal")
    axes[0, 0].set_title("two features in one number", fontsize=10)
    for k, name in enumerate("xy"):
        axes[0, 1].plot(code, x[:, k] + 1.2 * k, ".", color=PALETTE[k], markersize=2, label=name)
    axes[0, 1].set(xlabel="code", yticks=[0.5, 1.7], yticklabels=["x", "y"])
    axes[0, 1].set_title("features over their code", fontsize=10)
    for k, (n, m) in enumerate(SIZES):
        linear, near = data[f"left {k}"].reshape(-1, 2, n).swapaxes(0, 1).reshape(2, -1)
        axes[0, 2].plot(linear, near, "o", color=PALETTE[k], markersize=4, label=f"{n} in {m}")
    axes[0, 2].plot([0, 1], [0, 1], color="grey", linewidth=0.7)
    axes[0, 2].plot([0, 1], [0, CURVED], color="grey", linewidth=0.7, linestyle=":")
    axes[0, 2].set(xlabel="variance left by linear probe", ylabel="by non-linear probe", xlim=(0, 1.05), ylim=(0, 1.05))
    axes[0, 2].set_title("each feature of each network", fontsize=10)
    axes[0, 2].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if at each size all networks lose less than the best linear code, and in most a feature is no direction.

    It is none if the non-linear probe reads it, and leaves less than half of what the linear probe leaves. With other
    numbers if that is so at one size.
    """
    numbers: dict[str, float] = {}
    fits, told = [], []
    for k, (n, m) in enumerate(SIZES):
        linear, near = np.moveaxis(data[f"left {k}"], 1, 0)
        curved = (near < READ) & (near < CURVED * linear)
        ratio = data[f"loss {k}"] / ((n - m) / 12)
        share = float(curved.any(axis=1).mean())
        fits.append(bool((ratio < 1).all()) and share > MOST)
        told.append(f"{ratio.min():.2f} to {ratio.max():.2f}")
        numbers |= {
            f"lowest loss over the best linear code's, {n} in {m}": ratio.min(),
            f"highest, {n} in {m}": ratio.max(),
            f"networks with a feature that is no direction, {n} in {m}": share,
            f"features that are no direction, mean, {n} in {m}": curved.sum(axis=1).mean(),
            f"variance left by the linear probe, mean, {n} in {m}": linear.mean(),
            f"by the non-linear probe, mean, {n} in {m}": near.mean(),
            f"by the network's decoder, mean, {n} in {m}": data[f"decoded {k}"].mean(),
            f"most left by the linear probe, mean over networks, {n} in {m}": linear.max(axis=1).mean(),
        }
    straight, bent = 100 * data["left 0"].mean(axis=(0, 2))
    return Verdict(
        decide(all(fits), any(fits)),
        f"Losses are {' and '.join(told)} times the best linear code's. Of two features in one number a linear probe "
        f"leaves {straight:.0f} %, a non-linear one {bent:.0f} %.",
        numbers,
        ("losses on fresh inputs against (n − m)/12", "linear and nearest-code probes", "the network's own decoder"),
    )
