"""Optima that are known without a search: a dimension each for the best features."""

import numpy as np

from geomsup.activations import LEAKS
from geomsup.features import Features
from geomsup.optima.conditions.conditions import Conditions
from geomsup.optima.descent import Start
from geomsup.optima.reachable import reachable_loss
from geomsup.optima.result import Optimum
from geomsup.optima.starts import dedicated
from geomsup.optima.tegum.solve import nonnegative

__all__ = ["closed_form", "has_closed_form"]


def has_closed_form(features: Features, n_hidden: int, conditions: Conditions) -> bool:
    """Whether `closed_form` knows the optimum."""
    return _best(features, n_hidden, conditions) is not None


def closed_form(features: Features, n_hidden: int, conditions: Conditions) -> Optimum | None:
    """Return the optimum where it is known in closed form, else None."""
    start = _best(features, n_hidden, conditions)
    if start is None:
        return None
    W, b = start
    model = conditions.model(W, W, b)
    loss = float(reachable_loss(model, features, target=conditions.target))
    return Optimum(loss, model, "closed form", loss, features, n_hidden, "minimum")


def _best(features: Features, n_hidden: int, conditions: Conditions) -> Start | None:
    """Return the weights and biases of the least loss, if these are known.

    Where there are dimensions for all features, each takes one. So do the m of largest I_i Var x_i for linear outputs
    of uncorrelated features, tied or not (baldi1989: principal components). Their rows are orthogonal, so that of all
    conditions only decay changes it. Correlated features that are equally important keep the principal components.
    """
    linear = conditions.activation == conditions.hidden_activation == "linear"
    worth = features.importance * features.variance
    enough = n_hidden >= int(np.count_nonzero(worth)) and (linear or nonnegative(features))
    if conditions.weight_decay > 0 or conditions.activation not in LEAKS:
        return None
    if conditions.target != "identity":
        return _computing(features.n, n_hidden, conditions)
    if enough or (linear and not _are_correlated(features)):
        return dedicated(features, n_hidden)
    alike = features.importance.min() == features.importance.max()
    free = conditions.coherence == 0 and conditions.max_cosine is None
    return _principal(features, n_hidden) if linear and alike and free else None


def _computing(n: int, m: int, conditions: Conditions) -> Start | None:
    """Return a dimension for each feature where a unit is the target: a ReLU of x is relu(x), an abs of it abs(x)."""
    units = (conditions.activation, conditions.hidden_activation)
    if m < n or units not in (
        (conditions.target, "linear"),
        *((out, "relu") for out in LEAKS if conditions.target == "relu"),
    ):
        return None
    return np.eye(n, m), np.zeros(n)


def _are_correlated(features: Features) -> bool:
    return bool(np.any(features.covariance != np.diag(features.variance)))


def _principal(features: Features, m: int) -> Start:
    """Project on the m principal components: no linear map of rank m loses less, by Eckart and Young."""
    W = np.linalg.eigh(features.covariance)[1][:, ::-1][:, :m]
    return W, features.mean - W @ (W.T @ features.mean)
