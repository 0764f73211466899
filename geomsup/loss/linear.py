"""Exact loss of the linear model, from means and variances alone."""

import numpy as np

from geomsup.features import Features
from geomsup.loss.outputs import OutputLosses

__all__ = ["linear_losses"]


def linear_losses(coupling: np.ndarray, surplus: np.ndarray, b: np.ndarray, features: Features) -> OutputLosses:
    """Return E (x_i - b_i - Σ_j coupling_ij x_j)² = Σ_j (δ_ij - coupling_ij)² Var x_j + (mean residual)².

    surplus_i is 1 - coupling_ii, known better than a subtraction here would know it.
    """
    gap = np.where(np.eye(len(b), dtype=bool), surplus, -coupling)
    variance, mean = features.variance, features.mean
    residual = gap @ mean - b
    value = gap**2 @ variance + residual**2
    size = np.abs(gap) @ np.abs(mean) + np.abs(b)
    steps = (len(b) + 8) * np.finfo(float).eps
    return OutputLosses(
        value=value,
        error=steps * (value + 2 * np.abs(residual) * size + steps * size**2),
        slope_coupling=-2 * (gap * variance + np.outer(residual, mean)),
        slope_b=-2 * residual,
    )
