"""The exact method: sums over sets of present features, each in closed form."""

import numpy as np

from geomsup.features import Features
from geomsup.loss.outputs import OutputLosses

__all__ = ["AFFORDABLE", "FAST", "coupled", "exact_losses"]

FAST = 8  # coupled features up to which 2^k sets take about a millisecond: below that nothing is faster
AFFORDABLE = 16  # beyond that the number of sets runs into minutes


def coupled(coupling: np.ndarray, probability: np.ndarray) -> int:
    """Return the largest number of features that one output depends on (itself included)."""
    depends = (coupling != 0) | np.eye(len(coupling), dtype=bool)
    return int((depends & (probability > 0)).sum(axis=1).max())


def exact_losses(
    coupling: np.ndarray, surplus: np.ndarray, b: np.ndarray, features: Features, gradient: bool
) -> OutputLosses:
    """Return the losses of ReLU outputs by cube vertices (notes in `exact_kernels`)."""
    from geomsup.loss.exact_kernels import exact_outputs

    most = coupled(coupling, features.probability)
    if most > AFFORDABLE:
        raise ValueError(
            f'`method` "exact" must not meet more than {AFFORDABLE} features coupled to one output; got {most}. '
            'Use method="spectral" or "auto".'
        )
    low = np.full(features.n, features.values.low)
    width = np.full(features.n, features.values.high - features.values.low)
    return OutputLosses(*exact_outputs(coupling, surplus, b, features.probability, low, width, gradient))
