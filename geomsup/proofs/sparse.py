"""The certificate of the pentagon at small probabilities: ranges that shrink, found in doubles, and proved in boxes."""

from fractions import Fraction
from typing import Any

import numpy as np
from flint import ctx

from geomsup.proofs.bisection import bisected, decimals
from geomsup.proofs.checker import FINER, PRECISION, Box, PentagonAtTheLimit, exact
from geomsup.proofs.limit import core_of_the_pentagon, ratio_of_the_pentagon
from geomsup.proofs.several import HARM, at_the_pentagon, curvature
from geomsup.proofs.sparse_checker import stage_of
from geomsup.threads import Progress

__all__ = ["pentagon_of_small_probability"]

# Stages: how often values of M bound the minima, and how often its slopes and curvature do. With fewer, the last range
# is too large to be convex; more bring hardly anything.
BY_VALUE, BY_SLOPE = 2, 4
POINTS = 2401  # per side of the grid that ranges are read from
MARGIN = 0.0015  # around them: what the grid misses, and room for boxes of a certificate that is not long
DIGITS = 4
PARTS = 64  # of a side of the range: the core is the part with the pentagon and those beside it
LOADS = np.arange(1.06, 6.0, 0.02)  # weights are tried at these multiples of what they must exceed
MORE_OF_T = 1.0, 1.5, 2.0, 2.5, 3.0, 4.0
SAFE = 0.97  # of the largest weights that pass in doubles: with those F is flat, and boxes would be many
ROUNDING = 1e-9


def pentagon_of_small_probability(progress: Progress = None) -> dict[str, Any]:
    """Return the certificate as plain values."""
    with ctx.workprec(PRECISION):
        ratio = ratio_of_the_pentagon()
        core = core_of_the_pentagon(ratio)
        theorem = PentagonAtTheLimit(ratio, core)
        pentagon = at_the_pentagon(theorem.facts()["norm"] ** 2, theorem.ratio)
        slopes = float(pentagon[1].upper()), float(pentagon[2].upper())
        surface, delta, stages = _Surface(theorem), 3 * exact(HARM) * pentagon[0], []
        for number in range(BY_VALUE + BY_SLOPE + 1):
            if progress is not None:
                progress("bisecting", number / (BY_VALUE + BY_SLOPE + 1))
            ends = surface.range_within(float(delta.upper()))
            data: dict[str, Any] = {
                "range": [decimals(end, DIGITS) for end in ends], "weights": [], "core": [], "tree": "", "tilted": "",
            }  # fmt: skip
            if BY_VALUE <= number < BY_VALUE + BY_SLOPE:
                stage = stage_of(ratio, core, delta, data)
                bends = np.array([float((3 * exact(HARM) * one).upper()) for one in curvature(stage.at)]) * [1, 1, 2]
                data["weights"] = [
                    decimals(Fraction(weight), 2 * DIGITS) for weight in surface.weights(bends, slopes, ends)
                ]
                data["core"] = [decimals(end, FINER) for end in _core_in(ends[2:], ratio)]
            stage = stage_of(ratio, core, delta, data)
            data["tree"] = bisected(stage.sublevel, stage.sublevel.REGION)
            if stage.tilted is not None:
                data["tilted"] = bisected(stage.tilted, stage.tilted.region)
            if number < BY_VALUE + BY_SLOPE:
                delta = delta.min(stage.delta(pentagon))
            stages.append(data)
        return {
            "theorem": "pentagon of small probability",
            "n_features": 5,
            "n_hidden": 2,
            "evidence": {
                "ratio": decimals(ratio, FINER),
                "core": [decimals(end, FINER) for end in core],
                "stages": stages,
            },
        }


def _core_in(sides: tuple[Fraction, ...], ratio: Fraction) -> Box:
    """Return the part of a rectangle with the pentagon, and those beside it."""
    low, high, first, last = sides
    widths, at = ((high - low) / PARTS, (last - first) / PARTS), (float(ratio), 2 * np.pi / 5)
    t, angle = (
        int((place - float(start)) / float(w)) for place, start, w in zip(at, (low, first), widths, strict=True)
    )
    width, height = widths
    return low + (t - 1) * width, low + (t + 2) * width, first + (angle - 1) * height, first + (angle + 2) * height


class _Surface:
    """F in doubles, on a grid."""

    def __init__(self, theorem: PentagonAtTheLimit) -> None:
        self.t, self.angle = np.linspace(0, 0.9, POINTS)[:, None], np.linspace(0.5, 1.5, POINTS)
        self.place = np.array([float(theorem.facts()["norm"] ** 2), float(theorem.ratio), 2 * np.pi / 5])
        self.mu, self.least = float(theorem.mu), float(theorem.least)
        self.alpha, self.S = _parts(self.t, self.angle)
        self.above = self._above(self.t, self.angle, np.zeros(3))

    def _above(self, t: np.ndarray, angle: np.ndarray, weights: np.ndarray) -> np.ndarray:
        alpha, S = _parts(t, angle)
        q, best_t, best_angle = self.place
        saved = (alpha - weights[0] * q) ** 2 / (4 * (S - weights[0] / 2))
        lost = weights[0] * q**2 + weights[1] * (t - best_t) ** 2 + weights[2] * (angle - best_angle) ** 2
        return 1 - saved - lost / 2 + self.mu * (angle - best_angle) - self.least

    def range_within(self, delta: float) -> tuple[Fraction, ...]:
        """Return ends of q, t and angles that hold what is at most δ above the pentagon, angles what is at most 2δ."""
        one, two = self.above <= delta, self.above <= 2 * delta
        t, angle = self.t[:, 0][one.any(axis=1)], self.angle[two.any(axis=0)]
        room, q = np.sqrt(np.maximum(delta - self.above, 0) / self.S), self.alpha / (2 * self.S)
        ends = ((q - room)[one].min(), (q + room)[one].max(), t.min(), t.max(), angle.min(), angle.max())
        margins = np.array([-2, 2, -1, 1, -1, 1]) * MARGIN
        units = [round(float(end + more) * 10**DIGITS) for end, more in zip(ends, margins, strict=True)]
        return tuple(Fraction(unit, 10**DIGITS) for unit in units)

    def weights(self, bends: np.ndarray, slopes: tuple[float, float], ends: tuple[Fraction, ...]) -> np.ndarray:
        """Return the weights that bring minima nearest to the pentagon, of those that the rectangle bears.

        Those of q and of the angle are a multiple of `bends`, that of t a larger one.
        """
        low, high, first, last = map(float, ends[2:])
        t, angle = np.linspace(low, high, 101)[:, None], np.linspace(first, last, 101)
        best, least = 1.01 * bends, np.inf
        for load in LOADS:
            for more in MORE_OF_T:
                weights = load * bends * [1, more, 1]
                left = (slopes[0] ** 2 / weights[0] + slopes[1] ** 2 / weights[1]) / (1 - 1 / load) ** 2
                if left < least and self._above(t, angle, weights / SAFE).min() > -ROUNDING:
                    best, least = weights, left
        return best


def _parts(t: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    c = np.cos(angle)
    return (1 - t) ** 2 * (2 + t), (1 - t) ** 3 + 2 * np.maximum(c - t, 0) ** 3 / c
