"""The arrays that kernels write to while they work on a block of samples."""

from typing import NamedTuple

import numpy as np

from geomsup.training.kernels.codes import IDENTITY
from geomsup.training.kernels.compiled import BLOCK, ZERO
from geomsup.training.kernels.draws import GAPS
from geomsup.training.kernels.form import Extras, Form, Shape
from geomsup.training.kernels.vectors import LANES

__all__ = ["Blocks", "Buffers", "Lists", "More", "Rows", "make_buffers"]

# Outputs are listed if at most one in so many is open: a listed output takes 14 ns, and without a list each takes 1.2.
OPEN_PART = 12


class Blocks(NamedTuple):
    """Arrays with a column for each sample of a block.

    Parameters
    ----------
    x, y, g
        Inputs, targets, and outputs, which become the gradient by the outputs.
    words, squares
        Random words, and squares of errors.
    h, grad_h
        Units of the first hidden layer, and the gradient by them.
    top, grad_top
        The same of the last hidden layer: those arrays themselves if there is one layer only.
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
    """Lists of what is present and of what is open, for sparse inputs.

    Parameters
    ----------
    present, values
        Places and values of present features.
    open_places, pulls
        Places of open outputs, and the gradient by them.
    moves, numbers
        Gaps between present features, and the numbers that give their values.
    """

    present: np.ndarray
    values: np.ndarray
    open_places: np.ndarray
    pulls: np.ndarray
    moves: np.ndarray
    numbers: np.ndarray


class Rows(NamedTuple):
    """Hidden units with a row for each sample, weights, and their gradient; rows are padded to whole vectors."""

    by_sample: np.ndarray
    weights: np.ndarray
    gradient: np.ndarray


class More(NamedTuple):
    """Arrays that `Extras` need.

    Parameters
    ----------
    masks, top_masks
        Dropout masks of the first and the last hidden layer.
    unused
        Stands for weights that the model lacks, and for their gradient.
    between_T, between_rows
        Weights between the hidden layers, transposed, and padded rows for their gradient.
    composed, inverse, change
        Of attacks: the decoder of both layers together, inverse lengths, and what is added to the inputs.
    classes, sums
        For cross-entropy: the class of each sample; its largest logit, and its sum over classes.
    before, inside, across
        Of `hidden.bend`: the hidden layer before its activation; what its slope needs of each unit; and of each sample.
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
    before: np.ndarray
    inside: np.ndarray
    across: np.ndarray


class Buffers(NamedTuple):
    """All arrays that one part of a batch needs; `W_T` and `V_T` are encoder and decoder, transposed."""

    blocks: Blocks
    W_T: np.ndarray
    V_T: np.ndarray
    lists: Lists
    rows: Rows
    decoder_rows: Rows
    more: More | None


def make_buffers(shape: Shape, form: Form, extras: Extras | None, sparse: bool) -> Buffers:
    """Return buffers for models of a form; `sparse` says whether present features are listed."""
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
    return More(
        masks, top_masks, unused, between_T, _padded(m, last), composed, inverse, _block(n), classes, _block(2),
        _block(m), _block(m), _block(2),
    )  # fmt: skip
