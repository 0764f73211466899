"""Inputs of which only samples are known: the user's own data set."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from geomsup import checks
from geomsup.arrays import read_only, to_numpy
from geomsup.laws import LARGEST

__all__ = ["SampledFeatures"]


@dataclass(frozen=True, eq=False)
class SampledFeatures:
    """Inputs given by samples: a data set that stands for a distribution nobody has written down.

    `expected_loss` is the mean over the samples, exact for this data set. Its `error` is the standard error with which
    it estimates the loss of the distribution that the samples come from. `train` takes batches of the data set, epoch
    after epoch. What needs the distribution itself (`optimum`, `compare`, `hessian`) takes `Features` only.

    Parameters
    ----------
    X
        Samples in rows, ``(samples, n)``; at least two. It is copied.
    importance
        Weight I_i >= 0 of feature i in the loss; one number or ``(n,)``.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind, shape or range, or X is not finite.

    References
    ----------
    :cite:t:`henighan2023`: toy models trained on a fixed data set.

    Examples
    --------
    >>> data = SampledFeatures([[0.5, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.6]])
    >>> data
    SampledFeatures(4 samples of 2 features, importance=1)
    >>> data.probability
    array([0.25, 0.5 ])
    >>> float(data.variance[0])
    0.046875
    >>> import geomsup as gs
    >>> data = gs.SampledFeatures([[0.0, 1.0], [1.0, 0.0]])
    >>> data.sample(3, 0).shape, data.n, data.probability.tolist()
    ((3, 2), 2, [0.5, 0.5])
    >>> gs.SampledFeatures.from_dict(data.to_dict()) == data
    True
    >>> sorted(data.to_dict())
    ['importance', 'samples']
    """

    X: np.ndarray
    importance: np.ndarray = 1.0  # pyright: ignore[reportAssignmentType]

    if TYPE_CHECKING:  # more is taken than is kept

        def __init__(self, X: Any, importance: Any = 1.0) -> None: ...

    def __post_init__(self) -> None:
        X = to_numpy("X", self.X)
        if X.ndim != 2 or X.shape[0] < 2 or X.shape[1] < 1:
            raise ValueError(
                f"`X` must have the shape (samples, n), with at least two samples; got shape {X.shape}. "
                "Pass a row per sample."
            )
        checks.room("X", X.size)
        if not np.abs(X).max() <= LARGEST:
            raise ValueError(
                f"`X` must hold numbers up to {LARGEST:g}; got {np.abs(X).max():g}. Take another unit of x."
            )
        importance = checks.per_feature("importance", self.importance, X.shape[1], low=0.0)
        object.__setattr__(self, "X", read_only(X))
        object.__setattr__(self, "importance", read_only(importance))

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.X)

    @property
    def n(self) -> int:
        """Number of features."""
        return self.X.shape[1]

    @cached_property
    def probability(self) -> np.ndarray:
        """Fraction of the samples in which each feature is not 0, ``(n,)``."""
        return read_only((self.X != 0).mean(axis=0))

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean of each feature over the samples, ``(n,)``."""
        return read_only(self.X.mean(axis=0))

    @cached_property
    def second_moment(self) -> np.ndarray:
        """Mean of x_i² over the samples, ``(n,)``."""
        return read_only((self.X**2).mean(axis=0))

    @cached_property
    def variance(self) -> np.ndarray:
        """Variance of each feature over the samples, ``(n,)``: the loss of one that is not represented."""
        return read_only(self.X.var(axis=0))

    @cached_property
    def covariance(self) -> np.ndarray:
        """Covariance over the samples, ``(n, n)``; sums are divided by their number."""
        centred = self.X - self.mean
        return read_only(centred.T @ centred / len(self))

    @cached_property
    def fingerprint(self) -> str:
        """Digest of samples and importances: equal for equal data only."""
        parts = (repr(self.X.shape).encode(), self.X.tobytes(), self.importance.tobytes())
        return hashlib.sha256(b"".join(parts)).hexdigest()

    @cached_property
    def single(self) -> np.ndarray:
        """The samples in single precision, as the trainer takes them; what it cannot hold is infinite."""
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(self.X, dtype=np.float32)

    def sample(self, size: int, rng: Any = None) -> np.ndarray:
        """Draw rows of X with replacement, ``(size, n)``; `rng` is anything ``np.random.default_rng`` takes."""
        size = checks.integer("size", size, minimum=0)
        checks.room("size", size * self.n)
        return self.X[checks.random_generator("rng", rng).integers(len(self), size=size)]

    def to_dict(self) -> dict[str, Any]:
        """Return samples and importances as plain lists, ready for JSON."""
        return {"samples": self.X.tolist(), "importance": self.importance.tolist()}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "SampledFeatures":
        """Build from what `to_dict` returned."""
        checks.holds("data", data, ("samples", "importance"))
        return cls(data["samples"], data["importance"])

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, SampledFeatures) and self.fingerprint == other.fingerprint)

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        same = bool((self.importance == self.importance[0]).all())
        shown = f"{self.importance[0]:g}" if same else np.array2string(self.importance, threshold=6, precision=4)
        return f"SampledFeatures({len(self)} samples of {checks.count(self.n, 'feature')}, importance={shown})"
