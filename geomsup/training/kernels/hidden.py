"""Kernels: biases, activations, dropout and the penalty on activations, in hidden layers."""

import math

import numpy as np

from geomsup.activations import LEAST_VARIANCE
from geomsup.training.kernels.codes import GELU, SOLU
from geomsup.training.kernels.compiled import BLOCK, ONE, ZERO, part
from geomsup.training.kernels.draws import fill_words
from geomsup.training.kernels.outputs import gelu_and_slope
from geomsup.training.kernels.vectors import add_up

__all__ = ["bend", "draw_masks", "pass_on", "pull_back", "unbend"]

LEAST = np.float32(LEAST_VARIANCE)
MARK_DROPOUT = np.uint32(0xC0000000)  # bits of the streams of random words that decide which units are dropped
WORDS = 2.0**31  # number of different random words


@part
def draw_masks(masks, rate, first_unit, first, step, words, key):
    """Fill masks ``(m, BLOCK)`` with 0, at probability `rate`, and 1 / (1 - rate) otherwise.

    They are a pure function of key, step, sample and unit. The first row is unit `first_unit`, the first column sample
    `first`. `words` ``(2, BLOCK)`` int32 is scratch.
    """
    least, kept = np.int32(rate * WORDS), np.float32(1.0 / (1.0 - rate))
    for k in range(masks.shape[0]):
        mask = masks[k]
        fill_words(words[0], first // 4, np.uint32(first_unit + k) | MARK_DROPOUT, step, key)
        for s in range(BLOCK):
            mask[s] = kept if words[0, s] >= least else ZERO


@part
def pass_on(h, bias, relu, masks):
    """Replace z in h ``(m, BLOCK)`` by mask * φ(z + bias)."""
    for k in range(h.shape[0]):
        row, mask, own = h[k], masks[k], bias[k]
        for s in range(BLOCK):
            z = row[s] + own
            row[s] = mask[s] * (ZERO if relu and z < ZERO else z)


@part
def pull_back(grad, h, relu, masks, penalty, grad_bias, size):
    """Replace the gradient by h, as `pass_on` left it, by the gradient by z; add its sum to grad_bias.

    The gradient of penalty * |h| is added too. Columns from `size` on become 0.
    """
    for k in range(h.shape[0]):
        row, mask, units = grad[k], masks[k], h[k]
        for s in range(size):
            push = penalty if units[s] > ZERO else -penalty if units[s] < ZERO else ZERO
            passed = ZERO if relu and units[s] == ZERO else ONE
            row[s] = (row[s] + push) * mask[s] * passed
        for s in range(size, BLOCK):
            row[s] = ZERO
        grad_bias[k] += add_up(row)


@part
def bend(h, bias, kind, masks, before, inside, across):
    """Replace z in h ``(m, BLOCK)`` by mask * φ(z + bias), φ a GELU, SoLU or LayerNorm; keep what `unbend` needs.

    `before` becomes z + bias. `inside` ``(m, BLOCK)`` becomes the slope of the GELU, the softmax, or the normalised
    layer. `across` ``(2, BLOCK)`` is scratch; its second row becomes what LayerNorm multiplies with.
    """
    m = h.shape[0]
    for k in range(m):
        for s in range(BLOCK):
            before[k, s] = h[k, s] + bias[k]
    if kind == GELU:
        for k in range(m):
            for s in range(BLOCK):
                h[k, s], inside[k, s] = gelu_and_slope(before[k, s])
    elif kind == SOLU:
        _softmax(before, inside, across)
        for k in range(m):
            for s in range(BLOCK):
                h[k, s] = before[k, s] * inside[k, s]
    else:
        _normalise(before, inside, across)
        h[:] = inside
    for k in range(m):
        for s in range(BLOCK):
            h[k, s] *= masks[k, s]


@part
def _softmax(z, weights, across):
    """Set `weights` to the softmax of each column of z."""
    largest, total = across[0], across[1]
    largest[:] = z[0]
    total[:] = ZERO
    for k in range(1, z.shape[0]):
        for s in range(BLOCK):
            largest[s] = max(largest[s], z[k, s])
    for k in range(z.shape[0]):
        for s in range(BLOCK):
            weights[k, s] = math.exp(z[k, s] - largest[s])
            total[s] += weights[k, s]
    for k in range(z.shape[0]):
        for s in range(BLOCK):
            weights[k, s] /= total[s]


@part
def _normalise(z, out, across):
    """Set each column of `out` to that of z less its mean, times across[1], 1 / root(variance + LEAST)."""
    m, part = z.shape[0], ONE / np.float32(z.shape[0])
    mean, inverse = across[0], across[1]
    mean[:] = ZERO
    inverse[:] = ZERO
    for k in range(m):
        for s in range(BLOCK):
            mean[s] += part * z[k, s]
    for k in range(m):
        for s in range(BLOCK):
            out[k, s] = z[k, s] - mean[s]
            inverse[s] += part * out[k, s] * out[k, s]
    for s in range(BLOCK):
        inverse[s] = ONE / math.sqrt(inverse[s] + LEAST)
    for k in range(m):
        for s in range(BLOCK):
            out[k, s] *= inverse[s]


@part
def unbend(grad, h, kind, masks, penalty, grad_bias, size, before, inside, across):
    """Replace the gradient by h, as `bend` left it, by the gradient by z; add its sum to grad_bias.

    The gradient of penalty * |h| is added too. Columns from `size` on become 0.
    """
    m = grad.shape[0]
    for k in range(m):
        for s in range(size):
            push = penalty if h[k, s] > ZERO else -penalty if h[k, s] < ZERO else ZERO
            grad[k, s] = (grad[k, s] + push) * masks[k, s]
        for s in range(size, BLOCK):
            grad[k, s] = ZERO
    if kind == GELU:
        for k in range(m):
            for s in range(BLOCK):
                grad[k, s] *= inside[k, s]
    elif kind == SOLU:
        _pull_softmax(grad, before, inside, across[0])
    else:
        _pull_normalised(grad, inside, across)
    for k in range(m):
        grad_bias[k] += add_up(grad[k])


@part
def _pull_softmax(grad, z, weights, total):
    """Replace g by s_j (g_j (1 + z_j) - Σ_k g_k z_k s_k), s the softmax."""
    total[:] = ZERO
    for k in range(grad.shape[0]):
        for s in range(BLOCK):
            total[s] += grad[k, s] * z[k, s] * weights[k, s]
    for k in range(grad.shape[0]):
        for s in range(BLOCK):
            grad[k, s] = weights[k, s] * (grad[k, s] * (ONE + z[k, s]) - total[s])


@part
def _pull_normalised(grad, y, across):
    """Replace g by (g - mean g - y mean(g y)) * inverse, y the normalised layer, inverse = across[1]."""
    m, part = grad.shape[0], ONE / np.float32(grad.shape[0])
    mean, inverse = across[0], across[1]
    mean[:] = ZERO
    for k in range(m):
        for s in range(BLOCK):
            mean[s] += part * grad[k, s]
    for k in range(m):
        for s in range(BLOCK):
            grad[k, s] -= mean[s]
    mean[:] = ZERO  # now of g y; the mean of y is 0
    for k in range(m):
        for s in range(BLOCK):
            mean[s] += part * grad[k, s] * y[k, s]
    for k in range(m):
        for s in range(BLOCK):
            grad[k, s] = (grad[k, s] - y[k, s] * mean[s]) * inverse[s]
