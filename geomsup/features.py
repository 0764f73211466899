"""What the inputs are: how often each feature is present, how much it matters, what values it takes."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomsup import checks

__all__ = ["Features", "Uniform"]


@dataclass(frozen=True)
class Uniform:
    """The uniform law U[low, high] of a feature's value when it is present.

    Parameters
    ----------
    low, high
        Ends of the interval, ``low < high``, in the units of x. The paper uses U[0, 1].

    Raises
    ------
    ValueError
        If `low` is not below `high`, or an end is not finite.

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
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    @property
    def mean(self) -> float:
        """Mean of the law."""
        return (self.low + self.high) / 2

    @property
    def second_moment(self) -> float:
        """Mean of the square of the law."""
        return (self.low**2 + self.low * self.high + self.high**2) / 3

    def sample(self, size: Any, rng: Any = None) -> np.ndarray:
        """Draw values of shape `size`; `rng` is anything ``np.random.default_rng`` takes."""
        return np.random.default_rng(rng).uniform(self.low, self.high, size)

    def to_dict(self) -> dict[str, Any]:
        """Return the law as plain values."""
        return {"law": "uniform", "low": self.low, "high": self.high}


@dataclass(frozen=True, eq=False)
class Features:
    """Independent sparse features: x_i is 0 with probability 1 - p_i, else drawn from `values`.

    Parameters
    ----------
    n
        Number of features.
    probability
        p_i = P(x_i ≠ 0) = 1 − sparsity, in [0, 1]; one number or ``(n,)``.
    importance
        Weight I_i >= 0 of feature i in the loss; one number or ``(n,)``.
    values
        Law of a present feature's value; the paper's U[0, 1] by default.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong kind, shape or range.

    References
    ----------
    Elhage et al. 2022, "Demonstrating superposition": the synthetic data.

    Examples
    --------
    >>> features = Features(5, probability=0.1)
    >>> float(features.variance[0])  # p/3 - p²/4, the cost of a feature that is not represented
    0.03083333
    >>> features.sample(2, rng=0).shape
    (2, 5)
    """

    n: int
    probability: Any = 1.0
    importance: Any = 1.0
    values: Uniform = field(default_factory=Uniform)

    def __post_init__(self) -> None:
        n = checks.integer("n", self.n, minimum=1)
        if not isinstance(self.values, Uniform):
            raise TypeError(
                f"`values` must be a value law such as Uniform(0, 1); got {self.values!r}. Wrap the range in Uniform."
            )
        object.__setattr__(self, "n", n)
        bounds = {"probability": (0.0, 1.0), "importance": (0.0, np.inf)}
        for name, (low, high) in bounds.items():
            array = checks.per_feature(name, getattr(self, name), n, low=low, high=high)
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    @property
    def mean(self) -> np.ndarray:
        """E x_i, ``(n,)``."""
        return self.probability * self.values.mean

    @property
    def variance(self) -> np.ndarray:
        """Var(x_i), ``(n,)``: the loss of a feature that is not represented, per unit of importance."""
        return self.probability * self.values.second_moment - self.mean**2

    def sample(self, size: int, rng: Any = None) -> np.ndarray:
        """Draw inputs ``(size, n)``; `rng` is anything ``np.random.default_rng`` takes."""
        size = checks.integer("size", size, minimum=0)
        generator = np.random.default_rng(rng)
        present = generator.random((size, self.n)) < self.probability
        return np.where(present, self.values.sample((size, self.n), generator), 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return the features as plain lists and numbers, ready for JSON."""
        return {
            "n": self.n,
            "probability": self.probability.tolist(),
            "importance": self.importance.tolist(),
            "values": self.values.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Features":
        """Build features from what `to_dict` returned."""
        law = data.get("values", Uniform().to_dict())
        if law.get("law") != "uniform":
            raise ValueError(f'`values` must have the law "uniform"; got {law.get("law")!r}. Rewrite the file with it.')
        return cls(data["n"], data["probability"], data["importance"], Uniform(law["low"], law["high"]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Features) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.n, *self.probability.tolist(), *self.importance.tolist(), self.values))

    def __repr__(self) -> str:
        shown = [str(self.n)]
        for name in ("probability", "importance"):
            array = getattr(self, name)
            same = bool((array == array[0]).all())
            shown.append(
                f"{name}={array[0]:g}" if same else f"{name}={np.array2string(array, threshold=6, precision=4)}"
            )
        return f"Features({', '.join(shown)}, values={self.values!r})"
