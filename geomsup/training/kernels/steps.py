"""The arithmetic of one run: draw, forward, backward and step, fused over blocks of samples.

Arrays of a block are ``(features, BLOCK)`` or ``(hidden, BLOCK)``: the innermost loops run along samples, contiguously,
so that they compile to vector instructions. Sums over a part of a batch are single precision, sums over steps of the
loss are double. Every sum has its order (see `compiled`): whoever calls a kernel, from Python or from another kernel,
gets the same bits. Nothing here checks its arguments.

`extras` is None for models of the paper's plain form; numba then compiles kernels without what they would do.
"""

import math
from typing import NamedTuple

import numpy as np

from geomsup.training.kernels.attack import attack_samples, inverse_lengths
from geomsup.training.kernels.codes import IDENTITY
from geomsup.training.kernels.compiled import BLOCK, ONE, ZERO, compiled, inlined, part
from geomsup.training.kernels.draws import Gaps, Law, draw, draw_present, normalise, normalise_present
from geomsup.training.kernels.form import Form, Shape
from geomsup.training.kernels.hidden import bend, draw_masks, pass_on, pull_back, unbend
from geomsup.training.kernels.outputs import class_errors, errors, set_targets
from geomsup.training.kernels.products import correlate, multiply
from geomsup.training.kernels.rows import Rows, draw_rows, prepare_orders
from geomsup.training.kernels.rule import adam, add_coherence, clipped, rate_at, sgd
from geomsup.training.kernels.sparse import (
    combine_present,
    correlate_present,
    list_open,
    pad_rows,
    to_samples,
    unpad_rows,
)

__all__ = ["Task", "part_gradient", "take_step", "train_steps"]

FEW = 24  # hidden units below which `correlate` is faster: steps take 20 % less at (20, 5), as long at (200, 20)


class Task(NamedTuple):
    """What is trained, and on what; the key names the stream of random numbers, ``(2,)`` uint32."""

    shape: Shape
    form: Form
    law: Law
    gaps: Gaps
    rows: Rows
    importance: np.ndarray
    key: np.ndarray


@compiled
def train_steps(theta, moments, task, extras, start, stop, batch, part_size, rule, total, buffers):
    """Take the steps from `start` to `stop`; return how many are done, and `total` plus the mean loss of each batch.

    Stops after a step that left a loss or a weight that is not finite.

    Parameters
    ----------
    theta
        W in rows, then b, then W_out, b_hidden, W_between and b_between as far as the model has them; updated.
    moments
        Adam's first and second moments of the gradient, ``(2, theta.size)``; of SGD the velocities, and zeros. Updated.
    task
        A `Task`.
    extras
        `Extras`, or None.
    start, stop, batch, part_size
        Steps done so far, steps done on return, samples in a step, and samples in a part of a batch.
    rule
        A `Rule`.
    total
        Sum of losses so far.
    buffers
        What `make_buffers` returns.
    """
    gradient, part, share = np.empty_like(theta), np.empty_like(theta), 1.0 / batch
    for step in range(start, stop):
        loss = 0.0
        gradient[:] = ZERO
        prepare_orders(task.rows, step, batch, task.key)
        for begin in range(0, batch, part_size):
            end = min(begin + part_size, batch)
            loss += part_gradient(part, theta, task, extras, step, begin, end, batch, buffers)
            gradient += part
        finite = take_step(theta, gradient, moments, task.shape, step, batch, rule)
        total += share * loss
        if not (finite and math.isfinite(total)):
            return step + 1, total
    return stop, total


@compiled
def take_step(theta, gradient, moments, shape, step, batch, rule):
    """Take a step by the summed gradient of a batch; return whether weights and moments are finite."""
    scale = 1.0 / batch
    if rule.coherence > 0:
        add_coherence(gradient, theta, shape.n, shape.m, batch * rule.coherence)
    if rule.clip > 0:
        scale = clipped(gradient, scale, rule.clip)
    if rule.sgd:
        return sgd(theta, gradient, moments, rate_at(rule, step), rule.momentum, rule.decay, scale)
    return adam(theta, gradient, moments, step + 1, rate_at(rule, step), rule.decay, scale)


