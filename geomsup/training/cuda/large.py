"""Kernels for larger models: thread blocks share the batch of a run, and then share its step.

Two launches a step, in one stream, for all runs at once: the end of a launch is the barrier between them. Sums lie in
slots and are added up in order, so that every run has the same bits.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import float32, float64, int64

from geomsup.training.cuda.device import cuda
from geomsup.training.cuda.form import LANES, SLOTS, Form
from geomsup.training.cuda.gradient import make_gradient
from geomsup.training.cuda.samples import BLOCK, make_draw
from geomsup.training.cuda.update import make_update

__all__ = ["UPDATE_WARPS", "make_add_gradients", "make_take_step"]

UPDATE_WARPS = 4  # in a block that takes a step
# Registers of a thread, so that three blocks of 128 share the 65,536 registers of a multiprocessor. At (400, 30) the
# compiler would take 229: 320 blocks would run in two rounds, the second nearly empty.
MOST_REGISTERS = 168


@lru_cache
def make_add_gradients(form: Form) -> Any:
    """Return the kernel that fills `sums` ``(runs, units, size + split)``; see `launch.Fleet` for its arguments.

    Launch a block of `form.split` warps for each unit of each run, from run `first` on.
    """
    split, halves = form.split, form.halves
    shared_shape = split, form.m * form.width * LANES
    draw, gradient = make_draw(form), make_gradient(form)

    @cuda.jit(max_registers=MOST_REGISTERS)
    def add_gradients(
        theta,
        stretches,
        scales,
        pieces,
        sets,
        normalised,
        importance,
        rates,
        keys,
        reached,
        sums,
        tiles,
        first,
        step,
        batch,
    ):
        unit, run, thread = cuda.blockIdx.x, first + cuda.blockIdx.y, cuda.threadIdx.x
        part, lane = thread // LANES & split - 1, thread & LANES - 1
        shared = cuda.shared.array(shared_shape, float32)
        moves = cuda.shared.array(split, int64)
        if run >= theta.shape[0] or reached[run] != 0:
            return
        slot, half = unit // halves, unit % halves
        tile, out = tiles[cuda.blockIdx.y, unit], sums[cuda.blockIdx.y, unit]
        blocks = (batch + BLOCK - 1) // BLOCK
        for block in range(slot, blocks, SLOTS):
            draw(
                tile, stretches[run], scales[run], pieces[run], sets[run], normalised[run], rates[run], moves,
                part, half, lane, block, batch, step, keys[run, 0], keys[run, 1],
            )  # fmt: skip
            gradient(theta[run], tile, importance[run], out, block == slot, shared, part, half, lane, block, batch)

    return add_gradients


@lru_cache
def make_take_step(form: Form) -> Any:
    """Return the kernel that takes step number `step` (from 0) of the chunk that began with `start`, from `sums`.

    Launch a row of blocks of `UPDATE_WARPS` warps for each run, from run `first` on; a row shares the run's weights.
    """
    update, box_size = make_update(form, UPDATE_WARPS), UPDATE_WARPS + 1

    @cuda.jit
    def take_step(theta, moments, sums, totals, reached, first, start, step, batch, factors, clip):
        place, thread = cuda.blockIdx.y, cuda.threadIdx.x
        run = first + place
        box = cuda.shared.array(box_size, float64)
        # Blocks of the run that came earlier may have found that this very step diverged.
        if run >= theta.shape[0] or 0 < reached[run] <= step:
            return
        finite = update(
            theta[run], moments[run], sums[place], sums.shape[1], thread, cuda.blockIdx.x, cuda.gridDim.x,
            factors[step - start], batch, clip, box,
        )  # fmt: skip
        sound = cuda.syncthreads_and(np.int32(finite)) != 0
        if thread == 0:
            if cuda.blockIdx.x == 0:
                total = totals[run] + box[UPDATE_WARPS]
                totals[run] = total
                sound = sound and math.isfinite(total)
            if not sound:
                reached[run] = np.int64(step + 1)

    return take_step
