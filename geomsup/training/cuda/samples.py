"""Device functions: the samples of a block, the same as on the CPU (see `geomsup.training.kernels.draws`)."""

import math
from typing import Any

import numpy as np

from geomsup.training.cuda.device import cuda
from geomsup.training.cuda.form import LANES, Form
from geomsup.training.cuda.warp import ALL, add_before
from geomsup.training.kernels.compiled import ONE, ZERO
from geomsup.training.kernels.draws import (
    AGAIN,
    GIVEN,
    HALF_WORD,
    JOINT,
    LANE_BITS,
    MARK_AGAIN,
    MARK_GAPS,
    ONE_BIT,
    PLAIN,
    general_value,
    given_value,
    inverse_length,
    joint_value,
    logarithm,
    plain_value,
    value_at,
)
from geomsup.training.kernels.philox import philox_inline

__all__ = ["make_draw"]

BLOCK = 128  # samples, as on the CPU


def make_draw(form: Form) -> Any:
    """Return the device function that fills a tile ``(n, width * 32)`` with its part of a block.

    Its arguments: the tile; the tables of the run, stretches ``(4, n)``, scales ``(3, n)`` (as `draws.draw` takes
    them, and spread), pieces, sets, whether samples are normalised, the rate of gaps (0: draw everything); `moves`
    ``(split,)`` int64 in shared memory; part of the features and of the samples, lane; block, batch, step, key.
    """
    n, width, split = form.n, form.width, form.split
    rows = -(-n // split)

    @cuda.jit(device=True)
    def draw(
        tile, stretches, scales, pieces, sets, normalised, rate, moves,
        part, half, lane, block, batch, step, key_0, key_1,
    ):  # fmt: skip
        step_low, step_high = np.uint32(step & ALL), np.uint32(step >> 32)
        if rate == 0.0:
            draw_all(
                tile, stretches, scales, pieces, sets, part, half, lane, block, batch, step_low, step_high, key_0, key_1
            )
        else:
            for i in range(part * rows, min(n, part * rows + rows)):
                for j in range(width):
                    tile[i, j * LANES + lane] = ZERO
            together()
            draw_present(
                tile, scales, pieces, rate, moves, part, half, lane, block, batch, step_low, step_high, key_0, key_1
            )
        together()
        if normalised:
            normalise(tile, part, lane)
            together()

    @cuda.jit(device=True)
    def draw_all(
        tile, stretches, scales, pieces, sets, part, half, lane, block, batch, step_low, step_high, key_0, key_1
    ):
        counter = np.uint32(block * LANES + lane)
        for i in range(part * rows, min(n, part * rows + rows)):
            kind, decider, edge, last = stretches[0, i], stretches[1, i], stretches[2, i], stretches[3, i]
            low, slope = scales[0, i], scales[1, i]
            word_0, word_1, word_2, word_3 = philox_inline(
                counter, np.uint32(decider), step_low, step_high, key_0, key_1
            )
            other_0, other_1, other_2, other_3 = word_0, word_1, word_2, word_3
            if kind >= AGAIN:
                other_0, other_1, other_2, other_3 = philox_inline(
                    counter, np.uint32(i) | MARK_AGAIN, step_low, step_high, key_0, key_1
                )
            for j in range(width):
                quarter = half * width + j
                word = choose(word_0, word_1, word_2, word_3, quarter)
                if kind == PLAIN:
                    x = plain_value(word, last, low, slope)
                else:
                    other = choose(other_0, other_1, other_2, other_3, quarter)
                    if kind == JOINT:
                        x = joint_value(word, other, sets[:, edge], last, pieces[:, i])
                    elif kind == GIVEN:
                        x = given_value(word, other, sets[:, edge], pieces[:, i])
                    else:
                        x = general_value(word, other, edge, last, slope, kind, pieces[:, i])
                tile[i, j * LANES + lane] = x if block * BLOCK + quarter * LANES + lane < batch else ZERO

    @cuda.jit(device=True)
    def draw_present(
        tile, scales, pieces, rate, moves, part, half, lane, block, batch, step_low, step_high, key_0, key_1
    ):
        """Draw present features: each warp draws 128 gaps, in four rows of 32; those beyond the line are not used."""
        line, place, chunk = n * BLOCK, np.int64(-1), part
        stream = np.uint32(block) | MARK_GAPS
        while place < line:
            early = philox_inline(np.uint32(chunk * 64 + lane), stream, step_low, step_high, key_0, key_1)
            late = philox_inline(np.uint32(chunk * 64 + LANES + lane), stream, step_low, step_high, key_0, key_1)
            chunk += split
            place_0 = add_before(gap(early[0], rate, line), lane)
            place_1 = add_before(gap(late[0], rate, line), lane)
            place_2 = add_before(gap(early[1], rate, line), lane)
            place_3 = add_before(gap(late[1], rate, line), lane)
            place_1 += cuda.shfl_sync(ALL, place_0, LANES - 1)
            place_2 += cuda.shfl_sync(ALL, place_1, LANES - 1)
            place_3 += cuda.shfl_sync(ALL, place_2, LANES - 1)
            moved = cuda.shfl_sync(ALL, place_3, LANES - 1)
            begin = place
            if split > 1:
                if lane == 0:
                    moves[part] = moved
                cuda.syncthreads()
                for other in range(split):
                    if other < part:
                        begin += moves[other]
                    place += moves[other]
                cuda.syncthreads()
            else:
                place += moved
            put(tile, begin + place_0, early[2], scales, pieces, half, block, batch)
            put(tile, begin + place_1, late[2], scales, pieces, half, block, batch)
            put(tile, begin + place_2, early[3], scales, pieces, half, block, batch)
            put(tile, begin + place_3, late[3], scales, pieces, half, block, batch)

    @cuda.jit(device=True)
    def put(tile, place, word, scales, pieces, half, block, batch):
        if place < n * BLOCK:
            i, s = place >> LANE_BITS, place & (BLOCK - 1)
            number = np.float32(np.int32(word >> ONE_BIT)) * HALF_WORD * scales[2, i]
            column = s - half * width * LANES
            if number < ONE and block * BLOCK + s < batch and 0 <= column < width * LANES:
                tile[i, column] = value_at(number, pieces[:, i])

    @cuda.jit(device=True)
    def normalise(tile, part, lane):
        """Divide samples by their lengths; each warp of a block does some of the columns."""
        for column in range(part * LANES + lane, width * LANES, split * LANES):
            square = ZERO
            for i in range(n):
                square += tile[i, column] * tile[i, column]
            inverse = inverse_length(square)
            for i in range(n):
                tile[i, column] *= inverse

    @cuda.jit(device=True)
    def together():
        if split > 1:
            cuda.syncthreads()
        else:
            cuda.syncwarp(ALL)

    return draw


@cuda.jit(device=True)
def choose(word_0, word_1, word_2, word_3, quarter):
    """Return 31 bits of the word of a quarter."""
    word = word_0
    if quarter == 1:
        word = word_1
    elif quarter == 2:
        word = word_2
    elif quarter == 3:
        word = word_3
    return np.int32(word >> ONE_BIT)


@cuda.jit(device=True)
def gap(word, rate, line):
    """Return the distance to the next success: at least 1, and at most `line` + 1."""
    odd = np.uint32(word | ONE_BIT)  # u is this number / 2^32
    zeros = cuda.clz(odd)
    mantissa = np.float64(np.uint32(odd << np.uint32(zeros))) * 2.0**-31
    failures = math.floor(logarithm(mantissa, np.float64(-1 - zeros)) * -rate)
    return np.int64(1) + np.int64(min(failures, np.float64(line)))
