"""Kernels: cross-entropy of a softmax over the outputs against the class that is the largest input."""

import math

import numpy as np

from geomsup.training.compiled import BLOCK, ZERO, compiled
from geomsup.training.vectors import add_up

__all__ = ["class_errors"]

NONE = -1


@compiled
def class_errors(g, x, b, importance, grad_b, size, classes, sums):
    """Replace u - b in g by the gradient of I_c (log Σ_j exp u_j - u_c); add it up in grad_b; return the loss.

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
