"""The log-normal distribution of a present feature's value."""

import math
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from geomsup import checks
from geomsup.laws.smooth import CELLS, Smooth

__all__ = ["LogNormal"]

# Below, the distribution is a peak of less than a thousandth of its mean. Above, a value in a billion decides the loss.
NARROWEST, WIDEST = 1e-3, 1.25


@dataclass(frozen=True)
class LogNormal(Smooth):
    """The distribution of median exp(sigma z), z normal with mean 0 and standard deviation 1.

    The mean is median exp(sigma²/2), and the second moment median² exp(2 sigma²).

    Parameters
    ----------
    median
        Median of the value, in the units of x: half of the values are above.
    sigma
        Standard deviation of log x, from 0.001 to 1.25.
    cells
        Number of uniform pieces that stand for the density; see `Normal`.

    Raises
    ------
    TypeError, ValueError
        If `median` is not positive, or `sigma` is out of range.

    Examples
    --------
    >>> LogNormal(1, 0.5).mean  # exp(1/8)
    1.13314845
    """

    median: float = 1.0
    sigma: float = 0.5
    cells: int = field(default=CELLS, kw_only=True)
    _name: ClassVar[str] = "log-normal"

    def __post_init__(self) -> None:
        self._checked("median", "sigma")
        if not NARROWEST <= self.sigma <= WIDEST:
            raise ValueError(
                f"`sigma` must be in [{NARROWEST:g}, {WIDEST:g}]; got {self.sigma:g}. "
                "Pass Discrete((median,)) for a fixed value, or PowerLaw for a wide range."
            )

    @property
    def mean(self) -> float:
        """Mean of the distribution."""
        return self.median * math.exp(self.sigma**2 / 2)

    @property
    def variance(self) -> float:
        """Variance of the distribution."""
        return self.mean**2 * math.expm1(self.sigma**2)

    @property
    def support(self) -> tuple[float, float]:
        """All positive numbers."""
        return 0.0, math.inf

    @property
    def mode(self) -> float:
        """Value of the greatest density."""
        return self.median * math.exp(-(self.sigma**2))

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the density at values that are not negative."""
        x = np.maximum(x, np.finfo(float).tiny)
        z = np.log(x / self.median) / self.sigma
        return np.exp(-(z**2) / 2) / (math.sqrt(2 * math.pi) * self.sigma * x)

    def excess(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return P(x > t), E(x-t)₊ and E(x-t)₊²."""
        from scipy.special import ndtr

        below, t = np.minimum(t, 0.0), np.maximum(t, np.finfo(float).tiny)
        z = np.log(t / self.median) / self.sigma
        tail, mean, square = (  # of x^k above t
            self.median**k * math.exp((k * self.sigma) ** 2 / 2) * ndtr(k * self.sigma - z) for k in range(3)
        )
        return tail, mean - t * tail - below, square - 2 * t * mean + t**2 * tail - 2 * below * mean + below**2

    def sample(self, size: Any, rng: Any = None) -> np.ndarray:
        """Draw values of shape `size`; `rng` is anything ``np.random.default_rng`` takes."""
        normal = checks.random_generator("rng", rng).normal(size=checks.shape("size", size))
        return self.median * np.exp(self.sigma * normal)

    def times(self, factor: float) -> "LogNormal":
        """Return the distribution of `factor` times the value, for a factor above 0."""
        return replace(self, median=factor * self.median)
