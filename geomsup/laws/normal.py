"""The normal distribution, and that of its absolute value."""

import math
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from geomsup import checks
from geomsup.laws.law import check_size
from geomsup.laws.smooth import CELLS, FallingFromZero, Smooth

__all__ = ["HalfNormal", "Normal"]

FARTHEST = 1e6  # mean, in units of std: beyond, little is left of the digits of x - mean


@dataclass(frozen=True)
class Normal(Smooth):
    """The normal distribution of a present feature's value.

    The density is exp(-(x - mean)²/(2 std²)) / (std sqrt(2π)).

    Parameters
    ----------
    mean, std
        Mean and standard deviation, in the units of x.
    cells
        Number of uniform pieces that stand for the density in all exact engines, from 16 to 256. Twice as many make a
        loss eight times as exact; see `ExpectedLoss.error`.

    Raises
    ------
    TypeError, ValueError
        If `std` is not positive, or the mean is more than a million times as large.

    Examples
    --------
    >>> Normal(0, 2).second_moment
    4.0
    """

    mean: float = 0.0  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]
    std: float = 1.0
    cells: int = field(default=CELLS, kw_only=True)
    _name: ClassVar[str] = "normal"

    def __post_init__(self) -> None:
        self._checked("std")
        check_size("mean", max(abs(self.mean), self.std))
        if not abs(self.mean) <= FARTHEST * self.std:
            raise ValueError(
                f"`std` must be at least {1 / FARTHEST:g} of `mean`; got {self.std:g} for {self.mean:g}. "
                "Pass Discrete((mean,)) for a fixed value."
            )

    @property
    def variance(self) -> float:
        """Variance of the distribution."""
        return self.std**2

    @property
    def support(self) -> tuple[float, float]:
        """All numbers."""
        return -math.inf, math.inf

    @property
    def mode(self) -> float:
        """Value of the greatest density."""
        return self.mean

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the density."""
        return _density((x - self.mean) / self.std) / self.std

    def excess(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return P(x > t), E(x-t)₊ and E(x-t)₊²."""
        return _excess(t - self.mean, self.std)

    def sample(self, size: Any, rng: Any = None) -> np.ndarray:
        """Draw values of shape `size`; `rng` is anything ``np.random.default_rng`` takes."""
        return checks.random_generator("rng", rng).normal(self.mean, self.std, checks.shape("size", size))

    def times(self, factor: float) -> "Normal":
        """Return the distribution of `factor` times the value, for a factor above 0."""
        return replace(self, mean=factor * self.mean, std=factor * self.std)


@dataclass(frozen=True)
class HalfNormal(FallingFromZero):
    """The distribution of the absolute value of a normal number of mean 0.

    The density is sqrt(2/π)/scale exp(-x²/(2 scale²)) for x > 0.

    Parameters
    ----------
    scale
        Root mean square of the value, in the units of x.
    cells
        Number of uniform pieces that stand for the density; see `Normal`.

    Raises
    ------
    TypeError, ValueError
        If `scale` is not positive.

    Examples
    --------
    >>> HalfNormal(1).mean  # sqrt(2/π)
    0.79788456
    """

    scale: float = 1.0
    cells: int = field(default=CELLS, kw_only=True)
    _name: ClassVar[str] = "half-normal"

    def __post_init__(self) -> None:
        self._checked("scale")

    @property
    def mean(self) -> float:
        """Mean of the distribution."""
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def variance(self) -> float:
        """Variance of the distribution."""
        return self.scale**2 * (1 - 2 / math.pi)

    @property
    def second_moment(self) -> float:
        """Mean of the square of the value."""
        return self.scale**2

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the density at values that are not negative."""
        return 2 * _density(x / self.scale) / self.scale

    def excess(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return P(x > t), E(x-t)₊ and E(x-t)₊²."""
        inside, below = np.maximum(t, 0.0), np.minimum(t, 0.0)
        none, first, second = (2 * part for part in _excess(inside, self.scale))
        return none, first - below, second - 2 * below * self.mean + below**2

    def sample(self, size: Any, rng: Any = None) -> np.ndarray:
        """Draw values of shape `size`; `rng` is anything ``np.random.default_rng`` takes."""
        return np.abs(checks.random_generator("rng", rng).normal(0.0, self.scale, checks.shape("size", size)))

    def times(self, factor: float) -> "HalfNormal":
        """Return the distribution of `factor` times the value, for a factor above 0."""
        return replace(self, scale=factor * self.scale)


def _density(z: np.ndarray) -> np.ndarray:
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def _excess(t: np.ndarray, std: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return P(x > t), E(x-t)₊ and E(x-t)₊² of a normal number of mean 0."""
    from scipy.special import ndtr

    z = t / std
    tail, density = ndtr(-z), _density(z)
    return tail, std * (density - z * tail), std**2 * ((1 + z**2) * tail - z * density)
