"""The exact method: sums over sets of present features, each in closed form."""

import numpy as np

from geomsup.features import Features
from geomsup.loss.outputs import OutputLosses
from geomsup.loss.plan import make_plan
from geomsup.threads import check_stop, stop_flag

__all__ = ["AFFORDABLE", "FAST", "exact_losses", "sets_needed"]

FAST = 256  # sets per output (8 independent features) up to which no method is faster: about a millisecond
AFFORDABLE = 65_536  # with more sets it takes minutes


def sets_needed(coupling: np.ndarray, features: Features) -> float:
    """Return how many sets of present features the loss of one output is a sum over, at most: for any hidden state."""
    from geomsup.loss.exact_kernels import count_sets

    return max(count_sets(coupling, make_plan(part)) for _, part in features.parts)


def exact_losses(
    coupling: np.ndarray,
    surplus: np.ndarray,
    b: np.ndarray,
    leak: float,
    features: Features,
    gradient: bool,
    sets: float | None = None,
) -> OutputLosses:
    """Return the losses of outputs f(u) = u above 0 and leak * u below (notes in `exact_kernels`).

    `sets` is what `sets_needed` says, if the caller has asked already.
    """
    from geomsup.loss.exact_kernels import exact_outputs

    sets = sets_needed(coupling, features) if sets is None else sets
    if sets > AFFORDABLE:
        raise ValueError(
            f'`method` "exact" must not meet more than {AFFORDABLE} sets of features coupled to one output '
            f'(16 independent ones); got {sets:.3g}. Use method="spectral" or "auto".'
        )
    # A mean that can be written is what descents pass: read-only, it would be another type, compiled anew for 6 s.
    mean = np.array(features.mean)
    found = exact_outputs(coupling, surplus, b, leak, make_plan(features), mean, gradient, stop_flag())
    check_stop()
    return OutputLosses(*found)
