"""Were these numbers rounded to half precision, whatever their type is now?"""

import numpy as np

__all__ = ["is_half_precision"]

BITS = (8, 11)  # significant bits of bfloat16 and of float16
OFTEN = 0.25  # of rounded numbers half need all bits; of whole numbers up to a few hundred, hardly any do
LOOKED_AT = 100_000  # numbers are enough
FULL = 53  # significant bits of a double


def is_half_precision(rows: np.ndarray) -> bool:
    """Whether no number needs more bits than half precision has, and many need as many.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> is_half_precision(x), is_half_precision(x.astype(np.float16).astype(float)), is_half_precision(np.ones((9, 3)))
    (False, True, False)
    """
    values = rows[rows != 0][:LOOKED_AT].astype(float)
    if not len(values):
        return False
    whole = np.abs(np.frexp(values)[0] * 2.0**FULL).astype(np.int64)
    bits = FULL - np.log2(whole & -whole).astype(int)  # those above the last 1
    return bool(bits.max() in BITS and (bits == bits.max()).mean() > OFTEN)
