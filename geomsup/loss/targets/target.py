"""What outputs are compared with: multiples of x or of x², one on either side of 0; and even moments of x."""

from typing import Any, NamedTuple

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.loss.plan import make_laws
from geomsup.loss.targets.nodes import NODES, WEIGHTS

__all__ = ["POWERS", "TARGETS", "USUAL", "Target", "Wanted", "checked", "moments"]

POWERS = (2, 4)


class Target(NamedTuple):
    """τ(x) = above * x^degree for x > 0, and below * x^degree for x < 0."""

    below: float
    above: float
    degree: int

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return τ(x)."""
        return np.where(x > 0, self.above, self.below) * x**self.degree


TARGETS = {
    "identity": Target(1.0, 1.0, 1),
    "abs": Target(-1.0, 1.0, 1),
    "relu": Target(0.0, 1.0, 1),
    "square": Target(1.0, 1.0, 2),
}


class Wanted(NamedTuple):
    """Which loss: to a target of `TARGETS`, of a power of `POWERS`, by the number of active features or not."""

    target: str
    power: int
    by_active: bool

    @property
    def usual(self) -> bool:
        """Whether it is E (x - x')², in parts or not."""
        return (self.target, self.power) == ("identity", 2)

    def cost(self, features: Features, value_unit: int = 0) -> float:
        """Return Σ_i I_i `size`: a loss of this size is had for nothing."""
        size = features.second_moment if self.usual else self.size(features, value_unit)
        return float(features.importance @ size)

    def size(self, features: Features, value_unit: int) -> np.ndarray:
        """Return E τ(2^value_unit x_i)^power in units of 2^(power value_unit), ``(n,)``, or more (of one-sided τ)."""
        degree = TARGETS[self.target].degree
        return np.ldexp(moments(features, degree * self.power), self.power * value_unit * (degree - 1))


USUAL = Wanted("identity", 2, False)


def checked(target: Any, power: Any, by_active: Any) -> Wanted:
    """Return what is wanted, if there is such a loss."""
    checks.one_of("target", target, tuple(TARGETS))
    if checks.integer("power", power, minimum=1) not in POWERS:
        raise ValueError(f"`power` must be 2 or 4; got {power}. Take 4 to weigh large errors more.")
    return Wanted(target, int(power), checks.boolean("by_active", by_active))


def moments(features: Features, order: int) -> np.ndarray:
    """Return E x_i^order, ``(n,)``, of an even order up to 8."""
    laws = make_laws(features)
    x = laws.low[:, None] + laws.width[:, None] * NODES
    return features.probability * np.add.reduceat(laws.weight * (x**order @ WEIGHTS), laws.piece_ptr[:-1])
