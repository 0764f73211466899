"""Monte Carlo estimate of the loss: the check on the exact methods, never the source of a result."""

from dataclasses import dataclass

import numpy as np

from geomsup.features import Features
from geomsup.model import ToyModel

__all__ = ["SampledLosses", "sampled_losses"]

CHUNK_ENTRIES = 4_000_000  # inputs drawn at a time: 32 MB


@dataclass(frozen=True)
class SampledLosses:
    """Means over samples: weighted loss per output, its standard error as a sum, slopes as in `OutputLosses`."""

    per_feature: np.ndarray
    standard_error: float
    slope_coupling: np.ndarray
    slope_b: np.ndarray


def sampled_losses(model: ToyModel, features: Features, samples: int, rng: np.random.Generator) -> SampledLosses:
    """Average over `samples` draws, in chunks."""
    n = features.n
    per_feature, slope_coupling, slope_b = np.zeros(n), np.zeros((n, n)), np.zeros(n)
    total, total_square = 0.0, 0.0
    coupling = model.coupling
    chunk = max(1, CHUNK_ENTRIES // n)
    for start in range(0, samples, chunk):
        x = features.sample(min(chunk, samples - start), rng)
        u = x @ coupling.T + model.b
        open_ = u > 0 if model.activation == "relu" else np.ones_like(u, dtype=bool)
        residual = np.where(open_, u, 0.0) - x
        losses = features.importance * residual**2
        per_feature += losses.sum(axis=0)
        each = losses.sum(axis=1)
        total += each.sum()
        total_square += (each**2).sum()
        slope = 2 * residual * open_
        slope_coupling += slope.T @ x
        slope_b += slope.sum(axis=0)
    variance = max(total_square / samples - (total / samples) ** 2, 0.0)
    return SampledLosses(
        per_feature / samples, float(np.sqrt(variance / samples)), slope_coupling / samples, slope_b / samples
    )
