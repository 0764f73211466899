"""Device functions: outputs, errors and gradient of the samples that a warp, or several, hold.

Each lane holds `width` samples. Their hidden units, and the gradient by these, stay in registers. Inputs are in a tile
``(n, width * 32)`` of shared or global memory. `split` warps share the rows of W.
"""

from typing import Any

import numpy as np
from numba import float32

from geomsup.training.cuda.device import cuda
from geomsup.training.cuda.form import LANES, Form
from geomsup.training.cuda.samples import BLOCK
from geomsup.training.cuda.warp import ALL, make_add_columns, sum_lanes
from geomsup.training.kernels.codes import ABSOLUTE_PAIRS, PAIRS, PRODUCT_PAIRS
from geomsup.training.kernels.compiled import ONE, TWO, ZERO
from geomsup.training.kernels.outputs import gelu_pull, linear_pull, target_of

__all__ = ["make_gradient"]


def make_gradient(form: Form) -> Any:
    """Return the device function that adds the gradient over its samples, and their loss, to `out`.

    Its arguments: the weights; a tile, filled; the importance ``(n,)``; `out` ``(size + split,)``, weights as in theta
    and then the loss of each part, and whether to set it rather than to add; `shared` ``(split, m * width * 32)`` for
    sums over the warps; part of the features and of the samples, lane; block and batch.
    """
    n, m, width, split = form.n, form.m, form.width, form.split
    tied, hidden_relu, gelu, target = form.tied, form.hidden_relu, form.gelu, form.target
    leak = np.float32(form.leak)
    rows, held, form_size = -(-n // split), m * width, form.size
    held_pulls = rows * width
    bias, decoder = n * m, 0 if tied else n * m + n
    full, rest = divmod(m + 1, LANES)  # groups of columns: those of a row of W, and its bias
    add_columns, _ = make_add_columns(LANES)
    add_rest, columns_of_rest = make_add_columns(max(1, rest))

    paired = target in (PAIRS, ABSOLUTE_PAIRS, PRODUCT_PAIRS)

    @cuda.jit(device=True)
    def gradient(weights, tile, importance, out, fresh, shared, part, half, lane, block, batch):
        begin, end = part * rows, min(n, part * rows + rows)
        h, grad_h = cuda.local.array(held, float32), cuda.local.array(held, float32)
        pulls = cuda.local.array(held_pulls, float32)
        for q in range(held):
            h[q] = ZERO
            grad_h[q] = ZERO
        encode(h, weights, tile, begin, end, lane)
        add_parts(h, shared, part, lane)
        if hidden_relu:
            for q in range(held):
                h[q] = ZERO if h[q] < ZERO else h[q]
        left = batch - block * BLOCK - half * width * LANES  # samples, in the columns of the tile
        loss = sum_lanes(judge(pulls, grad_h, h, weights, tile, importance, begin, end, lane, left))
        if lane == 0:
            out[form_size + part] = loss if fresh else out[form_size + part] + loss
        add_parts(grad_h, shared, part, lane)
        if hidden_relu:
            for q in range(held):
                grad_h[q] *= ZERO if h[q] == ZERO else ONE
        collect(out, pulls, h, grad_h, tile, begin, end, fresh, lane)

    @cuda.jit(device=True)
    def encode(h, weights, tile, begin, end, lane):
        """Add Wᵀ x over some of the features to h."""
        x = cuda.local.array(width, float32)
        for i in range(begin, end):
            row = weights[i * m : i * m + m]  # so that a sign of the index is looked at once, not for each k
            if load(x, tile, i, lane):
                for k in range(m):
                    w = row[k]
                    for j in range(width):
                        h[k * width + j] += w * x[j]

    @cuda.jit(device=True)
    def judge(pulls, grad_h, h, weights, tile, importance, begin, end, lane, left):
        """Set pulls to the gradient by some of the outputs, add to grad_h what it gives; return this lane's loss."""
        u = cuda.local.array(width, float32)
        loss = ZERO
        for i in range(begin, end):
            row = weights[decoder + i * m : decoder + i * m + m]
            for j in range(width):
                u[j] = weights[bias + i]
            for k in range(m):
                w = row[k]
                for j in range(width):
                    u[j] += w * h[k * width + j]
            square, is_open = ZERO, False
            for j in range(width):
                column = j * LANES + lane
                other = tile[i ^ 1, column] if paired else ZERO
                y = target_of(tile[i, column], other, i % 2 == 0, target)
                if gelu:
                    error, pull = gelu_pull(u[j], y, TWO * importance[i])
                else:
                    error, pull = linear_pull(u[j], y, TWO * importance[i], leak)
                if column >= left:
                    error, pull = ZERO, ZERO
                square += error * error
                u[j] = pull
                pulls[(i - begin) * width + j] = pull
                is_open |= pull != ZERO
            loss += importance[i] * square
            if cuda.any_sync(ALL, is_open):
                for k in range(m):
                    w = row[k]
                    for j in range(width):
                        grad_h[k * width + j] += w * u[j]
        return loss

    @cuda.jit(device=True)
    def collect(out, pulls, h, grad_h, tile, begin, end, fresh, lane):
        """Add the gradient by some of the rows of W (and W_out) and entries of b to out."""
        x, pull = cuda.local.array(width, float32), cuda.local.array(width, float32)
        for i in range(begin, end):
            present, is_open = load(x, tile, i, lane), False
            for j in range(width):
                pull[j] = pulls[(i - begin) * width + j]
                is_open |= pull[j] != ZERO
            is_open = cuda.any_sync(ALL, is_open)
            if tied:
                if fresh or present or is_open:
                    add_row(out, i * m, bias + i, pull, h, x, grad_h, fresh, lane)
            else:
                if fresh or is_open:
                    add_row(out, decoder + i * m, bias + i, pull, h, pull, h, fresh, lane)
                if fresh or present:
                    add_row(out, i * m, -1, x, grad_h, x, grad_h, fresh, lane)

    @cuda.jit(device=True)
    def load(x, tile, i, lane):
        """Read the inputs of a feature; return whether any sample of the warp has one."""
        present = False
        for j in range(width):
            x[j] = tile[i, j * LANES + lane]
            present |= x[j] != ZERO
        return cuda.any_sync(ALL, present)

    @cuda.jit(device=True)
    def add_parts(values, shared, part, lane):
        """Replace the values of each warp by the sum over the warps, in order."""
        if split > 1:
            for q in range(held):
                shared[part, q * LANES + lane] = values[q]
            cuda.syncthreads()
            for place in range(part * LANES + lane, held * LANES, split * LANES):
                total = shared[0, place]
                for other in range(1, split):
                    total += shared[other, place]
                shared[0, place] = total
            cuda.syncthreads()
            for q in range(held):
                values[q] = shared[0, q * LANES + lane]
            cuda.syncthreads()

    @cuda.jit(device=True)
    def add_row(out, first, last, left, left_hidden, right, right_hidden, fresh, lane):
        """Add sums over samples of left * hidden to out from `first` on, and those of `left` to out[last], if any.

        Tied models add right * hidden too.
        """
        sums = cuda.local.array(LANES, float32)
        if full > 0:
            fill(sums, LANES, 0, left, left_hidden, right, right_hidden)
            add_columns(sums, lane)
            put(out, first, last, sums[0], lane, fresh)
        if full > 1:
            fill(sums, LANES, LANES, left, left_hidden, right, right_hidden)
            add_columns(sums, lane)
            put(out, first, last, sums[0], lane + LANES, fresh)
        if rest > 0:
            fill(sums, columns_of_rest, full * LANES, left, left_hidden, right, right_hidden)
            add_rest(sums, lane)
            if lane < rest:
                put(out, first, last, sums[0], lane + full * LANES, fresh)

    @cuda.jit(device=True)
    def fill(sums, count, begin, left, left_hidden, right, right_hidden):
        """Set `sums` to the contributions of this lane to `count` columns from `begin` on."""
        for q in range(count):
            sums[q] = ZERO
            if begin + q < m:
                for j in range(width):
                    sums[q] += left[j] * left_hidden[(begin + q) * width + j]
                    if tied:
                        sums[q] += right[j] * right_hidden[(begin + q) * width + j]
            elif begin + q == m:
                for j in range(width):
                    sums[q] += left[j]

    @cuda.jit(device=True)
    def put(out, first, last, value, column, fresh):
        place = first + column if column < m else last
        if place >= 0:
            out[place] = value if fresh else out[place] + value

    return gradient
