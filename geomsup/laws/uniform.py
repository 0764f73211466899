"""The uniform distribution of a present feature's value."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.laws.law import check_size

__all__ = ["Uniform"]


@dataclass(frozen=True)
class Uniform:
    """The uniform distribution U[low, high] of a present feature's value.

    Parameters
    ----------
    low, high
        Ends of the interval, ``low < high``, in the units of x. The paper uses U[0, 1].

    Raises
    ------
    TypeError, ValueError
        If `low` is not below `high`, or an end is not a finite number.

    Examples
    --------
    >>> law = Uniform(0.5, 1)
    >>> law.mean, law.support, law.times(2), law.sample(3, rng=0).shape
    (0.75, (0.5, 1.0), Uniform(low=1.0, high=2.0), (3,))
    >>> [part.tolist() for part in law.pieces()], law.to_dict()
    ([[1.0], [0.5], [0.5]], {'law': 'uniform', 'low': 0.5, 'high': 1.0})
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        low, high = (checks.number(name, getattr(self, name)) for name in ("low", "high"))
        if not low < high:
            raise ValueError(f"`high` must be greater than `low`; got Uniform({low:g}, {high:g}). Swap or spread them.")
        check_size("low" if abs(low) > abs(high) else "high", max(abs(low), abs(high)))
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def pieces(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights, lower ends and widths of the uniform pieces: one."""
        return np.ones(1), np.array([self.low]), np.array([self.high - self.low])

    @property
    def mean(self) -> float:
        """Mean of the distribution."""
        return (self.low + self.high) / 2

    @property
    def second_moment(self) -> float:
        """Mean of the square of the value."""
        return (self.low**2 + self.low * self.high + self.high**2) / 3

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""
        return self.low, self.high

    def sample(self, size: Any, rng: Any = None) -> np.ndarray:
        """Draw values of shape `size`; `rng` is anything ``np.random.default_rng`` takes."""
        return checks.random_generator("rng", rng).uniform(self.low, self.high, checks.shape("size", size))

    def times(self, factor: float) -> "Uniform":
        """Return the distribution of `factor` times the value, for a factor above 0."""
        return Uniform(factor * self.low, factor * self.high)

    def to_dict(self) -> dict[str, Any]:
        """Return the distribution as plain values."""
        return {"law": "uniform", "low": self.low, "high": self.high}
