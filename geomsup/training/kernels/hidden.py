"""Kernels: biases, ReLUs, dropout and the penalty on activations, in hidden layers."""

import numpy as np

from geomsup.training.kernels.compiled import BLOCK, ONE, ZERO, compiled
from geomsup.training.kernels.draws import fill_words
from geomsup.training.kernels.vectors import add_up

__all__ = ["draw_masks", "pass_on", "pull_back"]

MARK_DROPOUT = np.uint32(0xC0000000)  # bits of the streams of random words that decide which units are dropped
WORDS = 2.0**31  # number of different random words


@compiled
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


@compiled
def pass_on(h, bias, relu, masks):
    """Replace z in h ``(m, BLOCK)`` by mask * φ(z + bias)."""
    for k in range(h.shape[0]):
        row, mask, own = h[k], masks[k], bias[k]
        for s in range(BLOCK):
            z = row[s] + own
            row[s] = mask[s] * (ZERO if relu and z < ZERO else z)


@compiled
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
