"""How the trainer's kernels are compiled, and the few constants that they share."""

import numba
import numpy as np

__all__ = ["BLOCK", "ONE", "TWO", "ZERO", "compiled", "inlined"]

# Samples that are worked on together: the lanes of the innermost loops, 16 vectors of 8. A multiple of 32, so that each
# of the four words of a draw fills whole vectors. Measured for (n, m) from (5, 2) to (400, 30): 64 takes 2 to 30 %
# longer, 256 takes up to 15 % longer.
BLOCK = 128

ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)

# What lets sums be vectorised; unlike full fastmath, NaN and infinity keep their meaning.
SAFE_MATH = {"reassoc", "contract", "nsz", "arcp"}
compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=SAFE_MATH)
inlined = numba.njit(forceinline=True, error_model="numpy", fastmath=SAFE_MATH)
