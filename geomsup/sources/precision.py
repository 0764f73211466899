"""Were these numbers rounded to half precision, whatever their type is now?"""

import numpy as np

__all__ = ["half_rounding"]

BITS = (8, 11)  # significant bits of bfloat16 and of float16
OFTEN = 0.25  # of rounded numbers half need all bits; of whole numbers up to a few hundred, hardly any do
LOOKED_AT = 100_000  # numbers are enough
FULL = 53  # significant bits of a double


def half_rounding(rows: np.ndarray) -> float:
    """Return the largest relative rounding if no number needs more bits than half precision, and many as many; else 0.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> half_rounding(x), half_rounding(x.astype(np.float16).astype(float)) == 2**-11, half_rounding(np.ones((9, 3)))
    (0.0, True, 0.0)
    """
    values = rows[rows != 0][:LOOKED_AT].astype(float)
    if not len(values):
        return 0.0
    whole = np.abs(np.frexp(values)[0] * 2.0**FULL).astype(np.int64)
    bits = FULL - np.log2(whole & -whole).astype(int)  # those above the last 1
    most = int(bits.max())
    return 2.0**-most if most in BITS and (bits == most).mean() > OFTEN else 0.0
