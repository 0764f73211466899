"""The coupling matrix W_out Wᵀ, and how far its diagonal is from one, each rounded only once.

A model that is close to perfect has losses of the size of (1 - G_ii)² and G_ij². In a plain product they would be
lost in the rounding of its sums. Products and sums are split into a result and its error (dekker1971;
ogita2005, "Dot2").
"""

import numpy as np

from geomsup.compiling import njit

__all__ = ["coupling_matrix"]

EPS = 2.0**-52
HALF_ULP = EPS / 2  # of a rounded number, relative to it


@njit(part=True)
def _two_product(x, y):
    """Return the rounded product and its exact error (Veltkamp's splitting; |x|, |y| below 1e140)."""
    split = 134217729.0  # 2^27 + 1
    product = x * y
    c = split * x
    x1 = c - (c - x)
    x2 = x - x1
    c = split * y
    y1 = c - (c - y)
    y2 = y - y1
    return product, x2 * y2 - (((product - x1 * y1) - x2 * y1) - x1 * y2)


@njit
def coupling_matrix(decoder, encoder, size):
    """Return the coupling (n, n) of row i of `decoder` with row j of `encoder`, and 1 - diagonal (n,).

    Also, for features of root mean square `size` (n,), a bound (n,) on the root mean square error that rounding the
    entries leaves in each output: each is off by half an ulp, and by more where it is a difference of large products.
    """
    n, m = decoder.shape
    coupling, surplus, moved = np.empty((n, n)), np.empty(n), np.zeros(n)
    for i in range(n):
        for j in range(n):
            for start in (0.0, -1.0):
                if start != 0.0 and i != j:
                    continue
                total, carry, terms = start, 0.0, 0.0
                for h in range(m):
                    product, error = _two_product(decoder[i, h], encoder[j, h])
                    new = total + product
                    part = new - total
                    carry += ((total - (new - part)) + (product - part)) + error
                    terms += abs(product)
                    total = new
                if start == 0.0:
                    coupling[i, j] = total + carry
                    moved[i] += (HALF_ULP * abs(total + carry) + (m * EPS) ** 2 * terms) * size[j]
                else:
                    surplus[i] = -(total + carry)
    return coupling, surplus, moved
