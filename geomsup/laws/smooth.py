"""Distributions with a smooth density: what they have in common."""

import math
from abc import ABC, abstractmethod
from dataclasses import fields, replace
from typing import Any, Self

import numpy as np

from geomsup import checks
from geomsup.laws.law import Misfit, check_size

__all__ = ["CELLS", "FEWEST", "FallingFromZero", "Smooth"]

# The loss is then right to about 1e-5. The error falls with the cube of the number.
CELLS = 64
FEWEST = 16  # with fewer, wide power laws have no histogram of their mean and variance
MOST = 256  # the time to find the weights grows with the cube: then it is about half a second


class Smooth(ABC):
    """A distribution with a smooth density and one peak; engines see `cells` uniform pieces that stand for it.

    See `geomsup.laws.histogram` for how the pieces are found.

    Examples
    --------
    >>> from geomsup import Normal
    >>> law = Normal(0, 1)
    >>> law.mode, law.support, law.with_cells(32).cells, law.times(2).variance
    (0.0, (-inf, inf), 32, 4.0)
    >>> round(float(law.density(0.0)), 6), law.excess(0.0)[0].round(6).item()
    (0.398942, 0.5)
    >>> law.sample(3, 0).shape, len(law.pieces()[0]), law.to_dict()["law"]
    ((3,), 64, 'normal')
    """

    cells: int

    def pieces(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Weights, lower ends and widths of the uniform pieces: the cells of a histogram."""
        found = self._histogram
        return found.weights, found.low, found.width

    @property
    def misfit(self) -> Misfit:
        """The largest differences that the pieces make to E(x-t)₊, E(x-t)₊² and E x(x-t)₊, over all t."""
        return self._histogram.misfit

    @property
    def _histogram(self) -> Any:
        from geomsup.laws.histogram import histogram

        return histogram(self)

    @property
    @abstractmethod
    def mean(self) -> float:
        """Mean of the distribution."""

    @property
    @abstractmethod
    def variance(self) -> float:
        """Variance of the distribution."""

    @property
    def second_moment(self) -> float:
        """Mean of the square of the value."""
        return self.mean**2 + self.variance

    @property
    @abstractmethod
    def support(self) -> tuple[float, float]:
        """Least and greatest value; infinite if there is none."""

    @property
    @abstractmethod
    def mode(self) -> float:
        """Value of the greatest density; on either side of it the density falls."""

    @abstractmethod
    def density(self, x: np.ndarray) -> np.ndarray:
        """Return the density at values within the support."""

    @abstractmethod
    def excess(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return P(x > t), E(x-t)₊ and E(x-t)₊²."""

    @abstractmethod
    def sample(self, size: Any, rng: Any = None) -> np.ndarray:
        """Draw values of shape `size`; `rng` is anything ``np.random.default_rng`` takes."""

    @abstractmethod
    def times(self, factor: float) -> Self:
        """Return the distribution of `factor` times the value, for a factor above 0."""

    def with_cells(self, cells: int) -> Self:
        """Return the same distribution with another number of cells."""
        return replace(self, cells=cells)  # pyright: ignore[reportArgumentType]  (every class of these is a dataclass)

    def to_dict(self) -> dict[str, Any]:
        """Return the distribution as plain values."""
        return {"law": self._name, **{field.name: getattr(self, field.name) for field in fields(self)}}  # pyright: ignore[reportArgumentType]

    _name: str  # in files and on the command line

    def _checked(self, *sizes: str) -> None:
        """Turn the fields into floats, and refuse those of `sizes` that are not positive, and cells that do not do."""
        for field in fields(self):  # pyright: ignore[reportArgumentType]
            value = getattr(self, field.name)
            if field.name == "cells":
                object.__setattr__(self, "cells", checks.integer("cells", value, minimum=FEWEST, maximum=MOST))
                continue
            number = (checks.positive_number if field.name in sizes else checks.number)(field.name, value)
            object.__setattr__(self, field.name, number)
        for name in sizes:
            check_size(name, getattr(self, name))


class FallingFromZero(Smooth):
    """A distribution of positive values whose density is greatest at 0 and has no end."""

    @property
    def support(self) -> tuple[float, float]:
        """All positive numbers."""
        return 0.0, math.inf

    @property
    def mode(self) -> float:
        """Value of the greatest density."""
        return 0.0
