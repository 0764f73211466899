"""The arithmetic of one run: draw, forward, backward and Adam, fused over blocks of samples.

Arrays of a block are ``(features, samples)`` or ``(hidden, samples)``: the innermost loops run along samples,
contiguously, so that they compile to vector instructions. Sums over a block are single precision, sums over
blocks and steps of the loss are double. Nothing here checks its arguments.
"""

import math

import numba
import numpy as np

from geomsup.training.philox import philox_inline

__all__ = ["train_steps"]

# Samples in a block, a multiple of 32 so that each of the four words of a draw fills whole vectors. Measured
# for (n, m) from (5, 2) to (400, 30): 64 takes 2 to 30 % longer, 256 takes up to 15 % longer.
BLOCK = 128
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # Adam's usual constants

# What lets sums be vectorised; unlike full fastmath, NaN and infinity keep their meaning.
SAFE_MATH = {"reassoc", "contract", "nsz", "arcp"}
compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=SAFE_MATH)
inlined = numba.njit(forceinline=True, error_model="numpy", fastmath=SAFE_MATH)

ZERO, TWO = np.float32(0), np.float32(2)
HALF_WORD, ONE_BIT = np.float32(2.0**-31), np.uint32(1)


@compiled
def train_steps(theta, moments, shape, law, importance, key, start, stop, batch, learning_rate, relu, total):
    """Take the steps from `start` to `stop`; return `total` plus the mean loss of each step's batch.

    Parameters
    ----------
    theta
        W in rows, then b, ``(n * m + n,)``; updated.
    moments
        Adam's first and second moments of the gradient, ``(2, n * m + n)``; updated.
    shape
        (n, m).
    law
        What `draw` needs, ``(3, n)``.
    importance
        ``(n,)``.
    key
        Two words that name the stream of random numbers, ``(2,)`` uint32.
    start, stop, batch, learning_rate
        Steps done so far, steps done on return, samples per step, Adam's rate.
    relu
        Whether the output goes through a ReLU.
    total
        Sum of losses so far.
    """
    n, m = shape
    W, b = theta[: n * m].reshape(n, m), theta[n * m :]
    gradient = np.empty_like(theta)
    grad_W, grad_b = gradient[: n * m].reshape(n, m), gradient[n * m :]
    x, g = np.empty((n, BLOCK), np.float32), np.empty((n, BLOCK), np.float32)
    h, grad_h = np.empty((m, BLOCK), np.float32), np.empty((m, BLOCK), np.float32)
    for step in range(start, stop):
        gradient[:] = ZERO
        W_T = np.ascontiguousarray(W.T)
        loss = 0.0
        for first in range(0, batch, BLOCK):
            size = min(BLOCK, batch - first)
            draw(x, size, first, step, law, key)
            combine(W_T, x, h, size)
            combine(W, h, g, size)
            loss += errors(g, x, b, importance, relu, grad_b, size)
            combine(W_T, g, grad_h, size)
            correlate(g, h, grad_W, size)
            correlate(x, grad_h, grad_W, size)
        adam(theta, gradient, moments, step + 1, learning_rate, np.float32(1.0 / batch))
        total += loss / batch
    return total


