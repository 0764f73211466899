"""The demo: the paper's introductory figure, trained, named and compared with the optimum."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup.comparison import Comparison, compare
from geomsup.features import Features
from geomsup.recognition import classify
from geomsup.threads import Progress
from geomsup.training import train_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Demo", "run_demo"]

N_FEATURES, N_HIDDEN = 5, 2
# Ten probabilities from 1 to 1/20 and importances 0.9^i, as in the introduction of elhage2022.
PROBABILITIES = 20.0 ** -np.linspace(0, 1, 10)
IMPORTANCE = 0.9 ** np.arange(N_FEATURES)


@dataclass(frozen=True, eq=False)
class Demo:
    """For every sparsity: the best trained model and the optimum, and the losses and names of all models."""

    comparisons: tuple[Comparison, ...]
    losses: np.ndarray
    names: tuple[tuple[str, ...], ...]

    def rows(self) -> list[dict[str, Any]]:
        """Return the table, a row per sparsity."""
        return [self._row(index) for index in range(len(self.comparisons))]

    def _row(self, index: int) -> dict[str, Any]:
        best = self.comparisons[index]
        stored = [f for part in best.geometry.components for f in part.features]
        return {
            "sparsity": float(1 - best.optimum.features.probability.mean()),
            "geometry": best.geometry.name,
            "models": f"{self.names[index].count(best.geometry.name)}/{len(self.names[index])}",
            "not_represented": len(best.geometry.not_represented),
            "D": float(best.geometry.dimensionality[stored].mean()),
            "loss": best.loss,
            "optimum": best.optimum.loss,
            "optimal_geometry": best.optimum.geometry.name,
            "excess": best.excess,
        }

    def plot(self) -> "Figure":
        """Draw the figure; returns a matplotlib Figure."""
        from geomsup.plot import plot_sparsities

        return plot_sparsities(self.comparisons, list(self.losses))


def run_demo(
    *,
    models: int = 6,
    steps: int = 10_000,
    batch: int = 1024,
    seed: int = 0,
    starts: int = 24,
    progress: Progress = None,
) -> Demo:
    """Train `models` models at each of ten sparsities, name them, and compare the best with the optimum.

    Parameters
    ----------
    models, steps, batch, seed
        As in `train`.
    starts
        Starts of each search for the optimum.
    progress
        Called as ``progress(stage, fraction done)``.
    """
    report = progress or (lambda stage, fraction: None)
    features = [Features(N_FEATURES, p, IMPORTANCE) for p in PROBABILITIES]
    run = train_whole(
        features, N_HIDDEN, models=models, steps=steps, batch=batch, seed=seed,
        progress=report,
    )  # fmt: skip
    losses = run.expected_loss().reshape(len(features), models)
    comparisons, names = [], []
    for index, entry in enumerate(features):
        first = index * models
        best = run.model(first + int(losses[index].argmin()))
        comparisons.append(compare(best, entry, starts=starts, rng=seed))
        names.append(tuple(classify(W, orientation="rows").name for W in run.W[first : first + models]))
        report("comparing", (index + 1) / len(features))
    return Demo(tuple(comparisons), losses, tuple(names))
