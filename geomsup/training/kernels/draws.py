"""Kernels: the samples of a block, as a pure function of (key, step, block, feature).

Every feature has a stretch, a range of 31-bit integers. It is present if a random integer falls on its stretch. The
place on the stretch is then uniform, and gives the value: one number decides both. Members of an anticorrelated group
share the number, and have stretches side by side. Members of a correlated group share number and stretch; those after
the first draw another number for their value. Members of a joint distribution share the number too: each of their
sets has a stretch, and every member draws another number for its value. Members of a mixture share the number of the
state, each of which has a stretch; every member draws another number, which decides presence and gives the value.
"""

import math
from typing import NamedTuple

import numpy as np

from geomsup.training.kernels.compiled import BLOCK, ONE, ZERO, inlined, part
from geomsup.training.kernels.philox import philox_inline

__all__ = [
    "AGAIN", "GAPS", "GIVEN", "HALF_WORD", "JOINT", "LANE_BITS", "MARK_AGAIN", "MARK_GAPS", "ONE_BIT", "OWN", "PLAIN",
    "QUARTER", "Gaps", "Law", "draw", "draw_present", "fill_words", "general_value", "given_value", "inverse_length",
    "joint_value", "logarithm", "normalise", "normalise_present", "on_stretch", "plain_value", "value_at",
]  # fmt: skip

PLAIN = 0  # kind of row: a feature without a group, with a uniform distribution
OWN = 1  # kind of row: the value comes from the number that says whether the feature is present
AGAIN = 2  # kind of row: the value comes from another number
JOINT = 3  # kind of row: a table of sets says whether the feature is present; the value comes from another number
GIVEN = 4  # kind of row: another number says whether the feature is present, given the state, and gives the value
ONE_BIT, MARK_AGAIN, MARK_GAPS = np.uint32(1), np.uint32(0x80000000), np.uint32(0x40000000)
HALF_WORD = np.float32(2.0**-31)
QUARTER = BLOCK // 4
LANE_BITS = 7  # BLOCK = 2**7
GAPS = 128  # gaps that are drawn together
SQRT_2, LOG_2 = math.sqrt(2), math.log(2)
FRACTION, EXPONENT_0 = np.int64(2**52 - 1), np.int64(1023 << 52)  # bits of a double: the fraction; exponent 0


class Law(NamedTuple):
    """Distributions of n features, as tables to draw from.

    Parameters
    ----------
    stretches
        Kind of row, feature whose number decides, first and last number that mean present, ``(4, n)`` int32. For joint
        rows the last two are the number of the table, and the bit of the feature in its sets; for rows that are given a
        state the third is the number of the feature's own table.
    scales
        Low end and slope, ``(2, n)``: the value is low + slope * number for plain rows; for others the place on the
        stretch is slope * (number - first).
    pieces
        Where on [0, 1] each piece of the distribution begins, its low end, its slope, ``(3, n, pieces)``.
    sets
        For each table the first number of each stretch, ascending from 0, and the bits of the features that are present
        there, or the last number that means present there, ``(2, tables, stretches)`` int32.
    normalised
        Whether each sample is divided by its length.
    """

    stretches: np.ndarray
    scales: np.ndarray
    pieces: np.ndarray
    sets: np.ndarray
    normalised: bool


class Gaps(NamedTuple):
    """How gaps between present features are drawn.

    Parameters
    ----------
    sparse
        Whether only present features are drawn.
    rate
        -1 / log(1 - p_max).
    spread
        p_max / p of each feature, ``(n,)``.
    """

    sparse: bool
    rate: float
    spread: np.ndarray


