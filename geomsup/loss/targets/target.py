"""What outputs are compared with: multiples of x or of x², one on either side of 0, or functions of two inputs."""

from collections.abc import Callable
from math import comb
from typing import Any, NamedTuple

import numpy as np

from geomsup import checks
from geomsup.features import Features
from geomsup.loss.plan import make_laws
from geomsup.loss.targets.nodes import NODES, WEIGHTS

__all__ = ["PAIRS", "POWERS", "TARGETS", "USUAL", "Target", "Wanted", "checked", "moments", "moved_power", "targets_of"]

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

# What outputs 2k and 2k + 1 are to be, of inputs 2k and 2k + 1. Of binary inputs: OR and AND, or AND and XOR.
PAIRS: dict[str, Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]] = {
    "pairs": lambda x, y: (np.maximum(x, y), np.minimum(x, y)),
    "abs_pairs": lambda x, y: (np.maximum(np.abs(x), np.abs(y)), np.minimum(np.abs(x), np.abs(y))),
    "product_pairs": lambda x, y: (x * y, np.abs(x - y)),
}


def targets_of(x: np.ndarray, target: str) -> np.ndarray:
    """Return the targets τ(x) of the outputs for inputs ``(samples, n)``."""
    if target == "identity":
        return x
    if target in TARGETS:
        return TARGETS[target](x)
    return np.stack(PAIRS[target](x[:, ::2], x[:, 1::2]), axis=2).reshape(x.shape)


class Wanted(NamedTuple):
    """Which loss: to a target of `TARGETS` or `PAIRS`, of a power of `POWERS`, by the number of active features?"""

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
        if self.target in PAIRS:
            return self._size_of_pairs(features, value_unit)
        degree = TARGETS[self.target].degree
        return np.ldexp(moments(features, degree * self.power), self.power * value_unit * (degree - 1))

    def _size_of_pairs(self, features: Features, value_unit: int) -> np.ndarray:
        """Both inputs together: |x - y|^q <= 2^(q - 1) (|x|^q + |y|^q), and 2 |x y|^q <= |x|^2q + |y|^2q."""
        plain = 2 ** (self.power - 1) * moments(features, self.power)
        squared = np.ldexp(moments(features, 2 * self.power), self.power * value_unit)
        both = (plain + squared if self.target == "product_pairs" else plain).reshape(-1, 2).sum(axis=1)
        return np.repeat(both, 2)


USUAL = Wanted("identity", 2, False)


def checked(target: Any, power: Any, by_active: Any, n: int) -> Wanted:
    """Return what is wanted, if there is such a loss of n features."""
    checks.one_of("target", target, (*TARGETS, *PAIRS))
    if target in PAIRS and n % 2:
        raise ValueError(f'`target` "{target}" needs an even number of features; got {n}. Add one.')
    if checks.integer("power", power, minimum=1) not in POWERS:
        raise ValueError(f"`power` must be 2 or 4; got {power}. Take 4 to weigh large errors more.")
    return Wanted(target, int(power), checks.boolean("by_active", by_active))


def moments(features: Features, order: int) -> np.ndarray:
    """Return E x_i^order, ``(n,)``, of an even order up to 8."""
    laws = make_laws(features)
    x = laws.low[:, None] + laws.width[:, None] * NODES
    return features.probability * np.add.reduceat(laws.weight * (x**order @ WEIGHTS), laws.piece_ptr[:-1])


def moved_power(value: np.ndarray, distance: np.ndarray, power: int) -> Any:
    """How far powers of an L^power norm can move if the norm moves by `distance`."""
    norm = value ** (1 / power)
    return sum(comb(power, j) * distance**j * norm ** (power - j) for j in range(1, power + 1))
