"""The spectral method: one-dimensional Fourier series, as long as the accuracy asked for needs."""

import numpy as np

from geomsup.features import Features
from geomsup.loss.outputs import OutputLosses

__all__ = ["spectral_losses"]

# Lengths a series may have: quarter-octaves from 16 to where patience ends.
GRID = np.unique(np.round(16 * 2.0 ** (np.arange(49) / 4)))
ROUGH = 0.02  # accuracy of the first estimate, as a fraction of Σ I Var x


def spectral_losses(
    coupling: np.ndarray, surplus: np.ndarray, b: np.ndarray, features: Features, rtol: float, gradient: bool
) -> OutputLosses:
    """Return the losses of ReLU outputs, truncated so that the weighted total is within `rtol` if it can be."""
    from geomsup.loss.spectral_kernels import spectral_outputs, spectral_periods, spectral_tails

    low = np.full(features.n, features.values.low)
    width = np.full(features.n, features.values.high - features.values.low)
    law = (b, features.probability, low, width)
    importance = features.importance
    cost = float(importance @ features.variance)

    def series(goal: float, gradient: bool) -> tuple[OutputLosses, bool]:
        """Evaluate to an absolute accuracy of about `goal`; say whether a longer series could still help."""
        share = goal / features.n / np.maximum(importance, np.finfo(float).tiny)
        periods, overflow = spectral_periods(coupling, *law, 0.1 * share)
        tails = spectral_tails(coupling, *law, periods, GRID)
        choice = np.minimum((tails > 0.8 * share[:, None]).sum(axis=1), len(GRID) - 1)
        terms = GRID[choice].astype(np.int64)
        value, rounding, *slopes = spectral_outputs(coupling, surplus, *law, periods, terms, gradient)
        error = rounding + overflow + np.take_along_axis(tails, choice[:, None], axis=1)[:, 0]
        return OutputLosses(value, error, *slopes), bool((choice < len(GRID) - 1).all())

    # How long the series must be depends on the loss it is to give: a rough one first says how large that is.
    rough, _ = series(ROUGH * cost, False)
    goal = rtol * max(float(importance @ (rough.value - rough.error)), rtol * cost)
    for _ in range(4):
        result, longer = series(goal, gradient)
        total = float(importance @ result.value)
        if importance @ result.error <= rtol * total or goal <= rtol**2 * cost or not longer:
            break
        goal = max(0.5 * min(goal, rtol * total), rtol**2 * cost)
    return result
