"""Arrays that belong to a value: private and read-only, so that it cannot change under its owner."""

from typing import Any

import numpy as np

__all__ = ["read_only"]


def read_only(array: Any) -> np.ndarray:
    """Return a private, read-only copy in double precision.

    Examples
    --------
    >>> read_only([1, 2]).flags.writeable
    False
    """
    copy = np.array(array, dtype=np.float64)
    copy.flags.writeable = False
    return copy
