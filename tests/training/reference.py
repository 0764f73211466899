"""The trainer once more, slowly: plain NumPy in double precision, with its own Philox."""

import numpy as np

MASK = np.uint64(0xFFFFFFFF)


def philox(counter, key):
    """Return the four words of each counter, ``(4, ...)``, in whole-number arithmetic on 64 bits."""
    c = [np.asarray(word, np.uint64) for word in counter]
    k = [np.uint64(word) for word in key]
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [(right >> 32) ^ c[1] ^ k[0], right & MASK, (left >> 32) ^ c[3] ^ k[1], left & MASK]
        k = [(k[0] + np.uint64(0x9E3779B9)) & MASK, (k[1] + np.uint64(0xBB67AE85)) & MASK]
    return np.array(np.broadcast_arrays(*c))


def samples(features, key, step, batch, block=128):
    """Return the batch of a step, ``(batch, n)``."""
    i = np.arange(features.n)
    blocks = []
    for first in range(0, batch, block):
        size = min(block, batch - first)
        quarter = -(-size // 4)
        counter = first // 4 + np.arange(quarter)[:, None]
        words = philox((counter, i, step % 2**32, step // 2**32), key)
        blocks.append(words.reshape(4 * quarter, features.n)[:size])
    uniform = (np.concatenate(blocks) >> 1) / 2.0**31
    values, p = features.values, features.probability
    scaled = values.low + (values.high - values.low) * uniform / np.where(p > 0, p, 1)
    return np.where((uniform < p) | (p == 1), scaled, 0.0)


def batch_loss(W, b, x, importance, relu=True):
    u = x @ W @ W.T + b
    return float((((np.maximum(u, 0) if relu else u) - x) ** 2 @ importance).mean())


def gradient(W, b, x, importance, relu=True):
    """Return the gradients of `batch_loss` by W and b."""
    h = x @ W
    u = h @ W.T + b
    e = (np.maximum(u, 0) if relu else u) - x
    g = 2 * importance * e * ((u > 0) if relu else 1.0) / len(x)
    return g.T @ h + x.T @ (g @ W), g.sum(axis=0)


def train(features, W, b, key, steps, batch, learning_rate, relu=True):
    """Return W, b and the loss of each step."""
    values, losses = [np.array(W, float), np.array(b, float)], []
    first, second = ([np.zeros_like(value) for value in values] for _ in range(2))
    for step in range(steps):
        x = samples(features, key, step, batch)
        losses.append(batch_loss(*values, x, features.importance, relu))
        for q, slope in enumerate(gradient(*values, x, features.importance, relu)):
            first[q] = 0.9 * first[q] + 0.1 * slope
            second[q] = 0.999 * second[q] + 0.001 * slope**2
            root = np.sqrt(second[q] / (1 - 0.999 ** (step + 1)))
            values[q] = values[q] - learning_rate * first[q] / (1 - 0.9 ** (step + 1)) / (root + 1e-8)
    return *values, np.array(losses)
