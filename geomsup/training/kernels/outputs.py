"""Kernels: the targets, and the gradient by the outputs."""

import math

import numpy as np

from geomsup.training.kernels.codes import ABSOLUTE, ABSOLUTE_PAIRS, PAIRS, PRODUCT_PAIRS, SQUARE
from geomsup.training.kernels.compiled import BLOCK, ONE, TWO, ZERO, inlined, part
from geomsup.training.kernels.vectors import add_up

__all__ = ["class_errors", "errors", "gelu_and_slope", "gelu_pull", "linear_pull", "set_targets", "target_of"]

ROOT_HALF, DENSITY = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)  # the latter is the normal density at 0
NONE = -1  # class of a sample without features


@part
def set_targets(x, y, kind):
    """Set y to x, |x|, x², or in rows 2k and 2k + 1 to what the target says of two inputs."""
    paired = kind in (PAIRS, ABSOLUTE_PAIRS, PRODUCT_PAIRS)
    for i in range(x.shape[0]):
        row, other, target = x[i], x[i ^ 1 if paired else i], y[i]
        for s in range(BLOCK):
            target[s] = target_of(row[s], other[s], i % 2 == 0, kind)


@part
def errors(g, y, b, importance, gelu, leak, grad_b, size, squares):
    """Replace u - b in g by the gradient 2 I (f(u) - y) f'(u); add its sum to grad_b; return the loss.

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


@part
def class_errors(g, x, b, importance, grad_b, size, classes, sums):
    """Replace u - b in g by the gradient of I_c (log Σ_j exp u_j - u_c); add its sum to grad_b; return the loss.

    The class c is the present feature of largest value x ``(n, BLOCK)``; a sample without any has no loss. `classes`
    ``(BLOCK,)`` int32 and `sums` ``(2, BLOCK)`` float32 are scratch.
    """
    n, largest, total, loss = g.shape[0], sums[0], sums[1], 0.0
    classes[:] = NONE
    for i in range(n):
        for s in range(size):
            if x[i, s] != ZERO and (classes[s] == NONE or x[i, s] > x[classes[s], s]):
                classes[s] = i
    for s in range(BLOCK):
        largest[s], total[s] = g[0, s] + b[0], ZERO
    for i in range(n):
        for s in range(BLOCK):
            g[i, s] += b[i]
            largest[s] = max(largest[s], g[i, s])
    for s in range(size):
        if classes[s] != NONE:
            loss += np.float64(importance[classes[s]]) * np.float64(largest[s] - g[classes[s], s])
    for i in range(n):
        for s in range(BLOCK):
            g[i, s] = math.exp(g[i, s] - largest[s])
            total[s] += g[i, s]
    for s in range(BLOCK):
        weight = importance[classes[s]] if classes[s] != NONE else ZERO
        loss += np.float64(weight) * math.log(np.float64(total[s]))
        total[s] = weight / total[s]
    for i in range(n):
        for s in range(BLOCK):
            g[i, s] = g[i, s] * total[s] - (importance[i] if classes[s] == i else ZERO)
        grad_b[i] += add_up(g[i])
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
def gelu_and_slope(z):
    """Return z Φ(z), and its derivative."""
    wide = np.float64(z)
    below = 0.5 * math.erfc(-wide * ROOT_HALF)
    return np.float32(wide * below), np.float32(below + wide * DENSITY * math.exp(-0.5 * wide * wide))


@inlined
def target_of(x, other, larger, kind):
    """Return the target of an output; for pairs the larger or the smaller, or product or distance, of two inputs."""
    if kind == ABSOLUTE:
        return abs(x)
    if kind == SQUARE:
        return x * x
    if kind == PAIRS:
        return max(x, other) if larger else min(x, other)
    if kind == ABSOLUTE_PAIRS:
        return max(abs(x), abs(other)) if larger else min(abs(x), abs(other))
    if kind == PRODUCT_PAIRS:
        return x * other if larger else abs(x - other)
    return x
