"""Kernels: matrix products, in tiles whose sums stay in registers.

A tile is up to six rows by sixteen columns, twelve vectors of eight sums: enough to keep both multipliers busy. numba's
pipeline makes no such tiles of loops, so they are written as vector operations.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from geomsup.training.compiled import BLOCK, ZERO, compiled, inlined

__all__ = ["VECTOR", "correlate", "multiply"]

VECTOR = 8  # of single precision, with AVX2


def _make_tile(rows: int, vectors: int) -> Any:
    """Return an intrinsic that works out `rows` by 8 `vectors` entries of a product."""

    def tile(typing_context, coefficients, right, out, a, s, add):
        """Set the entries of `out` from (a, s) on to those of coefficients @ right, or add these."""

        def generate(context, builder, signature, arguments):
            left_at, right_at, out_at = (
                _pointers(context, builder, kind, value)
                for kind, value in zip(signature.args[:3], arguments[:3], strict=True)
            )
            count = context.make_array(signature.args[0])(context, builder, arguments[0]).shape
            count = cgutils.unpack_tuple(builder, count)[1]
            vector = ir.VectorType(ir.FloatType(), VECTOR)
            a, s, add = arguments[3:]
            places = [(r, v) for r in range(rows) for v in range(vectors)]

            def at(pointer, row, column, v):
                column = builder.add(column, ir.Constant(column.type, v * VECTOR))
                return builder.bitcast(pointer(row, column), vector.as_pointer())

            def row(r):
                return builder.add(a, ir.Constant(a.type, r))

            sums = {place: cgutils.alloca_once(builder, vector) for place in places}
            with builder.if_else(add) as (then, otherwise):
                with then:
                    for r, v in places:
                        builder.store(builder.load(at(out_at, row(r), s, v), align=4), sums[r, v])
                with otherwise:
                    for place in places:
                        builder.store(ir.Constant(vector, [0.0] * VECTOR), sums[place])
            with cgutils.for_range(builder, count) as loop:
                across = [builder.load(at(right_at, loop.index, s, v), align=4) for v in range(vectors)]
                for r in range(rows):
                    factor = _spread(builder, builder.load(left_at(row(r), loop.index)), vector)
                    for v in range(vectors):
                        product = builder.fmul(factor, across[v], flags=("contract",))
                        total = builder.fadd(builder.load(sums[r, v]), product, flags=("contract",))
                        builder.store(total, sums[r, v])
            for r, v in places:
                builder.store(builder.load(sums[r, v]), at(out_at, row(r), s, v), align=4)
            return context.get_dummy_value()

        return types.void(coefficients, right, out, a, s, add), generate

    return intrinsic(tile)


def _pointers(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    """Return what gives the address of an entry of a contiguous matrix."""
    array = context.make_array(kind)(context, builder, value)
    width, data = cgutils.unpack_tuple(builder, array.shape)[1], array.data
    return lambda row, column: builder.gep(data, [builder.add(builder.mul(row, width), column)])


def _spread(builder: Any, number: Any, vector: Any) -> Any:
    """Return a vector of one number."""
    undefined = ir.Constant(vector, ir.Undefined)
    lane = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(lane, undefined, ir.Constant(ir.VectorType(ir.IntType(32), VECTOR), [0] * VECTOR))


# The width of a tile first: sixteen columns, or the eight that may be left of a matrix.
_tile_1, _tile_2, _tile_3, _tile_4, _tile_5, _tile_6 = (_make_tile(rows, 2) for rows in range(1, 7))
_thin_1, _thin_2, _thin_3, _thin_4, _thin_5, _thin_6 = (_make_tile(rows, 1) for rows in range(1, 7))


@compiled
def multiply(coefficients, right, out, add):
    """Set out = coefficients @ right, or add it to out; the width of right and out is a multiple of 8.

    Coefficients are ``(a, q)``, right ``(q, width)``, out ``(a, width)``, all contiguous single precision.
    """
    width = out.shape[1]
    for s in range(0, width - 15, 16):
        _multiply_wide(coefficients, right, out, s, add)
    if width % 16:
        _multiply_thin(coefficients, right, out, width - 8, add)


@compiled
def _multiply_wide(coefficients, right, out, s, add):
    rest = out.shape[0] % 6
    last = out.shape[0] - rest
    for a in range(0, last, 6):
        _tile_6(coefficients, right, out, a, s, add)  # pyright: ignore[reportCallIssue]
    if rest == 1:
        _tile_1(coefficients, right, out, last, s, add)  # pyright: ignore[reportCallIssue]
    elif rest == 2:
        _tile_2(coefficients, right, out, last, s, add)  # pyright: ignore[reportCallIssue]
    elif rest == 3:
        _tile_3(coefficients, right, out, last, s, add)  # pyright: ignore[reportCallIssue]
    elif rest == 4:
        _tile_4(coefficients, right, out, last, s, add)  # pyright: ignore[reportCallIssue]
    elif rest == 5:
        _tile_5(coefficients, right, out, last, s, add)  # pyright: ignore[reportCallIssue]


@compiled
def _multiply_thin(coefficients, right, out, s, add):
    rest = out.shape[0] % 6
    last = out.shape[0] - rest
    for a in range(0, last, 6):
        _thin_6(coefficients, right, out, a, s, add)  # pyright: ignore[reportCallIssue]
    if rest == 1:
        _thin_1(coefficients, right, out, last, s, add)  # pyright: ignore[reportCallIssue]
    elif rest == 2:
        _thin_2(coefficients, right, out, last, s, add)  # pyright: ignore[reportCallIssue]
    elif rest == 3:
        _thin_3(coefficients, right, out, last, s, add)  # pyright: ignore[reportCallIssue]
    elif rest == 4:
        _thin_4(coefficients, right, out, last, s, add)  # pyright: ignore[reportCallIssue]
    elif rest == 5:
        _thin_5(coefficients, right, out, last, s, add)  # pyright: ignore[reportCallIssue]


@compiled
def correlate(left, right, out):
    """Add left @ right.T to the first k columns of out, for left ``(a, BLOCK)`` and right ``(k, BLOCK)``.

    Two rows by four: for few k quicker than `multiply`, which wants `right` transposed and padded to whole vectors.
    """
    count = left.shape[0]
    for a in range(0, count - 1, 2):
        _correlate_two(left[a], left[a + 1], right, out[a], out[a + 1])
    if count % 2:
        _correlate_one(left[count - 1], right, out[count - 1])


@inlined
def _correlate_two(u, v, right, out_u, out_v):
    count = right.shape[0]
    single = count % 4
    for k in range(single):
        row, a_0, b_0 = right[k], ZERO, ZERO
        for s in range(BLOCK):
            a_0 += u[s] * row[s]
            b_0 += v[s] * row[s]
        out_u[k] += a_0
        out_v[k] += b_0
    for k in range(single, count, 4):
        row_0, row_1, row_2, row_3 = right[k], right[k + 1], right[k + 2], right[k + 3]
        a_0, a_1, a_2, a_3, b_0, b_1, b_2, b_3 = ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO
        for s in range(BLOCK):
            x_0, x_1, x_2, x_3 = row_0[s], row_1[s], row_2[s], row_3[s]
            a_0 += u[s] * x_0
            a_1 += u[s] * x_1
            a_2 += u[s] * x_2
            a_3 += u[s] * x_3
            b_0 += v[s] * x_0
            b_1 += v[s] * x_1
            b_2 += v[s] * x_2
            b_3 += v[s] * x_3
        out_u[k] += a_0
        out_u[k + 1] += a_1
        out_u[k + 2] += a_2
        out_u[k + 3] += a_3
        out_v[k] += b_0
        out_v[k + 1] += b_1
        out_v[k + 2] += b_2
        out_v[k + 3] += b_3


@inlined
def _correlate_one(u, right, out):
    count = right.shape[0]
    single = count % 4
    for k in range(single):
        row, a_0 = right[k], ZERO
        for s in range(BLOCK):
            a_0 += u[s] * row[s]
        out[k] += a_0
    for k in range(single, count, 4):
        row_0, row_1, row_2, row_3 = right[k], right[k + 1], right[k + 2], right[k + 3]
        a_0, a_1, a_2, a_3 = ZERO, ZERO, ZERO, ZERO
        for s in range(BLOCK):
            a_0 += u[s] * row_0[s]
            a_1 += u[s] * row_1[s]
            a_2 += u[s] * row_2[s]
            a_3 += u[s] * row_3[s]
        out[k] += a_0
        out[k + 1] += a_1
        out[k + 2] += a_2
        out[k + 3] += a_3
