"""Philox4x32-7: random numbers as a pure function of a counter and a key, with no state to carry.

The same call gives the same four words whichever thread or device makes it, and in whatever order.
"""

import numpy as np

from geomsup.compiling import njit

__all__ = ["philox", "philox_inline"]

# Multipliers and key increments, as 64-bit integers: a product of two 32-bit words needs 64 bits.
MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
SHIFT = np.uint64(32)  # bits of a word
ROUNDS = 7  # the fewest with which all tests of BigCrush pass (salmon2011, table 2); 10 take a third longer


def philox(c0, c1, c2, c3, k0, k1):
    """Return the four random words of counter ``(c0, c1, c2, c3)`` under key ``(k0, k1)``.

    Plain arithmetic without branches, so that numba compiles it for any target (see `philox_inline`) and
    NumPy runs it on numbers and on arrays.

    Parameters
    ----------
    c0, c1, c2, c3
        Counter: four ``np.uint32``, or arrays of them.
    k0, k1
        Key: two ``np.uint32``, or arrays of them.

    References
    ----------
    :cite:t:`salmon2011`, section 3.3.

    Examples
    --------
    >>> zero = np.uint32(0)
    >>> [f"{word:08x}" for word in philox(zero, zero, zero, zero, zero, zero)]
    ['5f6fb709', '0d893f64', '4f121f81', '4f730a48']
    """
    for _ in range(ROUNDS):
        product_0 = MULTIPLIER_0 * np.uint64(c0)
        product_1 = MULTIPLIER_1 * np.uint64(c2)
        c0, c1 = np.uint32(product_1 >> SHIFT) ^ c1 ^ k0, np.uint32(product_1)
        c2, c3 = np.uint32(product_0 >> SHIFT) ^ c3 ^ k1, np.uint32(product_0)
        k0 = np.uint32(np.uint64(k0) + WEYL_0)
        k1 = np.uint32(np.uint64(k1) + WEYL_1)
    return c0, c1, c2, c3


# Inlined before the loop around it is vectorised: a call in that loop would keep it scalar (5 ns a number
# against 0.9 ns with AVX2).
philox_inline = njit(philox, forceinline=True)
