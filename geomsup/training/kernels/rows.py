"""Kernels: samples from a data set, in epochs: each takes every sample once, in an order of its own.

The order of an epoch is a pure function of the key and the epoch. Batches follow each other without a gap, so one may
begin in an epoch and end in the next. A batch of the whole data set takes it as it is.
"""

from typing import NamedTuple

import numpy as np

from geomsup.training.kernels.compiled import BLOCK, ZERO, compiled, inlined, part
from geomsup.training.kernels.philox import philox_inline

__all__ = ["Rows", "draw_rows", "make_rows", "prepare_orders"]

MARK_ORDER = np.uint32(0x20000000)  # bits of the stream of random words that shuffle; no feature has this number
WORD_BITS = np.uint64(32)


class Rows(NamedTuple):
    """A data set, and the orders of two epochs: a batch reaches no further.

    Parameters
    ----------
    X
        Samples ``(samples, n)``; none if samples are drawn from a distribution.
    orders
        Numbers of samples, ``(2, samples)`` int32: of even epochs, and of odd ones.
    epochs
        The epochs that these are, ``(2,)`` int64; -1 where none is yet.
    """

    X: np.ndarray
    orders: np.ndarray
    epochs: np.ndarray


def make_rows(X: np.ndarray) -> Rows:
    """Return a data set in order; epochs are shuffled when their first batch begins."""
    orders = np.tile(np.arange(len(X), dtype=np.int32), (2, 1))
    return Rows(X, orders, np.full(2, -1, np.int64))


@compiled
def prepare_orders(rows, step, batch, key):
    """Shuffle the epochs that the batch of a step takes samples from, unless they lie ready."""
    count = rows.X.shape[0]
    if batch >= count:  # there is no data set, or batches are the whole of it
        return
    for epoch in range(step * batch // count, (step * batch + batch - 1) // count + 1):
        if rows.epochs[epoch & 1] != epoch:
            _shuffle(rows.orders[epoch & 1], epoch, key)
            rows.epochs[epoch & 1] = epoch


@part
def _shuffle(order, epoch, key):
    """Set `order` to a random permutation: entry i changes places with one up to itself (Fisher and Yates)."""
    low, high, key_0, key_1 = np.uint32(epoch), np.uint32(epoch >> 32), key[0], key[1]
    for i in range(order.size):
        order[i] = i
    for first in range(0, order.size, 4):
        word_0, word_1, word_2, word_3 = philox_inline(np.uint32(first // 4), MARK_ORDER, low, high, key_0, key_1)
        _exchange(order, first, word_0)
        _exchange(order, first + 1, word_1)
        _exchange(order, first + 2, word_2)
        _exchange(order, first + 3, word_3)


@inlined
def _exchange(order, i, word):
    """Let entry i, if there is one, change places with entry (i + 1) word / 2³², one up to itself."""
    if i < order.size:
        j = np.int64((np.uint64(np.uint32(word)) * np.uint64(i + 1)) >> WORD_BITS)
        order[i], order[j] = order[j], order[i]


@part
def draw_rows(x, size, first, step, batch, rows):
    """Fill x ``(n, BLOCK)`` with samples `first` to `first` + `size` of the batch of `step`, zeros behind them."""
    n, count = x.shape[0], rows.X.shape[0]
    for s in range(size):
        place = step * batch + first + s
        row = rows.X[rows.orders[(place // count) & 1, place % count]]
        for i in range(n):
            x[i, s] = row[i]
    for i in range(n):
        for s in range(size, BLOCK):
            x[i, s] = ZERO
