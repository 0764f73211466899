"""Every layout at many sizes, some of them with axes of one length: the arrays that were saved, or a refusal."""

from itertools import product

import numpy as np
import pytest

import geomsup as gs
from tests.loading.test_layouts import LAYOUTS

SIZES = [(n, m, k) for n, m, k in product((1, 2, 3, 5), (1, 2, 3, 5), (1, 2, 3, 5))]


def saved(layout, tied, batch, transposed, size):
    """Return the arrays as a file holds them, and those of the model that is meant, the second of a batch."""
    n, m, k = size
    rng = np.random.default_rng(n + 10 * m + 100 * k)
    W, D, b = rng.normal(size=(k, n, m)), rng.normal(size=(k, n, m)), rng.normal(size=(k, n))
    encoder, decoder, bias, flips = LAYOUTS[layout]
    arrays = {encoder: np.swapaxes(W, 1, 2) if flips[0] != transposed else W, bias: b}
    if not tied:
        arrays[decoder] = np.swapaxes(D, 1, 2) if flips[1] != transposed else D
    one = k - 1
    if batch == "single":
        arrays = {name: array[one] for name, array in arrays.items()}
    elif batch == "last":
        arrays = {name: np.moveaxis(array, 0, -1) for name, array in arrays.items()}
    return arrays, (W[one], b[one], None if tied else D[one])


@pytest.mark.slow
@pytest.mark.parametrize("batch", ["single", "first", "last"])
@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_read_is_what_was_saved(layout, tied, batch):
    read, wrong = 0, []
    for transposed, size in product((False, True), SIZES):
        arrays, (W, b, D) = saved(layout, tied, batch, transposed, size)
        try:
            model = gs.ToyModel.from_state(arrays, run=None if batch == "single" else size[2] - 1)
        except ValueError:
            continue
        read += 1
        same = model.W.shape == W.shape and (model.W == W).all() and (model.b == b).all()
        same = same and ((D is None and model.W_out is None) or (D is not None and (model.W_out == D).all()))
        if not same:
            wrong.append((transposed, size, model.source))
    assert wrong == []
    assert (read > 0) == (tied or layout != "weight bias")  # whose names have no convention