@part
def draw(x, size, first, step, law, words, key):
    """Fill x ``(n, BLOCK)`` with samples `first` to `first` + `size` of the batch of `step`, zeros behind them.

    `law` is a `Law`; `words` ``(2, BLOCK)`` int32 is scratch.
    """
    stretches, scales, pieces, sets, _ = law
    for i in range(x.shape[0]):
        row, kind, edge, last = x[i], stretches[0, i], stretches[2, i], stretches[3, i]
        fill_words(words[0], first // 4, np.uint32(stretches[1, i]), step, key)
        if kind == PLAIN:
            _plain_row(row, words[0], last, scales[0, i], scales[1, i])
        else:
            if kind >= AGAIN:
                fill_words(words[1], first // 4, np.uint32(i) | MARK_AGAIN, step, key)
            if kind == JOINT:
                _joint_row(row, words, sets[:, edge], last, pieces[:, i])
            elif kind == GIVEN:
                _given_row(row, words, sets[:, edge], pieces[:, i])
            else:
                _general_row(row, words, edge, last, scales[1, i], kind, pieces[:, i])
        for s in range(size, BLOCK):
            row[s] = ZERO


@inlined
def fill_words(words, counter, stream, step, key):
    """Fill `words` with 31 random bits each: AVX2 compares and converts signed words only."""
    step_low, step_high, key_0, key_1 = np.uint32(step), np.uint32(step >> 32), key[0], key[1]
    part_0, part_1 = words[:QUARTER], words[QUARTER : 2 * QUARTER]
    part_2, part_3 = words[2 * QUARTER : 3 * QUARTER], words[3 * QUARTER :]
    for s in range(QUARTER):
        word_0, word_1, word_2, word_3 = philox_inline(
            np.uint32(counter + s), stream, step_low, step_high, key_0, key_1
        )
        part_0[s] = np.int32(word_0 >> ONE_BIT)
        part_1[s] = np.int32(word_1 >> ONE_BIT)
        part_2[s] = np.int32(word_2 >> ONE_BIT)
        part_3[s] = np.int32(word_3 >> ONE_BIT)


@inlined
def _plain_row(row, words, last, low, slope):
    for s in range(BLOCK):
        row[s] = plain_value(words[s], last, low, slope)


@inlined
def _general_row(row, words, edge, last, slope, kind, pieces):
    for s in range(BLOCK):
        row[s] = general_value(words[0, s], words[1, s], edge, last, slope, kind, pieces)


@inlined
def _joint_row(row, words, sets, bit, pieces):
    for s in range(BLOCK):
        row[s] = joint_value(words[0, s], words[1, s], sets, bit, pieces)


@inlined
def _given_row(row, words, sets, pieces):
    for s in range(BLOCK):
        row[s] = given_value(words[0, s], words[1, s], sets, pieces)


@inlined
def plain_value(word, last, low, slope):
    """Return the value that a number gives a feature without a group, of a uniform distribution."""
    return low + slope * np.float32(word) if word <= last else ZERO


@inlined
def general_value(word, other, edge, last, slope, kind, pieces):
    """Return the value that a number gives any feature; rows of kind `AGAIN` take it from the number `other`."""
    if edge <= word <= last:
        place = slope * np.float32(word - edge)
        if kind == AGAIN:
            place = np.float32(other) * HALF_WORD
        return value_at(place, pieces)
    return ZERO


@inlined
def joint_value(word, other, sets, bit, pieces):
    """Return the value of a feature that is present on the stretches of a table that have its bit."""
    bits = on_stretch(word, sets)
    return value_at(np.float32(other) * HALF_WORD, pieces) if (bits >> bit) & 1 else ZERO


@inlined
def given_value(word, other, sets, pieces):
    """Return the value of a feature that the number `other` decides, given the state that `word` decides."""
    last = on_stretch(word, sets)
    return value_at(np.float32(other) / (np.float32(last) + ONE), pieces) if other <= last else ZERO


@inlined
def on_stretch(word, sets):
    """Return what holds on the stretch of a table on which the number lies."""
    first, last = 0, sets.shape[1] - 1
    while first < last:  # the last stretch that begins at the number or before
        middle = (first + last + 1) // 2
        if sets[0, middle] <= word:
            first = middle
        else:
            last = middle - 1
    return sets[1, first]


@inlined
def value_at(place, pieces):
    """Return the value at a place on [0, 1], by the pieces of a distribution."""
    k, last = 0, pieces.shape[1] - 1
    while k < last:  # the last piece that begins at the place or before
        middle = (k + last + 1) // 2
        if pieces[0, middle] <= place:
            k = middle
        else:
            last = middle - 1
    return pieces[1, k] + pieces[2, k] * (place - pieces[0, k])


@part
def normalise(x, inverse):
    """Divide each sample of x ``(n, BLOCK)`` by its length; `inverse` ``(BLOCK,)`` is scratch."""
    inverse[:] = ZERO
    for i in range(x.shape[0]):
        row = x[i]
        for s in range(BLOCK):
            inverse[s] += row[s] * row[s]
    for s in range(BLOCK):
        inverse[s] = inverse_length(inverse[s])
    for i in range(x.shape[0]):
        row = x[i]
        for s in range(BLOCK):
            row[s] *= inverse[s]


@part
def normalise_present(x, present, values, count, inverse):
    """Divide each sample by its length, in x and in the lists of `draw_present`; `inverse` ``(BLOCK,)`` is scratch."""
    inverse[:] = ZERO
    for j in range(count):
        inverse[np.int64(present[j]) & (BLOCK - 1)] += values[j] * values[j]
    for s in range(BLOCK):
        inverse[s] = inverse_length(inverse[s])
    flat = x.reshape(-1)
    for j in range(count):
        values[j] *= inverse[np.int64(present[j]) & (BLOCK - 1)]
        flat[np.int64(present[j])] = values[j]


@inlined
def inverse_length(square):
    """Return 1 / sqrt(square), and 0 of 0: a sample without a present feature stays 0."""
    return ONE / math.sqrt(square) if square > ZERO else ZERO


@part
def draw_present(x, size, block, step, gaps, pieces, key, moves, numbers, present, values):
    """Fill x as `draw` does, but draw only present features; list them, and return how many there are.

    The block is one line of n * BLOCK trials of probability p_max = max p: gaps between successes are geometric, and a
    success of feature i counts with probability p_i / p_max. `gaps` are `Gaps`, `pieces` those of a `Law`.
    `present` ``(n * BLOCK,)`` uint32 holds places on the line, `values` the values; `moves` ``(2, GAPS)`` float64 and
    `numbers` ``(GAPS,)`` float32 are scratch.
    """
    line, count, place, chunk = x.size, 0, -1, 0
    flat, single = x.reshape(-1), pieces.shape[2] == 1
    flat[:] = ZERO
    while place < line:
        _fill_gaps(moves, numbers, chunk, block, step, gaps.rate, key)
        chunk += 1
        for j in range(GAPS):
            place += 1 + int(moves[0, j])
            if place >= line:
                break
            i = place >> LANE_BITS
            number = numbers[j] * gaps.spread[i]
            if number < 1 and place & (BLOCK - 1) < size:
                value = pieces[1, i, 0] + pieces[2, i, 0] * number if single else value_at(number, pieces[:, i])
                flat[place] = value
                present[count] = np.uint32(place)
                values[count] = value
                count += 1
    return count


@inlined
def _fill_gaps(moves, numbers, chunk, block, step, rate, key):
    """Draw the failures before each success, floor(log(u) / log(1 - p)), and numbers for their values."""
    step_low, step_high, key_0, key_1 = np.uint32(step), np.uint32(step >> 32), key[0], key[1]
    half = GAPS // 2
    uniform, scratch = moves[0], moves[1]
    for s in range(half):
        word_0, word_1, word_2, word_3 = philox_inline(
            np.uint32(chunk * half + s), np.uint32(block) | MARK_GAPS, step_low, step_high, key_0, key_1
        )
        uniform[s] = (np.int32(word_0 >> ONE_BIT) + 0.5) * 2.0**-31
        uniform[s + half] = (np.int32(word_1 >> ONE_BIT) + 0.5) * 2.0**-31
        numbers[s] = np.float32(np.int32(word_2 >> ONE_BIT)) * HALF_WORD
        numbers[s + half] = np.float32(np.int32(word_3 >> ONE_BIT)) * HALF_WORD
    _logarithms(uniform, scratch.view(np.int64))
    for s in range(GAPS):
        uniform[s] = math.floor(uniform[s] * -rate)


@inlined
def _logarithms(u, bits):
    """Replace u by log(u), in vectors: math.log would be a call for each number."""
    source = u.view(np.int64)
    for s in range(GAPS):
        bits[s] = (source[s] & FRACTION) | EXPONENT_0
        u[s] = np.float64(np.int32((source[s] >> 52) - 1023))
    mantissa = bits.view(np.float64)
    for s in range(GAPS):
        u[s] = logarithm(mantissa[s], u[s])


@inlined
def logarithm(m, e):
    """Return log(2^e m) to 1e-10, for m in [1, 2).

    log(m) is log(sqrt(2)) and the series of 2 artanh(t), t = (m - sqrt(2)) / (m + sqrt(2)).
    """
    t = (m - SQRT_2) / (m + SQRT_2)
    q = t * t
    series = 1.0 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11)))))
    return (e + 0.5) * LOG_2 + 2.0 * t * series
