"""Kernels: what the outputs should be, and the gradient that their errors send back."""

import math

import numpy as np

from geomsup.training.compiled import BLOCK, ONE, TWO, ZERO, compiled, inlined
from geomsup.training.vectors import add_up

__all__ = [
    "ABSOLUTE",
    "ABSOLUTE_PAIRS",
    "IDENTITY",
    "PAIRS",
    "SQUARE",
    "errors",
    "gelu_pull",
    "linear_pull",
    "set_targets",
    "target_of",
]

IDENTITY, ABSOLUTE, SQUARE, PAIRS, ABSOLUTE_PAIRS = 0, 1, 2, 3, 4  # kinds of targets
ROOT_HALF, DENSITY = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)


@compiled
def set_targets(x, y, kind):
    """Set y to x, |x|, x², or in rows 2k and 2k + 1 to the larger and the smaller of two inputs, or of their |x|."""
    paired = kind in (PAIRS, ABSOLUTE_PAIRS)
    for i in range(x.shape[0]):
        row, other, target = x[i], x[i ^ 1 if paired else i], y[i]
        for s in range(BLOCK):
            target[s] = target_of(row[s], other[s], i % 2 == 0, kind)


@compiled
def errors(g, y, b, importance, gelu, leak, grad_b, size, squares):
    """Replace u - b in g by the gradient 2 I (f(u) - y) f'(u); add it up in grad_b; return the loss.

    f(u) is u Φ(u) if `gelu`, else u above 0 and leak * u below. `squares` ``(BLOCK,)`` is scratch.
    """
    loss = 0.0
    for i in range(y.shape[0]):
        row, target, bias, weight = g[i], y[i], b[i], TWO * importance[i]
        if gelu:
            for s in range(size):
                error, row[s] = gelu_pull(row[s] + bias, target[s], weight)
                squares[s] = error * error
        else:
            for s in range(BLOCK):
                error, row[s] = linear_pull(row[s] + bias, target[s], weight, leak)
                squares[s] = error * error
        for s in range(size, BLOCK):
            row[s] = squares[s] = ZERO
        grad_b[i] += add_up(row)
        loss += np.float64(importance[i]) * np.float64(add_up(squares))
    return loss


@inlined
def linear_pull(u, target, weight, leak):
    """Return the error of an output that is u above 0 and leak * u below, and the gradient by u."""
    passed = ONE if u > ZERO else leak
    error = passed * u - target
    return error, weight * passed * error


@inlined
def gelu_pull(u, target, weight):
    """Return the error of u Φ(u), and the gradient by u."""
    wide = np.float64(u)
    below = 0.5 * math.erfc(-wide * ROOT_HALF)
    error = np.float32(wide * below) - target
    return error, weight * error * np.float32(below + wide * DENSITY * math.exp(-0.5 * wide * wide))


@inlined
def target_of(x, other, larger, kind):
    """Return what the output of an input should be; of pairs, the larger or the smaller of it and the other."""
    if kind == ABSOLUTE:
        return abs(x)
    if kind == SQUARE:
        return x * x
    if kind == PAIRS:
        return max(x, other) if larger else min(x, other)
    if kind == ABSOLUTE_PAIRS:
        return max(abs(x), abs(other)) if larger else min(abs(x), abs(other))
    return x
