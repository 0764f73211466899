"""E3 and E4: linear models, and ReLU models from dense to sparse, of features whose importance falls."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data, Experiment
from geomsup.experiments.definitions import MOST, shared, stored
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import SMALL, colour_bar, draw_norms, draw_signed, panels
from geomsup.experiments.threshold import Threshold
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features

__all__ = ["EXPERIMENTS", "PROBABILITIES", "draw", "judge", "measure"]

CLAIM = (
    "Linear models always store the m most important features. ReLU models do the same where features are dense; as "
    "they get sparser, the least important are stored first in digons while the most important keep their "
    "dimensions; where they are very sparse all are in superposition, with positive interference and negative biases."
)
EXPERIMENTS = (
    Experiment(
        id="E3",
        title="From dense to sparse: 20 features in 5 dimensions",
        claim=CLAIM,
        source="Elhage et al. 2022, Basic results",
        quick={"n": 20, "m": 5, "ratio": 0.7, "models": 4, "steps": 10_000},
        paper={"n": 20, "m": 5, "ratio": 0.7, "models": 10, "steps": 30_000},
    ),
    Experiment(
        id="E4",
        title="From dense to sparse: 80 features in 20 dimensions",
        claim=CLAIM,
        source="Elhage et al. 2022, Basic results",
        quick={"n": 80, "m": 20, "ratio": 0.9, "models": 1, "steps": 6000},
        paper={"n": 80, "m": 20, "ratio": 0.9, "models": 5, "steps": 20_000},
    ),
)

PROBABILITIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
ALIKE = Threshold(
    0.1,
    "largest deviation of the linear W Wᵀ from the identity on the m most important features: training leaves "
    "0.009, a feature that is not learned 1",
)
POSITIVE = Threshold(
    0.05, "W_i · W_j above which feature j adds to output i: a twentieth of what feature i adds, about 1"
)
ANTIPODAL = Threshold(
    -0.9, "cosine below which two features are a digon: a pentagon's largest angle has −0.81, a digon −1"
)


def measure(lab: Lab, n: int, m: int, ratio: float, models: int, steps: int) -> Data:
    """Train linear models at two densities and ReLU models at seven; return the best of each."""
    features = [Features(n, p, ratio ** np.arange(n)) for p in PROBABILITIES]
    recipe = {"models": models, "steps": steps, "learning_rate": 5e-3, "schedule": "cosine"}
    linear = lab.train("linear", [features[0], features[4]], m, activation="linear", **recipe)
    relu = lab.train("relu", features, m, **recipe)
    best = [relu.best(entry) for entry in range(len(features))]
    return {
        "linear": np.stack([linear.best(entry).W for entry in range(2)]),
        "W": np.stack([model.W for model in best]),
        "b": np.stack([model.b for model in best]),
    }


def draw(data: Data) -> Any:
    """Draw W Wᵀ above the norms of the rows, a column per model."""
    models = [
        ("linear", data["linear"][0]),
        *((f"p = {p:g}", W) for p, W in zip(PROBABILITIES, data["W"], strict=True)),
    ]
    n, m = data["W"].shape[1:]
    columns = len(models) // 2  # two lines of models: a single one is too wide for a page
    figure, grid = panels(4, columns, size=(7.8 / columns, 2.0), title=f"{n} features in {m} dimensions")
    for place, (name, W) in enumerate(models):
        line, column = divmod(place, columns)
        image = draw_signed(grid[2 * line, column], W @ W.T, name, square=True)
        draw_norms(grid[2 * line + 1, column], W)
        grid[2 * line + 1, column].set_xlabel("norms; colour: superposition", fontsize=SMALL)
    colour_bar(image, grid[::2], "W Wᵀ")
    return figure


def judge(data: Data) -> Verdict:
    """Hold if linear, dense, sparser and sparsest models are all as the claim says.

    Linear: W Wᵀ is the identity on the m most important features and 0 elsewhere. Dense (p = 1): ReLU models store
    these features and no others. Sparser: the number stored never falls; where superposition begins, features in
    superposition are less important than all that are stored alone, and most are in digons. Sparsest: all n
    features are in superposition, and most of those stored have a negative bias and positive interference. With other
    numbers if linear models are as claimed, the number stored never falls, and more than m features are in
    superposition at the sparsest.
    """
    n, m = data["W"].shape[1:]
    ideal = np.diag((np.arange(n) < m).astype(float))
    linear = float(np.abs(data["linear"] @ np.swapaxes(data["linear"], 1, 2) - ideal).max())
    kept, sharing = stored(data["W"]), shared(data["W"])
    dense_alike = bool(kept[0, :m].all() and kept[0].sum() == m)
    # At the first density with superposition: do those that share come after all that do not?
    begins = sharing.any(axis=1)
    first = int(np.argmax(begins))
    alone = np.flatnonzero(kept[first] & ~sharing[first])
    least_first = bool(begins.any()) and (not len(alone) or alone.max() < np.flatnonzero(sharing[first]).min())
    pairs = _pairs(data["W"][first], sharing[first])
    all_shared = bool(sharing[-1].all())
    grown = bool((np.diff(kept.sum(axis=1)) >= 0).all())
    negative = float((data["b"][-1, kept[-1]] < 0).mean())
    positive = _positive(data["W"][-1, kept[-1]])
    parts = (
        linear < ALIKE,
        dense_alike,
        least_first,
        pairs > MOST,
        grown,
        all_shared,
        negative > MOST,
        positive > MOST,
    )
    numbers = {f"stored, p = {p:g}": k for p, k in zip(PROBABILITIES, kept.sum(axis=1), strict=True)}
    numbers |= {f"superposed, p = {p:g}": k for p, k in zip(PROBABILITIES, sharing.sum(axis=1), strict=True)}
    numbers |= {
        "largest deviation of the linear W Wᵀ": linear,
        "share of the first superposed features that are in digons": pairs,
        "share of negative biases of those stored, sparsest": negative,
        "share with positive interference of those stored, sparsest": positive,
    }
    return Verdict(
        decide(all(parts), linear < ALIKE and grown and sharing[-1].sum() > m),
        f"ReLU stores {kept[0].sum()} features at p = 1 and {kept[-1].sum()} at p = {PROBABILITIES[-1]:g}, where "
        f"{sharing[-1].sum()} share; sharing begins at p = {PROBABILITIES[first]:g} with features "
        f"{_span(sharing[first])}, {100 * pairs:.0f} % of them in digons. Linear: the {m} most important.",
        numbers,
        ("norms and interference of the rows", "the linear model against the principal components"),
    )


def _pairs(W: np.ndarray, sharing: np.ndarray) -> float:
    """Return the fraction of the sharing rows that have a partner in the opposite direction."""
    unit = W[sharing] / np.linalg.norm(W[sharing], axis=1, keepdims=True)
    return float(((unit @ unit.T).min(axis=1) < ANTIPODAL).mean()) if sharing.any() else 0.0


def _positive(W: np.ndarray) -> float:
    """Return the fraction of the rows that have a product above `POSITIVE` with another row."""
    products = W @ W.T
    np.fill_diagonal(products, 0.0)
    return float((products > POSITIVE).any(axis=1).mean()) if len(W) else 0.0


def _span(mask: np.ndarray) -> str:
    found = np.flatnonzero(mask)
    return f"{found.min()} to {found.max()}" if len(found) else "none"
