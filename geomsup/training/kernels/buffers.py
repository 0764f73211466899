"""What the kernels write on while they work on a block of samples."""

from typing import Any

import numpy as np

from geomsup.training.kernels.codes import IDENTITY
from geomsup.training.kernels.compiled import BLOCK, ZERO
from geomsup.training.kernels.draws import GAPS
from geomsup.training.kernels.vectors import LANES

__all__ = ["make_buffers"]

OPEN_PART = 12  # outputs are listed where no more than this part is open: 14 ns for each, against 1.2 ns for all


def make_buffers(shape: tuple[int, int, int], form: tuple[Any, ...], extras: Any, sparse: bool) -> tuple[Any, ...]:
    """Return blocks, transposes, lists, padded rows, and what `extras` need; arguments as for `steps.train_steps`."""
    n, m, last = shape
    tied, target = form[0], form[4]
    deep, attacked = (extras[1], extras[5] > ZERO) if extras else (False, False)
    x, h, grad_h = _blocks(n, m, m)
    (y,) = _blocks(n) if target != IDENTITY or attacked else (x,)
    top, grad_top = _blocks(last, last) if deep else (h, grad_h)
    blocks = x, y, *_blocks(n), np.empty((2, BLOCK), np.int32), np.empty(BLOCK, np.float32), h, grad_h, top, grad_top
    W_T = np.empty((m, n), np.float32)
    transposes = W_T, W_T if tied else np.empty((last, n), np.float32)
    rows, lists = _rows(n, m), _lists(n * BLOCK if sparse else 0)
    decoder_rows = rows if tied else _rows(n, last)
    return blocks, transposes, lists, rows, decoder_rows, _more(n, m, last) if extras else None


def _blocks(*heights: int) -> list[np.ndarray]:
    return [np.empty((height, BLOCK), np.float32) for height in heights]


def _lists(places: int) -> tuple[np.ndarray, ...]:
    """Return places and values of what is present, of what is open, and gaps and numbers to draw them."""
    most_open = places // OPEN_PART + BLOCK + 1
    present, open_places = np.empty(places, np.uint32), np.empty(most_open, np.uint32)
    values, pulls = np.empty(places, np.float32), np.empty(most_open, np.float32)
    return present, values, open_places, pulls, np.empty((2, GAPS)), np.empty(GAPS, np.float32)


def _rows(n: int, m: int) -> tuple[np.ndarray, ...]:
    """Return hidden units by sample, weights and their gradient, in rows padded to whole vectors."""
    by_sample, weights, gradient = (_padded(count, m) for count in (BLOCK, n, n))
    return by_sample, weights, gradient


def _padded(count: int, width: int) -> np.ndarray:
    return np.zeros((count, -(-width // LANES) * LANES), np.float32)


def _more(n: int, m: int, last: int) -> tuple[np.ndarray, ...]:
    """Return masks of both layers, stand-ins for parts that the model lacks, and room for what extras compute."""
    masks, top_masks, unused = (np.ones(shape, np.float32) for shape in ((m, BLOCK), (last, BLOCK), (2, m * last)))
    unused[:] = ZERO
    between_T, decoder, inverse = (np.empty(shape, np.float32) for shape in ((last, m), (n, m), (n,)))
    change, sums = _blocks(n, 2)
    between_rows = _padded(m, last)
    return masks, top_masks, unused, between_T, between_rows, decoder, inverse, change, np.empty(BLOCK, np.int32), sums
