"""What E3 and E4 share: a linear model, and ReLU models from dense to sparse, of features of falling importance."""

from typing import Any

import numpy as np

from geomsup.experiments.declaration import Data
from geomsup.experiments.lab import Lab
from geomsup.experiments.pictures import draw_gram, draw_norms, interference, panels
from geomsup.experiments.verdict import Verdict, decide
from geomsup.features import Features

__all__ = ["PROBABILITIES", "SWEEP_CLAIM", "draw_sweep", "judge_sweep", "measure_sweep"]

PROBABILITIES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
STORED, SUPERPOSED = 0.5, 0.2  # norm from which a feature counts as stored; interference from which it shares
POSITIVE = 0.05  # W_i · W_j from which another feature is said to add to an output
SWEEP_CLAIM = (
    "Linear models always store the m most important features. ReLU models do the same where features are dense; as "
    "they get sparser, the least important are stored first in antipodal pairs while the most important keep their "
    "dimensions; where they are very sparse all are in superposition, with positive interference and negative biases."
)


def measure_sweep(lab: Lab, n: int, m: int, ratio: float, models: int, steps: int) -> Data:
    """Train linear models at both ends and ReLU models at seven densities; return the best of each."""
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


def draw_sweep(data: Data) -> Any:
    """Draw W Wᵀ over the norms, a column per model."""
    models = [
        ("linear", data["linear"][0]),
        *((f"p = {p:g}", W) for p, W in zip(PROBABILITIES, data["W"], strict=True)),
    ]
    n, m = data["W"].shape[1:]
    figure, axes = panels(2, len(models), size=(1.9, 2.1), title=f"{n} features in {m} dimensions")
    for column, (name, W) in enumerate(models):
        draw_gram(axes[0, column], W, name)
        draw_norms(axes[1, column], W)
    axes[1, 0].set_title("norms; colour: superposition", fontsize=8)
    return figure


def judge_sweep(data: Data) -> Verdict:
    """Hold if each part of the claim does."""
    n, m = data["W"].shape[1:]
    ideal = np.diag((np.arange(n) < m).astype(float))
    linear = float(np.abs(data["linear"] @ np.swapaxes(data["linear"], 1, 2) - ideal).max())
    stored = np.linalg.norm(data["W"], axis=2) > STORED
    shared = stored & (interference(data["W"]) > SUPERPOSED)
    dense_alike = bool(stored[0, :m].all() and stored[0].sum() == m)
    # At the first density with superposition: do those that share come after all that do not?
    begins = shared.any(axis=1)
    first = int(np.argmax(begins))
    alone = np.flatnonzero(stored[first] & ~shared[first])
    least_first = bool(begins.any()) and (not len(alone) or alone.max() < np.flatnonzero(shared[first]).min())
    pairs = _pairs(data["W"][first], shared[first])
    all_shared = bool(shared[-1].all())
    grown = bool((np.diff(stored.sum(axis=1)) >= 0).all())
    negative = float((data["b"][-1, stored[-1]] < 0).mean())
    positive = _positive(data["W"][-1, stored[-1]])
    parts = (linear < 0.1, dense_alike, least_first, pairs > 0.5, grown, all_shared, negative > 0.5, positive > 0.5)
    numbers = {f"stored, p = {p:g}": k for p, k in zip(PROBABILITIES, stored.sum(axis=1), strict=True)}
    numbers |= {f"superposed, p = {p:g}": k for p, k in zip(PROBABILITIES, shared.sum(axis=1), strict=True)}
    numbers |= {
        "largest deviation of the linear W Wᵀ": linear,
        "share of first superposed features that are antipodal pairs": pairs,
        "share of negative biases of those stored, sparsest": negative,
        "share with positive interference of those stored, sparsest": positive,
    }
    return Verdict(
        decide(all(parts), linear < 0.1 and grown and shared[-1].sum() > m),
        f"Linear: the {m} most important, to {linear:.2g}. "
        f"ReLU stores {_listed(stored.sum(axis=1))} features at p = {_listed(PROBABILITIES)}, "
        f"of which {_listed(shared.sum(axis=1))} share; superposition begins "
        f"at p = {PROBABILITIES[first]:g} with features {_span(shared[first])}, "
        f"{100 * pairs:.0f} % of them in antipodal pairs; at p = {PROBABILITIES[-1]:g} {100 * negative:.0f} % of the "
        f"stored ones have negative biases, and {100 * positive:.0f} % positive interference.",
        numbers,
        ("norms and interference of the rows", "the linear model against the principal components"),
    )


def _pairs(W: np.ndarray, shared: np.ndarray) -> float:
    """Return which part of the shared rows has a partner in the opposite direction."""
    unit = W[shared] / np.linalg.norm(W[shared], axis=1, keepdims=True)
    return float(((unit @ unit.T).min(axis=1) < -0.9).mean()) if shared.any() else 0.0


def _positive(W: np.ndarray) -> float:
    """Return which part of the rows has a product above `POSITIVE` with another."""
    products = W @ W.T
    np.fill_diagonal(products, 0.0)
    return float((products > POSITIVE).any(axis=1).mean()) if len(W) else 0.0


def _listed(values: Any) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _span(mask: np.ndarray) -> str:
    found = np.flatnonzero(mask)
    return f"{found.min()} to {found.max()}" if len(found) else "none"
