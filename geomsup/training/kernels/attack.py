"""Kernels: adversarial samples, by the analytic attack on one feature."""

import math

import numpy as np

from geomsup.training.kernels.compiled import BLOCK, ONE, ZERO, part
from geomsup.training.kernels.draws import fill_words
from geomsup.training.kernels.products import multiply

__all__ = ["attack_samples", "inverse_lengths"]

MARK_ATTACK = np.uint32(0xE0000000)  # bits of the streams of random words that choose features and signs
BITS, HALF = np.int64(31), np.int32(2**30)  # of a random word; half of the words are below HALF


@part
def inverse_lengths(W, decoder, inverse):
    """Set inverse ``(n,)`` to 1 / ‖G_i‖₂, G = decoder Wᵀ, and to 0 where G_i is 0."""
    n, m = W.shape
    square, pushed = np.zeros((m, m), np.float32), np.empty(m, np.float32)
    for i in range(n):
        for k in range(m):
            for q in range(m):
                square[k, q] += W[i, k] * W[i, q]
    for i in range(n):
        length = ZERO
        pushed[:] = ZERO
        for k in range(m):
            for q in range(m):
                pushed[q] += decoder[i, k] * square[k, q]
        for q in range(m):
            length += pushed[q] * decoder[i, q]
        inverse[i] = ONE / math.sqrt(length) if length > ZERO else ZERO


@part
def attack_samples(x, W, decoder, inverse, length, first, step, words, key, hidden, change):
    """Add ± length G_i / ‖G_i‖₂ to every sample of x ``(n, BLOCK)``; sign and feature i are drawn for each.

    G_i = W decoder_i is the direction that changes output i most. `first` is the block's first sample; `words`
    ``(2, BLOCK)`` int32, hidden ``(m, BLOCK)`` and change ``(n, BLOCK)`` are scratch.
    """
    n, m = W.shape
    fill_words(words[0], first // 4, MARK_ATTACK, step, key)
    fill_words(words[1], first // 4, MARK_ATTACK + np.uint32(1), step, key)
    for s in range(BLOCK):
        i = (np.int64(words[0, s]) * n) >> BITS
        signed = length * inverse[i] if words[1, s] < HALF else -length * inverse[i]
        for k in range(m):
            hidden[k, s] = signed * decoder[i, k]
    multiply(W, hidden, change, False)
    for i in range(n):
        for s in range(BLOCK):
            x[i, s] += change[i, s]
