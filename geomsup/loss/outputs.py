"""What every loss engine returns: the loss of each output, and its slopes in the coupling matrix and the bias."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

__all__ = ["OutputLosses", "mean_losses"]


@dataclass(frozen=True)
class OutputLosses:
    """Losses of the outputs x'_i = f(b_i + Σ_j coupling_ij x_j), before importances.

    `value` (n,) is E (x_i - x'_i)², `error` (n,) bounds its error, `slope_coupling` (n, n) and `slope_b` (n,)
    are its derivatives with respect to row i of the coupling matrix and to b_i. `by_active` and `by_active_error`
    (n, n + 1), where asked for, are what each number of active features adds to the first two.
    """

    value: np.ndarray
    error: np.ndarray
    slope_coupling: np.ndarray
    slope_b: np.ndarray
    by_active: np.ndarray | None = None
    by_active_error: np.ndarray | None = None


def mean_losses(weights: Sequence[float], losses: Sequence[OutputLosses]) -> OutputLosses:
    """Return the losses of a mixture: means with these weights. Every term is positive: sums round relatively."""
    found: dict[str, np.ndarray] = {}
    for field in fields(OutputLosses):
        parts = [getattr(one, field.name) for one in losses]
        if parts[0] is not None:
            found[field.name] = np.einsum("k,k...->...", np.array(weights), np.array(parts))
    rounding = (len(weights) + 1) * np.finfo(float).eps
    for name, error in (("value", "error"), ("by_active", "by_active_error")):
        if name in found:
            found[error] += rounding * found[name]
    return OutputLosses(**found)
