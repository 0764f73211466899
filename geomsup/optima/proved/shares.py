"""What a pair of rows is asked for: a polynomial h of their cosine, and its shares φ(α_ij) and φ(α_ji)."""

from typing import NamedTuple

import numpy as np

__all__ = ["Shares"]


class Shares(NamedTuple):
    """h(c) = square c² + odd c + cubic c³ - constant, with coefficients that are not negative; and its φ.

    On [0, 1], φ(x) is at least h(x), and φ(-x) at least h(-x): both are at least some function that is convex in ln x,
    so that φ(x) + φ(y) >= 2 h(√(x y)). For x > 1, φ(±x) is 2 φ(±1) - φ(±1/x).
    """

    square: float
    odd: float = 0.0
    cubic: float = 0.0
    constant: float = 0.0

    def side(self, sign: int) -> tuple[float, float, float]:
        """Return coefficients of |c|², |c| and |c|³ of what h is at most on one side: there -c <= -c², and -c³ <= 0."""
        if sign > 0:
            return self.square, self.odd, self.cubic
        return max(self.square - self.odd, 0.0), 0.0, 0.0

    def top(self, sign: int) -> float:
        """φ(±1): half of the largest φ on one side."""
        return max(sum(self.side(sign)) - self.constant, 0.0)

    @property
    def most(self) -> float:
        """The largest φ."""
        return 2 * max(self.top(1), self.top(-1))

    def given(self, x: np.ndarray, sign: int) -> np.ndarray:
        """φ(±x) of x >= 0, which never falls; x may be infinite."""
        with np.errstate(divide="ignore", over="ignore"):
            inner = self._within(np.minimum(x, 1 / x), sign)
        return np.where(x <= 1, inner, 2 * self.top(sign) - inner)

    def _within(self, x: np.ndarray, sign: int) -> np.ndarray:
        square, odd, cubic = self.side(sign)
        bent = x**2 * (2 - x) if sign < 0 else x**2  # more than x² within is less beyond
        return np.maximum(square * bent + odd * x + cubic * x**3 - self.constant, 0.0)

    def concave(self, sign: int) -> float:
        """-φ'' and -x² φ'' are at most this, where φ has no kink: beyond 1 it may have one if h has a constant."""
        square, odd, cubic = self.side(sign)
        return 2 * square if sign < 0 else 6 * square + 2 * odd + 12 * cubic

    def sum_over_pairs(self, n: int, m: int) -> float:
        """Σ_{i≠j} h(cos_ij) is at least this for n rows in m dimensions, as Σ cos² >= n²/m and Σ cos, Σ cos³ >= 0."""
        alike = self.square + self.odd + self.cubic - self.constant  # h(1)
        return n * n * (self.square / m - self.constant) - n * alike
