"""numba's module for GPUs, typed as Any: kernels call functions in it that no type checker understands."""

from typing import Any

import numba.cuda

__all__ = ["cuda"]

cuda: Any = numba.cuda
