"""The module of numba that compiles for devices, as a type checker should see it: what kernels call is not Python."""

from typing import Any

import numba.cuda

__all__ = ["cuda"]

cuda: Any = numba.cuda
