"""The spectral method: one-dimensional Fourier series, as long as the accuracy asked for needs."""

import numpy as np

from geomsup.features import Features
from geomsup.loss.outputs import OutputLosses

__all__ = ["spectral_losses"]

# Lengths a series may have: half-octaves from 32, where the first guess is made, to where patience ends.
GRID = np.unique(np.round(32 * 2.0 ** (np.arange(23) / 2)))


def spectral_losses(
    coupling: np.ndarray, surplus: np.ndarray, b: np.ndarray, features: Features, rtol: float, gradient: bool
) -> OutputLosses:
    """Return the losses of ReLU outputs, truncated so that the weighted total is within `rtol` if it can be."""
    from geomsup.loss.spectral_kernels import spectral_outputs, spectral_tails

    low = np.full(features.n, features.values.low)
    width = np.full(features.n, features.values.high - features.values.low)
    law = (b, features.probability, low, width)
    importance = features.importance
    tails = spectral_tails(coupling, *law, GRID)
    weighted = importance[:, None] * tails

    def series(choice: np.ndarray, with_gradient: bool) -> OutputLosses:
        value, rounding, slope_coupling, slope_b = spectral_outputs(
            coupling, surplus, *law, GRID[choice].astype(np.int64), with_gradient
        )
        error = rounding + np.take_along_axis(tails, choice[:, None], axis=1)[:, 0]
        return OutputLosses(value, error, slope_coupling, slope_b)

    # A short series says how large the loss is, and so how long a series the relative accuracy needs.
    result = series(np.zeros(features.n, np.int64), False)
    share = 0.5 * rtol / features.n
    for attempt in range(4):
        total = float(importance @ result.value)
        goal = share * max(total, rtol * float(importance @ features.variance))
        choice = np.minimum((weighted > goal).sum(axis=1), len(GRID) - 1)
        result = series(choice, gradient)
        if importance @ result.error <= rtol * (importance @ result.value) or (choice == len(GRID) - 1).all():
            break
        share /= 4
    return result
