"""Whether all models whose weights are in a cell, times any size, lose at least so much: sizes are halved for that."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geomsup.proofs.shared.outputs import UNIT, Cell, Output, of_sets

__all__ = ["DIGONS", "Claim", "Sizes", "bounds"]

# Theorem 8's certificate: two features on one axis lose at least this much.
DIGONS = {Fraction(p, 10): D for p, D in ((1, 0.0033), (3, 0.0293), (5, 0.0762), (7, 0.1081), (9, 0.097))}
SIZES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)  # ends of the squares of the largest weight, at first
LARGE = 16.0  # the next end, or a power of 2 times it
# Of losses, times (1 + Q)²; of sums of what outputs lose alone, relatively. Doubles are rounded by 2^-53. The absolute
# values of all terms of a bound have a sum below 100 (1 + Q)², and none passes through more than 100 operations.
MARGIN = 1e-11
MATTERS = 0.02  # pieces of biases are halved if they are lower than the best one by this part of what is missing
ALONG_R, ALONG_T = np.array([-1, -1, 1, 1] * 2), np.array([-1, 1, -1, 1] * 2)  # signs of the corners of a piece

Array = NDArray[np.float64]


class Sizes(NamedTuple):
    """Ends of Q, the square of the largest weight."""

    low: float
    high: float


class Claim:
    """Three features on one axis of probability p lose at least `least`, whatever the weights and biases are."""

    def __init__(self, p: Fraction, least: Fraction) -> None:
        self.p, self.exact_least, self.least = float(p), least, float(least)
        self.variance = self.p / 3 - self.p * self.p / 4
        self.probable = [float(one) for one in of_sets(p)]
        if not (p in DIGONS and 0 < self.least < 3 * self.variance):
            raise ValueError(f"the probability must be one of {', '.join(map(str, map(float, DIGONS)))}, and the loss "
                             "less than that of weights 0")  # fmt: skip
        large = LARGE
        while not self.alone(large, large) + (1 - self.p) * DIGONS[p] > self.least * (1 + MARGIN):
            large *= 2
            if large > 1e6:
                raise ValueError("the loss must be less than that of large weights")
        self.sizes = [Sizes(*ends) for ends in pairwise((*SIZES, large))]

    def alone(self, low: float, high: float) -> float:
        """Return what an output loses at least, whatever the other weights are, if its own q is between two ends."""
        if high < 1:
            return (1 - high) * (1 - high) * self.variance
        return self.p / 3 * ((low - 1) / (low + 1)) ** 2 if low > 1 else 0.0

    def holds(self, signs: Sequence[int], cell: Cell) -> bool:
        """Whether models with these signs of weights, and their ratios in a cell, lose enough."""
        ends = [int(end * UNIT) for end in cell]
        if any(end != exact * UNIT for end, exact in zip(ends, cell, strict=True)) or (
            (ends[0] + ends[1]) % 2 or (ends[2] + ends[3]) % 2
        ):
            return False
        r, t = (float(cell[0]), float(cell[1])), (float(cell[2]), float(cell[3]))
        rows, width = ((1.0, 1.0), r, t), max(r[1] - r[0], t[1] - t[0])
        outputs, waiting = list[Output](), self.sizes[::-1]
        while waiting:
            size = waiting.pop()
            if sum(self.alone(size.low * x * x, size.high * y * y) for x, y in rows) > self.least * (1 + MARGIN):
                continue
            outputs = outputs or [Output(i, signs, ends, self.p, self.probable) for i in range(3)]
            if self._lose(outputs, rows, size, width):
                continue
            middle = (size.low + size.high) / 2
            if size.high - size.low <= width * max(1 / 2, 2 * size.low):
                return False
            waiting += [Sizes(middle, size.high), Sizes(size.low, middle)]
        return True

    def _lose(self, outputs: list[Output], rows: Sequence[tuple[float, float]], size: Sizes, width: float) -> bool:
        """Whether all losses are large enough, after halving pieces of biases that matter."""
        enough = self.least + MARGIN * (1 + size.high) ** 2
        while True:
            least, pieces = self._least(outputs, rows, size)
            if least >= enough:
                return True
            worse = False
            for output, (low, best) in zip(outputs, pieces, strict=True):
                matters = (low < best - MATTERS * (enough - least)) & (output.widths > width / 2)
                if matters.any():
                    output.halve([int(one) for one in np.nonzero(matters)[0]])
                    worse = True
            if not worse:
                return False

    def _least(
        self, outputs: list[Output], rows: Sequence[tuple[float, float]], size: Sizes
    ) -> tuple[float, list[tuple[Array, float]]]:
        """Return a lower bound of the loss; and of each output those of its pieces, and about its best one."""
        Q, half = (size.low + size.high) / 2, (size.high - size.low) / 2
        halves = [(high - low) / 2 for low, high in rows]
        total, slopes, bent, pieces = self.p, [0.0, 0.0, 0.0], 0.0, []
        for i, (output, (low, high)) in enumerate(zip(outputs, rows, strict=True)):
            middle = (low + high) / 2
            values, about, tilt = bounds(output, (size.low * low, Q * middle, size.high * high))
            total += float(values.min())
            pieces.append((values, about))
            # Y = Q times the size of the weight; tilts along r and t are per half a side of the cell.
            slopes[0] += tilt[0] * middle
            slopes[1] += tilt[1]
            slopes[2] += tilt[2]
            if i:
                slopes[i] += tilt[0] * Q * halves[i]
            bent += abs(tilt[0]) * halves[i] * half
        return total - abs(slopes[0]) * half - abs(slopes[1]) - abs(slopes[2]) - bent, pieces


def bounds(output: Output, Y: tuple[float, float, float]) -> tuple[Array, float, tuple[float, float, float]]:
    """Return lower bounds of an output on each piece of biases, less a plane, about the least of them, and the plane.

    The plane is 0 in the middle. Its slopes along Y, r and t may be anything; here they are those of the best piece.
    """
    low, middle, high = Y
    T, S = output.at_T, output.at_S
    about = output.at_least - 2 * middle * T + middle * middle * S
    means = about.mean(axis=1)
    best = int(means.argmin())
    along = float((2 * middle * S[best] - 2 * T[best]).mean())
    r, t = float((about[best] * ALONG_R).mean()), float((about[best] * ALONG_T).mean())
    linear = 2 * T + along
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        bottom = np.where(S > 0, np.clip(linear / (2 * S), low, high), low)  # where the parabola in Y is least
    least = np.minimum.reduce([Y * Y * S - Y * linear for Y in (low, bottom, high)])
    values = (least + along * middle + output.at_least - r * ALONG_R - t * ALONG_T).min(axis=1)
    return values, float(means[best]), (along, r, t)
