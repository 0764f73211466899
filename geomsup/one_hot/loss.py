"""The loss in the limit of high sparsity, one active feature at a time, in closed form."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.model import ToyModel
from geomsup.one_hot.kernels import squared_errors
from geomsup.tables import Readable

__all__ = ["OneHotLoss", "one_hot_loss"]


@dataclass(frozen=True, eq=False)
class OneHotLoss(Readable):
    """A loss in the limit of one active feature; ``float(result)`` is the value.

    Attributes
    ----------
    value
        L = H / (3c); for independent features the limit of L / p, H / 3.
    potential
        H = Σ_i I_i H_i.
    per_feature
        ``(c,)``, the terms of `value`.
    grad_W, grad_b
        ∂value/∂W ``(c, m)`` and ∂value/∂b ``(c,)``.

    Examples
    --------
    >>> import geomsup as gs
    >>> loss = gs.one_hot_loss([[1.0], [-1.0]], [0.0, 0.0])
    >>> sorted(loss.to_dict())
    ['grad_W', 'grad_b', 'per_feature', 'potential', 'value']
    """

    value: float
    potential: float
    per_feature: np.ndarray = field(repr=False)
    grad_W: np.ndarray = field(repr=False)
    grad_b: np.ndarray = field(repr=False)

    def __float__(self) -> float:
        return self.value


def one_hot_loss(W: Any, b: Any = None, *, importance: Any = 1.0, independent: bool = False) -> OneHotLoss:
    """Return the loss of x' = relu(W Wᵀ x + b) when exactly one feature is active, x = μ e_j with μ ~ U[0, 1].

    L = Σ_i I_i E(x_i - x'_i)² = H / (3c), j uniform among the c features, H = Σ_i I_i H_i and
    H_i = 3 ∫₀¹ (x - relu(G_ii x + b_i))² dx + 3 Σ_{j≠i} ∫₀¹ relu(G_ij x + b_i)² dx, G = W Wᵀ: exact, in O(c²).
    It is what `expected_loss` gives for ``Features(c, 1/c, anticorrelated=[range(c)])``. Nothing is averaged over
    outputs.

    Parameters
    ----------
    W
        Weights, ``(c, m)``, a row per feature.
    b
        Biases ``(c,)``; zero by default.
    importance
        I_i >= 0, one number or ``(c,)``.
    independent
        Return lim L / p for independent features as p → 0, which is H / 3. Nearly always no feature is active, and
        relu(b_i)² / p grows without bound, so biases must not be positive. Shapes with negative biases have the same
        loss in both limits; a dead feature costs H_i = 1 instead of 1 - 3/(4c).

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind, shape or range, or a bias is positive with `independent`.

    References
    ----------
    :cite:t:`chen2023`; :cite:t:`elhage2022` (L₁ of its expansion in p).

    Examples
    --------
    >>> float(one_hot_loss([[1.0], [-1.0]]))  # the digon is perfect
    0.0
    >>> result = one_hot_loss([[1.0], [-1.0]], [-0.1, -0.1])
    >>> result.potential, result.value  # 2 (3 b² + 2 b³), and a sixth of it
    (0.056, 0.00933333)
    """
    model = ToyModel(W, b)
    importance = checks.per_feature("importance", importance, model.n_features, low=0.0)
    if checks.boolean("independent", independent) and (model.b > 0).any():
        raise ValueError(
            f"`b` must be at most 0 in the limit of independent features; got {model.b.max():g}. "
            "Clip it: an output that is on while nobody is active costs b²/p."
        )
    with np.errstate(over="ignore", invalid="ignore"):  # what no double can hold is refused below
        terms, slope_coupling, slope_b = squared_errors(model.gram, model.b, np.eye(model.n_features))
        share = importance / (3 if independent else 3 * model.n_features)
        per_feature, slope = share * terms.sum(axis=1), share[:, None] * slope_coupling
        potential = float(importance @ terms.sum(axis=1))
        grad_W, grad_b = (slope + slope.T) @ model.W, share * slope_b.sum(axis=1)
    if not all(np.isfinite(part).all() for part in (potential, per_feature, grad_W, grad_b)):
        raise ValueError(
            f"`W` must have a loss and slopes that a double can hold; got weights up to {np.abs(model.W).max():.3g} "
            f"and biases up to {np.abs(model.b).max():.3g}. Rescale them."
        )
    return OneHotLoss(float(per_feature.sum()), potential, per_feature, grad_W, grad_b)
