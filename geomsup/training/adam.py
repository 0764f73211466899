"""Kernels: Adam and AdamW, their learning rate, and clipping."""

import math

import numpy as np

from geomsup.training.compiled import ZERO, compiled

__all__ = ["CONSTANT", "COSINE", "LINEAR", "adam", "clipped", "rate_at"]

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's usual constants
CONSTANT, LINEAR, COSINE = 0, 1, 2  # schedules


@compiled
def rate_at(schedule, base, step, steps):
    """Return the rate of step number `step` (from 0) of `steps`: base, base (1 - t) or base cos(πt/2), t = step/steps.

    The last step is still above 0.
    """
    if schedule == LINEAR:
        return base * (1.0 - step / steps)
    if schedule == COSINE:
        return base * math.cos(0.5 * math.pi * step / steps)
    return base


@compiled
def clipped(gradient, scale, clip):
    """Return the scale that leaves scale * gradient no longer than `clip`."""
    square = 0.0
    for q in range(gradient.size):
        square += np.float64(gradient[q]) * np.float64(gradient[q])
    length = scale * math.sqrt(square)
    return scale * clip / length if length > clip else scale


@compiled
def adam(theta, gradient, moments, step, learning_rate, decay, scale):
    """Take step number `step` (from 1) along -scale * gradient; return 0, or NaN if a weight is no longer finite.

    Before it, weights shrink by learning_rate * decay of themselves (AdamW).
    """
    rate = np.float32(learning_rate / (1.0 - BETA_1**step))
    root = np.float32(1.0 / math.sqrt(1.0 - BETA_2**step))
    keep, scale = np.float32(1.0 - learning_rate * decay), np.float32(scale)
    first, second = moments[0], moments[1]
    check = ZERO
    for q in range(theta.size):
        slope = gradient[q] * scale
        first[q] += np.float32(1.0 - BETA_1) * (slope - first[q])
        second[q] += np.float32(1.0 - BETA_2) * (slope * slope - second[q])
        theta[q] = keep * theta[q] - rate * first[q] / (math.sqrt(second[q]) * root + np.float32(EPSILON))
        check += theta[q] * ZERO
    return check
