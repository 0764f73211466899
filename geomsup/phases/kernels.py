"""Kernel: many descents at one probability in one call, so that threads work rather than wait for the interpreter."""

import numpy as np

from geomsup.compiling import njit
from geomsup.optima.descent_kernels import bfgs

__all__ = ["descend_all"]


@njit
def descend_all(starts, importance, coherence, n, m, inputs, slope, most_steps, stop):
    """Descend from every row of `starts` with its importances and its factor of the penalty; return losses and ends.

    `inputs` are `Inputs` of the n features. Descents end once stop[0] is not 0.
    """
    losses, ends = np.empty(len(starts)), np.empty_like(starts)
    for k in range(len(starts)):
        losses[k], ends[k], _ = bfgs(starts[k], n, m, importance[k], inputs, coherence[k], slope, most_steps, stop)
    return losses, ends
