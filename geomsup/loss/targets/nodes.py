"""Gauss-Legendre nodes on [0, 1] and their weights: means of polynomials of y ~ U[0, 1] up to degree 9 are exact.

The 4th power of a square has degree 8.
"""

import numpy as np

__all__ = ["NODES", "WEIGHTS"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)
NODES, WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
