"""Kernel for small models: a thread block trains one model, for many steps in one launch, in shared memory."""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import float32, float64, int64

from geomsup.training.cuda.device import cuda
from geomsup.training.cuda.form import LANES, SLOTS, SMALL_WARPS, Form
from geomsup.training.cuda.gradient import make_gradient
from geomsup.training.cuda.samples import BLOCK, make_draw
from geomsup.training.cuda.update import make_update

__all__ = ["make_train_steps"]


@lru_cache
def make_train_steps(form: Form) -> Any:
    """Return the kernel; see `launch.Fleet` for its arguments. Launch a block of `SMALL_WARPS` warps for each run.

    The warps take the blocks of a batch in turn. Every 8th block is added to the same slot.
    """
    size = form.size
    sums_shape, tiles_shape, box_size = (SLOTS, size + 1), (SMALL_WARPS, form.n, form.width * LANES), SMALL_WARPS + 1
    draw, gradient, update = make_draw(form), make_gradient(form), make_update(form, SMALL_WARPS)

    @cuda.jit
    def train_steps(
        theta, moments, stretches, scales, pieces, sets, normalised, importance, rates, keys, totals, reached,
        start, stop, batch, factors, clip,
    ):  # fmt: skip
        run, thread = cuda.blockIdx.x, cuda.threadIdx.x
        warp, lane = thread // LANES & SMALL_WARPS - 1, thread & LANES - 1
        weights = cuda.shared.array(size, float32)
        sums = cuda.shared.array(sums_shape, float32)
        tiles = cuda.shared.array(tiles_shape, float32)
        box = cuda.shared.array(box_size, float64)
        moves = cuda.shared.array(1, int64)
        if reached[run] != 0:
            return
        for q in range(thread, size, SMALL_WARPS * LANES):
            weights[q] = theta[run, q]
        cuda.syncthreads()
        blocks = (batch + BLOCK - 1) // BLOCK
        total, step, sound = totals[run], start, True
        while step < stop and sound:
            for block in range(warp, blocks, SMALL_WARPS):
                draw(
                    tiles[warp], stretches[run], scales[run], pieces[run], sets[run], normalised[run], rates[run],
                    moves, 0, 0, lane, block, batch, step, keys[run, 0], keys[run, 1],
                )  # fmt: skip
                gradient(
                    weights, tiles[warp], importance[run], sums[block & SLOTS - 1], block < SLOTS, tiles[warp],
                    0, 0, lane, block, batch,
                )  # fmt: skip
            cuda.syncthreads()
            finite = update(
                weights, moments[run], sums, min(blocks, SLOTS), thread, 0, 1, factors[step - start], batch, clip, box
            )
            sound = cuda.syncthreads_and(np.int32(finite)) != 0
            total += box[SMALL_WARPS]
            sound = sound and math.isfinite(total)
            step += 1
        for q in range(thread, size, SMALL_WARPS * LANES):
            theta[run, q] = weights[q]
        if thread == 0:
            totals[run] = total
            if not sound:
                reached[run] = np.int64(step)

    return train_steps
