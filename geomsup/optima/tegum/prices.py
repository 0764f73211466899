"""What features and dimensions are worth: the dual prices of the tegum program."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geomsup.features import Features
from geomsup.optima.tegum.program import Column, program
from geomsup.optima.tegum.table import classes_of

__all__ = ["Prices", "prices"]


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices of the linear relaxation: λ, what one more dimension would save, and π ``(n,)``, a feature's fair loss.

    A block that loses more than Σ π_i - λ rank is worse than what its features and dimensions could do elsewhere; no
    kind of block that was weighed loses less, and blocks in use lose just that. So no mixture of these kinds of blocks
    is below `loss` = Σ π_i - λ m.
    """

    dimension: float
    features: np.ndarray
    loss: float


def prices(features: Features, columns: Sequence[Column], n_hidden: int) -> Prices:
    """Return the prices of the linear relaxation of the tegum program over `columns`: its dual variables."""
    from scipy.optimize import linprog

    classes = classes_of(features)
    gains, uses, limits = program(columns, [len(members) for members in classes], n_hidden)
    largest = gains.max() or 1.0  # the solver's tolerances are absolute
    result = linprog(-gains / largest, A_ub=uses, b_ub=limits, method="highs")
    assert result.success, result.message
    scarce = -largest * result.ineqlin.marginals  # value of one more feature of each class, and of one more dimension
    price = np.array(features.importance * features.variance)
    for members, value in zip(classes, scarce, strict=False):
        price[members] -= value
    return Prices(float(scarce[-1]), price, float(price.sum() - scarce[-1] * n_hidden))
