"""The exponential distribution of a present feature's value."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from geomsup import checks
from geomsup.laws.smooth import CELLS, FallingFromZero

__all__ = ["Exponential"]


@dataclass(frozen=True)
class Exponential(FallingFromZero):
    """The exponential distribution of a present feature's value.

    The density is exp(-x/mean)/mean for x > 0.

    Parameters
    ----------
    mean
        Mean of the value, in the units of x.
    cells
        Number of uniform pieces that stand for the density; see `Normal`.

    Raises
    ------
    TypeError, ValueError
        If `mean` is not positive.

    Examples
    --------
    >>> Exponential(0.5).second_moment
    0.5
    """

    mean: float = 1.0  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]
    cells: int = field(default=CELLS, kw_only=True)
    _name: ClassVar[str] = "exponential"

    def __post_init__(self) -> None:
        self._checked("mean")

    @property
    def variance(self) -> float:
        """Variance of the distribution."""
        return self.mean**2

    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the density at values that are not negative."""
        return np.exp(-x / self.mean) / self.mean

    def excess(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return P(x > t), E(x-t)₊ and E(x-t)₊²."""
        below = np.minimum(t, 0.0)
        tail = np.exp(-np.maximum(t, 0.0) / self.mean)
        return tail, self.mean * tail - below, 2 * self.mean * (self.mean * tail - below) + below**2

    def sample(self, size: Any, rng: Any = None) -> np.ndarray:
        """Draw values of shape `size`; `rng` is anything ``np.random.default_rng`` takes."""
        return checks.random_generator("rng", rng).exponential(self.mean, checks.shape("size", size))

    def times(self, factor: float) -> "Exponential":
        """Return the distribution of `factor` times the value, for a factor above 0."""
        return replace(self, mean=factor * self.mean)
