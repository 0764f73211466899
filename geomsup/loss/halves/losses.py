"""The loss by two halves of the features, with a bound on its rounding."""

import numpy as np

from geomsup.features import Features
from geomsup.loss.halves.states import Half
from geomsup.loss.outputs import OutputLosses
from geomsup.threads import check_stop, stop_flag

__all__ = ["halves_losses"]

EPS = np.finfo(float).eps
FEW = 20  # roundings of one term of a sum, beside those of the sum over features that it is made of


def halves_losses(coupling: np.ndarray, b: np.ndarray, features: Features, halves: tuple[Half, Half]) -> OutputLosses:
    """Return the losses of relu outputs, of features whose values are points; no state may be left out of `halves`.

    A sum of N terms is rounded by at most N EPS times the sum of their sizes. Those of output i add to at most
    E (|x_i| + |b_i| + Σ_j |a_ij x_j|)², which is no more than the square of the sum of root mean squares.
    """
    from geomsup.loss.halves.kernels import halves_outputs

    value, slope, slope_b = halves_outputs(coupling, b, halves, stop_flag())
    check_stop()
    size = np.array(features.root_mean_square)
    terms = (size + np.abs(b) + np.abs(coupling) @ size) ** 2
    steps = sum(len(half.values) for half in halves) + 2 * features.n + FEW
    return OutputLosses(value, steps * EPS * terms, slope, slope_b)
