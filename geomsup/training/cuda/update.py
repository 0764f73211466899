"""Device functions: a step of Adam or SGD by the threads of one block or several, from sums that lie in slots."""

import math
from typing import Any

import numpy as np

from geomsup.training.cuda.device import cuda
from geomsup.training.cuda.form import LANES, Form
from geomsup.training.cuda.warp import sum_lanes
from geomsup.training.kernels.rule import moved, pushed, shortened

__all__ = ["make_update"]


def make_update(form: Form, warps: int) -> Any:
    """Return the device function that takes a step of one run, for blocks of `warps` warps.

    Its arguments: the weights, both moments ``(2, size)``; sums ``(slots, size + split)`` and how many slots to add;
    thread; number of the block, and how many share the weights; factors of the step ``(3,)`` (see `rule.factors`);
    batch; clip, or 0; `box` ``(warps + 1,)`` float64 in shared memory, whose last entry becomes the mean loss of the
    batch. It tells each thread whether its own weights are finite.
    """
    size, split, sgd, momentum = form.size, form.split, form.sgd, form.momentum
    threads = warps * LANES

    @cuda.jit(device=True)
    def update(weights, moments, sums, slots, thread, share, shares, factors, batch, clip, box):
        if thread < LANES:
            loss = 0.0
            for place in range(thread, slots * split, LANES):
                loss += np.float64(sums[place // split, size + place % split])
            loss = sum_lanes(loss)
            if thread == 0:
                box[warps] = loss / batch
        scale = 1.0 / batch
        if clip > 0.0:
            square = 0.0
            for q in range(thread, size, threads):
                slope = np.float64(total(sums, slots, q))
                square += slope * slope
            square = sum_lanes(square)
            if thread % LANES == 0:
                box[thread // LANES] = square
            cuda.syncthreads()
            square = 0.0
            for warp in range(warps):
                square += box[warp]
            scale = shortened(square, scale, clip)
        single = np.float32(scale)
        rate, root, keep = factors[0], factors[1], factors[2]
        finite = True
        for q in range(share * threads + thread, size, shares * threads):
            slope = total(sums, slots, q) * single
            second = moments[1, q]
            if sgd:
                weight, first = pushed(weights[q], moments[0, q], slope, rate, momentum, keep)
            else:
                weight, first, second = moved(weights[q], moments[0, q], second, slope, rate, root, keep)
            weights[q], moments[0, q], moments[1, q] = weight, first, second
            finite = finite and math.isfinite(weight) and math.isfinite(first) and math.isfinite(second)
        return finite

    @cuda.jit(device=True)
    def total(sums, slots, q):
        value = sums[0, q]
        for slot in range(1, slots):
            value += sums[slot, q]
        return value

    return update
