"""What a distribution of values has to offer, and the sizes that values may have."""

from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

__all__ = ["EXACT", "LARGEST", "SMALLEST", "Law", "Misfit", "check_size", "ends", "misfit_of"]

# Squares of larger values, or sums of them, are no doubles.
LARGEST = 1e150
# Squares of smaller values are no normal doubles.
SMALLEST = 1e-150


@runtime_checkable
class Law(Protocol):
    """What a distribution of a present feature's value has to offer; any class with these members is one.

    It needs no base class. Its objects must be hashable and compare by value, as those of frozen dataclasses do.
    Engines read the `pieces`: a mixture of uniform distributions, of which those of width 0 are atoms. If the pieces
    only stand for the distribution, a further member ``misfit`` bounds what that changes: three numbers, the largest
    differences, over all t, of E(x-t)₊, E(x-t)₊² and E x(x-t)₊. They come into `ExpectedLoss.error`. The pieces must
    have the mean and the second moment of the distribution.

    Examples
    --------
    >>> from geomsup.laws import Uniform
    >>> isinstance(Uniform(0, 1), Law), isinstance("uniform", Law)
    (True, False)
    >>> import geomsup as gs
    >>> law = gs.Uniform(0, 2)
    >>> law.mean, law.support, law.sample(3, 0).shape, law.times(0.5)
    (1.0, (0.0, 2.0), (3,), Uniform(low=0.0, high=1.0))
    >>> [part.tolist() for part in law.pieces()]
    [[1.0], [0.0], [2.0]]
    >>> law.to_dict()
    {'law': 'uniform', 'low': 0.0, 'high': 2.0}
    """

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
        """Least and greatest value; infinite if there is none."""
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


class Misfit(NamedTuple):
    """The largest differences, over all t, between the distribution and its pieces.

    `first` is that of E(x-t)₊, `second` that of E(x-t)₊², and `own` that of E x(x-t)₊.
    """

    first: float
    second: float
    own: float


EXACT = Misfit(0.0, 0.0, 0.0)


def misfit_of(law: Law) -> Misfit:
    """Return how far the pieces of a distribution are from it; nothing if it does not say."""
    return Misfit(*getattr(law, "misfit", EXACT))


def ends(law: Law) -> tuple[float, float]:
    """Return the least and the greatest value on the pieces of a distribution: finite, even if its support is not."""
    _, low, width = law.pieces()
    return float(low.min()), float((low + width).max())


def check_size(name: str, size: float) -> None:
    """Refuse values that are so large or so small that their squares are no doubles."""
    if size != 0 and not SMALLEST <= size <= LARGEST:
        raise ValueError(
            f"`{name}` must be a size from {SMALLEST:g} to {LARGEST:g}; got {size:g}. Take another unit of x."
        )
