"""From values to places in a drawing, and the values that an axis names."""

import math
from dataclasses import dataclass

__all__ = ["Axis", "spread"]

# Steps between the values named: these times a power of ten.
STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` on the stretch from `start` to `end` of a drawing.

    Examples
    --------
    >>> axis = Axis(0, 1, 200, 0)
    >>> axis.at(0.25), axis.ticks(4)
    (150.0, (0.0, 0.5, 1.0))
    """

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Place of a value."""
        size = self.high - self.low or 1.0
        return self.start + (self.end - self.start) * (value - self.low) / size

    def ticks(self, most: int = 6) -> tuple[float, ...]:
        """At most `most` round values, evenly spaced."""
        size = self.high - self.low or 1.0
        power = 10.0 ** math.floor(math.log10(size / most))
        step = next(step * power for step in STEPS if size / (step * power) <= most - 1 or step == STEPS[-1])
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return tuple(round(k * step, 12) for k in range(first, last + 1))


def spread(places: list[float], apart: float, low: float, high: float) -> list[float]:
    """Move places, which descend, as little as needed so that neighbours are `apart`; within low and high if they fit.

    Examples
    --------
    >>> spread([100.0, 99.0, 20.0], 12.0, 0.0, 200.0)
    [105.5, 93.5, 20.0]
    """
    stacks: list[tuple[float, int]] = []  # sum of wishes for the topmost of a stack, and its size
    for place in places:
        total, size = place, 1
        while stacks and stacks[-1][0] / stacks[-1][1] - apart * stacks[-1][1] < total / size:
            other, more = stacks.pop()
            total, size = other + total + apart * more * size, size + more
        stacks.append((total, size))
    moved = [total / size - apart * k for total, size in stacks for k in range(size)]
    for i in range(len(moved)):
        moved[i] = min(moved[i], high - apart * i)
    for i in reversed(range(len(moved))):
        moved[i] = max(moved[i], low + apart * (len(moved) - 1 - i))
    return moved
