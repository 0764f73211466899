"""Kernels: matrix products over a block of samples, blocked in registers.

Rows of a block are ``(BLOCK,)``, contiguous. A tile of two rows by four keeps eight sums or coefficients in registers,
so that the multiplier, not the loads, is the limit: 60 GFLOP/s on a core whose BLAS reaches 77 on large squares and 45
on these narrow shapes; one row at a time reached 41.
"""

from geomsup.training.compiled import BLOCK, ZERO, compiled, inlined

__all__ = ["combine", "correlate"]


@compiled
def combine(coefficients, rows, out):
    """Set out = coefficients @ rows, for coefficients ``(a, q)``, rows ``(q, BLOCK)`` and out ``(a, BLOCK)``."""
    count = coefficients.shape[0]
    for a in range(0, count - 1, 2):
        _combine_two(coefficients[a], coefficients[a + 1], rows, out[a], out[a + 1])
    if count % 2:
        _combine_one(coefficients[count - 1], rows, out[count - 1])


@inlined
def _combine_two(c, d, rows, left, right):
    count = rows.shape[0]
    single = count % 4
    for s in range(BLOCK):
        left[s] = ZERO
        right[s] = ZERO
    for q in range(single):
        c_0, d_0, row_0 = c[q], d[q], rows[q]
        for s in range(BLOCK):
            left[s] += c_0 * row_0[s]
            right[s] += d_0 * row_0[s]
    for q in range(single, count, 4):
        c_0, c_1, c_2, c_3 = c[q], c[q + 1], c[q + 2], c[q + 3]
        d_0, d_1, d_2, d_3 = d[q], d[q + 1], d[q + 2], d[q + 3]
        row_0, row_1, row_2, row_3 = rows[q], rows[q + 1], rows[q + 2], rows[q + 3]
        for s in range(BLOCK):
            x_0, x_1, x_2, x_3 = row_0[s], row_1[s], row_2[s], row_3[s]
            left[s] += (c_0 * x_0 + c_1 * x_1) + (c_2 * x_2 + c_3 * x_3)
            right[s] += (d_0 * x_0 + d_1 * x_1) + (d_2 * x_2 + d_3 * x_3)


@inlined
def _combine_one(c, rows, out):
    count = rows.shape[0]
    single = count % 4
    for s in range(BLOCK):
        out[s] = ZERO
    for q in range(single):
        c_0, row_0 = c[q], rows[q]
        for s in range(BLOCK):
            out[s] += c_0 * row_0[s]
    for q in range(single, count, 4):
        c_0, c_1, c_2, c_3 = c[q], c[q + 1], c[q + 2], c[q + 3]
        row_0, row_1, row_2, row_3 = rows[q], rows[q + 1], rows[q + 2], rows[q + 3]
        for s in range(BLOCK):
            out[s] += (c_0 * row_0[s] + c_1 * row_1[s]) + (c_2 * row_2[s] + c_3 * row_3[s])


@compiled
def correlate(left, right, out):
    """Add left @ right.T to out, for left ``(a, BLOCK)``, right ``(k, BLOCK)`` and out ``(a, k)``."""
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
