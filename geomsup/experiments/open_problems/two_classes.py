"""A3: two classes of features, dense and very sparse."""

from typing import Any

import numpy as np

from geomsup.dimensions import dimensionality
from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import SHARED, interference, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features
from geomsup.model import ToyModel
from geomsup.optima import optimum
from geomsup.plot.palette import PALETTE

__all__ = ["EXPERIMENT", "draw", "judge", "measure"]

EXPERIMENT = Experiment(
    id="A3",
    title="Dense and very sparse features together",
    claim="Of features that are worth the same, dense ones keep dimensions of their own and very sparse ones share.",
    source="Open problem 4.4 (N. Nanda's list); the expectation is a reader's",
    quick={"models": 3, "steps": 4000, "starts": 4},
    paper={"models": 10, "steps": 20_000, "starts": 32},
)

DENSE = 0.8  # by the paper's theory such features have dimensions of their own; optima share some even there
SPARSE = (0.8, 0.2, 0.05, 0.01)
GAP = Threshold(
    0.1, "by which D of dense features must exceed that of sparse ones: a fifth of the 1/2 of a feature in a digon"
)
RARE = Threshold(0.05, "largest density that is very sparse: less than a tenth of the dense features'")


def measure(lab: Lab, models: int, steps: int, starts: int) -> Data:
    """Train with equal and with balanced importances; return the best models, and optima of a small case.

    Balanced: importances are 1/p, so that a sparse feature is worth as much as a dense one.
    """
    trained, small = [], []
    for balanced in (False, True):
        features = [_features(20, p, balanced) for p in SPARSE]
        recipe = {"models": models, "steps": steps, "learning_rate": 1e-2, "schedule": "cosine", "batch": 512}
        run = lab.train(f"20 in 8, {'balanced' if balanced else 'equal'}", features, 8, **recipe)
        trained.append([run.best(k).W for k in range(len(features))])
        name = f"6 in 2, {'balanced' if balanced else 'equal'}"
        small.append(lab.keep(name, lambda balanced=balanced: _optima(balanced, starts))["W"])
    return {"W": np.array(trained), "small": np.array(small)}


def _features(n: int, sparse: float, balanced: bool) -> Features:
    """Return n features: the first half dense, the second sparse."""
    p = np.repeat([DENSE, sparse], n // 2)
    return Features(n, p, DENSE / p if balanced else 1.0)


def _optima(balanced: bool, starts: int) -> Data:
    """Return the optimal W of 6 features in 2 dimensions at every density."""
    models: list[ToyModel] = [optimum(_features(6, p, balanced), 2, starts=starts).model for p in SPARSE]
    return {"W": np.stack([model.W for model in models])}


def _by_class(W: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the means of values ``(..., n)`` of the dense and of the sparse half, over stored features."""
    kept = stored(W)
    halves = [slice(None, W.shape[-2] // 2), slice(W.shape[-2] // 2, None)]
    sums = [np.where(kept, values, 0)[..., half].sum(axis=-1) for half in halves]
    counts = [kept[..., half].sum(axis=-1) for half in halves]
    return np.stack([s / np.maximum(c, 1) for s, c in zip(sums, counts, strict=True)], axis=-1)


def _stored(W: np.ndarray) -> np.ndarray:
    """Return how many features of each class are stored, ``(..., 2)``."""
    half = W.shape[-2] // 2
    return np.stack([stored(W[..., :half, :]).sum(axis=-1), stored(W[..., half:, :]).sum(axis=-1)], axis=-1)


def _between(W: np.ndarray) -> np.ndarray:
    """Return the `interference` that comes from the other class, ``(..., n)``."""
    half = W.shape[-2] // 2
    dense, sparse = W.copy(), W.copy()
    dense[..., half:, :], sparse[..., :half, :] = 0, 0
    own = np.concatenate([interference(dense)[..., :half], interference(sparse)[..., half:]], axis=-1)
    return interference(W) - own


def draw(data: Data) -> Any:
    """Draw D_i of both classes over the density of the sparse, and how many are stored."""
    figure, axes = panels(2, 2, size=(4.2, 2.8), title="20 features in 8 dimensions, half of density 0.8")
    for column, title in enumerate(("equal importance", "importance 1/p")):
        D, counts = dimensionality(data["W"][column], orientation="rows"), _stored(data["W"][column])
        for k, (label, colour) in enumerate((("dense", PALETTE[0]), ("sparse", PALETTE[1]))):
            half = slice(10 * k, 10 * k + 10)
            for p, row in zip(SPARSE, D, strict=True):
                axes[0, column].plot(np.full(10, p * 1.06 ** (2 * k - 1)), row[half], ".", color=colour, alpha=0.6)
            axes[1, column].plot(SPARSE, counts[:, k], "o-", color=colour, label=label)
        axes[0, column].set_title(title, fontsize=10)
        axes[0, column].set(xscale="log", xlim=(1, 0.007), ylim=(-0.05, 1.05), ylabel="dimensionality D")
        axes[1, column].set(xscale="log", xlim=(1, 0.007), ylim=(-0.5, 10.5), ylabel="features stored")
        axes[1, column].set_xlabel("density of the sparse class")
        axes[1, column].legend(frameon=False, fontsize=8)
    return figure


def judge(data: Data) -> Verdict:
    """Hold if at importance 1/p and p <= 0.05 stored sparse features share and dense ones do not, trained and optimal.

    A class shares if its mean interference is above 0.2. With other numbers if this holds for either the trained models
    or the optima, and in both D of dense features is larger by 0.1.
    """
    sizes = {"20 in 8": data["W"], "6 in 2, exact": data["small"]}
    D = {key: _by_class(W, dimensionality(W, orientation="rows")) for key, W in sizes.items()}
    overlap = {key: _by_class(W, interference(W)) for key, W in sizes.items()}
    between = {key: _by_class(W, _between(W)) for key, W in sizes.items()}
    counts = {key: _stored(W) for key, W in sizes.items()}
    rare = np.array(SPARSE) <= RARE
    kept = [bool((c[1, rare] > 0).all()) for c in counts.values()]  # means of no features say nothing
    alone = [
        bool(some and (s[1, rare, 0] < SHARED).all() and (s[1, rare, 1] > SHARED).all())
        for some, s in zip(kept, overlap.values(), strict=True)
    ]
    gaps = [
        bool(some and (d[1, rare, 0] > d[1, rare, 1] + GAP).all()) for some, d in zip(kept, D.values(), strict=True)
    ]
    numbers = {
        f"{what} {kind}, {size}, {importance}, sparse p = {p:g}": table[size][row, k, c]
        for size in sizes
        for row, importance in enumerate(("equal", "importance 1/p"))
        for k, p in enumerate(SPARSE)
        for c, kind in enumerate(("dense", "sparse"))
        for what, table in (
            ("stored", counts),
            ("D of", D),
            ("interference of", overlap),
            ("from the other class:", between),
        )
    }
    mine, exact = counts["20 in 8"][1, -1], overlap["6 in 2, exact"][1, -1]
    return Verdict(
        decide(all(alone), any(alone) and all(gaps)),
        f"At importance 1/p and p = {SPARSE[-1]:g}, {mine[0]} dense and {mine[1]} sparse features of 10 each are "
        f"stored, with interference {overlap['20 in 8'][1, -1, 0]:.2f} and {overlap['20 in 8'][1, -1, 1]:.2f} (exact "
        f"optimum of 3 + 3 in 2 dimensions: {exact[0]:.2f} and {exact[1]:.2f}).",
        numbers,
        ("trained models of 20 features", "exact optima of 6 features"),
    )
