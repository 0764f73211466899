"""What the kernels write on while they work on a block of samples."""

from typing import NamedTuple

import numpy as np

from geomsup.training.kernels.codes import IDENTITY
from geomsup.training.kernels.compiled import BLOCK, ZERO
from geomsup.training.kernels.draws import GAPS
from geomsup.training.kernels.form import Extras, Form, Shape
from geomsup.training.kernels.vectors import LANES

__all__ = ["Blocks", "Buffers", "Lists", "More", "Rows", "make_buffers"]

OPEN_PART = 12  # outputs are listed where no more than this fraction is open: 14 ns for each, against 1.2 ns for all


class Blocks(NamedTuple):
    """What has a column for each sample.

    Inputs, targets, outputs and then their gradient; random words; squares of errors; units of the first hidden layer
    and their gradient, and the same of the last.
    """

    x: np.ndarray
    y: np.ndarray
    g: np.ndarray
    words: np.ndarray
    squares: np.ndarray
    h: np.ndarray
    grad_h: np.ndarray
    top: np.ndarray
    grad_top: np.ndarray


class Lists(NamedTuple):
    """Places and values of what is present, places and gradients of what is open; gaps and numbers to draw them."""

    present: np.ndarray
    values: np.ndarray
    open_places: np.ndarray
    pulls: np.ndarray
    moves: np.ndarray
    numbers: np.ndarray


class Rows(NamedTuple):
    """Hidden units by sample, weights and their gradient, in rows padded to whole vectors."""

    by_sample: np.ndarray
    weights: np.ndarray
    gradient: np.ndarray


class More(NamedTuple):
    """What extras need.

    Masks of both layers; stand-ins for parts that the model lacks; weights between the layers, transposed, and rows for
    their gradient; of attacks, the composed decoder, inverse lengths and what is added; classes, and sums over them.
    """

    masks: np.ndarray
    top_masks: np.ndarray
    unused: np.ndarray
    between_T: np.ndarray
    between_rows: np.ndarray
    composed: np.ndarray
    inverse: np.ndarray
    change: np.ndarray
    classes: np.ndarray
    sums: np.ndarray


class Buffers(NamedTuple):
    """What one part of a batch is worked out on; `W_T` and `V_T` are encoder and decoder, transposed."""

    blocks: Blocks
    W_T: np.ndarray
    V_T: np.ndarray
    lists: Lists
    rows: Rows
    decoder_rows: Rows
    more: More | None


def make_buffers(shape: Shape, form: Form, extras: Extras | None, sparse: bool) -> Buffers:
    """Return buffers for models of a form; `sparse` says whether what is present is listed."""
    n, m, last = shape
    deep, attacked = (extras.deep, extras.length > ZERO) if extras else (False, False)
    x, g, h, grad_h = (_block(height) for height in (n, n, m, m))
    y = _block(n) if form.target != IDENTITY or attacked else x
    top, grad_top = (_block(last), _block(last)) if deep else (h, grad_h)
    words, squares = np.empty((2, BLOCK), np.int32), np.empty(BLOCK, np.float32)
    W_T, rows = np.empty((m, n), np.float32), _rows(n, m)
    return Buffers(
        Blocks(x, y, g, words, squares, h, grad_h, top, grad_top),
        W_T,
        W_T if form.tied else np.empty((last, n), np.float32),
        _lists(n * BLOCK if sparse else 0),
        rows,
        rows if form.tied else _rows(n, last),
        _more(shape) if extras else None,
    )


def _block(height: int) -> np.ndarray:
    return np.empty((height, BLOCK), np.float32)


def _lists(places: int) -> Lists:
    most_open = places // OPEN_PART + BLOCK + 1
    present, open_places = np.empty(places, np.uint32), np.empty(most_open, np.uint32)
    values, pulls = np.empty(places, np.float32), np.empty(most_open, np.float32)
    return Lists(present, values, open_places, pulls, np.empty((2, GAPS)), np.empty(GAPS, np.float32))


def _rows(n: int, m: int) -> Rows:
    return Rows(_padded(BLOCK, m), _padded(n, m), _padded(n, m))


def _padded(count: int, width: int) -> np.ndarray:
    return np.zeros((count, -(-width // LANES) * LANES), np.float32)


def _more(shape: Shape) -> More:
    n, m, last = shape
    masks, top_masks = np.ones((m, BLOCK), np.float32), np.ones((last, BLOCK), np.float32)
    unused = np.zeros((2, m * last), np.float32)
    between_T, composed, inverse = (np.empty(size, np.float32) for size in ((last, m), (n, m), (n,)))
    classes = np.empty(BLOCK, np.int32)
    return More(masks, top_masks, unused, between_T, _padded(m, last), composed, inverse, _block(n), classes, _block(2))
