"""How the trainer's kernels are compiled, and the constants that they share.

The compiler reorders no sum and fuses no product. A kernel therefore gives the same bits however it was compiled: alone
or into its caller, for one layout of arrays or another. Loops that add up would then not be vectorised: for them
`vectors` adds up in lanes, in a fixed order.
"""

import numpy as np

from geomsup.compiling import njit

__all__ = ["BLOCK", "ONE", "TWO", "ZERO", "compiled", "inlined", "part"]

# Samples that are processed together, along the innermost loops: 16 vectors of 8. A multiple of 32, so that each of the
# four words of a draw fills whole vectors. Measured for (n, m) from (5, 2) to (400, 30): 64 takes 2 to 30 %
# longer, 256 takes up to 15 % longer.
BLOCK = 128

ZERO, ONE, TWO = np.float32(0), np.float32(1), np.float32(2)

compiled = njit(error_model="numpy")
part = njit(part=True, error_model="numpy")
inlined = njit(error_model="numpy", forceinline=True)
