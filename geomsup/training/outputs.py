"""Kernels: what the outputs should be, and the gradient that their errors send back."""

import math

import numpy as np

from geomsup.training.compiled import BLOCK, ONE, TWO, ZERO, compiled, inlined

__all__ = ["ABSOLUTE", "ABSOLUTE_PAIRS", "IDENTITY", "PAIRS", "SQUARE", "errors", "set_targets"]

IDENTITY, ABSOLUTE, SQUARE, PAIRS, ABSOLUTE_PAIRS = 0, 1, 2, 3, 4  # kinds of targets
ROOT_HALF, DENSITY = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)


@compiled
def set_targets(x, y, kind):
    """Set y to x, |x|, x², or in rows 2k and 2k + 1 to the larger and the smaller of two inputs, or of their |x|."""
    paired = kind in (PAIRS, ABSOLUTE_PAIRS)
    for i in range(x.shape[0]):
        row, other, target = x[i], x[i ^ 1 if paired else i], y[i]
        if kind == ABSOLUTE:
            for s in range(BLOCK):
                target[s] = abs(row[s])
        elif kind == SQUARE:
            for s in range(BLOCK):
                target[s] = row[s] * row[s]
        elif kind == IDENTITY:
            for s in range(BLOCK):
                target[s] = row[s]
        elif kind == ABSOLUTE_PAIRS:
            for s in range(BLOCK):
                larger, smaller = max(abs(row[s]), abs(other[s])), min(abs(row[s]), abs(other[s]))
                target[s] = larger if i % 2 == 0 else smaller
        elif i % 2 == 0:
            for s in range(BLOCK):
                target[s] = row[s] if row[s] > other[s] else other[s]
        else:
            for s in range(BLOCK):
                target[s] = row[s] if row[s] < other[s] else other[s]


@compiled
def errors(g, y, b, importance, gelu, leak, grad_b, size):
    """Replace u - b in g by the gradient 2 I (f(u) - y) f'(u); add it up in grad_b; return the loss.

    f(u) is u Φ(u) if `gelu`, else u above 0 and leak * u below.
    """
    loss = 0.0
    for i in range(y.shape[0]):
        row, target, bias, weight = g[i], y[i], b[i], TWO * importance[i]
        square, slope = ZERO, ZERO
        if gelu:
            square, slope = _gelu_row(row, target, bias, weight, size)
        else:
            for s in range(size):
                u = row[s] + bias
                passed = ONE if u > ZERO else leak
                error = passed * u - target[s]
                pull = weight * passed * error
                square += error * error
                slope += pull
                row[s] = pull
        for s in range(size, BLOCK):
            row[s] = ZERO
        grad_b[i] += slope
        loss += np.float64(importance[i]) * np.float64(square)
    return loss


@inlined
def _gelu_row(row, target, bias, weight, size):
    square, slope = ZERO, ZERO
    for s in range(size):
        u = np.float64(row[s] + bias)
        below = 0.5 * math.erfc(-u * ROOT_HALF)
        error = np.float32(u * below) - target[s]
        pull = weight * error * np.float32(below + u * DENSITY * math.exp(-0.5 * u * u))
        square += error * error
        slope += pull
        row[s] = pull
    return square, slope
