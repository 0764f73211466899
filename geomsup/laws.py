"""Distributions ("laws") of a present feature's value, each with its moments, pieces and sampler.

Every distribution here is a mixture of uniform pieces; an atom is a piece of width 0. Its moments, its characteristic
function and its exact losses all follow from the pieces. So every engine takes any distribution that can list its
pieces.
"""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from geomsup import checks

__all__ = ["LARGEST", "SMALLEST", "Discrete", "Law", "Uniform", "law_from_dict"]

# Squares of larger values, or sums of them, are no doubles.
LARGEST = 1e150
# Squares of smaller values are no normal doubles.
SMALLEST = 1e-150


@runtime_checkable
class Law(Protocol):
    """What a distribution of values has to offer; any class with these members is one."""

    def pieces(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights (adding to 1), lower ends and widths of the uniform pieces, each ``(pieces,)``."""
        ...

    @property
    def mean(self) -> float:
        """Mean of the distribution."""
        ...

    @property
    def second_moment(self) -> float:
        """Mean of the square of the value."""
        ...

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""
        ...

    def sample(self, size: Any, rng: Any = None) -> np.ndarray:
        """Draw values of shape `size`; `rng` is anything ``np.random.default_rng`` takes."""
        ...

    def times(self, factor: float) -> "Law":
        """Return the distribution of `factor` times the value, for a factor above 0."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """Return the distribution as plain values."""
        ...


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
    >>> Uniform(0.5, 1).mean
    0.75
    """

    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        low, high = (checks.number(name, getattr(self, name)) for name in ("low", "high"))
        if not low < high:
            raise ValueError(f"`high` must be greater than `low`; got Uniform({low:g}, {high:g}). Swap or spread them.")
        _check_size("low" if abs(low) > abs(high) else "high", max(abs(low), abs(high)))
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


@dataclass(frozen=True)
class Discrete:
    """The distribution of a present feature's value that is one of a few numbers.

    Parameters
    ----------
    values
        The values, in the units of x; ``(1,)`` makes binary features, ``(1, 2, 3)`` counts.
    weights
        Their relative weights, equal by default; normalised to add to 1.

    Raises
    ------
    TypeError, ValueError
        If the values are not distinct finite numbers, or the weights not positive and as many.

    Examples
    --------
    >>> Discrete((1, 2, 3)).mean
    2.0
    """

    values: tuple[float, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        values = np.atleast_1d(checks.real_array("values", self.values))
        if values.ndim != 1 or not len(values) or len(set(values.tolist())) < len(values):
            raise ValueError(
                f"`values` must be distinct numbers; got {checks.shown(self.values)}. List each value once."
            )
        _check_size("values", float(np.abs(values).max()))
        weights = np.ones(len(values))
        if self.weights is not None:
            weights = np.atleast_1d(checks.real_array("weights", self.weights))
        if weights.shape != values.shape or (weights <= 0).any():
            raise ValueError(
                f"`weights` must be positive, one per value ({len(values)}); got {checks.shown(self.weights)}. "
                f"Drop weights of 0."
            )
        with np.errstate(over="ignore"):
            total = weights.sum()
        parts = weights / total
        if not (parts > 0).all():
            raise ValueError(
                f"`weights` must add to a double, and be no less than 1e-300 of that; "
                f"got {checks.shown(self.weights)}. "
                "Rescale them, and drop values that hardly occur."
            )
        object.__setattr__(self, "values", tuple((values + 0.0).tolist()))
        object.__setattr__(self, "weights", tuple(parts.tolist()))

    def pieces(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights, lower ends and widths of the uniform pieces: an atom per value."""
        return np.array(self.weights), np.array(self.values), np.zeros(len(self.values))

    @property
    def mean(self) -> float:
        """Mean of the distribution."""
        return float(np.dot(self.pieces()[0], self.values))

    @property
    def second_moment(self) -> float:
        """Mean of the square of the value."""
        return float(np.dot(self.pieces()[0], np.square(self.values)))

    @property
    def support(self) -> tuple[float, float]:
        """Least and greatest value."""
        return min(self.values), max(self.values)

    def sample(self, size: Any, rng: Any = None) -> np.ndarray:
        """Draw values of shape `size`; `rng` is anything ``np.random.default_rng`` takes."""
        return checks.random_generator("rng", rng).choice(self.values, checks.shape("size", size), p=self.weights)

    def times(self, factor: float) -> "Discrete":
        """Return the distribution of `factor` times the value, for a factor above 0."""
        return Discrete(tuple(factor * value for value in self.values), self.weights)

    def to_dict(self) -> dict[str, Any]:
        """Return the distribution as plain values."""
        return {"law": "discrete", "values": list(self.values), "weights": list(self.pieces()[0])}


def _check_size(name: str, size: float) -> None:
    """Refuse values that are so large or so small that their squares are no doubles."""
    if size != 0 and not SMALLEST <= size <= LARGEST:
        raise ValueError(
            f"`{name}` must be a size from {SMALLEST:g} to {LARGEST:g}; got {size:g}. Take another unit of x."
        )


def law_from_dict(data: dict[str, Any]) -> Law:
    """Build a distribution from what its `to_dict` returned."""
    checks.holds("values", data, ("law",))
    if data["law"] == "uniform":
        checks.holds("values", data, ("low", "high"))
        return Uniform(data["low"], data["high"])
    if data["law"] == "discrete":
        checks.holds("values", data, ("values", "weights"))
        return Discrete(data["values"], data["weights"])
    raise ValueError(
        f'`law` must be "uniform" or "discrete"; got {checks.shown(data["law"])}. Rewrite the file with one of them.'
    )
