"""Kernels: how a summed gradient becomes a step, of Adam or SGD: penalty, clipping, rate, momentum and decay."""

import math
from typing import NamedTuple

import numpy as np

from geomsup.training.kernels.codes import COSINE, LINEAR
from geomsup.training.kernels.compiled import compiled, inlined, part

__all__ = [
    "Rule", "adam", "add_coherence", "clipped", "factors", "factors_of_steps", "moved", "pushed", "rate_at", "sgd",
    "shortened",
]  # fmt: skip

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's usual constants


class Rule(NamedTuple):
    """How steps are taken.

    Parameters
    ----------
    schedule, base, steps
        Code of the schedule (see `codes`), its first rate, and the number of steps in which it falls.
    decay
        Weight decay, decoupled from the gradient as in AdamW; below 0 weights grow.
    clip
        Largest norm of the gradient; 0 for no limit.
    sgd, momentum
        Whether steps are those of SGD, not of Adam; and the part of the last step that SGD keeps.
    coherence
        Factor λ of the penalty λ Σ_{i<j} (w_i·w_j)².
    """

    schedule: int
    base: float
    steps: int
    decay: float
    clip: float
    sgd: bool = False
    momentum: float = 0.0
    coherence: float = 0.0


@part
def rate_at(rule, step):
    """Return the rate of step number `step` (from 0): base, base (1 - t) or base cos(πt/2), t = step/steps.

    The rate of the last step is above 0.
    """
    if rule.schedule == LINEAR:
        return rule.base * (1.0 - step / rule.steps)
    if rule.schedule == COSINE:
        return rule.base * math.cos(0.5 * math.pi * step / rule.steps)
    return rule.base


@part
def add_coherence(gradient, theta, n, m, factor):
    """Add factor times the gradient of Σ_{i<j} (w_i·w_j)² by rows of W, the first n m entries of theta.

    By row i it is 2 Σ_{j≠i} (w_i·w_j) w_j = 2 (WᵀW w_i - |w_i|² w_i).
    """
    square, push = np.zeros((m, m)), np.empty(m)
    for i in range(n):
        for k in range(m):
            for q in range(m):
                square[k, q] += np.float64(theta[i * m + k]) * np.float64(theta[i * m + q])
    for i in range(n):
        length = 0.0
        for k in range(m):
            length += np.float64(theta[i * m + k]) * np.float64(theta[i * m + k])
        for q in range(m):
            push[q] = -length * np.float64(theta[i * m + q])
        for k in range(m):
            for q in range(m):
                push[q] += np.float64(theta[i * m + k]) * square[k, q]
        for q in range(m):
            gradient[i * m + q] += np.float32(2.0 * factor * push[q])


@part
def clipped(gradient, scale, clip):
    """Return `scale`, or less where scale * gradient would be longer than `clip`."""
    square = 0.0
    for q in range(gradient.size):
        square += np.float64(gradient[q]) * np.float64(gradient[q])
    return shortened(square, scale, clip)


@inlined
def shortened(square, scale, clip):
    """Return the scale of `clipped` for a gradient whose squares add up to `square`."""
    length = scale * math.sqrt(square)
    return scale * clip / length if length > clip else scale


@part
def factors(step, learning_rate, decay):
    """Return three factors of step `step` (from 1): rate, 1 / root of the bias correction, fraction kept by decay."""
    rate = np.float32(learning_rate / (1.0 - BETA_1**step))
    root = np.float32(1.0 / math.sqrt(1.0 - BETA_2**step))
    return rate, root, np.float32(1.0 - learning_rate * decay)


@compiled
def factors_of_steps(start, stop, rule):
    """Return the `factors` of the steps after `start`, up to number `stop`, ``(stop - start, 3)``.

    The rate of SGD needs no correction.
    """
    rows = np.empty((stop - start, 3), np.float32)
    for step in range(start, stop):
        rate, root, keep = factors(step + 1, rate_at(rule, step), rule.decay)
        if rule.sgd:
            rate = np.float32(rate_at(rule, step))
        rows[step - start, 0], rows[step - start, 1], rows[step - start, 2] = rate, root, keep
    return rows


@inlined
def moved(weight, first, second, slope, rate, root, keep):
    """Return a weight and its two moments after a step against `slope`."""
    first += np.float32(1.0 - BETA_1) * (slope - first)
    second += np.float32(1.0 - BETA_2) * (slope * slope - second)
    return keep * weight - rate * first / (math.sqrt(second) * root + np.float32(EPSILON)), first, second


@part
def adam(theta, gradient, moments, step, learning_rate, decay, scale):
    """Take step number `step` (from 1) along -scale * gradient; return whether weights and moments are finite.

    Before the step every weight loses the fraction learning_rate * decay (AdamW).
    """
    rate, root, keep = factors(step, learning_rate, decay)
    scale = np.float32(scale)
    first, second = moments[0], moments[1]
    finite = True
    for q in range(theta.size):
        slope = gradient[q] * scale
        theta[q], first[q], second[q] = moved(theta[q], first[q], second[q], slope, rate, root, keep)
        finite &= math.isfinite(theta[q]) & math.isfinite(first[q]) & math.isfinite(second[q])
    return finite


@inlined
def pushed(weight, velocity, slope, rate, momentum, keep):
    """Return a weight and its velocity after a step of SGD against `slope`."""
    velocity = momentum * velocity + slope
    return keep * weight - rate * velocity, velocity


@part
def sgd(theta, gradient, moments, learning_rate, momentum, decay, scale):
    """Take a step of SGD along -scale * gradient; return whether weights and velocities are finite.

    Velocities (sutskever2013, with PyTorch's order of the rate) are moments[0]. Before the step every weight loses the
    fraction learning_rate * decay.
    """
    rate, keep, scale = np.float32(learning_rate), np.float32(1.0 - learning_rate * decay), np.float32(scale)
    momentum = np.float32(momentum)
    velocity = moments[0]
    finite = True
    for q in range(theta.size):
        theta[q], velocity[q] = pushed(theta[q], velocity[q], gradient[q] * scale, rate, momentum, keep)
        finite &= math.isfinite(theta[q]) & math.isfinite(velocity[q])
    return finite