@compiled
def draw(x, size, first, step, law, key):
    """Fill x with samples `first`, `first` + 1, ... of the batch of `step`.

    One uniform serves twice: a feature is present if it falls below p, and then it is uniform on [0, p).
    `law` holds, for each feature, this threshold, the low end of its values, and (high - low) / p.
    """
    quarter = (size + 3) // 4
    step_low, step_high = np.uint32(step), np.uint32(step >> 32)
    key_0, key_1 = key[0], key[1]
    for i in range(x.shape[0]):
        threshold, low, slope = law[0, i], law[1, i], law[2, i]
        row_0, row_1 = x[i, :quarter], x[i, quarter : 2 * quarter]
        row_2, row_3 = x[i, 2 * quarter : 3 * quarter], x[i, 3 * quarter : 4 * quarter]
        for s in range(quarter):
            counter = np.uint32(first // 4 + s)
            word_0, word_1, word_2, word_3 = philox_inline(counter, np.uint32(i), step_low, step_high, key_0, key_1)
            row_0[s] = feature_value(word_0, threshold, low, slope)
            row_1[s] = feature_value(word_1, threshold, low, slope)
            row_2[s] = feature_value(word_2, threshold, low, slope)
            row_3[s] = feature_value(word_3, threshold, low, slope)


@inlined
def feature_value(word, threshold, low, slope):
    """Return the value of a feature, zero if absent, from 31 bits: AVX2 converts signed words only."""
    uniform = np.float32(np.int32(word >> ONE_BIT)) * HALF_WORD
    return low + slope * uniform if uniform < threshold else ZERO


@compiled
def combine(coefficients, rows, out, size):
    """Set out = coefficients @ rows, four rows at a time (so that out is loaded and stored less often)."""
    count = rows.shape[0]
    single = count % 4
    for a in range(coefficients.shape[0]):
        c, target = coefficients[a], out[a]
        for s in range(size):
            target[s] = ZERO
        for q in range(single):
            c_0, row_0 = c[q], rows[q]
            for s in range(size):
                target[s] += c_0 * row_0[s]
        for q in range(single, count, 4):
            c_0, c_1, c_2, c_3 = c[q], c[q + 1], c[q + 2], c[q + 3]
            row_0, row_1, row_2, row_3 = rows[q], rows[q + 1], rows[q + 2], rows[q + 3]
            for s in range(size):
                target[s] += (c_0 * row_0[s] + c_1 * row_1[s]) + (c_2 * row_2[s] + c_3 * row_3[s])


@compiled
def correlate(left, right, out, size):
    """Add left @ right.T to out, four rows of `right` at a time."""
    count = right.shape[0]
    single = count % 4
    for i in range(left.shape[0]):
        row, target = left[i], out[i]
        for k in range(single):
            row_0, sum_0 = right[k], ZERO
            for s in range(size):
                sum_0 += row[s] * row_0[s]
            target[k] += sum_0
        for k in range(single, count, 4):
            row_0, row_1, row_2, row_3 = right[k], right[k + 1], right[k + 2], right[k + 3]
            sum_0, sum_1, sum_2, sum_3 = ZERO, ZERO, ZERO, ZERO
            for s in range(size):
                sum_0 += row[s] * row_0[s]
                sum_1 += row[s] * row_1[s]
                sum_2 += row[s] * row_2[s]
                sum_3 += row[s] * row_3[s]
            target[k] += sum_0
            target[k + 1] += sum_1
            target[k + 2] += sum_2
            target[k + 3] += sum_3


@compiled
def errors(g, x, b, importance, relu, grad_b, size):
    """Replace W h in g by the gradient 2 I (x' - x) 1[u > 0]; add it up in grad_b; return the loss."""
    loss = 0.0
    for i in range(x.shape[0]):
        row, target = x[i], g[i]
        bias, weight = b[i], TWO * importance[i]
        square, slope = ZERO, ZERO
        for s in range(size):
            u = target[s] + bias
            is_open = u > ZERO or not relu
            error = (u if is_open else ZERO) - row[s]
            pull = weight * error if is_open else ZERO
            square += error * error
            slope += pull
            target[s] = pull
        grad_b[i] += slope
        loss += np.float64(importance[i]) * np.float64(square)
    return loss


@compiled
def adam(theta, gradient, moments, step, learning_rate, scale):
    """Take Adam's step number `step` (from 1) along -`scale` * `gradient`."""
    rate = np.float32(learning_rate / (1.0 - BETA_1**step))
    root = np.float32(1.0 / math.sqrt(1.0 - BETA_2**step))
    first, second = moments[0], moments[1]
    for q in range(theta.size):
        slope = gradient[q] * scale
        first[q] += np.float32(1.0 - BETA_1) * (slope - first[q])
        second[q] += np.float32(1.0 - BETA_2) * (slope * slope - second[q])
        theta[q] -= rate * first[q] / (math.sqrt(second[q]) * root + np.float32(EPSILON))
