"""A distribution of a present feature's value on a few numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geomsup import checks
from geomsup.laws.law import check_size

__all__ = ["Discrete"]


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
    >>> coin = Discrete((1, 2), (0.5, 0.5))
    >>> coin.support, coin.times(2).values, coin.sample(3, rng=0).shape
    ((1.0, 2.0), (2.0, 4.0), (3,))
    >>> [part.tolist() for part in coin.pieces()], coin.to_dict()["values"]
    ([[0.5, 0.5], [1.0, 2.0], [0.0, 0.0]], [1.0, 2.0])
    """

    values: tuple[float, ...]
    weights: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        values = np.atleast_1d(checks.real_array("values", self.values))
        if values.ndim != 1 or not len(values) or len(set(values.tolist())) < len(values):
            raise ValueError(
                f"`values` must be distinct numbers; got {checks.shown(self.values)}. List each value once."
            )
        check_size("values", float(np.abs(values).max()))
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
