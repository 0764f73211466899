"""The best linear model of correlated features: a projection on principal components."""

import numpy as np

from geomsup.features import Features
from geomsup.optima.descent import Start

__all__ = ["correlated", "principal"]


def correlated(features: Features) -> bool:
    """Return whether some features are."""
    return bool(np.any(features.covariance != np.diag(features.variance)))


def principal(features: Features, m: int) -> Start:
    """Project on the m principal components: no linear map of rank m loses less, by Eckart and Young."""
    if features.importance.min() < features.importance.max():
        raise ValueError(
            f'`activation` "linear" must have equally important features where these are correlated; '
            f"got importances from {features.importance.min():g} to {features.importance.max():g}. "
            "No closed form is known: give all the same importance, or train."
        )
    W = np.linalg.eigh(features.covariance)[1][:, ::-1][:, :m]
    return W, features.mean - W @ (W.T @ features.mean)
