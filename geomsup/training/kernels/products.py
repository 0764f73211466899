"""Kernels: matrix products, in tiles whose sums stay in registers.

A tile is up to six rows by sixteen columns, twelve vectors of eight sums: enough to keep both multipliers busy. numba's
pipeline makes no such tiles of loops, so they are written as vector operations.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from geomsup.training.kernels.compiled import BLOCK, part
from geomsup.training.kernels.vectors import LANES, VECTOR, load, multiply_add, pointers, spread, store, sum_lanes

__all__ = ["correlate", "multiply"]


def _make_tile(rows: int, vectors: int) -> Any:
    """Return an intrinsic that computes `rows` by 8 `vectors` entries of a product."""

    def tile(typing_context, coefficients, right, out, a, s, add):
        """Set the entries of `out` from (a, s) on to those of coefficients @ right, or add these."""

        def generate(context, builder, signature, arguments):
            left_at, right_at, out_at = (
                pointers(context, builder, kind, value)
                for kind, value in zip(signature.args[:3], arguments[:3], strict=True)
            )
            count = context.make_array(signature.args[0])(context, builder, arguments[0]).shape
            count = cgutils.unpack_tuple(builder, count)[1]
            a, s, add = arguments[3:]
            places = [(r, v) for r in range(rows) for v in range(vectors)]

            def at(pointer, row, v):
                return pointer(row, builder.add(s, ir.Constant(s.type, v * LANES)))

            def row(r):
                return builder.add(a, ir.Constant(a.type, r))

            sums = {place: cgutils.alloca_once(builder, VECTOR) for place in places}
            with builder.if_else(add) as (then, otherwise):
                with then:
                    for r, v in places:
                        builder.store(load(builder, at(out_at, row(r), v)), sums[r, v])
                with otherwise:
                    for place in places:
                        builder.store(ir.Constant(VECTOR, [0.0] * LANES), sums[place])
            with cgutils.for_range(builder, count) as loop:
                across = [load(builder, at(right_at, loop.index, v)) for v in range(vectors)]
                for r in range(rows):
                    factor = spread(builder, builder.load(left_at(row(r), loop.index)))
                    for v in range(vectors):
                        total = multiply_add(builder, factor, across[v], builder.load(sums[r, v]))
                        builder.store(total, sums[r, v])
            for r, v in places:
                store(builder, builder.load(sums[r, v]), at(out_at, row(r), v))
            return context.get_dummy_value()

        return types.void(coefficients, right, out, a, s, add), generate

    return intrinsic(tile)


def _make_dots(rows: int, columns: int) -> Any:
    """Return an intrinsic that computes `rows` by `columns` sums over a block."""

    def dots(typing_context, left, right, out, a, k):
        """Add left @ right.T to the entries of `out` from (a, k) on."""

        def generate(context, builder, signature, arguments):
            left_at, right_at, out_at = (
                pointers(context, builder, kind, value)
                for kind, value in zip(signature.args[:3], arguments[:3], strict=True)
            )
            a, k = arguments[3:]
            places = [(r, c) for r in range(rows) for c in range(columns)]
            sums = {place: cgutils.alloca_once(builder, VECTOR) for place in places}
            for place in places:
                builder.store(ir.Constant(VECTOR, [0.0] * LANES), sums[place])

            def behind(index, r):
                return builder.add(index, ir.Constant(index.type, r))

            with cgutils.for_range(builder, context.get_constant(types.intp, BLOCK // LANES)) as loop:
                s = builder.mul(loop.index, ir.Constant(loop.index.type, LANES))
                across = [load(builder, right_at(behind(k, c), s)) for c in range(columns)]
                for r in range(rows):
                    down = load(builder, left_at(behind(a, r), s))
                    for c in range(columns):
                        total = multiply_add(builder, down, across[c], builder.load(sums[r, c]))
                        builder.store(total, sums[r, c])
            for r, c in places:
                at = out_at(behind(a, r), behind(k, c))
                total = sum_lanes(builder, builder.load(sums[r, c]))
                builder.store(builder.fadd(builder.load(at), total), at)
            return context.get_dummy_value()

        return types.void(left, right, out, a, k), generate

    return intrinsic(dots)


# Tiles of sixteen columns, and thin ones for the eight columns that may be left of a matrix.
_tile_1, _tile_2, _tile_3, _tile_4, _tile_5, _tile_6 = (_make_tile(rows, 2) for rows in range(1, 7))
_thin_1, _thin_2, _thin_3, _thin_4, _thin_5, _thin_6 = (_make_tile(rows, 1) for rows in range(1, 7))


@part
def multiply(coefficients, right, out, add):
    """Set out = coefficients @ right, or add it to out; the width of right and out is a multiple of 8.

    Coefficients are ``(a, q)``, right ``(q, width)``, out ``(a, width)``, all contiguous single precision.
    """
    width = out.shape[1]
    for s in range(0, width - 15, 16):
        _multiply_wide(coefficients, right, out, s, add)
    if width % 16:
        _multiply_thin(coefficients, right, out, width - 8, add)


@part
def _multiply_wide(coefficients, right, out, s, add):
    rest = out.shape[0] % 6
    last = out.shape[0] - rest
    for a in range(0, last, 6):
        _tile_6(coefficients, right, out, a, s, add)
    if rest == 1:
        _tile_1(coefficients, right, out, last, s, add)
    elif rest == 2:
        _tile_2(coefficients, right, out, last, s, add)
    elif rest == 3:
        _tile_3(coefficients, right, out, last, s, add)
    elif rest == 4:
        _tile_4(coefficients, right, out, last, s, add)
    elif rest == 5:
        _tile_5(coefficients, right, out, last, s, add)


@part
def _multiply_thin(coefficients, right, out, s, add):
    rest = out.shape[0] % 6
    last = out.shape[0] - rest
    for a in range(0, last, 6):
        _thin_6(coefficients, right, out, a, s, add)
    if rest == 1:
        _thin_1(coefficients, right, out, last, s, add)
    elif rest == 2:
        _thin_2(coefficients, right, out, last, s, add)
    elif rest == 3:
        _thin_3(coefficients, right, out, last, s, add)
    elif rest == 4:
        _thin_4(coefficients, right, out, last, s, add)
    elif rest == 5:
        _thin_5(coefficients, right, out, last, s, add)


# Numbers of rows and columns: two rows by four columns, and what may be left of either.
_dots_2_4, _dots_2_3, _dots_2_2, _dots_2_1 = (_make_dots(2, columns) for columns in (4, 3, 2, 1))
_dots_1_4, _dots_1_3, _dots_1_2, _dots_1_1 = (_make_dots(1, columns) for columns in (4, 3, 2, 1))


@part
def correlate(left, right, out):
    """Add left @ right.T to the first k columns of out, for left ``(a, BLOCK)`` and right ``(k, BLOCK)``.

    For few k it is faster than `multiply`, which needs `right` transposed and padded to whole vectors.
    """
    count = left.shape[0]
    for a in range(0, count - 1, 2):
        _correlate_two(left, right, out, a)
    if count % 2:
        _correlate_one(left, right, out, count - 1)


@part
def _correlate_two(left, right, out, a):
    rest = right.shape[0] % 4
    last = right.shape[0] - rest
    for k in range(0, last, 4):
        _dots_2_4(left, right, out, a, k)
    if rest == 1:
        _dots_2_1(left, right, out, a, last)
    elif rest == 2:
        _dots_2_2(left, right, out, a, last)
    elif rest == 3:
        _dots_2_3(left, right, out, a, last)


@part
def _correlate_one(left, right, out, a):
    rest = right.shape[0] % 4
    last = right.shape[0] - rest
    for k in range(0, last, 4):
        _dots_1_4(left, right, out, a, k)
    if rest == 1:
        _dots_1_1(left, right, out, a, last)
    elif rest == 2:
        _dots_1_2(left, right, out, a, last)
    elif rest == 3:
        _dots_1_3(left, right, out, a, last)
