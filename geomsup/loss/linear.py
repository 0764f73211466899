"""Exact loss of the linear model, from means and variances alone."""

import numpy as np

from geomsup.features import Features
from geomsup.loss.outputs import OutputLosses

__all__ = ["linear_losses"]


def linear_losses(coupling: np.ndarray, surplus: np.ndarray, b: np.ndarray, features: Features) -> OutputLosses:
    """Return E (x_i - b_i - Σ_j coupling_ij x_j)² = gap Cov(x) gapᵀ + (mean residual)², gap = δ_ij - coupling_ij.

    surplus_i is 1 - coupling_ii, known better than a subtraction here would know it.
    """
    gap = np.where(np.eye(len(b), dtype=bool), surplus, -coupling)
    covariance, mean = features.covariance, features.mean
    residual = gap @ mean - b
    moved = gap @ covariance
    value = np.maximum((moved * gap).sum(axis=1), 0.0) + residual**2  # rounding must not make a variance negative
    size = np.abs(gap) @ np.sqrt(features.second_moment) + np.abs(b)
    steps = (len(b) + 8) * np.finfo(float).eps
    return OutputLosses(
        value=value,
        error=steps * (value + 2 * np.abs(residual) * size + steps * size**2 + _cancelling(gap, covariance)),
        slope_coupling=-2 * (moved + np.outer(residual, mean)),
        slope_b=-2 * residual,
    )


def _cancelling(gap: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Sizes of the terms of gap Cov gapᵀ that can cancel: those of groups, off the diagonal of Cov."""
    between = np.abs(covariance - np.diag(np.diag(covariance)))
    return (np.abs(gap) @ between * np.abs(gap)).sum(axis=1)
