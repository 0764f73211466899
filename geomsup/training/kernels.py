"""The arithmetic of one run: draw, forward, backward and Adam, fused over blocks of samples.

Arrays of a block are ``(features, BLOCK)`` or ``(hidden, BLOCK)``: the innermost loops run along samples, contiguously,
so that they compile to vector instructions. Sums over a block are single precision, sums over blocks and steps of the
loss are double. Nothing here checks its arguments.
"""

import numpy as np

from geomsup.training.adam import adam, clipped, rate_at
from geomsup.training.compiled import BLOCK, ONE, ZERO, compiled
from geomsup.training.draws import GAPS, draw, draw_present
from geomsup.training.outputs import IDENTITY, errors, set_targets
from geomsup.training.products import combine, correlate
from geomsup.training.sparse import VECTOR, combine_present, correlate_present, list_open, pad_rows, unpad_rows

__all__ = ["train_steps"]

OPEN_PART = 12  # outputs are listed where no more than this part is open: 14 ns for each, against 1.2 ns for all


@compiled
def train_steps(theta, moments, shape, form, law, gaps_law, importance, key, start, stop, batch, rule, total):
    """Take the steps from `start` to `stop`; return how many are done, and `total` plus the mean loss of each batch.

    Stops after a step that left a loss or a weight that is not finite.

    Parameters
    ----------
    theta
        W in rows, then b, then W_out in rows if untied; updated.
    moments
        Adam's first and second moments of the gradient, ``(2, theta.size)``; updated.
    shape
        (n, m).
    form
        (whether tied, whether the hidden layer is ReLU, whether the output is GELU, else its slope below 0, target).
    law, gaps_law
        What `draw` needs; and (whether to use `draw_present` instead, its `rate`, its `spread`).
    importance
        ``(n,)``.
    key
        Two words that name the stream of random numbers, ``(2,)`` uint32.
    start, stop, batch
        Steps done so far, steps done on return, samples per step.
    rule
        (schedule, its base rate, its number of steps, weight decay, clip).
    total
        Sum of losses so far.
    """
    n, m = shape
    tied, hidden_relu, gelu, leak, target = form
    sparse, gap_rate, spread = gaps_law
    schedule, base, steps, decay, clip = rule
    W, b = theta[: n * m].reshape(n, m), theta[n * m : n * m + n]
    gradient = np.empty_like(theta)
    grad_W, grad_b = gradient[: n * m].reshape(n, m), gradient[n * m : n * m + n]
    V, grad_V = W, grad_W
    if not tied:
        V, grad_V = theta[n * m + n :].reshape(n, m), gradient[n * m + n :].reshape(n, m)

    x, g, words = np.empty((n, BLOCK), np.float32), np.empty((n, BLOCK), np.float32), np.empty((2, BLOCK), np.int32)
    h, grad_h = np.empty((m, BLOCK), np.float32), np.empty((m, BLOCK), np.float32)
    y = x if target == IDENTITY else np.empty((n, BLOCK), np.float32)
    # Lists, and rows padded to whole vectors, for what is sparse.
    places, padded = (n * BLOCK, -(-m // VECTOR) * VECTOR) if sparse else (0, 0)
    present, values = np.empty(places, np.uint32), np.empty(places, np.float32)
    most_open = places // OPEN_PART + BLOCK
    open_places, pulls = np.empty(most_open + 1, np.uint32), np.empty(most_open + 1, np.float32)
    gaps, numbers = np.empty((2, GAPS)), np.empty(GAPS, np.float32)
    by_sample = np.zeros((BLOCK, padded), np.float32)
    W_rows, grad_W_rows = np.zeros((n, padded), np.float32), np.zeros((n, padded), np.float32)
    V_rows, grad_V_rows = W_rows, grad_W_rows
    if not tied:
        V_rows, grad_V_rows = np.zeros((n, padded), np.float32), np.zeros((n, padded), np.float32)

    for step in range(start, stop):
        gradient[:] = ZERO
        W_T, V_T = np.ascontiguousarray(W.T), np.ascontiguousarray(V.T)
        loss, count = 0.0, 0
        if sparse:
            pad_rows(W, W_rows)
            pad_rows(V, V_rows)
            grad_W_rows[:] = ZERO
            grad_V_rows[:] = ZERO
        for first in range(0, batch, BLOCK):
            size = min(BLOCK, batch - first)
            if sparse:
                block = first // BLOCK
                count = draw_present(
                    x, size, block, step, gap_rate, spread, law[2], key, gaps, numbers, present, values
                )
                combine_present(W_rows, present, values, count, by_sample, h)
            else:
                draw(x, size, first, step, law, words, key)
                combine(W_T, x, h)
            if hidden_relu:
                rectify(h)
            combine(V, h, g)
            if target != IDENTITY:
                set_targets(x, y, target)
            loss += errors(g, y, b, importance, gelu, leak, grad_b, size)
            count_open = list_open(g, most_open, open_places, pulls) if sparse else -1
            if count_open >= 0:
                combine_present(V_rows, open_places, pulls, count_open, by_sample, grad_h)
                correlate_present(open_places, pulls, count_open, h, by_sample, grad_V_rows)
            else:
                combine(V_T, g, grad_h)
                correlate(g, h, grad_V)
            if hidden_relu:
                close(grad_h, h)
            if sparse:
                correlate_present(present, values, count, grad_h, by_sample, grad_W_rows)
            else:
                correlate(x, grad_h, grad_W)
        if sparse:
            unpad_rows(grad_W_rows, grad_W)
            if not tied:
                unpad_rows(grad_V_rows, grad_V)
        scale = 1.0 / batch
        if clip > 0:
            scale = clipped(gradient, scale, clip)
        check = adam(theta, gradient, moments, step + 1, rate_at(schedule, base, step, steps), decay, scale)
        total += loss / batch
        if not np.isfinite(total + check):
            return step + 1, total
    return stop, total


@compiled
def rectify(h):
    """Replace what is below 0 by 0; NaN stays."""
    for k in range(h.shape[0]):
        for s in range(BLOCK):
            h[k, s] = ZERO if h[k, s] < ZERO else h[k, s]


@compiled
def close(grad_h, h):
    """Stop the gradient where a hidden ReLU is closed."""
    for k in range(h.shape[0]):
        for s in range(BLOCK):
            grad_h[k, s] *= ZERO if h[k, s] == ZERO else ONE