@compiled
def part_gradient(gradient, theta, task, extras, step, begin, end, batch, buffers):
    """Set `gradient` to the sum over samples `begin` to `end` of the batch of `step`; return the sum of their losses.

    Arguments are those of `train_steps`; `prepare_orders` comes first.
    """
    shape, form, law, gaps, rows, importance, key = task
    tied, hidden_relu, gelu, leak, target = form
    x, y, g, words, squares, h, grad_h, top, grad_top = buffers.blocks
    present, values, open_places, pulls, moves, numbers = buffers.lists
    by_sample, W_rows, grad_W_rows = buffers.rows
    by_top, V_rows, grad_V_rows = buffers.decoder_rows
    W_T, V_T = buffers.W_T, buffers.V_T
    W, b, V = _outer(theta, shape, tied)
    grad_W, grad_b, grad_V = _outer(gradient, shape, tied)
    own_targets = target != IDENTITY
    gradient[:] = ZERO
    _transpose(W, W_T)
    pad_rows(W, W_rows)
    grad_W_rows[:] = ZERO
    if not tied:
        _transpose(V, V_T)
        pad_rows(V, V_rows)
        grad_V_rows[:] = ZERO
    if extras is not None:
        deep, penalty, rate, length = extras.deep, extras.penalty, extras.dropout, extras.length
        (
            masks, top_masks, unused, between_T, between_rows, composed, inverse, change, classes, sums,
            before, inside, across,
        ) = buffers.more  # fmt: skip
        bias, between, b_between = _inner(theta, shape, form, extras, unused[0])
        grad_bias, grad_between, grad_b_between = _inner(gradient, shape, form, extras, unused[1])
        _transpose(between, between_T)
        between_rows[:] = ZERO
        decoder = V
        if deep and length > ZERO:
            _compose(V, between_T, composed)
            decoder = composed
        if length > ZERO:
            inverse_lengths(W, decoder, inverse)
            own_targets = True

    loss, count = 0.0, 0
    for first in range(begin, end, BLOCK):
        size = min(BLOCK, end - first)
        if rows.X.shape[0] > 0:
            draw_rows(x, size, first, step, batch, rows)
        elif gaps.sparse:
            block = first // BLOCK
            count = draw_present(x, size, block, step, gaps, law.pieces, key, moves, numbers, present, values)
            if law.normalised:
                normalise_present(x, present, values, count, squares)
        else:
            draw(x, size, first, step, law, words, key)
            if law.normalised:
                normalise(x, squares)
        if own_targets:
            set_targets(x, y, target)
        if extras is not None:  # noqa: SIM102  (apart, for numba to drop it whole)
            if length > ZERO:
                attack_samples(x, W, decoder, inverse, length, first, step, words, key, h, change)
        if gaps.sparse:
            combine_present(W_rows, present, values, count, by_sample, h)
        else:
            multiply(W_T, x, h, False)
        if extras is None:
            if hidden_relu:
                rectify(h)
        else:
            if rate > 0:
                draw_masks(masks, rate, 0, first, step, words, key)
                draw_masks(top_masks, rate, shape.m, first, step, words, key)
            if extras.bent:
                bend(h, bias, extras.bent, masks, before, inside, across)
            else:
                pass_on(h, bias, hidden_relu, masks)
            if deep:
                multiply(between_T, h, top, False)
                pass_on(top, b_between, True, top_masks)
        multiply(V, top, g, False)
        if extras is None:
            loss += errors(g, y, b, importance, gelu, leak, grad_b, size, squares)
        elif extras.classify:
            loss += class_errors(g, y, b, importance, grad_b, size, classes, sums)
        else:
            loss += errors(g, y, b, importance, gelu, leak, grad_b, size, squares)
        count_open = list_open(g, open_places.size - 1, open_places, pulls) if gaps.sparse else -1
        if count_open >= 0:
            combine_present(V_rows, open_places, pulls, count_open, by_top, grad_top)
            to_samples(top, by_top)
            correlate_present(open_places, pulls, count_open, by_top, grad_V_rows)
        else:
            multiply(V_T, g, grad_top, False)
            add_product(g, top, by_top, grad_V_rows)
        if extras is None:
            if hidden_relu:
                close(grad_h, h)
        else:
            if deep:
                pull_back(grad_top, top, True, top_masks, penalty, grad_b_between, size)
                multiply(between, grad_top, grad_h, False)
                add_product(h, grad_top, by_top, between_rows)
            if extras.bent:
                unbend(grad_h, h, extras.bent, masks, penalty, grad_bias, size, before, inside, across)
            else:
                pull_back(grad_h, h, hidden_relu, masks, penalty, grad_bias, size)
        if gaps.sparse:
            to_samples(grad_h, by_sample)
            correlate_present(present, values, count, by_sample, grad_W_rows)
        else:
            add_product(x, grad_h, by_sample, grad_W_rows)
    unpad_rows(grad_W_rows, grad_W)
    if not tied:
        unpad_rows(grad_V_rows, grad_V)
    if extras is not None:
        unpad_rows(between_rows, grad_between)
    return loss


@part
def add_product(x, h, by_sample, rows):
    """Add x hᵀ to the first columns of rows ``(n, padded)``, for x ``(n, BLOCK)`` and h ``(m, BLOCK)``."""
    if h.shape[0] < FEW:
        correlate(x, h, rows)
    else:
        to_samples(h, by_sample)
        multiply(x, by_sample, rows, True)


@inlined
def _outer(theta, shape, tied):
    """Return W, b and the decoder of packed weights."""
    n, m, last = shape
    W, b = theta[: n * m].reshape(n, m), theta[n * m : n * m + n]
    if tied:
        return W, b, W
    return W, b, theta[n * m + n : n * m + n + n * last].reshape(n, last)


@inlined
def _inner(theta, shape, form, extras, unused):
    """Return b_hidden, W_between and b_between; pieces of `unused` for those that the model lacks."""
    n, m, last = shape
    place = n * m + n + (0 if form.tied else n * last)
    bias, between, b_between = unused[:m], unused[: m * last].reshape(m, last), unused[:last]
    if extras.hidden_bias:
        bias = theta[place : place + m]
        place += m
    if extras.deep:
        between = theta[place : place + m * last].reshape(m, last)
        b_between = theta[place + m * last : place + m * last + last]
    return bias, between, b_between


@part
def _transpose(W, out):
    for i in range(W.shape[0]):
        for k in range(W.shape[1]):
            out[k, i] = W[i, k]


@part
def _compose(V, between_T, out):
    """Set out ``(n, m)`` to V @ between_T."""
    out[:] = ZERO
    for i in range(V.shape[0]):
        for q in range(V.shape[1]):
            for k in range(out.shape[1]):
                out[i, k] += V[i, q] * between_T[q, k]


@part
def rectify(h):
    """Replace entries below 0 by 0; NaN stays."""
    for k in range(h.shape[0]):
        for s in range(BLOCK):
            h[k, s] = ZERO if h[k, s] < ZERO else h[k, s]


@part
def close(grad_h, h):
    """Stop the gradient where a hidden ReLU is closed."""
    for k in range(h.shape[0]):
        for s in range(BLOCK):
            grad_h[k, s] *= ZERO if h[k, s] == ZERO else ONE
