"""A power law between two values, of a present feature's value."""

import math
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from geomsup import checks
from geomsup.laws.law import check_size
from geomsup.laws.smooth import CELLS, Smooth

__all__ = ["PowerLaw"]

STEEPEST = 10.0  # exponent
# `high` in units of `low`. On a narrower range the density hardly falls; on a wider one few values decide the loss.
NARROWEST, WIDEST = 1.01, 1e4


@dataclass(frozen=True)
class PowerLaw(Smooth):
    """The power law of a present feature's value, between two values.

    The density is in proportion to x^-exponent for low < x < high, and 0 elsewhere.

    Parameters
    ----------
    exponent
        How fast the density falls, from -10 to 10; 0 is uniform.
    low, high
        Least and greatest value, in the units of x. `low` is positive, and `high` 1.01 to ten thousand times as large.
    cells
        Number of uniform pieces that stand for the density; see `Normal`.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range.

    Examples
    --------
    >>> PowerLaw(2, 1, 10).mean  # log(10) / (1 - 1/10)
    2.55842788
    """

    exponent: float
    low: float
    high: float
    cells: int = field(default=CELLS, kw_only=True)
    _name: ClassVar[str] = "power-law"

    def __post_init__(self) -> None:
        self._checked("low", "high")
        check_size("high", self.high)
        if not abs(self.exponent) <= STEEPEST:
            raise ValueError(
                f"`exponent` must be in [{-STEEPEST:g}, {STEEPEST:g}]; got {self.exponent:g}. "
                "Pass Exponential for values that fall faster."
            )
        if not NARROWEST * self.low <= self.high <= WIDEST * self.low:
            raise ValueError(
                f"`high` must be {NARROWEST:g} to {WIDEST:g} times `low`; got {self.high:g} for {self.low:g}. "
                "Pass Uniform for a narrow range."
            )

    @property
    def mean(self) -> float:
        """Mean of the distribution."""
        return float(self._above(1, self.low))

    @property
    def variance(self) -> float:
        """Variance of the distribution."""
        return self.second_moment - self.mean**2

    @property
    def second_moment(self) -> float:
        """Mean of the square of the value."""
        return float(self._above(2, self.low))

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""
        return self.low, self.high

    @property
    def mode(self) -> float:
        """Value of the greatest density."""
        return self.low if self.exponent > 0 else self.high

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the density at values from low to high."""
        return (x / self.low) ** -self.exponent / (self.low * self._integral(0, self.low))

    def excess(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return P(x > t), E(x-t)₊ and E(x-t)₊²."""
        below, inside = np.minimum(t - self.low, 0.0), np.clip(t, self.low, self.high)
        tail, mean, square = (self._above(k, inside) for k in range(3))
        first = mean - inside * tail
        return tail, first - below, square - 2 * inside * mean + inside**2 * tail - 2 * below * first + below**2

    def _above(self, k: int, t: Any) -> Any:
        """Return E[x^k; x > t], for t from low to high."""
        return self.low**k * self._integral(k, t) / self._integral(0, self.low)

    def _integral(self, k: int, t: Any) -> Any:
        """Return the integral of x^(k - exponent) from t to high, in units of low."""
        from scipy.special import exprel

        power, length = k + 1 - self.exponent, np.log(self.high / t)
        return (t / self.low) ** power * length * exprel(power * length)

    def sample(self, size: Any, rng: Any = None) -> np.ndarray:
        """Draw values of shape `size`; `rng` is anything ``np.random.default_rng`` takes."""
        lots = checks.random_generator("rng", rng).random(checks.shape("size", size))
        power, length = 1 - self.exponent, math.log(self.high / self.low)
        place = lots * length if power == 0 else np.log1p(lots * math.expm1(power * length)) / power
        return self.low * np.exp(place)

    def times(self, factor: float) -> "PowerLaw":
        """Return the distribution of `factor` times the value, for a factor above 0."""
        return replace(self, low=factor * self.low, high=factor * self.high)
